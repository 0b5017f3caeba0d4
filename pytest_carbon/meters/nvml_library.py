"""Whether there is an NVIDIA driver at all: asked before anything that needs one is imported."""

from __future__ import annotations

import sys

from pytest_carbon.meters.meter import Unavailable

__all__ = ["has_library", "no_driver"]


def has_library() -> bool:
    """Whether NVML may be there; in a millisecond, where ``pynvml`` takes tens to say no."""
    if sys.platform != "linux":
        return True
    import ctypes

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
