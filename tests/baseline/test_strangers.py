"""Baselines files that somebody has changed: each can be used for everything, or is refused."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from pytest_carbon.baseline.file import file_name
from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.schema import read_baselines
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli import baselines
from pytest_carbon.cli.main import main
from pytest_carbon.errors import BaselineError
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.creep import creep
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.single_run import verdict_without_confirmation
from pytest_carbon.gate.spread import suite_sd
from pytest_carbon.intake.limits import LIMITS, MOST
from pytest_carbon.resultfile.file import write_result
from pytest_carbon.updates.plan import Mode
from pytest_carbon.updates.refresh import plan_runs
from pytest_carbon.updates.three_way_merge import merge_files
from tests.resultfile.test_strangers import check_output, mutated, places
from tests.results import run_result

if TYPE_CHECKING:
    from pathlib import Path

# Hundreds of damaged files, each read and rendered.
pytestmark = pytest.mark.slow

# As property tests: few by default, and many every week.
SEEDS = range(settings().max_examples // 10)


def original() -> dict[str, Any]:
    stored = plan_runs(None, [run_result()], Mode.ALL, Policy()).file
    plain: dict[str, Any] = json.loads(render(stored._replace(reference_ns=150_000.0)))
    for entry in plain["test"].values():
        if "first" in entry:
            entry |= {"sensitivity": 0.9, "disk_share": 0.2, "blocks_written": 8}
            entry["raw"] = dict(entry["first"])
            entry["look"] = {"centre_j": 1, "sd_log": 0.1, "samples": 30, "processes": 10}
    return plain


def use_everywhere(path: Path, result: Path, capsys: pytest.CaptureFixture[str]) -> bool:
    """Hold a run against the file, update, list and merge it; says whether it could be read."""
    text = path.read_bytes()
    refusal: BaselineError | None = None
    try:
        file = BaselineStore(path.parent).read(path)
    except BaselineError as error:
        refusal = error
    if refusal is not None:
        assert str(refusal).isprintable()
        assert path.name in refusal.problem
        assert refusal.remedy
        for mode in ("--diff", "--update=all"):
            status = main(["merge", str(result), f"--baselines={path.parent}", mode])
            assert status == 4 or path.name != file_name(run_result().environment)
            capsys.readouterr()
        assert path.read_bytes() == text
        assert baselines.show(path.parent, None) == 1
        check_output(capsys.readouterr().out)
        return False
    for entry in file.entries.values():
        for policy in (Policy(), Policy().in_thorough_mode()):
            sd = suite_sd(file.entries.values(), policy.floor_j)
            bounds = Bounds.of(entry, policy, sd)
            for now_j in (0.0, 1e-9, 1.0, 1e9):
                verdict_without_confirmation(now_j, bounds, raw_now_j=now_j)
            creep(bounds)
    good = read_baselines(json.dumps(original()).encode(), "good")
    if file.environment == good.environment and file.reference_ns == good.reference_ns:
        side = file._replace(intensity=good.intensity)
        assert read_baselines(render(merge_files(None, side, good)).encode(), "merged")
    assert baselines.show(path.parent, good.environment) == 0
    for mode in ("--diff", "--update=all"):
        assert main(["merge", str(result), f"--baselines={path.parent}", mode]) in (0, 1, 4)
    check_output("".join(capsys.readouterr()))
    BaselineStore(path.parent).read(path)
    return True


@pytest.mark.parametrize("seed", SEEDS)
def test_a_changed_file_is_used_or_refused(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(seed)
    first = original()
    ways = list(places(first))
    result = tmp_path / "result.json"
    result.write_text(write_result(run_result()), encoding="utf-8")
    path = tmp_path / "baselines" / file_name(run_result().environment)
    path.parent.mkdir()
    path.write_text(json.dumps(first))
    assert use_everywhere(path, result, capsys)
    could = set()
    for _ in range(12):
        plain = copy.deepcopy(first)
        mutated(plain, ways, dice)
        path.write_text(json.dumps(plain, indent=2))
        could.add(use_everywhere(path, result, capsys))
    assert False in could


def at_the_edges(value: Any, dice: random.Random) -> Any:
    if not isinstance(value, dict):
        return value
    found = {name: at_the_edges(item, dice) for name, item in value.items()}
    for name in found.keys() & LIMITS.keys() - {"cpu_count", "speed"}:
        limits = LIMITS[name]
        found[name] = dice.choice((limits.least, limits.greatest, 0 if limits.or_zero else 1e2))
        if not limits.allows(found[name]):
            found[name] = limits.least
    if "samples" in found:
        found["samples"] = dice.choice((1, 2, MOST))
        found["processes"] = dice.choice((1, found["samples"]))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_within_its_limits_can_be_used(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(seed)
    result = tmp_path / "result.json"
    result.write_text(write_result(run_result()), encoding="utf-8")
    path = tmp_path / file_name(run_result().environment)
    for _ in range(4):
        path.write_text(json.dumps(at_the_edges(original(), dice)))
        # The result beside it is no file of ours.
        assert use_everywhere(path, result, capsys)
