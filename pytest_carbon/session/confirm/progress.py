"""Says what is going on where a run waits for looks: lines, also in a plain log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

__all__ = ["announcer"]


def announcer(config: pytest.Config, host: str = "") -> Callable[[Sequence[str]], None]:
    """A function that says which tests a look measures again, on which host; silent with ``-q``.

    With ``-v`` it names all of them.
    """

    def announce(tests: Sequence[str]) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or config.get_verbosity() < 0:
            return
        count = "1 test" if len(tests) == 1 else f"{len(tests)} tests"
        name = f" ({shown(tests[0])})" if len(tests) == 1 else ""
        reporter.ensure_newline()
        if config.get_terminal_writer().width_of_current_line:
            # With workers, which are not at a file, the line of dots is not known to be open.
            reporter.write_line("")
        where = f" on {shown(host)}" if host else ""
        reporter.write_line(f"carbon: measuring {count} again in a fresh process{where}{name}")
        if config.get_verbosity() > 0 and len(tests) > 1:
            for test in tests:
                reporter.write_line(f"carbon:   {shown(test)}")

    return announce
