"""What a package needs that brings a meter of its own: ``docs/how-to/meter.md`` tells how."""

from __future__ import annotations

from pytest_carbon.measurement import DomainEnergy, Method, Usage
from pytest_carbon.meters.attribution import HostShare
from pytest_carbon.meters.check import check_meter
from pytest_carbon.meters.counter_meter import Channel, CounterMeter
from pytest_carbon.meters.meter import Meter, Request, Unavailable
from pytest_carbon.meters.power import CompletedCounter, PowerSum

__all__ = [
    "Channel",
    "CompletedCounter",
    "CounterMeter",
    "DomainEnergy",
    "HostShare",
    "Meter",
    "Method",
    "PowerSum",
    "Request",
    "Unavailable",
    "Usage",
    "check_meter",
]
