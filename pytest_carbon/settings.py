"""The settings of a run: every option resolved, checked and typed."""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pytest_carbon.budget import UNITS, Budget
from pytest_carbon.errors import SettingError
from pytest_carbon.gate.policy import Policy
from pytest_carbon.intake.limits import LIMITS
from pytest_carbon.intensity.location import LOOK_UPS
from pytest_carbon.options import INI_FILE, OPTIONS, given, is_on
from pytest_carbon.text import without_nul

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pytest

__all__ = [
    "Settings",
    "Wish",
    "parse_alpha",
    "parse_budget_text",
    "parse_count",
    "parse_energy_j",
    "parse_fraction",
    "parse_link",
    "parse_look_ups",
    "parse_seconds",
    "parse_zone",
    "read_settings",
]

T = TypeVar("T")

_ZONE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,12}){0,3}")
# Nothing in it ends a Markdown link.
_LINK = re.compile(r"https?://[^\s<>\\]+")
# Python converts no more than some thousands.
_MOST_DIGITS = 100
_JOULES = {"": 1.0, "j": 1.0, "mj": 1e-3, "uj": 1e-6, "µj": 1e-6, "kj": 1e3, "wh": 3600.0}
_QUANTITY = re.compile(
    r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([a-zµ%]*)\s*", re.IGNORECASE
)


class Wish(NamedTuple):
    """A file that is to be written, or where a report is to go.

    ``place`` says where it was given, ``folder`` is what a relative path in it starts from.
    """

    text: str
    place: str
    folder: Path


class Settings(NamedTuple):
    """What the user asked for; absent choices are ``None``."""

    baselines: Path
    update: str | None
    diff: bool
    policy: Policy
    intensity: str | None
    locate: tuple[str, ...]
    live: bool
    live_zone: str | None
    pue: str | None
    embodied: str | None
    meters: tuple[str, ...] | None
    powercap: Path | None
    clock: str | None
    speed: str
    sample_interval_s: float
    rows: int
    reports: tuple[Wish, ...] = ()
    report_link: str = ""
    report_always: bool = False
    history: Wish | None = None
    explains: bool = False
    default_budget: Budget | None = None
    budgets_only: bool = False

    def for_budgets(self) -> Settings:
        """The same, where nothing is asked for but that budgets are kept."""
        return self._replace(
            update=None,
            diff=False,
            policy=self.policy._replace(missing_fails=False),
            live=False,
            rows=0,
            reports=(),
            history=None,
            explains=False,
            budgets_only=True,
        )

    @property
    def stores(self) -> bool:
        """Whether this run is to be stored, so that rises are no failures."""
        return self.update is not None or self.diff


def _quantity(text: str, example: str) -> tuple[float, str]:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"is not a number: write it like {example}")
    return float(match[1]), match[2].lower()


def parse_fraction(text: str) -> float:
    """A relative change: ``0.2`` or ``20%``. Raises ``ValueError`` with the remedy."""
    number, unit = _quantity(text, "0.2 or 20%")
    if unit not in {"", "%"}:
        raise ValueError(f"has the unit {unit!r}: write it like 0.2 or 20%")
    fraction = number / 100 if unit == "%" else number
    if fraction < 0:
        raise ValueError("is negative: a tolerance is 0 or more, like 0.2 or 20%")
    if not fraction < math.inf:
        raise ValueError("is infinite: write it like 0.2 or 20%")
    if fraction > 10:
        raise ValueError(f"allows {fraction:g} times the baseline: did you mean {number:g}%?")
    return fraction


def parse_energy_j(text: str) -> float:
    """An energy in joules: ``5mJ``, ``0.005``, ``1Wh``. Raises ``ValueError`` with the remedy."""
    number, unit = _quantity(text, "5mJ")
    if unit not in _JOULES:
        raise ValueError(f"has the unit {unit!r}: use uJ, mJ, J, kJ or Wh, like 5mJ")
    energy_j = number * _JOULES[unit]
    if number < 0:
        raise ValueError("is negative: an energy is 0 or more, like 5mJ")
    if not LIMITS["floor_j"].allows(energy_j):
        raise ValueError(f"is {energy_j:g} J, which no test takes: write it like 5mJ")
    return energy_j


