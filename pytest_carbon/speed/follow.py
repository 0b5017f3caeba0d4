"""The probe with a helper process that follows the test to its core.

The helper is started before the CPU clock is opened: a clock that counts all descendants forked
after its opening (perf with ``inherit``) would count the helper, daemonised or not. Its launcher
is reaped before ``finish`` returns, so ``RUSAGE_CHILDREN`` holds the launcher's few
milliseconds from then on, and never more.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest_carbon
from pytest_carbon.speed.board import BOARD_BYTES, LOSS_AFFINITY, LOSS_NONE, LOSS_PROC, Board
from pytest_carbon.speed.correction import is_credible
from pytest_carbon.speed.edges import EdgeTimer, is_traced
from pytest_carbon.speed.kernel import KERNEL_NAME, time_kernel
from pytest_carbon.speed.probe import SpeedReading
from pytest_carbon.speed.target import start_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.speed.board import HelperRow

__all__ = ["FollowProbe", "HelperUnavailable", "StartingHelpers", "fastest"]

_START_TIMEOUT_S = 5.0
# The helper shows itself four times a second at the least.
_SILENCE_NS = 2_000_000_000
# Of the run's time, for probes at edges beside the helper's.
_EDGES_SHARE = 0.004
# No probe stands for more than this many base intervals.
_MOST_WEIGHT = 256

# Appended, not put first: nothing beside the package may shadow the standard library.
_START = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from pytest_carbon.speed.helper import main; main(sys.argv[2:])"
)

# The same kernel takes one process in ten 5 to 11 % longer than the next for as long as it lives,
# whatever its addresses, so that all of a run's figures would be off by that: the faster of two.
_CANDIDATES = 2

# What a helper waits for; where its launcher ends before it comes, it ends, too.
_GO = b"go"

_WORDS = {
    "adopted": "this process adopts orphans (is it the container's first process?), "
    "so that tests would see the helper as a child",
    "affinity": "setting a process's affinity is refused",
    "proc": "the helper cannot read this process's state in /proc",
}

_LOSSES = {
    LOSS_AFFINITY: "the speed helper could not move to the test's core",
    LOSS_PROC: "the speed helper could not read the test's state in /proc",
}


# It may only have been stopped: its probes count again once there are any.
_SILENT = "the speed helper does not answer (was it killed?)"
_OVERWRITTEN = "the speed helper's figures cannot be: its shared memory was overwritten"


class HelperUnavailable(Exception):  # noqa: N818 - not an error: there is a second-best way
    """Why there can be no helper here, in words."""


def _new_page() -> tuple[int, mmap.mmap]:
    try:
        descriptor = os.memfd_create("pytest-carbon-speed")  # type: ignore[attr-defined, unused-ignore]
    except (AttributeError, OSError) as error:
        raise HelperUnavailable(f"there is no anonymous shared memory here ({error})") from error
    try:
        os.ftruncate(descriptor, BOARD_BYTES)
        return descriptor, mmap.mmap(descriptor, BOARD_BYTES)
    except OSError as error:
        os.close(descriptor)
        raise HelperUnavailable(f"memory cannot be shared here ({error})") from error


def _own_start_ticks(root: Path) -> int:
    try:
        shown_as = (root / "self").readlink()
        if str(shown_as) != str(os.getpid()):
            raise HelperUnavailable(f"{root} shows the processes of another namespace")
        return start_ticks(str(root), os.getpid())
    except (OSError, ValueError) as error:
        raise HelperUnavailable(f"{root} cannot be read ({error})") from error


class _Candidate:
    """An interpreter on its way to be a helper: it waits to be asked how fast it is."""

    def __init__(self, proc: Path, executable: str) -> None:
        started = _own_start_ticks(proc)
        descriptor, self._memory = _new_page()
        package_home = str(Path(pytest_carbon.__file__).resolve().parent.parent)
        flags = ["-I", "-S", *(["-B"] if sys.dont_write_bytecode else [])]
        identity = [str(descriptor), str(proc), str(os.getpid()), str(threading.get_native_id())]
        command = [executable, *flags, "-c", _START, package_home, *identity, str(started)]
        try:
            self._launcher = subprocess.Popen(  # noqa: S603 - this interpreter, this package
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(descriptor,),
            )
        except (OSError, ValueError) as error:
            raise HelperUnavailable(f"no helper process can be started ({error})") from error
        finally:
            os.close(descriptor)

    def ask(self, clock_ns: Callable[[], int]) -> FollowProbe:
        """The helper, which has found out how fast it is. Raises ``HelperUnavailable``."""
        launcher = self._launcher
        try:
            answer, _ = launcher.communicate(_GO, timeout=_START_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            launcher.kill()
            launcher.communicate()
            raise HelperUnavailable("the helper process did not start in time") from error
        said = answer.decode(errors="replace").split()
        if len(said) != 3 or not said[0].isdigit() or not said[2].isdigit():
            raise HelperUnavailable("the helper process did not start")
        helper, word, best_ns = int(said[0]), said[1], float(said[2])
        if word != "ready":
            _reap(helper)
            raise HelperUnavailable(_WORDS.get(word, f"the helper process said {word!r}"))
        return FollowProbe(Board(self._memory), helper, best_ns=best_ns, clock_ns=clock_ns)

    def dismiss(self) -> None:
        """Let it end unasked."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            answer, _ = self._launcher.communicate(timeout=_START_TIMEOUT_S)
            helper = answer.decode(errors="replace").partition(" ")[0]
            if helper.isdigit():
                _reap(int(helper))


