"""``pytest-carbon refresh``: measures the suite in fresh processes, and updates its baselines."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli.other_programs import OtherPrograms
from pytest_carbon.cli.output import say
from pytest_carbon.cli.rounds import (
    FinishedRounds,
    Progress,
    quick_to_look_at,
    unsure_of,
    with_look,
)
from pytest_carbon.cli.store_rounds import (
    LEAST_LOADED,
    MOST_LOADED,
    in_one_environment,
    policy_of,
    store_rounds,
)
from pytest_carbon.cli.suite import run_suite
from pytest_carbon.signals import EndedBySignal
from pytest_carbon.text import counted
from pytest_carbon.units import format_duration
from pytest_carbon.updates.plan import Mode
from pytest_carbon.updates.refresh import comparable, plan_runs
from pytest_carbon.values import parse_seconds

if TYPE_CHECKING:
    from pytest_carbon.cli.suite import SuiteRun
    from pytest_carbon.measurement import Subject
    from pytest_carbon.result.run import RunResult

__all__ = ["add_parser", "run"]

# Fewer say nothing about the spread between processes; more than so many are worth little.
LEAST_ROUNDS = 5
MOST_ROUNDS = 10

# After so many looks, short tests take no more, and tests that take long only where they are not
# known well enough. In a round of 16 s these two took 8 s, and sqlparse's suite by itself 6 s.
LEAST_LOOKS = 3

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


def _seconds(text: str) -> float:
    minutes = text.strip().removesuffix("min") if text.strip().endswith("min") else ""
    try:
        return 60 * parse_seconds(minutes) if minutes else parse_seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "refresh",
        usage="pytest-carbon refresh [options] [-- PYTEST ARGS]",
        help="measure the suite in fresh processes, and update its baselines",
        description="Run the suite several times, each time in a fresh process, and update the "
        "baselines of this environment in one step. Each round runs the suite once as it is, and "
        "then the tests that are large enough to gate again in another process. After three "
        "rounds, long tests run again only where their figures still vary too much; after five, "
        "that goes for all. Arguments after -- go to pytest.",
    )
    parser.add_argument(
        "--rounds",
        metavar="N",
        type=_positive,
        help=f"how many rounds (default: as many as the figures need, {LEAST_ROUNDS} to "
        f"{MOST_ROUNDS})",
    )
    parser.add_argument(
        "--max-time",
        metavar="SECONDS",
        type=_seconds,
        help="start no round that would end later than this, such as 300 or 5min",
    )
    parser.add_argument("--resume", action="store_true", help="resume an interrupted refresh")
    parser.add_argument(
        "--loaded-rounds",
        metavar="N",
        type=_count,
        help="how often tests with new figures run again while the other cores are busy, to learn "
        "how far they follow the speed of the core; these runs are not stored (default: as often "
        f"as that needs, {LEAST_LOADED} to {MOST_LOADED})",
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


def run(args: argparse.Namespace) -> int:
    """Measure and store; returns pytest's exit status where tests failed or none could run."""
    finished = FinishedRounds(Path.cwd(), args.pytest_args)
    try:
        return _Refresh(args, finished).run()
    except (KeyboardInterrupt, EndedBySignal):
        kept = finished.count
        # A terminal that was closed takes no words any more.
        with contextlib.suppress(OSError):
            say("interrupted: nothing was written")
            if kept:
                rounds = "1 finished round is" if kept == 1 else f"{kept} finished rounds are"
                say(f"{rounds} kept: pytest-carbon refresh --resume goes on with them")
        raise


