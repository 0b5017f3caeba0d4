"""Records to JSON types and back, by the records' own types.

A field that a record gains is stored and read without a line here. Unknown members are left
alone when reading, and a missing one takes the record's default.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, Union, cast

from pytest_carbon.environment import Environment
from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.intensity.embodied import Embodied
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.intensity.pue import Pue
from pytest_carbon.measurement import DomainEnergy, Kind, Measurement, Method, Phase, Subject
from pytest_carbon.result import Course, Fault, LookRuns, Origin, RunResult, SubjectResult

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RECORDS", "FaultError", "from_plain", "record_fields", "to_plain"]

RECORDS = (
    Course,
    DomainEnergy,
    Embodied,
    Environment,
    Fault,
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


class FaultError(ValueError):
    """Something wrong with the value under ``path``."""

    def __init__(self, what: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.path = path

    def below(self, name: str) -> FaultError:
        """The same fault, seen from the value that holds it under ``name``."""
        return FaultError(self.what, (name, *self.path))


@cache
def record_fields(record: type) -> dict[str, tuple[Any, bool]]:
    """The stored fields of a record: name to its type, and whether it must be there."""
    hints = typing.get_type_hints(record, localns=_NAMES)
    if is_dataclass(record):
        return {
            item.name: (
                hints[item.name],
                item.default is MISSING and item.default_factory is MISSING,
            )
            for item in fields(record)
            if item.init
        }
    values: Any = record
    return {name: (hints[name], name not in values._field_defaults) for name in values._fields}


def to_plain(value: Any) -> Any:
    """``value`` as JSON types; what is not a finite number is unknown, and so ``None``."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, RECORDS):
        record: Any = type(value)
        return {name: to_plain(getattr(value, name)) for name in record_fields(record)}
    if isinstance(value, Mapping):
        return {to_plain(key): to_plain(item) for key, item in value.items()}
    return [to_plain(item) for item in value]


def _refuse(wanted: str, value: object) -> NoReturn:
    shown = repr(value)
    raise FaultError(f"is {shown if len(shown) <= 40 else shown[:37] + '...'}, not {wanted}")


def from_plain(wanted: Any, value: Any) -> Any:
    """The value of type ``wanted`` that JSON types stand for; raises ``FaultError``."""
    return _reader(wanted)(value)


@cache
def _reader(wanted: Any) -> Callable[[Any], Any]:
    """A function that reads one type; made once, since a result has a hundred thousand values."""
    parts, origin = typing.get_args(wanted), typing.get_origin(wanted)
    if origin in (Union, types.UnionType):
        optional = [part for part in parts if part is not type(None)]
        assert len(optional) == 1, "records have no other unions than X | None"
        inner = _reader(optional[0])
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        return _list_reader(_reader(parts[0]))
    if origin is not None:
        return _object_reader(_reader(parts[0]), _reader(parts[1]))
    if wanted in RECORDS:
        return _record_reader(cast("type", wanted))
    if issubclass(wanted, Enum):
        return _enum_reader(wanted)
    return _plain_reader(wanted)


_TOO_LARGE = 10**300
_WORDS = {str: "a text", float: "a number", int: "a whole number", bool: "true or false"}


def _plain_reader(wanted: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not wanted:
            _refuse(_WORDS[wanted], value)
        return value

    def read_number(value: Any) -> float:
        if type(value) is int and abs(value) < _TOO_LARGE:
            return float(value)
        if type(value) is not float:
            _refuse(_WORDS[float], value)
        if not -math.inf < value < math.inf:
            _refuse("a finite number", value)
        return value

    return read_number if wanted is float else read


def _enum_reader(wanted: type[Enum]) -> Callable[[Any], Any]:
    known = {item.value: item for item in wanted}

    def read(value: Any) -> Any:
        found = known.get(value) if isinstance(value, str) else None
        if found is None:
            _refuse("one of " + ", ".join(known), value)
        return found

    return read


def _list_reader(item_reader: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            _refuse("a list in [ ]", value)
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
            _refuse("an object in { }", value)
        items, key = {}, ""
        try:
            for key, item in value.items():
                items[key_reader(key)] = item_reader(item)
        except FaultError as fault:
            raise fault.below(key) from None
        return items

    return read


def _record_reader(wanted: type) -> Callable[[Any], Any]:
    members = {
        name: (_reader(hint), required) for name, (hint, required) in record_fields(wanted).items()
    }

    def read(value: Any) -> Any:
        if type(value) is not dict:
            _refuse("an object in { }", value)
        values, name = {}, ""
        try:
            for name, (reader, required) in members.items():
                if name in value:
                    values[name] = reader(value[name])
                elif required:
                    break
            else:
                return wanted(**values)
        except FaultError as fault:
            raise fault.below(name) from None
        raise FaultError(f"lacks {name!r}")

    return read
