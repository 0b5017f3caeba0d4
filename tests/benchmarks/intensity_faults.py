"""Print what happens to a run for every fault of a live source: ``python FILE``.

The fault is Electricity Maps', played on loopback; the next source is the UK's API, which works.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "intensity" / "live")]

import fake_apis as fake  # noqa: E402
from tabulate import tabulate  # noqa: E402

from pytest_carbon.intensity.intensity import Intensity  # noqa: E402
from pytest_carbon.intensity.live.cache import CachedSource  # noqa: E402
from pytest_carbon.intensity.live.chain import ask_in_turn  # noqa: E402

PINNED = Intensity(g_per_kwh=216, zone="GBR", source="Ember", period="2024", reason="default")


def outcome(fault: fake.Fault) -> tuple[str, int, str, str, str]:
    """The fault's row: requests, what is said, what two askers get, and whether a secret leaked."""
    with (
        tempfile.TemporaryDirectory() as folder,
        fake.FakeApi(fault.answer or fake.says("")) as maps,
        fake.FakeApi(fake.uk()) as uk,
    ):
        url = maps.url if fault.answer else fake.unused_url()
        sources = [
            CachedSource(fake.maps_at(url, limits=fault.limits), Path(folder)),
            CachedSource(fake.uk_at(uk.url), Path(folder)),
        ]
        # The second asker is another process of the host: it finds the failure in the cache.
        answers = [ask_in_turn(sources, "GB", PINNED) for _ in range(2)]
        kept = b"".join(path.read_bytes() for path in Path(folder).iterdir()).decode()
    assert answers[0] == answers[1]
    said = "; ".join(answers[0].failures)
    used = answers[0].intensity
    leaked = fake.TOKEN in f"{answers}{kept}"
    shown = f"{used.g_per_kwh:g} g/kWh, {used.source}"
    return fault.name, len(maps.seen), said, shown, "LEAKED" if leaked else "kept"


def main() -> int:
    """Print the table of faults and outcomes; 1 where a run would have ended or told its secret."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ.pop(name, None)
        os.environ.pop(name.lower(), None)
    headers = ["fault", "requests", "said once", "used", "token"]
    rows = [outcome(fault) for fault in fake.FAULTS]
    sys.stdout.write(
        tabulate(rows, headers, tablefmt="simple", maxcolwidths=[None, None, 60, None, None]) + "\n"
    )
    good = [row for row in rows if row[3].startswith("121 g/kWh") and row[4] == "kept"]
    sys.stdout.write(f"{len(good)} of {len(rows)} faults: the next source answered, token kept\n")
    return 0 if len(good) == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
