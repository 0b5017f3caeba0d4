"""The phases of one test, in the order and with the care of pytest's own protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pytest_carbon.session.handover import Passed
from pytest_carbon.session.pytest_private import drop_request, give_request, wants_interaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

__all__ = ["reraised", "run_phases"]


class _Take(Protocol):
    """Takes the report of a phase, which is not logged yet."""

    def __call__(self, report: pytest.TestReport, *, passed: bool) -> None:
        """``passed`` is false also where a plugin reports as passed what has raised."""


def run_phases(
    item: pytest.Item,
    nextitem: pytest.Item | None,
    hook: Any,
    *,
    reraise: tuple[type[BaseException], ...],
    end: Callable[[], None],
    waits: Callable[[], bool] = lambda: False,
    sees_teardown: Callable[[pytest.TestReport, bool], None] = lambda _report, _passed: None,
) -> Passed | None:
    """Run a test by its ``hook``, log its reports as pytest does, and return those that wait.

    In pytest's own protocol a passed call is logged before the tear-down runs. Where its report
    ``waits``, which is asked then, it does so until the test's cost is known; an interrupt in the
    tear-down does not lose it. What is in ``reraise`` ends the run instead of a phase (``reraised``
    knows it). ``end`` is called when the last phase is over, ``sees_teardown`` with the report of a
    tear-down that is logged here, before it is, and with whether the test has passed.
    """
    log = hook.pytest_runtest_logreport
    call: pytest.TestReport | None = None
    held = False
    give_request(item)

    def log_or_hold(report: pytest.TestReport, *, passed: bool) -> None:
        nonlocal call, held
        call = report if passed and not hasattr(report, "wasxfail") else None
        held = call is not None and waits()
        if not held:
            log(report=report)

    def log_or_return(report: pytest.TestReport, *, passed: bool) -> None:
        nonlocal held
        end()
        if held and passed:
            return
        if held:
            held = False
            log(report=call)
        sees_teardown(report, passed and call is not None)
        log(report=report)

    try:
        setup = _run(item, hook, "setup", reraise, lambda report, **_: log(report=report))
        if setup.passed:
            _run(item, hook, "call", reraise, log_or_hold)
        # So that errors of wide fixtures are reported where the session stops (pytest#11706).
        if item.session.shouldfail or item.session.shouldstop:
            nextitem = None
        teardown = _run(item, hook, "teardown", reraise, log_or_return, nextitem=nextitem)
        if held and call is not None:
            held = False
            return Passed(call, teardown, hook)
        return None
    finally:
        end()
        if held:
            log(report=call)
        drop_request(item)


def reraised(config: pytest.Config) -> tuple[type[BaseException], ...]:
    """What ends the run instead of a phase; a debugger wants to see Ctrl-C as well."""
    if config.getoption("usepdb", False):
        return (pytest.exit.Exception,)
    return (pytest.exit.Exception, KeyboardInterrupt)


def _run(
    item: pytest.Item,
    hook: Any,
    when: Literal["setup", "call", "teardown"],
    reraise: tuple[type[BaseException], ...],
    take: _Take,
    **arguments: Any,
) -> pytest.TestReport:
    """Run one phase, let its report be taken, and a debugger see what it has raised.

    That lives no longer than this: what a test's frames held is gone when its fixtures end.
    """
    run = getattr(hook, f"pytest_runtest_{when}")

    def phase() -> None:
        __tracebackhide__ = True
        run(item=item, **arguments)

    call = pytest.CallInfo.from_call(phase, when=when, reraise=reraise)
    report: pytest.TestReport = hook.pytest_runtest_makereport(item=item, call=call)
    take(report, passed=call.excinfo is None and report.passed)
    if call.excinfo is not None and wants_interaction(call, report):
        hook.pytest_exception_interact(node=item, call=call, report=report)
    return report
