"""AMD GPUs through AMD SMI, by the module ``amdsmi`` (the extra ``pytest-carbon[amd]``, or ROCm's).

On some parts the accumulator of energy is wrong (ROCm/amdsmi#38), so that it is held against the
power.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING, Any

from pytest_carbon.meters import amd_library as library
from pytest_carbon.meters.counter_meter import Channel, CounterMeter
from pytest_carbon.meters.left_out import left_out_words, name_without
from pytest_carbon.meters.meter import Request, Unavailable
from pytest_carbon.meters.power import CompletedCounter, PowerSum
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["INTERVAL_S", "open_amd"]

INTERVAL_S = 0.02

_TRIES = 10
_TRY_APART_S = 0.02
# An accumulator that is off by more than this in 0.2 s is none; power is an average itself.
_MOST_OFF = 3.0

_LIST = "run amd-smi list to see what is wrong"


class _Gpu(NamedTuple):
    number: int
    handle: Any
    counts: bool
    idle_w: float | None
    disagrees: bool = False


def _visible(setting: str | None, uuids: list[str]) -> list[int]:
    """What ``ROCR_VISIBLE_DEVICES`` or ``HIP_VISIBLE_DEVICES`` leaves of these GPUs."""
    if setting is None:
        return list(range(len(uuids)))
    found: list[int] = []
    for entry in (part.strip() for part in setting.split(",")):
        if entry.isascii() and entry.isdigit() and int(entry) < len(uuids):
            found.append(int(entry))
        elif entry.upper().startswith("GPU-"):
            tail = entry[4:].replace("-", "").lower()
            found += [at for at, uuid in enumerate(uuids) if tail and uuid.endswith(tail)]
        else:
            break
    return found


class _Seen(NamedTuple):
    """What a GPU has drawn in a moment: joules by its accumulator and by its power, if it tells."""

    counted_j: float | None
    powered_j: float | None


class _Compared:
    """One GPU's accumulator and power, read side by side; what fails is not told."""

    def __init__(self, smi: Any, handle: Any, clock_ns: Callable[[], int]) -> None:
        self._smi, self._handle = smi, handle
        self._start_uj = self._energy_uj()
        self._power_uj: int | None = None
        self._power: PowerSum | None = None
        with contextlib.suppress(OSError):
            self._power = PowerSum(lambda: library.power_w(smi, handle), clock_ns)

    def _energy_uj(self) -> int | None:
        try:
            return library.energy_uj(self._smi, self._handle)
        except OSError:
            return None

    def follow_power(self) -> None:
        if self._power is not None:
            try:
                self._power_uj = self._power.read_uj()
            except OSError:
                self._power = self._power_uj = None

    def seen(self) -> _Seen:
        start_uj, end_uj = self._start_uj, self._energy_uj()
        return _Seen(
            None if start_uj is None or end_uj is None else (end_uj - start_uj) / 1e6,
            None if self._power_uj is None else self._power_uj / 1e6,
        )


def _compare(
    smi: Any,
    handles: list[Any],
    sleep: Callable[[float], None],
    clock_ns: Callable[[], int],
) -> list[_Seen]:
    """What each GPU draws in 0.2 s, as it tells by its accumulator and by its power."""
    compared = [_Compared(smi, handle, clock_ns) for handle in handles]
    for _ in range(_TRIES):
        sleep(_TRY_APART_S)
        for one in compared:
            one.follow_power()
    return [one.seen() for one in compared]


def _refuse(reason: str, remedy: str = "", *, silent: bool = False) -> Unavailable:
    return Unavailable(meter=library.NAME, reason=reason, remedy=remedy, silent=silent)


