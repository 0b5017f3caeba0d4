"""Why a clock cannot be used here."""

from __future__ import annotations

from pytest_carbon.record import NamedTuple

__all__ = ["Refusal"]


class Refusal(NamedTuple):
    """A clock that does not work here, the reason, and what would change that."""

    clock: str
    reason: str
    remedy: str = ""
