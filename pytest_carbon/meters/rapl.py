"""RAPL: the CPU's own energy counters, through Linux's powercap tree.

Files and units: the kernel's ``Documentation/power/powercap/powercap.rst``; AMD's counters
appear in the same tree, under Intel's name.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_carbon.descriptors import close_own, out_of_reach
from pytest_carbon.measurement import DomainEnergy, Method
from pytest_carbon.meters.attribution import attribute
from pytest_carbon.meters.meter import Unavailable
from pytest_carbon.meters.rapl_zones import Zone, drop_mirrors, find_zones

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.measurement import Usage
    from pytest_carbon.meters.watts import CpuPower

__all__ = ["POWERCAP", "RaplMeter", "open_rapl"]

POWERCAP = Path("/sys/class/powercap")

_MICRO = 1e-6

# Twice what a large server package draws at most: a counter wraps no sooner than this tells.
_GENEROUS_W = 500.0
_WRAP_MARGIN = 0.5

# A step that would take more than this was no wrap: the counter was reset, by a suspended
# machine or a reloaded driver, and the range would be added for nothing.
_IMPOSSIBLE_W = 2_000.0
_SLACK_UJ = 10_000_000

_REMEDY = (
    "since CVE-2020-8694 only root may read it; until the next boot: "
    "sudo chmod a+r /sys/class/powercap/intel-rapl*/energy_uj; for good, a udev rule: "
    'SUBSYSTEM=="powercap", ACTION=="add", '
    "RUN+=\"/bin/sh -c 'chmod a+r /sys%p/energy_uj'\"; "
    "to permit a group only, use chgrp and chmod g+r instead"
)


def _open(path: Path) -> int:
    return out_of_reach(os.open(path, os.O_RDONLY | os.O_CLOEXEC))


class _System:
    """Functions of os that stay, whatever a test replaces there."""

    pread: Any = staticmethod(getattr(os, "pread", os.read))


def _read_uj(file: int, zone: Zone) -> int:
    text = _System.pread(file, 32, 0)
    try:
        return int(text)
    except ValueError:
        raise OSError(errno.EIO, f"{zone.domain}: {text!r} is not an energy") from None


@dataclass(slots=True)
class _Counter:
    """One zone's counter, its wraps undone; ``total_uj`` is what it has counted since opened."""

    zone: Zone
    file: int
    last_uj: int
    total_uj: int = 0

    def advance(self, elapsed_s: float) -> int:
        now_uj = _read_uj(self.file, self.zone)
        step_uj = now_uj - self.last_uj
        if step_uj < 0:
            step_uj += self.zone.range_uj
            if not 0 <= step_uj <= _IMPOSSIBLE_W * elapsed_s / _MICRO + _SLACK_UJ:
                raise OSError(errno.EIO, f"{self.zone.domain}: the counter was reset")
        self.last_uj = now_uj
        self.total_uj += step_uj
        return self.total_uj


class RaplMeter:
    """All packages and their memory, attributed to the process tree by its share of CPU time.

    Opens the zones' files and keeps them. Raises ``OSError`` where one cannot be opened or
    read, ``PermissionError`` where only the right to do so is missing. ``threads`` counts the
    host's hardware threads.
    """

    name = "rapl"
    method = Method.MEASURED

    def __init__(
        self,
        zones: Sequence[Zone],
        power: CpuPower,
        threads: int,
        *,
        open_file: Callable[[Path], int] = _open,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._power = power
        self._threads = threads
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._counters: list[_Counter] = []
        try:
            for zone in zones:
                file = open_file(zone.path / "energy_uj")
                # In the list before its first read, so that a failure closes it too.
                self._counters.append(_Counter(zone, file, 0))
            for counter in self._counters:
                counter.last_uj = _read_uj(counter.file, counter.zone)
        except OSError:
            self.close()
            raise
        self._at_s = clock_s()

    @property
    def domains(self) -> tuple[str, ...]:
        """``package-0``, ``dram-0``, and so on."""
        return tuple(counter.zone.domain for counter in self._counters)

    @property
    def description(self) -> str:
        """What is read, and how the tree's part is told."""
        return (
            f"RAPL counters {', '.join(self.domains)}; the tree's part by its share of the host's "
            "busy CPU time (all of it where that is unknown), the idle part by the model "
            f"({self._power.slope_w:.2f} W busy, {self._power.min_w:.2f} W idle a hardware "
            f"thread, {self._power.source})"
        )

    @property
    def poll_s(self) -> float | None:
        """Half the time in which the smallest counter would wrap at 500 W."""
        ranges = [counter.zone.range_uj for counter in self._counters]
        return min(ranges) * _MICRO / _GENEROUS_W * _WRAP_MARGIN if ranges else None

    def snapshot(self) -> tuple[int, ...]:
        """The counters as the hardware shows them, in microjoules."""
        return tuple(_read_uj(counter.file, counter.zone) for counter in self._counters)

    def read(self) -> tuple[int, ...]:
        """Microjoules since the meter was opened. Raises ``OSError`` where a zone is gone."""
        with self._lock:
            now_s = self._clock_s()
            elapsed_s = now_s - self._at_s
            counts = tuple([counter.advance(elapsed_s) for counter in self._counters])
            self._at_s = now_s
            return counts

    def energy(
        self, usage: Usage, start: tuple[int, ...], end: tuple[int, ...]
    ) -> tuple[DomainEnergy, ...]:
        """The tree's part of each domain, and its share of the idle rest."""
        energies = []
        for domain, before_uj, after_uj in zip(self.domains, start, end, strict=True):
            total_j = (after_uj - before_uj) * _MICRO
            dynamic_j, idle_j = attribute(total_j, usage, self._power, self._threads)
            energies.append(DomainEnergy(domain, dynamic_j, idle_j, self.method))
        return tuple(energies)

    def close(self) -> None:
        """Close the files; may be called twice."""
        for counter in self._counters:
            if counter.file >= 0:
                close_own(counter.file, "energy_uj")
                counter.file = -1


def open_rapl(
    root: Path = POWERCAP,
    *,
    power: CpuPower,
    threads: int,
    open_file: Callable[[Path], int] = _open,
    clock_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> RaplMeter | Unavailable:
    """The meter over the zones found below ``root``, or why there is none."""

    def make(zones: Sequence[Zone]) -> RaplMeter:
        return RaplMeter(zones, power, threads, open_file=open_file, clock_s=clock_s)

    zones = find_zones(root)
    if not zones:
        return Unavailable(
            meter="rapl",
            reason=f"no RAPL package zone below {root}",
            remedy=(
                "it needs Linux on the bare machine, outside containers, with the kernel module "
                "intel_rapl_common (sudo modprobe intel_rapl_msr)"
            ),
            silent=True,
        )
    try:
        with closing(make(zones)) as all_zones:
            kept = drop_mirrors(zones, all_zones.snapshot, sleep)
        return make(kept)
    except PermissionError:
        return Unavailable(
            meter="rapl", reason="present, but energy_uj may not be read", remedy=_REMEDY
        )
    except OSError as error:
        return Unavailable(
            meter="rapl",
            reason=f"present, but it cannot be read: {error}",
            remedy="see the kernel's log, or reload the module intel_rapl_msr",
        )
