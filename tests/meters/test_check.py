"""Every meter keeps the promises of the interface; a meter that breaks one is caught."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.measurement import DomainEnergy, Method, Usage
from pytest_carbon.meters.check import check_meter
from pytest_carbon.meters.model import MemoryModelMeter, ModelMeter
from pytest_carbon.meters.rapl import RaplMeter, open_rapl
from tests.meters.truth import all_move, request

if TYPE_CHECKING:
    from pytest_carbon.meters.watts import CpuPower

    Powercap = Any  # tests/meters/conftest.py


def test_the_model_keeps_them(power: CpuPower) -> None:
    check_meter(ModelMeter(power, threads=2))


def test_the_memory_model_keeps_them() -> None:
    check_meter(MemoryModelMeter())


def test_rapl_keeps_them(powercap: Powercap) -> None:
    powercap.add_server()
    meter = open_rapl(request(), root=powercap.root, moving=all_move)
    assert isinstance(meter, RaplMeter)
    check_meter(meter, lambda: powercap.set("intel-rapl:1", 500_000))


class Broken:
    """A meter that keeps all promises but the one that a test breaks."""

    name = "broken"
    method = Method.MEASURED
    description = "a meter for tests"
    interval_s = 0.001
    poll_s: float | None = None
    uses_host_time = False

    def __init__(self, **changes: Any) -> None:
        self.domains: tuple[str, ...] = ("board",)
        self.covers: tuple[str, ...] = ("gpu",)
        self.counts = [1, 2]
        self.dynamic_j = 1.0
        for name, value in changes.items():
            setattr(self, name, value)

    def read(self) -> tuple[int, ...]:
        return (self.counts.pop(0),)

    def energy(
        self, usage: Usage, start: tuple[int, ...], end: tuple[int, ...]
    ) -> tuple[DomainEnergy, ...]:
        del usage, start, end
        return (DomainEnergy("board", self.dynamic_j, 0.0, Method.MEASURED),)

    def close(self) -> None:
        pass


def test_a_good_meter_passes() -> None:
    check_meter(Broken())


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "Broken"},
        {"description": "two\nlines"},
        {"domains": ()},
        {"domains": ("board", "board")},
        {"domains": ("another",)},
        {"covers": ()},
        {"covers": ("everything",)},
        {"interval_s": -1.0},
        {"poll_s": 0.0},
        {"counts": [2, 1]},
        {"counts": [1.0, 2.0]},
        {"method": Method.MODELLED},
        {"dynamic_j": -1.0},
        {"dynamic_j": float("nan")},
        {"dynamic_j": float("inf")},
    ],
)
def test_a_broken_promise_is_caught(changes: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_meter(Broken(**changes))


def test_a_meter_of_the_cpu_that_shows_nothing_for_seconds_of_work_is_caught() -> None:
    with pytest.raises(AssertionError, match="0 J would be untrue"):
        check_meter(Broken(covers=("cpu",), dynamic_j=0.0))
