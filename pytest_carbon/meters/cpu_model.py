"""Which CPU this is: from /proc/cpuinfo, else from py-cpuinfo, remembered per machine.

py-cpuinfo takes over a second, so that it is asked once a machine where /proc gives no name.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["CpuModel", "parse_cpuinfo", "read_cpu_model"]


class CpuModel(NamedTuple):
    """A CPU's name, and its CPUID figures where it has them."""

    name: str
    family: int | None = None
    model: int | None = None
    stepping: int | None = None


# Arm's part numbers (MIDR_EL1), as Linux lists them in arch/arm64/include/asm/cputype.h.
_ARM = 0x41
_ARM_PARTS = {
    0xD0C: "Neoverse-N1",
    0xD40: "Neoverse-V1",
    0xD49: "Neoverse-N2",
    0xD4F: "Neoverse-V2",
    0xD83: "Neoverse-V3",
    0xD84: "Neoverse-V3",
    0xD8E: "Neoverse-N3",
}


def _number(text: str | None) -> int | None:
    try:
        return int(text or "", 0)
    except ValueError:
        return None


def parse_cpuinfo(text: str) -> CpuModel | None:
    """The first CPU of a /proc/cpuinfo, ``None`` where it has no name that tells anything."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip(), value.strip())
    name = fields.get("model name", "")
    if name and name.lower() != "unknown":
        return CpuModel(
            " ".join(name.split()),
            _number(fields.get("cpu family")),
            _number(fields.get("model")),
            _number(fields.get("stepping")),
        )
    if _number(fields.get("CPU implementer")) == _ARM:
        part = _ARM_PARTS.get(_number(fields.get("CPU part")) or 0)
        return CpuModel(part) if part else None
    return None


def _ask_cpuinfo() -> Mapping[str, object]:
    import cpuinfo

    answer = cpuinfo.get_cpu_info()
    return answer if isinstance(answer, dict) else {}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _from_answer(answer: object) -> CpuModel | None:
    """A model from py-cpuinfo's keys, ``None`` where it names none."""
    if not isinstance(answer, dict):
        return None
    name = answer.get("brand_raw")
    if not isinstance(name, str) or not name.strip():
        return None
    figures = (_whole(answer.get(key)) for key in ("family", "model", "stepping"))
    return CpuModel(" ".join(name.split()), *figures)


def _cache_file(cache_dir: Path) -> Path:
    """One file a machine: a home folder may be shared by several."""
    machine = "\n".join(
        [platform.node(), platform.machine(), platform.system(), str(os.cpu_count())]
    )
    return cache_dir / f"cpu-{hashlib.sha256(machine.encode()).hexdigest()[:12]}.json"


def _remember(file: Path, model: CpuModel) -> None:
    keys = model._asdict()
    keys["brand_raw"] = keys.pop("name")
    text = json.dumps(keys, indent=2, sort_keys=True) + "\n"
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    # A cache that cannot be written costs a second next time, and no run.
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)


def _recall(file: Path) -> CpuModel | None:
    try:
        return _from_answer(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def read_cpu_model(
    cache_dir: Path | None = None,
    *,
    cpuinfo: Path = Path("/proc/cpuinfo"),
    ask: Callable[[], Mapping[str, object]] = _ask_cpuinfo,
) -> CpuModel:
    """The CPU of this machine; where nothing names it, the machine's architecture as its name.

    ``cache_dir`` keeps py-cpuinfo's answer; a file there that cannot be used is replaced.
    """
    try:
        found = parse_cpuinfo(cpuinfo.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        found = None
    if found is not None:
        return found
    file = None if cache_dir is None else _cache_file(cache_dir)
    found = None if file is None else _recall(file)
    if found is not None:
        return found
    try:
        found = _from_answer(ask())
    except (ImportError, OSError, ValueError):
        found = None
    if found is None:
        return CpuModel(platform.processor() or platform.machine() or "unknown CPU")
    if file is not None:
        _remember(file, found)
    return found
