"""Records to JSON types and back, by the records' own types: for files, and between processes.

A field that a record gains is stored and read without a line here; what its number can mean stands
in ``intake.limits``. Unknown members are left alone when reading, and a missing one takes the
record's default.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Union, cast

from pytest_carbon.environment import Environment
from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.intake.fault import FaultError, refuse
from pytest_carbon.intake.limits import LIMITS
from pytest_carbon.intensity.embodied import Embodied
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.intensity.pue import Pue
from pytest_carbon.measurement import DomainEnergy, Kind, Measurement, Method, Phase, Subject
from pytest_carbon.result.facts import Counted, Course, Fault, HostFacts, Origin
from pytest_carbon.result.run import RunResult
from pytest_carbon.result.subject import LookRuns, SubjectResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_carbon.intake.limits import Limits

__all__ = ["RECORDS", "from_plain", "record_fields", "to_plain"]

RECORDS = (
    Counted,
    Course,
    DomainEnergy,
    Embodied,
    Environment,
    Fault,
    HostFacts,
    Intensity,
    LookRuns,
    Measurement,
    Origin,
    Pue,
    RunResult,
    Subject,
    SubjectResult,
    Verdict,
)
"""What a result is made of."""

# Names that the records' modules import for type checkers only.
_NAMES = {item.__name__: item for item in (*RECORDS, Kind, Method, Outcome, Phase, Mapping)}


@cache
def record_fields(record: type) -> dict[str, tuple[Any, bool]]:
    """The stored fields of a record: name to its type, and whether it must be there."""
    hints = typing.get_type_hints(record, localns=_NAMES)
    values: Any = record
    return {name: (hints[name], name not in values._field_defaults) for name in values._fields}


def to_plain(value: Any, *, brief: bool = False) -> Any:
    """``value`` as JSON types; what is not a finite number is unknown, and so ``None``.

    So is what lies beyond its field's limits, where the field can be unknown. ``brief`` leaves
    out fields that have their default, which reading puts back.
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "_fields"):
        record: Any = type(value)
        fields: Iterable[str] = record_fields(record)
        if brief:
            default = record._field_defaults
            fields = [n for n in fields if n not in default or getattr(value, n) != default[n]]
        told = {name: to_plain(getattr(value, name), brief=brief) for name in fields}
        for name, limits in _optional_figures(record).items():
            figure = told.get(name)
            if figure is not None and not limits.allows(figure):
                told[name] = None
        return told
    if isinstance(value, Mapping):
        return {to_plain(key): to_plain(item, brief=brief) for key, item in value.items()}
    return [to_plain(item, brief=brief) for item in value]


@cache
def _optional_figures(record: type) -> dict[str, Limits]:
    """The limits of the numbers of a record that may be unknown."""
    return {
        name: LIMITS[name]
        for name, (hint, _) in record_fields(record).items()
        if name in LIMITS and type(None) in typing.get_args(hint)
    }


def from_plain(wanted: Any, value: Any) -> Any:
    """The value of type ``wanted`` that JSON types stand for; raises ``FaultError``."""
    return _reader(wanted, None)(value)


@cache
def _reader(wanted: Any, limits: Limits | None) -> Callable[[Any], Any]:
    """A function that reads one type; made once, since a result has a hundred thousand values.

    ``limits`` are those of the field that it is of, where that holds a number or several.
    """
    parts, origin = typing.get_args(wanted), typing.get_origin(wanted)
    if origin in (Union, types.UnionType):
        optional = [part for part in parts if part is not type(None)]
        assert len(optional) == 1, "records have no other unions than X | None"
        inner = _reader(optional[0], limits)
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        return _list_reader(_reader(parts[0], limits))
    if origin is not None:
        return _object_reader(_reader(parts[0], None), _reader(parts[1], None))
    if hasattr(wanted, "_fields"):
        return _record_reader(cast("type", wanted))
    if issubclass(wanted, Enum):
        return _enum_reader(wanted)
    return _plain_reader(wanted, limits)


_WORDS = {str: "a text", float: "a number", int: "a whole number", bool: "true or false"}


