"""The carbon intensity of an energy mix, against sums made by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.mix import LIFECYCLE_G_PER_KWH, mix_intensity, mix_shares

amounts = st.floats(min_value=0, max_value=1e6)
mixes = st.dictionaries(st.sampled_from(sorted(LIFECYCLE_G_PER_KWH)), amounts, min_size=1).filter(
    lambda mix: sum(mix.values()) > 1e-6
)


def test_a_mix_by_hand() -> None:
    # 0.5 × 820 + 0.3 × 490 + 0.2 × 11 = 410 + 147 + 2.2
    assert mix_intensity({"coal": 0.5, "gas": 0.3, "wind": 0.2}) == pytest.approx(559.2)


def test_frances_mix_of_2023_by_hand() -> None:
    twh = {
        "nuclear": 335.65,  # × 12  =  4027.80
        "hydro": 53.19,  # × 24  =  1276.56
        "wind": 48.61,  # × 11  =   534.71
        "gas": 31.43,  # × 490 = 15400.70
        "solar": 23.26,  # × 45  =  1046.70
        "oil": 9.71,  # × 650 =  6311.50
        "biomass": 9.5,  # × 230 =  2185.00
        "coal": 2.16,  # × 820 =  1771.20
        "geothermal": 0.6,  # × 38  =    22.80
    }  # 32576.97 over 514.11 TWh
    assert mix_intensity(twh) == pytest.approx(63.3658, abs=1e-4)


@given(mixes)
def test_a_mix_lies_between_its_cleanest_and_its_dirtiest_source(mix: dict[str, float]) -> None:
    factors = [LIFECYCLE_G_PER_KWH[source] for source, amount in mix.items() if amount]
    assert min(factors) * 0.999999 <= mix_intensity(mix) <= max(factors) * 1.000001


@given(mixes)
def test_shares_add_up_to_one(mix: dict[str, float]) -> None:
    assert sum(mix_shares(mix).values()) == pytest.approx(1)


@given(mixes, st.floats(min_value=0.001, max_value=1000))
def test_the_unit_of_the_amounts_does_not_matter(mix: dict[str, float], scale: float) -> None:
    scaled = {source: amount * scale for source, amount in mix.items()}
    assert mix_intensity(scaled) == pytest.approx(mix_intensity(mix))


@pytest.mark.parametrize(
    ("mix", "problem"),
    [
        ({"peat": 1.0}, "'peat' is no energy source: use coal"),
        ({"coal": -1.0}, "is not 0 or more"),
        ({"coal": math.nan}, "is not 0 or more"),
        ({"coal": math.inf}, "is not 0 or more"),
        ({"coal": 0.0}, "is empty"),
        ({}, "is empty"),
    ],
)
def test_what_is_no_mix_is_refused(mix: dict[str, float], problem: str) -> None:
    with pytest.raises(IntensityError, match=problem):
        mix_intensity(mix)
