"""The text of a baselines file: made for reviewers and for ``git merge``.

Sorted, without anything volatile, an entry on several short lines, values with three
significant digits. The lines that a refresh changes stand in an entry's middle, so that two
branches can change neighbouring entries without a conflict. Tests below the floor, which are
most tests of most suites, take one line each: two branches that change neighbouring ones of
those need the merge driver.
"""

from __future__ import annotations

import json
from operator import itemgetter
from typing import TYPE_CHECKING

from pytest_carbon.baseline.nodeid import key_from_id
from pytest_carbon.errors import BaselineError
from pytest_carbon.intake.limits import LIMITS, MOST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.baseline.entry import Entry, Spread
    from pytest_carbon.baseline.file import BaselineFile

__all__ = ["SCHEMA", "render"]

SCHEMA = 2
"""The schema number that is written.

1. The first: ``environment``, ``intensity`` and ``reference_ns``, then an object for each kind
   of subject, in it one for each subject.
2. ``look`` takes the place of ``repeats``, ``alone_first`` and ``alone``. Short tests take one
   line each, and the sums of a file's short tests stand under ``file``.
"""


def _checked(name: str, value: float) -> float:
    """``value``, or ``ValueError`` for what the field cannot mean: nobody could read it back."""
    if not LIMITS[name].allows(value):
        raise ValueError(f"{name} is {value:g}, not {LIMITS[name]}")
    return value


def _figure(name: str, value: float) -> str:
    """``value`` with three significant digits, and with an exponent only where it is tiny."""
    limits = LIMITS[name]
    if limits.or_zero and 0 < value < limits.least:
        return "0"
    # Adding nothing makes a zero of a negative zero, which JSON would read as another value.
    text = f"{_checked(name, value) + 0.0:.3g}"
    return _rare_figure(text) if "e" in text else text


def _rare_figure(text: str) -> str:
    number = float(text)
    return f"{number:.0f}" if 1 <= abs(number) < 1e15 else repr(number)


def _spread(spread: Spread) -> str:
    if not 1 <= spread.processes <= spread.samples <= MOST:
        raise ValueError(f"{spread.samples} samples of {spread.processes} processes")
    sd = "" if spread.sd_log is None else f', "sd_log": {_figure("sd_log", spread.sd_log)}'
    return (
        f'{{"centre_j": {_figure("centre_j", spread.centre_j)}{sd}, '
        f'"samples": {spread.samples}, "processes": {spread.processes}}}'
    )


def _line(entry: Entry) -> str:
    parts = [f'"first_j": {_figure("first_j", entry.first.centre_j)}']
    if entry.look is not None:
        parts.append(f'"look_j": {_figure("look_j", entry.look.centre_j)}')
    if entry.body is not None:
        parts.append(f'"body": {json.dumps(entry.body)}')
    return ", ".join(parts)


def _entry(entry: Entry) -> str:
    lines = [f'"first": {_spread(entry.first)}']
    if entry.look is not None:
        lines.append(f'"look": {_spread(entry.look)}')
    if entry.raw is not None:
        lines.append(f'"raw": {_spread(entry.raw)}')
    lines.append(f'"cpu_s": {_figure("cpu_s", entry.cpu_s)}')
    lines.append(f'"wall_s": {_figure("wall_s", entry.wall_s)}')
    if entry.sensitivity is not None:
        lines.append(f'"sensitivity": {_figure("sensitivity", entry.sensitivity)}')
    if entry.anchor_j is not None:
        lines.append(f'"anchor_j": {_figure("anchor_j", entry.anchor_j)}')
    if entry.body is not None:
        lines.append(f'"body": {json.dumps(entry.body)}')
    if entry.disk_share is not None:
        lines.append(f'"disk_share": {_figure("disk_share", entry.disk_share)}')
    if entry.blocks_written is not None:
        lines.append(f'"blocks_written": {_figure("blocks_written", entry.blocks_written)}')
    return "\n      " + ",\n      ".join(lines) + "\n    "


def _group(entries: list[tuple[str, Entry]]) -> Iterator[str]:
    nodeid = ""
    try:
        for nodeid, entry in entries:
            text = _line(entry) if entry.is_short else _entry(entry)
            yield f"    {key_from_id(nodeid)}: {{{text}}}"
    except ValueError as error:
        raise BaselineError(
            f"{nodeid!r} cannot be stored: {error}",
            remedy="leave it out of the update, and see which meter gave the figure",
        ) from None


def _object(name: str, fields: dict[str, object]) -> str:
    lines = [f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in fields.items()]
    return f"  {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n  }"


def _header(file: BaselineFile) -> list[str]:
    reference_ns = file.reference_ns
    try:
        _checked("g_per_kwh", file.intensity.g_per_kwh)
        if reference_ns is not None:
            _checked("reference_ns", reference_ns)
    except ValueError as error:
        raise BaselineError(
            f"the baselines cannot be stored: {error}",
            remedy="see which setting or probe gave the figure",
        ) from None
    parts = [
        f'  "schema": {SCHEMA}',
        _object("environment", file.environment._asdict()),
        _object("intensity", file.intensity._asdict()),
    ]
    if reference_ns is not None:
        # It decides what every joule of the file means: three digits would not do.
        parts.append(f'  "reference_ns": {float(f"{reference_ns:.6g}")!r}')
    return parts


def render(file: BaselineFile) -> str:
    """The text of a baselines file, with a newline at its end.

    Raises ``BaselineError`` for a figure that its field cannot mean, such as infinite joules.
    """
    parts = _header(file)
    groups: dict[str, list[tuple[str, Entry]]] = {}
    for subject, entry in file.entries.items():
        groups.setdefault(subject.kind.value, []).append((subject.id, entry))
    for kind in sorted(groups):
        entries = sorted(groups[kind], key=itemgetter(0))
        parts.append(f'  "{kind}": {{\n' + ",\n".join(_group(entries)) + "\n  }")
    return "{\n" + ",\n".join(parts) + "\n}\n"
