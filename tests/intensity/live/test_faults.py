"""Whatever a server does, a run goes on with the next source, says so once, and keeps its token."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.live.cache import CachedSource
from pytest_carbon.intensity.live.chain import ask_in_turn

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_carbon.intensity.intensity import Intensity
    from tests.intensity.live.fake_apis import Fault


def test_the_next_source_answers_and_the_fault_is_named_once(
    fake: Any, fault: Fault, pinned: Intensity
) -> None:
    with fake.FakeApi(fault.answer) as maps, fake.FakeApi(fake.uk()) as uk:
        url = maps.url if fault.answer else fake.unused_url()
        answer = ask_in_turn(
            [fake.maps_at(url, limits=fault.limits), fake.uk_at(uk.url)], "GB", pinned
        )
    assert answer.live
    assert answer.intensity.g_per_kwh == 121
    (line,) = answer.failures
    assert line.startswith("electricity-maps: ")
    assert fault.said in line
    assert len(maps.seen) == fault.requests


def test_the_pinned_figure_stays_when_no_source_answers(
    fake: Any, fault: Fault, pinned: Intensity
) -> None:
    with fake.FakeApi(fault.answer) as maps:
        url = maps.url if fault.answer else fake.unused_url()
        answer = ask_in_turn(
            [fake.maps_at(url, limits=fault.limits), fake.uk_at(fake.unused_url())], "GB", pinned
        )
    assert answer.intensity is pinned
    assert not answer.live
    assert len(answer.failures) == 2


def test_the_token_shows_nowhere(
    fake: Any,
    fault: Fault,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not in a traceback with its chain and local variables, logs, output, or the cache."""
    caplog.set_level("DEBUG")
    with fake.FakeApi(fault.answer) as maps:
        url = maps.url if fault.answer else fake.unused_url()
        source = CachedSource(fake.maps_at(url, limits=fault.limits), tmp_path)
        with pytest.raises(IntensityError) as caught:
            source.fetch("GB")
    if maps.seen:
        assert {request.headers["auth-token"] for request in maps.seen} == {fake.TOKEN}
    chain = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    out, err = capfd.readouterr()
    everything = "".join([*chain.format(chain=True), caplog.text, out, err, written.decode()])
    assert fault.said in everything
    assert fake.TOKEN not in everything


def test_errors_of_libraries_are_not_chained(fake: Any) -> None:
    with pytest.raises(IntensityError) as caught:
        fake.maps_at(fake.unused_url()).fetch("GB")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
