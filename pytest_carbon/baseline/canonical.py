"""A fast reader for files that stand exactly as they are written here, which is nearly all.

The standard library's JSON parser and a check of every value take three times as long; with
100,000 tests that is seconds at the start of every run. Whatever does not fit the pattern to
the letter (edited by hand, damaged, of another schema) is left to the strict reader, which
also knows what to complain about.
"""

from __future__ import annotations

import json
import re

from pytest_carbon.baseline.entry import Entry, Spread, short_entry
from pytest_carbon.baseline.nodeid import id_from_key
from pytest_carbon.garbage import no_collection
from pytest_carbon.measurement import Kind, Subject

__all__ = ["read_groups"]


def _up_to(digits: int, exponent: str = r"\d{2,3}") -> str:
    """A pattern of a number from 0 to 10 ** ``digits``, as it is written here."""
    above_1 = rf"[1-9]\d{{0,{digits - 1}}}(?:\.\d{{1,6}})?(?:e-(?:{exponent}))?"
    return rf"(0(?:\.\d{{1,6}})?|{above_1}|10{{{digits}}}(?:\.0)?)"


# No pattern lets a number through that is outside of its field's ``LIMITS``: comparing them
# afterwards would cost more than matching them.
_JOULES = _up_to(12, exponent="0[1-9]|1[0-2]")
_SD_LOG = _up_to(1)
_SECONDS = _up_to(9)
_BLOCKS = _up_to(15)
_PART = r"0(?:\.\d{1,6})?|1|[1-9](?:\.\d{1,6})?e-(?:0[1-9]|[1-9]\d{1,2})"
_SENSITIVITY = rf"(-?(?:{_PART})|[1-4](?:\.\d{{1,6}})?|5)"
_COUNT = r"([1-9]\d{0,8}|10{9})"
_SPREAD = (
    rf'\{{"centre_j": {_JOULES}(?:, "sd_log": {_SD_LOG})?, '
    rf'"samples": {_COUNT}, "processes": {_COUNT}\}}'
)
_BODY = r'"([0-9A-Za-z]*)"'
_TEXT = r'"([^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*)"'
_SHORT = re.compile(
    rf'    {_TEXT}: \{{"first_j": {_JOULES}'
    rf'(?:, "look_j": {_JOULES})?'
    rf'(?:, "body": {_BODY})?'
    r"\}(,?)\n",
    re.ASCII,
)
_FULL = re.compile(
    rf'    {_TEXT}: \{{\n      "first": {_SPREAD}'
    rf'(?:,\n      "look": {_SPREAD})?'
    rf'(?:,\n      "raw": {_SPREAD})?'
    rf',\n      "cpu_s": {_SECONDS}'
    rf',\n      "wall_s": {_SECONDS}'
    rf'(?:,\n      "sensitivity": {_SENSITIVITY})?'
    rf'(?:,\n      "anchor_j": {_JOULES})?'
    rf'(?:,\n      "body": {_BODY})?'
    rf'(?:,\n      "disk_share": ({_PART}))?'
    rf'(?:,\n      "blocks_written": {_BLOCKS})?'
    r"\n    \}(,?)\n",
    re.ASCII,
)
_GROUP = re.compile(rf'  "({"|".join(kind.value for kind in Kind)})": \{{\n')
_GROUP_END = re.compile(r"  \}(,?)\n")


def _spread(centre_j: str, sd_log: str | None, samples: str, processes: str) -> Spread:
    if int(processes) > int(samples):
        raise ValueError("more processes than samples: the strict reader says where")
    return Spread(
        float(centre_j), None if sd_log is None else float(sd_log), int(samples), int(processes)
    )


def _short(groups: tuple[str, ...]) -> Entry:
    """The entry in the groups of a line, of which the first is its key."""
    _, first_j, look_j, body, _ = groups
    return short_entry(float(first_j), None if look_j is None else float(look_j), body)


def _full(groups: tuple[str, ...]) -> Entry:
    """The entry in the groups of a match, of which the first is its key."""
    cpu_s, wall_s, sensitivity, anchor_j, body, disk_share, blocks_written = groups[13:20]
    return Entry(
        first=_spread(*groups[1:5]),
        look=None if groups[5] is None else _spread(*groups[5:9]),
        raw=None if groups[9] is None else _spread(*groups[9:13]),
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
        match, entry = _SHORT.match(text, at), _short
        if match is None:
            match, entry = _FULL.match(text, at), _full
        if match is None:
            raise ValueError("not an entry as it is written here")
        groups = match.groups()
        key = groups[0]
        nodeid = id_from_key(json.loads(f'"{key}"')) if "\\" in key else key
        # Sorted, so that the same name twice would show.
        if before is not None and nodeid <= before:
            raise ValueError("not sorted")
        before = nodeid
        entries[Subject(kind, nodeid)] = entry(groups)
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
