"""The process as it was before any test ran, for what is done after the last one."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any

from pytest_carbon.system import System, originals

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Surroundings"]


class Surroundings:
    """Remembers where modules and temporary files are found, and what functions do.

    Tests may leave these changed for good, and nobody notices: what is needed is imported by then.
    What confirms, stores and reports is imported only afterwards.
    """

    def __init__(self) -> None:
        self._lists: list[tuple[list[Any], list[Any]]] = [
            (there, list(there)) for there in (sys.path, sys.meta_path, sys.path_hooks)
        ]
        # Not the user's, which a test may want to see gone.
        known = {*sys.stdlib_module_names, "pytest_carbon", "pytest", "_pytest", "pluggy"}
        self._modules: dict[str, Any] = {
            name: module
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] in known
        }
        self._tempdir = tempfile.gettempdir()
        self._umask = os.umask(0o077)
        os.umask(self._umask)
        self._on_child: Any = _handler_of_children()

    @contextlib.contextmanager
    def restored(self) -> Iterator[None]:
        """All of it is as it was, and afterwards as the tests have left it."""
        with contextlib.ExitStack() as stack:
            stack.callback(os.umask, os.umask(self._umask))
            stack.callback(setattr, tempfile, "tempdir", tempfile.tempdir)
            tempfile.tempdir = self._tempdir
            for there, before in self._lists:
                if there != before:
                    stack.callback(there.__setitem__, slice(None), list(there))
                    there[:] = before
            self._restore_modules(stack)
            stack.enter_context(originals())
            self._restore_handler(stack)
            yield

    def _restore_handler(self, stack: contextlib.ExitStack) -> None:
        """Who ignores ended children, or waits for all of them, hides how those of ours end."""
        before, now = self._on_child, _handler_of_children()
        is_main = System.current_thread() is threading.main_thread()
        if now != before and None not in {now, before} and is_main:
            number = signal.SIGCHLD  # type: ignore[attr-defined, unused-ignore]
            stack.callback(signal.signal, number, now)
            signal.signal(number, before)

    def _restore_modules(self, stack: contextlib.ExitStack) -> None:
        """Those that were removed or replaced; ``None`` stands for one that is not to be found."""
        modules: dict[str, Any] = sys.modules
        for name in [name for name, module in list(modules.items()) if module is None]:
            stack.callback(modules.__setitem__, name, modules.pop(name))
        for name, before in self._modules.items():
            if name not in modules:
                stack.callback(modules.pop, name, None)
            elif modules[name] is not before:
                stack.callback(modules.__setitem__, name, modules[name])
            modules[name] = before


def _handler_of_children() -> Any:
    """What is done when a child ends; ``None`` where there is no such signal, or it is set in C."""
    return signal.getsignal(signal.SIGCHLD) if hasattr(signal, "SIGCHLD") else None
