"""The whole run by one window over it: what counters showed, and what no worker's row holds."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_carbon.ledger import Account
from pytest_carbon.measurement import Kind, Subject, sum_of
from pytest_carbon.result.facts import Counted
from pytest_carbon.result.subject import NOT_IN_TOTAL, SubjectResult
from pytest_carbon.session.measure.recorder import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_carbon.measurement import DomainEnergy, Measurement
    from pytest_carbon.sampler import Sampler

__all__ = ["WORKERS", "WholeRun"]

WORKERS = "pytest-xdist, and its workers until pytest-carbon"
"""The row of what is spent in the process that users see, and in workers before they measure."""


class WholeRun:
    """In the process that users see: its own window over the run, looks left out.

    Windows of workers overlap, so that their sum is not what a counter showed; and nobody but this
    process sees what it spends itself.
    """

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._first = sampler.read()
        self._looks = Account()

    @contextlib.contextmanager
    def looking_up(self) -> Iterator[None]:
        """Leave out what the plugin itself causes."""
        before = self._sampler.read()
        try:
            yield
        finally:
            self._looks.charge(self._sampler.read(), before)

    def _account(self) -> Account:
        whole = Account()
        whole.charge(self._sampler.read(), self._first)
        looks = self._looks
        for name in ("cpu_ns", "kernels", "wall_ns", "host_ns"):
            setattr(whole, name, max(0, getattr(whole, name) - getattr(looks, name)))
        if looks.counters:
            whole.counters = tuple(map(int.__sub__, whole.counters, looks.counters))
        return whole

    def counted(self) -> tuple[Counted, ...]:
        """What counters showed."""
        account = self._account()
        shown = self._sampler.counted(account)
        return tuple(
            Counted(energy.domain, shown[energy.domain], energy.dynamic_j, energy.idle_j)
            for energy in self._sampler.measure(account).energies
            if energy.domain in shown
        )

    def beside(self, rows: Iterable[SubjectResult]) -> list[SubjectResult]:
        """What the ``rows`` of this machine's workers do not hold, and what looks took."""
        whole = self._sampler.measure(self._account())
        known = sum_of(r.total for r in rows if r.subject.kind not in NOT_IN_TOTAL)
        added = [self._of_looks()] if self._looks.wall_ns else []
        if known is not None:
            row = Subject(Kind.RUNNER, WORKERS)
            added.append(SubjectResult(subject=row, total=_rest(whole, known)))
        return added

    def _of_looks(self) -> SubjectResult:
        total = self._sampler.measure(self._looks)
        return SubjectResult(subject=Subject(Kind.LOOKS, LOOKS), total=total)


def _rest(whole: Measurement, known: Measurement) -> Measurement:
    """What of the whole is not in the known part: by CPU time, and the idle rest.

    A GPU's joules do not follow this process: what no worker was charged is left.
    """
    cpu_s = max(0.0, whole.cpu_s - known.cpu_s)
    part = cpu_s / whole.cpu_s if whole.cpu_s > 0 else 0.0
    known_j = {energy.domain: energy for energy in known.energies}
    return whole._replace(
        cpu_s=cpu_s,
        work_s=whole.work_s * part,
        instructions=None,
        energies=tuple(
            _rest_of(energy, known_j.get(energy.domain), part) for energy in whole.energies
        ),
    )


def _rest_of(whole: DomainEnergy, known: DomainEnergy | None, part: float) -> DomainEnergy:
    dynamic_j, idle_j = (0.0, 0.0) if known is None else (known.dynamic_j, known.idle_j)
    of_gpu = whole.domain.startswith("gpu")
    rest_j = max(0.0, whole.dynamic_j - dynamic_j) if of_gpu else whole.dynamic_j * part
    return whole._replace(dynamic_j=rest_j, idle_j=max(0.0, whole.idle_j - idle_j))
