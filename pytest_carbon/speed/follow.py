"""The probe with a helper process that follows the test to its core; ``launch`` starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.speed.board import LOSS_AFFINITY, LOSS_NONE, LOSS_PROC, Board
from pytest_carbon.speed.correction import is_credible
from pytest_carbon.speed.edges import EdgeTimer, is_traced
from pytest_carbon.speed.kernel import KERNEL_NAME, time_kernel
from pytest_carbon.speed.probe import SpeedReading
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.speed.board import HelperRow

__all__ = ["FollowProbe"]

# The helper shows itself four times a second at the least.
_SILENCE_NS = 2_000_000_000
# Of the run's time, for probes at edges beside the helper's.
_EDGES_SHARE = 0.004
# No probe stands for more than this many base intervals.
_MOST_WEIGHT = 256

_LOSSES = {
    LOSS_AFFINITY: "the speed helper could not move to the test's core",
    LOSS_PROC: "the speed helper could not read the test's state in /proc",
}

# It may only have been stopped: its probes count again once there are any.
_SILENT = "the speed helper does not answer (was it killed?)"
_OVERWRITTEN = "the speed helper's figures cannot be: its shared memory was overwritten"


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
        clock_ns: Callable[[], int] = System.monotonic_ns,
        time_kernel: Callable[[float], int] = time_kernel,
    ) -> None:
        self.helper_pid = helper_pid
        self.best_ns = best_ns
        self._board = board
        self._clock_ns = clock_ns
        self._timer = EdgeTimer(_EDGES_SHARE, time_kernel)
        self._owner = System.getpid()
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
        if System.getpid() == self._owner:
            self._board.ask_to_stop()
