"""A powercap tree in a folder, and watts of round numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.meters.watts import CpuPower

if TYPE_CHECKING:
    from pathlib import Path

RANGE_UJ = 262_143_328_850


@dataclass
class Powercap:
    """Zones as the kernel lists them: all side by side, sub-zones also below their parent."""

    root: Path

    def add(
        self, zone: str, name: str, energy_uj: int | str, *, range_uj: int | str = RANGE_UJ
    ) -> None:
        folder = self.root / zone
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "max_energy_range_uj").write_text(f"{range_uj}\n")
        self.set(zone, energy_uj)

    def set(self, zone: str, energy_uj: int | str) -> None:
        (self.root / zone / "energy_uj").write_text(f"{energy_uj}\n")

    def add_server(self) -> None:
        """Two sockets, each with its memory; the platform; the mirror in mapped memory."""
        self.add("intel-rapl", "", "", range_uj="")
        self.add("intel-rapl:0", "package-0", 1_000)
        self.add("intel-rapl:0:0", "core", 100)
        self.add("intel-rapl:0:1", "uncore", 100)
        self.add("intel-rapl:0:2", "dram", 10)
        self.add("intel-rapl:1", "package-1", 2_000)
        self.add("intel-rapl:1:0", "dram", 20)
        self.add("intel-rapl:2", "psys", 99_999)
        self.add("intel-rapl-mmio", "", "", range_uj="")
        self.add("intel-rapl-mmio:0", "package-0", 1_001)
        self.add("intel-rapl-mmio:0:0", "dram", 11)
        self.add("dtpm", "", "", range_uj="")


@pytest.fixture
def powercap(tmp_path: Path) -> Powercap:
    (tmp_path / "powercap").mkdir()
    return Powercap(tmp_path / "powercap")


@pytest.fixture
def power() -> CpuPower:
    return CpuPower(min_w=1.0, max_w=5.0, source="invented", matched=True)
