"""Measuring in scripts, each run as a user would."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.report.codecarbon_csv import COLUMNS
from tests.conftest import BURN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def script(folder: Path, text: str, **environ: str) -> subprocess.CompletedProcess[str]:
    (folder / "burn.py").write_text(BURN)
    (folder / "script.py").write_text(text)
    return subprocess.run(
        [sys.executable, "-W", "error", "script.py"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "", **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def figures(folder: Path, text: str, **environ: str) -> Any:
    done = script(folder, text, **environ)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_block_and_a_function(tmp_path: Path) -> None:
    found = figures(
        tmp_path,
        """
import json
from burn import burn
from pytest_carbon import measure

@measure
def evaluate():
    burn(0.05)
    return "good"

with measure("train") as m:
    burn(0.2)
    with measure("epoch") as inner:
        burn(0.1)

print(json.dumps({
    "returned": evaluate(),
    "evaluate": evaluate.task.cpu_s,
    "name": evaluate.task.name,
    "train": m.cpu_s,
    "own": m.own_cpu_s,
    "inner": inner.cpu_s,
    "grams": m.emissions_g,
    "joules": m.energy_j,
    "method": m.method,
}))
""",
        PYTEST_CARBON_INTENSITY="500",
    )
    assert found["returned"] == "good"
    assert found["name"] == "evaluate"
    assert found["evaluate"] == pytest.approx(0.05, rel=0.15)
    assert found["train"] == pytest.approx(0.3, rel=0.1)
    assert found["own"] == pytest.approx(0.2, rel=0.1)
    assert found["inner"] == pytest.approx(0.1, rel=0.1)
    assert found["grams"] == pytest.approx(found["joules"] / 3_600_000 * 500)
    assert found["method"].startswith(("measured", "modelled"))


def test_settings_are_those_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\ncarbon_intensity = 250\ncarbon_clock = descendants\ncarbon_speed = off\n"
    )
    found = figures(
        tmp_path,
        """
import json
from burn import burn
from pytest_carbon import measure

with measure("train") as m:
    burn(0.05)
print(json.dumps([m.emissions_g / m.energy_j * 3_600_000, m.method]))
""",
    )
    assert found[0] == pytest.approx(250)
    assert "descendants" in found[1]


def test_a_bad_setting_is_one_clear_error(tmp_path: Path) -> None:
    done = script(
        tmp_path,
        'from pytest_carbon import measure\nwith measure("train"): print("ran")\n',
        PYTEST_CARBON_METERS="steam",
    )
    assert done.returncode == 1
    assert "SettingError: --carbon-meters=steam: there is no such meter" in done.stderr
    assert "ran" not in done.stdout


def test_rows_of_codecarbon(tmp_path: Path) -> None:
    text = """
from burn import burn
from pytest_carbon import measure

with measure("train") as m:
    burn(0.1)
m.to_csv("emissions.csv")
print(m.energy_j)
"""
    joules = [float(script(tmp_path, text).stdout) for _ in range(2)]
    with (tmp_path / "emissions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["project_name"] for row in rows] == ["train", "train"]
    written = [float(row["energy_consumed"]) * 3_600_000 for row in rows]
    assert written == pytest.approx(joules)
    assert len({row["run_id"] for row in rows}) == 2


OTHERS_FILE = """
open("e.csv", "w").write("a,b\\n")
with measure("a") as m: pass
m.to_csv("e.csv")
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('m = measure("a")\nm.to_csv("e.csv")', "'a' has no figure to write to e.csv (it is not"),
        ('with measure("a") as m: m.to_csv("e.csv")', "'a' has no figure to write to e.csv"),
        ('with measure("a") as m: pass\nm.to_csv(".")', "is a folder"),
        (OTHERS_FILE, "has other columns"),
        ('measure("")', "a task has an empty name"),
        ("measure(5)", "the task '5' decorates 5"),
    ],
)
def test_what_cannot_be(tmp_path: Path, text: str, message: str) -> None:
    done = script(tmp_path, f"from pytest_carbon import measure\n{text}\n")
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]


def test_nothing_heavy_is_imported_before_it_measures(tmp_path: Path) -> None:
    found = figures(
        tmp_path,
        """
import json, sys
from pytest_carbon import measure
task = measure("train")
print(json.dumps(sorted({"psutil", "pynvml", "requests", "pytest", "asyncio"} & set(sys.modules))))
""",
    )
    assert found == []


def test_inside_a_measured_test_it_is_a_task(
    pytester: pytest.Pytester, carbon: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile(
        model="""
        from burn import burn
        from pytest_carbon import measure

        @measure
        def train():
            burn(0.1)
        """,
        test_model="""
        import pytest
        from model import train
        from pytest_carbon import measure

        def test_train(carbon):
            with carbon.task("outer"):
                train()
            assert train.task.cpu_s == pytest.approx(0.1, rel=0.1)
            with pytest.raises(Exception, match="run pytest with --carbon-report=csv:e.csv"):
                train.task.to_csv("e.csv")
        """,
    )
    result = carbon()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_train > outer > train (task)*"])


def test_a_measured_function_goes_to_other_processes_after_a_call_as_before_it(
    tmp_path: Path,
) -> None:
    found = figures(
        tmp_path,
        """
import json, pickle, subprocess, sys
import cloudpickle
from burn import burn
from pytest_carbon import measure

@measure
def work():
    burn(0.05)
    return 7

before = cloudpickle.dumps(work)
work()
with measure("train") as train:
    work()
after = cloudpickle.dumps(work)
copy = pickle.loads(pickle.dumps(train))
there = "import sys, pickle; f = pickle.load(sys.stdin.buffer); print(f(), f.task.cpu_s > 0)"
said = [
    subprocess.run([sys.executable, "-c", there], input=data, capture_output=True, check=True)
    .stdout.decode().strip()
    for data in (before, after)
]
print(json.dumps({
    "said": said,
    "copy": [copy.energy_j, copy.cpu_s, copy.wall_s, copy.method, copy.own_cpu_s],
    "train": [train.energy_j, train.cpu_s, train.wall_s, train.method, train.own_cpu_s],
}))
""",
    )
    assert found["said"] == ["7 True", "7 True"]
    assert found["copy"] == found["train"]
