"""Where a run comes from."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.session.results.origin import find_origin, web_address

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@github.com:o/r.git", "https://github.com/o/r"),
        ("https://github.com/o/r.git", "https://github.com/o/r"),
        ("https://user:token@gitlab.com/group/sub/r", "https://gitlab.com/group/sub/r"),
        ("ssh://git@example.org:2222/o/r.git", "https://example.org/o/r"),
        ("/srv/git/r.git", ""),
        ("../r", ""),
        ("file:///srv/git/r.git", ""),
        ("", ""),
    ],
)
def test_a_remote_has_a_page_on_the_web_and_no_credentials(remote: str, address: str) -> None:
    assert web_address(remote) == address


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_repository_and_the_folder_in_it_are_known(tmp_path: Path) -> None:
    git(tmp_path, "init")
    git(tmp_path, "commit", "--allow-empty", "-m", "one")
    git(tmp_path, "remote", "add", "origin", "git@github.com:o/r.git")
    root = tmp_path / "packages" / "shop"
    root.mkdir(parents=True)
    origin = find_origin(root, environ={})
    assert (origin.repository, origin.folder) == ("https://github.com/o/r", "packages/shop/")
    on_ci = {"GITHUB_SERVER_URL": "https://github.example.org", "GITHUB_REPOSITORY": "a/b"}
    assert find_origin(root, environ=on_ci).repository == "https://github.example.org/a/b"
    assert find_origin(root, environ={"CI_PROJECT_URL": "https://g/c"}).repository == "https://g/c"
