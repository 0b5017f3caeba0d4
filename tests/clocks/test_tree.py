"""The accounting of a process tree, on invented trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.clocks.tree import (
    NOWHERE,
    ROOT,
    Key,
    Member,
    Snapshot,
    TreeClock,
    left_unreaped_ns,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CHILD = Key(11, 1)
GRANDCHILD = Key(12, 2)


class World:
    """Processes that burn, end, and are waited for or not, with the truth beside."""

    grain_ns = 0

    def __init__(self) -> None:
        self.own = 0
        self.reaped = 0
        self.members: dict[Key, Member] = {}
        self.hidden: list[Snapshot] = []
        self.true_ns = 0

    def snapshot(self, known: Mapping[Key, Member]) -> Snapshot:
        del known
        return self.hidden.pop(0) if self.hidden else Snapshot(self.reaped, dict(self.members))

    def own_ns(self) -> int:
        return self.own

    def spend(self, key: Key, ns: int) -> None:
        member = self.members[key]
        self.members[key] = Member(member.parent, member.own_ns + ns, member.reaped_ns)
        self.true_ns += ns

    def end(self, key: Key, *, waited_for: bool) -> None:
        gone = self.members.pop(key)
        for child, member in self.members.items():
            if member.parent == key:
                self.members[child] = Member(NOWHERE, member.own_ns, member.reaped_ns)
        total = gone.own_ns + gone.reaped_ns
        if not waited_for or gone.parent == NOWHERE:
            return
        if gone.parent == ROOT:
            self.reaped += total
        else:
            heir = self.members[gone.parent]
            self.members[gone.parent] = Member(heir.parent, heir.own_ns, heir.reaped_ns + total)


def clock_of(world: World) -> TreeClock:
    return TreeClock("invented", "an invented tree", world, own_ns=world.own_ns)


def test_what_ran_before_the_clock_was_opened_is_not_counted() -> None:
    world = World()
    world.own, world.reaped = 5, 7
    world.members[CHILD] = Member(ROOT, 100, 3)
    clock = clock_of(world)
    assert clock.read_ns() == 0
    world.own += 2
    world.spend(CHILD, 4)
    assert clock.read_ns() == 6


def test_a_child_that_is_waited_for_moves_without_a_trace() -> None:
    world = World()
    clock = clock_of(world)
    world.members[CHILD] = Member(ROOT, 100, 0)
    assert clock.read_ns() == 100
    world.end(CHILD, waited_for=True)
    assert clock.read_ns() == 100


def test_a_child_that_nobody_waits_for_keeps_what_was_seen_of_it() -> None:
    world = World()
    clock = clock_of(world)
    world.members[CHILD] = Member(ROOT, 100, 20)
    clock.read_ns()
    world.end(CHILD, waited_for=False)
    world.own += 500
    assert clock.read_ns() == 620


def test_a_whole_branch_that_ends_is_counted_once() -> None:
    world = World()
    clock = clock_of(world)
    world.members[CHILD] = Member(ROOT, 100, 0)
    world.members[GRANDCHILD] = Member(CHILD, 30, 0)
    assert clock.read_ns() == 130
    world.end(GRANDCHILD, waited_for=True)
    world.end(CHILD, waited_for=True)
    assert clock.read_ns() == 130


def test_a_daemon_that_lost_its_parent_is_counted_after_its_end() -> None:
    world = World()
    clock = clock_of(world)
    world.members[CHILD] = Member(ROOT, 10, 0)
    world.members[GRANDCHILD] = Member(CHILD, 30, 0)
    clock.read_ns()
    world.end(CHILD, waited_for=True)
    world.spend(GRANDCHILD, 5)
    assert clock.read_ns() == 45
    world.end(GRANDCHILD, waited_for=False)
    world.reaped += 100
    assert clock.read_ns() == 145


def test_a_child_waited_for_amid_a_snapshot_is_counted_once() -> None:
    world = World()
    clock = clock_of(world)
    world.members[CHILD] = Member(ROOT, 100, 0)
    clock.read_ns()
    world.hidden.append(Snapshot(0, {}))
    world.end(CHILD, waited_for=True)
    assert clock.read_ns() == 100
    assert clock.read_ns() == 100


def test_rounding_of_a_grandchilds_time_is_no_loss() -> None:
    before = Snapshot(0, {CHILD: Member(ROOT, 0, 0), GRANDCHILD: Member(CHILD, 55, 0)})
    after = Snapshot(0, {CHILD: Member(ROOT, 0, 40)})
    assert left_unreaped_ns(before, after, grain_ns=20) == 0
    assert left_unreaped_ns(before, after, grain_ns=10) == 5


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["start", "spend", "reap", "lose", "read"]),
        st.integers(0, 10_000),
    ),
    max_size=60,
)


@given(ACTIONS)
def test_no_history_of_processes_loses_or_doubles_time(actions: list[tuple[str, int]]) -> None:
    """Read before each end, so that everything was seen: the clock then tells the truth."""
    world = World()
    clock = clock_of(world)
    last = 0
    for number, (action, choice) in enumerate(actions):
        keys = sorted(world.members)
        if action == "start":
            parents = [ROOT, *keys]
            world.members[Key(100 + number, number)] = Member(parents[choice % len(parents)], 0, 0)
        elif action == "spend" and keys:
            world.spend(keys[choice % len(keys)], choice)
        elif action in {"reap", "lose"} and keys:
            clock.read_ns()
            world.end(keys[choice % len(keys)], waited_for=action == "reap")
        now = clock.read_ns()
        assert now >= last
        assert now == world.true_ns
        last = now
