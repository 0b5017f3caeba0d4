"""AMD GPUs through AMD SMI, by the module ``amdsmi`` (the extra ``pytest-carbon[amd]``, or ROCm's).

Calls and units: ROCm's documentation of ``amdsmi``. Energy is an accumulator times its resolution
in microjoules; on some parts it is wrong (ROCm/amdsmi#38), so that it is held against the power.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_carbon.meters.counter_meter import Channel, CounterMeter
from pytest_carbon.meters.meter import Request, Unavailable
from pytest_carbon.meters.power import CompletedCounter, PowerSum

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["INTERVAL_S", "open_amd"]

NAME = "amd"

INTERVAL_S = 0.02

_KFD = Path("/dev/kfd")

_TRIES = 10
_TRY_APART_S = 0.02
# An accumulator that is off by more than this in 0.2 s is none; power is an average itself.
_MOST_OFF = 3.0

_REMEDY = "pip install 'pytest-carbon[amd]', and ROCm's libamd_smi.so; or read power by hwmon alone"


class _Gpu(NamedTuple):
    number: int
    handle: Any
    counts: bool
    idle_w: float | None


def _import(named: bool) -> Any | Unavailable:
    if not named and not _KFD.exists():
        return _refuse("no AMD GPU (there is no /dev/kfd)", _REMEDY, silent=True)
    if importlib.util.find_spec("amdsmi") is None:
        return _refuse("the module amdsmi is not installed", _REMEDY, silent=True)
    try:
        import amdsmi  # type: ignore[import-not-found, unused-ignore]
    except Exception as error:  # noqa: BLE001 - it raises KeyError and others without its library
        return _refuse(f"the module amdsmi does not work: {error!r}", _REMEDY)
    return amdsmi


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


def _power_w(smi: Any, handle: Any) -> float:
    """Watts now; raises ``OSError`` where it tells none."""
    try:
        info = smi.amdsmi_get_power_info(handle)
    except smi.AmdSmiLibraryException as error:
        raise OSError(errno.ENODEV, f"AMD SMI: {error}") from error
    for key in ("current_socket_power", "average_socket_power"):
        value = info.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    raise OSError(errno.ENODATA, "AMD SMI tells no power")


def _energy_uj(smi: Any, handle: Any) -> int:
    try:
        told = smi.amdsmi_get_energy_count(handle)
    except smi.AmdSmiLibraryException as error:
        raise OSError(errno.ENODEV, f"AMD SMI: {error}") from error
    count = told.get("energy_accumulator", told.get("power"))
    resolution = told.get("counter_resolution")
    if not isinstance(count, int) or not isinstance(resolution, (int, float)):
        raise OSError(errno.ENODATA, "AMD SMI tells no energy")
    return int(count * resolution)


def _is_busy(smi: Any, handle: Any) -> bool:
    try:
        return bool(smi.amdsmi_get_gpu_activity(handle).get("gfx_activity", 1))
    except (smi.AmdSmiLibraryException, AttributeError, TypeError):
        return True


def _compare(
    smi: Any,
    handles: list[Any],
    sleep: Callable[[float], None],
    clock_ns: Callable[[], int],
) -> list[tuple[float, float | None] | None]:
    """Joules by the accumulator and by power, per GPU; ``None`` where it tells no energy."""
    totals: list[tuple[int, PowerSum | None] | None] = []
    for handle in handles:
        try:
            start_uj = _energy_uj(smi, handle)
        except OSError:
            totals.append(None)
            continue
        try:
            power = PowerSum(lambda handle=handle: _power_w(smi, handle), clock_ns)  # type: ignore[misc]
        except OSError:
            totals.append((start_uj, None))
        else:
            totals.append((start_uj, power))
    power_uj = [0] * len(handles)
    for _ in range(_TRIES):
        sleep(_TRY_APART_S)
        for at, total in enumerate(totals):
            if total is not None and total[1] is not None:
                power_uj[at] = total[1].read_uj()
    return [
        None
        if total is None
        else (
            (_energy_uj(smi, handle) - total[0]) / 1e6,
            None if total[1] is None else power_uj[at] / 1e6,
        )
        for at, (handle, total) in enumerate(zip(handles, totals, strict=True))
    ]


def _refuse(reason: str, remedy: str = "", *, silent: bool = False) -> Unavailable:
    return Unavailable(meter=NAME, reason=reason, remedy=remedy, silent=silent)


def open_amd(
    request: Request,
    smi: Any = None,
    *,
    environ: Mapping[str, str] = os.environ,
    sleep: Callable[[float], None] = time.sleep,
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> CounterMeter | Unavailable:
    """The meter over the GPUs that ROCm may use, or why there is none. Takes 0.2 s."""
    if smi is None:
        smi = _import(request.is_named)
        if isinstance(smi, Unavailable):
            return smi
    try:
        smi.amdsmi_init()
    except smi.AmdSmiLibraryException as error:
        return _refuse(f"AMD SMI does not work: {error}", "run amd-smi list to see what is wrong")
    try:
        found = _open_devices(smi, request, environ, sleep, clock_ns)
    except (smi.AmdSmiLibraryException, OSError) as error:
        found = _refuse(f"AMD SMI does not work: {error}", "run amd-smi list to see what is wrong")
    if isinstance(found, Unavailable):
        _shut_down(smi)
    return found


def _shut_down(smi: Any) -> None:
    try:
        smi.amdsmi_shut_down()
    except smi.AmdSmiLibraryException:
        return  # the driver has gone before us


def _uuid(smi: Any, handle: Any) -> str:
    try:
        return str(smi.amdsmi_get_gpu_device_uuid(handle)).replace("-", "").lower()
    except smi.AmdSmiLibraryException:
        return ""


def _open_devices(
    smi: Any,
    request: Request,
    environ: Mapping[str, str],
    sleep: Callable[[float], None],
    clock_ns: Callable[[], int],
) -> CounterMeter | Unavailable:
    handles = list(smi.amdsmi_get_processor_handles())
    uuids = [_uuid(smi, handle) for handle in handles]
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
    for at, told in zip(chosen, seen, strict=True):
        handle = handles[at]
        by_power = None if told is None else told[1]
        if told is not None and told[0] == 0 and not by_power:
            # The second die of an MI200: the first one's counter holds both.
            left_out[f"gpu-{at}"] = "it shows no energy (the other die of one board does)"
            continue
        counts = told is not None and (
            not by_power or by_power / _MOST_OFF <= told[0] <= by_power * _MOST_OFF
        )
        try:
            power_w = _power_w(smi, handle)
        except OSError as error:
            if not counts:
                left_out[f"gpu-{at}"] = str(error.strerror)
                continue
            power_w = 0.0
        idle_w = None if _is_busy(smi, handle) or not power_w else power_w
        gpus.append(_Gpu(at, handle, counts, idle_w))
    if not gpus:
        return _refuse("; ".join(_words(left_out)), "run amd-smi metric to see what it tells")
    return _meter(smi, request, gpus, left_out, clock_ns)


def _words(left_out: dict[str, str]) -> list[str]:
    return [f"{name} left out: {why}" for name, why in left_out.items()]


def _meter(
    smi: Any,
    request: Request,
    gpus: list[_Gpu],
    left_out: dict[str, str],
    clock_ns: Callable[[], int],
) -> CounterMeter:
    def reader(gpu: _Gpu) -> Callable[[], int]:
        def power_w() -> float:
            return _power_w(smi, gpu.handle)

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
            lambda: _energy_uj(smi, gpu.handle), power_if_told, INTERVAL_S, clock_ns
        ).read_uj

    readers = [reader(gpu) for gpu in gpus]
    parts = [f"AMD SMI, whole boards: {', '.join(f'gpu-{gpu.number}' for gpu in gpus)}"]
    parts += [
        f"gpu-{gpu.number} by power every {request.sample_interval_s:g} s (its counter disagrees)"
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
        "-without-".join([NAME, *lost]),
        [
            Channel(f"gpu-{gpu.number}", "gpu:amd", idle_w=gpu.idle_w, may_rest=not gpu.counts)
            for gpu in gpus
        ],
        lambda: [read() for read in readers],
        description="; ".join([*parts, *_words(left_out)]),
        interval_s=INTERVAL_S,
        poll_s=request.sample_interval_s,
        release=lambda: _shut_down(smi),
        clock_s=lambda: clock_ns() / 1e9,
    )
