"""How noisy this machine is just now: the same work again and again, as a test would do it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_carbon.baseline.entry import Entry
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.spread import summarise
from pytest_carbon.ledger import Account

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.gate.policy import Policy
    from pytest_carbon.measurement import Measurement
    from pytest_carbon.sampler import Sampler

__all__ = ["Noise", "measure_noise"]

_TARGET_S = 0.02
"""The work of one sample, in seconds of CPU time on the core as it is."""

_GROUPS = 12
_REPEATS = 3
_PAUSE_S = 0.25
"""Groups lie apart, since a neighbour on the machine comes and goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The spread of equal work, as standard deviations of logarithms (0.1 is about 10 %).

    ``raw_sd`` is that of the figures without the correction for the core's speed, ``sd`` that
    of the corrected ones; ``None`` where nothing could be measured. ``work_s`` is the CPU time of
    one sample, ``samples`` how many there were, ``took_s`` how long it all took.
    """

    raw_sd: float | None
    sd: float | None
    work_s: float
    samples: int
    took_s: float
    entry: Entry | None

    def can_see(self, policy: Policy) -> float | None:
        """The smallest relative rise of such work that the gate finds in 95 % of the cases."""
        if self.entry is None or self.sd is None:
            return None
        return Bounds.of(self.entry, policy, self.sd).can_see


def _work(rounds: int) -> int:
    total = 0
    for number in range(rounds):
        total = (total * 31 + number) & 0xFFFFFFFF
    return total


def _calibrated() -> int:
    """So many rounds take about the target's time; the best try is the least disturbed."""
    rounds = 20_000
    best_s = min(_timed(rounds) for _ in range(5))
    return max(1000, round(rounds * _TARGET_S / best_s))


def _timed(rounds: int) -> float:
    start_s = time.thread_time()
    _work(rounds)
    return max(time.thread_time() - start_s, 1e-6)


def measure_noise(sampler: Sampler, *, sleep: Callable[[float], None] = time.sleep) -> Noise:
    """Do the same work some dozens of times; takes about four seconds."""
    rounds = _calibrated()
    start_s = time.monotonic()
    groups: list[list[Measurement]] = []
    for _ in range(_GROUPS):
        groups.append([_sample(sampler, rounds) for _ in range(_REPEATS)])
        sleep(_PAUSE_S)
    everything = [one for group in groups for one in group]
    known = [one for one in everything if one.energy_j and one.raw_j]
    work_s = sorted(one.cpu_s for one in everything)[len(everything) // 2]
    complete = len(known) == len(everything)
    # Each moment stands for a process of its own: what the gate stores are fresh processes.
    first = raw = None
    if complete:
        first = summarise([one.energy_j or 0.0 for one in group] for group in groups)
        raw = summarise([one.raw_j or 0.0 for one in group] for group in groups)
    return Noise(
        raw_sd=None if raw is None else raw.sd_log,
        sd=None if first is None else first.sd_log,
        work_s=work_s,
        samples=len(everything),
        took_s=time.monotonic() - start_s,
        entry=None
        if first is None
        else Entry(first=first, cpu_s=work_s, wall_s=work_s, raw=raw, sensitivity=1.0),
    )


def _sample(sampler: Sampler, rounds: int) -> Measurement:
    account, before = Account(), sampler.read()
    _work(rounds)
    account.charge(sampler.read(), before)
    return sampler.measure(account)
