"""``measure``: the same figures in a script or notebook as in a test."""

from __future__ import annotations

import atexit
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

from pytest_carbon.errors import CarbonError, TaskError
from pytest_carbon.tasks.host import hosts
from pytest_carbon.tasks.task import Task

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from typing_extensions import Self

    from pytest_carbon.outside.station import Station
    from pytest_carbon.tasks.book import TaskBook

__all__ = ["Measure", "measure"]

F = TypeVar("F", bound="Callable[..., Any]")

_lock = threading.Lock()
_opened: list[Station] = []
_refused: list[str] = []


class Measure(Task):
    """A task of a script, or of a test where one is running."""

    __slots__ = ("_started_s",)

    def __init__(self, name: str, find_book: Callable[[], TaskBook | None] | None = None) -> None:
        super().__init__(name, find_book or _find_book)
        self._started_s = 0.0

    def _another(self) -> Measure:
        return Measure(self.name, self._find_book)

    def __enter__(self) -> Self:
        """Begin. Raises ``TaskError`` if it has begun before, ``CarbonError`` for bad settings."""
        self._started_s = time.time()
        return super().__enter__()

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Append the row that codecarbon would, in its 38 columns, to a file, or begin it.

        The project's name is this one's. Raises ``TaskError`` where there is no figure, and
        ``ReportError`` where it cannot be written.
        """
        measured = self._measurement()
        if measured is None or measured.energy_j is None:
            why = self.method or ("nothing is measured here" if self._closed else "it is not over")
            raise TaskError(
                f"{self.name!r} has no figure to write to {path} ({why})",
                remedy="call to_csv after the with statement",
            )
        station = _opened[0] if _opened else None
        if station is None or self._book is not station.book:
            raise TaskError(
                f"{self.name!r} is a part of a test here, and pytest writes the reports",
                remedy=f"run pytest with --carbon-report=csv:{path}",
            )
        from pytest_carbon.report.destination import Destination, probe
        from pytest_carbon.report.write import write_report

        destination = Destination(kind="csv", path=Path(path).absolute())
        probe(destination)
        write_report(station.result(self.name, measured, started_s=self._started_s), destination)


def _find_book() -> TaskBook | None:
    """The running test's book; outside of pytest, that of this process."""
    if hosts:
        return hosts[-1]()
    station = _station()
    return None if station is None else station.book


def _station() -> Station | None:
    with _lock:
        if not _opened and not _refused:
            from pytest_carbon.outside.station import Station

            try:
                _opened.append(Station.open())
            except CarbonError:
                raise
            except Exception as error:  # noqa: BLE001 - the user's script goes on unmeasured
                _refused.append(str(error))
                import warnings

                warnings.warn(
                    f"pytest-carbon measures nothing here ({type(error).__name__}: {error})",
                    stacklevel=4,
                )
                return None
            atexit.register(_opened[0].close)
        return _opened[0] if _opened else None


@overload
def measure(what: str) -> Measure: ...
@overload
def measure(what: F) -> F: ...
def measure(what: Any) -> Any:
    """A part of a script to be measured: a block by its name, or a decorated function.

    After ``with measure("train") as m:`` there are ``m.energy_j``, ``m.emissions_g``, ``m.cpu_s``,
    ``m.wall_s`` and ``m.method``; of a
    decorated function, ``function.task`` holds those of its last call. Meters, clock, intensity
    and settings are those that pytest would use in the working directory. Raises
    ``SettingError`` where one of them cannot be used, when the first measurement begins.
    """
    if isinstance(what, str):
        return Measure(what)
    name = getattr(what, "__qualname__", None)
    return Measure(name if isinstance(name, str) else repr(what)[:100])(what)
