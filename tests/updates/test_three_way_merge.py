from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.baseline.entry import Entry, Spread, short_entry
from pytest_carbon.errors import BaselineError
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.updates.three_way_merge import merge_files
from tests.baseline_files import HEADER

if TYPE_CHECKING:
    from pytest_carbon.baseline.file import BaselineFile


def entry(centre_j: float, processes: int = 8) -> Entry:
    first = Spread(centre_j=centre_j, sd_log=0.05, samples=processes, processes=processes)
    return Entry(first=first, cpu_s=centre_j, wall_s=centre_j)


def short(first_j: float, look_j: float | None = None) -> Entry:
    return short_entry(first_j, look_j)


def file(**centres_j: float | Entry) -> BaselineFile:
    return HEADER.with_entries(
        {
            Subject(Kind.TEST, name): value if isinstance(value, Entry) else entry(value)
            for name, value in centres_j.items()
        }
    )


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        (file(), file(a=1), file(b=2), file(a=1, b=2)),
        (file(a=1, b=1), file(a=2, b=1), file(a=1, b=3), file(a=2, b=3)),
        (file(a=1, b=1), file(a=1), file(a=2, b=1), file(a=2)),
        (file(a=1), file(), file(a=2), file(a=2)),
        (file(a=1), file(), file(), file()),
        (None, file(a=1), file(b=2), file(a=1, b=2)),
    ],
    ids=[
        "added",
        "refreshed",
        "removed beside refreshed",
        "removed and refreshed",
        "gone",
        "begun",
    ],
)
def test_each_side_brings_its_changes(
    base: BaselineFile | None, ours: BaselineFile, theirs: BaselineFile, merged: BaselineFile
) -> None:
    assert merge_files(base, ours, theirs) == merged
    assert merge_files(base, theirs, ours) == merged


@pytest.mark.parametrize(
    ("base", "one", "other", "kept"),
    [
        (entry(1.0), entry(1.01), entry(2.0), entry(2.0)),
        (entry(1.0), entry(1.01), entry(0.5), entry(0.5)),
        (entry(1.0), entry(2.0, 8), entry(2.02, 16), entry(2.02, 16)),
        (entry(1.0), entry(2.0), entry(2.02), entry(2.0)),
        (entry(1.0), entry(2.0), entry(0.5), entry(0.5)),
        (None, entry(2.0), entry(5.0, 16), entry(2.0)),
        (short(1e-3), short(1.1e-3), short(5e-3), short(5e-3)),
        (None, short(1.1e-3), short(1e-3), short(1e-3)),
        (None, short(1e-3), short(1.1e-3, 1e-3), short(1.1e-3, 1e-3)),
        (entry(1e-3), short(1e-3), entry(4e-3), entry(4e-3)),
        (entry(1e-3), short(2e-4), entry(1e-3, 16), short(2e-4)),
    ],
    ids=[
        "a rise beside noise",
        "a fall beside noise",
        "same, better known",
        "same",
        "both",
        "new",
        "short, a rise beside noise",
        "short and new",
        "short, one with a look",
        "short beside a rise",
        "short and lower beside noise",
    ],
)
def test_of_two_new_values_the_one_with_reasons_is_kept(
    base: Entry | None, one: Entry, other: Entry, kept: Entry
) -> None:
    before = None if base is None else file(a=base)
    assert merge_files(before, file(a=one), file(a=other)) == file(a=kept)
    assert merge_files(before, file(a=other), file(a=one)) == file(a=kept)


ENTRIES = st.floats(0.1, 10).map(entry) | st.builds(
    short_entry, st.floats(0.1, 10), st.none() | st.floats(0.1, 10)
)
SIDES = st.dictionaries(st.sampled_from("abcd"), ENTRIES).map(lambda entries: file(**entries))


@given(SIDES, SIDES, SIDES)
def test_the_sides_may_be_exchanged_and_nothing_is_invented(
    base: BaselineFile, ours: BaselineFile, theirs: BaselineFile
) -> None:
    merged = merge_files(base, ours, theirs)
    assert merged == merge_files(base, theirs, ours)
    for subject, kept in merged.entries.items():
        assert kept in (ours.entries.get(subject), theirs.entries.get(subject))


@given(SIDES, SIDES)
def test_a_side_without_changes_changes_nothing(base: BaselineFile, side: BaselineFile) -> None:
    assert merge_files(base, base, side) == side
    assert merge_files(base, side, side) == side


def test_sums_of_files_are_merged_like_tests() -> None:
    subject = Subject(Kind.FILE, "test_a.py")
    base, same, risen = (
        HEADER.with_entries({subject: entry(centre_j)}) for centre_j in (1.0, 1.01, 2.0)
    )
    assert merge_files(base, same, risen) == risen
    assert merge_files(base, risen, same) == risen
    tests = file(a=short(1e-3))
    both = HEADER.with_entries({**base.entries, **tests.entries})
    assert merge_files(HEADER, base, tests) == both


def test_an_intensity_that_one_side_changed_is_taken() -> None:
    ours = HEADER._replace(intensity=HEADER.intensity._replace(g_per_kwh=50.0))
    assert merge_files(HEADER, ours, HEADER).intensity.g_per_kwh == 50.0
    assert merge_files(HEADER, HEADER, ours).intensity.g_per_kwh == 50.0


@pytest.mark.parametrize(
    ("ours", "message"),
    [
        (HEADER._replace(environment=HEADER.environment._replace(cpu_count=4)), "cpu_count"),
        (HEADER._replace(reference_ns=75_000.0), "speed references differ"),
        (HEADER._replace(intensity=HEADER.intensity._replace(zone="FRA")), "the intensity"),
    ],
)
def test_headers_that_do_not_go_together_are_for_a_person(ours: BaselineFile, message: str) -> None:
    theirs = HEADER._replace(intensity=HEADER.intensity._replace(zone="DEU"))
    with pytest.raises(BaselineError, match=message):
        merge_files(HEADER, ours, theirs)
