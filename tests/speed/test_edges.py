"""Probes at the edges of tests."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.speed.correction import mean_probe_ns
from pytest_carbon.speed.edges import EdgeProbe, EdgeTimer, OffProbe, is_traced
from pytest_carbon.speed.kernel import kernel, time_kernel

MS = 1_000_000


def test_the_kernel_always_does_the_same_work() -> None:
    assert kernel() == kernel()


def test_the_kernel_takes_time() -> None:
    assert time_kernel() > 0


@pytest.mark.parametrize(
    ("latest_ns", "ticks", "taken_ns"),
    [
        pytest.param(18_000, [0, 50_000, 50_000, 68_000], 18_000, id="interrupted"),
        pytest.param(18_000, [0, 34_000, 34_000, 67_000], 33_000, id="in a slow spell"),
        pytest.param(18_000, [0, 20_000], 20_000, id="nothing unusual"),
        pytest.param(34_000, [0, 36_000], 36_000, id="a slow spell that goes on"),
        pytest.param(0, [0, 50_000], 50_000, id="the first one"),
    ],
)
def test_a_probe_that_takes_longer_is_taken_again(
    monkeypatch: pytest.MonkeyPatch, latest_ns: int, ticks: list[int], taken_ns: int
) -> None:
    clock = iter(ticks)
    monkeypatch.setattr("pytest_carbon.speed.kernel.kernel_clock", lambda: next(clock))
    assert time_kernel(latest_ns) == taken_ns
    assert next(clock, None) is None


def test_an_edge_is_probed_at_once() -> None:
    timer = EdgeTimer(0.03, lambda _: 50_000)
    timer.tick(0)
    assert (timer.probes, timer.before_inverse) == (1, 1 / 50_000)


def test_edges_close_together_share_a_probe() -> None:
    timer = EdgeTimer(0.03, lambda _: 50_000)
    for now_ns in range(0, 5 * MS, MS):
        timer.tick(now_ns)
    assert timer.probes == 1


@given(
    st.lists(st.integers(0, 3 * MS), min_size=1, max_size=500),
    st.integers(10_000, 400_000),
    st.sampled_from([0.004, 0.03]),
)
def test_probes_take_no_more_than_their_share(
    steps: list[int], probe_ns: int, share: float
) -> None:
    timer = EdgeTimer(share, lambda _: probe_ns)
    now_ns = 0
    for step in steps:
        now_ns += step
        timer.tick(now_ns)
    assert (timer.probes - 1) * probe_ns <= share * now_ns
    assert timer.probes - 1 <= now_ns / (5 * MS)


def test_a_probe_that_was_held_up_does_not_silence_the_next_second() -> None:
    timer = EdgeTimer(0.01, lambda _: 60 * MS)
    timer.tick(0)
    timer.tick(50 * MS)
    assert timer.probes == 2


@pytest.mark.parametrize("probe_ns", [-5, 0, 10**12])
def test_a_time_that_cannot_be_is_not_a_probe(probe_ns: int) -> None:
    timer = EdgeTimer(0.03, lambda _: probe_ns)
    timer.tick(0)
    assert (timer.probes, timer.before_inverse) == (0, 0.0)


def test_edges_alone_tell_the_speed_of_a_test() -> None:
    times = iter([50_000, 100_000])
    clock = iter([0, 20 * MS])
    probe = EdgeProbe(clock_ns=lambda: next(clock), time_kernel=lambda _: next(times))
    start, end = probe.edge(), probe.edge()
    assert mean_probe_ns(start, end) == pytest.approx(50_000 / 0.75)
    assert probe.loss is None
    probe.close()


def test_an_empty_test_takes_the_speed_from_the_edge_before() -> None:
    probe = EdgeProbe(clock_ns=lambda: 0, time_kernel=lambda _: 50_000)
    start, end = probe.edge(), probe.edge()
    assert end.probes == start.probes
    assert mean_probe_ns(start, end) == pytest.approx(50_000)


def test_off_knows_no_speed() -> None:
    probe = OffProbe()
    assert mean_probe_ns(probe.edge(), probe.edge()) is None
    assert (probe.name, probe.loss) == ("off", None)
    probe.close()


def test_a_tracer_or_a_profiler_is_noticed() -> None:
    before, tracer = sys.getprofile(), sys.gettrace()
    sys.setprofile(lambda *_: None)
    try:
        seen = is_traced()
    finally:
        sys.setprofile(before)
    assert seen
    assert is_traced() == (before is not None or tracer is not None)
