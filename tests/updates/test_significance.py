from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.baseline.entry import Spread
from pytest_carbon.updates.significance import NoiseRule

RULE = NoiseRule()
SPREADS = st.builds(
    Spread,
    centre_j=st.floats(1e-6, 1e6),
    sd_log=st.none() | st.floats(0, 2),
    samples=st.integers(1, 100),
    processes=st.integers(1, 100),
)


def spread(centre_j: float, sd_log: float | None = 0.1, processes: int = 8) -> Spread:
    return Spread(centre_j=centre_j, sd_log=sd_log, samples=processes, processes=processes)


@pytest.mark.parametrize(
    ("old", "new", "covered"),
    [
        (spread(1.0), spread(1.0), True),
        (spread(1.0), spread(1.2), True),
        (spread(1.0), spread(1.3), False),
        (spread(1.0), spread(0.75), False),
        (spread(1.0, 0.4), spread(1.3, 0.4), True),
        (spread(1.0, processes=64), spread(1.1, processes=64), False),
        (spread(1.0, 0.001, 500), spread(1.04, 0.001, 500), True),
        (spread(1.0, None, 1), spread(1.5, None, 1), True),
        (spread(1.0, None, 1), spread(2.1, None, 1), False),
        (spread(1e-5), spread(1e-4), True),
        (spread(0.0), spread(1.0), False),
        (spread(0.0), spread(0.0), True),
    ],
)
def test_chance_explains_what_a_few_samples_of_this_spread_can_do(
    old: Spread, new: Spread, covered: bool
) -> None:
    assert RULE.covers(old, new) is covered


@given(SPREADS, SPREADS)
def test_the_rule_does_not_care_which_side_is_older(one: Spread, other: Spread) -> None:
    assert RULE.covers(one, other) is RULE.covers(other, one)


@given(SPREADS, SPREADS, st.floats(1, 10))
def test_what_is_outside_stays_outside_when_it_moves_on(
    old: Spread, new: Spread, factor: float
) -> None:
    further = new.centre_j * factor if new.centre_j > old.centre_j else new.centre_j / factor
    moved = Spread(
        centre_j=further, sd_log=new.sd_log, samples=new.samples, processes=new.processes
    )
    assert RULE.covers(old, new) or not RULE.covers(old, moved)


@pytest.mark.parametrize("sd", [0.05, 0.1, 0.25])
def test_unchanged_values_are_left_alone_in_nearly_every_refresh(sd: float) -> None:
    """19 of 20 refreshes of 40 tests shall change nothing: 1 value in 800 at the most."""
    chance = random.Random(1)

    def refresh() -> Spread:
        logs = [chance.gauss(0, sd) for _ in range(8)]
        mean = sum(logs) / 8
        sd_log = math.sqrt(sum((value - mean) ** 2 for value in logs) / 7)
        return Spread(centre_j=math.exp(mean), sd_log=sd_log, samples=8, processes=8)

    moved = sum(not RULE.covers(refresh(), refresh()) for _ in range(8000))
    assert moved <= 10
