"""The text of a baselines file: made for reviewers and for ``git merge``.

Sorted, without anything volatile, an entry on several short lines, values with three
significant digits. The lines that a refresh changes stand in an entry's middle, so that two
branches can change neighbouring entries without a conflict.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from operator import itemgetter
from typing import TYPE_CHECKING

from pytest_carbon.baseline.nodeid import key_from_id
from pytest_carbon.errors import BaselineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.baseline.entry import Entry, Spread
    from pytest_carbon.baseline.file import BaselineFile

__all__ = ["SCHEMA", "render"]

SCHEMA = 1
"""The schema number that is written.

1. The first: ``environment``, ``intensity`` and ``reference_ns``, then an object for each kind
   of subject, in it one for each subject.
"""


def _figure(value: float) -> str:
    """``value`` with three significant digits, and with an exponent only where it is tiny.

    Raises ``ValueError`` for what is not a finite number.
    """
    # Adding nothing makes a zero of a negative zero, which JSON would read as another value.
    text = f"{value + 0.0:.3g}"
    return _rare_figure(text) if "e" in text or "n" in text else text


def _rare_figure(text: str) -> str:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return f"{number:.0f}" if 1 <= abs(number) < 1e15 else repr(number)


def _spread(spread: Spread) -> str:
    sd = "" if spread.sd_log is None else f', "sd_log": {_figure(spread.sd_log)}'
    return (
        f'{{"centre_j": {_figure(spread.centre_j)}{sd}, '
        f'"samples": {spread.samples}, "processes": {spread.processes}}}'
    )


def _entry(entry: Entry) -> str:
    lines = [f'"first": {_spread(entry.first)}']
    if entry.repeats is not None:
        lines.append(f'"repeats": {_spread(entry.repeats)}')
    if entry.alone_first is not None:
        lines.append(f'"alone_first": {_spread(entry.alone_first)}')
    if entry.alone is not None:
        lines.append(f'"alone": {_spread(entry.alone)}')
    if entry.raw is not None:
        lines.append(f'"raw": {_spread(entry.raw)}')
    lines.append(f'"cpu_s": {_figure(entry.cpu_s)}')
    lines.append(f'"wall_s": {_figure(entry.wall_s)}')
    if entry.sensitivity is not None:
        lines.append(f'"sensitivity": {_figure(entry.sensitivity)}')
    if entry.anchor_j is not None:
        lines.append(f'"anchor_j": {_figure(entry.anchor_j)}')
    if entry.body is not None:
        lines.append(f'"body": {json.dumps(entry.body)}')
    if entry.disk_share is not None:
        lines.append(f'"disk_share": {_figure(entry.disk_share)}')
    if entry.blocks_written is not None:
        lines.append(f'"blocks_written": {_figure(entry.blocks_written)}')
    return ",\n      ".join(lines)


def _group(entries: list[tuple[str, Entry]]) -> Iterator[str]:
    nodeid = ""
    try:
        for nodeid, entry in entries:
            yield f"    {key_from_id(nodeid)}: {{\n      {_entry(entry)}\n    }}"
    except ValueError as error:
        raise BaselineError(
            f"{nodeid!r} cannot be stored: {error}",
            remedy="leave it out of the update, and see which meter gave the figure",
        ) from None


def _object(name: str, fields: dict[str, object]) -> str:
    lines = [f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in fields.items()]
    return f"  {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n  }"


def render(file: BaselineFile) -> str:
    """The text of a baselines file, with a newline at its end.

    Raises ``BaselineError`` for a figure that is not a finite number.
    """
    parts = [
        f'  "schema": {SCHEMA}',
        _object("environment", asdict(file.environment)),
        _object("intensity", asdict(file.intensity)),
    ]
    if file.reference_ns is not None:
        # It decides what every joule of the file means: three digits would not do.
        parts.append(f'  "reference_ns": {float(f"{file.reference_ns:.6g}")!r}')
    groups: dict[str, list[tuple[str, Entry]]] = {}
    for subject, entry in file.entries.items():
        groups.setdefault(subject.kind.value, []).append((subject.id, entry))
    for kind in sorted(groups):
        entries = sorted(groups[kind], key=itemgetter(0))
        parts.append(f'  "{kind}": {{\n' + ",\n".join(_group(entries)) + "\n  }")
    return "{\n" + ",\n".join(parts) + "\n}\n"
