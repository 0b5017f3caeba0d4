"""False alarms and detections of the plugin itself, run after run, on the machine at hand.

    python tests/benchmarks/detection/experiment.py refresh [--thorough]
    python tests/benchmarks/detection/experiment.py unchanged --runs 300
    python tests/benchmarks/detection/experiment.py seeded --extra 0.3 --runs 10 [--thorough]
    python tests/benchmarks/detection/experiment.py table

The suite of 40 real workloads lies in ``suite/``. ``refresh`` stores baselines in the folder given
by ``--folder`` (kept between calls); with ``--thorough``, as many rounds as that mode needs. Every
other unchanged run has a neighbour that burns the other core and its memory. A seeded run adds work
to one in ``--share`` tests of 20 ms and longer, others each time. Each run appends a line to
``runs.jsonl`` in the folder; ``table`` sums them up as text.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_carbon.gate.bounds import MOSTLY_FIRST
from pytest_carbon.resultfile.file import read_result
from pytest_carbon.speed.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
LONG_S = 0.020


def say(line: str) -> None:
    """Write a line at once, so that a long experiment can be followed."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def prepare(folder: Path) -> None:
    """Lay the suite out, with settings of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in (HERE / "suite").glob("*.py"):
        shutil.copy(file, folder)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")


def run_suite(
    folder: Path, arguments: list[str], extra: float, tests: str, report: Path | None = None
) -> dict[str, Any]:
    """One run of the plugin: its exit status, seconds, and every verdict.

    Its result goes to the file ``report``, or into the folder.
    """
    report = report or folder / "result.json"
    report.unlink(missing_ok=True)
    environ = {**os.environ, "DETECTION_EXTRA": str(extra), "DETECTION_TESTS": tests}
    command = [sys.executable, "-m", "pytest", "-q", "--carbon", f"--carbon-report=json:{report}"]
    start_s = time.monotonic()
    done = subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    wall_s = time.monotonic() - start_s
    if not report.exists():
        sys.exit(f"no result:\n{done.stdout}{done.stderr}")
    result = read_result(report)
    verdicts: dict[str, list[str]] = {}
    details = {}
    ratios = {}
    for row in result.subjects:
        verdict = row.verdict
        if verdict is None:
            continue
        name = row.subject.id.partition("::")[2] or row.subject.id
        verdicts.setdefault(verdict.outcome.value, []).append(name)
        ratio = verdict.now_j / verdict.baseline_j if verdict.baseline_j else None
        if verdict.outcome.value in {"regressed", "inconclusive", "improved"}:
            details[name] = [verdict.outcome.value, ratio, verdict.looks, verdict.reason]
        if ratio and verdict.baseline_j and row.total.energy_j:
            first = row.total.energy_j / verdict.baseline_j
            ratios[name] = [round(first, 3), round(ratio, 3), verdict.looks]
    return {
        "exit": done.returncode,
        "load": round(os.getloadavg()[0], 1),
        "wall_s": round(wall_s, 2),
        "looks_s": round(result.looks_s, 2),
        "looks": result.looks,
        "counts": {outcome: len(names) for outcome, names in verdicts.items()},
        "details": details,
        "ratios": ratios,
    }


def append(folder: Path, line: dict[str, Any]) -> None:
    """Keep one run."""
    with (folder / "runs.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _mode(options: argparse.Namespace) -> list[str]:
    mode = ["--carbon-thorough"] if options.thorough else []
    return [*mode, f"-n{options.workers}"] if options.workers else mode


def unchanged(folder: Path, options: argparse.Namespace) -> None:
    """Run the suite as it is, every other time beside a neighbour."""
    mode = _mode(options)
    for number in range(options.runs):
        noisy = number % 2 == 1
        with load(1 if noisy else 0):
            found = run_suite(folder, mode, 0.0, "")
        line = {
            "kind": "unchanged",
            "thorough": options.thorough,
            "workers": options.workers,
            "noisy": noisy,
            **found,
        }
        append(folder, line)
        shown = {**found, "ratios": len(found["ratios"])}
        say(f"{number + 1}/{options.runs} {'noisy' if noisy else 'quiet'} {shown}")


def seeded(folder: Path, options: argparse.Namespace) -> None:
    """Run the suite with extra work in some tests, and see which are found."""
    mode = _mode(options)
    names = json.loads((folder / "names.json").read_text())
    for number in range(options.runs):
        chosen = random.sample(names, max(1, len(names) // options.share))
        pattern = "^(" + "|".join(re.escape(name) for name in chosen) + ")$"
        noisy = number % 2 == 1
        with load(1 if noisy else 0):
            found = run_suite(folder, mode, options.extra, pattern)
        hits = [f"test_workloads.py::test_work[{name}]".partition("::")[2] for name in chosen]
        found["seeded"] = len(hits)
        found["found"] = sum(found["details"].get(hit, [""])[0] == "regressed" for hit in hits)
        found["missed"] = [h for h in hits if found["details"].get(h, [""])[0] != "regressed"]
        found["false"] = [
            name
            for name, (what, *_) in found["details"].items()
            if what == "regressed" and name not in hits
        ]
        line = {
            "kind": "seeded",
            "thorough": options.thorough,
            "workers": options.workers,
            "noisy": noisy,
            "extra": options.extra,
            **found,
        }
        append(folder, line)
        say(f"{number + 1}/{options.runs} {'noisy' if noisy else 'quiet'} {line}")


def refresh(folder: Path, options: argparse.Namespace) -> None:
    """Store baselines, and which tests are long enough to be gated alone."""
    shutil.rmtree(folder / "baselines", ignore_errors=True)
    command = [sys.executable, "-m", "pytest_carbon.cli.main", "refresh"]
    rounds = ["--rounds", str(options.runs)] if options.runs else []
    subprocess.run([*command, *rounds, "--", *_mode(options)], cwd=folder, check=True)
    (folder / "names.json").write_text(json.dumps(sorted(_seedable(folder))))


def _seedable(folder: Path) -> Iterator[str]:
    """Tests of 20 ms and longer of which all the work can be seeded.

    Children and pools cost something to start, and some first runs an import, which the extra work
    is no part of.
    """
    (stored,) = (folder / "baselines").glob("*.json")
    for test, entry in json.loads(stored.read_text())["test"].items():
        name = test.partition("[")[2].rstrip("]")
        if "first" not in entry:
            continue  # A short test, of which only the cost is stored.
        first_j, look_j = entry["first"]["centre_j"], entry["look"]["centre_j"]
        all_work = first_j < MOSTLY_FIRST * look_j and not name.startswith(("child-", "pool-"))
        if entry["cpu_s"] >= LONG_S and all_work:
            yield name


def upper_bound(bad: int, count: int) -> float:
    """The 95 % upper bound of a share: exact for none, else Wilson's."""
    if bad == 0:
        return 1 - 0.05 ** (1 / count)
    z, share = 1.645, bad / count
    middle = share + z * z / (2 * count)
    half = z * sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    return (middle + half) / (1 + z * z / count)


