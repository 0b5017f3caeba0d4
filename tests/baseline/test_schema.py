from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_carbon.baseline.canonical import read_groups
from pytest_carbon.baseline.entry import Entry, Spread, short_entry
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.schema import Schema, read_baselines, read_environment
from pytest_carbon.environment import Environment
from pytest_carbon.errors import BaselineError
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.measurement import Kind, Subject

JOULES = st.just(0.0) | st.floats(1e-12, 1e12)
SECONDS = st.floats(0, 1e9)
COUNTS = st.integers(1, 10**6)
SPREADS = st.builds(
    lambda processes, more, **others: Spread(
        samples=processes + more, processes=processes, **others
    ),
    centre_j=JOULES,
    sd_log=st.none() | st.floats(0, 10),
    processes=COUNTS,
    more=st.integers(0, 10**6),
)
DIGESTS = st.none() | st.text("0123456789abcdef", max_size=12)
FULL = st.builds(
    Entry,
    first=SPREADS,
    look=st.none() | SPREADS,
    raw=st.none() | SPREADS,
    cpu_s=SECONDS,
    wall_s=SECONDS,
    sensitivity=st.none() | st.floats(-1, 5),
    anchor_j=st.none() | JOULES,
    body=DIGESTS,
    disk_share=st.none() | st.floats(0, 1),
    blocks_written=st.none() | st.floats(0, 1e15),
)
SHORT = st.builds(short_entry, JOULES, st.none() | JOULES, DIGESTS)
ENTRIES = FULL | SHORT
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
        Intensity, g_per_kwh=st.floats(0, 1e5), zone=TEXTS, source=TEXTS, period=TEXTS, reason=TEXTS
    ),
    reference_ns=st.none() | st.floats(1e2, 1e9),
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


def entry_of(text: str, name: str) -> Entry:
    return read(text).entries[Subject(Kind.TEST, f"test_a.py::test_{name}")]


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
            **{
                Subject(Kind.TEST, f"test_a.py::test_{name}"): Entry(
                    first=Spread(centre_j=0.5, sd_log=0.1, samples=8, processes=8),
                    cpu_s=0.25,
                    wall_s=0.25,
                    sensitivity=0.9,
                    anchor_j=0.5,
                )
                for name in "bc"
            },
            Subject(Kind.TEST, "test_a.py::test_d"): short_entry(0.00041, 0.00038, "9c488556ee21"),
        },
    )
)
LINE_D = (
    '    "test_a.py::test_d": {"first_j": 0.00041, "look_j": 0.00038, "body": "9c488556ee21"}\n'
)


def test_a_short_entry_is_the_same_after_the_round_trip() -> None:
    assert LINE_D in ONE_TEST
    assert entry_of(ONE_TEST, "d") == short_entry(0.00041, 0.00038, "9c488556ee21")
    assert entry_of(ONE_TEST + " ", "d") == entry_of(ONE_TEST, "d")


@given(FILES)
def test_short_entries_take_one_line_each_and_full_ones_several(file: BaselineFile) -> None:
    lines = render(file).split("\n")
    shorts = sum(entry.is_short for entry in file.entries.values())
    assert sum(': {"first_j": ' in line for line in lines) == shorts
    assert sum(line.startswith('      "first": ') for line in lines) == len(file.entries) - shorts


@given(FILES)
def test_whatever_is_written_is_read_fast(file: BaselineFile) -> None:
    text = render(file)
    split = read_groups(text)
    if file.entries:
        assert split is not None
        assert split[1] == read(text + " ").entries


def read_twice(text: str) -> tuple[BaselineFile | str, BaselineFile | str]:
    """What a text is, and what it is for the strict reader; errors as texts."""
    try:
        fast: BaselineFile | str = read(text)
    except BaselineError as error:
        fast = str(error)
    try:  # A space at the end is valid JSON, but nothing that we write.
        strict: BaselineFile | str = read(text + " ")
    except BaselineError as error:
        strict = str(error)
    return fast, strict


@settings(max_examples=5 * settings().max_examples)
@example(ONE_TEST.index('"processes": 8') + len('"processes": 8'), 0, "0")
@example(ONE_TEST.index("2,"), 1, "2.0")
@example(ONE_TEST.index("0.00041"), 0, "-")
@given(
    st.integers(0, len(ONE_TEST)),
    st.integers(0, 3),
    st.text('{}[]",:0123456789.e-\n truefalsn\\bc', max_size=3),
)
def test_the_fast_reader_never_takes_what_the_strict_one_refuses(
    at: int, removed: int, added: str
) -> None:
    fast, strict = read_twice(ONE_TEST[:at] + added + ONE_TEST[at + removed :])
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
        read_environment(changed('"cpu_count": 2', '"cpu_count": 2.5').encode(), "x")


