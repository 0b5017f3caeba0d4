"""What every live source is: a name, and the intensity of a zone at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pytest_carbon.errors import IntensityError

if TYPE_CHECKING:
    from pytest_carbon.intensity.intensity import Intensity

__all__ = ["IntensitySource", "NotCovered"]


class NotCovered(IntensityError):  # noqa: N818  # not a fault: the next source is asked in silence
    """A source that has no figures for the zone that was asked for."""


@runtime_checkable
class IntensitySource(Protocol):
    """A live source of carbon intensity.

    A third party adds one by an entry point of the group ``pytest_carbon.intensity`` that names
    a function of no arguments which returns a source.
    """

    @property
    def name(self) -> str:
        """A short name for messages and for the cache: ``electricity-maps``."""

    def fetch(self, zone: str) -> Intensity:
        """The intensity of ``zone`` now: an ISO 3166 alpha-2 or 3166-2 code, or a grid's own code.

        May use the network; is called by one process of a host at a time. Raises ``NotCovered``
        for a zone it has nothing on, ``IntensityError`` or ``OSError`` for every other failure,
        in words without secrets.
        """