def _reap(helper: int) -> None:
    """Take leave of a helper that ends; it is a child only where this process adopts orphans."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(helper, 0)


class StartingHelpers:
    """Two interpreters that start while this process does something else.

    They have to be started before the CPU clock is opened, from the thread that runs the tests.
    Raises ``HelperUnavailable``.
    """

    def __init__(
        self, *, proc: Path = Path("/proc"), executable: str | None = sys.executable
    ) -> None:
        if not executable:
            raise HelperUnavailable("the path of this interpreter is not known")
        if os.getpid() == 1:
            raise HelperUnavailable(_WORDS["adopted"])
        self._waiting: list[_Candidate] = []
        try:
            for _ in range(_CANDIDATES):
                self._waiting.append(_Candidate(proc, executable))
        except HelperUnavailable:
            self.close()
            raise

    def finish(self, clock_ns: Callable[[], int] = time.monotonic_ns) -> FollowProbe:
        """The faster one of both, which follows the calling thread.

        Waits 10 ms for each. Raises ``HelperUnavailable``.
        """
        helpers: list[FollowProbe] = []
        try:
            while self._waiting:
                # In turn, as two at once would slow each other.
                helpers.append(self._waiting.pop(0).ask(clock_ns))
        except HelperUnavailable:
            for helper in helpers:
                helper.close()
            self.close()
            raise
        return fastest(helpers)

    def close(self) -> None:
        """Let those end that were not asked; may be called twice."""
        while self._waiting:
            self._waiting.pop().dismiss()


def fastest(helpers: Sequence[FollowProbe]) -> FollowProbe:
    """The fastest helper; the others are asked to leave."""
    best = min(helpers, key=lambda helper: helper.best_ns or 0.0)
    for helper in helpers:
        if helper is not best:
            helper.close()
    return best


class FollowProbe:
    """A helper's probes on the test's core, and now and then one at a test's edge."""

    name = f"follow-{KERNEL_NAME}"
    description = "speed probed on the test's core by a helper process"

    def __init__(
        self,
        board: Board,
        helper_pid: int,
        *,
        best_ns: float | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        time_kernel: Callable[[float], int] = time_kernel,
    ) -> None:
        self.helper_pid = helper_pid
        self.best_ns = best_ns
        self._board = board
        self._clock_ns = clock_ns
        self._timer = EdgeTimer(_EDGES_SHARE, time_kernel)
        self._owner = os.getpid()
        self._loss: str | None = None
        self._is_trusted = True
        self._heard_ns = clock_ns()
        self._row: HelperRow = (0.0, 0.0, 0.0, 0, 0, 0, LOSS_NONE)

    @property
    def loss(self) -> str | None:
        """Why the helper's probes are missing, once they are."""
        return self._loss

    @property
    def taken_here(self) -> int:
        """How many probes have run in this process."""
        return self._timer.taken

    @property
    def helper_cpu_s(self) -> float:
        """The CPU seconds that the helper has used, as of the latest edge."""
        return self._row[5] / 1e9

    def edge(self) -> SpeedReading:
        """The helper's sums at this instant, with those of the probes at edges."""
        now_ns = self._clock_ns()
        timer = self._timer
        if now_ns >= timer.due_ns:
            if is_traced():
                # The helper is not: probes here would be several times as long as its own.
                timer.forget()
            else:
                timer.tick(now_ns)
        if self._is_trusted:
            self._board.count_edge()
            row = self._board.read_row()
            if row is not None and row != self._row:
                self._take(row, now_ns)
            if now_ns - self._heard_ns > _SILENCE_NS and self._loss is None:
                self._loss = _SILENT
        weight, inverse_sum, _, probes, *_ = self._row
        return SpeedReading(
            weight + timer.probes,
            inverse_sum + timer.inverse_sum,
            probes + timer.probes,
            timer.before_inverse,
        )

    def _take(self, row: HelperRow, now_ns: int) -> None:
        weight, inverse_sum, _, probes, heartbeat_ns, _, loss = row
        if loss != LOSS_NONE:
            self._lose(_LOSSES.get(loss, _OVERWRITTEN))
            return
        old_weight, old_inverse_sum, _, old_probes, *_ = self._row
        more, longer = probes - old_probes, weight - old_weight
        gained = inverse_sum - old_inverse_sum
        is_sound = 0 < heartbeat_ns <= now_ns + _SILENCE_NS and (
            (more == 0 and longer == 0 and gained == 0)
            or (0 < longer <= _MOST_WEIGHT * more and gained > 0 and is_credible(longer / gained))
        )
        if not is_sound:
            self._lose(_OVERWRITTEN)
            return
        self._heard_ns = heartbeat_ns
        self._row = row

    def _lose(self, reason: str) -> None:
        self._loss = reason
        self._is_trusted = False

    def close(self) -> None:
        """Ask the helper to leave, which it does within a quarter of a second."""
        if os.getpid() == self._owner:
            self._board.ask_to_stop()
