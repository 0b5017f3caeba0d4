"""What all reports say of a result in the same words."""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.measurement import Kind
from pytest_carbon.text import counted
from pytest_carbon.units import format_change, format_emissions, format_energy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

__all__ = [
    "FINDINGS",
    "accept_command",
    "change_text",
    "energy_text",
    "findings",
    "grams",
    "grams_text",
    "headline",
    "incomplete_text",
    "intensity_text",
    "interval_text",
    "kind_text",
    "method_of",
    "named_culprits",
    "nothing_changed",
    "sentence",
]

FINDINGS = (Outcome.OVER_BUDGET, Outcome.REGRESSED, Outcome.INCONCLUSIVE, Outcome.IMPROVED)
"""What a reader has to look at, the worst first."""

_KINDS = {
    Kind.TEST: ("test", "tests"),
    Kind.FIXTURE: ("wider fixture", "wider fixtures"),
    Kind.TASK: ("task", "tasks, inside of tests"),
    Kind.FILE: ("file's short tests", "files' short tests, taken together"),
    Kind.COLLECTION: ("collection and imports", "collection and imports"),
    Kind.RUNNER: ("pytest itself", "pytest itself"),
    Kind.COMMAND: ("command or script", "commands and scripts"),
    Kind.LOOKS: ("measuring again, in no total", "measuring again, in no total"),
}


def kind_text(kind: Kind, count: int = 1) -> str:
    """What a subject is, or what several are, for people."""
    one, several = _KINDS[kind]
    return one if count == 1 else several


def grams(result: RunResult, measurement: Measurement | None) -> float | None:
    """The emissions of a measurement in grams of CO2e; ``None`` where energy is unknown."""
    energy_j = None if measurement is None else measurement.energy_j
    return result.accounting.emissions_g(energy_j)


def grams_text(result: RunResult, measurement: Measurement | None) -> str:
    """The emissions of a measurement, for people."""
    return format_emissions(grams(result, measurement))


def method_of(measurement: Measurement) -> str:
    """``measured``, ``modelled``, both joined by ``+``, or empty where nothing was spent."""
    return "+".join(sorted({e.method.value for e in measurement.energies if e.dynamic_j}))


def energy_text(measurement: Measurement | None) -> str:
    """Energy for people; ``≈`` marks what a model had a part in."""
    if measurement is None or measurement.energy_j is None:
        return "unknown"
    mark = "≈" if "modelled" in method_of(measurement) else ""
    return mark + format_energy(measurement.energy_j)


def change_text(subject: SubjectResult) -> str:
    """The change against the baseline; empty where there is nothing to compare with."""
    verdict = subject.verdict
    return "" if verdict is None or verdict.ratio is None else format_change(verdict.ratio)


def interval_text(verdict: Verdict | None, link: str = " and ") -> str:
    """The bounds of the change, with ``link`` between them; empty where they are not known."""
    if verdict is None or verdict.low is None or verdict.high is None:
        return ""
    return f"{format_change(verdict.low)}{link}{format_change(verdict.high)}"


def intensity_text(result: RunResult) -> str:
    """The carbon intensity that turned joules into grams, with its source and reason."""
    i = result.accounting.intensity
    return f"{i.g_per_kwh:g} gCO2e/kWh, {i.zone}, {i.source} {i.period} ({i.reason})"


def findings(result: RunResult) -> list[SubjectResult]:
    """The subjects that a reader has to look at, the worst first, greatest changes first."""
    found: list[SubjectResult] = []
    for outcome in FINDINGS:
        found += sorted(result.with_outcome(outcome), key=_by_change)
    return found


def _by_change(subject: SubjectResult) -> float:
    """Rises and falls by their size, what is over its budget by how far."""
    verdict = subject.verdict
    if verdict is None or not verdict.now_j:
        return 0.0
    before_j = verdict.baseline_j or verdict.limit_j
    return -abs(math.log(verdict.now_j / before_j)) if before_j and before_j > 0 else 0.0


_SAID = {
    Outcome.OVER_BUDGET: ("is over budget", "are over budget"),
    Outcome.REGRESSED: ("burns more", "burn more"),
    Outcome.INCONCLUSIVE: ("is in doubt", "are in doubt"),
    Outcome.IMPROVED: ("burns less", "burn less"),
}


def accept_command(result: RunResult) -> str:
    """What accepts the regressions, by name where that stays short; empty where there are none."""
    tests = [s for s in result.with_outcome(Outcome.REGRESSED) if s.subject.kind is Kind.TEST]
    if not tests:
        return ""
    named = " ".join([_ACCEPT, *(shlex.quote(s.subject.id) for s in tests)])
    # A name that cannot be typed, or ends a code span, is left to the whole suite's command.
    is_plain = named.isprintable() and "`" not in named
    return named if is_plain and len(named) <= _LONGEST_COMMAND else _ACCEPT


_CULPRIT = "culprit  "
_ACCEPT = "pytest --carbon --carbon-update=all"
_LONGEST_COMMAND = 400


def sentence(outcomes: Mapping[Outcome, int], *, culprits: int, passed: int) -> str:
    """What a gate has found: ``3 tests burn more, 1 culprit, 412 passed``; empty for nothing."""
    parts: list[str] = []
    for outcome, (one, several) in _SAID.items():
        count = outcomes.get(outcome, 0)
        if count:
            noun = "" if parts else " test" if count == 1 else " tests"
            parts.append(f"{count}{noun} {one if count == 1 else several}")
        if count and outcome is Outcome.REGRESSED and culprits:
            parts.append(f"{culprits} culprit{'s' * (culprits != 1)}")
    return ", ".join([*parts, f"{passed} passed"]) if parts else ""


def headline(result: RunResult) -> str:
    """The outcome of a run in one sentence."""
    culprits = len(named_culprits(result))
    # The sum of a file's short tests is no test beside them.
    outcomes = result.outcomes - result.outcomes_of(Kind.FILE)
    compared = outcomes[Outcome.OK] + outcomes[Outcome.TOO_SMALL]
    return sentence(result.outcomes, culprits=culprits, passed=_passed(result)) or (
        f"no change in {compared} compared" if compared else "measured, not compared"
    )


def nothing_changed(result: RunResult) -> bool:
    """Whether a whole run was compared, and there is nothing to look at.

    What could not be measured or compared is not "unchanged".
    """
    outcomes = result.outcomes
    compared = outcomes[Outcome.OK] + outcomes[Outcome.TOO_SMALL]
    to_look_at = any(outcomes[one] for one in (*FINDINGS, Outcome.INCOMPARABLE))
    return bool(compared) and not (to_look_at or result.faults) and result.course.complete


def named_culprits(result: RunResult) -> list[str]:
    """What the notes say of culprits that ``explain`` has found: function, part of the rise."""
    found = [n.removeprefix(_CULPRIT) for n in result.notes if n.startswith(_CULPRIT)]
    return [text for text in found if not text.startswith("unknown")]


def _passed(result: RunResult) -> int:
    """The tests that passed, and that the gate has nothing to say of."""
    return sum(
        test.test_outcome == "passed"
        and (test.verdict is None or test.verdict.outcome not in FINDINGS)
        for test in result.of(Kind.TEST)
    )


def incomplete_text(result: RunResult) -> str:
    """Why a run is not complete; empty where it is."""
    course = result.course
    reasons = [course.cut_short] if course.cut_short else []
    if course.lost_workers:
        reasons.append(f"{course.lost_workers} of the workers crashed")
    if course.collection_errors:
        reasons.append(f"{counted(len(course.collection_errors), 'file')} could not be collected")
    return "; ".join(reasons)
