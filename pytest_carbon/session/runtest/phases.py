"""The phases of one test, in the order and with the care of pytest's own protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.session.handover import Passed
from pytest_carbon.session.pytest_private import drop_request, give_request, wants_interaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

__all__ = ["reraised", "run_phases"]


def run_phases(
    item: pytest.Item,
    nextitem: pytest.Item | None,
    hook: Any,
    *,
    reraise: tuple[type[BaseException], ...],
    end: Callable[[], None],
    sees_teardown: Callable[[pytest.TestReport], None] = lambda _: None,
) -> Passed | None:
    """Run a test by its ``hook``; log what fails, skips or sets up at once, and return what passed.

    In pytest's own protocol a passed call is logged before the tear-down runs. Here it waits, since
    a test's cost is known only then; an interrupt in the tear-down does not lose it. What is in
    ``reraise`` ends the run instead of a phase (``reraised`` knows it). ``end`` is
    called when the last phase is over, ``sees_teardown`` with the report of a tear-down that is
    logged here, before it is.
    """
    log = hook.pytest_runtest_logreport
    held: pytest.TestReport | None = None
    give_request(item)
    try:
        report, call = _make(item, hook, "setup", reraise)
        log(report=report)
        _interact(item, hook, report, call)
        if report.passed:
            report, call = _make(item, hook, "call", reraise)
            if call.excinfo is None and report.passed and not hasattr(report, "wasxfail"):
                held = report
            else:
                log(report=report)
                _interact(item, hook, report, call)
        # So that errors of wide fixtures are reported where the session stops (pytest#11706).
        if item.session.shouldfail or item.session.shouldstop:
            nextitem = None
        teardown, call = _make(item, hook, "teardown", reraise, nextitem=nextitem)
        end()
        if held is not None and teardown.passed:
            passed, held = Passed(held, teardown), None
            return passed
        if held is not None:
            report, held = held, None
            log(report=report)
        sees_teardown(teardown)
        log(report=teardown)
        _interact(item, hook, teardown, call)
        return None
    finally:
        end()
        if held is not None:
            log(report=held)
        drop_request(item)


def reraised(config: pytest.Config) -> tuple[type[BaseException], ...]:
    """What ends the run instead of a phase; a debugger wants to see Ctrl-C as well."""
    if config.getoption("usepdb", False):
        return (pytest.exit.Exception,)
    return (pytest.exit.Exception, KeyboardInterrupt)


def _make(
    item: pytest.Item,
    hook: Any,
    when: Literal["setup", "call", "teardown"],
    reraise: tuple[type[BaseException], ...],
    **arguments: Any,
) -> tuple[pytest.TestReport, pytest.CallInfo[None]]:
    run = getattr(hook, f"pytest_runtest_{when}")
    call = pytest.CallInfo.from_call(
        lambda: run(item=item, **arguments), when=when, reraise=reraise
    )
    report: pytest.TestReport = hook.pytest_runtest_makereport(item=item, call=call)
    return report, call


def _interact(
    item: pytest.Item, hook: Any, report: pytest.TestReport, call: pytest.CallInfo[None]
) -> None:
    """Let a debugger see what a phase has raised."""
    if call.excinfo is not None and wants_interaction(call, report):
        hook.pytest_exception_interact(node=item, call=call, report=report)