def parse_budget_text(text: str) -> Budget:
    """A budget like ``1.5mg`` or ``20mJ``. Raises ``ValueError`` with the remedy."""
    number, unit = _quantity(text, "1.5mg or 20mJ")
    unit = unit.replace("µ", "u")
    if unit not in UNITS:
        wrong = f"has the unit {unit!r}" if unit else "has no unit"
        raise ValueError(f"{wrong}: use {', '.join(UNITS)}, like 1.5mg or 20mJ")
    if not 0 < number < math.inf:
        raise ValueError("is no budget: it must be more than 0, like 1.5mg or 20mJ")
    return Budget(number, unit)


def parse_seconds(text: str) -> float:
    """A positive time in seconds. Raises ``ValueError`` with the remedy."""
    number, unit = _quantity(text, "0.1 (seconds)")
    if unit not in {"", "s", "ms"}:
        raise ValueError(f"has the unit {unit!r}: use seconds, like 0.1 or 100ms")
    seconds = number / 1000 if unit == "ms" else number
    if not 0 < seconds < math.inf:
        raise ValueError("is no time: it must be more than 0 seconds, like 0.1")
    return seconds


def _parse_seconds_or_none(text: str) -> float:
    return 0.0 if text.strip() in {"0", "0s", "0.0"} else parse_seconds(text)


def parse_count(text: str) -> int:
    """A whole number, 0 or more. Raises ``ValueError`` with the remedy."""
    if not text.strip().isascii() or not text.strip().isdigit():
        raise ValueError("is not a whole number: write it like 10")
    if len(text.strip()) > _MOST_DIGITS:
        raise ValueError("is more than anybody needs: write it like 10")
    return int(text)


def parse_alpha(text: str) -> float:
    """A number of false alarms, above 0 and at most 1. Raises ``ValueError`` with the remedy."""
    number, unit = _quantity(text, "0.01")
    if unit or not 0 < number <= 1:
        raise ValueError("is no number above 0 and up to 1: write it like 0.01 (one in 100 runs)")
    return number


def _parse_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not names:
        raise ValueError("names nothing: write it like rapl,nvml")
    return names


def parse_look_ups(text: str) -> tuple[str, ...]:
    """Look-ups of the place: ``metadata,geoip``. Raises ``ValueError`` with the remedy."""
    names = _parse_names(text)
    for name in names:
        if name not in LOOK_UPS:
            raise ValueError(f"has the unknown name {name!r}: use {' or '.join(LOOK_UPS)}")
    return names


def parse_zone(text: str) -> str:
    """A live source's zone: ``FR``, ``US-CAL-CISO``. Raises ``ValueError`` with the remedy."""
    zone = text.strip().upper()
    if not _ZONE.fullmatch(zone):
        raise ValueError("is no zone: write it like FR or US-CAL-CISO")
    return zone


def parse_link(text: str) -> str:
    """The address of a page. Raises ``ValueError`` with the remedy."""
    link = text.strip()
    if not (_LINK.fullmatch(link) and link.isprintable()):
        raise ValueError(
            "is no address of a page: write it like https://ci.example.org/job/7/carbon.html"
        )
    return link


def parsed(place: str, text: str, parse: Callable[[str], T]) -> T:
    """A value that was given at a place. Raises ``SettingError`` that names it."""
    try:
        return parse(without_nul(text))
    except ValueError as error:
        raise SettingError.of(error, f"{place}={text}") from None


