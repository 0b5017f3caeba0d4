"""The choice of meters: counters where they can be read, the model where they cannot."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from pytest_carbon.errors import SettingError
from pytest_carbon.meters.cpu_model import CpuModel, read_cpu_model
from pytest_carbon.meters.meter import Unavailable
from pytest_carbon.meters.model import MemoryModelMeter, ModelMeter
from pytest_carbon.meters.nvml_library import has_library, no_driver
from pytest_carbon.meters.rapl import POWERCAP, open_rapl
from pytest_carbon.meters.watts import cpu_power

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_carbon.meters.meter import Meter
    from pytest_carbon.meters.watts import CpuPower

__all__ = ["METERS", "Choice", "choose_meters"]

METERS = ("rapl", "nvml", "model")
"""The names that a setting may give."""


class Choice(NamedTuple):
    """The meters of a run, and why others are not among them."""

    meters: tuple[Meter, ...]
    unavailable: tuple[Unavailable, ...]

    @property
    def name(self) -> str:
        """The meters' names, for the environment: ``rapl+nvml``."""
        return "+".join(meter.name for meter in self.meters)


def _open_nvml(sample_interval_s: float) -> Meter | Unavailable:
    if not has_library():
        return no_driver("its library is not installed")
    from pytest_carbon.meters.nvml import open_nvml

    return open_nvml(sample_interval_s=sample_interval_s)


def _check(names: Sequence[str]) -> None:
    for name in names:
        if name not in METERS:
            raise SettingError(
                f"--carbon-meters={name}: there is no such meter",
                remedy=f"choose from {', '.join(METERS)}",
            )
    if not names:
        raise SettingError(
            "--carbon-meters names no meter", remedy=f"choose from {', '.join(METERS)}"
        )
    if "rapl" in names and "model" in names:
        raise SettingError(
            "--carbon-meters names rapl and model, which both cover the CPU",
            remedy="name one of them; without the option rapl is taken where it can be read",
        )


def choose_meters(
    names: Sequence[str] | None = None,
    *,
    powercap_root: Path = POWERCAP,
    sample_interval_s: float = 0.1,
    cpu: CpuModel | None = None,
    power: CpuPower | None = None,
    threads: int | None = None,
    cache_dir: Path | None = None,
    gpu: Callable[[float], Meter | Unavailable] = _open_nvml,
) -> Choice:
    """The meters for ``names``; for ``None``, the CPU by RAPL or else by the model, and GPUs.

    ``cpu``, ``power`` and ``threads`` stand for what is found on this machine, ``cache_dir``
    keeps the CPU's name where finding it is slow. Memory that no counter covers is modelled.
    Raises ``SettingError`` for a name that is unknown, and for one that was asked for and does
    not work here.
    """
    if names is not None:
        _check(names)
    cpu = cpu or read_cpu_model(cache_dir)
    power = power or cpu_power(cpu)
    threads = threads or os.cpu_count() or 1
    meters: list[Meter] = []
    unavailable: list[Unavailable] = []

    def take(found: Meter | Unavailable) -> Meter | None:
        if not isinstance(found, Unavailable):
            meters.append(found)
            return found
        if names is not None:
            for meter in meters:
                meter.close()
            raise SettingError(
                f"--carbon-meters={','.join(names)}: {found.meter} cannot be used here "
                f"({found.reason})",
                remedy=found.remedy or "leave it out",
            )
        unavailable.append(found)
        return None

    by_counter = False
    if names is None or "rapl" in names:
        rapl = take(open_rapl(powercap_root, power=power, threads=threads))
        by_counter = rapl is not None
        if rapl is not None and not any(domain.startswith("dram") for domain in rapl.domains):
            meters.append(MemoryModelMeter())
    if (names is None and not by_counter) or (names is not None and "model" in names):
        meters.append(ModelMeter(power, threads, cpu.name))
    if names is None or "nvml" in names:
        take(gpu(sample_interval_s))
    return Choice(tuple(meters), tuple(unavailable))
