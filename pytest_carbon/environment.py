"""The environment: what must match for two measurements to be comparable."""

from __future__ import annotations

import hashlib
import json

from pytest_carbon.record import NamedTuple

__all__ = ["Environment"]


class Environment(NamedTuple):
    """The facts that decide comparability; each is also shown to people.

    ``python`` is implementation and minor version (``cpython-3.11``), ``os`` the system's name,
    ``tracing`` names what slows Python down (``coverage``), or is ``off``.
    """

    cpu_model: str
    cpu_count: int
    meter: str
    clock: str
    speed: str
    python: str
    os: str
    tracing: str

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change when any fact does."""
        text = json.dumps(self._asdict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def differences(self, other: Environment) -> dict[str, tuple[object, object]]:
        """The facts in which two environments differ: name to (mine, other's)."""
        mine, theirs = self._asdict(), other._asdict()
        return {key: (mine[key], theirs[key]) for key in mine if mine[key] != theirs[key]}
