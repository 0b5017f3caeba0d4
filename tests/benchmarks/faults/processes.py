"""What is done to processes: signals, and many at once."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from project import COMMANDS, SUITE, UPDATE, WAIT_S, Project, Row, passed

if TYPE_CHECKING:
    import random
    import signal


def killed(project: Project, number: signal.Signals, tries: int, dice: random.Random) -> Row:
    """A signal at a random moment of a random command."""
    lost = 0
    for _ in range(tries):
        process = project.start(*COMMANDS[dice.choice(list(COMMANDS))])
        try:
            process.wait(dice.uniform(0.05, 4))
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        try:
            process.communicate(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            # What it has started holds its output.
            process.kill()
        lost += project.lost()
    # Worktrees are the next comparison's to remove.
    project.run(*COMMANDS["compare"])
    left = project.left()
    return Row(f"{number.name} at random in {', '.join(COMMANDS)}", tries, lost, 0, left)


def at_once(project: Project, writers: int = 20) -> Row:
    """Twenty updates of different tests at once."""
    for number in range(writers):
        text = SUITE.replace("test_a", f"test_a_{number}")
        (project.folder / f"test_more_{number}.py").write_text(text, encoding="utf-8")
    runs = [
        project.start(*UPDATE, "--carbon-confirm-time=0", f"test_more_{n}.py")
        for n in range(writers)
    ]
    outputs = [run.communicate(timeout=600)[0] for run in runs]
    wanted = {f"test_more_{n}.py::test_a_{n}" for n in range(writers)}
    lost = len(wanted - project.entries()) + project.lost()
    changed = sum(not passed(output) for output in outputs)
    for number in range(writers):
        (project.folder / f"test_more_{number}.py").unlink()
    return Row("updates at once", writers, lost, changed, project.left())
