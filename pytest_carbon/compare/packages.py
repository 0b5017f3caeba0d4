"""Which packages a folder of sources holds, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_of", "packages_below"]

# google/cloud/storage is as deep as namespaces go.
_DEEPEST = 3


def packages_below(folder: Path, prefix: str = "", depth: int = 1) -> set[str]:
    """Dotted names of the modules and packages in ``folder``; empty where there is none.

    A namespace (a folder without ``__init__.py``) is shared with others, so that not it but what
    lies inside of it is named.
    """
    names: set[str] = set()
    if not folder.is_dir():
        return names
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.suffix == ".py" and entry.stem.isidentifier():
            names.add(prefix + entry.stem)
        elif entry.name.isidentifier() and entry.is_dir():
            if (entry / "__init__.py").exists():
                names.add(name)
            elif depth < _DEEPEST:
                names |= packages_below(entry, f"{name}.", depth + 1)
    return names


def is_of(module: str, packages: set[str]) -> bool:
    """Whether a module is one of ``packages``, or inside of one."""
    parts = module.split(".")
    return any(".".join(parts[:count]) in packages for count in range(1, len(parts) + 1))
