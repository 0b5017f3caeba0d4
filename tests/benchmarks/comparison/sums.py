"""How often ``pytest-carbon compare`` sees what is spread over a whole suite.

    python tests/benchmarks/comparison/sums.py --rise 0 --count 100
    python tests/benchmarks/comparison/sums.py --rise 0.02 --count 20

Compares the suites of real projects, put under git from their source distributions, with
themselves, or with a working tree in which each test takes that much longer: hooks in a
``conftest.py`` burn that part of the CPU time that each phase of the test has taken. Each line of
the output is one comparison as JSON, the last ones are sums. Needs network.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from culprits import PROJECTS
from trials import compare, git, install, middle, named, say

HOOK = """
import time
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    start = time.thread_time()
    result = yield
    until = time.thread_time() + {rise} * (time.thread_time() - start)
    while time.thread_time() < until:
        pass
    return result

pytest_runtest_call = pytest_runtest_teardown = pytest_runtest_setup
"""


def run(name: str, rise: float, count: int) -> list[dict[str, Any]]:
    project = PROJECTS[name]
    lines = []
    with tempfile.TemporaryDirectory() as temporary:
        folder, python = install(project, Path(temporary))
        conftest = folder / "conftest.py"
        conftest.write_text(HOOK.format(rise=0.0), "utf-8")
        git(folder, "add", "--force", "conftest.py")
        git(folder, "commit", "--quiet", "--message", "a hook that adds nothing")
        conftest.write_text(HOOK.format(rise=rise), "utf-8")
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
            say(project=name, rise=rise, number=number, **line)
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
