"""The table of options: each is a command-line flag, an environment variable and an ini setting.

The one module of ours that is imported when carbon is off, so it imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

__all__ = ["OPTIONS", "Option", "add_options", "given"]


class Option(NamedTuple):
    """One option on the command line, in the environment and in the ini file.

    ``carbon_tolerance`` is ``--carbon-tolerance`` and ``PYTEST_CARBON_TOLERANCE``. ``const`` is
    the value of the bare flag, for options whose value may be left out.
    """

    name: str
    help: str
    metavar: str = ""
    default: str = ""
    const: str = ""
    repeatable: bool = False

    @property
    def flag(self) -> str:
        """The command-line spelling."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The name of the environment variable."""
        return "PYTEST_" + self.name.upper()


OPTIONS = (
    Option("carbon", "measure the energy and emissions of every test"),
    Option(
        "carbon_baselines",
        "folder of the stored baselines, relative to the root directory",
        metavar="DIR",
        default="baselines",
    ),
    Option(
        "carbon_update",
        "store what passed tests cost now: new (only tests without a baseline), changed (also "
        "falls beyond the noise; the bare flag), tighten (only falls), all (also rises)",
        metavar="new|changed|tighten|all",
        const="changed",
    ),
    Option("carbon_diff", "show what --carbon-update would change, and write nothing"),
    Option(
        "carbon_tolerance",
        "relative rise that is allowed, as 0.2 or 20%%",
        metavar="FRACTION",
        default="0.2",
    ),
    Option(
        "carbon_floor",
        "absolute rise that is always allowed, as 5mJ or 0.005",
        metavar="ENERGY",
        default="3mJ",
    ),
    Option(
        "carbon_alpha",
        "false alarms to expect in a whole run of unchanged tests, at the most",
        metavar="NUMBER",
        default="0.01",
    ),
    Option(
        "carbon_confirm_time",
        "seconds that measuring one suspect again may take, after the last test; a run takes ten "
        "times that at most; 0: nothing is measured again",
        metavar="SECONDS",
        default="30",
    ),
    Option(
        "carbon_inconclusive",
        "what a suspect does that could be neither confirmed nor cleared: warn or fail",
        metavar="warn|fail",
        default="warn",
    ),
    Option(
        "carbon_strict",
        "fail tests without a baseline, and runs in an environment without baselines",
    ),
    Option(
        "carbon_creep_tolerance",
        "relative rise that many accepted small rises may add up to",
        metavar="FRACTION",
        default="0.3",
    ),
    Option(
        "carbon_thorough",
        "measure every test again after the last one: finds smaller changes (nightly runs)",
    ),
    Option(
        "carbon_explain",
        "name the functions that regressed tests burn more for, at the end of the run: compares "
        "with the commit at which their baselines were stored, for five minutes at most",
    ),
    Option(
        "carbon_speed",
        "how the speed of the core is probed: auto (a helper process), edges (of tests), off",
        metavar="auto|edges|off",
        default="auto",
    ),
    Option(
        "carbon_intensity",
        "carbon intensity for grams: g/kWh, or a place such as FRA, US-VA, gcp:europe-west1, world",
        metavar="G_PER_KWH|CODE",
    ),
    Option(
        "carbon_locate",
        "where nothing is set, also ask the network where this machine is: metadata (of a cloud's "
        "instance), geoip, comma separated",
        metavar="NAMES",
    ),
    Option(
        "carbon_live",
        "also ask the network for the grid's present carbon intensity, for reports only",
    ),
    Option(
        "carbon_live_zone",
        "the zone that live sources are asked for, such as US-CAL-CISO, instead of the place's own",
        metavar="ZONE",
    ),
    Option(
        "carbon_pue",
        "power usage effectiveness, for reports only: 1 to 10, or aws, azure or gcp for their mean",
        metavar="FACTOR|CLOUD",
    ),
    Option(
        "carbon_embodied",
        "the machine's embodied emissions, for reports only: total/lifespan*share such as "
        "1151.7kg/4y*4/128, or eco-ci, ccf, none",
        metavar="TERMS",
    ),
    Option(
        "carbon_meters",
        "meters to use instead of the best available, comma separated: rapl, rapl-perf, nvml, amd, "
        "hwmon, apple, powermetrics, emi, model, or one that is installed beside",
        metavar="NAMES",
    ),
    Option(
        "carbon_powercap",
        "folder with RAPL's zones instead of /sys/class/powercap: where a container has mounted it",
        metavar="DIR",
    ),
    Option(
        "carbon_clock",
        "clock of the process tree's CPU time instead of the best available",
        metavar="NAME",
    ),
    Option(
        "carbon_sample_interval",
        "seconds between readings of meters that only know power",
        metavar="SECONDS",
        default="0.1",
    ),
    Option(
        "carbon_rows",
        "how many of the costliest tests the summary shows",
        metavar="N",
        default="10",
    ),
    Option(
        "carbon_history",
        "append the run to a history, to be seen with pytest-carbon history",
        metavar="PATH",
    ),
    Option(
        "carbon_report",
        "write a report, as KIND:PATH, for example json:carbon.json; may be given several times",
        metavar="KIND:PATH",
        repeatable=True,
    ),
)


def add_options(parser: pytest.Parser) -> None:
    """Register every option on the command line and in the ini file."""
    group = parser.getgroup("carbon", "emission regression testing")
    for option in OPTIONS:
        default = f" (default: {option.default})" if option.default else ""
        # default=None, so that a value in the ini file is not taken for overridden.
        if not option.metavar:
            group.addoption(option.flag, action="store_true", default=None, help=option.help)
            parser.addini(option.name, option.help, type="bool", default=None)
            continue
        help_text = option.help + default
        if option.repeatable:
            group.addoption(
                option.flag, action="append", default=None, metavar=option.metavar, help=help_text
            )
            parser.addini(option.name, help_text.replace("%%", "%"), type="linelist", default=None)
            continue
        if option.const:
            group.addoption(
                option.flag,
                nargs="?",
                const=option.const,
                default=None,
                metavar=option.metavar,
                help=help_text,
            )
        else:
            group.addoption(option.flag, default=None, metavar=option.metavar, help=help_text)
        parser.addini(option.name, help_text.replace("%%", "%"), default=None)


def given(
    config: pytest.Config, option: Option, environ: Mapping[str, str]
) -> tuple[object, str] | None:
    """The value that was given for an option and where: command line, environment or ini file.

    ``None`` where nobody said anything, which leaves the default.
    """
    value = config.getoption(option.name, None)
    if value is not None:
        return value, option.flag
    if environ.get(option.variable):
        return environ[option.variable], option.variable
    value = config.getini(option.name)
    if value is not None and not (isinstance(value, (str, list)) and not value):
        return value, f"{option.name} in the ini file"
    return None
