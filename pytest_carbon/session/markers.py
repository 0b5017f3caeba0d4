"""The markers ``carbon`` and ``carbon_budget``, checked when tests are collected."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_carbon.budget import Budget, parse_budget
from pytest_carbon.errors import SettingError
from pytest_carbon.record import NamedTuple
from pytest_carbon.values import parse_fraction

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

__all__ = ["MARKERS", "Limits", "read_limits"]

MARKERS = frozenset({"carbon", "carbon_budget"})

_EXAMPLE = "@pytest.mark.carbon_budget(mg=1.5)"


class Limits(NamedTuple):
    """What a test's own markers say; ``None`` where they say nothing."""

    tolerance: float | None = None
    budget: Budget | None = None
    skip: bool = False


def _parse_budget(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Budget:
    if args:
        raise ValueError(f"needs a unit: write {_EXAMPLE}")
    return parse_budget(kwargs, example=_EXAMPLE)


def _parse_carbon(args: tuple[object, ...], kwargs: Mapping[str, object]) -> Limits:
    example = "@pytest.mark.carbon(tolerance=0.3)"
    if args:
        raise ValueError(f"takes named arguments only: write {example}")
    unknown = [name for name in kwargs if name not in {"tolerance", "skip"}]
    if unknown:
        raise ValueError(f"does not know {unknown[0]!r}: it takes tolerance and skip")
    skip = kwargs.get("skip", False)
    if not isinstance(skip, bool):
        raise ValueError(f"has skip={skip!r}: say True or False")
    tolerance = kwargs.get("tolerance")
    if tolerance is None:
        return Limits(skip=skip)
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float, str)):
        raise ValueError(f"has tolerance={tolerance!r}, not a number: write {example}")
    if isinstance(tolerance, float) and math.isnan(tolerance):
        raise ValueError(f"has tolerance=nan: write {example}")
    try:
        return Limits(tolerance=parse_fraction(str(tolerance)), skip=skip)
    except ValueError as error:
        raise ValueError(f"has tolerance={tolerance!r}, which {error}") from None


def read_limits(item: pytest.Item) -> Limits:
    """The closest ``carbon`` and ``carbon_budget`` markers of a test.

    Raises ``SettingError`` that names the test and the marker.
    """
    plain = item.get_closest_marker("carbon")
    budget = item.get_closest_marker("carbon_budget")
    if plain is None and budget is None:
        return _NOTHING
    name = "carbon"
    try:
        limits = _NOTHING if plain is None else _parse_carbon(plain.args, plain.kwargs)
        name = "carbon_budget"
        ceiling = None if budget is None else _parse_budget(budget.args, budget.kwargs)
    except ValueError as error:
        raise SettingError.of(error, f"{item.nodeid}: marker {name}") from None
    return Limits(tolerance=limits.tolerance, budget=ceiling, skip=limits.skip)


_NOTHING = Limits()
