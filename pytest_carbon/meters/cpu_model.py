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
from typing import TYPE_CHECKING

from pytest_carbon.meters.arm_parts import arm_name
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["CpuModel", "parse_cpuinfo", "read_cpu_model"]


class CpuModel(NamedTuple):
    """A CPU's name, and its CPUID figures where it has them."""

    name: str
    family: int | None = None
    model: int | None = None
    stepping: int | None = None


def _number(text: str | None) -> int | None:
    try:
        return int(text or "", 0)
    except ValueError:
        return None


def _is_name(text: str) -> bool:
    """Whether it names anything: virtual machines show ``-`` and ``unknown``."""
    return sum(map(str.isalnum, text)) > 1 and text.lower() not in {"unknown", "n/a", "none"}


def parse_cpuinfo(text: str, board: str = "") -> CpuModel | None:
    """The first CPU of a /proc/cpuinfo, ``None`` where it has no name that tells anything.

    Arm's are named by the part numbers of all their cores, and by the ``board`` where that is
    known, since one part is in boards of many kinds.
    """
    fields: dict[str, str] = {}
    cores: dict[tuple[int, int], None] = {}
    maker: int | None = None
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if not colon:
            continue
        key, value = key.strip(), value.strip()
        fields.setdefault(key, value)
        if key == "CPU implementer":
            maker = _number(value)
        elif key == "CPU part":
            part = _number(value)
            if maker is not None and part is not None:
                cores[maker, part] = None
    name = fields.get("model name", "")
    if _is_name(name):
        return CpuModel(
            " ".join(name.split()),
            _number(fields.get("cpu family")),
            _number(fields.get("model")),
            _number(fields.get("stepping")),
        )
    if not cores:
        return None
    name = arm_name(cores)
    return CpuModel(f"{name} ({board})" if board else name)


def _board() -> str:
    """What the device tree calls this board, as small Arm computers have one."""
    try:
        text = Path("/proc/device-tree/model").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return " ".join(text.replace("\0", " ").split())[:80]


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
    if not isinstance(name, str) or not _is_name(name.strip()):
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
    draft = file.with_name(f"{file.name}.{System.getpid()}")
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
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
        found = parse_cpuinfo(text, _board())
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
    except Exception:  # noqa: BLE001 - it raises much, and a name is not worth a run
        found = None
    if found is None:
        kind = platform.processor() or platform.machine()
        return CpuModel(f"unknown CPU ({kind})" if kind else "unknown CPU")
    if file is not None:
        _remember(file, found)
    return found
