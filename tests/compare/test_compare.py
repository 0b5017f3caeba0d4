"""The command from end to end, on real git repositories."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.compare.conftest import LIBRARY, TESTS

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.compare.conftest import Project

    Compare = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("library", ["src/lib/__init__.py", "lib.py"])
def test_a_regression_in_the_working_tree_is_found_and_named(
    project: Project, compare: Compare, library: str
) -> None:
    project.write({library: LIBRARY, "tests/test_lib.py": TESTS})
    project.commit()
    project.write({library: LIBRARY.replace("200_000", "400_000")})

    done = compare("HEAD", "--json", "-", "--", "tests")

    found = json.loads(done.stdout)
    outcomes = {t["test"]: t["verdict"]["outcome"] for t in found["tests"]}
    assert outcomes == {
        "tests/test_lib.py::test_work": "regressed",
        "tests/test_lib.py::test_other": "ok",
    }
    assert done.returncode == found["exit_status"] == 1
    assert found["head"].startswith("the working tree (")
