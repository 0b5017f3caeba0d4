"""Samples taken to be stored: repeats of a test that passed, and runs of it alone."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pytest

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.session.again import Confirmations
    from pytest_carbon.session.costs import Costs
    from pytest_carbon.session.judge import Judge
    from pytest_carbon.session.recorder import Recorder
    from pytest_carbon.session.repeat import Again

__all__ = ["Gatherer", "Samples"]

# Runs after the first one in a process of its own: as many as a look takes.
ALONE = 4

# Two ticks of the clock that tells the kernel's time from the program's; the rounds of a refresh
# even out how little that says.
LEAST_S = 0.01


class Samples(NamedTuple):
    """``repeats`` with the costs of each, and ``alone``: runs in a process of its own.

    ``disk_share`` is the part of the repeats' CPU time that the kernel took where they wrote to a
    disk, ``None`` where they did not, or ran for too short to tell.
    """

    repeats: tuple[tuple[Measurement, Costs], ...] = ()
    alone: tuple[Measurement, ...] = ()
    disk_share: float | None = None


class Gatherer:
    """Runs a test ``repeats`` more times; never, where it gathers nothing."""

    def __init__(
        self, recorder: Recorder, judge: Judge, confirmations: Confirmations, repeats: int
    ) -> None:
        self._recorder = recorder
        self._judge = judge
        self._confirmations = confirmations
        self._repeats = repeats

    def of(self, item: pytest.Item, again: Again | None, total: Measurement | None) -> Samples:
        """The samples of a test that passed; none where it does not pass again.

        A test too short for the meter is gated in sums only, and is not run alone.
        """
        if again is None or not again.possible or not self._repeats:
            return Samples()
        repeats = []
        before = _Usage.now()
        with self._recorder.aside():
            for _ in range(self._repeats):
                measurement = again.run()
                if measurement is None or again.costs is None:
                    return Samples()
                repeats.append((measurement, again.costs))
        disk_share = _disk_share(before, _Usage.now())
        if not self._judge.can_resolve(total):
            return Samples(tuple(repeats), disk_share=disk_share)
        alone = self._confirmations.alone(item, 1 + min(self._repeats, ALONE))
        return Samples(tuple(repeats), tuple(alone), disk_share)


class _Usage(NamedTuple):
    """What this process and its ended children have used so far."""

    kernel_s: float = 0.0
    cpu_s: float = 0.0
    blocks_written: int = 0

    @classmethod
    def now(cls) -> _Usage:
        """All zero on Windows, which has no such counters."""
        with contextlib.suppress(ImportError):
            import resource

            both = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
            return cls(
                sum(usage.ru_stime for usage in both),
                sum(usage.ru_stime + usage.ru_utime for usage in both),
                sum(usage.ru_oublock for usage in both),
            )
        return cls()


def _disk_share(before: _Usage, after: _Usage) -> float | None:
    """The kernel's part of the CPU time of what wrote to a disk in between.

    Linux splits CPU time by what its ticks, 4 ms apart, hit.
    """
    cpu_s = after.cpu_s - before.cpu_s
    if cpu_s < LEAST_S or after.blocks_written == before.blocks_written:
        return None
    return (after.kernel_s - before.kernel_s) / cpu_s
