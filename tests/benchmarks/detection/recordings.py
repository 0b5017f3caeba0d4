"""The recorded measurements, ready to draw baselines and checks from."""

from __future__ import annotations

import csv
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"

# Any constant would do: only ratios matter. 1.6 W is one busy thread of a server.
JOULES_PER_US = 1.6e-6


@dataclass(frozen=True)
class Recording:
    """One test's runs: ``raw_j`` and ``probe_ns`` by process and run.

    Run 0 is the process's first, the others are repeats.
    """

    test: str
    raw_j: NDArray[np.float64]
    probe_ns: NDArray[np.float64]
    noisy: NDArray[np.bool_]

    @property
    def size(self) -> str:
        """``1``, ``20`` or ``200`` ms, nominally."""
        nominal = int(self.test.rsplit("_", 1)[1])
        return "1" if nominal < 10 else "20" if nominal < 100 else "200"


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split()]


def load(name: str) -> list[Recording]:
    """``repeats`` (the first block of each process) or ``sessions``."""
    rows: dict[str, list[dict[str, str]]] = {}
    with lzma.open(DATA / f"{name}.csv.xz", "rt") as file:
        for row in csv.DictReader(file):
            if row.get("block", "0") == "0":
                rows.setdefault(row["test"], []).append(row)
    return [
        Recording(
            test=test,
            raw_j=np.array([_numbers(row["cpu_us"]) for row in mine]) * JOULES_PER_US,
            probe_ns=np.array([_numbers(row["probe_ns"]) for row in mine]),
            noisy=np.array([row.get("condition") == "noisy" for row in mine]),
        )
        for test, mine in rows.items()
    ]
