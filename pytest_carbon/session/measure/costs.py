"""What one test is charged with while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_carbon.ledger import Account
from pytest_carbon.measurement import Phase, Reading

if TYPE_CHECKING:
    from pytest_carbon.tasks.book import TaskBook

__all__ = ["Costs", "Part"]


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
