"""What a look leaves out of a session: reports, cache, workers, another order, a debugger."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

__all__ = ["leave_cache_alone", "leave_out"]

# Plugins of pytest's own that write to the cache.
_CACHE_WRITERS = ("lfplugin", "nfplugin", "stepwiseplugin")

# Options of pytest and of plugins that report, spread, choose or repeat, and what leaves them out.
_LEFT_OUT: dict[str, Any] = {
    # pytest
    "xmlpath": None,
    "maxfail": 0,
    "lf": False,
    "failedfirst": False,
    "newfirst": False,
    "stepwise": False,
    "usepdb": False,
    "trace": False,
    "pastebin": None,
    "durations": None,
    "log_file": os.devnull,
    "setupshow": False,
    "setuponly": False,
    "setupplan": False,
    "pyargs": False,
    "keepduplicates": False,
    "continue_on_collection_errors": True,
    # pytest-xdist
    "numprocesses": None,
    "dist": "no",
    "distload": False,
    "tx": [],
    "px": [],
    "rsyncdir": [],
    "looponfail": False,
    # pytest-forked, pytest-split, pytest-randomly, pytest-random-order
    "forked": False,
    "splits": None,
    "group": None,
    "store_durations": False,
    "randomly_reorganize": False,
    "random_order_bucket": "none",
    # pytest-html, pytest-json-report, pytest-reportlog, allure-pytest, pytest-benchmark
    "htmlpath": None,
    "json_report": False,
    "json_report_file": None,
    "report_log": None,
    "allure_report_dir": None,
    "benchmark_json": None,
    "benchmark_save": None,
    "benchmark_autosave": False,
}


def leave_out(options: Any) -> None:
    """Take back what the user's command asks for and a look must not do."""
    for name, value in _LEFT_OUT.items():
        if hasattr(options, name):
            setattr(options, name, value)


def leave_cache_alone(manager: pytest.PytestPluginManager) -> None:
    """Take away the plugins that would write to the user's cache."""
    for name in _CACHE_WRITERS:
        if manager.hasplugin(name):
            manager.unregister(name=name)
