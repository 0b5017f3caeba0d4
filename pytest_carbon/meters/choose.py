"""The choice of meters: counters where they can be read, the model where they cannot."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_carbon.errors import SettingError
from pytest_carbon.meters.cpu_model import CpuModel, read_cpu_model
from pytest_carbon.meters.meter import Request, Unavailable, overlaps
from pytest_carbon.meters.model import MemoryModelMeter
from pytest_carbon.meters.own_threads import own_threads
from pytest_carbon.meters.plugins import plugin_sources
from pytest_carbon.meters.sources import BUILT_IN, Source
from pytest_carbon.meters.watts import cpu_power
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_carbon.meters.meter import Meter
    from pytest_carbon.meters.watts import CpuPower

__all__ = ["Choice", "Look", "choose_meters"]

_WORDS = {"cpu": "CPU", "memory": "memory"}
_NAME_ONE = "name one of them; without the option the better one is taken, where it can be read"


class Look(NamedTuple):
    """What became of one kind of meter: in use, not available, or not tried (both ``None``)."""

    source: Source
    meter: Meter | None = None
    unavailable: Unavailable | None = None


class Choice(NamedTuple):
    """The meters of a run, and what became of every kind that there is."""

    meters: tuple[Meter, ...]
    looks: tuple[Look, ...]

    @property
    def unavailable(self) -> tuple[Unavailable, ...]:
        """Why others are not among them."""
        return tuple(look.unavailable for look in self.looks if look.unavailable is not None)

    @property
    def name(self) -> str:
        """The meters' names, for the environment: ``rapl+nvml``."""
        return "+".join(meter.name for meter in self.meters)


class _Choosing:
    """Opens one kind after the other, and remembers which parts are covered."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.meters: list[Meter] = []
        self.looks: list[Look] = []

    @property
    def covered(self) -> tuple[str, ...]:
        return tuple(part for meter in self.meters for part in meter.covers)

    def is_covered(self, source: Source) -> bool:
        # Whoever covers the CPU is no longer needed where that is covered, and so on.
        return bool(source.covers) and overlaps(source.covers[0], self.covered)

    def open(self, source: Source) -> Unavailable | None:
        found = source.open(self.request._replace(covered=self.covered))
        if isinstance(found, Unavailable):
            self.looks.append(Look(source, unavailable=found))
            return found
        taken = [part for part in found.covers if overlaps(part, self.covered)]
        if taken:
            # Of what is covered in part, the rest is measured all the same.
            leave = getattr(found, "leave", None)
            if leave is None or len(taken) == len(found.covers):
                found.close()
                self.looks.append(Look(source))
                return None
            leave(self.covered)
        self.meters.append(found)
        self.looks.append(Look(source, meter=found))
        return None

    def need(self, source: Source, names: Sequence[str]) -> None:
        refused = self.open(source)
        if refused is not None:
            raise SettingError(
                f"--carbon-meters={','.join(names)}: {source.name} cannot be used here "
                f"({refused.reason})",
                remedy=refused.remedy or "leave it out",
            )
        if self.looks[-1].meter is None:
            others = " and ".join(meter.name for meter in self.meters)
            raise SettingError(
                f"--carbon-meters={','.join(names)}: {source.name} covers what {others} already "
                "does",
                remedy=_NAME_ONE,
            )

    def close(self) -> None:
        for meter in self.meters:
            meter.close()

    def complete(self) -> Choice:
        """Model memory where a counter covers the CPU and none the memory."""
        covered = self.covered
        if "cpu" in covered and not overlaps("memory", covered):
            self.meters.append(MemoryModelMeter())
        return Choice(tuple(self.meters), tuple(self.looks))


def _check(names: Sequence[str], sources: Sequence[Source]) -> list[Source]:
    known = {source.name: source for source in sources}
    listed = ", ".join(known)
    for name in names:
        if name not in known:
            raise SettingError(
                f"--carbon-meters={name}: there is no such meter", remedy=f"choose from {listed}"
            )
    if not names:
        raise SettingError("--carbon-meters names no meter", remedy=f"choose from {listed}")
    chosen = [known[name] for name in dict.fromkeys(names)]
    for at, source in enumerate(chosen):
        for other in chosen[:at]:
            for part in source.covers:
                if overlaps(part, other.covers):
                    raise SettingError(
                        f"--carbon-meters names {other.name} and {source.name}, which both cover "
                        f"the {_WORDS.get(part, part)}",
                        remedy=_NAME_ONE,
                    )
    return chosen


def choose_meters(
    names: Sequence[str] | None = None,
    *,
    powercap: Path | None = None,
    sample_interval_s: float = 0.1,
    cpu: CpuModel | None = None,
    power: CpuPower | None = None,
    threads: int | None = None,
    cache_dir: Path | None = None,
    built_in: Sequence[Source] = BUILT_IN,
    plugins: Callable[[Sequence[str]], Sequence[Source]] = plugin_sources,
) -> Choice:
    """The meters for ``names``; for ``None`` the best for each part of the machine.

    Third parties' come first, as somebody has installed them on purpose. ``cpu``, ``power`` and
    ``threads`` stand for what is found on this machine, ``cache_dir`` keeps the CPU's name where
    finding it is slow, ``powercap`` is another root of RAPL's tree. Raises ``SettingError`` for a
    name that is unknown, and for one that was asked for and does not work here.
    """
    sources = [*plugins([source.name for source in built_in]), *built_in]
    chosen = None if names is None else _check(names, sources)
    cpu = cpu or read_cpu_model(cache_dir)
    threads = threads or os.cpu_count() or 1
    choosing = _Choosing(
        Request(
            power=power or cpu_power(cpu),
            threads=threads,
            own_threads=own_threads(threads),
            cpu_name=cpu.name,
            sample_interval_s=sample_interval_s,
            powercap=powercap,
            is_named=names is not None,
        )
    )
    try:
        for source in sources:
            if chosen is None:
                if source.by_default and not choosing.is_covered(source):
                    choosing.open(source)
                else:
                    choosing.looks.append(Look(source))
            elif source not in chosen:
                choosing.looks.append(Look(source))
            else:
                choosing.need(source, names or ())
    except BaseException:
        choosing.close()
        raise
    return choosing.complete()
