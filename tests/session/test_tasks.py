"""The fixture ``carbon`` inside real runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

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


def test_in_an_async_test(pytester: pytest.Pytester, carbon: Run) -> None:
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
