"""The live sources' servers, played on loopback as documented, with every fault they may have.

Shared by the tests and by ``tests/benchmarks/intensity_faults.py``.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from pytest_carbon.intensity.live.electricity_maps import HEADER, ElectricityMaps
from pytest_carbon.intensity.live.http import Limits
from pytest_carbon.intensity.live.secret import HeaderToken
from pytest_carbon.intensity.live.uk import UkCarbonIntensity

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

NOW_S = 1_750_000_000.0  # 2025-06-15 15:06:40 UTC
TOKEN = "s3cr3t-t0ken-of-a-user"
PATIENT = Limits(connect_s=10.0, read_s=10.0, total_s=30.0, tries=3, pause_s=0.0)
"""So that a busy machine is not taken for a slow server."""


class Seen(NamedTuple):
    """A request as the server saw it."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    target: str


@dataclass
class FakeApi:
    """A real HTTP server; ``answer`` writes each response and may be exchanged between two."""

    answer: Callable[[BaseHTTPRequestHandler], None]
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list, repr=False)
    released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> FakeApi:  # noqa: PYI034  # Self is not in Python 3.10
        api = self

        class Handler(BaseHTTPRequestHandler):
            api_released = self.released

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                api.seen.append(
                    Seen(self.command, parts.path, parse_qs(parts.query), headers, self.path)
                )
                api.answer(self)

            do_CONNECT = do_PUT = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that went away is what some faults are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        if self.tls is not None:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.server.server_port}"


