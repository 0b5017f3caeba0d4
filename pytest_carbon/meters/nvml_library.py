"""NVIDIA's library and the Python module over it: found, and loaded as ours alone.

A project may have a ``pynvml`` of its own, an old distribution may have put another one there, and
both may fail at import. So the module is taken from the distribution nvidia-ml-py by its file,
under a name of ours: what a test imports as ``pynvml`` is neither run nor replaced by us.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from typing import TYPE_CHECKING, Any

from pytest_carbon.meters.meter import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MODULE", "has_library", "load_module", "no_driver"]

MODULE = "_pytest_carbon_pynvml"
"""Our name for the module, so that it is nobody else's."""

_NEEDED = (
    "NVMLError",
    "NVMLError_DriverNotLoaded",
    "NVMLError_LibraryNotFound",
    "nvmlDeviceGetCount",
    "nvmlDeviceGetHandleByIndex",
    "nvmlDeviceGetMigMode",
    "nvmlDeviceGetPowerUsage",
    "nvmlDeviceGetTotalEnergyConsumption",
    "nvmlDeviceGetUUID",
    "nvmlDeviceGetUtilizationRates",
    "nvmlInit",
    "nvmlShutdown",
)

_REINSTALL = (
    "pip uninstall pynvml nvidia-ml-py3, then pip install --force-reinstall nvidia-ml-py: they put "
    "their files in one place"
)


def has_library() -> bool:
    """Whether NVML may be there; in a millisecond, where the module takes tens to say no."""
    if sys.platform != "linux":
        return True
    import ctypes  # type: ignore[unreachable, unused-ignore]

    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True


def no_driver(detail: str) -> Unavailable:
    """What is said where there is none: nothing, unless somebody has asked for the meter."""
    return Unavailable(
        meter="nvml",
        reason=f"no NVIDIA driver ({detail})",
        remedy="it needs an NVIDIA GPU and its driver",
        silent=True,
    )


def _module_file() -> Path | None:
    """Where nvidia-ml-py has put its module."""
    from importlib.metadata import PackageNotFoundError, distribution
    from pathlib import Path

    try:
        file = Path(str(distribution("nvidia-ml-py").locate_file("pynvml.py")))
    except PackageNotFoundError:
        return None
    return file if file.is_file() else None


def load_module(file: Path | None = None) -> Any | Unavailable:
    """The module ``pynvml`` of nvidia-ml-py, or why there is none.

    ``file`` stands for the one that the distribution has installed.
    """
    file = file or _module_file()
    if file is None:
        return Unavailable("nvml", "nvidia-ml-py is not installed", "pip install nvidia-ml-py")
    spec = importlib.util.spec_from_file_location(MODULE, file)
    assert spec is not None, "a file with the suffix .py"
    assert spec.loader is not None, "a file with the suffix .py"
    module = importlib.util.module_from_spec(spec)
    # It looks itself up by its name.
    sys.modules[MODULE] = module
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[MODULE]
        if isinstance(error, KeyboardInterrupt):
            raise
        return Unavailable("nvml", f"{file} is not NVIDIA's module ({error!r})", _REINSTALL)
    missing = [name for name in _NEEDED if not hasattr(module, name)]
    if missing:
        return Unavailable(
            "nvml", f"{file} is another module: it has no {', '.join(missing[:3])}", _REINSTALL
        )
    return module
