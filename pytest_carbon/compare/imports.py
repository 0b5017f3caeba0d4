"""In a side's process: imports that would read the user's tree read the side's files instead.

Editable installs point to the user's tree in many ways: an entry of ``sys.path``, a table in a
finder, a hook for namespaces. Whatever finds a file there is redirected to the same file of the
side; what the side does not have is not found.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

__all__ = ["Redirect", "is_inside", "origins", "redirect"]

_INSTALLED = ("site-packages", "dist-packages")


def is_inside(path: str, tree: str) -> bool:
    """Whether a file belongs to a source tree: inside of it, and of no environment there."""
    real = os.path.realpath(path)
    if real != tree and not real.startswith(tree + os.sep):
        return False
    if any(f"{os.sep}{name}{os.sep}" in real[len(tree) :] for name in _INSTALLED):
        return False
    prefix = os.path.realpath(sys.prefix)
    return prefix == tree or not real.startswith(prefix + os.sep)


class Redirect:
    """A finder before all others: asks them, and moves what they found into the side's files."""

    def __init__(self, tree: str, side: str) -> None:
        self._tree = os.path.realpath(tree)
        self._side = os.path.realpath(side)

    def moved(self, path: str) -> str:
        """The side's path for one in the user's tree; others as they are."""
        if not is_inside(path, self._tree):
            return path
        return self._side + os.path.realpath(path)[len(self._tree) :]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """What the finders behind this one find, in the side's files."""
        at = sys.meta_path.index(self)
        for finder in sys.meta_path[at + 1 :]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return self._into_side(name, spec)
        return None

    def _into_side(
        self, name: str, spec: importlib.machinery.ModuleSpec
    ) -> importlib.machinery.ModuleSpec | None:
        places = spec.submodule_search_locations
        moved = None if places is None else [self.moved(place) for place in places]
        origin = self.moved(spec.origin) if spec.has_location and spec.origin else spec.origin
        if moved == (None if places is None else list(places)) and origin == spec.origin:
            return spec
        if moved is not None:
            moved = [place for place in dict.fromkeys(moved) if os.path.isdir(place)]  # noqa: PTH112
        if spec.loader is None or not spec.has_location or origin is None:
            spec.submodule_search_locations = moved
            return spec if moved else None
        if not os.path.exists(origin):  # noqa: PTH110 - in every import
            return None
        return importlib.util.spec_from_file_location(
            name, origin, submodule_search_locations=moved
        )


def redirect(*, tree: str, side: str) -> None:
    """From here on, nothing is imported from the user's ``tree``."""
    finder: Any = Redirect(tree, side)
    sys.path[:] = [finder.moved(entry or os.getcwd()) for entry in sys.path]  # noqa: PTH109
    sys.path_importer_cache.clear()
    sys.meta_path.insert(0, finder)


def origins(modules: Mapping[str, ModuleType]) -> dict[str, str]:
    """Where modules came from: name to real path, for those that have a file."""
    found: dict[str, str] = {}
    for name, module in list(modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            found[name] = os.path.realpath(file)
    return found
