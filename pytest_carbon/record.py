"""Named tuples that take little time to define.

``NamedTuple`` makes the class that ``typing`` makes, in a tenth of the time: a run defines about
seventy, which took a fifth of its start. The function that makes instances is compiled for the
first one, and annotations are not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NamedTuple"]

try:
    from _collections import _tuplegetter as _getter  # type: ignore[import-not-found]
except ImportError:

    def _getter(index: int, doc: str) -> Any:
        return property(lambda self: tuple.__getitem__(self, index), doc=doc)


# A test may replace it.
_evaluate = eval


class _Record(tuple[Any, ...]):
    """What all named tuples share; ``collections.namedtuple`` documents each method."""

    __slots__ = ()
    _fields: tuple[str, ...]
    _field_defaults: dict[str, Any]

    def __new__(cls, *values: Any, **named: Any) -> Any:
        """The first instance of a class, which leaves a function to make the others."""
        owner: Any = next(each for each in cls.__mro__ if "_fields" in vars(each))
        names = ", ".join(owner._fields)
        # As in the standard library: no function that is not compiled is as fast.
        make = _evaluate(f"lambda _cls, {names}: _new(_cls, ({names},))", {"_new": tuple.__new__})
        make.__defaults__ = tuple(owner._field_defaults.values())
        owner.__new__ = make
        return make(cls, *values, **named)

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Any:
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, /, **named: Any) -> Any:
        values, at = list(self), self._fields.index
        try:
            for name, value in named.items():
                values[at(name)] = value
        except ValueError:
            raise TypeError(f"Got unexpected field names: {list(named)!r}") from None
        return tuple.__new__(type(self), values)

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
        return f"{type(self).__name__}({shown})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


class _Definition(type):
    """Makes a class of the body of a named tuple."""

    def __new__(cls, name: str, _: tuple[type, ...], body: dict[str, Any]) -> Any:
        fields = tuple(body.get("__annotations__", ()))
        body["_field_defaults"] = {field: body[field] for field in fields if field in body}
        for index, field in enumerate(fields):
            body[field] = _getter(index, "")
        body |= {"__slots__": (), "__match_args__": fields, "_fields": fields}
        return type(name, (_Record,), body)


if not TYPE_CHECKING:
    NamedTuple = type.__new__(_Definition, "NamedTuple", (), {})
