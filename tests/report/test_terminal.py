"""The summary: the tests first, on 80 columns, with pytest's colours, and short with -q."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.measurement import Kind
from pytest_carbon.report.figures import headline
from pytest_carbon.report.names import columns
from pytest_carbon.report.terminal import Line, summary_lines
from tests.results import SUBJECTS, run_result, subject

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_carbon.result.run import RunResult

    Carbon = Callable[..., pytest.RunResult]


def lines(result: RunResult, *, verbosity: int = 0, width: int = 80) -> list[Line]:
    return list(summary_lines(result, verbosity=verbosity, rows=10, width=width))


def texts(result: RunResult, *, verbosity: int = 0, width: int = 80) -> list[str]:
    return [line.text for line in lines(result, verbosity=verbosity, width=width)]


LOOKS = subject("looks by pytest-carbon", 32.4, kind=Kind.LOOKS)


def test_what_looks_took_is_on_a_line_of_its_own_and_in_no_total() -> None:
    without, with_looks = run_result(), run_result(*SUBJECTS, LOOKS)
    found = texts(with_looks)
    assert found[0] == "tests: 6.96 J, 914 µg CO2e in 1.74 s of CPU time"
    assert "  measured again in 2 fresh processes: 32.4 J, 3.50 s, in no total" in found
    assert with_looks.total == without.total
    assert with_looks.sci == without.sci
    assert with_looks.equivalents == without.equivalents
    assert with_looks.own_wall_s == with_looks.wall_s - 3.5


def test_the_table_begins_with_names_and_fits_the_terminal() -> None:
    long = [
        subject(f"tests/{'deep/' * i}test_prevention.py::TestIt::test_{'very_' * i}long_{i}", 1 + i)
        for i in range(9)
    ]
    for width in (80, 100, 120):
        found = texts(run_result(*long), width=width)
        start = next(i for i, text in enumerate(found) if text.startswith("costliest"))
        rows = found[start : start + 10]
        assert max(map(columns, rows)) <= width
        assert all(re.match(r"\S*test_\S*\.py::\S*long_\d ", row) for row in rows[1:])
    assert "wall" not in texts(run_result(*long), width=80)[start]
    assert "wall" in texts(run_result(*long), width=120)[start]


def test_a_bar_shows_the_share_of_all_tests() -> None:
    found = texts(run_result(subject("a.py::test_most", 3.0), subject("a.py::test_least", 1.0)))
    (most,) = [text for text in found if text.startswith("a.py::test_most")]
    (least,) = [text for text in found if text.startswith("a.py::test_least")]
    assert "75% ███▊" in most
    assert "25% █▎" in least


def test_shares_of_tests_and_wider_fixtures_add_up() -> None:
    """A fixture is in no test; of the tests alone this one was 300 %."""
    fixture = subject("a.py::data", 3.0, kind=Kind.FIXTURE)
    task = subject("a.py::test_it::load", 0.5, kind=Kind.TASK)
    found = texts(run_result(subject("a.py::test_it", 1.0), fixture, task))
    shares = {
        name: next(text for text in found if text.startswith(name)).split("%")[0].split()[-1]
        for name in ("a.py::test_it ", "a.py::data (fixture)", "a.py::test_it::load (task)")
    }
    assert list(shares.values()) == ["25", "75", "12"]


def test_findings_have_pytests_colours_and_come_by_size() -> None:
    changed = [
        subject(f"a.py::test_{name}", now_j, outcome=outcome, baseline_j=1.0)
        for name, now_j, outcome in (
            ("little_worse", 1.5, Outcome.REGRESSED),
            ("little_better", 0.7, Outcome.IMPROVED),
            ("much_worse", 4.0, Outcome.REGRESSED),
            ("much_better", 0.1, Outcome.IMPROVED),
            ("unsure", 1.4, Outcome.INCONCLUSIVE),
        )
    ]
    found = [
        (line.text.split("test_")[1].split(":")[0], line.tone)
        for line in lines(run_result(*changed))
        if re.match("(regressed|improved|inconclusive): ", line.text)
    ]
    assert found == [
        ("much_worse", "red"),
        ("little_worse", "red"),
        ("unsure", "yellow"),
        ("much_better", "green"),
        ("little_better", "green"),
    ]
    (verdicts,) = [line for line in lines(run_result(*changed)) if line.text.startswith("verdicts")]
    assert verdicts == Line("verdicts: 2 improved, 2 regressed, 1 inconclusive", "red")


def test_notes_are_capped_and_verbose_shows_all() -> None:
    many = run_result()._replace(notes=tuple(f"note number {i}" for i in range(30)))
    found = [text for text in texts(many) if text.startswith("note: ")]
    assert len(found) == 11
    assert found[-1] == "note: 20 more; -v shows all"
    assert sum(text.startswith("note: ") for text in texts(many, verbosity=1)) == 30


def test_the_method_is_short_and_said_once_and_verbose_says_all() -> None:
    result = run_result()
    short = "\n".join(texts(result))
    assert short.count("modelled, AMD EPYC, 4 W/thread") == 1
    assert result.clock not in short
    assert f"method: {result.meters[0]}; clock: {result.clock}" in "\n".join(
        texts(result, verbosity=1)
    )


def test_quiet_is_three_lines_at_most() -> None:
    many = run_result()._replace(notes=("a note",) * 30)
    assert [text.partition(":")[0] for text in texts(many, verbosity=-1)] == [
        "tests",
        "verdicts",
        "not measured",
    ]


def test_sums_of_short_tests_are_not_counted_as_tests() -> None:
    result = run_result(
        subject("test_a.py::test_it", outcome=Outcome.OK),
        subject("test_a.py::test_short", outcome=Outcome.TOO_SMALL),
    )
    for of_file, words in (
        (None, "verdicts: 1 ok, 1 too small to gate"),
        (Outcome.TOO_SMALL, "verdicts: 1 ok, 1 too small to gate"),
        (Outcome.OK, "verdicts: 1 ok, 1 too small to gate; sums of short tests: 1 ok"),
    ):
        sum_of_file = subject("test_a.py", kind=Kind.FILE, outcome=of_file)
        both = result._replace(subjects=(*result.subjects, sum_of_file))
        assert words in texts(both, verbosity=-1)
    assert headline(both) == "no change in 2 compared"


def test_quiet_says_why_energy_is_unknown() -> None:
    one = subject("test_a.py::test_it", 2.0)
    lost = one._replace(total=one.total._replace(energies=(), missing=("rapl",)))
    told = texts(
        run_result(lost)._replace(notes=("rapl was lost: the counter stood still",)), verbosity=-1
    )
    assert told[0].startswith("tests: energy unknown in ")
    assert told[-1] == "note: rapl was lost: the counter stood still"


def test_a_run_without_tests_has_the_total_as_its_headline() -> None:
    command = subject("make all", 2.0, kind=Kind.COMMAND)
    assert texts(run_result(command))[0].startswith("total: 2.00 J, ")
    assert texts(run_result()._replace(subjects=()))[0] == "nothing was measured"


def test_a_run_at_a_terminal_has_colours_and_no_line_that_is_too_wide(
    pytester: pytest.Pytester, carbon: Carbon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Header, table and counts; what names a test in full may be wider."""
    pytester.makepyfile(
        """
        import pytest
        from burn import burn

        class TestWithQuiteALongName:
            @pytest.mark.carbon_budget(mj=0.1)
            def test_with_a_name_that_is_longer_than_any_column(self): burn(0.05)
        """
    )
    monkeypatch.setenv("COLUMNS", "80")
    plain = carbon("--carbon-confirm-time=0")
    coloured = carbon("--carbon-confirm-time=0", "--color=yes")
    ours = [line for line in plain.outlines if line.startswith("carbon: ")]
    assert 1 <= len(ours) - sum("again" in line for line in ours) <= 3
    (row,) = [line for line in plain.outlines if re.match(r"\S+\.py::\S+ +[\d.]+ .J ", line)]
    assert max(map(columns, (*ours[:2], row))) <= 80
    assert "\x1b[" not in plain.stdout.str()
    assert re.search(r"\x1b\[33minconclusive: ", coloured.stdout.str())
    assert re.search(r"\x1b\[1mtests: ", coloured.stdout.str())
