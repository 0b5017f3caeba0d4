"""The worked example of a third party's meter: a smart plug over HTTP, found as a package is."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.meters.check import check_meter
from pytest_carbon.meters.meter import Unavailable
from tests.meters.truth import World, request, worst_error

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[1] / "examples" / "smart_plug" / "carbon_plug.py"


class Plug:
    """Answers as a Shelly does, with the power of an invented machine."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.status, self.body = 200, ""
        plug = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = {"id": 0, "output": True, "apower": plug.world.power_w}
                body = plug.body or json.dumps(answer)
                found = self.path == "/rpc/Switch.GetStatus?id=0"
                self.send_response(plug.status if found else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plug]:
    one = Plug(World(mean_w=80, swing_w=0))
    monkeypatch.setenv("CARBON_PLUG", one.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield one
    one.close()


@pytest.fixture
def example(plug: Plug, monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location("carbon_plug", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.time, "monotonic", plug.world.clock_s)
    monkeypatch.setattr(module.time, "monotonic_ns", plug.world.clock_ns)
    return module


def test_it_follows_a_machine_whose_energy_is_known(plug: Plug, example: Any) -> None:
    meter = example.open_plug(request())
    assert meter.covers == ("machine",)
    assert worst_error(plug.world, meter.read, poll_s=meter.poll_s) < 0.01
    meter.close()


def test_it_keeps_every_promise_of_a_meter(plug: Plug, example: Any) -> None:
    check_meter(example.open_plug(request()), lambda: plug.world.sleep(2))


def test_a_plug_that_is_pulled_out_in_a_run_is_an_error_and_no_zero(
    plug: Plug, example: Any
) -> None:
    meter = example.open_plug(request())
    plug.status = 503
    plug.world.sleep(2)
    with pytest.raises(OSError, match="503"):
        meter.read()


@pytest.mark.parametrize("body", ["<html>", "{}", '{"apower": "much"}'])
def test_what_is_no_plug_is_told(plug: Plug, example: Any, body: str) -> None:
    plug.body = body
    found = example.open_plug(request())
    assert isinstance(found, Unavailable)
    assert "does not answer like a Shelly" in found.reason


def install(folder: Path) -> None:
    """As pip installs the example."""
    (folder / "carbon_plug.py").write_text(EXAMPLE.read_text())
    info = folder / "carbon_plug-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: carbon-plug\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pytest_carbon.meters]\nplug = carbon_plug:open_plug\n")


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    install(pytester.path)
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    pytester.makepyfile("def test_it(): sum(range(1_000_000))")
    return pytester


def run(suite: pytest.Pytester, *options: str) -> pytest.RunResult:
    return suite.run(sys.executable, "-m", "pytest", "--carbon", *options)


def test_a_run_is_measured_by_the_plug_that_is_installed(
    suite: pytest.Pytester, plug: Plug
) -> None:
    assert plug.url
    result = run(suite, "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*carbon: smart plug at http://127.0.0.1:*", "*1 passed*"])


def test_a_run_goes_on_without_a_plug_that_does_not_answer_and_says_so_once(
    suite: pytest.Pytester, plug: Plug
) -> None:
    plug.status = 500
    result = run(suite, "-q")
    assert result.ret == 0
    said = [line for line in result.outlines if "no plug:" in line]
    assert len(said) == 1
    assert "500" in said[0]


def test_a_plug_that_was_asked_for_and_does_not_answer_ends_the_run_before_any_test(
    suite: pytest.Pytester, plug: Plug
) -> None:
    plug.status = 500
    result = run(suite, "--carbon-meters=plug")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--carbon-meters=plug: plug cannot be used here*500*"])
