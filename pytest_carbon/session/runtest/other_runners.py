"""Other plugins that run tests themselves: found by looking at the hook, and left undisturbed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_carbon.session.pytest_private import is_runner_of_pytest, run_as_pytest_does

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

__all__ = ["OtherRunners"]


class OtherRunners:
    """Runs a test by whoever else implements ``pytest_runtest_protocol``, in pytest's order.

    ``own`` is the plugin of ours that implements it, too.
    """

    def __init__(self, config: pytest.Config, own: object) -> None:
        self._own = own
        # pytest shows fixtures while they are set up only in its own protocol.
        self._shows_setup = bool(
            config.getoption("setupshow", False) or config.getoption("setuponly", False)
        )
        self._any = self._shows_setup or any(self._found(config.hook.pytest_runtest_protocol))

    @property
    def exist(self) -> bool:
        """Whether there is anyone at all."""
        return self._any

    def run(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Let another plugin run the test; whether one wanted to."""
        for function, names in self._found(item.ihook.pytest_runtest_protocol):
            given = {"item": item, "nextitem": nextitem}
            if function(*(given[name] for name in names)) is not None:
                return True
        if not self._shows_setup:
            return False
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        run_as_pytest_does(item, nextitem)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _found(self, hook: Any) -> Iterator[tuple[Callable[..., object], tuple[str, ...]]]:
        """The other implementations that are no wrappers, those that pytest asks first first."""
        for implementation in reversed(hook.get_hookimpls()):
            plugin = implementation.plugin
            if implementation.wrapper or implementation.hookwrapper:
                continue
            if plugin is not self._own and not is_runner_of_pytest(plugin):
                yield implementation.function, tuple(implementation.argnames)
