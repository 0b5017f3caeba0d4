"""Apple silicon through IOReport, by the package ``zeus-apple-silicon``; needs no root.

Its ``get_cumulative_energy`` gives millijoules since a fixed point, by part of the chip; any may be
missing. They are Apple's own estimate from utilisation, frequency and voltage.
"""

from __future__ import annotations

import errno
import functools
import platform
import sys
from typing import TYPE_CHECKING, Any

from pytest_carbon.meters.attribution import HostShare
from pytest_carbon.meters.counter_meter import POLL_S, Channel, CounterMeter
from pytest_carbon.meters.maker_module import maker_module
from pytest_carbon.meters.meter import Request, Unavailable
from pytest_carbon.meters.moving import which_move
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Moving = Callable[[Callable[[], Sequence[int]]], tuple[bool, ...]]

__all__ = ["INTERVAL_S", "open_apple"]

NAME = "apple"

INTERVAL_S = 0.01
"""Below this its figures are steps of a millijoule (zeus-apple-silicon's documentation)."""

# A core at rest may take less than its step of a millijoule in one refresh.
_CPU_MOVES = functools.partial(which_move, patience_s=0.5)

_UJ_PER_MJ = 1_000

_NOT_HERE = "in a virtual machine macOS tells no energy; or name powermetrics with --carbon-meters"
_REMEDY = "pip install 'pytest-carbon[apple]' (zeus-apple-silicon; it needs no root)"


class _Part(NamedTuple):
    """A domain, and the fields whose sum it is; a field is a number, or a list of them."""

    domain: str
    covers: str
    fields: tuple[str, ...]


# For the CPU the first of these that the chip tells. Clusters hold more than their cores.
_CPU = (
    ("cpu_total_mj",),
    ("efficiency_cluster_mj", "performance_cluster_mj"),
    ("efficiency_cores_mj", "performance_cores_mj"),
)
_OTHERS = (
    _Part("dram", "memory", ("dram_mj",)),
    _Part("gpu", "gpu:apple", ("gpu_mj",)),
    _Part("gpu-sram", "gpu:apple", ("gpu_sram_mj",)),
    _Part("ane", "gpu:apple", ("ane_mj",)),
)


def _millijoules(told: object, fields: Sequence[str]) -> int | None:
    """The sum of fields, ``None`` where one is missing."""
    total = 0
    for field in fields:
        value = getattr(told, field, None)
        values = value if isinstance(value, (list, tuple)) else [value]
        if not values or any(type(one) is not int for one in values):
            return None
        total += sum(values)
    return total


def _parts(told: object) -> list[_Part]:
    cpu = next((fields for fields in _CPU if _millijoules(told, fields) is not None), None)
    parts = [] if cpu is None else [_Part("cpu", "cpu", cpu)]
    return [*parts, *(part for part in _OTHERS if _millijoules(told, part.fields) is not None)]


def _refuse(reason: str, remedy: str = "", *, silent: bool = False) -> Unavailable:
    return Unavailable(meter=NAME, reason=reason, remedy=remedy, silent=silent)


def _import() -> Any | Unavailable:
    try:
        module = maker_module("zeus_apple_silicon")
    except OSError as error:
        return _refuse(f"zeus-apple-silicon does not work: {error.strerror}", _REMEDY)
    return module or _refuse("zeus-apple-silicon is not installed", _REMEDY)


def _monitor(module: Any) -> Any | Unavailable:
    """What is asked for energy, once it has answered."""
    try:
        if module is None:
            module = _import()
            if isinstance(module, Unavailable):
                return module
        monitor = module.AppleEnergyMonitor()
        monitor.get_cumulative_energy()
    except Exception as error:  # noqa: BLE001 - it raises RuntimeError, and says not what else
        return _refuse(f"zeus-apple-silicon does not work here: {error!r}", _NOT_HERE)
    return monitor


def open_apple(
    request: Request,
    module: Any = None,
    *,
    system: str = sys.platform,
    machine: Callable[[], str] = platform.machine,
    clock_s: Callable[[], float] = System.monotonic,
    moving: Moving = _CPU_MOVES,
) -> CounterMeter | Unavailable:
    """The meter over the chip's parts that it tells, or why there is none."""
    if system != "darwin" or machine() != "arm64":
        return _refuse("this is no Apple silicon", "it needs macOS on Apple silicon", silent=True)
    monitor = _monitor(module)
    if isinstance(monitor, Unavailable):
        return monitor
    parts = _parts(monitor.get_cumulative_energy())
    if not any(part.covers == "cpu" for part in parts):
        return _refuse("this chip tells no energy of its CPU", "upgrade zeus-apple-silicon")
    read_uj = _reader(monitor, parts)
    try:
        # Its GPU and memory may rest, and show nothing new.
        moved, *_ = moving(lambda: read_uj()[:1])
    except OSError as error:
        return _refuse(f"it cannot be read: {error.strerror}", _NOT_HERE)
    if not moved:
        return _refuse("the counter of the CPU stands still while it works", _NOT_HERE)
    share = HostShare.of(request)
    domains = ", ".join(part.domain for part in parts)
    return CounterMeter(
        NAME,
        [Channel(part.domain, part.covers) for part in parts],
        read_uj,
        description=f"Apple's IOReport, an estimate of the chip's own: {domains}; {share.words}",
        interval_s=INTERVAL_S,
        share=share,
        poll_s=POLL_S,
        clock_s=clock_s,
    )


def _reader(monitor: Any, parts: Sequence[_Part]) -> Callable[[], list[int]]:
    def read_uj() -> list[int]:
        try:
            told = monitor.get_cumulative_energy()
        except Exception as error:
            raise OSError(errno.EIO, f"IOReport: {error!r}") from error
        counts = []
        for part in parts:
            total = _millijoules(told, part.fields)
            if total is None:
                raise OSError(errno.ENODATA, f"IOReport: {part.domain} is no longer told")
            counts.append(total * _UJ_PER_MJ)
        return counts

    return read_uj
