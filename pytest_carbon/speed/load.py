"""A load of our own on the other cores, beside which a test shows how far it follows the speed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["load", "other_cores"]

# Arithmetic and memory, as neighbours do; ends by itself when this process is gone.
_BURN = """
import os, sys
parent = int(sys.argv[1])
block = bytearray(1 << 22)
while os.getppid() == parent:
    sum(range(20_000))
    block = block[1 << 12:] + block[:1 << 12]
"""


def other_cores() -> int:
    """How many hardware threads this process may use besides the one it runs on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) - 1
    return (os.cpu_count() or 1) - 1


@contextlib.contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep so many other cores busy meanwhile."""
    with contextlib.ExitStack() as stack:
        for _ in range(processes):
            process = stack.enter_context(
                subprocess.Popen(  # noqa: S603 - this Python, with the code above
                    [sys.executable, "-I", "-S", "-c", _BURN, str(os.getpid())]
                )
            )
            stack.callback(process.kill)
        yield
