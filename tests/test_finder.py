"""The finder: our own source files, and nothing else."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader

import pytest

import pytest_carbon
from pytest_carbon.finder import OwnModules


def test_modules_of_ours_are_found_as_they_are() -> None:
    found = OwnModules().find_spec("pytest_carbon.budget", pytest_carbon.__path__)
    assert found is not None
    assert type(found.loader) is SourceFileLoader, "their assertions are not rewritten"
    package = OwnModules().find_spec("pytest_carbon.gate", pytest_carbon.__path__)
    assert package is not None
    assert package.submodule_search_locations


@pytest.mark.parametrize("name", ["pytest_carbon.nowhere", "pytest_carbonate.budget", "json"])
def test_all_others_are_left_to_the_next_finder(name: str) -> None:
    assert OwnModules().find_spec(name, pytest_carbon.__path__) is None


def test_an_archive_is_left_to_the_next_finder() -> None:
    assert OwnModules().find_spec("pytest_carbon.budget", ["plugin.zip/pytest_carbon"]) is None


def test_it_is_asked_first_until_it_is_closed() -> None:
    before = list(sys.meta_path)
    finder = OwnModules()
    finder.open()
    try:
        assert sys.meta_path == [finder, *before]
    finally:
        finder.close()
    assert sys.meta_path == before
    finder.close()
