"""The reference says what the code says, where it is not made from the code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.baseline import layout
from pytest_carbon.baseline.readers import read_part
from pytest_carbon.history import schema as history
from pytest_carbon.intensity.live.secret import TOKEN_VARIABLES
from pytest_carbon.intensity.live.sources import GROUP as INTENSITY_GROUP
from pytest_carbon.intensity.location import CLOUD_VARIABLES
from pytest_carbon.meters import api
from pytest_carbon.meters.plugins import GROUP as METERS_GROUP
from pytest_carbon.meters.sources import BUILT_IN
from pytest_carbon.resultfile import file as result
from pytest_carbon.session.results.origin import BRANCH_VARIABLES, COMMIT_VARIABLES
from pytest_carbon.tasks.carbon import Carbon
from pytest_carbon.tasks.task import Task
from tests.docs.pages import DOCS, PACKAGE, README, blocks, hook

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = DOCS / "reference"


def text_of(name: str) -> str:
    text: str = hook().fill_in((REFERENCE / name).read_text(encoding="utf-8"))
    return text


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.stem)
def test_all_that_is_generated_is_filled_in(page: Path) -> None:
    assert "<!-- generated" not in hook().fill_in(page.read_text(encoding="utf-8"))


def test_an_option_has_its_three_spellings_default_and_example() -> None:
    text = text_of("options.md")
    assert "### `--carbon-floor`" in text
    assert "- Command line: `--carbon-floor=ENERGY`" in text
    assert "- Ini file: `carbon_floor = 10mJ`" in text
    assert "- Environment: `PYTEST_CARBON_FLOOR=10mJ`" in text
    assert "- Default: `3mJ`" in text


def test_the_attributes_of_a_task_and_the_limits_it_takes_are_listed() -> None:
    text = text_of("python.md")
    public = {name for name in vars(Task) if not name.startswith("_")}
    assert public
    assert {name for name in public if f"`{name}`" not in text} == set()
    limits = set(Carbon.task.__annotations__) - {"self", "return"}
    assert {name for name in limits if name not in text} == set()


def test_the_examples_in_python_run(pytester: pytest.Pytester, tmp_path: Path) -> None:
    markers, fixture, script = (
        block.text for block in blocks(REFERENCE / "python.md") if block.language == "python"
    )
    pytester.makepyfile(test_markers=markers, test_fixture=fixture)
    done = pytester.run(sys.executable, "-m", "pytest", "--carbon", "--strict-markers", "-q")
    assert done.ret == 0
    done.stdout.fnmatch_lines(["4 passed in *"])
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    assert (tmp_path / "emissions.csv").read_text(encoding="utf-8").count("\n") == 2


def test_variables_that_are_read_are_listed() -> None:
    text = text_of("environment.md")
    read = [*TOKEN_VARIABLES, *COMMIT_VARIABLES, *BRANCH_VARIABLES]
    read += [name for name, _ in CLOUD_VARIABLES]
    assert [name for name in read if f"`{name}`" not in text] == []


def test_what_a_meter_of_a_third_party_takes_is_listed() -> None:
    text = text_of("meters.md")
    assert [name for name in api.__all__ if f"`{name}`" not in text] == []
    assert f'[project.entry-points."{METERS_GROUP}"]' in text
    assert f'[project.entry-points."{INTENSITY_GROUP}"]' in text_of("intensity.md")


def test_every_meter_has_all_that_the_table_promises() -> None:
    rows = {
        cells[1].strip(" `"): [cell.strip() for cell in cells[2:-1]]
        for cells in (line.split("|") for line in text_of("meters.md").splitlines())
        if len(cells) == 9
    }
    head = rows.pop("meter")
    assert head == ["systems", "domains", "method", "refreshed", "rights", "tested how"]
    del rows["---"]
    assert list(rows) == [source.name for source in BUILT_IN]
    assert all(all(cells) for cells in rows.values())
    assert list(hook().TESTED) == list(rows)


def test_schemas_have_the_numbers_that_are_written() -> None:
    text = text_of("files.md")
    assert f"Schema {layout.SCHEMA}." in text
    assert f"`{result.FORMAT}`, {result.SCHEMA} |" in text
    assert f"(schema {history.SCHEMA})" in text
    schema = json.loads((PACKAGE / "resultfile" / "schema-1.json").read_text(encoding="utf-8"))
    for member in ("subjects", "course", "environment", "intensity", "origin", "derived"):
        assert member in schema["properties"]
        assert f"`{member}`" in text


def test_the_entry_of_a_baselines_file_that_is_shown_can_be_read() -> None:
    [shown] = [block.text for block in blocks(REFERENCE / "files.md") if block.language == "json"]
    [entry] = read_part("test", json.loads(f"{{{shown}}}")).values()
    assert entry.look.centre_j == 0.0126


ENDS = [
    (0, ["report", "--help"]),
    (0, ["run", "--", sys.executable, "-c", "pass"]),
    (3, ["run", "--", sys.executable, "-c", "raise SystemExit(3)"]),
    (4, ["run", "--", "no-such-program"]),
    (4, ["report", "no-such-file.json"]),
    (4, ["compare", "main"]),
    (4, ["compare", "--tolerance=-1", "main"]),
    (4, ["no-such-command"]),
]


@pytest.mark.parametrize(("status", "arguments"), ENDS)
def test_a_command_ends_as_the_table_says(
    status: int, arguments: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_carbon.cli.main", *arguments],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == status


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_command_that_a_signal_ends_has_its_number_in_the_status(tmp_path: Path) -> None:
    ends_itself = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    command = [sys.executable, "-c", ends_itself]
    done = subprocess.run(
        [sys.executable, "-m", "pytest_carbon.cli.main", "run", "--", *command],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 128 + signal.SIGTERM == 143
    assert "143: SIGTERM" in text_of("commands.md")


def test_the_readme_and_the_start_page_lead_to_each_other_part() -> None:
    for page in (README, DOCS / "index.md"):
        text = page.read_text(encoding="utf-8")
        for part in (
            "tutorial",
            "how-to/index",
            "reference/index",
            "explanation/index",
            "glossary",
        ):
            assert f"{part}.md" in text, page
