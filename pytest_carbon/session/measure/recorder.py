"""The recorder: charges every cost to its subject, in every process that runs tests."""

from __future__ import annotations

import contextlib
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.hooks import Hooks
from pytest_carbon.ledger import Account, Ledger
from pytest_carbon.measurement import Kind, Phase, Subject
from pytest_carbon.result.subject import SubjectResult
from pytest_carbon.session.measure.busy_threads import SpinningThreads
from pytest_carbon.session.measure.costs import Costs, Prices
from pytest_carbon.session.measure.garbage_collection import FullCollections
from pytest_carbon.session.pytest_private import finalizer_count, is_parameter
from pytest_carbon.session.subject_ids import fixture_id
from pytest_carbon.system import System
from pytest_carbon.tasks.book import TaskBook
from pytest_carbon.tasks.ledger import TaskLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from pytest_carbon.measurement import Measurement, Reading
    from pytest_carbon.sampler import Sampler
    from pytest_carbon.speed.probe import SpeedProbe

__all__ = ["EARLIER", "LOOKS", "STARTUP", "Recorder"]

LOOKS = "looks by pytest-carbon"
"""The row of what the plugin itself causes: it measures again, and asks for the live intensity."""

STARTUP = "start-up until pytest-carbon"
"""The row of what the process had spent before there was anything to measure with."""

EARLIER = "other runs of the same tests"
"""The row of attempts before the one that counts, and of runs by other workers."""


