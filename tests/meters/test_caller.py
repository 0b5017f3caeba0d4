"""Calls in a thread of their own: several who ask, a call that hangs, and forks."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_carbon.forks import other_threads
from pytest_carbon.meters.caller import Caller


def ours() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "carbon-board"]


def test_each_of_several_who_ask_at_once_gets_the_answer_to_its_own_question() -> None:
    caller = Caller("board")

    def ask(number: int) -> int:
        def answer() -> int:
            time.sleep(0)  # lets others run
            return number

        answered: int = caller.call(answer, 60.0, "read")
        return answered

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(400))) == list(range(400))


def test_what_a_call_raises_is_an_error_of_the_system() -> None:
    caller = Caller("board")

    def fail() -> None:
        raise ValueError("no volts")

    with pytest.raises(OSError, match="read raised ValueError: no volts"):
        caller.call(fail, 60.0, "read")
    assert caller.call(lambda: 5, 60.0, "read") == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_at_a_fork_there_is_no_thread_of_ours_and_both_processes_call_on() -> None:
    caller = Caller("board")
    assert caller.call(lambda: 1, 60.0, "read") == 1
    assert ours()
    at_fork: list[list[str]] = []
    os.register_at_fork(after_in_parent=lambda: at_fork.append(ours()))  # type: ignore[attr-defined, unused-ignore]
    pid = os.fork()  # type: ignore[attr-defined, unused-ignore]
    if pid == 0:
        try:
            os._exit(caller.call(lambda: 2, 60.0, "read"))
        finally:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2
    assert at_fork[0] == []
    assert caller.call(lambda: 3, 60.0, "read") == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_call_may_fork_itself() -> None:
    """As a meter does that asks a program."""
    caller = Caller("board")

    def fork() -> int:
        pid = os.fork()  # type: ignore[attr-defined, unused-ignore]
        if pid == 0:
            os._exit(7)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    assert caller.call(fork, 60.0, "read") == 7
    assert caller.call(lambda: 8, 60.0, "read") == 8


def test_threads_of_ours_are_told_from_those_of_others() -> None:
    before = other_threads()
    Caller("board").call(lambda: 1, 60.0, "read")
    assert other_threads() == before
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    assert other_threads()
    over.set()
    thread.join()
