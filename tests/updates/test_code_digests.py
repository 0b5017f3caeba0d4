from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from pytest_carbon.updates.code_digests import function_digests

SOURCE = '''
import pytest

def test_a(tmp_path):
    """What it does."""
    assert sum(range(10)) == 45  # as Gauss knew


@pytest.mark.slow
@pytest.mark.parametrize("x", [1])
async def test_renamed(tmp_path):
    assert sum(
        range(10)
    ) == 45

class TestC:
    def test_other(self, tmp_path):
        assert sum(range(11)) == 55

    def test_a(self):
        assert sum(range(10)) == 45
'''


def test_name_decorators_docstring_and_layout_may_change_but_not_code_or_arguments() -> None:
    digests = function_digests(SOURCE)
    assert list(digests) == [4, 9, 17, 20]
    assert digests[4] == digests[9]
    assert len(set(digests.values())) == 3


def test_a_function_is_found_by_the_first_line_of_its_code_object() -> None:
    @pytest.mark.filterwarnings("error")
    def decorated() -> None:
        assert True

    first = inspect.unwrap(decorated).__code__.co_firstlineno
    assert first in function_digests(Path(__file__).read_text(encoding="utf-8"))
