"""The end of a refresh: what its rounds come to, stored or only shown, and told."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli.output import say
from pytest_carbon.cli.rounds import look_at
from pytest_carbon.gate.gated import gated_words
from pytest_carbon.gate.policy import Policy
from pytest_carbon.speed.correction import MIN_SENSITIVITY_PROCESSES
from pytest_carbon.speed.edges import OffProbe
from pytest_carbon.speed.load import load, other_cores
from pytest_carbon.units import format_duration
from pytest_carbon.updates.measured import not_passed
from pytest_carbon.updates.refresh import (
    comparable,
    learns_from_load,
    plan_runs,
    preview_refresh,
    store_runs,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_carbon.cli.rounds import FinishedRounds
    from pytest_carbon.environment import Environment
    from pytest_carbon.measurement import Subject
    from pytest_carbon.result.run import RunResult
    from pytest_carbon.result.subject import LookRuns
    from pytest_carbon.updates.plan import Mode
    from pytest_carbon.updates.refresh import Refreshed

__all__ = ["in_one_environment", "policy_of", "store_rounds"]

_SHOWN = 10

# Looks beside a load: three processes on a slower core tell more than ten at one speed. But a load
# slows only who shares a core with it, which a virtual machine's host decides: of six looks three
# ran at full speed, and in another hour eight of eight. So more are taken while a test's
# sensitivity is not known, where any look ran at another speed than any round: slower, or faster,
# as in an hour in which rounds ran at 0.55 and looks at 0.57 to 1.03. There five looks settled 11
# of 13 tests, three 8. In sqlparse five settled 16 of 56, and three more 2.
LEAST_LOADED, MOST_LOADED = 3, 5
ANOTHER_SPEED = 1.1


def policy_of(result: RunResult) -> Policy:
    """The policy that a round was measured by."""
    return Policy(tolerance=result.tolerance, floor_j=result.floor_j)


def in_one_environment(runs: Sequence[RunResult]) -> tuple[Environment, list[RunResult]]:
    """The usual environment, and the rounds that ran there; the others are told."""
    usual, elsewhere = comparable(runs)
    for place in elsewhere:
        facts = usual.differences(runs[place].environment)
        named = ", ".join(f"{fact} {there}, not {here}" for fact, (here, there) in facts.items())
        say(f"a round was left out: its environment was another one ({named})")
    return usual, [run for run in runs if run.environment == usual]


def store_rounds(
    runs: Sequence[RunResult],
    usual: Environment,
    *,
    mode: Mode,
    only_shows: bool,
    loaded_rounds: int | None,
    arguments: Sequence[str],
    finished: FinishedRounds,
) -> bool:
    """Store what the rounds say in the baselines of the ``usual`` environment, and tell it.

    Nothing is written where it ``only_shows``. ``loaded_rounds`` looks are taken beside a load
    with these ``arguments`` for pytest, or as many as are needed (``None``). Returns whether tests
    failed, which are left out.
    """
    failed = _left_out(runs)
    last = runs[-1]
    store = BaselineStore(Path(last.baselines_folder))
    policy = policy_of(last)
    plan = partial(plan_runs, store.load(usual), runs, mode, policy)
    least = LEAST_LOADED if loaded_rounds is None else loaded_rounds
    # Who asks for few rounds wants it to be over soon.
    is_open = loaded_rounds is None and len(runs) >= MIN_SENSITIVITY_PROCESSES
    loaded = _beside_load(plan, runs, (least, MOST_LOADED if is_open else least), arguments)
    if only_shows:
        say("this is what would change; nothing is written")
        _tell(plan(loaded))
        say("the rounds are kept: pytest-carbon refresh --resume stores them")
    else:
        done = store_runs(store, runs, mode, policy, loaded)
        _tell(done)
        say(f"{store.path(usual)} is {'written' if done.written else 'unchanged'}")
        costs_j = ((s, e.first.centre_j) for s, e in done.file.entries.items())
        say(gated_words(costs_j, policy.floor_j))
        finished.clear()
    return failed


def _left_out(runs: Sequence[RunResult]) -> bool:
    """Say which tests failed and are left out; returns whether there are any."""
    left_out = not_passed(runs)
    failed = [test for test, outcome in left_out.items() if outcome in {"failed", "error"}]
    for test in failed[:_SHOWN]:
        say(f"left out: {test} {'had an error' if left_out[test] == 'error' else 'failed'}")
    if len(failed) > _SHOWN:
        say(f"left out: {len(failed) - _SHOWN} more that failed")
    return bool(failed)


def _beside_load(
    plan: Callable[[Mapping[Subject, Sequence[LookRuns]]], Refreshed],
    runs: Sequence[RunResult],
    rounds: tuple[int, int],
    arguments: Sequence[str],
) -> dict[Subject, list[LookRuns]]:
    """Looks beside a load on all other cores, at the tests whose sensitivity they are for.

    The least and the most ``rounds`` of them: between these, as many as are needed.
    """
    found: dict[Subject, list[LookRuns]] = {}
    last = runs[-1]
    cores = other_cores()
    if cores <= 0 or last.environment.speed == OffProbe.name:
        return found
    planned = plan(found)
    names = learns_from_load(planned)
    usual_speeds = [{one.subject: one.total.speed for one in run.subjects} for run in runs]
    speed_varies = False
    least, most = rounds
    ahead = f"{most}" if least == most else f"at most {most}"
    for number in range(1, most + 1):
        if not names:
            break
        start_s = time.monotonic()
        with load(cores):
            looks = look_at(names, last, planned.file.reference_ns, arguments)
        for subject, look in looks.items():
            found.setdefault(subject, []).append(look)
        tests = "1 test follows" if len(names) == 1 else f"{len(names)} tests follow"
        say(
            f"with the other cores busy, to see how {tests} the speed of the core: {number} of "
            f"{ahead} in {format_duration(time.monotonic() - start_s)}"
        )
        speed_varies = speed_varies or any(
            _ran_at_another_speed(looks, usual) for usual in usual_speeds
        )
        if least <= number < most:
            names = learns_from_load(plan(found)) if speed_varies else []
    return found


def _ran_at_another_speed(
    looks: Mapping[Subject, LookRuns], speeds: Mapping[Subject, float | None]
) -> bool:
    """Whether the core was slower or faster in these looks than in a round, for most tests."""
    ratios = [
        look.first.speed / before
        for subject, look in looks.items()
        if look.first.speed is not None and (before := speeds.get(subject))
    ]
    return bool(ratios) and not 1 / ANOTHER_SPEED < median(ratios) < ANOTHER_SPEED


def _tell(refreshed: Refreshed) -> None:
    for line in preview_refresh(refreshed):
        say(line)
