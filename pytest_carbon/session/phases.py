"""The phases of one test, in the order and with the care of pytest's own protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_carbon.session.pytest_private import requested, wants_interaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

__all__ = ["Passed", "run_phases"]


class Passed(NamedTuple):
    """The reports of a test that passed, which are not logged yet."""

    call: pytest.TestReport
    teardown: pytest.TestReport

    def log(self, hook: Any) -> None:
        """Log both by a test's, or a run's, hooks."""
        hook.pytest_runtest_logreport(report=self.call)
        hook.pytest_runtest_logreport(report=self.teardown)


def run_phases(
    item: pytest.Item,
    nextitem: pytest.Item | None,
    *,
    end: Callable[[], None],
    sees_teardown: Callable[[pytest.TestReport], None] = lambda _: None,
) -> Passed | None:
    """Run a test; log what fails, skips or sets up at once, and return what passed.

    In pytest's own protocol a passed call is logged before the tear-down runs. Here it waits, since
    a test's cost is known only then; an interrupt in the tear-down does not lose it. ``end`` is
    called when the last phase is over, ``sees_teardown`` with the report of a tear-down that is
    logged here, before it is.
    """
    log = item.ihook.pytest_runtest_logreport
    held: pytest.TestReport | None = None
    with requested(item):
        try:
            if _run(item, "setup", log)[0].passed:
                held = _run_call(item, log)
            # So that errors of wide fixtures are reported where the session stops (pytest#11706).
            if item.session.shouldfail or item.session.shouldstop:
                nextitem = None
            teardown, call = _make(item, "teardown", nextitem=nextitem)
            end()
            if held is not None and teardown.passed:
                passed, held = Passed(held, teardown), None
                return passed
            if held is not None:
                report, held = held, None
                log(report=report)
            sees_teardown(teardown)
            log(report=teardown)
            _interact(item, teardown, call)
            return None
        finally:
            end()
            if held is not None:
                log(report=held)


def _run_call(item: pytest.Item, log: Callable[..., object]) -> pytest.TestReport | None:
    """Run the test itself; its report, if it passed, which then waits."""
    report, call = _make(item, "call")
    if call.excinfo is None and report.passed and not hasattr(report, "wasxfail"):
        return report
    log(report=report)
    _interact(item, report, call)
    return None


def _run(
    item: pytest.Item, when: Literal["setup", "call", "teardown"], log: Callable[..., object]
) -> tuple[pytest.TestReport, pytest.CallInfo[None]]:
    report, call = _make(item, when)
    log(report=report)
    _interact(item, report, call)
    return report, call


def _make(
    item: pytest.Item, when: Literal["setup", "call", "teardown"], **arguments: Any
) -> tuple[pytest.TestReport, pytest.CallInfo[None]]:
    hook = getattr(item.ihook, f"pytest_runtest_{when}")
    reraise: tuple[type[BaseException], ...] = (pytest.exit.Exception,)
    if not item.config.getoption("usepdb", False):
        reraise += (KeyboardInterrupt,)
    call = pytest.CallInfo.from_call(
        lambda: hook(item=item, **arguments), when=when, reraise=reraise
    )
    report: pytest.TestReport = item.ihook.pytest_runtest_makereport(item=item, call=call)
    return report, call


def _interact(item: pytest.Item, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
    """Let a debugger see what a phase has raised."""
    if wants_interaction(call, report):
        item.ihook.pytest_exception_interact(node=item, call=call, report=report)
