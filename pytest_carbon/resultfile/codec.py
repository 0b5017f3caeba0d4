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
from typing import Any, NoReturn, Union, cast

from pytest_carbon.environment import Environment
from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.intensity.embodied import Embodied
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.intensity.pue import Pue
from pytest_carbon.measurement import DomainEnergy, Kind, Measurement, Method, Phase, Subject
from pytest_carbon.result import Course, Origin, RunResult, SubjectResult

__all__ = ["RECORDS", "FaultError", "from_plain", "record_fields", "to_plain"]

RECORDS = (
    Course,
    DomainEnergy,
    Embodied,
    Environment,
    Intensity,
    Measurement,
    Origin,
    Pue,
    RunResult,
    Subject,
    SubjectResult,
    Verdict,
)
"""The dataclasses that a result is made of."""

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
    return {
        item.name: (
            hints[item.name],
            item.default is MISSING and item.default_factory is MISSING,
        )
        for item in fields(record)
        if item.init
    }


def to_plain(value: Any) -> Any:
    """``value`` as JSON types; what is not a finite number is unknown, and so ``None``."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return {name: to_plain(getattr(value, name)) for name in record_fields(type(value))}
    if isinstance(value, Mapping):
        return {to_plain(key): to_plain(item) for key, item in value.items()}
    return [to_plain(item) for item in value]


def _refuse(wanted: str, value: object) -> NoReturn:
    shown = repr(value)
    raise FaultError(f"is {shown if len(shown) <= 40 else shown[:37] + '...'}, not {wanted}")


def from_plain(wanted: Any, value: Any) -> Any:
    """The value of type ``wanted`` that JSON types stand for; raises ``FaultError``."""
    if isinstance(wanted, type) and not typing.get_origin(wanted):
        return _single(wanted, value)
    return _composed(wanted, value)


def _single(wanted: Any, value: Any) -> Any:
    if is_dataclass(wanted):
        return _record(cast("type", wanted), value)
    if issubclass(wanted, Enum):
        try:
            return wanted(value)
        except ValueError:
            _refuse("one of " + ", ".join(str(item.value) for item in wanted), value)
    if wanted is float and type(value) is int and abs(value) < _TOO_LARGE:
        return float(value)
    if type(value) is not wanted:
        _refuse(_WORDS[wanted], value)
    if type(value) is float and not math.isfinite(value):
        _refuse("a finite number", value)
    return value


_TOO_LARGE = 10**300
_WORDS = {str: "a text", float: "a number", int: "a whole number", bool: "true or false"}


def _composed(wanted: Any, value: Any) -> Any:
    parts = typing.get_args(wanted)
    origin = typing.get_origin(wanted)
    if origin in (Union, types.UnionType):
        optional = [part for part in parts if part is not type(None)]
        assert len(optional) == 1, "records have no other unions than X | None"
        return None if value is None else from_plain(optional[0], value)
    if origin is tuple:
        if type(value) is not list:
            _refuse("a list in [ ]", value)
        return tuple(_member(parts[0], str(place), item) for place, item in enumerate(value))
    if type(value) is not dict:
        _refuse("an object in { }", value)
    return {from_plain(parts[0], key): _member(parts[1], key, item) for key, item in value.items()}


def _member(wanted: Any, name: str, value: Any) -> Any:
    try:
        return from_plain(wanted, value)
    except FaultError as fault:
        raise fault.below(name) from None


def _record(wanted: type, value: Any) -> Any:
    if type(value) is not dict:
        _refuse("an object in { }", value)
    values = {}
    for name, (hint, required) in record_fields(wanted).items():
        if name in value:
            values[name] = _member(hint, name, value[name])
        elif required:
            raise FaultError(f"lacks {name!r}")
    return wanted(**values)
