from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.meters.cpu_model import CpuModel, parse_cpuinfo, read_cpu_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

X86 = """\
processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 207
model name\t: Intel(R) Xeon(R)  Processor
stepping\t: 2
flags\t\t: fpu vme

processor\t: 1
model name\t: another
"""

ARM = """\
processor\t: 0
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: 0xd0c
"""


class Asked:
    """Stands for py-cpuinfo, and counts how often it is asked."""

    def __init__(self, answer: Mapping[str, object] | Exception) -> None:
        self.answer = answer
        self.times = 0

    def __call__(self) -> Mapping[str, object]:
        self.times += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


APPLE = {"brand_raw": "Apple M2", "family": 6, "arch": "ARM_8"}


def test_the_first_cpu_of_proc_is_taken() -> None:
    assert parse_cpuinfo(X86) == CpuModel("Intel(R) Xeon(R) Processor", 6, 207, 2)


def test_an_arm_server_is_named_by_its_part() -> None:
    assert parse_cpuinfo(ARM) == CpuModel("Neoverse-N1")


@pytest.mark.parametrize(
    ("numbers", "name"),
    [
        (("0x41", "0xfff"), "Arm CPU part 0xfff"),
        (("0x99", "0x001"), "maker 0x99 CPU part 0x001"),
        (("0x61", "0x023"), "Apple M1"),
        (("0x61", "0x000"), "Apple silicon in a virtual machine"),
    ],
)
def test_other_arm_cpus_are_told_apart_by_their_numbers(
    numbers: tuple[str, str], name: str
) -> None:
    text = ARM.replace("0x41", numbers[0]).replace("0xd0c", numbers[1])
    assert parse_cpuinfo("model name : -\n" + text) == CpuModel(name)


def test_a_cpu_with_two_kinds_of_cores_is_named_by_both() -> None:
    text = ARM.replace("0xd0c", "0xd05") * 4 + ARM.replace("0xd0c", "0xd0b") * 4
    assert parse_cpuinfo(text) == CpuModel("Cortex-A55 + Cortex-A76")


def test_boards_with_one_kind_of_core_are_told_apart() -> None:
    model = parse_cpuinfo(ARM.replace("0xd0c", "0xd0b"), board="Raspberry Pi 5 Model B")
    assert model == CpuModel("Cortex-A76 (Raspberry Pi 5 Model B)")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "model name : unknown\n",
        "model name :\n",
        "model name : -\n",
        ARM.replace("0xd0c", "many"),
        ARM.replace("CPU implementer", "CPU"),
    ],
)
def test_a_proc_that_names_nothing_is_none(text: str) -> None:
    assert parse_cpuinfo(text) is None


@given(st.text())
def test_any_text_is_understood_or_none(text: str) -> None:
    model = parse_cpuinfo(text)
    assert model is None or model.name


def test_py_cpuinfo_is_not_asked_where_proc_tells(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(X86)
    ask = Asked(APPLE)
    model = read_cpu_model(tmp_path / "cache", cpuinfo=tmp_path / "cpuinfo", ask=ask)
    assert model.model == 207
    assert ask.times == 0


def test_py_cpuinfo_is_asked_once_a_machine(tmp_path: Path) -> None:
    ask = Asked(APPLE)
    for _ in range(3):
        model = read_cpu_model(tmp_path / "cache", cpuinfo=tmp_path / "none", ask=ask)
        assert model == CpuModel("Apple M2", 6)
    assert ask.times == 1
    (file,) = (tmp_path / "cache").iterdir()
    assert json.loads(file.read_text())["brand_raw"] == "Apple M2"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"brand_raw": 5}', '{"brand_raw": " "}', "\x00"]
)
def test_a_cache_that_cannot_be_used_is_replaced(tmp_path: Path, content: str) -> None:
    ask = Asked(APPLE)
    read_cpu_model(tmp_path, cpuinfo=tmp_path / "none", ask=ask)
    (file,) = tmp_path.iterdir()
    good = file.read_text()
    file.write_text(content)
    assert read_cpu_model(tmp_path, cpuinfo=tmp_path / "none", ask=ask).name == "Apple M2"
    assert ask.times == 2
    assert file.read_text() == good


def test_a_cache_that_cannot_be_written_costs_no_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    model = read_cpu_model(tmp_path / "file", cpuinfo=tmp_path / "none", ask=Asked(APPLE))
    assert model.name == "Apple M2"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"brand_raw": None},
        {"brand_raw": "-"},
        ImportError("no cpuinfo"),
        OSError(2, "gone"),
        KeyError("hz"),
        RuntimeError("py-cpuinfo only works on X86 and some ARM, not 'riscv64'"),
    ],
)
def test_a_machine_that_nothing_names_still_has_a_name(
    tmp_path: Path, answer: Mapping[str, object] | Exception
) -> None:
    model = read_cpu_model(tmp_path / "cache", cpuinfo=tmp_path / "none", ask=Asked(answer))
    assert model.name.startswith("unknown CPU")
    assert not (tmp_path / "cache").exists()


def test_this_machine_has_a_name() -> None:
    assert read_cpu_model().name
