"""``pytest-carbon doctor``: what is measured here and how, what is not, and what can be seen."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from pytest_carbon.cli.output import say
from pytest_carbon.gate.gated import gated_words
from pytest_carbon.gate.spread import suite_sd
from pytest_carbon.outside.noise import measure_noise
from pytest_carbon.outside.settings import settings_around
from pytest_carbon.record import NamedTuple
from pytest_carbon.session.baselines import Baselines
from pytest_carbon.session.intensity import find_intensity
from pytest_carbon.session.measure.instruments import open_instruments
from pytest_carbon.text import shown
from pytest_carbon.units import format_duration

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_carbon.meters.choose import Look
    from pytest_carbon.outside.noise import Noise
    from pytest_carbon.session.measure.instruments import Instruments
    from pytest_carbon.settings import Settings

__all__ = ["add_parser", "run"]

_WIDTH = 13


class _Missing(NamedTuple):
    """Something that is not measured, why, and what would change that."""

    what: str
    reason: str
    remedy: str


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "doctor",
        help="show what is measured on this machine, what is not, and what the gate can find",
        description="Say what is measured on this machine and how, what is not and what would "
        "change that, how noisy the machine is just now, and which rise the gate can see.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for other programs")
    parser.add_argument(
        "--no-noise", action="store_true", help="skip the noise test, which takes a few seconds"
    )


def run(args: argparse.Namespace) -> int:
    """Print the findings; raises ``CarbonError`` for a setting that cannot be used."""
    settings, config = settings_around()
    # A terminal that waits wants to know what for; what is piped into a file does not.
    if not args.no_noise and not args.json and sys.stderr.isatty():
        sys.stderr.write("repeating the same work for a few seconds ...\n")
    instruments = open_instruments(settings, workers=1)
    try:
        environment = instruments.environment()
        intensity, notes = find_intensity(config, settings, None)
        stored = Baselines(settings, environment, intensity)
        sampler = instruments.sampler
        sampler.reference_ns = stored.reference_ns or sampler.probe.best_ns
        noise = None if args.no_noise else measure_noise(sampler)
    finally:
        instruments.close()
    facts: dict[str, Any] = {
        "environment": environment._asdict() | {"fingerprint": environment.fingerprint},
        "meters": list(instruments.meters),
        "every_meter": [_meter(look, settings) for look in instruments.looks],
        "clock": instruments.clock,
        "intensity": stored.intensity._asdict(),
        "baselines": stored.place,
        "stored_sd": (
            suite_sd(stored.entries.values(), settings.policy.floor_j) if stored.entries else None
        ),
        "gated": gated_words(
            ((s, e.first.centre_j) for s, e in stored.entries.items()), settings.policy.floor_j
        ),
        "not_measured": [item._asdict() for item in _all_missing(instruments)],
        "notes": list(notes),
        "noise": None if noise is None else _noise(noise, settings),
    }
    if args.json:
        print(json.dumps(facts, indent=2))  # noqa: T201 - the command's output
        return 0
    for line in _lines(facts):
        say(line)
    return 0


def _all_missing(instruments: Instruments) -> list[_Missing]:
    """Every meter that is not available, also where its hardware is not there, and other things."""
    refused = [look.unavailable for look in instruments.looks if look.unavailable is not None]
    named = tuple(f"no {one.meter}:" for one in refused)
    others = [line for line in instruments.unavailable if not (named and line.startswith(named))]
    return [
        *(_Missing(one.meter, one.reason, one.remedy) for one in refused),
        *(_Missing("", line, "") for line in others),
    ]


def _meter(look: Look, settings: Settings) -> dict[str, Any]:
    """One kind of meter: what it covers, how, how often, who may, and what became of it."""
    source, meter, refused = look.source, look.meter, look.unavailable
    reason = remedy = ""
    if meter is not None:
        state = "in use"
    elif refused is not None:
        state, reason, remedy = "not available", refused.reason, refused.remedy
    elif settings.meters is not None or not source.by_default:
        state, remedy = "only where it is named", f"--carbon-meters={source.name}"
    else:
        state = "not needed"
        reason = "a better one covers the same"
    return {
        "name": source.name,
        "covers": list(meter.covers if meter else source.covers),
        "domains": list(meter.domains) if meter else [],
        "method": (meter.method if meter else source.method).value,
        "interval_s": meter.interval_s if meter else source.interval_s,
        "systems": source.systems,
        "rights": source.rights,
        "state": state,
        "reason": reason,
        "remedy": remedy,
    }


def _noise(noise: Noise, settings: Settings) -> dict[str, Any]:
    thorough = settings.policy.in_thorough_mode()
    return {
        "raw_sd": noise.raw_sd,
        "sd": noise.sd,
        "work_s": noise.work_s,
        "samples": noise.samples,
        "took_s": noise.took_s,
        "tolerance": settings.policy.tolerance,
        "can_see": noise.can_see(settings.policy),
        "can_see_thorough": noise.can_see(thorough),
        "thorough_tolerance": thorough.tolerance,
    }


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    here = facts["environment"]
    yield "measured here"
    cpus = f"{here['cpu_model']}, {here['cpu_count']} CPUs, {here['os']}, {here['python']}"
    yield _line("environment", f"{here['fingerprint']}: {cpus}")
    for meter in facts["meters"]:
        yield _line("energy", meter)
    yield _line("CPU time", facts["clock"])
    i = facts["intensity"]
    yield _line(
        "intensity",
        f"{i['g_per_kwh']:g} gCO2e/kWh, {i['zone']}, {i['source']} {i['period']} ({i['reason']})",
    )
    yield _line("baselines", facts["baselines"])
    if facts["stored_sd"] is not None:
        yield _line("", f"their spread between runs is {_percent(facts['stored_sd'])}")
    if facts["gated"]:
        yield _line("", facts["gated"])
    yield ""
    yield "meters"
    for meter in facts["every_meter"]:
        yield _line(meter["name"], _meter_words(meter))
    yield ""
    yield "not measured here"
    # One screen is to do: meters of other systems stand in the table above, and in the JSON.
    for item in facts["not_measured"]:
        if item["reason"].startswith("this is not "):
            continue
        yield _line(item["what"], item["reason"])
        if item["remedy"]:
            yield _line("", f"remedy: {item['remedy']}")
    if not facts["not_measured"]:
        yield _line("", "nothing is missing")
    for note in facts["notes"]:
        yield _line("note", note)
    yield ""
    yield from _noise_lines(facts["noise"])


def _meter_words(meter: dict[str, Any]) -> str:
    covers = ", ".join(meter["covers"]) or "what its sensors tell"
    every = format_duration(meter["interval_s"])
    how = f"{meter['method']}, every {every}" if meter["interval_s"] else meter["method"]
    return f"{meter['state']}; {covers}; {how}; {meter['systems']}; rights: {meter['rights']}"


def _noise_lines(noise: dict[str, Any] | None) -> Iterator[str]:
    if noise is None:
        return
    yield (
        f"noise here, just now ({noise['samples']} times {format_duration(noise['work_s'])} of "
        f"equal work in {format_duration(noise['took_s'])})"
    )
    if noise["sd"] is None:
        yield _line("", "unknown: a meter was lost meanwhile")
        return
    yield _line("as counted", f"spread {_percent(noise['raw_sd'])}")
    yield _line("corrected", f"spread {_percent(noise['sd'])}, with the speed of the core")
    modes = [
        ("can see", "can_see", "tolerance", ""),
        ("", "can_see_thorough", "thorough_tolerance", " with --carbon-thorough"),
    ]
    for name, key, tolerance, how in modes:
        yield _line(
            name,
            f"a rise of {_percent(noise[key])} or more of such work, in 95 % of the cases"
            f"{how} (tolerance {_percent(noise[tolerance])})",
        )
    yield _line("", "an estimate from one process; pytest-carbon compare --aa measures it")


def _line(name: str, text: str) -> str:
    return f"  {name:<{_WIDTH}} {shown(text, 600)}"


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"
