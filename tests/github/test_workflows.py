"""The scripts inside of the action and of the example workflows, run as a runner would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from pytest_carbon.report.kinds import KINDS
from pytest_carbon.resultfile.file import read_result, write_result
from tests.results import SUBJECTS, run_result, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.result.run import RunResult

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "how-to" / "github"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the scripts are for bash")


def document(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def scripts(steps: list[dict[str, Any]]) -> list[str]:
    return [step["run"] for step in steps if "run" in step]


def bash(script: str, folder: Path, environment: Mapping[str, str], *, status: int = 0) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def action(folder: Path, **inputs: str) -> tuple[str, dict[str, str]]:
    """The action's script, and its environment with these inputs."""
    [script] = scripts(document(ROOT / ".github/actions/carbon/action.yml")["runs"]["steps"])
    environment = {
        "GATE": "compare",
        "BASE": "",
        "SETUP": "",
        "COMPARE_ARGS": "",
        "ALWAYS": "false",
        "PYTHON": sys.executable,
        "OUT": str(folder / "out"),
        "LINK": "https://example.org/runs/1#artifacts",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        **inputs,
    }
    return script, environment


def test_the_action_measures_and_keeps_the_result(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): pass\ndef test_two(): pass")
    out, summary = pytester.path / "out", pytester.path / "summary.md"
    script, environment = action(
        pytester.path, GATE="carbon", PYTEST_ADDOPTS="-p no:cacheprovider -k one"
    )
    assert "1 passed, 1 deselected" in bash(script, pytester.path, environment)
    assert read_result(out / "carbon.json").subjects[0].subject.id.endswith("test_one")
    assert (out / "carbon.html").read_text().startswith("<!doctype html>")
    told = summary.read_text(encoding="utf-8")
    assert "## Carbon: measured, not compared" in told
    assert "(<https://example.org/runs/1#artifacts>)" in told


def test_the_action_fails_by_the_exit_status_and_still_writes_the_summary(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("def test_one(): assert False")
    script, environment = action(pytester.path, GATE="carbon", PYTEST_ADDOPTS="-p no:cacheprovider")
    bash(script, pytester.path, environment, status=1)
    assert "## Carbon:" in (pytester.path / "summary.md").read_text(encoding="utf-8")


def test_the_action_compares_with_the_base(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): pass")
    arguments = pytester.path / "arguments"
    python = pytester.path / "python"
    python.write_text(f"#!/usr/bin/env bash\nprintf '%s\\n' \"$@\" > {arguments}\nexit 1\n")
    python.chmod(0o755)
    script, environment = action(
        pytester.path,
        BASE="origin/main",
        SETUP="pip install .",
        COMPARE_ARGS="--tolerance '2 %'",
        PYTHON=str(python),
        ALWAYS="true",
    )
    bash(script, pytester.path, environment, status=1)
    typed = arguments.read_text().splitlines()
    assert typed[:5] == ["-m", "pytest_carbon.cli.main", "compare", "--merge-base", "origin/main"]
    assert typed[-5:] == ["--tolerance", "2 %", "--setup", "pip install .", "--always"]
    assert typed[typed.index("--link") + 1] == environment["LINK"]
    assert not (pytester.path / "summary.md").exists()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [({}, "nothing to compare with"), ({"GATE": "stored"}, "is none of compare, carbon")],
)
def test_the_action_says_what_is_wrong_with_its_inputs(
    tmp_path: Path, inputs: dict[str, str], message: str
) -> None:
    script, environment = action(tmp_path, **inputs)
    assert message in bash(script, tmp_path, environment, status=4)


GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$CALLS"
case "$*" in
  *"/pulls "*) echo "$PULL" ;;
  *PATCH*|*POST*) ;;
  *"/comments --jq"*) echo "$EXISTING" ;;
