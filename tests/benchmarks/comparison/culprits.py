"""How often ``pytest-carbon compare`` names the function that was changed.

    python tests/benchmarks/comparison/culprits.py --count 100

Takes real projects from their source distributions, puts them under git with an editable install
of the tree present, and profiles their tests to find functions that run in tests of 8 to 400 ms.
Each try changes one of them, chosen by chance, in one of six ways: more calls of a function that
it calls, a slower loop, an accidental square, a cache removed, a slower builtin call, a costlier
default argument. The change is made to cost a test 10 to 200 % more; ``compare`` then runs that
test. Tries in which the changed test fails, or is not convicted, are drawn anew and counted. Each
line of the output is one try as JSON, the last ones are sums. Needs network.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trials import Project, compare, git, install, say

PROJECTS = {
    "sqlparse": Project("sqlparse==0.6.1", ("-c", "pyproject.toml", "tests"), (), "", "", "", ""),
    "jinja2": Project("jinja2==3.1.6", ("tests",), ("trio",), "", "", "", ""),
    "tomlkit": Project("tomlkit==0.15.2", ("tests",), ("pyyaml",), "", "", "", ""),
    "boltons": Project("boltons==26.2.0", ("tests",), (), "", "", "", ""),
    "more-itertools": Project("more-itertools==11.2.1", ("tests",), (), "", "", "", ""),
}

KINDS = ("calls", "loop", "square", "cache", "builtin", "default")

# Written beside the suite: what each test calls, by the standard library's profiler.
RECORDER = """
import cProfile, json, os, time
import pytest

FOUND = {}
ROOT = os.getcwd() + os.sep

@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    profile = cProfile.Profile()
    start = time.perf_counter()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        total = time.perf_counter() - start
        rows = []
        for entry in profile.getstats():
            code = entry.code
            if isinstance(code, str) or not code.co_filename.startswith(ROOT):
                continue
            inside = [
                [c.code.co_filename[len(ROOT):], c.code.co_firstlineno, c.callcount, c.totaltime]
                for c in entry.calls or ()
                if not isinstance(c.code, str) and c.code.co_filename.startswith(ROOT)
            ]
            rows.append([code.co_filename[len(ROOT):], code.co_firstlineno, code.co_name,
                         entry.callcount, entry.totaltime, inside])
        FOUND[item.nodeid] = {"total_s": total, "functions": rows}

def pytest_sessionfinish():
    with open(os.environ["CULPRITS_RECORD"], "w") as file:
        json.dump(FOUND, file)
