"""Says what is going on where a run waits: lines, also in a plain log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.report.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

__all__ = ["announcer"]


def announcer(config: pytest.Config) -> Callable[[Sequence[str], float], None]:
    """A function that says which tests are measured again, and for how many seconds at most.

    It is silent in workers, which have no terminal, and with ``-q``.
    """

    def announce(tests: Sequence[str], at_most_s: float) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or hasattr(config, "workerinput") or config.get_verbosity() < 0:
            return
        name = shown(tests[0]) if len(tests) == 1 else f"{len(tests)} short tests"
        reporter.ensure_newline()
        reporter.write_line(
            f"carbon: {name}: measuring again in fresh processes, {at_most_s:g} s at most"
        )

    return announce
