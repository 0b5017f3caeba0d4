"""Each kind, read back by a program that this project did not write."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from markdown_it import MarkdownIt
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.measurement import Kind
from pytest_carbon.report.codecarbon_csv import COLUMNS, TASK_COLUMNS
from pytest_carbon.report.comment import Comment
from pytest_carbon.report.kinds import KINDS
from pytest_carbon.result.facts import Course, Fault
from tests.results import SUBJECTS, cost, run_result, subject, whole

if TYPE_CHECKING:
    from pytest_carbon.result.run import RunResult

BMF: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["value"],
            "properties": {
                "value": {"type": "number"},
                "lower_value": {"type": "number"},
                "upper_value": {"type": "number"},
            },
            "additionalProperties": False,
        },
    },
}
"""The Bencher Metric Format, as its reference gives it."""

CUSTOM: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "unit", "value"],
        "properties": {
            "name": {"type": "string"},
            "unit": {"type": "string"},
            "value": {"type": "number"},
            "range": {"type": "string"},
            "extra": {"type": "string"},
        },
        "additionalProperties": False,
    },
}
"""What github-action-benchmark takes with customSmallerIsBetter."""


def render(kind: str, result: RunResult | None = None) -> str:
    return KINDS[kind].render(run_result() if result is None else result)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_is_one_row_in_kilograms_and_kilowatt_hours() -> None:
    [row] = rows(render("csv"))
    assert tuple(row) == COLUMNS
    assert len(COLUMNS) == 38
    total = run_result().total
    assert total is not None
    assert total.energy_j is not None
    assert float(row["energy_consumed"]) == pytest.approx(total.energy_j / 3.6e6)
    assert float(row["emissions"]) == pytest.approx(total.energy_j / 3.6e6 * 0.473)
    assert float(row["emissions_rate"]) == pytest.approx(float(row["emissions"]) / 9.0)
    parts = float(row["cpu_energy"]) + float(row["gpu_energy"])
    assert parts == pytest.approx(float(row["energy_consumed"]))
    assert float(row["cpu_power"]) == pytest.approx(total.energy_j * 0.9 / 9.0)
    assert row["ram_energy"] == ""
    assert (row["country_iso_code"], row["on_cloud"], row["project_name"]) == ("WLD", "N", "shop")


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("world", ("the world", "WLD", "")),
        ("custom", ("not stated", "WLD", "")),
        ("FRA", ("France", "FRA", "")),
        ("US-VA", ("United States", "USA", "US-VA")),
        ("gcp:europe-west1", ("Belgium", "BEL", "gcp:europe-west1")),
        ("aws:eu-west-3", ("France", "FRA", "aws:eu-west-3")),
        ("atlantis:1", ("not stated", "WLD", "atlantis:1")),
    ],
)
def test_csv_names_the_country(zone: str, expected: tuple[str, str, str]) -> None:
    result = run_result()
    result = result._replace(intensity=result.intensity._replace(zone=zone))
    [row] = rows(render("csv", result))
    found = (row["country_name"], row["country_iso_code"], row["region"])
    assert (found[0].startswith(expected[0]), *found[1:]) == (True, *expected[1:])


def test_csv_has_no_row_for_an_unknown_run() -> None:
    lost = SUBJECTS[0]._replace(total=cost(1.0, missing=("gpu-0",)))
    assert render("csv", run_result(lost)) == ""


def test_csv_tests_leaves_out_what_is_unknown() -> None:
    lost = SUBJECTS[0]._replace(total=cost(1.0, missing=("gpu-0",)))
    result = run_result(lost, *SUBJECTS[1:])
    found = rows(render("csv-tests", result))
    assert tuple(found[0]) == TASK_COLUMNS
    assert [row["task_name"] for row in found] == [s.subject.id for s in result.of(Kind.TEST)[1:]]
    assert float(found[0]["energy_consumed"]) == pytest.approx(3 / 3.6e6)


def html_of(text: str) -> str:
    # Figures do not break from their units.
    return str(MarkdownIt("commonmark").enable("table").render(text.replace("&nbsp;", " ")))


def test_markdown_has_tables_with_regressions_first() -> None:
    page = html_of(render("markdown"))
    assert "<h2>Carbon: 1 test burns more, 1 is in doubt, 1 burns less, 3 passed</h2>" in page
    places = [page.index(name) for name in ("test_worse", "test_unsure", "test_better")]
    assert places == sorted(places)
    assert '<th style="text-align:right">change</th>\n<th style="text-align:left">what</th>' in page
    assert '<td style="text-align:right"><strong>+50 %</strong></td>' in page
    assert "pytest --carbon --carbon-update=all tests/test_a.py::test_worse</code>" in page
    assert page.index("<table>") < page.index("accept") < page.index("Where the energy went")
    assert page.count("<table>") == 3
    assert "by car (EU)" in page
    assert "This run is not complete" in page


def test_markdown_folds_all_findings_but_ten_and_fits_a_comment() -> None:
    many = [
        subject(
            f"tests/deep/test_file.py::TestIt::test_{i}_{'long' * 30}",
            1.5 + i,
            outcome=Outcome.REGRESSED,
            baseline_j=1.0,
        )
        for i in range(30)
    ]
    text = render("markdown", run_result(*many))
    assert text.splitlines()[1] == "## Carbon: 30 tests burn more, 0 passed"
    shown, _, folded = text.partition("<details><summary>20 more</summary>")
    assert shown.count("| **+") == 10
    assert folded.count("| **+") == 20
    assert "test_29_" in shown.split("| **+")[1]
    names = [row.split("|")[2].strip() for row in text.splitlines() if row.startswith("| **+")]
    assert max(map(len, names)) <= 46
    assert "accept what burns more: `pytest --carbon --carbon-update=all`" in text


def test_markdown_counts_culprits() -> None:
    result = run_result()._replace(notes=("culprit  a.py:1 f  +1 J", "culprit  unknown: no", "x"))
    text = render("markdown", result)
    assert "1 test burns more, 1 culprit, 1 is in doubt" in text
    assert text.index("- culprit: `a.py:1 f  +1 J`") < text.index("| change")


def test_markdown_stays_below_the_limit_of_a_comment() -> None:
    many = [
        subject(f"a.py::test_{i}" + "x" * 150, 2.0, outcome=Outcome.REGRESSED, baseline_j=1.0)
        for i in range(5000)
    ]
    text = render("markdown", run_result(*many))
    assert 10_000 < len(text) < 65_536
    assert "more are in the other reports" in text


def unchanged() -> RunResult:
    return whole(
        run_result(subject("a.py::test", 1.0, outcome=Outcome.OK, baseline_j=1.0))
    )._replace(faults=())


def test_markdown_says_nothing_where_nothing_changed_unless_asked() -> None:
    assert render("markdown", unchanged()) == ""
    asked = KINDS["markdown"].render(unchanged(), comment=Comment(always=True))
    assert asked.splitlines()[1] == "## Carbon: no change in 1 compared"


@pytest.mark.parametrize(
    "changes",
    [
        {"course": Course(cut_short="interrupted")},
        {"faults": (Fault(test="a.py::test", cause="OSError"),)},
        {"subjects": (subject("a.py::test", 1.0, outcome=Outcome.INCOMPARABLE),)},
        {"subjects": (subject("a.py::test", 1.0, outcome=Outcome.NEW),)},
    ],
)
def test_what_was_not_compared_is_no_silence(changes: dict[str, Any]) -> None:
    assert render("markdown", unchanged()._replace(**changes)) != ""


def test_markdown_links_the_page_whose_address_it_is_told() -> None:
    told = Comment(link="https://ci.example.org/job/7/carbon.html")
    page = html_of(KINDS["markdown"].render(run_result(), comment=told))
    assert '<a href="https://ci.example.org/job/7/carbon.html">' in page
    assert page.index("To accept") < page.index("<a href") < page.index("Where the energy went")
    assert "<a href" not in html_of(render("markdown"))


def families(text: str) -> dict[str, Any]:
    parse: Any = text_string_to_metric_families
    return {family.name: family for family in parse(text)}


def test_openmetrics_has_codecarbon_s_names_and_labels() -> None:
    text = render("openmetrics")
    assert text.endswith("\n# EOF\n")
    found = families(text)
    [energy] = found["codecarbon_energy_consumed"].samples
    assert energy.labels["project_name"] == "shop"
    assert energy.labels["country_iso_code"] == "WLD"
    assert energy.labels["cpu_model"] == "AMD EPYC 7763"
    [counter] = found["codecarbon_energy"].samples
    assert counter.name == "codecarbon_energy_total"
    assert counter.value == energy.value
    for name in ("duration", "emissions", "emissions_rate", "cpu_power", "gpu_energy"):
        assert found[f"codecarbon_{name}"].type == "gauge"


def test_openmetrics_has_a_sample_for_each_subject_of_each_kind() -> None:
    found = families(render("openmetrics"))
    samples = found["pytest_carbon_energy_joules"].samples
    assert {(s.labels["kind"], s.labels["id"]) for s in samples} == {
        (s.subject.kind.value, s.subject.id) for s in SUBJECTS
    }
    assert {s.labels["verdict"]: s.value for s in found["pytest_carbon_verdicts"].samples} == {
        "ok": 1,
        "regressed": 1,
        "improved": 1,
        "new": 1,
        "inconclusive": 1,
    }


def test_openmetrics_has_no_sample_for_what_is_unknown() -> None:
    lost = SUBJECTS[0]._replace(total=cost(1.0, missing=("gpu-0",)))
    found = families(render("openmetrics", run_result(lost)))
    assert "codecarbon_energy_consumed" not in found
    assert "pytest_carbon_energy_joules" not in found
    assert len(found["pytest_carbon_cpu_seconds"].samples) == 1


def test_benchmark_json_is_what_github_action_benchmark_takes() -> None:
    items = json.loads(render("benchmark-json"))
    jsonschema.validate(items, CUSTOM)
    by_name = {item["name"]: item for item in items}
    assert len(by_name) == len(items) == len(SUBJECTS) + 1
    assert by_name["tests/test_a.py::test_worse"]["value"] == pytest.approx(3)
    assert by_name["tests/test_a.py::test_worse"]["range"] == "2.7 to 3.3 J"
    assert by_name["tests/conftest.py::database (fixture)"]["value"] == pytest.approx(0.75)


def test_bencher_json_is_in_its_metric_format() -> None:
    found = json.loads(render("bencher-json"))
    jsonschema.validate(found, BMF)
    energy = found["tests/test_a.py::test_worse"]["energy-joules"]
    assert energy == pytest.approx({"value": 3, "lower_value": 2.7, "upper_value": 3.3})


def test_github_annotates_the_line_of_the_test() -> None:
    regressed, undecided = render("github").splitlines()
    assert regressed == (
        "::error file=tests/test_a.py,line=7,title=carbon%3A regressed +50 %25::"
        "tests/test_a.py::test_worse: 2.00 J → 3.00 J (between +35 %25 and +65 %25); "
        "2 fresh processes confirm it"
    )
    assert undecided.startswith(
        "::warning file=tests/sub/test_b.py,line=7,title=carbon%3A inconclusive +10 %25::"
    )


def test_github_annotations_are_capped() -> None:
    many = [
        subject(f"a.py::test_{i}", 1.5 + i, outcome=Outcome.REGRESSED, baseline_j=1.0)
        for i in range(30)
    ]
    lines = render("github", run_result(*many)).splitlines()
    assert len(lines) == 10
    assert "test_29" in lines[0]
    assert lines[-1] == "::error title=pytest-carbon::21 more tests: see the summary of this run"


@pytest.mark.parametrize(
    ("result", "message", "color"),
    [
        (run_result(), "1 burn more", "red"),
        (whole(run_result(*SUBJECTS[3:])), "2.46 J, 323 µg CO2e", "brightgreen"),
        (run_result(*SUBJECTS[3:]), "run not complete", "lightgrey"),
        (
            run_result(subject("a")._replace(total=cost(1, missing=("x",)))),
            "energy unknown",
            "lightgrey",
        ),
    ],
)
def test_badge_is_what_shields_io_reads(result: RunResult, message: str, color: str) -> None:
    assert json.loads(render("badge", result)) == {
        "schemaVersion": 1,
        "label": "tests",
        "message": message,
        "color": color,
    }


def test_term_is_the_summary() -> None:
    text = render("term")
    assert text.startswith("tests: 6.96 J, 914 µg CO2e")
    assert "pytest 2.50 J, collection 1.50 J, wider fixtures 750 mJ: 11.7 J in all" in text
    assert "regressed: tests/test_a.py::test_worse: 2.00 J → 3.00 J (+50 %)" in text
