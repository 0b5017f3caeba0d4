"""Sensors of Linux's hwmon: GPUs of Intel and AMD, the rails of Jetson boards, energy counters.

Files and units: the kernel's ``Documentation/hwmon/sysfs-interface.rst``, and
``Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon``. Energy is in microjoules and power in
microwatts, millivolts times milliamperes make the same.
"""

from __future__ import annotations

import errno
import functools
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.meters.attribution import HostShare
from pytest_carbon.meters.counter_meter import POLL_S, Channel, CounterMeter
from pytest_carbon.meters.left_out import name_without
from pytest_carbon.meters.meter import Request, Unavailable, overlaps
from pytest_carbon.meters.moving import which_move
from pytest_carbon.meters.power import PowerSum
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Moving = Callable[[Callable[[], Sequence[int]]], tuple[bool, ...]]

__all__ = ["HWMON", "INTERVAL_S", "open_hwmon"]

NAME = "hwmon"
HWMON = Path("/sys/class/hwmon")

INTERVAL_S = 0.05
"""Sensors are refreshed every 1 to 50 ms, by their driver."""

# Some refreshes: a GPU at rest draws little.
_COUNTERS_MOVE = functools.partial(which_move, patience_s=0.25)

_MICRO = 1e-6

_ENERGY = re.compile(r"energy(\d+)_input")


class _Sensor(NamedTuple):
    """One domain: its counter's file, or the files whose product is its power."""

    domain: str
    covers: str
    energy: Path | None = None
    power: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        return self.power if self.energy is None else (self.energy,)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int:
    text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        return int(text)
    except ValueError:
        raise OSError(errno.EIO, f"{path}: {text[:40]!r} is not a number") from None


def _intel_gpu(chip: Path, number: int) -> list[_Sensor]:
    # A discrete card: the processor's own GPU has no hwmon, its package's counter holds it.
    file = chip / "energy1_input"
    return [_Sensor(f"gpu-{number}", "gpu:intel", file)] if file.exists() else []


def _amd_gpu(chip: Path, number: int) -> list[_Sensor]:
    # What a card may draw at most can be set; the GPU in a processor is in its package's counter.
    if not (chip / "power1_cap").exists():
        return []
    for name in ("power1_average", "power1_input"):
        if (chip / name).exists():
            return [_Sensor(f"gpu-{number}", "gpu:amd", power=(chip / name,))]
    return []


def _amd_energy(chip: Path, number: int) -> list[_Sensor]:
    del number
    sensors = []
    for file, at in _counters(chip):
        label = _text(chip / f"energy{at}_label")
        if label.startswith("Esocket"):
            sensors.append(_Sensor(f"package-{label.removeprefix('Esocket')}", "cpu", file))
    return sensors


def _rail(label: str) -> str:
    """What a Jetson's rail feeds; empty for others, and the whole board, which holds them all."""
    for word, part in (("CPU", "cpu"), ("GPU", "gpu:nvidia"), ("DDR", "memory")):
        if word in label.upper():
            return part
    return ""


def _jetson(chip: Path, number: int) -> list[_Sensor]:
    del number
    sensors = []
    for file in sorted(chip.glob("in*_label")):
        at, label = file.name[2:-6], _text(file)
        part = _rail(label)
        power = chip / f"power{at}_input"
        files = (power,) if power.exists() else (chip / f"in{at}_input", chip / f"curr{at}_input")
        if part and all(one.exists() for one in files):
            sensors.append(_Sensor(label.lower().replace("_", "-"), part, power=files))
    return sensors


def _any_counter(chip: Path, number: int) -> list[_Sensor]:
    """Every counter of a chip whose meaning is not known: only where the user names this meter."""
    return [
        _Sensor(
            re.sub(r"[^a-z0-9]+", "-", (_text(chip / f"energy{at}_label") or f"energy{at}").lower())
            + f"-{number}",
            "cpu",
            file,
        )
        for file, at in _counters(chip)
    ]


def _counters(chip: Path) -> list[tuple[Path, int]]:
    found = [(path, match) for path in chip.iterdir() if (match := _ENERGY.fullmatch(path.name))]
    return sorted(((path, int(match[1])) for path, match in found), key=lambda pair: pair[1])


_CHIPS: dict[str, Callable[[Path, int], list[_Sensor]]] = {
    "amd_energy": _amd_energy,
    "amdgpu": _amd_gpu,
    "i915": _intel_gpu,
    "ina3221": _jetson,
    "xe": _intel_gpu,
}
"""What the driver is, by the name that it gives: i915 and xe are Intel's GPUs."""


