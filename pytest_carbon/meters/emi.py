"""Windows' Energy Meter Interface: what its drivers answer, and a meter over it.

Structures and codes: ``emi.h``, learn.microsoft.com. Energy is in picowatt-hours, 64 bits wide, and
needs no administrator. It took the place of Intel's Power Gadget, which is gone.
"""

from __future__ import annotations

import errno
import re
import struct
import sys
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pytest_carbon.meters.attribution import HostShare
from pytest_carbon.meters.counter_meter import Channel, CounterMeter
from pytest_carbon.meters.meter import Request, Unavailable
from pytest_carbon.meters.mirrors import drop_mirrors
from pytest_carbon.meters.moving import which_move

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Moving = Callable[[Callable[[], Sequence[int]]], tuple[bool, ...]]

__all__ = ["INTERVAL_S", "Device", "channel_names", "energies_uj", "open_emi"]

NAME = "emi"

INTERVAL_S = 0.001

GET_VERSION = 0x224000
GET_METADATA_SIZE = 0x224004
GET_METADATA = 0x224008
GET_MEASUREMENT = 0x22400C

# A picowatt-hour is 3.6e-9 joules, that is 3.6e-3 microjoules.
_PWH_PER_UJ_TIMES_5 = 18
_PER_UJ_TIMES_5 = 5_000

_CHANNEL = re.compile(r"RAPL_Package(\d+)_(PKG|DRAM)", re.IGNORECASE)


class Device(Protocol):
    """One device of the interface, open."""

    def ask(self, code: int, size: int) -> bytes:
        """Its answer to a control code, of at most so many bytes; raises ``OSError``."""

    def close(self) -> None:
        """Close it; may be called twice."""


def _text(data: bytes) -> str:
    return data.decode("utf-16-le", errors="replace").split("\0")[0]


def channel_names(version: int, metadata: bytes) -> list[str]:
    """The names of a device's channels, in the order of its measurements.

    Raises ``ValueError`` for what is no metadata.
    """
    try:
        if version == 1:
            (size,) = struct.unpack_from("<H", metadata, 70)
            return [_text(metadata[72 : 72 + size])]
        (count,) = struct.unpack_from("<H", metadata, 66)
        names, at = [], 68
        for _ in range(count):
            _, size = struct.unpack_from("<iH", metadata, at)
            if at + 6 + size > len(metadata):
                raise ValueError("the metadata ends within a name")
            names.append(_text(metadata[at + 6 : at + 6 + size]))
            at += 6 + size
    except struct.error as error:
        raise ValueError(f"the metadata ends early: {error}") from error
    return names


def energies_uj(measurement: bytes, channels: int) -> list[int]:
    """Microjoules by channel. Raises ``OSError`` for an answer that is too short."""
    if len(measurement) < 16 * channels:
        raise OSError(errno.EIO, f"{len(measurement)} bytes for {channels} channels")
    return [
        struct.unpack_from("<QQ", measurement, 16 * at)[0] * _PWH_PER_UJ_TIMES_5 // _PER_UJ_TIMES_5
        for at in range(channels)
    ]


class _Source(NamedTuple):
    """One channel to read: its domain, and where it stands."""

    domain: str
    device: int
    channel: int
    package: int

    @property
    def covers(self) -> str:
        return "memory" if self.domain.startswith("dram") else "cpu"

    @property
    def is_package(self) -> bool:
        return self.covers == "cpu"


def _sources(devices: Sequence[Device]) -> tuple[list[_Source], list[int]]:
    """The packages and their memory, and how many channels each device has."""
    sources: list[_Source] = []
    sizes: list[int] = []
    for number, device in enumerate(devices):
        (version,) = struct.unpack_from("<H", device.ask(GET_VERSION, 2).ljust(2, b"\0"))
        (size,) = struct.unpack_from("<I", device.ask(GET_METADATA_SIZE, 4).ljust(4, b"\0"))
        names = channel_names(version, device.ask(GET_METADATA, size))
        sizes.append(len(names))
        for at, name in enumerate(names):
            match = _CHANNEL.fullmatch(name)
            if match is not None:
                kind = "package" if match[2].upper() == "PKG" else "dram"
                package = int(match[1])
                sources.append(_Source(f"{kind}-{package}", number, at, package))
    return sorted(set(sources), key=lambda one: (one.package, one.covers)), sizes


def _refuse(reason: str, remedy: str = "", *, silent: bool = False) -> Unavailable:
    return Unavailable(meter=NAME, reason=reason, remedy=remedy, silent=silent)


def _find_devices() -> list[Device]:
    from pytest_carbon.meters.emi_device import open_devices

    return list(open_devices())


def open_emi(
    request: Request,
    *,
    find: Callable[[], list[Device]] = _find_devices,
    system: str = sys.platform,
    sleep: Callable[[float], None] = time.sleep,
    clock_s: Callable[[], float] = time.monotonic,
    moving: Moving = which_move,
) -> CounterMeter | Unavailable:
    """The meter over the processor's packages and their memory, or why there is none."""
    if system != "win32":
        return _refuse("this is not Windows", "it needs Windows 11", silent=True)
    devices: list[Device] = []
    try:
        devices = find()
        sources, sizes = _sources(devices)
        if not any(one.covers == "cpu" for one in sources):
            _close(devices)
            return _refuse(
                "no energy meter of a processor",
                "it needs Windows 11 on the bare machine, not a virtual one",
                silent=True,
            )

        def read_of(chosen: Sequence[_Source]) -> list[int]:
            told = [
                energies_uj(device.ask(GET_MEASUREMENT, 16 * size), size)
                for device, size in zip(devices, sizes, strict=True)
            ]
            return [told[one.device][one.channel] for one in chosen]

        sources = drop_mirrors(sources, lambda: read_of(sources), sleep)
        moves = moving(lambda: read_of(sources))
        still = [one for one, moved in zip(sources, moves, strict=True) if not moved]
        kept = [one for one in sources if one not in still]
        if not any(one.covers == "cpu" for one in kept):
            _close(devices)
            return _refuse("its counters stand still while the CPU works", "update Windows")
        share = HostShare.of(request)
        domains = ", ".join(one.domain for one in kept)
        parts = [f"Windows' Energy Meter Interface: {domains}", share.words]
        parts += [f"{one.domain} left out: it stands still" for one in still]
        return CounterMeter(
            "-without-".join([NAME, *(one.domain for one in still)]),
            [Channel(one.domain, one.covers) for one in kept],
            lambda: read_of(kept),
            description="; ".join(parts),
            interval_s=INTERVAL_S,
            share=share,
            release=lambda: _close(devices),
            clock_s=clock_s,
        )
    except (OSError, ValueError) as error:
        _close(devices)
        return _refuse(f"it cannot be read: {error}", "update Windows and the chipset's driver")


def _close(devices: Sequence[Device]) -> None:
    for device in devices:
        device.close()
