"""The lines above the tests: how figures come about, and what they are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.report.method import short_intensity, short_method
from pytest_carbon.text import printable_line

if TYPE_CHECKING:
    from pytest_carbon.intensity.accounting import Accounting

__all__ = ["header_lines"]


def header_lines(
    *,
    meters: tuple[str, ...],
    clock: str,
    accounting: Accounting,
    baselines: str,
    place: str,
    unavailable: tuple[str, ...],
    verbose: bool,
) -> list[str]:
    """Two short lines; where ``verbose``, everything, and what is not measured, with its remedy.

    ``baselines`` says in a few words what there is to compare with, ``place`` in full.
    """
    if verbose:
        i = accounting.intensity
        lines = [
            "; ".join(meters),
            f"CPU time by {clock}",
            f"{i.g_per_kwh:g} gCO2e/kWh ({i.zone}, {i.source} {i.period}; {i.reason})",
            f"baselines in {place}",
            *unavailable,
        ]
    else:
        missing = {line.removeprefix("no ").partition(":")[0] for line in unavailable}
        more = f"; not measured here: {', '.join(sorted(missing))} (-v)" if missing else ""
        lines = [
            f"{short_method(meters)}; {short_intensity(accounting)}",
            f"{baselines}{more}",
        ]
    return [printable_line(f"carbon: {line}") for line in lines]
