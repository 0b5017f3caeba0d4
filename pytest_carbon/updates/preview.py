"""Plans in words: what an update or a pruning does, line by line, for terminals and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.units import format_change, format_energy
from pytest_carbon.updates.plan import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.measurement import Subject
    from pytest_carbon.updates.plan import Step, UpdatePlan
    from pytest_carbon.updates.prune import PrunePlan

__all__ = ["counted", "preview_prune", "preview_update"]

_ORDER = (
    Action.RAISED,
    Action.REFUSED,
    Action.LOWERED,
    Action.ADDED,
    Action.REFINED,
    Action.ACCEPTED,
    Action.NOT_PASSED,
)
_COUNTED = {
    Action.KEPT: "kept: inside their noise",
    Action.LEFT: "left alone: not for this mode",
}
_WIDTH = max(len(action.value) for action in _ORDER)


def _name(subject: Subject) -> str:
    """A subject on one line, whatever is in its id; a test needs no word for its kind."""
    nodeid = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in subject.id)
    return nodeid if subject.kind.value == "test" else f"{subject.kind.value} {nodeid}"


def _change(step: Step) -> str:
    now_j = step.measured.first.centre_j
    if step.action is Action.NOT_PASSED:
        return "its figure does not count"
    if step.old is None:
        return format_energy(now_j)
    if step.action is Action.ACCEPTED and step.old.anchor_j:
        since = step.old.first.centre_j / step.old.anchor_j
        return f"{format_energy(step.old.first.centre_j)}, {format_change(since)} since its anchor"
    before_j = step.old.first.centre_j
    text = f"{format_energy(before_j)} → {format_energy(now_j)}"
    if before_j:
        text += f", {format_change(now_j / before_j)}"
    anchor_j = step.old.anchor_j
    if anchor_j and now_j > before_j > anchor_j:
        text += f" ({format_change(now_j / anchor_j)} since its anchor)"
    if step.action is Action.REFUSED:
        text += ": a rise is stored only with --carbon-update=all"
    elif step.action is Action.REFINED:
        text += f": {_refinement(step.old, step.measured)}"
    return text


def _refinement(old: Entry, measured: Entry) -> str:
    if old.is_short != measured.is_short:
        return "now a part of its file's sum" if measured.is_short else "now gated by itself"
    count = measured.first.processes
    return f"better known, from {count} process{'es' if count != 1 else ''}"


def preview_update(plan: UpdatePlan) -> Iterator[str]:
    """The lines of a plan: rises first, and only the number of what stays as it is."""
    for action in _ORDER:
        for step in plan.with_action(action):
            yield f"{action.value:<{_WIDTH}}  {_name(step.subject)}  {_change(step)}"
    for action, words in _COUNTED.items():
        count = len(plan.with_action(action))
        if count:
            yield f"{count} {words}"
    if not plan.writes:
        yield "nothing to store"


def counted(plan: UpdatePlan) -> str:
    """The plan in one line of counts; a refused rise says how it is stored."""
    counts = [
        f"{len(found)} {action.value}" for action in Action if (found := plan.with_action(action))
    ]
    if plan.with_action(Action.REFUSED):
        counts[-1] += "; --carbon-update=all stores rises, too"
    return ", ".join(counts) or "nothing to store"


def preview_prune(plan: PrunePlan) -> Iterator[str]:
    """The lines of a plan: what moves, what goes, and what a person should look at."""
    maybe = {suggestion.old: suggestion.candidates for suggestion in plan.suggestions}
    for rename in plan.renames:
        yield f"renamed  {_name(rename.old)} → {_name(rename.new)}"
    for subject in plan.removals:
        yield f"removed  {_name(subject)}"
        if subject in maybe:
            names = ", ".join(_name(candidate) for candidate in maybe[subject][:3])
            more = len(maybe[subject]) - 3
            rest = f" or one of {more} more" if more > 0 else ""
            yield f"         the same code is now in {names}{rest}: rename its entry by hand?"
    if not plan.renames and not plan.removals:
        yield "nothing to prune"