def lower_bound(good: int, count: int) -> float:
    """The 95 % lower bound of a share."""
    return 1 - upper_bound(count - good, count)


def table(folder: Path) -> None:
    """Sum the runs up."""
    lines = [json.loads(text) for text in (folder / "runs.jsonl").read_text().splitlines()]
    say(
        "| unchanged suite | runs | failed runs | tests | regressed | 95 % bound a test "
        "| inconclusive | time for looks |"
    )
    say("|---|---|---|---|---|---|---|---|")
    for thorough in (False, True):
        for noisy in (False, True, None):
            mine = [
                line
                for line in lines
                if line["kind"] == "unchanged"
                and line["thorough"] is thorough
                and noisy in (None, line["noisy"])
            ]
            if not mine:
                continue
            counts: Counter[str] = Counter()
            for line in mine:
                counts.update(line["counts"])
            tests = sum(counts.values())
            bad = counts["regressed"]
            again = sum(line["looks_s"] for line in mine)
            rest = sum(line["wall_s"] for line in mine) - again
            where = {None: "all", True: "neighbour", False: "no neighbour"}[noisy]
            say(
                f"| {'thorough' if thorough else 'default'}, {where} | {len(mine)} "
                f"| {sum(line['exit'] != 0 for line in mine)} | {tests} | {bad} "
                f"| {100 * upper_bound(bad, tests):.3f} % | {counts['inconclusive']} "
                f"| {100 * again / rest:.1f} % |"
            )
    say("")
    say("| seeded work | extra | cases | found | 95 % lower bound | other tests regressed |")
    say("|---|---|---|---|---|---|")
    cells = sorted({(x["thorough"], x["extra"]) for x in lines if x["kind"] == "seeded"})
    for thorough, extra in cells:
        mine = [
            line
            for line in lines
            if line["kind"] == "seeded" and (line["thorough"], line["extra"]) == (thorough, extra)
        ]
        cases = sum(line["seeded"] for line in mine)
        found = sum(line["found"] for line in mine)
        say(
            f"| {'thorough' if thorough else 'default'} | +{extra:.0%} | {cases} "
            f"| {found} ({100 * found / cases:.1f} %) | {100 * lower_bound(found, cases):.1f} % "
            f"| {sum(len(line['false']) for line in mine)} |"
        )


def main() -> None:
    """Do one part of the experiment."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["refresh", "unchanged", "seeded", "table"])
    parser.add_argument("--folder", type=Path, default=Path("build/detection"))
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--extra", type=float, default=0.3)
    parser.add_argument("--share", type=int, default=6, help="seed one in so many tests")
    parser.add_argument("--thorough", action="store_true")
    parser.add_argument("--workers", type=int, default=0, help="distribute the suite (-n)")
    options = parser.parse_args()
    folder = options.folder.resolve()
    if options.part == "table":
        table(folder)
        return
    prepare(folder)
    {"refresh": refresh, "unchanged": unchanged, "seeded": seeded}[options.part](folder, options)


if __name__ == "__main__":
    main()
