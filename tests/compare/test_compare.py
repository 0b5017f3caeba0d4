"""The command from end to end, on real git repositories."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.compare.conftest import LIBRARY, TESTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compare.conftest import Compare, Project


@pytest.mark.slow
@pytest.mark.parametrize("library", ["src/lib/__init__.py", "lib.py"])
def test_a_regression_in_the_working_tree_is_found_and_named(
    project: Project, compare: Compare, library: str
) -> None:
    project.write({library: LIBRARY, "tests/test_lib.py": TESTS})
    project.commit()
    project.write({library: LIBRARY.replace("200_000", "400_000")})

    done = compare("HEAD", "--json", "-", "--", "tests")

    found = json.loads(done.stdout)
    outcomes = {t["test"]: t["verdict"]["outcome"] for t in found["tests"]}
    assert outcomes == {
        "tests/test_lib.py::test_work": "regressed",
        "tests/test_lib.py::test_other": "ok",
    }
    assert done.returncode == found["exit_status"] == 1
    assert found["head"].startswith("the working tree (")


LEFT_OUT = """
import os, pytest, socket
import lib

def test_same():
    assert lib.other() > 0

def test_fails():
    assert lib.KIND == "base"

def test_ends_its_process():
    if lib.KIND == "head":
        os._exit(3)

@pytest.mark.skip(reason="no need")
def test_skipped():
    pass

def test_takes_a_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", lib.PORT))
        server.listen()
        assert lib.other() and lib.other() and lib.other()
"""


def test_what_cannot_be_compared_is_told_and_the_rest_is_compared(
    project: Project, compare: Compare
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    library = LIBRARY + f'\nPORT = {port}\nKIND = "base"\n'
    project.write({"lib.py": library, "test_lib.py": LEFT_OUT + "\ndef test_gone():\n    pass\n"})
    project.commit()
    project.write(
        {
            "lib.py": library.replace('"base"', '"head"'),
            "test_lib.py": LEFT_OUT + "\ndef test_new():\n    pass\n",
        }
    )

    done = compare("HEAD", "--json", "-")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    tests = {t["test"].removeprefix("test_lib.py::"): t for t in found["tests"]}
    assert (found["new"], found["gone"]) == (["test_lib.py::test_new"], ["test_lib.py::test_gone"])
    assert tests["test_fails"]["why"].startswith("passed on base, failed on head (AssertionError")
    assert tests["test_ends_its_process"]["why"].startswith("it ended its process on head")
    assert tests["test_skipped"]["why"] == "skipped on both sides (Skipped: no need)"
    assert tests["test_same"]["verdict"]["outcome"] == "ok"
    assert tests["test_takes_a_port"]["verdict"]["outcome"] == "ok"


def test_a_signal_ends_it_with_an_own_status_and_nothing_left(
    project: Project, temporary: Path
) -> None:
    project.write({"test_slow.py": "import time\n\ndef test_slow():\n    time.sleep(60)\n"})
    project.commit()
    before = project.state()
    command = [sys.executable, "-m", "pytest_carbon.cli.main", "compare", "HEAD"]
    running = subprocess.Popen(command, cwd=project.folder, stderr=subprocess.PIPE, text=True)
    with running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("running every test once"):
                break
        [folder] = temporary.glob("pytest-carbon-compare-*")
        assert _processes_in(folder)
        running.send_signal(signal.SIGTERM)
        assert "interrupted: nothing is left behind" in running.stderr.read()
    assert running.returncode == 2
    assert not folder.exists()
    assert not _processes_in(folder)
    assert project.state() == before


def _processes_in(folder: Path) -> list[int]:
    """The processes that work below a folder, or did before it was removed."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd().startswith(str(folder)):
                found.append(process.pid)
    return found


def test_what_a_killed_comparison_left_is_removed_by_the_next(
    project: Project, temporary: Path, compare: Compare
) -> None:
    project.write({"test_nothing.py": "def test_nothing():\n    pass\n"})
    project.commit()
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    left = temporary / f"pytest-carbon-compare-{ended.pid}-x" / "base" / "project"
    before = project.git("worktree", "list")
    project.git("worktree", "add", "--detach", str(left), "HEAD")
    with contextlib.suppress(AssertionError):  # the list of worktrees is not as it was: good
        compare("HEAD")
    assert project.git("worktree", "list") == before
    assert not left.exists()


@pytest.mark.slow
def test_the_merge_base_is_where_head_left_the_other_branch(
    project: Project, compare: Compare
) -> None:
    project.write({"lib.py": LIBRARY, "test_lib.py": TESTS})
    project.commit()
    fork = project.commit_of("HEAD")
    project.git("checkout", "--quiet", "-b", "topic")
    project.write({"lib.py": LIBRARY.replace("200_000", "600_000")})
    project.commit()
    project.git("checkout", "--quiet", "main")
    project.write({"other.py": "main went on"})
    project.commit()

    done = compare("--merge-base", "main", "topic", "--max-pairs", "10", "--markdown", "-")

    assert done.returncode == 1, done.stdout + done.stderr
    assert f"`merge base with main ({fork[:7]})` → `topic (" in done.stdout
    assert "regressed" in done.stdout


def test_base_against_itself_tells_what_this_machine_can_see(
    project: Project, compare: Compare
) -> None:
    project.write({"lib.py": LIBRARY, "test_lib.py": TESTS})
    project.commit()

    done = compare("--aa", "--max-pairs", "20")

    assert done.returncode == 0, done.stderr
    assert "base against itself: 0 false alarms in 2 tests" in done.stdout
    assert "smallest rise that is found in 95 % of the cases here: +" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--in-turn", "--spawn"])
