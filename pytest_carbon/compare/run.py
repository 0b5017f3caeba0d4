"""One comparison from the user's order to the result; leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_carbon.compare.checkout import checked_out, remove_stale, temporary_folder
from pytest_carbon.compare.comparison import Comparer
from pytest_carbon.compare.installation import SetupRun, users_own
from pytest_carbon.compare.orders import revisions
from pytest_carbon.compare.repository import Repository
from pytest_carbon.compare.side import Side
from pytest_carbon.errors import CompareError
from pytest_carbon.gate.pairs.suspects import PairedPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.compare.installation import Installation
    from pytest_carbon.compare.orders import Order
    from pytest_carbon.compare.progress import Progress
    from pytest_carbon.compare.result import Comparison

__all__ = ["compare"]


def compare(order: Order, progress: Progress) -> Comparison:
    """Compare two revisions.

    Raises ``CompareError`` for what the user can mend, ``NothingComparedError`` where no test
    ran on both sides, and ``KeyboardInterrupt`` or ``EndedBySignal`` where a signal ended it;
    everything that was made is removed in each case.
    """
    if os.name != "posix":
        raise CompareError(
            "compare does not run on this system",
            remedy="use Linux or macOS, or stored baselines: pytest --carbon --carbon-update",
        )
    repository = Repository.around(order.cwd)
    base, head = revisions(order, repository)
    remove_stale(repository)
    with contextlib.ExitStack() as stack:
        progress.stage("checking out both sides")
        temporary = stack.enter_context(temporary_folder())
        folders: dict[str, Path] = {}
        notes: list[str] = []
        for name, revision in (("base", base), ("head", head)):
            folders[name], more = stack.enter_context(
                checked_out(repository, revision, temporary / name)
            )
            notes += [note for note in more if note not in notes]
        inside = Path(os.path.relpath(order.cwd, repository.top))
        labels = {"base": base.label, "head": head.label}
        starts = {name: _started_in(f / inside, labels[name]) for name, f in folders.items()}
        if order.setup is None:
            installations = {name: users_own(os.environ, cwd) for name, cwd in starts.items()}
        else:
            progress.stage(f"setting up both sides: {order.setup}")
            installations = _set_up(order.setup, temporary, starts, labels)
        sides = [
            Side(
                name=name,
                label=labels[name],
                folder=folder,
                tree=repository.top,
                cwd=starts[name],
                installation=installations[name],
                arguments=tuple(_moved(a, repository.top, folder) for a in order.arguments),
                log=temporary / f"{name}-session.log",
                forks=not order.spawn,
                # Runs at the same time on one CPU share its speed.
                speed="auto" if order.in_turn else "off",
            )
            for name, folder in folders.items()
        ]
        comparer = Comparer(
            sides,
            PairedPolicy(tolerance=order.tolerance, max_pairs=order.max_pairs),
            progress=progress,
            examine_all=order.aa,
            measures_all=order.measures_all,
            together=not order.in_turn,
        )
        stack.callback(comparer.close)
        return comparer.run(notes)


def _set_up(
    command: str, temporary: Path, starts: Mapping[str, Path], labels: Mapping[str, str]
) -> dict[str, Installation]:
    """An environment for each side, filled by ``command``; both at the same time."""
    with contextlib.ExitStack() as stack:
        runs = {}
        for name, cwd in starts.items():
            runs[name] = SetupRun(
                command,
                label=f"{name}, {labels[name]}",
                folder=temporary / f"{name}-env",
                cwd=cwd,
                environ=os.environ,
            )
            stack.callback(runs[name].stop)
        return {name: run.wait() for name, run in runs.items()}


def _started_in(cwd: Path, label: str) -> Path:
    if not cwd.is_dir():
        raise CompareError(
            f"{label} has no folder {cwd.name}, where compare was started",
            remedy="start it in a folder that both revisions have",
        )
    return cwd


def _moved(argument: str, tree: Path, side: Path) -> str:
    """An argument with the user's tree replaced by the side's files."""
    return argument.replace(f"{tree}{os.sep}", f"{side}{os.sep}")
