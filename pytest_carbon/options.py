"""The table of options: each is a command-line flag, an environment variable and an ini setting.

Imported when carbon is off, too, so it imports nothing heavy.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

__all__ = ["GROUPS", "INI_FILE", "OPTIONS", "TOLD", "Option", "environ_of", "given"]

INI_FILE = "in the ini file"
"""How the place of a value begins that stands there."""

TOLD = "carbon_settings"
"""The name under which a worker on another host is told what was set, as variables."""


START, GATE, STORE, FIGURES, REPORTS = GROUPS = (
    "carbon: start here",
    "carbon: the gate",
    "carbon: baselines",
    "carbon: energy and grams",
    "carbon: reports",
)
"""The headings of ``pytest --help``, in the order of use."""


class Option(NamedTuple):
    """One option on the command line, in the environment and in the ini file.

    ``carbon_tolerance`` is ``--carbon-tolerance`` and ``PYTEST_CARBON_TOLERANCE``. ``const`` is
    the value of the bare flag, for options whose value may be left out. ``choices`` are all values
    that there are, where they are few; ``example`` is one of many.
    """

    name: str
    group: str
    help: str
    metavar: str = ""
    default: str = ""
    const: str = ""
    example: str = ""
    choices: tuple[str, ...] = ()
    repeatable: bool = False

    @property
    def flag(self) -> str:
        """The command-line spelling."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The name of the environment variable."""
        return "PYTEST_" + self.name.upper()

    @property
    def shown(self) -> str:
        """What stands for the value in the help; empty for a flag."""
        return f"{{{','.join(self.choices)}}}" if self.choices else self.metavar

    @property
    def refusal(self) -> str:
        """What to say of a value that is none of the choices."""
        remedy = "choose one of them"
        if self.const:
            remedy = f"choose one, and before a path write {self.flag}={self.const}"
        return f"is none of {', '.join(self.choices)}: {remedy}"

    @property
    def whole_help(self) -> str:
        """The help with the default and an example."""
        more = [f"default: {self.default}"] if self.default else []
        more += [f"for example {self.example}"] if self.example else []
        return f"{self.help} ({'; '.join(more)})" if more else self.help


