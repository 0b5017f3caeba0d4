"""Holds a wheel and an sdist against the repository: nothing is missing, nothing is too much.

python .ci/check_dist.py dist
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]

# What a build adds, and what the repository keeps to itself.
ADDED_TO_SDIST = {"PKG-INFO"}
METADATA = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses"}

NEEDED = {
    "pytest_carbon/py.typed",
    "pytest_carbon/plugin.py",
    "pytest_carbon/resultfile/schema-1.json",
}


def tracked() -> set[str]:
    """All files that git knows."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


def in_sdist(path: Path) -> set[str]:
    """The files of an sdist, without its outermost folder."""
    with tarfile.open(path) as archive:
        return {str(PurePosixPath(*PurePosixPath(m.name).parts[1:])) for m in archive if m.isfile()}


def check_sdist(path: Path) -> list[str]:
    """What is wrong with an sdist."""
    found, wanted = in_sdist(path), tracked() | ADDED_TO_SDIST
    return [f"{path.name} lacks {name}" for name in sorted(wanted - found)] + [
        f"{path.name} has {name}, which git does not know" for name in sorted(found - wanted)
    ]


def check_wheel(path: Path) -> list[str]:
    """What is wrong with a wheel."""
    with zipfile.ZipFile(path) as archive:
        found = set(archive.namelist())
        info = next(name.partition("/")[0] for name in found if ".dist-info/" in name)
        metadata = archive.read(f"{info}/METADATA").decode()
        points = archive.read(f"{info}/entry_points.txt").decode()
    package = {name for name in tracked() if name.startswith("pytest_carbon/")}
    own = {name for name in found if not name.startswith(f"{info}/")}
    faults = [f"{path.name} lacks {name}" for name in sorted((package | NEEDED) - own)]
    faults += [f"{path.name} has {name}" for name in sorted(own - package)]
    beside = {name.split("/")[1] for name in found - own}
    faults += [f"{info} has {name}" for name in sorted(beside - METADATA)]
    if f"{info}/licenses/LICENSE" not in found:
        faults.append(f"{path.name} lacks its licence")
    if "License-Expression: MIT" not in metadata or "Project-URL: Source" not in metadata:
        faults.append(f"{path.name} has no licence or source in its metadata")
    if "carbon = pytest_carbon.plugin" not in points:
        faults.append(f"{path.name} is no plugin of pytest")
    return faults


def main(folder: Path) -> int:
    """Check the one wheel and the one sdist of a folder; returns the exit status."""
    [wheel], [sdist] = list(folder.glob("*.whl")), list(folder.glob("*.tar.gz"))
    faults = check_wheel(wheel) + check_sdist(sdist)
    for fault in faults:
        print(fault)
    if not faults:
        print(f"{wheel.name} and {sdist.name} hold what they should")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