"""


@dataclass
class Target:
    """A function that a test runs ``calls`` times, and what it calls."""

    test: str
    test_s: float
    file: str
    line: int
    calls: int
    inside_s: float
    callees: list[list[Any]]


def targets(folder: Path, python: Path, arguments: tuple[str, ...]) -> list[Target]:
    """All functions of the project that its tests of 8 to 400 ms run."""
    with tempfile.TemporaryDirectory() as temporary:
        (Path(temporary) / "culprits_recorder.py").write_text(RECORDER, "utf-8")
        record = Path(temporary) / "record.json"
        environ = {**os.environ, "PYTHONPATH": temporary, "CULPRITS_RECORD": str(record)}
        command = [python, "-m", "pytest", "-q", "-p", "culprits_recorder", *arguments]
        subprocess.run(command, cwd=folder, env=environ, check=False, capture_output=True)
        tests = json.loads(record.read_text("utf-8"))
    found = []
    for test, figures in tests.items():
        # A profiler makes a test take about twice its time.
        test_s = figures["total_s"] / 2
        if not 0.008 <= test_s <= 0.4:
            continue
        for file, line, name, calls, total_s, inside in figures["functions"]:
            if "test" in file or name.startswith("<") or calls > test_s * 50_000:
                continue
            found.append(Target(test, test_s, file, line, calls, total_s / 2, inside))
    return found


def spin_s() -> float:
    """Seconds for a turn of an empty loop."""
    best = 1.0
    for _ in range(5):
        start = time.perf_counter()
        for _turn in range(200_000):
            pass
        best = min(best, (time.perf_counter() - start) / 200_000)
    return best


def function_at(tree: ast.Module, line: int) -> ast.FunctionDef | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == line and node.body[0].lineno > node.lineno:
                return node
    return None


def inserted(text: str, node: ast.FunctionDef, code: str, at: int | None = None) -> str:
    """``code`` in front of a statement of a function: of its first after the docstring."""
    body = node.body
    if ast.get_docstring(node) is not None and len(body) > 1:
        body = body[1:]
    line = body[0].lineno if at is None else at
    lines = text.splitlines(keepends=True)
    indent = lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]
    lines[line - 1 : line - 1] = [f"{indent}{part}\n" for part in code.splitlines()]
    return "".join(lines)


def change(  # noqa: PLR0911 - a way for each kind
    kind: str, text: str, target: Target, rise: float, turn_s: float
) -> tuple[str, str] | None:
    """The file before and after the change; ``None`` where this kind does not fit."""
    tree = ast.parse(text)
    node = function_at(tree, target.line)
    if node is None:
        return None
    turns = max(1, round(rise * target.test_s / target.calls / turn_s))
    if kind == "loop":
        return text, inserted(text, node, f"for _turn in range({turns}):\n    pass")
    if kind == "square":
        side = max(2, round(turns**0.5))
        code = f"_all = range({side})\n_found = [a for a in _all for b in _all if a > b]"
        return text, inserted(text, node, code)
    if kind == "builtin":
        return text, inserted(text, node, f"sum(range({turns}))")
    if kind == "default":
        return changed_default(text, node, turns)
    if kind == "cache":
        return removed_cache(text, tree, node, target)
    return more_calls(text, node, target, rise)


def changed_default(text: str, node: ast.FunctionDef, turns: int) -> tuple[str, str] | None:
    """A default decides how much work a function that is not changed has to do."""
    if node.args.kwarg is not None or node.args.vararg is not None:
        return None
    versions = []
    for default in (1, turns):
        lines = text.splitlines(keepends=True)
        new = ast.parse(ast.unparse(node)).body[0]
        assert isinstance(new, ast.FunctionDef)
        new.args.kwonlyargs.append(ast.arg("_weight"))
        new.args.kw_defaults.append(ast.Constant(default))
        at = 1 if ast.get_docstring(new) is not None else 0
        new.body[at:at] = ast.parse("_spin(_weight)").body
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        indent = " " * node.col_offset
        code = ast.unparse(ast.fix_missing_locations(new)).splitlines()
        lines[first - 1 : node.end_lineno] = [f"{indent}{line}\n" for line in code]
        spin = "\n\ndef _spin(turns):\n    for _turn in range(turns):\n        pass\n"
        versions.append("".join(lines) + spin)
    return versions[0], versions[1]


def removed_cache(
    text: str, tree: ast.Module, node: ast.FunctionDef, target: Target
) -> tuple[str, str] | None:
    """Base has a cache that head has not."""
    if node not in tree.body or node.decorator_list or target.calls < 5:
        return None
    if target.inside_s < 0.05 * target.test_s:
        return None
    lines = text.splitlines(keepends=True)
    lines.insert(node.lineno - 1, "@__import__('functools').lru_cache(maxsize=None)\n")
    return "".join(lines), text


def more_calls(
    text: str, node: ast.FunctionDef, target: Target, rise: float
) -> tuple[str, str] | None:
    """A call that a function makes is made several times."""
    for statement in node.body:
        value = getattr(statement, "value", None)
        if not isinstance(statement, (ast.Assign, ast.Return, ast.Expr)):
            continue
        if not isinstance(value, ast.Call):
            continue
        name = value.func.attr if isinstance(value.func, ast.Attribute) else None
        name = value.func.id if isinstance(value.func, ast.Name) else name
        for _file, _line, calls, total_s in target.callees:
            times = round(rise * target.test_s / max(total_s / 2, 1e-9))
            if calls == target.calls and 1 <= times <= 1000 and name is not None:
                call = ast.unparse(value)
                code = f"for _turn in range({times}):\n    {call}"
                return text, inserted(text, node, code, statement.lineno)
    return None


def attempt(  # noqa: PLR0917 - a script
    project: Project,
    folder: Path,
    python: Path,
    target: Target,
    kind: str,
    turn_s: float,
    dice: random.Random,
) -> dict[str, Any] | None:
    """One try; ``None`` where the change does not fit."""
    git(folder, "reset", "--quiet", "--hard", "released")
    path = folder / target.file
    rise = 0.1 * 20 ** dice.random()
    both = change(kind, path.read_text("utf-8"), target, rise, turn_s)
    if both is None:
        return None
    before, after = both
    try:
        node = next(
            n
            for n in ast.walk(ast.parse(after))
            if isinstance(n, ast.FunctionDef)
            and n.name == function_name(path.read_text("utf-8"), target.line)
        )
    except (StopIteration, SyntaxError):
        return None
    path.write_text(before, "utf-8")
    git(folder, "commit", "--quiet", "--all", "--allow-empty", "--message", "base")
    path.write_text(after, "utf-8")
    options = project.arguments[:-1]
    try:
        found = compare(python, folder, "HEAD", "--", *options, target.test)
    except SystemExit:
        return {"outcome": "not compared"}
    verdict = found["tests"][0]["verdict"]
    outcome = verdict["outcome"] if verdict else "not compared"
    facts = {"outcome": outcome, "elapsed_s": round(found["elapsed_s"], 1)}
    if outcome != "regressed":
        return facts
    explanation = found["tests"][0]["explanation"]
    named = [
        (c["file"], c["name"].rpartition(".")[2], c["detail"]) for c in explanation["culprits"]
    ]
    wanted = (target.file, node.name)
    places = [at for at, (file, name, _) in enumerate(named) if (file, name) == wanted]
    return {
        **facts,
        "ratio": round(verdict["ratio"], 2),
        "wanted": f"{target.file}:{target.line} {node.name}",
        "place": places[0] + 1 if places and not explanation["is_spread"] else 0,
        "spread": explanation["is_spread"],
        "trouble": explanation["trouble"],
        "named": [f"{file} {name} ({detail})" for file, name, detail in named],
    }


def function_name(text: str, line: int) -> str | None:
    node = function_at(ast.parse(text), line)
    return None if node is None else node.name


def run(names: list[str], count: int, seed: int) -> None:
    dice = random.Random(seed)
    turn_s = spin_s()
    rows: list[dict[str, Any]] = []
    drawn_anew: Counter[str] = Counter()
    for name in names:
        project = PROJECTS[name]
        with tempfile.TemporaryDirectory() as temporary:
            folder, python = install(project, Path(temporary))
            git(folder, "tag", "released")
            choices = targets(folder, python, project.arguments)
            say(project=name, functions=len(choices), tests=len({t.test for t in choices}))
            done, tries = 0, 0
            while done < count // len(names) and tries < 40 * count:
                tries += 1
                kind = KINDS[done % len(KINDS)] if tries % 60 else dice.choice(KINDS)
                target = dice.choice(choices)
                line = attempt(project, folder, python, target, kind, turn_s, dice)
                if line is None:
                    continue
                if line["outcome"] != "regressed":
                    drawn_anew[line["outcome"]] += 1
                    continue
                done += 1
                line = {"project": name, "kind": kind, "test": target.test, **line}
                rows.append(line)
                say(**line)
    for what, values in (("project", names), ("kind", KINDS)):
        for value in values:
            of = [row for row in rows if row[what] == value]
            say(**{what: value}, tries=len(of), **hits(of))
    say(tries=len(rows), **hits(rows), drawn_anew=dict(drawn_anew))


def hits(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {
        "named_first": sum(row["place"] == 1 for row in rows),
        "within_three": sum(1 <= row["place"] <= 3 for row in rows),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--project", choices=sorted(PROJECTS), action="append")
    args = parser.parse_args()
    run(args.project or sorted(PROJECTS), args.count, args.seed)


if __name__ == "__main__":
    main()
