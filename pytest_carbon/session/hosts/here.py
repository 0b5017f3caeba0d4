"""In a worker on another host: says where it is, and lets looks be taken there."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from pytest_carbon.looks import remote
from pytest_carbon.looks.invocation import invocation_of
from pytest_carbon.session.hosts.introduction import REFUSAL, Introduction

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from pytest_carbon.errors import CarbonError
    from pytest_carbon.session.hosts.introduction import Setup

__all__ = ["introduce", "why_not_started"]


def why_not_started(error: CarbonError) -> str:
    """What a worker says that cannot measure, with its host; see ``usage_error_in``."""
    return f"{REFUSAL}{platform.node()}: {error}"


def introduce(config: pytest.Config, setup: Setup, environ: Mapping[str, str]) -> Introduction:
    """What this worker says of its host; ``environ`` is the one from before any test."""
    invocation = invocation_of(config, environ)
    if not isinstance(invocation, str):
        remote.remember(invocation)
    return Introduction(
        host=platform.node() or "unnamed host",
        setup=setup,
        keeps_cwd=isinstance(invocation, str) or invocation.keeps_cwd,
        no_looks=invocation if isinstance(invocation, str) else "",
    )
