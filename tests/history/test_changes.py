"""Where the level of a trend moves."""

from __future__ import annotations

import random
from importlib.util import find_spec

import pytest

from pytest_carbon.history.changes import change_points

# Not imported to see that: it takes seconds, in each process that collects tests.
pytestmark = pytest.mark.skipif(
    find_spec("ruptures") is None, reason="the extra 'changepoints' is not installed"
)


def noisy(level: float, count: int, sd: float, seed: int) -> list[float]:
    chance = random.Random(seed)
    return [level * chance.lognormvariate(0, sd) for _ in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_a_step_is_found_where_it_is(seed: int) -> None:
    found = change_points(noisy(1.0, 15, 0.03, seed) + noisy(1.3, 15, 0.03, seed + 100))
    assert found == [15]


def test_noise_is_seldom_taken_for_a_change() -> None:
    wrong = sum(bool(change_points(noisy(1.0, 30, 0.05, seed))) for seed in range(200))
    assert wrong <= 20


def test_one_run_alone_is_no_change() -> None:
    figures = [*noisy(1.0, 10, 0.03, 1), 3.0, *noisy(1.0, 10, 0.03, 2)]
    assert change_points(figures) == []


def test_few_points_tell_nothing() -> None:
    assert change_points([1.0, 1.0, 1.0, 9.0, 9.0, 9.0]) == []


def test_figures_that_agree_are_one_level() -> None:
    assert change_points([1.0] * 20) == []


def test_a_step_in_thousands_of_runs_is_found_about_where_it_is() -> None:
    (place,) = change_points(noisy(1.0, 4000, 0.03, 1) + noisy(1.1, 6000, 0.03, 2))
    assert place == pytest.approx(4000, abs=20)
