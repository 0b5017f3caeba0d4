"""What a refresh stores: pure decisions, the same for writing and for showing.

Four modes say what may be stored. A value inside its noise stays as it is in each of them, and
nothing is ever deleted.

========= =========== ============ ============ ==========================
mode      no baseline fell         rose         same value, better known
========= =========== ============ ============ ==========================
new       added       left         left         left
tighten   left        stored       left         left
changed   added       stored       refused      stored
all       added       stored       stored       stored
========= =========== ============ ============ ==========================

The *anchor* holds slow creep: it is the energy that somebody accepted as such. It follows
every fall, but a rise only where that was a regression (beyond the tolerance, or found by the
gate) or a creep all by itself, and was accepted with ``all``. Rises too small for that are stored
without moving it, so twenty of them add up to one that the gate sees; that one, too, is accepted
with ``all``. A short entry has no anchor: it is gated as a part of its file's sum, which has one.

That a test became short, or is no longer, makes its entry better known: a refresh turns it into
the other form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from pytest_carbon.baseline.entry import short_entry
from pytest_carbon.record import NamedTuple
from pytest_carbon.updates.significance import NoiseRule

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from pytest_carbon.baseline.entry import Entry, Spread
    from pytest_carbon.baseline.file import BaselineFile
    from pytest_carbon.measurement import Subject

__all__ = ["Action", "Mode", "Rules", "Step", "UpdatePlan", "merge_update", "plan_update"]


class Mode(str, Enum):
    """What an update may store; the values are those of ``--carbon-update``."""

    NEW = "new"
    CHANGED = "changed"
    TIGHTEN = "tighten"
    ALL = "all"


class Action(str, Enum):
    """What an update does to one subject."""

    ADDED = "added"
    LOWERED = "lowered"
    RAISED = "raised"
    REFINED = "refined"
    ACCEPTED = "accepted"
    KEPT = "kept"
    REFUSED = "refused"
    LEFT = "left"
    NOT_PASSED = "not passed"

    @property
    def writes(self) -> bool:
        """Whether the value is stored."""
        return self in (
            Action.ADDED,
            Action.LOWERED,
            Action.RAISED,
            Action.REFINED,
            Action.ACCEPTED,
        )


_ALLOWED = {
    Mode.NEW: frozenset({Action.ADDED}),
    Mode.TIGHTEN: frozenset({Action.LOWERED}),
    Mode.CHANGED: frozenset({Action.ADDED, Action.LOWERED, Action.REFINED}),
    Mode.ALL: frozenset({Action.ADDED, Action.LOWERED, Action.REFINED, Action.RAISED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an update goes by.

    ``tolerance`` is the relative rise beyond which a rise is a regression, ``creep_tolerance`` the
    one that many smaller ones may add up to.
    """

    mode: Mode
    tolerance: float = 0.2
    creep_tolerance: float = 0.3
    noise: NoiseRule = field(default_factory=NoiseRule)


class Step(NamedTuple):
    """One subject's part of a plan: what is stored, what was measured, what shall stand."""

    subject: Subject
    action: Action
    old: Entry | None
    measured: Entry
    result: Entry | None


def _better_known(old: Entry, new: Entry) -> bool:
    """Whether ``new`` tells more: twice the processes, or a figure that was not known.

    A sensitivity is no reason by itself: as many processes as before learn it or not by chance
    (it takes changes of speed), so that refreshing unchanged code would change its file.
    """
    if old.is_short != new.is_short:
        return True
    if old.look is not None and new.look is None:
        return False
    has_look = old.look is None and new.look is not None
    if new.is_short:  # a line keeps neither processes nor a spread
        return has_look
    return (
        has_look
        or new.first.processes >= 2 * old.first.processes
        or (old.first.sd_log is None and new.first.sd_log is not None)
        or _has_doubled(old.look, new.look)
    )


def _has_doubled(old: Spread | None, new: Spread | None) -> bool:
    return old is not None and new is not None and new.processes >= 2 * old.processes


def _change(old: Entry, new: Entry, rules: Rules, *, decided: bool) -> Action:
    if decided and new.first.centre_j != old.first.centre_j:
        return Action.RAISED if new.first.centre_j > old.first.centre_j else Action.LOWERED
    if rules.noise.covers(old.first, new.first):
        return Action.REFINED if _better_known(old, new) else Action.KEPT
    return Action.RAISED if new.first.centre_j > old.first.centre_j else Action.LOWERED


