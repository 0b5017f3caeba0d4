"""The fixture ``carbon`` inside real runs."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.measurement import Kind
from pytest_carbon.resultfile.file import read_result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., pytest.RunResult]


def test_figures_in_the_test_itself(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        def test_train(carbon):
            assert carbon.active
            with carbon.task("load") as load:
                burn(0.05)
            with carbon.task("train") as train:
                burn(0.2)
            assert load.energy_j < train.energy_j
            assert train.emissions_g == pytest.approx(train.energy_j / 3_600_000 * 500)
            assert train.cpu_s == pytest.approx(0.2, rel=0.1)
            assert train.method.startswith(("measured", "modelled"))
        """
    )
    carbon("--carbon-intensity=500").assert_outcomes(passed=1)


def tasks_of(path: Path) -> dict[str, dict[str, str]]:
    """The properties of all tasks in a JUnit file, by path."""
    found: dict[str, dict[str, str]] = {}
    for item in ET.parse(path).iter("property"):
        name = item.get("name", "")
        if name.startswith("carbon.task."):
            task, _, figure = name.removeprefix("carbon.task.").rpartition(".")
            found.setdefault(task, {})[figure] = item.get("value", "")
    return found


NESTED = """
    from concurrent.futures import ThreadPoolExecutor
    from burn import burn

    def test_train(carbon):
        def score(cpu_s):
            with carbon.task("score"):
                burn(cpu_s)

        with carbon.task("load"):
            burn(0.05)
        with carbon.task("train"):
            for _ in range(2):
                with carbon.task("epoch"):
                    burn(0.1)
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(score, [0.1, 0.2]))
            burn(0.05)
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_rows_add_up_to_their_test(
    pytester: pytest.Pytester, carbon: Run, workers: tuple[str, ...]
) -> None:
    pytester.makepyfile(NESTED)
    result = carbon(*workers, "--junitxml=junit.xml", "--carbon-report=json:result.json")
    result.assert_outcomes(passed=1)
    tasks = tasks_of(pytester.path / "junit.xml")
    paths = ["load", "train > epoch", "train > score", "train"]
    assert sorted(tasks) == sorted(paths)
    seconds = {path: float(figures["cpu_s"]) for path, figures in tasks.items()}
    truth = {"load": 0.05, "train > epoch": 0.2, "train > score": 0.3, "train": 0.55}
    for path, cpu_s in truth.items():
        assert seconds[path] == pytest.approx(cpu_s, rel=0.1)
    joules = {path: float(figures["energy_j"]) for path, figures in tasks.items()}
    own = {path: float(figures["own_energy_j"]) for path, figures in tasks.items()}
    assert sum(own.values()) == pytest.approx(joules["load"] + joules["train"], rel=0.02)
    assert tasks["train > epoch"]["times"] == "2"
    result.stdout.fnmatch_lines(["* > train > epoch (task, 2 times) * new"])

    run = read_result(pytester.path / "result.json")
    (test,) = run.of(Kind.TEST)
    assert test.total.cpu_s == pytest.approx(0.6, rel=0.1)
    assert run.total is not None
    elsewhere = {Kind.TASK, Kind.LOOKS}
    rows = [s.total.cpu_s for s in run.subjects if s.subject.kind not in elsewhere]
    assert run.total.cpu_s == pytest.approx(sum(rows)), "tasks are not counted again"
    prefix = f"{test.subject.id} > "
    assert {task.subject.id.removeprefix(prefix) for task in run.of(Kind.TASK)} == set(paths)
    assert {task.test_outcome for task in run.of(Kind.TASK)} == {"passed"}


def test_a_regressed_task_fails_its_test_by_name(pytester: pytest.Pytester, carbon: Run) -> None:
    suite = """
        from burn import burn

        def test_train(carbon):
            with carbon.task("load"):
                burn(0.01)
            with carbon.task("train"):
                burn({})
    """
    wide = "--carbon-tolerance=200%"
    pytester.makepyfile(test_model=suite.format(0.01))
    carbon("--carbon-update").assert_outcomes(passed=1)
    stored = json.loads(next((pytester.path / "baselines").glob("*.json")).read_text())
    assert set(stored["task"]) == {
        "test_model.py::test_train > load",
        "test_model.py::test_train > train",
    }
    carbon(wide).assert_outcomes(passed=1)
    pytester.makepyfile(test_model=suite.format(0.1))
    result = carbon(wide, "--junitxml=junit.xml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "carbon: task train: +* %: * → *",
            "test      test_model.py::test_train",
            "task      train",
            "accept    pytest --carbon --carbon-update=all test_model.py::test_train",
            "FAILED test_model.py::test_train - carbon: task train: +* %: *",
        ]
    )
    result.stdout.no_fnmatch_line("*task load:*")
    tasks = tasks_of(pytester.path / "junit.xml")
    assert tasks["train"]["verdict"] == "regressed"
    assert tasks["load"]["verdict"] in {"ok", "improved", "inconclusive"}
    carbon(wide, "--carbon-update=all").assert_outcomes(passed=1)
    carbon(wide).assert_outcomes(passed=1)


def test_a_tests_tolerance_holds_for_its_tasks(pytester: pytest.Pytester, carbon: Run) -> None:
    suite = """
        import pytest
        from burn import burn

        @pytest.mark.carbon(tolerance=9)
        def test_train(carbon):
            with carbon.task("train"):
                burn({cpu_s})
            with carbon.task("own", tolerance=9.5):
                burn({cpu_s})
    """
    pytester.makepyfile(test_model=suite.format(cpu_s=0.05))
    carbon("--carbon-update").assert_outcomes(passed=1)
    pytester.makepyfile(test_model=suite.format(cpu_s=0.25))
    result = carbon("--carbon-report=json:result.json")
    result.assert_outcomes(passed=1)
    run = read_result(pytester.path / "result.json")
    tolerances = {
        task.subject.id.rpartition(" > ")[2]: task.verdict.tolerance
        for task in run.of(Kind.TASK)
        if task.verdict is not None
    }
    assert tolerances == {"train": 9, "own": 9.5}


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_budget_limits_each_time_a_task_runs(
    pytester: pytest.Pytester, carbon: Run, workers: tuple[str, ...]
) -> None:
    pytester.makepyfile(
        """
        from burn import burn

        def test_frugal(carbon):
            for _ in range(10):
                with carbon.task("step", budget_mj=60):
                    burn(0.005)

        def test_greedy(carbon):
            for cpu_s in (0.005, 0.15):
                with carbon.task("step", budget_mj=60):
                    burn(cpu_s)
        """
    )
    result = carbon(*workers)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "accept    raise the task's budget",
            "FAILED *::test_greedy - carbon: task step: over budget: *J, allowed 60.0 mJ",
        ]
    )


def test_a_task_left_open_ends_with_its_test(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        from burn import burn

        def test_leaves(carbon):
            carbon.task("left").__enter__()
            burn(0.05)

        def test_next(carbon):
            with carbon.task("own") as task: pass
            assert task.cpu_s < 0.04
        """
    )
    result = carbon("--carbon-report=json:result.json")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["note: *::test_leaves > left: it was left open, *"])
    run = read_result(pytester.path / "result.json")
    tasks = {task.subject.id.rpartition(" > ")[2]: task for task in run.of(Kind.TASK)}
    assert tasks["left"].total.cpu_s >= 0.05
    assert tasks["left"].notes == ("it was left open, and ended with its test",)


