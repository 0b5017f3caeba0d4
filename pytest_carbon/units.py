"""Units: conversions, and figures that a person can read.

Raw numbers carry their unit in their name: ``_j`` joules, ``_s`` seconds, ``_g`` grams of
CO2e, ``_g_per_kwh`` carbon intensity.
"""

from __future__ import annotations

import math

__all__ = [
    "JOULES_PER_KWH",
    "NS_PER_S",
    "emissions_g",
    "format_change",
    "format_duration",
    "format_emissions",
    "format_energy",
    "three_digits",
]

JOULES_PER_KWH = 3_600_000.0
NS_PER_S = 1_000_000_000

_PREFIXES = ((1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))


def emissions_g(energy_j: float, intensity_g_per_kwh: float) -> float:
    """Grams of CO2e: energy times carbon intensity (C × E)."""
    return energy_j / JOULES_PER_KWH * intensity_g_per_kwh


def three_digits(value: float) -> str:
    """``value`` with three significant digits and without an exponent."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    # Rounded first: 0.9999 has its first digit elsewhere than 1.00.
    rounded = float(f"{value:.2e}")
    decimals = max(0, 2 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:.{decimals}f}"


def _with_prefix(value: float, unit: str) -> str:
    if value == 0:
        return f"0 {unit}"
    if not math.isfinite(value):
        return "unknown"
    for factor, prefix in _PREFIXES:
        # 0.9995 rounds up to the next prefix's "1.00", so that no figure reads "1000 mJ".
        if abs(value) >= 0.9995 * factor:
            return f"{three_digits(value / factor)} {prefix}{unit}"
    return f"{three_digits(value / 1e-9)} n{unit}"


def format_energy(energy_j: float | None) -> str:
    """Energy for people: ``1.23 mJ``, ``45.6 J``; ``unknown`` for ``None``."""
    return "unknown" if energy_j is None else _with_prefix(energy_j, "J")


def format_emissions(grams: float | None) -> str:
    """Emissions for people: ``12.3 µg``, ``4.56 mg``, ``1.20 kg``; ``unknown`` for ``None``."""
    return "unknown" if grams is None else _with_prefix(grams, "g")


def format_duration(seconds: float | None) -> str:
    """A duration for people: ``1.23 ms``, ``4.56 s``, ``2 min 03 s``."""
    if seconds is None:
        return "unknown"
    if seconds < 100:
        return _with_prefix(seconds, "s")
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def format_change(ratio: float) -> str:
    """A ratio ``now / before`` as a signed change: ``+18 %``, ``-3.2 %``."""
    percent = (ratio - 1) * 100
    digits = 0 if abs(percent) >= 9.95 else 1
    return f"{percent:+.{digits}f} %"
