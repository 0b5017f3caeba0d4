"""CPU work of a known amount, by the clock that counts it."""

from __future__ import annotations

import time


def burn(cpu_s: float) -> None:
    """Spend CPU time on this thread."""
    start = time.thread_time()
    while time.thread_time() - start < cpu_s:
        sum(range(200))
