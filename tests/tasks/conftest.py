"""Books of tasks on this process's own clocks, without a pytest run around them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.measurement import DomainEnergy, Measurement, Method, Reading
from pytest_carbon.tasks.book import TaskBook
from pytest_carbon.tasks.carbon import Carbon
from pytest_carbon.tasks.ledger import TaskLedger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_carbon.ledger import Account


def read() -> Reading:
    return Reading(wall_ns=time.perf_counter_ns(), cpu_ns=time.process_time_ns())


def price(account: Account) -> Measurement:
    """Two watts for each busy thread."""
    cpu_s = account.cpu_ns / 1e9
    energy = DomainEnergy("cpu", 2.0 * cpu_s, 0.0, Method.MODELLED)
    return Measurement(cpu_s=cpu_s, wall_s=0.0, work_s=cpu_s, energies=(energy,))


@pytest.fixture
def book() -> Iterator[TaskBook]:
    book = TaskBook(TaskLedger(read), price, intensity_g_per_kwh=360.0, clock="process")
    yield book
    book.finish("over")


@pytest.fixture
def tasks(book: TaskBook) -> Carbon:
    return Carbon(lambda: book, active=True)
