"""Puts the page together: template, style, script, the embedded library, and the run's data."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pytest_carbon.report.html.data import EMPTY, page_data
from pytest_carbon.report.trend import page_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_carbon.history.point import Point
    from pytest_carbon.result.run import RunResult

__all__ = ["render", "render_trend"]

_SCRIPTS = ("vendor/vendor.js", "charts.js", "table.js", "page.js")


def render(result: RunResult, past: Sequence[Point] = ()) -> str:
    """The page as one text, which needs no network and allows itself none.

    ``past`` are whole runs of the same environment, this one the last, for the line of history.
    """
    return _assemble({**page_data(result), "history": page_points(past)})


def render_trend(name: str, points: Sequence[Point]) -> str:
    """A page with nothing but the trend of runs, or of one subject."""
    return _assemble({**EMPTY, "title": name, "history": page_points(points)})


def _assemble(data: dict[str, Any]) -> str:
    # Nothing in a string ends the script element that holds it.
    scripts = [_read(name).replace("</script", "<\\/script") for name in _SCRIPTS]
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    parts = {
        "title": html.escape(f"Carbon: {data['title']}"),
        "policy": f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        "style": _read("page.css"),
        "data": _json(data),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    page = _read("page.html")
    pieces = page.split("{{")
    text = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        text += [parts[name], rest]
    return "".join(text)


def _read(name: str) -> str:
    return files("pytest_carbon.report.html").joinpath(name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _json(data: dict[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
