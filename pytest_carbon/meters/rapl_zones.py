"""Which RAPL zones to add up so that no joule counts twice.

The platform zone (psys) holds the packages, a package holds its cores and uncore, and the
memory-mapped tree repeats the one of the registers: what is left is each package and its dram.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Zone", "find_trees", "has_dangling_links"]

# The second tree repeats the first, and is read only where that cannot be.
_TREES = ("intel-rapl", "intel-rapl-mmio")

_RANGE = "max_energy_range_uj"
_NAMELESS = "it has no name that can be read"


class Zone(NamedTuple):
    """One counter: its domain's name, its package, its folder, and where it wraps if it does.

    ``fault`` tells why it cannot be used; it is left out by its name then.
    """

    domain: str
    package: int
    path: Path
    range_uj: int | None
    fault: str = ""

    @property
    def is_package(self) -> bool:
        """Whether it counts a package, not its memory."""
        return self.domain.startswith("package")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _range_uj(zone: Path) -> int | None:
    text = _text(zone / _RANGE)
    return int(text) if re.fullmatch(r"[1-9][0-9]*", text) else None


def _numbered(root: Path, prefix: str) -> list[tuple[int, Path]]:
    """The folders named ``prefix:N``, by number."""
    try:
        names = [path.name for path in root.iterdir()]
    except OSError:
        return []
    pattern = re.compile(re.escape(prefix) + r":(\d+)")
    found = [(int(match[1]), root / match[0]) for match in map(pattern.fullmatch, names) if match]
    return sorted(found)


def _drams(root: Path, package: Path) -> list[Path]:
    """A package's dram zones: listed beside it as links, below it as folders, or both."""
    zones: dict[int, Path] = dict(_numbered(package, package.name))
    zones.update(_numbered(root, package.name))
    return [zone for _, zone in sorted(zones.items()) if _text(zone / "name") == "dram"]


def _is_bare(zone: Path) -> bool:
    """Whether it is a counter and nothing else, as Scaphandre hands one to a guest."""
    return (zone / "energy_uj").exists() and not (zone / "name").exists()


def _tree_zones(root: Path, tree: str, *, anywhere: bool) -> list[Zone]:
    zones: list[Zone] = []
    domains: set[str] = set()

    def add(domain: str, package: int, path: Path) -> None:
        # A zone is known by its package and name: two packages may bear one name.
        unique = f"{domain}-zone-{package}" if domain in domains else domain
        range_uj = _range_uj(path)
        is_whole = range_uj is not None or (anywhere and not (path / _RANGE).exists())
        if unique not in domains:
            domains.add(unique)
            fault = "" if is_whole else f"{_RANGE} does not say where it wraps"
            zones.append(Zone(unique, package, path, range_uj, fault))

    for number, path in _numbered(root, tree):
        name = f"package-{number}" if anywhere and _is_bare(path) else _text(path / "name")
        if not name:
            zones.append(Zone(f"zone-{number}", number, path, None, _NAMELESS))
        if not name.startswith("package"):
            continue
        suffix = name.removeprefix("package").removeprefix("-") or str(number)
        add(f"package-{suffix}", number, path)
        for dram in _drams(root, path):
            add(f"dram-{suffix}", number, dram)
    return zones


def find_trees(root: Path, *, anywhere: bool = False) -> list[list[Zone]]:
    """Trees that repeat each other, best first: package zones, each followed by its dram zone.

    Needs no right to read energy: names and ranges are open to all. A zone whose range cannot
    be read has a ``fault``, as its wraps could not be undone, and so has one without a name.
    ``anywhere`` is for a root that is not the kernel's own: there a folder ``intel-rapl:0`` with
    nothing but a counter is a package's.
    """
    trees = [_tree_zones(root, tree, anywhere=anywhere) for tree in _TREES]
    return [zones for zones in trees if any(zone.is_package for zone in zones)]


def has_dangling_links(root: Path) -> bool:
    """Whether links to zones are there and lead nowhere, as where a container hides ``/sys``."""
    try:
        return any(
            path.name.startswith(_TREES[0]) and path.is_symlink() and not path.exists()
            for path in root.iterdir()
        )
    except OSError:
        return False
