"""Imports of modules that hardware makers ship, which raise much where their library is not."""

from __future__ import annotations

import errno
import importlib
import importlib.util
from typing import Any

__all__ = ["maker_module"]


def maker_module(name: str) -> Any | None:
    """The module, ``None`` if it is not installed.

    Raises ``OSError`` for whatever it raises while it is imported, ``SystemExit`` too.
    """
    try:
        return None if importlib.util.find_spec(name) is None else importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise OSError(errno.ENOEXEC, repr(error)) from error
