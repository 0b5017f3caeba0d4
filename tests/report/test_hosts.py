"""Reports of runs on several hosts tell them apart."""

from __future__ import annotations

import pytest

from pytest_carbon.report.junit import session_properties
from pytest_carbon.report.kinds import KINDS
from pytest_carbon.report.terminal import summary_lines
from tests.results import counted, on_hosts, run_result

# One row for the run as a whole.
WHOLE = {"badge", "csv"}


@pytest.mark.parametrize("kind", sorted(set(KINDS) - WHOLE))
def test_each_report_says_where_a_test_ran(kind: str) -> None:
    text = KINDS[kind].render(on_hosts(run_result()))
    assert "build-1" in text
    assert "build-2" in text
    assert "build-1" not in KINDS[kind].render(run_result())


def test_the_summary_names_each_host_with_its_method() -> None:
    lines = [line.text for line in summary_lines(on_hosts(run_result()), verbosity=0, rows=10)]
    (other,) = [line for line in lines if line.startswith("  on build-2: ")]
    assert other.endswith("; modelled, Ampere Altra, 2 W/thread; baselines (none stored)")
    assert any("test_worse (on build-2)" in line for line in lines)


def test_junit_names_the_environment_of_each_host() -> None:
    properties = dict(session_properties(on_hosts(run_result())))
    one, other = properties["carbon.host.build-1"], properties["carbon.host.build-2"]
    assert one.partition(":")[0] != other.partition(":")[0]
    assert "Ampere Altra" in other


def test_the_total_is_what_the_counter_showed_and_says_what_others_took() -> None:
    result = counted(run_result())
    assert result.total is not None
    (gpu,) = [energy for energy in result.total.energies if energy.domain == "gpu-0"]
    assert (gpu.dynamic_j, gpu.idle_j) == (2.0, 3.0)
    lines = [line.text for line in summary_lines(result, verbosity=1, rows=10)]
    shown = "2.00 J of this run + 3.00 J that flows anyway + 5.00 J of other processes"
    assert f"  counter gpu-0: 10.0 J = {shown}" in lines


def test_a_run_on_hosts_of_two_kinds_is_one_of_each_environment() -> None:
    one, other = on_hosts(run_result()).by_environment()
    assert {s.host for s in one.subjects} == {"build-1"}
    assert {s.host for s in other.subjects} == {"build-2"}
    assert other.environment.cpu_model == "Ampere Altra"
    assert other.reference_ns is None
    assert len(one.subjects) + len(other.subjects) == len(run_result().subjects)
