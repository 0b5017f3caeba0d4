"""Waits for GPU work that a framework has queued, so that it falls before a reading.

Only frameworks that a test has imported and that use a GPU already are asked; we import none, and
start none: what would make a context on a GPU, or compile something, is left alone.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from pytest_carbon.system import System

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["finish_gpu_work"]


def _torch(torch: Any) -> None:
    cuda = torch.cuda
    # A wait would break the capture of a CUDA graph.
    if cuda.is_initialized() and not cuda.is_current_stream_capturing():
        current = cuda.current_device()
        for device in range(cuda.device_count()):
            # On a GPU that nobody uses a wait would take memory for a context.
            if device == current or cuda.memory_reserved(device) > 0:
                cuda.synchronize(device)
    xpu = getattr(torch, "xpu", None)
    if xpu is not None and xpu.is_initialized():
        xpu.synchronize()
    mps = getattr(getattr(torch, "backends", None), "mps", None)
    if mps is not None and mps.is_available() and torch.mps.current_allocated_memory() > 0:
        torch.mps.synchronize()


def _jax(jax: Any) -> None:
    bridge = sys.modules.get("jax._src.xla_bridge")
    if bridge is None or not bridge.backends_are_initialized():
        return
    for array in jax.live_arrays():
        if not array.is_deleted():
            array.block_until_ready()
    jax.effects_barrier()


def _cupy(cupy: Any) -> None:
    if cupy.get_default_memory_pool().total_bytes() > 0:
        cupy.cuda.runtime.deviceSynchronize()


def _tensorflow(tensorflow: Any) -> None:
    context = getattr(sys.modules.get("tensorflow.python.eager.context"), "_context", None)
    if context is not None and context._initialized:  # noqa: SLF001 - the public way starts it
        tensorflow.test.experimental.sync_devices()


_FRAMEWORKS: tuple[tuple[str, Callable[[Any], None]], ...] = (
    ("torch", _torch),
    ("jax", _jax),
    ("cupy", _cupy),
    ("tensorflow", _tensorflow),
)


def finish_gpu_work() -> None:
    """Wait until the GPUs are done; nothing in other threads than the main one.

    A framework that is half imported, lacks what is asked for, or whose kernel has failed is
    passed over: the test's own next call tells.
    """
    modules = sys.modules
    found = [(wait, modules[name]) for name, wait in _FRAMEWORKS if modules.get(name) is not None]
    if not found or System.current_thread() is not threading.main_thread():
        return
    for wait, module in found:
        try:
            wait(module)
        except Exception:  # noqa: BLE001, PERF203, S112 - a framework's fault is the test's affair
            continue
