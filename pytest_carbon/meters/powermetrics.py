"""macOS's ``powermetrics``, for Intel Macs and for who names it; needs root by ``sudo -n``.

It prints one property list after the other, each followed by a NUL byte, with millijoules of its
sample (Apple silicon) or joules of the package (Intel). It is never asked for a password: without
a line in sudoers it is not available.
"""

from __future__ import annotations

import contextlib
import errno
import os
import plistlib
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from pytest_carbon.descriptors import close_own, out_of_reach
from pytest_carbon.meters.attribution import HostShare
from pytest_carbon.meters.counter_meter import Channel, CounterMeter
from pytest_carbon.meters.meter import Request, Unavailable
from pytest_carbon.record import NamedTuple
from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["SAMPLE_S", "Stream", "open_powermetrics", "sample_uj"]

NAME = "powermetrics"

SAMPLE_S = 0.1
PATIENCE_S = 5.0
"""How long the first sample may take."""

_MOST_BYTES = 4 << 20
_UJ_PER_J = 1_000_000
_UJ_PER_MJ = 1_000

_OF_CPU = ("cpu", "package-0")

_NOT_HERE = "in a virtual machine macOS tells no energy"
_REMEDY = (
    "permit it without a password, with the line 'NAME ALL = (root) NOPASSWD: "
    "/usr/bin/powermetrics' by sudo visudo; on Apple silicon pip install 'pytest-carbon[apple]' "
    "needs no root"
)


class Sample(NamedTuple):
    """What one property list tells: microjoules by domain, and how long it took."""

    energies_uj: dict[str, int]
    elapsed_s: float


def _figure(values: Any, name: str) -> float | None:
    value = values.get(name) if isinstance(values, dict) else None
    is_figure = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_figure and value >= 0 else None  # type: ignore[arg-type, operator]


def sample_uj(text: bytes) -> Sample | None:
    """What one property list tells, ``None`` where it is none."""
    try:
        told = plistlib.loads(text)
    except Exception:  # noqa: BLE001 - plistlib raises what its parsers raise
        return None
    elapsed_ns = _figure(told, "elapsed_ns")
    if not elapsed_ns:
        return None
    processor = told.get("processor")
    energies: dict[str, int] = {}
    package_j = _figure(processor, "package_joules")
    package_w = _figure(processor, "package_watts")
    if package_j is not None or package_w is not None:
        joules = package_j if package_j is not None else (package_w or 0.0) * elapsed_ns / 1e9
        energies["package-0"] = int(joules * _UJ_PER_J)
    else:
        for domain in ("cpu", "gpu", "ane"):
            energy_mj = _figure(processor, f"{domain}_energy")
            power_mw = _figure(processor, f"{domain}_power")
            if energy_mj is not None:
                energies[domain] = int(energy_mj * _UJ_PER_MJ)
            elif power_mw is not None:
                energies[domain] = int(power_mw * elapsed_ns / 1e6)
    return Sample(energies, elapsed_ns / 1e9) if energies else None


