"""What the plugin does before carbon is on, and how it is switched on and off."""

from __future__ import annotations

import sys

import pytest

from pytest_carbon.options import OPTIONS

GROUP_NAMES = ("start here", "the gate", "baselines", "energy and grams", "reports")

LIST_MODULES = """
import sys

def test_modules():
    mine = sorted(name for name in sys.modules if name.startswith("pytest_carbon"))
    own = ["", ".options", ".plugin", ".record", ".system"]
    assert mine == [f"pytest_carbon{name}" for name in own]
    heavy = {"psutil", "cpuinfo", "pynvml", "requests", "tabulate", "filelock"}
    assert not heavy & set(sys.modules)
"""


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return pytester.run(sys.executable, "-m", "pytest", "-p", "no:randomly", *args)


@pytest.mark.cold_start
def test_off_imports_only_options_and_functions_of_the_system(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LIST_MODULES)
    run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize("text", ["true", "1"])
def test_ini_switches_on(pytester: pytest.Pytester, text: str) -> None:
    pytester.makeini(f"[pytest]\ncarbon = {text}\n")
    pytester.makepyfile("def test_one(): pass")
    run(pytester).stdout.fnmatch_lines(["carbon: *", "*= carbon =*"])


def test_environment_variable_switches_on_and_beats_ini(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\ncarbon = true\n")
    pytester.makepyfile("def test_one(): pass")
    monkeypatch.setenv("PYTEST_CARBON", "false")
    run(pytester).stdout.no_fnmatch_line("*= carbon =*")


def test_garbage_in_the_environment_variable_is_a_usage_error(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_CARBON", "perhaps")
    result = run(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: PYTEST_CARBON=perhaps is not a switch: say true or false"])


@pytest.mark.parametrize("order", [None, "", "{}", '{"asks": 1}', "[" * 9999])
def test_the_variable_of_looks_set_by_somebody_else_is_a_usage_error(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, order: str | None
) -> None:
    if order is not None:
        (pytester.path / "order.json").write_text(order)
    monkeypatch.setenv("PYTEST_CARBON_LOOK", str(pytester.path))
    result = run(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: PYTEST_CARBON_LOOK is set and leads to no order*unset it"])


def test_an_update_never_takes_a_path_for_its_mode(pytester: pytest.Pytester) -> None:
    """With and without --carbon, which would run the whole suite otherwise."""
    pytester.makepyfile("def test_one(): pass")
    for carbon in ((), ("--carbon",)):
        result = run(pytester, *carbon, "--carbon-update", "tests/test_a.py")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(
            ["ERROR: --carbon-update=tests/test_a.py is none of *--carbon-update=changed"]
        )


def test_the_help_has_groups_choices_and_examples(pytester: pytest.Pytester) -> None:
    text = run(pytester, "--help").stdout.str()
    places = [text.index(f"carbon: {name}:") for name in GROUP_NAMES]
    assert places == sorted(places)
    assert "--carbon-inconclusive={warn,fail}" in text
    assert "--carbon-update=[{new,changed,tighten,all}]" in text.replace("\n", "")
    words = " ".join(text.split())
    for option in OPTIONS:
        assert option.flag in text
        assert not option.example or f"for example {option.example}" in words
        assert option.choices or option.example or not option.metavar


def test_blocked_plugin_leaves_pytest_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): pass")
    run(pytester, "-p", "no:carbon").assert_outcomes(passed=1)


def test_without_autoload_it_can_be_named(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("def test_one(): pass")
    result = pytester.run(sys.executable, "-m", "pytest")
    result.assert_outcomes(passed=1)
    result = pytester.run(sys.executable, "-m", "pytest", "-p", "pytest_carbon.plugin", "--carbon")
    result.stdout.fnmatch_lines(["*= carbon =*"])


def test_rival_plugin_gets_one_clear_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(pytest_codecarbon="")
    pytester.syspathinsert()
    result = run(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*pytest-codecarbon and pytest-carbon both own*-p no:codecarbon"])
    pytester.makepyfile("def test_one(): pass")
    run(pytester, "-p", "no:codecarbon").assert_outcomes(passed=1)


def test_markers_are_registered_even_when_off(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.carbon(tolerance=0.5)
        @pytest.mark.carbon_budget(mg=1)
        def test_one(): pass
        """
    )
    run(pytester, "--strict-markers").assert_outcomes(passed=1)


IN_USE = """
import pytest

@pytest.mark.carbon_budget(mj=1)
class TestClass:
    def test_one(self, carbon):
        assert not carbon.active
"""


def test_what_does_nothing_without_carbon_is_said_in_one_line(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(IN_USE)
    result = run(pytester, "-q", "--carbon-tolerance=5%")
    result.assert_outcomes(passed=1)
    [line] = [line for line in result.outlines if line.startswith("carbon:")]
    assert line == (
        "carbon: nothing was measured (--carbon-tolerance, the marker carbon_budget, "
        "the fixture carbon in use): add --carbon"
    )


@pytest.mark.parametrize("name", ["carbon", "carbon_budget_always", "carbon_strict"])
def test_a_switch_of_the_ini_file_that_is_none_is_named(
    pytester: pytest.Pytester, name: str
) -> None:
    pytester.makeini(f"[pytest]\n{name} = maybe\n")
    pytester.makepyfile("def test_one(): pass")
    result = run(pytester, *(["--carbon"] if name == "carbon_strict" else []))
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [f"ERROR: {name} in the ini file is not a switch: say true or false"]
    )


@pytest.mark.parametrize("value", ["on", "yes", "TRUE", "1"])
def test_every_switch_is_switched_on_by_the_same_words(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    pytester.makepyfile("def test_one(): pass")
    monkeypatch.setenv("PYTEST_CARBON", value)
    monkeypatch.setenv("PYTEST_CARBON_STRICT", value)
    result = run(pytester)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["FAILED: --carbon-strict: nothing to compare with*"])


def test_without_any_of_it_nothing_is_said(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ncarbon_tolerance = 10%\n")
    pytester.makepyfile("def test_one(): pass")
    run(pytester).stdout.no_fnmatch_line("carbon:*")
