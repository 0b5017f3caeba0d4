"""A meter over cumulative counters: what RAPL, GPUs and systems' interfaces have in common."""

from __future__ import annotations

import errno
import math
from itertools import compress
from typing import TYPE_CHECKING

from pytest_carbon.measurement import DomainEnergy, Method
from pytest_carbon.meters.attribution import attribute
from pytest_carbon.meters.counter import GENEROUS_W, Counter
from pytest_carbon.meters.meter import MACHINE, overlaps
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_carbon.measurement import Usage
    from pytest_carbon.meters.attribution import HostShare

__all__ = ["POLL_S", "Channel", "CounterMeter"]

POLL_S = 0.25
"""How often counters are read between edges, so that one that stops or jumps is found."""

_MICRO = 1e-6

# A counter that shows nothing after so many of its refreshes, while the CPU worked, stands still.
_REFRESHES = 20
_STILL_REFRESHES = 100

# Less than any core draws that is at work; Arm's smallest take about a tenth of a watt.
_LEAST_W = 0.02


class Channel(NamedTuple):
    """One counter of a device: its domain, and the part of the machine that it covers.

    ``range_uj`` is where it wraps, ``max_w`` what it can draw at most. ``idle_w`` is what a GPU
    draws at rest, ``None`` where that is unknown; for the CPU and its memory the model tells it.
    ``may_rest``: it may draw nothing for long, as GPUs of laptops do.
    """

    domain: str
    covers: str
    range_uj: int | None = None
    max_w: float = GENEROUS_W
    idle_w: float | None = None
    may_rest: bool = True


