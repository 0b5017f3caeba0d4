"""The table of formulas in the explanation of the gate says what the code says."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from pytest_carbon.gate.policy import Policy
from tests.docs.pages import DOCS

PAGE = DOCS / "explanation" / "gate.md"
ROWS = re.findall(
    r"^\| (.*?) \| ([\d.]+) \| .*? \| `gate\.(\w+)\.([\w.]+)` \|$",
    PAGE.read_text(encoding="utf-8"),
    re.MULTILINE,
)


def test_every_row_of_the_table_is_understood() -> None:
    assert len(ROWS) == PAGE.read_text(encoding="utf-8").count("| `gate.") > 10


@pytest.mark.parametrize(("symbol", "value", "module", "name"), ROWS)
def test_a_value_in_the_table_is_the_one_in_the_code(
    symbol: str, value: str, module: str, name: str
) -> None:
    owner, _, field = name.partition(".")
    found = getattr(import_module(f"pytest_carbon.gate.{module}"), owner)
    if field:
        assert found is Policy
        found = Policy._field_defaults[field]
    assert float(value) == found, symbol


def test_a_suspect_gets_as_many_looks_as_the_page_says() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert "eight are taken at most" in text
    assert Policy().max_looks == 8
    assert "One look may clear a suspect." in text
    assert Policy().least_to_clear == 1
