"""Many short sessions in one process: what grows that must not.

    python tests/benchmarks/soak.py [--sessions 200]

Each session runs a suite of three tests with everything on that outlives a session: an update of
the baselines, a report, the history. Prints memory, descriptors, threads, children, temporary files
and the history's bytes a run, ten times on the way; ends with 1 where one of them grows.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from tabulate import tabulate

SUITE = """
import time

def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

def test_long(): burn(0.01)
def test_short(): burn(0.001)
def test_thread():
    import threading
    thread = threading.Thread(target=burn, args=(0.002,))
    thread.start()
    thread.join()
"""

# What one more session may add at the most: Python itself keeps a little of each.
MOST_BYTES = 60_000


class State(NamedTuple):
    """What this process holds after so many sessions."""

    sessions: int
    memory_mib: float
    descriptors: int
    threads: int
    children: int
    temporary: int
    baselines_bytes: int
    history_bytes: int


def state(project: Path, sessions: int) -> State:
    """Look at this process and its files."""
    process = psutil.Process()
    history = project / "history.sqlite"
    return State(
        sessions=sessions,
        memory_mib=round(process.memory_info().rss / 2**20, 1),
        descriptors=process.num_fds() if hasattr(process, "num_fds") else 0,
        threads=threading.active_count(),
        children=len(process.children(recursive=True)),
        temporary=len(os.listdir(tempfile.gettempdir())),  # noqa: PTH208
        baselines_bytes=sum(path.stat().st_size for path in (project / "baselines").iterdir()),
        history_bytes=history.stat().st_size,
    )


def session() -> None:
    """One session as a user has it."""
    arguments = [
        *("-q", "-p", "no:cacheprovider", "-p", "pytest_carbon.plugin"),
        *("--carbon", "--carbon-update", "--carbon-confirm-time=0"),
        *("--carbon-report=json:carbon.json", "--carbon-history=history.sqlite"),
    ]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        status = pytest.main(arguments)
    # As at a fresh start: the test file is another module each time.
    sys.modules.pop("test_soak", None)
    assert status == 0, output.getvalue()


def main() -> int:
    """Run the sessions, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=200)
    sessions = parser.parse_args().sessions
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "test_soak.py").write_text(SUITE, encoding="utf-8")
        (project / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (project / "tmp").mkdir()
        tempfile.tempdir = str(project / "tmp")
        # Some plugins cannot be started twice in a process.
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        os.chdir(project)
        states = []
        for number in range(1, sessions + 1):
            session()
            if number % max(1, sessions // 10) == 0:
                states.append(state(project, number))
        os.chdir("/")
    print(tabulate(states, headers=State._fields))
    first, last = states[len(states) // 3], states[-1]
    count = max(1, last.sessions - first.sessions)
    grows_bytes = (last.memory_mib - first.memory_mib) * 2**20 / count
    history = (last.history_bytes - first.history_bytes) / count
    print(f"memory grows by {grows_bytes:,.0f} bytes a session; the history by {history:,.0f}")
    grown = [
        name
        for name in ("descriptors", "threads", "children", "temporary")
        if getattr(last, name) > getattr(first, name)
    ]
    # A figure more or less of an entry is no growth.
    if last.baselines_bytes > 2 * first.baselines_bytes:
        grown.append("baselines")
    if grows_bytes > MOST_BYTES:
        grown.append("memory")
    print(f"grown: {', '.join(grown) or 'nothing'}")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
