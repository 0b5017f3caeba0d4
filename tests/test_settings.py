"""Parsing of settings, and their precedence."""

from __future__ import annotations

import pytest

from pytest_carbon.budget import Budget
from pytest_carbon.settings import (
    parse_budget_text,
    parse_count,
    parse_energy_j,
    parse_fraction,
    parse_link,
    parse_seconds,
)


@pytest.mark.parametrize(
    ("text", "fraction"), [("0.2", 0.2), ("20%", 0.2), ("0", 0), ("5 %", 0.05)]
)
def test_fraction(text: str, fraction: float) -> None:
    assert parse_fraction(text) == pytest.approx(fraction)


@pytest.mark.parametrize("text", ["1e999", "1e999%"])
def test_an_infinite_fraction_is_not_said_to_be_negative(text: str) -> None:
    with pytest.raises(ValueError, match="is infinite"):
        parse_fraction(text)


@pytest.mark.parametrize("text", ["", "x", "-1", "20", "nan", "inf", "0.2J", "1e999"])
def test_bad_fraction_says_what_to_type(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it like 0\.2|did you mean|or more"):
        parse_fraction(text)


@pytest.mark.parametrize(
    ("text", "energy_j"), [("5mJ", 0.005), ("0.005", 0.005), ("1 Wh", 3600), ("3uj", 3e-6)]
)
def test_energy(text: str, energy_j: float) -> None:
    assert parse_energy_j(text) == pytest.approx(energy_j)


@pytest.mark.parametrize("text", ["", "5 m", "-1J", "5mg"])
def test_bad_energy_says_what_to_type(text: str) -> None:
    with pytest.raises(ValueError, match="5mJ"):
        parse_energy_j(text)


@pytest.mark.parametrize(
    ("text", "budget"),
    [("1.5mg", Budget(1.5, "mg")), ("20 mJ", Budget(20, "mj")), ("5 µg", Budget(5, "ug"))],
)
def test_budget(text: str, budget: Budget) -> None:
    assert parse_budget_text(text) == budget


@pytest.mark.parametrize("text", ["", "5", "5 kg", "0mg", "-1mJ", "nan mg", "1e999 mg"])
def test_bad_budget_says_what_to_type(text: str) -> None:
    with pytest.raises(ValueError, match=r"like 1\.5mg or 20mJ"):
        parse_budget_text(text)


@pytest.mark.parametrize(
    "text", ["https://ci.example.org/job/7/carbon.html", " http://localhost:8000/a_(b).html?x=1#y "]
)
def test_link(text: str) -> None:
    assert parse_link(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        *("", "carbon.html", "javascript:alert(1)", "https://a b", "https://a/>)[x", "https://"),
        *("https://a/\x1b[31m", "https://a/\u202e", "https://a/\udcff"),
    ],
)
def test_bad_link_says_what_to_type(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it like https://ci\.example\.org"):
        parse_link(text)


@pytest.mark.parametrize(("text", "seconds"), [("0.1", 0.1), ("100ms", 0.1), ("2 s", 2)])
def test_seconds(text: str, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["0", "-1", "1h", "soon"])
def test_bad_seconds_say_what_to_type(text: str) -> None:
    with pytest.raises(ValueError, match=r"0\.1"):
        parse_seconds(text)


@pytest.mark.parametrize("text", ["-1", "1.5", "ten", "", "²"])
def test_bad_count(text: str) -> None:
    with pytest.raises(ValueError, match="like 10"):
        parse_count(text)


def run_with(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    pytester.makepyfile("def test_one(): pass")
    return pytester.runpytest_subprocess("--carbon", *args)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("carbon_tolerance = 5 percent", "*in the ini file, carbon_tolerance=5 percent has the *"),
        ("carbon_report = html", "*in the ini file, carbon_report=html names no file*"),
    ],
)
def test_a_bad_setting_names_its_place(pytester: pytest.Pytester, line: str, message: str) -> None:
    pytester.makeini(f"[pytest]\n{line}\n")
    result = run_with(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--carbon-tolerance=-1", "--carbon-tolerance=-1 is negative*0.2 or 20%"),
        ("--carbon-tolerance=20", "--carbon-tolerance=20 allows 20 times*did you mean 20%?"),
        ("--carbon-intensity=XYZ", "*XYZ*"),
        ("--carbon-intensity=-5", "*-5*"),
        ("--carbon-update=tests", "--carbon-update=tests is none of*--carbon-update=changed"),
        (
            "--carbon-sample-interval=0",
            "--carbon-sample-interval=0 is no time: it must be more than 0 seconds*",
        ),
        ("--carbon-meters=psychic", "*psychic*model*"),
        ("--carbon-clock=sundial", "*sundial*"),
    ],
)
def test_bad_option_is_one_usage_error(
    pytester: pytest.Pytester, option: str, message: str
) -> None:
    result = run_with(pytester, option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    errors = [line for line in result.stderr.lines if line.startswith("ERROR")]
    assert len(errors) == 1
    result.stderr.fnmatch_lines([f"ERROR: {message}"])
    result.stdout.no_fnmatch_line("*passed*")


@pytest.mark.parametrize(
    "name",
    ["carbon_baselines", "carbon_history", "carbon_report", "carbon_powercap", "carbon_intensity"],
)
def test_a_nul_character_in_a_setting_is_one_usage_error(
    pytester: pytest.Pytester, name: str
) -> None:
    """TOML can hold one, and no name of a file can."""
    pytester.makepyprojecttoml(f'[tool.pytest.ini_options]\n{name} = "json:a\\u0000b"\n')
    result = run_with(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: {name} in the ini file=json:a\\x00b holds a NUL character: leave it out"]
    )
    result.stdout.no_fnmatch_line("*passed*")


def test_command_line_beats_environment_beats_ini(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\ncarbon_intensity = 100\n")
    run_with(pytester).stdout.fnmatch_lines(["carbon: *; 100 gCO2e/kWh*"])
    monkeypatch.setenv("PYTEST_CARBON_INTENSITY", "200")
    run_with(pytester).stdout.fnmatch_lines(["carbon: *; 200 gCO2e/kWh*"])
    run_with(pytester, "--carbon-intensity=300").stdout.fnmatch_lines(["carbon: *; 300 gCO2e/kWh*"])