class Recorder(Hooks):
    """Hooks around all that costs something.

    A reading that fails makes figures unknown, and a fault of ours ends the recording; neither
    changes what the tests do. ``faults`` says what happened, by the test that ran; ``prices`` what
    a test's costs come to.
    """

    def __init__(
        self, sampler: Sampler, *, intensity_g_per_kwh: float = 0.0, worker: str = ""
    ) -> None:
        self.fault: str | None = None
        self.faults: dict[str, str] = {}
        self.running = ""
        self.worker = worker
        self.prices = Prices(sampler)
        self._sampler = sampler
        self._intensity_g_per_kwh = intensity_g_per_kwh
        self._startup = Account()
        self._startup.cpu_ns = System.process_time_ns()
        self._runner = Account()
        self._collection = Account()
        self._looks = Account()
        self._earlier = Account()
        self._fixtures: dict[str, Account] = {}
        self._ledger = Ledger(sampler.read, self._runner, self._note_fault)
        self._costs: Costs | None = None
        self._closing: list[tuple[object, int]] = []
        self._spinning = SpinningThreads()
        self._garbage = FullCollections(self._ledger)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Charge collection and the imports of test modules to a row of their own."""
        depth = self._open(self._collection)
        try:
            return (yield)
        finally:
            if self._spinning.may_spin():
                self._spinning.wait()
            self._close(depth)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object, object]:
        """Charge a fixture's set-up to its owner, and arrange the same for its tear-down."""
        __tracebackhide__ = True
        if is_parameter(fixturedef):
            return (yield)
        finalizers = finalizer_count(fixturedef)
        depth = self._open(self._fixture_account(fixturedef, Phase.SETUP))
        try:
            return (yield)
        finally:
            self._close(depth)
            # Who keeps the request may add a finalizer later on.
            if finalizer_count(fixturedef) > finalizers or "request" in fixturedef.argnames:
                # Runs between the tear-down of this fixture's dependants and its own.
                fixturedef.addfinalizer(lambda: self._begin_teardown(fixturedef))

    def _begin_teardown(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        depth = self._open(self._fixture_account(fixturedef, Phase.TEARDOWN))
        self._closing.append((fixturedef, depth))

    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """End a fixture's tear-down; called also for fixtures that were never set up."""
        if self._closing and self._closing[-1][0] is fixturedef:
            self._close(self._closing.pop()[1])

    def _fixture_account(self, fixturedef: pytest.FixtureDef[Any], phase: Phase) -> Account:
        if fixturedef.scope == "function" and self._costs is not None:
            return self._costs.account(phase)
        name = fixture_id(fixturedef)
        account = self._fixtures.get(name)
        if account is None:
            account = self._fixtures[name] = Account()
        if phase is Phase.SETUP:
            account.times += 1
        return account

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Charge the test's own code; innermost, so that no other plugin's work is in it."""
        __tracebackhide__ = True
        costs = self._costs
        if costs is None:
            return (yield)
        depth = self._open(costs.account(Phase.CALL))
        try:
            return (yield)
        finally:
            self._close(depth)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Charge full garbage collections to a row of their own while tests run."""
        with self._garbage:
            return (yield)

    def begin(self, test: str = "") -> Costs:
        """From here on a test is running, and function fixtures belong to it."""
        self.end()
        self.running = test
        self._costs = Costs()
        return self._costs

    def end(self) -> None:
        """The test is over, and so are its tasks; threads that it left spinning are still its."""
        costs, self._costs = self._costs, None
        if costs is None:
            return
        if costs.tasks is not None:
            costs.tasks.finish("the test is over")
        if self._spinning.may_spin():
            depth = self._open(costs.account(Phase.TEARDOWN))
            self._spinning.wait()
            self._close(depth)

    def task_book(self) -> TaskBook | None:
        """Where the running test's tasks are written down; ``None`` where it is not measured."""
        costs = self._costs
        if costs is None or self.fault is not None:
            return None
        if costs.tasks is None:
            costs.tasks = TaskBook(
                TaskLedger(lambda: self._spent(costs)),
                self._sampler.measure,
                intensity_g_per_kwh=self._intensity_g_per_kwh,
                clock=self._sampler.clock.name,
            )
        return costs.tasks

    def _spent(self, costs: Costs) -> Reading:
        if self.fault is not None:
            raise RuntimeError(self.fault)
        self._ledger.settle()
        return costs.spent()

    def note_memory(self, costs: Costs) -> None:
        """Remember how much memory is in use as the test ends."""
        costs.memory_bytes = self._sampler.memory_bytes()

    @contextlib.contextmanager
    def charging(self, account: Account) -> Iterator[None]:
        """Let ``account`` pay for what is in no account inside of it."""
        depth = self._open(account)
        try:
            yield
        finally:
            self._close(depth)

    def settle(self) -> None:
        """Charge what was spent until now."""
        self._ledger.settle()

    def overhead(self, account: Account) -> None:
        """Charge an account to pytest and its plugins."""
        self._runner.add(account)

    def note_earlier_run(self, costs: Costs) -> None:
        """Charge an attempt of a test that did not count to a row of its own."""
        for account in costs.accounts.values():
            self._earlier.add(account)
        self._earlier.times += 1

    def cost_of(self, run: Callable[[], object], sensitivity: float) -> Measurement | None:
        """What a run of a test costs; ``None`` where it cost nothing at all."""
        costs = self.begin()
        try:
            run()
        finally:
            self.end()
        return self.prices.cost(costs, sensitivity)

    @contextlib.contextmanager
    def looking_up(self) -> Iterator[None]:
        """Charge what the gate itself causes to nobody's row, wide fixtures included."""
        depth = self._open(self._looks)
        fixtures, self._fixtures = self._fixtures, {}
        try:
            yield
        finally:
            self._fixtures = fixtures
            self._close(depth)

    def restart(self, probe: SpeedProbe) -> None:
        """Begin anew in a forked process: another probe, and values that start over."""
        self._sampler.restart(probe)
        self._ledger = Ledger(self._sampler.read, Account(), self._note_fault)
        self._closing.clear()

    def rows(self) -> list[SubjectResult]:
        """The subjects that are not tests: wide fixtures, collection, and pytest itself."""
        if self.fault is not None:
            return []
        self._ledger.settle()
        named = [
            (Subject(Kind.COLLECTION, "collection and imports"), self._collection),
            (Subject(Kind.RUNNER, "pytest and its plugins"), self._runner),
        ]
        if not self._sampler.counts:
            # No counter was read before; a share of none is not zero joules.
            named.insert(1, (Subject(Kind.RUNNER, STARTUP), self._startup))
        rare = {"full garbage collections": self._garbage.account, EARLIER: self._earlier}
        named += [(Subject(Kind.RUNNER, n), a) for n, a in rare.items() if a.wall_ns]
        if self._looks.wall_ns:
            named.append((Subject(Kind.LOOKS, LOOKS), self._looks))
        named += [(Subject(Kind.FIXTURE, name), a) for name, a in self._fixtures.items()]
        return [
            SubjectResult(
                subject=subject,
                total=self._sampler.measure(account),
                times=max(1, account.times),
                worker=self.worker,
            )
            for subject, account in named
        ]

    def notes(self) -> list[str]:
        """What could not be measured, each said once."""
        notes = [f"{name} was lost: {why}" for name, why in self._sampler.losses.items()]
        loss = self._sampler.probe.loss
        if loss is not None:
            notes.append(f"{loss}; from then on the speed was probed at the edges of tests only")
        if self.fault is not None:
            notes.append(f"measuring stopped ({self.fault}); the tests' outcomes stand")
        return notes

    def give_up(self, error: Exception) -> None:
        """Stop measuring; the tests go on, and their figures are unknown."""
        self._note_fault(error)
        if self.fault is None:
            self.fault = f"{type(error).__name__}: {error}"

    def _note_fault(self, error: Exception) -> None:
        """Remember why figures are unknown, with the traceback, once a test."""
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.faults.setdefault(self.running, trace)

    def _open(self, account: Account) -> int:
        """Let ``account`` pay from here on; returns the depth to close down to."""
        depth = self._ledger.depth
        # Where it pays already there is nothing to read.
        if self.fault is None and not self._ledger.is_paying(account):
            try:
                self._ledger.push(account)
            except Exception as error:  # noqa: BLE001 - the plugin's outer boundary
                self.give_up(error)
        return depth

    def _close(self, depth: int) -> None:
        if self.fault is None:
            try:
                self._ledger.unwind(depth)
            except Exception as error:  # noqa: BLE001 - the plugin's outer boundary
                self.give_up(error)
