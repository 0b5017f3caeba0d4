"""What may be removed, and which baselines follow their tests to new names: pure decisions.

A baseline is removed only when a full and clean collection does not know its test. A test
that was renamed or moved is known by its code: where one vanished test and one new test share
the code and their parameters, and no other pair could be meant, the baseline follows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from pytest_carbon.errors import BaselineError
from pytest_carbon.measurement import Kind, Subject, file_of
from pytest_carbon.record import NamedTuple
from pytest_carbon.tasks.names import owner_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.baseline.file import BaselineFile

__all__ = ["PrunePlan", "Rename", "Suggestion", "find_renames", "plan_prune"]


class Rename(NamedTuple):
    """A baseline that follows its test."""

    old: Subject
    new: Subject


class Suggestion(NamedTuple):
    """A vanished test whose code lives on under other names, without telling which is it."""

    old: Subject
    candidates: tuple[Subject, ...]


class PrunePlan(NamedTuple):
    """What pruning does. ``suggestions`` are among ``removals``: look at them before."""

    removals: tuple[Subject, ...]
    renames: tuple[Rename, ...]
    suggestions: tuple[Suggestion, ...]

    def apply(self, file: BaselineFile) -> BaselineFile:
        """Return the file without what is gone, and with what has moved under its new name.

        A baseline that stands under the new name already is left as it is.
        """
        entries = dict(file.entries)
        for rename in self.renames:
            entry = entries.pop(rename.old, None)
            if entry is not None:
                entries.setdefault(rename.new, entry)
        for subject in self.removals:
            entries.pop(subject, None)
        return file.with_entries(entries)


def _split(nodeid: str) -> tuple[str, str]:
    """The last part of a node id: the function's name, and its parameters in brackets."""
    name, bracket, parameters = nodeid.rpartition("::")[2].partition("[")
    return name, bracket + parameters


def _pair(old: set[str], new: set[str], key: Callable[[str], object]) -> list[tuple[str, str]]:
    """Pair what has the same key, where only one on each side has it."""
    by_key: dict[object, tuple[list[str], list[str]]] = {}
    for side, ids in enumerate((old, new)):
        for nodeid in ids:
            by_key.setdefault(key(nodeid), ([], []))[side].append(nodeid)
    return [(a[0], b[0]) for a, b in by_key.values() if len(a) == len(b) == 1]


