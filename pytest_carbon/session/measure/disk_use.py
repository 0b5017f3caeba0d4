"""What tests write to disks, and the kernel's part in what that costs."""

from __future__ import annotations

from pytest_carbon.record import NamedTuple

try:
    from resource import (  # type: ignore[attr-defined, unused-ignore]
        RUSAGE_CHILDREN,
        RUSAGE_SELF,
        getrusage,
    )
except ImportError:  # Windows
    _getrusage = None
else:
    _getrusage = getrusage

__all__ = ["DiskUse"]

# Two ticks of the clock that tells the kernel's time from the program's; the rounds of a refresh
# even out how little that says.
LEAST_S = 0.01


class DiskUse(NamedTuple):
    """What this process and its ended children have used, up to now or between two instants.

    ``blocks_written`` are of 512 bytes, and counted when a page is changed that has to go to a
    disk: files in memory do not count, and neither do files that only children still running
    write.
    """

    kernel_s: float = 0.0
    cpu_s: float = 0.0
    blocks_written: int = 0

    @classmethod
    def now(cls) -> DiskUse:
        """All zero on Windows, which has no such counters."""
        if _getrusage is None:
            return cls()
        both = [_getrusage(RUSAGE_SELF), _getrusage(RUSAGE_CHILDREN)]
        return cls(
            sum(usage.ru_stime for usage in both),
            sum(usage.ru_stime + usage.ru_utime for usage in both),
            sum(usage.ru_oublock for usage in both),
        )

    def since(self, before: DiskUse) -> DiskUse:
        """What was used since ``before``."""
        return DiskUse(
            self.kernel_s - before.kernel_s,
            self.cpu_s - before.cpu_s,
            self.blocks_written - before.blocks_written,
        )

    @property
    def kernel_share(self) -> float | None:
        """The kernel's part of the CPU time of what wrote to a disk; ``None`` for what did not.

        Linux splits CPU time by what its ticks, 4 ms apart, hit: of too little, nothing is known.
        """
        if self.cpu_s < LEAST_S or not self.blocks_written:
            return None
        return self.kernel_s / self.cpu_s
