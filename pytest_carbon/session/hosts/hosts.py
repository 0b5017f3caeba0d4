"""In the process that users see: the hosts that run tests, and what judges for each of them."""

from __future__ import annotations

import platform
from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_carbon.record import NamedTuple
from pytest_carbon.session.hosts.gateways import machine_of, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_carbon.environment import Environment
    from pytest_carbon.looks.taker import LookTaker
    from pytest_carbon.result.subject import SubjectResult
    from pytest_carbon.session.baselines import Baselines
    from pytest_carbon.session.hosts.introduction import Introduction, Setup
    from pytest_carbon.session.judge import Judge

__all__ = ["Host", "Hosts"]


class Host(NamedTuple):
    """One host: how figures come about there, and what they are held against.

    ``name`` is empty for the one that users see, where all that runs is there. ``taker`` takes
    looks on it; where none can be taken, it is the reason in words.
    """

    name: str
    setup: Setup
    baselines: Baselines
    judge: Judge
    taker: LookTaker | str


class Hosts:
    """Knows the host of every worker, and of every result.

    ``make`` makes a host of what a worker there has said, with a name, and with a function that
    gives the gateways that lead there.
    """

    def __init__(
        self, local: Host, make: Callable[[Introduction, str, Callable[[], list[Any]]], Host]
    ) -> None:
        self.local = local
        self._make = make
        self._by_name = {local.name: local}
        self._places: dict[tuple[str, Environment], Host] = {}
        self._of_worker: dict[str, Host] = {}
        self._gateways: dict[str, Any] = {}
        self._factors: dict[str, float] = {}
        self._specs: Counter[str] = Counter()
        self._local_workers = 0

    def expect(self, specs: Iterable[Any]) -> None:
        """Take the specifications of all workers."""
        for spec in specs:
            self._specs[machine_of(spec)] += 1
            self._local_workers += not place_of(spec)

    def workers_beside(self, gateway: Any) -> int:
        """How many workers hold the same machine together."""
        return max(1, self._specs[machine_of(gateway.spec)])

    def knows(self, place: str) -> bool:
        """Whether a worker was started at this place before."""
        return any(place_of(gateway.spec) == place for gateway in self._gateways.values())

    def note_worker(self, worker: str, gateway: Any) -> None:
        """Remember how a worker of another host, or of another Python, is reached."""
        self._gateways[worker] = gateway

    def lost(self, worker: str) -> None:
        """No gateway leads to this worker any more."""
        self._gateways.pop(worker, None)

    def introduce(self, worker: str, said: Introduction) -> None:
        """Take what a worker has said of its host."""
        gateway = self._gateways.get(worker)
        if gateway is None or worker in self._of_worker:
            return
        place = machine_of(gateway.spec), said.setup.environment
        host = self._places.get(place)
        if host is None:
            name = self._named(said.host, gateway)
            host = self._make(said, name, lambda: self._leading_to(name))
            self._places[place] = self._by_name[name] = host
        self._of_worker[worker] = host
        reference_ns, own_ns = host.setup.reference_ns, said.setup.reference_ns
        if reference_ns and own_ns and reference_ns != own_ns:
            self._factors[worker] = reference_ns / own_ns

    def _named(self, host: str, gateway: Any) -> str:
        """A name that no other host has; another Python on this machine is called by its path."""
        taken = {*self._by_name, platform.node()}
        return host if host not in taken else f"{host} ({place_of(gateway.spec)})"

    def _leading_to(self, name: str) -> list[Any]:
        return [
            self._gateways[worker]
            for worker, host in self._of_worker.items()
            if host.name == name and worker in self._gateways
        ]

    def of_worker(self, worker: str) -> Host:
        """The host of a worker; this one, where nothing else is known."""
        return self._of_worker.get(worker, self.local)

    def placed(self, result: SubjectResult) -> SubjectResult:
        """A worker's result with the name of its host, and at the speed reference of that."""
        host, factor = self.of_worker(result.worker), self._factors.get(result.worker)
        if factor is not None:
            from pytest_carbon.updates.entries import at_reference

            result = at_reference(result, factor)
        return result._replace(host=host.name) if host.name else result

    def of(self, result: SubjectResult) -> Host:
        """The host that a result comes from."""
        return self._by_name.get(result.host, self.local)

    @property
    def local_name(self) -> str:
        """What this host is called beside others; empty where there are none."""
        if not self._places:
            return ""
        return platform.node() or "this host"

    @property
    def others(self) -> list[Host]:
        """The hosts beside this one that have run tests."""
        return sorted(self._places.values(), key=lambda host: host.name)

    @property
    def first(self) -> Host:
        """The first of all hosts, whose environment the run is told by."""
        return next(iter(self))

    def __iter__(self) -> Iterator[Host]:
        """All hosts that run tests, this one first where it does."""
        if self._local_workers or not self._places:
            yield self.local
        yield from self.others
