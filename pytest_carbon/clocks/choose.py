"""The choice of a clock: the first of the chain that works."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pytest_carbon.clocks.refusal import Refusal
from pytest_carbon.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_carbon.clocks.clock import CpuClock

__all__ = ["CLOCKS", "open_clock"]


def _open_perf() -> CpuClock | Refusal:
    from pytest_carbon.clocks.perf import open_perf

    return open_perf()


def _open_descendants() -> CpuClock | Refusal:
    if sys.platform == "win32":
        return Refusal(clock="descendants", reason="it needs a system like Linux")
    from pytest_carbon.clocks.descendants import open_descendants  # type: ignore[unreachable, unused-ignore]

    return open_descendants()


def _open_psutil() -> CpuClock | Refusal:
    from pytest_carbon.clocks.psutil_clock import open_psutil

    return open_psutil()


def _open_waited_for() -> CpuClock | Refusal:
    from pytest_carbon.clocks.waited_for import WaitedForClock

    return WaitedForClock()


CLOCKS: Mapping[str, Callable[[], CpuClock | Refusal]] = {
    "perf": _open_perf,
    "descendants": _open_descendants,
    "psutil": _open_psutil,
    "waited-for": _open_waited_for,
}
"""The clocks by the name that a setting gives them, best first."""


def open_clock(
    names: Sequence[str] | None = None,
    clocks: Mapping[str, Callable[[], CpuClock | Refusal]] = CLOCKS,
) -> tuple[CpuClock, tuple[Refusal, ...]]:
    """The first clock that works, and why those before it do not.

    ``names`` are tried in their order, ``None`` tries all. Raises ``SettingError`` for a name
    that is unknown, and where none of them works.
    """
    chosen = list(clocks) if names is None else list(names)
    known = ", ".join(clocks)
    for name in chosen:
        if name not in clocks:
            raise SettingError(
                f"--carbon-clock={name}: there is no such clock", remedy=f"choose one of {known}"
            )
    refusals: list[Refusal] = []
    for name in chosen:
        clock = clocks[name]()
        if not isinstance(clock, Refusal):
            return clock, tuple(refusals)
        refusals.append(clock)
    reasons = "; ".join(f"{refusal.clock}: {refusal.reason}" for refusal in refusals)
    remedies = [refusal.remedy for refusal in refusals if refusal.remedy]
    raise SettingError(
        f"--carbon-clock={','.join(chosen)} cannot be used here ({reasons})",
        remedy=" or ".join([*remedies, "leave the option out, and the best one is taken"]),
    )
