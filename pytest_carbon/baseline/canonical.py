"""A fast reader for files that stand exactly as they are written here, which is nearly all.

The standard library's JSON parser and a check of every value take three times as long; with
100,000 tests that is seconds at the start of every run. Whatever does not fit the pattern to
the letter (edited by hand, damaged, of another schema) is left to the strict reader, which
also knows what to complain about.
"""

from __future__ import annotations

import gc
import json
import re
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.baseline.nodeid import id_from_key
from pytest_carbon.measurement import Kind, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["no_collection", "read_groups"]

# At most 17 digits a part: whatever they are, they make a finite number.
_NUMBER = r"((?:0|[1-9]\d{0,16})(?:\.\d{1,17})?(?:e-\d{1,3})?)"
_COUNT = r"([1-9]\d{0,8})"
_SPREAD = (
    rf'\{{"centre_j": {_NUMBER}(?:, "sd_log": {_NUMBER})?, '
    rf'"samples": {_COUNT}, "processes": {_COUNT}\}}'
)
_TEXT = r'"([^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*)"'
_ENTRY = re.compile(
    rf'    {_TEXT}: \{{\n      "first": {_SPREAD}'
    rf'(?:,\n      "repeats": {_SPREAD})?'
    rf'(?:,\n      "alone_first": {_SPREAD})?'
    rf'(?:,\n      "alone": {_SPREAD})?'
    rf'(?:,\n      "raw": {_SPREAD})?'
    rf',\n      "cpu_s": {_NUMBER}'
    rf',\n      "wall_s": {_NUMBER}'
    rf'(?:,\n      "sensitivity": {_NUMBER})?'
    rf'(?:,\n      "anchor_j": {_NUMBER})?'
    r'(?:,\n      "body": "([0-9A-Za-z]*)")?'
    rf'(?:,\n      "disk_share": {_NUMBER})?'
    rf'(?:,\n      "blocks_written": {_NUMBER})?'
    r"\n    \}(,?)\n",
    re.ASCII,
)
_GROUP = re.compile(rf'  "({"|".join(kind.value for kind in Kind)})": \{{\n')
_GROUP_END = re.compile(r"  \}(,?)\n")

# Up to five spreads an entry, and a frozen dataclass takes twice as long to fill its slots.
_new = object.__new__
_set_centre_j, _set_sd_log, _set_samples, _set_processes = (
    getattr(Spread, item.name).__set__ for item in fields(Spread)
)


@contextmanager
def no_collection() -> Iterator[None]:
    """Pause the garbage collector: it would walk all entries again and again for nothing."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _spread(centre_j: str, sd_log: str | None, samples: str, processes: str) -> Spread:
    if int(processes) > int(samples):
        raise ValueError("more processes than samples: the strict reader says where")
    spread: Spread = _new(Spread)
    _set_centre_j(spread, float(centre_j))
    _set_sd_log(spread, None if sd_log is None else float(sd_log))
    _set_samples(spread, int(samples))
    _set_processes(spread, int(processes))
    return spread


def _entry(groups: tuple[str, ...]) -> Entry:
    """The entry in the groups of a match, of which the first is its key."""
    cpu_s, wall_s, sensitivity, anchor_j, body, disk_share, blocks_written = groups[21:28]
    return Entry(
        first=_spread(*groups[1:5]),
        repeats=None if groups[5] is None else _spread(*groups[5:9]),
        alone_first=None if groups[9] is None else _spread(*groups[9:13]),
        alone=None if groups[13] is None else _spread(*groups[13:17]),
        raw=None if groups[17] is None else _spread(*groups[17:21]),
        cpu_s=float(cpu_s),
        wall_s=float(wall_s),
        sensitivity=None if sensitivity is None else float(sensitivity),
        anchor_j=None if anchor_j is None else float(anchor_j),
        body=body,
        disk_share=None if disk_share is None else float(disk_share),
        blocks_written=None if blocks_written is None else float(blocks_written),
    )


def _read_group(text: str, at: int, kind: Kind, entries: dict[Subject, Entry]) -> int:
    """Add the entries of a group; return where it ends, or raise ``ValueError``."""
    before = None
    while True:
        match = _ENTRY.match(text, at)
        if match is None:
            raise ValueError("not an entry as it is written here")
        groups = match.groups()
        key = groups[0]
        nodeid = id_from_key(json.loads(f'"{key}"')) if "\\" in key else key
        # Sorted, so that the same name twice would show.
        if before is not None and nodeid <= before:
            raise ValueError("not sorted")
        before = nodeid
        entries[Subject(kind, nodeid)] = _entry(groups)
        at = match.end()
        if not groups[-1]:
            return at


def read_groups(text: str) -> tuple[str, dict[Subject, Entry]] | None:
    """Split a text into its header, as JSON of its own, and its entries.

    ``None`` where it is not, to the letter, what ``render`` writes.
    """
    text = text.replace("\r\n", "\n")
    group = _GROUP.search(text)
    if group is None or not text.startswith(",\n", group.start() - 2):
        return None
    header = text[: group.start() - 2] + "\n}"
    entries: dict[Subject, Entry] = {}
    kinds: list[str] = []
    try:
        with no_collection():
            while True:
                if kinds and group[1] <= kinds[-1]:
                    return None
                kinds.append(group[1])
                at = _read_group(text, group.end(), Kind(group[1]), entries)
                end = _GROUP_END.match(text, at)
                if end is None:
                    return None
                if not end[1]:
                    return (header, entries) if text[end.end() :] == "}\n" else None
                group = _GROUP.match(text, end.end())
                if group is None:
                    return None
    except ValueError:
        return None
