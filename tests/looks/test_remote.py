"""Looks on another host, by a gateway that carries text there and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.looks import remote
from pytest_carbon.looks.answer import Sample, UnitAnswer
from pytest_carbon.looks.invocation import plain_invocation
from pytest_carbon.looks.order import Ask, LookOrder, Unit
from pytest_carbon.system import System
from tests.looks.conftest import cost

if TYPE_CHECKING:
    from pytest_carbon.looks.invocation import Invocation

ONE, TWO = (Unit(tests=(f"t.py::test_{name}",), repeats=1) for name in ("one", "two"))
ORDER = LookOrder(
    asks=(Ask(test="t.py::test_one", sensitivity=0.9, timeout_s=10.0),),
    units=(ONE, TWO),
    reference_ns=1000.0,
    probe="off",
)
ANSWERS = {
    ONE: UnitAnswer(
        first=Sample(cost(3.0), (cost(1.0), None), 8, 0.01, 0.1),
        repeats=(Sample(cost(2.0), (cost(0.5), None)),),
        is_enough=True,
    ),
    TWO: UnitAnswer(problem="it failed"),
}


class Gateway:
    """Leads to this very process."""

    def __init__(self) -> None:
        self.waited_s: list[float | None] = []

    def remote_exec(self, source: str) -> Gateway:
        assert "carry_out" in source
        return self

    def send(self, text: str) -> None:
        self.text = text

    def receive(self, timeout_s: float | None) -> str:
        self.waited_s.append(timeout_s)
        return remote.carry_out(self.text)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[LookOrder, Invocation, float | None]]:
    """What the other host was asked for; it answers with ``ANSWERS``."""
    asked: list[tuple[LookOrder, Invocation, float | None]] = []

    def take(
        order: LookOrder, invocation: Invocation, *, until_s: float | None
    ) -> dict[Unit, UnitAnswer]:
        asked.append((order, invocation, until_s))
        return ANSWERS

    monkeypatch.setattr(remote, "take_look", take)
    monkeypatch.setattr(System, "monotonic", lambda: 100.0)
    return asked


def test_an_order_is_carried_out_there_and_its_answers_arrive_whole(
    taken: list[tuple[LookOrder, Invocation, float | None]],
) -> None:
    remote.remember(plain_invocation(["--carbon", "-k", "one"], Path(), {}))
    found = remote.take_elsewhere(lambda: [Gateway()])(ORDER, None)
    assert found == ANSWERS
    ((order, invocation, until_s),) = taken
    assert order == ORDER
    assert invocation.arguments == ("--carbon", "-k", "one")
    assert until_s is None


def test_the_time_that_is_left_is_told_as_clocks_of_hosts_differ(
    taken: list[tuple[LookOrder, Invocation, float | None]],
) -> None:
    gateway = Gateway()
    remote.remember(plain_invocation([], Path(), {}))
    remote.take_elsewhere(lambda: [gateway])(ORDER, 130.0)
    ((_, _, until_s),) = taken
    assert until_s == 130.0
    (waited_s,) = gateway.waited_s
    assert waited_s is not None
    assert waited_s > 30


def test_a_host_that_does_not_answer_is_a_problem_and_no_error() -> None:
    class Broken(Gateway):
        def remote_exec(self, source: str) -> Gateway:
            raise OSError(source and "cannot send (already closed?)")

    found = remote.take_elsewhere(lambda: [Broken()])(ORDER, None)
    assert found.keys() == set(ORDER.units)
    assert all("its host does not answer (OSError" in one.problem for one in found.values())


def test_a_lost_connection_is_said_and_no_error() -> None:
    found = remote.take_elsewhere(list)(ORDER, None)
    assert {one.problem for one in found.values()} == {"the connection to its host is lost"}


def test_looks_are_taken_by_the_last_gateway_that_is_left(
    taken: list[tuple[LookOrder, Invocation, float | None]],
) -> None:
    remote.remember(plain_invocation([], Path(), {}))
    gateways = [Gateway(), Gateway()]
    remote.take_elsewhere(lambda: gateways)(ORDER, None)
    assert [gateway.waited_s for gateway in gateways] == [[], [None]]
    assert len(taken) == 1


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "[{}, {}]", '[{"first": {"cost": 1}}, {"problem": "x"}]', "[" * 9999]
)
def test_a_host_whose_answer_is_of_another_form_is_a_problem_and_no_error(text: str) -> None:
    class Other(Gateway):
        def receive(self, timeout_s: float | None) -> str:
            self.waited_s.append(timeout_s)
            return text

    found = remote.take_elsewhere(lambda: [Other()])(ORDER, None)
    assert found.keys() == set(ORDER.units)
    assert all("its host does not answer (" in one.problem for one in found.values())