esac
"""


UNCHANGED = whole(run_result(SUBJECTS[0]))._replace(faults=())


class Told(NamedTuple):
    """What a workflow has written: its calls of ``gh`` that write, and the comment's text."""

    all_calls: list[str]
    comment: str

    @property
    def comments(self) -> list[str]:
        """The calls that write a comment."""
        writes = [call for call in self.all_calls if "POST" in call or "PATCH" in call]
        return [call for call in writes if "/comments" in call]


def comment_by(workflow: str, folder: Path, *, pull: str = "7", existing: str = "") -> Told:
    """Run the last script of a workflow's job that comments."""
    script = scripts(document(EXAMPLES / workflow)["jobs"]["comment"]["steps"])[-1]
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    environment = {
        "PATH": f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CALLS": str(folder / "calls"),
        "PULL": pull,
        "NUMBER": pull,
        "EXISTING": existing,
        "GITHUB_REPOSITORY": "o/r",
        "RESULT": str(folder / "carbon.json"),
        "COMMENT": str(folder / "comment.md"),
        "OWNER": "someone",
        "BRANCH": "a branch; with $(odd) `characters`",
        "COMMIT": "0123",
        "CONCLUSION": "failure",
        "LINK": "https://example.org/runs/1",
        "MARKER": "<!-- pytest-carbon -->",
    }
    bash(script, folder, environment)
    text = (folder / "comment.md").read_text(encoding="utf-8")
    return Told((folder / "calls").read_text(encoding="utf-8").splitlines(), text)


WAYS = pytest.mark.parametrize("workflow", ["comment.yml", "compare.yml"])
CREATES = "api --method POST repos/o/r/issues/7/comments"
UPDATES = "api --method PATCH repos/o/r/issues/comments/99"


def keep(folder: Path, result: RunResult) -> None:
    """What the gate's job has left for the job that comments."""
    (folder / "carbon.json").write_text(write_result(result), encoding="utf-8")
    (folder / "comment.md").write_text(KINDS["markdown"].render(result), encoding="utf-8")


@WAYS
@pytest.mark.parametrize(("existing", "expected"), [("", CREATES), ("99", UPDATES)])
def test_the_comment_is_written_once_and_then_updated(
    tmp_path: Path, workflow: str, existing: str, expected: str
) -> None:
    keep(tmp_path, run_result())
    told = comment_by(workflow, tmp_path, existing=existing)
    assert [call.startswith(expected) for call in told.comments] == [True]
    assert told.comment.startswith("<!-- pytest-carbon -->\n## Carbon: 1 test burns more")


@WAYS
def test_where_nothing_changed_no_comment_is_written(tmp_path: Path, workflow: str) -> None:
    keep(tmp_path, UNCHANGED)
    assert comment_by(workflow, tmp_path).comments == []


@WAYS
def test_where_nothing_changed_an_old_comment_says_so(tmp_path: Path, workflow: str) -> None:
    keep(tmp_path, UNCHANGED)
    told = comment_by(workflow, tmp_path, existing="99")
    assert [call.startswith(UPDATES) for call in told.comments] == [True]
    assert told.comment == "<!-- pytest-carbon -->\n## Carbon: nothing changed, as of 0123\n"


def test_the_check_run_has_the_sentence_and_the_gate_s_conclusion(tmp_path: Path) -> None:
    keep(tmp_path, run_result())
    [check] = [call for call in comment_by("comment.yml", tmp_path).all_calls if "/check-" in call]
    assert "conclusion=failure" in check
    assert "output[title]=1 test burns more, 1 is in doubt, 1 burns less, 3 passed" in check
    assert "details_url=https://example.org/runs/1 " in check


def test_a_closed_pull_request_gets_no_comment(tmp_path: Path) -> None:
    keep(tmp_path, run_result())
    told = comment_by("comment.yml", tmp_path, pull="")
    assert told.comments == []
    assert any("head=someone:a branch; with $(odd) `characters`" in call for call in told.all_calls)


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
