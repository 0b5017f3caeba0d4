"""Measuring tests again: in this process, and in fresh ones forked before the first test."""

from __future__ import annotations

import contextlib
import time
from dataclasses import astuple
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.session.confirm import Confirmer, Pass
from pytest_carbon.session.costs import Part
from pytest_carbon.session.disk import DiskUse
from pytest_carbon.session.fresh import FreshProcesses, can_fork
from pytest_carbon.session.names import test_id
from pytest_carbon.session.repeat import Repeater, saved_globs
from pytest_carbon.wire import measurement_from_plain, measurement_to_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.session.judge import Judge
    from pytest_carbon.session.limits import TestLimits
    from pytest_carbon.session.quiet import Quiet
    from pytest_carbon.session.recorder import Recorder
    from pytest_carbon.session.repeat import Again
    from pytest_carbon.speed.probe import SpeedProbe

__all__ = ["Confirmations"]

# Suspects of one run may take so many times what one may take: where a whole suite has become
# slower, the first few tell.
MOST_SUSPECTS = 10


class Confirmations:
    """Makes confirmers for suspects, and bounds the time that all of them take together.

    ``open_probe`` opens a speed probe like the run's in a forked process, ``announce`` says which
    tests are measured again, ``quiet`` keeps other workers of this host still, and ``stores`` says
    that the run's figures are to be stored.
    """

    def __init__(
        self,
        recorder: Recorder,
        judge: Judge,
        limits: TestLimits,
        *,
        open_probe: Callable[[], SpeedProbe],
        announce: Callable[[Sequence[str], float], None],
        quiet: Quiet | None = None,
        stores: bool = False,
    ) -> None:
        self._recorder = recorder
        self._judge = judge
        self._limits = limits
        self._open_probe = open_probe
        self._announce = announce
        self._quiet = quiet
        self._stores = stores
        self._fresh: FreshProcesses | None = None
        self._session: pytest.Session | None = None
        self._places: dict[pytest.Item, int] = {}
        self._spent_s = 0.0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Fork the stem of fresh processes while no test has run yet."""
        # What budgets tasks have, only their tests know.
        wanted = (
            self._stores
            or self._judge.has_baselines
            or self._limits.have_budget
            or any("carbon" in getattr(item, "fixturenames", ()) for item in session.items)
        )
        if not (wanted and session.items and can_fork()):
            return
        if session.config.getoption("collectonly", False):
            return
        self._session = session
        self._places = {item: place for place, item in enumerate(session.items)}
        with contextlib.suppress(OSError):
            self._fresh = FreshProcesses.open(session.config, self._look)

    def pytest_sessionfinish(self) -> None:
        """Let the stem of fresh processes end."""
        if self._fresh is not None:
            self._fresh.close()

    @property
    def is_out_of_time(self) -> bool:
        """Whether this run has spent all the time that it may on suspects."""
        policy = self._judge.policy
        return not policy.thorough and self._spent_s > MOST_SUSPECTS * policy.confirm_time_s

    @contextlib.contextmanager
    def confirmer(
        self,
        items: Sequence[pytest.Item],
        again: Again | None = None,
        part: Part | None = None,
    ) -> Iterator[Confirmer]:
        """A confirmer for one test, for a task in it, or for several tests as if they were one.

        What it spends is in nobody's row. ``again`` can run the test anew in this process,
        ``part`` names the task.
        """
        start_s = time.monotonic()
        with self._recorder.aside():
            yield Confirmer(
                repeat=partial(again.run, part) if again and again.possible else None,
                fresh=self._fresh_looks(items, part),
                alone=contextlib.nullcontext if self._quiet is None else self._quiet.alone,
            )
        self._spent_s += time.monotonic() - start_s

    def alone(self, item: pytest.Item, runs: int) -> list[Measurement]:
        """Runs of a test in a process where no other has run; none where that cannot be done."""
        if self._fresh is None or runs < 1:
            return []
        with self._recorder.aside():
            timeout_s = self._judge.policy.confirm_time_s
            answer = self._fresh.look([self._places[item]], runs, timeout_s)
        return [] if isinstance(answer, str) else [_pass_from_plain(m).cost for m in answer]

    def _fresh_looks(
        self, items: Sequence[pytest.Item], part: Part | None
    ) -> Callable[[int], list[Pass] | str] | None:
        fresh = self._fresh
        if fresh is None:
            return None
        places = [self._places[item] for item in items]
        task = None if part is None else astuple(part)
        at_most_s = self._judge.policy.confirm_time_s
        # Repeats in this process are quick; what makes a run wait are fresh processes.
        silent = False

        def look(repeats: int) -> list[Pass] | str:
            nonlocal silent
            if not silent:
                self._announce([item.nodeid for item in items], at_most_s)
                silent = True
            answer = fresh.look(places, 1 + repeats, at_most_s, task)
            if isinstance(answer, str):
                return answer
            return [_pass_from_plain(plain) for plain in answer]

        return look

    def _look(self, places: list[int], passes: int, task: list[Any] | None) -> list[Any] | str:
        """In a fresh process: run the tests in turn, pass by pass; the sum of each pass."""
        part = None if task is None else Part(*task)
        session = self._session
        assert session is not None, "set before the stem is forked"
        probe = self._open_probe()
        if probe.name != self._recorder.probe_name:
            return f"its speed is probed otherwise there ({probe.description})"
        self._recorder.restart(probe)
        items = [session.items[place] for place in places]
        answer: list[Any] = []
        try:
            repeaters = [self._repeater(item, part) for item in items]
            for _ in range(passes):
                total: Measurement | None = None
                before = DiskUse.now()
                for index, repeater in enumerate(repeaters):
                    following = items[(index + 1) % len(items)] if len(items) > 1 else None
                    cost = repeater.run(following, collects_garbage=index == 0)
                    if cost is None:
                        return "it did not pass in a fresh process"
                    total = cost if total is None else total + cost
                assert total is not None, "there is at least one test"
                used = DiskUse.now().since(before)
                answer.append([measurement_to_plain(total), used.blocks_written])
        finally:
            with contextlib.suppress(Exception):
                session._setupstate.teardown_exact(None)  # noqa: SLF001 - wide fixtures end
            probe.close()
        return answer

    def _repeater(self, item: pytest.Item, part: Part | None) -> Repeater:
        recorder = self._recorder
        if part is None:
            sensitivity = self._judge.sensitivity(Subject(Kind.TEST, test_id(item)))
        else:
            sensitivity = part.sensitivity

        def measure(run: Callable[[], object], sensitivity: float) -> Measurement | None:
            return recorder.cost(recorder.run_again(run), sensitivity, part)

        return Repeater(item, measure, sensitivity, saved_globs(item))


def _pass_from_plain(plain: list[Any]) -> Pass:
    cost, blocks_written = plain
    return Pass(measurement_from_plain(cost), blocks_written)
