"""Names of Arm's cores by their numbers: MIDR_EL1, as Linux lists them in cputype.h."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["arm_name"]

_ARM, _APPLE = 0x41, 0x61

_MAKERS = {
    _ARM: "Arm",
    0x42: "Broadcom",
    0x43: "Cavium",
    0x46: "Fujitsu",
    0x48: "HiSilicon",
    0x4E: "NVIDIA",
    0x50: "APM",
    0x51: "Qualcomm",
    _APPLE: "Apple",
    0x6D: "Microsoft",
    0xC0: "Ampere",
}

_PARTS = {
    (_ARM, 0xD03): "Cortex-A53",
    (_ARM, 0xD04): "Cortex-A35",
    (_ARM, 0xD05): "Cortex-A55",
    (_ARM, 0xD07): "Cortex-A57",
    (_ARM, 0xD08): "Cortex-A72",
    (_ARM, 0xD09): "Cortex-A73",
    (_ARM, 0xD0A): "Cortex-A75",
    (_ARM, 0xD0B): "Cortex-A76",
    (_ARM, 0xD0C): "Neoverse-N1",
    (_ARM, 0xD0D): "Cortex-A77",
    (_ARM, 0xD40): "Neoverse-V1",
    (_ARM, 0xD41): "Cortex-A78",
    (_ARM, 0xD42): "Cortex-A78AE",
    (_ARM, 0xD46): "Cortex-A510",
    (_ARM, 0xD47): "Cortex-A710",
    (_ARM, 0xD49): "Neoverse-N2",
    (_ARM, 0xD4B): "Cortex-A78C",
    (_ARM, 0xD4D): "Cortex-A715",
    (_ARM, 0xD4F): "Neoverse-V2",
    (_ARM, 0xD80): "Cortex-A520",
    (_ARM, 0xD81): "Cortex-A720",
    (_ARM, 0xD83): "Neoverse-V3",
    (_ARM, 0xD84): "Neoverse-V3",
    (_ARM, 0xD8E): "Neoverse-N3",
    (_APPLE, 0x000): "Apple silicon in a virtual machine",
    (_APPLE, 0x022): "Apple M1",
    (_APPLE, 0x023): "Apple M1",
    (_APPLE, 0x024): "Apple M1 Pro",
    (_APPLE, 0x025): "Apple M1 Pro",
    (_APPLE, 0x028): "Apple M1 Max",
    (_APPLE, 0x029): "Apple M1 Max",
    (_APPLE, 0x032): "Apple M2",
    (_APPLE, 0x033): "Apple M2",
    (_APPLE, 0x034): "Apple M2 Pro",
    (_APPLE, 0x035): "Apple M2 Pro",
    (_APPLE, 0x038): "Apple M2 Max",
    (_APPLE, 0x039): "Apple M2 Max",
    (0xC0, 0xAC3): "Ampere-1",
    (0xC0, 0xAC4): "Ampere-1a",
}


def arm_name(cores: Iterable[tuple[int, int]]) -> str:
    """One name for a processor with these kinds of cores, each its maker's and part's number."""
    names: dict[str, None] = {}
    for maker, part in cores:
        unknown = f"{_MAKERS.get(maker, f'maker {maker:#04x}')} CPU part {part:#05x}"
        names[_PARTS.get((maker, part), unknown)] = None
    return " + ".join(names)
