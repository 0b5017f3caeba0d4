"""The scripts inside of the action and of the example workflows, run as a runner would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pytest_carbon.resultfile.file import read_result, write_result
from tests.results import run_result

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "how-to" / "github"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the scripts are for bash")


def document(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def scripts(steps: list[dict[str, Any]]) -> list[str]:
    return [step["run"] for step in steps if "run" in step]


def bash(script: str, folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_action_measures_and_keeps_the_result(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): pass\ndef test_two(): pass")
    [script] = scripts(document(ROOT / ".github/actions/carbon/action.yml")["runs"]["steps"])
    out, summary = pytester.path / "out", pytester.path / "summary.md"
    environment = {
        "PYTHON": sys.executable,
        "OUT": str(out),
        "GITHUB_STEP_SUMMARY": str(summary),
        "PYTEST_ADDOPTS": "-p no:cacheprovider -k one",
    }
    assert "1 passed, 1 deselected" in bash(script, pytester.path, environment)
    assert read_result(out / "carbon.json").subjects[0].subject.id.endswith("test_one")
    assert (out / "carbon.html").read_text().startswith("<!doctype html>")
    assert "## Carbon: measured, not compared" in summary.read_text(encoding="utf-8")


GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$CALLS"
case "$*" in
  *"/pulls "*) echo "$NUMBER" ;;
  *PATCH*|*POST*) ;;
  *"/comments --jq"*) echo "$EXISTING" ;;
esac
"""


@pytest.mark.parametrize(
    ("number", "existing", "expected"),
    [
        ("7", "", "api --method POST repos/o/r/issues/7/comments"),
        ("7", "99", "api --method PATCH repos/o/r/issues/comments/99"),
        ("", "", None),
    ],
)
def test_the_comment_is_written_once_and_then_updated(
    tmp_path: Path, number: str, existing: str, expected: str | None
) -> None:
    steps = document(EXAMPLES / "comment.yml")["jobs"]["comment"]["steps"]
    script = scripts(steps)[-1]
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "carbon.json").write_text(write_result(run_result()), encoding="utf-8")
    path = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {
        "PATH": path,
        "CALLS": str(tmp_path / "calls"),
        "NUMBER": number,
        "EXISTING": existing,
        "GITHUB_REPOSITORY": "o/r",
        "RESULT": str(tmp_path / "carbon.json"),
        "COMMENT": str(tmp_path / "comment.md"),
        "OWNER": "someone",
        "BRANCH": "a branch; with $(odd) `characters`",
        "COMMIT": "0123",
    }
    bash(script, tmp_path, environment)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert f"head=someone:{environment['BRANCH']}" in calls[0]
    writes = [call for call in calls if "POST" in call or "PATCH" in call]
    assert [call.startswith(expected or "") for call in writes] == ([True] if expected else [])
    assert (
        (tmp_path / "comment.md").read_text(encoding="utf-8").startswith("<!-- pytest-carbon -->")
    )


def test_the_comment_s_workflow_runs_nothing_of_the_pull_request() -> None:
    steps = document(EXAMPLES / "comment.yml")["jobs"]["comment"]["steps"]
    assert not any("checkout" in step.get("uses", "") for step in steps)
    assert not any("pip install ." in script for script in scripts(steps))


def workflows() -> list[Path]:
    return sorted(EXAMPLES.glob("*.yml"))


@pytest.mark.parametrize("path", workflows(), ids=lambda path: path.name)
def test_least_privileges_and_pinned_actions(path: Path) -> None:
    for job in document(path)["jobs"].values():
        assert job["permissions"], "a job without permissions has the default ones"
        assert job["timeout-minutes"]
        code_runs = any(
            "pip install" in script and " ." in script for script in scripts(job["steps"])
        )
        assert not (code_runs and "write" in job["permissions"].values())
        for step in job["steps"]:
            action = step.get("uses", "")
            if action and not action.startswith("./"):
                version = action.partition("@")[2]
                assert len(version) == 40, f"{action} is not pinned by hash"
            if action.startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False
