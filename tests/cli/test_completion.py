"""Completion in a shell: what argcomplete answers to a line that ends in a tab."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="argcomplete is for POSIX shells")


def completed(folder: Path, line: str, module: str) -> list[str]:
    """What a shell offers for the line up to the cursor at its end."""
    answer = folder / "answer"
    environ = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_SHELL": "bash",
        "_ARGCOMPLETE_COMP_WORDBREAKS": " \t\n",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    subprocess.run(
        [sys.executable, "-m", module], cwd=folder, env=environ, capture_output=True, check=False
    )
    return [name.replace("\\:", ":").strip() for name in answer.read_text().split("\n") if name]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pytest-carbon comp", ["compare"]),
        ("pytest-carbon compare --merge", ["--merge-base"]),
        ("pytest-carbon merge a.json --update t", ["tighten"]),
        ("pytest-carbon report a.json --to markdown", ["markdown:", "markdown-append:"]),
        ("pytest-carbon compare feature/", ["feature/b"]),
    ],
)
def test_commands_options_and_values(tmp_path: Path, line: str, expected: list[str]) -> None:
    for command in ("init -q", "commit -q --allow-empty -m one", "branch feature/b"):
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *identity, *command.split()], cwd=tmp_path, check=True)
    assert completed(tmp_path, line, "pytest_carbon.cli.main") == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pytest --carbon-exp", ["--carbon-explain"]),
        ("pytest --carbon-inconclusive ", ["warn", "fail"]),
        ("pytest --carbon --carbon-speed=e", ["--carbon-speed=edges"]),
    ],
)
def test_options_of_pytest_and_their_values(tmp_path: Path, line: str, expected: list[str]) -> None:
    assert completed(tmp_path, line, "pytest") == expected
