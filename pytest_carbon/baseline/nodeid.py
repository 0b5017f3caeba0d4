"""Node ids as JSON strings: readable where they can be, and never two ids under one key.

JSON can hold every string of Python's but one kind: a high surrogate followed by a low one,
which a parser joins to the character that the pair stands for. A NUL is put between such
two, and real NULs are doubled.
"""

from __future__ import annotations

import json
import re

__all__ = ["id_from_key", "key_from_id"]

_encode = json.JSONEncoder(ensure_ascii=False).encode
_FALSE_PAIR = re.compile("(?<=[\ud800-\udbff])(?=[\udc00-\udfff])")
_HIDDEN = re.compile("\0(.?)", re.DOTALL)
_MEANINGS = {"\0": "\0", ".": ""}


def key_from_id(nodeid: str) -> str:
    """The JSON string, quotes included, in which a node id is stored.

    Letters of every script and emoji stay as they are; what cannot be seen (control and
    direction characters, lone surrogates) is escaped, so that a reviewer sees it.
    """
    if nodeid.isprintable():
        return _encode(nodeid)
    text = _encode(_FALSE_PAIR.sub("\0.", nodeid.replace("\0", "\0\0")))
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def id_from_key(key: str) -> str:
    """The node id of a key, as the JSON parser gives it.

    Raises ``ValueError`` for a NUL that ``key_from_id`` would not have written.
    """
    if "\0" not in key:
        return key
    nodeid = _HIDDEN.sub(lambda match: _MEANINGS.get(match[1], ""), key)
    if json.loads(key_from_id(nodeid)) != key:
        raise ValueError("has a NUL that stands for nothing")
    return nodeid
