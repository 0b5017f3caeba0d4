"""From the bytes of a baselines file to its entries: strict, so that no damage goes unseen.

Every fault is one ``BaselineError`` that names the file, the place, the entry and its field,
and the remedy. Older schemas are upgraded while reading and written in the present one with
the next write; newer ones are refused.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_carbon.baseline.canonical import read_groups
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.baseline.layout import SCHEMA
from pytest_carbon.baseline.place import line_and_column, members, place_of, repeated_member
from pytest_carbon.baseline.readers import KINDS, read_part
from pytest_carbon.baseline.upgrade import from_1
from pytest_carbon.errors import BaselineError
from pytest_carbon.intake.fault import FaultError, refuse, value_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.environment import Environment
    from pytest_carbon.measurement import Subject

__all__ = ["CURRENT", "Schema", "read_baselines", "read_environment"]

_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The schema that is read as it is, and how to come to it from each older one.

    ``upgrades`` maps a number to a function from a document of that schema to the next one's.
    Add one with every change of ``SCHEMA`` that changes a document's form.
    """

    number: int = SCHEMA
    upgrades: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = field(
        default_factory=lambda: MappingProxyType({1: from_1})
    )


CURRENT = Schema()

# The schemas whose environment reads like the present one's, without an upgrade.
_SAME_ENVIRONMENT = (1, SCHEMA)


class _RepeatedError(ValueError):
    """An object with one name twice."""


class _ConstantError(ValueError):
    """``NaN``, ``Infinity`` or ``-Infinity``, which are not JSON."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _RepeatedError
    return result


def _no_constant(_name: str) -> NoReturn:
    raise _ConstantError


def _decode(data: bytes) -> str:
    if data.startswith(_BYTE_ORDER_MARKS):
        raise FaultError("begins with a byte order mark: save it as plain UTF-8", (), 0)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        place = len(data[: error.start].decode())
        raise FaultError("is not UTF-8 from here on", (), place) from None


def _parse(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise FaultError(f"is not JSON: {error.msg}", (), error.pos) from None
    except _RepeatedError:
        member = repeated_member(text)
        assert member is not None, "the parser has found one"
        raise FaultError("stands here for the second time", member.path, member.key_at) from None
    except _ConstantError:
        for member in members(text):
            if text[member.value_at : member.value_at + 2] in {"Na", "In", "-I"}:
                what = "is NaN or infinite, not a number"
                raise FaultError(what, member.path, member.value_at) from None
        raise FaultError("is NaN or infinite, not an object in { }", (), 0) from None
    except RecursionError:
        raise FaultError("is nested too deeply to be a baselines file", (), 0) from None
    except ValueError as error:  # a number of thousands of digits
        raise FaultError(f"is not usable JSON: {error}", (), 0) from None


def _document(parsed: object, schema: Schema) -> dict[str, Any]:
    """The document in the present schema."""
    if type(parsed) is not dict:
        refuse("an object in { }", parsed)
    number = parsed.get("schema")
    if type(number) is not int:
        raise FaultError(f"is {value_text(number)}, not a schema number", ("schema",))
    if number > schema.number:
        raise FaultError(
            f"is {value_text(number)}, newer than the {schema.number} that is understood here",
            ("schema",),
        )
    document = parsed
    while number < schema.number:
        upgrade = schema.upgrades.get(number)
        if upgrade is None:
            raise FaultError(
                f"is {value_text(number)}, which never was a schema number", ("schema",)
            )
        document, number = upgrade(document), number + 1
    return document


def _baselines(document: dict[str, Any]) -> BaselineFile:
    header: dict[str, Any] = {}
    entries: dict[Subject, Entry] = {}
    for name, value in document.items():
        if name == "schema":
            continue
        if name in KINDS:
            entries.update(read_part(name, value))
        else:
            header[name] = read_part(name, value)
    missing = sorted({"environment", "intensity"} - header.keys())
    if missing:
        raise FaultError(f"lacks {' and '.join(missing)}")
    return BaselineFile(**header, entries=entries)


def _subject_of(path: tuple[str, ...]) -> str:
    """The entry, and the field, or only the field, for people."""
    if path and path[0] in KINDS and len(path) > 1:
        nodeid = path[1] if len(path[1]) <= 200 else path[1][:197] + "..."
        named = f"{path[0]} {nodeid!r}"
        return f"{named}, field {'.'.join(path[2:])}, " if len(path) > 2 else f"{named} "
    return f"{'.'.join(path)!r} " if path else ""


def _error(fault: FaultError, text: str, name: str) -> BaselineError:
    place = fault.place if fault.place is not None else place_of(text, fault.path)
    line, column = line_and_column(text, place or 0)
    where = f"{name}, line {line}, column {column}"
    if fault.path == ("schema",) and "newer" in fault.what:
        remedy = "upgrade pytest-carbon, or name another folder with --carbon-baselines=DIR"
    elif "\n<<<<<<< " in f"\n{text}":
        remedy = (
            "resolve the merge conflict, or keep one side with "
            f"'git checkout --ours -- {name}' and run pytest --carbon --carbon-update"
        )
    else:
        remedy = (
            f"restore it with 'git checkout -- {name}', "
            "or delete it and run pytest --carbon --carbon-update"
        )
    return BaselineError(f"{where}: {_subject_of(fault.path)}{fault.what}", remedy=remedy)


def _is_schema(number: object, *numbers: int) -> bool:
    """Whether it is one of these numbers; 2.0 and ``true`` equal some of them and are none."""
    return type(number) is int and number in numbers


def _read_as_written(text: str) -> BaselineFile | None:
    """Read a file that nobody but us has written; ``None`` for what needs a closer look."""
    split = read_groups(text)
    if split is None:
        return None
    header, entries = split
    try:
        document = _parse(header)
        if type(document) is not dict or not _is_schema(document.get("schema"), SCHEMA):
            return None
        file = _baselines(document)
    except FaultError:
        return None
    return None if KINDS & document.keys() else file.with_entries(entries)


def read_baselines(data: bytes, name: str, *, schema: Schema = CURRENT) -> BaselineFile:
    """The baselines in ``data``, which came from the file ``name`` (shown in errors).

    Raises ``BaselineError`` for anything but a valid file of this schema or an older one.
    """
    text = ""
    try:
        text = _decode(data)
        file = _read_as_written(text) if schema is CURRENT else None
        return file or _baselines(_document(_parse(text), schema))
    except FaultError as fault:
        raise _error(fault, text or data.decode(errors="replace"), name) from None


def read_environment(data: bytes, name: str) -> Environment:
    """Only the environment, without a look at the entries where the file's order allows it.

    Raises ``BaselineError`` like ``read_baselines``, but not for what stands in entries.
    """
    text = data.decode(errors="replace")
    known: dict[str, Any] = {}
    decoder = json.JSONDecoder(object_pairs_hook=_unique)
    for member in members(text):
        if member.path in {("schema",), ("environment",)}:
            try:
                known[member.path[0]], _ = decoder.raw_decode(text, member.value_at)
            except ValueError:
                break
        if len(known) == 2 and _is_schema(known["schema"], *_SAME_ENVIRONMENT):
            try:
                environment: Environment = read_part("environment", known["environment"])
            except FaultError as fault:
                raise _error(fault, text, name) from None
            return environment
    return read_baselines(data, name).environment
