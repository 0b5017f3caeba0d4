"""How close to its baseline a first run may come before it is worth a look."""

from __future__ import annotations

from math import erfc, log, sqrt
from typing import TYPE_CHECKING

from pytest_carbon.gate.bounds import SCREEN_SDS, Bounds
from pytest_carbon.measurement import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.gate.policy import Policy
    from pytest_carbon.measurement import Subject

__all__ = ["CLOSE_SCREEN_SDS", "screen_sds"]

# A screen that sits closer finds more in noisy tests, and has more unchanged ones measured again.
# Of 276 rises of 30 % in 40 workloads, with five refreshes, 97 % get past this one, and 92 % past
# ``SCREEN_SDS``; looks at unchanged tests take 5 % of a run's time instead of 3.5
# (tests/benchmarks/detection/screen.py).
CLOSE_SCREEN_SDS = 0.5

# The part of the tests' time that looks at unchanged ones may take for that, by what noise makes
# of it (chosen; 1.5 to 6.6 % with six refreshes of the 40 workloads, and 30 % where figures are not
# corrected for the speed of the core). Most looks end after one run, which is as cheap as ever.
LOOKS_SHARE = 0.08


def screen_sds(entries: Mapping[Subject, Entry], policy: Policy, suite_sd: float) -> float:
    """How many standard deviations from its baseline a test has to be to be suspect, at least.

    Few, where the looks that this takes at the unchanged tests of these baselines cost little.
    """
    tests = [
        entry
        for subject, entry in entries.items()
        if subject.kind is Kind.TEST and not entry.is_short and entry.first.centre_j > 0
    ]
    if policy.thorough or not tests:
        return SCREEN_SDS
    bounds = (Bounds.of(entry, policy, suite_sd, CLOSE_SCREEN_SDS) for entry in tests)
    again_s = sum(one.entry.wall_s * _chance_of_a_look(one) for one in bounds)
    short_s = sum(e.wall_s for subject, e in entries.items() if subject.kind is Kind.FILE)
    all_s = short_s + sum(entry.wall_s for entry in tests)
    return CLOSE_SCREEN_SDS if again_s <= LOOKS_SHARE * all_s else SCREEN_SDS


def _chance_of_a_look(bounds: Bounds) -> float:
    """How often noise makes the unchanged test a suspect: a normal tail."""
    limit_log = log(bounds.disk_limit_j / bounds.centre_j)
    return erfc(limit_log / bounds.drifting_sd / sqrt(2)) / 2
