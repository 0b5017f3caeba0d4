"""Why a clock cannot be used here."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Refusal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A clock that does not work here, the reason, and what would change that."""

    clock: str
    reason: str
    remedy: str = ""
