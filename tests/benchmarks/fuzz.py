"""Fuzzes every reader of what comes from outside, led by the code that its inputs reach.

    python tests/benchmarks/fuzz.py [--seconds 60] [--target NAME] [--corpus DIR]

Needs atheris (pip install atheris). A target (tests/fuzz/) feeds an input to one reader and then
does with what passed what the product does. Only errors with a remedy may come of it, and nothing
may be written outside of the target's folder, started or connected to. Begins with the inputs in
tests/corpus/; ``--corpus`` keeps what it adds, and the inputs that led to faults. Prints each fault
once, with its traceback, and a table of executions, edges and features; ends with 1 where there are
faults.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import re
import subprocess
import sys
import tempfile
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import atheris
from tabulate import tabulate

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from tests.fuzz.check import Target

LONGEST = 60_000
FAULT = "FAULT "


class Watch:
    """Refuses what a reader has no business with: files elsewhere, processes, connections."""

    def __init__(self) -> None:
        self.folder = ""
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.folder:
            return
        if event in ("subprocess.Popen", "socket.connect", "os.system", "os.posix_spawn"):
            raise AssertionError(f"{event} {args[0]!r}")
        writes = event == "open" and (
            set(args[1] or "") & set("wax+") or (args[1] is None and args[2] & 3)
        )
        if writes or event in ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "sqlite3.connect"):
            place = str(args[0])
            # A number is a file that is open already.
            if not place.startswith(self.folder) and not place.isdigit():
                raise AssertionError(f"{event} of {place}")


class Fuzzer:
    """Runs one target on what atheris makes up, and tells each fault once."""

    def __init__(self, name: str, target: Target, faults: Path) -> None:
        self.name = name
        self.target = target
        self._faults = faults
        self._watch = Watch()
        self._known: set[tuple[str, ...]] = set()

    def once(self, data: bytes) -> None:
        """Use one input in an empty folder."""
        fault: Exception | None = None
        with tempfile.TemporaryDirectory() as folder:
            self._watch.folder = folder
            try:
                # On the other one atheris tells of modules that are imported.
                with redirect_stdout(io.StringIO()) as output, redirect_stderr(io.StringIO()):
                    self.target.use(data, Path(folder))
                assert not output.getvalue(), "a reader says nothing"
            except Exception as error:  # noqa: BLE001 - a fault is what is looked for
                fault = error
            finally:
                self._watch.folder = ""
        if fault is not None:
            self._tell(fault, data)

    def _tell(self, error: Exception, data: bytes) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        place = (type(error).__name__, *(f"{f.filename}:{f.lineno}" for f in frames[-2:]))
        if place not in self._known:
            self._known.add(place)
            lines = "".join(traceback.format_exception(error)[-12:])
            kept = self._faults / f"{self.name}-{hashlib.sha256(data).hexdigest()[:8]}"
            kept.write_bytes(data)
            told = json.dumps(f"{kept}\n{lines}")
            sys.stderr.write(f"{FAULT}{told}\n")

    def mutate(self, data: bytes, most: int, seed: int) -> bytes:
        """Change a value of JSON where that is what the target reads, else bytes."""
        dice = random.Random(seed)
        change = CHANGES.get(self.target.form)
        if change is not None and dice.random() < 0.8:
            changed = change(data, dice)
            if changed is not None and len(changed) <= most:
                return changed
        return bytes(atheris.Mutate(data, most))


def _changed(data: bytes, dice: random.Random) -> bytes | None:
    """JSON with a value changed, taken away or put where another one was."""
    from tests.resultfile.test_strangers import mutated, places

    try:
        held = {"": json.loads(data)}
        ways = list(places(held))
        what = dice.random()
        if what < 0.6:
            mutated(held, ways, dice)
        elif what < 0.8:
            _put(held, dice.choice(ways), _at(held, dice.choice(ways)))
        else:
            texts = [way for way in ways if isinstance(_at(held, way), str)]
            way = dice.choice(texts or ways)
            old = str(_at(held, way)).encode("utf-8", "surrogatepass")
            _put(held, way, atheris.Mutate(old or b"a", 300).decode("utf-8", "replace"))
        return json.dumps(held[""]).encode()
    except (ValueError, RecursionError, LookupError, ArithmeticError, TypeError):
        return None


def _changed_line(data: bytes, dice: random.Random) -> bytes | None:
    """Lines of JSON with one changed, taken away, said twice or said elsewhere."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return None
    at = dice.randrange(len(lines))
    line = lines[at]
    what = dice.random()
    if what < 0.7:
        changed = _changed(line, dice)
        if changed is None:
            return None
        lines[at] = changed + b"\n"
    elif what < 0.8:
        del lines[at]
    else:
        lines.insert(dice.randrange(len(lines) + 1), line)
    return b"".join(lines)


