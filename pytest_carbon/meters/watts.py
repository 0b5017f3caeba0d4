"""Watts of a busy and of an idle hardware thread, by the microarchitecture of the CPU.

Servers: Cloud Carbon Footprint, coefficients for AWS computed from SPECpower_ssj2008 results of
whole servers (ccf-coefficients, ``output/coefficients-aws-use.csv``, March 2026; Apache-2.0).
Its figure for the fifth EPYC generation rests on small systems and is left out. Desktops and small
machines have figures where somebody has measured and published them, each with source and year.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from pytest_carbon.meters.cpu_model import CpuModel

__all__ = ["DEFAULT_POWER", "WATTS_PER_THREAD", "CpuPower", "cpu_power"]

_SOURCE = "Cloud Carbon Footprint, SPECpower, 2026"


class CpuPower(NamedTuple):
    """Watts per hardware thread of a whole server, idle and at full load.

    ``source`` says whose figures these are and for which architecture; ``matched`` whether that
    is the CPU's own.
    """

    min_w: float
    max_w: float
    source: str
    matched: bool

    @property
    def slope_w(self) -> float:
        """Watts that one busy hardware thread adds: joules per CPU second."""
        return self.max_w - self.min_w


WATTS_PER_THREAD: dict[str, tuple[float, float]] = {
    "Sandy Bridge": (2.21, 8.63),
    "Ivy Bridge": (1.71, 5.56),
    "Haswell": (1.86, 5.60),
    "Broadwell": (0.71, 3.69),
    "Skylake": (0.61, 4.10),
    "Cascade Lake": (0.69, 4.06),
    "Coffee Lake": (1.14, 5.42),
    "Ice Lake": (0.77, 3.76),
    "Sapphire Rapids": (1.04, 4.16),
    "Emerald Rapids": (0.81, 4.48),
    "Granite Rapids": (0.58, 2.53),
    "EPYC 1st Gen": (0.85, 2.60),
    "EPYC 2nd Gen": (0.47, 1.69),
    "EPYC 3rd Gen": (0.46, 1.96),
    "EPYC 4th Gen": (0.74, 2.28),
    "Graviton": (0.47, 1.69),
}
"""Idle and full-load watts per hardware thread, by architecture."""

DEFAULT_POWER = CpuPower(
    min_w=0.74,
    max_w=3.5,
    source=f"average of cloud servers ({_SOURCE}); this CPU is not in the table",
    matched=False,
)
"""For a CPU that is not in the table: the mean over AWS's machines."""


class _Published(NamedTuple):
    """A machine that somebody has measured: its threads, and its watts idle and at full load.

    ``idle_w`` is ``None`` where only the full load was published.
    """

    pattern: str
    name: str
    threads: int
    idle_w: float | None
    full_w: float
    source: str


_MAC = "Apple, Mac mini power consumption"
_FPS = "The FPS Review, package under Cinebench R23, 2021"
_PUBLISHED = (
    # What the whole machine draws at most, its GPU too: an upper bound for the CPU's work.
    _Published(r"^APPLE M1$", "Mac mini, M1", 8, 6.8, 39.0, f"{_MAC}, 2020"),
    _Published(
        r"CORTEX-A72.*RASPBERRY PI 4",
        "Raspberry Pi 4",
        4,
        2.1,
        6.41,
        "The MagPi 88, whole board, 2019",
    ),
    _Published(r"RYZEN \d 5\d00X?\b", "Ryzen 5 5600X", 12, None, 76.0, _FPS),
    _Published(r"RYZEN \d 9\d{3}X?\b", "Ryzen 9 9900X", 24, None, 189.9, "HW Busters, 2024"),
    _Published(r"CORE I\d-11\d00KF?\b", "Core i5-11600K", 12, None, 155.0, _FPS),
    _Published(r"CORE I\d-12\d00KF?\b", "Core i5-12600K", 16, None, 124.0, _FPS),
)
"""Families outside of data centres: figures of the machine named, for CPUs of its family."""

# Without figures of their own, these take those of the nearest architecture.
_NEAREST = {"EPYC 5th Gen": "EPYC 4th Gen", "Neoverse": "Graviton", "Cooper Lake": "Cascade Lake"}

