"""What holds for every page: its blocks are used, its options exist, its links lead somewhere."""

from __future__ import annotations

import ast
import json
import re
import sys
from configparser import ConfigParser
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from markdown_it import MarkdownIt

from pytest_carbon.options import OPTIONS
from pytest_carbon.report.kinds import KINDS
from tests.docs.pages import DOCS, PACKAGE, PAGES, README, ROOT, Block, blocks, hook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# What may stand on a page beside what is run and compared.
_OTHERS = {"python", "toml", "ini", "yaml", "json", "diff", ""}

_FLAG = re.compile(r"--carbon(?:-[a-z]+)*")
_SETTING = re.compile(r"\bcarbon(?:_[a-z]+)+\b")
_VARIABLE = re.compile(r"\bPYTEST_CARBON(?:_[A-Z]+)*\b")
_REPORT = re.compile(r"--carbon-report[= ]([a-z-]+):")
_COMMAND = re.compile(r"pytest-carbon ([a-z-]+)((?: [^`\n|]*)?)")

_SETTINGS = {option.name for option in OPTIONS} | {"carbon_budget"}
# Modules and names that look like settings.
_SETTINGS |= {"carbon_plug", "carbon_counter"}


def ids(page: Path) -> str:
    return str(page.relative_to(ROOT))


def own_blocks() -> Iterator[Block]:
    for page in PAGES:
        yield from blocks(page)


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_command_and_output_is_run_or_says_why_not(page: Path) -> None:
    followed = page == DOCS / "tutorial.md" or page.parent == DOCS / "how-to"
    for block in blocks(page):
        assert block.language in _OTHERS | {"sh", "text"}, block.place
        if block.language in {"sh", "text"} and not followed:
            assert block.directive or block.text in _RUN_BY_CI, f"{block.place} is never run"
        if block.directive == "not run:":
            assert block.language == "sh", (
                f"{block.place} says why it is not run, and is no command"
            )
            assert len(block.argument) > 10, f"{block.place} gives no reason"


def _run_by_ci() -> set[str]:
    """The blocks of the README that .ci/run takes out of it by the comment before them."""
    named = re.findall(r"block '([^']+)'", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    text = README.read_text(encoding="utf-8")
    return {
        re.search(rf"<!-- {re.escape(name)} -->\n```sh\n(.*?)```", text, re.DOTALL)[1]  # type: ignore[index]
        for name in named
    }


_RUN_BY_CI = _run_by_ci()
# CONTRIBUTING's first command is what every reader of these lines has run.
_RUN_BY_CI |= {block.text for block in blocks(ROOT / "CONTRIBUTING.md")}


def _yaml(text: str) -> object:
    return yaml.safe_load(text)


def _toml(text: str) -> object:
    return import_module("tomllib" if sys.version_info >= (3, 11) else "tomli").loads(text)


def _ini(text: str) -> object:
    parser = ConfigParser(interpolation=None)
    parser.read_string(text)
    return parser


def _json(text: str) -> object:
    # An entry of a file is shown without the braces around it.
    return json.loads(text if text.startswith("{") else f"{{{text}}}")


_PARSERS: dict[str, Callable[[str], Any]] = {
    "python": ast.parse,
    "yaml": _yaml,
    "toml": _toml,
    "ini": _ini,
    "json": _json,
}


@pytest.mark.parametrize(
    "block", [b for b in own_blocks() if b.language in _PARSERS], ids=lambda block: block.place
)
def test_a_file_on_a_page_can_be_read(block: Block) -> None:
    assert _PARSERS[block.language](block.text)


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_options_settings_variables_and_reports_on_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    flags = {option.flag for option in OPTIONS}
    assert set(_FLAG.findall(text)) <= flags
    assert set(_SETTING.findall(text)) <= _SETTINGS
    assert set(_VARIABLE.findall(text)) <= {option.variable for option in OPTIONS}
    assert set(_REPORT.findall(text)) <= set(KINDS)


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_commands_and_their_options_on_a_page_exist(page: Path) -> None:
    parsers = hook().parsers()
    for name, rest in _COMMAND.findall(page.read_text(encoding="utf-8")):
        if name not in parsers:
            # A sentence, such as "pytest-carbon needs no rights".
            assert not rest.startswith(" -"), f"there is no command {name}"
            continue
        own = rest.partition(" -- ")[0]
        spellings = {s for action in parsers[name]._actions for s in action.option_strings}
        used = set(re.findall(r"(?<=\s)--[a-z-]+", own))
        assert used <= spellings, f"pytest-carbon {name} has no {used - spellings}"


def _anchors(page: Path) -> set[str]:
    text = hook().fill_in(page.read_text(encoding="utf-8"))
    found = set(re.findall(r"\{ #([\w-]+) \}", text))
    for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\s-]", "", title.lower()).strip()
        found.add(re.sub(r"[\s]+", "-", plain))
    return found


def _links(page: Path) -> Iterator[str]:
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        for child in token.children or ():
            for name in ("href", "src"):
                target = child.attrGet(name)
                if isinstance(target, str):
                    yield target


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_on_a_page_lead_somewhere(page: Path) -> None:
    own = "https://github.com/pytest-carbon/pytest-carbon/"
    for link in _links(page):
        if link.startswith(own):
            path = re.sub(r"^(tree|blob|edit)/main/?", "", link[len(own) :].split("#")[0])
            # The package may be installed elsewhere.
            folder = PACKAGE.parent if path.startswith(f"{PACKAGE.name}/") else ROOT
            assert path == "issues" or (folder / path).exists(), link
            continue
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link
