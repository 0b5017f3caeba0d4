"""Linux's ``perf_event_open``, which glibc does not wrap.

Constants: ``linux/perf_event.h`` and each architecture's system call table.
"""

from __future__ import annotations

import errno
import os
import struct

__all__ = ["open_perf_event"]

_ATTR_SIZE_VER0 = 64
_INHERIT = 1 << 1
# Without the right to watch the kernel this is demanded; the task clock counts the same.
_EXCLUDE_KERNEL = 1 << 5
_PERF_FLAG_FD_CLOEXEC = 1 << 3
_ANY_CPU = -1
_ALL_PROCESSES = -1
_NO_GROUP = -1

# The number of perf_event_open, by machine and width of a pointer in this process.
_SYSCALL = {
    ("x86_64", 8): 298,
    ("x86_64", 4): 336,
    ("i686", 4): 336,
    ("aarch64", 8): 241,
    ("aarch64", 4): 364,
    ("armv7l", 4): 364,
    ("riscv64", 8): 241,
    ("loongarch64", 8): 241,
    ("ppc64le", 8): 319,
    ("s390x", 8): 331,
}


def open_perf_event(
    kind: int, config: int, thread_id: int = _ALL_PROCESSES, flags: int = 0, *, cpu: int = _ANY_CPU
) -> int:
    """A file descriptor that counts an event in a thread and in all that it will start.

    With ``cpu`` and no thread it counts what that CPU's counter counts, whoever runs there: the
    unit of hardware that it stands for, such as a package. ``flags`` are further bits of the
    attributes. Raises ``OSError`` where the kernel refuses, ``ENOSYS`` where its call is not known.
    """
    import ctypes

    attributes = struct.pack(
        "IIQQQQQ16x",
        kind,
        _ATTR_SIZE_VER0,
        config,
        0,  # no sampling
        0,
        0,  # a read gives the bare count
        flags if cpu != _ANY_CPU else _INHERIT | _EXCLUDE_KERNEL | flags,
    )

    number = _SYSCALL.get((os.uname().machine, struct.calcsize("P")))  # type: ignore[attr-defined, unused-ignore]
    if number is None:
        raise OSError(errno.ENOSYS, f"perf_event_open is not known on {os.uname().machine}")  # type: ignore[attr-defined, unused-ignore]
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    # Variadic arguments travel as longs: a bare int would leave the upper half undefined.
    as_long = ctypes.c_long
    descriptor = syscall(
        as_long(number),
        attributes,
        as_long(thread_id),
        as_long(cpu),
        as_long(_NO_GROUP),
        as_long(_PERF_FLAG_FD_CLOEXEC),
    )
    if descriptor < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(descriptor)