def open_amd(
    request: Request,
    smi: Any = None,
    *,
    environ: Mapping[str, str] = os.environ,
    sleep: Callable[[float], None] = System.sleep,
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> CounterMeter | Unavailable:
    """The meter over the GPUs that ROCm may use, or why there is none. Takes 0.2 s."""
    if smi is None:
        smi = library.import_module(named=request.is_named)
        if isinstance(smi, Unavailable):
            return smi
    try:
        library.call(smi, "amdsmi_init")
    except OSError as error:
        return _refuse(f"AMD SMI does not work: {error.strerror}", _LIST)
    try:
        found = _open_devices(smi, request, environ, sleep, clock_ns)
    except OSError as error:
        found = _refuse(f"AMD SMI does not work: {error.strerror}", _LIST)
    if isinstance(found, Unavailable):
        library.shut_down(smi)
    return found


def _open_devices(
    smi: Any,
    request: Request,
    environ: Mapping[str, str],
    sleep: Callable[[float], None],
    clock_ns: Callable[[], int],
) -> CounterMeter | Unavailable:
    handles = list(library.call(smi, "amdsmi_get_processor_handles"))
    uuids = [library.uuid(smi, handle) for handle in handles]
    rocr = _visible(environ.get("ROCR_VISIBLE_DEVICES"), uuids)
    hip = _visible(environ.get("HIP_VISIBLE_DEVICES"), [uuids[at] for at in rocr])
    chosen = sorted({rocr[at] for at in hip})
    if not chosen:
        return _refuse(
            "no GPU, or none that ROCR_VISIBLE_DEVICES and HIP_VISIBLE_DEVICES leave visible",
            "set them to the GPUs that the tests use, or unset them",
            silent=True,
        )
    gpus: list[_Gpu] = []
    left_out: dict[str, str] = {}
    seen = _compare(smi, [handles[at] for at in chosen], sleep, clock_ns)
    for at, (counted_j, powered_j) in zip(chosen, seen, strict=True):
        handle = handles[at]
        if counted_j == 0 and not powered_j:
            # The second die of an MI200: the first one's counter holds both.
            left_out[f"gpu-{at}"] = "it shows no energy (the other die of one board does)"
            continue
        counts = (
            counted_j is not None
            and counted_j > 0
            and (not powered_j or powered_j / _MOST_OFF <= counted_j <= powered_j * _MOST_OFF)
        )
        try:
            power_w = library.power_w(smi, handle)
        except OSError as error:
            if not counts:
                left_out[f"gpu-{at}"] = str(error.strerror)
                continue
            power_w = 0.0
        if not counts and not power_w:
            left_out[f"gpu-{at}"] = "it shows no power"
            continue
        idle_w = None if library.is_busy(smi, handle) or not power_w else power_w
        gpus.append(_Gpu(at, handle, counts, idle_w, counted_j is not None and not counts))
    if not gpus:
        return _refuse(
            "; ".join(left_out_words(left_out)), "run amd-smi metric to see what it tells"
        )
    return _meter(smi, request, gpus, left_out, clock_ns)


def _meter(
    smi: Any,
    request: Request,
    gpus: list[_Gpu],
    left_out: dict[str, str],
    clock_ns: Callable[[], int],
) -> CounterMeter:
    def reader(gpu: _Gpu) -> Callable[[], int]:
        def power_w() -> float:
            return library.power_w(smi, gpu.handle)

        def power_if_told() -> float | None:
            try:
                return power_w()
            except OSError as error:
                if error.errno == errno.ENODATA:
                    return None
                raise

        if not gpu.counts:
            return PowerSum(power_w, clock_ns).read_uj
        return CompletedCounter(
            lambda: library.energy_uj(smi, gpu.handle), power_if_told, INTERVAL_S, clock_ns
        ).read_uj

    readers = [reader(gpu) for gpu in gpus]
    parts = [f"AMD SMI, whole boards: {', '.join(f'gpu-{gpu.number}' for gpu in gpus)}"]
    parts += [
        f"gpu-{gpu.number} by power every {request.sample_interval_s:g} s"
        + " (its counter disagrees)" * gpu.disagrees
        for gpu in gpus
        if not gpu.counts
    ]
    parts += [
        f"gpu-{gpu.number} "
        + ("idle draw unknown" if gpu.idle_w is None else f"{gpu.idle_w:.0f} W idle")
        for gpu in gpus
    ]
    # The second die of a board is in the first one's figures: nothing is missing there.
    lost = [name for name, why in left_out.items() if "other die" not in why]
    return CounterMeter(
        name_without(library.NAME, lost),
        [
            Channel(f"gpu-{gpu.number}", "gpu:amd", idle_w=gpu.idle_w, may_rest=not gpu.counts)
            for gpu in gpus
        ],
        lambda: [read() for read in readers],
        description="; ".join([*parts, *left_out_words(left_out)]),
        interval_s=INTERVAL_S,
        poll_s=request.sample_interval_s,
        release=lambda: library.shut_down(smi),
        clock_s=lambda: clock_ns() / 1e9,
    )
