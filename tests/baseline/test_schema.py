from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_carbon.baseline.canonical import read_groups
from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.schema import Schema, read_baselines, read_environment
from pytest_carbon.environment import Environment
from pytest_carbon.errors import BaselineError
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.measurement import Kind, Subject

AMOUNTS = st.floats(0, 1e300)
COUNTS = st.integers(1, 10**6)
SPREADS = st.builds(
    Spread,
    centre_j=AMOUNTS,
    sd_log=st.none() | st.floats(0, 100),
    samples=COUNTS,
    processes=COUNTS,
)
ENTRIES = st.builds(
    Entry,
    first=SPREADS,
    repeats=st.none() | SPREADS,
    alone_first=st.none() | SPREADS,
    alone=st.none() | SPREADS,
    raw=st.none() | SPREADS,
    cpu_s=AMOUNTS,
    wall_s=AMOUNTS,
    sensitivity=st.none() | st.floats(-10, 10),
    anchor_j=st.none() | AMOUNTS,
    body=st.none() | st.text("0123456789abcdef", max_size=12),
    disk_share=st.none() | st.floats(0, 1),
    blocks_written=st.none() | AMOUNTS,
)
NODE_IDS = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=40),
    st.text(st.sampled_from('/\\:" \n\0\ud800\udfff😀aA[]{},.'), max_size=20),
    st.builds(lambda size: "x" * size, st.sampled_from([9_999, 10_000])),
)
SUBJECTS = st.builds(Subject, kind=st.sampled_from(Kind), id=NODE_IDS)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FILES = st.builds(
    BaselineFile,
    environment=st.builds(
        Environment,
        cpu_model=TEXTS,
        cpu_count=COUNTS,
        meter=TEXTS,
        clock=TEXTS,
        speed=TEXTS,
        python=TEXTS,
        os=TEXTS,
        tracing=TEXTS,
    ),
    intensity=st.builds(
        Intensity, g_per_kwh=AMOUNTS, zone=TEXTS, source=TEXTS, period=TEXTS, reason=TEXTS
    ),
    reference_ns=st.none() | st.floats(0, 1e12),
    entries=st.dictionaries(SUBJECTS, ENTRIES, max_size=6),
)


def read(text: str) -> BaselineFile:
    return read_baselines(text.encode(), "baselines/x.json")


@given(FILES)
def test_a_file_survives_the_round_trip_but_for_one_rounding(file: BaselineFile) -> None:
    text = render(file)
    once = read(text)
    assert once.entries.keys() == file.entries.keys()
    assert once.environment == file.environment
    assert once.intensity == file.intensity
    assert render(once) == text
    assert read(render(once)) == once


@given(FILES)
def test_rounding_keeps_three_significant_digits(file: BaselineFile) -> None:
    stored = read(render(file))
    for subject, entry in file.entries.items():
        assert stored.entries[subject].first.centre_j == pytest.approx(
            entry.first.centre_j, rel=5.01e-3
        )


@given(FILES)
def test_line_ends_of_windows_make_no_difference(file: BaselineFile) -> None:
    assert read(render(file).replace("\n", "\r\n")) == read(render(file))


@given(FILES)
def test_the_layout_makes_no_difference(file: BaselineFile) -> None:
    text = render(file)
    assert read(json.dumps(json.loads(text))) == read(text)


ONE_TEST = render(
    BaselineFile(
        environment=Environment(
            cpu_model="EPYC",
            cpu_count=2,
            meter="model",
            clock="perf",
            speed="off",
            python="cpython-3.11",
            os="linux",
            tracing="off",
        ),
        intensity=Intensity(
            g_per_kwh=473.0, zone="world", source="Ember", period="2024", reason="default"
        ),
        entries={
            Subject(Kind.TEST, f"test_a.py::test_{name}"): Entry(
                first=Spread(centre_j=0.5, sd_log=0.1, samples=8, processes=8),
                cpu_s=0.25,
                wall_s=0.25,
                sensitivity=0.9,
                anchor_j=0.5,
            )
            for name in "bc"
        },
    )
)


