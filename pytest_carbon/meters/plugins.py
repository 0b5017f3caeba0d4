"""Meters of third parties, by the entry point group ``pytest_carbon.meters``.

Whatever one of them does, a run goes on: it is opened and asked in a thread of its own, with a time
limit, and what it answers is checked. ``docs/how-to/meter.md`` tells how to write one.
"""

from __future__ import annotations

import errno
import math
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from pytest_carbon.measurement import DomainEnergy, Method, Usage
from pytest_carbon.meters.caller import Caller
from pytest_carbon.meters.meter import PART, PARTS, Meter, Request, Unavailable
from pytest_carbon.meters.sources import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["GROUP", "GuardedMeter", "open_guarded", "plugin_sources"]

GROUP = "pytest_carbon.meters"

OPEN_S = 10.0
"""How long a meter may take to open: a plug is found in the network, a device is reset."""

READ_S = 2.0
"""How long a reading may take before the meter counts as lost."""

# More than a rack of machines draws, and time for figures that come late.
_MOST_W = 100_000.0
_SLACK_S = 1.0

_INFO = (".dist-info", ".egg-info")

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")
_ATTRIBUTES = (
    "name",
    "method",
    "domains",
    "covers",
    "description",
    "interval_s",
    "poll_s",
    "uses_host_time",
    "read",
    "energy",
    "close",
)
_TRIAL = Usage(cpu_s=0.5, wall_s=1.0, work_s=0.5, host_busy_s=1.0, memory_bytes=10**8)


def _nonsense(what: str) -> OSError:
    return OSError(errno.EIO, what)


def _counters(answer: object) -> tuple[int, ...]:
    if not isinstance(answer, (tuple, list)):
        raise _nonsense(f"read returned {answer!r:.80}, no tuple of integers")
    for count in answer:
        if isinstance(count, bool) or not isinstance(count, int):
            raise _nonsense(f"read returned {count!r:.80} for a counter, no integer")
    return tuple(answer)


def _attributes(meter: object) -> dict[str, Any]:
    """What a meter tells of itself; asked in its own thread, as properties may do anything."""
    found = {name: getattr(meter, name) for name in _ATTRIBUTES if hasattr(meter, name)}
    if "description" in found:
        found["description"] = " ".join(str(found["description"]).split())
    if "uses_host_time" in found:
        found["uses_host_time"] = bool(found["uses_host_time"])
    return found


class GuardedMeter:
    """A third party's meter, of which nothing is believed unchecked."""

    def __init__(self, meter: Any, caller: Caller, source_name: str, read_s: float) -> None:
        self._meter = meter
        self._caller = caller
        self._read_s = read_s
        told = caller.call(lambda: _attributes(meter), read_s, "asking what it is")
        missing = [name for name in _ATTRIBUTES if name not in told]
        if missing:
            raise _nonsense(f"it is no meter: it has no {', '.join(missing)}")
        self.name: str = told["name"]
        self.method: Method = told["method"]
        self.domains: tuple[str, ...] = _texts(told["domains"], "domains")
        self.covers: tuple[str, ...] = _texts(told["covers"], "covers")
        if len(set(self.domains)) < len(self.domains):
            raise _nonsense(f"its domains are {self.domains!r:.80}, one of them twice")
        for part in self.covers:
            if not PART.fullmatch(part):
                raise _nonsense(f"it covers {part!r:.40}: none of {PARTS}")
        self.description: str = told["description"] or source_name
        self.interval_s = _seconds(told["interval_s"], "interval_s", least=0.0)
        self.poll_s = None if told["poll_s"] is None else _seconds(told["poll_s"], "poll_s", 1e-3)
        self.uses_host_time: bool = told["uses_host_time"]
        is_own = isinstance(self.name, str) and _NAME.fullmatch(self.name)
        if not is_own or not f"{self.name}-".startswith(f"{source_name}-"):
            raise _nonsense(f"its name is {self.name!r}, not {source_name!r}")
        if not isinstance(self.method, Method):
            raise _nonsense(f"its method is {self.method!r}, no Method")
        self._latest = self._read()
        now = self.read()
        self.energy(_TRIAL, self._latest, now)

    def _read(self) -> tuple[int, ...]:
        return _counters(self._caller.call(self._meter.read, self._read_s, "read"))

    def read(self) -> tuple[int, ...]:
        """Its counters; raises ``OSError`` for whatever it does wrong."""
        before, now = self._latest, self._read()
        if len(now) != len(before):
            raise _nonsense(f"read returned {len(now)} counters after {len(before)}")
        for earlier, later in zip(before, now, strict=True):
            if later < earlier:
                raise _nonsense(f"a counter went back from {earlier} to {later}")
        self._latest = now
        return now

    def energy(
        self, usage: Usage, start: tuple[int, ...], end: tuple[int, ...]
    ) -> tuple[DomainEnergy, ...]:
        """Its joules; raises ``OSError`` for whatever it does wrong."""
        answer = self._caller.call(
            lambda: self._meter.energy(usage, start, end), self._read_s, "energy"
        )
        if not isinstance(answer, (tuple, list)):
            raise _nonsense(f"energy returned {answer!r:.80}, no tuple of DomainEnergy")
        for energy in answer:
            if not isinstance(energy, DomainEnergy):
                raise _nonsense(f"energy returned {energy!r:.80}, no DomainEnergy")
            for joules in (energy.dynamic_j, energy.idle_j):
                if not isinstance(joules, (int, float)) or not 0 <= joules < math.inf:
                    raise _nonsense(f"energy returned {joules!r:.80} J for {energy.domain}")
            most_j = _MOST_W * (max(usage.wall_s, usage.cpu_s) + 2 * self.interval_s + _SLACK_S)
            if energy.dynamic_j + energy.idle_j > most_j:
                raise _nonsense(
                    f"energy returned {energy.dynamic_j + energy.idle_j:,.0f} J for "
                    f"{usage.wall_s:.3g} s of {energy.domain}, which no hardware draws"
                )
            if energy.method is not self.method:
                raise _nonsense(f"{energy.domain} is {energy.method}, the meter {self.method}")
        if tuple(energy.domain for energy in answer) != self.domains:
            raise _nonsense("energy returned other domains than the meter's")
        return tuple(answer)

    def close(self) -> None:
        """Close it, if it lets itself be closed."""
        try:
            self._caller.call(self._meter.close, self._read_s, "close")
        except OSError:
            return  # the run is over; nothing depends on it


