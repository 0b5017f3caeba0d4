"""Addresses of a run's commit and files on the web, where its repository is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from pytest_carbon.result.facts import Origin

__all__ = ["commit_link", "files_link"]

# A result may be a stranger's: nothing else becomes a link.
_WEB = re.compile(r"https?://[\w.-]+(:\d+)?(/[\w.~-]+)+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def commit_link(origin: Origin | None) -> str:
    """The page of the commit; empty where it is not known."""
    return _address(origin, "commit", gitlab="-/commit", bitbucket="commits")


def files_link(origin: Origin | None) -> str:
    """What stands before the path of a file, relative to the project's root folder."""
    address = _address(origin, "blob", gitlab="-/blob", bitbucket="src")
    if origin is None or not address:
        return ""
    # A folder's name need not be UTF-8.
    return f"{address}/{quote(origin.folder, errors='backslashreplace')}"


def _address(origin: Origin | None, github: str, *, gitlab: str, bitbucket: str) -> str:
    """What the commit is called on its host, by the word for what is to be shown of it."""
    if origin is None or not _WEB.fullmatch(origin.repository):
        return ""
    if not _COMMIT.fullmatch(origin.commit):
        return ""
    host = urlsplit(origin.repository).hostname or ""
    word = bitbucket if "bitbucket" in host else gitlab if "gitlab" in host else github
    return f"{origin.repository}/{word}/{origin.commit}"
