"""NVIDIA GPUs through NVML, by the module ``pynvml`` of the distribution nvidia-ml-py."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_carbon.measurement import DomainEnergy, Method
from pytest_carbon.meters.meter import Unavailable
from pytest_carbon.meters.nvml_devices import visible_devices
from pytest_carbon.meters.nvml_library import no_driver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_carbon.measurement import Usage

__all__ = ["Gpu", "NvmlMeter", "open_nvml"]

# NVML gives millijoules and milliwatts; times are in nanoseconds, counters in microjoules.
_UJ_PER_MJ = 1_000
_MW_NS_PER_UJ = 1_000_000
_MICRO = 1e-6
_MILLI = 1e-3

_BROKEN_REMEDY = (
    "run nvidia-smi to see what is wrong; after a driver update, reboot or reload the nvidia "
    "kernel module; or leave GPUs out with --carbon-meters=rapl or --carbon-meters=model"
)


@dataclass(slots=True)
class Gpu:
    """A board: its index, NVML's handle, and what it can tell.

    ``counts`` says whether it has an energy counter; else its power is integrated. ``idle_w``
    is what it draws at rest, ``None`` where it was busy when asked.
    """

    index: int
    handle: Any
    counts: bool
    idle_w: float | None
    split: bool
    total_mw_ns: int = 0
    last_mw: int = 0
    last_ns: int = 0


class NvmlMeter:
    """Whole boards: whatever else runs on a GPU is in the figures.

    A counter is read where the board has one (Volta and later, refreshed every 20 to 100 ms);
    else power is integrated over the times of ``read``, which must then come often.
    """

    name = "nvml"
    method = Method.MEASURED

    def __init__(
        self,
        nvml: Any,
        gpus: Sequence[Gpu],
        *,
        sample_interval_s: float,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        notes: Sequence[str] = (),
    ) -> None:
        self._nvml = nvml
        self._gpus = list(gpus)
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._open = True
        self.domains = tuple(f"gpu-{gpu.index}" for gpu in self._gpus)
        self.poll_s = None if all(gpu.counts for gpu in self._gpus) else sample_interval_s
        self.description = _describe(self._gpus, sample_interval_s, notes)
        for gpu in self._gpus:
            if not gpu.counts:
                gpu.last_mw = nvml.nvmlDeviceGetPowerUsage(gpu.handle)
                gpu.last_ns = clock_ns()

    def read(self) -> tuple[int, ...]:
        """Microjoules, per board. Raises ``OSError`` where a board is lost."""
        _finish_kernels()
        with self._lock:
            try:
                return tuple([self._read_gpu(gpu) for gpu in self._gpus])
            except self._nvml.NVMLError as error:
                raise OSError(errno.ENODEV, f"NVML: {error}") from error

    def _read_gpu(self, gpu: Gpu) -> int:
        if gpu.counts:
            return int(self._nvml.nvmlDeviceGetTotalEnergyConsumption(gpu.handle)) * _UJ_PER_MJ
        power_mw = int(self._nvml.nvmlDeviceGetPowerUsage(gpu.handle))
        now_ns = self._clock_ns()
        gpu.total_mw_ns += (gpu.last_mw + power_mw) * (now_ns - gpu.last_ns) // 2
        gpu.last_mw, gpu.last_ns = power_mw, now_ns
        return gpu.total_mw_ns // _MW_NS_PER_UJ

    def energy(
        self, usage: Usage, start: tuple[int, ...], end: tuple[int, ...]
    ) -> tuple[DomainEnergy, ...]:
        """What each board drew above its rest, and this process's share of the rest."""
        energies = []
        for gpu, before_uj, after_uj in zip(self._gpus, start, end, strict=True):
            total_j = (after_uj - before_uj) * _MICRO
            dynamic_j = max(0.0, total_j - (gpu.idle_w or 0.0) * usage.wall_s)
            idle_j = (total_j - dynamic_j) * usage.host_share
            energies.append(DomainEnergy(f"gpu-{gpu.index}", dynamic_j, idle_j, self.method))
        return tuple(energies)

    def close(self) -> None:
        """Leave NVML; may be called twice."""
        if self._open:
            self._open = False
            _shut_down(self._nvml)


def _describe(gpus: Sequence[Gpu], interval_s: float, notes: Sequence[str]) -> str:
    names = ", ".join(f"gpu-{gpu.index}" for gpu in gpus)
    parts = [f"NVML, whole boards: {names}"]
    powers = [f"gpu-{gpu.index}" for gpu in gpus if not gpu.counts]
    if powers:
        parts.append(f"power of {', '.join(powers)} every {interval_s:g} s")
    for gpu in gpus:
        rest = "idle draw unknown" if gpu.idle_w is None else f"{gpu.idle_w:.0f} W idle"
        parts.append(f"gpu-{gpu.index} {rest}")
        if gpu.split:
            parts.append(f"gpu-{gpu.index} is split (MIG): all its instances together")
    return "; ".join([*parts, *notes])