def find_renames(
    gone: Mapping[str, str], arrived: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Recognise tests that were renamed or moved.

    Both arguments map node ids to digests of the tests' code: of baselines without a test, and
    of tests without a baseline. Returns the sure ones, old to new, and the candidates of those
    that could be several or that have other parameters now.
    """
    sides: dict[str, tuple[set[str], set[str]]] = {}
    for side, digests in enumerate((gone, arrived)):
        for nodeid, digest in digests.items():
            sides.setdefault(digest, (set(), set()))[side].add(nodeid)
    sure: dict[str, str] = {}
    candidates: dict[str, tuple[str, ...]] = {}
    for old, new in sides.values():
        # A moved test keeps its name, a renamed one its parameters.
        for key in (_split, lambda nodeid: _split(nodeid)[1]):
            for before, after in _pair(old, new, key):
                sure[before] = after
                old.discard(before)
                new.discard(after)
        if new:
            candidates.update({nodeid: tuple(sorted(new)) for nodeid in old})
    return sure, candidates


def _follow(
    tasks: Iterable[Subject],
    tests: frozenset[str],
    stays: Callable[[str], bool],
    sure: Mapping[str, str],
) -> tuple[list[Subject], list[Rename]]:
    """What happens to the tasks inside of tests: they stay, go and move with their test."""
    removals, renames = [], []
    for task in tasks:
        test = owner_of(task.id, tests)
        if stays(test):
            continue
        if test in sure:
            moved = Subject(Kind.TASK, sure[test] + task.id[len(test) :])
            renames.append(Rename(old=task, new=moved))
        else:
            removals.append(task)
    return removals, renames


def _follow_files(
    files: Iterable[str], is_alive: Callable[[str], bool], sure: Mapping[str, str]
) -> tuple[list[Subject], list[Rename]]:
    """What happens to the sums of files: they stay while their file has tests.

    Else they move with its tests, where all that are found again are in one file.
    """
    targets: dict[str, set[str]] = {}
    for before, after in sure.items():
        targets.setdefault(file_of(before), set()).add(file_of(after))
    gone = [file for file in files if not is_alive(file)]
    moved = {file: next(iter(targets[file])) for file in gone if len(targets.get(file, ())) == 1}
    claims = Counter(moved.values())
    removals, renames = [], []
    for file in gone:
        # The sum of one file is not that of several that became one.
        if file in moved and claims[moved[file]] == 1:
            new = Subject(Kind.FILE, moved[file])
            renames.append(Rename(old=Subject(Kind.FILE, file), new=new))
        else:
            removals.append(Subject(Kind.FILE, file))
    return removals, renames


def plan_prune(
    stored: Mapping[Subject, Entry],
    collected: Collection[str],
    *,
    full_and_clean: bool,
    code_digests: Mapping[str, str] | None = None,
    fixtures: Collection[str] | None = None,
    skipped: Iterable[str] = (),
) -> PrunePlan:
    """Plan the removal of baselines whose subjects no longer exist.

    ``collected`` holds the node ids of all tests, ``code_digests`` the digests of their code,
    ``fixtures`` the ids of all fixtures that exist (``None`` leaves theirs alone). Tasks share
    the fate of their tests, and sums of files that of all tests in the file. Other kinds stay,
    and so does what is in ``skipped`` files and folders, which do not tell what they hold.
    Raises ``BaselineError`` unless ``full_and_clean``: whether every test was collected (no
    selection, no deselection) without an error.
    """
    if not full_and_clean:
        raise BaselineError(
            "this collection cannot tell which tests are gone",
            remedy="collect the whole suite without -k, -m, --lf or paths, and without errors",
        )
    alive = frozenset(collected)
    in_order = sorted(alive)
    tests = {s.id: entry for s, entry in stored.items() if s.kind is Kind.TEST}
    silent = tuple(f"{name}{sign}" for name in skipped for sign in ("::", "/"))

    def stays(nodeid: str) -> bool:
        return nodeid in alive or nodeid.startswith(silent)

    def has_tests(file: str) -> bool:
        prefix = f"{file}::"
        place = bisect_left(in_order, prefix)
        found = place < len(in_order) and in_order[place].startswith(prefix)
        return found or prefix.startswith(silent)

    gone = {nodeid: entry for nodeid, entry in tests.items() if not stays(nodeid)}
    new = alive - tests.keys()
    sure, candidates = find_renames(
        {nodeid: entry.body for nodeid, entry in gone.items() if entry.body is not None},
        {nodeid: digest for nodeid, digest in (code_digests or {}).items() if nodeid in new},
    )
    removals = [Subject(Kind.TEST, nodeid) for nodeid in gone if nodeid not in sure]
    renames = [
        Rename(old=Subject(Kind.TEST, before), new=Subject(Kind.TEST, after))
        for before, after in sure.items()
    ]
    if fixtures is not None:
        known = frozenset(fixtures)
        removals += [s for s in stored if s.kind is Kind.FIXTURE and s.id not in known]
    tasks = [s for s in stored if s.kind is Kind.TASK]
    more_removals, more_renames = _follow(tasks, alive | tests.keys(), stays, sure)
    removals += more_removals
    renames += more_renames
    files = [s.id for s in stored if s.kind is Kind.FILE]
    more_removals, more_renames = _follow_files(files, has_tests, sure)
    removals += more_removals
    renames += more_renames
    suggestions = [
        Suggestion(
            old=Subject(Kind.TEST, nodeid),
            candidates=tuple(Subject(Kind.TEST, candidate) for candidate in found),
        )
        for nodeid, found in candidates.items()
    ]
    return PrunePlan(
        removals=tuple(sorted(removals)),
        renames=tuple(sorted(renames, key=lambda rename: rename.old)),
        suggestions=tuple(sorted(suggestions, key=lambda suggestion: suggestion.old)),
    )
