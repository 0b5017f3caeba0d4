"""The page of a comparison."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.compare.page import as_page
from pytest_carbon.explain.call_tree import Branch
from pytest_carbon.explain.culprit import Culprit, Explanation
from pytest_carbon.explain.graph import ROOT, Place
from pytest_carbon.gate.verdict import Outcome
from tests.compare.test_report import OK, compared, comparison

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome

EVIL = '"><script>alert(1)</script>'

TREE = Branch(
    ROOT,
    0.08,
    0.12,
    (
        Branch(
            Place("t.py", "test_slow"),
            0.08,
            0.12,
            (
                Branch(Place("shop.py", "price"), 0.05, 0.10),
                Branch(Place("shop.py", EVIL), 0.02, 0.01),
            ),
        ),
    ),
)
CULPRIT = Culprit("shop.py", 41, "price", 0.04, True, "called 10 → 20 times")


def page() -> str:
    test = compared("t.py::slow", Outcome.REGRESSED, 1.5)
    explanation = Explanation(0.04, (CULPRIT,), tree=TREE)
    return as_page(comparison(OK, replace(test, explanation=explanation)))


def test_each_part_of_the_drawing_leads_to_its_row() -> None:
    text = page()
    targets = re.findall(r'<a href="#([^"]+)"', text)
    assert len(targets) == len(set(targets)) == 3
    assert all(f'<tr id="{target}">' in text for target in targets)


def test_what_has_risen_is_red_and_what_has_fallen_is_blue() -> None:
    text = page()
    assert re.search(
        r'shop.py price: 50.0 mJ → 100 mJ, \+50.0 mJ" style="background:rgba\(var\(--more\)', text
    )
    assert re.search(r"20.0 mJ → 10.0 mJ, -10.0 mJ\" style=\"background:rgba\(var\(--less\)", text)


def test_the_table_has_the_greatest_rise_first() -> None:
    rises = re.findall(r"<td>([+-][\d.]+ mJ)</td><td><code>", page())
    assert rises == ["+50.0 mJ", "+40.0 mJ", "-10.0 mJ"]


def test_a_part_is_as_wide_as_its_energy() -> None:
    widths = [float(width) for width in re.findall(r'flex:([\d.e+]+) 1 0"><a', page())]
    assert widths == [120_000, 100_000, 20_000]


class _Balance(HTMLParser):
    """Raises where an element is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        assert tag != "script"
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_nothing_hostile_gets_out_of_its_place() -> None:
    balance = _Balance()
    balance.feed(page())
    assert not balance.open
    assert "default-src 'none'" in page()


def test_without_a_regression_there_is_still_a_page() -> None:
    assert "No test burns more" in as_page(comparison(OK))


@pytest.fixture
def shown(browser: Chrome, tmp_path: Path) -> Iterator[Any]:
    """The page on a phone, in a browser."""
    path = tmp_path / "compare.html"
    path.write_text(page(), encoding="utf-8")
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    browser.get(path.as_uri())
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_phone_shows_names_beside_their_figures(shown: Any) -> None:
    wide = """return [...document.querySelectorAll('html, .scroll')].map(
        (part) => part.scrollWidth > part.clientWidth)"""
    assert shown.execute_script(wide) == [False, False, False]


def test_the_keyboard_leads_from_the_drawing_to_the_table(shown: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    ActionChains(shown).send_keys(Keys.TAB, Keys.TAB, Keys.ENTER).perform()
    row = shown.execute_script("return document.querySelector('tr:target').textContent")
    assert "shop.py price" in row


def test_dark_systems_get_a_dark_page(shown: Any) -> None:
    def back() -> list[int]:
        colour = shown.execute_script("return getComputedStyle(document.body).backgroundColor")
        return [int(part) for part in re.findall(r"\d+", colour)]

    light = back()
    scheme = {"name": "prefers-color-scheme", "value": "dark"}
    shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    assert min(light) > 200
    assert max(back()) < 60
