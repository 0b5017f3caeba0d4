"""When the helper probes next."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_carbon.speed.pace import CPU_SHARE, Pace

MS = 1_000_000
S = 1_000 * MS
PROBE_NS = 60_000


def probes_within(test_ns: int, *, probe_ns: int = PROBE_NS) -> int:
    """How many probes a test of this length gets on a free machine."""
    pace = Pace(0, 0)
    now_ns = cpu_ns = probes = 0
    while now_ns < test_ns:
        pace.see(now_ns, 1)
        cpu_ns += probe_ns
        probes += 1
        now_ns += pace.pause_ns(now_ns, cpu_ns, is_idle=False, is_stopped=False)
    return probes


@pytest.mark.parametrize(
    ("test_ns", "least", "most"),
    [(20 * MS, 12, 14), (100 * MS, 28, 34), (200 * MS, 44, 52), (1 * S, 170, 190)],
)
def test_long_tests_are_probed_more_seldom(test_ns: int, least: int, most: int) -> None:
    assert least <= probes_within(test_ns) <= most


def test_ten_minutes_cost_less_than_half_the_share() -> None:
    assert probes_within(600 * S) * PROBE_NS < CPU_SHARE / 2 * 600 * S


def test_short_tests_among_long_ones_are_probed_often_and_many_of_them_as_can_be_paid() -> None:
    pace = Pace(0, 0)
    now_ns = cpu_ns = 0
    pauses_ns = []
    for test in range(2_000):
        pace.see(now_ns, test)
        cpu_ns += PROBE_NS
        pauses_ns.append(pace.pause_ns(now_ns, cpu_ns, is_idle=False, is_stopped=False))
        now_ns += pauses_ns[-1]
    assert pauses_ns[0] == pytest.approx(1.5 * MS, abs=0.01 * MS)
    assert sum(pauses_ns[-100:]) / 100 == pytest.approx(PROBE_NS / CPU_SHARE, rel=0.05)
    for _ in range(100):
        pace.see(now_ns, 2_000)
        cpu_ns += PROBE_NS
        now_ns += pace.pause_ns(now_ns, cpu_ns, is_idle=False, is_stopped=False)
    pace.see(now_ns, 2_001)
    assert pace.pause_ns(now_ns, cpu_ns, is_idle=False, is_stopped=False) < 2 * MS


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(20_000, 600_000), st.booleans()), min_size=80, max_size=120))
def test_the_helper_keeps_to_its_share_of_a_core(steps: list[tuple[int, bool]]) -> None:
    """However slow the core and however short the tests."""
    pace = Pace(0, 0)
    now_ns = cpu_ns = edges = 0
    for probe_ns, is_edge in steps:
        edges += is_edge
        pace.see(now_ns, edges)
        cpu_ns += probe_ns
        now_ns += pace.pause_ns(now_ns, cpu_ns, is_idle=False, is_stopped=False)
    # The average that the pauses rest on lags by some thirty probes.
    longest_probe_ns, credit_ns = 600_000, 10 * MS
    assert cpu_ns <= CPU_SHARE * now_ns + credit_ns + 33 * longest_probe_ns


def test_a_slow_core_is_probed_more_seldom_and_as_evenly() -> None:
    pace = Pace(0, 0)
    pauses_ns = []
    for probe in range(400):
        pace.see(0, probe)
        pauses_ns.append(pace.pause_ns(0, 230_000 * probe, is_idle=False, is_stopped=False))
    assert pauses_ns[0] == 1.5 * MS
    assert pauses_ns[-1] == pytest.approx(10 * MS, rel=0.01)
    assert pauses_ns == sorted(pauses_ns)


def test_a_new_test_is_probed_often_again() -> None:
    pace = Pace(0, 0)
    pace.see(0, 1)
    assert pace.pause_ns(10 * S, 0, is_idle=False, is_stopped=False) == 6 * MS
    pace.see(10 * S, 2)
    assert pace.pause_ns(10 * S, 0, is_idle=False, is_stopped=False) == 1.5 * MS


def test_a_probe_stands_for_the_pause_before_it() -> None:
    pace = Pace(0, 0)
    pace.see(0, 1)
    pace.pause_ns(10 * S, 0, is_idle=False, is_stopped=False)
    pace.see(10 * S, 1)
    assert pace.weight == pytest.approx(4.0)


def test_the_first_probe_of_a_test_does_not_stand_for_the_pause_before_the_test() -> None:
    pace = Pace(0, 0)
    pace.see(0, 1)
    pace.pause_ns(10 * S, 0, is_idle=False, is_stopped=False)
    pace.see(10 * S, 2)
    assert pace.weight == 1.0


def test_a_sleeping_process_is_looked_at_ten_times_a_second() -> None:
    pace = Pace(0, 0)
    pace.see(0, 1)
    assert pace.pause_ns(0, 0, is_idle=True, is_stopped=False) == 1.5 * MS
    assert pace.pause_ns(6 * S, 0, is_idle=True, is_stopped=False) == 100 * MS
    assert pace.pause_ns(7 * S, 0, is_idle=False, is_stopped=False) == 6 * MS


def test_a_stopped_process_is_looked_at_four_times_a_second() -> None:
    assert Pace(0, 0).pause_ns(0, 0, is_idle=True, is_stopped=True) == 250 * MS


@given(st.integers(0, 10**15), st.integers(0, 10**13), st.booleans(), st.booleans())
def test_no_pause_keeps_the_helper_from_leaving_within_a_second(
    now_ns: int, cpu_ns: int, is_idle: bool, is_stopped: bool
) -> None:
    pace = Pace(0, 0)
    pause_ns = pace.pause_ns(now_ns, cpu_ns, is_idle=is_idle, is_stopped=is_stopped)
    assert 1.5 * MS <= pause_ns <= 250 * MS
