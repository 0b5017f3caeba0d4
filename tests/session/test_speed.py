"""The speed of the core, as a run uses it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

needs_helper = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the helper needs /proc"
)

BUSY = """
from burn import burn

def test_one(): burn(0.05)
def test_two(): burn(0.05)
"""


def result_of(pytester: pytest.Pytester, carbon: Run, *args: str) -> dict[str, Any]:
    carbon("--carbon-report=json:result.json", *args).assert_outcomes(passed=2)
    result: dict[str, Any] = json.loads((pytester.path / "result.json").read_text())
    return result


def costs_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [row["total"] for row in result["subjects"] if row["subject"]["kind"] == "test"]


@pytest.mark.parametrize(
    ("mode", "name"), [pytest.param("auto", "follow-", marks=needs_helper), ("edges", "edges-")]
)
def test_figures_are_corrected_for_the_speed(
    pytester: pytest.Pytester, carbon: Run, mode: str, name: str
) -> None:
    pytester.makepyfile(BUSY)
    result = result_of(pytester, carbon, f"--carbon-speed={mode}")
    assert result["environment"]["speed"].startswith(name)
    assert result["reference_ns"] > 1_000
    for total in costs_of(result):
        assert 0.1 < total["speed"] < 3
        assert total["work_s"] == pytest.approx(total["cpu_s"] * total["speed"] ** 0.9)


def test_off_leaves_them_as_they_are(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(BUSY)
    result = result_of(pytester, carbon, "--carbon-speed=off")
    assert result["environment"]["speed"] == "off"
    assert result["reference_ns"] is None
    for total in costs_of(result):
        assert "speed" not in total
        assert total["work_s"] == total["cpu_s"]


def test_another_word_is_refused(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(BUSY)
    run = carbon("--carbon-speed=fast")
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    run.stderr.fnmatch_lines(["*--carbon-speed=fast is none of auto, edges, off: choose one*"])


def test_a_stored_reference_is_kept(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(BUSY)
    carbon("--carbon-update")
    (stored,) = (pytester.path / "baselines").glob("*.json")
    text = stored.read_text()
    known = json.loads(text)["reference_ns"]
    # Half of it, as a slower reference makes every test a regression.
    stored.write_text(text.replace(f"{known}", f"{known / 2}"))
    assert result_of(pytester, carbon)["reference_ns"] == known / 2


def test_workers_correct_to_the_reference_of_their_run(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    """Each has a probe of its own, and none a speed of its own."""
    pytester.makepyfile(BUSY)
    result = result_of(pytester, carbon, "-n2")
    assert len(costs_of(result)) == 2
    assert all(0.1 < total["speed"] < 3 for total in costs_of(result))
    pytester.makepyfile(
        """
        def test_one(request): assert request.config.workerinput["carbon_reference_ns"] > 1_000
        def test_two(): pass
        """
    )
    result_of(pytester, carbon, "-n2")


@pytest.mark.cold_start
@needs_helper
def test_a_killed_helper_is_said_once_and_changes_no_outcome(
    pytester: pytest.Pytester, carbon: Run
) -> None:
    pytester.makepyfile(
        """
        import os, signal, time
        from pathlib import Path

        import pytest
        from burn import burn


        def helpers():
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    words = (folder / "cmdline").read_bytes().split(b"\\0")
                except OSError:
                    continue
                is_helper = any(b"speed.helper" in word for word in words)
                if is_helper and str(os.getpid()).encode() in words:
                    yield int(folder.name)


        def test_one():
            (helper,) = helpers()
            os.kill(helper, signal.SIGKILL)
            time.sleep(2.2)

        @pytest.mark.parametrize("number", range(3))
        def test_two(number):
            burn(0.01)
        """
    )
    run = carbon("--carbon-report=json:result.json")
    run.assert_outcomes(passed=4)
    said = [line for line in run.outlines if "helper does not answer" in line]
    assert len(said) == 1
    result = json.loads((pytester.path / "result.json").read_text())
    assert all("speed" in total for total in costs_of(result))


@pytest.mark.cold_start
@needs_helper
def test_the_users_tests_do_not_see_the_helper(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        """
        import multiprocessing, os, shutil, subprocess

        import psutil
        import pytest


        def test_nothing_to_wait_for():
            with pytest.raises(ChildProcessError):
                os.wait()

        def test_no_children():
            assert psutil.Process().children(recursive=True) == []
            assert multiprocessing.active_children() == []

        def test_pgrep():
            if shutil.which("pgrep") is None:
                pytest.skip("pgrep is not installed")
            found = subprocess.run(["pgrep", "-P", str(os.getpid())], stdout=subprocess.PIPE)
            assert [pid for pid in found.stdout.split() if psutil.pid_exists(int(pid))] == []
        """
    )
    # With a stored baseline the stem of fresh processes exists as well.
    carbon("--carbon-update")
    run = carbon()
    assert run.ret == pytest.ExitCode.OK, run.stdout.str()
