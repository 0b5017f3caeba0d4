"""The end of a run's tests: what is open is judged, and the reports that have waited are logged."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.hooks import Hooks
from pytest_carbon.measurement import Kind
from pytest_carbon.result.facts import Fault
from pytest_carbon.session.pytest_private import has_live_fixtures
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.result.subject import Key, SubjectResult
    from pytest_carbon.session.confirm.confirmation import Confirmation, Held
    from pytest_carbon.session.confirm.file_sums import FileSum
    from pytest_carbon.session.hosts.hosts import Hosts
    from pytest_carbon.session.results.process import ProcessFigures
    from pytest_carbon.session.results.subjects import Results
    from pytest_carbon.session.surroundings import Surroundings

__all__ = ["Settlement", "fault_of"]


def fault_of(where: str, error: Exception) -> Fault:
    """What is said of an exception of our own, while a test ran or something was done."""
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return Fault(test=where, cause=f"{type(error).__name__}: {error}", traceback=trace)


class Settlement(Hooks):
    """Holds suspects while tests run, and settles them afterwards.

    Where the run ``stores``, it takes a look to be stored. Where it is ``stepwise``, the next one
    goes on from the last failure that is reported. ``faults`` are what went wrong.
    """

    def __init__(
        self,
        results: Results,
        hosts: Hosts,
        confirmation: Confirmation,
        *,
        process: ProcessFigures,
        surroundings: Surroundings,
        stores: bool,
        stepwise: bool,
    ) -> None:
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self._results = results
        self._hosts = hosts
        self._confirmation = confirmation
        self._process = process
        self._surroundings = surroundings
        self._stores = stores
        self._stepwise = stepwise
        self._held: list[Held] = []
        # A child that a test has forked may come back to pytest: it is not the run.
        self._pid = System.getpid()

    @property
    def is_here(self) -> bool:
        """Whether this is the process of the run, and not a child that a test has forked."""
        return System.getpid() == self._pid

    def hold(self, held: Held) -> None:
        """Take a suspect, whose reports wait."""
        self._held.append(held)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Confirm what is open once all tests have run and all fixtures have ended.

        Whatever ends the loop, no report that has waited is lost.
        """
        stop = "the run was interrupted"
        try:
            answer = yield
            stop = ""
        except (session.Failed, session.Interrupted):
            # -x, --maxfail and --stepwise end a run as asked.
            stop = ""
            raise
        finally:
            # What they hold, a look would set up anew and take away.
            if not stop and has_live_fixtures(session):
                stop = "the run has ended before its fixtures have, which a look could disturb"
            self._settle(stop)
        return answer

    def _settle(self, stop: str) -> None:
        if not self.is_here:
            for held in self._held:
                held.passed.log()
            self._held.clear()
            return
        # What stands where no looks can be taken: on Ctrl-C, and after a fault of ours.
        tests = [held.results for held in self._held]
        verdicts = self._confirmation.given_up(tests, stop or "the run was interrupted")
        try:
            with self._surroundings.restored(), self._process.looking_up():
                verdicts |= self._judge_open(stop)
        except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
            self.faults.append(fault_of("confirming suspects", error))
            cause = f"measuring again failed ({type(error).__name__})"
            verdicts = self._confirmation.given_up(tests, cause, is_fault=True)
        finally:
            self._release(verdicts)
        if self._stores:
            try:
                with self._surroundings.restored(), self._process.looking_up():
                    self._look_to_store(stop)
            except Exception as error:  # noqa: BLE001 - the plugin's outer boundary
                self.faults.append(fault_of("looks to be stored", error))

    def _judge_open(self, stop: str) -> dict[Key, Verdict]:
        """The verdicts on suspects, on tests whose reports are logged already, and on sums."""
        self._results.take_pending()
        tests = [held.results for held in self._held]
        logged = []
        # Most runs have none, and need no families.
        if any(result.verdict is None for result in self._results):
            logged = [family for family in self._results.families() if self._is_open(family)]
        sums: list[FileSum] = []
        for host in self._hosts:
            if host.judge.has_baselines:
                from pytest_carbon.session.confirm.file_sums import file_sums

                ran = (result for result in self._results if result.host == host.name)
                sums += file_sums(ran, host.judge)
        verdicts = self._confirmation.judged([*tests, *logged], sums, stop)
        for results in logged:
            for result in results:
                if result.key in verdicts:
                    self._results.put(result._replace(verdict=verdicts[result.key]))
        for row, one in [(one.row(None), one) for one in sums]:
            self._results.put(one.row(verdicts[row.key]) if row.key in verdicts else row)
        return verdicts

    def _is_open(self, family: list[SubjectResult]) -> bool:
        """Whether a test that another plugin has run and reported is a suspect."""
        return (
            any(r.verdict is None and self._hosts.of(r).judge.is_open(r) for r in family)
            and self._results.outcome_of(family[0]) == "passed"
        )

    def _release(self, verdicts: dict[Key, Verdict]) -> None:
        """Log what has waited, with its verdict; an error of another plugin loses none of it."""
        waiting, self._held = self._held, []
        if self._stepwise:
            # No suspect that fails is to lie before the place where the next run begins.
            waiting.reverse()
        error: Exception | None = None
        for held in waiting:
            try:
                with self._surroundings.restored():
                    results = self._confirmation.with_verdicts(held, verdicts)
                    # First, so that a verdict fails the run where its report cannot be made.
                    self._results.add_test(results, held.passed.teardown)
                    self._confirmation.release(held, results)
            except Exception as fault:  # noqa: BLE001 - the plugin's outer boundary
                self.faults.append(fault_of(held.passed.call.nodeid, fault))
            try:
                held.passed.log()
            except Exception as fault:  # noqa: BLE001 - raised again when all are logged
                error = error or fault
        if error is not None:
            raise error

    def _look_to_store(self, stop: str) -> None:
        from pytest_carbon.session.confirm.to_store import StoredLook

        for host in self._hosts:
            passed = [
                result
                for result in self._results
                if result.host == host.name
                and result.subject.kind in {Kind.TEST, Kind.TASK}
                and self._results.outcome_of(result) == "passed"
            ]
            stored_look = StoredLook(host.judge, stop or host.taker)
            for result in stored_look.added_to(passed, self._results.tests):
                self._results.put(result)
            self.notes += [note for note in stored_look.notes if note not in self.notes]