def _changed_body(data: bytes, dice: random.Random) -> bytes | None:
    """An answer with its JSON changed, and its length as it is then."""
    head, _, body = data.partition(b"\r\n\r\n")
    changed = _changed(body, dice)
    if changed is None:
        return None
    length = b"Content-Length: %d" % len(changed)
    return re.sub(rb"Content-Length: \d+", length, head) + b"\r\n\r\n" + changed


CHANGES = {"json": _changed, "lines": _changed_line, "body": _changed_body}


def _at(value: Any, way: tuple[Any, ...]) -> Any:
    for step in way:
        value = value[step]
    return value


def _put(value: Any, way: tuple[Any, ...], new: Any) -> None:
    _at(value, way[:-1])[way[-1]] = json.loads(json.dumps(new))


def fuzz_one(name: str, seconds: int, corpus: str) -> None:
    """Fuzz one target in this process, which ends with it."""
    sys.dont_write_bytecode = True
    # As long as it lives, since modules are imported where they are needed.
    atheris.instrument_imports(include=["pytest_carbon"]).__enter__()
    from tests.fuzz.targets import CORPUS, TARGETS

    faults = Path(corpus).parent / "faults"
    faults.mkdir(exist_ok=True)
    fuzzer = Fuzzer(name, TARGETS[name], faults)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=60"]
    options += ["-rss_limit_mb=4096", "-print_final_stats=1", f"-artifact_prefix={faults}/"]
    folders = [corpus, str(CORPUS / name)]
    atheris.Setup([sys.argv[0], *options, *folders], fuzzer.once, custom_mutator=fuzzer.mutate)
    atheris.Fuzz()


def run(name: str, seconds: int, corpus: Path) -> tuple[list[object], list[str]]:
    """Fuzz one target in a process of its own: its row, and its faults."""
    corpus.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, "--here", "--target", name]
    command += ["--seconds", str(seconds), "--corpus", str(corpus)]
    done = subprocess.run(command, capture_output=True, check=False)
    said = done.stderr.decode(errors="replace")
    faults = [
        json.loads(line.removeprefix(FAULT)) for line in said.splitlines() if line.startswith(FAULT)
    ]
    progress = re.findall(r"^#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)", said, re.MULTILINE)
    if done.returncode or not progress:
        faults.append(f"{name} ended early\n{said[-3000:]}")
    executions = re.search(r"number_of_executed_units: (\d+)", said)
    edges, features, inputs = progress[-1][1:] if progress else ("", "", "")
    row = [name, seconds, executions and executions[1], edges, features, inputs, len(faults)]
    return row, faults


def main() -> int:
    """Fuzz all targets, or one; print the faults and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--target", default="", help="only this one")
    parser.add_argument("--corpus", type=Path, help="where to keep what it adds")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        fuzz_one(arguments.target, arguments.seconds, str(arguments.corpus))
    from tests.fuzz.targets import TARGETS

    rows, faults = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for name in [arguments.target] if arguments.target else TARGETS:
            row, found = run(name, arguments.seconds, (arguments.corpus or Path(scratch)) / name)
            rows.append(row)
            faults += found
            for fault in found:
                print(f"\n{fault}", flush=True)
    headers = ["target", "seconds", "executions", "edges", "features", "inputs", "faults"]
    print(tabulate(rows, headers, tablefmt="github"))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
