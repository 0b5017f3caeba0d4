"""S16 to S19, S21, S22: verdicts and messages that can be relied on."""

from __future__ import annotations

import json
import re
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.session.cases.conftest import Suite


def test_tests_that_share_a_node_id_are_told_apart(pytester: pytest.Pytester, suite: Suite) -> None:
    pytester.makeconftest(
        """
        import pytest
        from work import COST, note
        from burn import burn

        class Case(pytest.Item):
            def __init__(self, cost, **kwargs):
                super().__init__(**kwargs)
                self.cost = cost

            def runtest(self): note(f"case {self.cost}"); burn(self.cost)
            def reportinfo(self): return self.path, 0, self.name

        class File(pytest.File):
            def collect(self):
                yield Case.from_parent(self, name="case", cost=0.1)
                # The change.
                yield Case.from_parent(self, name="case", cost=COST)

        def pytest_collect_file(parent, file_path):
            if file_path.suffix == ".case":
                return File.from_parent(parent, path=file_path)
        """
    )
    (pytester.path / "one.case").touch()
    suite.plain().assert_outcomes(passed=2)
    ran = suite.ran
    suite.store().assert_outcomes(passed=2)
    assert suite.ran == ran
    suite.unchanged().assert_outcomes(passed=2)
    assert suite.count("regressed") == 0
    suite.gate().assert_outcomes(passed=1, failed=1)
    assert suite.verdict("case #2") == "regressed"


def test_empty_tests_do_not_blunt_the_gate(pytester: pytest.Pytester, suite: Suite) -> None:
    """However much their figures spread: they are not gated by themselves."""
    pytester.makepyfile(
        """
        import pytest
        from work import note, work

        def test_work(): work()

        @pytest.mark.parametrize("number", range(6))
        def test_empty(number): pass
        """
    )
    pytester.makeini("[pytest]\ncarbon_floor = 1mJ\n")
    suite.store()
    (stored,) = (pytester.path / "baselines").glob("*.json")
    baselines = json.loads(stored.read_text(encoding="utf-8"))
    (work,) = [entry for name, entry in baselines["test"].items() if "work" in name]
    for name, entry in baselines["test"].items():
        if "first_j" in entry:
            wide = {"centre_j": entry["first_j"], "sd_log": 3.0, "samples": 9, "processes": 9}
            baselines["test"][name] = {**work, "first": wide, "look": wide}
    stored.write_text(json.dumps(baselines), encoding="utf-8")
    suite.gate().assert_outcomes(passed=6, failed=1)
    assert suite.verdict("test_work") == "regressed"


def test_a_strict_run_that_runs_nothing_does_not_fail(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    pytester.makepyfile('from work import note\ndef test_a(): note("a")\n')
    for only in ("--collect-only", "--setup-plan"):
        assert suite.plain(only).ret == pytest.ExitCode.OK
        result = suite.unchanged("--carbon-strict", only)
        assert result.ret == pytest.ExitCode.OK, result.stdout.str()
        assert not suite.ran
    assert suite.unchanged("--carbon-strict").ret == pytest.ExitCode.TESTS_FAILED


def test_a_row_holds_figures_that_belong_together(pytester: pytest.Pytester, suite: Suite) -> None:
    """Here the first run costs much more than all runs that have confirmed the rise."""
    pytester.makepyfile(
        """
        from work import COST, note, work

        PRIMED = []

        def test_primes(): PRIMED.append(1)
        def test_a(): [work() for _ in range(5 if PRIMED and COST > 0.05 else 1)]
        """
    )
    suite.store()
    gated = suite.gate()
    verdict = suite.test("test_a").verdict
    assert verdict is not None
    assert verdict.outcome.value == "regressed"
    assert verdict.baseline_j is not None
    assert verdict.now_j is not None
    rows = [re.match(r".*::test_a +([\d.]+) (m?J) .* \+([\d,]+) %", x) for x in gated.outlines]
    ((energy, unit, percent),) = [row.groups() for row in rows if row is not None]
    shown_j = float(energy) * {"J": 1.0, "mJ": 1e-3}[unit]
    change = float(percent.replace(",", "")) / 100
    assert shown_j == pytest.approx(verdict.baseline_j * (1 + change), rel=0.05)
    # And so do those of the message.
    said = f"+{100 * (verdict.now_j / verdict.baseline_j - 1):.0f} %"
    gated.stdout.fnmatch_lines([f"FAILED *::test_a - carbon: {said}: *"])


def test_tracebacks_show_no_frame_of_ours(pytester: pytest.Pytester, suite: Suite) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_call(item):
            if "plugin" in item.name: raise RuntimeError("in a plugin")
            return (yield)
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def broken(): raise RuntimeError("in the fixture")

        @pytest.fixture
        def late():
            yield
            raise RuntimeError("in the tear-down")

        def helper(): raise RuntimeError("in the test")

        def test_setup(broken): pass
        def test_call(): helper()
        def test_plugin(): pass
        def test_teardown(late): pass
        @pytest.mark.xfail(strict=True)
        def test_passes(): pass
        def test_skips(): pytest.skip("why")
        """
    )
    for style in ("long", "short"):
        args = (f"--tb={style}", "-rA")
        plain, carbon = suite.plain(*args), suite.unchanged(*args)
        assert _said(carbon) == _said(plain), style
        assert carbon.ret == plain.ret


def _said(result: pytest.RunResult) -> list[str]:
    """What a run has said of its tests: without the head, and without the summary of carbon."""
    lines = result.outlines
    start = next(i for i, line in enumerate(lines) if line.startswith("test_tracebacks"))
    said, ours = [], False
    for line in lines[start:]:
        if re.match(r"=+ .* =+$", line):
            ours = " carbon " in line
        if not ours:
            said.append(re.sub(r"in [\d.]+s", "in some time", line))
    return said


def test_the_command_that_accepts_works_where_pytest_was_started(
    pytester: pytest.Pytester, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\ncarbon_speed = off\ncarbon_floor = 1mJ\npythonpath = .\n")
    folder = pytester.mkdir("sub folder")
    (folder / "test_sub.py").write_text(
        "import pytest\nfrom work import work\n\n"
        '@pytest.mark.parametrize("what", ["it\'s [a] x"])\n'
        "def test_a(what): work()\n",
        encoding="utf-8",
    )
    suite.store()
    monkeypatch.chdir(folder)
    gated = suite.gate()
    gated.assert_outcomes(failed=1)
    (accept,) = [line for line in gated.outlines if line.startswith("accept ")]
    command = shlex.split(accept.removeprefix("accept "))
    assert command[0] == "pytest"
    pytester.run(sys.executable, "-m", *command, "-p", "no:randomly").assert_outcomes(passed=1)
    suite.gate().assert_outcomes(passed=1)