@settings(max_examples=500)
@example(ONE_TEST.index('"processes": 8') + len('"processes": 8'), 0, "0")
@given(
    st.integers(0, len(ONE_TEST)),
    st.integers(0, 3),
    st.text('{}[]",:0123456789.e-\n truefalsn\\bc', max_size=3),
)
def test_the_fast_reader_never_takes_what_the_strict_one_refuses(
    at: int, removed: int, added: str
) -> None:
    text = ONE_TEST[:at] + added + ONE_TEST[at + removed :]
    try:
        fast: BaselineFile | str = read(text)
    except BaselineError as error:
        fast = str(error)
    try:  # A space at the end is valid JSON, but nothing that we write.
        strict: BaselineFile | str = read(text + " ")
    except BaselineError as error:
        strict = str(error)
    if isinstance(fast, str) or isinstance(strict, str):
        assert isinstance(fast, str)
        assert isinstance(strict, str)
    else:
        assert fast == strict


def test_the_fast_reader_is_used_for_what_was_written_here() -> None:
    split = read_groups(ONE_TEST)
    assert split is not None
    assert read_groups(ONE_TEST + " ") is None
    assert json.loads(split[0]).keys() == {"schema", "environment", "intensity"}
    assert split[1] == read(ONE_TEST + " ").entries


def test_the_environment_alone_is_read_without_a_look_at_the_entries() -> None:
    cut = ONE_TEST[: ONE_TEST.index('  "test"')]
    assert read_environment(cut.encode(), "x").cpu_model == "EPYC"
    assert read_environment(json.dumps(json.loads(ONE_TEST)).encode(), "x").cpu_count == 2
    moved = {"test": {}, **json.loads(ONE_TEST)}
    assert read_environment(json.dumps(moved).encode(), "x").cpu_count == 2
    with pytest.raises(BaselineError, match="cpu_count"):
        read_environment(ONE_TEST.replace(": 2,", ": 2.5,").encode(), "x")


def place(text: str, needle: str) -> str:
    """Where ``needle`` begins, as an error tells it."""
    at = text.index(needle)
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - text.rfind(chr(10), 0, at)}"


def changed(old: str, new: str, count: int = 1) -> str:
    text = ONE_TEST.replace(old, new, count)
    assert text != ONE_TEST
    return text


TEST_B = "test 'test_a.py::test_b'"
SPREAD_B = '{"centre_j": 0.5, "sd_log": 0.1, "samples": 8, "processes": 8}'


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('j": 0.5', 'j": NaN', 22, f"{TEST_B}, field first.centre_j, is NaN or infinite"),
        ('j": 0.5', 'j": -Infinity', 22, "first.centre_j, is NaN or infinite"),
        ('j": 0.5', 'j": 1e999', 22, "first.centre_j, is inf, not a finite number"),
        ('j": 0.5', 'j": -1', 22, "first.centre_j, is -1.0, not a number of 0 or more"),
        ('j": 0.5', 'j": "0.5"', 22, "first.centre_j, is '0.5', not a number"),
        ('j": 0.5', 'j": true', 22, "first.centre_j, is True, not a number"),
        ('j": 0.5', 'j": null', 22, "first.centre_j, is None, not a number"),
        ('s": 8', 's": 8.5', 22, "first.samples, is 8.5, not a whole number"),
        ('s": 8', 's": 0', 22, "first.samples, is 0, not a whole number of 1 or more"),
        (SPREAD_B, "[1]", 22, f"{TEST_B}, field first, is [1], not an object"),
        ('"cpu_s": 0.25,\n', "", 21, f"{TEST_B} lacks cpu_s"),
        ('"cpu_s"', '"cpu"', 23, f"{TEST_B}, field cpu, is not a known field"),
        ("test_c", "test_b", 28, f"{TEST_B} stands here for the second time"),
        ('"wall_s"', '"cpu_s"', 24, "field cpu_s, stands here for the second time"),
        ('"test"', '"tests"', 20, "'tests' is not a known part"),
        ('"cpu_count": 2', '"cpu_count": "2"', 5, "'environment.cpu_count' is '2'"),
        ('"schema": 1', '"schema": "1"', 2, "'schema' is '1', not a schema number"),
        ('"schema": 1', '"schema": 0', 2, "'schema' is 0, which never was a schema number"),
        ('"test_a.py::test_b"', '"\\u0000"', 21, "has a NUL that stands for nothing"),
        ('"EPYC",', '"EPYC"', 5, "is not JSON: Expecting ',' delimiter"),
        ('"EPYC"', '"EP\x07YC"', 4, "is not JSON: Invalid control character"),
    ],
)
def test_a_fault_is_told_with_its_place_and_its_entry(
    old: str, new: str, line: int, message: str
) -> None:
    with pytest.raises(BaselineError) as caught:
        read(changed(old, new))
    assert message in caught.value.problem
    assert caught.value.problem.startswith(f"baselines/x.json, line {line}, column ")
    assert "git checkout -- baselines/x.json" in caught.value.remedy


