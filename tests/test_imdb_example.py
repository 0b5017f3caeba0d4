"""The example that needs more than the tests' own dependencies; its README tells how to run it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.conftest import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def test_without_its_extra_it_is_skipped_with_the_reason(
    pytester: pytest.Pytester, carbon: Callable[..., pytest.RunResult]
) -> None:
    for path in (EXAMPLES / "imdb").iterdir():
        if path.is_file():
            shutil.copy(path, pytester.path)
    pytester.makepyfile(jax="raise ModuleNotFoundError('jax')")
    result = carbon("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*needs the example's extra: pip install 'pytest-carbon[[]imdb]'"])
