"""Names and messages that attack whoever reads them, through every kind of report."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from junitparser import JUnitXml
from markdown_it import MarkdownIt
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from pytest_carbon.cli import baselines
from pytest_carbon.cli.main import main
from pytest_carbon.intensity.embodied import ECO_CI_RUNNER
from pytest_carbon.intensity.pue import Pue
from pytest_carbon.report.kinds import KINDS
from pytest_carbon.report.terminal import summary_lines
from pytest_carbon.resultfile.file import read_result, result_from_text
from pytest_carbon.text import short_name, visible
from tests.hostile import ATTACKS, HOSTILE, attack, hostile_result
from tests.results import LIVE, run_result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MARKDOWN_TAGS = {
    *("h2", "h3", "table", "thead", "tbody", "tr", "th", "td"),
    *("code", "p", "ul", "li", "strong", "details", "summary"),
}


class Elements(HTMLParser):
    """Collects the elements of a page, and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.tags.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script":
            self.scripts[-1] += data


def check_terminal(text: str) -> None:
    for line in text.splitlines():
        assert not line.lstrip().startswith("::")
        assert not re.search(r"##\w*\[", line)
        assert len(line) < 2000


def check_github(text: str) -> None:
    commands = text.splitlines()
    assert len(commands) == 10
    for line in commands:
        command = re.fullmatch(r"::error (?:file=([^:,]*),line=7,)?title=([^:,]*)::(.*)", line)
        assert command is not None, line
        assert not re.search("%(?!25|0A|0D|3A|2C)", line)
        assert len(line) < 2000


def check_markdown(text: str) -> None:
    parser = MarkdownIt("commonmark").enable("table")
    html = parser.render(text)
    assert set(Elements(html).tags) <= MARKDOWN_TAGS
    # Each row that was written is a row, with all of its cells and no other.
    written = [line for line in text.splitlines() if line.startswith("| ")]
    assert html.count("<tr>") == len(written) - html.count("<table>")
    kinds = [token.type for token in parser.parse(text)]
    assert kinds.count("td_open") == 5 * 2 + 4 * 2 * len(HOSTILE) + 5 * 20
    assert len(text) < 65_536


def check_csv(text: str, rows: int) -> None:
    found = list(csv.DictReader(io.StringIO(text), strict=True))
    assert len(found) == rows
    assert len(text.splitlines()) == rows + 1
    cells = [cell for row in found for cell in row.values() if cell]
    assert [cell for cell in cells if cell[0] in "=+-@\t\r"] == []


def check_openmetrics(text: str, names: list[str]) -> None:
    parse: Any = text_string_to_metric_families
    families = {family.name: family for family in parse(text)}
    labels = [s.labels["id"] for s in families["pytest_carbon_energy_joules"].samples]
    assert labels == names


def check_html(text: str, names: list[str]) -> None:
    page = Elements(text)
    assert page.tags.count("script") == 5
    assert "img" not in page.tags
    assert [row[0] for row in json.loads(page.scripts[0])["rows"]] == names


def test_hostile_names_and_messages_are_harmless_in_every_kind() -> None:
    result = hostile_result()
    texts = {name: kind.render(result) for name, kind in KINDS.items()}
    for text in texts.values():
        assert all(c.isprintable() or c == "\n" for c in text.replace("\t", ""))

    ids = [s.subject.id for s in result.subjects]
    names = [short_name(visible(name), 500) for name in ids]
    assert len(set(names)) == len(names)
    assert [s.subject.id for s in result_from_text(texts["json"], "json").subjects] == ids
    check_terminal(texts["term"])
    check_github(texts["github"])
    check_markdown(texts["markdown"])
    check_markdown(texts["markdown-append"])
    check_csv(texts["csv"], 1)
    check_csv(texts["csv-tests"], len(ids))
    check_openmetrics(texts["openmetrics"], names)
    assert [item["name"] for item in json.loads(texts["benchmark-json"])] == [*names, "whole run"]
    assert [*json.loads(texts["bencher-json"])] == [*names, "whole run"]
    check_html(texts["html"], names)


