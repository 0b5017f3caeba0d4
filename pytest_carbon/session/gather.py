"""Samples taken to be stored: repeats of a test that passed, and runs of it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_carbon.session.disk import DiskUse

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


class Samples(NamedTuple):
    """``repeats`` with the costs of each, and ``alone``: runs in a process of its own.

    ``disk_share`` is the part of the repeats' CPU time that the kernel took where they wrote to a
    disk, ``None`` where they did not, or ran for too short to tell, and ``blocks_written`` what one
    of them wrote on average.
    """

    repeats: tuple[tuple[Measurement, Costs], ...] = ()
    alone: tuple[Measurement, ...] = ()
    disk_share: float | None = None
    blocks_written: float | None = None


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
        before = DiskUse.now()
        with self._recorder.aside():
            for _ in range(self._repeats):
                measurement = again.run()
                if measurement is None or again.costs is None:
                    return Samples()
                repeats.append((measurement, again.costs))
        used = DiskUse.now().since(before)
        samples = Samples(tuple(repeats))
        if used.kernel_share is not None:
            blocks_written = used.blocks_written / len(repeats)
            samples = Samples(tuple(repeats), (), used.kernel_share, blocks_written)
        if not self._judge.can_resolve(total):
            return samples
        alone = self._confirmations.alone(item, 1 + min(self._repeats, ALONE))
        return samples._replace(alone=tuple(alone))
