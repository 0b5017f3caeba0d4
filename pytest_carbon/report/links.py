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
    if origin is None or not _is_known(origin):
        return ""
    host = urlsplit(origin.repository).hostname or ""
    word = "commits" if "bitbucket" in host else "-/commit" if "gitlab" in host else "commit"
    return f"{origin.repository}/{word}/{origin.commit}"


def files_link(origin: Origin | None) -> str:
    """What stands before the path of a file, relative to the project's root folder."""
    if origin is None or not _is_known(origin):
        return ""
    host = urlsplit(origin.repository).hostname or ""
    word = "src" if "bitbucket" in host else "-/blob" if "gitlab" in host else "blob"
    return f"{origin.repository}/{word}/{origin.commit}/{quote(origin.folder)}"


def _is_known(origin: Origin) -> bool:
    return bool(_WEB.fullmatch(origin.repository) and _COMMIT.fullmatch(origin.commit))