def test_line_and_column_are_exact() -> None:
    text = changed('"sd_log": 0.1', '"sd_log": [1]')
    with pytest.raises(BaselineError, match=place(text, "[1]")):
        read(text)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "line 1, column 1: is not JSON"),
        (b"[]", "is [], not an object"),
        (b"NaN", "is NaN or infinite"),
        (b"{}", "'schema' is None, not a schema number"),
        (b"\xef\xbb\xbf{}", "begins with a byte order mark"),
        ("{}".encode("utf-16"), "begins with a byte order mark"),
        (b'{\n "\xff": 1}', "line 2, column 3: is not UTF-8 from here on"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"schema": ' + b"1" * 5000 + b"}", "is "),
        (b'{"schema": 1}', "lacks environment and intensity"),
    ],
)
def test_what_is_no_baselines_file_gets_one_clear_error(data: bytes, message: str) -> None:
    with pytest.raises(BaselineError) as caught:
        read_baselines(data, "x.json")
    assert message in caught.value.problem
    assert caught.value.remedy


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_give_anything_but_baselines_or_a_clear_error(data: bytes) -> None:
    with pytest.raises(BaselineError, match=r"line \d+, column \d+: "):
        read_baselines(data, "x.json")


def test_conflict_marks_get_their_own_remedy() -> None:
    text = ONE_TEST.replace('  "test"', '<<<<<<< HEAD\n=======\n>>>>>>> x\n  "test"')
    with pytest.raises(BaselineError, match="resolve the merge conflict"):
        read(text)


def test_a_newer_schema_is_refused_whatever_else_it_holds() -> None:
    with pytest.raises(BaselineError, match=r"newer than the 1 .* upgrade pytest-carbon"):
        read('{"schema": 2, "anything": {"new": [1]}}')


def test_an_older_schema_is_upgraded_step_by_step() -> None:
    def from_7(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "environment": document["machine"]}

    def from_8(document: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in document.items() if name != "machine"}

    old = json.loads(ONE_TEST)
    old["schema"] = 7
    old["machine"] = old.pop("environment")
    schema = Schema(number=9, upgrades={7: from_7, 8: from_8})
    assert read_baselines(json.dumps(old).encode(), "x", schema=schema) == read(ONE_TEST)


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.5", "00.5"), ('"test_a.py::test_b"', '"\\x"'), ("  }\n}\n", "  },\n}\n"), ("}\n}", "}}")],
)
def test_nearly_as_written_is_not_as_written(old: str, new: str) -> None:
    assert read_groups(changed(old, new)) is None


def test_several_kinds_stand_in_their_order_and_not_twice() -> None:
    file = read(ONE_TEST)
    (subject, entry), *_ = file.entries.items()
    other = Subject(Kind.FIXTURE, subject.id)
    text = render(file.with_entries({subject: entry, other: entry}))
    split = read_groups(text)
    assert split is not None
    assert split[1] == {subject: entry, other: entry}
    assert read_groups(text.replace('"fixture"', '"test"')) is None
    assert read_groups(text.replace('"fixture"', '"task"').replace('"test"', '"fixture"')) is None
