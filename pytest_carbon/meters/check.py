"""The conformance check that every meter passes, built in or not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_carbon.measurement import Method, Usage
from pytest_carbon.meters.meter import MACHINE, PART, PARTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.meters.meter import Meter

__all__ = ["check_meter"]

_USAGE = Usage(cpu_s=0.5, wall_s=1.0, work_s=0.4, host_busy_s=0.8, memory_bytes=10**8)
_NOTHING = Usage(cpu_s=0.0, wall_s=0.0, work_s=0.0, host_busy_s=0.0)


def check_meter(meter: Meter, spend: Callable[[], object] = lambda: None) -> None:
    """Hold a meter against its interface; close it.

    ``spend`` lets its counters advance by what half a second of work draws. Raises
    ``AssertionError`` naming the promise that is broken.
    """
    _check_words(meter)
    start = meter.read()
    spend()
    end = meter.read()
    assert len(start) == len(end), "the number of counters is fixed"
    assert all(type(count) is int for count in start + end), "counters are integers"
    assert all(a <= b for a, b in zip(start, end, strict=True)), "counters never decrease"
    for usage, last in ((_USAGE, end), (_NOTHING, end), (_NOTHING, start)):
        energies = meter.energy(usage, start, last)
        assert tuple(energy.domain for energy in energies) == meter.domains, (
            "energy has one item a domain, in their order"
        )
        for energy in energies:
            assert energy.method is meter.method, "all figures of a meter come about in one way"
            assert 0 <= energy.dynamic_j < math.inf, "joules are finite and not negative"
            assert 0 <= energy.idle_j < math.inf, "joules are finite and not negative"
    zero = tuple(0 for _ in start)
    moved = tuple(b - a for a, b in zip(start, end, strict=True))
    assert meter.energy(_USAGE, start, end) == meter.energy(_USAGE, zero, moved), (
        "only the difference of counters counts"
    )
    if start and meter.method is Method.MEASURED:
        _check_that_standing_still_is_no_figure(meter, start)
    meter.close()
    meter.close()


def _check_words(meter: Meter) -> None:
    assert meter.name, "a meter has a name"
    assert meter.name == meter.name.lower(), "a name is typed in settings: lower case"
    assert isinstance(meter.method, Method), "a figure is measured or modelled"
    assert meter.description, "a run's header says how it was measured"
    assert "\n" not in meter.description, "a description is one phrase"
    assert meter.domains, "a meter has a domain"
    assert len(set(meter.domains)) == len(meter.domains), "no domain twice"
    assert meter.covers, "a meter says what it covers"
    for part in meter.covers:
        assert PART.fullmatch(part), f"{part!r} is none of {PARTS}"
    assert meter.interval_s >= 0, "a refresh takes no negative time"
    assert meter.poll_s is None or meter.poll_s > 0, "polling takes time"
    assert meter.uses_host_time in {True, False}, "the host's time is read or not"


def _check_that_standing_still_is_no_figure(meter: Meter, counts: tuple[int, ...]) -> None:
    """A CPU that works draws something: no joules at all are unknown, or an error."""
    if not {"cpu", MACHINE} & set(meter.covers):
        return
    long = Usage(cpu_s=100.0, wall_s=100.0, work_s=100.0, host_busy_s=100.0, memory_bytes=10**8)
    try:
        energies = meter.energy(long, counts, counts)
    except OSError:
        return
    assert any(energy.dynamic_j for energy in energies), (
        "counters that stood still while the CPU worked raise OSError: 0 J would be untrue"
    )
