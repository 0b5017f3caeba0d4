"""Embodied emissions: the part of a machine's making that a use of it answers for."""

from __future__ import annotations

import math
import re

from pytest_carbon.errors import SettingError
from pytest_carbon.record import NamedTuple

__all__ = ["CCF_SERVER", "ECO_CI_RUNNER", "Embodied", "parse_embodied"]

HOURS_PER_YEAR = 8760
SECONDS_PER_HOUR = 3600

_LIFESPANS = {"h": SECONDS_PER_HOUR, "y": SECONDS_PER_HOUR * HOURS_PER_YEAR}
_MASSES = {"g": 1.0, "kg": 1000.0, "t": 1e6}
_NUMBER = r"(\d+(?:\.\d+)?)"
_MACHINE = re.compile(rf"{_NUMBER}\s*(g|kg|t)\s*/\s*{_NUMBER}\s*(h|y)")
_SHARE = re.compile(rf"{_NUMBER}\s*/\s*{_NUMBER}")


class Embodied(NamedTuple):
    """A machine's embodied emissions, and the share of it that is reserved.

    The terms are those of SCI (ISO/IEC 21031:2024): ``total_g`` is TE, the emissions of making
    and disposing of the whole machine in gCO2e, ``lifespan_s`` EL, the seconds it is expected to
    serve, ``reserved`` RR and ``resources`` ToR, for example 4 of 128 hardware threads.
    """

    total_g: float
    lifespan_s: float
    reserved: float = 1.0
    resources: float = 1.0
    source: str = "your setting"

    def grams(self, reserved_s: float) -> float:
        """M for ``reserved_s`` seconds (TiR): TE × TiR/EL × RR/ToR, in gCO2e."""
        return self.total_g * (reserved_s / self.lifespan_s) * (self.reserved / self.resources)


ECO_CI_RUNNER = Embodied(
    total_g=1_151_700.0,
    lifespan_s=4.0 * HOURS_PER_YEAR * SECONDS_PER_HOUR,
    reserved=4,
    resources=128,
    source="Eco-CI, EPYC 7763 server",
)
"""A CI runner of 4 virtual CPUs on an EPYC 7763 server of 1,151.7 kg over 4 years: 1.03 g/h."""

CCF_SERVER = Embodied(
    total_g=1_000_000.0,
    lifespan_s=35_040.0 * SECONDS_PER_HOUR,
    source="Cloud Carbon Footprint, base server",
)
"""A whole base server of Cloud Carbon Footprint: 1,000 kg over 35,040 hours."""

_KNOWN = {"eco-ci": ECO_CI_RUNNER, "ccf": CCF_SERVER}


def parse_embodied(setting: str | None) -> Embodied | None:
    """The embodied emissions of a setting; ``None`` for none, which is the default.

    ``1151.7kg/4y*4/128`` is TE/EL*RR/ToR (mass in g, kg or t; lifespan in h or y; the share may
    be left out); ``eco-ci`` and ``ccf`` are the published servers above, and a share may follow:
    ``ccf*2/64``. Raises ``SettingError`` for anything else.
    """
    if setting is None or not setting.strip() or setting.strip().lower() == "none":
        return None
    machine_text, star, share_text = setting.strip().lower().partition("*")
    machine = _machine(machine_text.strip())
    if machine is None:
        raise _unusable(setting, "is no machine")
    if not star:
        return machine
    share = _SHARE.fullmatch(share_text.strip())
    if share is None:
        raise _unusable(setting, "has no share such as 4/128 after the *")
    reserved, resources = float(share[1]), float(share[2])
    if not 0 < reserved <= resources < math.inf:
        raise _unusable(setting, "reserves more than there is, or nothing")
    return Embodied(
        total_g=machine.total_g,
        lifespan_s=machine.lifespan_s,
        reserved=reserved,
        resources=resources,
        source=machine.source,
    )


def _machine(text: str) -> Embodied | None:
    match = _MACHINE.fullmatch(text)
    if match is None:
        return _KNOWN.get(text)
    total_g = float(match[1]) * _MASSES[match[2]]
    lifespan_s = float(match[3]) * _LIFESPANS[match[4]]
    if not math.isfinite(total_g) or not 0 < lifespan_s < math.inf:
        return None
    return Embodied(total_g=total_g, lifespan_s=lifespan_s)


def _unusable(setting: str, problem: str) -> SettingError:
    remedy = "write total/lifespan*share, such as 1151.7kg/4y*4/128, or eco-ci, ccf or none"
    return SettingError(f"carbon_embodied={setting} {problem}", remedy=remedy)
