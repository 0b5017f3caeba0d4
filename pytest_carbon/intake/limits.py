"""What a stored figure can mean: one table for what reads files and what writes them.

A figure beyond it, however it came there, makes sums overflow or turns the gate off in
silence: it is refused with its place instead.
"""

from __future__ import annotations

from pytest_carbon.record import NamedTuple

__all__ = ["LIMITS", "MOST", "Limits"]


class Limits(NamedTuple):
    """The least and the greatest value of a field; with ``or_zero`` it may be 0 as well."""

    greatest: float
    least: float = 0.0
    or_zero: bool = False

    def allows(self, value: float) -> bool:
        """Whether a field may have this value."""
        return self.least <= value <= self.greatest or (self.or_zero and value == 0)

    def __str__(self) -> str:
        span = f"a number from {self.least:g} to {self.greatest:g}"
        return f"0 or {span}" if self.or_zero else span


_NOTHING = 1e-30
"""What is measured and smaller than this is nothing: its inverse could overflow."""

_STORED_J = Limits(least=1e-12, greatest=1e12, or_zero=True)
_JOULES = Limits(least=_NOTHING, greatest=1e12, or_zero=True)
_SECONDS = Limits(greatest=1e9)
_RATIO = Limits(greatest=1e100)
_FEW = Limits(greatest=1e6)

MOST = 10**9
"""The greatest count that is stored (of samples, of processes, of cores)."""

LIMITS = {
    # Baselines.
    "centre_j": _STORED_J,
    "first_j": _STORED_J,
    "look_j": _STORED_J,
    "anchor_j": _STORED_J,
    "sd_log": Limits(greatest=10.0),
    "sensitivity": Limits(least=-1.0, greatest=5.0),
    # Measurements.
    "cpu_s": _SECONDS,
    "wall_s": _SECONDS,
    "work_s": Limits(least=_NOTHING, greatest=1e9, or_zero=True),
    "dynamic_j": _JOULES,
    "idle_j": _JOULES,
    "total_j": _JOULES,
    "run_j": _JOULES,
    "speed": Limits(least=1e-6, greatest=1e6),
    "instructions": Limits(greatest=1e24),
    "disk_share": Limits(greatest=1.0),
    "blocks_written": Limits(greatest=1e15),
    "reference_ns": Limits(least=1e2, greatest=1e9),
    # Verdicts, and what they are held against.
    "now_j": _JOULES,
    "baseline_j": _JOULES,
    "limit_j": _JOULES,
    "budget_j": _JOULES,
    "worst_j": _JOULES,
    "floor_j": _JOULES,
    "tolerance": Limits(greatest=10.0),
    "low": _RATIO,
    "high": _RATIO,
    "can_see": _RATIO,
    "looks": _FEW,
    "kernel_s": _SECONDS,
    "unit": Limits(greatest=MOST),
    "number": Limits(greatest=MOST),
    "enough": Limits(greatest=MOST),
    # Profiles.
    "caller": Limits(least=-1, greatest=MOST),
    "callee": Limits(greatest=MOST),
    "self_s": Limits(least=-1.0, greatest=1e9),
    "total_s": Limits(least=-1.0, greatest=1e9),
    "spent_s": _SECONDS,
    "lost_s": _SECONDS,
    # Runs.
    "cpu_count": Limits(least=1, greatest=MOST),
    "times": Limits(greatest=MOST),
    "line": Limits(greatest=MOST),
    "workers": _FEW,
    "lost_workers": _FEW,
    "exit_status": Limits(greatest=255),
    "looks_s": _SECONDS,
    "memory_bytes": Limits(greatest=1e18),
    # Carbon.
    "g_per_kwh": Limits(greatest=1e5),
    "factor": Limits(least=1.0, greatest=10.0),
    "total_g": Limits(greatest=1e12),
    "lifespan_s": Limits(least=1.0, greatest=1e12),
    "reserved": Limits(least=1e-6, greatest=1e9),
    "resources": Limits(least=1e-6, greatest=1e9),
}
"""The limits of each field that holds a number, by its name."""