def _successor(old: Entry, new: Entry, *, accepted: bool) -> Entry:
    """``new`` in the place of ``old``: what a run does not know is kept from before.

    The look of a short test is not kept for one that no longer is, nor the other way round.
    """
    look, body = new.look, old.body if new.body is None else new.body
    if look is None and new.is_short == old.is_short:
        look = old.look
    if new.is_short:
        return _line(new._replace(look=look, body=body))
    anchor_j = new.first.centre_j
    if not accepted:
        known_j = old.first.centre_j if old.anchor_j is None else old.anchor_j
        anchor_j = min(anchor_j, known_j)
    first = new.first
    if first.sd_log is None:
        first = first._replace(sd_log=old.first.sd_log)
    return new._replace(
        first=first,
        look=look,
        sensitivity=old.sensitivity if new.sensitivity is None else new.sensitivity,
        anchor_j=anchor_j,
        body=body,
    )


def _added(new: Entry) -> Entry:
    """``new`` where nothing is stored: its own anchor."""
    if new.is_short:
        return _line(new)
    return new._replace(anchor_j=new.first.centre_j if new.anchor_j is None else new.anchor_j)


def _line(entry: Entry) -> Entry:
    """What the file keeps of a short entry."""
    look_j = None if entry.look is None else entry.look.centre_j
    return short_entry(entry.first.centre_j, look_j, entry.body)


def _decide(
    old: Entry | None, new: Entry, rules: Rules, *, decided: bool, crept: bool = False
) -> tuple[Action, Entry | None]:
    action, result = _change_to(old, new, rules, decided=decided)
    if not crept or result is None or result.is_short or rules.mode is not Mode.ALL:
        return action, result
    if not action.writes:
        action = Action.ACCEPTED
    return action, result._replace(anchor_j=result.first.centre_j)


def _change_to(
    old: Entry | None, new: Entry, rules: Rules, *, decided: bool
) -> tuple[Action, Entry | None]:
    allowed = _ALLOWED[rules.mode]
    if old is None:
        if Action.ADDED not in allowed:
            return Action.LEFT, None
        return Action.ADDED, _added(new)
    action = _change(old, new, rules, decided=decided)
    if action in allowed:
        # A single rise beyond what many may add up to is no creep: whoever accepts it sees it.
        small = min(rules.tolerance, rules.creep_tolerance)
        seen = new.first.centre_j > old.first.centre_j * (1 + small)
        accepted = action is Action.RAISED and (decided or seen)
        return action, _successor(old, new, accepted=accepted)
    if rules.mode is Mode.NEW:
        return Action.LEFT, old
    if action is Action.RAISED:
        return Action.REFUSED if rules.mode is Mode.CHANGED else Action.LEFT, old
    if action is Action.REFINED:
        action = Action.KEPT
    # The value holds for the code as it is now, so that its digest, too, is that of this code.
    return action, old if new.body in (None, old.body) else old._replace(body=new.body)


def merge_update(
    old: Entry | None, new: Entry, rules: Rules, *, decided: bool = False
) -> Entry | None:
    """What shall be stored of one subject that passed; ``None`` for nothing.

    ``decided`` says that the gate has found the change to be real (regressed or improved), so
    that no noise can explain it. See the module for the modes and the anchor.
    """
    return _decide(old, new, rules, decided=decided)[1]


class UpdatePlan(NamedTuple):
    """What an update does, subject by subject in sorted order; also all that it leaves alone."""

    steps: tuple[Step, ...]

    def with_action(self, *actions: Action) -> tuple[Step, ...]:
        """The steps with one of these actions."""
        return tuple(step for step in self.steps if step.action in actions)

    @property
    def writes(self) -> tuple[Step, ...]:
        """The steps that store a value."""
        return tuple(step for step in self.steps if step.action.writes)

    def apply(self, file: BaselineFile) -> BaselineFile:
        """Return the file with the plan's results in it; everything else stays."""
        entries = dict(file.entries)
        for step in self.steps:
            if step.result is not None:
                entries[step.subject] = step.result
        return file.with_entries(entries)


def plan_update(
    stored: Mapping[Subject, Entry],
    measured: Mapping[Subject, Entry],
    rules: Rules,
    *,
    passed: Container[Subject],
    decided: Container[Subject] = (),
    crept: Container[Subject] = (),
) -> UpdatePlan:
    """Plan an update with what a run has measured.

    ``passed`` holds the subjects whose figures count: a failed, skipped or interrupted test's
    do not. ``decided`` holds those that the gate found regressed or improved: their change is
    real, whatever the spread. ``crept`` holds those whose baseline has moved too far from its
    anchor. Plan again under the store's lock, where another process may
    have written meanwhile.
    """
    steps = []
    for subject in sorted(measured, key=lambda subject: (subject.kind.value, subject.id)):
        old, new = stored.get(subject), measured[subject]
        if subject in passed:
            action, result = _decide(
                old, new, rules, decided=subject in decided, crept=subject in crept
            )
        else:
            action, result = Action.NOT_PASSED, old
        steps.append(Step(subject=subject, action=action, old=old, measured=new, result=result))
    return UpdatePlan(steps=tuple(steps))
