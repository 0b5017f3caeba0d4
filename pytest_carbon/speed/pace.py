"""When the helper probes next: often enough for short tests, seldom enough to cost little.

Pure arithmetic on instants. The helper imports this module: it needs nothing.
"""

from __future__ import annotations

__all__ = ["BASE_INTERVAL_NS", "CPU_SHARE", "Pace"]

# A core was seen to change between fast and slow for 0.4 to 20 ms at a time. Of tests of 10 ms, 5 %
# were corrected to less than 0.86 of what they cost with a probe in 4 ms, and 0.5 % with one in 2.
BASE_INTERVAL_NS = 1_500_000
# A short test after a long one still sees a probe or two.
_LONGEST_INTERVAL_NS = 6_000_000
_PROBES_PER_TEST = 10
# Time enough for a process that sleeps through a minute; short enough to be gone within a second.
_ASLEEP_INTERVAL_NS = 100_000_000
_STOPPED_INTERVAL_NS = 250_000_000
_ASLEEP_AFTER_NS = 5_000_000_000

# The part of a core that the helper may take by its own account. A test is slowed by a fifth
# more than that, as it finds its caches disturbed; with the probes at edges it comes to 3 %.
CPU_SHARE = 0.023
# What it has not taken of that yet, in CPU time: short tests among long ones use it up.
_FIRST_CREDIT_NS = 10_000_000
_MOST_CREDIT_NS = 30_000_000
_LOW_CREDIT_NS = 10_000_000
# A wake-up's cost is averaged over so many: pauses that answered each cost at once would be
# uneven, and uneven pauses make poor means (twice the error was seen).
_COSTS_AVERAGED = 32


class Pace:
    """The pauses between probes.

    1.5 ms at first, growing within a test so that 10 probes lie in each e-fold of its length, up to
    6 ms; as credit runs low, what keeps the helper to 2.3 % of a core; much longer where the test's
    process sleeps for seconds (100 ms) or is stopped (250 ms). Times in ns.
    """

    def __init__(self, now_ns: int, cpu_ns: int) -> None:
        self._now_ns = now_ns
        self._cpu_ns = cpu_ns
        self._cost_ns = BASE_INTERVAL_NS * CPU_SHARE
        self._credit_ns: float = _FIRST_CREDIT_NS
        self._edges = -1
        self._edge_ns = now_ns
        self._idle_since_ns: int | None = None
        self._interval_ns = BASE_INTERVAL_NS
        self._is_new_test = True

    @property
    def weight(self) -> float:
        """What a probe now stands for, in base intervals: the pause before it."""
        return 1.0 if self._is_new_test else self._interval_ns / BASE_INTERVAL_NS

    def see(self, now_ns: int, edges: int) -> None:
        """Take note of the test's edges, before a probe."""
        self._is_new_test = edges != self._edges
        if self._is_new_test:
            self._edges = edges
            self._edge_ns = now_ns

    def pause_ns(self, now_ns: int, cpu_ns: int, *, is_idle: bool, is_stopped: bool) -> int:
        """The pause until the next probe; ``cpu_ns`` is the helper's own CPU time so far."""
        cost_ns, earned_ns = cpu_ns - self._cpu_ns, CPU_SHARE * (now_ns - self._now_ns)
        self._cost_ns += (cost_ns - self._cost_ns) / _COSTS_AVERAGED
        self._credit_ns = min(self._credit_ns + earned_ns - cost_ns, _MOST_CREDIT_NS)
        self._now_ns, self._cpu_ns = now_ns, cpu_ns
        if not is_idle:
            self._idle_since_ns = None
        elif self._idle_since_ns is None:
            self._idle_since_ns = now_ns
        if is_stopped:
            self._interval_ns = _STOPPED_INTERVAL_NS
        elif self._idle_since_ns is not None and now_ns - self._idle_since_ns > _ASLEEP_AFTER_NS:
            self._interval_ns = _ASLEEP_INTERVAL_NS
        else:
            self._interval_ns = self._awake_interval_ns(now_ns)
        return self._interval_ns

    def _awake_interval_ns(self, now_ns: int) -> int:
        grown_ns = (now_ns - self._edge_ns) // _PROBES_PER_TEST
        wanted_ns = max(BASE_INTERVAL_NS, min(grown_ns, _LONGEST_INTERVAL_NS))
        paid_ns = max(wanted_ns, int(self._cost_ns / CPU_SHARE))
        # Little by little, for the sake of even pauses.
        free = min(max(self._credit_ns / _LOW_CREDIT_NS, 0.0), 1.0)
        return min(int(free * wanted_ns + (1 - free) * paid_ns), _ASLEEP_INTERVAL_NS)
