from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_carbon.baseline.nodeid import id_from_key, key_from_id

ANY_TEXT = st.text(st.characters(exclude_categories=[]))
PAIRS = st.text(st.sampled_from(["\ud83d", "\ude00", "\0", ".", "a", "\U0001f600"]))


@given(ANY_TEXT | PAIRS)
def test_every_id_survives_json_and_utf8(nodeid: str) -> None:
    stored = key_from_id(nodeid).encode().decode()
    assert id_from_key(json.loads(stored)) == nodeid


@given(PAIRS, PAIRS)
def test_two_ids_never_share_a_key(one: str, other: str) -> None:
    keys = json.loads(key_from_id(one)), json.loads(key_from_id(other))
    assert (keys[0] == keys[1]) is (one == other)


@pytest.mark.parametrize(
    ("nodeid", "key"),
    [
        ("tests/test_a.py::test_b[ü-😀-\\d+]", '"tests/test_a.py::test_b[ü-😀-\\\\d+]"'),
        ("lone \udc80", '"lone \\udc80"'),
        ("right to left \u202e", '"right to left \\u202e"'),
    ],
)
def test_what_can_be_seen_stays_readable(nodeid: str, key: str) -> None:
    assert key_from_id(nodeid) == key


@pytest.mark.parametrize("key", ["a\0b", "a\0.b", "\0"])
def test_a_stray_nul_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        id_from_key(key)
