"""One point of a trend: what a run, or one subject in it, cost then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.result.run import RunResult

__all__ = ["Point", "points"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A figure of one run.

    ``started_at`` is ISO 8601 in UTC, ``fingerprint`` that of the environment: only points with
    the same one are comparable. ``verdict`` is empty for whole runs; ``complete`` says whether
    the run came to its end, ``whole`` whether it was of the whole suite (always so for a subject,
    which is the same in any selection). Energy and emissions are ``None`` where they are not known.
    """

    run_id: str
    started_at: str
    commit: str
    branch: str
    fingerprint: str
    energy_j: float | None
    emissions_g: float | None
    cpu_s: float | None
    verdict: str = ""
    complete: bool = True
    whole: bool = True

    @property
    def remark(self) -> str:
        """Why this point does not stand for the whole; empty where it does."""
        if not self.complete:
            return "not complete"
        return "" if self.whole else "a part of the suite"


def points(results: Sequence[RunResult]) -> list[Point]:
    """The whole runs that are comparable with the last one, as they stand."""
    return [
        Point(
            run_id=result.origin.run_id,
            started_at=result.origin.started_at,
            commit=result.origin.commit,
            branch=result.origin.branch,
            fingerprint=result.environment.fingerprint,
            energy_j=None if result.total is None else result.total.energy_j,
            emissions_g=result.emissions_g,
            cpu_s=None if result.total is None else result.total.cpu_s,
            complete=result.course.complete,
            whole=result.course.full_and_clean,
        )
        for result in results
        if result.origin is not None and result.environment == results[-1].environment
    ]
