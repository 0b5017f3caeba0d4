"""A badge for a README, as JSON for shields.io's endpoint badge.

Format: https://shields.io/badges/endpoint-badge.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.report.figures import grams_text
from pytest_carbon.units import format_energy

if TYPE_CHECKING:
    from pytest_carbon.result.run import RunResult

__all__ = ["render"]


def render(result: RunResult) -> str:
    """What the tests emit, red where one burns too much and grey where that is not known."""
    message, color = _message(result)
    badge = {"schemaVersion": 1, "label": "tests", "message": message, "color": color}
    return json.dumps(badge, indent=2, ensure_ascii=False) + "\n"


def _message(result: RunResult) -> tuple[str, str]:
    total = result.tests_total
    if total is None or total.energy_j is None:
        return "energy unknown", "lightgrey"
    failing = sum(result.outcomes[outcome] for outcome in Outcome if outcome.fails)
    if failing:
        return f"{failing} burn more", "red"
    if not result.course.complete:
        return "run not complete", "lightgrey"
    return f"{format_energy(total.energy_j)}, {grams_text(result, total)} CO2e", "brightgreen"
