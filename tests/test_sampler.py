"""The sampler over invented meters: what is lost, what must be polled, and what forks do to it."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.ledger import Account
from pytest_carbon.measurement import DomainEnergy, Method, Usage
from pytest_carbon.sampler import Sampler
from tests.meters.truth import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Clock:
    """Counts the seconds that a test says the tree has worked."""

    name = description = "told"

    def __init__(self) -> None:
        self.ns = 0

    def read_ns(self) -> int:
        return self.ns

    def close(self) -> None:
        pass


class Meter:
    """A GPU whose counter is what a test says, or fails as it says."""

    name = "board"
    method = Method.MEASURED
    domains = ("gpu-0",)
    covers: tuple[str, ...] = ("gpu",)
    description = "invented"
    interval_s = 0.001
    poll_s: float | None = None
    uses_host_time = False

    def __init__(self, **changes: Any) -> None:
        self.uj = 0
        self.reads = 0
        self.error: OSError | None = None
        self.doubt: OSError | None = None
        for name, value in changes.items():
            setattr(self, name, value)

    def read(self) -> tuple[int, ...]:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return (self.uj,)

    def energy(
        self, usage: Usage, start: tuple[int, ...], end: tuple[int, ...]
    ) -> tuple[DomainEnergy, ...]:
        del usage
        if self.doubt is not None:
            raise self.doubt
        return (DomainEnergy("gpu-0", (end[0] - start[0]) / 1e6, 0.0, self.method),)

    def close(self) -> None:
        pass


@pytest.fixture
def open_sampler() -> Iterator[Callable[..., Sampler]]:
    opened: list[Sampler] = []

    def open_it(*meters: Meter) -> Sampler:
        opened.append(Sampler(meters, Clock(), memory_bytes=lambda: None))
        return opened[-1]

    yield open_it
    for sampler in opened:
        sampler.close()


def spend(sampler: Sampler, work: Callable[[], object]) -> Account:
    account, before = Account(), sampler.read()
    work()
    account.charge(sampler.read(), before)
    return account


def test_a_window_costs_what_its_counters_moved_by(open_sampler: Callable[..., Sampler]) -> None:
    meter = Meter()
    sampler = open_sampler(meter)
    account = spend(sampler, lambda: setattr(meter, "uj", 3_000_000))
    assert sampler.measure(account).energy_j == 3.0


def test_a_meter_that_fails_is_unknown_from_then_on_and_not_zero(
    open_sampler: Callable[..., Sampler],
) -> None:
    meter = Meter()
    sampler = open_sampler(meter)
    account = spend(sampler, lambda: setattr(meter, "error", OSError(5, "GPU is lost")))
    measured = sampler.measure(account)
    assert (measured.energy_j, measured.missing) == (None, ("board",))
    assert sampler.losses == {"board": "GPU is lost"}
    reads = meter.reads
    sampler.read()
    assert meter.reads == reads, "it is asked no more"


def test_a_figure_that_cannot_be_believed_is_unknown(open_sampler: Callable[..., Sampler]) -> None:
    meter = Meter(doubt=OSError(5, "the counter stood still during 1 s of CPU time"))
    sampler = open_sampler(meter)
    measured = sampler.measure(spend(sampler, lambda: None))
    assert measured.energy_j is None
    assert "stood still" in sampler.losses["board"]


def test_work_on_a_gpu_is_waited_for_only_where_one_is_measured(
    open_sampler: Callable[..., Sampler], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[None] = []
    monkeypatch.setattr(
        "pytest_carbon.meters.frameworks.finish_gpu_work", lambda: waits.append(None)
    )
    open_sampler(Meter(covers=("cpu",))).read()
    assert not waits
    open_sampler(Meter(covers=("gpu:nvidia",))).read()
    assert len(waits) == 1


def wait_for(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end_s, "it never came"
        time.sleep(0.001)


def test_a_meter_that_must_be_polled_is_polled(open_sampler: Callable[..., Sampler]) -> None:
    meter = Meter(poll_s=0.001)
    open_sampler(meter)
    wait_for(lambda: meter.reads > 5)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def forked(work: Callable[[], bool]) -> bool:
    """Whether ``work`` is true in a forked process."""
    pid = os.fork()  # type: ignore[attr-defined, unused-ignore]
    if pid == 0:
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


@needs_fork
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_polls_for_itself(open_sampler: Callable[..., Sampler]) -> None:
    meter = Meter(poll_s=0.001)
    sampler = open_sampler(meter)
    wait_for(lambda: meter.reads > 2)

    def measures() -> bool:
        sampler.read()
        reads = meter.reads
        wait_for(lambda: meter.reads > reads + 5)
        return any(thread.name == "carbon-sampler" for thread in threading.enumerate())

    assert forked(measures)


@needs_fork
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_no_fork_copies_a_lock_that_the_polling_thread_holds(
    open_sampler: Callable[..., Sampler],
) -> None:
    """With a board that answers slowly, nearly every fork falls into a reading."""
    driver = threading.Lock()

    class Slow(Meter):
        def read(self) -> tuple[int, ...]:
            with driver:
                time.sleep(0.002)
                return super().read()

    sampler = open_sampler(Slow(poll_s=0.0001))
    for _ in range(8):
        assert forked(lambda: driver.acquire(timeout=5))
        assert forked(lambda: sampler.read() is not None)


@needs_fork
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_at_a_fork_there_is_no_thread_of_ours_and_it_comes_back_by_itself(
    open_sampler: Callable[..., Sampler],
) -> None:
    """Python warns of a fork in a process with threads, and a test may take that for an error."""

    def ours() -> list[threading.Thread]:
        return [one for one in threading.enumerate() if one.name == "carbon-sampler"]

    at_fork: list[int] = []
    meter = Meter(poll_s=0.001)
    # Called before the sampler's own.
    os.register_at_fork(after_in_parent=lambda: at_fork.append(len(ours())))  # type: ignore[attr-defined, unused-ignore]
    open_sampler(meter)
    assert forked(lambda: True)
    assert at_fork[0] == 0
    reads = meter.reads
    wait_for(lambda: meter.reads > reads + 5)
    assert len(ours()) == 1


@needs_fork
def test_power_is_integrated_on_in_a_forked_process(open_sampler: Callable[..., Sampler]) -> None:
    from pytest_carbon.meters.power import PowerSum

    world = World(swing_w=0)

    class Powered(Meter):
        power = PowerSum(lambda: world.power_w, world.clock_ns)

        def read(self) -> tuple[int, ...]:
            return (self.power.read_uj(),)

    sampler = open_sampler(Powered())

    def same_figure() -> bool:
        account = spend(sampler, lambda: world.sleep(0.36))
        return sampler.measure(account).energy_j == pytest.approx(36)

    assert same_figure()
    assert forked(same_figure)


if sys.platform == "win32":
    del test_power_is_integrated_on_in_a_forked_process