def _shown_name(descriptor: int) -> str:
    """What /proc calls it, to know it again; empty where there is none."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - a string is wanted
    except OSError:
        return ""


class Stream:
    """Adds up the samples of a running ``powermetrics``; raises ``OSError`` where it has ended.

    ``descriptor`` is the reading end of its pipe, which is read without waiting. When a sample
    ended is told by how long all have taken, and by the one that was found soonest after its end.
    """

    def __init__(self, descriptor: int, clock_s: Callable[[], float] = System.monotonic) -> None:
        os.set_blocking(descriptor, False)  # type: ignore[attr-defined, unused-ignore]
        self._descriptor = out_of_reach(descriptor)
        self._name = _shown_name(self._descriptor)
        self._pid = System.getpid()
        self._clock_s = clock_s
        self._began_s = float("inf")
        self._elapsed_s = 0.0
        self._rest = b""
        self._is_over = False
        self.samples = 0
        self.total_uj: dict[str, int] = {}
        self._power_w: dict[str, float] = {}
        self._rise_w_per_s: dict[str, float] = {}
        self._highest_uj: dict[str, int] = {}

    def drain(self) -> None:
        """Take what has come."""
        if self._pid != System.getpid():
            # A forked process would take samples out of the pipe, and both would lack some.
            raise OSError(errno.ECHILD, "a forked process has no powermetrics of its own")
        while not self._is_over:
            try:
                data = os.read(self._descriptor, 1 << 16)
            except BlockingIOError:
                break
            if not data:
                self._is_over = True
            self._rest += data
            *whole, self._rest = self._rest.split(b"\0")
            for text in whole:
                self._take(text)
            if len(self._rest) > _MOST_BYTES:
                self._is_over = True
        if self._is_over:
            raise OSError(errno.EPIPE, "powermetrics has ended")

    def _take(self, text: bytes) -> None:
        sample = sample_uj(text.strip())
        if sample is None:
            raise OSError(errno.EIO, "powermetrics printed something else than its samples")
        if self.samples and sample.energies_uj.keys() != self.total_uj.keys():
            raise OSError(errno.EIO, "powermetrics no longer tells the same parts")
        self.samples += 1
        self._elapsed_s += sample.elapsed_s
        self._began_s = min(self._began_s, self._clock_s() - self._elapsed_s)
        for domain, energy_uj in sample.energies_uj.items():
            self.total_uj[domain] = self.total_uj.get(domain, 0) + energy_uj
            power_w = energy_uj / _UJ_PER_J / sample.elapsed_s
            before_w = self._power_w.get(domain, power_w)
            self._power_w[domain] = power_w
            self._rise_w_per_s[domain] = (power_w - before_w) / sample.elapsed_s
            self._last_s = sample.elapsed_s

    def energy_uj(self, domain: str) -> int:
        """Microjoules until now: by samples, and since the last one by the power that it leads to.

        No more is taken for granted than two samples; the figure never falls.
        """
        age_s = min(self._clock_s() - self._began_s - self._elapsed_s, 2 * self._last_s)
        # A sample's power is that of its middle.
        power_w = self._power_w[domain] + self._rise_w_per_s[domain] * (self._last_s + age_s) / 2
        due_uj = self.total_uj[domain] + int(max(0.0, power_w) * max(0.0, age_s) * _UJ_PER_J)
        self._highest_uj[domain] = max(self._highest_uj.get(domain, 0), due_uj)
        return self._highest_uj[domain]

    def close(self) -> None:
        """Close the pipe, which ends the program at its next sample; may be called twice."""
        if self._descriptor >= 0:
            close_own(self._descriptor, self._name)
            self._descriptor = -1
            self._is_over = True


def _start(interval_s: float) -> tuple[int, Any]:
    """The reading end of its output, and the file with what it says of errors.

    It is nobody's child, so that what it uses is in nobody's figures.
    """
    command = [
        *("sudo", "-n", "powermetrics", "--samplers", "cpu_power,gpu_power"),
        *("-i", str(round(interval_s * 1000)), "-f", "plist"),
    ]
    reading, writing = os.pipe()
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - read when the program has failed
    try:
        subprocess.run(  # noqa: S603 - the program, and words of ours
            ["/bin/sh", "-c", '"$@" </dev/null &', "-", *command],
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=errors,
            start_new_session=True,
            check=True,
            timeout=PATIENCE_S,
        )
    except (OSError, subprocess.SubprocessError):
        os.close(reading)
        errors.close()
        raise
    finally:
        os.close(writing)
    return reading, errors


def _refuse(reason: str, remedy: str = _REMEDY, *, silent: bool = False) -> Unavailable:
    return Unavailable(meter=NAME, reason=reason, remedy=remedy, silent=silent)


def _said(errors: Any) -> str:
    with contextlib.suppress(OSError):
        errors.seek(0)
        lines = errors.read(2000).decode(errors="replace").strip().splitlines()
        return f" ({lines[-1][:200]})" if lines else ""
    return ""


def open_powermetrics(
    request: Request,
    *,
    system: str = sys.platform,
    start: Callable[[float], tuple[int, Any]] = _start,
    patience_s: float = PATIENCE_S,
    sleep: Callable[[float], None] = System.sleep,
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> CounterMeter | Unavailable:
    """The meter over a running ``powermetrics``, or why there is none; it never prompts."""
    if system != "darwin":
        return _refuse("this is not macOS", "it needs macOS", silent=True)
    try:
        descriptor, errors = start(SAMPLE_S)
    except (OSError, subprocess.SubprocessError) as error:
        return _refuse(f"it cannot be started: {error}")
    stream = Stream(descriptor, lambda: clock_ns() / 1e9)
    end_ns = clock_ns() + int(patience_s * 1e9)
    try:
        while not any(stream.total_uj.get(domain) for domain in _OF_CPU):
            stream.drain()
            if clock_ns() > end_ns:
                stream.close()
                if not stream.samples:
                    return _refuse(f"it printed no sample within {patience_s:g} s")
                return _refuse(f"it told no energy of the CPU within {patience_s:g} s", _NOT_HERE)
            sleep(0.01)
    except OSError as error:
        stream.close()
        return _refuse(f"{error.strerror}{_said(errors)}")
    finally:
        errors.close()
    return _meter(request, stream, clock_ns)


def _meter(request: Request, stream: Stream, clock_ns: Callable[[], int]) -> CounterMeter:
    domains = list(stream.total_uj)

    def read_uj() -> Sequence[int]:
        stream.drain()
        return [stream.energy_uj(domain) for domain in domains]

    share = HostShare.of(request)
    return CounterMeter(
        NAME,
        [Channel(domain, "cpu" if domain in _OF_CPU else "gpu:apple") for domain in domains],
        read_uj,
        description=f"powermetrics every {SAMPLE_S:g} s: {', '.join(domains)}; {share.words}",
        interval_s=SAMPLE_S,
        share=share,
        poll_s=SAMPLE_S / 5,
        release=stream.close,
        clock_s=lambda: clock_ns() / 1e9,
    )
