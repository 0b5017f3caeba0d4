"""How pytest was started, so that a look can be started like it."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pytest

__all__ = ["Invocation", "invocation_of", "plain_invocation"]

# Their parts of a run are in a worker of pytest-xdist, in a traced process, or under an editor's
# eye, which would take a look for tests that it had asked for.
_DROPPED_VARIABLES = (
    "PYTEST_XDIST_",
    "PYTEST_CURRENT_TEST",
    "COV_CORE_",
    "COVERAGE_PROCESS_",
    "TEST_RUN_PIPE",
    "TEAMCITY_",
)
_DROPPED_PLUGINS = ("vscode_pytest", "teamcity.pytest_plugin", "pytest_teamcity")


class Invocation(NamedTuple):
    """A command that starts pytest as the user did, and where.

    ``arguments`` are its part for pytest. ``keeps_cwd``: whether the folder that pytest was started
    in can be imported from.
    """

    command: tuple[str, ...]
    arguments: tuple[str, ...]
    folder: str
    environ: Mapping[str, str]
    keeps_cwd: bool = True


def invocation_of(config: pytest.Config, environ: Mapping[str, str]) -> Invocation | str:
    """How to start pytest once more; or in words why that cannot be done.

    ``environ`` is the environment from before any test ran.
    """
    if not sys.executable:
        return "the path of this Python is unknown, so no other process can be started"
    params = config.invocation_params
    plugins = list(_plugin_arguments(params.plugins or ()))
    if None in plugins:
        return "pytest.main was called with plugin objects, which a fresh process cannot be given"
    arguments = list(_without_plugins(map(os.fspath, params.args)))
    # Lines of a tracer cost more than the code that they watch.
    if config.pluginmanager.hasplugin("_cov") or config.pluginmanager.hasplugin("pytest_cov"):
        arguments.insert(0, "--no-cov")
    here = plain_invocation([*filter(None, plugins), *arguments], params.dir, environ)
    keeps_cwd = any(os.path.abspath(entry) == here.folder for entry in sys.path)  # noqa: PTH100
    return here._replace(keeps_cwd=keeps_cwd)


def plain_invocation(
    arguments: Iterable[str], folder: Path, environ: Mapping[str, str]
) -> Invocation:
    """``python -m pytest`` with these arguments, by this Python and its flags."""
    given = tuple(arguments)
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # noqa: SLF001
    return Invocation(
        command=(sys.executable, *flags, "-m", "pytest", *given),
        arguments=given,
        folder=str(folder),
        environ={k: v for k, v in environ.items() if not k.startswith(_DROPPED_VARIABLES)},
    )


def _plugin_arguments(plugins: Iterable[Any]) -> Iterator[str | None]:
    """Options that load the plugins that ``pytest.main`` was given; ``None`` for an object."""
    for plugin in plugins:
        name = plugin.__name__ if isinstance(plugin, ModuleType) else plugin
        if not isinstance(name, str):
            yield None
        elif name not in _DROPPED_PLUGINS:
            yield from ("-p", name)


def _without_plugins(arguments: Iterable[str]) -> Iterator[str]:
    """The arguments without the editors' plugins."""
    pending = False
    for argument in arguments:
        if pending:
            pending = False
            if argument not in _DROPPED_PLUGINS:
                yield from ("-p", argument)
        elif argument == "-p":
            pending = True
        elif not (argument.startswith("-p") and argument[2:] in _DROPPED_PLUGINS):
            yield argument