def _line(text: object) -> str:
    return " ".join(str(text).split()) if text else ""


def _texts(value: object, what: str) -> tuple[str, ...]:
    if isinstance(value, (tuple, list)) and value and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise _nonsense(f"its {what} are {value!r:.80}, no tuple of names")


def _seconds(value: object, what: str, least: float) -> float:
    if isinstance(value, (int, float)) and least <= value < math.inf:
        return float(value)
    raise _nonsense(f"its {what} is {value!r:.80}, no number of seconds")


def open_guarded(
    name: str,
    load: Callable[[], Any],
    request: Request,
    *,
    open_s: float = OPEN_S,
    read_s: float = READ_S,
) -> Meter | Unavailable:
    """Open a third party's meter, or say why it cannot be used."""
    caller = Caller(name)

    def refuse(reason: str) -> Unavailable:
        return Unavailable(
            meter=name,
            reason=f"the meter of a third party does not work: {reason}",
            remedy="report it to its authors, uninstall it, or name others with --carbon-meters",
        )

    try:
        found = caller.call(lambda: load()(request), open_s, "opening it")
        if isinstance(found, Unavailable):
            return Unavailable(
                meter=name,
                reason=_line(found.reason) or "it gives no reason",
                remedy=_line(found.remedy),
                silent=bool(found.silent),
            )
        return GuardedMeter(found, caller, name, read_s)
    except OSError as error:
        return refuse(str(error.strerror))


def _source(point: Any) -> Source:
    def open_it(request: Request) -> Meter | Unavailable:
        return open_guarded(point.name, point.load, request)

    return Source(
        name=point.name,
        covers=(),
        method=Method.MEASURED,
        interval_s=0.0,
        systems=f"as {point.value.partition(':')[0]} says",
        rights=f"as {point.value.partition(':')[0]} says",
        open=open_it,
    )


def _clash(point: Any) -> Source:
    def refuse(request: Request) -> Unavailable:
        del request
        return Unavailable(
            meter=point.name,
            reason=f"{point.value} has the name of another meter, or none that can be typed",
            remedy="its authors have to choose another name, in lower case",
        )

    return _source(point)._replace(name=f"{point.name}?", open=refuse)


def _installed() -> Iterable[Any]:
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)


def _may_be_installed(path: Sequence[str] | None = None) -> bool:
    """Whether any distribution names the group: asked of files, much faster than of metadata."""
    group = GROUP.encode()
    for folder in sys.path if path is None else path:
        try:
            with os.scandir(folder or ".") as entries:
                found = [one.path for one in entries if one.name.endswith(_INFO)]
        except OSError:
            continue
        for info in found:
            try:
                with open(f"{info}/entry_points.txt", "rb") as file:  # noqa: PTH123 - in a hot path
                    if group in file.read():
                        return True
            except OSError:  # noqa: PERF203 - most have no such file
                continue
    return False


def plugin_sources(taken: Sequence[str], points: Iterable[Any] | None = None) -> tuple[Source, ...]:
    """Meters that are installed, by name; one whose name is ``taken`` is refused."""
    if points is None:
        points = _installed() if _may_be_installed() else ()
    sources: list[Source] = []
    names = set(taken)
    for point in sorted(points, key=lambda one: str(one.name)):
        is_free = point.name not in names and _NAME.fullmatch(point.name)
        names.add(point.name)
        sources.append(_source(point) if is_free else _clash(point))
    return tuple(sources)
