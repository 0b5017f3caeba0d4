"""The result file: a full round trip, a documented form, and what is refused."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.errors import ResultFileError
from pytest_carbon.intensity.embodied import ECO_CI_RUNNER
from pytest_carbon.intensity.pue import Pue
from pytest_carbon.measurement import Kind, Measurement
from pytest_carbon.report.destination import Destination
from pytest_carbon.report.write import write_report
from pytest_carbon.resultfile.codec import RECORDS, record_fields
from pytest_carbon.resultfile.file import read_result, result_from_text, write_result
from tests.results import LIVE, SUBJECTS, cost, run_result, subject

if TYPE_CHECKING:
    from pathlib import Path


def schema() -> dict[str, Any]:
    text = files("pytest_carbon.resultfile").joinpath("schema-1.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def test_everything_comes_back(tmp_path: Path) -> None:
    result = run_result()
    path = tmp_path / "carbon.json"
    path.write_text(write_result(result), encoding="utf-8")
    assert read_result(path) == result


def test_a_compressed_file_comes_back_and_is_a_tenth_as_long(tmp_path: Path) -> None:
    result = run_result()._replace(subjects=SUBJECTS * 50)
    plain, packed = tmp_path / "carbon.json", tmp_path / "carbon.json.gz"
    for path in (plain, packed):
        write_report(result, Destination("json", path))
    assert read_result(packed) == result
    assert packed.stat().st_size < plain.stat().st_size / 10


@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b", b"\x1f\x8b\x08\x00 rubbish"])
def test_a_damaged_compressed_file_is_refused_by_name(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "carbon.json.gz"
    path.write_bytes(damage)
    with pytest.raises(ResultFileError, match=r"carbon\.json\.gz"):
        read_result(path)


def test_the_schema_describes_what_is_written() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(json.loads(write_result(run_result())), schema())


def test_the_schema_names_every_field_of_every_record() -> None:
    document = schema()
    for record in RECORDS:
        part = document if record.__name__ == "RunResult" else document["$defs"][record.__name__]
        assert set(record_fields(record)) <= set(part["properties"]), record.__name__


def test_the_schema_requires_what_a_reader_needs() -> None:
    document = schema()
    for record in RECORDS:
        part = document if record.__name__ == "RunResult" else document["$defs"][record.__name__]
        needed = {name for name, (_, required) in record_fields(record).items() if required}
        assert needed == set(part["required"]) - {"format", "schema"}, record.__name__


def test_figures_for_other_programs() -> None:
    plain = json.loads(write_result(run_result(subject("a.py::test", 3600.0))))
    [one] = plain["subjects"]
    assert one["derived"]["energy_j"] == pytest.approx(3600)
    assert one["derived"]["emissions_g"] == pytest.approx(0.473)
    assert plain["derived"]["fingerprint"] == run_result().environment.fingerprint


def test_live_intensity_pue_and_embodied_emissions_come_back_and_count() -> None:
    result = run_result(subject("a.py::test", 3600.0))._replace(
        live=LIVE,
        pue=Pue(factor=1.2, reason="carbon_pue=1.2"),
        embodied=ECO_CI_RUNNER,
    )
    text = write_result(result)
    assert result_from_text(text, "memory") == result
    plain = json.loads(text)
    jsonschema.validate(plain, schema())
    derived = plain["subjects"][0]["derived"]
    # 3600 J are 1 Wh, × 1.2 × 250 g/kWh
    assert derived["emissions_g"] == pytest.approx(0.3)
    # with 1800.25 J idle
    assert derived["sci_operational_g"] == pytest.approx(5400.25 / 3.6e6 * 1.2 * 250)
    # 1200 s of wall time, on each of two workers: 600 s of 1.027 g/h
    assert derived["sci_embodied_g"] == pytest.approx(1.027 / 6, rel=1e-3)
    assert plain["derived"]["sci"]["label"] == "SCI score"
    per_test = plain["derived"]["sci_per_test"]
    assert (per_test["per"], per_test["count"]) == ("test", 1)
    assert per_test["score_g"] == pytest.approx(
        derived["sci_operational_g"] + derived["sci_embodied_g"]
    )
    assert set(plain["derived"]["sci"]) == set(schema()["$defs"]["Sci"]["properties"])


def test_unknown_is_null_and_not_zero() -> None:
    lost = SUBJECTS[0]._replace(total=cost(1.0, missing=("gpu-0",)))
    plain = json.loads(write_result(run_result(lost)))
    assert plain["subjects"][0]["derived"]["energy_j"] is None
    assert plain["derived"]["emissions_g"] is None
    jsonschema.validate(plain, schema())


@given(st.text() | st.text("\ud800\udcff\0\n\u2028<>&=@'\""))
def test_any_name_comes_back(name: str) -> None:
    result = run_result(subject(name))
    # JSON itself joins a high and a low surrogate that stand side by side.
    expected = name.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    back = result_from_text(write_result(result), "memory")
    assert back.subjects[0].subject.id == expected


seconds = st.just(0.0) | st.floats(1e-30, 1e9)


@given(seconds, seconds, st.none() | st.floats(1e-6, 1e6))
def test_any_figure_comes_back(cpu_s: float, wall_s: float, speed: float | None) -> None:
    measurement = Measurement(cpu_s=cpu_s, wall_s=wall_s, work_s=cpu_s, energies=(), speed=speed)
    result = run_result(subject("x", kind=Kind.TASK)._replace(total=measurement))
    assert result_from_text(write_result(result), "memory") == result


def test_an_unbounded_figure_is_unknown() -> None:
    worse = SUBJECTS[1]
    assert worse.verdict is not None
    unbounded = worse._replace(verdict=worse.verdict._replace(high=float("inf")))
    [back] = result_from_text(write_result(run_result(unbounded)), "memory").subjects
    assert back.verdict is not None
    assert back.verdict.high is None


def test_unknown_members_are_left_alone() -> None:
    plain = json.loads(write_result(run_result()))
    plain["weather"] = "fine"
    plain["environment"]["altitude_m"] = 3
    plain["subjects"][0]["verdict"]["mood"] = None
    assert result_from_text(json.dumps(plain), "memory") == run_result()


def test_members_with_a_default_may_be_missing() -> None:
    plain = json.loads(write_result(run_result()))
    del plain["course"], plain["origin"], plain["notes"]
    back = result_from_text(json.dumps(plain), "memory")
    assert back.origin is None
    assert back.course.exit_status is None


def change(path: str, value: object) -> str:
    plain = json.loads(write_result(run_result()))
    *folders, name = path.split(".")
    place = plain
    for folder in folders:
        place = place[int(folder) if folder.isdigit() else folder]
    place[name] = value
    return json.dumps(plain)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "c.json: is not JSON: Expecting value in line 1, column 1"),
        ("[]", "c.json: is no result file: it lacks 'format'"),
        ('{"a": NaN}', "c.json: holds NaN, which is not JSON"),
        ("[" * 100_000, "c.json: is nested too deeply"),
        ('{"format": "pytest-carbon result"}', "c.json: 'schema' is None, not a schema number"),
        (
            change("schema", 2),
            "c.json: 'schema' is 2, newer than the 1 that is understood here: upgrade",
        ),
        (change("wall_s", "long"), "c.json: 'wall_s' is 'long', not a number"),
        (change("subjects", {}), r"c.json: 'subjects' is \{\}, not a list in \[ \]"),
        (
            change("subjects.1.total.cpu_s", None),
            "c.json: 'subjects.1.total.cpu_s' is None, not a number",
        ),
        (change("subjects.0.verdict.outcome", "odd"), "outcome' is 'odd', not one of ok, improved"),
        (change("intensity.g_per_kwh", 10**400), "'intensity.g_per_kwh' is 10000"),
        (change("course", []), r"'course' is \[\], not an object in \{ \}"),
        (change("environment", {}), "'environment' lacks 'cpu_model'"),
    ],
)
def test_what_is_no_result_is_one_error_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ResultFileError, match=message):
        result_from_text(text, "c.json")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ResultFileError, match="cannot be read: No such file"):
        read_result(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff")
    with pytest.raises(ResultFileError, match="is not UTF-8 text"):
        read_result(tmp_path / "bytes.json")
