"""From samples to entries: what one or several runs have to say to the baselines."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from statistics import fmean
from typing import TYPE_CHECKING

from pytest_carbon.baseline.entry import Entry
from pytest_carbon.gate.spread import summarise
from pytest_carbon.measurement import Method
from pytest_carbon.speed.correction import DEFAULT_SENSITIVITY, fit_sensitivity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_carbon.baseline.entry import Spread
    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result import SubjectResult

__all__ = ["at_reference", "corrected_j", "entry_from_runs"]


def corrected_j(measurement: Measurement, sensitivity: float) -> float:
    """The energy in joules, corrected for the core's speed with another sensitivity.

    Only modelled energy follows CPU time; what hardware has measured stays as it is.
    """
    assert measurement.energy_j is not None, "only complete measurements are stored"
    if measurement.speed is None:
        return measurement.energy_j
    raw = measurement.cpu_s / measurement.work_s if measurement.work_s > 0 else 1.0
    factor = raw * measurement.speed**sensitivity
    return sum(
        energy.dynamic_j * (factor if energy.method is Method.MODELLED else 1.0)
        for energy in measurement.energies
    )


def at_reference(run: SubjectResult, factor: float) -> SubjectResult:
    """``run`` with its speeds against a reference ``factor`` times as long, for ``corrected_j``.

    Runs that were each held against a reference of their own are joined that way.
    """

    def scaled(measurement: Measurement) -> Measurement:
        speed = measurement.speed
        return measurement if speed is None else replace(measurement, speed=speed * factor)

    return replace(
        run,
        total=scaled(run.total),
        repeats=tuple(map(scaled, run.repeats)),
        alone=tuple(map(scaled, run.alone)),
    )


def entry_from_runs(
    runs: Sequence[SubjectResult],
    known_sensitivity: float | None = None,
    *,
    fits_sensitivity: bool = True,
    beside_load: Sequence[SubjectResult] = (),
) -> Entry | None:
    """The baseline of one test, from its results in one or several fresh processes.

    ``known_sensitivity`` is what is stored already; it is kept until these runs say more, or
    whatever they say where ``fits_sensitivity`` is off. The figures are corrected with
    ``DEFAULT_SENSITIVITY`` where it is not known. Runs ``beside_load`` tell of the sensitivity
    only: what a load costs a test besides the speed of the core is no part of its baseline.
    ``None`` where a figure is unknown or nothing was spent, which has no logarithm.
    """
    # Repeats leave the caches, the memory and the garbage collector in another state for the
    # tests after them: first runs of 20 ms were seen to cost 1.2 to 1.5 times as much for it.
    firsts = [run.total for run in runs if not run.repeats] or [run.total for run in runs]
    repeats = [run.repeats for run in runs if run.repeats]
    alone = [run.alone for run in runs if run.alone]
    everything = [*firsts, *chain(*repeats), *chain(*alone)]
    if any(m.energy_j is None or m.energy_j <= 0 for m in everything):
        return None
    fit = None
    if fits_sensitivity:
        kinds = (
            [(m,) for m in firsts],
            [*repeats, *(run.repeats for run in beside_load)],
            [group[1:] for group in (*alone, *(run.alone for run in beside_load))],
        )
        fit = fit_sensitivity(
            *(
                [[(m.cpu_s, 1 / m.speed) for m in group if m.speed] for group in kind]
                for kind in kinds
            )
        )
    sensitivity = fit.exponent if fit is not None and fit.is_known else known_sensitivity
    exponent = DEFAULT_SENSITIVITY if sensitivity is None else sensitivity
    has_speed = any(m.speed is not None for m in everything)
    middle = sorted(firsts, key=lambda m: m.cpu_s)[len(firsts) // 2]

    def spread(processes: Iterable[Sequence[Measurement]]) -> Spread | None:
        groups = [[corrected_j(m, exponent) for m in group] for group in processes if group]
        return summarise(groups) if groups else None

    first = spread([m] for m in firsts)
    assert first is not None, "a test is here because it ran"
    return Entry(
        first=first,
        repeats=spread(repeats),
        alone_first=spread(group[:1] for group in alone),
        alone=spread(group[1:] for group in alone),
        raw=summarise([m.raw_j or 0.0] for m in firsts) if has_speed else None,
        cpu_s=middle.cpu_s,
        wall_s=middle.wall_s,
        sensitivity=sensitivity,
        disk_share=_mean([run.disk_share for run in runs if run.disk_share is not None]),
        blocks_written=_mean([r.blocks_written for r in runs if r.blocks_written is not None]),
    )


def _mean(figures: Sequence[float]) -> float | None:
    return round(fmean(figures), 2) if figures else None