@pytest.mark.cold_start
def test_off_a_test_can_skip_itself(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys
        import pytest

        def test_runs(carbon):
            with carbon.task("train", budget_mg=1) as task:
                done = True
            assert done and task.energy_j is None

        def test_asserts(carbon):
            if not carbon.active:
                pytest.skip("needs --carbon")

        def test_nothing_heavy_is_imported():
            mine = {name for name in sys.modules if name.startswith("pytest_carbon")}
            assert not {name for name in mine if ".session" in name or ".meters" in name}
            assert not {"psutil", "cpuinfo", "pynvml", "requests", "tabulate"} & set(sys.modules)
        """
    )
    result = pytester.run(sys.executable, "-m", "pytest", "-p", "no:randomly", "-rs")
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(["*needs --carbon"])


def test_a_task_is_inside_its_test_and_not_a_wider_fixture(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        @pytest.fixture(scope="module")
        def late(): burn(0.3)

        @pytest.fixture
        def resource(carbon):
            with carbon.task("resource"):
                burn(0.05)
                yield
                burn(0.05)

        def test_asks(carbon, request, resource):
            with carbon.task("asks") as task:
                request.getfixturevalue("late")
                burn(0.1)
            assert task.cpu_s == pytest.approx(0.1, rel=0.2)
        """
    )
    carbon().assert_outcomes(passed=1)


def test_in_an_async_test(
    pytester: pytest.Pytester, carbon: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS")  # It leaves anyio's plugin out.
    pytester.makepyfile(
        """
        import asyncio
        import pytest
        from burn import burn

        async def work(carbon, name, cpu_s):
            with carbon.task(name) as task:
                for _ in range(10):
                    burn(cpu_s / 10)
                    await asyncio.sleep(0)
            return task

        @pytest.mark.anyio
        async def test_async(carbon):
            long, short = await asyncio.gather(
                work(carbon, "long", 0.2), work(carbon, "short", 0.1)
            )
            assert long.cpu_s == pytest.approx(0.2, rel=0.1)
            assert short.cpu_s == pytest.approx(0.1, rel=0.1)

        @pytest.fixture
        def anyio_backend(): return "asyncio"
        """
    )
    carbon().assert_outcomes(passed=1)


def test_leaving_the_process_inside_a_task_is_as_without_us(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(
        """
        import os

        def test_leaves(carbon):
            with carbon.task("leaves"):
                os._exit(3)
        """
    )
    assert carbon("--carbon-update").ret == 3
    assert not (pytester.path / "baselines").exists()


def test_a_skipped_measurement_has_no_active_tasks(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.carbon(skip=True)
        def test_left_out(carbon):
            with carbon.task("a") as task: pass
            assert not carbon.active and task.energy_j is None
        """
    )
    carbon().assert_outcomes(passed=1)
