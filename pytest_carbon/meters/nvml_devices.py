"""Which GPUs CUDA may use: what ``CUDA_VISIBLE_DEVICES`` leaves visible.

Its form: the CUDA programming guide, chapter on environment variables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["visible_devices"]


def visible_devices(
    nvml: Any, environ: Mapping[str, str]
) -> tuple[list[tuple[int, Any]], dict[int, str]]:
    """NVML's index and handle of each visible board, each board once, in NVML's order.

    The second part names visible boards that do not answer, and why; boards that are not visible
    are not asked. Indices are taken in the order of the bus; CUDA's default order, fastest first,
    differs only where models are mixed and ``CUDA_DEVICE_ORDER=PCI_BUS_ID`` is not set. As in
    CUDA, the first entry that names no GPU ends the list. Raises ``NVMLError`` where the driver
    does not work.
    """
    count = nvml.nvmlDeviceGetCount()
    chosen = _chosen(nvml, environ.get("CUDA_VISIBLE_DEVICES"), count)
    boards: list[tuple[int, Any]] = []
    lost: dict[int, str] = {}
    for index in sorted(chosen):
        try:
            boards.append((index, nvml.nvmlDeviceGetHandleByIndex(index)))
        except nvml.NVMLError as error:  # noqa: PERF203 - one may be lost, and others not
            lost[index] = str(error)
    return boards, lost


def _chosen(nvml: Any, setting: str | None, count: int) -> set[int]:
    if setting is None:
        return set(range(count))
    chosen: set[int] = set()
    for entry in setting.split(","):
        index = _board(nvml, entry.strip(), count)
        if index is not None:
            chosen.add(index)
            continue
        # It may be one of those that do not answer: to be left out by name.
        lost = _without_uuid(nvml, count) if entry.strip().startswith(("GPU-", "MIG-")) else []
        if not lost:
            break
        chosen.update(lost)
    return chosen


def _without_uuid(nvml: Any, count: int) -> list[int]:
    return [index for index in range(count) if not _uuid(nvml, index)]


def _board(nvml: Any, entry: str, count: int) -> int | None:
    """The index of the board that an entry names: a number, a UUID or its start, a MIG instance."""
    if entry.isascii() and entry.isdigit():
        return int(entry) if int(entry) < count else None
    if entry.startswith("MIG-"):
        entry = _parent_uuid(nvml, entry)
    if not entry.startswith("GPU-"):
        return None
    found = [index for index in range(count) if _uuid(nvml, index).startswith(entry)]
    return found[0] if len(found) == 1 else None


def _uuid(nvml: Any, index: int) -> str:
    """A board's UUID, empty where it does not answer."""
    try:
        return str(nvml.nvmlDeviceGetUUID(nvml.nvmlDeviceGetHandleByIndex(index)))
    except nvml.NVMLError:
        return ""


def _parent_uuid(nvml: Any, instance: str) -> str:
    """The UUID of the board that a MIG instance is a part of, empty where there is none."""
    if instance.startswith("MIG-GPU-"):  # the older form: MIG-GPU-<uuid>/<instance>/<part>
        return instance.removeprefix("MIG-").partition("/")[0]
    try:
        part = nvml.nvmlDeviceGetHandleByUUID(instance)
        board = nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(part)
        return str(nvml.nvmlDeviceGetUUID(board))
    except (nvml.NVMLError, AttributeError):
        return ""
