"""One guarded request: bounded in time, tries and size; it never leaves the host it asked."""

from __future__ import annotations

import ipaddress
import json
import time
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pytest_carbon.errors import IntensityError
from pytest_carbon.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from pytest_carbon.intensity.live.deadline import Sockets
    from pytest_carbon.intensity.live.secret import HeaderToken

__all__ = ["Call", "Limits", "check_base_url", "get", "get_json"]

RETRY_REMEDY = "the run goes on without it; try again later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, how often and how much.

    Seconds to connect, between two pieces of an answer, and for all tries together; tries in all;
    the first pause, which doubles; the longest pause that a server may ask for; bytes of an answer.
    """

    connect_s: float = 3.05
    read_s: float = 5.0
    total_s: float = 15.0
    tries: int = 3
    pause_s: float = 0.5
    longest_pause_s: float = 5.0
    bytes: int = 65_536
    redirects: int = 3


LIMITS = Limits()


class _Fault(NamedTuple):
    """One failed try: what happened, whether another may help, and how long to wait before it."""

    problem: str
    remedy: str = RETRY_REMEDY
    again: bool = False
    wait_s: float = 0.0


def check_base_url(url: str, *, link_local: bool = False) -> str:
    """``url`` without a closing slash; it has to be https, or http to this very machine.

    With ``link_local`` also http to an address that no packet leaves the network segment for.
    Raises ``IntensityError`` otherwise: a token in clear text is a token given away.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return url.rstrip("/")
    if parts.scheme == "http" and _near(parts.hostname or "", link_local=link_local):
        return url.rstrip("/")
    raise IntensityError(f"{parts.scheme}://{parts.hostname} is not safe", remedy="use https")


def _near(host: str, *, link_local: bool) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or (link_local and address.is_link_local)


class Call(NamedTuple):
    """A request: ``token`` is put into it as it is sent, ``direct`` passes proxies by."""

    url: str
    method: str = "GET"
    params: Mapping[str, str] = MappingProxyType({})
    headers: Mapping[str, str] = MappingProxyType({})
    token: HeaderToken | None = None
    limits: Limits = LIMITS
    direct: bool = False

    @property
    def host(self) -> str | None:
        """The host that is asked, for messages."""
        return urlsplit(self.url).hostname


def get_json(call: Call, *, sleep: Callable[[float], None] = time.sleep) -> object:
    """The JSON value that ``call`` is answered with; raises ``IntensityError`` as ``get`` does."""
    return _parsed(get(call, sleep=sleep), call.host)


def get(call: Call, *, sleep: Callable[[float], None] = time.sleep) -> bytes:
    """What ``call`` is answered with, after at most ``limits.tries`` tries.

    TLS is verified and the proxies of the environment are used, as ``requests`` does. Raises
    ``IntensityError`` whose text holds the host and what happened, and nothing of the request.
    """
    host, token, limits = call.host, call.token, call.limits
    if token is not None and not token.usable:
        raise IntensityError(
            f"the token for {host} has blanks or letters that no header can hold",
            remedy="set it again, without quotes and line ends",
        )
    from pytest_carbon.intensity.live.deadline import Sockets, within

    sockets = Sockets()
    answer = within(limits.total_s, lambda: _tries(call, sockets, sleep), sockets)
    if answer is None:
        answer = _Fault("does not answer in time")
    if isinstance(answer, _Fault):
        # Raised here and not where a library's error was caught, so that none is chained to it:
        # its text and its request may hold the token or the credentials of a proxy.
        raise IntensityError(f"{host} {answer.problem}", remedy=answer.remedy)
    return answer


def _tries(call: Call, sockets: Sockets, sleep: Callable[[float], None]) -> bytes | _Fault:
    import requests

    limits = call.limits
    deadline_s = time.monotonic() + limits.total_s
    pause_s = limits.pause_s
    with requests.Session() as session:
        session.trust_env = not call.direct
        sockets.watch(session)
        answer = _one_try(session, call, deadline_s)
        for _ in range(limits.tries - 1):
            if not isinstance(answer, _Fault) or not answer.again:
                break
            wait_s = max(pause_s, answer.wait_s)
            if wait_s > limits.longest_pause_s or time.monotonic() + wait_s > deadline_s:
                break
            sleep(wait_s)
            pause_s *= 2
            answer = _one_try(session, call, deadline_s)
    return answer


