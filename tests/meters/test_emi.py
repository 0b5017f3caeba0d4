"""Windows' Energy Meter Interface: its structures, a device that answers, and its ctypes layer."""

from __future__ import annotations

import ctypes
import struct
from typing import Any

import pytest

from pytest_carbon.meters.check import check_meter
from pytest_carbon.meters.counter_meter import CounterMeter
from pytest_carbon.meters.emi import channel_names, energies_uj, open_emi
from pytest_carbon.meters.emi_device import EmiDevice, Libraries, device_paths, open_devices
from pytest_carbon.meters.meter import Unavailable
from tests.meters.truth import World, all_move, request, worst_error

VERSION, SIZE, METADATA, MEASUREMENT = 0x224000, 0x224004, 0x224008, 0x22400C
J_PER_PWH = 3.6e-9


def wide(text: str, size: int = 0) -> bytes:
    return (text + "\0").encode("utf-16-le").ljust(size, b"\0")


def metadata(*names: str) -> bytes:
    """Version 2: maker, model, revision, number of channels, then the channels."""
    head = wide("Intel", 32) + wide("RAPL", 32) + struct.pack("<HH", 1, len(names))
    channels = [struct.pack("<iH", 0, len(wide(name))) + wide(name) for name in names]
    return head + b"".join(channels)


class Device:
    """Answers the four codes; ``joules`` are the channels', functions of time or numbers."""

    def __init__(self, *names: str, joules: Any = float) -> None:
        self.names, self.joules = names, joules
        self.closed = False
        self.error: OSError | None = None

    def ask(self, code: int, size: int) -> bytes:
        if self.error is not None:
            raise self.error
        if code == VERSION:
            return struct.pack("<H", 2)
        if code == SIZE:
            return struct.pack("<I", len(metadata(*self.names)))
        if code == METADATA:
            return metadata(*self.names)[:size]
        return b"".join(
            struct.pack("<QQ", int(self.joules(at) / J_PER_PWH), 7) for at in range(len(self.names))
        )

    def close(self) -> None:
        self.closed = True


def look(*devices: Device, **world: Any) -> CounterMeter | Unavailable:
    here: dict[str, Any] = {"system": "win32", "sleep": lambda _: None, "moving": all_move}
    return open_emi(request(), **{"find": lambda: (devices, ()), **here, **world})


def opened(*devices: Device, **world: Any) -> CounterMeter:
    found = look(*devices, **world)
    assert isinstance(found, CounterMeter), found
    return found


FULL = ("RAPL_Package0_PKG", "RAPL_Package0_PP0", "RAPL_Package0_DRAM", "RAPL_Package0_Core3_CORE")


def test_packages_and_their_memory_are_read_and_what_they_hold_is_not() -> None:
    meter = opened(Device(*FULL))
    assert meter.domains == ("package-0", "dram-0")
    assert meter.covers == ("cpu", "memory")


def test_it_follows_a_package_whose_energy_is_known() -> None:
    world = World()
    device = Device(*FULL, joules=lambda at: world.refreshed_j(0.001) * (1 if at == 0 else 0.1))
    meter = opened(device, clock_s=world.clock_s)
    assert worst_error(world, meter.read) < 0.01


def test_several_devices_are_put_together() -> None:
    first = Device("RAPL_Package0_PKG", joules=lambda _: 3.0)
    second = Device("RAPL_Package1_PKG", joules=lambda _: 5.0)
    assert opened(second, first).domains == ("package-0", "package-1")


def test_dies_that_mirror_one_package_count_once() -> None:
    names = ("RAPL_Package0_PKG", "RAPL_Package1_PKG", "RAPL_Package1_DRAM")
    meter = opened(Device(*names, joules=lambda at: (4.0, 4.0, 9.0)[at]))
    assert meter.domains == ("package-0",)


def test_a_machine_without_a_meter_of_its_processor_is_no_news() -> None:
    for devices in ((), (Device("Battery"),)):
        found = look(*devices)
        assert isinstance(found, Unavailable)
        assert found.silent
        assert all(device.closed for device in devices)


