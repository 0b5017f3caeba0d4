"""Looks on another host: there, by the gateway that pytest-xdist has opened for its worker."""

from __future__ import annotations

import json
from time import monotonic
from typing import TYPE_CHECKING, Any

from pytest_carbon.looks.answer import Sample, UnitAnswer
from pytest_carbon.looks.order import LookOrder
from pytest_carbon.looks.process import take_look
from pytest_carbon.wire import measurement_from_plain, measurement_to_plain

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
        left_s = None if until_s is None else max(0.0, until_s - monotonic())
        request = {"order": order.to_plain(), "left_s": left_s}
        try:
            channel = gateways()[-1].remote_exec(_SOURCE)
            channel.send(json.dumps(request))
            patience_s = None if left_s is None else left_s + _PATIENCE_S
            answers = json.loads(channel.receive(patience_s))
        except IndexError:
            problem = "the connection to its host is lost"
            return {unit: UnitAnswer(problem=problem) for unit in order.units}
        except Exception as error:  # noqa: BLE001 - execnet's own errors, and what a host raises
            problem = f"its host does not answer ({type(error).__name__}: {error})"
            return {unit: UnitAnswer(problem=problem) for unit in order.units}
        return dict(zip(order.units, map(_answer_from_plain, answers), strict=True))

    return take


def carry_out(request: str) -> str:
    """On the other host: take the look that is asked for, and answer in JSON."""
    plain = json.loads(request)
    order = LookOrder.from_plain(plain["order"])
    left_s = plain["left_s"]
    until_s = None if left_s is None else monotonic() + left_s
    answers = take_look(order, _started_by[0], until_s=until_s)
    return json.dumps([_answer_to_plain(answers[unit]) for unit in order.units])


def _answer_to_plain(answer: UnitAnswer) -> dict[str, Any]:
    return {
        "first": None if answer.first is None else _sample_to_plain(answer.first),
        "repeats": [_sample_to_plain(sample) for sample in answer.repeats],
        "is_enough": answer.is_enough,
        "problem": answer.problem,
    }


def _answer_from_plain(plain: dict[str, Any]) -> UnitAnswer:
    return UnitAnswer(
        first=None if plain["first"] is None else _sample_from_plain(plain["first"]),
        repeats=tuple(map(_sample_from_plain, plain["repeats"])),
        is_enough=plain["is_enough"],
        problem=plain["problem"],
    )


def _sample_to_plain(sample: Sample) -> dict[str, Any]:
    return {
        **sample._asdict(),
        "cost": measurement_to_plain(sample.cost),
        "tasks": [None if task is None else measurement_to_plain(task) for task in sample.tasks],
    }


def _sample_from_plain(plain: dict[str, Any]) -> Sample:
    tasks = (None if task is None else measurement_from_plain(task) for task in plain["tasks"])
    return Sample(**{**plain, "cost": measurement_from_plain(plain["cost"]), "tasks": tuple(tasks)})
