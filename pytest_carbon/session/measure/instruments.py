"""Everything that is opened to measure a run, and what to say of it."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.clocks.choose import open_clock
from pytest_carbon.clocks.host import HostBusy
from pytest_carbon.clocks.instructions import open_instructions
from pytest_carbon.clocks.memory import ResidentMemory
from pytest_carbon.environment import Environment
from pytest_carbon.meters.choose import choose_meters
from pytest_carbon.meters.cpu_model import read_cpu_model
from pytest_carbon.record import NamedTuple
from pytest_carbon.sampler import Sampler
from pytest_carbon.session.measure.tracing import tracing
from pytest_carbon.speed.selection import StartingProbe

if TYPE_CHECKING:
    from pytest_carbon.meters.choose import Look
    from pytest_carbon.settings import Settings

__all__ = ["Instruments", "open_instruments"]


class Instruments(NamedTuple):
    """The open sampler, and what it can and cannot see, in words.

    ``missing_meters`` are those of ``unavailable`` that are meters. ``unshared`` names meters of
    the whole machine whose joules cannot be divided, as the host's CPU time is not known.
    ``looks`` say what became of every kind of meter.
    """

    sampler: Sampler
    meters: tuple[str, ...]
    clock: str
    unavailable: tuple[str, ...]
    missing_meters: tuple[str, ...]
    unshared: tuple[str, ...]
    looks: tuple[Look, ...]
    cpu_model: str
    files: tuple[HostBusy | ResidentMemory, ...]

    @property
    def method(self) -> str:
        """How figures come about, for a message."""
        return "; ".join(self.meters)

    def environment(self) -> Environment:
        """What must match for two runs to be comparable, as this process is now."""
        return Environment(
            cpu_model=self.cpu_model,
            cpu_count=os.cpu_count() or 1,
            meter="+".join(
                f"{meter.name}-unshared" if meter.name in self.unshared else meter.name
                for meter in self.sampler.meters
            ),
            clock=self.sampler.clock.name,
            speed=self.sampler.probe.name,
            python=f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}",
            os=platform.system().lower(),
            tracing=tracing(),
        )

    def close(self) -> None:
        """Release everything; may be called twice."""
        self.sampler.close()
        for file in self.files:
            file.close()


def open_instruments(
    settings: Settings, *, workers: int, probe: StartingProbe | None = None
) -> Instruments:
    """Open the best meters and clock that there are, or those that were asked for.

    ``probe`` is the one of ``settings``, where that was started before. Raises ``SettingError``
    where something asked for cannot be used here.
    """
    with closing(probe or StartingProbe(settings.speed)) as starting:
        cpu = read_cpu_model(_cache_dir())
        choice = choose_meters(
            settings.meters,
            powercap=settings.powercap,
            sample_interval_s=settings.sample_interval_s,
            cpu=cpu,
        )
        # Before the clock, which would count what the helpers cost.
        speed, no_better_probe = starting.finish()
    clock, refused = open_clock([settings.clock] if settings.clock else None)
    # Only a counter that all processes share has to be divided among them.
    shared = [meter.name for meter in choice.meters if meter.uses_host_time]
    host = HostBusy() if shared else None
    unshared = shared if host is not None and not host.read_ns() else []
    run_busy = None
    if workers > 1 and any(p.startswith("gpu") for meter in choice.meters for p in meter.covers):
        from pytest_carbon.clocks.siblings import RunBusy

        run_busy = RunBusy()
    memory = ResidentMemory()
    sampler = Sampler(
        choice.meters,
        clock,
        host_busy_ns=None if host is None else host.read_ns,
        memory_bytes=memory.read_bytes,
        host_share=1 / max(1, workers),
        probe=speed,
        instructions=open_instructions(),
        run_busy=run_busy,
    )
    missing_meters = [
        f"no {u.meter}: {u.reason}" + (f"; {u.remedy}" if u.remedy else "")
        for u in choice.unavailable
        if not u.silent
    ]
    if unshared:
        missing_meters.append(
            f"the CPU time of the whole host is hidden: all that {' and '.join(unshared)} shows "
            "is charged to the tests, neighbours included; let the container read the host's "
            "/proc/stat (LXC: without lxcfs over it)"
        )
    unavailable = list(missing_meters)
    if refused and not settings.clock:
        unavailable += [
            f"no clock {r.clock}: {r.reason}" + (f"; {r.remedy}" if r.remedy else "")
            for r in refused
        ]
    unavailable += no_better_probe
    if not memory.is_known:
        unavailable.append(
            "no memory: this system does not say how much is in use (on Linux /proc does); what "
            "it draws is left out of the idle figure"
        )
    return Instruments(
        sampler=sampler,
        meters=tuple(meter.description for meter in choice.meters),
        clock=f"{clock.description}; {speed.description}",
        unavailable=tuple(unavailable),
        missing_meters=tuple(missing_meters),
        unshared=tuple(unshared),
        looks=choice.looks,
        cpu_model=cpu.name,
        files=(memory,) if host is None else (memory, host),
    )


def _cache_dir() -> Path | None:
    # By number, as users of containers need not have a name; on Windows the folder is one's own.
    user = os.getuid() if hasattr(os, "getuid") else "own"
    try:
        return Path(tempfile.gettempdir()) / f"pytest-carbon-{user}"
    except FileNotFoundError:  # a container may have no folder to write into
        return None
