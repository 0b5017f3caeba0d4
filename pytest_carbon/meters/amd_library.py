"""AMD's library through the module ``amdsmi``, whose versions answer and fail in different ways.

Calls and units: ROCm's documentation of ``amdsmi``. Energy is an accumulator times its resolution
in microjoules.
"""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path
from typing import Any

from pytest_carbon.meters.maker_module import maker_module
from pytest_carbon.meters.meter import Unavailable

__all__ = ["NAME", "call", "energy_uj", "import_module", "is_busy", "power_w", "shut_down", "uuid"]

NAME = "amd"

_KFD = Path("/dev/kfd")

_REMEDY = "pip install 'pytest-carbon[amd]', and ROCm's libamd_smi.so; or read power by hwmon alone"


def import_module(*, named: bool) -> Any | Unavailable:
    """The module, or why there is none; looked for where there is a GPU, or where ``named``."""
    if not named and not _KFD.exists():
        return Unavailable(NAME, "no AMD GPU (there is no /dev/kfd)", _REMEDY, silent=True)
    try:
        module = maker_module("amdsmi")
    except OSError as error:
        return Unavailable(NAME, f"the module amdsmi does not work: {error.strerror}", _REMEDY)
    if module is None:
        return Unavailable(NAME, "the module amdsmi is not installed", _REMEDY, silent=True)
    return module


def call(smi: Any, function: str, *arguments: Any) -> Any:
    """What a function answers; ``OSError`` for whatever it raises, which differs by version."""
    try:
        return getattr(smi, function)(*arguments)
    except Exception as error:
        code = errno.EACCES if "NO_PERM" in str(error) else errno.ENODEV
        raise OSError(code, f"AMD SMI: {error or type(error).__name__}") from error


def _told(smi: Any, function: str, handle: Any) -> dict[str, Any]:
    answer = call(smi, function, handle)
    if not isinstance(answer, dict):
        raise OSError(errno.ENODATA, f"AMD SMI: {function} answered {answer!r:.40}")
    return answer


def power_w(smi: Any, handle: Any) -> float:
    """Watts now; raises ``OSError`` where it tells none."""
    info = _told(smi, "amdsmi_get_power_info", handle)
    for key in ("current_socket_power", "average_socket_power", "socket_power"):
        value = info.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    raise OSError(errno.ENODATA, "AMD SMI tells no power")


def energy_uj(smi: Any, handle: Any) -> int:
    """Microjoules counted so far; raises ``OSError`` where it tells none."""
    told = _told(smi, "amdsmi_get_energy_count", handle)
    count = told.get("energy_accumulator", told.get("power"))
    resolution = told.get("counter_resolution")
    if not isinstance(count, int) or not isinstance(resolution, (int, float)):
        raise OSError(errno.ENODATA, "AMD SMI tells no energy")
    return int(count * resolution)


def is_busy(smi: Any, handle: Any) -> bool:
    """Whether it works just now, or does not say."""
    try:
        return bool(_told(smi, "amdsmi_get_gpu_activity", handle).get("gfx_activity", 1))
    except OSError:
        return True


def shut_down(smi: Any) -> None:
    """Leave the library."""
    with contextlib.suppress(OSError):  # the driver may have gone before us
        call(smi, "amdsmi_shut_down")


def uuid(smi: Any, handle: Any) -> str:
    """A GPU's UUID without hyphens, empty where it does not answer."""
    try:
        return str(call(smi, "amdsmi_get_gpu_device_uuid", handle)).replace("-", "").lower()
    except OSError:
        return ""
