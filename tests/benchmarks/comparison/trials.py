"""How often ``pytest-carbon compare`` is right: false alarms, and rises of known size.

    python tests/benchmarks/comparison/trials.py aa --count 100
    python tests/benchmarks/comparison/trials.py seeded --rise 0.10 --count 20
    python tests/benchmarks/comparison/trials.py seeded --rise 0.05 --count 20

``aa`` compares a suite of 20 tests with itself, every second time beside a process that burns
one of the cores and its memory. ``seeded`` takes real projects from their source distributions,
puts them under git with an editable install of the tree present, makes one function costlier
by a loop whose length is calibrated first, and compares the working tree with HEAD. Each line of
the output is one comparison as JSON; the last ones are sums. Needs network for ``seeded``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]

NEIGHBOUR = """
import os, random, time
os.sched_setaffinity(0, {random.choice(sorted(os.sched_getaffinity(0)))})
memory = bytearray(30_000_000)
while True:
    until = time.time() + random.expovariate(5)
    while time.time() < until:
        for at in range(0, len(memory), 4096):
            memory[at] = (memory[at] + 1) & 255
    time.sleep(random.expovariate(10))
"""

# A conftest.py: makes these tests, or all (None), take that part of their CPU time more.
HOOK = """
import time
import pytest

RISE = {rise}
TESTS = {tests}

@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    start = time.thread_time()
    result = yield
    taken = time.thread_time() - start
    is_risen = TESTS is None or pyfuncitem.name in TESTS
    until = time.thread_time() + RISE * taken if is_risen else 0.0
    while time.thread_time() < until:
        pass
    return result
"""


@dataclass(frozen=True)
class Project:
    """A real project: the function to make costlier, and the one test that runs into it."""

    requirement: str
    arguments: tuple[str, ...]
    needs: tuple[str, ...]
    file: str
    above: str
    condition: str
    target: str


PROJECTS = {
    "sqlparse": Project(
        requirement="sqlparse==0.6.1",
        arguments=("-c", "pyproject.toml", "tests"),
        needs=(),
        file="sqlparse/__init__.py",
        above="    return tuple(parsestream(sql, encoding))\n",
        condition="sql[:24] == 'SELECT CASE WHEN x=399 T'",
        target="tests/test_dos_prevention.py::TestDoSPrevention::test_nested_case_within_cap_under_1s",
    ),
    "jinja2": Project(
        requirement="jinja2==3.1.6",
        arguments=("tests",),
        needs=("trio",),
        file="src/jinja2/utils.py",
        above="    words = LOREM_IPSUM_WORDS.split()\n",
        condition="n > 1 and not html",
        target="tests/test_utils.py::TestLoremIpsum::test_lorem_ipsum_n",
    ),
}


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@localhost")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", "as released")


def compare(python: Path, folder: Path, *arguments: str) -> dict[str, Any]:
    """One comparison, as its JSON, with what it took from outside."""
    start = time.perf_counter()
    done = subprocess.run(
        [python, "-m", "pytest_carbon.cli.main", "compare", "--json", "-", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(f"compare ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return {**json.loads(done.stdout), "elapsed_s": time.perf_counter() - start}


def named(comparison: dict[str, Any], outcome: str) -> list[str]:
    tests = comparison["tests"]
    return [t["test"] for t in tests if t["verdict"] and t["verdict"]["outcome"] == outcome]


def summary(comparison: dict[str, Any]) -> dict[str, Any]:
    """What one line of the output holds."""
    return {
        "regressed": named(comparison, "regressed"),
        "improved": named(comparison, "improved"),
        "inconclusive": named(comparison, "inconclusive"),
        "suspects": comparison["suspects"],
        "pairs": sum(t["pairs"] for t in comparison["tests"]),
        "elapsed_s": round(comparison["elapsed_s"], 1),
    }


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def run_aa(count: int) -> None:
    python = Path(sys.executable)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "suite"
        folder.mkdir()
        (folder / "test_work.py").write_text((HERE / "workloads.py").read_text("utf-8"), "utf-8")
        commit(folder)
        lines = []
        for number in range(count):
            noisy = number % 2 == 1
            neighbour = subprocess.Popen([python, "-c", NEIGHBOUR]) if noisy else None
            try:
                line = summary(compare(python, folder, "HEAD", "HEAD"))
            finally:
                if neighbour is not None:
                    neighbour.kill()
                    neighbour.wait()
            lines.append(line)
            say(number=number, neighbour=noisy, load=round(os.getloadavg()[0], 1), **line)
    say(
        comparisons=count,
        with_regressions=sum(bool(line["regressed"]) for line in lines),
        with_improvements=sum(bool(line["improved"]) for line in lines),
        inconclusive_tests=sum(len(line["inconclusive"]) for line in lines),
        suspects_a_comparison=sum(line["suspects"] for line in lines) / count,
        median_elapsed_s=middle([line["elapsed_s"] for line in lines]),
    )


def install(project: Project, temporary: Path) -> tuple[Path, Path]:
    """The project under git, and an environment with an editable install of that tree."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*pip, "--dest", temporary, project.requirement], check=True)
    archive = next(temporary.glob("*.tar.gz"))
    subprocess.run(["tar", "-xzf", archive, "-C", temporary], check=True)
    folder = temporary / archive.name.removesuffix(".tar.gz")
    commit(folder)
    environment = temporary / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    wanted = [str(REPOSITORY), *project.needs, "--editable", str(folder)]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    git(folder, "checkout", "--quiet", "--force", "HEAD")
    return folder, python


