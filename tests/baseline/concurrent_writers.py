"""Sixteen processes refresh different tests of one folder at once, and some are killed.

Run as ``python concurrent_writers.py FOLDER LOCKS ROUNDS SEED``; a program of its own, since a
process that forks must not have threads. Prints a JSON object with what was counted.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

# Imported before the forks, so that the processes have nothing to do but to write.
import filelock  # noqa: F401

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.environment import Environment
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.measurement import Kind, Subject

WRITERS = 16
TESTS_EACH = 3

ENVIRONMENT = Environment(
    cpu_model="EPYC",
    cpu_count=2,
    meter="model",
    clock="perf",
    speed="off",
    python="cpython-3.11",
    os="linux",
    tracing="off",
)
EMPTY = BaselineFile(
    environment=ENVIRONMENT,
    intensity=Intensity(
        g_per_kwh=473.0, zone="world", source="Ember", period="2024", reason="default"
    ),
)


def subjects(writer: int) -> list[Subject]:
    return [Subject(Kind.TEST, f"test_{writer}.py::test_{i}") for i in range(TESTS_EACH)]


def write(store: BaselineStore, writer: int, turn: int) -> None:
    entry = Entry(first=Spread(centre_j=float(turn)), cpu_s=0.25, wall_s=0.25)

    def change(old: BaselineFile | None) -> BaselineFile:
        file = old or EMPTY
        return file.with_entries({**file.entries, **dict.fromkeys(subjects(writer), entry)})

    store.update(ENVIRONMENT, change)


def fork(store: BaselineStore, writer: int, turn: int, gate: tuple[int, int]) -> int:
    """Start a writer that waits until the gate's other end is closed."""
    process = os.fork()  # type: ignore[attr-defined, unused-ignore]
    if process:
        return process  # type: ignore[no-any-return, unused-ignore]
    try:
        os.close(gate[1])
        os.read(gate[0], 1)
        write(store, writer, turn)
    except BaseException as error:  # noqa: BLE001 - a child must not run on as its parent
        os.write(2, repr(error).encode())
        os._exit(1)
    os._exit(0)


def main() -> None:
    folder, locks, rounds, seed = sys.argv[1:]
    store = BaselineStore(Path(folder), lock_folder=Path(locks))
    chance = random.Random(int(seed))
    finished = [0] * WRITERS
    killed = 0
    for turn in range(1, int(rounds) + 1):
        gate = os.pipe()
        processes = [fork(store, writer, turn, gate) for writer in range(WRITERS)]
        os.close(gate[0])
        os.close(gate[1])
        for process in chance.sample(processes, 3):
            time.sleep(chance.uniform(0, 0.02))
            os.kill(process, signal.SIGKILL)  # type: ignore[attr-defined, unused-ignore]
        results = [os.waitpid(process, 0)[1] for process in processes]
        file = store.load(ENVIRONMENT)  # raises if it cannot be read
        assert file is not None, "somebody has written"
        for writer, status in enumerate(results):
            code = os.waitstatus_to_exitcode(status)
            assert code in {0, -signal.SIGKILL}, f"writer {writer} failed"  # type: ignore[attr-defined, unused-ignore]
            killed += code != 0
            found = {getattr(file.entries.get(s), "first", None) for s in subjects(writer)}
            assert len(found) == 1, "a writer's tests were stored in part"
            spread = found.pop()
            value = int(spread.centre_j) if spread is not None else 0
            # Killed after the write, but before it could say so, is as good as finished.
            assert value == turn or (code != 0 and value == finished[writer]), "an entry was lost"
            finished[writer] = value
    write(store, 0, 1000)
    left = sorted(path.name for path in Path(folder).iterdir() if path.name.startswith("."))
    sys.stdout.write(json.dumps({"killed": killed, "finished": finished, "left": left}))


if __name__ == "__main__":
    main()
