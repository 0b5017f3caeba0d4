"""What a result file says of how the run went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.resultfile.file import read_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.result.run import RunResult

    Run = Callable[..., pytest.RunResult]

SUITE = """
    import os, pytest

    def test_passes(): pass
    def test_fails(): assert os.environ.get("MENDED")
    @pytest.mark.skip
    def test_skipped(): pass
    @pytest.mark.xfail
    def test_expected(): assert 0
    @pytest.fixture
    def broken(): raise RuntimeError
    def test_error(broken): pass
"""


def course(pytester: pytest.Pytester, carbon: Run, *args: str) -> RunResult:
    carbon("--carbon-report=json:out/carbon.json", *args)
    return read_result(pytester.path / "out" / "carbon.json")


@pytest.mark.parametrize("workers", [(), ("-n2",)])
def test_outcomes_and_collection(
    pytester: pytest.Pytester, carbon: Run, workers: tuple[str, ...]
) -> None:
    pytester.makepyfile(test_it=SUITE)
    run = course(pytester, carbon, *workers)
    assert run.course.outcomes == {
        "test_it.py::test_passes": "passed",
        "test_it.py::test_fails": "failed",
        "test_it.py::test_skipped": "skipped",
        "test_it.py::test_expected": "xfailed",
        "test_it.py::test_error": "error",
    }
    assert set(run.course.collected) == run.course.outcomes.keys()
    assert run.course.exit_status == 1
    assert run.course.complete
    assert run.course.full_and_clean
    assert run.workers == len(workers) * 2
    outcomes = {s.subject.id: s.test_outcome for s in run.subjects}
    assert outcomes["test_it.py::test_fails"] == "failed"


@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_a_first_failure_cuts_the_run_short(
    pytester: pytest.Pytester, carbon: Run, workers: tuple[str, ...]
) -> None:
    many = "".join(f"def test_{i}(): __import__('time').sleep(0.05)\n" for i in range(20))
    pytester.makepyfile(test_it=f"def test_fails(): assert 0\n{many}")
    run = course(pytester, carbon, "-x", *workers)
    assert not run.course.complete
    assert "of 21 selected tests did not run" in run.course.cut_short
    assert run.course.full_and_clean


@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_a_selection_is_not_the_whole_suite(
    pytester: pytest.Pytester, carbon: Run, workers: tuple[str, ...]
) -> None:
    pytester.makepyfile(test_it=SUITE)
    run = course(pytester, carbon, "-k", "passes", *workers)
    assert run.course.complete
    assert not run.course.full_and_clean
    assert len(run.course.deselected) == 4
    assert len(run.course.collected) == 5


def test_paths_narrow_the_collection(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(test_it=SUITE, test_other="def test_one(): pass")
    run = course(pytester, carbon, "test_other.py")
    assert run.course.narrowed == ("test_other.py",)
    assert not run.course.full_and_clean
    assert course(pytester, carbon, ".").course.full_and_clean
    ignored = course(pytester, carbon, "--ignore=test_it.py").course
    assert [way.partition("=")[0] for way in ignored.narrowed] == ["--ignore"]


def test_a_collection_error(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(test_it="def test_one(): pass", test_odd="import nothing_of_that_name")
    run = course(pytester, carbon)
    assert run.course.collection_errors == ("test_odd.py",)
    assert "could not be collected" in run.course.cut_short
    assert not run.course.full_and_clean


def test_an_interrupt(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile(
        "def test_one(): pass\ndef test_two(): raise KeyboardInterrupt\ndef test_three(): pass"
    )
    run = course(pytester, carbon)
    assert "of 3 selected tests did not run" in run.course.cut_short
    assert run.course.exit_status == 2


def test_a_lost_worker(pytester: pytest.Pytester, carbon: Run) -> None:
    pytester.makepyfile("import os\ndef test_one(): pass\ndef test_two(): os._exit(1)")
    run = course(pytester, carbon, "-n1")
    assert run.course.lost_workers == 1
    assert not run.course.complete
    assert list(run.course.outcomes.values()) == ["passed", "failed"]


@pytest.mark.parametrize("groups", [["disk"], ["disk", "camera"]])
def test_groups_of_xdist_do_not_change_names(
    pytester: pytest.Pytester, carbon: Run, groups: list[str]
) -> None:
    marks = "".join(f"@pytest.mark.xdist_group({group!r})\n" for group in groups)
    pytester.makepyfile(f"import pytest\n{marks}def test_one(): pass")
    name = "test_groups_of_xdist_do_not_change_names.py::test_one"
    run = course(pytester, carbon, "-n1", "--dist=loadgroup")
    assert run.course.outcomes == {name: "passed"}
    assert run.course.collected == (name,)
    assert [s.test_outcome for s in run.subjects if s.subject.id == name] == ["passed"]


def test_the_origin(
    pytester: pytest.Pytester, carbon: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_HEAD_REF", raising=False)
    pytester.makepyfile("def test_one(): pass")
    for command in (
        ["init", "-q", "-b", "feature"],
        ["add", "test_the_origin.py"],
        ["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qm", "One"],
    ):
        pytester.run("git", *command)
    commit = pytester.run("git", "rev-parse", "HEAD").outlines[0]
    origin = course(pytester, carbon).origin
    assert origin is not None
    assert (origin.commit, origin.branch, origin.modified) == (commit, "feature", False)
    assert origin.project == pytester.path.name
    assert origin.versions.keys() == {"python", "pytest", "pytest-carbon"}
