"""The audit of dependencies, with an advisory service that answers as told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

AUDIT = Path(__file__).parents[2] / ".ci" / "audit.py"

CLEAN = {"name": "requests", "version": "2.32.0", "vulns": []}
VULNERABLE = {"name": "requests", "version": "2.19.0", "vulns": [{"id": "PYSEC-2018-28"}]}
UNKNOWN = {"name": "psutil", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("answer", "said", "status", "strict"),
    [
        ([CLEAN], "1 of 1 dependencies audited, 0 vulnerable", 0, 0),
        ([CLEAN, VULNERABLE], "requests 2.19.0 is vulnerable: PYSEC-2018-28", 1, 1),
        ([CLEAN, UNKNOWN], "so not audited: psutil", 0, 1),
        ([VULNERABLE, UNKNOWN], "requests 2.19.0 is vulnerable", 1, 1),
        (None, "dependencies were not audited: ConnectionError: no network", 0, 1),
    ],
)
def test_what_is_known_fails_and_what_is_not_is_said(
    tmp_path: Path, answer: object, said: str, status: int, strict: int
) -> None:
    text = json.dumps({"dependencies": answer, "fixes": []})
    code = f"import sys; print({text!r})\nassert any('--requirement' in a for a in sys.argv)\n"
    if answer is None:
        code = "import sys; sys.exit('ConnectionError: no network')"
    (tmp_path / "pip_audit.py").write_text(code)
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for options, expected in (([], status), (["--strict"], strict)):
        done = subprocess.run(
            [sys.executable, str(AUDIT), *options],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expected, done.stdout + done.stderr
        assert said in done.stdout


def test_all_that_an_installation_brings_along_is_asked_about(tmp_path: Path) -> None:
    (tmp_path / "pip_audit.py").write_text(
        "import json, pathlib, sys\n"
        "pins = pathlib.Path(sys.argv[sys.argv.index('--requirement') + 1]).read_text()\n"
        "every = [dict(zip(('name', 'version'), p.split('=='))) for p in pins.split()]\n"
        "print(json.dumps({'dependencies': [e | {'vulns': [{'id': 'X'}]} for e in every]}))\n"
    )
    done = subprocess.run(
        [sys.executable, str(AUDIT)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    named = {line.split()[0] for line in done.stdout.splitlines() if " is vulnerable" in line}
    assert {"pytest", "psutil", "requests", "filelock", "urllib3", "pluggy"} <= named
    assert "pytest-xdist" not in named
