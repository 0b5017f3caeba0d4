"""Starts the pytest session of one side; run by its path, with the side's own Python.

Both sides measure with the same pytest-carbon, whatever the side's environment has installed.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any


def _load(package: Path) -> None:
    """Import pytest_carbon from ``package``, before anything else can bring another one."""
    place = importlib.util.spec_from_file_location(
        package.name, package / "__init__.py", submodule_search_locations=[str(package)]
    )
    assert place is not None, "the folder is a package"
    assert place.loader is not None, "and has a source file"
    module = importlib.util.module_from_spec(place)
    sys.modules[package.name] = module
    place.loader.exec_module(module)
    # pytest rewrites what its plugins' packages hold, and warns where it comes too late: with
    # warnings as errors that would end the session. This mark declines it.
    module.__doc__ = f"{module.__doc__}\n\nPYTEST_DONT_REWRITE"


def _is_installed(package: str) -> bool:
    """Whether pytest finds the plugin by itself in this environment."""
    found = importlib.metadata.entry_points(group="pytest11")
    return any(plugin.value == f"{package}.plugin" for plugin in found)


def main() -> int:
    """Redirect imports to the side's files, then run pytest."""
    order: dict[str, Any] = json.loads(sys.argv[1])
    os.environ.pop("PYTHONSAFEPATH", None)
    own_folder = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry or ".") != own_folder]
    package = Path(order["carbon"])
    _load(package)
    from pytest_carbon.compare.imports import redirect

    redirect(tree=order["tree"], side=order["side"])
    sys.path += [entry for entry in order["last"] if entry not in sys.path]
    import pytest

    from pytest_carbon.compare.worker import Worker

    arguments: list[str] = list(order["arguments"])
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") or not _is_installed(package.name):
        arguments[:0] = ["-p", f"{package.name}.plugin"]
    # Lines of a tracer cost more than the code that they watch, and would be compared with it.
    has_cov = importlib.util.find_spec("pytest_cov") is not None
    if has_cov and not {"no:cov", "no:pytest_cov"} & set(arguments):
        arguments.append("--no-cov")
    sys.argv[:] = ["pytest", *arguments]
    return int(pytest.main(arguments, plugins=[Worker(order)]))


if __name__ == "__main__":
    sys.exit(main())
