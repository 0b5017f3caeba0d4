"""Meters of third parties: whatever they do, a run goes on, with one clear message."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import SettingError
from pytest_carbon.measurement import DomainEnergy, Method, Usage
from pytest_carbon.meters.check import check_meter
from pytest_carbon.meters.choose import choose_meters
from pytest_carbon.meters.meter import Meter, Request, Unavailable
from pytest_carbon.meters.plugins import _may_be_installed, open_guarded, plugin_sources
from tests.meters.truth import request

if TYPE_CHECKING:
    from pathlib import Path

USAGE = Usage(cpu_s=1.0, wall_s=1.0, work_s=1.0)


class Board:
    """A third party's meter, with the one fault that a test gives it."""

    name = "board"
    method = Method.MEASURED
    domains: Any = ("board",)
    covers: Any = ("gpu",)
    description = "an invented board"
    interval_s: Any = 0.1
    poll_s: float | None = None
    uses_host_time = False

    def __init__(self, **changes: Any) -> None:
        self.uj = 0
        self.answers: list[Any] = []
        self.result: Any = None
        self.closed = False
        for name, value in changes.items():
            setattr(self, name, value)

    def read(self) -> Any:
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer() if callable(answer) else answer
        return (self.uj,)

    def energy(self, usage: Usage, start: tuple[int, ...], end: tuple[int, ...]) -> Any:
        del usage
        if self.result is not None:
            return self.result
        return (DomainEnergy("board", (end[0] - start[0]) / 1e6, 0.0, Method.MEASURED),)

    def close(self) -> None:
        self.closed = True


class Shy(Board):
    """It fails where it is asked for a property."""

    @property
    def poll_s(self) -> float | None:  # type: ignore[override]
        raise RuntimeError("no device")


class Unspoken:
    def __str__(self) -> str:
        raise ValueError("no words")


def opened(board: Any, **limits: float) -> Meter:
    found = open_guarded("board", lambda: lambda _: board, request(), **limits)
    assert not isinstance(found, Unavailable), found
    return found


def refused(opener: Any, **limits: float) -> Unavailable:
    found = open_guarded("board", lambda: opener, request(), **limits)
    assert isinstance(found, Unavailable), found
    return found


def test_a_good_meter_is_used_as_it_is() -> None:
    board = Board()
    meter = opened(board)
    assert (meter.name, meter.domains, meter.covers) == ("board", ("board",), ("gpu",))
    board.uj = 5_000_000
    assert meter.read() == (5_000_000,)
    assert meter.energy(USAGE, (0,), (5_000_000,))[0].dynamic_j == 5
    meter.close()
    assert board.closed


def test_it_keeps_every_promise_of_a_meter() -> None:
    board = Board()
    check_meter(opened(board), lambda: setattr(board, "uj", 9))


def raising(error: BaseException) -> Any:
    def open_it(asked: Request) -> Any:
        del asked
        raise error

    return open_it


@pytest.mark.parametrize(
    ("opener", "why"),
    [
        (raising(RuntimeError("no device")), "opening it raised RuntimeError: no device"),
        (raising(SystemExit(3)), "opening it raised SystemExit: 3"),
        (raising(KeyError("x")), "opening it raised KeyError"),
        (lambda _: None, "it is no meter: it has no name"),
        (lambda _: 5, "it is no meter"),
        (lambda: Board(), "opening it raised TypeError"),  # noqa: PLW0108 - takes no request
        (lambda _: Board(name="other"), "its name is 'other', not 'board'"),
        (lambda _: Board(name="BOARD"), "its name is 'BOARD'"),
        (lambda _: Board(method="measured"), "its method is 'measured'"),
        (lambda _: Board(domains=()), "its domains are ()"),
        (lambda _: Board(domains=("board", "board")), "one of them twice"),
        (lambda _: Board(covers=("banana",)), "it covers 'banana': none of cpu, memory"),
        (lambda _: Board(poll_s=float("nan")), "its poll_s is nan"),
        (lambda _: Board(interval_s=float("inf")), "its interval_s is inf"),
        (lambda _: Shy(), "asking what it is raised RuntimeError: no device"),
        (lambda _: Board(description=Unspoken()), "asking what it is raised ValueError"),
        (lambda _: Board, "read raised TypeError"),
        (lambda _: Board(domains="board"), "its domains are 'board'"),
        (lambda _: Board(covers=[3]), "its covers are [3]"),
        (lambda _: Board(interval_s="often"), "its interval_s is 'often'"),
        (lambda _: Board(poll_s=-1.0), "its poll_s is -1.0"),
        (lambda _: Board(answers=[None]), "read returned None"),
        (lambda _: Board(answers=[(1.5,)]), "read returned 1.5 for a counter"),
        (lambda _: Board(answers=[(True,)]), "read returned True for a counter"),
        (lambda _: Board(answers=[OSError("gone")]), "read raised OSError: gone"),
        (lambda _: Board(answers=[(9,), (4,)]), "a counter went back from 9 to 4"),
        (lambda _: Board(answers=[(9,), (9, 9)]), "read returned 2 counters after 1"),
        (lambda _: Board(result=5), "energy returned 5"),
        (lambda _: Board(result=[5]), "energy returned 5, no DomainEnergy"),
        (lambda _: Board(result=()), "energy returned other domains"),
        (
            lambda _: Board(result=[DomainEnergy("board", float("nan"), 0.0, Method.MEASURED)]),
            "energy returned nan J for board",
        ),
        (
            lambda _: Board(result=[DomainEnergy("board", -1.0, 0.0, Method.MEASURED)]),
            "energy returned -1.0 J for board",
        ),
        (
            lambda _: Board(result=[DomainEnergy("board", float("inf"), 0.0, Method.MEASURED)]),
            "energy returned inf J for board",
        ),
        (
            lambda _: Board(result=[DomainEnergy("board", "5", 0.0, Method.MEASURED)]),  # type: ignore[arg-type]
            "energy returned '5' J for board",
        ),
        (
            lambda _: Board(result=[DomainEnergy("board", 1e9, 0.0, Method.MEASURED)]),
            "energy returned 1,000,000,000 J for 1 s of board, which no hardware draws",
        ),
        (
            lambda _: Board(result=[DomainEnergy("board", 1.0, 0.0, Method.MODELLED)]),
            "the meter",
        ),
    ],
)
def test_what_is_wrong_with_one_is_told(opener: Any, why: str) -> None:
    found = refused(opener)
    assert why in found.reason
    assert not found.silent
    assert "\n" not in found.reason
    assert found.remedy


