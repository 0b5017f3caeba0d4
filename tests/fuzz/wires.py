"""What processes that run tests tell those that wait for them: looks, other hosts, comparisons."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.compare.line import Line, LineLostError
from pytest_carbon.compare.pairs import Mode, as_pair, problem_of
from pytest_carbon.compare.process import Process
from pytest_carbon.errors import CompareError
from pytest_carbon.explain.culprit import explain
from pytest_carbon.explain.profile import joined, least_disturbed
from pytest_carbon.explain.versions import Versions
from pytest_carbon.gate.bounds import Bounds
from pytest_carbon.gate.looks import Suspect
from pytest_carbon.gate.pairs.suspects import PairedPolicy, next_pairs
from pytest_carbon.gate.policy import Policy
from pytest_carbon.looks.answer import Transcript, UnitAnswer, read_answers
from pytest_carbon.looks.confirm import confirm
from pytest_carbon.looks.order import AskedTask
from pytest_carbon.looks.questions import AgainstBaseline, AgainstBudget, Tested
from pytest_carbon.looks.remote import take_elsewhere
from pytest_carbon.looks.taker import LookTaker
from tests.fuzz.check import Target, check_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_carbon.looks.order import LookOrder, Unit
    from pytest_carbon.looks.taker import Take

_SPREAD = Spread(centre_j=1.0, sd_log=0.05, samples=10, processes=10)
_BOUNDS = Bounds.of(Entry(first=_SPREAD, look=_SPREAD, sensitivity=0.9), Policy(), 0.05)


def _tested(*tests: str) -> Tested:
    return Tested(tests=tests, sensitivities=(0.9,) * len(tests), wall_s=0.1)


_SUSPECT = Suspect(bounds=_BOUNDS, first_j=3.0)
_QUESTIONS = (
    AgainstBaseline(_tested("t.py::test_one"), _SUSPECT),
    AgainstBaseline(_tested("t.py::test_one"), _SUSPECT, AskedTask("load", 0.9)),
    AgainstBaseline(_tested("t.py::test_two", "t.py::test_three"), _SUSPECT),
    AgainstBudget(_tested("t.py::test_four"), now_j=3.0, budget_j=1.0),
)


def _confirmed(take: Take) -> bool:
    """Ask all questions; whether every answer could be read."""
    problems: list[str] = []

    def noted(order: LookOrder, until_s: float | None) -> Mapping[Unit, UnitAnswer]:
        answers = take(order, until_s)
        problems.extend(answer.problem for answer in answers.values())
        return answers

    verdicts = confirm(
        _QUESTIONS,
        LookTaker(take=noted, reference_ns=1000.0, probe="off"),
        confirm_time_s=10.0,
        pause=lambda _: None,
    )
    assert len(verdicts) == len(_QUESTIONS)
    return not [text for text in problems if "is damaged" in text or "not answer" in text]


def use_look(data: bytes, folder: Path) -> bool:  # noqa: ARG001 - the lines are at hand
    """What a run makes of the lines that a look's process has written down."""

    def take(order: LookOrder, until_s: float | None) -> Mapping[Unit, UnitAnswer]:  # noqa: ARG001
        transcript = Transcript(order)
        for line in data.splitlines():
            transcript.take(line)
        transcript.ended("it ended")
        answers = read_answers([(order, transcript)])
        why = UnitAnswer(problem=transcript.failure or "it ended")
        return {unit: answers.get(unit, why) for unit in order.units}

    return _confirmed(take)


class _Gateway:
    """A host that always gives the same answer."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def remote_exec(self, source: str) -> _Gateway:  # noqa: ARG002
        return self

    def send(self, request: str) -> None:
        """Ask."""

    def receive(self, patience_s: float | None) -> str:  # noqa: ARG002
        return self._answer


def use_remote(data: bytes, folder: Path) -> bool:  # noqa: ARG001 - nothing is written
    """What a run makes of another host's answer, which may be of another version."""
    return _confirmed(take_elsewhere(lambda: [_Gateway(data.decode("utf-8", "surrogateescape"))]))


def use_pairs(data: bytes, folder: Path) -> bool:  # noqa: ARG001 - nothing is written
    """What ``compare`` makes of the answers of two processes, one line each."""
    line = Line(_end_of(data))
    process = Process(line, None)
    try:
        runs = (process.finish(), process.finish())
    except (LineLostError, CompareError) as error:
        if isinstance(error, CompareError):
            check_error(error)
        return False
    finally:
        process.kill()
    if problem_of(*runs):
        return True
    for mode in Mode:
        pair = as_pair(*runs, mode, 1)
        if pair is not None:
            next_pairs([pair] * 5, PairedPolicy(), 10)
    return True


def _end_of(data: bytes) -> socket.socket:
    """An end of a line whose other end has said this and is closed."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with theirs:
        theirs.send(data[:60_000])
    return ours


class _Said(Line):
    """A line whose other end hears nothing."""

    def send(self, message: dict[str, Any], descriptor: int | None = None) -> None:
        """Nobody is there any more."""


def use_profile(data: bytes, folder: Path) -> bool:
    """What ``compare`` makes of two profiles."""
    process = Process(_Said(_end_of(data)), None)
    try:
        found = [
            process.profile("t.py::test", cpu=None, seed=1, waits=False) for _ in ("base", "head")
        ]
    except LineLostError:
        return False
    finally:
        process.kill()
    base, head = found
    if base is None or head is None:
        return False
    (folder / "shop.py").write_text("def price():\n    return sum(range(9))\n", encoding="utf-8")

    def read(file: str) -> bytes | None:
        return (folder / "shop.py").read_bytes() if file == "shop.py" else None

    versions = Versions(read, read)
    for pair in ((base, head), (least_disturbed([base, base]), joined([head, base]))):
        for only_changed in (False, True):
            explanation = explain(pair, (1.0, 2.0), versions, only_changed=only_changed)
            assert explanation.lines()
    return True


TARGETS = {
    "look": Target(use_look, form="lines"),
    "remote": Target(use_remote),
    "pairs": Target(use_pairs, form="lines"),
    "profile": Target(use_profile, form="lines"),
}
