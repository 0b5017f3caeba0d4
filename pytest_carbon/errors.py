"""Every error that a user can meet, each with its remedy.

An exception has a class of its own only where someone catches it differently.
"""

from __future__ import annotations

from pytest_carbon.text import printable_line

__all__ = [
    "BaselineError",
    "CarbonError",
    "CompareError",
    "HistoryError",
    "IntensityError",
    "NothingComparedError",
    "ReportError",
    "ResultFileError",
    "SettingError",
    "SuiteError",
    "TaskError",
]


class CarbonError(Exception):
    """Something that the user can mend.

    ``problem`` says what is wrong and where, ``remedy`` what to do or type instead. Both may
    quote names and files of anybody's, and are made harmless here.
    """

    def __init__(self, problem: str, *, remedy: str) -> None:
        self.problem = problem = printable_line(problem)
        self.remedy = remedy = printable_line(remedy)
        super().__init__(f"{problem}: {remedy}" if remedy else problem)

    @classmethod
    def of(cls, error: ValueError, where: str = "") -> CarbonError:
        """What a parser complains of, as ``problem: remedy``, with ``where`` before the problem."""
        problem, _, remedy = str(error).partition(": ")
        return cls(f"{where} {problem}" if where else problem, remedy=remedy)


class SettingError(CarbonError):
    """An option, ini setting, environment variable or marker with an unusable value."""


class BaselineError(CarbonError):
    """A baselines file that cannot be read or written; it is left byte for byte as it was."""


class IntensityError(CarbonError):
    """A carbon intensity that is unknown, or that a source did not give."""


class ResultFileError(CarbonError):
    """A result file that cannot be read."""


class HistoryError(CarbonError):
    """A history that cannot be used, or does not hold what was asked for."""


class ReportError(CarbonError):
    """A report that cannot be written where it should go."""


class TaskError(CarbonError):
    """A task or measurement that is asked for in a way that has no meaning."""


class SuiteError(CarbonError):
    """A pytest process that did not measure; ``output`` is all that it printed."""

    def __init__(self, problem: str, *, remedy: str, output: str = "") -> None:
        super().__init__(problem, remedy=remedy)
        self.output = output


class CompareError(CarbonError):
    """Two revisions that cannot be compared as they were asked for."""


class NothingComparedError(CompareError):
    """Two revisions without a single test that ran on both."""
