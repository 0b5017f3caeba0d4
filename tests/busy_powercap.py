"""A powercap tree whose counter follows the CPU time that this machine really spends.

``python busy_powercap.py FOLDER IDLE_W`` runs until it is ended, and refreshes as RAPL does. The
package draws ``BUSY_W`` more for each busy hardware thread, and ``IDLE_W`` for each that there is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BUSY_W", "busy_powercap", "shown_j"]

BUSY_W = 5.0
REFRESH_S = 0.001

# In nanoseconds where there is the first version of control groups; /proc/stat counts in ticks.
_PRECISE = Path("/sys/fs/cgroup/cpuacct/cpuacct.usage")


def _busy_s() -> float:
    if _PRECISE.exists():
        return int(_PRECISE.read_text()) / 1e9
    fields = Path("/proc/stat").read_text().split(None, 8)
    return sum(int(fields[at]) for at in (1, 2, 3, 6, 7)) / os.sysconf("SC_CLK_TCK")  # type: ignore[attr-defined, no-any-return, unused-ignore]


def shown_j(root: Path) -> float:
    """What the counter shows now."""
    return int((root / "intel-rapl:0" / "energy_uj").read_text()) / 1e6


@contextmanager
def busy_powercap(root: Path) -> Iterator[Path]:
    """Keep a tree below ``root`` going in a process of its own.

    What flows at rest is to what flows in work as the model of this CPU says.
    """
    from pytest_carbon.meters.cpu_model import read_cpu_model
    from pytest_carbon.meters.watts import cpu_power

    power = cpu_power(read_cpu_model(root.parent))
    idle_w = BUSY_W * power.min_w / power.slope_w
    zone = root / "intel-rapl:0"
    zone.mkdir(parents=True)
    (zone / "name").write_text("package-0\n")
    (zone / "max_energy_range_uj").write_text(f"{2**62}\n")
    command = [sys.executable, __file__, str(root), str(idle_w)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield root
        finally:
            process.kill()


def _run(root: Path, idle_w: float) -> None:
    # On a busy machine it would have to wait, and its counter stand still.
    with suppress(OSError, AttributeError):
        os.nice(-20)
    threads = os.cpu_count() or 1
    file = os.open(root / "intel-rapl:0" / "energy_uj", os.O_WRONLY | os.O_CREAT)
    start_s, busy_s = time.monotonic(), _busy_s()
    is_known = False
    while True:
        idle_j = idle_w * threads * (time.monotonic() - start_s)
        energy_j = BUSY_W * (_busy_s() - busy_s) + idle_j
        os.pwrite(file, b"%20d\n" % int(energy_j * 1e6), 0)  # type: ignore[attr-defined, unused-ignore]
        if not is_known:
            is_known = True
            print("counts", flush=True)
        time.sleep(REFRESH_S)


if __name__ == "__main__":
    _run(Path(sys.argv[1]), float(sys.argv[2]))
