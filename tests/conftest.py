"""What several test modules share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parent / "examples"

BURN = '''
import time

def burn(cpu_s):
    """Spend CPU time on this thread."""
    start = time.thread_time()
    while time.thread_time() - start < cpu_s:
        sum(range(500))
'''


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest's own, whose runs do without plugins that take longer to import than most runs do."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:anyio")
    return pytester


@pytest.fixture
def carbon(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    """Run pytest with carbon on in the test's own folder, where ``burn`` can be imported."""
    pytester.makepyfile(burn=BURN)
    pytester.syspathinsert()
    # Wide enough for whole messages.
    monkeypatch.setenv("COLUMNS", "200")

    def run(*args: str) -> pytest.RunResult:
        return pytester.run(sys.executable, "-m", "pytest", "-p", "no:randomly", "--carbon", *args)

    return run
