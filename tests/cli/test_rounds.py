"""How many rounds a refresh takes, and which it keeps; with suites that answer as told."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from pytest_carbon.baseline.entry import Entry, Spread, short_entry
from pytest_carbon.baseline.file import BaselineFile
from pytest_carbon.cli.main import main
from pytest_carbon.cli.rounds import FinishedRounds, Progress, unsure_of, with_look
from pytest_carbon.cli.suite import SuiteRun
from pytest_carbon.errors import SettingError
from pytest_carbon.gate.policy import Policy
from pytest_carbon.measurement import Kind, Subject
from pytest_carbon.result.facts import Course
from pytest_carbon.result.subject import LookRuns
from tests.results import ENVIRONMENT, INTENSITY, look, run_result, subject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_carbon.result.run import RunResult

TEST = "test_a.py::test_one"


def a_round(energy_j: float, baselines: Path) -> RunResult:
    result = run_result(subject(TEST, energy_j))
    course = Course(exit_status=0, collected=(TEST,), outcomes={TEST: "passed"})
    return result._replace(course=course, baselines_folder=str(baselines))


class Suites:
    """Stands for the suite's processes: each round costs so much, and takes 10 s."""

    def __init__(self, folder: Path) -> None:
        self.energies_j: list[float] = [1.0, 1.0]
        self.folder = folder
        self.run = 0
        self.now_s = 0.0
        self.dies_from = 1000
        self.interrupted_in = 1000

    def monotonic(self) -> float:
        return self.now_s

    def run_suite(self, *_: object, **__: object) -> SuiteRun:
        self.run += 1
        self.now_s += 10
        if self.run == self.interrupted_in:
            raise KeyboardInterrupt
        if self.run >= self.dies_from:
            return SuiteRun(status=-9, result=None, output="")
        energy_j = self.energies_j[self.run % len(self.energies_j)]
        return SuiteRun(status=0, result=a_round(energy_j, self.folder), output="")


Command: TypeAlias = "Callable[..., int]"


@pytest.fixture
def suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suites:
    monkeypatch.chdir(tmp_path)
    suites = Suites(tmp_path / "baselines")
    monkeypatch.setattr("pytest_carbon.cli.refresh.run_suite", suites.run_suite)
    monkeypatch.setattr("pytest_carbon.cli.refresh.with_look", lambda result, *_: (result, []))
    monkeypatch.setattr("pytest_carbon.cli.refresh.time", suites)
    return suites


def refresh(*arguments: str) -> int:
    return main(["refresh", "--loaded-rounds=0", *arguments])


def test_figures_that_agree_need_five_rounds(suites: Suites) -> None:
    assert refresh() == 0
    assert suites.run == 5


@pytest.mark.parametrize(("wall_s", "last"), [(0.1, {Subject(Kind.TEST, TEST)}), (0.3, set())])
def test_what_takes_long_and_three_looks_tell_well_enough_takes_no_more_of_them(
    suites: Suites,
    monkeypatch: pytest.MonkeyPatch,
    wall_s: float,
    last: set[Subject],
) -> None:
    looks = []

    def with_look(
        result: RunResult, _stored: object, _arguments: object, among: object, _before: object
    ) -> tuple[RunResult, list[str]]:
        looks.append(among)
        one = result.subjects[0]
        cost = one.total._replace(wall_s=wall_s)
        looks_at = (LookRuns(first=cost, repeats=(cost,) * 3),)
        one = one._replace(total=cost, looks=() if among == set() else looks_at)
        return result._replace(subjects=(one,), tolerance=0.2), []

    monkeypatch.setattr("pytest_carbon.cli.refresh.with_look", with_look)
    assert refresh() == 0
    assert suites.run == 5
    assert looks == [None] * 3 + [last] * 2


def test_figures_that_scatter_get_ten(suites: Suites) -> None:
    suites.energies_j = [1.0, 3.0]
    assert refresh() == 0
    assert suites.run == 10


