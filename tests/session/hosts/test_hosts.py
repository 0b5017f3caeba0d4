"""Workers on other hosts: measured there, judged by that host's baselines, and told apart."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import execnet
import pytest

from pytest_carbon.history.store import History
from pytest_carbon.measurement import Kind
from pytest_carbon.resultfile.file import read_result
from tests.session.hosts.conftest import OtherHost

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_carbon.result.run import RunResult

    Run = Callable[..., pytest.RunResult]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0 or shutil.which("unshare") is None,
    reason="a host of another name and CPU on this machine needs Linux, root and unshare",
)

# Read anew by each process, as modules of a socket server's process stay loaded between runs.
SUITE = """
import platform
from pathlib import Path
from burn import burn

def test_slow():
    costs = Path({costs!r}).read_text().splitlines()
    burn(dict((name, float(cost)) for name, cost in map(str.split, costs))[platform.node()])

def test_same(): burn(0.03)
"""
INI = """
[pytest]
addopts = {addopts}
carbon_speed = off
filterwarnings = ignore:The --rsyncdir command line argument:DeprecationWarning
"""


class Project:
    """A project that is carried to other hosts, where ``costs`` says what a test takes there."""

    def __init__(self, path: Path, carbon: Run) -> None:
        self.path = path
        self._carbon = carbon
        self._costs = path.parent / "costs"
        tests = path / "tests"
        tests.mkdir()
        # Other hosts know this project's files, and not this process's environment.
        (path / "burn.py").rename(tests / "burn.py")
        (tests / "pytest.ini").write_text(INI.format(addopts=os.environ["PYTEST_ADDOPTS"]))
        (tests / "test_it.py").write_text(SUITE.format(costs=str(self._costs)))
        self.tests = tests

    def costs(self, **costs: float) -> None:
        lines = [f"{name.replace('_', '-')} {cost}" for name, cost in costs.items()]
        self._costs.write_text("\n".join(lines))

    def run(self, *args: str, hosts: list[OtherHost]) -> pytest.RunResult:
        workers = [argument for host in hosts for argument in ("--tx", host.tx)]
        return self._carbon(
            "--dist=each",
            *workers,
            f"--rsyncdir={self.tests}",
            "--carbon-report=json:run.json",
            # Not below what is carried to the hosts: they have to be told.
            "--carbon-baselines=../stored",
            *args,
            str(self.tests),
        )

    @property
    def result(self) -> RunResult:
        return read_result(self.path / "run.json")

    def verdicts(self) -> dict[tuple[str, str], str]:
        """The last run's verdicts, by host and test."""
        return {
            (s.host, s.subject.id.partition("::")[2]): s.verdict.outcome.value
            for s in self.result.of(Kind.TEST)
            if s.verdict is not None
        }


@pytest.fixture
def project(pytester: pytest.Pytester, carbon: Run) -> Project:
    return Project(pytester.path, carbon)


