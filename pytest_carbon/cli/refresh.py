"""``pytest-carbon refresh``: measures the suite in fresh processes, and updates its baselines."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.baseline.policy import Mode
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli.suite import run_suite
from pytest_carbon.gate.policy import Policy
from pytest_carbon.refresh import (
    comparable,
    learns_from_load,
    not_passed,
    plan_runs,
    preview_refresh,
    store_runs,
)
from pytest_carbon.speed.edges import OffProbe
from pytest_carbon.speed.load import load, other_cores
from pytest_carbon.units import format_duration

if TYPE_CHECKING:
    from pytest_carbon.cli.suite import SuiteRun
    from pytest_carbon.environment import Environment
    from pytest_carbon.refresh import Refreshed
    from pytest_carbon.result import RunResult

__all__ = ["add_parser", "run"]

# What the gate's figures rest on (docs/gate.md): more processes make the stored centre and its
# spread better, more repeats hardly.
ROUNDS = 10
REPEATS = 3

# Three processes on a slower core tell more than ten at one speed.
LOADED_ROUNDS = 3

# Statuses with which pytest has nothing to tell that a further round would not repeat.
_INTERRUPTED, _USAGE_ERROR, _NO_TESTS = 2, 4, 5

_TEST_FAILED = 1
_SHOWN = 10


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number: write it like 10")
    return int(text)


def _positive(text: str) -> int:
    count = _count(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1 is needed")
    return count


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "refresh",
        usage="pytest-carbon refresh [options] [-- PYTEST ARGS]",
        help="measure the suite in fresh processes, and update its baselines",
        description="Run the suite several times, each time in a fresh process, and update the "
        "baselines of this environment in one step. Arguments after -- go to pytest.",
    )
    parser.add_argument(
        "--rounds",
        metavar="N",
        type=_positive,
        default=ROUNDS,
        help="how often fresh processes run the suite (default: %(default)s)",
    )
    parser.add_argument(
        "--repeats",
        metavar="N",
        type=_count,
        default=REPEATS,
        help="how often each passed test runs again in a second process of each round, "
        "as repeats change what the tests after them cost (default: %(default)s)",
    )
    parser.add_argument(
        "--loaded-rounds",
        metavar="N",
        type=_count,
        default=LOADED_ROUNDS,
        help="how many further rounds run beside a load on the other cores, to learn how far new "
        "figures follow the speed of the core, which the load changes; their costs are not stored "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--update",
        metavar="MODE",
        choices=[mode.value for mode in Mode],
        default=Mode.CHANGED.value,
        help="what may be stored: new (only tests without a baseline), changed (also falls beyond "
        "the noise), tighten (only falls), all (also rises) (default: %(default)s)",
    )
    parser.add_argument(
        "--diff", action="store_true", help="show what would change, and write nothing"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show pytest's output, too")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command speaks to its user


def run(args: argparse.Namespace) -> int:
    """Measure and store; returns pytest's exit status where tests failed or none could run."""
    try:
        return _refresh(args)
    except KeyboardInterrupt:
        _say("interrupted: nothing was written")
        return _INTERRUPTED


def _refresh(args: argparse.Namespace) -> int:
    _say(
        f"measuring {args.rounds} round{'s' if args.rounds != 1 else ''}: the suite as it is in a "
        "fresh process"
        + (f", then each test 1 + {args.repeats} times in another" if args.repeats else "")
    )
    start_s = time.monotonic()
    runs: list[RunResult] = []
    for number in range(1, args.rounds + 1):
        for repeats in dict.fromkeys((0, args.repeats)):
            done = _measure(args, repeats)
            if done.result is None or _is_hopeless(done):
                break
            runs.append(done.result)
        _say(_progress(number, args.rounds, done, time.monotonic() - start_s))
        if _is_hopeless(done):
            _show(done)
            _say("nothing was written")
            return done.status
        if not runs:
            done.need(f"round {number}")
    usual, runs = _in_one_environment(runs)
    return _store(args, usual, runs)


def _measure(args: argparse.Namespace, repeats: int) -> SuiteRun:
    # --carbon-diff measures as for an update: nothing is gated, and nothing written.
    return run_suite(
        ["--carbon-diff", f"--carbon-rounds={repeats}", *args.pytest_args], shown=args.verbose
    )


def _in_one_environment(runs: list[RunResult]) -> tuple[Environment, list[RunResult]]:
    """The usual environment, and the rounds that ran there; the others are told."""
    usual, elsewhere = comparable(runs)
    for place in elsewhere:
        facts = usual.differences(runs[place].environment)
        named = ", ".join(f"{fact} {there}, not {here}" for fact, (here, there) in facts.items())
        _say(f"a round was left out: its environment was another one ({named})")
    return usual, [run for run in runs if run.environment == usual]


def _beside_load(args: argparse.Namespace, usual: Environment) -> list[RunResult]:
    """Rounds beside a load on all other cores; one that goes wrong is told and left out."""
    cores, rounds = other_cores(), args.loaded_rounds
    runs: list[RunResult] = []
    if not (args.repeats and cores > 0 and usual.speed != OffProbe.name):
        return runs
    for number in range(1, rounds + 1):
        with load(cores):
            done = _measure(args, args.repeats)
        end = done.end
        if done.result is not None and done.result.environment == usual:
            runs.append(done.result)
            end = f"in {format_duration(done.result.wall_s)}"
        _say(
            f"beside a load, to see how tests follow the core's speed: {number} of {rounds}, {end}"
        )
    return runs


def _is_hopeless(done: SuiteRun) -> bool:
    """Whether a further round would end like this one, before it measures a test."""
    return done.status in (_INTERRUPTED, _USAGE_ERROR, _NO_TESTS)


def _show(done: SuiteRun) -> None:
    sys.stdout.write(done.output)
    sys.stdout.flush()


def _progress(number: int, rounds: int, done: SuiteRun, spent_s: float) -> str:
    told = done.end
    if done.result is not None:
        counts = Counter(done.result.course.outcomes.values())
        told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
        told = told or "no test ran"
        told += f" in {format_duration(done.result.wall_s)}"
        if done.result.course.cut_short:
            told += f"; {done.result.course.cut_short}"
    left = rounds - number
    ahead = f", {format_duration(spent_s / number * left)} to go" if left else ""
    return f"round {number} of {rounds}: {told}{ahead}"


def _store(args: argparse.Namespace, usual: Environment, runs: list[RunResult]) -> int:
    left_out = not_passed(runs)
    failed = [test for test, outcome in left_out.items() if outcome in {"failed", "error"}]
    for test in failed[:_SHOWN]:
        _say(f"left out: {test} {'had an error' if left_out[test] == 'error' else 'failed'}")
    if len(failed) > _SHOWN:
        _say(f"left out: {len(failed) - _SHOWN} more that failed")
    last = runs[-1]
    store = BaselineStore(Path(last.baselines_folder))
    mode = Mode(args.update)
    policy = Policy(tolerance=last.tolerance, floor_j=last.floor_j)
    planned = plan_runs(store.load(usual), runs, mode, policy)
    loaded = _beside_load(args, usual) if learns_from_load(planned) else []
    if args.diff:
        _say("this is what would change; nothing is written")
        _tell(plan_runs(store.load(usual), runs, mode, policy, loaded))
    else:
        done = store_runs(store, runs, mode, policy, loaded)
        _tell(done)
        _say(f"{store.path(usual)} is {'written' if done.written else 'unchanged'}")
    return _TEST_FAILED if failed else 0


def _tell(refreshed: Refreshed) -> None:
    for line in preview_refresh(refreshed):
        _say(line)
