"""A refresh: what one or several runs of the suite have to say to the baselines.

Pure functions on finished runs, up to ``store_runs``, which does it all under the store's lock.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.creep import creep, is_above_anchor
from pytest_carbon.gate.spread import suite_sd
from pytest_carbon.measurement import Kind, Subject, file_of
from pytest_carbon.record import NamedTuple
from pytest_carbon.updates.entries import entry_from_runs
from pytest_carbon.updates.join import join_courses
from pytest_carbon.updates.measured import (
    code_digests,
    common_reference_ns,
    measured_entries,
    passed_results,
)
from pytest_carbon.updates.plan import Mode, Rules, UpdatePlan, plan_update
from pytest_carbon.updates.preview import preview_prune, preview_update
from pytest_carbon.updates.prune import PrunePlan, plan_prune

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.baseline.store import BaselineStore
    from pytest_carbon.environment import Environment
    from pytest_carbon.gate.policy import Policy
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import LookRuns, SubjectResult
    from pytest_carbon.updates.plan import Step

__all__ = [
    "Refreshed",
    "comparable",
    "learns_from_load",
    "plan_runs",
    "preview_refresh",
    "store_runs",
]


def comparable(runs: Sequence[RunResult]) -> tuple[Environment, list[int]]:
    """The environment in which most runs ran, and the places of those that ran elsewhere."""
    counts = Counter(run.environment for run in runs)
    usual = max(counts, key=counts.__getitem__)
    return usual, [place for place, run in enumerate(runs) if run.environment != usual]


def _pinned(stored: Intensity, used: Intensity) -> Intensity:
    """A run uses what is stored, and says so in its reason, unless its user asked for another."""
    return stored if used._replace(reason=stored.reason) == stored else used


def _with_new_tests(
    stored: Mapping[Subject, Entry], measured: Mapping[Subject, Entry]
) -> dict[Subject, Entry]:
    """The stored entries, with files' sums as if they had held the short tests of now.

    A sum that is greater for a new test has not risen.
    """
    entries = dict(stored)
    more_j: dict[Subject, float] = {}
    for subject, entry in measured.items():
        if entry.is_short and subject.kind is Kind.TEST and subject not in stored:
            file = Subject(Kind.FILE, file_of(subject.id))
            more_j[file] = more_j.get(file, 0.0) + entry.first.centre_j
    for file, energy_j in more_j.items():
        old = stored.get(file)
        if old is not None:
            anchor_j = None if old.anchor_j is None else old.anchor_j + energy_j
            first = old.first._replace(centre_j=old.first.centre_j + energy_j)
            entries[file] = old._replace(first=first, anchor_j=anchor_j)
    return entries


def _refitted(
    step: Step, results: Sequence[SubjectResult], beside_load: Sequence[LookRuns]
) -> Step:
    """What is to be stored anew, with the sensitivity that these runs show.

    The anchor is brought to it, too, by what it makes of the same samples.
    """
    stored, old = step.result, step.old
    if stored is None or old is None or not step.action.writes or not results:
        return step
    if stored.is_short or old.is_short:
        return step
    fitted = entry_from_runs(results, stored.sensitivity, beside_load=beside_load)
    if fitted is None or fitted.sensitivity == stored.sensitivity:
        return step
    ratio = fitted.first.centre_j / step.measured.first.centre_j
    result = stored._replace(
        first=stored.first._replace(centre_j=fitted.first.centre_j, sd_log=fitted.first.sd_log),
        look=stored.look if fitted.look is None else fitted.look,
        sensitivity=fitted.sensitivity,
        anchor_j=None if stored.anchor_j is None else stored.anchor_j * ratio,
    )
    return step._replace(result=result)


def _beyond_tolerance(
    stored: Mapping[Subject, Entry], measured: Mapping[Subject, Entry], policy: Policy
) -> set[Subject]:
    """The rises that the gate would not let pass.

    What the gate refuses, an update that is asked to accept rises has to store, though a
    single run says little of its spread.
    """
    sd = suite_sd(stored.values(), policy.floor_j)
    return {
        subject
        for subject, entry in measured.items()
        if (old := stored.get(subject)) is not None
        and entry.first.centre_j > old.first.centre_j * (1 + policy.tolerance)
        and Bounds.of(old, policy, sd).is_suspect(entry.first.centre_j)
    }


def _crept(stored: Mapping[Subject, Entry], policy: Policy) -> set[Subject]:
    """The baselines that many accepted small rises have moved too far, as the gate sees it."""
    sd = suite_sd(stored.values(), policy.floor_j)
    return {
        subject
        for subject, entry in stored.items()
        if is_above_anchor(entry) and creep(Bounds.of(entry, policy, sd))
    }


def _moves(base: BaselineFile, runs: Sequence[RunResult]) -> PrunePlan:
    """The baselines that follow their tests to new names; nothing without a full collection."""
    course = join_courses([run.course for run in runs])
    if not course.full_and_clean:
        return PrunePlan(removals=(), renames=(), suggestions=())
    plan = plan_prune(
        base.entries,
        course.collected,
        full_and_clean=True,
        code_digests=code_digests(runs),
        skipped=course.collection_skips,
    )
    return plan._replace(removals=(), suggestions=())


class Refreshed(NamedTuple):
    """What a refresh came to: the plan, and the file as it stands now, or would.

    ``moves`` are the baselines that follow renamed tests before anything else is decided.
    """

    moves: PrunePlan
    plan: UpdatePlan
    file: BaselineFile
    written: bool


def plan_runs(
    old: BaselineFile | None,
    runs: Sequence[RunResult],
    mode: Mode,
    policy: Policy,
    beside_load: Mapping[Subject, Sequence[LookRuns]] | None = None,
) -> Refreshed:
    """What runs in one environment change in its baselines (``None``: there are none).

    Looks ``beside_load`` only tell how far tests follow the core's speed.
    """
    last = runs[-1]
    base = old or BaselineFile(environment=last.environment, intensity=last.intensity)
    base = base._replace(
        intensity=_pinned(base.intensity, last.intensity),
        reference_ns=base.reference_ns or common_reference_ns(runs),
    )
    moves = _moves(base, runs)
    base = moves.apply(base)
    passed = passed_results(runs, base.reference_ns)
    loaded = beside_load or {}
    measured = measured_entries(base.entries, passed, runs, loaded, policy.floor_j)
    base = base.with_entries(_with_new_tests(base.entries, measured))
    plan = plan_update(
        base.entries,
        measured,
        Rules(mode=mode, tolerance=policy.tolerance, creep_tolerance=policy.creep_tolerance),
        passed=measured,
        decided=_beyond_tolerance(base.entries, measured, policy),
        crept=_crept(base.entries, policy),
    )
    steps = (
        _refitted(step, passed.get(step.subject, ()), loaded.get(step.subject, ()))
        for step in plan.steps
    )
    plan = UpdatePlan(steps=tuple(steps))
    return Refreshed(moves=moves, plan=plan, file=plan.apply(base), written=False)


def learns_from_load(refreshed: Refreshed) -> list[str]:
    """The tests whose sensitivity to the core's speed is to be stored, and not known."""
    return [
        step.subject.id
        for step in refreshed.plan.writes
        if step.subject.kind is Kind.TEST
        and step.result is not None
        and not step.result.is_short
        and step.result.sensitivity is None
    ]


def store_runs(
    store: BaselineStore,
    runs: Sequence[RunResult],
    mode: Mode,
    policy: Policy,
    beside_load: Mapping[Subject, Sequence[LookRuns]] | None = None,
) -> Refreshed:
    """Update the baselines of the runs' environment, in one step.

    Raises ``BaselineError`` for a file that cannot be used or written.
    """
    done: list[Refreshed] = []

    def change(old: BaselineFile | None) -> BaselineFile:
        done.append(plan_runs(old, runs, mode, policy, beside_load))
        return done[-1].file

    stored = store.update(runs[-1].environment, change)
    return done[-1]._replace(written=stored.written)


def preview_refresh(refreshed: Refreshed) -> Iterator[str]:
    """What a refresh does, line by line: what moves, then what changes."""
    if refreshed.moves.renames:
        yield from preview_prune(refreshed.moves)
    yield from preview_update(refreshed.plan)
