"""The settings of a run: every option resolved, checked and typed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from pytest_carbon.errors import SettingError
from pytest_carbon.gate.policy import Policy
from pytest_carbon.options import INI_FILE, OPTIONS, given, is_on
from pytest_carbon.record import NamedTuple
from pytest_carbon.values import (
    parse_alpha,
    parse_budget_text,
    parse_count,
    parse_energy_j,
    parse_fraction,
    parse_link,
    parse_look_ups,
    parse_names,
    parse_seconds,
    parse_seconds_or_none,
    parse_zone,
    parsed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pytest

    from pytest_carbon.budget import Budget

__all__ = ["Settings", "Wish", "read_settings"]

T = TypeVar("T")


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
        confirm_time_s=answers.need("carbon_confirm_time", parse_seconds_or_none),
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
        meters=answers.get("carbon_meters", parse_names),
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
