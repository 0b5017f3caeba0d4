"""RAPL: the CPU's own energy counters, through Linux's powercap tree.

Files and units: the kernel's ``Documentation/power/powercap/powercap.rst``; AMD's counters
appear in the same tree, under Intel's name.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.descriptors import close_own, out_of_reach
from pytest_carbon.errors import SettingError
from pytest_carbon.meters.attribution import HostShare
from pytest_carbon.meters.counter_meter import POLL_S, Channel, CounterMeter
from pytest_carbon.meters.left_out import name_without
from pytest_carbon.meters.meter import Request, Unavailable
from pytest_carbon.meters.mirrors import drop_mirrors
from pytest_carbon.meters.moving import which_move
from pytest_carbon.meters.rapl_zones import Zone, find_trees, has_dangling_links
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Moving = Callable[[Callable[[], Sequence[int]]], tuple[bool, ...]]

__all__ = ["INTERVAL_S", "POWERCAP", "FileOf", "RaplMeter", "open_rapl"]

POWERCAP = Path("/sys/class/powercap")

INTERVAL_S = 0.001
"""How often RAPL's counters are refreshed (Khan et al., "RAPL in Action", 2018)."""

_MICRO = 1e-6

# Twice what a large server package draws at most: a counter wraps no sooner than this tells.
_GENEROUS_W = 500.0
_WRAP_MARGIN = 0.5

_PERMIT = (
    "since CVE-2020-8694 only root may read it; until the next boot: "
    "sudo chmod a+r {root}/intel-rapl*/energy_uj; for good, a udev rule: "
    'SUBSYSTEM=="powercap", ACTION=="add", '
    "RUN+=\"/bin/sh -c 'chmod a+r /sys%p/energy_uj'\"; "
    "to permit a group only, use chgrp and chmod g+r instead"
)
_MOUNT = (
    "docker run -v /sys/devices/virtual/powercap:/powercap:ro, and "
    "--carbon-powercap=/powercap/intel-rapl"
)
_NO_ZONE = (
    "it needs Linux on the bare machine, with the kernel module intel_rapl_common (sudo modprobe "
    "intel_rapl_msr); in a container, mount the host's tree and name it: "
    f"{_MOUNT}"
)
_DANGLING = f"mount what the links lead to, under another name, and say so: {_MOUNT}"


def _open(path: Path) -> int:
    return out_of_reach(os.open(path, os.O_RDONLY | os.O_CLOEXEC))  # type: ignore[attr-defined, unused-ignore]


class FileOf(NamedTuple):
    """A zone, and its open counter."""

    zone: Zone
    file: int

    def read_uj(self) -> int:
        """What the hardware shows; raises ``OSError``."""
        text = System.pread(self.file, 32, 0)
        try:
            return int(text)
        except ValueError:
            raise OSError(errno.EIO, f"{self.zone.domain}: {text!r} is not an energy") from None


def _close(files: Iterable[FileOf]) -> None:
    for one in files:
        close_own(one.file, "energy_uj")


def _poll_s(files: Sequence[FileOf]) -> float:
    """So often that no wrap is missed, nor that a counter has stopped in the midst of a test."""
    ranges = [one.zone.range_uj for one in files if one.zone.range_uj is not None]
    wraps_s = [range_uj * _MICRO / _GENEROUS_W * _WRAP_MARGIN for range_uj in ranges]
    return min([POLL_S, *wraps_s])


class RaplMeter(CounterMeter):
    """All packages and their memory, attributed to the process tree by its share of CPU time.

    Keeps the zones' files. ``left_out`` names zones that cannot be read, which makes the figures
    those of another environment.
    """

    def __init__(
        self,
        files: Sequence[FileOf],
        share: HostShare,
        *,
        left_out: Sequence[str] = (),
        clock_s: Callable[[], float] = System.monotonic,
    ) -> None:
        domains = ", ".join(one.zone.domain for one in files)
        parts = [f"RAPL counters {domains}", share.words, *left_out]
        lost = [text.partition(" ")[0] for text in left_out]
        super().__init__(
            name_without("rapl", lost),
            [
                Channel(
                    one.zone.domain,
                    "memory" if one.zone.domain.startswith("dram") else "cpu",
                    one.zone.range_uj,
                )
                for one in files
            ],
            lambda: [one.read_uj() for one in files],
            description="; ".join(parts),
            interval_s=INTERVAL_S,
            share=share,
            poll_s=_poll_s(files),
            release=lambda: _close(files),
            clock_s=clock_s,
        )


def _refuse(reason: str, remedy: str, *, silent: bool = False) -> Unavailable:
    return Unavailable(meter="rapl", reason=reason, remedy=remedy, silent=silent)


