"""``pytest-carbon prune``: removes the baselines of tests that no longer exist."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli.output import say
from pytest_carbon.cli.suite import run_suite
from pytest_carbon.errors import BaselineError
from pytest_carbon.updates.preview import preview_prune
from pytest_carbon.updates.prune import plan_prune

if TYPE_CHECKING:
    import argparse

    from pytest_carbon.baseline.file import BaselineFile
    from pytest_carbon.environment import Environment
    from pytest_carbon.result.facts import Course
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.updates.prune import PrunePlan

__all__ = ["add_parser", "run"]

_LEFT_TO_DO = 1
_SHOWN = 3


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "prune",
        usage="pytest-carbon prune [options] [-- PYTEST ARGS]",
        help="remove the baselines of tests that no longer exist",
        description="Collect the whole suite, show which baselines have no test any more and which "
        "follow a renamed test, and remove or move them once you agree. Arguments after -- go to "
        "pytest, which only collects.",
    )
    parser.add_argument("--yes", action="store_true", help="remove and move without asking")
    parser.add_argument(
        "--all-environments",
        action="store_true",
        help="prune the baselines of other environments in the folder, too",
    )


def run(args: argparse.Namespace) -> int:
    """Show and do; 1 where something is left to be done, for want of a yes.

    Raises ``BaselineError`` where the collection cannot tell which tests are gone.
    """
    done = run_suite(["--carbon-diff", "--collect-only", "-q", *args.pytest_args])
    result = done.need("the collection")
    _check(result.course)
    store = BaselineStore(Path(result.baselines_folder))
    environments = _environments(store, result.environment, everywhere=args.all_environments)
    left_to_do = 0
    for environment in environments:
        left_to_do |= _prune(store, environment, result, yes=args.yes)
    if not environments:
        say(f"no baselines of this environment in {store.folder}: nothing to prune")
    return left_to_do


def _check(course: Course) -> None:
    """Raise ``BaselineError`` unless the whole suite was collected."""
    if course.full_and_clean:
        return
    if course.collection_errors:
        why = f"could not collect {_few(course.collection_errors)}"
    elif course.narrowed:
        why = f"was narrowed by {_few(course.narrowed)}"
    elif course.deselected:
        why = f"deselected {_few(course.deselected)}"
    else:
        why = "found no tests"
    raise BaselineError(
        f"the collection {why}, so it cannot tell which tests are gone",
        remedy="collect the whole suite without errors, and without -k, -m, --lf or paths (those "
        "in addopts, too: pytest-carbon prune -- -o addopts=)",
    )


def _few(names: tuple[str, ...]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _environments(
    store: BaselineStore, here: Environment, *, everywhere: bool
) -> list[Environment]:
    if not everywhere:
        return [] if store.load(here) is None else [here]
    survey = store.survey()
    for path, error in survey.broken:
        say(f"{path.name} is left alone: {error.problem}")
    return [file.environment for _, file in survey.files]


def _plan(file: BaselineFile, result: RunResult) -> PrunePlan:
    """What pruning does to one file; digests of code hold for one version of Python only."""
    same_python = file.environment.python == result.environment.python
    return plan_prune(
        file.entries,
        result.course.collected,
        full_and_clean=result.course.full_and_clean,
        code_digests=result.code_digests if same_python else {},
        skipped=result.course.collection_skips,
    )


def _prune(store: BaselineStore, environment: Environment, result: RunResult, *, yes: bool) -> int:
    path = store.path(environment)
    stored = store.load(environment)
    assert stored is not None, "only stored environments are pruned"
    plan = _plan(stored, result)
    say(path.name)
    for line in preview_prune(plan):
        say(f"  {line}")
    if not (plan.removals or plan.renames):
        return 0
    if not (yes or _agreed(len(plan.removals), len(plan.renames))):
        return _LEFT_TO_DO

    def change(old: BaselineFile | None) -> BaselineFile:
        # Only what was shown: what another process has stored meanwhile stays.
        return plan.apply(stored.with_entries({}) if old is None else old)

    written = store.update(environment, change).written
    say(f"  {'written' if written else 'unchanged'}")
    return 0


def _agreed(removals: int, renames: int) -> bool:
    what = " and ".join(
        words
        for words in (
            f"remove {removals}" if removals else "",
            f"move {renames}" if renames else "",
        )
        if words
    )
    if not sys.stdin.isatty():
        say(f"  nothing is written: pytest-carbon prune --yes would {what}")
        return False
    return input(f"  {what}? [y/N] ").strip().lower() in {"y", "yes"}
