"""Descriptors of ours, where tests neither close them nor get them back."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_carbon.descriptors import close_own, out_of_reach

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="descriptors of POSIX")


@pytest.fixture
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly any descriptors are allowed."""
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT)


def test_a_descriptor_moves_to_a_number_that_programs_do_not_close(tmp_path: Path) -> None:
    low = opened(tmp_path / "file")
    high = out_of_reach(low)
    assert high >= 256
    assert os.fstat(high).st_ino == (tmp_path / "file").stat().st_ino
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(low)
    assert not os.get_inheritable(high), "children are not given it"
    os.close(high)


def test_two_of_ours_have_two_numbers(tmp_path: Path) -> None:
    one, other = (out_of_reach(opened(tmp_path / name)) for name in ("one", "other"))
    assert one != other
    os.close(one)
    os.close(other)


@pytest.mark.usefixtures("low_limit")
def test_where_few_are_allowed_it_stays(tmp_path: Path) -> None:
    descriptor = opened(tmp_path / "file")
    assert out_of_reach(descriptor) == descriptor
    os.close(descriptor)


def test_a_descriptor_that_is_closed_already_is_no_error(tmp_path: Path) -> None:
    descriptor = opened(tmp_path / "file")
    os.close(descriptor)
    assert out_of_reach(descriptor) == descriptor


def test_ours_is_closed(tmp_path: Path) -> None:
    descriptor = opened(tmp_path / "stat")
    close_own(descriptor, "/stat")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_closing_twice_is_no_error(tmp_path: Path) -> None:
    descriptor = opened(tmp_path / "stat")
    close_own(descriptor, "/stat")
    close_own(descriptor, "/stat")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells whose it is")
def test_what_a_test_has_got_instead_is_left_open(tmp_path: Path) -> None:
    descriptor = opened(tmp_path / "database")
    close_own(descriptor, "/stat")
    os.fstat(descriptor)
    os.close(descriptor)