@pytest.mark.parametrize("text", ATTACKS)
def test_no_field_of_a_result_reaches_a_report_as_it_is(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_result()._replace(live=LIVE, embodied=ECO_CI_RUNNER, pue=Pue(1.2, "set"))
    attacked = attack(result, text)
    texts = {name: kind.render(attacked) for name, kind in KINDS.items()}
    texts["-v"] = "\n".join(line.text for line in summary_lines(attacked, verbosity=1, rows=10))
    for name in ("json", "other"):
        changed = attacked._replace(origin=attacked.origin._replace(run_id=f"{name}{text}"))
        (tmp_path / name).write_text(KINDS["json"].render(changed), encoding="utf-8")
    stored = f"--baselines={tmp_path / 'baselines'}"
    paths = [str(tmp_path / name) for name in ("json", "other")]
    main(["merge", *paths, stored, "--update=all", "-v"])
    baselines.show(tmp_path / "baselines", attacked.environment._replace(os="another"))
    main(["report", str(tmp_path / "json")])
    texts["commands"] = "".join(capsys.readouterr())
    for name, shown in texts.items():
        assert [c for c in shown if not c.isprintable() and c not in "\n\t"] == [], name
        # What begins a line there is ours.
        if name not in {"github", "json"}:
            assert not re.search(r"(?m)^\s*::error", shown), name
    for line in texts["github"].splitlines():
        assert re.fullmatch(r"::(error|warning) [^:]*::.*", line)
    for name in ("csv", "csv-tests"):
        cells = [cell for row in csv.reader(texts[name].splitlines()) for cell in row]
        assert [cell for cell in cells if cell.startswith(("=", "@", "\x1b"))] == []
    parser = MarkdownIt("commonmark").enable("table")
    assert set(Elements(parser.render(texts["markdown"])).tags) <= MARKDOWN_TAGS
    assert set(Elements(texts["html"]).tags) == set(Elements(KINDS["html"].render(result)).tags)


def test_a_real_run_with_hostile_parameters_writes_every_kind(
    pytester: pytest.Pytester, carbon: Callable[..., pytest.RunResult]
) -> None:
    names = [text for text in HOSTILE if text.strip() and text.isprintable()]
    pytester.path.joinpath("test_h.py").write_text(
        "import pytest\n"
        f"IDS = {names!a}\n"
        "@pytest.mark.parametrize('n', range(len(IDS)), ids=IDS)\n"
        "def test_p(n): sum(range(1000 * (n + 1)))\n"
        "@pytest.mark.carbon_budget(j=1e-9)\n"
        "@pytest.mark.parametrize('n', [1], ids=['<b>,line=1::error::%0A##[error]'])\n"
        "def test_over_budget(n): sum(range(1_000_000))\n"
    )
    reports = [f"--carbon-report={kind}:out/{kind}" for kind in KINDS]
    result = carbon(*reports, "--carbon-report=github", "--junitxml=out/junit.xml", "-n2")
    result.assert_outcomes(passed=len(names), failed=1)
    out = pytester.path / "out"
    texts = {kind: (out / kind).read_text(encoding="utf-8") for kind in KINDS}
    ids = [s.subject.id for s in read_result(out / "json").subjects]
    check_terminal(texts["term"])
    check_csv(texts["csv"], 1)
    check_csv(texts["csv-tests"], len(names) + 1)
    check_html(texts["html"], [short_name(visible(name), 500) for name in ids])
    [command] = [line for line in result.outlines if line.startswith("::")]
    assert command == texts["github"].rstrip("\n")
    assert command.startswith(
        "::error file=test_h.py,line=5,title=carbon%3A over budget::test_h.py::"
    )

    [suite] = JUnitXml.fromfile(str(out / "junit.xml"))
    properties: Any = suite.properties
    assert float({p.name: p.value for p in properties()}["carbon.energy_j"]) > 0
    cases = list(suite)
    assert len(cases) == len(names) + 1
    assert [case.is_failure for case in cases].count(True) == 1
