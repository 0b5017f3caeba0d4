"""``pytest-carbon baselines``: the stored environments, and which of them counts here."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_carbon.baseline.history import age_of
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli.output import say, say_aside
from pytest_carbon.cli.suite import run_suite
from pytest_carbon.ini import ini_setting

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_carbon.baseline.file import BaselineFile
    from pytest_carbon.baseline.history import Age
    from pytest_carbon.baseline.store import Survey
    from pytest_carbon.cli.suite import SuiteRun
    from pytest_carbon.environment import Environment

__all__ = ["add_parser", "run", "show"]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "baselines",
        usage="pytest-carbon baselines [options] [DIR] [-- PYTEST ARGS]",
        help="list the stored environments, their entries and age, and what matches here",
        description="List the stored environments, how many entries each holds, which commit "
        "changed it last, and which of them counts on this machine. Arguments after -- go to "
        "pytest, which is asked for the environment and collects nothing.",
    )
    parser.add_argument(
        "folder",
        metavar="DIR",
        nargs="?",
        help="the folder of baselines (default: the one that pytest --carbon would use)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for other programs")


def _counts(file: BaselineFile) -> dict[str, int]:
    return dict(sorted(Counter(subject.kind.value for subject in file.entries).items()))


def _plain(survey: Survey, current: Environment | None) -> dict[str, Any]:
    """Everything that is known, for ``--json``; ``matches`` is null where nobody can tell."""
    return {
        "current": None if current is None else current._asdict(),
        "files": [
            {
                "path": str(path),
                "environment": file.environment._asdict(),
                "fingerprint": file.environment.fingerprint,
                "entries": _counts(file),
                "intensity": file.intensity._asdict(),
                "matches": None if current is None else file.environment == current,
                "differences": {}
                if current is None
                else {
                    fact: {"here": here, "there": there}
                    for fact, (here, there) in current.differences(file.environment).items()
                },
                "last_change": None if (age := age_of(path)) is None else asdict(age),
            }
            for path, file in survey.files
        ],
        "broken": [
            {"path": str(path), "problem": error.problem, "remedy": error.remedy}
            for path, error in survey.broken
        ],
        "unknown": [str(path) for path in survey.unknown],
    }


def _age_words(age: Age | None) -> str:
    if age is None:
        return "in no commit yet"
    since = f"{age.commits_since} commit{'s' if age.commits_since != 1 else ''} ago"
    changed = ", changed since" if age.modified else ""
    return f"last changed in {age.commit} of {age.date}, {since}{changed}"


def _match_words(environment: Environment, current: Environment | None) -> str:
    if current is None:
        return ""
    differences = current.differences(environment)
    if not differences:
        return "counts here"
    facts = "; ".join(
        f"{fact}: {there}, here {here}" for fact, (here, there) in differences.items()
    )
    return f"does not count here: {facts}"


def _lines(folder: Path, survey: Survey, current: Environment | None) -> Iterator[str]:
    if not survey.files and not survey.broken:
        yield f"no baselines in {folder}: pytest-carbon refresh stores them"
    for path, file in survey.files:
        counts = ", ".join(
            f"{count} {kind}{'s' if count != 1 else ''}" for kind, count in _counts(file).items()
        )
        yield path.name
        yield f"  {counts or 'no entries'}; {_age_words(age_of(path))}"
        words = _match_words(file.environment, current)
        if words:
            yield f"  {words}"
    for path, error in survey.broken:
        yield path.name
        yield f"  cannot be read: {error.problem}"
        yield f"  {error.remedy}"
    for path in survey.unknown:
        yield f"{path.name}: no baselines file, left alone"
    if current is not None and all(file.environment != current for _, file in survey.files):
        yield f"nothing counts here: this environment's file would be {_name_here(folder, current)}"


def _name_here(folder: Path, current: Environment) -> str:
    """The name of the file in which this environment's baselines would be."""
    return BaselineStore(folder).path(current).name


def _folder_here(asked: SuiteRun) -> Path:
    """The folder that a run here would use; pytest does not start beside a damaged file."""
    if asked.result is not None:
        return Path(asked.result.baselines_folder)
    named = ini_setting("carbon_baselines", Path.cwd())
    return Path("baselines" if named is None else named[0])


def run(args: argparse.Namespace) -> int:
    """Ask pytest for the environment here, and print the list; see ``show``."""
    asked = run_suite(["--collect-only", "--ignore-glob=*", *args.pytest_args])
    if asked.result is None:
        sys.stderr.write(asked.output)
        say_aside(f"the environment here is unknown: {asked.end}")
    return show(
        Path(args.folder) if args.folder else _folder_here(asked),
        None if asked.result is None else asked.result.environment,
        as_json=args.json,
    )


def show(folder: Path, current: Environment | None, *, as_json: bool = False) -> int:
    """Print the list; 1 where a file cannot be read, else 0.

    ``current`` is the environment here, ``None`` where it is not known. Raises
    ``BaselineError`` where the folder itself cannot be read.
    """
    survey = BaselineStore(folder).survey()
    if as_json:
        print(json.dumps(_plain(survey, current), indent=2))  # noqa: T201 - the command's output
    else:
        for line in _lines(folder, survey, current):
            say(line)
    return 1 if survey.broken else 0
