"""Files whose short tests ran in several shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.cli.cut_files import cut_files, judged_as_whole
from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.session.confirm.file_sums import file_sums
from pytest_carbon.updates.join import join_results
from tests.results import INTENSITY, run_result
from tests.session.confirm.test_file_sums import BASE_J, judge, ran, stored

if TYPE_CHECKING:
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

ENTRIES = stored("a.py", 40) | stored("b.py", 20)
BASELINES = BaselineFile(environment=run_result().environment, intensity=INTENSITY, entries=ENTRIES)
FILE = Subject(Kind.FILE, "a.py")


def shard(tests: list[SubjectResult]) -> RunResult:
    """What a job finds of its tests, with the sum of those that it has of a file."""
    sums = [one.row(None) for one in file_sums(tests, judge(ENTRIES))]
    return run_result(*tests, *sums)._replace(floor_j=0.003)


def two_shards(growth: float) -> list[RunResult]:
    """Every other test of a.py in each, and all of b.py in the second."""
    tests = ran(stored("a.py", 40), growth)
    return [shard(tests[::2]), shard([*tests[1::2], *ran(stored("b.py", 20))])]


def whole(results: list[RunResult]) -> SubjectResult:
    joined = judged_as_whole(join_results(results), cut_files(results), BASELINES)
    (row,) = [one for one in joined.of(Kind.FILE) if one.subject == FILE]
    return row


def test_only_files_with_sums_in_several_shards_are_cut() -> None:
    assert cut_files(two_shards(1.0)) == {FILE}


def test_the_sum_is_that_of_all_tests_held_against_the_whole_baseline() -> None:
    row = whole(two_shards(1.0))
    assert row.times == 40
    assert row.total.energy_j == pytest.approx(40 * BASE_J)
    assert row.verdict is not None
    assert row.verdict.outcome is Outcome.OK


def test_what_one_run_would_measure_again_stays_in_doubt_with_the_command_to_type() -> None:
    row = whole(two_shards(1.4))
    assert row.verdict is not None
    assert row.verdict.outcome is Outcome.INCONCLUSIVE
    assert "pytest --carbon a.py" in row.verdict.reason


def test_what_a_shard_has_confirmed_of_its_part_stands() -> None:
    one, other = two_shards(1.4)
    (part,) = one.of(Kind.FILE)
    assert part.verdict is None, "a suspect, which looks decide"
    (suspect,) = [s for s in file_sums(one.of(Kind.TEST), judge(ENTRIES)) if s.subject == FILE]
    verdict = whole([one, other]).verdict
    assert verdict is not None
    convicted = suspect.row(verdict._replace(outcome=Outcome.REGRESSED))
    tests = (*one.of(Kind.TEST), convicted)
    row = whole([one._replace(subjects=tests), other])
    assert row.verdict is not None
    assert row.verdict.outcome is Outcome.REGRESSED
    assert row.times == 40