OPTIONS = (
    Option("carbon", START, "measure the energy and emissions of every test"),
    Option(
        "carbon_tolerance",
        START,
        "how much more than its baseline a test may burn",
        metavar="FRACTION",
        default="0.2",
        example="10%",
    ),
    Option(
        "carbon_explain",
        START,
        "after a regression, name the functions that burn more: compares with the commit at which "
        "the baselines were stored, for five minutes at most",
    ),
    Option(
        "carbon_strict",
        START,
        "fail tests without a baseline, and runs in an environment without baselines",
    ),
    Option(
        "carbon_default_budget",
        GATE,
        "budget of each test without a carbon_budget marker, in g, mg, ug, J, mJ or Wh",
        metavar="AMOUNT",
        example="1.5mg",
    ),
    Option("carbon_budget_always", GATE, "enforce budgets in runs without --carbon, too"),
    Option(
        "carbon_floor",
        GATE,
        "rise that is always allowed",
        metavar="ENERGY",
        default="3mJ",
        example="10mJ",
    ),
    Option(
        "carbon_thorough",
        GATE,
        "measure every test again after the last one: finds smaller changes, for nightly runs",
    ),
    Option(
        "carbon_confirm_time",
        GATE,
        "seconds for measuring one suspect again after the last test, ten times as many for a "
        "whole run; 0 measures nothing again",
        metavar="SECONDS",
        default="30",
        example="120",
    ),
    Option(
        "carbon_inconclusive",
        GATE,
        "what to do with a test that is still in doubt after measuring again",
        choices=("warn", "fail"),
        default="warn",
    ),
    Option(
        "carbon_alpha",
        GATE,
        "false alarms to expect in a run of unchanged tests, at the most",
        metavar="NUMBER",
        default="0.01",
        example="0.001",
    ),
    Option(
        "carbon_creep_tolerance",
        GATE,
        "what many accepted small rises may add up to",
        metavar="FRACTION",
        default="0.3",
        example="50%",
    ),
    Option(
        "carbon_baselines",
        STORE,
        "folder of the stored baselines, relative to the root directory",
        metavar="DIR",
        default="baselines",
        example="tests/baselines",
    ),
    Option(
        "carbon_update",
        STORE,
        "store what passed tests burn now: new tests only (new); also falls (changed; the bare "
        "flag); falls only (tighten); everything, rises as well (all)",
        choices=("new", "changed", "tighten", "all"),
        const="changed",
    ),
    Option("carbon_diff", STORE, "show what --carbon-update would change, and write nothing"),
    Option(
        "carbon_intensity",
        FIGURES,
        "carbon intensity that turns joules into grams: g/kWh, or a place",
        metavar="G_PER_KWH|CODE",
        example="75, FRA, US-VA, gcp:europe-west1 or world",
    ),
    Option(
        "carbon_locate",
        FIGURES,
        "where no place is set, ask the network for it: a cloud's metadata, geoip, or both",
        metavar="NAMES",
        example="metadata,geoip",
    ),
    Option(
        "carbon_live",
        FIGURES,
        "ask the network for the grid's present carbon intensity, for reports only",
    ),
    Option(
        "carbon_live_zone",
        FIGURES,
        "zone that live sources are asked for, instead of the place's own",
        metavar="ZONE",
        example="US-CAL-CISO",
    ),
    Option(
        "carbon_pue",
        FIGURES,
        "power usage effectiveness of the building, for reports only: 1 to 10, or the mean of a "
        "cloud",
        metavar="FACTOR|CLOUD",
        example="1.2, aws, azure or gcp",
    ),
    Option(
        "carbon_embodied",
        FIGURES,
        "share of the emissions from making the machine, for reports only: total/lifespan*share",
        metavar="TERMS",
        example="1151.7kg/4y*4/128, eco-ci, ccf or none",
    ),
    Option(
        "carbon_meters",
        FIGURES,
        "meters to use instead of the best available, comma separated: rapl, rapl-perf, nvml, amd, "
        "hwmon, apple, powermetrics, emi, model, or one that is installed beside",
        metavar="NAMES",
        example="rapl,nvml",
    ),
    Option(
        "carbon_powercap",
        FIGURES,
        "folder with RAPL's zones instead of /sys/class/powercap: where a container has mounted it",
        metavar="DIR",
        example="/host/powercap",
    ),
    Option(
        "carbon_clock",
        FIGURES,
        "clock of the process tree's CPU time, instead of the best available",
        metavar="NAME",
        example="psutil",
    ),
    Option(
        "carbon_speed",
        FIGURES,
        "how to probe the speed of the core: by a helper process (auto), before and after each "
        "test (edges), or not at all",
        choices=("auto", "edges", "off"),
        default="auto",
    ),
    Option(
        "carbon_sample_interval",
        FIGURES,
        "seconds between readings of meters that show power only",
        metavar="SECONDS",
        default="0.1",
        example="0.02",
    ),
    Option(
        "carbon_report",
        REPORTS,
        "write a report; may be given several times",
        metavar="KIND:PATH",
        example="html:carbon.html",
        repeatable=True,
    ),
    Option(
        "carbon_report_link",
        REPORTS,
        "address of the html report, which the Markdown report then links to",
        metavar="URL",
        example="https://ci.example.org/job/7/carbon.html",
    ),
    Option(
        "carbon_report_always",
        REPORTS,
        "write Markdown also where nothing changed; without it, such a report is empty",
    ),
    Option(
        "carbon_history",
        REPORTS,
        "add the run to a history, which 'pytest-carbon history' shows",
        metavar="PATH",
        example="carbon.sqlite",
    ),
    Option(
        "carbon_rows",
        REPORTS,
        "how many of the costliest tests the summary shows",
        metavar="N",
        default="10",
        example="30",
    ),
)


def environ_of(config: pytest.Config) -> Mapping[str, str]:
    """The environment variables that count: on another host also those that it was told."""
    told: dict[str, str] = getattr(config, "workerinput", {}).get(TOLD, {})
    return {**os.environ, **told} if told else os.environ


def is_on(config: pytest.Config, option: Option, environ: Mapping[str, str]) -> bool:
    """Whether a switch is on. Raises ``ValueError`` for what is no switch, with the remedy."""
    answer = given(config, option, environ)
    if answer is None:
        return False
    value, source = answer
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    raise ValueError(f"{source}={value} is not a switch: say true or false")


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
    # Loaded already wherever there is a config.
    import pytest

    try:
        value = config.getini(option.name)
    except (ValueError, pytest.UsageError):
        # The complaint of pytest, which is another one by its version, names no setting.
        text = f"{option.name} in the ini file is not a switch: say true or false"
        raise ValueError(text) from None
    if value is not None and not (isinstance(value, (str, list)) and not value):
        return value, f"{INI_FILE}, {option.name}"
    return None
