"""Baselines files: judged by, updated, pruned, shown and merged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_carbon.baseline import schema
from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.schema import read_baselines, read_environment
from pytest_carbon.errors import BaselineError
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.creep import creep
from pytest_carbon.gate.policy import Policy
from pytest_carbon.gate.single_run import verdict_without_confirmation
from pytest_carbon.gate.spread import suite_sd
from pytest_carbon.intake.fault import FaultError
from pytest_carbon.measurement import Kind
from pytest_carbon.updates.plan import Mode
from pytest_carbon.updates.preview import preview_prune
from pytest_carbon.updates.prune import plan_prune
from pytest_carbon.updates.refresh import plan_runs, preview_refresh
from pytest_carbon.updates.three_way_merge import merge_files
from tests.fuzz.check import Target, check_error, check_text
from tests.results import run_result

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_carbon.baseline.file import BaselineFile

_RUN = run_result()
_TESTS = tuple(one.subject.id for one in _RUN.of(Kind.TEST))


def _read(data: bytes) -> BaselineFile | None:
    try:
        return read_baselines(data, "baselines.json")
    except BaselineError as error:
        check_error(error, "baselines.json, line ")
        return None


def _again(file: BaselineFile) -> None:
    """What is written can be read, quickly and strictly, and says the same the next time."""
    text = render(file)
    back = read_baselines(text.encode(), "rendered")
    assert render(back) == text
    assert schema._read_as_written(text) is not None or not file.entries


def use_baselines(data: bytes, folder: Path) -> bool:  # noqa: ARG001 - nothing is written
    """What a run, an update, ``prune`` and ``baselines`` do with a file."""
    file = _read(data)
    _compare_readers(data, file)
    if file is None:
        return False
    assert read_environment(data, "baselines.json") == file.environment
    _again(file)
    for policy in (Policy(), Policy().in_thorough_mode()):
        sd = suite_sd(file.entries.values(), policy.floor_j)
        for entry in file.entries.values():
            bounds = Bounds.of(entry, policy, sd)
            for now_j in (0.0, 1e-9, 1.0, 1e12):
                verdict_without_confirmation(now_j, bounds, raw_now_j=now_j, blocks_written=8)
            creep(bounds)
    for mode in Mode:
        updated = plan_runs(file, [_RUN], mode, Policy())
        check_text("\n".join(preview_refresh(updated)))
        _again(updated.file)
    plan = plan_prune(file.entries, _TESTS, full_and_clean=True, code_digests=_RUN.code_digests)
    check_text("\n".join(preview_prune(plan)))
    _again(plan.apply(file))
    return True


def _compare_readers(data: bytes, file: BaselineFile | None) -> None:
    """The fast reader takes nothing that the strict one refuses or understands otherwise."""
    try:
        text = schema._decode(data)
    except FaultError:
        return
    fast = schema._read_as_written(text)
    if fast is not None:
        assert schema._baselines(schema._document(schema._parse(text), schema.CURRENT)) == fast
        assert fast == file


def use_merge(data: bytes, folder: Path) -> bool:  # noqa: ARG001 - nothing is written
    """What the merge driver does with the ancestor and two sides: a list of three objects."""
    try:
        three: Any = json.loads(data)
    except (ValueError, RecursionError):
        return False
    if type(three) is not list or len(three) != 3:
        return False
    try:
        base, ours, theirs = (_read(json.dumps(one).encode()) for one in three)
    except RecursionError:
        return False
    if ours is None or theirs is None:
        return False
    sides = [(ours, theirs), (theirs, ours)]
    try:
        merged, exchanged = (merge_files(base, *pair) for pair in sides)
    except BaselineError as error:
        check_error(error)
        return False
    assert merged == exchanged
    assert merged.entries.keys() <= ours.entries.keys() | theirs.entries.keys()
    _again(merged)
    return True


TARGETS = {"baseline": Target(use_baselines), "merge": Target(use_merge)}
