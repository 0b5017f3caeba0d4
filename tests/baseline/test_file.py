from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_carbon.baseline.file import file_name, is_file_name

if TYPE_CHECKING:
    from pytest_carbon.environment import Environment


@pytest.mark.parametrize(
    ("changes", "readable"),
    [
        ({}, "linux-cpython3.11-amd-epyc-7b13-2cpu-model"),
        (
            {"cpu_model": "Intel(R) Xeon(R) Platinum 8581C CPU @ 2.30GHz", "meter": "rapl+nvml"},
            "linux-cpython3.11-intel-xeon-platinum-8581c-2cpu-rapl-nvml",
        ),
        ({"tracing": "coverage"}, "linux-cpython3.11-amd-epyc-7b13-2cpu-model-coverage"),
        ({"cpu_model": "龙芯/../"}, "linux-cpython3.11-cpu-2cpu-model"),
    ],
)
def test_a_file_is_named_after_its_environment(
    environment: Environment, changes: dict[str, str], readable: str
) -> None:
    changed = environment._replace(**changes)  # type: ignore[arg-type]
    assert file_name(changed) == f"{readable}-{changed.fingerprint}.json"
    assert is_file_name(file_name(changed))


def test_every_fact_changes_the_name(environment: Environment) -> None:
    assert file_name(environment._replace(clock="psutil")) != file_name(environment)


@pytest.mark.parametrize("name", ["README.md", "results.json", "x-0123456789ag.json", ".lock"])
def test_other_files_are_not_taken_for_ours(name: str) -> None:
    assert not is_file_name(name)
