"""What a task costs: microseconds each, and the memory that many of them hold.

    python tests/benchmarks/tasks.py [--tasks 100000]

One test with so many empty tasks, with and without ``--carbon``, and with names that repeat or
all differ. A loop of ``with`` on an empty context manager is the control.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

TEST = """
import gc, time, tracemalloc

COUNT = {count}

class Empty:
    def __enter__(self): return self
    def __exit__(self, *error): return None

def each_us(loop):
    gc.collect()
    start = time.thread_time()
    loop()
    return (time.thread_time() - start) / COUNT * 1e6

def test_tasks(carbon):
    def control():
        for _ in range(COUNT):
            with Empty(): pass
    def same():
        for _ in range(COUNT):
            with carbon.task("same"): pass
    def inner():
        for _ in range(COUNT):
            with carbon.task("inner"): pass
    def different():
        for number in range(COUNT):
            with carbon.task(f"number {{number}}"): pass
    decorated = carbon.task("decorated")(lambda: None)
    def calls():
        for _ in range(COUNT):
            decorated()
    print()
    print(f"  empty context manager  {{each_us(control):6.2f}} us")
    print(f"  one name               {{each_us(same):6.2f}} us")
    with carbon.task("outer"):
        print(f"  inside another task    {{each_us(inner):6.2f}} us")
    print(f"  decorated function     {{each_us(calls):6.2f}} us")
    print(f"  names that all differ  {{each_us(different):6.2f}} us")
    tracemalloc.start()
    same()
    print(f"  held after {{COUNT}} more: {{tracemalloc.get_traced_memory()[0] / 1000:.1f}} kB,"
          f" at most {{tracemalloc.get_traced_memory()[1] / 1000:.1f}} kB")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_many.py").write_text(TEST.format(count=arguments.tasks))
        for label, options in (("with --carbon", ["--carbon"]), ("without", [])):
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *options],
                cwd=folder,
                check=True,
                capture_output=True,
                text=True,
            )
            print(f"{arguments.tasks} tasks in one test, {label}:")
            for line in done.stdout.splitlines():
                if line.endswith(" us") or line.startswith("  held"):
                    print(line)


if __name__ == "__main__":
    main()
