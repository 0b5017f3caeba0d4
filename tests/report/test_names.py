"""Names that fit a column: what tells tests apart stays readable."""

from __future__ import annotations

import pytest

from pytest_carbon.report.names import columns, fitted, padded

LONG = (
    "tests/deep/test_dos_prevention.py::TestDoSPrevention::test_very_large_token_list_limited[a-1]"
)


def test_a_name_that_fits_stays() -> None:
    assert fitted("test_a.py::test_one", 19) == "test_a.py::test_one"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (93, LONG),
        (85, "…/" + LONG.removeprefix("tests/deep/")),
        (82, LONG.removeprefix("tests/deep/")),
        (70, "test_dos_prevention.py::…::test_very_large_token_list_limited[a-1]"),
        (50, "test_d…tion.py::test_very_larg…list_limited[a-1]"),
    ],
)
def test_folders_go_first_then_classes_then_the_middles(width: int, shown: str) -> None:
    found = fitted(LONG, width)
    assert columns(found) <= width
    if width == 50:
        file, _, test = found.partition("::")
        assert (file[:6], file[-3:]) == ("test_d", ".py")
        assert (test[:8], test[-13:]) == ("test_ver", "_limited[a-1]")
    else:
        assert found == shown


@pytest.mark.parametrize("width", range(1, 100, 7))
def test_no_name_is_wider_than_its_column(width: int) -> None:
    for name in (
        LONG,
        "規約/テスト.py::テスト名" * 3,
        "no separator at all" * 5,
        "::" * 40,
        "[" * 99,
    ):
        assert columns(fitted(name, width)) <= max(width, 4)


def test_wide_and_combining_characters_take_the_columns_that_a_terminal_gives_them() -> None:
    assert columns("名a") == 3
    assert columns("e\u0301") == 1
    assert padded("名", 4) == "名  "
    assert padded("名", 4, right=True) == "  名"
