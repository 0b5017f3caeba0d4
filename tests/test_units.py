"""Figures that a person can read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.units import (
    emissions_g,
    format_change,
    format_duration,
    format_emissions,
    format_energy,
    three_digits,
)


def test_one_joule_at_475_grams_is_132_micrograms() -> None:
    assert emissions_g(1.0, 475) == pytest.approx(131.9e-6, rel=1e-3)


@pytest.mark.parametrize(
    ("energy_j", "text"),
    [
        (0, "0 J"),
        (0.0123456, "12.3 mJ"),
        (0.9999, "1.00 J"),
        (999.96, "1.00 kJ"),
        (4.2e-6, "4.20 µJ"),
        (1e-12, "0.00100 nJ"),
        (None, "unknown"),
    ],
)
def test_energy(energy_j: float | None, text: str) -> None:
    assert format_energy(energy_j) == text


@given(st.floats(min_value=1e-9, max_value=1e9))
def test_emissions_never_read_as_nothing(grams: float) -> None:
    number, unit = format_emissions(grams).split()
    assert float(number) > 0
    assert unit in {"ng", "µg", "mg", "g", "kg", "Mg"}
    assert len(number.replace(".", "").lstrip("0")) <= 3 or unit == "Mg"


@given(st.floats(min_value=1e-6, max_value=1e6))
def test_three_digits_are_within_half_a_percent(value: float) -> None:
    assert math.isclose(float(three_digits(value)), value, rel_tol=0.005)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.001234, "1.23 ms"), (59.94, "59.9 s"), (125, "2 min 05 s"), (7300, "2 h 01 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(("ratio", "text"), [(1.48, "+48 %"), (0.968, "-3.2 %"), (1.0, "+0.0 %")])
def test_change(ratio: float, text: str) -> None:
    assert format_change(ratio) == text
