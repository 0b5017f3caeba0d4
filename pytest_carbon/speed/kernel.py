"""The fixed piece of work whose CPU time says how fast the core is now.

The kernel splits, sorts, joins and rewrites a short text: small objects, C code and byte code
in turn. Of the kernels that a helper timed beside each other during Python workloads, its time
follows theirs best for its cost. Where a stranger on the other half of the core slows real work
and this kernel 1.8 times, a loop over integers slows 1.4 times and a walk through memory 2.3
times; dictionaries, lists and method calls follow as well, but only at four times the length.
``tests/benchmarks/speed_probe.py --kernels`` times some of them beside each other.

It runs once untimed before it is timed (``time_kernel``). Side by side on a busy machine, the mean
of a test's probes then scattered by 0.01 to 0.06 (sd of logs, tests of 200 ms) instead of 0.04 to
0.19, and followed the test's CPU time with slopes of 1.0 to 1.2 instead of 0.1 to 1.3.

Any change to the work makes stored figures incomparable, so it needs a new ``KERNEL_NAME``.
"""

from __future__ import annotations

import sys

# As they are now, whatever a test makes of them. The helper imports this: nothing more is needed.
from time import perf_counter_ns, sleep, thread_time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KERNEL_NAME", "best_ns", "kernel", "kernel_clock", "time_kernel"]

KERNEL_NAME = "warm14"

_TEXT = "the quick brown fox jumps over the lazy dog " * 3


def kernel() -> int:
    """Do the fixed work: about 27 µs on a core of 2023 that nobody shares."""
    total = 0
    text = _TEXT
    for _ in range(14):
        words = text.split(" ")
        words.sort()
        total += len("-".join(words).upper().replace("O", "0"))
    return total


# Windows advances a thread's CPU time in steps of 15.6 ms; its wall clock is the better one.
kernel_clock = perf_counter_ns if sys.platform == "win32" else thread_time_ns


# The 5th percentile of few probes is one of the fastest, which a lucky cache decides.
_TRIES = 40
_BEST = _TRIES // 8


def best_ns(pause_s: float, try_ns: Callable[[float], int] | None = None) -> float:
    """What the kernel takes at its best here and now, in ns: the 12th percentile of 40 tries.

    ``pause_s`` lies between two tries: the helper's kernel runs after a sleep, with colder caches
    than one in the middle of work.
    """
    tries = []
    for _ in range(_TRIES):
        sleep(pause_s)
        tries.append((try_ns or time_kernel)(0.0))
    return float(sorted(tries)[_BEST])


# An interrupt, or the hypervisor, stops a core for 10 to 40 µs a few hundred times a second. That
# costs a test a hundredth, and the one probe in 140 that it hits two or three times its length.
# A slow spell of the core lasts 0.4 ms and longer, so that a second look still finds it.
_PAUSED = 1.25


def time_kernel(latest_ns: float = 0.0) -> int:
    """Nanoseconds of this thread's CPU time that the kernel takes now, with warm caches.

    Whatever ran on the core before has left the caches cold, which slows a kernel of this length
    by a tenth or more and the test hardly: so it runs once untimed. And where it takes a quarter
    more than ``latest_ns``, what it took the last time (0: unknown), it runs once again, and the
    lesser time counts.
    """
    kernel()
    taken_ns = _time_once()
    if 0 < _PAUSED * latest_ns < taken_ns:
        return min(taken_ns, _time_once())
    return taken_ns


def _time_once() -> int:
    start_ns = kernel_clock()
    kernel()
    return kernel_clock() - start_ns
