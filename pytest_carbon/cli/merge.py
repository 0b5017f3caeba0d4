"""``pytest-carbon merge``: the results of shards or of a matrix, as if they were one run."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli.comment import add_comment_arguments, comment_of
from pytest_carbon.cli.completion import kinds, offer
from pytest_carbon.cli.cut_files import cut_files, judged_as_whole
from pytest_carbon.cli.output import say
from pytest_carbon.cli.report import destination_of, write_all
from pytest_carbon.errors import ReportError, ResultFileError
from pytest_carbon.gate.policy import Policy
from pytest_carbon.ini import ini_setting
from pytest_carbon.measurement import Kind
from pytest_carbon.report.destination import probe
from pytest_carbon.report.terminal import summary_lines
from pytest_carbon.resultfile.file import read_result
from pytest_carbon.text import counted
from pytest_carbon.updates.join import SharedNames, by_environment, join_results
from pytest_carbon.updates.plan import Mode
from pytest_carbon.updates.refresh import plan_runs, preview_refresh, store_runs

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_carbon.result.run import RunResult

__all__ = ["add_parser", "run"]

_FAILED = 1
_ROWS = 10


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "merge",
        help="join the results of shards or of a matrix: summary, gate, reports, baselines",
        description="Join results that pytest --carbon --carbon-report=json:PATH stored, as if "
        "they had been one run. The results of each environment are joined separately. "
        "The exit status is 1 where a test failed in any of them, or the worst that pytest ended "
        "with.",
    )
    parser.add_argument(
        "results", metavar="RESULT.json", nargs="+", type=Path, help="stored results, in any order"
    )
    offer(
        parser.add_argument(
            "--to",
            metavar="KIND[:PATH]",
            action="append",
            default=[],
            help="also write a report of all of them, such as json:all.json; may be given "
            "several times",
        ),
        kinds,
    )
    add_comment_arguments(parser)
    parser.add_argument(
        "--update",
        metavar="MODE",
        choices=[mode.value for mode in Mode],
        help="update the baselines: new, changed, tighten or all",
    )
    parser.add_argument(
        "--diff", action="store_true", help="show what --update would change, and write nothing"
    )
    parser.add_argument(
        "--baselines",
        metavar="DIR",
        help="the folder of baselines (default: carbon_baselines, else baselines)",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show every finding")


def _read(paths: Sequence[Path]) -> list[RunResult]:
    results: list[RunResult] = []
    names = SharedNames()
    seen: dict[str, Path] = {}
    for path in paths:
        result = read_result(path)
        run_id = "" if result.origin is None else result.origin.run_id
        if run_id and run_id in seen:
            raise ResultFileError(
                f"{path} and {seen[run_id]} hold the same run",
                remedy="name each result once, or its figures would count twice",
            )
        seen[run_id] = path
        results.append(names.of(result))
    return results


def run(args: argparse.Namespace) -> int:
    """Join, tell, report and store; returns the exit status that one run would have had.

    Raises ``ResultFileError`` for what is no result, ``ReportError`` and ``SettingError`` for
    what is no destination, ``BaselineError`` for baselines that cannot be used.
    """
    runs = _read(args.results)
    groups = by_environment(part for run in runs for part in run.by_environment())
    comment = comment_of(args)
    destinations = [destination_of(text, comment) for text in args.to]
    if destinations and len(groups) > 1:
        raise ReportError(
            f"these are results of {len(groups)} environments, and a report holds one",
            remedy="merge those of each environment by themselves",
        )
    for destination in destinations:
        probe(destination)
    worst = 0
    for environment, results in groups.items():
        joined, doubts = _as_one_run(results, _folder(args))
        if len(groups) > 1:
            say(f"environment {environment.fingerprint}: {BaselineStore(Path()).path(environment)}")
        say(f"{counted(len(results), 'result')} joined")
        width = shutil.get_terminal_size().columns
        for line in summary_lines(joined, verbosity=int(args.verbose), rows=_ROWS, width=width):
            say(line.text)
        for note in (*_gaps(joined), *doubts):
            say(f"note: {note}")
        write_all([joined], destinations)
        if args.update or args.diff:
            _store(args, results)
        worst = max(worst, _status(joined))
    return worst


def _folder(args: argparse.Namespace) -> Path:
    named = args.baselines
    if named is None:
        setting = ini_setting("carbon_baselines", Path.cwd())
        named = "baselines" if setting is None else setting[0]
    return Path(named)


def _as_one_run(results: Sequence[RunResult], folder: Path) -> tuple[RunResult, list[str]]:
    """The results joined, files that shards have cut judged as a whole; and what is in doubt."""
    joined, cut = join_results(results), cut_files(results)
    if not cut:
        return joined, []
    stored = BaselineStore(folder).load(joined.environment)
    if stored is None:
        files = "1 file was" if len(cut) == 1 else f"{len(cut)} files were"
        note = (
            f"the short tests of {files} cut by shards, and judged in parts, as {folder} holds no "
            "baselines of this environment: name their folder with --baselines"
        )
        return joined, [note]
    return judged_as_whole(joined, cut, stored), []


def _gaps(joined: RunResult) -> list[str]:
    """What keeps these results from being the whole suite."""
    course = joined.course
    missing = set(course.collected) - set(course.deselected) - course.outcomes.keys()
    notes = []
    if missing:
        shown = ", ".join(sorted(missing)[:3])
        notes.append(
            f"selected, but run in none of these results: {counted(len(missing), 'test')}: {shown}"
        )
    if course.deselected:
        notes.append(
            f"selected in none of these results: {counted(len(course.deselected), 'test')}"
        )
    return notes


def _status(joined: RunResult) -> int:
    status = joined.course.exit_status
    fails = any(outcome in {"failed", "error"} for outcome in joined.course.outcomes.values())
    gated = any(
        subject.verdict is not None and subject.verdict.outcome.fails
        for subject in joined.subjects
        if subject.subject.kind is not Kind.TASK
    )
    return status or (_FAILED if fails or gated else 0)


def _store(args: argparse.Namespace, results: list[RunResult]) -> None:
    store = BaselineStore(_folder(args))
    first = results[0]
    mode = Mode(args.update or Mode.CHANGED)
    policy = Policy(tolerance=first.tolerance, floor_j=first.floor_j)
    if args.diff:
        say("this is what would change; nothing is written")
        done = plan_runs(store.load(first.environment), results, mode, policy)
    else:
        done = store_runs(store, results, mode, policy)
    for line in preview_refresh(done):
        say(line)
    if not args.diff:
        path = store.path(first.environment)
        say(f"{path} is {'written' if done.written else 'unchanged'}")
        sys.stdout.flush()
