"""What the speed probe is worth, and what it costs, on the machine at hand.

    python tests/benchmarks/speed_probe.py --seconds 90

For each workload: the standard deviation of log CPU time as it is, and corrected by probes at
the edges, by the helper, and by the helper with the workload's fitted sensitivity. Then the
cost: the helper's part of a core, an edge's microseconds, the start's milliseconds.
``--kernels`` compares kernels instead, each timed just before and after the same runs.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import math
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pytest_carbon.speed.correction import fit_sensitivity, mean_probe_ns
from pytest_carbon.speed.edges import EdgeProbe
from pytest_carbon.speed.follow import FollowProbe
from pytest_carbon.speed.kernel import kernel
from pytest_carbon.speed.selection import open_probe

if TYPE_CHECKING:
    from collections.abc import Callable

RANDOM = random.Random(1)
RECORDS = [{"id": i, "name": f"n{i}", "v": [RANDOM.random() for _ in range(5)]} for i in range(300)]
MAILS = " ".join(f"user{i}@host{i}.com foo, 12-{i % 30}-2020" for i in range(800))
FLOATS = [RANDOM.random() for _ in range(60_000)]
BLOCK = b"x" * (1 << 20)


def say(line: str) -> None:
    """Write a line of the table."""
    sys.stdout.write(f"{line}\n")


def json_work(rounds: int) -> None:
    """Encode and decode."""
    for _ in range(rounds):
        json.loads(json.dumps(RECORDS))


def regex_work(rounds: int) -> None:
    """Find and replace."""
    for _ in range(rounds):
        re.findall(r"(\w+)@(\w+)\.com", MAILS)
        re.sub(r"\d+", lambda match: str(int(match[0]) + 1), MAILS)


def dict_work(rounds: int) -> None:
    """Count words."""
    for _ in range(rounds):
        counts: dict[str, int] = {}
        for i in range(2_000):
            key = f"k{i % 500}"
            counts[key] = counts.get(key, 0) + i


def sort_work(rounds: int) -> None:
    """Sort floats: C code on a megabyte."""
    for _ in range(rounds):
        sorted(FLOATS)


class Node:
    """A node of a binary tree."""

    def __init__(self, value: float) -> None:
        self.value = value
        self.left: Node | None = None
        self.right: Node | None = None


def tree_work(rounds: int) -> None:
    """Grow binary trees: attributes and scattered objects."""
    for _ in range(rounds):
        root = Node(0.5)
        for value in FLOATS[:3_000]:
            here = root
            while True:
                side = "left" if value < here.value else "right"
                below = getattr(here, side)
                if below is None:
                    setattr(here, side, Node(value))
                    break
                here = below


def sha_work(rounds: int) -> None:
    """Hash in two threads: does not follow the speed."""

    def hash_blocks() -> None:
        for _ in range(rounds):
            hashlib.sha256(BLOCK).digest()

    threads = [threading.Thread(target=hash_blocks) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def child_work(rounds: int) -> None:
    """The same JSON in a child, while this process waits."""
    code = (
        "import json; data = [[i, str(i)] for i in range(1000)]\n"
        f"for _ in range({rounds}): json.loads(json.dumps(data))"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


# Rounds for about 20 and 200 ms of CPU time on a core of 2023.
WORK: dict[str, tuple[Callable[[int], None], tuple[int, int]]] = {
    "json": (json_work, (11, 110)),
    "regex": (regex_work, (7, 70)),
    "dict": (dict_work, (50, 500)),
    "sort": (sort_work, (2, 20)),
    "tree": (tree_work, (4, 40)),
    "sha threads": (sha_work, (6, 60)),
    "child": (child_work, (10, 200)),
}


def cpu_ns() -> int:
    """CPU time of this process and its reaped children."""
    import resource

    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time_ns() + round((children.ru_utime + children.ru_stime) * 1e9)


def sd_log(values: list[float]) -> float:
    """The standard deviation of the logarithms."""
    return statistics.stdev(map(math.log, values)) if len(values) > 1 else math.nan


def measure(seconds: float) -> None:
    """Run the workloads in random order until the time is over, and print the table."""
    began = time.perf_counter()
    follow, reasons = open_probe("auto")
    start_ms = (time.perf_counter() - began) * 1e3
    if not isinstance(follow, FollowProbe):
        sys.exit(f"no helper here: {reasons}")
    edges = EdgeProbe()
    names = [(name, size) for name in WORK for size in (0, 1)]
    samples: dict[tuple[str, int], list[tuple[float, float, float, int]]] = {n: [] for n in names}
    follow.edge()
    began, cost_s = time.perf_counter(), follow.helper_cpu_s
    while time.perf_counter() - began < seconds:
        RANDOM.shuffle(names)
        for name, size in names:
            work, rounds = WORK[name]
            gc.collect()
            start, start_edges = follow.edge(), edges.edge()
            cpu = cpu_ns()
            work(rounds[size])
            cpu = cpu_ns() - cpu
            end, end_edges = follow.edge(), edges.edge()
            followed = mean_probe_ns(start, end)
            at_edges = mean_probe_ns(start_edges, end_edges)
            assert followed is not None
            assert at_edges is not None
            probes = end.probes - start.probes
            samples[name, size].append((cpu, at_edges, followed, probes))
    wall_s = time.perf_counter() - began
    cost_s = follow.helper_cpu_s - cost_s
    say("workload         CPU ms  runs  probes |  raw   edges  follow  fitted | sensitivity")
    for (name, size), rows in samples.items():
        cpus = [row[0] for row in rows]
        fit = fit_sensitivity([[(cpu, followed)] for cpu, _, followed, _ in rows])
        exponent = fit.exponent if fit else 0.9
        columns = [
            sd_log(cpus),
            sd_log([cpu / probe for cpu, probe, _, _ in rows]),
            sd_log([cpu / probe for cpu, _, probe, _ in rows]),
            sd_log([cpu / probe**exponent for cpu, _, probe, _ in rows]),
        ]
        figures = "  ".join(f"{value:.3f}" for value in columns)
        probes = statistics.median(row[3] for row in rows)
        label = f"{name} {'200' if size else '20'}"
        say(
            f"{label:16} {statistics.median(cpus) / 1e6:6.1f} {len(rows):5} {probes:7.0f} | "
            f"{figures} | {exponent:.2f}"
        )
    edge_us = time_edges(follow)
    say(f"helper: {cost_s / wall_s:.2%} of a core over {wall_s:.0f} s; start {start_ms:.0f} ms")
    say(f"an edge: {edge_us:.2f} µs (median of 20,000, rate-limited probes among them)")
    follow.close()


def time_edges(probe: FollowProbe) -> float:
    """The median cost of an edge in µs."""
    costs = []
    for _ in range(20_000):
        began = time.perf_counter_ns()
        probe.edge()
        costs.append(time.perf_counter_ns() - began)
    return statistics.median(costs) / 1e3


def integer_loop() -> None:
    """A loop over integers, about as long as the kernel."""
    x = 1
    for i in range(600):
        x = (x * 31 + i) & 0xFFFFFF


def memory_walk() -> None:
    """A walk through a list."""
    x = 1
    for i in range(600):
        x = WALK[(x + i) & 16383]


def mixed_containers() -> None:
    """Dictionaries and lists."""
    x = 1
    for i in range(200):
        key = KEYS[x]
        x = (COUNTS[key] * 31 + i) & 511
        COUNTS[key] = x


WALK = [(i * 40503) % 16384 for i in range(16384)]
KEYS = [str(i) for i in range(512)]
COUNTS = {key: i for i, key in enumerate(KEYS)}
KERNELS: tuple[Callable[[], object], ...] = (kernel, integer_loop, memory_walk, mixed_containers)


def compare_kernels(seconds: float) -> None:
    """Time each kernel just before and after each run, in turns, and print what is left."""

    def timed(work: Callable[[], object]) -> int:
        began = time.thread_time_ns()
        work()
        return time.thread_time_ns() - began

    kernels = list(KERNELS)
    samples: dict[tuple[str, str], list[tuple[float, float]]] = {}
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        for name in ("json", "regex", "dict", "sort", "tree"):
            work, rounds = WORK[name]
            RANDOM.shuffle(kernels)
            before = {kernel: timed(kernel) for kernel in kernels}
            cpu = time.process_time_ns()
            work(rounds[0])
            cpu = time.process_time_ns() - cpu
            for one in kernels:
                inverse = (1 / before[one] + 1 / timed(one)) / 2
                samples.setdefault((name, one.__name__), []).append((cpu, cpu * inverse))
    for (name, kernel_name), rows in sorted(samples.items()):
        raw = sd_log([row[0] for row in rows])
        say(f"{name:6} {kernel_name:17} raw {raw:.3f}, left {sd_log([r[1] for r in rows]):.3f}")


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description="Measure the speed probe on this machine.")
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--kernels", action="store_true", help="compare kernels instead")
    options = parser.parse_args()
    (compare_kernels if options.kernels else measure)(options.seconds)


if __name__ == "__main__":
    main()
