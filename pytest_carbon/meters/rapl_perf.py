"""RAPL through perf's ``power`` events: the same counters, by another right.

For machines and containers where ``energy_uj`` may not be read, but CAP_PERFMON or
``kernel.perf_event_paranoid`` of 0 or less permit events of the whole system. Files: the kernel's
``Documentation/ABI/testing/sysfs-bus-event_source-devices-events`` and
``arch/x86/events/rapl.c``.
"""

from __future__ import annotations

import errno
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.descriptors import close_own, out_of_reach
from pytest_carbon.meters.attribution import HostShare
from pytest_carbon.meters.counter_meter import POLL_S, Channel, CounterMeter
from pytest_carbon.meters.left_out import left_out_words, name_without
from pytest_carbon.meters.meter import Request, Unavailable
from pytest_carbon.meters.moving import which_move
from pytest_carbon.meters.rapl import INTERVAL_S
from pytest_carbon.perf_event import open_perf_event
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Moving = Callable[[Callable[[], Sequence[int]]], tuple[bool, ...]]

__all__ = ["DEVICE", "open_rapl_perf"]

NAME = "rapl-perf"
DEVICE = Path("/sys/bus/event_source/devices/power")

_EVENTS = (("energy-pkg", "package", "cpu"), ("energy-ram", "dram", "memory"))
_IS_EVENT = "[perf_event]"

_UJ_PER_J = 1_000_000
_PERMIT = (
    "sudo sysctl kernel.perf_event_paranoid=0, or give Python the capability CAP_PERFMON; in a "
    "container: docker run --cap-add PERFMON, with a seccomp profile that lets perf_event_open pass"
)


class _Event(NamedTuple):
    domain: str
    covers: str
    config: int
    joules_each: float
    cpu: int

    @property
    def is_package(self) -> bool:
        return self.covers == "cpu"


class _Open(NamedTuple):
    event: _Event
    descriptor: int

    def read_uj(self) -> int:
        count = System.read(self.descriptor, 8)
        if len(count) != 8:
            raise OSError(errno.EIO, f"{self.event.domain}: the event is no longer counted")
        return int(int.from_bytes(count, sys.byteorder) * self.event.joules_each * _UJ_PER_J)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _cpus(mask: str) -> list[int]:
    """One CPU a package, as ``cpumask`` lists them: ``0,18`` or ``0-1``."""
    cpus: list[int] = []
    for part in mask.split(","):
        first, _, last = part.partition("-")
        if first.isdigit() and (last or first).isdigit():
            cpus += range(int(first), int(last or first) + 1)
    return cpus


def _events(device: Path) -> list[_Event]:
    found = []
    for package, cpu in enumerate(_cpus(_text(device / "cpumask"))):
        for event, domain, covers in _EVENTS:
            config = re.search(r"event=(0x[0-9a-f]+|\d+)", _text(device / "events" / event))
            try:
                joules_each = float(_text(device / "events" / f"{event}.scale"))
            except ValueError:
                continue
            if config is not None and _text(device / "events" / f"{event}.unit") == "Joules":
                number = int(config[1], 0)
                found.append(_Event(f"{domain}-{package}", covers, number, joules_each, cpu))
    return found


def _refuse(reason: str, remedy: str = "", *, silent: bool = False) -> Unavailable:
    return Unavailable(meter=NAME, reason=reason, remedy=remedy, silent=silent)


def _close(opened: Sequence[_Open]) -> None:
    for one in opened:
        close_own(one.descriptor, _IS_EVENT)


def _open_events(
    kind: int, events: Sequence[_Event], open_event: Callable[..., int]
) -> tuple[list[_Open], dict[_Event, OSError]]:
    """What can be opened and read, and why the rest cannot."""
    opened: list[_Open] = []
    failures: dict[_Event, OSError] = {}
    for event in events:
        try:
            one = _Open(event, out_of_reach(open_event(kind, event.config, cpu=event.cpu)))
        except OSError as error:
            failures[event] = error
            continue
        try:
            one.read_uj()
        except OSError as error:
            failures[event] = error
            _close([one])
        else:
            opened.append(one)
    return opened, failures


def _why_not(error: OSError) -> Unavailable:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return _refuse("present, but its events may not be opened", _PERMIT)
    return _refuse(f"present, but it cannot be read: {error}", "see the kernel's log")


def open_rapl_perf(
    request: Request,
    *,
    device: Path = DEVICE,
    open_event: Callable[..., int] = open_perf_event,
    clock_s: Callable[[], float] = System.monotonic,
    moving: Moving = which_move,
) -> CounterMeter | Unavailable:
    """The meter over the packages and their memory, or why there is none.

    Events that cannot be opened, or stand still while the CPU works, are left out by name.
    """
    events = _events(device)
    kind = _text(device / "type")
    if not kind.isdigit() or not any(event.is_package for event in events):
        return _refuse(
            f"no perf events of energy in {device}",
            "it needs Linux on the bare machine, with the kernel module rapl (sudo modprobe rapl)",
            silent=True,
        )
    opened, failures = _open_events(int(kind), events, open_event)
    still: list[_Open] = []
    try:
        if any(one.event.is_package for one in opened):
            moves = moving(lambda: [one.read_uj() for one in opened])
            still = [one for one, moved in zip(opened, moves, strict=True) if not moved]
            _close(still)
            opened = [one for one in opened if one not in still]
    except OSError as error:
        _close(opened)
        return _why_not(error)
    if any(one.event.is_package for one in opened):
        return _meter(request, opened, failures, still, clock_s)
    _close(opened)
    of_packages = [error for event, error in failures.items() if event.is_package]
    if of_packages:
        return _why_not(of_packages[0])
    return _refuse("its counters stand still while the CPU works", "see the kernel's log")


def _meter(
    request: Request,
    opened: Sequence[_Open],
    failures: dict[_Event, OSError],
    still: Sequence[_Open],
    clock_s: Callable[[], float],
) -> CounterMeter:
    left_out = {event.domain: error.strerror or str(error) for event, error in failures.items()}
    left_out |= {one.event.domain: "it stands still" for one in still}
    share = HostShare.of(request)
    parts = [f"RAPL by perf events: {', '.join(one.event.domain for one in opened)}", share.words]
    parts += left_out_words(left_out)
    return CounterMeter(
        name_without(NAME, left_out),
        [Channel(one.event.domain, one.event.covers) for one in opened],
        lambda: [one.read_uj() for one in opened],
        description="; ".join(parts),
        interval_s=INTERVAL_S,
        share=share,
        poll_s=POLL_S,
        release=lambda: _close(opened),
        clock_s=clock_s,
    )
