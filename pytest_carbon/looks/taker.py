"""What takes the looks of one session: what they have in common, and how one is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from pytest_carbon.looks.answer import UnitAnswer
    from pytest_carbon.looks.order import Ask, AskedTask, LookOrder, Unit
    from pytest_carbon.looks.questions import Tested

    # An order and until when (monotonic seconds) it has to be carried out.
    Take: TypeAlias = Callable[[LookOrder, "float | None"], Mapping[Unit, UnitAnswer]]

__all__ = ["LookTaker"]

# How many times longer than in the session a run may take before it counts as hanging.
_HANGS_AFTER = 20.0
_LEAST_TIMEOUT_S = 10.0


class LookTaker(NamedTuple):
    """What looks of one session have in common, and how one is taken.

    ``reference_ns``, ``probe`` and ``seed`` are those of ``LookOrder``. ``announce`` says which
    tests a look is about to run.
    """

    take: Take
    reference_ns: float | None
    probe: str
    keeps_cwd: bool = True
    seed: int | None = None
    announce: Callable[[Sequence[str]], None] = lambda _: None

    def look(
        self,
        asked: Sequence[tuple[Tested, int, tuple[AskedTask, ...], tuple[float, ...]]],
        timeout_s: float,
        until_s: float | None = None,
    ) -> list[UnitAnswer]:
        """One look at what is asked: what to run, how often again, which tasks, what is enough."""
        from pytest_carbon.looks.order import Ask, LookOrder, Unit

        asks: dict[str, Ask] = {}
        units: list[Unit] = []
        for tested, repeats, tasks, enough_j in asked:
            limit_s = max(_LEAST_TIMEOUT_S, min(timeout_s, _HANGS_AFTER * tested.wall_s))
            for test, sensitivity in zip(tested.tests, tested.sensitivities, strict=True):
                if test not in asks or tasks:
                    asks[test] = Ask(
                        test=test,
                        sensitivity=sensitivity,
                        timeout_s=max(limit_s, 2 * tested.wall_s),
                        tasks=tasks,
                    )
            units.append(Unit(tests=tested.tests, repeats=repeats, enough_j=enough_j))
        self.announce([test for unit in units for test in unit.tests])
        order = LookOrder(
            asks=tuple(asks.values()),
            units=tuple(units),
            reference_ns=self.reference_ns,
            probe=self.probe,
            keeps_cwd=self.keeps_cwd,
            seed=self.seed,
        )
        answers = self.take(order, until_s)
        return [answers[unit] for unit in units]