def test_another_system_is_no_news() -> None:
    found = look(system="linux")
    assert isinstance(found, Unavailable)
    assert found.silent


def test_a_device_that_refuses_is_told_and_closed() -> None:
    device = Device(*FULL)
    device.error = OSError(5, "access denied")
    found = look(device)
    assert isinstance(found, Unavailable)
    assert "access denied" in found.reason
    assert device.closed


def test_a_right_that_is_lost_in_a_run_is_an_error_and_no_zero() -> None:
    device = Device(*FULL)
    meter = opened(device)
    device.error = OSError(5, "access denied")
    with pytest.raises(OSError, match="access denied"):
        meter.read()


def test_counters_that_stand_still_are_not_believed() -> None:
    found = look(Device(*FULL), moving=lambda read: (False,) * len(read()))
    assert isinstance(found, Unavailable)
    assert "stand still" in found.reason


def test_a_counter_that_starts_anew_is_an_error() -> None:
    joules = [50.0]
    meter = opened(Device("RAPL_Package0_PKG", joules=lambda _: joules[0]))
    joules[0] = 1.0
    with pytest.raises(OSError, match="it went back"):
        meter.read()


def test_the_first_version_of_the_metadata_is_understood() -> None:
    name = wide("RAPL_Package0_PKG")
    data = struct.pack("<i", 0) + b"\0" * 66 + struct.pack("<H", len(name)) + name
    assert channel_names(1, data) == ["RAPL_Package0_PKG"]


@pytest.mark.parametrize("cut", [0, 10, 66, 70, 75, 90])
def test_metadata_that_ends_early_is_an_error(cut: int) -> None:
    with pytest.raises(ValueError, match="the metadata ends"):
        channel_names(2, metadata(*FULL)[:cut])


def test_picowatt_hours_are_joules() -> None:
    one_wh = struct.pack("<QQ", 10**12, 0)
    assert energies_uj(one_wh, 1) == [3_600_000_000]
    with pytest.raises(OSError, match="8 bytes for 1 channels"):
        energies_uj(b"12345678", 1)


def test_it_keeps_every_promise_of_a_meter() -> None:
    joules = [5.0]
    device = Device(*FULL, joules=lambda at: joules[0] * (1 + at))

    def spend() -> None:
        joules[0] += 0.5

    check_meter(opened(device), spend)
    assert device.closed


def test_a_device_that_does_not_answer_is_left_out_and_closed() -> None:
    broken = Device("RAPL_Package1_PKG")
    broken.error = OSError(31, "the device does not work")
    meter = opened(Device(*FULL), broken)
    assert (meter.domains, meter.name) == (("package-0", "dram-0"), "emi-without-device-1")
    assert "device-1 left out: [Errno 31] the device does not work" in meter.description
    assert broken.closed


def test_a_device_that_cannot_be_opened_is_left_out() -> None:
    found = look(find=lambda: ([Device(*FULL)], ["access denied"]))
    assert isinstance(found, CounterMeter)
    assert "device-1 left out: access denied" in found.description


def test_a_device_of_something_else_is_closed_and_asked_no_more() -> None:
    battery = Device("Battery")
    meter = opened(battery, Device(*FULL))
    assert battery.closed
    battery.error = OSError(5, "gone")
    assert meter.read() == (0, 0)
    assert meter.name == "emi"


def test_a_package_that_two_devices_tell_counts_once() -> None:
    meter = opened(Device(*FULL, joules=lambda _: 3.0), Device(*FULL, joules=lambda _: 3.0))
    assert meter.domains == ("package-0", "dram-0")


def test_metadata_of_an_absurd_size_are_not_asked_for() -> None:
    device = Device(*FULL)
    asked: list[int] = []

    def ask(code: int, size: int) -> bytes:
        asked.append(size)
        return b"\xff\xff\xff\xff" if code == SIZE else Device.ask(device, code, size)

    device.ask = ask  # type: ignore[method-assign]
    found = look(device)
    assert isinstance(found, Unavailable)
    assert "4,294,967,295 bytes" in found.reason
    assert max(asked) == 4


