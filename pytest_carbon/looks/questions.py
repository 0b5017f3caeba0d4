"""What is asked about a subject that looks measure again, and how they answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pytest_carbon.gate.budget import verdict_on_budget
from pytest_carbon.gate.confirm import enough_j, open_verdict, verdict_by_looks
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.gate.looks import Look, Suspect
    from pytest_carbon.gate.verdict import Verdict
    from pytest_carbon.looks.order import AskedTask

__all__ = ["AgainstBaseline", "AgainstBudget", "Question", "Tested"]


class Tested(NamedTuple):
    """The tests that are run for a question: one, or some short ones of a file.

    ``sensitivities`` are how much they follow the speed of the core, ``wall_s`` the seconds that
    all of them take.
    """

    tests: tuple[str, ...]
    sensitivities: tuple[float, ...]
    wall_s: float


class Question(Protocol):
    """Something that looks are to decide about one subject."""

    @property
    def tested(self) -> Tested:
        """What is run for it."""

    @property
    def task(self) -> AskedTask | None:
        """The task in the test that it is about; ``None`` for the test itself."""

    @property
    def excess(self) -> float:
        """How far the first run lies above its limit, as a ratio: the greatest are asked first."""

    def verdict(self, looks: Sequence[Look]) -> Verdict | None:
        """The verdict by these looks; ``None`` where one more is needed."""

    def enough_j(self, most_samples: int) -> tuple[float, ...]:
        """Up to which mean of 1, 2, … samples the first look may end; empty for never."""

    def unanswered(self, looks: Sequence[Look], reason: str) -> Verdict:
        """The verdict where there can be no further look, for a ``reason``."""


class AgainstBaseline(NamedTuple):
    """Whether a suspect costs more than its baseline allows."""

    tested: Tested
    suspect: Suspect
    task: AskedTask | None = None

    @property
    def excess(self) -> float:
        """The first run over the baseline."""
        centre_j = self.suspect.bounds.centre_j
        return self.suspect.first_j / centre_j if centre_j > 0 else 1.0

    def verdict(self, looks: Sequence[Look]) -> Verdict | None:
        """The gate's answer."""
        return verdict_by_looks(self.suspect, looks)

    def enough_j(self, most_samples: int) -> tuple[float, ...]:
        """What clears the suspect at once."""
        return enough_j(self.suspect, most_samples)

    def unanswered(self, looks: Sequence[Look], reason: str) -> Verdict:
        """Inconclusive."""
        return open_verdict(self.suspect, reason, looks)


class AgainstBudget(NamedTuple):
    """Whether a test or a task exceeds its budget; both in joules."""

    tested: Tested
    now_j: float
    budget_j: float
    task: AskedTask | None = None

    @property
    def excess(self) -> float:
        """The first run over the budget."""
        return self.now_j / self.budget_j if self.budget_j > 0 else 1.0

    def verdict(self, looks: Sequence[Look]) -> Verdict | None:
        """The gate's answer."""
        return verdict_on_budget(self.now_j, self.budget_j, looks)

    def enough_j(self, most_samples: int) -> tuple[float, ...]:
        """A first run within the budget clears it."""
        return (self.budget_j,) if most_samples else ()

    def unanswered(self, looks: Sequence[Look], reason: str) -> Verdict:
        """Inconclusive."""
        verdict = verdict_on_budget(self.now_j, self.budget_j, looks, reason)
        assert verdict is not None, "a reason ends the looks"
        return verdict