def _open_zones(
    zones: Sequence[Zone], open_file: Callable[[Path], int]
) -> tuple[list[FileOf], dict[Zone, OSError]]:
    """What can be opened and read, and why the rest cannot."""
    files: list[FileOf] = []
    failures: dict[Zone, OSError] = {}
    for zone in zones:
        if zone.fault:
            failures[zone] = OSError(errno.EIO, zone.fault)
            continue
        try:
            one = FileOf(zone, open_file(zone.path / "energy_uj"))
        except OSError as error:
            failures[zone] = error
            continue
        try:
            one.read_uj()
        except OSError as error:
            failures[zone] = error
            _close([one])
        else:
            files.append(one)
    return files, failures


def _keep(
    files: list[FileOf], sleep: Callable[[float], None], moving: Moving
) -> tuple[list[FileOf], list[FileOf], list[FileOf]]:
    """The files to use, those that mirror others, and those that stand still."""
    kept_zones = drop_mirrors(
        [one.zone for one in files], lambda: tuple([one.read_uj() for one in files]), sleep
    )
    kept = [one for one in files if one.zone in kept_zones]
    mirrors = [one for one in files if one.zone not in kept_zones]
    move = moving(lambda: [one.read_uj() for one in kept])
    still = [one for one, moves in zip(kept, move, strict=True) if not moves]
    return [one for one in kept if one not in still], mirrors, still


def open_rapl(
    request: Request,
    *,
    root: Path = POWERCAP,
    open_file: Callable[[Path], int] = _open,
    clock_s: Callable[[], float] = System.monotonic,
    sleep: Callable[[float], None] = System.sleep,
    moving: Moving = which_move,
) -> RaplMeter | Unavailable:
    """The meter over the zones found below ``root`` or the one asked for, or why there is none.

    Trees that repeat each other are tried in turn. Zones that cannot be read, or stand still while
    the CPU works, are left out by name. Raises ``SettingError`` where the root that was asked for
    is none.
    """
    root = request.powercap or root
    trees = find_trees(root, anywhere=request.powercap is not None)
    if not trees:
        if request.powercap is not None:
            raise SettingError(
                f"--carbon-powercap={root}: no RAPL package zone is there",
                remedy="name the folder that holds intel-rapl:0, as /sys/class/powercap does",
            )
        if has_dangling_links(root):
            return _refuse(f"the links in {root} lead nowhere (a container hides it)", _DANGLING)
        return _refuse(f"no RAPL package zone below {root}", _NO_ZONE, silent=True)
    refusals = []
    for zones in trees:
        world = _World(open_file, clock_s, sleep, moving)
        found = _open_tree(zones, request, world)
        if isinstance(found, RaplMeter):
            return found
        refusals.append(found)
    return refusals[0]


class _World(NamedTuple):
    """What a tree is opened with: files, time, and what tells whether counters move."""

    open_file: Callable[[Path], int]
    clock_s: Callable[[], float]
    sleep: Callable[[float], None]
    moving: Moving


def _open_tree(zones: Sequence[Zone], request: Request, world: _World) -> RaplMeter | Unavailable:
    files, failures = _open_zones(zones, world.open_file)
    still: list[FileOf] = []
    try:
        if any(one.zone.is_package for one in files):
            files, mirrors, still = _keep(files, world.sleep, world.moving)
            _close([*mirrors, *still])
        if any(one.zone.is_package for one in files):
            return RaplMeter(
                files,
                HostShare.of(request),
                left_out=_left_out(failures, still),
                clock_s=world.clock_s,
            )
    except OSError as error:
        failures[files[0].zone if files else zones[0]] = error
    with contextlib.suppress(OSError):
        _close(files)
    return _why_not(zones, failures, still)


def _file(zone: Zone) -> Path:
    return zone.path if zone.fault else zone.path / "energy_uj"


def _left_out(failures: dict[Zone, OSError], still: Sequence[FileOf]) -> list[str]:
    return [
        *(
            f"{zone.domain} left out: {_file(zone)}: {error.strerror or error}"
            for zone, error in failures.items()
        ),
        *(f"{one.zone.domain} left out: it stands still" for one in still),
    ]


def _why_not(
    zones: Sequence[Zone], failures: dict[Zone, OSError], still: Sequence[FileOf]
) -> Unavailable:
    folder = zones[0].path.parent
    for zone, error in failures.items():
        if not zone.is_package:
            continue
        file = _file(zone)
        if isinstance(error, PermissionError):
            return _refuse(f"present, but {file} may not be read", _PERMIT.format(root=folder))
        return _refuse(
            f"present, but {file} cannot be read: {error}",
            "see the kernel's log, or reload the module intel_rapl_msr",
        )
    domains = ", ".join(one.zone.domain for one in still)
    return _refuse(
        f"the counter of {domains} stands still while the CPU works",
        "a virtual machine may show counters that nobody drives; see the kernel's log",
    )