def seed(project: Project, folder: Path, loops: int) -> None:
    git(folder, "checkout", "--quiet", "--force", "HEAD", "--", project.file)
    path = folder / project.file
    text = path.read_text("utf-8")
    assert text.count(project.above) == 1, f"{project.file} is not as expected"
    burn = f"    if {project.condition}:\n        for _ in range({loops}):\n            pass\n"
    path.write_text(text.replace(project.above, burn + project.above), "utf-8")


def calibrated(project: Project, folder: Path, python: Path, rise: float) -> int:
    """The loops that make the target cost that much more: from comparisons with far more."""
    loops = 2_000
    for _ in range(2):
        seed(project, folder, loops)
        found = compare(python, folder, "HEAD", "--", *pytest_arguments(project, project.target))
        seen = found["tests"][0]["verdict"]["ratio"] - 1
        loops = max(1, round(loops / max(seen, 0.01)))
    return max(1, round(loops * rise))


def pytest_arguments(project: Project, what: str) -> list[str]:
    return [*project.arguments[:-1], what]


def own_time_s(project: Project, folder: Path, python: Path) -> float:
    """What two plain runs of the suite take."""
    start = time.perf_counter()
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *project.arguments]
    for _ in range(2):
        # Tests with a limit on their time fail on a busy machine.
        subprocess.run(command, cwd=folder, check=False, capture_output=True)
    return time.perf_counter() - start


def run_seeded(name: str, rise: float, count: int) -> None:
    project = PROJECTS[name]
    with tempfile.TemporaryDirectory() as temporary:
        folder, python = install(project, Path(temporary))
        loops = calibrated(project, folder, python, rise) if rise else 0
        lines = []
        for number in range(count):
            if rise:
                seed(project, folder, loops)
            twice_s = own_time_s(project, folder, python)
            comparison = compare(python, folder, "HEAD", "--", *project.arguments)
            target = next(t for t in comparison["tests"] if t["test"] == project.target)
            line = summary(comparison)
            line["times_own"] = round(line["elapsed_s"] / twice_s, 2)
            line["ratio"] = round(target["verdict"]["ratio"], 3)
            line["found"] = project.target in line["regressed"]
            line["others"] = [t for t in line["regressed"] if t != project.target]
            lines.append(line)
            say(project=name, number=number, load=round(os.getloadavg()[0], 1), **line)
    say(
        project=name,
        rise=rise,
        loops=loops,
        tries=count,
        found=sum(line["found"] for line in lines),
        others_regressed=sum(len(line["others"]) for line in lines),
        median_ratio=middle([line["ratio"] for line in lines]),
        median_pairs=middle([line["pairs"] for line in lines]),
        median_suspects=middle([line["suspects"] for line in lines]),
        median_times_own=middle([line["times_own"] for line in lines]),
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["aa", "seeded"])
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--rise", type=float, default=0.10, help="0 compares unchanged code")
    parser.add_argument("--project", choices=sorted(PROJECTS), action="append")
    args = parser.parse_args()
    if args.what == "aa":
        run_aa(args.count)
        return
    for name in args.project or sorted(PROJECTS):
        run_seeded(name, args.rise, args.count)


if __name__ == "__main__":
    main()
