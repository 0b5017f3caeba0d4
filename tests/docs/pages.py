"""The pages of the documentation: their blocks of code, run and compared as a reader would."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from markdown_it import MarkdownIt

import pytest_carbon
from tests.conftest import plugins_off

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PACKAGE = Path(pytest_carbon.__file__).parent
PAGES = (README, ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))

_TITLE = re.compile(r'title="([^"]+)"')
_DIRECTIVE = re.compile(r"<!-- (status|not run:|as in) ?(.*?) -->")

# What differs between two runs of the same command, and what stands for it. In this order.
_MASKS = (
    (r"\b(?=[a-f]*\d)[0-9a-f]{7,64}\b", "#"),  # commits, digests
    (r"[-+±]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?", "#"),
    (r"# ([num\u00b5k]?J|[num\u00b5k]?g|[num\u00b5]?s|[num\u00b5ck]?m)\b", "# unit"),
    (r"(modelled|measured), .*?, # W/thread", "figures of this CPU"),
    (r"gCO2e/kWh \(.*?\)", "gCO2e/kWh (PLACE)"),
    (r" \(#:#:#\)", ""),  # pytest's second way to say how long a run took
    (r"/\S+/(?=\S+)", "/"),  # folders
    (r"[\w.#-]+-#\.json", "FILE.json"),  # the file of an environment
    (r"[█▉▊▋▌▍▎▏]+", ""),
    (r"([=_-])\1{2,}", r"\1\1\1"),
    (r"\s+", " "),
)


class Block(NamedTuple):
    """A block of code: its language, the file that it is, and what a comment before it says."""

    page: Path
    line: int
    language: str
    text: str
    title: str
    directive: str
    argument: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def runs(self) -> bool:
        return self.language == "sh" and self.directive not in {"not run:", "as in"}


class Ran(NamedTuple):
    """A command that was run, and all that it printed."""

    commands: str
    output: str


def blocks(page: Path) -> Iterator[Block]:
    """All blocks of a page; a comment right before one tells how it is tested."""
    said = ("", "")
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block":
            found = _DIRECTIVE.search(token.content)
            said = (found[1], found[2]) if found else ("", "")
        elif token.type in {"fence", "code_block"}:
            language, _, rest = token.info.partition(" ")
            title = _TITLE.search(rest)
            line = token.map[0] + 1 if token.map else 0
            yield Block(page, line, language, token.content, title[1] if title else "", *said)
            said = ("", "")
        elif token.type.endswith("_open"):
            said = ("", "")


def masked(text: str) -> list[str]:
    """The lines of an output without what differs between two runs."""
    lines = []
    for line in text.splitlines():
        for pattern, instead in _MASKS:
            line = re.sub(pattern, instead, line)  # noqa: PLW2901 - mask by mask
        if line.strip():
            lines.append(line.strip())
    return lines


def lines_missing(shown: str, output: str) -> list[str]:
    """The shown lines that do not come in this order in an output; ``...`` stands for any."""
    missing, real = [], masked(output)
    for line in masked(shown):
        start, cut, end = line.partition("...")
        if cut and not (start or end):
            continue
        at = next(
            (i for i, one in enumerate(real) if one == line or (cut and fits(one, start, end))),
            None,
        )
        if at is None:
            missing.append(line)
        else:
            del real[: at + 1]
    return missing


def fits(line: str, start: str, end: str) -> bool:
    return line.startswith(start.rstrip()) and line.endswith(end.lstrip())


def surroundings(home: Path) -> dict[str, str]:
    """The environment variables of a reader: this Python, a name for git, no other plugins."""
    (home / ".gitconfig").write_text(
        "[user]\nname = A reader\nemail = reader@example.org\n", encoding="utf-8"
    )
    programs = Path(sys.executable).parent
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "COLUMNS": "80",
        "PYTEST_ADDOPTS": plugins_off(),
        "PYTEST_CARBON_METERS": "model",
        "CUDA_VISIBLE_DEVICES": "-1",  # as on a machine without a GPU
    }


def bash(script: str, folder: Path, environ: Mapping[str, str]) -> tuple[int, str]:
    """The exit status and the output of a script, both streams together."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout


def follow(page: Path, folder: Path, environ: Mapping[str, str]) -> list[Ran]:
    """Do what a page says, block by block; asserts that it ends and prints as is shown."""
    ran: list[Ran] = []
    for block in blocks(page):
        if block.runs:
            status, output = bash(block.text, folder, environ)
            expected = int(block.argument) if block.directive == "status" else 0
            assert status == expected, f"{block.place}: exit status {status}\n{output}"
            ran.append(Ran(block.text, output))
        elif block.language == "text" and block.directive != "as in":
            assert ran, f"{block.place} shows an output, and no command stands before it"
            missing = lines_missing(block.text, ran[-1].output)
            assert not missing, f"{block.place}: {missing[0]!r} is not in\n{ran[-1].output}"
        elif block.language == "diff":
            patch(block, folder, environ)
        elif block.title:
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    return ran


def patch(block: Block, folder: Path, environ: Mapping[str, str]) -> None:
    """Change a file as a block with a difference says."""
    (folder.parent / "change.diff").write_text(block.text, encoding="utf-8")
    status, output = bash("git apply ../change.diff", folder, environ)
    assert status == 0, f"{block.place} does not apply: {output}"


def check_as_in(page: Path, ran: Sequence[Ran], name: str) -> None:
    """Hold the blocks of a page that show what another page does against that page's run."""
    commands = [line for one in ran for line in one.commands.splitlines()]
    for block in blocks(page):
        if block.directive != "as in" or block.argument != name:
            continue
        if block.language == "sh":
            strange = [line for line in block.text.splitlines() if line not in commands]
        else:
            strange = min((lines_missing(block.text, one.output) for one in ran), key=len)
        assert not strange, f"{block.place}: {strange[0]!r} is not in {block.argument}"


@cache
def hook() -> Any:
    """The module that fills in what is generated, which MkDocs loads by its path."""
    spec = importlib.util.spec_from_file_location("docs_hook", DOCS / "_hook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    # The output of commands that another has run, and the name by which the README calls them.
    check_as_in(README, [Ran("", Path(sys.argv[1]).read_text(encoding="utf-8"))], sys.argv[2])
