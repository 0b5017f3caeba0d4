"""A baselines file: all that is stored for one environment, and what the file is called."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_carbon.baseline.entry import Entry
    from pytest_carbon.environment import Environment
    from pytest_carbon.intensity.intensity import Intensity
    from pytest_carbon.measurement import Subject

__all__ = ["BaselineFile", "file_name", "is_file_name"]

# Words of a processor's brand string that tell two processors no further apart.
_NOISE = re.compile(r"\((?:r|tm)\)|\b(?:cpu|processor|\d+-core)\b|@.*")
_SYMBOLS = re.compile(r"[^a-z0-9.]+")
_NAME = re.compile(r".+-[0-9a-f]{12}\.json")


class BaselineFile(NamedTuple):
    """The baselines of one environment.

    ``intensity`` is pinned: it turns the stored joules, and budgets in grams, into each other
    until someone changes it. ``reference_ns`` is the speed probe's time on a core at full
    speed, to which stored joules are corrected; ``None`` where no probe is used.
    """

    environment: Environment
    intensity: Intensity
    reference_ns: float | None = None
    entries: Mapping[Subject, Entry] = MappingProxyType({})

    def with_entries(self, entries: Mapping[Subject, Entry]) -> BaselineFile:
        """The same header over other entries."""
        return self._replace(entries=entries)


def _slug(text: str) -> str:
    return _SYMBOLS.sub("-", text.lower()).strip("-.")


def file_name(environment: Environment) -> str:
    """The file of an environment: a part for people, and the fingerprint that decides.

    ``linux-cpython3.11-amd-epyc-7b13-2cpu-model-0123456789ab.json``
    """
    cpu = _slug(_NOISE.sub(" ", environment.cpu_model.lower()))[:40].strip("-.") or "cpu"
    parts = [
        _slug(environment.os)[:20],
        _slug(environment.python).replace("-", "")[:20],
        cpu,
        f"{environment.cpu_count}cpu",
        _slug(environment.meter)[:20],
    ]
    if environment.tracing != "off":
        parts.append(_slug(environment.tracing)[:20])
    return "-".join(part for part in [*parts, environment.fingerprint] if part) + ".json"


def is_file_name(name: str) -> bool:
    """Whether ``name`` is one that ``file_name`` gives: other files are none of our business."""
    return _NAME.fullmatch(name) is not None
