"""Tasks in coroutines that take turns in one thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.tasks.burning import burn

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator
    from typing import Any

    from pytest_carbon.tasks.book import TaskBook
    from pytest_carbon.tasks.carbon import Carbon
    from pytest_carbon.tasks.task import Task

within_a_tenth = 0.1


async def in_turns(tasks: Carbon, name: str, cpu_s: float) -> Task:
    with tasks.task(name) as task:
        for _ in range(10):
            burn(cpu_s / 10)
            await asyncio.sleep(0)
    return task


async def untold(cpu_s: float) -> None:
    for _ in range(10):
        burn(cpu_s / 10)
        await asyncio.sleep(0)


def test_two_tasks_in_turns(tasks: Carbon, book: TaskBook) -> None:
    async def main() -> tuple[Task, Task, None]:
        return await asyncio.gather(
            in_turns(tasks, "long", 0.3), in_turns(tasks, "short", 0.1), untold(0.1)
        )

    with tasks.task("all") as whole:
        long, short, _ = asyncio.run(main())
        burn(0.1)
    assert long.cpu_s == pytest.approx(0.3, rel=within_a_tenth)
    assert short.cpu_s == pytest.approx(0.1, rel=within_a_tenth)
    assert whole.cpu_s == pytest.approx(0.6, rel=within_a_tenth)
    assert whole.own_cpu_s == pytest.approx(0.2, rel=within_a_tenth)
    assert set(book.rows) == {"all", "all > long", "all > short"}


def test_a_decorated_coroutine(tasks: Carbon) -> None:
    @tasks.task("fetch")
    async def fetch(cpu_s: float) -> str:
        await untold(cpu_s)
        return "fetched"

    async def main() -> tuple[str, str]:
        first, second = await asyncio.gather(fetch(0.1), fetch(0.1))
        return first, second

    assert asyncio.run(main()) == ("fetched", "fetched")
    task: Task = fetch.task  # type: ignore[attr-defined]
    assert task.cpu_s == pytest.approx(0.1, rel=within_a_tenth)


def test_work_handed_to_a_thread_is_inside_the_coroutine_that_waits(tasks: Carbon) -> None:
    def work() -> Task:
        with tasks.task("thread") as task:
            burn(0.1)
        return task

    async def main() -> tuple[Task, Task]:
        with tasks.task("asks") as task:
            inner = await asyncio.to_thread(work)
        return task, inner

    asks, inner = asyncio.run(main())
    assert inner.cpu_s == pytest.approx(0.1, rel=within_a_tenth)
    assert asks.cpu_s == pytest.approx(0.1, rel=0.2)
    assert asks.own_cpu_s is not None
    assert asks.own_cpu_s < 0.03


def test_asyncio_is_as_it_was_afterwards(tasks: Carbon) -> None:
    from asyncio.events import Handle

    before = vars(Handle)["_run"]

    async def main() -> None:
        with pytest.raises(RuntimeError, match="mine"), tasks.task("fails"):  # noqa: PT012
            assert vars(Handle)["_run"] is not before
            await asyncio.sleep(0)
            raise RuntimeError("mine")

    asyncio.run(main())
    assert vars(Handle)["_run"] is before


class Turn:
    """Something to wait for that asyncio knows nothing of."""

    def __await__(self) -> Generator[None, None, None]:
        yield


def test_turns_that_cannot_be_followed_are_unknown(tasks: Carbon) -> None:
    """As under uvloop or trio: a loop of its own steps coroutines in their contexts."""
    from contextvars import copy_context

    async def work(name: str) -> Task:
        with tasks.task(name) as task:
            await Turn()
            burn(0.01)
        return task

    found: list[Task] = []
    waiting: list[tuple[Any, Coroutine[Any, Any, Task]]] = [
        (copy_context(), work(name)) for name in ("one", "two")
    ]
    while waiting:
        context, coroutine = waiting.pop(0)
        try:
            context.run(coroutine.send, None)
        except StopIteration as end:
            found.append(end.value)
        else:
            waiting.append((context, coroutine))
    for task in found:
        assert task.energy_j is None
        assert str(task.method).startswith("unknown: tasks of one thread took turns")
        assert task.wall_s is not None
