"""NVIDIA GPUs through NVML, by the module ``pynvml`` of the distribution nvidia-ml-py."""

from __future__ import annotations

import errno
import functools
import os
import time
from typing import TYPE_CHECKING, Any

from pytest_carbon.meters.counter_meter import POLL_S, Channel, CounterMeter
from pytest_carbon.meters.left_out import left_out_words, name_without
from pytest_carbon.meters.meter import Request, Unavailable
from pytest_carbon.meters.moving import which_move
from pytest_carbon.meters.nvml_devices import visible_devices
from pytest_carbon.meters.nvml_library import has_library, load_module, no_driver
from pytest_carbon.meters.power import CompletedCounter, PowerSum
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Moving = Callable[[Callable[[], Sequence[int]]], tuple[bool, ...]]

__all__ = ["INTERVAL_S", "open_nvml"]

NAME = "nvml"

INTERVAL_S = 0.1
"""Energy counters of boards are refreshed every 20 to 100 ms (arXiv 2312.02741)."""

# Some refreshes; a board that is awake draws watts, also at rest.
_COUNTERS_MOVE = functools.partial(
    which_move, patience_s=0.4, work=functools.partial(System.sleep, 0.002)
)

# NVML gives millijoules and milliwatts.
_UJ_PER_MJ = 1_000
_MILLI = 1e-3

_BROKEN_REMEDY = (
    "run nvidia-smi to see what is wrong; after a driver update, reboot or reload the nvidia "
    "kernel module; or leave GPUs out with --carbon-meters=rapl or --carbon-meters=model"
)


class _Gpu(NamedTuple):
    """A board: its number, NVML's handle, and what it can tell.

    ``counts`` says whether it has an energy counter; else its power is integrated. ``idle_w``
    is what it draws at rest, ``None`` where it was busy when asked. ``stands_still``: its counter
    does, so that it is not believed.
    """

    number: int
    handle: Any
    counts: bool
    powers: bool
    idle_w: float | None
    split: bool
    stands_still: bool = False


def _told(nvml: Any, call: str, handle: Any) -> Any:
    """What NVML says of a board, ``None`` where it cannot."""
    try:
        return getattr(nvml, call)(handle)
    except nvml.NVMLError:
        return None


def _look_at(nvml: Any, number: int, handle: Any) -> _Gpu:
    energy = _told(nvml, "nvmlDeviceGetTotalEnergyConsumption", handle)
    power_mw = _told(nvml, "nvmlDeviceGetPowerUsage", handle)
    rates = _told(nvml, "nvmlDeviceGetUtilizationRates", handle)
    at_rest = rates is not None and power_mw and rates.gpu == 0
    mode = _told(nvml, "nvmlDeviceGetMigMode", handle)
    return _Gpu(
        number=number,
        handle=handle,
        counts=energy is not None,
        # A board that answers is awake, and draws something.
        powers=bool(power_mw),
        idle_w=power_mw * _MILLI if at_rest else None,
        split=bool(mode and mode[0]),
    )


def _seen_moving(nvml: Any, gpus: Sequence[_Gpu], moving: Moving) -> list[_Gpu]:
    """The boards, of which those whose counter stands still are read by their power."""
    counting = [gpu for gpu in gpus if gpu.counts]
    if not counting:
        return list(gpus)
    readers = [_reader(nvml, gpu._replace(powers=False), time.monotonic_ns) for gpu in counting]
    moved = moving(lambda: [read() for read in readers])
    still = [gpu for gpu, moves in zip(counting, moved, strict=True) if not moves]
    return [gpu._replace(counts=False, stands_still=True) if gpu in still else gpu for gpu in gpus]


def _reader(nvml: Any, gpu: _Gpu, clock_ns: Callable[[], int]) -> Callable[[], int]:
    """What gives a board's microjoules; it raises ``OSError``."""

    def energy_uj() -> int:
        try:
            return int(nvml.nvmlDeviceGetTotalEnergyConsumption(gpu.handle)) * _UJ_PER_MJ
        except nvml.NVMLError as error:
            raise OSError(errno.ENODEV, f"gpu-{gpu.number}: NVML: {error}") from error

    def power_w() -> float:
        try:
            return float(nvml.nvmlDeviceGetPowerUsage(gpu.handle)) * _MILLI
        except nvml.NVMLError as error:
            raise OSError(errno.ENODEV, f"gpu-{gpu.number}: NVML: {error}") from error

    if not gpu.counts:
        return PowerSum(power_w, clock_ns).read_uj
    if not gpu.powers:
        return energy_uj
    return CompletedCounter(energy_uj, power_w, INTERVAL_S, clock_ns).read_uj


