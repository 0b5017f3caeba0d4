"""The process of ``tests.warm_start``: it imports what runs need, and forks itself for each.

Started with the path of a socket to listen at, and the names of packages to import.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

# Started by its path, so that the folder of the tests is first; no run is to find them imported.
sys.path[0] = str(Path(__file__).parents[1])
from tests.warm_start import WarmPopen, read_whole, starting_at  # noqa: E402

for _name in ("tests.warm_start", "tests"):
    sys.modules.pop(_name, None)

# What is run by its name or path, not imported.
_SCRIPTS = (".__main__", "cli.main", "compare.launch")

# What tests burn is beyond doubt, so that looks need not run it often.
_LOOK_S = 0.1

# What hangs in a test's look hangs for good.
_HANGS_AFTER_S = 5.0

# Set where a look is started: one that ends with the process that asked for it.
_LOOK = "PYTEST_CARBON_LOOK"


class _Subprocess:
    """The module, for one that starts processes, with another ``Popen``."""

    def __init__(self, popen: type[WarmPopen]) -> None:
        self.Popen = popen

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)


class _Serving:
    """What the process does: it ends when its standard input does."""

    def __init__(self, address: str, imports: Sequence[str]) -> None:
        self._address = address
        self._path = _search_path()
        for name in imports:
            _import_all(name)
        self._is_ours = "pytest_carbon" in imports
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(address)
        self._listener.listen()
        self._wake, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # type: ignore[attr-defined, unused-ignore]
        self._closed_in_runs = [self._listener.fileno(), self._wake, wake]
        self._running: dict[int, tuple[socket.socket, bool]] = {}
        # What is here now lives as long as each run: nobody need look for garbage in it.
        gc.collect()
        gc.freeze()
        os.write(1, b"1")

    def serve(self) -> None:
        """Fork for each run that is ordered, tell its process and then how it ended."""
        while True:
            owners = {channel: pid for pid, (channel, _) in self._running.items()}
            watched: list[Any] = [0, self._wake, self._listener, *owners]
            ready, _, _ = select.select(watched, [], [])
            if self._wake in ready:
                os.read(self._wake, 4096)
            self._reap()
            for channel, pid in owners.items():
                if channel in ready and pid in self._running:
                    self._desert(pid)
            if self._listener in ready:
                self._start()
            if 0 in ready:
                return

    def _reap(self) -> None:
        for pid in list(self._running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                channel, _ = self._running.pop(pid)
                with channel, suppress(OSError):
                    channel.sendall(b"%8d" % os.waitstatus_to_exitcode(status))

    def _desert(self, pid: int) -> None:
        """Whoever ordered this run is gone, or waits no longer."""
        channel, is_look = self._running.pop(pid)
        channel.close()
        if is_look:
            os.kill(pid, signal.SIGKILL)  # type: ignore[attr-defined, unused-ignore]

    def _start(self) -> None:
        channel, _ = self._listener.accept()
        order = json.loads(read_whole(channel, int.from_bytes(read_whole(channel, 8), "big")))
        _, streams, _, _ = socket.recv_fds(channel, 1, 4)  # type: ignore[attr-defined, unused-ignore]
        waiting, begun = os.pipe()
        child = os.fork()  # type: ignore[attr-defined, unused-ignore]
        if child == 0:
            if order["new_session"]:
                os.setsid()  # type: ignore[attr-defined, unused-ignore]
            for end in (waiting, begun):
                os.close(end)
            channel.close()
            self._run(order, streams)
        # Whoever gets its number may send a signal to its session.
        os.close(begun)
        os.read(waiting, 1)
        os.close(waiting)
        for each in streams:
            os.close(each)
        self._running[child] = channel, _LOOK in order["environ"]
        channel.sendall(b"%8d" % child)

    def _run(self, order: dict[str, Any], streams: Sequence[int]) -> NoReturn:
        """What an interpreter does with these arguments, in this process."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # type: ignore[attr-defined, unused-ignore]
        for each in self._closed_in_runs:
            os.close(each)
        for other, _ in self._running.values():
            other.close()
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environ"])
        for theirs, ours in zip(streams, (0, 1, 2, *order["passed"]), strict=True):
            if theirs != ours:
                os.dup2(theirs, ours)
                os.close(theirs)
        _open_streams()
        kind, what, *arguments = order["arguments"]
        given = [each for each in order["environ"].get("PYTHONPATH", "").split(os.pathsep) if each]
        sys.path[:] = [order["folder"] if kind == "-m" else "", *given, *self._path]
        sys.orig_argv[:] = [sys.orig_argv[0], kind, what, *arguments]
        sys.argv[:] = [what if kind == "-m" else kind, *arguments]
        if self._is_ours:
            _start_others_warm(self._address)
        if kind == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(what, {"__name__": "__main__"})
        sys.exit(0)


def _open_streams() -> None:
    """Make the standard streams, as an interpreter does when it starts."""
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        buffering = 0 if unbuffered and number else -1
        binary: Any = open(  # noqa: SIM115
            number, "wb" if number else "rb", buffering, closefd=False
        )
        new = io.TextIOWrapper(
            binary,
            encoding=old.encoding,
            errors=old.errors,
            line_buffering=number == 2 or binary.isatty(),
            write_through=unbuffered,
        )
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


def _search_path() -> list[str]:
    """The path of any interpreter, without the folder of this script and PYTHONPATH."""
    path = sys.path[1:]
    given = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    assert path[: len(given)] == [str(Path(each).absolute()) for each in given]
    return path[len(given) :]


def _import_all(name: str) -> None:
    """Import a package with all its modules, but for those that are run by their names."""
    from _pytest.assertion.rewrite import AssertionRewritingHook
    from _pytest.config import default_plugins

    package = importlib.import_module(name)
    if name == "pytest":
        for plugin in default_plugins:
            importlib.import_module(f"_pytest.{plugin}")
        for late in ("faulthandler", "pdb", "readline"):
            importlib.import_module(late)
        return
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if ".script." not in module.name and not module.name.endswith(_SCRIPTS):
            with suppress(ImportError):
                importlib.import_module(module.name)
    # Or pytest would warn that it comes too late to rewrite a plugin's assertions.
    package.__loader__ = AssertionRewritingHook.__new__(AssertionRewritingHook)


def _start_others_warm(address: str) -> None:
    """Let what this process starts begin at the server, too, and look after look at once."""
    import execnet.gateway_base
    import xdist.workermanage

    import pytest_carbon.cli.suite
    import pytest_carbon.looks.confirm
    import pytest_carbon.looks.process
    import pytest_carbon.looks.taker
    import pytest_carbon.session.explain
    import pytest_carbon.speed.launch

    module: Any = _Subprocess(starting_at(address))
    for starter in (
        pytest_carbon.cli.suite,
        pytest_carbon.looks.process,
        pytest_carbon.session.explain,
        pytest_carbon.speed.launch,
    ):
        vars(starter)["subprocess"] = module
    model: Any = execnet.gateway_base.ThreadExecModel
    model.subprocess = module
    # Which it has kept since it was imported.
    xdist.workermanage._sys_path = list(sys.path)
    confirm: Any = pytest_carbon.looks.confirm
    confirm.BETWEEN_LOOKS_S = 0.0
    confirm.repeats_for.__defaults__ = confirm.REPEATS, _LOOK_S
    taker: Any = pytest_carbon.looks.taker
    taker._LEAST_TIMEOUT_S = _HANGS_AFTER_S


if __name__ == "__main__":
    _Serving(sys.argv[1], sys.argv[2:]).serve()
