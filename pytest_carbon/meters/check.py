"""The conformance check that every meter passes, built in or not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_carbon.measurement import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.meters.meter import Meter

__all__ = ["check_meter"]

_USAGE = Usage(cpu_s=0.5, wall_s=1.0, work_s=0.4, host_busy_s=0.8, memory_bytes=10**8)
_NOTHING = Usage(cpu_s=0.0, wall_s=0.0, work_s=0.0, host_busy_s=0.0)


def check_meter(meter: Meter, spend: Callable[[], object] = lambda: None) -> None:
    """Hold a meter against its interface; close it. ``spend`` lets its counters advance.

    Raises ``AssertionError`` naming the promise that is broken.
    """
    assert meter.name
    assert meter.name == meter.name.lower(), "a name is typed in settings: lower case"
    assert meter.description
    assert "\n" not in meter.description, "a description is one phrase"
    assert meter.domains
    assert len(set(meter.domains)) == len(meter.domains), "no domain twice"
    assert meter.poll_s is None or meter.poll_s > 0
    start = meter.read()
    spend()
    end = meter.read()
    assert len(start) == len(end), "the number of counters is fixed"
    assert all(type(count) is int for count in start + end), "counters are integers"
    assert all(a <= b for a, b in zip(start, end, strict=True)), "counters never decrease"
    for usage in (_USAGE, _NOTHING):
        for energies in (meter.energy(usage, start, end), meter.energy(usage, end, end)):
            assert tuple(energy.domain for energy in energies) == meter.domains
            for energy in energies:
                assert energy.method is meter.method
                assert 0 <= energy.dynamic_j < math.inf
                assert 0 <= energy.idle_j < math.inf
    zero = tuple(0 for _ in start)
    moved = tuple(b - a for a, b in zip(start, end, strict=True))
    assert meter.energy(_USAGE, start, end) == meter.energy(_USAGE, zero, moved), (
        "only the difference of counters counts"
    )
    meter.close()
    meter.close()