def test_a_device_that_vanishes_in_a_run_is_an_error_and_no_zero() -> None:
    device = Device(*FULL)
    meter = opened(device)
    device.names = ()
    with pytest.raises(OSError, match="0 bytes for 4 channels"):
        meter.read()


class FakeWindows:
    """The two libraries, with one device at each of some paths."""

    def __init__(self, *paths: str) -> None:
        self._list = "".join(f"{path}\0" for path in paths) + "\0"
        self.device = Device(*FULL)
        self.handles: list[int] = []
        self.status = 0
        self.opens = True
        self.CreateFileW = _Function(self._open)

    def CM_Get_Device_Interface_List_SizeW(  # noqa: N802
        self, size: Any, guid: Any, _id: object, _flags: int
    ) -> int:
        assert guid.raw.hex() == "4483bd45d67ecf49a440c276c933b053"
        size._obj.value = len(self._list)
        return self.status

    def CM_Get_Device_Interface_ListW(  # noqa: N802
        self, _guid: object, _id: object, text: Any, _size: object, _flags: int
    ) -> int:
        data = self._list.encode("utf-16-le")
        ctypes.memmove(text, data, len(data))
        return self.status

    def _open(self, path: Any, *_: object) -> int | None:
        assert path.value.startswith("\\\\?\\")
        if not self.opens:
            return ctypes.c_void_p(-1).value
        self.handles.append(len(self.handles) + 1)
        return self.handles[-1]

    def DeviceIoControl(  # noqa: N802
        self,
        _handle: object,
        code: Any,
        _in: object,
        _n: object,
        out: Any,
        size: Any,
        came: Any,
        _o: object,
    ) -> int:
        answer = self.device.ask(code.value, size.value)
        if len(answer) > size.value:
            return 0
        ctypes.memmove(out, answer, len(answer))
        came._obj.value = len(answer)
        return 1

    def CloseHandle(self, handle: Any) -> int:  # noqa: N802
        self.handles.remove(handle.value)
        return 1


class _Function:
    """A function of a library, to which ctypes lets one set the type of its result."""

    restype: Any = None

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)


PATH = "\\\\?\\ACPI#PNP0001#{45bd8344}"


def test_devices_are_found_asked_and_closed() -> None:
    windows = FakeWindows(PATH, PATH + "2")
    libraries = Libraries(windows, windows)
    assert device_paths(libraries) == [PATH, PATH + "2"]
    devices, refused = open_devices(libraries)
    assert refused == []
    assert devices[0].ask(VERSION, 2) == b"\2\0"
    for device in devices:
        device.close()
        device.close()
    assert windows.handles == []


def test_the_meter_reads_through_that_layer() -> None:
    windows = FakeWindows(PATH)
    meter = opened(*open_devices(Libraries(windows, windows))[0])  # type: ignore[arg-type]
    assert meter.domains == ("package-0", "dram-0")
    meter.close()
    assert windows.handles == []


def test_a_machine_without_devices_has_an_empty_list() -> None:
    windows = FakeWindows()
    assert device_paths(Libraries(windows, windows)) == []


def test_what_cannot_be_listed_or_opened_is_an_error() -> None:
    windows = FakeWindows(PATH)
    libraries = Libraries(windows, windows)
    windows.opens = False
    with pytest.raises(OSError, match="cannot be opened"):
        EmiDevice(PATH, libraries)
    windows.status = 13
    with pytest.raises(OSError, match="has no size"):
        device_paths(libraries)


def test_a_device_that_cannot_be_opened_takes_no_other_along() -> None:
    windows = FakeWindows(PATH, PATH + "2")
    opened_first = windows._open
    windows.CreateFileW = _Function(
        lambda path, *rest: None if path.value.endswith("2") else opened_first(path, *rest)
    )
    devices, refused = open_devices(Libraries(windows, windows))
    assert len(devices) == 1
    assert [text.endswith("2 cannot be opened") for text in refused] == [True]


def test_an_answer_that_is_refused_is_an_error() -> None:
    windows = FakeWindows(PATH)
    device = EmiDevice(PATH, Libraries(windows, windows))
    with pytest.raises(OSError, match="0x22400c was refused"):
        device.ask(MEASUREMENT, 1)