def test_what_varies_more_is_looked_at_alone_from_the_sixth_round_on(
    suites: Suites, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = []

    def with_look(
        result: RunResult, _stored: object, _arguments: object, among: object, _before: object
    ) -> tuple[RunResult, list[str]]:
        looks.append(among)
        one = result.subjects[0]
        more = look([0.5, 1.0, 2.0][len(looks) % 3])
        return result._replace(subjects=(one._replace(looks=(*one.looks, more)),)), []

    monkeypatch.setattr("pytest_carbon.cli.refresh.with_look", with_look)
    assert refresh() == 0
    assert suites.run == 5
    assert looks == [None] * 3 + [{Subject(Kind.TEST, TEST)}] * 7
    assert (
        "round 6 of 5 to 10: again for 1 test whose figures vary more, in"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("speed", "arguments", "looks"),
    [
        (0.5, [], [["a", "b"]] * 3 + [["b"]] * 2),
        # The rounds themselves may have met a load, and these looks not.
        (1.2, [], [["a", "b"]] * 3 + [["b"]] * 2),
        (0.5, ["--rounds", "2"], [["a", "b"]] * 3),
        (0.5, ["--loaded-rounds", "1"], [["a", "b"]]),
        # At one speed there is nothing to be told, however often.
        (0.8, [], [["a", "b"]] * 3),
        (None, [], [["a", "b"]] * 3),
    ],
)
def test_looks_beside_a_load_go_on_at_those_whose_sensitivity_is_not_known(
    suites: Suites,
    monkeypatch: pytest.MonkeyPatch,
    speed: float | None,
    arguments: list[str],
    looks: list[list[str]],
) -> None:
    asked: list[list[str]] = []
    # Three looks tell it of one test, and five of the other.
    unknown = {3: ["b"], 4: ["b"], 5: []}

    def look_at(names: list[str], *_: object) -> dict[Subject, LookRuns]:
        asked.append(names)
        first = look(1.0).first._replace(speed=speed)
        return {Subject(Kind.TEST, TEST): LookRuns(first)}

    home = "pytest_carbon.cli.store_rounds"
    monkeypatch.setattr(f"{home}.look_at", look_at)
    monkeypatch.setattr(f"{home}.learns_from_load", lambda _: unknown.get(len(asked), ["a", "b"]))
    monkeypatch.setattr(f"{home}.OffProbe.name", "not that of these rounds")
    monkeypatch.setattr(f"{home}.load", contextlib.nullcontext)
    monkeypatch.setattr(f"{home}.other_cores", lambda: 1)
    assert main(["refresh", *arguments]) == 0
    assert suites.run
    assert asked == looks


@pytest.mark.parametrize("count", [1, 7, 12])
def test_a_number_that_is_given_is_taken(suites: Suites, count: int) -> None:
    assert refresh("--rounds", str(count)) == 0
    assert suites.run == count


def test_no_round_begins_that_would_end_too_late(
    suites: Suites, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refresh("--max-time", "35") == 0
    assert suites.run == 3
    assert "no time for another round: --max-time is 35.0 s" in capsys.readouterr().out


def test_the_first_round_is_run_however_little_time_there_is(suites: Suites) -> None:
    assert refresh("--max-time", "1") == 0
    assert suites.run == 1


def test_time_may_be_given_in_minutes(suites: Suites) -> None:
    suites.energies_j = [1.0, 3.0]
    assert refresh("--max-time", "1.1min") == 0
    assert suites.run == 6


def test_what_is_needed_no_more_is_not_missed(
    suites: Suites, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refresh("--max-time", "51") == 0
    assert suites.run == 5
    assert "no time" not in capsys.readouterr().out


def test_rounds_that_all_die_after_the_first_come_to_an_end(
    suites: Suites, capsys: pytest.CaptureFixture[str]
) -> None:
    suites.dies_from = 2
    assert refresh("--rounds", "4") == 0
    assert suites.run == 4
    assert "round 4 of 4: it was killed by signal 9" in capsys.readouterr().out


def test_a_first_round_that_dies_is_an_error(suites: Suites) -> None:
    suites.dies_from = 1
    assert refresh() != 0
    assert suites.run == 1
    assert not suites.folder.exists()


def test_an_interrupted_refresh_goes_on_where_it_was(
    suites: Suites, capsys: pytest.CaptureFixture[str]
) -> None:
    suites.interrupted_in = 4
    assert refresh() == 2
    output = capsys.readouterr().out
    assert "interrupted: nothing was written" in output
    assert "3 finished rounds are kept: pytest-carbon refresh --resume goes on with them" in output
    assert not suites.folder.exists()
    assert refresh("--resume") == 0
    assert "resuming after 3 finished rounds" in capsys.readouterr().out
    assert suites.run == 4 + 2


def test_rounds_that_are_enough_already_are_stored_at_once(suites: Suites) -> None:
    suites.interrupted_in = 3
    assert refresh() == 2
    assert refresh("--resume", "--rounds", "2") == 0
    assert suites.run == 3
    assert list(suites.folder.glob("*.json"))


def test_a_refresh_that_does_not_resume_forgets_earlier_rounds(suites: Suites) -> None:
    suites.interrupted_in = 4
    assert refresh() == 2
    assert refresh("--rounds", "2") == 0
    assert suites.run == 4 + 2


def test_to_resume_there_have_to_be_rounds_of_the_same_arguments(
    suites: Suites, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refresh("--resume") == 4
    assert "no refresh was interrupted in this folder" in capsys.readouterr().err
    suites.interrupted_in = 2
    assert refresh("--", "-k", "one") == 2
    assert refresh("--resume", "--", "-k", "two") == 4
    assert "had other arguments for pytest" in capsys.readouterr().err
    assert refresh("--resume", "--rounds", "1", "--", "-k", "one") == 0


def entry(sd: float | None, processes: int, *, first_j: float = 1.0, look_j: float = 1.0) -> Entry:
    first = Spread(centre_j=first_j, sd_log=sd, samples=processes, processes=processes)
    look = Spread(centre_j=look_j, sd_log=sd, samples=3 * processes, processes=processes)
    return Entry(first=first, look=look)


def planned(**entries: Entry) -> BaselineFile:
    return BaselineFile(
        environment=ENVIRONMENT,
        intensity=INTENSITY,
        entries={Subject(Kind.TEST, name): one for name, one in entries.items()},
    )


def test_few_rounds_are_enough_for_steady_tests_and_a_wide_tolerance() -> None:
    steady, shaky = entry(0.03, 5), entry(0.3, 5)
    assert not unsure_of(planned(a=steady), Policy(tolerance=0.2))
    assert unsure_of(planned(a=steady), Policy(tolerance=0.02))
    (unsure,) = unsure_of(planned(a=steady, b=shaky, c=steady), Policy(tolerance=0.2))
    assert unsure.id == "b"


def test_first_runs_that_are_steady_tell_of_looks_that_are_few() -> None:
    """A long test runs so seldom in looks that these alone leave its spread unknown."""
    usual = {f"usual{number}": entry(0.1, 5) for number in range(3)}
    few = Spread(centre_j=1.0, sd_log=0.03, samples=3, processes=3)
    scatters, steady = (
        Entry(first=few._replace(sd_log=sd, samples=5, processes=5), look=few) for sd in (0.1, 0.03)
    )
    unsure = unsure_of(planned(**usual, scatters=scatters, steady=steady), Policy(tolerance=0.2))
    assert [one.id for one in unsure] == ["scatters"]


def test_what_is_gated_as_a_part_of_a_sum_needs_no_further_round() -> None:
    file = planned(a=entry(0.03, 5), b=short_entry(0.001, 0.001))
    whole = {Subject(Kind.FILE, "test_a.py"): entry(0.5, 5)}
    assert not unsure_of(file.with_entries({**file.entries, **whole}), Policy())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The tests of each look; what it finds of them is always the same."""
    looks: list[list[str]] = []

    def look_to_store(tests: Any, *_: object, **__: object) -> tuple[dict[Subject, LookRuns], Any]:
        looks.append([test.subject.id for test in tests])
        return {test.subject: look(2.0) for test in tests}, {}

    monkeypatch.setattr("pytest_carbon.cli.rounds.look_to_store", look_to_store)
    return looks


def test_a_further_look_is_added_to_those_of_the_tests_that_it_is_for(
    tmp_path: Path, asked: list[list[str]]
) -> None:
    result = a_round(1.0, tmp_path)
    other = result.subjects[0]._replace(subject=Subject(Kind.TEST, "test_a.py::test_two"))
    result = result._replace(subjects=(*result.subjects, other))
    first, _ = with_look(result, None, [])
    then, _ = with_look(first, None, [], frozenset([other.subject]))
    assert asked == [[TEST, "test_a.py::test_two"], ["test_a.py::test_two"]]
    assert [len(one.looks) for one in then.subjects] == [1, 2]


def test_a_round_looks_at_the_short_tests_that_the_round_before_has_looked_at(
    tmp_path: Path, asked: list[list[str]]
) -> None:
    """Which tests a sum picks hangs on how long they take, and that varies."""

    def short_round(wall_s: float) -> RunResult:
        result = a_round(0.001, tmp_path)
        one = result.subjects[0]
        total = one.total._replace(wall_s=wall_s)
        many = (
            one._replace(subject=Subject(Kind.TEST, f"test_a.py::test_{number}"), total=total)
            for number in range(60)
        )
        return result._replace(subjects=tuple(many))

    first, _ = with_look(short_round(wall_s=0.009), None, [])
    with_look(short_round(wall_s=0.001), None, [], None, first)
    with_look(short_round(wall_s=0.001), None, [])
    before, then, without = asked
    assert before == then
    assert len(then) < len(without)


@pytest.mark.parametrize("arguments", [[], ["-k", "one"]])
def test_finished_rounds_are_kept_as_they_were(tmp_path: Path, arguments: list[str]) -> None:
    finished = FinishedRounds(tmp_path, arguments)
    one, two = a_round(1.0, tmp_path), a_round(2.0, tmp_path)
    finished.keep(1, one)
    finished.keep(2, two)
    assert finished.count == 2
    assert FinishedRounds(tmp_path, arguments).begin(resume=True) == [one, two]
    assert (tmp_path / ".pytest-carbon" / ".gitignore").read_text() == "*\n"
    finished.clear()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SettingError, match="no refresh was interrupted"):
        finished.begin(resume=True)


def test_what_else_is_in_the_folder_stays(tmp_path: Path) -> None:
    finished = FinishedRounds(tmp_path, [])
    finished.keep(1, a_round(1.0, tmp_path))
    (tmp_path / ".pytest-carbon" / "history").touch()
    finished.clear()
    assert (tmp_path / ".pytest-carbon" / "history").exists()
    assert not (tmp_path / ".pytest-carbon" / "refresh").exists()


class Screen:
    """A standard output that is a terminal, or not."""

    def __init__(self, *, is_terminal: bool) -> None:
        self.text = ""
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_sees_one_line_that_changes_and_a_log_a_line_a_round(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    screen: Any = Screen(is_terminal=is_terminal)
    monkeypatch.setattr("sys.stdout", screen)
    progress = Progress("5 to 10")
    progress.at(1, "40 % of the suite")
    progress.at(1, "40 % of the suite")
    progress.end("round 1 of 5 to 10: 3 passed in 2 s")
    shown = "\r\x1b[Kround 1 of 5 to 10: 40 % of the suite\r\x1b[K" if is_terminal else ""
    assert screen.text == f"{shown}round 1 of 5 to 10: 3 passed in 2 s\n"


def test_rounds_that_cannot_be_kept_are_stored_all_the_same(
    suites: Suites, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on a disk that is nearly full."""

    def fails(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FinishedRounds, "_write", fails)
    assert refresh("--rounds=2") == 0
    assert "this round is not kept for --resume: No space left" in capsys.readouterr().out
    assert [file for file in suites.folder.iterdir() if file.suffix == ".json"]


def test_a_full_disk_is_one_line_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")

    monkeypatch.setattr("pytest_carbon.cli.refresh.run", fails)
    assert main(["refresh"]) == 4
    assert capsys.readouterr().err == (
        "ERROR: /tmp/x: No space left on device: mend or free the disk, and begin again\n"
    )


def test_a_machine_without_a_temporary_folder_is_one_line_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> int:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("pytest_carbon.cli.refresh.run", fails)
    assert main(["refresh"]) == 4
    assert capsys.readouterr().err.endswith(
        "found in ['/tmp']: set TMPDIR to a folder that you may write to\n"
    )
