"""What slows Python down in this process, and so belongs to the environment."""

from __future__ import annotations

import sys

__all__ = ["tracing"]


def tracing() -> str:
    """``coverage``, ``profile``, ``trace`` or ``off``: who sees every line or call."""
    if "coverage" in sys.modules and _coverage_runs():
        return "coverage"
    if sys.gettrace() is not None:
        return "trace"
    if sys.getprofile() is not None:
        return "profile"
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is not None and any(monitoring.get_tool(tool) for tool in range(6)):
        return "trace"
    return "off"


def _coverage_runs() -> bool:
    from importlib import import_module

    current = getattr(import_module("coverage").Coverage, "current", None)
    return current is not None and current() is not None
