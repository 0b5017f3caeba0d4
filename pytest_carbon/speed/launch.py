"""Starts the helper process that follows the test to its core.

The helper is started before the CPU clock is opened: a clock that counts all descendants forked
after its opening (perf with ``inherit``) would count the helper, daemonised or not. Its launcher
is reaped before ``finish`` returns, so ``RUSAGE_CHILDREN`` holds the launcher's few
milliseconds from then on, and never more.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest_carbon
from pytest_carbon.speed.board import BOARD_BYTES, Board
from pytest_carbon.speed.target import start_ticks
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.speed.follow import FollowProbe

__all__ = ["HelperUnavailable", "StartingHelper"]

_START_TIMEOUT_S = 5.0

# Appended, not put first: nothing beside the package may shadow the standard library.
_START = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from pytest_carbon.speed.helper import main; main(sys.argv[2:])"
)

# What the helper waits for; where its launcher ends before it comes, it ends, too.
_GO = b"go"

_WORDS = {
    "adopted": "this process adopts orphans (is it the container's first process?), "
    "so that tests would see the helper as a child",
    "affinity": "setting a process's affinity is refused",
    "proc": "the helper cannot read this process's state in /proc",
}


class HelperUnavailable(Exception):  # noqa: N818 - not an error: there is a second-best way
    """Why there can be no helper here, in words."""


def _new_page() -> tuple[int, mmap.mmap]:
    try:
        descriptor = os.memfd_create("pytest-carbon-speed")  # type: ignore[attr-defined, unused-ignore]
    except (AttributeError, OSError) as error:
        raise HelperUnavailable(f"there is no anonymous shared memory here ({error})") from error
    try:
        os.ftruncate(descriptor, BOARD_BYTES)
        return descriptor, mmap.mmap(descriptor, BOARD_BYTES)
    except OSError as error:
        os.close(descriptor)
        raise HelperUnavailable(f"memory cannot be shared here ({error})") from error


def _own_start_ticks(root: Path) -> int:
    try:
        shown_as = (root / "self").readlink()
        if str(shown_as) != str(System.getpid()):
            raise HelperUnavailable(f"{root} shows the processes of another namespace")
        return start_ticks(str(root), System.getpid())
    except (OSError, ValueError) as error:
        raise HelperUnavailable(f"{root} cannot be read ({error})") from error


class StartingHelper:
    """An interpreter that starts while this process does something else, to be the helper.

    It has to be started before the CPU clock is opened, from the thread that runs the tests.
    Raises ``HelperUnavailable``.
    """

    def __init__(
        self, *, proc: Path = Path("/proc"), executable: str | None = sys.executable
    ) -> None:
        if not executable:
            raise HelperUnavailable("the path of this interpreter is not known")
        if System.getpid() == 1:
            raise HelperUnavailable(_WORDS["adopted"])
        self._is_asked = False
        started = _own_start_ticks(proc)
        descriptor, self._memory = _new_page()
        package_home = str(Path(pytest_carbon.__file__).resolve().parent.parent)
        flags = ["-I", "-S", *(["-B"] if sys.dont_write_bytecode else [])]
        identity = [str(descriptor), str(proc), str(System.getpid()), str(System.get_native_id())]
        command = [executable, *flags, "-c", _START, package_home, *identity, str(started)]
        try:
            self._launcher = subprocess.Popen(  # noqa: S603 - this interpreter, this package
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(descriptor,),
            )
        except (OSError, ValueError) as error:
            raise HelperUnavailable(f"no helper process can be started ({error})") from error
        finally:
            os.close(descriptor)

    def finish(self, clock_ns: Callable[[], int] = System.monotonic_ns) -> FollowProbe:
        """The helper, which has found out how fast it is, and follows the calling thread.

        Waits 20 ms. Raises ``HelperUnavailable``.
        """
        self._is_asked = True
        launcher = self._launcher
        try:
            answer, _ = launcher.communicate(_GO, timeout=_START_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            launcher.kill()
            launcher.communicate()
            raise HelperUnavailable("the helper process did not start in time") from error
        said = answer.decode(errors="replace").split()
        if len(said) != 4 or not all(said[at].isdigit() for at in (0, 2, 3)):
            raise HelperUnavailable("the helper process did not start")
        word, helper, best_ns = said[1], int(said[2]), float(said[3])
        if word != "ready":
            _reap(helper)
            raise HelperUnavailable(_WORDS.get(word, f"the helper process said {word!r}"))
        # Imported while the helper starts.
        from pytest_carbon.speed.follow import FollowProbe

        return FollowProbe(Board(self._memory), helper, best_ns=best_ns, clock_ns=clock_ns)

    def close(self) -> None:
        """Let it end where it was not asked; may be called twice."""
        if self._is_asked:
            return
        self._is_asked = True
        with contextlib.suppress(subprocess.TimeoutExpired):
            answer, _ = self._launcher.communicate(timeout=_START_TIMEOUT_S)
            helper = answer.decode(errors="replace").partition(" ")[0]
            if helper.isdigit():
                _reap(int(helper))


def _reap(helper: int) -> None:
    """Take leave of a helper that ends; it is a child only where this process adopts orphans."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(helper, 0)
