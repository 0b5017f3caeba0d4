"""What machines do: disks that are full or not ours to write, and clocks that step."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import shutil
import subprocess
from typing import TYPE_CHECKING

from project import COMMANDS, PYTEST, UPDATE, WAIT_S, Project, Row, passed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
CLONE_NEWNS = 0x20000

# In every process of a run, as a machine's clock is.
STEPS = """
import time
_real, _zero, _steps = time.time, time.monotonic(), {steps}
def _time():
    at = int((time.monotonic() - _zero) * 1000 / {every_ms})
    return _real() + _steps[at % len(_steps)]
time.time, time.time_ns = _time, lambda: int(_time() * 1e9)
"""
DAY_S = 86_400


def limited_files(project: Project) -> Row:
    """No file may grow beyond some bytes, as with a quota."""
    tries = lost = changed = 0
    for most in (0, 100, 1000):
        tries += 1

        def limit(most: int = most) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        _, output = project.run(*UPDATE, prepare=limit)
        _, without = project.run(*PYTEST, prepare=limit)
        changed += passed(output) != passed(without)
        lost += project.lost()
    return Row("files of 0, 100, 1000 bytes at most", tries, lost, changed, project.left())


def can_mount() -> bool:
    """Whether this process may mount; from then on, nobody else sees what it mounts."""
    if os.getuid() or ctypes.CDLL(None).unshare(CLONE_NEWNS):
        return False
    return not subprocess.run(["mount", "--make-rprivate", "/"], check=False).returncode


@contextlib.contextmanager
def small_disk(folder: Path, options: str) -> Iterator[None]:
    """What is in a folder, on a disk of its own that goes again with all that was changed."""
    inside = folder.with_name("inside")
    subprocess.run(["cp", "-a", str(folder), str(inside)], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)
    subprocess.run(["cp", "-a", f"{inside}/.", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(inside)


def _fill(folder: Path, left_bytes: int) -> None:
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    if left_bytes:
        os.truncate(folder / "filler", (folder / "filler").stat().st_size - left_bytes)


def _use_up(folder: Path, left: int) -> None:
    (folder / "files").mkdir()
    with contextlib.suppress(OSError):
        for number in range(100_000):
            (folder / "files" / str(number)).touch()
    for file in list((folder / "files").iterdir())[:left]:
        file.unlink()


def _all_disks(project: Project, what: str, options: str, lefts: tuple[int, ...]) -> Row:
    tries = lost = changed = remains = 0
    report = ("--carbon-report=json:new.json", "--carbon-history=history.sqlite")
    for folder in (project.folder, project.temporary):
        for left in lefts:
            with small_disk(folder, options):
                for command in ((*UPDATE, *report), COMMANDS["merge"], COMMANDS["refresh"]):
                    tries += 1
                    use = _fill if what == "bytes" else _use_up
                    use(folder, left)
                    _, output = project.run(*command)
                    if command[: len(PYTEST)] == PYTEST:
                        _, without = project.run(*PYTEST)
                        early = "ERROR: " in output and "3 passed" not in output
                        changed += not early and passed(output) != passed(without)
                    changed += "Traceback" in output or "INTERNALERROR" in output
                    (folder / "filler").unlink(missing_ok=True)
                    shutil.rmtree(folder / "files", ignore_errors=True)
                    for new in ("new.json", "history.sqlite"):
                        (project.folder / new).unlink(missing_ok=True)
                    lost += project.lost()
                remains += project.left()
    shown = ", ".join(map(str, lefts))
    return Row(f"a disk with {shown} {what} left", tries, lost, changed, remains)


def full_disk(project: Project) -> Row:
    """The disk of the project, or that of temporary files, is full."""
    return _all_disks(project, "bytes", "size=4m", (0, 8192))


def no_inodes(project: Project) -> Row:
    """There is space, but no file can be made."""
    return _all_disks(project, "inodes", "size=4m,nr_inodes=400", (0, 2))


def read_only(project: Project) -> Row:
    """Folders belong to somebody else: an error before any test, or a run as without carbon."""

    def drop() -> None:
        # A superuser without the right to pass over permissions.
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)

    tries = lost = changed = 0
    cases: dict[str, tuple[Path, tuple[str, ...]]] = {
        "baselines": (project.folder / "baselines", ()),
        "reports": (project.folder / "reports", ("--carbon-report=json:reports/new.json",)),
        "history": (project.folder / "past", ("--carbon-history=past/history.sqlite",)),
        "home": (project.home, ()),
        "tmp": (project.temporary, ()),
        "cwd": (project.folder, ("--carbon-report=json:new.json",)),
    }
    for folder, options in cases.values():
        folder.mkdir(exist_ok=True)
        mode = folder.stat().st_mode & 0o777
        folder.chmod(0o555)
        _, without = project.run(*PYTEST, prepare=drop)
        for command in ((*UPDATE, *options), (*PYTEST, "--carbon", *options)):
            tries += 1
            status, output = project.run(*command, prepare=drop)
            is_error = status == 4 and folder.name in output and "Traceback" not in output
            changed += not is_error and passed(output) != passed(without)
            lost += project.lost()
        folder.chmod(mode)
    return Row(f"read-only: {', '.join(cases)}", tries, lost, changed, project.left())


def clock_steps(project: Project) -> Row:
    """The time of day is set back, forth, and both, in the middle of a run."""
    patch = project.folder.parent / "clock"
    patch.mkdir()
    project.environ["PYTHONPATH"] = str(patch)
    report = ("--carbon-report=json:new.json", "--carbon-history=history.sqlite")
    compare, refresh = COMMANDS["compare"], COMMANDS["refresh"]
    tries = lost = changed = 0
    for steps, every_ms in (
        ((0, -DAY_S), 700),
        ((0, 400 * DAY_S), 700),
        ((0, -3600, 3600, -1e9), 100),
    ):
        text = STEPS.format(steps=steps, every_ms=every_ms)
        (patch / "sitecustomize.py").write_text(text, encoding="utf-8")
        for command in ((*UPDATE, *report), compare, refresh):
            tries += 1
            status, output = project.run(*command)
            changed += status != 0 or "Traceback" in output
            lost += project.lost()
        wall_s = json.loads((project.folder / "new.json").read_text())["wall_s"]
        changed += not 0 < wall_s < WAIT_S
    del project.environ["PYTHONPATH"]
    return Row("a clock that is set back, forth, both", tries, lost, changed, project.left())
