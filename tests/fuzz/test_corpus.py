"""Inputs that fuzzing has found, through the readers and what is done with what they take."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.targets import CORPUS, TARGETS

if TYPE_CHECKING:
    from pathlib import Path

INPUTS = {name: sorted((CORPUS / name).iterdir()) for name in TARGETS}
NEEDS_UNIX = {"pairs", "profile"}


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_is_used_or_refused_in_words(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if name in NEEDS_UNIX and not hasattr(socket, "recv_fds"):
        pytest.skip("compare needs Unix sockets")
    taken = set()
    for path in INPUTS[name]:
        folder = tmp_path / path.name
        folder.mkdir()
        taken.add(TARGETS[name].use(path.read_bytes(), folder))
    assert taken == {True, False}, "the corpus has both kinds"
    assert capfd.readouterr() == ("", "")


def test_the_corpus_is_small_and_of_these_targets() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    assert sum(path.stat().st_size for paths in INPUTS.values() for path in paths) < 200_000