# Words in a name that tell the architecture, first match wins; QEMU's models write it out. Each
# with letters that such a name must have: a pattern takes 0.1 ms to compile.
_WORDS = (
    ("XEON 6", r"XEON 6\d{3}P", "Granite Rapids"),
    ("GRANITE", r"GRANITE ?RAPIDS", "Granite Rapids"),
    ("EMERALD", r"EMERALD ?RAPIDS", "Emerald Rapids"),
    ("SAPPHIRE", r"SAPPHIRE ?RAPIDS", "Sapphire Rapids"),
    ("ICE", r"ICE ?LAKE", "Ice Lake"),
    ("COOPER", r"COOPER ?LAKE", "Cooper Lake"),
    ("CASCADE", r"CASCADE ?LAKE", "Cascade Lake"),
    ("SKYLAKE", r"SKYLAKE", "Skylake"),
    ("BROADWELL", r"BROADWELL", "Broadwell"),
    ("HASWELL", r"HASWELL", "Haswell"),
    ("IVY", r"IVY ?BRIDGE", "Ivy Bridge"),
    ("SANDY", r"SANDY ?BRIDGE", "Sandy Bridge"),
    ("V4", r"\bE[3457]-\d+L? ?V4\b", "Broadwell"),
    ("V3", r"\bE[3457]-\d+L? ?V3\b", "Haswell"),
    ("V2", r"\bE[3457]-\d+L? ?V2\b", "Ivy Bridge"),
    ("EPYC", r"EPYC.*\b(TURIN\b|[89]\w\d5)", "EPYC 5th Gen"),
    ("EPYC", r"EPYC.*\b(GENOA\b|BERGAMO\b|SIENA\b|[89]\w\d4)", "EPYC 4th Gen"),
    ("EPYC", r"EPYC.*\b(MILAN\b|7\w\d3)", "EPYC 3rd Gen"),
    ("EPYC", r"EPYC.*\b(ROME\b|7\w\d2)", "EPYC 2nd Gen"),
    ("EPYC", r"EPYC.*\b(NAPLES\b|7\w\d1)", "EPYC 1st Gen"),
    ("GRAVITON", r"GRAVITON", "Graviton"),
    ("NEOVERSE", r"NEOVERSE-?N1", "Graviton"),
    ("NEOVERSE", r"NEOVERSE", "Neoverse"),
)

# The second digit of a Xeon Scalable number is its generation.
_SCALABLE = re.compile(r"(?:PLATINUM|GOLD|SILVER|BRONZE) \d(\d)\d\d(H?)")
_SCALABLE_GENERATIONS = {
    "1": "Skylake",
    "2": "Cascade Lake",
    "3": "Ice Lake",
    "4": "Sapphire Rapids",
    "5": "Emerald Rapids",
}

# CPUID family 6 models of servers: Linux, arch/x86/include/asm/intel-family.h.
_INTEL_MODELS = {
    45: "Sandy Bridge",
    62: "Ivy Bridge",
    63: "Haswell",
    79: "Broadwell",
    86: "Broadwell",
    106: "Ice Lake",
    108: "Ice Lake",
    143: "Sapphire Rapids",
    173: "Granite Rapids",
    174: "Granite Rapids",
    207: "Emerald Rapids",
}


def _plain(name: str) -> str:
    return name.upper().replace("(R)", "").replace("(TM)", "")


def _by_name(name: str) -> str | None:
    plain = _plain(name)
    scalable = _SCALABLE.search(plain)
    if scalable is not None:
        if scalable[1] == "3" and scalable[2]:
            return "Cooper Lake"  # the third generation's large machines are of the older kind
        return _SCALABLE_GENERATIONS.get(scalable[1])
    return next(
        (found for word, pattern, found in _WORDS if word in plain and re.search(pattern, plain)),
        None,
    )


def _intel_by_cpuid(model: int, stepping: int) -> str | None:
    if model == 85:  # three generations under one number, told apart by the stepping
        if stepping >= 10:
            return "Cooper Lake"
        return "Cascade Lake" if stepping >= 5 else "Skylake"
    return _INTEL_MODELS.get(model)


def _amd_by_cpuid(family: int, model: int) -> str | None:
    """EPYC generation: Linux, arch/x86/kernel/cpu/amd.c (Zen 1 to 5 by family and model)."""
    if family == 23:
        return "EPYC 2nd Gen" if model >= 0x30 else "EPYC 1st Gen"
    if family == 25:
        return "EPYC 3rd Gen" if model < 0x10 else "EPYC 4th Gen"
    return "EPYC 5th Gen" if family == 26 else None


def _by_cpuid(cpu: CpuModel) -> str | None:
    if cpu.family is None or cpu.model is None:
        return None
    if cpu.family == 6:
        return _intel_by_cpuid(cpu.model, cpu.stepping or 0)
    # The desktop parts share these families, and the servers' watts are not theirs.
    return _amd_by_cpuid(cpu.family, cpu.model) if "EPYC" in cpu.name.upper() else None


def _published(name: str) -> CpuPower | None:
    plain = _plain(name)
    for machine in _PUBLISHED:
        if re.search(machine.pattern, plain):
            if machine.idle_w is None:
                idle_w, idle = DEFAULT_POWER.min_w, "; idle as an average cloud server"
            else:
                idle_w, idle = machine.idle_w / machine.threads, ""
            return CpuPower(
                min_w=idle_w,
                max_w=machine.full_w / machine.threads,
                source=f"measured on {machine.name} ({machine.source}{idle})",
                matched=True,
            )
    return None


def cpu_power(cpu: CpuModel) -> CpuPower:
    """The watts for a CPU: by its name, else by CPUID where the name is generic.

    A CPU that is not in the table gets ``DEFAULT_POWER``; one without figures of its own those
    of the nearest architecture. Neither counts as matched.
    """
    architecture = _by_name(cpu.name) or _by_cpuid(cpu)
    if architecture is None:
        return _published(cpu.name) or DEFAULT_POWER
    nearest = _NEAREST.get(architecture)
    min_w, max_w = WATTS_PER_THREAD[nearest or architecture]
    text = architecture if nearest is None else f"{nearest}, nearest to {architecture}"
    return CpuPower(min_w=min_w, max_w=max_w, source=f"{text} ({_SOURCE})", matched=nearest is None)
