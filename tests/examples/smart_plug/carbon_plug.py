"""A smart plug as a meter: a Shelly of the second generation, asked by HTTP.

The machine's own power supply hangs on the plug, so that it covers everything. It knows watts, and
watt-hours in steps of 3.6 J: power is integrated from reading to reading.
"""

from __future__ import annotations

import os
import time

import requests

from pytest_carbon.meters.api import (
    Channel,
    CounterMeter,
    HostShare,
    Meter,
    PowerSum,
    Request,
    Unavailable,
)

NAME = "plug"
INTERVAL_S = 1.0


def open_plug(request: Request) -> Meter | Unavailable:
    """Find the plug at ``CARBON_PLUG``, such as ``http://192.168.1.20``."""
    url = os.environ.get("CARBON_PLUG", "").rstrip("/")
    if not url:
        return Unavailable(
            NAME,
            "CARBON_PLUG names no plug",
            "set it to the plug's address, like CARBON_PLUG=http://192.168.1.20",
            silent=not request.is_named,
        )

    last_w, at_s = 0.0, float("-inf")

    def read_w() -> float:
        # The plug has a new figure every second: nothing is asked twice for one.
        nonlocal last_w, at_s
        now_s = time.monotonic()
        if now_s - at_s >= INTERVAL_S:
            last_w, at_s = ask_w(), now_s
        return last_w

    def ask_w() -> float:
        # requests raises subclasses of OSError, which is what a failed reading has to be.
        answer = requests.get(f"{url}/rpc/Switch.GetStatus", params={"id": 0}, timeout=1)
        answer.raise_for_status()
        return float(answer.json()["apower"])

    try:
        power = PowerSum(read_w, time.monotonic_ns)
    except (OSError, KeyError, ValueError) as error:
        return Unavailable(NAME, f"{url} does not answer like a Shelly: {error}", "try its address")
    share = HostShare.of(request)
    return CounterMeter(
        NAME,
        [Channel("machine", "machine")],
        lambda: [power.read_uj()],
        description=f"smart plug at {url}, power every {INTERVAL_S:g} s; {share.words}",
        interval_s=INTERVAL_S,
        share=share,
        poll_s=INTERVAL_S,
    )
