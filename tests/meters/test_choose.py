from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import SettingError
from pytest_carbon.measurement import Method, Usage
from pytest_carbon.meters.attribution import HostShare
from pytest_carbon.meters.choose import Choice, choose_meters
from pytest_carbon.meters.counter_meter import Channel, CounterMeter
from pytest_carbon.meters.cpu_model import CpuModel
from pytest_carbon.meters.meter import Meter, Request, Unavailable
from pytest_carbon.meters.model import MemoryModelMeter, ModelMeter
from pytest_carbon.meters.sources import BUILT_IN, Source
from tests.meters.truth import POWER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EPYC = CpuModel("AMD EPYC 7763 64-Core Processor")


class FakeMeter(MemoryModelMeter):
    """A meter of nothing that says what it covers, and whether it was closed."""

    def __init__(self, name: str, covers: tuple[str, ...]) -> None:
        self.name = name
        self.covers = covers  # type: ignore[assignment]
        self.closed = False

    def close(self) -> None:
        self.closed = True


def source(name: str, *covers: str, by_default: bool = True, **found: Any) -> Source:
    """A kind of meter that is there, or is ``unavailable``."""

    def open_it(request: Request) -> Meter | Unavailable:
        del request
        if "unavailable" in found:
            return Unavailable(name, found["unavailable"], "install it")
        meter: Meter = found.get("meter") or FakeMeter(name, found.get("really", covers))
        return meter

    return Source(name, covers, Method.MEASURED, 0.0, "all", "none", open_it, by_default)


MODEL = next(source for source in BUILT_IN if source.name == "model")


@pytest.fixture
def choose() -> Callable[..., Choice]:
    def call(
        *sources: Source, names: Sequence[str] | None = None, plugins: Sequence[Source] = ()
    ) -> Choice:
        return choose_meters(
            names,
            cpu=EPYC,
            threads=4,
            built_in=[*sources, MODEL],
            plugins=lambda taken: plugins,  # noqa: ARG005 - they have names of their own
        )

    return call


RAPL = source("rapl", "cpu", "memory")
NO_RAPL = source("rapl", "cpu", "memory", unavailable="no RAPL package zone")
PERF = source("rapl-perf", "cpu", "memory")
NVML = source("nvml", "gpu:nvidia")
NO_NVML = source("nvml", "gpu:nvidia", unavailable="no NVIDIA driver")


def test_the_model_stands_in_where_there_is_no_counter(choose: Callable[..., Choice]) -> None:
    choice = choose(NO_RAPL, NO_NVML)
    assert choice.name == "model"
    assert [missing.meter for missing in choice.unavailable] == ["rapl", "nvml"]
    assert "EPYC 3rd Gen" in choice.meters[0].description


def test_counters_are_preferred(choose: Callable[..., Choice]) -> None:
    choice = choose(RAPL, NVML)
    assert choice.name == "rapl+nvml"
    assert choice.unavailable == ()


def test_the_next_best_counter_stands_in_and_no_part_is_covered_twice(
    choose: Callable[..., Choice],
) -> None:
    assert choose(RAPL, PERF).name == "rapl"
    assert choose(NO_RAPL, PERF).name == "rapl-perf"
    with_sensors = choose(NVML, source("hwmon", really=("gpu:nvidia", "gpu:intel")))
    assert with_sensors.name == "nvml+model", "the sensors cover what is covered already"
    assert choose(NVML, source("hwmon", really=("gpu:intel",))).name == "nvml+hwmon+model"


def test_memory_is_modelled_where_no_counter_covers_it(choose: Callable[..., Choice]) -> None:
    without_memory = source("rapl", "cpu", "memory", really=("cpu",))
    assert choose(without_memory).name == "rapl+model-memory"
    assert choose(NVML, names=["nvml"]).name == "nvml", "only what was asked for"


def test_named_meters_are_taken_alone(choose: Callable[..., Choice]) -> None:
    assert choose(RAPL, NVML, names=["model"]).name == "model"
    assert choose(RAPL, NVML, names=["rapl"]).name == "rapl"
    assert choose(RAPL, NVML, names=["nvml"]).name == "nvml"
    assert choose(RAPL, NVML, names=["model", "nvml"]).name == "nvml+model"


def test_some_meters_are_only_taken_where_they_are_named(choose: Callable[..., Choice]) -> None:
    root = source("powermetrics", "cpu", by_default=False)
    assert choose(root).name == "model"
    assert choose(root, names=["powermetrics"]).name == "powermetrics+model-memory"


