from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.measurement import Usage
from pytest_carbon.meters.attribution import HostShare, attribute
from pytest_carbon.meters.watts import CpuPower

POWER = CpuPower(min_w=1.0, max_w=5.0, source="invented", matched=True)
SHARE = HostShare(POWER, threads=4, own_threads=4)

seconds = st.floats(0, 1e5, allow_subnormal=False)


def usage(cpu_s: float, wall_s: float, host_busy_s: float | None, host_share: float = 1.0) -> Usage:
    return Usage(
        cpu_s=cpu_s,
        wall_s=wall_s,
        work_s=0.0,
        host_busy_s=host_busy_s,
        host_share=host_share,
    )


def test_a_sleeping_tree_causes_nothing() -> None:
    assert attribute(10.0, usage(0.0, 1.0, 0.0), SHARE) == (0.0, 10.0)


def test_a_neighbours_work_is_neither_ours_nor_idle() -> None:
    tree_j, idle_j = attribute(8.0, usage(0.0, 1.0, 1.0), SHARE)
    assert tree_j == 0.0
    assert idle_j == pytest.approx(4.0)


def test_a_tree_alone_on_the_host_gets_all_that_is_busy() -> None:
    assert attribute(8.0, usage(1.0, 1.0, 1.0), SHARE) == pytest.approx((4.0, 4.0))


@pytest.mark.parametrize("host_busy_s", [None, 0.0, 0.5])
def test_a_host_that_seems_less_busy_than_the_tree_is_busy_with_it(
    host_busy_s: float | None,
) -> None:
    assert attribute(8.0, usage(1.0, 1.0, host_busy_s), SHARE) == pytest.approx((4.0, 4.0))


def test_the_idle_part_is_shared_among_workers() -> None:
    assert attribute(8.0, usage(1.0, 1.0, 1.0, 0.25), SHARE)[1] == pytest.approx(1.0)


def test_a_container_answers_for_its_share_of_the_idle_machine() -> None:
    half = SHARE._replace(own_threads=2)
    tree_j, idle_j = attribute(8.0, usage(1.0, 1.0, 1.0), half)
    assert (tree_j, idle_j) == pytest.approx((4.0, 2.0))


def test_no_time_is_no_energy() -> None:
    assert attribute(8.0, usage(0.0, 0.0, 0.0), SHARE) == (0.0, 0.0)


@given(st.floats(0, 1e9), seconds, seconds, seconds, st.integers(1, 512))
def test_nobody_gets_more_than_was_counted(
    total_j: float, cpu_s: float, wall_s: float, host_busy_s: float, threads: int
) -> None:
    tree_j, idle_j = attribute(
        total_j, usage(cpu_s, wall_s, host_busy_s), HostShare(POWER, threads, threads)
    )
    assert tree_j >= 0
    assert idle_j >= 0
    # The least positive floats have no digits left to be exact with.
    assert tree_j + idle_j <= total_j * (1 + 1e-9) + 1e-300


@given(st.floats(0, 1e6), seconds, seconds, st.integers(1, 512))
def test_two_trees_together_get_the_sum_of_their_parts(
    total_j: float, first_s: float, second_s: float, threads: int
) -> None:
    def part(cpu_s: float) -> float:
        return attribute(
            total_j, usage(cpu_s, 1.0, first_s + second_s), HostShare(POWER, threads, threads)
        )[0]

    assert part(first_s) + part(second_s) == pytest.approx(part(first_s + second_s))
