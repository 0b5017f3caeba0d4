"""Which function burns more: the command that says it, or what it has said."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_carbon.baseline.stored_commit import SHALLOW, stored_commits
from pytest_carbon.explain.culprit import Culprit, Explanation
from pytest_carbon.explain.findings import findings
from pytest_carbon.scratch import scratch_folder
from pytest_carbon.session.pytest_private import typed_here

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest


__all__ = ["explain_now", "explained", "how_to_explain"]

# Git is asked about so many tests, and so many are named in the command.
MOST_TESTS = 10

# Longer than this nobody waits for a run to end; the command by itself has no limit.
MOST_S = 300.0

_UNKNOWN = "cannot tell which function burns more"


def _command(config: pytest.Config, baselines: Path, tests: Sequence[str]) -> list[str] | str:
    """The arguments of ``pytest-carbon`` that explain ``tests``, or why there are none."""
    shown = tests[:MOST_TESTS]
    commits = Counter(stored_commits(baselines, shown).values())
    known = [commit for commit, _ in commits.most_common() if commit != SHALLOW]
    if not known:
        if commits:
            return (
                "this clone is too shallow to know the commit at which these baselines were "
                "stored: run 'git fetch --unshallow'"
            )
        return "these baselines are not committed, so there is no older version to compare with"
    return ["compare", known[0], "--", *(typed_here(config, test) for test in shown)]


def explained(
    config: pytest.Config, baselines: Path, tests: Sequence[str], *, now: bool
) -> list[str]:
    """What is found ``now``, or how to find it; a fault here keeps nothing from being stored."""
    tell = explain_now if now else how_to_explain
    try:
        return tell(config, baselines, tests)
    except Exception as error:  # noqa: BLE001 - the plugin's outer boundary: said, not raised
        return [f"{_UNKNOWN} ({type(error).__name__}: {error})"]


def how_to_explain(config: pytest.Config, baselines: Path, tests: Sequence[str]) -> list[str]:
    """The command that names the functions which ``tests`` burn more for."""
    command = _command(config, baselines, tests)
    if isinstance(command, str):
        return [f"{_UNKNOWN}: {command}"]
    return [f"to see which function burns more: {shlex.join(['pytest-carbon', *command])}"]


def explain_now(config: pytest.Config, baselines: Path, tests: Sequence[str]) -> list[str]:
    """Run that command for at most ``MOST_S``; what it found, in lines."""
    command = _command(config, baselines, tests)
    if isinstance(command, str):
        return [f"{_UNKNOWN}: {command}"]
    with scratch_folder("explain") as folder:
        file = folder / "comparison.json"
        told = _compare([*command[:2], "--json", str(file), *command[2:]], config)
        if file.exists():
            return _findings(command[1], json.loads(file.read_text(encoding="utf-8")))
    by_hand = shlex.join(["pytest-carbon", *command])
    return [f"--carbon-explain {told}; to run it without a limit: {by_hand}"]


def _compare(arguments: Sequence[str], config: pytest.Config) -> str:
    """Run the command; why it has written nothing, if so."""
    environ = {name: v for name, v in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    with subprocess.Popen(  # noqa: S603 - this package, with the user's own test ids
        [sys.executable, "-m", "pytest_carbon.cli.main", *arguments],
        cwd=config.invocation_params.dir,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            _, errors = process.communicate(timeout=MOST_S)
        except subprocess.TimeoutExpired:
            # Asked to end, it removes what it has made.
            process.terminate()
            process.communicate()
            return f"was not finished after {MOST_S:.0f} s"
        except BaseException:
            process.terminate()
            raise
    last = (errors.strip().splitlines() or ["it said nothing"])[-1]
    return f"failed ({last})"


def _findings(commit: str, comparison: dict[str, Any]) -> list[str]:
    explanations = {}
    for test in comparison["tests"]:
        plain = test.get("explanation")
        if plain is not None:
            culprits = tuple(Culprit(**culprit) for culprit in plain["culprits"])
            explanations[test["test"]] = Explanation(
                plain["rise_j"], culprits, plain["is_spread"], plain["trouble"]
            )
    lines = [line for finding in findings(explanations, {}) for line in finding.lines]
    return lines or [f"compared with {commit}, where the baseline was stored, no test burns more"]
