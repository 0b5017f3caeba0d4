"""What a stored figure can mean: one table for what reads a file and what writes one.

A figure beyond it, however it came there, makes sums overflow or turns the gate off in
silence: it is refused with its place instead.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LIMITS", "MOST", "Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The least and the greatest value of a field; with ``or_zero`` it may be 0 as well."""

    least: float = 0.0
    greatest: float
    or_zero: bool = False

    def __contains__(self, value: float) -> bool:
        return self.least <= value <= self.greatest or (self.or_zero and value == 0)

    def __str__(self) -> str:
        span = f"a number from {self.least:g} to {self.greatest:g}"
        return f"0 or {span}" if self.or_zero else span


_JOULES = Limits(least=1e-12, greatest=1e12, or_zero=True)
_SECONDS = Limits(greatest=1e9)

LIMITS = {
    "centre_j": _JOULES,
    "first_j": _JOULES,
    "look_j": _JOULES,
    "anchor_j": _JOULES,
    "sd_log": Limits(greatest=10.0),
    "sensitivity": Limits(least=-1.0, greatest=5.0),
    "cpu_s": _SECONDS,
    "wall_s": _SECONDS,
    "disk_share": Limits(greatest=1.0),
    "blocks_written": Limits(greatest=1e15),
    "reference_ns": Limits(least=1e2, greatest=1e9),
    "g_per_kwh": Limits(greatest=1e5),
}
"""The limits of each field that holds a number, by its name."""

MOST = 10**9
"""The greatest count that is stored (of samples, of processes, of cores)."""
