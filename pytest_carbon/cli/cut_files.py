"""Sums of files whose tests ran in several shards: judged again, as in one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.gate.policy import Policy
from pytest_carbon.measurement import Kind
from pytest_carbon.report.method import short_method
from pytest_carbon.session.confirm.confirmation import as_tested
from pytest_carbon.session.confirm.file_sums import file_sums
from pytest_carbon.session.judge import Judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.baseline.file import BaselineFile
    from pytest_carbon.measurement import Subject
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult
    from pytest_carbon.session.confirm.file_sums import FileSum

__all__ = ["cut_files", "judged_as_whole"]

_SUSPECT = "its tests ran in several shards, which cannot measure it again as a whole"


def cut_files(results: Sequence[RunResult]) -> set[Subject]:
    """The files with a sum in more than one of the results."""
    seen: set[Subject] = set()
    cut: set[Subject] = set()
    for result in results:
        files = {one.subject for one in result.of(Kind.FILE)}
        cut |= files & seen
        seen |= files
    return cut


def judged_as_whole(joined: RunResult, cut: set[Subject], stored: BaselineFile) -> RunResult:
    """The same result, with the sums of ``cut`` files held as a whole against what is stored.

    What a shard has confirmed of its part stands. A sum that is a suspect as a whole only stays in
    doubt, as that takes a run of the file.
    """
    judge = Judge(
        stored.entries,
        Policy(tolerance=joined.tolerance, floor_j=joined.floor_j),
        joined.intensity,
        method=short_method(joined.meters),
        follows_speed=joined.environment.speed != "off",
    )
    tests = [one for one in joined.of(Kind.TEST) if one.subject in stored.entries]
    whole = {one.subject: one for one in file_sums(tests, judge) if one.subject in cut}
    return joined._replace(
        subjects=tuple(
            _row(whole[one.subject], one, judge) if one.subject in whole else one
            for one in joined.subjects
        ),
    )


def _row(one: FileSum, parts: SubjectResult, judge: Judge) -> SubjectResult:
    if parts.verdict is not None and parts.verdict.outcome.fails:
        return one.row(parts.verdict)
    if not one.is_open:
        return one.row(None)
    question = one.question(as_tested(judge, one.chosen))
    file = one.subject.id
    return one.row(question.unanswered((), f"{_SUSPECT}: pytest --carbon {file} tells"))
