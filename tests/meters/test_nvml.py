"""NVIDIA GPUs against an invented driver with the names of the real module."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.measurement import DomainEnergy, Method, Usage
from pytest_carbon.meters.check import check_meter
from pytest_carbon.meters.counter_meter import CounterMeter
from pytest_carbon.meters.meter import Unavailable
from pytest_carbon.meters.nvml import open_nvml
from tests.meters.truth import World, all_move, request, worst_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class NVMLError(Exception):
    pass


class LibraryNotFoundError(NVMLError):
    pass


class DriverNotLoadedError(NVMLError):
    pass


class NotSupportedError(NVMLError):
    pass


class GpuIsLostError(NVMLError):
    pass


@dataclass
class Board:
    """A GPU; ``None`` stands for what it does not support."""

    uuid: str = "GPU-aaaa"
    energy_mj: int | None = 1_000
    power_mw: int | None = 60_000
    busy: int | None = 0
    split: bool | None = False
    lost: bool = False
    missing: bool = False

    def tell(self, value: int | None) -> int:
        if self.lost:
            raise GpuIsLostError("GPU is lost")
        if value is None:
            raise NotSupportedError("Not Supported")
        return value


@dataclass
class FakeNvml:
    """The part of ``pynvml`` that is used, over invented boards."""

    boards: list[Board] = field(default_factory=list)
    init_error: NVMLError | None = None
    count_error: NVMLError | None = None
    instances: dict[str, Board] = field(default_factory=dict)
    users: int = 0

    NVMLError = NVMLError
    NVMLError_LibraryNotFound = LibraryNotFoundError
    NVMLError_DriverNotLoaded = DriverNotLoadedError

    def nvmlInit(self) -> None:  # noqa: N802
        if self.init_error is not None:
            raise self.init_error
        self.users += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.users -= 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        if self.count_error is not None:
            raise self.count_error
        return len(self.boards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Board:  # noqa: N802
        if self.boards[index].missing:
            raise GpuIsLostError("GPU is lost")
        return self.boards[index]

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> Board:  # noqa: N802
        if uuid not in self.instances:
            raise NotSupportedError("Not Found")
        return self.instances[uuid]

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, part: Board) -> Board:  # noqa: N802
        return part

    def nvmlDeviceGetUUID(self, handle: Board) -> str:  # noqa: N802
        return handle.uuid

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: Board) -> int:  # noqa: N802
        return handle.tell(handle.energy_mj)

    def nvmlDeviceGetPowerUsage(self, handle: Board) -> int:  # noqa: N802
        return handle.tell(handle.power_mw)

    def nvmlDeviceGetUtilizationRates(self, handle: Board) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(gpu=handle.tell(handle.busy), memory=0)

    def nvmlDeviceGetMigMode(self, handle: Board) -> list[int]:  # noqa: N802
        if handle.split is None:
            raise NotSupportedError("Not Supported")
        return [int(handle.split), int(handle.split)]


def opened(nvml: FakeNvml, sample_interval_s: float = 0.1, **world: object) -> CounterMeter:
    asked = request(sample_interval_s=sample_interval_s)
    meter = open_nvml(asked, nvml, **{"environ": {}, "moving": all_move, **world})  # type: ignore[arg-type]
    assert isinstance(meter, CounterMeter), meter
    return meter


def refused(nvml: FakeNvml, **environ: str) -> Unavailable:
    found = open_nvml(request(), nvml, environ=environ, moving=all_move)
    assert isinstance(found, Unavailable), found
    return found


ONE_SECOND = Usage(cpu_s=0.0, wall_s=1.0, work_s=0.0)


def test_a_counter_is_read_at_the_edges() -> None:
    board = Board(energy_mj=5_000, power_mw=None)
    meter = opened(FakeNvml([board]))
    assert meter.domains == ("gpu-0",)
    assert meter.poll_s == 0.25, "often enough to find a counter that jumps"
    start = meter.read()
    board.energy_mj = 5_100
    end = meter.read()
    assert (start, end) == ((0,), (100_000,))


def test_a_window_shorter_than_a_refresh_is_completed_from_power() -> None:
    now_ns = 0
    meter = opened(FakeNvml([Board(power_mw=200_000)]), clock_ns=lambda: now_ns)
    before = meter.read()
    now_ns = 20_000_000
    assert meter.read()[0] - before[0] == 4_000_000


@pytest.mark.parametrize("counts", [True, False])
def test_it_follows_a_board_whose_energy_is_known(counts: bool) -> None:
    world = World(mean_w=300, swing_w=200)
    board = Board()

    def refresh() -> None:
        board.energy_mj = int(world.refreshed_j(0.1) * 1e3) if counts else None
        board.power_mw = int(world.power_w * 1e3)

    refresh()
    meter = opened(FakeNvml([board]), clock_ns=world.clock_ns)
    assert worst_error(world, meter.read, poll_s=meter.poll_s, before=refresh) < 0.01


def test_a_counter_that_goes_back_is_an_error_and_no_negative_energy() -> None:
    board = Board(energy_mj=5_000)
    meter = opened(FakeNvml([board]))
    board.energy_mj = 4_000
    with pytest.raises(OSError, match="it went back"):
        meter.read()


def test_a_counter_that_jumps_beyond_what_a_board_draws_is_an_error() -> None:
    now_ns = 0
    board = Board(energy_mj=5_000)
    meter = opened(FakeNvml([board]), clock_ns=lambda: now_ns)
    board.energy_mj = 5_000_000_000
    now_ns = 200_000_000
    with pytest.raises(OSError, match="which no hardware draws"):
        meter.read()


def test_a_board_whose_counter_stands_still_for_seconds_is_not_believed() -> None:
    meter = opened(FakeNvml([Board()]))
    with pytest.raises(OSError, match="gpu-0 stood still"):
        meter.energy(ONE_SECOND._replace(wall_s=10.0), (7,), (7,))


def test_a_lost_board_is_left_out_by_name() -> None:
    nvml = FakeNvml([Board(), Board(lost=True, missing=True), Board()])
    meter = opened(nvml)
    assert meter.domains == ("gpu-0", "gpu-2")
    assert "gpu-1 left out: GPU is lost" in meter.description
    assert meter.name == "nvml-without-gpu-1", "figures of fewer boards: another environment"


def test_a_lost_board_that_is_not_visible_is_no_matter() -> None:
    nvml = FakeNvml([Board(), Board(lost=True, missing=True)])
    meter = open_nvml(request(), nvml, environ={"CUDA_VISIBLE_DEVICES": "0"}, moving=all_move)
    assert isinstance(meter, CounterMeter)
    assert (meter.name, meter.domains) == ("nvml", ("gpu-0",))


def test_where_all_boards_are_lost_that_is_told() -> None:
    found = refused(FakeNvml([Board(lost=True, missing=True)]))
    assert not found.silent
    assert "gpu-0 left out: GPU is lost" in found.reason


def test_the_draw_at_rest_is_not_charged_to_the_work() -> None:
    meter = opened(FakeNvml([Board(power_mw=60_000, busy=0)]))
    (energy,) = meter.energy(ONE_SECOND, (0,), (100_000_000,))
    assert (energy.dynamic_j, energy.idle_j) == pytest.approx((40.0, 60.0))
    assert energy.method is Method.MEASURED
    assert "60 W idle" in meter.description


def test_a_window_in_which_the_counter_was_not_refreshed_is_not_negative() -> None:
    meter = opened(FakeNvml([Board()]))
    assert meter.energy(ONE_SECOND, (7,), (7,)) == (
        DomainEnergy("gpu-0", 0.0, 0.0, Method.MEASURED),
    )


def test_a_board_at_work_when_asked_has_no_known_rest() -> None:
    meter = opened(FakeNvml([Board(busy=30)]))
    (energy,) = meter.energy(ONE_SECOND, (0,), (100_000_000,))
    assert (energy.dynamic_j, energy.idle_j) == pytest.approx((100.0, 0.0))
    assert "idle draw unknown" in meter.description


def test_power_is_integrated_where_there_is_no_counter() -> None:
    now_ns = 0
    board = Board(energy_mj=None, power_mw=100_000)
    meter = opened(FakeNvml([board]), clock_ns=lambda: now_ns, sample_interval_s=0.05)
    assert meter.poll_s == 0.05
    assert "every 0.05 s" in meter.description
    now_ns = 1_000_000_000
    assert meter.read() == (100_000_000,)
    board.power_mw = 300_000
    now_ns = 1_500_000_000
    assert meter.read() == (200_000_000,)


def test_boards_with_and_without_a_counter_stand_side_by_side() -> None:
    meter = opened(FakeNvml([Board(), Board(energy_mj=None), Board(energy_mj=None, power_mw=None)]))
    assert meter.domains == ("gpu-0", "gpu-1")
    assert meter.poll_s is not None
    assert "gpu-2 left out" in meter.description


def test_a_split_board_is_said_to_be_read_as_a_whole() -> None:
    meter = opened(FakeNvml([Board(split=True, busy=None)]))
    assert "MIG" in meter.description


def test_a_board_that_knows_nothing_of_splitting_is_whole() -> None:
    assert "MIG" not in opened(FakeNvml([Board(split=None)])).description


@pytest.mark.parametrize("energy_mj", [1_000, None])
def test_a_board_lost_in_a_run_is_an_error_and_no_zero(energy_mj: int | None) -> None:
    board = Board(energy_mj=energy_mj)
    meter = opened(FakeNvml([board]))
    board.lost = True
    with pytest.raises(OSError, match="GPU is lost"):
        meter.read()


@pytest.mark.parametrize(
    "error", [LibraryNotFoundError("not found"), DriverNotLoadedError("not loaded")]
)
def test_a_machine_without_a_driver_is_no_news(error: NVMLError) -> None:
    assert refused(FakeNvml(init_error=error)).silent


@pytest.mark.parametrize(
    "nvml",
    [
        FakeNvml(init_error=NVMLError("RM has detected an NVML/RM version mismatch.")),
        FakeNvml(count_error=NVMLError("Unknown Error")),
    ],
)
def test_a_driver_that_does_not_work_is_told_with_a_remedy(nvml: FakeNvml) -> None:
    found = refused(nvml)
    assert not found.silent
    assert "does not work" in found.reason
    assert "nvidia-smi" in found.remedy
    assert nvml.users == 0


def test_boards_that_tell_nothing_are_told() -> None:
    nvml = FakeNvml([Board(energy_mj=None, power_mw=None)])
    found = refused(nvml)
    assert not found.silent
    assert "neither energy nor power" in found.reason
    assert nvml.users == 0


def test_a_driver_without_boards_is_no_news() -> None:
    assert refused(FakeNvml()).silent


BOARDS = [Board("GPU-aaaa"), Board("GPU-aabb"), Board("GPU-cccc")]


@pytest.mark.parametrize(
    ("setting", "domains"),
    [
        ("1", ("gpu-1",)),
        ("2,0", ("gpu-0", "gpu-2")),
        (" 0 , 0 ", ("gpu-0",)),
        ("0,-1,2", ("gpu-0",)),
        ("1,9,0", ("gpu-1",)),
        ("GPU-cccc", ("gpu-2",)),
        ("GPU-c,GPU-aab", ("gpu-1", "gpu-2")),
        ("GPU-c,GPU-a", ("gpu-2",)),
        ("MIG-1234", ("gpu-1",)),
        ("MIG-GPU-cccc/1/0", ("gpu-2",)),
    ],
)
def test_only_visible_boards_are_read(setting: str, domains: tuple[str, ...]) -> None:
    nvml = FakeNvml(BOARDS, instances={"MIG-1234": BOARDS[1]})
    meter = open_nvml(request(), nvml, environ={"CUDA_VISIBLE_DEVICES": setting}, moving=all_move)
    assert isinstance(meter, CounterMeter)
    assert meter.domains == domains


@pytest.mark.parametrize("setting", ["", "-1", "MIG-unknown", "nonsense", "³"])
def test_no_visible_board_is_no_news(setting: str) -> None:
    assert refused(FakeNvml(BOARDS), CUDA_VISIBLE_DEVICES=setting).silent


def test_closing_twice_leaves_the_driver_once() -> None:
    nvml = FakeNvml([Board()])
    meter = opened(nvml)
    meter.close()
    meter.close()
    assert nvml.users == 0


@pytest.mark.parametrize("energy_mj", [1_000, None])
def test_it_keeps_every_promise_of_a_meter(energy_mj: int | None) -> None:
    board = Board(energy_mj=energy_mj)

    def spend() -> None:
        if board.energy_mj is not None:
            board.energy_mj += 90_000

    check_meter(opened(FakeNvml([board])), spend)


def test_the_invented_driver_has_only_names_of_the_real_module() -> None:
    real = pytest.importorskip("pynvml")
    names = [name for name in dir(FakeNvml) if name.lower().startswith("nvml")]
    assert [name for name in names if not hasattr(real, name)] == []


def test_this_machine_answers_in_one_way_or_the_other() -> None:
    found = open_nvml(request())
    if isinstance(found, Unavailable):
        assert found.reason
    else:
        check_meter(found)


def still(read: Callable[[], Sequence[int]]) -> tuple[bool, ...]:
    return (False,) * len(read())


def test_a_counter_that_was_not_seen_moving_is_replaced_by_power() -> None:
    world = World(mean_w=300, swing_w=200)
    board = Board()

    def refresh() -> None:
        board.power_mw = int(world.power_w * 1e3)

    refresh()
    meter = opened(FakeNvml([board]), clock_ns=world.clock_ns, moving=still)
    assert "the counter of gpu-0 stands still" in meter.description
    assert worst_error(world, meter.read, poll_s=meter.poll_s, before=refresh) < 0.01


def test_a_counter_that_stands_still_on_a_board_without_power_is_told() -> None:
    found = open_nvml(request(), FakeNvml([Board(power_mw=None)]), environ={}, moving=still)
    assert isinstance(found, Unavailable)
    assert "gpu-0 left out: its counter stands still" in found.reason


def test_a_board_that_shows_no_watts_is_not_taken_for_one_that_draws_none() -> None:
    found = refused(FakeNvml([Board(energy_mj=None, power_mw=0)]))
    assert "neither energy nor power" in found.reason


def test_a_counter_is_waited_for_no_longer_than_its_first_refresh() -> None:
    board = Board(power_mw=None)
    looks = iter(range(1_000, 2_000))
    nvml = FakeNvml([board])
    nvml.nvmlDeviceGetTotalEnergyConsumption = lambda _: next(looks)  # type: ignore[method-assign, assignment]
    meter = open_nvml(request(), nvml, environ={})
    assert isinstance(meter, CounterMeter)
    assert next(looks) < 1_010, "a look or two, and no patience is spent"


@pytest.mark.parametrize("setting", ["GPU-cccc", "GPU-aaaa,GPU-cccc", "MIG-cccc"])
def test_a_lost_board_that_is_named_by_its_uuid_is_told(setting: str) -> None:
    nvml = FakeNvml([Board("GPU-aaaa"), Board("GPU-cccc", lost=True, missing=True)])
    found = open_nvml(request(), nvml, environ={"CUDA_VISIBLE_DEVICES": setting}, moving=all_move)
    told = found.reason if isinstance(found, Unavailable) else found.description
    assert "gpu-1 left out: GPU is lost" in told
    assert isinstance(found, Unavailable) is ("aaaa" not in setting)


def test_a_right_that_is_lost_in_a_run_is_an_error_and_no_zero() -> None:
    nvml = FakeNvml([Board()])
    meter = opened(nvml)

    def forbid(_: Board) -> int:
        raise NVMLError("Insufficient Permissions")

    nvml.nvmlDeviceGetPowerUsage = forbid  # type: ignore[method-assign, assignment]
    with pytest.raises(OSError, match="gpu-0: NVML: Insufficient Permissions"):
        meter.read()


def test_an_answer_that_is_no_number_is_an_error_of_the_system() -> None:
    nvml = FakeNvml([Board()])
    meter = opened(nvml)
    nvml.nvmlDeviceGetTotalEnergyConsumption = lambda _: "N/A"  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(OSError, match="ValueError"):
        meter.read()