class _Answers:
    """The given values, parsed one by one with errors that name the place."""

    def __init__(self, config: pytest.Config, environ: Mapping[str, str]) -> None:
        self._config = config
        self._environ = environ
        self._options = {option.name: option for option in OPTIONS}

    def get(self, name: str, parse: Callable[[str], T]) -> T | None:
        option = self._options[name]
        answer = given(self._config, option, self._environ)
        text, place = (option.default, "the default") if answer is None else answer
        if text == "":
            return None
        return parsed(place, str(text), parse)

    def need(self, name: str, parse: Callable[[str], T]) -> T:
        value = self.get(name, parse)
        assert value is not None, f"{name} has a default"
        return value

    def choice(self, name: str) -> str:
        """One of the option's choices; empty where it has no default and nobody gave one."""
        option = self._options[name]

        def parse(text: str) -> str:
            if text not in option.choices:
                raise ValueError(option.refusal)
            return text

        return self.get(name, parse) or ""

    def flag(self, name: str) -> bool:
        try:
            return is_on(self._config, self._options[name], self._environ)
        except ValueError as error:
            raise SettingError.of(error) from None


def _wishes(config: pytest.Config, environ: Mapping[str, str], name: str) -> tuple[Wish, ...]:
    """Every value of an option; the environment variable of a repeatable one has one a line."""
    option = next(option for option in OPTIONS if option.name == name)
    answer = given(config, option, environ)
    if answer is None:
        return ()
    values, place = answer
    lines = values if isinstance(values, list) else str(values).splitlines()
    folder = config.rootpath if place.startswith(INI_FILE) else config.invocation_params.dir
    texts = dict.fromkeys(parsed(place, str(line).strip(), str) for line in lines)
    return tuple(Wish(text=text, place=place, folder=folder) for text in texts if text)


def _read_policy(answers: _Answers) -> Policy:
    policy = Policy(
        tolerance=answers.need("carbon_tolerance", parse_fraction),
        floor_j=answers.need("carbon_floor", parse_energy_j),
        alpha=answers.need("carbon_alpha", parse_alpha),
        confirm_time_s=answers.need("carbon_confirm_time", _parse_seconds_or_none),
        creep_tolerance=answers.need("carbon_creep_tolerance", parse_fraction),
        inconclusive_fails=answers.choice("carbon_inconclusive") == "fail",
        missing_fails=answers.flag("carbon_strict"),
    )
    return policy.in_thorough_mode() if answers.flag("carbon_thorough") else policy


def read_settings(config: pytest.Config, environ: Mapping[str, str] | None = None) -> Settings:
    """Resolve every option: command line, environment variable, ini file, default.

    Raises ``SettingError`` for a value that cannot be used.
    """
    environ = os.environ if environ is None else environ
    answers = _Answers(config, environ)
    return Settings(
        baselines=config.rootpath / answers.need("carbon_baselines", str),
        update=answers.choice("carbon_update") or None,
        diff=answers.flag("carbon_diff"),
        policy=_read_policy(answers),
        intensity=answers.get("carbon_intensity", str),
        locate=answers.get("carbon_locate", parse_look_ups) or (),
        live=answers.flag("carbon_live"),
        live_zone=answers.get("carbon_live_zone", parse_zone),
        pue=answers.get("carbon_pue", str),
        embodied=answers.get("carbon_embodied", str),
        meters=answers.get("carbon_meters", _parse_names),
        powercap=answers.get("carbon_powercap", lambda text: config.rootpath / text),
        clock=answers.get("carbon_clock", str),
        speed=answers.choice("carbon_speed"),
        sample_interval_s=answers.need("carbon_sample_interval", parse_seconds),
        rows=answers.need("carbon_rows", parse_count),
        reports=_wishes(config, environ, "carbon_report"),
        report_link=answers.get("carbon_report_link", parse_link) or "",
        report_always=answers.flag("carbon_report_always"),
        history=next(iter(_wishes(config, environ, "carbon_history")), None),
        explains=answers.flag("carbon_explain"),
        default_budget=answers.get("carbon_default_budget", parse_budget_text),
    )