def test_looks_there_heed_what_only_this_environment_says(
    project: Project, socket_hosts: Callable[..., OtherHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = socket_hosts("with-socket")
    project.costs(with_socket=0.03)
    monkeypatch.setenv("PYTEST_CARBON_SPEED", "edges")
    run = project.run("--carbon-update=all", hosts=[host])
    run.assert_outcomes(passed=2)
    run.stdout.fnmatch_lines(["*measuring 2 tests again in a fresh process on with-socket"])
    run.stdout.no_fnmatch_line("*the speed is probed otherwise there*")
    [file] = (project.path / "stored").iterdir()
    stored = json.loads(file.read_text())
    assert stored["environment"]["speed"].startswith("edges")
    assert all(entry["look"] for entry in stored["test"].values())


def test_the_test_fails_on_the_host_where_it_regressed(
    project: Project, ssh_host: OtherHost, socket_hosts: Callable[..., OtherHost]
) -> None:
    hosts = [ssh_host, socket_hosts("with-socket")]
    project.costs(with_ssh=0.03, with_socket=0.1)
    project.run("--carbon-update=all", hosts=hosts).assert_outcomes(passed=4)
    files = [json.loads(file.read_text()) for file in (project.path / "stored").iterdir()]
    stored = {file["environment"]["cpu_model"]: len(file["test"]) for file in files}
    assert stored == {
        "AMD EPYC 7742 64-Core Processor": 2,
        "AMD EPYC 9654 96-Core Processor of with-socket": 2,
    }
    # What is a rise on one of them is what the other one always took.
    project.costs(with_ssh=0.1, with_socket=0.1)
    gated = project.run("--junitxml=junit.xml", "--carbon-history=runs.db", hosts=hosts)
    gated.assert_outcomes(passed=3, failed=1)
    gated.stdout.fnmatch_lines(
        [
            "carbon: measuring 1 test again in a fresh process on with-ssh *",
            "host      with-ssh",
            "why       * fresh processes confirm it",
            "accept    pytest --carbon --carbon-update=all *::test_slow, with the same --tx",
            "  on with-socket: 2 tests, *; modelled, AMD EPYC 9654 *; * (2 stored *",
            "  on with-ssh: 2 tests, *; modelled, AMD EPYC 7742, *; * (2 stored *",
            "*::test_slow (on with-ssh) *",
            "regressed: *::test_slow (on with-ssh): *",
        ]
    )
    assert project.verdicts() == {
        ("with-ssh", "test_slow"): "regressed",
        ("with-ssh", "test_same"): "ok",
        ("with-socket", "test_slow"): "ok",
        ("with-socket", "test_same"): "ok",
    }
    failed = {
        case.find("properties/property[@name='carbon.host']").get("value")  # type: ignore[union-attr]
        for case in ET.parse(project.path / "junit.xml").iter("testcase")
        if case.find("failure") is not None
    }
    assert failed == {"with-ssh"}
    kept = History(project.path / "runs.db").runs()
    assert len({run.fingerprint for run in kept}) == 2


def test_what_is_set_here_counts_on_other_hosts_too(
    project: Project, socket_hosts: Callable[..., OtherHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = socket_hosts("one")
    project.costs(one=0.03)
    monkeypatch.setenv("PYTEST_CARBON_FLOOR", "40mJ")
    done = project.run(hosts=[one])
    done.assert_outcomes(passed=2)
    result = project.result
    assert [host.name for host in result.hosts] == ["one"]
    assert result.environment == result.hosts[0].environment
    assert result.floor_j == 0.04
    assert {subject.host for subject in result.of(Kind.TEST)} == {"one"}


def test_a_worker_of_this_host_beside_another_one(
    project: Project, socket_hosts: Callable[..., OtherHost]
) -> None:
    here = platform.node()
    (project.path.parent / "costs").write_text(f"one 0.03\n{here} 0.03\n")
    other = socket_hosts("one")
    done = project.run(hosts=[OtherHost("popen", here, project.path), other])
    done.assert_outcomes(passed=4)
    result = project.result
    assert [host.name for host in result.hosts] == [here, "one"]
    assert {s.host for s in result.subjects} == {here, "one"}
    assert {s.host for s in result.of(Kind.TEST)} == {here, "one"}
    local, elsewhere = result.by_environment()
    assert local.environment != elsewhere.environment
    assert len(local.of(Kind.TEST)) == len(elsewhere.of(Kind.TEST)) == 2


def test_a_host_without_pytest_carbon_ends_the_run_before_any_test(
    project: Project, socket_hosts: Callable[..., OtherHost], tmp_path: Path
) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "execnet").symlink_to(Path(execnet.__file__).parent)
    done = project.run(hosts=[socket_hosts("bare", "-S")])
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    (said,) = [line for line in done.errlines if line.startswith("ERROR: ")]
    assert said.startswith("ERROR: pytest-carbon is not installed at 127.0.0.1:")
    assert "-m pip install pytest-carbon==" in said
    assert "INTERNALERROR" not in done.stdout.str()


def test_a_host_with_another_version_ends_the_run_before_any_test(
    project: Project, socket_hosts: Callable[..., OtherHost], tmp_path: Path
) -> None:
    info = tmp_path / "old" / "pytest_carbon-0.0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-carbon\nVersion: 0.0.1\n")
    done = project.run(hosts=[socket_hosts("old")])
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    (said,) = [line for line in done.errlines if line.startswith("ERROR: ")]
    assert said.startswith("ERROR: pytest-carbon is 0.0.1 at 127.0.0.1:")


def test_a_host_that_cannot_measure_ends_the_run_with_its_own_error(
    project: Project, socket_hosts: Callable[..., OtherHost]
) -> None:
    """It would be replaced time and again."""
    host = socket_hosts("broken", PYTEST_CARBON_POWERCAP="nowhere")
    done = project.run(hosts=[host])
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    (said,) = [line for line in done.errlines if line.startswith("ERROR: ")]
    assert said.startswith("ERROR: pytest-carbon on broken: --carbon-powercap=")
    assert "nowhere: no RAPL package zone is there" in said
