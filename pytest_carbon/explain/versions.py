"""The sources of two versions of a project, read as they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.explain.graph import Place
from pytest_carbon.explain.source import Module, changed_functions, read_module, renamed_functions
from pytest_carbon.explain.spent import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from pytest_carbon.explain.profile import Function

    Read: TypeAlias = Callable[[str], bytes | None]

__all__ = ["Versions"]

_NOTHING = Module({}, {})


class Versions:
    """Base and head of a project; ``base`` and ``head`` read a file, ``None`` where it is none."""

    def __init__(self, base: Read, head: Read) -> None:
        self._read = {"base": base, "head": head}
        self._texts: dict[tuple[str, str], bytes | None] = {}
        self._modules: dict[bytes, Module] = {}
        self._changed: dict[str, frozenset[str]] = {}
        self._places: dict[tuple[str, Function], tuple[Place | None, bool]] = {}
        self._renamed: dict[frozenset[str], dict[Place, Place]] = {}

    def place(self, side: str, function: Function) -> tuple[Place | None, bool]:
        """Where a function of a profile belongs, and whether it is only a part of that.

        A comprehension or a lambda belongs to the function around it; library code nowhere.
        """
        if not function.file:
            return None, False
        # Hundreds of suspects run the same functions.
        key = (side, function)
        if key not in self._places:
            self._places[key] = self._find(side, function)
        return self._places[key]

    def _find(self, side: str, function: Function) -> tuple[Place, bool]:
        found = self._module(side, function.file).at(function.line)
        if found is None:
            return Place(function.file, function.name), False
        is_part = function.name.rpartition(".")[2].startswith("<")
        return Place(function.file, found.name), is_part

    def line(self, place: Place) -> int:
        """The line of a function's ``def`` in head, or in base if only that has it; 0: unknown."""
        for side in ("head", "base"):
            found = self._module(side, place.file).functions.get(place.name)
            if found is not None:
                return found.line
        return 0

    def lines(self, file: str, name: str) -> Lines | None:
        """Where a function stands in head; ``None`` where that does not have it."""
        found = self._module("head", file).functions.get(name)
        return None if found is None else Lines(file, found.first_line, found.last_line)

    def changed(self, places: Iterable[Place]) -> frozenset[Place]:
        """Those of ``places`` that the change touches."""
        return frozenset(place for place in places if place.name in self._changed_in(place.file))

    def renamed(self, base: Iterable[Place], head: Iterable[Place]) -> dict[Place, Place]:
        """Functions of head by what the same ones are called in base, where that differs."""
        files = frozenset(f for f in {p.file for p in (*base, *head)} if self._differs(f))
        if files not in self._renamed:
            modules = [{f: self._module(side, f) for f in files} for side in ("base", "head")]
            found = renamed_functions(*modules)
            self._renamed[files] = {Place(*now): Place(*was) for now, was in found.items()}
        return self._renamed[files]

    def _changed_in(self, file: str) -> frozenset[str]:
        if file not in self._changed:
            self._changed[file] = (
                changed_functions(self._module("base", file), self._module("head", file))
                if self._differs(file)
                else frozenset()
            )
        return self._changed[file]

    def _differs(self, file: str) -> bool:
        return self._text("base", file) != self._text("head", file)

    def _text(self, side: str, file: str) -> bytes | None:
        if (side, file) not in self._texts:
            self._texts[side, file] = self._read[side](file)
        return self._texts[side, file]

    def _module(self, side: str, file: str) -> Module:
        text = self._text(side, file)
        if text is None:
            return _NOTHING
        if text not in self._modules:
            self._modules[text] = read_module(text)
        return self._modules[text]