def test_one_that_blocks_while_it_is_opened_is_not_waited_for() -> None:
    never = threading.Event()
    found = refused(lambda _: never.wait(), open_s=0.01)
    assert "opening it has not returned after 0.01 s" in found.reason
    never.set()


def test_a_property_that_blocks_is_not_waited_for() -> None:
    never = threading.Event()

    class Slow(Board):
        @property
        def description(self) -> str:  # type: ignore[override]
            never.wait()
            return ""

    assert "asking what it is has not returned" in refused(lambda _: Slow(), read_s=0.05).reason
    never.set()


def test_one_that_blocks_in_a_run_is_lost_and_asked_no_more() -> None:
    never = threading.Event()
    board = Board()
    meter = opened(board, read_s=0.05)
    board.answers = [never.wait]
    with pytest.raises(OSError, match=r"read has not returned after 0\.05 s"):
        meter.read()
    with pytest.raises(OSError, match="has not returned"):
        meter.energy(USAGE, (0,), (0,))
    meter.close()
    never.set()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (RuntimeError("lost"), "read raised RuntimeError: lost"),
        ((-5,), "went back"),
        ("5", "no tuple of integers"),
    ],
)
def test_one_that_fails_in_a_run_is_an_error_and_no_zero(answer: Any, why: str) -> None:
    board = Board(uj=7)
    meter = opened(board)
    board.answers = [answer]
    with pytest.raises(OSError, match=why):
        meter.read()


def test_one_may_say_that_it_is_not_here() -> None:
    found = refused(lambda _: Unavailable("another name", "no plug in the network", "plug it in"))
    assert found == Unavailable("board", "no plug in the network", "plug it in")


def test_what_it_says_then_is_one_line_whatever_it_is() -> None:
    silent: Any = None
    found = refused(lambda _: Unavailable("board", "no\nplug", "a\tb"))
    assert (found.reason, found.remedy) == ("no plug", "a b")
    found = refused(lambda _: Unavailable(silent, silent, silent, silent))
    assert found == Unavailable("board", "it gives no reason", "", silent=False)


class Point:
    """An entry point as a package declares it."""

    def __init__(self, name: str, board: Any) -> None:
        self.name = name
        self.value = "carbon_board:open_board"
        self._board = board

    def load(self) -> Any:
        if isinstance(self._board, BaseException):
            raise self._board
        return lambda _: self._board


@pytest.mark.parametrize(
    ("info", "text", "is_there"),
    [
        ("board-1.dist-info", "[pytest_carbon.meters]\nboard = carbon_board:open_board\n", True),
        ("board.egg-info", "[pytest_carbon.meters]\nboard = carbon_board:open_board\n", True),
        ("board-1.dist-info", "[console_scripts]\nboard = carbon_board:main\n", False),
        ("board", "[pytest_carbon.meters]\nboard = carbon_board:open_board\n", False),
    ],
)
def test_metadata_are_only_read_where_a_distribution_names_the_group(
    tmp_path: Path, info: str, text: str, is_there: bool
) -> None:
    (tmp_path / info).mkdir()
    (tmp_path / info / "entry_points.txt").write_text(text)
    (tmp_path / "bare-1.dist-info").mkdir()
    assert _may_be_installed(["/nowhere", str(tmp_path)]) is is_there


def test_installed_ones_are_found_by_their_names() -> None:
    sources = plugin_sources(["rapl"], [Point("zoo", Board(name="zoo")), Point("board", Board())])
    assert [source.name for source in sources] == ["board", "zoo"]
    found = sources[0].open(request())
    assert not isinstance(found, Unavailable)
    assert found.name == "board"


@pytest.mark.parametrize("name", ["rapl", "Plug", "my plug"])
def test_one_with_a_name_that_is_taken_or_cannot_be_typed_is_refused(name: str) -> None:
    (source,) = plugin_sources(["rapl"], [Point(name, Board())])
    found = source.open(request())
    assert isinstance(found, Unavailable)
    assert "another name" in found.remedy


def test_one_whose_module_cannot_be_imported_is_told() -> None:
    (source,) = plugin_sources([], [Point("board", ImportError("no module named usb"))])
    found = source.open(request())
    assert isinstance(found, Unavailable)
    assert "no module named usb" in found.reason


def test_a_run_goes_on_with_the_next_best_unless_it_was_named() -> None:
    def plugins(taken: Any) -> Any:
        return plugin_sources(taken, [Point("board", ValueError("broken"))])

    choice = choose_meters(plugins=plugins)
    assert choice.name
    assert "broken" in {missing.meter: missing.reason for missing in choice.unavailable}["board"]
    for meter in choice.meters:
        meter.close()
    with pytest.raises(SettingError, match=r"board cannot be used here .*broken"):
        choose_meters(["board"], plugins=plugins)
