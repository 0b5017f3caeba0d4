"""Look for known vulnerabilities in what an installation of this package brings along.

    python .ci/audit.py [--strict]

Asks pip-audit about the run-time dependencies and theirs, in the versions that are installed here.
Ends with 1 where one is known to be vulnerable. What could not be looked up, as the advisory
service cannot be reached or does not know it, is said; it fails only with ``--strict``.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

WAIT_S = 120


def installed(name: str = "pytest-carbon") -> dict[str, str]:
    """The versions of all that a distribution needs, without extras, by name."""
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        for line in metadata.requires(waiting.pop()) or ():
            needed = re.match(r"[A-Za-z0-9._-]+", line)
            if needed is None or needed[0] in found or "extra ==" in line:
                continue
            try:
                found[needed[0]] = metadata.version(needed[0])
            except metadata.PackageNotFoundError:
                continue  # for another system or another Python
            waiting.append(needed[0])
    return found


def ask(versions: dict[str, str]) -> list[dict[str, Any]] | str:
    """What pip-audit knows of each, or why it knows nothing."""
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder, "pins.txt")
        pins.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()))
        options = ["--requirement", str(pins), "--no-deps", "--disable-pip", "--format", "json"]
        command = [sys.executable, "-m", "pip_audit", *options, "--progress-spinner", "off"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=WAIT_S
            )
        except subprocess.TimeoutExpired:
            return f"no answer within {WAIT_S} s"
    try:
        answer: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
    return answer


def main() -> int:
    """Tell what was found; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail where something is not known")
    is_strict = parser.parse_args().strict
    answer = ask(installed())
    if isinstance(answer, str):
        print(f"dependencies were not audited: {answer}")
        return int(is_strict)
    skipped = [each["name"] for each in answer if "skip_reason" in each]
    vulnerable = [each for each in answer if each.get("vulns")]
    for each in vulnerable:
        known = ", ".join(one["id"] for one in each["vulns"])
        print(f"{each['name']} {each['version']} is vulnerable: {known}")
    if skipped:
        print(f"not known to the advisory service, so not audited: {', '.join(skipped)}")
    audited = len(answer) - len(skipped)
    print(f"{audited} of {len(answer)} dependencies audited, {len(vulnerable)} vulnerable")
    return int(bool(vulnerable) or (is_strict and bool(skipped)))


if __name__ == "__main__":
    sys.exit(main())
