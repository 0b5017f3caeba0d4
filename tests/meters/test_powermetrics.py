"""macOS's powermetrics: its property lists, and a program of that name that misbehaves."""

from __future__ import annotations

import io
import os
import plistlib
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.meters.check import check_meter
from pytest_carbon.meters.counter_meter import CounterMeter
from pytest_carbon.meters.meter import Unavailable
from pytest_carbon.meters.powermetrics import Stream, open_powermetrics, sample_uj
from tests.meters.truth import World, request, worst_error

if sys.platform == "win32":
    pytest.skip("powermetrics is macOS's", allow_module_level=True)

if TYPE_CHECKING:  # type: ignore[unreachable, unused-ignore]
    from pathlib import Path


def plist(elapsed_s: float, **processor: Any) -> bytes:
    told = {"is_delta": True, "elapsed_ns": int(elapsed_s * 1e9), "processor": processor}
    return plistlib.dumps(told)


def test_millijoules_of_apple_silicon_are_taken() -> None:
    sample = sample_uj(plist(0.1, cpu_energy=250, gpu_energy=10, ane_energy=0, cpu_power=9.9))
    assert sample is not None
    assert sample.energies_uj == {"cpu": 250_000, "gpu": 10_000, "ane": 0}


def test_power_stands_in_where_there_is_no_energy() -> None:
    sample = sample_uj(plist(0.5, cpu_power=2000.0))
    assert sample is not None
    assert sample.energies_uj == {"cpu": 1_000_000}


@pytest.mark.parametrize("figures", [{"package_joules": 1.5}, {"package_watts": 15.0}])
def test_an_intel_mac_tells_its_package(figures: dict[str, float]) -> None:
    sample = sample_uj(plist(0.1, **figures))
    assert sample is not None
    assert sample.energies_uj == {"package-0": 1_500_000}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"Password:",
        b"<plist><dict>",
        plistlib.dumps({"processor": {"cpu_energy": 3}}),
        plist(0.1),
        plist(0.1, cpu_energy=-4),
        plist(0.1, cpu_energy="3"),
        plistlib.dumps({"elapsed_ns": 5, "processor": []}),
        plistlib.dumps([1]),
    ],
)
def test_what_is_no_sample_is_none(text: bytes) -> None:
    assert sample_uj(text) is None