def says(
    body: str | bytes, status: int = 200, **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer with a whole body."""
    data = body.encode() if isinstance(body, str) else body

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def electricity_maps(**changes: object) -> Callable[[BaseHTTPRequestHandler], None]:
    """Electricity Maps' documented answer for Great Britain, with changes."""
    fields = {
        "zone": "GB",
        "carbonIntensity": 187,
        "datetime": "2025-06-15T15:00:00.000Z",
        "updatedAt": "2025-06-15T14:58:11.000Z",
        "emissionFactorType": "lifecycle",
        "isEstimated": False,
        "estimationMethod": None,
    }
    return says(json.dumps(fields | changes))


def uk(
    actual: object = 121, start: str = "2025-06-15T15:00Z"
) -> Callable[[BaseHTTPRequestHandler], None]:
    """The documented answer of the UK's Carbon Intensity API."""
    intensity = {"forecast": 126, "actual": actual, "index": "moderate"}
    period = {"from": start, "to": "2025-06-15T15:30Z", "intensity": intensity}
    return says(json.dumps({"data": [period]}))


def metadata(cloud: str, region: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """A cloud's metadata service as documented, in ``region``; strict about headers."""
    session = "AQAAANsession=="

    def answer(handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        asked = (cloud, handler.command, handler.path)
        body: object = None
        if asked == ("aws", "PUT", "/latest/api/token"):
            if headers.get("x-aws-ec2-metadata-token-ttl-seconds"):
                says(session)(handler)
                return
        elif asked == ("aws", "GET", "/latest/dynamic/instance-identity/document"):
            if headers.get("x-aws-ec2-metadata-token") == session:
                body = {"accountId": "1", "region": region, "instanceType": "m7i.large"}
        elif asked == ("gcp", "GET", "/computeMetadata/v1/instance/zone?alt=json"):
            if headers.get("metadata-flavor") == "Google":
                body = f"projects/123456/zones/{region}-b"
        elif (
            asked == ("azure", "GET", "/metadata/instance/compute?api-version=2021-02-01")
            and headers.get("metadata") == "true"
        ):
            body = {"location": region, "vmId": "0", "vmSize": "Standard_D2s_v5"}
        if body is None:
            says("{}", 404)(handler)
        else:
            says(json.dumps(body))(handler)

    return answer


def geojs(country: object = "GB") -> Callable[[BaseHTTPRequestHandler], None]:
    """GeoJS' answer on the caller's country."""
    return says(
        json.dumps({"country": country, "country_3": "GBR", "ip": "192.0.2.1", "name": "Somewhere"})
    )


def slow(handler: BaseHTTPRequestHandler) -> None:
    """Nothing, until the test is over."""
    handler.api_released.wait(10)  # type: ignore[attr-defined]


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, each in time for a time-out between two bytes."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.api_released.wait(0.05):  # type: ignore[attr-defined]
        handler.wfile.write(b" ")
        handler.wfile.flush()


def half_closed(handler: BaseHTTPRequestHandler) -> None:
    """Half of what was promised, and the end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b'{"zone": "GB", "carbonInt')


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    """The connection is shut without a word."""
    handler.connection.shutdown(socket.SHUT_RDWR)


class Fault(NamedTuple):
    """A fault of Electricity Maps: its answer (``None``: nobody listens), what is then said, and
    how many requests it costs."""

    name: str
    answer: Callable[[BaseHTTPRequestHandler], None] | None
    said: str
    requests: int
    limits: Limits = PATIENT


FAULTS = (
    Fault("offline", None, "cannot be reached", 0),
    Fault("401 bad token", says("{}", 401), "refuses the token (HTTP 401)", 1),
    Fault("403 not in the plan", says("{}", 403), "refuses the token (HTTP 403)", 1),
    Fault("404 unknown zone", says("{}", 404), "does not know the zone (HTTP 404)", 1),
    Fault("429", says("{}", 429), "too many requests (HTTP 429)", 3),
    Fault("429, wait 1 s", says("{}", 429, Retry_After="1"), "too many requests", 3),
    Fault("429, wait an hour", says("{}", 429, Retry_After="3600"), "too many requests", 1),
    Fault("500", says("oops", 500), "a fault of its own (HTTP 500)", 3),
    Fault("503", says("", 503), "a fault of its own (HTTP 503)", 3),
    Fault("418", says("", 418), "answers with HTTP 418", 1),
    Fault("slow", slow, "does not answer in time", 3, replace(PATIENT, read_s=0.1)),
    Fault("drips", dripping, "does not answer in time", 1, replace(PATIENT, total_s=0.3)),
    Fault("half-closed", half_closed, "broke off", 3),
    Fault("hangs up", hangs_up, "broke off", 3),
    Fault("HTML", says("<html>sign in</html>"), "what is no JSON", 1),
    Fault("bytes", says(b"\xff\xfe\x00\x80"), "what is no JSON", 1),
    Fault("nothing", says(""), "what is no JSON", 1),
    Fault("endless nesting", says("[" * 60_000), "what is no JSON", 1),
    Fault("endless answer", says(b" " * 1_000_000), "more than 65536 bytes", 1),
    Fault("no zip", says("{}", Content_Encoding="gzip"), "no valid HTTP", 3),
    Fault("a list", says("[1, 2]"), "has no zone", 1),
    Fault("a number", says("42"), "has no zone", 1),
    Fault("NaN", says('{"zone": "GB", "carbonIntensity": NaN}'), "what is no JSON", 1),
    Fault("infinite", says('{"zone": "GB", "carbonIntensity": 1e999}'), "absurd", 1),
    Fault("negative", electricity_maps(carbonIntensity=-1), "-1 g/kWh is absurd", 1),
    Fault("absurd", electricity_maps(carbonIntensity=3001), "3001 g/kWh is absurd", 1),
    Fault("a huge number", electricity_maps(carbonIntensity=10**400), "is absurd", 1),
    Fault("text for a number", electricity_maps(carbonIntensity="187"), "is no number", 1),
    Fault("true for a number", electricity_maps(carbonIntensity=True), "is no number", 1),
    Fault("null for a number", electricity_maps(carbonIntensity=None), "is no number", 1),
    Fault("wrong zone", electricity_maps(zone="FR"), "not of the zone GB", 1),
    Fault("no zone", electricity_maps(zone=None), "not of the zone GB", 1),
    Fault("far past", electricity_maps(datetime="1999-01-01T00:00:00Z"), "1999-01-01", 1),
    Fault("far future", electricity_maps(datetime="2999-01-01T00:00:00Z"), "2999-01-01", 1),
    Fault("no time zone", electricity_maps(datetime="2025-06-15T15:00:00"), "time is none", 1),
    Fault("no time", electricity_maps(datetime="today"), "time is none", 1),
    Fault(
        "redirect to another host",
        says("", 302, Location="https://evil.example/?zone=GB"),
        "redirect to another host, which was refused",
        1,
    ),
    Fault("redirect to a broken port", says("", 302, Location="http://h:x/"), "no valid HTTP", 3),
    Fault("redirect to itself", says("", 302, Location="?zone=GB"), "redirects in circles", 4),
)


def unused_url() -> str:
    """A place on loopback at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def no_sleep(_: float) -> None:
    """Back-off, without the wait."""


def maps_at(url: str, *, token: str = TOKEN, limits: Limits = PATIENT) -> ElectricityMaps:
    """Electricity Maps at ``url``."""
    return ElectricityMaps(
        HeaderToken(HEADER, token),
        base_url=url,
        limits=limits,
        now_s=lambda: NOW_S,
        sleep=no_sleep,
    )


def uk_at(url: str) -> UkCarbonIntensity:
    """The UK's API at ``url``."""
    return UkCarbonIntensity(base_url=url, limits=PATIENT, now_s=lambda: NOW_S, sleep=no_sleep)


def present_electricity_maps(**changes: object) -> Callable[[BaseHTTPRequestHandler], None]:
    """Electricity Maps' answer of the present hour."""
    return electricity_maps(datetime=datetime.now(timezone.utc).isoformat(), **changes)


def tunnel_to(port: int) -> Callable[[BaseHTTPRequestHandler], None]:
    """A proxy's answer to CONNECT: a way to ``port`` of this machine, whatever was asked for."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.flush()
        with socket.create_connection(("127.0.0.1", port)) as there:
            sides = {there: handler.connection, handler.connection: there}
            while True:
                for side in select.select(list(sides), [], [], 30)[0]:
                    data = side.recv(65_536)
                    if not data:
                        return
                    sides[side].sendall(data)

    return answer


def make_certificate(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for ``names`` that vouches for itself, and a server's context with it."""
    import ssl

    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    command += ["-subj", "/CN=fake", "-addext", f"subjectAltName={','.join(names)}"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context