def _finish_kernels() -> None:
    """Wait for the GPU work that PyTorch has queued, so that it falls before the reading.

    Only where a test has imported it and uses CUDA, and only from the main thread: a wait
    from the sampler's thread could break the capture of a CUDA graph.
    """
    torch = sys.modules.get("torch")
    if torch is None or threading.current_thread() is not threading.main_thread():
        return
    cuda = getattr(torch, "cuda", None)
    try:
        if cuda is not None and cuda.is_initialized():
            cuda.synchronize()
    except (AttributeError, RuntimeError):
        return  # half imported, or a kernel has failed: the test's own next call tells


def _shut_down(nvml: Any) -> None:
    try:
        nvml.nvmlShutdown()
    except nvml.NVMLError:
        return  # the driver has gone before us


def _import_pynvml() -> Any:
    with warnings.catch_warnings():
        # The deprecated distribution of this name says so on every import.
        warnings.simplefilter("ignore")
        import pynvml

    return pynvml


def _power_mw(nvml: Any, handle: Any) -> int | None:
    try:
        return int(nvml.nvmlDeviceGetPowerUsage(handle))
    except nvml.NVMLError:
        return None


def _has_counter(nvml: Any, handle: Any) -> bool:
    try:
        nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except nvml.NVMLError:
        return False
    return True


def _is_split(nvml: Any, handle: Any) -> bool:
    try:
        return bool(nvml.nvmlDeviceGetMigMode(handle)[0])
    except nvml.NVMLError:
        return False


def _idle_w(nvml: Any, handle: Any, power_mw: int | None) -> float | None:
    """The draw at rest: the present one, if nothing runs."""
    try:
        busy = nvml.nvmlDeviceGetUtilizationRates(handle).gpu > 0
    except nvml.NVMLError:
        return None
    return None if busy or power_mw is None else power_mw * _MILLI


def _look_at(nvml: Any, index: int, handle: Any) -> Gpu | None:
    """What a board can tell, ``None`` where it tells neither energy nor power."""
    counts = _has_counter(nvml, handle)
    power_mw = _power_mw(nvml, handle)
    if not counts and power_mw is None:
        return None
    return Gpu(
        index=index,
        handle=handle,
        counts=counts,
        idle_w=_idle_w(nvml, handle, power_mw),
        split=_is_split(nvml, handle),
    )


def _refuse(reason: str, remedy: str = "", *, silent: bool = False) -> Unavailable:
    return Unavailable(meter="nvml", reason=reason, remedy=remedy, silent=silent)


def open_nvml(
    nvml: Any = None,
    *,
    environ: Mapping[str, str] = os.environ,
    sample_interval_s: float = 0.1,
    clock_ns: Callable[[], int] = time.monotonic_ns,
) -> NvmlMeter | Unavailable:
    """The meter over the GPUs that CUDA may use, or why there is none.

    No driver is silent, a driver that does not work is not.
    """
    if nvml is None:
        try:
            nvml = _import_pynvml()
        except ImportError as error:
            return _refuse(str(error), "pip install nvidia-ml-py", silent=True)
    try:
        nvml.nvmlInit()
    except (nvml.NVMLError_LibraryNotFound, nvml.NVMLError_DriverNotLoaded) as error:
        return no_driver(str(error))
    except nvml.NVMLError as error:
        return _refuse(f"the NVIDIA driver does not work: {error}", _BROKEN_REMEDY)
    meter = _open_devices(nvml, environ, sample_interval_s, clock_ns)
    if isinstance(meter, Unavailable):
        _shut_down(nvml)
    return meter


def _open_devices(
    nvml: Any,
    environ: Mapping[str, str],
    sample_interval_s: float,
    clock_ns: Callable[[], int],
) -> NvmlMeter | Unavailable:
    try:
        devices = visible_devices(nvml, environ)
        if not devices:
            return _refuse(
                "no GPU, or none that CUDA_VISIBLE_DEVICES leaves visible",
                "set CUDA_VISIBLE_DEVICES to the GPUs that the tests use, or unset it",
                silent=True,
            )
        looks = [(index, _look_at(nvml, index, handle)) for index, handle in devices]
        gpus = [gpu for _, gpu in looks if gpu is not None]
        dumb = ", ".join(f"gpu-{index}" for index, gpu in looks if gpu is None)
        if not gpus:
            return _refuse(
                f"{dumb} tells neither energy nor power (as virtual GPUs and some laptops do)",
                "leave GPUs out with --carbon-meters=rapl or --carbon-meters=model",
            )
        notes = [f"{dumb} left out: neither energy nor power"] if dumb else []
        return NvmlMeter(
            nvml, gpus, sample_interval_s=sample_interval_s, clock_ns=clock_ns, notes=notes
        )
    except nvml.NVMLError as error:
        return _refuse(f"the NVIDIA driver does not work: {error}", _BROKEN_REMEDY)
