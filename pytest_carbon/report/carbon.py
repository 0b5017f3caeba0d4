"""The summary's lines on carbon: which intensity counted, the SCI score, and comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.units import format_emissions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.result.run import RunResult

__all__ = ["carbon_details", "carbon_lines"]

_SHOWN_EQUIVALENTS = ("car_eu", "streaming")


def carbon_lines(result: RunResult, *, verbosity: int) -> Iterator[str]:
    """How grams came about, and what they compare with; ``verbosity`` above 0 shows all of it."""
    if verbosity > 0 or result.live is not None:
        yield from _intensity(result)
    if result.pue.factor != 1:
        yield f"  PUE {result.pue.factor:g} is in all grams ({result.pue.reason})"
    score = result.sci
    if score is None:
        yield "  SCI: unknown, since a meter was lost"
    elif score.complete or verbosity > 0:
        remedy = "" if score.complete else "; carbon_embodied makes it an SCI score"
        yield f"  {score.label}: {format_emissions(score.score_g)} CO2e per run{remedy}"
    texts = [e.text for e in result.equivalents if verbosity > 0 or e.name in _SHOWN_EQUIVALENTS]
    if texts:
        yield f"  in all as much as {', or '.join(texts)}"


def carbon_details(result: RunResult) -> Iterator[str]:
    """Every term of the run's SCI score, and the same run elsewhere."""
    if result.sci is not None:
        yield ""
        yield from (f"{name}: {text}" for name, text in result.sci.terms())
    if result.sci_per_test is not None:
        score = result.sci_per_test
        mean = f"mean of {score.count}"
        yield f"{score.label}: {format_emissions(score.score_g)} CO2e per test, {mean}"
    there = result.elsewhere
    if there is None:
        return
    yield ""
    yield "the same run elsewhere, each place's figure of its own year:"
    here = result.accounting.intensity
    rows = [(result.emissions_g, f"here ({here.zone})")]
    rows += [
        (item.grams, f"{item.place.name}, {item.place.year}, one of the ten largest grids")
        for item in there.largest
    ]
    rows += [
        (item.grams, f"{item.place.name}, {item.place.year}, the {label} of all")
        for label, item in there.extremes
    ]
    yield from (f"  {format_emissions(grams):>8}  {where}" for grams, where in rows)
    yield ""


def _intensity(result: RunResult) -> Iterator[str]:
    pinned = result.intensity
    if result.live is None:
        yield f"  intensity: {_figure(pinned)} ({pinned.reason})"
        return
    yield f"  intensity: {_figure(result.live)} ({result.live.reason})"
    yield f"  gates and budgets use the pinned {_figure(pinned)} ({pinned.reason})"


def _figure(i: Intensity) -> str:
    return f"{i.g_per_kwh:g} gCO2e/kWh, {i.zone}, {i.source} {i.period}"
