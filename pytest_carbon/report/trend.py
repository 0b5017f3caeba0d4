"""A trend for the terminal and for the page: one line a run, with a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_carbon.history.changes import LEAST, available, change_points
from pytest_carbon.text import shown, visible
from pytest_carbon.units import format_change, format_emissions, format_energy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_carbon.history.point import Point

__all__ = ["page_points", "trend_lines"]

_BAR = 24

# Less is nothing: a change against it says nothing.
_LEAST_J = 1e-30


def _when(point: Point) -> str:
    return visible(point.started_at[:16].replace("T", " "))


def _changes(points: Sequence[Point]) -> dict[str, str]:
    """The run at which a new level begins, and by how much it differs from the one before."""
    known = [point for point in points if (point.energy_j or 0.0) > _LEAST_J and not point.remark]
    figures = [point.energy_j or 0.0 for point in known]
    places = change_points(figures) if available() else []
    edges = [0, *places, len(figures)]
    words = {}
    for number, place in enumerate(places):
        before, after = figures[edges[number] : place], figures[place : edges[number + 2]]
        ratio = (sum(after) / len(after)) / (sum(before) / len(before))
        words[known[place].run_id] = f"level changed by {format_change(ratio)}"
    return words


def trend_lines(points: Sequence[Point]) -> Iterator[str]:
    """A table of the runs, the newest last; ``points`` are of one environment."""
    from tabulate import tabulate

    changes = _changes(points)
    highest = max((point.energy_j or 0.0 for point in points), default=0.0)
    rows = []
    before = 0.0
    for point in points:
        change = ""
        if point.energy_j is not None and not point.remark:
            change = format_change(point.energy_j / before) if before > _LEAST_J else ""
            before = point.energy_j
        width = round(_BAR * (point.energy_j or 0.0) / highest) if highest else 0
        remarks = [point.verdict, point.remark, changes.get(point.run_id, "")]
        rows.append(
            [
                _when(point),
                visible(point.commit[:10]),
                shown(point.branch, 24),
                format_energy(point.energy_j),
                format_emissions(point.emissions_g),
                change,
                "█" * width,
                ", ".join(filter(None, remarks)),
            ]
        )
    headers = ["started (UTC)", "commit", "branch", "energy", "CO2e", "change", "", ""]
    aligned = ("left", "left", "left", "right", "right", "right", "left", "left")
    table = tabulate(
        rows, headers=headers, tablefmt="plain", colalign=aligned, disable_numparse=True
    )
    yield from (line.rstrip() for line in table.splitlines())
    if len(points) >= LEAST and not available():
        yield "where the level changed is shown with: pip install 'pytest-carbon[changepoints]'"


def page_points(points: Sequence[Point]) -> list[dict[str, Any]]:
    """The same for the page's line and table; runs that do not stand for the whole are left out."""
    changes = _changes(points)
    return [
        {
            "when": _when(point),
            "commit": visible(point.commit[:10]),
            "branch": shown(point.branch, 60),
            "energy": format_energy(point.energy_j),
            "grams": format_emissions(point.emissions_g),
            "energy_j": point.energy_j,
            "remark": ", ".join(filter(None, [point.verdict, changes.get(point.run_id, "")])),
        }
        for point in points
        if point.energy_j is not None and not point.remark
    ]
