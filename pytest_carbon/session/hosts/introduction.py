"""What a worker of pytest-xdist says of the place where it runs, with its first report."""

from __future__ import annotations

import re

from pytest_carbon.environment import Environment
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

__all__ = [
    "BASELINES",
    "HOST",
    "INTENSITY",
    "REFERENCE",
    "REFUSAL",
    "WORKERS",
    "Introduction",
    "Setup",
    "usage_error_in",
]

HOST = "carbon_host"
"""The attribute of a worker's first report that holds its introduction, and its output's key."""

REFERENCE = "carbon_reference_ns"
"""The name under which workers are told the speed that all on their host correct to."""

INTENSITY = "carbon_intensity"
"""The name under which workers are told the intensity that was found."""

BASELINES = "carbon_baselines"
"""The name under which a worker elsewhere is told the baselines that are stored here."""

WORKERS = "carbon_workers"
"""The name under which a worker elsewhere is told how many workers share its host."""

REFUSAL = "pytest-carbon on "
"""How the message of a worker begins that cannot measure."""


def usage_error_in(trace: object) -> str:
    """The message of a worker that could not measure, in the traceback that it has left."""
    found = re.search(rf"UsageError: ({REFUSAL}.*)", str(trace or ""))
    return found[1] if found else ""


class Setup(NamedTuple):
    """How figures come about on a host, and the speed that they are corrected to."""

    environment: Environment
    meters: tuple[str, ...]
    clock: str
    missing_meters: tuple[str, ...]
    reference_ns: float | None


class Introduction(NamedTuple):
    """A worker's host, and how figures come about there.

    ``no_looks`` says in words why no look can be taken there, and is empty where one can.
    """

    host: str
    setup: Setup
    keeps_cwd: bool = True
    no_looks: str = ""

    def to_text(self) -> str:
        """JSON."""
        setup = {**self.setup._asdict(), "environment": self.setup.environment._asdict()}
        return System.dumps({**self._asdict(), "setup": setup})

    @classmethod
    def from_text(cls, text: str) -> Introduction:
        """The inverse of ``to_text``."""
        plain = System.loads(text)
        setup = plain["setup"]
        setup["environment"] = Environment(**setup["environment"])
        setup["meters"] = tuple(setup["meters"])
        setup["missing_meters"] = tuple(setup["missing_meters"])
        return cls(**{**plain, "setup": Setup(**setup)})
