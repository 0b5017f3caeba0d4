"""Who runs a test's protocol: this plugin, or another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

__all__ = ["belongs_to_another_plugin", "has_rivals"]


def has_rivals(config: pytest.Config) -> bool:
    """Whether anything in this run may want a test's protocol for itself."""
    return bool(
        config.getoption("setupshow", False)
        or config.getoption("setuponly", False)
        or config.pluginmanager.hasplugin("pytest_forked")
        or config.pluginmanager.hasplugin("rerunfailures")
    )


def belongs_to_another_plugin(item: pytest.Item) -> bool:
    """Whether another plugin runs this test's protocol, or must see every phase itself."""
    config = item.config
    if config.getoption("setupshow", False) or config.getoption("setuponly", False):
        return True
    if config.pluginmanager.hasplugin("pytest_forked") and (
        config.getoption("forked", False) or item.get_closest_marker("forked")
    ):
        return True
    return bool(
        config.pluginmanager.hasplugin("rerunfailures")
        and (config.getoption("reruns", None) or item.get_closest_marker("flaky"))
    )