def _find(root: Path, *, is_named: bool) -> list[_Sensor]:
    try:
        chips = sorted(root.iterdir(), key=lambda chip: (len(chip.name), chip.name))
    except OSError:
        return []
    sensors: list[_Sensor] = []
    domains: set[str] = set()
    gpus = 0
    for number, chip in enumerate(chips):
        look = _CHIPS.get(_text(chip / "name"), _any_counter if is_named else None)
        if look is None:
            continue
        try:
            found = look(chip, gpus if look in {_intel_gpu, _amd_gpu} else number)
        except OSError:
            continue
        gpus += sum(sensor.covers.startswith("gpu") for sensor in found)
        for sensor in found:
            # Two chips of one board may name their rails alike.
            domain = sensor.domain
            unique = f"{domain}-{chip.name}" if domain in domains else domain
            domains.add(unique)
            sensors.append(sensor._replace(domain=unique))
    return sensors


def _reader(sensor: _Sensor, clock_ns: Callable[[], int]) -> Callable[[], int]:
    if sensor.energy is not None:
        file = sensor.energy
        return lambda: _number(file)

    def power_w() -> float:
        product = 1
        for file in sensor.power:
            product *= _number(file)
        return product * _MICRO

    return PowerSum(power_w, clock_ns).read_uj


def _refuse(reason: str, remedy: str = "", *, silent: bool = False) -> Unavailable:
    return Unavailable(meter=NAME, reason=reason, remedy=remedy, silent=silent)


class _Read(NamedTuple):
    sensor: _Sensor
    read_uj: Callable[[], int]


def _open_sensors(
    sensors: Sequence[_Sensor], clock_ns: Callable[[], int], moving: Moving
) -> tuple[list[_Read], dict[_Sensor, OSError]]:
    """What can be read, and why the rest cannot."""
    opened: list[_Read] = []
    failures: dict[_Sensor, OSError] = {}
    for sensor in sensors:
        try:
            opened.append(_open_sensor(sensor, clock_ns, moving))
        except OSError as error:  # noqa: PERF203 - some may be read where others may not
            failures[sensor] = error
    return opened, failures


def _open_sensor(sensor: _Sensor, clock_ns: Callable[[], int], moving: Moving) -> _Read:
    """Raises ``OSError`` for one that cannot be read, and for a counter that stands still."""
    read_uj = _reader(sensor, clock_ns)
    read_uj()
    if sensor.energy is not None and not all(moving(lambda: [read_uj()])):
        raise OSError(errno.EIO, "it stands still")
    return _Read(sensor, read_uj)


def open_hwmon(
    request: Request,
    *,
    root: Path = HWMON,
    clock_ns: Callable[[], int] = time.monotonic_ns,
    moving: Moving = _COUNTERS_MOVE,
) -> CounterMeter | Unavailable:
    """The meter over sensors of parts that no other meter covers, or why there is none."""
    sensors = [
        sensor
        for sensor in _find(root, is_named=request.is_named)
        if not overlaps(sensor.covers, request.covered)
    ]
    if not sensors:
        return _refuse(
            f"no sensor of energy or of a GPU's power below {root}",
            "it needs Linux and the driver of an Intel or AMD GPU, of a Jetson's rails, or of any "
            "chip with energyN_input",
            silent=True,
        )
    opened, failures = _open_sensors(sensors, clock_ns, moving)
    words = [
        f"{sensor.domain} left out: {sensor.files[0]}: {error.strerror or error}"
        for sensor, error in failures.items()
    ]
    if not opened:
        forbidden = [
            str(file)
            for sensor, error in failures.items()
            if isinstance(error, PermissionError)
            for file in sensor.files
        ]
        remedy = f"sudo chmod a+r {' '.join(forbidden)}" if forbidden else "see the kernel's log"
        return _refuse("; ".join(words), remedy)
    polls = any(one.sensor.energy is None for one in opened)
    shared = any(not one.sensor.covers.startswith("gpu") for one in opened)
    share = HostShare.of(request) if shared else None
    named = (f"{one.domain} ({one.files[0].parent.name})" for one, _ in opened)
    parts = [f"hwmon: {', '.join(named)}"]
    if polls:
        parts.append(f"power every {request.sample_interval_s:g} s")
    if share is not None:
        parts.append(share.words)
    return CounterMeter(
        name_without(NAME, (sensor.domain for sensor in failures)),
        [
            Channel(one.domain, one.covers, may_rest=one.energy is None or one.covers == "memory")
            for one, _ in opened
        ],
        lambda: [one.read_uj() for one in opened],
        description="; ".join([*parts, *words]),
        interval_s=INTERVAL_S,
        share=share,
        poll_s=request.sample_interval_s if polls else POLL_S,
        clock_s=lambda: clock_ns() / 1e9,
    )
