"""The kinds of reports: what each is called, and how it is made and kept.

A kind's module is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_carbon.history.point import Point
    from pytest_carbon.report.comment import Comment
    from pytest_carbon.result.run import RunResult

__all__ = ["KINDS", "Kind"]


class Kind(NamedTuple):
    """One kind of report.

    ``module`` has the function ``maker``, which renders a whole file, or, of a kind too long to be
    held in memory, ``lines``, which yields it part by part. Where the kind ``appends``,
    the module's ``extend`` gives the text to add to a file that is there, and its ``check``,
    if it has one, refuses a file that cannot be added to. ``prints`` marks what goes to the
    terminal where no file is named, ``looks_back`` what shows earlier runs, too.
    ``comments`` marks what is written for a pull request: empty where nothing changed.
    """

    suffix: str
    module: str
    help: str
    maker: str = "render"
    lines: str = ""
    appends: bool = False
    prints: bool = False
    looks_back: bool = False
    comments: bool = False

    def render(
        self, result: RunResult, past: Sequence[Point] = (), comment: Comment | None = None
    ) -> str:
        """The whole text; empty where there is nothing to say. ``past`` are earlier runs."""
        return "".join(self.parts(result, past, comment))

    def parts(
        self, result: RunResult, past: Sequence[Point] = (), comment: Comment | None = None
    ) -> Iterator[str]:
        """The text of ``render``, part by part."""
        make = getattr(import_module(self.module), self.lines or self.maker)
        if self.lines:
            yield from make(result)
        elif self.comments and comment is not None:
            yield make(result, comment)
        else:
            yield make(result, past) if self.looks_back else make(result)

    def extend(self, result: RunResult, path: Path, comment: Comment | None = None) -> str:
        """The text to append to the file, which may not be there yet."""
        extend = import_module(self.module).extend
        more = (comment,) if self.comments and comment is not None else ()
        text: str = extend(result, path, *more)
        return text

    def check(self, path: Path) -> None:
        """Raise ``ReportError`` for a file that this kind cannot be appended to."""
        check = getattr(import_module(self.module), "check", None) if self.appends else None
        if check is not None:
            check(path)


_HERE = "pytest_carbon.report"

KINDS = {
    "term": Kind(
        suffix=".txt",
        module=f"{_HERE}.terminal",
        help="the summary that pytest prints",
        prints=True,
    ),
    "json": Kind(
        suffix=".json",
        module="pytest_carbon.resultfile.file",
        lines="result_lines",
        help="the whole result, from which all other kinds can be made later",
    ),
    "html": Kind(
        suffix=".html",
        module=f"{_HERE}.html.page",
        help="one page to look at, without network access",
        looks_back=True,
    ),
    "markdown": Kind(
        suffix=".md",
        module=f"{_HERE}.markdown",
        help="for a comment on a pull request: empty where nothing changed",
        comments=True,
    ),
    "markdown-append": Kind(
        suffix=".md",
        module=f"{_HERE}.markdown",
        help="the same, appended: for $GITHUB_STEP_SUMMARY",
        appends=True,
        comments=True,
    ),
    "badge": Kind(
        suffix=".json",
        module=f"{_HERE}.badge",
        help="a badge for a README: the JSON of shields.io's endpoint badge",
    ),
    "github": Kind(
        suffix=".txt",
        module=f"{_HERE}.github",
        help="annotations on a pull request's files",
        prints=True,
    ),
    "csv": Kind(
        suffix=".csv",
        module=f"{_HERE}.codecarbon_csv",
        help="codecarbon's emissions.csv: a row a run, appended",
        appends=True,
    ),
    "csv-tests": Kind(
        suffix=".csv",
        module=f"{_HERE}.codecarbon_csv",
        maker="render_tests",
        help="codecarbon's task file: a row a test",
    ),
    "openmetrics": Kind(
        suffix=".txt",
        module=f"{_HERE}.openmetrics",
        help="for Prometheus and GitLab's metrics reports",
    ),
    "benchmark-json": Kind(
        suffix=".json",
        module=f"{_HERE}.benchmark",
        maker="render_github",
        help="for github-action-benchmark's customSmallerIsBetter",
    ),
    "bencher-json": Kind(
        suffix=".json",
        module=f"{_HERE}.benchmark",
        maker="render_bencher",
        help="Bencher Metric Format, for bencher's adapter json",
    ),
}
