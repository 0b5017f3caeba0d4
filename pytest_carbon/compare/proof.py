"""The proof that each side ran its own files, and not the other's or the user's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_carbon.errors import CompareError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_carbon.compare.side import Side

__all__ = ["prove"]


def prove(sides: Sequence[Side], imported: Sequence[Mapping[str, Mapping[str, str]]]) -> str:
    """In words, where each side's code came from.

    Raises ``CompareError`` where a side imports files that are not its own: both would be
    measured by the same code, and no change could ever be seen.
    """
    for side, imports in zip(sides, imported, strict=True):
        for name, file in _foreign(side, imports):
            raise CompareError(
                f"{side.name} imports {name} from {file}, which is not its own: "
                "both sides would run the same code",
                remedy=_remedy(side, name),
            )
    return "; ".join(
        f"{side.name} ran {_packages(side, imports)}"
        for side, imports in zip(sides, imported, strict=True)
    )


def _foreign(side: Side, imports: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """Modules of the project or in the user's tree whose files are not the side's."""
    own = [os.path.realpath(side.folder)]
    if side.installation.folder is not None:
        own.append(os.path.realpath(side.installation.folder))
    for name, file in {**imports["project"], **imports["tree"]}.items():
        if not any(file.startswith(folder + os.sep) for folder in own):
            yield name, file


def _remedy(side: Side, name: str) -> str:
    if name.partition(".")[0] == "pytest_carbon":
        return "pytest-carbon measures both sides itself, so it cannot be what is compared"
    if side.installation.folder is None:
        return "give each side an environment of its own: --setup 'pip install -e .'"
    return "let the --setup command install the project itself, like 'pip install -e .'"


def _packages(side: Side, imports: Mapping[str, Mapping[str, str]]) -> str:
    """The side's top packages with their places, shortened."""
    tops: dict[str, str] = {}
    for name, file in sorted(imports["own"].items()):
        top = name.partition(".")[0]
        tops.setdefault(top, file)
    if not tops:
        return (
            "no module of the project in the tests' own processes (if they start it as a program, "
            "PYTHONPATH leads that one to the side's files)"
        )
    places = {top: _short(side, file) for top, file in tops.items()}
    return ", ".join(f"{top} from {place}" for top, place in list(places.items())[:3])


def _short(side: Side, file: str) -> str:
    folder = os.path.realpath(side.folder)
    if file.startswith(folder + os.sep):
        return f"{side.name}:{file[len(folder) + 1 :]}"
    return f"{side.name}'s environment"