def test_a_third_partys_meter_comes_first(choose: Callable[..., Choice]) -> None:
    plug = source("plug", really=("machine",))
    choice = choose(RAPL, NVML, plugins=[plug])
    assert choice.name == "plug"
    lost = source("plug", unavailable="the plug does not answer")
    choice = choose(RAPL, NVML, plugins=[lost])
    assert choice.name == "rapl+nvml"
    assert [missing.meter for missing in choice.unavailable] == ["plug"]


def test_a_named_meter_that_does_not_work_is_an_error(choose: Callable[..., Choice]) -> None:
    with pytest.raises(SettingError, match="no RAPL package zone") as caught:
        choose(NO_RAPL, names=["rapl"])
    assert caught.value.remedy == "install it"
    before = FakeMeter("rapl", ("cpu",))
    with pytest.raises(SettingError, match="no NVIDIA driver"):
        choose(source("rapl", "cpu", meter=before), NO_NVML, names=["rapl", "nvml"])
    assert before.closed


@pytest.mark.parametrize("names", [["solar"], [], ["model", "RAPL"]])
def test_a_name_that_is_none_of_them_is_an_error(
    choose: Callable[..., Choice], names: list[str]
) -> None:
    with pytest.raises(SettingError) as caught:
        choose(RAPL, NVML, names=names)
    assert "rapl, nvml, model" in caught.value.remedy


def test_two_meters_of_one_part_are_an_error(choose: Callable[..., Choice]) -> None:
    with pytest.raises(SettingError, match="rapl and model, which both cover the CPU"):
        choose(RAPL, names=["rapl", "model"])


def test_what_became_of_every_kind_is_told(choose: Callable[..., Choice]) -> None:
    looks = {look.source.name: look for look in choose(RAPL, PERF, NO_NVML).looks}
    assert looks["rapl"].meter is not None
    assert looks["rapl-perf"] == looks["rapl-perf"]._replace(meter=None, unavailable=None)
    assert looks["nvml"].unavailable is not None
    assert looks["model"].meter is None


def test_a_container_answers_for_what_it_may_use(
    choose: Callable[..., Choice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_carbon.meters.choose.own_threads", lambda threads: threads / 2)
    (meter,) = choose(NO_RAPL).meters
    assert isinstance(meter, ModelMeter)
    assert "idle on each of 2," in meter.description


def test_this_machine_has_meters() -> None:
    choice = choose_meters()
    assert choice.meters
    for meter in choice.meters:
        meter.close()
    names = [look.source.name for look in choice.looks]
    assert {source.name for source in BUILT_IN} <= set(names)


class Counters(CounterMeter):
    """Counters of a package, its memory and a GPU, all at 7 J."""

    def __init__(self) -> None:
        channels = [Channel("package-0", "cpu"), Channel("dram-0", "memory"), Channel("gpu", "gpu")]
        share = HostShare(POWER, 4, 4.0)
        super().__init__(
            "chip", channels, lambda: [7, 7, 7], description="a chip", interval_s=0.1, share=share
        )


def test_of_a_meter_that_is_covered_in_part_the_rest_is_measured(
    choose: Callable[..., Choice],
) -> None:
    dimm = source("dimm", really=("memory",))
    choice = choose(source("chip", "cpu", "memory", meter=Counters()), plugins=[dimm])
    assert choice.name == "dimm+chip"
    chip = choice.meters[1]
    assert (chip.domains, chip.covers) == (("package-0", "gpu"), ("cpu", "gpu"))
    assert chip.read() == (0, 0)
    assert "dram-0 left to another meter" in chip.description


def test_a_third_partys_memory_leaves_the_cpu_to_the_model(choose: Callable[..., Choice]) -> None:
    choice = choose(NO_RAPL, plugins=[source("dimm", really=("memory",))])
    assert choice.name == "dimm+model"
    model = choice.meters[1]
    assert (model.domains, model.covers) == (("cpu",), ("cpu",))
    (energy,) = model.energy(Usage(cpu_s=1.0, wall_s=1.0, work_s=1.0, memory_bytes=10**9), (), ())
    assert energy.domain == "cpu"
    assert "memory" not in model.description


@pytest.mark.parametrize("names", [["plug", "rapl"], ["plug", "model"], ["rapl", "plug"]])
def test_a_named_meter_is_never_dropped_without_a_word(
    choose: Callable[..., Choice], names: list[str]
) -> None:
    plug = source("plug", really=("machine",))
    with pytest.raises(SettingError, match=r"covers what plug already does"):
        choose(RAPL, names=names, plugins=[plug])
