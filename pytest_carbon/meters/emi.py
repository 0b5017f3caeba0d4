"""Windows' Energy Meter Interface: what its drivers answer, and a meter over it.

Structures and codes: ``emi.h``, learn.microsoft.com. Energy is in picowatt-hours, 64 bits wide, and
needs no administrator. It took the place of Intel's Power Gadget, which is gone.
"""

from __future__ import annotations

import errno
import re
import struct
import sys
from typing import TYPE_CHECKING, Protocol

from pytest_carbon.meters.attribution import HostShare
from pytest_carbon.meters.counter_meter import POLL_S, Channel, CounterMeter
from pytest_carbon.meters.left_out import left_out_words, name_without
from pytest_carbon.meters.meter import Request, Unavailable
from pytest_carbon.meters.mirrors import drop_mirrors
from pytest_carbon.meters.moving import which_move
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Moving = Callable[[Callable[[], Sequence[int]]], tuple[bool, ...]]

__all__ = ["INTERVAL_S", "Device", "channel_names", "energies_uj", "open_emi"]

NAME = "emi"

INTERVAL_S = 0.001

_UPDATE = "update Windows and the chipset's driver"

GET_VERSION = 0x224000
GET_METADATA_SIZE = 0x224004
GET_METADATA = 0x224008
GET_MEASUREMENT = 0x22400C

# A picowatt-hour is 3.6e-9 joules, that is 3.6e-3 microjoules.
_PWH_PER_UJ_TIMES_5 = 18
_PER_UJ_TIMES_5 = 5_000

# Metadata of a hundred channels take some kilobytes.
_MOST_BYTES = 1 << 20

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


class _Asked(NamedTuple):
    """A device, and the names of its channels."""

    device: Device
    names: list[str]

    @property
    def is_of_a_processor(self) -> bool:
        return any(map(_CHANNEL.fullmatch, self.names))

    def energies_uj(self) -> list[int]:
        size = len(self.names)
        return energies_uj(self.device.ask(GET_MEASUREMENT, 16 * size), size)


def _ask(device: Device) -> _Asked:
    """Raises ``OSError`` or ``ValueError`` for a device that cannot be understood."""
    (version,) = struct.unpack_from("<H", device.ask(GET_VERSION, 2).ljust(2, b"\0"))
    (size,) = struct.unpack_from("<I", device.ask(GET_METADATA_SIZE, 4).ljust(4, b"\0"))
    if size > _MOST_BYTES:
        raise ValueError(f"its metadata are said to have {size:,} bytes")
    asked = _Asked(device, channel_names(version, device.ask(GET_METADATA, size)))
    if asked.is_of_a_processor:
        asked.energies_uj()
    return asked


def _sources(devices: Sequence[_Asked]) -> list[_Source]:
    """The packages and their memory; what several devices tell is taken from the first."""
    found: dict[str, _Source] = {}
    for at, asked in enumerate(devices):
        for channel, name in enumerate(asked.names):
            match = _CHANNEL.fullmatch(name)
            if match is not None:
                kind = "package" if match[2].upper() == "PKG" else "dram"
                source = _Source(f"{kind}-{int(match[1])}", at, channel, int(match[1]))
                found.setdefault(source.domain, source)
    return sorted(found.values(), key=lambda one: (one.package, one.covers))


def _refuse(reason: str, remedy: str = "", *, silent: bool = False) -> Unavailable:
    return Unavailable(meter=NAME, reason=reason, remedy=remedy, silent=silent)


def _find_devices() -> tuple[Sequence[Device], Sequence[str]]:
    from pytest_carbon.meters.emi_device import open_devices

    return open_devices()


def open_emi(
    request: Request,
    *,
    find: Callable[[], tuple[Sequence[Device], Sequence[str]]] = _find_devices,
    system: str = sys.platform,
    sleep: Callable[[float], None] = System.sleep,
    clock_s: Callable[[], float] = System.monotonic,
    moving: Moving = which_move,
) -> CounterMeter | Unavailable:
    """The meter over the processor's packages and their memory, or why there is none.

    ``find`` opens the devices, and tells of those that cannot be opened. Devices that do not
    answer, and channels that stand still while the CPU works, are left out by name.
    """
    if system != "win32":
        return _refuse("this is not Windows", "it needs Windows 11", silent=True)
    devices: Sequence[Device] = ()
    try:
        devices, unopened = find()
        asked: list[_Asked] = []
        left_out = {f"device-{len(devices) + at}": why for at, why in enumerate(unopened)}
        for number, device in enumerate(devices):
            try:
                asked.append(_ask(device))
            except (OSError, ValueError) as error:  # noqa: PERF203 - others may answer
                left_out[f"device-{number}"] = str(error)
                device.close()
        found = _choose(asked, left_out, sleep, moving)
        if isinstance(found, Unavailable):
            _close(devices)
            return found
        return _meter(request, asked, found, left_out, clock_s)
    except OSError as error:
        _close(devices)
        return _refuse(f"it cannot be read: {error}", _UPDATE)


def _reader(asked: Sequence[_Asked], sources: Sequence[_Source]) -> Callable[[], list[int]]:
    used = sorted({one.device for one in sources})

    def read_uj() -> list[int]:
        told = {at: asked[at].energies_uj() for at in used}
        return [told[one.device][one.channel] for one in sources]

    return read_uj


def _choose(
    asked: Sequence[_Asked],
    left_out: dict[str, str],
    sleep: Callable[[float], None],
    moving: Moving,
) -> list[_Source] | Unavailable:
    """The channels to read; those that stand still are added to what is ``left_out``."""
    sources = _sources(asked)
    if not any(one.is_package for one in sources):
        if left_out:
            return _refuse(f"it cannot be read: {'; '.join(left_out.values())}", _UPDATE)
        return _refuse(
            "no energy meter of a processor",
            "it needs Windows 11 on the bare machine, not a virtual one",
            silent=True,
        )
    sources = drop_mirrors(sources, _reader(asked, sources), sleep)
    moves = moving(_reader(asked, sources))
    for one, moved in zip(sources, moves, strict=True):
        if not moved:
            left_out[one.domain] = "it stands still"
    kept = [one for one in sources if one.domain not in left_out]
    if not any(one.is_package for one in kept):
        return _refuse("its counters stand still while the CPU works", "update Windows")
    return kept


def _meter(
    request: Request,
    asked: Sequence[_Asked],
    sources: Sequence[_Source],
    left_out: dict[str, str],
    clock_s: Callable[[], float],
) -> CounterMeter:
    used = {one.device for one in sources}
    _close([one.device for at, one in enumerate(asked) if at not in used])
    kept = [asked[at].device for at in used]
    share = HostShare.of(request)
    domains = ", ".join(one.domain for one in sources)
    parts = [f"Windows' Energy Meter Interface: {domains}", share.words]
    parts += left_out_words(left_out)
    return CounterMeter(
        name_without(NAME, left_out),
        [Channel(one.domain, one.covers) for one in sources],
        _reader(asked, sources),
        description="; ".join(parts),
        interval_s=INTERVAL_S,
        share=share,
        poll_s=POLL_S,
        release=lambda: _close(kept),
        clock_s=clock_s,
    )


def _close(devices: Sequence[Device]) -> None:
    for device in devices:
        device.close()
