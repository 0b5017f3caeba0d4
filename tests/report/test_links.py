"""Addresses of commits and files on the web."""

from __future__ import annotations

import pytest

from pytest_carbon.report.links import commit_link, files_link
from pytest_carbon.result.facts import Origin

COMMIT = "0123456789abcdef"


def origin(repository: str, commit: str = COMMIT) -> Origin:
    return Origin("", "", "shop", commit=commit, repository=repository, folder="a b/")


@pytest.mark.parametrize(
    ("repository", "commit", "files"),
    [
        ("https://github.com/o/r", "commit", "blob"),
        ("https://gitlab.example.org/group/sub/r", "-/commit", "-/blob"),
        ("https://bitbucket.org/o/r", "commits", "src"),
    ],
)
def test_each_forge_has_its_own_words(repository: str, commit: str, files: str) -> None:
    assert commit_link(origin(repository)) == f"{repository}/{commit}/{COMMIT}"
    assert files_link(origin(repository)) == f"{repository}/{files}/{COMMIT}/a%20b/"


def test_a_folder_whose_name_is_no_utf8_makes_a_link_that_leads_nowhere() -> None:
    odd = origin("https://github.com/o/r")._replace(folder="caf\udce9/")
    assert files_link(odd) == f"https://github.com/o/r/blob/{COMMIT}/caf%5Cudce9/"


@pytest.mark.parametrize(
    "unknown",
    [
        None,
        origin(""),
        origin("https://github.com/o/r", commit=""),
        origin("https://github.com/o/r", commit="../../x"),
        origin("javascript:alert(1)"),
        origin("https://github.com/o/r?<script>"),
        origin("https://user:secret@github.com/o/r"),
    ],
)
def test_nothing_else_is_a_link(unknown: Origin | None) -> None:
    assert commit_link(unknown) == files_link(unknown) == ""
