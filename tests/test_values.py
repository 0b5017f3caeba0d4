"""Values as people write them, and what is said of those that are none."""

from __future__ import annotations

import pytest

from pytest_carbon.budget import Budget
from pytest_carbon.values import (
    parse_budget_text,
    parse_count,
    parse_energy_j,
    parse_fraction,
    parse_link,
    parse_seconds,
)


@pytest.mark.parametrize(
    ("text", "fraction"), [("0.2", 0.2), ("20%", 0.2), ("0", 0), ("5 %", 0.05)]
)
def test_fraction(text: str, fraction: float) -> None:
    assert parse_fraction(text) == pytest.approx(fraction)


@pytest.mark.parametrize("text", ["1e999", "1e999%"])
def test_an_infinite_fraction_is_not_said_to_be_negative(text: str) -> None:
    with pytest.raises(ValueError, match="is infinite"):
        parse_fraction(text)


@pytest.mark.parametrize("text", ["", "x", "-1", "20", "nan", "inf", "0.2J", "1e999"])
def test_bad_fraction_says_what_to_type(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it like 0\.2|did you mean|or more"):
        parse_fraction(text)


@pytest.mark.parametrize(
    ("text", "energy_j"), [("5mJ", 0.005), ("0.005", 0.005), ("1 Wh", 3600), ("3uj", 3e-6)]
)
def test_energy(text: str, energy_j: float) -> None:
    assert parse_energy_j(text) == pytest.approx(energy_j)


@pytest.mark.parametrize("text", ["", "5 m", "-1J", "5mg"])
def test_bad_energy_says_what_to_type(text: str) -> None:
    with pytest.raises(ValueError, match="5mJ"):
        parse_energy_j(text)


@pytest.mark.parametrize(
    ("text", "budget"),
    [("1.5mg", Budget(1.5, "mg")), ("20 mJ", Budget(20, "mj")), ("5 µg", Budget(5, "ug"))],
)
def test_budget(text: str, budget: Budget) -> None:
    assert parse_budget_text(text) == budget


@pytest.mark.parametrize("text", ["", "5", "5 kg", "0mg", "-1mJ", "nan mg", "1e999 mg"])
def test_bad_budget_says_what_to_type(text: str) -> None:
    with pytest.raises(ValueError, match=r"like 1\.5mg or 20mJ"):
        parse_budget_text(text)


@pytest.mark.parametrize(
    "text", ["https://ci.example.org/job/7/carbon.html", " http://localhost:8000/a_(b).html?x=1#y "]
)
def test_link(text: str) -> None:
    assert parse_link(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        *("", "carbon.html", "javascript:alert(1)", "https://a b", "https://a/>)[x", "https://"),
        *("https://a/\x1b[31m", "https://a/\u202e", "https://a/\udcff"),
    ],
)
def test_bad_link_says_what_to_type(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it like https://ci\.example\.org"):
        parse_link(text)


@pytest.mark.parametrize(("text", "seconds"), [("0.1", 0.1), ("100ms", 0.1), ("2 s", 2)])
def test_seconds(text: str, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["0", "-1", "1h", "soon"])
def test_bad_seconds_say_what_to_type(text: str) -> None:
    with pytest.raises(ValueError, match=r"0\.1"):
        parse_seconds(text)


@pytest.mark.parametrize("text", ["-1", "1.5", "ten", "", "²"])
def test_bad_count(text: str) -> None:
    with pytest.raises(ValueError, match="like 10"):
        parse_count(text)
