"""False alarms and detections of several rules, replayed on recorded measurements.

    python tests/benchmarks/detection/replay.py [--draws N] [--seed N] [--out FOLDER]

Draws baselines and checks at random from the recorded processes, adds seeded extra work to the
checks, and asks the gate's own functions. Writes ``results.md``, and ``results.png`` where
matplotlib is installed. Needs numpy; takes a minute or two.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from recordings import Recording, load
from rules import (
    DEFAULT,
    REPEATS,
    ROUNDS,
    SUITE_SIZE,
    THOROUGH,
    Played,
    play,
    play_single_run,
    splits,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rules import Split

EXTRAS = (0.0, 0.05, 0.10, 0.15, 0.20, 0.30, 0.50, 1.00)

Result = dict[tuple[str, str, float], dict[tuple[str, int], list[Played]]]


def wilson(share: float, units: int) -> tuple[float, float]:
    """The 95 % interval of a share seen in ``units`` independent units."""
    z = 1.96
    middle = (share + z * z / (2 * units)) / (1 + z * z / units)
    half = z / (1 + z * z / units) * math.sqrt(share * (1 - share) / units + z * z / (4 * units**2))
    return max(middle - half, 0.0) if share > 0 else 0.0, min(middle + half, 1.0)


def rules(
    rng: np.random.Generator,
) -> dict[str, tuple[float, Callable[[Split], Iterator[tuple[int, float, Played]]]]]:
    """Name to the part of the draws it is given (the slow ones fewer) and the rule."""
    ours = partial(play, rng=rng, extras=EXTRAS)
    theirs = partial(play_single_run, extras=EXTRAS, checks=40)
    return {
        "default mode": (1.0, partial(ours, policy=DEFAULT, corrected=True, checks=40)),
        "default mode, raw CPU time": (
            0.4,
            partial(ours, policy=DEFAULT, corrected=False, checks=40),
        ),
        "thorough mode": (0.2, partial(ours, policy=THOROUGH, corrected=True, checks=40)),
        "min:5%, raw": (1.0, partial(theirs, statistic="min", tolerance=0.05, corrected=False)),
        "min:5%, corrected": (
            1.0,
            partial(theirs, statistic="min", tolerance=0.05, corrected=True),
        ),
        "median:10%, raw": (
            1.0,
            partial(theirs, statistic="median", tolerance=0.10, corrected=False),
        ),
        "median:10%, corrected": (
            1.0,
            partial(theirs, statistic="median", tolerance=0.10, corrected=True),
        ),
    }


def run(
    recordings: list[Recording], rng: np.random.Generator, draws: int, *, noisy: bool | None
) -> Result:
    """Play every rule on every test: results by rule, size and extra, then by (test, process)."""
    result: Result = defaultdict(lambda: defaultdict(list))
    for name, (part, rule) in rules(rng).items():
        for recording in recordings:
            for split in splits(recording, rng, max(1, round(draws * part)), noisy):
                for process, extra, played in rule(split):
                    result[name, recording.size, extra][recording.test, process].append(played)
    return result


def _cell(
    result: Result, rule: str, sizes: tuple[str, ...], extra: float
) -> tuple[float, int, int]:
    """The share called regressed, the distinct (test, process) units, and the checks."""
    shares: list[float] = []
    checks = 0
    for size in sizes:
        for played in result[rule, size, extra].values():
            shares.append(sum(p.outcome == "regressed" for p in played) / len(played))
            checks += len(played)
    return float(np.mean(shares)), len(shares), checks


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %" if share < 0.0995 else f"{100 * share:.1f} %"


def detection_table(result: Result, sizes: tuple[str, ...]) -> str:
    """Rules against extra work; intervals for the columns that decide."""
    names = list(dict.fromkeys(rule for rule, _, _ in result))
    lines = [
        "| rule | " + " | ".join("unchanged" if x == 0 else f"+{x:.0%}" for x in EXTRAS) + " |",
        "|---|" + "---|" * len(EXTRAS),
    ]
    for name in names:
        cells = []
        for extra in EXTRAS:
            share, units, _ = _cell(result, name, sizes, extra)
            low, high = wilson(share, units)
            cells.append(f"{_percent(share)} ({100 * low:.2g} to {100 * high:.3g})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    _, units, checks = _cell(result, names[0], sizes, 0.0)
    lines.append("")
    lines.append(
        f"{checks} checks a column of the first rule, of {units} distinct (test, process) pairs, "
        "which the 95 % intervals are reckoned on, as the checks are not independent."
    )
    return "\n".join(lines)


def cost_table(result: Result) -> str:
    """What confirmations cost an unchanged suite."""
    head = "| mode | size | measured again | runs a test | looks in 1,000 | unsure |"
    lines = [head, "|---|---|---|---|---|---|"]
    for name in ("default mode", "default mode, raw CPU time", "thorough mode"):
        for size in ("1", "20", "200"):
            played = [p for group in result[name, size, 0.0].values() for p in group]
            count = len(played)
            again = sum(p.outcome != "passed" for p in played) / count
            runs = sum(p.runs for p in played) / count
            looks = sum(p.looks for p in played) / count
            unsure = sum(p.outcome == "inconclusive" for p in played) / count
            lines.append(
                f"| {name} | {size} ms | {_percent(again)} | {runs:.2f} | {1000 * looks:.1f} "
                f"| {_percent(unsure)} |"
            )
    return "\n".join(lines)


def picture(result: Result, sizes: tuple[str, ...], path: Path) -> None:
    """Detections against extra work, one line a rule. Raises ``ImportError``."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), dpi=90)
    for name in dict.fromkeys(rule for rule, _, _ in result):
        shares = [100 * _cell(result, name, sizes, extra)[0] for extra in EXTRAS]
        ours = "mode" in name
        axes.plot(
            [100 * x for x in EXTRAS],
            shares,
            marker="o" if ours else ".",
            linestyle="-" if ours else "--",
            label=name,
        )
    axes.set_xscale("symlog", linthresh=5)
    axes.set_xticks([100 * x for x in EXTRAS], [f"{x:.0%}" for x in EXTRAS])
    axes.set_xlabel("seeded extra work")
    axes.set_ylabel("called regressed, % of checks")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    """Replay, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20, help="baselines drawn a test")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()

    rng = np.random.default_rng(options.seed)
    repeats = run(load("repeats"), rng, options.draws, noisy=None)
    sessions = load("sessions")
    quiet = run(sessions, rng, max(1, options.draws // 4), noisy=False)
    noisy = run(sessions, rng, max(1, options.draws // 4), noisy=True)
    how = (
        f"Written by `replay.py --draws {options.draws} --seed {options.seed}`. Called regressed, "
        f"in percent of checks (95 % interval). Baselines of {ROUNDS} fresh processes with "
        f"1 + {REPEATS} runs each; a suite of {SUITE_SIZE} tests; no floor.\n"
    )
    parts = [
        "# Detection, replayed\n",
        how,
        "## Tests of about 20 and 200 ms\n",
        detection_table(repeats, ("20", "200")),
        "\n## Tests of about 20 ms alone\n",
        detection_table(repeats, ("20",)),
        "\n## Tests of about 1 ms (gated in aggregate, were it not for the missing floor)\n",
        detection_table(repeats, ("1",)),
        "\n## What confirmations cost an unchanged suite\n",
        cost_table(repeats),
        "\n## Other sessions, more kinds of tests, baseline and check quiet (20 and 200 ms)\n",
        detection_table(quiet, ("20", "200")),
        "\n## The same, baseline quiet, a neighbour on the other core in the check\n",
        detection_table(noisy, ("20", "200")),
        "\n" + cost_table(noisy),
    ]
    text = "\n".join(parts) + "\n"
    sys.stdout.write(text)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.md").write_text(text, encoding="utf-8")
    try:
        picture(repeats, ("20", "200"), options.out / "results.png")
    except ImportError:
        sys.stdout.write("\nno picture: matplotlib is not installed\n")


if __name__ == "__main__":
    main()
