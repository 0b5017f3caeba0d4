"""What fails a run though no test failed for it: late verdicts, and a strict run's own terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind
from pytest_carbon.session.baselines import NEXT_STEP
from pytest_carbon.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_carbon.result.facts import Fault
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult
    from pytest_carbon.session.hosts.hosts import Hosts
    from pytest_carbon.settings import Settings

__all__ = ["run_failures"]


def run_failures(
    result: RunResult | None,
    hosts: Hosts,
    settings: Settings,
    *,
    faults: Sequence[Fault],
    ran: bool,
) -> list[str]:
    """Why the run fails as a whole, one line each; ``ran`` says whether any test has run."""
    lines = [
        f"{shown(subject.subject.id)}: {_why_late(subject, faults)}"
        for subject in (() if result is None else _failed_late(result, hosts))
    ]
    if ran and settings.policy.missing_fails and not settings.stores:
        why = _why_strict_fails(hosts, faults)
        lines += [f"--carbon-strict: {why}"] if why else []
    return lines


def _failed_late(result: RunResult, hosts: Hosts) -> Iterator[SubjectResult]:
    """Sums of files, and tests that other plugins run.

    A test whose energy no run of the plugin can tell fails with its budget, too.
    """
    for subject in result.subjects:
        verdict = subject.verdict
        if verdict is None or subject.test_outcome in {"failed", "error"}:
            continue
        if hosts.of(subject).judge.fails(verdict):
            yield subject


def _why_late(subject: SubjectResult, faults: Sequence[Fault]) -> str:
    """Why a subject fails the run and not its own report."""
    if subject.subject.kind is Kind.FILE:
        return "its short tests cost more together"
    if faults:
        return "it could not be failed because of a fault in pytest-carbon (see above)"
    return "reported before it was judged, because another plugin runs it"


def _why_strict_fails(hosts: Hosts, faults: Sequence[Fault]) -> str:
    """Why a run under ``--carbon-strict`` fails as a whole; empty where it does not."""
    if faults:
        return f"measuring failed ({faults[0].test}: {faults[0].cause})"
    for host in hosts:
        if not host.baselines.entries:
            where = f" on {host.name}" if host.name else ""
            return f"nothing to compare with{where}: {host.baselines.place}; {NEXT_STEP}"
    return ""
