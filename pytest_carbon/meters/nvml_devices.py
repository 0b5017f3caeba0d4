"""Which GPUs CUDA may use: what ``CUDA_VISIBLE_DEVICES`` leaves visible.

Its form: the CUDA programming guide, chapter on environment variables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["visible_devices"]


def visible_devices(nvml: Any, environ: Mapping[str, str]) -> list[tuple[int, Any]]:
    """NVML's index and handle of each visible board, each board once, in NVML's order.

    Indices are taken in the order of the bus; CUDA's default order, fastest first, differs only
    where models are mixed and ``CUDA_DEVICE_ORDER=PCI_BUS_ID`` is not set. As in CUDA, the first
    entry that names no GPU ends the list. Raises ``NVMLError`` where the driver does not work.
    """
    boards = [
        (index, nvml.nvmlDeviceGetHandleByIndex(index))
        for index in range(nvml.nvmlDeviceGetCount())
    ]
    setting = environ.get("CUDA_VISIBLE_DEVICES")
    if setting is None:
        return boards
    uuids = {index: str(nvml.nvmlDeviceGetUUID(handle)) for index, handle in boards}
    chosen: set[int] = set()
    for entry in setting.split(","):
        index = _board(nvml, entry.strip(), uuids)
        if index is None:
            break
        chosen.add(index)
    return [board for board in boards if board[0] in chosen]


def _board(nvml: Any, entry: str, uuids: Mapping[int, str]) -> int | None:
    """The index of the board that an entry names: a number, a UUID or its start, a MIG instance."""
    if entry.isascii() and entry.isdigit():
        return int(entry) if int(entry) in uuids else None
    if entry.startswith("MIG-"):
        entry = _parent_uuid(nvml, entry)
    if not entry.startswith("GPU-"):
        return None
    found = [index for index, uuid in uuids.items() if uuid.startswith(entry)]
    return found[0] if len(found) == 1 else None


def _parent_uuid(nvml: Any, instance: str) -> str:
    """The UUID of the board that a MIG instance is a part of, empty where there is none."""
    if instance.startswith("MIG-GPU-"):  # the older form: MIG-GPU-<uuid>/<instance>/<part>
        return instance.removeprefix("MIG-").partition("/")[0]
    try:
        part = nvml.nvmlDeviceGetHandleByUUID(instance)
        board = nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(part)
        return str(nvml.nvmlDeviceGetUUID(board))
    except nvml.NVMLError:
        return ""
