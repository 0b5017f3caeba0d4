"""The meters that there are, best first, and what opens each.

A meter's module is imported only where its hardware may be there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.measurement import Method
from pytest_carbon.meters.meter import Unavailable
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.meters.meter import Meter, Request

__all__ = ["BUILT_IN", "Source"]

# Kept in a variable, so that type checkers look at all of it for every system.
_SYSTEM: str = sys.platform


class Source(NamedTuple):
    """A kind of meter: what it covers, how, with which rights, and what opens it.

    ``covers`` are the parts that a setting may name only once; ``rights`` says what a user needs,
    ``domains`` names what its figures are told by, with the part that each covers.
    ``by_default``: it is tried where nothing is named.
    """

    name: str
    covers: tuple[str, ...]
    method: Method
    interval_s: float
    systems: str
    rights: str
    open: Callable[[Request], Meter | Unavailable]
    by_default: bool = True
    domains: str = ""


def _absent(meter: str, reason: str, remedy: str) -> Unavailable:
    return Unavailable(meter=meter, reason=reason, remedy=remedy, silent=True)


def _rapl(request: Request) -> Meter | Unavailable:
    from pytest_carbon.meters.rapl import open_rapl

    return open_rapl(request)


def _rapl_perf(request: Request) -> Meter | Unavailable:
    if not Path("/sys/bus/event_source/devices/power").is_dir():
        return _absent(
            "rapl-perf",
            "no perf events of energy in /sys/bus/event_source/devices/power",
            "it needs Linux on the bare machine, with the kernel module rapl (sudo modprobe rapl)",
        )
    from pytest_carbon.meters.rapl_perf import open_rapl_perf

    return open_rapl_perf(request)


def _apple(request: Request) -> Meter | Unavailable:
    if _SYSTEM != "darwin":
        return _absent("apple", "this is not macOS", "it needs macOS on Apple silicon")
    from pytest_carbon.meters.apple import open_apple

    return open_apple(request)


def _emi(request: Request) -> Meter | Unavailable:
    if _SYSTEM != "win32":
        return _absent("emi", "this is not Windows", "it needs Windows 11 on the bare machine")
    from pytest_carbon.meters.emi import open_emi

    return open_emi(request)


def _powermetrics(request: Request) -> Meter | Unavailable:
    from pytest_carbon.meters.powermetrics import open_powermetrics

    return open_powermetrics(request)


def _nvml(request: Request) -> Meter | Unavailable:
    from pytest_carbon.meters.nvml_library import has_library, no_driver

    if not has_library():
        return no_driver("its library is not installed")
    from pytest_carbon.meters.nvml import open_nvml

    return open_nvml(request)


def _amd(request: Request) -> Meter | Unavailable:
    if not request.is_named and not Path("/dev/kfd").exists():
        return _absent(
            "amd",
            "no AMD GPU that computes (there is no /dev/kfd)",
            "it needs ROCm's driver, and pip install 'pytest-carbon[amd]'",
        )
    from pytest_carbon.meters.amd import open_amd

    return open_amd(request)


def _hwmon(request: Request) -> Meter | Unavailable:
    if not Path("/sys/class/hwmon").is_dir():
        return _absent(
            "hwmon", "no sensors in /sys/class/hwmon", "it needs Linux on the bare machine"
        )
    from pytest_carbon.meters.hwmon import open_hwmon

    return open_hwmon(request)


def _model(request: Request) -> Meter | Unavailable:
    from pytest_carbon.meters.model import ModelMeter

    return ModelMeter(request.power, request.own_threads, request.cpu_name)


_ROOT = "to read energy_uj: root, or a file mode that permits it (a udev rule)"
_PACKAGES = "package-N (cpu), dram-N (memory)"
_BOARDS = "gpu-N, whole boards"
_PERFMON = "CAP_PERFMON, or kernel.perf_event_paranoid of 0 or less"

BUILT_IN = (
    Source(
        "rapl",
        ("cpu", "memory"),
        Method.MEASURED,
        0.001,
        "Linux, bare machine",
        _ROOT,
        open=_rapl,
        domains=_PACKAGES,
    ),
    Source(
        "rapl-perf",
        ("cpu", "memory"),
        Method.MEASURED,
        0.001,
        "Linux, bare machine",
        _PERFMON,
        open=_rapl_perf,
        domains=_PACKAGES,
    ),
    Source(
        "apple",
        ("cpu", "memory", "gpu:apple"),
        Method.MEASURED,
        0.01,
        "macOS on Apple silicon",
        "none; needs the extra pytest-carbon[apple]",
        open=_apple,
        domains="cpu, dram (memory), gpu, gpu-sram, ane (gpu), as far as the chip tells them",
    ),
    Source(
        "emi",
        ("cpu", "memory"),
        Method.MEASURED,
        0.001,
        "Windows 11, bare machine",
        "none",
        open=_emi,
        domains=_PACKAGES,
    ),
    Source(
        "powermetrics",
        ("cpu", "gpu:apple"),
        Method.MEASURED,
        0.1,
        "macOS",
        "sudo without a password, for this program",
        open=_powermetrics,
        by_default=False,
        domains="cpu, gpu, ane (gpu) on Apple silicon; package-0 (cpu) on Intel Macs",
    ),
    Source(
        "nvml",
        ("gpu:nvidia",),
        Method.MEASURED,
        0.1,
        "Linux, Windows",
        "none",
        open=_nvml,
        domains=_BOARDS,
    ),
    Source(
        "amd",
        ("gpu:amd",),
        Method.MEASURED,
        0.02,
        "Linux",
        "none (groups video and render); needs the extra pytest-carbon[amd] and ROCm",
        open=_amd,
        domains=_BOARDS,
    ),
    Source(
        "hwmon",
        (),
        Method.MEASURED,
        0.05,
        "Linux: GPUs of Intel and AMD, Jetson boards, chips with energyN_input",
        "none, as a rule",
        open=_hwmon,
        domains="gpu-N; package-N (cpu); rails by their labels (cpu, gpu, memory)",
    ),
    Source(
        "model",
        ("cpu", "memory"),
        Method.MODELLED,
        0.0,
        "all",
        "none",
        open=_model,
        domains="cpu, memory",
    ),
)
"""Best first; a part of the machine that one covers is no matter of the next."""
