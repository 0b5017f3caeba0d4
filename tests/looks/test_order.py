"""What a look is asked, on its way to another process."""

from __future__ import annotations

import json

from pytest_carbon.looks.order import Ask, AskedTask, LookOrder, Unit

ONE = Unit(tests=("t.py::test_one",), repeats=4, enough_j=(1.0, 1.1))
SHORT = Unit(tests=("t.py::test_a", "t.py::test_b"), repeats=1)
ORDER = LookOrder(
    asks=(
        Ask(
            test="t.py::test_one",
            sensitivity=0.9,
            timeout_s=10.0,
            tasks=(AskedTask("load", 0.5), AskedTask("train/epoch", 1.0, worst=True)),
        ),
        Ask(test="t.py::test_a", sensitivity=0.9, timeout_s=10.0),
        Ask(test="t.py::test_b", sensitivity=0.9, timeout_s=10.0),
    ),
    units=(ONE, SHORT),
    reference_ns=1234.5,
    probe="follow-words14",
    keeps_cwd=False,
    seed=3,
)


def test_an_order_arrives_as_it_was_sent() -> None:
    sent = json.dumps(ORDER.to_plain())
    assert LookOrder.from_plain(json.loads(sent)) == ORDER


def test_a_further_process_is_asked_for_what_is_left() -> None:
    rest = ORDER.only((SHORT,))
    assert rest.units == (SHORT,)
    assert [ask.test for ask in rest.asks] == ["t.py::test_a", "t.py::test_b"]
    assert (rest.reference_ns, rest.probe, rest.keeps_cwd, rest.seed) == (
        1234.5,
        "follow-words14",
        False,
        3,
    )
