"""The entry point that pytest loads: options and markers, and the session when carbon is on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.options import GROUPS, OPTIONS, environ_of, is_on
from pytest_carbon.system import originals

if TYPE_CHECKING:
    from pytest_carbon.tasks.carbon import Carbon

__all__ = ["carbon", "pytest_addoption", "pytest_configure"]

_MARKERS = (
    "carbon(tolerance=None, skip=False): gate with its own tolerance, or leave the test out",
    "carbon_budget(*, g=, mg=, ug=, j=, mj=, wh=): an absolute ceiling for each test, in one unit",
)


_BY_NAME = {option.name: option for option in OPTIONS}

_FOR_BUDGETS = frozenset(
    {
        "carbon_budget_always",
        "carbon_default_budget",
        "carbon_baselines",
        "carbon_clock",
        "carbon_confirm_time",
        "carbon_inconclusive",
        "carbon_intensity",
        "carbon_locate",
        "carbon_meters",
        "carbon_sample_interval",
        "carbon_speed",
    }
)
"""Options that count where only budgets are enforced."""


class _Choices(tuple[str, ...]):
    """The values that a shell is told of; another one is refused later, with its remedy."""

    __slots__ = ()

    def __contains__(self, value: object) -> bool:
        return True


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the options; refuse to start beside another plugin that owns ``--carbon``."""
    _refuse_rival(pluginmanager)
    _add_options(parser)
    # Taken away at once: a test may start a pytest of its own.
    folder = os.environ.pop("PYTEST_CARBON_LOOK", "")
    if folder:
        from pytest_carbon.finder import OwnModules

        OwnModules().open()
        from pytest_carbon.session.look.process import LookProcess

        try:
            look = LookProcess(folder)
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            raise pytest.UsageError(
                "PYTEST_CARBON_LOOK is set and leads to no order, as only in processes that "
                "pytest-carbon starts itself: unset it"
            ) from None
        pluginmanager.register(look, "carbon-look")


def _add_options(parser: pytest.Parser) -> None:
    """Register every option on the command line and in the ini file."""
    groups = {name: parser.getgroup(name) for name in GROUPS}
    for option in OPTIONS:
        group, text = groups[option.group], option.whole_help.replace("%", "%%")
        # default=None, so that a value in the ini file is not taken for overridden.
        if not option.shown:
            group.addoption(option.flag, action="store_true", default=None, help=text)
            parser.addini(option.name, option.whole_help, type="bool", default=None)
        elif option.repeatable:
            group.addoption(
                option.flag, action="append", default=None, metavar=option.shown, help=text
            )
            parser.addini(option.name, option.whole_help, type="linelist", default=None)
        else:
            bare: dict[str, Any] = {"nargs": "?", "const": option.const} if option.const else {}
            known: dict[str, Any] = {"choices": _Choices(option.choices)} if option.choices else {}
            group.addoption(
                option.flag, default=None, metavar=option.shown, help=text, **bare, **known
            )
            parser.addini(option.name, option.whole_help, default=None)


def _refuse_rival(pluginmanager: pytest.PytestPluginManager) -> None:
    if pluginmanager.is_blocked("codecarbon"):
        return
    from importlib.util import find_spec

    loads_by_itself = not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    if loads_by_itself and find_spec("pytest_codecarbon") is not None:
        raise pytest.UsageError(
            "pytest-codecarbon and pytest-carbon both own the option --carbon: uninstall "
            "pytest-codecarbon, or keep it out of this run with -p no:codecarbon"
        )


def pytest_configure(config: pytest.Config) -> None:
    """Document the markers, and start a session where carbon is on."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    if config.pluginmanager.hasplugin("carbon-look"):
        return
    _check_choices(config)
    measures = _is_on(config, "carbon")
    enforces = not measures and _is_on(config, "carbon_budget_always")
    if not measures:
        config.pluginmanager.register(_Off(config, enforces=enforces), "carbon-off")
    if measures or enforces:
        from pytest_carbon.finder import OwnModules
        from pytest_carbon.garbage import no_collection

        ours = OwnModules()
        ours.open()
        config.add_cleanup(ours.close)

        # To look for garbage in what is imported takes an eighth of the start.
        with no_collection(), originals():
            from pytest_carbon.session.start import start

            start(config, budgets_only=enforces)


def _is_on(config: pytest.Config, name: str) -> bool:
    try:
        return is_on(config, _BY_NAME[name], environ_of(config))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def _check_choices(config: pytest.Config) -> None:
    """Refuse a path that an option has taken for its value, also where carbon is off."""
    for option in OPTIONS:
        value = config.getoption(option.name, None)
        if option.choices and value is not None and value not in option.choices:
            raise pytest.UsageError(f"{option.flag}={value} {option.refusal}")


class _Off:
    """Says in one line what did nothing, as carbon is off, or only ``enforces`` budgets."""

    def __init__(self, config: pytest.Config, *, enforces: bool = False) -> None:
        self.enforces = enforces
        self.idle: dict[str, None] = {}
        for option in OPTIONS[1:]:
            if enforces and option.name in _FOR_BUDGETS:
                continue
            if config.getoption(option.name, None) is not None:
                self.idle[option.flag] = None
            elif os.environ.get(option.variable):
                self.idle[option.variable] = None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Look for our markers, on tests and on the classes and modules around them."""
        if self.enforces:
            return
        seen: set[pytest.Item | pytest.Collector | None] = {None}
        names: set[str] = set()
        for item in items:
            node: pytest.Item | pytest.Collector | None = item
            while node not in seen and node is not None:
                seen.add(node)
                names.update(mark.name for mark in node.own_markers)
                node = node.parent
        for name in ("carbon", "carbon_budget"):
            if name in names:
                self.idle[f"the marker {name}"] = None

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The line, in every verbosity."""
        if self.idle:
            done = "only budgets were checked" if self.enforces else "nothing was measured"
            text = f"carbon: {done} ({', '.join(self.idle)} in use): add --carbon"
            terminalreporter.write_line(text, yellow=True)


@pytest.fixture
def carbon(request: pytest.FixtureRequest) -> Carbon:
    """Measure parts of a test: with carbon.task("train") as task: ... then task.energy_j.

    Without --carbon, carbon.active is False and all figures are None.
    """
    from pytest_carbon.tasks.carbon import Carbon

    off = request.config.pluginmanager.getplugin("carbon-off")
    if isinstance(off, _Off) and not off.enforces:
        off.idle["the fixture carbon"] = None
    recorder: Any = request.config.pluginmanager.getplugin("carbon-recorder")
    book = None if recorder is None else recorder.task_book()
    return Carbon(lambda: book, active=book is not None)
