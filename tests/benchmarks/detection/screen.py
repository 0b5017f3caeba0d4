"""Where the screen sits, tried on first runs that the experiment has seen.

    python tests/benchmarks/detection/screen.py FOLDER ...

Takes folders of ``experiment.py`` with default runs, unchanged and seeded, and asks for several
constants which first runs would have been suspect. (Where the sensitivity to the core's speed is
not known, the plugin also asks the uncorrected figure, which the folders do not hold.) A line a
pair: how many unchanged tests are measured again, the part of the tests' time that they take, and
how many seeded rises get past the screen.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tabulate import tabulate

from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.gate import bounds, screen
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.spread import suite_sd
from pytest_carbon.measurement import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.baseline.file import BaselineFile

CLOSEST_SDS = (0.3, 0.5, 0.7, 0.9, 1.3)
SURE_SDS = (1.6, 1.8, 2.0, 2.5)
EXTRAS = (0.2, 0.3, 0.5)


class FirstRun(NamedTuple):
    """A test's first run: how much work was seeded into it, and whether it would be suspect."""

    extra: float
    wall_s: float
    is_suspect: bool


def runs_of(folder: Path) -> Iterator[dict[str, Any]]:
    """The default runs in a folder."""
    for line in (folder / "runs.jsonl").read_text().splitlines():
        run = json.loads(line)
        if not run["thorough"]:
            yield run


def seeded_in(run: dict[str, Any]) -> set[str]:
    """The tests with more work."""
    if run["kind"] != "seeded":
        return set()
    found = {name for name, (what, *_) in run["details"].items() if what == "regressed"}
    return found - set(run["false"]) | set(run["missed"])


def first_runs(file: BaselineFile, runs: list[dict[str, Any]]) -> Iterator[FirstRun]:
    """All first runs, but for unseeded tests of seeded runs, held against these baselines."""
    policy = Policy()
    sd = suite_sd(file.entries.values(), policy.floor_j)
    sds = screen.screen_sds(file.entries, policy, sd)
    tests = {
        subject.id.partition("::")[2]: bounds.Bounds.of(entry, policy, sd, sds)
        for subject, entry in file.entries.items()
        if subject.kind is Kind.TEST and not entry.is_short
    }
    for run in runs:
        seeded = seeded_in(run)
        for name, (ratio, _, _) in run["ratios"].items():
            test = tests.get(name)
            if test is None or (run["kind"] == "seeded" and name not in seeded):
                continue
            # What is seeded into a test that writes files writes more of them.
            limit_j = test.limit_j if seeded else test.disk_limit_j
            extra = run["extra"] if seeded else 0.0
            yield FirstRun(extra, test.entry.wall_s, ratio * test.centre_j > limit_j)


def row(found: list[FirstRun]) -> list[str]:
    """What part of unchanged tests and of their time is looked at, and of rises."""
    unchanged = [run for run in found if not run.extra]
    all_s = sum(run.wall_s for run in unchanged)
    parts = [
        sum(run.is_suspect for run in unchanged) / max(len(unchanged), 1),
        sum(run.wall_s for run in unchanged if run.is_suspect) / max(all_s, 1.0),
    ]
    for extra in EXTRAS:
        seeded = [run.is_suspect for run in found if run.extra == extra]
        parts.append(sum(seeded) / max(len(seeded), 1))
    return [f"{part:.1%}" for part in parts]


def main() -> None:
    """Try all pairs of constants."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    folders = parser.parse_args().folders
    files = []
    for folder in folders:
        (path,) = (folder / "baselines").glob("*.json")
        files.append((BaselineStore(path.parent).read(path), list(runs_of(folder))))
    rows = []
    for screen.CLOSE_SCREEN_SDS in CLOSEST_SDS:
        for bounds.SURE_SDS in SURE_SDS:
            # Whatever it takes: that is what the table is to show.
            screen.LOOKS_SHARE = 1.0
            found = [run for file, runs in files for run in first_runs(file, runs)]
            rows.append([f"{screen.CLOSE_SCREEN_SDS}", f"{bounds.SURE_SDS}", *row(found)])
    heads = ["closest, sd", "below the aim, sd", "again", "of time", *(f"+{x:.0%}" for x in EXTRAS)]
    sys.stdout.write(tabulate(rows, heads, tablefmt="github", disable_numparse=True) + "\n")
    counts = {extra: sum(run.extra == extra for run in found) for extra in (0.0, *EXTRAS)}
    sys.stdout.write(f"first runs by extra work: {counts}\n")


if __name__ == "__main__":
    main()