def place(text: str, needle: str) -> str:
    """Where ``needle`` begins, as an error tells it."""
    at = text.index(needle)
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - text.rfind(chr(10), 0, at)}"


def changed(old: str, new: str, count: int = 1) -> str:
    text = ONE_TEST.replace(old, new, count)
    assert text != ONE_TEST
    return text


TEST_B, TEST_C, TEST_D = (f"test 'test_a.py::test_{name}'" for name in "bcd")
SPREAD_B = '{"centre_j": 0.5, "sd_log": 0.1, "samples": 8, "processes": 8}'


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('j": 0.5', 'j": NaN', 22, f"{TEST_B}, field first.centre_j, is NaN or infinite"),
        ('j": 0.5', 'j": -Infinity', 22, "first.centre_j, is NaN or infinite"),
        ('j": 0.5', 'j": 1e999', 22, "first.centre_j, is inf, not a finite number"),
        ('j": 0.5', 'j": -1', 22, "first.centre_j, is -1.0, not 0 or a number from 1e-12 to 1e+12"),
        ('j": 0.5', 'j": "0.5"', 22, "first.centre_j, is '0.5', not a number"),
        ('j": 0.5', 'j": true', 22, "first.centre_j, is True, not a number"),
        ('j": 0.5', 'j": null', 22, "first.centre_j, is None, not a number"),
        ('s": 8', 's": 8.5', 22, "first.samples, is 8.5, not a whole number"),
        ('s": 8', 's": 0', 22, "first.samples, is 0, not a whole number from 1 to 1000000000"),
        (SPREAD_B, "[1]", 22, f"{TEST_B}, field first, is [1], not an object"),
        ('"cpu_s": 0.25,\n', "", 21, f"{TEST_B} lacks cpu_s"),
        ('"cpu_s"', '"cpu"', 23, f"{TEST_B}, field cpu, is not a known field"),
        ('"look_j"', '"look"', 35, f"{TEST_D}, field look, is not a known field (first_j, look_j"),
        ('t_j": 0.00041', 't_j": NaN', 35, f"{TEST_D}, field first_j, is NaN or infinite"),
        ('"first_j": 0.00041, ', "", 35, f"{TEST_D}, field look_j, is not a known field (first, "),
        ("test_d", "test_c", 35, f"{TEST_C} stands here for the second time"),
        ("test_c", "test_b", 28, f"{TEST_B} stands here for the second time"),
        ('"wall_s"', '"cpu_s"', 24, "field cpu_s, stands here for the second time"),
        ('"test"', '"tests"', 20, "'tests' is not a known part"),
        ('"cpu_count": 2', '"cpu_count": "2"', 5, "'environment.cpu_count' is '2'"),
        ('"schema": 2', '"schema": "2"', 2, "'schema' is '2', not a schema number"),
        ('"schema": 2', '"schema": 2.0', 2, "'schema' is 2.0, not a schema number"),
        ('"schema": 2', '"schema": 0', 2, "'schema' is 0, which never was a schema number"),
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
        (b'{"schema": 2}', "lacks environment and intensity"),
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
    with pytest.raises(BaselineError, match=r"newer than the 2 .* upgrade pytest-carbon"):
        read('{"schema": 3, "anything": {"new": [1]}}')


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


OLD_ENTRY: dict[str, Any] = {
    "first": {"centre_j": 0.5, "sd_log": 0.1, "samples": 8, "processes": 8},
    "repeats": {"centre_j": 0.4, "sd_log": 0.1, "samples": 24, "processes": 8},
    "alone_first": {"centre_j": 0.6, "samples": 8, "processes": 8},
    "alone": {"centre_j": 0.3, "sd_log": 0.05, "samples": 16, "processes": 8},
    "raw": {"centre_j": 0.7, "sd_log": 0.3, "samples": 8, "processes": 8},
    "cpu_s": 0.25,
    "wall_s": 0.26,
    "sensitivity": 0.9,
    "anchor_j": 0.45,
    "body": "0123456789ab",
    "disk_share": 0.1,
    "blocks_written": 336,
}
NEW_ENTRY = Entry(
    first=Spread(centre_j=0.5, sd_log=0.1, samples=8, processes=8),
    look=Spread(centre_j=0.3, sd_log=0.05, samples=16, processes=8),
    raw=Spread(centre_j=0.7, sd_log=0.3, samples=8, processes=8),
    cpu_s=0.25,
    wall_s=0.26,
    sensitivity=0.9,
    anchor_j=0.45,
    body="0123456789ab",
    disk_share=0.1,
    blocks_written=336.0,
)
REPEATS = Spread(centre_j=0.4, sd_log=0.1, samples=24, processes=8)


