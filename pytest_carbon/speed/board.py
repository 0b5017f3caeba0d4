"""The page of shared memory between the test's process and the helper.

Each side writes its own part. The helper's part carries a number at both ends: written last to
first and read first to last, equal numbers mean that no write came in between. A reader that
meets a write tries again.

The helper imports this module: it needs nothing but ``struct``.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap

__all__ = [
    "BOARD_BYTES",
    "LOSS_AFFINITY",
    "LOSS_NONE",
    "LOSS_PROC",
    "Board",
    "HelperRow",
]

BOARD_BYTES = 4096

LOSS_NONE, LOSS_AFFINITY, LOSS_PROC = range(3)

# Number, weight, inverse sum [1/ns], last probe [ns], probes, heartbeat [ns], CPU [ns], loss,
# number again.
_ROW = struct.Struct("=QdddQQQQQ")
_NUMBER = struct.Struct("=Q")
_TAIL_AT = _ROW.size - _NUMBER.size
_BODY = struct.Struct("=dddQQQQ")
_BODY_AT = _NUMBER.size
# The test's part lies on another cache line, so that the two writers do not slow each other:
# how many edges there were, and whether the helper is to leave.
_WISHES = struct.Struct("=QQ")
_EDGES_AT = 256
_STOP_AT = _EDGES_AT + _NUMBER.size

# weight, inverse_sum, last_ns, probes, heartbeat_ns, cpu_ns, loss
HelperRow = tuple[float, float, float, int, int, int, int]


class Board:
    """Both sides' view of the shared page."""

    __slots__ = ("_edges", "_memory", "_number")

    def __init__(self, memory: mmap | bytearray) -> None:
        self._memory = memory
        self._number = 0
        self._edges = 0

    def write_row(self, row: HelperRow) -> None:
        """Publish the helper's figures."""
        self._number += 1
        memory = self._memory
        _NUMBER.pack_into(memory, _TAIL_AT, self._number)
        _BODY.pack_into(memory, _BODY_AT, *row)
        _NUMBER.pack_into(memory, 0, self._number)

    def read_row(self) -> HelperRow | None:
        """The helper's figures; ``None`` where a write was always in the way."""
        for _ in range(4):
            row = _ROW.unpack_from(self._memory, 0)
            if row[0] == row[8]:
                return row[1:8]
        return None

    def count_edge(self) -> None:
        """Tell the helper that a measurement started or ended."""
        self._edges += 1
        _NUMBER.pack_into(self._memory, _EDGES_AT, self._edges)

    def ask_to_stop(self) -> None:
        """Tell the helper to leave."""
        _NUMBER.pack_into(self._memory, _STOP_AT, 1)

    def read_wishes(self) -> tuple[int, bool]:
        """How many edges the test's process has counted, and whether the helper is to leave."""
        edges, stop = _WISHES.unpack_from(self._memory, _EDGES_AT)
        return edges, bool(stop)