class CounterMeter:
    """Reads all counters at once and divides what the CPU drew among those who used it.

    ``read_uj`` gives all channels' counters in microjoules, and raises ``OSError``; ``release``
    closes what is open. ``share`` is needed for channels that cover the CPU or its memory: the
    process tree gets its part of them by CPU time. A GPU's joules above its rest are the run's, and
    are divided among its workers by their CPU time.
    """

    method = Method.MEASURED

    def __init__(
        self,
        name: str,
        channels: Sequence[Channel],
        read_uj: Callable[[], Sequence[int]],
        *,
        description: str,
        interval_s: float,
        share: HostShare | None = None,
        poll_s: float | None = None,
        release: Callable[[], None] = lambda: None,
        clock_s: Callable[[], float] = System.monotonic,
    ) -> None:
        self.name = name
        self.description = description
        self.interval_s = interval_s
        self.poll_s = poll_s
        self._channels = tuple(channels)
        self._read_uj = read_uj
        self._share = share
        self._release = release
        self._clock_s = clock_s
        self._at_s = clock_s()
        self._counters = [
            Counter(
                channel.domain,
                shown_uj,
                range_uj=channel.range_uj,
                max_w=channel.max_w,
                interval_s=interval_s,
            )
            for channel, shown_uj in zip(self._channels, read_uj(), strict=True)
        ]
        self._last = tuple(0 for _ in self._counters)
        self._of_cpu = tuple(channel.covers in {"cpu", MACHINE} for channel in self._channels)
        # A package that is awake draws something, also at rest, and so does a board.
        self._most_still_s = [
            (_STILL_REFRESHES if of_cpu else _REFRESHES if not one.may_rest else math.inf)
            * interval_s
            for one, of_cpu in zip(self._channels, self._of_cpu, strict=True)
        ]
        self._moved_s = [self._at_s] * len(self._channels)

    @property
    def domains(self) -> tuple[str, ...]:
        """The channels' domains."""
        return tuple(channel.domain for channel in self._channels)

    @property
    def covers(self) -> tuple[str, ...]:
        """The parts of the machine that the channels stand for, each once."""
        return tuple(dict.fromkeys(channel.covers for channel in self._channels))

    @property
    def uses_host_time(self) -> bool:
        """Whether anything is divided by CPU time."""
        return self._share is not None

    def read(self) -> tuple[int, ...]:
        """Microjoules since the meter was opened. Raises ``OSError`` where one is gone or wrong."""
        try:
            shown = self._read_uj()
        except OSError:
            raise
        except Exception as error:
            # Drivers' modules raise more than they say, and answer with what is no number.
            raise OSError(errno.EIO, f"{type(error).__name__}: {error}") from error
        now_s = self._clock_s()
        elapsed_s, self._at_s = now_s - self._at_s, now_s
        if len(shown) != len(self._counters):
            raise OSError(errno.EIO, f"{len(shown)} of {len(self._counters)} counters are left")
        counts = tuple(
            [
                counter.advance(shown_uj, elapsed_s)
                for counter, shown_uj in zip(self._counters, shown, strict=True)
            ]
        )
        self._refuse_still(counts, now_s)
        self._last = counts
        return counts

    def _refuse_still(self, counts: tuple[int, ...], now_s: float) -> None:
        """Find a counter that has stopped, however short the tests are meanwhile."""
        for at, (count, before) in enumerate(zip(counts, self._last, strict=True)):
            if count != before:
                self._moved_s[at] = now_s
            elif now_s - self._moved_s[at] > self._most_still_s[at]:
                still_s = now_s - self._moved_s[at]
                raise OSError(
                    errno.EIO, f"the counter stood still for {still_s:.3g} s ({self.domains[at]})"
                )

    def leave(self, covered: tuple[str, ...]) -> None:
        """Drop the channels of parts that another meter covers; before the first reading."""
        kept = [not overlaps(channel.covers, covered) for channel in self._channels]
        left = [
            one.domain for one, is_kept in zip(self._channels, kept, strict=True) if not is_kept
        ]
        read_uj = self._read_uj
        self._channels = tuple(compress(self._channels, kept))
        self._counters = list(compress(self._counters, kept))
        self._of_cpu = tuple(compress(self._of_cpu, kept))
        self._last = tuple(compress(self._last, kept))
        self._moved_s = list(compress(self._moved_s, kept))
        self._most_still_s = list(compress(self._most_still_s, kept))
        self._read_uj = lambda: list(compress(read_uj(), kept))
        self.description += f"; {', '.join(left)} left to another meter"

    def energy(
        self, usage: Usage, start: tuple[int, ...], end: tuple[int, ...]
    ) -> tuple[DomainEnergy, ...]:
        """The tree's part of each domain, and its share of the idle rest.

        Raises ``OSError`` where the CPU worked and its counters did not move: 0 J would be untrue.
        """
        moved_uj = [after_uj - before_uj for before_uj, after_uj in zip(start, end, strict=True)]
        self._refuse_standing(usage, moved_uj)
        return tuple(
            [
                self._energy(channel, uj * _MICRO, usage)
                for channel, uj in zip(self._channels, moved_uj, strict=True)
            ]
        )

    def _refuse_standing(self, usage: Usage, moved_uj: Sequence[int]) -> None:
        least_s = _REFRESHES * self.interval_s
        if usage.cpu_s > least_s and any(self._of_cpu):
            seen = [uj for uj, of_cpu in zip(moved_uj, self._of_cpu, strict=True) if of_cpu]
            # It may have stopped a moment after the window began.
            if sum(seen) * _MICRO < _LEAST_W * usage.cpu_s:
                raise OSError(
                    errno.EIO, f"the counter stood still during {usage.cpu_s:.3g} s of CPU time"
                )
        if usage.wall_s > least_s:
            for channel, uj in zip(self._channels, moved_uj, strict=True):
                if uj == 0 and not channel.may_rest:
                    raise OSError(
                        errno.EIO, f"{channel.domain} stood still for {usage.wall_s:.3g} s"
                    )

    def _energy(self, channel: Channel, total_j: float, usage: Usage) -> DomainEnergy:
        if channel.covers.startswith("gpu") or self._share is None:
            busy_j = max(0.0, total_j - (channel.idle_w or 0.0) * usage.wall_s)
            dynamic_j = busy_j * usage.run_share
            idle_j = (total_j - busy_j) * usage.host_share
        else:
            dynamic_j, idle_j = attribute(total_j, usage, self._share)
        return DomainEnergy(channel.domain, dynamic_j, idle_j, self.method)

    def counted_j(self, moved: Sequence[int]) -> list[float]:
        """What each channel's counter has shown, whoever has caused it."""
        return [uj * _MICRO for uj in moved]

    def close(self) -> None:
        """Release what is open; may be called twice."""
        release, self._release = self._release, lambda: None
        release()