def old_text(entry: object, **groups: object) -> str:
    """A file of schema 1, with an entry of it among others."""
    document = {**json.loads(ONE_TEST), "schema": 1, "test": {"test_a.py::test_b": entry}, **groups}
    return json.dumps(document, indent=2)


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in OLD_ENTRY.items() if name not in names}


@pytest.mark.parametrize(
    ("missing", "look"),
    [
        ((), NEW_ENTRY.look),
        (("repeats",), NEW_ENTRY.look),
        (("alone",), REPEATS),
        (("alone_first", "alone"), REPEATS),
        (("repeats", "alone"), None),
        (("repeats", "alone_first", "alone"), None),
    ],
)
def test_an_entry_of_schema_1_keeps_all_and_its_runs_alone_or_repeats_become_its_look(
    missing: tuple[str, ...], look: Spread | None
) -> None:
    assert entry_of(old_text(without(*missing)), "b") == NEW_ENTRY._replace(look=look)


def test_no_entry_of_schema_1_is_lost_and_the_next_write_is_of_the_present_schema() -> None:
    plain = without("repeats", "alone_first", "alone")
    file = read(
        old_text(
            OLD_ENTRY,
            fixture={"conftest.py::db": plain, "conftest.py::app": OLD_ENTRY},
            task={"test_a.py::test_b > load": plain},
            reference_ns=22624.5,
        )
    )
    assert file.reference_ns == 22624.5
    assert file.entries == {
        Subject(Kind.TEST, "test_a.py::test_b"): NEW_ENTRY,
        Subject(Kind.FIXTURE, "conftest.py::db"): NEW_ENTRY._replace(look=None),
        Subject(Kind.FIXTURE, "conftest.py::app"): NEW_ENTRY,
        Subject(Kind.TASK, "test_a.py::test_b > load"): NEW_ENTRY._replace(look=None),
    }
    assert '"schema": 2,' in render(file)
    assert read(render(file)) == file


def test_the_environment_alone_is_read_of_schema_1_too() -> None:
    text = old_text(OLD_ENTRY)
    assert read_environment(text.encode(), "x").cpu_model == "EPYC"
    assert read_environment(text[: text.index('"test"')].encode(), "x").cpu_model == "EPYC"
    moved = {"test": {}, **json.loads(text)}
    assert read_environment(json.dumps(moved).encode(), "x").cpu_model == "EPYC"


@pytest.mark.parametrize(
    ("change", "needle", "message"),
    [
        ({"repeats": []}, "[]", "field repeats, is [], not an object"),
        ({"alone": None}, "null", "field alone, is None, not an object"),
        ({"alone_first": {"centre_j": "1"}}, '"1"', "field alone_first.centre_j, is '1', not a nu"),
        ({"alone": {"centre_j": -7}}, "-7", "field alone.centre_j, is -7.0, not 0 or a number"),
        ({"first": 1.5}, "1.5", "field first, is 1.5, not an object"),
        ({"sensitivity": -1e300}, "-1e+300", "field sensitivity, is -1e+300, not a number from"),
        ({"look": 7}, "7\n", "field look, is not a known field of schema 1"),
        ({"first_j": 7}, "7\n", "field first_j, is not a known field of schema 1"),
    ],
)
def test_a_fault_in_a_file_of_schema_1_is_told_under_its_old_name_and_with_its_place(
    change: dict[str, Any], needle: str, message: str
) -> None:
    text = old_text({**without(*change), **change})
    with pytest.raises(BaselineError, match=place(text, needle)) as caught:
        read(text)
    assert f"{TEST_B}, {message}" in caught.value.problem


@pytest.mark.parametrize("group", [[], 1, None, {"x": []}, {"x": None}, {"x": {}}])
def test_what_is_no_group_or_no_entry_in_schema_1_is_refused(group: object) -> None:
    with pytest.raises(BaselineError, match=r"not an object|lacks cpu_s, first, wall_s"):
        read(old_text(OLD_ENTRY, fixture=group))


