"""What a reader can do with the page, in a real browser."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.history.point import points
from pytest_carbon.report.html.page import render, render_trend
from tests.hostile import hostile_result
from tests.results import run_result, subject, whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium.webdriver import Chrome

    Show = Callable[..., Chrome]

NAME = "#all tbody tr[data-place] td.name"


def names(page: Chrome) -> list[str]:
    # In one go: rows come and go while the page is scrolled.
    cells = f"[...document.querySelectorAll('{NAME}')].map(cell => cell.textContent)"
    return list(script(page, cells))


def text(page: Chrome, name: str) -> str:
    return page.find_element(By.ID, name).text


def script(page: Chrome, code: str) -> Any:
    return page.execute_script(f"return {code}")


def header(page: Chrome, name: str) -> None:
    buttons = page.find_elements(By.CSS_SELECTOR, "#all thead button")
    next(b for b in buttons if b.text.startswith(name)).click()


def focused(page: Chrome) -> str:
    return str(script(page, "document.activeElement.textContent"))


def press(page: Chrome, key: str, expected: str | None = None) -> None:
    """Press a key; with ``expected``, wait until the focus is on what is called so."""
    page.switch_to.active_element.send_keys(key)
    if expected is not None:
        WebDriverWait(page, 5).until(lambda page: focused(page) == expected)


def test_totals_and_findings(show: Show) -> None:
    page = show()
    assert text(page, "title") == "shop at 0123456789 (main)"
    assert text(page, "headline") == "1 test burns more, 1 is in doubt, 1 burns less, 3 passed"
    assert "1 of the workers crashed" in text(page, "incomplete")
    assert "11.7 J" in text(page, "totals")
    assert "by car (EU)" in text(page, "equivalents")
    rows = page.find_elements(By.CSS_SELECTOR, "#findings tbody tr")
    assert [row.text.split()[0] for row in rows] == ["regressed", "inconclusive", "improved"]
    assert rows[0].text.split("\n")[1:] == [
        "tests/test_a.py:7",
        "test_worse +50 % 2.00 J 3.00 J",
        "2 fresh processes confirm it",
    ]
    cards = text(page, "totals").split("\n")
    assert cards[:2] == ["4 tests with baselines", "7.02 J → 6.70 J (-4.6 %)"]
    assert "idle" not in text(page, "totals")
    assert "idle share" in text(page, "facts")


def test_commit_and_files_lead_to_the_repository_on_the_web(show: Show) -> None:
    result = run_result()
    assert result.origin is not None
    commit = result.origin.commit
    origin = result.origin._replace(repository="https://github.com/o/r", folder="shop/")
    page = show(result._replace(origin=origin))
    links = {a.text: a.get_attribute("href") for a in page.find_elements(By.CSS_SELECTOR, "main a")}
    assert links[f"{commit} (main)"] == f"https://github.com/o/r/commit/{commit}"
    file = f"https://github.com/o/r/blob/{commit}/shop/tests/test_a.py#L7"
    assert links["tests/test_a.py:7"] == file
    page.find_element(By.CSS_SELECTOR, "#findings tbody button").click()
    details = page.find_element(By.CSS_SELECTOR, "#details a")
    assert (details.text, details.get_attribute("href")) == ("tests/test_a.py:7", file)


def test_without_a_repository_nothing_is_a_link(show: Show) -> None:
    assert show().find_elements(By.CSS_SELECTOR, "main a") == []


def test_long_names_keep_the_test_and_its_parameters(show: Show) -> None:
    folders = "/".join(["deep"] * 20)
    long = f"{folders}/test_file.py::TestIt::test_prices[{'case-' * 3}euro]"
    page = show(run_result(subject(long)))
    widths = """[...document.querySelectorAll('#all td.name span')].map(
        (part) => [part.className, part.scrollWidth > part.clientWidth])"""
    assert script(page, widths) == [["way", True], ["test", False], ["case", False]]


def test_pictures_are_drawn(show: Show) -> None:
    page = show()
    drawn = script(page, "[...document.querySelectorAll('.chart svg')].map(s => s.textContent)")
    (tree,) = drawn
    assert "test_a.py" in tree
    assert "pytest itself" not in tree
    page.find_element(By.ID, "beside").click()
    whole_run = script(page, "document.querySelector('#tree-chart svg').textContent")
    assert "pytest itself" in whole_run
    rows = page.find_elements(By.CSS_SELECTOR, "#findings tbody tr")
    for row in rows:
        assert len(row.find_elements(By.CSS_SELECTOR, "svg line.limit")) == 1
        assert len(row.find_elements(By.CSS_SELECTOR, "svg line.baseline")) == 1
        assert row.find_elements(By.CSS_SELECTOR, "svg .sample")
    labels = [row.find_element(By.TAG_NAME, "svg").accessible_name for row in rows]
    assert labels[0] == "+50 %, between +35 % and +65 %; tolerance 20 %"


def test_a_rise_is_drawn_to_the_right_of_its_tolerance(show: Show) -> None:
    page = show()
    drawn = """[...document.querySelectorAll('#findings tbody tr')].map(row => [
        row.querySelector('.limit').x1.baseVal.value,
        parseFloat(row.querySelector('.point').getAttribute('d').slice(1)),
    ])"""
    (worse_limit, worse), _, (better_limit, better) = script(page, drawn)
    assert better < better_limit == worse_limit < worse


def test_ten_findings_are_shown_and_the_others_on_demand(show: Show) -> None:
    many = [
        subject(f"a.py::test_{i}", 2.0 + i, outcome=Outcome.REGRESSED, baseline_j=1.0)
        for i in range(56)
    ]
    page = show(run_result(*many))
    shown = "[...document.querySelectorAll('#findings tbody tr')].filter(row => !row.hidden).length"
    assert script(page, shown) == 10
    more = page.find_element(By.ID, "more")
    assert more.text == "Show 46 more"
    more.click()
    assert script(page, shown) == 56


def test_the_accepting_command_can_be_copied(show: Show) -> None:
    page = show()
    accept = page.find_element(By.ID, "accept")
    command = "pytest --carbon --carbon-update=all tests/test_a.py::test_worse"
    assert accept.find_element(By.TAG_NAME, "code").text == command
    accept.find_element(By.TAG_NAME, "button").click()
    assert script(page, "getSelection().toString()") == command


def test_what_is_over_its_budget_is_drawn_against_that(show: Show) -> None:
    verdict = Verdict(outcome=Outcome.OVER_BUDGET, now_j=3.0, limit_j=1.0)
    page = show(run_result(subject("a.py::test_a", 3.0)._replace(verdict=verdict)))
    (row,) = page.find_elements(By.CSS_SELECTOR, "#findings tbody tr")
    assert row.find_elements(By.CSS_SELECTOR, "svg .baseline") == []
    assert len(row.find_elements(By.CSS_SELECTOR, "svg .limit")) == 1
    assert "at most 1.00 J 3.00 J" in row.text


def test_search_filter_and_count(show: Show) -> None:
    page = show()
    assert text(page, "count") == "10 of 10"
    page.find_element(By.ID, "search").send_keys("SUB test_un")
    assert text(page, "count") == "3 of 10"
    assert all("tests/sub" in name for name in names(page))
    page.find_element(By.ID, "search").send_keys(Keys.CONTROL, "a", Keys.DELETE)
    Select(page.find_element(By.ID, "kind")).select_by_value("fixture")
    assert names(page) == ["tests/conftest.py::database"]
    Select(page.find_element(By.ID, "kind")).select_by_value("")
    Select(page.find_element(By.ID, "verdict")).select_by_value("regressed")
    assert names(page) == ["tests/test_a.py::test_worse"]


def test_sort_by_any_column(show: Show) -> None:
    page = show()
    assert names(page)[:2] == ["tests/test_a.py::test_worse", "pytest and its plugins"]
    header(page, "energy")
    assert names(page)[0] == "tests/sub/test_b.py::test_unjudged/load"
    header(page, "change")
    assert names(page)[0] == "tests/test_a.py::test_worse"
    # What has no baseline comes last, whichever way.
    header(page, "change")
    assert names(page)[0] == "tests/test_a.py::test_better"
    sorts = script(
        page, "[...document.querySelectorAll('#all th')].map(h => h.getAttribute('aria-sort'))"
    )
    assert sorts == ["none"] * 7 + ["ascending"]


def test_dark_and_light(show: Show) -> None:
    page = show()
    button = page.find_element(By.ID, "theme")
    dark = "getComputedStyle(document.body).backgroundColor"
    before = script(page, dark)
    button.click()
    assert script(page, dark) != before
    assert button.text == "Switch to light"
    assert script(page, "document.querySelectorAll('.chart svg').length") == 1
    button.click()
    assert button.text == "Switch to dark"
    assert script(page, dark) == before


def test_the_system_s_dark_mode_is_followed(show: Show) -> None:
    page = show()
    features = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", features)
    WebDriverWait(page, 5).until(
        lambda page: script(page, "document.documentElement.dataset.theme") == "dark"
    )
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_keyboard_alone(show: Show) -> None:
    many = [subject(f"test_{i:04}.py::test", 1 + i) for i in range(1000)]
    page = show(run_result(*many))
    body = page.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert focused(page) == "Skip to the table of tests"
    for _ in range(60):
        press(page, Keys.TAB)
        if script(page, "document.activeElement.closest('#all tbody') !== null"):
            break
    assert focused(page) == "test_0999.py::test"
    press(page, Keys.ARROW_DOWN, "test_0998.py::test")
    press(page, Keys.END, "test_0000.py::test")
    row = "document.activeElement.closest('tr').getAttribute('aria-rowindex')"
    assert script(page, row) == "1001"
    press(page, Keys.ARROW_UP, "test_0001.py::test")
    press(page, Keys.HOME, "test_0999.py::test")
    press(page, Keys.ENTER)
    details = page.find_element(By.ID, "details")
    assert "test_0999.py:7" in details.text
    assert "setup" in details.text
    press(page, Keys.ESCAPE, "test_0999.py::test")


def test_the_keyboard_finds_rows_that_were_scrolled_to(show: Show) -> None:
    page = show(run_result(*[subject(f"test_{i:04}.py::test", 1 + i) for i in range(1000)]))
    script(page, "document.getElementById('tests').scrollTop = 16000")
    WebDriverWait(page, 5).until(lambda page: "test_0499.py::test" in names(page))
    reached = "document.querySelectorAll('#all tbody button[tabindex=\"0\"]').length"
    assert script(page, reached) == 1


def test_everything_that_can_be_used_has_a_name(show: Show) -> None:
    page = show()
    tree = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    wanted = {"button", "searchbox", "combobox", "img", "image", "table", "region", "link"}
    found = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree
        if node.get("role", {}).get("value") in wanted and not node.get("ignored")
    ]
    roles = {role for role, _ in found}
    assert {"button", "searchbox", "combobox", "region", "link"} <= roles
    assert [role for role, name in found if not name and role != "table"] == []
    assert any(role == "searchbox" and "Search" in name for role, name in found)


def test_only_rows_in_sight_are_in_the_page(show: Show) -> None:
    many = [subject(f"test_{i}.py::test", 1 + i) for i in range(10_000)]
    page = show(run_result(*many))
    assert text(page, "count") == "10,000 of 10,000"
    shown = "document.querySelectorAll('#all tbody tr').length"
    assert script(page, shown) < 100
    assert script(page, "document.getElementById('all').getAttribute('aria-rowcount')") == "10001"
    script(page, "document.getElementById('tests').scrollTop = 160000")
    WebDriverWait(page, 5).until(lambda page: "test_4999.py::test" in names(page))
    assert script(page, shown) < 100
    page.find_element(By.ID, "search").send_keys("test_1234.py")
    assert names(page) == ["test_1234.py::test"]


def test_print(show: Show) -> None:
    page = show(run_result(*[subject(f"test_{i:03}.py::test", 1 + i) for i in range(600)]))
    printed = page.execute_cdp_cmd("Page.printToPDF", {"landscape": True})["data"]
    pdf = base64.b64decode(printed)
    assert pdf.startswith(b"%PDF")
    # Five hundred rows, and not the forty in sight, fill many pages.
    assert pdf.count(b"/Type /Page\n") > 8
    assert script(page, "document.querySelectorAll('#all tbody tr').length") < 100


def test_hostile_names_are_shown_as_text(show: Show) -> None:
    page = show(hostile_result())
    assert "[<script>alert(1)</script>]" in page.find_element(By.ID, "findings").text
    assert script(page, "document.querySelectorAll('main img, main script').length") == 0
    page.find_element(By.CSS_SELECTOR, "#findings tbody button").click()
    assert page.find_element(By.ID, "details").text


def test_history_is_a_line_and_a_table(show: Show, tmp_path: Path, browser: Chrome) -> None:
    one = points([whole(run_result())])[0]
    past = [replace(one, energy_j=10.0 + n, started_at=f"2026-01-0{n + 1}T00:00") for n in range(5)]
    show()
    path = tmp_path / "history.html"
    path.write_text(render(run_result(), past), encoding="utf-8")
    browser.get(path.as_uri())
    assert len(browser.find_elements(By.CSS_SELECTOR, "#history tbody tr")) == 5
    assert "2026-01-05" in str(script(browser, "document.getElementById('history').textContent"))
    assert script(browser, "document.querySelectorAll('#history-chart svg path').length") > 5
    path.write_text(render_trend("test a.py::test", past), encoding="utf-8")
    browser.get(path.as_uri())
    assert text(browser, "title") == "test a.py::test"
    assert not browser.find_element(By.ID, "tests").is_displayed()
    assert script(browser, "document.querySelectorAll('#history-chart svg path').length") > 5


def test_an_empty_run(show: Show) -> None:
    page = show(run_result()._replace(subjects=()))
    assert "nothing was measured" in text(page, "totals")
    assert not page.find_element(By.ID, "tests").is_displayed()


def test_the_page_allows_itself_no_network() -> None:
    page = render(run_result())
    assert "default-src 'none'" in page
    assert "unsafe-eval" not in page
    assert page.count("<script>") == 4
    with pytest.raises(ValueError, match="substring"):
        page.index("<link")
