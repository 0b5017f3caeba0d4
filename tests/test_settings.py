"""Where settings come from, which comes first, and what is said of bad ones."""

from __future__ import annotations

import pytest


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
        [f"ERROR: in the ini file, {name}=json:a\\x00b holds a NUL character: leave it out"]
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