class _Refresh:
    """One refresh, from its first round to the file."""

    def __init__(self, args: argparse.Namespace, finished: FinishedRounds) -> None:
        self._args = args
        self._finished = finished
        self._start_s = time.monotonic()
        self._runs: list[RunResult] = []
        self._resumed = self._begun = 0
        self._most = args.rounds or MOST_ROUNDS
        self._ahead = str(args.rounds) if args.rounds else f"{LEAST_ROUNDS} to {MOST_ROUNDS}"
        self._progress = Progress(self._ahead)

    def run(self) -> int:
        """Measure and store; returns the exit status."""
        self._runs = self._finished.begin(resume=self._args.resume)
        self._resumed = self._begun = len(self._runs)
        rounds = "1 round" if self._ahead == "1" else f"{self._ahead} rounds"
        say(
            f"measuring {rounds}: the suite as it is in a fresh process, then its larger tests "
            "again in another"
        )
        if self._runs:
            say(f"resuming after {len(self._runs)} finished rounds")
        others = OtherPrograms()
        while not self._is_done(left := self._open()):
            if left and len(self._runs) >= LEAST_ROUNDS:
                self._look_again(self._begun + 1, left)
                continue
            status = self._round(self._begun + 1, left)
            if status:
                return status
        if self._begun > self._resumed and (beside := others.words):
            say(beside)
        usual, self._runs = in_one_environment(self._runs)
        failed = store_rounds(
            self._runs,
            usual,
            mode=Mode(self._args.update),
            only_shows=self._args.diff,
            loaded_rounds=self._args.loaded_rounds,
            arguments=self._args.pytest_args,
            finished=self._finished,
        )
        return _TEST_FAILED if failed else 0

    def _is_done(self, left: frozenset[Subject] | None) -> bool:
        done = len(self._runs)
        # A round that was lost counts as begun: else one that always dies would go on for ever.
        if not done or self._begun >= self._most:
            return bool(done)
        if left is not None and not left and done >= LEAST_ROUNDS:
            return True
        limit_s = self._args.max_time
        spent_s = time.monotonic() - self._start_s
        if limit_s is not None and spent_s + self._round_s > limit_s:
            say(f"no time for another round: --max-time is {format_duration(limit_s)}")
            return True
        return False

    @property
    def _round_s(self) -> float:
        """How long a round takes, by those of this command; 0 before the first."""
        rounds = self._begun - self._resumed
        return (time.monotonic() - self._start_s) / rounds if rounds else 0.0

    def _open(self) -> frozenset[Subject] | None:
        """What a further look is for; ``None`` for all that is worth one."""
        if self._args.rounds or self._begun >= self._most or len(self._runs) < LEAST_LOOKS:
            return None
        _, elsewhere = comparable(self._runs)
        if elsewhere:
            return None
        policy = policy_of(self._runs[-1])
        planned = plan_runs(None, self._runs, Mode.ALL, policy).file
        subjects = frozenset(unsure_of(planned, policy))
        if len(self._runs) < LEAST_ROUNDS:
            subjects |= frozenset(quick_to_look_at(planned))
        has_looks = all(planned.entries[subject].look for subject in subjects)
        return subjects if has_looks else None

    def _look_again(self, number: int, unsure: frozenset[Subject]) -> None:
        """A round of nothing but a look at those that the figures are not good enough of."""
        start_s = time.monotonic()
        self._begun = number
        tests = f"{counted(len(unsure), 'test')} whose figures vary more"
        self._progress.at(number, f"measuring again {tests}")
        self._keep_with_look(self._runs.pop(), unsure)
        spent_s = time.monotonic() - start_s
        self._progress.end(
            f"round {number} of {self._ahead}: again for {tests}, in {format_duration(spent_s)}"
        )

    def _keep_with_look(
        self, result: RunResult, among: frozenset[Subject] | None = None
    ) -> list[str]:
        """Add a round with one more look; returns what there is to say about that."""
        stored = BaselineStore(Path(result.baselines_folder)).load(result.environment)
        before = self._runs[0] if self._runs else None
        result, notes = with_look(result, stored, self._args.pytest_args, among, before)
        unkept = self._finished.keep(len(self._runs) + 1, result)
        if unkept:
            self._progress.end(unkept)
        self._runs.append(result)
        return notes

    def _round(self, number: int, among: frozenset[Subject] | None) -> int:
        """One round, with a look at all larger tests or at those ``among`` these.

        Returns an exit status where a further one would end like it, else 0.
        """
        args, progress = self._args, self._progress
        start_s = time.monotonic()
        self._begun = number
        progress.at(number, "running the suite")
        # --carbon-diff measures as for an update: nothing is gated, and nothing written.
        done = run_suite(
            ["--carbon-diff", "--carbon-confirm-time=0", *args.pytest_args],
            shown=args.verbose,
            progress=lambda percent: progress.at(number, f"{percent} % of the suite"),
        )
        notes: list[str] = []
        if done.status in (_INTERRUPTED, _USAGE_ERROR, _NO_TESTS):
            # Before a test was measured: a further round would end like this one.
            progress.end(f"round {number} of {self._ahead}: {_told(done, 0.0)}")
            sys.stdout.write(done.output)
            say("nothing was written")
            return done.status
        if done.result is not None:
            progress.at(number, "measuring its larger tests again")
            notes = self._keep_with_look(done.result, among)
        spent_s = time.monotonic() - start_s
        progress.end(f"round {number} of {self._ahead}: {_told(done, spent_s)}{self._to_go()}")
        for note in notes[:_SHOWN] if number == 1 else ():
            say(note)
        if not self._runs:
            done.need(f"round {number}")
        return 0

    def _to_go(self) -> str:
        left = (self._args.rounds or LEAST_ROUNDS) - self._begun
        if left <= 0 or not self._runs:
            return ""
        more = "" if self._args.rounds else " or more"
        return f", {format_duration(self._round_s * left)}{more} to go"


def _told(done: SuiteRun, spent_s: float) -> str:
    """How a round went, in words."""
    if done.result is None:
        return done.end
    counts = Counter(done.result.course.outcomes.values())
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    told = f"{told or 'no test ran'} in {format_duration(spent_s or done.result.wall_s)}"
    cut_short = done.result.course.cut_short
    return f"{told}; {cut_short}" if cut_short else told