def _plain_reader(wanted: type, limits: Limits | None) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not wanted:
            refuse(_WORDS[wanted], value)
        return value

    if wanted not in (int, float):
        return read
    assert limits is not None, "every field that holds a number has limits"
    least, greatest = limits.least, limits.greatest

    def read_number(value: Any) -> Any:
        if type(value) is not wanted or not least <= value <= greatest:
            if type(value) is not wanted and (wanted is int or type(value) is not int):
                refuse(_WORDS[wanted], value)
            if not limits.allows(value):
                refuse(str(limits), value)
        return wanted(value)

    return read_number


def _enum_reader(wanted: type[Enum]) -> Callable[[Any], Any]:
    known = {item.value: item for item in wanted}

    def read(value: Any) -> Any:
        found = known.get(value) if isinstance(value, str) else None
        if found is None:
            refuse("one of " + ", ".join(known), value)
        return found

    return read


def _list_reader(item_reader: Callable[[Any], Any]) -> Callable[[Any], Any]:
    reads_text = item_reader is _reader(str, None)

    def read(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            refuse("a list in [ ]", value)
        # A shard names all tests of a suite, be there a hundred thousand.
        if reads_text and set(map(type, value)) <= {str}:
            return tuple(value)
        items: list[Any] = []
        try:
            for item in value:
                items.append(item_reader(item))  # noqa: PERF401 - the count names the place
        except FaultError as fault:
            raise fault.below(str(len(items))) from None
        return tuple(items)

    return read


def _object_reader(
    key_reader: Callable[[Any], Any], item_reader: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    def read(value: Any) -> dict[Any, Any]:
        if type(value) is not dict:
            refuse("an object in { }", value)
        items, key = {}, ""
        try:
            for key, item in value.items():
                items[key_reader(key)] = item_reader(item)
        except FaultError as fault:
            raise fault.below(key) from None
        return items

    return read


def _field_reader(record: type, name: str, hint: Any) -> Callable[[Any], Any]:
    return _instant if (record, name) == (Origin, "started_at") else _reader(hint, LIMITS.get(name))


# Years that every clock and every time zone can count in, with some to add.
_FIRST_YEAR, _LAST_YEAR = 1970, 2999


def _instant(value: Any) -> str:
    wanted = f"an ISO 8601 time with its zone, from {_FIRST_YEAR} to {_LAST_YEAR}"
    if type(value) is not str:
        refuse(wanted, value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        refuse(wanted, value)
    if moment.tzinfo is None or not _FIRST_YEAR < moment.year <= _LAST_YEAR:
        refuse(wanted, value)
    return value


def _embodied(part: Embodied) -> Embodied:
    if part.reserved > part.resources:
        wanted = f"{part.resources:g} at the most, as many as there are resources"
        raise FaultError(f"is {part.reserved:g}, not {wanted}", ("reserved",))
    return part


def _verdict(verdict: Verdict) -> Verdict:
    if verdict.low is not None and verdict.high is not None and verdict.low > verdict.high:
        raise FaultError(f"is {verdict.low:g}, more than 'high', {verdict.high:g}", ("low",))
    return verdict


_RELATIONS: dict[type, Callable[[Any], Any]] = {Embodied: _embodied, Verdict: _verdict}
"""What fields of one record have to be to each other."""


def _as_it_is(record: Any) -> Any:
    return record


def _record_reader(wanted: type) -> Callable[[Any], Any]:
    members = {
        name: (_field_reader(wanted, name, hint), required)
        for name, (hint, required) in record_fields(wanted).items()
    }
    check = _RELATIONS.get(wanted, _as_it_is)

    def read(value: Any) -> Any:
        if type(value) is not dict:
            refuse("an object in { }", value)
        values, name = {}, ""
        try:
            for name, (reader, required) in members.items():
                if name in value:
                    values[name] = reader(value[name])
                elif required:
                    break
            else:
                return check(wanted(**values))
        except FaultError as fault:
            raise fault.below(name) from None
        raise FaultError(f"lacks {name!r}")

    return read
