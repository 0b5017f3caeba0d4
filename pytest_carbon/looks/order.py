"""What a look is asked: which tests to run, how often, and how to charge them."""

from __future__ import annotations

from typing import Any

from pytest_carbon.record import NamedTuple

__all__ = ["LOOK_VARIABLE", "OUT_OF_TIME", "Ask", "AskedTask", "LookOrder", "Unit"]

LOOK_VARIABLE = "PYTEST_CARBON_LOOK"
"""The environment variable that makes a look of a pytest process: the folder with its order."""

OUT_OF_TIME = "out of confirm time (--carbon-confirm-time)"
"""Why a question stays open where looks have taken as long as they may."""


class AskedTask(NamedTuple):
    """A task in a test: its path, how much it follows the speed of the core, and of what.

    ``worst`` means the costliest time that it ran, instead of all together.
    """

    path: str
    sensitivity: float
    worst: bool = False


class Ask(NamedTuple):
    """One test of a look: its id, and its tasks that are asked for.

    ``sensitivity`` is how much its CPU time follows the speed of the core, ``timeout_s`` how long
    one run may take before the process is ended.
    """

    test: str
    sensitivity: float
    timeout_s: float
    tasks: tuple[AskedTask, ...] = ()


class Unit(NamedTuple):
    """What is measured as one: a test, or a file's short tests after each other.

    It runs once, and then up to ``repeats`` times more. It may stop as soon as the geometric mean
    of its first n samples is at most ``enough_j[n - 1]`` joules; the first run counts as a sample
    there.
    """

    tests: tuple[str, ...]
    repeats: int
    enough_j: tuple[float, ...] = ()


class LookOrder(NamedTuple):
    """All that one look is asked.

    ``reference_ns`` is the speed to correct to, ``probe`` the name of the speed probe that it has
    to find, ``seed`` the seed that pytest-randomly has used, where it is in use.
    """

    asks: tuple[Ask, ...]
    units: tuple[Unit, ...]
    reference_ns: float | None
    probe: str
    keeps_cwd: bool = True
    seed: int | None = None

    def only(self, units: tuple[Unit, ...]) -> LookOrder:
        """The same order for some of its units."""
        tests = {test for unit in units for test in unit.tests}
        return LookOrder(
            asks=tuple(ask for ask in self.asks if ask.test in tests),
            units=units,
            reference_ns=self.reference_ns,
            probe=self.probe,
            keeps_cwd=self.keeps_cwd,
            seed=self.seed,
        )

    def to_plain(self) -> dict[str, Any]:
        """The order as JSON types."""
        return {
            "asks": [[a.test, a.sensitivity, a.timeout_s, a.tasks] for a in self.asks],
            "units": [[u.tests, u.repeats, u.enough_j] for u in self.units],
            "reference_ns": self.reference_ns,
            "probe": self.probe,
            "keeps_cwd": self.keeps_cwd,
            "seed": self.seed,
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> LookOrder:
        """The inverse of ``to_plain``."""
        return cls(
            asks=tuple(
                Ask(
                    test=test,
                    sensitivity=sensitivity,
                    timeout_s=timeout_s,
                    tasks=tuple(AskedTask(*task) for task in tasks),
                )
                for test, sensitivity, timeout_s, tasks in plain["asks"]
            ),
            units=tuple(
                Unit(tests=tuple(tests), repeats=repeats, enough_j=tuple(enough_j))
                for tests, repeats, enough_j in plain["units"]
            ),
            reference_ns=plain["reference_ns"],
            probe=plain["probe"],
            keeps_cwd=plain["keeps_cwd"],
            seed=plain["seed"],
        )
