"""A fault in what comes from outside: what is wrong, and under which names it stands."""

from __future__ import annotations

from json import JSONDecodeError
from reprlib import Repr
from typing import Any, NoReturn

from pytest_carbon.system import System

__all__ = ["FaultError", "parse_json", "refuse", "value_text"]

_short = Repr()
_short.maxlevel = 1
_short.maxdict = _short.maxlist = 2
_short.maxstring = _short.maxother = _short.maxlong = 40
_LONGEST = 40


class FaultError(ValueError):
    """Something wrong with the value under ``path``, or with its ``place`` where that is known."""

    def __init__(self, what: str, path: tuple[str, ...] = (), place: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.path = path
        self.place = place

    def below(self, name: str) -> FaultError:
        """The same fault, seen from the object that holds it under ``name``."""
        return FaultError(self.what, (name, *self.path), self.place)


def value_text(value: object) -> str:
    """A value for a message: short, whatever is in it and however deep."""
    text = _short.repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def refuse(wanted: str, value: object) -> NoReturn:
    """Raise the fault that ``value`` is not what was wanted."""
    raise FaultError(f"is {value_text(value)}, not {wanted}")


def _no_constant(name: str) -> NoReturn:
    raise FaultError(f"holds {name}, which is not JSON")


def parse_json(text: str | bytes, what: str) -> Any:
    """The value of a JSON text, which is to be ``what``. Raises ``FaultError`` for none."""
    try:
        return System.loads(text, parse_constant=_no_constant)
    except JSONDecodeError as error:
        raise FaultError(
            f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise FaultError(f"is nested too deeply to be {what}") from None
    except FaultError:
        raise
    except ValueError as error:  # a number of thousands of digits, or no UTF-8
        raise FaultError(f"is not usable JSON: {error}") from None
