"""How fast a core is at its best, as one process sees it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.speed.level import Level


def test_few_probes_tell_nothing() -> None:
    level = Level()
    for _ in range(49):
        level.add(18_000)
    assert level.ns == 0.0


def test_a_core_that_is_fast_a_fifth_of_the_time_is_seen_at_its_best() -> None:
    level = Level()
    for number in range(1_000):
        level.add(18_000 if number % 5 == 0 else 30_000)
    assert level.ns == 18_000


def test_later_probes_count_more() -> None:
    level = Level()
    for probe_ns in [18_000] * 1_000 + [20_000] * 1_000:
        level.add(probe_ns)
    assert level.ns == 20_000


@given(st.lists(st.integers(1_000, 10**8), min_size=50, max_size=600))
def test_the_level_is_one_of_the_faster_probes(probes_ns: list[int]) -> None:
    level = Level()
    for probe_ns in probes_ns:
        level.add(probe_ns)
    assert level.ns in probes_ns
    if len(probes_ns) <= 256:
        assert level.ns == sorted(probes_ns)[len(probes_ns) // 10]
