"""Devices of Windows' Energy Meter Interface, by ctypes."""

from __future__ import annotations

import ctypes
from typing import Any

__all__ = ["EmiDevice", "Libraries", "device_paths", "open_devices"]

# GUID_DEVICE_ENERGY_METER, {45BD8344-7ED6-49CF-A440-C276C933B053}
_GUID = bytes.fromhex("4483bd45d67ecf49a440c276c933b053")

_CR_SUCCESS = 0
_PRESENT = 0
_GENERIC_READ = 0x80000000
_SHARE_READ_WRITE = 3
_OPEN_EXISTING = 3
_INVALID_HANDLE = ctypes.c_void_p(-1).value


class Libraries:
    """The two libraries that are called: cfgmgr32 lists devices, kernel32 opens and asks them."""

    def __init__(self, cfgmgr32: Any = None, kernel32: Any = None) -> None:
        load: Any = getattr(ctypes, "WinDLL", None)
        self.cfgmgr32 = cfgmgr32 or load("cfgmgr32")
        self.kernel32 = kernel32 or load("kernel32", use_last_error=True)
        self.kernel32.CreateFileW.restype = ctypes.c_void_p

    def last_error(self) -> int:
        """The number of the last failure."""
        ask: Any = getattr(ctypes, "get_last_error", None)
        return int(ask()) if ask is not None else 0


def device_paths(libraries: Libraries) -> list[str]:
    """The paths of all energy meters; raises ``OSError``."""
    guid = ctypes.create_string_buffer(_GUID, 16)
    size = ctypes.c_ulong(0)
    listing = libraries.cfgmgr32
    status = listing.CM_Get_Device_Interface_List_SizeW(ctypes.byref(size), guid, None, _PRESENT)
    if status != _CR_SUCCESS:
        raise OSError(status, "the list of energy meters has no size")
    if size.value <= 1:
        return []
    # Two bytes a character, wherever this runs.
    text = ctypes.create_string_buffer(2 * size.value)
    status = listing.CM_Get_Device_Interface_ListW(guid, None, text, size, _PRESENT)
    if status != _CR_SUCCESS:
        raise OSError(status, "energy meters cannot be listed")
    return [path for path in text.raw.decode("utf-16-le").split("\0") if path]


class EmiDevice:
    """One device, open for reading. Raises ``OSError`` where it cannot be opened."""

    def __init__(self, path: str, libraries: Libraries) -> None:
        self._libraries = libraries
        self._handle: int | None = libraries.kernel32.CreateFileW(
            ctypes.c_wchar_p(path),
            ctypes.c_ulong(_GENERIC_READ),
            ctypes.c_ulong(_SHARE_READ_WRITE),
            None,
            ctypes.c_ulong(_OPEN_EXISTING),
            ctypes.c_ulong(0),
            None,
        )
        if self._handle in {None, _INVALID_HANDLE}:
            self._handle = None
            raise OSError(libraries.last_error(), f"{path} cannot be opened")

    def ask(self, code: int, size: int) -> bytes:
        """Its answer to a control code, of at most so many bytes; raises ``OSError``."""
        answer = ctypes.create_string_buffer(max(1, size))
        came = ctypes.c_ulong(0)
        done = self._libraries.kernel32.DeviceIoControl(
            ctypes.c_void_p(self._handle),
            ctypes.c_ulong(code),
            None,
            ctypes.c_ulong(0),
            answer,
            ctypes.c_ulong(size),
            ctypes.byref(came),
            None,
        )
        if not done:
            raise OSError(self._libraries.last_error(), f"code {code:#x} was refused")
        return answer.raw[: came.value]

    def close(self) -> None:
        """Close it; may be called twice."""
        if self._handle is not None:
            self._libraries.kernel32.CloseHandle(ctypes.c_void_p(self._handle))
            self._handle = None


def open_devices(libraries: Libraries | None = None) -> tuple[list[EmiDevice], list[str]]:
    """All energy meters of this machine, and why others cannot be opened; raises ``OSError``."""
    libraries = libraries or Libraries()
    opened: list[EmiDevice] = []
    failures: list[str] = []
    for path in device_paths(libraries):
        try:
            opened.append(EmiDevice(path, libraries))
        except OSError as error:  # noqa: PERF203 - others may be open to us
            failures.append(str(error))
    return opened, failures
