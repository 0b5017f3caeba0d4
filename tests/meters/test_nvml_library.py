"""Which module is taken for NVIDIA's: the one of nvidia-ml-py, whatever else bears its name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.meters.meter import Unavailable
from pytest_carbon.meters.nvml_library import load_module

if TYPE_CHECKING:
    from pathlib import Path


def test_the_module_of_nvidia_ml_py_is_loaded_under_a_name_of_ours() -> None:
    before = sys.modules.get("pynvml")
    module: Any = load_module()
    assert module.NVMLError
    assert sys.modules.get("pynvml") is before, "what a test imports is not replaced"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise RuntimeError('no device')", "is not NVIDIA's module"),
        ("import no_such_module", "is not NVIDIA's module"),
        ("raise SystemExit(1)", "is not NVIDIA's module"),
        ("def f(:", "is not NVIDIA's module"),
        ("raise SystemError", "is not NVIDIA's module"),
        ("GPUS = 3", "it has no NVMLError"),
        ("NVMLError = Exception\ndef nvmlInit(): pass", "is another module"),
    ],
)
def test_another_module_in_its_place_is_told_with_a_remedy(
    tmp_path: Path, text: str, why: str
) -> None:
    (tmp_path / "pynvml.py").write_text(text)
    found = load_module(tmp_path / "pynvml.py")
    assert isinstance(found, Unavailable)
    assert why in found.reason
    assert not found.silent
    assert "--force-reinstall nvidia-ml-py" in found.remedy


def test_a_projects_own_pynvml_is_neither_run_nor_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pynvml.py").write_text("raise SystemExit('this was run')")
    monkeypatch.syspath_prepend(tmp_path)
    module: Any = load_module()
    assert module.nvmlInit
