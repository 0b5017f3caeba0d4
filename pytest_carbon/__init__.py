"""Emission regression testing for pytest, and the same measurements outside of it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pytest_carbon.outside.measure import measure

__all__ = ["measure"]


def __getattr__(name: str) -> Any:
    # Imported when asked for: pytest imports this package even where carbon is off.
    if name == "measure":
        from pytest_carbon.outside.measure import measure

        return measure
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
