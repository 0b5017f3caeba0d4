"""Why a run fails though no test failed for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.result.facts import Fault
from pytest_carbon.session.hosts.hosts import Host, Hosts
from pytest_carbon.session.hosts.introduction import Setup
from pytest_carbon.session.judge import Judge
from pytest_carbon.session.results.run_failures import run_failures
from tests.results import INTENSITY, run_result, subject

if TYPE_CHECKING:
    from pytest_carbon.result.subject import SubjectResult

STRICT = Policy(missing_fails=True)


def failures(
    *subjects: SubjectResult,
    policy: Policy = STRICT,
    stored: int = 1,
    faults: tuple[Fault, ...] = (),
    **others: Any,
) -> list[str]:
    """What fails a run of these subjects, on a host with so many baselines."""
    result = run_result()._replace(subjects=subjects)
    here = Host(
        name="",
        setup=Setup(result.environment, result.meters, result.clock, (), None),
        baselines=SimpleNamespace(entries=dict.fromkeys(range(stored)), place="baselines/x.json"),  # type: ignore[arg-type]
        judge=Judge({}, policy, INTENSITY, method="model"),
        taker="no looks here",
    )
    hosts = Hosts(here, lambda *_: here)
    settings: Any = SimpleNamespace(policy=policy, stores=others.get("stores", False))
    return run_failures(result, hosts, settings, faults=faults, ran=others.get("ran", True))


def regressed(outcome: str, kind: Kind = Kind.TEST) -> SubjectResult:
    """A subject that burns more than it may, and what became of its test."""
    one = subject("test_a.py::test_one")
    return one._replace(
        subject=Subject(kind, one.subject.id),
        verdict=Verdict(Outcome.REGRESSED, now_j=2.0, baseline_j=1.0),
        test_outcome=outcome,
    )


def test_a_test_that_failed_for_itself_fails_nothing_else() -> None:
    assert failures(regressed("failed")) == []
    assert failures(regressed("error")) == []


def test_a_test_that_was_reported_before_its_verdict_fails_the_run() -> None:
    (line,) = failures(regressed("passed"))
    assert line.startswith("test_a.py::test_one: reported before it was judged, because another ")


def test_a_sum_of_short_tests_has_no_report_of_its_own() -> None:
    (line,) = failures(regressed("passed", Kind.FILE))
    assert line.endswith(": its short tests cost more together")


def test_a_strict_run_needs_something_to_compare_with() -> None:
    (line,) = failures(stored=0)
    assert line.startswith("--carbon-strict: nothing to compare with: baselines/x.json; ")


@pytest.mark.parametrize(
    "others", [{"policy": Policy()}, {"stores": True}, {"ran": False}], ids=lambda o: next(iter(o))
)
def test_only_a_strict_run_that_gates_and_has_run_tests_does(others: dict[str, Any]) -> None:
    assert failures(stored=0, **others) == []


def test_a_strict_run_fails_for_a_fault_of_ours() -> None:
    (line,) = failures(faults=(Fault("test_a.py::test_one", "OSError: no"),))
    assert line == "--carbon-strict: measuring failed (test_a.py::test_one: OSError: no)"
