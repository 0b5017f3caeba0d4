"""RAPL through perf's ``power`` events: the same counters, by another right.

For machines and containers where ``energy_uj`` may not be read, but CAP_PERFMON or
``kernel.perf_event_paranoid`` of 0 or less permit events of the whole system. Files: the kernel's
``Documentation/ABI/testing/sysfs-bus-event_source-devices-events`` and
``arch/x86/events/rapl.c``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_carbon.descriptors import close_own, out_of_reach
from pytest_carbon.meters.attribution import HostShare
from pytest_carbon.meters.counter_meter import Channel, CounterMeter
from pytest_carbon.meters.meter import Request, Unavailable
from pytest_carbon.meters.moving import which_move
from pytest_carbon.meters.rapl import INTERVAL_S
from pytest_carbon.perf_event import open_perf_event

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


class _Open(NamedTuple):
    event: _Event
    descriptor: int

    def read_uj(self) -> int:
        count = os.read(self.descriptor, 8)
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


def open_rapl_perf(
    request: Request,
    *,
    device: Path = DEVICE,
    open_event: Callable[..., int] = open_perf_event,
    clock_s: Callable[[], float] = time.monotonic,
    moving: Moving = which_move,
) -> CounterMeter | Unavailable:
    """The meter over the packages and their memory, or why there is none."""
    events = _events(device)
    kind = _text(device / "type")
    if not kind.isdigit() or not any(event.covers == "cpu" for event in events):
        return _refuse(
            f"no perf events of energy in {device}",
            "it needs Linux on the bare machine, with the kernel module rapl (sudo modprobe rapl)",
            silent=True,
        )
    opened: list[_Open] = []
    try:
        for event in events:
            descriptor = open_event(int(kind), event.config, cpu=event.cpu)
            opened.append(_Open(event, out_of_reach(descriptor)))
        moves = moving(lambda: [one.read_uj() for one in opened])
    except OSError as error:
        with contextlib.suppress(OSError):
            _close(opened)
        if error.errno in {errno.EACCES, errno.EPERM}:
            return _refuse("present, but its events may not be opened", _PERMIT)
        return _refuse(f"present, but it cannot be read: {error}", "see the kernel's log")
    still = [one for one, moved in zip(opened, moves, strict=True) if not moved]
    _close(still)
    kept = [one for one in opened if one not in still]
    if not any(one.event.covers == "cpu" for one in kept):
        _close(kept)
        return _refuse("its counters stand still while the CPU works", "see the kernel's log")
    share = HostShare.of(request)
    parts = [f"RAPL by perf events: {', '.join(one.event.domain for one in kept)}", share.words]
    parts += [f"{one.event.domain} left out: it stands still" for one in still]
    return CounterMeter(
        "-without-".join([NAME, *(one.event.domain for one in still)]),
        [Channel(one.event.domain, one.event.covers) for one in kept],
        lambda: [one.read_uj() for one in kept],
        description="; ".join(parts),
        interval_s=INTERVAL_S,
        share=share,
        release=lambda: _close(kept),
        clock_s=clock_s,
    )
