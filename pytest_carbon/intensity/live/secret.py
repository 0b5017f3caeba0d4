"""A token that cannot be printed by accident."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import PreparedRequest

__all__ = ["TOKEN_VARIABLES", "HeaderToken", "token_from"]

TOKEN_VARIABLES = (
    "ELECTRICITYMAPS_API_TOKEN",
    "CODECARBON_ELECTRICITYMAPS_API_TOKEN",
    "CO2_SIGNAL_API_TOKEN",
    "CODECARBON_CO2_SIGNAL_API_TOKEN",
)
"""Environment variables that may hold the token; no file and no option is ever read for it."""


class HeaderToken:
    """A token that is put into a request's header as it is sent, and shown nowhere else.

    Used as the ``auth`` of a request, so that it is in no dictionary of headers on the way there.
    """

    __slots__ = ("_header", "_value")

    def __init__(self, header: str, value: str) -> None:
        self._header = header
        self._value = value

    def __repr__(self) -> str:
        return f"HeaderToken({self._header!r}, ***)"

    def __reduce__(self) -> str:
        raise TypeError("a token is never stored or sent to another process")

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the token into ``request``, as ``requests`` asks of an ``auth``."""
        request.headers[self._header] = self._value
        return request

    @property
    def usable(self) -> bool:
        """Whether it is printable ASCII without blanks, which a header's value has to be."""
        return self._value.isascii() and self._value.isprintable() and " " not in self._value


def token_from(environ: Mapping[str, str], header: str) -> HeaderToken | None:
    """The token that the environment holds, ``None`` where it holds none."""
    for variable in TOKEN_VARIABLES:
        value = environ.get(variable, "").strip()
        if value:
            return HeaderToken(header, value)
    return None
