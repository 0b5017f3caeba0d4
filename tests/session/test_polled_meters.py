"""A meter that knows only power, polled in every process that measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.measurement import Kind
from pytest_carbon.resultfile.file import read_result
from tests.power_board import WATTS, install_power_board

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result.run import RunResult

    Carbon = Callable[..., pytest.RunResult]

SUITE = """
import os, time, warnings
import pytest

@pytest.mark.parametrize("n", range(3))
def test_it(n): time.sleep(0.1)

@pytest.mark.filterwarnings("error")
def test_that_forks():
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)
    time.sleep(0.1)
"""


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_power_board(tmp_path / "board", monkeypatch)


def joules(measured: Measurement | None) -> float:
    assert measured is not None
    (found,) = [e for e in measured.energies if e.domain == "board"]
    return found.dynamic_j


def costs_of(result: RunResult) -> list[Measurement]:
    return [t.total for t in result.of(Kind.TEST) if t.total is not None]


@pytest.mark.usefixtures("board")
@pytest.mark.skipif("sys.platform == 'win32'", reason="needs fork")
def test_power_is_polled_in_the_session(pytester: pytest.Pytester, carbon: Carbon) -> None:
    pytester.makepyfile(SUITE)
    result = carbon("--carbon-report=json:carbon.json")
    assert result.ret == 0, result.stdout.str()
    result.stdout.no_fnmatch_line("*board was lost*")
    tests = costs_of(read_result(pytester.path / "carbon.json"))
    assert len(tests) == 4
    for test in tests:
        assert joules(test) == pytest.approx(WATTS * test.wall_s, rel=0.1)


@pytest.mark.usefixtures("board")
@pytest.mark.cold_start
@pytest.mark.skipif("sys.platform == 'win32'", reason="needs fork")
def test_power_is_polled_in_workers_and_counted_once(
    pytester: pytest.Pytester, carbon: Carbon
) -> None:
    pytester.makepyfile(SUITE)
    result = carbon("-n2", "--carbon-report=json:carbon.json")
    assert result.ret == 0, result.stdout.str()
    result.stdout.no_fnmatch_line("*board was lost*")
    run = read_result(pytester.path / "carbon.json")
    assert all(joules(test) > 0 for test in costs_of(run))
    assert joules(run.total) == pytest.approx(WATTS * run.wall_s, rel=0.2)


@pytest.mark.usefixtures("board")
def test_power_is_polled_in_looks(
    pytester: pytest.Pytester, carbon: Carbon, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        """
        import os, time
        def test_it(): time.sleep(float(os.environ["NAP"]))
        """
    )
    monkeypatch.setenv("NAP", "0.05")
    assert carbon("--carbon-update").ret == 0
    monkeypatch.setenv("NAP", "0.2")
    result = carbon()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*1 regressed*"])
