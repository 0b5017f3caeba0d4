"""Equivalents by hand, each the right way round; and the same run elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.intensity.elsewhere import elsewhere
from pytest_carbon.intensity.equivalents import equivalents
from pytest_carbon.units import JOULES_PER_KWH


def test_one_kilogram_by_hand() -> None:
    amounts: dict[str, object] = {item.name: (item.amount, item.unit) for item in equivalents(1000)}
    assert amounts == {
        "car_eu": (pytest.approx(5.7143, abs=1e-4), "km"),  # 1000 g ÷ 175 g/km
        "car_us": (pytest.approx(2.5445, abs=1e-4), "miles"),  # 1000 g ÷ 393 g/mile
        "phone": (pytest.approx(80.645, abs=1e-3), "charges"),  # 1000 g ÷ 12.4 g
        "streaming": (pytest.approx(27.778, abs=1e-3), "hours"),  # 1000 g ÷ 36 g/h
        "tree": (pytest.approx(1.0905, abs=1e-4), "tree-months"),  # 1000 g ÷ 917 g/month
    }


def test_one_kilogram_in_words() -> None:
    assert [item.text for item in equivalents(1000)] == [
        "5.71 km by car (EU)",
        "2.54 miles by car (US)",
        "80.6 phone charges",
        "27 h 46 min of video streaming",
        "33.2 days of a tree's growth",  # 1.0905 × 30.4375 days
    ]


def test_one_milligram_in_words() -> None:
    assert [item.text for item in equivalents(0.001)] == [
        "5.71 mm by car (EU)",
        "0.161 inches by car (US)",
        "0.00806 % of a phone charge",
        "100 ms of video streaming",
        "2.87 s of a tree's growth",
    ]


def test_nothing_in_words() -> None:
    assert [item.amount for item in equivalents(0)] == [0] * 5
    assert equivalents(0)[0].text == "0 nm by car (EU)"


def test_middle_sizes_in_words() -> None:
    texts = {item.name: item.text for item in equivalents(10)}
    assert texts["car_eu"] == "57.1 m by car (EU)"
    assert texts["car_us"] == "134 feet by car (US)"
    assert texts["phone"] == "80.6 % of a phone charge"


@given(st.floats(min_value=1e-9, max_value=1e9), st.floats(min_value=1.01, max_value=1e3))
def test_more_grams_are_more_of_everything(grams: float, factor: float) -> None:
    for small, large in zip(equivalents(grams), equivalents(grams * factor), strict=True):
        assert small.amount < large.amount


def test_the_ten_largest_grids_cleanest_first() -> None:
    zones = [there.place.zone for there in elsewhere(1.0).largest]
    assert set(zones) == {"CHN", "USA", "IND", "RUS", "JPN", "BRA", "CAN", "KOR", "DEU", "FRA"}
    assert zones[0] == "FRA"
    assert zones[-1] == "IND"


def test_one_kwh_elsewhere_is_each_places_intensity() -> None:
    found = elsewhere(JOULES_PER_KWH)
    for there in (*found.largest, found.cleanest, found.median, found.dirtiest):
        assert there.grams == pytest.approx(there.place.g_per_kwh)


@given(st.floats(min_value=0, max_value=1e9))
def test_the_extremes_bound_every_place(energy_j: float) -> None:
    found = elsewhere(energy_j)
    for there in (*found.largest, found.median):
        assert found.cleanest.grams <= there.grams <= found.dirtiest.grams
