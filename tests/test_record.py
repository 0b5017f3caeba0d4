"""Named tuples: what ``typing`` makes of the same class is what is expected of them."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any

import pytest

from pytest_carbon import record


class Reading(record.NamedTuple):
    """What was read."""

    wall_ns: int
    cpu_ns: int
    counters: tuple[int, ...] = ()

    @property
    def idle_ns(self) -> int:
        return self.wall_ns - self.cpu_ns


class Standard(typing.NamedTuple):
    wall_ns: int
    cpu_ns: int
    counters: tuple[int, ...] = ()


class Cached(Reading):
    """A subclass has a dictionary, and the same fields."""


@pytest.mark.parametrize("make", [Reading, Cached])
def test_an_instance_is_what_typing_makes(make: type[Reading]) -> None:
    made: Any = make(3, cpu_ns=2)
    standard: Any = Standard(3, cpu_ns=2)
    assert made == standard == (3, 2, ())
    assert hash(made) == hash(standard)
    assert made.idle_ns == 1
    assert isinstance(made, make)
    assert made._asdict() == standard._asdict()
    assert make._fields == Standard._fields
    assert made._replace(cpu_ns=1) == standard._replace(cpu_ns=1)
    assert isinstance(made._replace(cpu_ns=1), make)
    assert tuple(make._make([1, 2, (3,)])) == tuple(Standard._make([1, 2, (3,)]))
    assert repr(made) == f"{make.__name__}(wall_ns=3, cpu_ns=2, counters=())"
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made


@pytest.mark.parametrize(
    "wrong",
    [
        lambda make: make(1),
        lambda make: make(1, 2, (), 4),
        lambda make: make(1, 2, host=3),
        lambda make: make._make([1]),
    ],
)
def test_what_typing_refuses_is_refused(wrong: Any) -> None:
    for make in (Reading, Standard):
        with pytest.raises(TypeError):
            wrong(make)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError, match="host"):
        Reading(1, 2)._replace(host=3)  # type: ignore[call-arg, unused-ignore]


def test_a_value_matches_by_place_and_cannot_be_set() -> None:
    made = Reading(3, 2)
    match made:
        case Reading(wall_ns, cpu_ns, _):
            assert (wall_ns, cpu_ns) == (3, 2)
    with pytest.raises(AttributeError):
        made.wall_ns = 4  # type: ignore[misc]
    assert Reading.__doc__ == "What was read."
