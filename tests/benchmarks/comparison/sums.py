"""How often ``pytest-carbon compare`` sees what is spread over a whole suite.

    python tests/benchmarks/comparison/sums.py --rise 0 --count 100
    python tests/benchmarks/comparison/sums.py --rise 0.02 --count 20

Compares the suites of real projects, put under git from their source distributions, with
themselves, or with a working tree in which each test takes that much longer: a hook in a
``conftest.py`` burns a part of the CPU time that the test function has taken. How large that part
has to be is measured first, since fixtures and children count as well. Each line of the output is
one comparison as JSON, the last ones are sums. Needs network.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from culprits import PROJECTS
from trials import HOOK, compare, git, install, middle, named, say

from pytest_carbon.resultfile.file import read_result


def share(python: Path, folder: Path, arguments: tuple[str, ...]) -> float:
    """The part of the tests' energy that the hook sees: from runs in which it adds all of that."""
    report = folder.parent / "share.json"
    command = [python, "-m", "pytest", "-q", "--carbon", f"--carbon-report=json:{report}"]
    energies_j: dict[float, list[float]] = {0.0: [], 1.0: []}
    for _ in range(3):
        for rise, seen_j in energies_j.items():
            (folder / "conftest.py").write_text(HOOK.format(rise=rise, tests=None), "utf-8")
            subprocess.run([*command, *arguments], cwd=folder, check=False, capture_output=True)
            total = read_result(report).tests_total
            assert total is not None
            assert total.energy_j is not None
            seen_j.append(total.energy_j)
    # More than all of it is what the speed of the core made of it.
    return min(1.0, middle(energies_j[1.0]) / middle(energies_j[0.0]) - 1)


def run(name: str, rise: float, count: int) -> list[dict[str, Any]]:
    project = PROJECTS[name]
    lines = []
    with tempfile.TemporaryDirectory() as temporary:
        folder, python = install(project, Path(temporary))
        conftest = folder / "conftest.py"
        conftest.write_text(HOOK.format(rise=0.0, tests=None), "utf-8")
        git(folder, "add", "--force", "conftest.py")
        git(folder, "commit", "--quiet", "--message", "a hook that adds nothing")
        added = rise / share(python, folder, project.arguments) if rise else 0.0
        conftest.write_text(HOOK.format(rise=added, tests=None), "utf-8")
        for number in range(count):
            found = compare(python, folder, "HEAD", "--", *project.arguments)
            whole = next((one for one in found["sums"] if not one["name"]), None)
            line = {
                "outcome": whole["verdict"]["outcome"] if whole else "none",
                "ratio": round(whole["verdict"]["ratio"], 4) if whole else None,
                "passes": whole["verdict"]["passes"] if whole else 0,
                "files": [
                    one["name"]
                    for one in found["sums"]
                    if one["name"] and one["verdict"]["outcome"] == "regressed"
                ],
                "tests": named(found, "regressed"),
                "elapsed_s": round(found["elapsed_s"], 1),
            }
            lines.append(line)
            say(project=name, rise=rise, hook=round(added, 4), number=number, **line)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--rise", type=float, default=0.02)
    parser.add_argument("--project", choices=sorted(PROJECTS), action="append")
    args = parser.parse_args()
    names = args.project or ["jinja2", "more-itertools", "sqlparse"]
    lines = []
    for name in names:
        lines += run(name, args.rise, args.count // len(names) or 1)
    say(
        rise=args.rise,
        comparisons=len(lines),
        suites=dict(Counter(line["outcome"] for line in lines)),
        with_files=sum(bool(line["files"]) for line in lines),
        with_tests=sum(bool(line["tests"]) for line in lines),
        median_passes=middle([line["passes"] for line in lines]),
        median_elapsed_s=middle([line["elapsed_s"] for line in lines]),
    )


if __name__ == "__main__":
    main()