def _one_try(session: requests.Session, call: Call, deadline_s: float) -> bytes | _Fault:
    import requests

    try:
        return _followed(session, call, deadline_s)
    except (requests.exceptions.RequestException, ValueError, OSError) as error:
        return _named(error)


def _named(error: Exception) -> _Fault:
    """What a library's error means, told by its class alone, from the narrowest to the widest."""
    from requests import exceptions

    if isinstance(error, exceptions.SSLError):
        remedy = "check the clock and the certificates of this machine, or its proxy"
        return _Fault("has no certificate that can be verified", remedy=remedy)
    if isinstance(error, exceptions.ProxyError):
        return _Fault("cannot be reached through the proxy of the environment", again=True)
    if isinstance(error, exceptions.Timeout):
        return _Fault("does not answer in time", again=True)
    if isinstance(error, exceptions.ConnectionError | exceptions.ChunkedEncodingError):
        return _Fault("cannot be reached, or broke off", again=True)
    return _Fault(f"answers with what is no valid HTTP ({type(error).__name__})", again=True)


def _followed(session: requests.Session, call: Call, deadline_s: float) -> bytes | _Fault:
    """The answer after redirects within the same origin, which are the only ones followed."""
    target, params = call.url, dict(call.params)
    for _ in range(call.limits.redirects + 1):
        with session.request(
            call.method,
            target,
            params=params,
            # Without an auth of our own, requests would look for one in ~/.netrc.
            auth=call.token or _nothing,
            headers={"Accept": "application/json", "User-Agent": "pytest-carbon", **call.headers},
            timeout=(call.limits.connect_s, call.limits.read_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            if not response.is_redirect:
                return _judged(response, call, deadline_s)
            target, params = urljoin(target, response.headers["location"]), {}
        if _origin(target) != _origin(call.url):
            return _Fault("answers with a redirect to another host, which was refused")
    return _Fault("redirects in circles")


def _nothing(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _judged(response: requests.Response, call: Call, deadline_s: float) -> bytes | _Fault:
    status = response.status_code
    if status == 200:
        return _body(response, call.limits, deadline_s)
    if status in (401, 403) and call.token is not None:
        return _Fault(
            f"refuses the token (HTTP {status})",
            remedy="check ELECTRICITYMAPS_API_TOKEN, and that its plan includes the zone",
        )
    if status == 404 and call.params:
        return _Fault("does not know the zone (HTTP 404)", remedy="check the zone's code")
    if status == 429:
        return _Fault("has had too many requests (HTTP 429)", again=True, wait_s=_wait_s(response))
    if status >= 500:
        return _Fault(f"has a fault of its own (HTTP {status})", again=True)
    return _Fault(f"answers with HTTP {status}")


def _wait_s(response: requests.Response) -> float:
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    # A date, or garbage: not worth a clock that may be wrong. Absent: the usual pause.
    return float("inf") if text else 0.0


def _body(response: requests.Response, limits: Limits, deadline_s: float) -> bytes | _Fault:
    body = bytearray()
    # Byte by byte, since a longer piece would wait for a server that sends a byte a second.
    for piece in response.iter_content(1):
        body += piece
        if len(body) > limits.bytes:
            return _Fault(f"answers with more than {limits.bytes} bytes")
        if time.monotonic() > deadline_s:
            return _Fault("does not answer in time")
    promised = response.headers.get("content-length", "")
    encoded = response.headers.get("content-encoding")
    if promised.isdigit() and not encoded and len(body) < int(promised):
        return _Fault("broke off in the middle of its answer", again=True)
    return bytes(body)


def _no_constant(text: str) -> object:
    raise ValueError(text)


def _parsed(body: bytes, host: str | None) -> object:
    parsed: object = None
    try:
        parsed = json.loads(body, parse_constant=_no_constant)
        readable = True
    except (ValueError, RecursionError):
        readable = False
    if not readable:
        raise IntensityError(f"{host} answers with what is no JSON", remedy=RETRY_REMEDY)
    return parsed