def test_other_ways_to_run_find_the_same(project: Project, compare: Compare, option: str) -> None:
    project.write({"lib.py": LIBRARY, "test_lib.py": TESTS})
    project.commit()
    project.write({"lib.py": LIBRARY.replace("200_000", "600_000")})

    done = compare("HEAD", option, "--max-pairs", "10", "--", "-k", "test_work")

    assert "regressed" in done.stdout
    assert done.returncode == 1, done.stdout + done.stderr


def test_the_work_of_threads_counts(project: Project, compare: Compare) -> None:
    library = """
import hashlib, threading

def work(n):
    data = bytes(n * 1_000_000)
    hash = lambda: [hashlib.sha256(data).digest() for _ in range(10)]
    threads = [threading.Thread(target=hash) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return 1
"""
    project.write({"lib.py": library, "test_lib.py": TESTS.partition("def test_other")[0]})
    project.commit()
    project.write({"lib.py": library.replace("range(10)", "range(20)")})

    done = compare("HEAD", "--json", "-", "--max-pairs", "10")

    [test] = json.loads(done.stdout)["tests"]
    assert test["verdict"]["outcome"] == "regressed"
    assert test["verdict"]["ratio"] == pytest.approx(2, rel=0.2)


def test_a_side_that_is_not_forked_for_a_threads_sake_names_it(
    project: Project, compare: Compare
) -> None:
    """Some plugins start a server as they are configured: pytest-rerunfailures with xdist does."""
    project.write(
        {
            "conftest.py": """
import threading

end = threading.Event()

def pytest_configure():
    threading.Thread(target=end.wait, name="a server", daemon=True).start()

def pytest_unconfigure():
    end.set()
""",
            "test_it.py": "def test_it(): pass\n",
        }
    )
    project.commit()

    done = compare("HEAD", "HEAD")

    assert done.returncode == 0, done.stdout + done.stderr
    [note] = [line for line in done.stdout.splitlines() if "not forked" in line]
    assert note.endswith("; a plugin or a test file has started a server")


def test_a_copy_that_is_installed_elsewhere_is_not_taken_for_either_side(
    project: Project, compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finder in front of all others, as some build tools' editable installs have it."""
    hook = tmp_path / "hook"
    hook.mkdir()
    target = tmp_path / "elsewhere" / "lib.py"
    target.parent.mkdir()
    target.write_text(LIBRARY, encoding="utf-8")
    (hook / "sitecustomize.py").write_text(FINDER.format(target=str(target)), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(hook))
    project.write({"lib.py": LIBRARY, "test_lib.py": TESTS})
    project.commit()

    done = compare("HEAD")

    assert done.returncode == 4
    assert f"base imports lib from {target}, which is not its own" in done.stderr
    assert "--setup 'pip install -e .'" in done.stderr


FINDER = """
import importlib.util, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "lib":
            return importlib.util.spec_from_file_location(name, "{target}")

sys.meta_path.insert(0, Finder())
"""


@pytest.mark.slow
def test_a_finder_of_an_editable_install_is_led_to_the_sides_files(
    project: Project, compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = tmp_path / "hook"
    hook.mkdir()
    target = project.folder / "nested" / "lib.py"
    (hook / "sitecustomize.py").write_text(FINDER.format(target=str(target)), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(hook))
    project.write({"nested/lib.py": LIBRARY, "tests/test_lib.py": TESTS})
    project.commit()
    project.write({"nested/lib.py": LIBRARY.replace("200_000", "600_000")})

    done = compare("HEAD", "--max-pairs", "10", "--", "-k", "test_work")

    assert done.returncode == 1, done.stdout + done.stderr
    assert (
        "base ran lib from base:nested/lib.py; head ran lib from head:nested/lib.py" in done.stdout
    )


MARKED = """
import lib, pytest

@pytest.mark.carbon(tolerance=5.0)
def test_may_rise():
    assert lib.work(1) > 0

@pytest.mark.carbon(skip=True)
def test_left_out():
    assert lib.work(1) > 0
"""


def test_markers_and_the_projects_own_options_count(project: Project, compare: Compare) -> None:
    project.write({"lib.py": LIBRARY, "test_lib.py": MARKED})
    project.write({"pytest.ini": "[pytest]\naddopts = --carbon --strict-markers -W error\n"})
    project.commit()
    project.write({"lib.py": LIBRARY.replace("200_000", "600_000")})

    done = compare("HEAD", "--json", "-")

    assert done.returncode == 0, done.stderr
    [test] = json.loads(done.stdout)["tests"]
    assert test["test"] == "test_lib.py::test_may_rise"
    assert test["verdict"]["outcome"] == "ok"
    assert test["verdict"]["ratio"] > 2


NOTES = """
import pytest

notes = {}

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    notes[item.nodeid] = []
    return (yield)

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    notes[item.nodeid].append(report.outcome)
    return report
"""


def test_what_plugins_put_around_a_test_is_around_each_of_its_runs(
    project: Project, compare: Compare
) -> None:
    """pytest-retry, for one, needs within a test what it has noted around it."""
    project.write({"conftest.py": NOTES, "test_lib.py": "def test_it():\n    pass\n"})
    project.commit()
    done = compare("HEAD")
    assert "not compared" not in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
