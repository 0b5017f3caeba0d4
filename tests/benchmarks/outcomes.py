"""Whether a real suite's outcomes stay what they are, with every test made a suspect.

    python tests/benchmarks/outcomes.py PROJECT --python PROJECT/.venv/bin/python -- tests

runs the suite of an unpacked source distribution plain, with ``--carbon-update``, and twice as a
gate (serial and with ``-n 2``) against baselines whose first runs were divided by a hundred, so
that each test is measured again; with a tolerance of 1000 % no look convicts any of them. It prints
a line a run: seconds, verdicts, and the tests whose outcome differs from the plain run's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

SHRUNK = 100
LEAST_J = 1e-9
SHOWN = 5


def outcomes_of(junit: Path) -> Counter[tuple[str | None, ...]]:
    """The outcome of each test case of a JUnit file, with how often it is there."""
    found: Counter[tuple[str | None, ...]] = Counter()
    for case in ET.parse(junit).iter("testcase"):
        kinds = [kind.tag for kind in case if kind.tag in {"failure", "error", "skipped"}]
        found[(case.get("classname"), case.get("name"), *kinds)] += 1
    return found


def shrink_first_runs(folder: Path) -> None:
    """Let each stored first run cost a hundredth, and looks what they do."""
    for path in folder.glob("*.json"):
        document = json.loads(path.read_text())
        for entry in document.get("test", {}).values():
            if "first_j" in entry:
                entry.setdefault("look_j", entry["first_j"])
                entry["first_j"] = max(entry["first_j"] / SHRUNK, LEAST_J)
            else:
                entry.setdefault("look", dict(entry["first"]))
                entry["first"]["centre_j"] /= SHRUNK
        path.write_text(json.dumps(document))


def main() -> None:
    """Run the suite four times, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("arguments", nargs="*", help="for pytest, after --")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        baselines = folder / "baselines"

        def run(*extra: str) -> Counter[tuple[str | None, ...]]:
            junit = folder / "junit.xml"
            junit.unlink(missing_ok=True)
            command = [options.python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
            start_s = time.monotonic()
            done = subprocess.run(
                [*command, *options.arguments, f"--junitxml={junit}", *extra],
                cwd=options.project,
                capture_output=True,
                text=True,
                check=False,
            )
            spent_s = time.monotonic() - start_s
            verdicts = [line for line in done.stdout.splitlines() if line.startswith("verdicts")]
            sys.stdout.write(f"{' '.join(extra) or 'plain'}: {spent_s:.1f} s {verdicts}\n")
            return outcomes_of(junit)

        plain = run()
        where = f"--carbon-baselines={baselines}"
        changed = {"update": run("--carbon", "--carbon-update", where) - plain}
        shrink_first_runs(baselines)
        gate = ("--carbon", "--carbon-floor=1uJ", "--carbon-tolerance=1000%", where)
        changed["gate"] = run(*gate) - plain
        changed["gate -n 2"] = run(*gate, "-n2") - plain
        sys.stdout.write(f"{plain.total()} tests\n")
        for what, differ in changed.items():
            shown = list(differ)[:SHOWN]
            sys.stdout.write(f"{what}: {differ.total() or 'none'} differ {shown or ''}\n")


if __name__ == "__main__":
    main()
