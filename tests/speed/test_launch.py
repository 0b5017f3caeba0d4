"""Helpers as processes: how they start, what they see, and when they leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from pytest_carbon.speed import helper as helper_module
from pytest_carbon.speed.correction import mean_probe_ns
from pytest_carbon.speed.launch import StartingHelper
from tests.speed.conftest import Clock, needs_linux

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_carbon.speed.follow import FollowProbe


# What helpers are to their processes is what is tested.
pytestmark = pytest.mark.cold_start

S = 1_000_000_000


@pytest.fixture
def helped(gone: Callable[[int], bool]) -> Iterator[tuple[FollowProbe, Clock]]:
    """A real helper that follows this test."""
    clock = Clock()
    probe = StartingHelper().finish(clock)
    yield probe, clock
    probe.close()
    assert gone(probe.helper_pid)


def burn_until_probed(probe: FollowProbe, probes: int) -> None:
    """Keep this core busy until the helper has probed it so often (or ten seconds are over)."""
    give_up = time.monotonic() + 10
    helper_probes = 0
    while helper_probes < probes and time.monotonic() < give_up:
        sum(range(5_000))
        row = probe._board.read_row()
        helper_probes = row[3] if row else 0
    assert helper_probes >= probes


@needs_linux
def test_a_real_helper_probes_a_busy_test(helped: tuple[FollowProbe, Clock]) -> None:
    probe, _ = helped
    start = probe.edge()
    burn_until_probed(probe, start.probes + 5)
    end = probe.edge()
    mean_ns = mean_probe_ns(start, end)
    assert end.probes - start.probes >= 5
    assert mean_ns is not None
    assert 5e3 < mean_ns < 5e6
    assert probe.loss is None
    assert probe.helper_cpu_s > 0


@needs_linux
def test_a_real_helper_goes_where_the_children_work(helped: tuple[FollowProbe, Clock]) -> None:
    probe, _ = helped
    probe.edge()
    before = probe._board.read_row()
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-I", "-S", "-c", burn], check=True)
    after = probe._board.read_row()
    assert before is not None
    assert after is not None
    # Some fall on the edges of the wait; a helper blind to children would have no more.
    assert after[3] - before[3] >= 10


@needs_linux
def test_a_killed_helper_leaves_edges_and_says_so(helped: tuple[FollowProbe, Clock]) -> None:
    probe, clock = helped
    burn_until_probed(probe, 1)
    assert probe.edge().probes > 0
    os.kill(probe.helper_pid, signal.SIGKILL)  # type: ignore[attr-defined, unused-ignore]
    clock.ahead_ns = 3 * S
    start = probe.edge()
    clock.ahead_ns = 4 * S
    end = probe.edge()
    assert probe.loss is not None
    assert "killed" in probe.loss
    assert mean_probe_ns(start, end) is not None


@needs_linux
def test_the_helper_stays_within_the_affinity_of_the_run(helped: tuple[FollowProbe, Clock]) -> None:
    probe, _ = helped
    allowed = os.sched_getaffinity(0)  # type: ignore[attr-defined, unused-ignore]
    core = min(allowed)
    os.sched_setaffinity(0, {core})  # type: ignore[attr-defined, unused-ignore]
    try:
        burn_until_probed(probe, 1)
        before = probe._board.read_row()
        assert before is not None
        burn_until_probed(probe, before[3] + 2)
        assert os.sched_getaffinity(probe.helper_pid) == {core}  # type: ignore[attr-defined, unused-ignore]
    finally:
        os.sched_setaffinity(0, allowed)  # type: ignore[attr-defined, unused-ignore]


@needs_linux
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])  # type: ignore[attr-defined, unused-ignore]
def test_the_helper_goes_when_the_run_dies(
    script: Callable[[str], subprocess.Popen[str]],
    gone: Callable[[int], bool],
    ending: signal.Signals,
) -> None:
    lines = f"""
