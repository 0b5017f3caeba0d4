"""What is stored for one subject: a few numbers that a reviewer can read."""

from __future__ import annotations

from pytest_carbon.record import NamedTuple

__all__ = ["Entry", "Spread", "short_entry"]


class Spread(NamedTuple):
    """A summary of samples: their centre in joules, and how far they lie apart.

    ``sd_log`` is the standard deviation of the samples' natural logarithms (0.1 is about 10 %), on
    which a few of them far out have little weight, ``None`` where a single sample says nothing
    about it. ``samples`` counts the samples, ``processes`` the fresh processes they came from.
    """

    centre_j: float
    sd_log: float | None = None
    samples: int = 1
    processes: int = 1


class Entry(NamedTuple):
    """The baseline of one subject in one environment.

    ``first`` summarises the subject's first runs, one in each session. ``look`` summarises its
    runs in looks: fresh processes that run chosen tests more than once, of which the first run
    does not count. The two are never mixed. ``cpu_s`` and ``wall_s`` are the centre's, for people.
    ``sensitivity`` says how much CPU time follows the core's speed (``None``: not known),
    ``raw`` summarises the first runs without the correction for speed, and ``anchor_j`` is the
    energy against which slow creep is held. ``body`` is a digest of a test's code, by which it
    is recognised after it was renamed or moved. ``disk_share`` is the part of its CPU time that
    the kernel took (0 to 1), ``None`` where it writes to no disk or that is not known, and
    ``blocks_written`` what one run writes there, in blocks of 512 bytes.

    ``is_short`` marks a test below the floor, which is gated as a part of its file's sum: its
    two centres and its body are kept, and nothing else.
    """

    first: Spread
    look: Spread | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0
    raw: Spread | None = None
    sensitivity: float | None = None
    anchor_j: float | None = None
    body: str | None = None
    disk_share: float | None = None
    blocks_written: float | None = None
    is_short: bool = False


def short_entry(first_j: float, look_j: float | None = None, body: str | None = None) -> Entry:
    """The entry of a test below the floor, from the centres of its runs in joules."""
    return Entry(
        first=Spread(centre_j=first_j),
        look=None if look_j is None else Spread(centre_j=look_j),
        body=body,
        is_short=True,
    )
