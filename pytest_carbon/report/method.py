"""How figures came about, in a few words; ``-v`` and ``pytest-carbon doctor`` say all of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.intensity.accounting import Accounting
    from pytest_carbon.result.facts import HostFacts

__all__ = ["host_text", "short_intensity", "short_method"]

_MODEL = re.compile(r"model of (.+?): ([\d.]+) W per busy hardware thread")
_TRADE_MARKS = re.compile(r"\((?:R|TM)\)|\bCPU\b|\bProcessor\b|\d+-Core\b|@.*", re.IGNORECASE)


def short_method(meters: Sequence[str]) -> str:
    """``modelled, AMD EPYC, 1.54 W/thread`` or ``measured, RAPL counters package-0``.

    ``meters`` are their descriptions. The model of memory is left out: it has an idle part only.
    """
    words = []
    for description in meters:
        found = _MODEL.match(description)
        if found is not None:
            name = " ".join(_TRADE_MARKS.sub(" ", found[1]).split())
            words.append(f"modelled, {name}, {found[2]} W/thread")
        elif not description.startswith("model:"):
            head = description.partition(";")[0]
            words.append(f"measured, {head}")
    return "; ".join(words) or "; ".join(meters)


def host_text(host: HostFacts) -> str:
    """A host, with all that says how its figures came about."""
    facts = [f"{host.name}: environment {host.environment.fingerprint}", *host.meters, host.clock]
    return "; ".join([*facts, host.baselines])


def short_intensity(accounting: Accounting) -> str:
    """The carbon intensity that counted in reports, and its place."""
    i = accounting.intensity
    live = ", live" if accounting.live is not None else ""
    return f"{i.g_per_kwh:g} gCO2e/kWh ({i.zone}{live})"