EVERY_FIELD = render(
    read(ONE_TEST).with_entries(
        {
            Subject(Kind.TEST, "test_a.py::test_b"): NEW_ENTRY,
            Subject(Kind.TEST, "test_a.py::test_d"): short_entry(0.5, 0.3, "abc"),
        }
    )
)
NUMBER_FIELDS = [
    "centre_j",
    "first_j",
    "look_j",
    "anchor_j",
    "sd_log",
    "sensitivity",
    "cpu_s",
    "wall_s",
    "disk_share",
    "blocks_written",
    "samples",
    "processes",
]


def with_number(field: str, number: str) -> str:
    """A file in which a field's last figure is another one."""
    head, name, tail = EVERY_FIELD.rpartition(f'"{field}": ')
    return head + name + number + tail[len(re.match(r"[^,}\n]*", tail)[0]) :]  # type: ignore[index]


NUMBERS = st.one_of(
    st.from_regex(r"\A-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,3})?\Z"),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(1e-16, 20).map(repr),
    st.integers(-2, 10**17).map(str),
)


@settings(max_examples=5 * settings().max_examples)
@given(st.sampled_from(NUMBER_FIELDS), NUMBERS)
def test_both_readers_know_the_same_numbers(field: str, number: str) -> None:
    fast, strict = read_twice(with_number(field, number))
    if isinstance(fast, str) or isinstance(strict, str):
        assert isinstance(fast, str)
        assert isinstance(strict, str)
    else:
        assert fast == strict


LIMITS_OF = {
    **dict.fromkeys(
        ["centre_j", "first_j", "look_j", "anchor_j"],
        (["0", "1e-12", "1000000000000"], ["9.99e-13", "1e-320", "-1e-12", "1e13", "1e300"]),
    ),
    "sd_log": (["0", "1e-300", "10"], ["10.1", "1e300", "-0.1"]),
    "sensitivity": (["-1", "-0.5", "-1e-05", "0", "5"], ["-1.01", "5.01", "-1e300", "1e300"]),
    **dict.fromkeys(["cpu_s", "wall_s"], (["0", "1e-300", "1000000000"], ["-1", "1.1e9", "1e300"])),
    "disk_share": (["0", "1e-05", "1"], ["-0.01", "1.01", "9.5"]),
    "blocks_written": (["0", "1000000000000000.0"], ["-1", "1.1e15"]),
    "samples": (["8", "1000000000"], ["0", "7", "1000000001", "8.0"]),
    "processes": (["1", "8"], ["0", "9", "1000000000"]),
}


@pytest.mark.parametrize(
    ("field", "number"),
    [(field, number) for field, (good, _) in LIMITS_OF.items() for number in good],
)
def test_a_figure_on_its_limits_is_read_by_both_readers(field: str, number: str) -> None:
    text = with_number(field, number)
    split = read_groups(text)
    assert split is not None
    assert split[1] == read(text + " ").entries


@pytest.mark.parametrize(
    ("field", "number"),
    [(field, number) for field, (_, bad) in LIMITS_OF.items() for number in bad],
)
def test_a_figure_beyond_its_limits_is_refused_with_its_place_and_what_it_may_be(
    field: str, number: str
) -> None:
    text = with_number(field, number)
    assert read_groups(text) is None
    with pytest.raises(BaselineError, match=r"not (0 or )?a (whole )?number( from .* to|:)"):
        read(text)
    if field not in {"samples", "processes"}:
        with pytest.raises(BaselineError, match=place(text, f"{number}")):
            read(text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"g_per_kwh": 473.0',
            '"g_per_kwh": 1e6',
            "'intensity.g_per_kwh' is 1000000.0, not a numb",
        ),
        ('"g_per_kwh": 473.0', '"g_per_kwh": -1', "is -1.0, not a number from 0 to 100000"),
        (
            '  "test"',
            '  "reference_ns": 0,\n  "test"',
            "'reference_ns' is 0.0, not a number from 100",
        ),
        ('  "test"', '  "reference_ns": 1e10,\n  "test"', "not a number from 100 to 1e+09"),
        ('"cpu_count": 2', '"cpu_count": 0', "is 0, not a whole number from 1 to 1000000000"),
    ],
)
def test_a_header_beyond_its_limits_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(BaselineError) as caught:
        read(changed(old, new))
    assert message in caught.value.problem


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
