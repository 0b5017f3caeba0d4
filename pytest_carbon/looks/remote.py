"""Looks on another host: there, by the gateway that pytest-xdist has opened for its worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_carbon.intake.fault import parse_json
from pytest_carbon.looks.answer import UnitAnswer
from pytest_carbon.looks.order import LookOrder
from pytest_carbon.looks.process import take_look
from pytest_carbon.resultfile.codec import from_plain, to_plain
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_carbon.looks.invocation import Invocation
    from pytest_carbon.looks.order import Unit

__all__ = ["carry_out", "remember", "take_elsewhere"]

# What the other host runs: it has pytest-carbon, as it has measured.
_SOURCE = """
from pytest_carbon.looks.remote import carry_out
channel.send(carry_out(channel.receive()))
"""

# How much longer than its looks an answer may travel.
_PATIENCE_S = 60.0


_started_by: list[Invocation] = []
"""How pytest was started in this process, where a worker runs in it that others ask for looks."""


def remember(invocation: Invocation) -> None:
    """In a worker: keep how its pytest was started, for the looks that it will be asked for."""
    _started_by[:] = [invocation]


def take_elsewhere(
    gateways: Callable[[], list[Any]],
) -> Callable[[LookOrder, float | None], Mapping[Unit, UnitAnswer]]:
    """A function that has looks taken where ``gateways`` lead, by the last of them that is open."""

    def take(order: LookOrder, until_s: float | None) -> Mapping[Unit, UnitAnswer]:
        left_s = None if until_s is None else max(0.0, until_s - System.monotonic())
        request = {"order": order.to_plain(), "left_s": left_s}
        try:
            channel = gateways()[-1].remote_exec(_SOURCE)
            channel.send(System.dumps(request))
            patience_s = None if left_s is None else left_s + _PATIENCE_S
            answers = _answers(order, channel.receive(patience_s))
        except IndexError:
            problem = "the connection to its host is lost"
            return {unit: UnitAnswer(problem=problem) for unit in order.units}
        except Exception as error:  # noqa: BLE001 - execnet's own errors, and what a host raises
            problem = f"its host does not answer ({type(error).__name__}: {error})"
            return {unit: UnitAnswer(problem=problem) for unit in order.units}
        return answers

    return take


def _answers(order: LookOrder, text: str) -> dict[Unit, UnitAnswer]:
    """What the other host says of each unit. Raises ``ValueError`` for what is no answer."""
    found = from_plain(tuple[UnitAnswer, ...], parse_json(text, "an answer"))
    answers = dict(zip(order.units, found, strict=True))
    if not all(answer.first or answer.problem for answer in found):
        raise ValueError("it says nothing of a test")
    return answers


def carry_out(request: str) -> str:
    """On the other host: take the look that is asked for, and answer in JSON."""
    plain = System.loads(request)
    order = LookOrder.from_plain(plain["order"])
    left_s = plain["left_s"]
    until_s = None if left_s is None else System.monotonic() + left_s
    answers = take_look(order, _started_by[0], until_s=until_s)
    return System.dumps([to_plain(answers[unit]) for unit in order.units])
