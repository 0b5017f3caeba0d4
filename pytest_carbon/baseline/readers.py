"""Readers of a baselines file's values: each gives a checked value, or says what is wrong."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from pytest_carbon.baseline.entry import Entry, Spread, short_entry
from pytest_carbon.baseline.nodeid import id_from_key
from pytest_carbon.environment import Environment
from pytest_carbon.intake.fault import FaultError, refuse
from pytest_carbon.intake.limits import LIMITS, MOST
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.measurement import Kind, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["KINDS", "read_part", "read_spread"]


def _text(value: object) -> str:
    if type(value) is not str:
        refuse("a text", value)
    return value


def _number(value: object) -> float:
    if type(value) is int:
        # Beyond what a float can hold there is no figure, either.
        value = float(value) if abs(value) < 10**300 else inf
    if type(value) is not float:
        refuse("a number", value)
    if not -inf < value < inf:
        refuse("a finite number", value)
    return value


def _figure(name: str) -> Callable[[object], float]:
    """A reader of the numbers that the field can mean."""
    limits = LIMITS[name]
    least, greatest = limits.least, limits.greatest

    def read(value: object) -> float:
        if type(value) is not float or not least <= value <= greatest:
            value = _number(value)
            if not limits.allows(value):
                refuse(str(limits), value)
        return value

    return read


def _count(value: object) -> int:
    if type(value) is not int:
        refuse("a whole number", value)
    if not 1 <= value <= MOST:
        refuse(f"a whole number from 1 to {MOST}", value)
    return value


class _Record:
    """Reads a JSON object and builds something of its members, some of which are required."""

    def __init__(
        self,
        build: Callable[..., Any],
        required: Iterable[str],
        **readers: Callable[[Any], Any],
    ) -> None:
        self._build = build
        self._required = frozenset(required)
        self._readers = readers

    def __call__(self, value: object) -> Any:
        if type(value) is not dict:
            refuse("an object in { }", value)
        readers, values, name = self._readers, {}, ""
        try:
            for name, item in value.items():
                values[name] = readers[name](item)
        except KeyError:
            known = ", ".join(readers)
            raise FaultError(f"is not a known field ({known})", (name,)) from None
        except FaultError as fault:
            raise fault.below(name) from None
        if not self._required <= values.keys():
            raise FaultError(f"lacks {', '.join(sorted(self._required - values.keys()))}")
        return self._build(**values)


_spread = _Record(
    Spread,
    ["centre_j"],
    centre_j=_figure("centre_j"),
    sd_log=_figure("sd_log"),
    samples=_count,
    processes=_count,
)


def read_spread(value: object) -> Spread:
    """A summary of samples. Raises ``FaultError`` for what is none."""
    spread: Spread = _spread(value)
    if spread.processes > spread.samples:
        wanted = f"a whole number from 1 to {spread.samples}, as many as there are samples"
        raise FaultError(f"is {spread.processes}, not {wanted}", ("processes",))
    return spread


_full = _Record(
    Entry,
    ["first", "cpu_s", "wall_s"],
    first=read_spread,
    look=read_spread,
    raw=read_spread,
    cpu_s=_figure("cpu_s"),
    wall_s=_figure("wall_s"),
    sensitivity=_figure("sensitivity"),
    anchor_j=_figure("anchor_j"),
    body=_text,
    disk_share=_figure("disk_share"),
    blocks_written=_figure("blocks_written"),
)
_short = _Record(
    short_entry,
    ["first_j"],
    first_j=_figure("first_j"),
    look_j=_figure("look_j"),
    body=_text,
)


def _entry(value: object) -> Entry:
    is_short = type(value) is dict and "first_j" in value
    entry: Entry = _short(value) if is_short else _full(value)
    return entry


_environment = _Record(
    Environment,
    Environment._fields,
    **{name: _count if name == "cpu_count" else _text for name in Environment._fields},
)
_intensity = _Record(
    Intensity,
    Intensity._fields,
    **{name: _figure(name) if name in LIMITS else _text for name in Intensity._fields},
)


def _entries(kind: Kind) -> Callable[[object], dict[Subject, Entry]]:
    def read(value: object) -> dict[Subject, Entry]:
        if type(value) is not dict:
            refuse("an object in { }", value)
        entries, key = {}, ""
        try:
            for key, item in value.items():
                entries[Subject(kind, id_from_key(key))] = _entry(item)
        except FaultError as fault:
            raise fault.below(key) from None
        except ValueError as error:
            raise FaultError(str(error), (key,)) from None
        return entries

    return read


_PARTS: dict[str, Callable[[Any], Any]] = {
    "environment": _environment,
    "intensity": _intensity,
    "reference_ns": _figure("reference_ns"),
    **{kind.value: _entries(kind) for kind in Kind},
}

KINDS = frozenset(kind.value for kind in Kind)
"""The parts that hold entries."""


def read_part(name: str, value: object) -> Any:
    """What stands under one of the names of the outermost object.

    That is a dictionary of entries for the names in ``KINDS``. Raises ``FaultError`` for what
    is not as it must be, and for unknown names.
    """
    reader = _PARTS.get(name)
    if reader is None:
        raise FaultError("is not a known part of a baselines file", (name,))
    try:
        return reader(value)
    except FaultError as fault:
        raise fault.below(name) from None
