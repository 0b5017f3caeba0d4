"""Apple silicon against an invented ``zeus_apple_silicon``."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.meters.apple import open_apple
from pytest_carbon.meters.check import check_meter
from pytest_carbon.meters.counter_meter import CounterMeter
from pytest_carbon.meters.meter import Unavailable
from tests.meters.truth import World, all_move, request, worst_error

if TYPE_CHECKING:
    from pathlib import Path


class Chip:
    """Tells millijoules since it was made; a field is a function of the joules, or missing."""

    def __init__(self, world: World, **fields: Any) -> None:
        self._world = world
        self.fields = fields
        self.error: Exception | None = None
        module = SimpleNamespace(AppleEnergyMonitor=lambda: self)
        self.module = module

    def get_cumulative_energy(self) -> SimpleNamespace:
        if self.error is not None:
            raise self.error
        mj = int(self._world.energy_j() * 1e3)
        return SimpleNamespace(
            **{name: field(mj) if callable(field) else field for name, field in self.fields.items()}
        )


M2: dict[str, Any] = {
    "cpu_total_mj": lambda mj: mj,
    "efficiency_cluster_mj": lambda mj: [mj // 4],
    "performance_cluster_mj": lambda mj: [mj // 2, mj // 4],
    "dram_mj": lambda mj: mj // 10,
    "gpu_mj": lambda mj: mj // 5,
    "gpu_sram_mj": None,
    "ane_mj": 0,
}


def look(chip: Any, world: World, **where: Any) -> CounterMeter | Unavailable:
    here: dict[str, Any] = {"system": "darwin", "machine": lambda: "arm64", "moving": all_move}
    return open_apple(request(), chip, clock_s=world.clock_s, **{**here, **where})


def opened(chip: Chip, world: World) -> CounterMeter:
    found = look(chip.module, world)
    assert isinstance(found, CounterMeter), found
    return found


def test_the_parts_that_the_chip_tells_are_read() -> None:
    world = World()
    meter = opened(Chip(world, **M2), world)
    assert meter.domains == ("cpu", "dram", "gpu", "ane")
    assert meter.covers == ("cpu", "memory", "gpu:apple")


@pytest.mark.parametrize("missing", [(), ("cpu_total_mj",)])
def test_it_follows_a_chip_whose_energy_is_known(missing: tuple[str, ...]) -> None:
    world = World(mean_w=20, swing_w=10)
    chip = Chip(world, **{**M2, **dict.fromkeys(missing)})
    assert worst_error(world, opened(chip, world).read) < 0.01


def test_clusters_stand_for_a_cpu_that_tells_no_total_and_cores_for_clusters() -> None:
    world = World()
    fields: dict[str, Any] = {"efficiency_cores_mj": [1, 2], "performance_cores_mj": [3, 4]}
    assert opened(Chip(world, **fields), world).domains == ("cpu",)


def test_memory_that_a_chip_does_not_tell_is_not_covered() -> None:
    world = World()
    assert "memory" not in opened(Chip(world, cpu_total_mj=lambda mj: mj), world).covers


def test_a_part_that_is_no_longer_told_is_an_error_and_no_zero() -> None:
    world = World()
    chip = Chip(world, **M2)
    meter = opened(chip, world)
    chip.fields["dram_mj"] = None
    with pytest.raises(OSError, match="dram is no longer told"):
        meter.read()


def test_a_channel_that_fails_in_a_run_is_an_error() -> None:
    world = World()
    chip = Chip(world, **M2)
    meter = opened(chip, world)
    chip.error = RuntimeError("IOReport subscription lost")
    with pytest.raises(OSError, match="subscription lost"):
        meter.read()


def test_a_chip_that_tells_nothing_is_told() -> None:
    world = World()
    assert isinstance(look(Chip(world).module, world), Unavailable)
    broken = Chip(world)
    broken.error = RuntimeError("no channel")
    found = look(broken.module, world)
    assert isinstance(found, Unavailable)
    assert "no channel" in found.reason


def test_without_the_package_the_extra_is_named() -> None:
    found = look(None, World())
    assert isinstance(found, Unavailable)
    assert not found.silent
    assert "pip install 'pytest-carbon[apple]'" in found.remedy


@pytest.mark.parametrize(("system", "machine"), [("linux", "arm64"), ("darwin", "x86_64")])
def test_other_machines_are_no_news(system: str, machine: str) -> None:
    found = look(None, World(), system=system, machine=lambda: machine)
    assert isinstance(found, Unavailable)
    assert found.silent


def test_it_keeps_every_promise_of_a_meter() -> None:
    world = World()
    check_meter(opened(Chip(world, **M2), world), lambda: world.sleep(0.5))


def test_a_cpu_counter_that_stands_still_is_not_believed() -> None:
    world = World()
    found = look(Chip(world, **M2).module, world, moving=lambda read: (False,) * len(read()))
    assert isinstance(found, Unavailable)
    assert "stands still" in found.reason


def test_only_the_cpu_has_to_be_seen_moving() -> None:
    world = World()
    found = look(Chip(world, **M2).module, world, moving=lambda read: (len(read()) == 1,))
    assert isinstance(found, CounterMeter)


def test_a_counter_that_starts_anew_is_an_error() -> None:
    world = World()
    chip = Chip(world, **M2)
    meter = opened(chip, world)
    chip.fields["cpu_total_mj"] = 3
    with pytest.raises(OSError, match="cpu: it went back"):
        meter.read()


@pytest.mark.parametrize("module", [SimpleNamespace(), SimpleNamespace(AppleEnergyMonitor=int)])
def test_another_package_of_that_name_is_told(module: Any) -> None:
    found = look(module, World())
    assert isinstance(found, Unavailable)
    assert "zeus-apple-silicon does not work here: AttributeError" in found.reason


def test_a_package_that_ends_python_at_its_import_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zeus_apple_silicon.py").write_text("raise SystemExit('no wheel')\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = look(None, World())
    assert isinstance(found, Unavailable)
    assert "does not work" in found.reason


def test_a_stand_in_of_the_project_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeus_apple_silicon", ModuleType("zeus_apple_silicon"))
    found = look(None, World())
    assert isinstance(found, Unavailable)
    assert "does not work" in found.reason
