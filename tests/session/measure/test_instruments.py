"""What a run is measured with, on machines that lack something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_carbon.outside.settings import settings_around
from pytest_carbon.session.measure.instruments import open_instruments

if TYPE_CHECKING:
    import pytest


def test_a_machine_without_a_temporary_folder_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("tempfile.gettempdir", none)
    settings, _ = settings_around()
    instruments = open_instruments(settings, workers=1)
    try:
        assert instruments.environment().cpu_model
    finally:
        instruments.close()
