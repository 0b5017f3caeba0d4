"""What a budget in grams or joules allows."""

from __future__ import annotations

import math

import pytest

from pytest_carbon.budget import Budget, parse_budget


@pytest.mark.parametrize(
    ("kwargs", "energy_j"),
    [({"j": 2}, 2.0), ({"mj": 5}, 0.005), ({"wh": 1}, 3600.0), ({"mg": 1}, 3600000 / 500 / 1000)],
)
def test_budget_in_joules(kwargs: dict[str, object], energy_j: float) -> None:
    assert parse_budget(kwargs, example="").energy_j(500) == pytest.approx(energy_j)


def test_budget_in_grams_on_a_grid_without_emissions_is_never_exceeded() -> None:
    assert Budget(1, "g").energy_j(0) == math.inf
