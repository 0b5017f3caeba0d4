"""OpenMetrics text, for Prometheus and GitLab's metrics reports.

The run has the names and labels of codecarbon's Prometheus output (seconds, kilograms, watts,
kilowatt-hours); subjects have names of their own in joules, grams and seconds. No label changes
from run to run by itself, since GitLab takes a new label for a new metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.measurement import Kind
from pytest_carbon.report.codecarbon_csv import run_row
from pytest_carbon.report.figures import grams, method_of
from pytest_carbon.text import short_name, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["render"]

_RUN = (
    ("duration", "Seconds that the run took"),
    ("emissions", "Emissions of the run in kg CO2e"),
    ("emissions_rate", "Emissions of the run in kg CO2e per second"),
    ("cpu_power", "Mean power that the work drew from CPUs in W"),
    ("gpu_power", "Mean power that the work drew from GPUs in W"),
    ("ram_power", "Mean power that the work drew from memory in W"),
    ("cpu_energy", "Energy that the work drew from CPUs in kWh"),
    ("gpu_energy", "Energy that the work drew from GPUs in kWh"),
    ("ram_energy", "Energy that the work drew from memory in kWh"),
    ("energy_consumed", "Energy of the run in kWh"),
)

_LABELS = (
    "project_name",
    "country_name",
    "country_iso_code",
    "region",
    "cloud_provider",
    "cloud_region",
    "os",
    "codecarbon_version",
    "cpu_model",
    "cpu_count",
    "gpu_model",
    "gpu_count",
    "tracking_mode",
    "ram_total_size",
)

_LONGEST = 500
_ORDER = list(Kind)


def render(result: RunResult) -> str:
    """The whole text; what is unknown has no sample."""
    return "\n".join([*_run(result), *_subjects(result), "# EOF"]) + "\n"


def _run(result: RunResult) -> Iterator[str]:
    row = run_row(result)
    if row is None:
        return
    # The kernel's version changes more often than what is measured.
    row["os"] = result.environment.os
    labels = _labels({name: str(row.get(name, "")) for name in _LABELS})
    for name, help_text in _RUN:
        if name in row:
            yield from _family(f"codecarbon_{name}", help_text, "gauge")
            yield f"codecarbon_{name}{labels} {row[name]!r}"
    yield from _family("codecarbon_energy", "Energy of the run in kWh", "counter")
    yield f"codecarbon_energy_total{labels} {row['energy_consumed']!r}"


def _subjects(result: RunResult) -> Iterator[str]:
    subjects = sorted(result.subjects, key=lambda s: _ORDER.index(s.subject.kind))
    labels = [_subject_labels(s) for s in subjects]
    families = (
        ("energy_joules", "Energy that a subject's work caused", _energy),
        ("emissions_grams", "Emissions of a subject in g CO2e", lambda s: grams(result, s.total)),
        ("cpu_seconds", "CPU time of a subject's process tree", lambda s: s.total.cpu_s),
        ("baseline_joules", "Stored baseline of a subject", _baseline),
    )
    for name, help_text, figure in families:
        samples = [
            f"pytest_carbon_{name}{label} {value!r}"
            for subject, label in zip(subjects, labels, strict=True)
            if (value := figure(subject)) is not None
        ]
        if samples:
            unit = name.rpartition("_")[2]
            yield from _family(f"pytest_carbon_{name}", help_text, "gauge", unit)
            yield from samples
    if result.outcomes:
        yield from _family("pytest_carbon_verdicts", "Subjects by verdict", "gauge")
        for outcome, count in result.outcomes.items():
            yield f"pytest_carbon_verdicts{_labels({'verdict': outcome.value})} {count}"


def _energy(subject: SubjectResult) -> float | None:
    return subject.total.energy_j


def _baseline(subject: SubjectResult) -> float | None:
    return None if subject.verdict is None else subject.verdict.baseline_j


def _family(name: str, help_text: str, kind: str, unit: str = "") -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {help_text}."


def _subject_labels(subject: SubjectResult) -> str:
    return _labels(
        {
            "kind": subject.subject.kind.value,
            "id": subject.subject.id,
            "method": method_of(subject.total),
            **({"host": subject.host} if subject.host else {}),
        }
    )


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_value(text)}"' for name, text in labels.items()) + "}"


def _value(text: str) -> str:
    text = short_name(visible(text), _LONGEST)
    return text.replace("\\", "\\\\").replace('"', '\\"')
