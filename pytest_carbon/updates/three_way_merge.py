"""Merge the changes that two branches made to one baselines file, subject by subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pytest_carbon.errors import BaselineError
from pytest_carbon.updates.significance import NoiseRule

if TYPE_CHECKING:
    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.baseline.file import BaselineFile
    from pytest_carbon.measurement import Subject

__all__ = ["merge_entries", "merge_files"]

T = TypeVar("T")

_REMEDY = "resolve the file by hand, or keep one side and run pytest-carbon refresh"


def _evidence(entry: Entry) -> tuple[int, int, int, float, str]:
    """A key whose greatest value is the better known entry; the lower one where that is equal."""
    first = entry.first
    looks = 0 if entry.look is None else entry.look.processes
    return first.processes, first.samples, looks, -first.centre_j, repr(entry)


def merge_entries(base: Entry | None, one: Entry, other: Entry, noise: NoiseRule) -> Entry:
    """The entry to keep of two that replaced ``base``; the sides may be exchanged.

    Where only one differs from ``base`` by more than noise, it is that one: the other side
    measured what was there before. Where chance explains the difference of the two, it is the
    one from more processes. Else both changed the code: nobody has measured the two changes
    together, so it is the lower one, and the next run tells whether it holds; the merge must
    not accept a rise.
    """
    if base is not None:
        one_same = noise.covers(base.first, one.first)
        other_same = noise.covers(base.first, other.first)
        if one_same != other_same:
            return other if one_same else one
    if noise.covers(one.first, other.first):
        return max(one, other, key=_evidence)
    return min(one, other, key=lambda entry: (entry.first.centre_j, repr(entry)))


def _merge_value(name: str, base: T | None, ours: T, theirs: T) -> T:
    if theirs in (ours, base):
        return ours
    if ours == base:
        return theirs
    raise BaselineError(f"both sides changed {name}: {ours} and {theirs}", remedy=_REMEDY)


def merge_files(
    base: BaselineFile | None,
    ours: BaselineFile,
    theirs: BaselineFile,
    *,
    noise: NoiseRule | None = None,
) -> BaselineFile:
    """Merge two successors of ``base``, which is ``None`` where both sides began the file.

    An entry that one side removed and the other one changed is kept. Raises ``BaselineError``
    where the headers do not go together: other environments, another pinned intensity on each
    side, or speed references that make the joules of one side mean something else.
    """
    if ours.environment != theirs.environment:
        facts = ", ".join(ours.environment.differences(theirs.environment))
        raise BaselineError(f"the two sides' environments differ ({facts})", remedy=_REMEDY)
    if ours.reference_ns != theirs.reference_ns:
        raise BaselineError(
            f"the two sides' speed references differ ({ours.reference_ns} and "
            f"{theirs.reference_ns} ns), so their joules cannot stand in one file",
            remedy=_REMEDY,
        )
    noise = noise or NoiseRule()
    before = {} if base is None else base.entries
    merged: dict[Subject, Entry] = {}
    for subject in {**ours.entries, **theirs.entries}:
        old, one, other = (side.get(subject) for side in (before, ours.entries, theirs.entries))
        if other in (one, old):
            entry = one
        elif one == old:
            entry = other
        elif one is None or other is None:
            entry = one or other
        else:
            entry = merge_entries(old, one, other, noise)
        if entry is not None:
            merged[subject] = entry
    base_intensity = None if base is None else base.intensity
    intensity = _merge_value("the intensity", base_intensity, ours.intensity, theirs.intensity)
    return type(ours)(
        environment=ours.environment,
        intensity=intensity,
        reference_ns=ours.reference_ns,
        entries=merged,
    )
