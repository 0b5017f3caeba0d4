"""Where a finished run goes: its reports, and the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.errors import CarbonError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_carbon.history.point import Point
    from pytest_carbon.history.store import History
    from pytest_carbon.report.destination import Destination
    from pytest_carbon.result.facts import Origin
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.settings import Settings, Wish

__all__ = ["Publisher"]

_PAST = 60
"""Earlier runs on the page."""


class Publisher:
    """Writes what was asked for.

    Raises ``SettingError``, ``ReportError`` or ``HistoryError`` where something cannot be
    written, before any test runs.
    """

    def __init__(self, settings: Settings) -> None:
        self._destinations: tuple[Destination, ...] = ()
        if settings.reports:
            from pytest_carbon.report.comment import Comment
            from pytest_carbon.report.destination import parse_destinations, probe

            comment = Comment(link=settings.report_link, always=settings.report_always)
            self._destinations = parse_destinations(settings.reports, comment)
            for destination in self._destinations:
                probe(destination)
        self._history = None if settings.history is None else _history(settings.history)
        if self._history is not None:
            self._history.check()

    def origin(self, root: Path, started_s: float) -> Origin | None:
        """Where the run comes from, which is looked up only for what outlives the run."""
        if not self._destinations and self._history is None:
            return None
        from pytest_carbon.session.results.origin import find_origin

        return find_origin(root, started_s=started_s)

    def publish(self, result: RunResult) -> list[str]:
        """Write everything; returns what there is to say.

        Raises the first ``CarbonError``, when all else is written.
        """
        notes: list[str] = []
        errors: list[CarbonError] = []
        past: list[Point] = []
        try:
            past = self._remember(result)
        except CarbonError as error:
            errors.append(error)
        for destination in self._destinations:
            if destination.path is not None:
                from pytest_carbon.report.write import write_report

                try:
                    notes += write_report(result, destination, past)
                except CarbonError as error:
                    errors.append(error)
        if errors:
            raise errors[0]
        return notes

    def _remember(self, result: RunResult) -> list[Point]:
        """Append the run; the last whole runs of this environment, this one included."""
        if self._history is None:
            return []
        self._history.append(result)
        fingerprint = result.environment.fingerprint
        runs = [run for run in self._history.runs() if run.fingerprint == fingerprint]
        return runs[-_PAST:]

    def printed(self, result: RunResult) -> Iterator[str]:
        """The texts of what goes to the terminal; the summary itself is printed anyway."""
        for destination in self._destinations:
            if destination.path is None and destination.kind != "term":
                from pytest_carbon.report.kinds import KINDS

                yield KINDS[destination.kind].render(result)


def _history(wish: Wish) -> History:
    from pytest_carbon.history.store import History
    from pytest_carbon.home import expand

    return History(wish.folder / expand(wish.text, wish.place))