class Mac:
    """A powermetrics in a pipe that prints what the world's device has used, when told to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._reading, self._writing = os.pipe()
        self._last_s = world.now_s
        self.errors = b""

    def start(self, interval_s: float) -> tuple[int, io.BytesIO]:
        del interval_s
        return self._reading, io.BytesIO(self.errors)

    def print(self, text: bytes) -> None:
        os.write(self._writing, text)

    def refresh(self) -> None:
        """Print a sample for every tenth of a second that has passed."""
        while self.world.now_s >= self._last_s + 0.1:
            mj = (self.world.energy_j(self._last_s + 0.1) - self.world.energy_j(self._last_s)) * 1e3
            self._last_s += 0.1
            self.print(plist(0.1, cpu_energy=round(mj), gpu_energy=0) + b"\0")

    def sleep(self, seconds: float) -> None:
        self.world.sleep(seconds)
        self.refresh()

    def end(self) -> None:
        os.close(self._writing)


@pytest.fixture
def mac() -> Mac:
    return Mac(World(swing_w=20))


def look(mac: Mac) -> CounterMeter | Unavailable:
    return open_powermetrics(
        request(),
        system="darwin",
        start=mac.start,
        sleep=mac.sleep,
        clock_ns=mac.world.clock_ns,
    )


def opened(mac: Mac) -> CounterMeter:
    found = look(mac)
    assert isinstance(found, CounterMeter), found
    return found


def test_it_follows_a_chip_whose_energy_is_known(mac: Mac) -> None:
    meter = opened(mac)
    assert meter.domains == ("cpu", "gpu")
    # A sample is up to a tenth of a second old, and the power since is taken for the last one's.
    error = worst_error(mac.world, meter.read, poll_s=meter.poll_s, before=mac.refresh)
    assert error < 0.01
    meter.close()


def test_half_a_sample_waits_for_its_other_half(mac: Mac) -> None:
    mac.print(plist(0.1, cpu_energy=5) + b"\0")
    meter = opened(mac)
    before = meter.read()[0]
    text = plist(0.1, cpu_energy=7_000) + b"\0"
    mac.print(text[:40])
    assert meter.read()[0] == before
    mac.print(text[40:])
    mac.world.sleep(1)
    assert meter.read()[0] > before
    meter.close()


def test_a_program_that_ends_in_a_run_is_an_error_and_no_zero(mac: Mac) -> None:
    mac.print(plist(0.1, cpu_energy=5) + b"\0")
    meter = opened(mac)
    mac.end()
    with pytest.raises(OSError, match="powermetrics has ended"):
        meter.read()
    meter.close()


def test_garbage_in_a_run_is_an_error(mac: Mac) -> None:
    mac.print(plist(0.1, cpu_energy=5) + b"\0")
    meter = opened(mac)
    mac.print(b"second underflow occured\0")
    with pytest.raises(OSError, match="something else than its samples"):
        meter.read()
    meter.close()


@pytest.mark.parametrize(
    "sample", [{"cpu_energy": -5}, {"cpu_power": -5.0}, {"gpu_energy": 5}, {"cpu_energy": 10**9}]
)
def test_a_sample_that_cannot_be_is_an_error_and_no_figure(mac: Mac, sample: Any) -> None:
    mac.print(plist(0.1, cpu_energy=5) + b"\0")
    meter = opened(mac)
    mac.print(plist(0.1, **sample) + b"\0")
    mac.world.sleep(0.1)
    with pytest.raises(OSError, match=r"powermetrics|which no hardware draws"):
        meter.read()
    meter.close()


def test_without_the_right_to_sudo_the_line_that_permits_it_is_told(mac: Mac) -> None:
    mac.errors = b"sudo: a password is required\n"
    mac.end()
    found = look(mac)
    assert isinstance(found, Unavailable)
    assert "sudo: a password is required" in found.reason
    assert "NOPASSWD: /usr/bin/powermetrics" in found.remedy


def test_a_program_that_never_prints_is_not_waited_for_for_ever(mac: Mac) -> None:
    mac.refresh = lambda: None  # type: ignore[method-assign, unused-ignore]
    found = look(mac)
    assert isinstance(found, Unavailable)
    assert "no sample within 5 s" in found.reason


def test_a_machine_that_tells_no_energy_of_its_cpu_is_told(mac: Mac) -> None:
    for sample in ({"gpu_energy": 5}, {"gpu_energy": 5}):
        mac.print(plist(0.1, **sample) + b"\0")
    mac.refresh = lambda: None  # type: ignore[method-assign, unused-ignore]
    found = look(mac)
    assert isinstance(found, Unavailable)
    assert "it told no energy of the CPU within 5 s" in found.reason


def test_a_cpu_that_shows_zeros_only_is_not_believed() -> None:
    mac = Mac(World(mean_w=0, swing_w=0))
    found = look(mac)
    assert isinstance(found, Unavailable)
    assert "no energy of the CPU" in found.reason


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_takes_no_sample_away(mac: Mac) -> None:
    meter = opened(mac)
    mac.world.sleep(0.1)
    mac.refresh()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            meter.read()
        except OSError as error:
            code = 0 if "forked process" in str(error) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    before = meter.read()[0]
    mac.sleep(0.5)
    assert meter.read()[0] > before
    meter.close()


def test_the_pipe_is_kept_out_of_the_reach_of_tests(mac: Mac) -> None:
    meter = opened(mac)
    own = os.open(os.devnull, os.O_RDONLY)  # a test's, by the number that the pipe had
    mac.sleep(0.5)
    assert meter.read()[0] > 0
    meter.close()
    os.fstat(own)
    os.close(own)


def test_another_system_is_no_news() -> None:
    found = open_powermetrics(request(), system="linux")
    assert isinstance(found, Unavailable)
    assert found.silent


def test_it_keeps_every_promise_of_a_meter(mac: Mac) -> None:
    meter = opened(mac)
    check_meter(meter, lambda: mac.sleep(0.5))


SUDO = """#!/bin/sh
test "$1" = -n || { printf 'Password:'; read -r answer; exit 1; }
shift
exec "$@"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "sudo").write_text(SUDO)
    (tmp_path / "sudo").chmod(0o755)
    return tmp_path


def install(folder: Path, text: str) -> None:
    (folder / "powermetrics").write_text(text)
    (folder / "powermetrics").chmod(0o755)


def test_the_real_program_is_started_without_a_prompt_and_ends_with_the_meter(
    programs: Path,
) -> None:
    (programs / "sample").write_bytes(plist(0.1, cpu_energy=5) + b"\0")
    install(
        programs,
        f"#!/bin/sh\necho $$ > {programs}/pid\nwhile cat {programs}/sample; do sleep 0.05; done\n",
    )
    found = open_powermetrics(request(), system="darwin")
    assert isinstance(found, CounterMeter), found
    found.read()
    found.close()
    pid = int((programs / "pid").read_text())
    end_s = time.monotonic() + 30
    while _lives(pid):
        assert time.monotonic() < end_s, "it has no reader any more"
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("#!/bin/sh\necho 'sudo: a password is required' >&2; exit 1\n", "a password is required"),
        ("#!/bin/sh\nprintf 'nonsense\\0'\n", "something else than its samples"),
    ],
)
def test_a_program_that_fails_is_told_and_the_run_goes_on(
    programs: Path, text: str, why: str
) -> None:
    install(programs, text)
    found = open_powermetrics(request(), system="darwin")
    assert isinstance(found, Unavailable)
    assert why in found.reason


def test_a_stream_that_never_ends_its_sample_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "endless").write_bytes(b"x" * (5 << 20))
    stream = Stream(os.open(tmp_path / "endless", os.O_RDONLY))
    with pytest.raises(OSError, match="has ended"):
        stream.drain()
    stream.close()
