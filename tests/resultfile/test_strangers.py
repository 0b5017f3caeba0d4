"""Result files that somebody has changed: each is rendered whole, or refused in one line."""

from __future__ import annotations

import copy
import json
import math
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.cli import baselines
from pytest_carbon.cli.main import main
from pytest_carbon.history.store import History
from pytest_carbon.intake.limits import LIMITS
from pytest_carbon.intensity.embodied import ECO_CI_RUNNER
from pytest_carbon.report import junit
from pytest_carbon.report.kinds import KINDS
from pytest_carbon.report.trend import trend_lines
from pytest_carbon.resultfile.codec import RECORDS, record_fields, to_plain
from pytest_carbon.resultfile.file import read_result, write_result
from tests.hostile import HOSTILE
from tests.results import LIVE, counted, on_hosts, run_result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Hundreds of damaged files, each read and rendered.
pytestmark = pytest.mark.slow

# As property tests: few by default, and many every week.
SEEDS = range(settings().max_examples // 40)
MUTATIONS_OF_A_SEED = 60

EXTREMES: tuple[Any, ...] = (
    *(1e308, -1e308, 1e-320, -1e-320, 0, -0.0, -1, 1, 0.5, 1e12, 1e-12, 1e15, 10**25, -(10**400)),
    *(2**63, 2**64, 10**400, 1e100, 1e-100, True, False, None, "", "yesterday", [], {}, [[]]),
    *({"a": 1}, "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00", "2026-01-01"),
    *HOSTILE,
)


def original() -> dict[str, Any]:

    result = run_result()._replace(live=LIVE, embodied=ECO_CI_RUNNER, reference_ns=150_000.0)
    result = counted(on_hosts(result))
    subjects = [s._replace(own=s.total, tolerance=0.3, budget_j=9.0) for s in result.subjects]
    plain: dict[str, Any] = json.loads(write_result(result._replace(subjects=tuple(subjects))))
    # With every member, also those that are left out where they have their usual value.
    plain["subjects"] = [to_plain(subject) for subject in subjects]
    return plain


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value below ``value``, but for what readers leave alone."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in items:
        if name != "derived":
            yield (*at, name)
            if isinstance(item, (dict, list)):
                yield from places(item, (*at, name))


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def mutated(plain: dict[str, Any], ways: list[tuple[Any, ...]], dice: random.Random) -> None:
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        *folders, name = dice.choice(ways)
        place: Any = plain
        try:
            for folder in folders:
                place = place[folder]
            old = place[name]
        except (LookupError, TypeError):
            continue  # taken away by the mutation before
        if isinstance(place, str):
            continue  # which has places, too
        what = dice.random()
        if what < 0.1:
            del place[name]
        elif what < 0.15:
            place[name] = nested(dice.choice((10, 500, 900)))
        elif what < 0.2 and isinstance(place, list):
            place.append(copy.deepcopy(old))
        elif what < 0.35 and type(old) in (int, float):
            place[name] = dice.choice((-old, old * 1e9, old / 1e9, -old - 1, math.pi * old))
        else:
            place[name] = dice.choice(EXTREMES)


def check_output(text: str) -> None:
    assert [c for c in text if not c.isprintable() and c not in "\n\t"] == []
    assert not [line for line in text.splitlines() if line.startswith("::set-output")]


def says_one_line(capsys: pytest.CaptureFixture[str], status: int) -> None:
    """What every command does: output, or one error that names the file and the remedy."""
    out, err = capsys.readouterr()
    check_output(out)
    check_output(err)
    if status == 4:
        assert err.startswith("ERROR: ")
        assert err.count("\n") == 1
        assert ": " in err.removeprefix("ERROR: ")
    else:
        assert 0 <= status <= 5 or status == 255


def use_everywhere(path: Path, good: Path, folder: Path, capsys: Any) -> int:
    """Every command that takes a result, and every kind of report; returns report's status."""
    everything = [f"--to={kind}:{folder / 'out' / kind}" for kind in KINDS]
    status = main(["report", str(path), "--to=term", "--to=github", *everything])
    says_one_line(capsys, status)
    stored = folder / "baselines"
    before = {file.name: file.read_bytes() for file in stored.glob("*")}
    for arguments in (["--diff"], ["--update=all"]):
        merged = main(["merge", "-v", str(path), str(good), f"--baselines={stored}", *arguments])
        says_one_line(capsys, merged)
        if status == 4:
            assert merged == 4
    if status == 4:
        assert {file.name: file.read_bytes() for file in stored.glob("*")} == before
        return status
    assert main(["report", str(path), str(good), f"--to=html:{folder / 'trend.html'}"]) == 0
    assert baselines.show(stored, None) == 0
    assert baselines.show(stored, None, as_json=True) == 0
    check_output(capsys.readouterr().out)
    for name in ("json", "benchmark-json", "bencher-json"):
        text = (folder / "out" / name).read_text(encoding="utf-8")
        json.loads(text, parse_constant=pytest.fail)
    result = read_result(path)
    assert read_result(folder / "out" / "json") == result
    properties = junit.session_properties(result)
    for subject in result.subjects:
        properties += junit.test_properties(subject, 1.0, result.sci_of(subject))
    assert all(isinstance(value, str) for _, value in properties)
    if result.origin is not None:
        history = History(folder / "history.sqlite")
        history.append(result)
        check_output("\n".join(trend_lines(history.runs())))
    for file in stored.glob("*.json"):
        BaselineStore(stored).read(file)
    return status


@pytest.mark.parametrize("seed", SEEDS)
def test_a_changed_file_is_rendered_or_refused(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(seed)
    first = original()
    ways = list(places(first))
    path, good = tmp_path / "changed.json", tmp_path / "good.json"
    plain = copy.deepcopy(first)
    plain["origin"]["run_id"] = "another"
    good.write_text(json.dumps(plain))
    statuses = []
    for number in range(MUTATIONS_OF_A_SEED):
        plain = copy.deepcopy(first)
        # As it is, it can be used.
        if number:
            mutated(plain, ways, dice)
        path.write_text(json.dumps(plain))
        statuses.append(use_everywhere(path, good, tmp_path / str(number), capsys))
    assert {0, 4} == set(statuses)


def at_the_edges(value: Any, dice: random.Random) -> Any:
    """The same value with every number on one of its field's limits."""
    if isinstance(value, list):
        return [at_the_edges(item, dice) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: at_the_edges(item, dice) for name, item in value.items()}
    for name, old in found.items():
        if name in LIMITS and type(old) in (int, float):
            limits = LIMITS[name]
            edges = [limits.least, limits.greatest, *([0] if limits.or_zero else [])]
            edge = dice.choice(edges)
            found[name] = int(edge) if type(old) is int and edge == int(edge) else edge
    if (found.get("low") or 0) > (found.get("high") or 0):
        found["low"], found["high"] = found["high"], found["low"]
    if "reserved" in found:
        found["reserved"] = min(found["reserved"], found["resources"])
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_within_its_limits_can_be_computed_and_rendered(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(seed)
    path, good = tmp_path / "edges.json", tmp_path / "good.json"
    first = original()
    good.write_text(json.dumps({**first, "origin": {**first["origin"], "run_id": "another"}}))
    for number in range(12):
        path.write_text(json.dumps(at_the_edges(first, dice)))
        assert use_everywhere(path, good, tmp_path / str(number), capsys) == 0


def test_every_field_that_holds_a_number_has_limits() -> None:
    for record in RECORDS:
        for name, (hint, _) in record_fields(record).items():
            if {"int", "float"} & set(str(hint).replace("<class '", "").split("'")[0].split(" | ")):
                assert name in LIMITS, f"{record.__name__}.{name}"
