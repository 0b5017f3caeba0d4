"""What continuous benchmarking takes: github-action-benchmark, and Bencher.

The first is the list that its tool ``customSmallerIsBetter`` reads, the second the Bencher
Metric Format of its adapter ``json``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_carbon.measurement import Kind
from pytest_carbon.report.figures import grams, method_of
from pytest_carbon.report.names import host_mark
from pytest_carbon.text import short_name, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["render_bencher", "render_github"]

# Bencher takes names of up to 1024 characters.
_LONGEST = 500

RUN = "whole run"
"""The name of the sum of everything."""


def _known(result: RunResult) -> Iterator[tuple[str, Measurement, SubjectResult | None]]:
    """Name, cost and subject of all whose energy is known; the whole run has no subject."""
    for subject in result.subjects:
        if subject.total.energy_j is not None and subject.subject.kind is not Kind.LOOKS:
            name = visible(subject.subject.id)
            if subject.subject.kind is not Kind.TEST:
                name = f"{name} ({subject.subject.kind.value})"
            yield short_name(f"{name}{host_mark(subject)}", _LONGEST), subject.total, subject
    if result.total is not None and result.total.energy_j is not None:
        yield RUN, result.total, None


def _range(subject: SubjectResult | None) -> tuple[float, float] | None:
    """The bounds of the joules, where the gate has found some."""
    verdict = None if subject is None else subject.verdict
    if verdict is None or not verdict.baseline_j or verdict.low is None or verdict.high is None:
        return None
    return verdict.low * verdict.baseline_j, verdict.high * verdict.baseline_j


def render_github(result: RunResult) -> str:
    """A list with one item a subject, in joules; smaller is better."""
    items = []
    for name, cost, subject in _known(result):
        item: dict[str, Any] = {"name": name, "unit": "J", "value": cost.energy_j}
        bounds = _range(subject)
        if bounds is not None:
            item["range"] = f"{bounds[0]:.3g} to {bounds[1]:.3g} J"
        emitted = grams(result, cost)
        item["extra"] = (
            f"{emitted:.3g} g CO2e at {result.accounting.intensity.g_per_kwh:g} g/kWh\n"
            f"{cost.cpu_s:.3g} s of CPU time\n{method_of(cost) or 'nothing spent'}"
        )
        items.append(item)
    return json.dumps(items, indent=1) + "\n"


def render_bencher(result: RunResult) -> str:
    """One benchmark a subject, with the measures energy, emissions and CPU time."""
    benchmarks: dict[str, Any] = {}
    for name, cost, subject in _known(result):
        energy: dict[str, Any] = {"value": cost.energy_j}
        bounds = _range(subject)
        if bounds is not None:
            energy |= {"lower_value": bounds[0], "upper_value": bounds[1]}
        benchmarks[name] = {
            "energy-joules": energy,
            "emissions-grams": {"value": grams(result, cost)},
            "cpu-seconds": {"value": cost.cpu_s},
        }
    return json.dumps(benchmarks, indent=1) + "\n"
