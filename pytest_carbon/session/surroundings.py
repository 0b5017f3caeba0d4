"""The process as it was before any test ran, for what is done after the last one."""

from __future__ import annotations

import builtins
import contextlib
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from pytest_carbon.system import ORIGINALS

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
        self._attributes: list[tuple[Any, str, Any]] = [
            *ORIGINALS,
            (builtins, "__import__", builtins.__import__),
            (tempfile, "tempdir", tempfile.gettempdir()),
        ]
        self._umask = os.umask(0o077)
        os.umask(self._umask)

    @contextlib.contextmanager
    def restored(self) -> Iterator[None]:
        """All of it is as it was, and afterwards as the tests have left it."""
        with contextlib.ExitStack() as stack:
            stack.callback(os.umask, os.umask(self._umask))
            for module, name, before in self._attributes:
                left = getattr(module, name)
                if left is not before:
                    setattr(module, name, before)
                    stack.callback(setattr, module, name, left)
            for there, before in self._lists:
                if there != before:
                    stack.callback(there.__setitem__, slice(None), list(there))
                    there[:] = before
            self._restore_modules(stack)
            yield

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
