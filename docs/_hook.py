"""Fills in the parts of the reference that are made from the code, as MkDocs builds the site.

A page says ``<!-- generated: NAME -->`` where the function of that name puts its text. It replaces
what stands there up to ``<!-- end -->``, which is for those who read the page elsewhere.
"""

from __future__ import annotations

import argparse
import ast
import re
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_carbon.errors
from pytest_carbon.cli import main as command_line
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.meters.sources import BUILT_IN
from pytest_carbon.options import GROUPS, OPTIONS, Option
from pytest_carbon.report.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["GENERATED", "TESTED", "fill_in", "on_config", "on_page_markdown", "parsers"]

TESTED = {
    "rapl": "folders like the kernel's; a tree that follows this machine's CPU time",
    "rapl-perf": "a folder like the kernel's, files in place of events",
    "apple": "an invented `zeus_apple_silicon`",
    "emi": "invented devices below the real `ctypes` layer",
    "powermetrics": "a script of that name and its pipe",
    "nvml": "an invented driver behind the names of the real module",
    "amd": "an invented `amdsmi`",
    "hwmon": "folders like the kernel's",
    "model": "published measurements (see Measurement)",
}
"""What each meter was held against: an imitation whose energy is known, to 1 % from 0.1 s on."""

_MARK = re.compile(r"^<!-- generated: (\w+) -->\n.*?^<!-- end -->$", re.MULTILINE | re.DOTALL)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), ["---"] * len(list(head)), *map(list, rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _code(text: str) -> str:
    """Text as code in a table's cell."""
    line = " ".join(text.split())
    return f"`{line}`".replace("|", "\\|") if line else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _flag(option: Option) -> str:
    if not option.shown:
        return option.flag
    value = "|".join(option.choices) or option.metavar
    return f"{option.flag}[={value}]" if option.const else f"{option.flag}={value}"


def _one_option(option: Option) -> Iterator[str]:
    yield f"### `{option.flag}` {{ #{option.name.replace('_', '-')} }}"
    yield ""
    yield _sentence(option.help)
    yield ""
    yield f"- Command line: `{_flag(option)}`" + (
        ", as often as you like" if option.repeatable else ""
    )
    value = option.example or option.default or (option.choices or ("true",))[0]
    # An example may name several values in words.
    value = re.split(r",? or |, (?=\S)", value)[0]
    lines = "\n    " if option.repeatable else " "
    yield f"- Ini file: `{option.name} ={lines.rstrip() or ''} {value}`".replace("  ", " ")
    yield f"- Environment: `{option.variable}={value}`"
    if option.default:
        yield f"- Default: `{option.default}`"
    if option.example not in {"", value}:
        yield f"- Examples: {option.example}"
    yield ""


def options() -> str:
    """All options by their groups, in the order of ``pytest --help``."""
    lines: list[str] = []
    for group in GROUPS:
        lines += [f"## {_sentence(group.removeprefix('carbon: ')).rstrip('.')}", ""]
        for option in OPTIONS:
            if option.group == group:
                lines += _one_option(option)
    return "\n".join(lines)


def variables() -> str:
    """The environment variables of the options."""
    return _table(
        ("variable", "option"),
        (
            (_code(o.variable), f"[`{o.flag}`](options.md#{o.name.replace('_', '-')})")
            for o in OPTIONS
        ),
    )


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command of ``pytest-carbon``, in the order of its help."""
    parser = argparse.ArgumentParser(prog="pytest-carbon")
    commands = parser.add_subparsers()
    for module in command_line._COMMANDS.values():  # noqa: SLF001 - the table is what is shown
        module.add_parser(commands)
    return dict(commands.choices)


def _one_command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    formatter = argparse.HelpFormatter(parser.prog, width=78)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups)  # noqa: SLF001
    usage = re.sub(r"^usage: ", "", formatter.format_help().strip())
    usage = re.sub(r"^ {7}", "", usage, flags=re.MULTILINE)
    yield f"## {name}"
    yield ""
    yield " ".join((parser.description or "").split())
    yield ""
    yield "```text"
    yield usage
    yield "```"
    yield ""
    rows = []
    for action in parser._actions:  # noqa: SLF001 - argparse offers no public list
        if isinstance(action, argparse._HelpAction):  # noqa: SLF001
            continue
        metavar = action.metavar if isinstance(action.metavar, str) else action.dest
        names = [
            f"{spelling} {metavar}" if action.nargs != 0 else spelling
            for spelling in action.option_strings
        ] or [metavar]
        text = (action.help or "") % {"default": action.default, "prog": parser.prog}
        rows.append((", ".join(map(_code, names)), " ".join(text.split())))
    if rows:
        yield _table(("argument", "meaning"), rows)
        yield ""


def commands() -> str:
    """All commands with their arguments."""
    return "\n".join(line for name, one in parsers().items() for line in _one_command(name, one))


def kinds() -> str:
    """The kinds of reports."""

    def traits(kind: Any) -> str:
        words = {
            "appended to": kind.appends,
            "printed without a file": kind.prints,
            "shows earlier runs": kind.looks_back,
        }
        return ", ".join(word for word, holds in words.items() if holds)

    return _table(
        ("kind", "usual ending", "what it is", "traits"),
        ((_code(n), _code(k.suffix), _sentence(k.help), traits(k)) for n, k in KINDS.items()),
    )


def meters() -> str:
    """The built-in meters, best first."""
    return _table(
        ("meter", "systems", "domains", "method", "refreshed", "rights", "tested how"),
        (
            (
                _code(meter.name),
                meter.systems,
                meter.domains,
                meter.method.value,
                f"{meter.interval_s * 1000:g} ms" if meter.interval_s else "with the clock",
                meter.rights + ("" if meter.by_default else "; used only where it is named"),
                TESTED[meter.name],
            )
            for meter in BUILT_IN
        ),
    )


def verdicts() -> str:
    """The verdicts that there are, and which of them fail a test."""
    return _table(
        ("verdict", "fails its test"), ((o.value, "yes" if o.fails else "no") for o in Outcome)
    )


def _literal(node: ast.expr | None) -> str:
    """A text of the code; what is filled in at run time is ``…``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
    return "…"


def _raised() -> Iterator[tuple[str, str]]:
    """Every error in the code that says what is wrong in words of its own, and its remedy."""
    typed = {name for name in vars(pytest_carbon.errors) if name.endswith("Error")}
    for path in sorted(Path(pytest_carbon.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and getattr(node.func, "id", "") in typed:
                remedies = [k.value for k in node.keywords if k.arg == "remedy"]
                problem = _literal(node.args[0])
                if re.search(r"[a-z]{3}", problem):
                    yield problem, _literal(remedies[0] if remedies else None)


def errors() -> str:
    """All errors of the code, sorted."""
    return _table(("message", "remedy"), ((_code(p), _code(r)) for p, r in sorted(set(_raised()))))


GENERATED: dict[str, Callable[[], str]] = {
    "options": options,
    "variables": variables,
    "commands": commands,
    "kinds": kinds,
    "meters": meters,
    "verdicts": verdicts,
    "errors": errors,
}


def fill_in(markdown: str) -> str:
    """The page with all that is generated in it. Raises ``KeyError`` for an unknown name."""
    return _MARK.sub(lambda mark: GENERATED[mark[1]](), markdown)


def on_config(config: Any) -> Any:
    """Show the version at the head of each page."""
    config.site_name = f"pytest-carbon {version('pytest-carbon')}"
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """MkDocs' hook: a page's text before it is rendered."""
    return fill_in(markdown)