import signal
signal.signal({int(ending)}, signal.SIG_DFL) if {int(ending)} != 9 else None
print(probe.helper_pid, flush=True)
sys.stdin.read()
"""
    process = script(lines)
    assert process.stdout is not None
    helper = int(process.stdout.readline())
    process.send_signal(ending)
    assert gone(helper)


@needs_linux
def test_the_helper_goes_when_the_run_ends_without_closing_it(
    script: Callable[[str], subprocess.Popen[str]], gone: Callable[[int], bool]
) -> None:
    answer, _ = script("print(probe.helper_pid)").communicate()
    assert gone(int(answer))


@needs_linux
def test_a_fork_in_a_test_neither_ends_nor_confuses_the_helper(
    script: Callable[[str], subprocess.Popen[str]],
) -> None:
    lines = """
probe.edge()
child = os.fork()
if not child:
    probe.edge()
    probe.close()
    os._exit(0)
assert os.waitpid(child, 0) == (child, 0)
seen = probe.edge().probes
end = time.monotonic() + 10
while probe.edge().probes < seen + 20 and time.monotonic() < end:
    sum(range(5_000))
os.kill(probe.helper_pid, 0)
print(probe.edge().probes >= seen + 20, probe.loss)
probe.close()
"""
    answer, _ = script(lines).communicate()
    assert answer.split() == ["True", "None"]


@needs_linux
def test_the_helper_is_deaf_to_the_users_python_settings(
    monkeypatch: pytest.MonkeyPatch, gone: Callable[[int], bool]
) -> None:
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    probe = StartingHelper().finish()
    probe.close()
    assert gone(probe.helper_pid)


@needs_linux
def test_a_helper_that_nobody_asks_leaves(gone: Callable[[int], bool]) -> None:
    starting = StartingHelper()
    launcher = starting._launcher
    starting.close()
    # The pipe that a helper shares with its launcher is read to its end, so it has left, too.
    assert launcher.returncode == 0
    assert gone(launcher.pid)
    starting.close()


@needs_linux
@pytest.mark.parametrize(
    ("copy_ns", "said"), [(18_000.0, "copy 18000.0"), (21_000.0, "first 20000.0")]
)
def test_the_faster_of_a_helper_and_its_copy_goes_on(copy_ns: float, said: str) -> None:
    lines = f"""
import os
from pytest_carbon.speed import helper
helper.best_ns = lambda pause_s: {copy_ns}
first = os.getpid()
ns = helper._fastest(20_000.0)
print("first" if os.getpid() == first else "copy", ns, flush=True)
"""
    shown = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, text=True, check=True
    )
    assert shown.stdout.splitlines() == [said], "the other one has left"


@needs_linux
def test_a_helper_that_may_not_fork_goes_on_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    assert helper_module._fastest(20_000.0) == 20_000.0


@needs_linux
def test_one_helper_is_left(helped: tuple[FollowProbe, Clock]) -> None:
    probe, _ = helped
    session = os.getsid(probe.helper_pid)  # type: ignore[attr-defined, unused-ignore]
    assert [p.pid for p in psutil.process_iter() if session_of(p.pid) == session] == [
        probe.helper_pid
    ]


def session_of(pid: int) -> int:
    """The session of a process; 0 for one that has ended, or is a zombie that nobody reaps."""
    try:
        is_zombie = psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        return 0 if is_zombie else os.getsid(pid)  # type: ignore[attr-defined, no-any-return, unused-ignore]
    except (psutil.Error, ProcessLookupError):
        return 0


def test_a_helper_imports_little() -> None:
    shown = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _SHOWS_IMPORTS, str(Path(__file__).parents[2])],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = "pytest_carbon pytest_carbon.speed pytest_carbon.speed.board "
    ours += "pytest_carbon.speed.helper pytest_carbon.speed.kernel pytest_carbon.speed.pace "
    assert shown.stdout.split() == [*ours.split(), "pytest_carbon.speed.target"]


# Each run starts one, and re or json alone take as long as the interpreter.
_SHOWS_IMPORTS = """
import sys
sys.path.append(sys.argv[1])
import pytest_carbon.speed.helper
large = {"enum", "json", "re", "subprocess", "threading", "typing"}
print(*sorted(n for n in sys.modules if n.startswith("pytest_carbon") or n in large))
"""
