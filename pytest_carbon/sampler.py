"""The sampler: one a session, reads clocks and meters at the edges of phases.

Its thread exists only for meters that cannot be read at the edges alone: those that know
only power, and counters that wrap.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pytest_carbon.clocks.host import OthersBusy
from pytest_carbon.measurement import Measurement, Reading, Usage
from pytest_carbon.speed.correction import DEFAULT_SENSITIVITY
from pytest_carbon.speed.edges import OffProbe
from pytest_carbon.speed.work import WorkClock
from pytest_carbon.system import System
from pytest_carbon.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.clocks.clock import CpuClock
    from pytest_carbon.clocks.instructions import Instructions
    from pytest_carbon.clocks.siblings import RunBusy
    from pytest_carbon.ledger import Account
    from pytest_carbon.measurement import DomainEnergy
    from pytest_carbon.meters.meter import Meter
    from pytest_carbon.speed.probe import SpeedProbe

__all__ = ["Sampler"]

_FORK_WAIT_S = 1.0


class Sampler:
    """Reads everything at an edge, and turns what was spent into a measurement.

    ``host_busy_ns`` reads the CPU time of all processes of the host, ``run_busy`` that of all
    workers of the run, ``memory_bytes`` the resident memory of this process (``None`` where it is
    unknown). ``probe`` says how fast the core runs; it has to be opened before ``clock``.
    ``instructions`` counts them, as evidence beside the energy. A meter that fails is dropped for
    the rest of the run and named in ``losses``: its figures are unknown from then on, not zero.

    ``reference_ns`` is the probe's time at the speed to which figures are corrected; ``None``
    leaves them as they are.
    """

    def __init__(
        self,
        meters: Sequence[Meter],
        clock: CpuClock,
        *,
        host_busy_ns: Callable[[], int | None] | None = None,
        memory_bytes: Callable[[], int | None],
        host_share: float = 1.0,
        probe: SpeedProbe | None = None,
        instructions: Instructions | None = None,
        run_busy: RunBusy | None = None,
        wall_ns: Callable[[], int] = System.perf_counter_ns,
    ) -> None:
        self.meters = tuple(meters)
        self.clock = clock
        self.reference_ns: float | None = None
        self.losses: dict[str, str] = {}
        self._host_busy_ns = host_busy_ns
        self.memory_bytes = memory_bytes
        self._host_share = host_share
        self._wall_ns = wall_ns
        self._others = OthersBusy()
        self._run_busy = run_busy
        self._lock = threading.Lock()
        self._is_held = self._is_paused = self._holds_at_forks = False
        # Each meter, where its counters are among all, and what they differ by in no time.
        self._places: list[tuple[Meter, slice, tuple[int, ...]]] = []
        self._latest: list[tuple[int, ...]] = []
        at = 0
        for meter in self.meters:
            counters = meter.read()
            self._latest.append(counters)
            self._places.append((meter, slice(at, at + len(counters)), (0,) * len(counters)))
            at += len(counters)
        self._instructions = instructions
        self._has_counters = at > 0 or instructions is not None
        self._run_at = at
        self._work = WorkClock(clock.read_ns, probe or OffProbe())
        self._uses_gpu = any(
            part.startswith("gpu") for meter in self.meters for part in meter.covers
        )
        self._stop = threading.Event()
        self._pid = System.getpid()
        self._thread = self._start_thread()

    def read(self) -> Reading:
        """Everything at this instant."""
        if self._has_counters:
            return self._read_all()
        wall_ns = self._wall_ns()
        cpu_ns, kernels = self._work.read(wall_ns)
        return Reading(wall_ns, cpu_ns, kernels)

    def _read_all(self) -> Reading:
        if System.getpid() != self._pid:
            self._go_on_after_fork()
        elif self._is_paused:
            self.resume()
        if self._uses_gpu:
            from pytest_carbon.meters.frameworks import finish_gpu_work

            finish_gpu_work()
        counters: list[int] = []
        with self._lock:
            for index, meter in enumerate(self.meters):
                counters += self._read_meter(index, meter)
        host_ns = self._host_busy_ns() if self._host_busy_ns is not None else None
        wall_ns = self._wall_ns()
        cpu_ns, kernels = self._work.read(wall_ns)
        if host_ns:
            host_ns = self._others.host_ns(host_ns, cpu_ns, wall_ns)
        if self._run_busy is not None:
            counters.append(self._run_busy.read_ns(cpu_ns))
        if self._instructions is not None:
            counters.append(self._instructions.read() or 0)
        return Reading(wall_ns, cpu_ns, kernels, host_ns or 0, tuple(counters))

    @property
    def probe(self) -> SpeedProbe:
        """What says how fast the core runs."""
        return self._work.probe

    @property
    def counts(self) -> bool:
        """Whether there are counters of energy, which know nothing of what was before them."""
        return any(where.stop > where.start for _, where, _ in self._places)

    def restart(self, probe: SpeedProbe) -> None:
        """Go on in a forked process: another probe, and cumulative values that start over."""
        self._work.restart(probe)
        self._others = OthersBusy()

    def _go_on_after_fork(self) -> None:
        # Threads do not live on in a forked process, and the lock may have been held by one.
        self._pid = System.getpid()
        self._is_held = self._is_paused = False
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = self._start_thread()

    def before_fork(self) -> None:
        """End the thread and keep others from reading, for as long as a fork takes.

        No lock is copied that somebody holds, ours or a driver's; and Python from 3.12 on warns of
        a fork in a process with threads, which the test would not have without us.
        """
        thread = self._thread
        if thread is not None and thread is not System.current_thread():
            self._stop.set()
            thread.join(_FORK_WAIT_S)
            self._is_paused = True
        self._is_held = self._lock.acquire(timeout=_FORK_WAIT_S)

    def after_fork(self) -> None:
        """Let others read again; the thread follows by ``resume``."""
        if self._is_held:
            self._is_held = False
            self._lock.release()

    def resume(self) -> None:
        """Start the thread again that a fork has ended; not in the forked process."""
        if self._is_paused and System.getpid() == self._pid:
            self._is_paused = False
            self._stop = threading.Event()
            self._thread = self._start_thread()

    def _read_meter(self, index: int, meter: Meter) -> tuple[int, ...]:
        if meter.name not in self.losses:
            try:
                self._latest[index] = meter.read()
            except OSError as error:
                self.losses[meter.name] = error.strerror or str(error)
        return self._latest[index]

    def measure(
        self,
        account: Account,
        memory_bytes: int | None = None,
        sensitivity: float = DEFAULT_SENSITIVITY,
    ) -> Measurement:
        """What an account has spent, in joules; ``memory_bytes`` defaults to what is in use now.

        ``sensitivity`` is how much the subject's CPU time follows the speed of the core.
        """
        cpu_s = account.cpu_ns / NS_PER_S
        wall_s = account.wall_ns / NS_PER_S
        speed = self._speed(account)
        usage = Usage(
            cpu_s,
            wall_s,
            cpu_s if speed is None else cpu_s * speed**sensitivity,
            account.host_ns / NS_PER_S if account.host_ns else None,
            self.memory_bytes() if memory_bytes is None else memory_bytes,
            self._host_share,
            self._run_share(account),
        )
        energies: list[DomainEnergy] = []
        for meter, where, zero in self._places:
            if meter.name in self.losses:
                continue
            try:
                energies += meter.energy(usage, zero, account.counters[where] or zero)
            except OSError as error:
                self.losses[meter.name] = error.strerror or str(error)
        return Measurement(
            cpu_s=cpu_s,
            wall_s=wall_s,
            work_s=usage.work_s,
            energies=tuple(energies),
            speed=speed,
            instructions=self._instructions_of(account),
            missing=(*self.losses, "a reading") if account.is_lost else tuple(self.losses),
        )

    def counted(self, account: Account) -> dict[str, float]:
        """What counters have shown meanwhile, by their domains, whoever has caused it."""
        shown: dict[str, float] = {}
        for meter, where, _ in self._places:
            read = getattr(meter, "counted_j", None)
            if read is not None and account.counters and meter.name not in self.losses:
                shown.update(zip(meter.domains, read(account.counters[where]), strict=True))
        return shown

    def _run_share(self, account: Account) -> float:
        """The tree's part of the CPU time of all workers; an equal one where that is unknown."""
        if self._run_busy is None or not self._run_busy.is_known or not account.counters:
            return self._host_share
        run_ns = account.counters[self._run_at]
        return min(1.0, account.cpu_ns / run_ns) if run_ns > 0 else self._host_share

    def _instructions_of(self, account: Account) -> int | None:
        if self._instructions is None or not account.counters or self._instructions.read() is None:
            return None
        return account.counters[-1]

    def _speed(self, account: Account) -> float | None:
        if self.reference_ns is None or account.kernels <= 0 or account.cpu_ns <= 0:
            return None
        return self.reference_ns * account.kernels / account.cpu_ns

    def close(self) -> None:
        """Stop the thread and release every handle; may be called twice."""
        self._is_paused = False
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for meter in self.meters:
            meter.close()
        self.clock.close()
        if self._instructions is not None:
            self._instructions.close()
        self.probe.close()

    def _start_thread(self) -> threading.Thread | None:
        intervals = [meter.poll_s for meter in self.meters if meter.poll_s is not None]
        if not intervals:
            return None
        if not self._holds_at_forks:
            from pytest_carbon.forks import hold_at_forks

            self._holds_at_forks = True
            hold_at_forks(self)
        thread = threading.Thread(
            target=self._poll, args=(min(intervals),), name="carbon-sampler", daemon=True
        )
        thread.start()
        return thread

    def _poll(self, interval_s: float) -> None:
        stop = self._stop
        while not stop.wait(interval_s):
            with self._lock:
                for index, meter in enumerate(self.meters):
                    if meter.poll_s is not None:
                        self._read_meter(index, meter)
