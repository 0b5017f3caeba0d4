"""What one test is charged with while it runs, and what that comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.ledger import Account
from pytest_carbon.measurement import Phase, Reading, sum_of
from pytest_carbon.record import NamedTuple
from pytest_carbon.units import NS_PER_S

if TYPE_CHECKING:
    from pytest_carbon.measurement import Measurement
    from pytest_carbon.sampler import Sampler
    from pytest_carbon.tasks.book import TaskBook

__all__ = ["Costs", "Part", "Prices"]


class Part(NamedTuple):
    """A task as a part of its test: its path, and how much it follows the speed of the core.

    ``worst`` means the costliest time that it ran, instead of all together.
    """

    path: str
    sensitivity: float
    worst: bool = False


class Costs:
    """The accounts of the test that is running: its call, and its function fixtures.

    ``tasks`` is the book of the test's tasks, ``None`` where it asks for none, ``blocks_written``
    what it wrote to disks, ``None`` where nobody wants to know.
    """

    __slots__ = ("blocks_written", "call", "memory_bytes", "setup", "tasks", "teardown")

    def __init__(self) -> None:
        self.tasks: TaskBook | None = None
        self.memory_bytes: int | None = None
        self.blocks_written: int | None = None
        self.setup: Account | None = None
        self.call: Account | None = None
        self.teardown: Account | None = None

    @property
    def accounts(self) -> dict[Phase, Account]:
        """The accounts of the phases that have cost something."""
        found = {Phase.SETUP: self.setup, Phase.CALL: self.call, Phase.TEARDOWN: self.teardown}
        return {phase: account for phase, account in found.items() if account is not None}

    @property
    def only_call(self) -> Account | None:
        """The account of the call, where nothing else has cost anything."""
        return self.call if self.setup is None and self.teardown is None else None

    def account(self, phase: Phase) -> Account:
        """The account of one phase, opened when the phase first costs something."""
        account: Account | None = getattr(self, phase)
        if account is None:
            account = Account()
            setattr(self, phase, account)
        return account

    def spent(self) -> Reading:
        """All that was charged to the test so far."""
        total = Account()
        for account in self.accounts.values():
            total.add(account)
        return Reading(total.wall_ns, total.cpu_ns, total.kernels, total.host_ns, total.counters)


class Prices:
    """What the accounts of tests and tasks come to.

    ``sensitivity`` says how much a test's CPU time follows the speed of the core.
    """

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def measure(self, costs: Costs, sensitivity: float) -> dict[Phase, Measurement]:
        """What a test has spent, phase by phase."""
        measure, memory_bytes = self._sampler.measure, costs.memory_bytes
        return {p: measure(a, memory_bytes, sensitivity) for p, a in costs.accounts.items()}

    def measure_call(self, costs: Costs, sensitivity: float) -> Measurement | None:
        """What a test has spent of which only the call cost anything; ``None`` for others."""
        call = costs.only_call
        return (
            None if call is None else self._sampler.measure(call, costs.memory_bytes, sensitivity)
        )

    def cost(
        self, costs: Costs, sensitivity: float, part: Part | None = None
    ) -> Measurement | None:
        """What a test, or one of its tasks, has cost; ``None`` where it did not run."""
        if part is None:
            return sum_of(self.measure(costs, sensitivity).values())
        row = None if costs.tasks is None else costs.tasks.rows.get(part.path)
        if row is None or not row.times:
            return None
        if part.worst and row.worst is not None:
            worst = row.worst[1]
            return self.price(worst.cost, costs, worst.wall_ns, sensitivity, worst.doubt)
        return self.price(row.total, costs, row.wall_ns, sensitivity, row.doubt)

    def price(
        self, account: Account, costs: Costs, wall_ns: int, sensitivity: float, doubt: str
    ) -> Measurement:
        """The cost of a task that took ``wall_ns``; unknown where there is a ``doubt``."""
        measured = self._sampler.measure(account, costs.memory_bytes, sensitivity)
        missing = (*measured.missing, "the task's clock") if doubt else measured.missing
        return measured._replace(wall_s=wall_ns / NS_PER_S, missing=missing)
