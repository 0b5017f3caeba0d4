"""The fake servers, at hand in every test; nothing here reaches beyond loopback."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

    from tests.intensity.live.fake_apis import Fault

from pytest_carbon.intensity.intensity import Intensity


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "fake_apis", Path(__file__).with_name("fake_apis.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fake_apis"] = module
    spec.loader.exec_module(module)
    return module


FAKE = _load()


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies of the machine that runs the tests stay out of them."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("no_proxy", raising=False)


@pytest.fixture
def fake() -> Any:
    """The module of fake servers."""
    return FAKE


@pytest.fixture(params=FAKE.FAULTS, ids=lambda fault: fault.name)
def fault(request: pytest.FixtureRequest) -> Fault:
    """Every fault in turn."""
    found: Fault = request.param
    return found


@pytest.fixture
def pinned() -> Intensity:
    """Great Britain's yearly figure."""
    return Intensity(g_per_kwh=216, zone="GBR", source="Ember", period="2024", reason="set")
