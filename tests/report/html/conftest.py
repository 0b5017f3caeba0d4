"""A real browser that looks at the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.report.html.page import render
from tests.results import run_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome

    from pytest_carbon.result.run import RunResult


@pytest.fixture
def show(browser: Chrome, tmp_path: Path) -> Iterator[Callable[..., Chrome]]:
    """Open a result's page, wait for its rows; afterwards no error and no request was logged."""

    def open_page(result: RunResult | None = None) -> Chrome:
        result = run_result() if result is None else result
        path = tmp_path / "carbon.html"
        path.write_text(render(result), encoding="utf-8")
        browser.get(path.as_uri())
        if result.subjects:
            # They come once the browser has told the table its size, maybe after loading.
            row = presence_of_element_located((By.CSS_SELECTOR, "td.name"))
            WebDriverWait(browser, 10).until(row)
        return browser

    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.expected_conditions import presence_of_element_located
    from selenium.webdriver.support.ui import WebDriverWait

    logs: Any = browser
    logs.get_log("browser"), logs.get_log("performance")
    yield open_page
    assert logs.get_log("browser") == []
    asked = [
        message["params"]["request"]["url"]
        for entry in logs.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert asked