def _describe(gpus: Sequence[_Gpu], interval_s: float, notes: Sequence[str]) -> str:
    names = ", ".join(f"gpu-{gpu.number}" for gpu in gpus)
    parts = [f"NVML, whole boards: {names}"]
    if any(gpu.counts for gpu in gpus):
        parts.append(
            f"counters are refreshed every {INTERVAL_S:g} s or sooner, and completed from power"
        )
    powers = [f"gpu-{gpu.number}" for gpu in gpus if not gpu.counts]
    if powers:
        parts.append(f"power of {', '.join(powers)} every {interval_s:g} s")
    for gpu in gpus:
        rest = "idle draw unknown" if gpu.idle_w is None else f"{gpu.idle_w:.0f} W idle"
        parts.append(f"gpu-{gpu.number} {rest}")
        if gpu.stands_still:
            parts.append(f"the counter of gpu-{gpu.number} stands still")
        if gpu.split:
            parts.append(f"gpu-{gpu.number} is split (MIG): all its instances together")
    return "; ".join([*parts, *notes])


def _shut_down(nvml: Any) -> None:
    try:
        nvml.nvmlShutdown()
    except nvml.NVMLError:
        return  # the driver has gone before us


def _refuse(reason: str, remedy: str = "", *, silent: bool = False) -> Unavailable:
    return Unavailable(meter=NAME, reason=reason, remedy=remedy, silent=silent)


def open_nvml(
    request: Request,
    nvml: Any = None,
    *,
    environ: Mapping[str, str] = os.environ,
    clock_ns: Callable[[], int] = time.monotonic_ns,
    moving: Moving = _COUNTERS_MOVE,
) -> CounterMeter | Unavailable:
    """The meter over the GPUs that CUDA may use, or why there is none.

    Whole boards: whatever else runs on a GPU is in the figures. No driver is silent, a driver that
    does not work is not. Boards that are lost, or tell nothing, are left out by name.
    """
    if nvml is None:
        if not has_library():
            return no_driver("its library is not installed")
        nvml = load_module()
        if isinstance(nvml, Unavailable):
            return nvml
    try:
        nvml.nvmlInit()
    except (nvml.NVMLError_LibraryNotFound, nvml.NVMLError_DriverNotLoaded) as error:
        return no_driver(str(error))
    except nvml.NVMLError as error:
        return _refuse(f"the NVIDIA driver does not work: {error}", _BROKEN_REMEDY)
    try:
        meter = _open_devices(nvml, request, environ, clock_ns, moving)
    except nvml.NVMLError as error:
        meter = _refuse(f"the NVIDIA driver does not work: {error}", _BROKEN_REMEDY)
    except OSError as error:
        meter = _refuse(f"the NVIDIA driver does not work: {error.strerror}", _BROKEN_REMEDY)
    if isinstance(meter, Unavailable):
        _shut_down(nvml)
    return meter


def _open_devices(
    nvml: Any,
    request: Request,
    environ: Mapping[str, str],
    clock_ns: Callable[[], int],
    moving: Moving,
) -> CounterMeter | Unavailable:
    devices, lost = visible_devices(nvml, environ)
    if not devices and not lost:
        return _refuse(
            "no GPU, or none that CUDA_VISIBLE_DEVICES leaves visible",
            "set CUDA_VISIBLE_DEVICES to the GPUs that the tests use, or unset it",
            silent=True,
        )
    looks = [_look_at(nvml, index, handle) for index, handle in devices]
    looks = _seen_moving(nvml, looks, moving)
    gpus = [gpu for gpu in looks if gpu.counts or gpu.powers]
    dumb = {
        f"gpu-{gpu.number}": "its counter stands still"
        if gpu.stands_still
        else "neither energy nor power"
        for gpu in looks
        if gpu not in gpus
    }
    left_out = {f"gpu-{index}": why for index, why in lost.items()} | dumb
    words = left_out_words(left_out)
    if not gpus:
        if lost or "its counter stands still" in dumb.values():
            return _refuse("; ".join(words), _BROKEN_REMEDY)
        return _refuse(
            f"{', '.join(dumb)} tells neither energy nor power (as virtual GPUs and some laptops "
            "do)",
            "leave GPUs out with --carbon-meters=rapl or --carbon-meters=model",
        )
    readers = [_reader(nvml, gpu, clock_ns) for gpu in gpus]
    return CounterMeter(
        name_without(NAME, left_out),
        [
            Channel(f"gpu-{gpu.number}", "gpu:nvidia", idle_w=gpu.idle_w, may_rest=not gpu.counts)
            for gpu in gpus
        ],
        lambda: [read() for read in readers],
        description=_describe(gpus, request.sample_interval_s, words),
        interval_s=INTERVAL_S,
        poll_s=request.sample_interval_s if any(gpu.powers for gpu in gpus) else POLL_S,
        release=lambda: _shut_down(nvml),
        clock_s=lambda: clock_ns() / 1e9,
    )
