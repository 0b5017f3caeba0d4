"""Work that a framework has queued on a GPU is waited for; nothing is imported or started."""

from __future__ import annotations

import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from pytest_carbon.meters.frameworks import finish_gpu_work


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts invented modules where imported ones are."""
    for name in ("torch", "jax", "jax._src.xla_bridge", "cupy", "tensorflow"):
        monkeypatch.delitem(sys.modules, name, raising=False)

    def put(name: str, **attributes: object) -> None:
        module = ModuleType(name)
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, name, module)

    return put


class Torch:
    def __init__(self, **state: Any) -> None:
        self.waited: list[int] = []
        self.state = {"initialized": True, "capturing": False, "reserved": [1, 0, 1], **state}

    @property
    def cuda(self) -> SimpleNamespace:
        return SimpleNamespace(
            is_initialized=lambda: self.state["initialized"],
            is_current_stream_capturing=lambda: self.state["capturing"],
            current_device=lambda: 0,
            device_count=lambda: 3,
            memory_reserved=lambda device: self.state["reserved"][device],
            synchronize=self.waited.append,
        )


def test_gpus_that_pytorch_uses_are_waited_for(put: Any) -> None:
    torch = Torch()
    put("torch", cuda=torch.cuda)
    finish_gpu_work()
    assert torch.waited == [0, 2], "a wait on the GPU that nobody uses would take memory there"


@pytest.mark.parametrize("state", [{"initialized": False}, {"capturing": True}])
def test_pytorch_is_left_alone_where_a_wait_would_change_something(
    put: Any, state: dict[str, bool]
) -> None:
    torch = Torch(**state)
    put("torch", cuda=torch.cuda)
    finish_gpu_work()
    assert torch.waited == []


def test_nothing_is_waited_for_in_another_thread(put: Any) -> None:
    torch = Torch()
    put("torch", cuda=torch.cuda)
    thread = threading.Thread(target=finish_gpu_work)
    thread.start()
    thread.join()
    assert torch.waited == []


@pytest.mark.parametrize("started", [True, False])
def test_jax_arrays_are_waited_for_once_it_has_started(put: Any, started: bool) -> None:
    waited: list[str] = []

    def array(name: str, *, deleted: bool) -> SimpleNamespace:
        return SimpleNamespace(
            is_deleted=lambda: deleted, block_until_ready=lambda: waited.append(name)
        )

    arrays = [array("kept", deleted=False), array("donated", deleted=True)]
    put("jax", live_arrays=lambda: arrays, effects_barrier=lambda: waited.append("effects"))
    put("jax._src.xla_bridge", backends_are_initialized=lambda: started)
    finish_gpu_work()
    assert waited == (["kept", "effects"] if started else [])


@pytest.mark.parametrize(("used_bytes", "waits"), [(1 << 20, 1), (0, 0)])
def test_cupy_is_waited_for_where_it_uses_a_gpu(put: Any, used_bytes: int, waits: int) -> None:
    waited: list[None] = []
    runtime = SimpleNamespace(deviceSynchronize=lambda: waited.append(None))
    put(
        "cupy",
        cuda=SimpleNamespace(runtime=runtime),
        get_default_memory_pool=lambda: SimpleNamespace(total_bytes=lambda: used_bytes),
    )
    finish_gpu_work()
    assert len(waited) == waits


@pytest.mark.parametrize("started", [True, False])
def test_tensorflow_is_waited_for_once_it_has_started(
    put: Any, monkeypatch: pytest.MonkeyPatch, started: bool
) -> None:
    waited: list[None] = []
    experimental = SimpleNamespace(sync_devices=lambda: waited.append(None))
    put("tensorflow", test=SimpleNamespace(experimental=experimental))
    context = ModuleType("context")
    context._context = SimpleNamespace(_initialized=started)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorflow.python.eager.context", context)
    finish_gpu_work()
    assert len(waited) == started


def test_a_framework_that_is_half_imported_or_fails_is_passed_over(put: Any) -> None:
    def fail() -> None:
        raise RuntimeError("CUDA error: device-side assert triggered")

    waited: list[None] = []
    put("torch")
    put("jax", live_arrays=fail)
    put("jax._src.xla_bridge", backends_are_initialized=lambda: True)
    runtime = SimpleNamespace(deviceSynchronize=lambda: waited.append(None))
    pool = SimpleNamespace(total_bytes=lambda: 1)
    put(
        "cupy",
        cuda=SimpleNamespace(runtime=runtime),
        get_default_memory_pool=lambda: pool,
    )
    finish_gpu_work()
    assert waited == [None]


def test_frameworks_that_were_not_imported_stay_so(put: Any) -> None:
    assert put
    finish_gpu_work()
    assert not {"torch", "jax", "cupy", "tensorflow"} & sys.modules.keys()
