"""How long reports of many tests take, and how the page of so many behaves in Chromium.

Run from the root folder: ``python -m tests.benchmarks.report_scale [TESTS]`` (default 10,000).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pytest_carbon.gate.verdict import Outcome
from pytest_carbon.history.store import History
from pytest_carbon.report.kinds import KINDS
from pytest_carbon.resultfile.file import read_result
from tests.results import run_result, subject

SCROLL = """
const done = arguments[0], box = document.getElementById("tests"), gaps = [];
let last = performance.now();
function step() {
  box.scrollTop += 1500;
  const now = performance.now();
  gaps.push(now - last);
  last = now;
  if (gaps.length < 150) return requestAnimationFrame(step);
  gaps.sort((a, b) => a - b);
  done([gaps[75], gaps[142]]);
}
requestAnimationFrame(step);
"""

SEARCH = """
const box = document.getElementById("search"), start = performance.now();
box.value = arguments[0];
box.dispatchEvent(new Event("input"));
return [performance.now() - start, document.getElementById("count").textContent];
"""


def timed(what: str, start_s: float, more: str = "") -> None:
    print(f"{what:24} {time.process_time() - start_s:8.2f} s of CPU time  {more}")


def browse(path: Path) -> None:
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1280,900"):
        options.add_argument(f"--{argument}")
    page: Any = Chrome(options=options, service=ChromeService(shutil.which("chromedriver")))
    try:
        page.get(path.as_uri())
        loaded = "return performance.getEntriesByType('navigation')[0].domComplete"
        print(f"page complete after      {page.execute_script(loaded):8.0f} ms")
        took_ms, count = page.execute_script(SEARCH, "test_77")
        print(f"search                   {took_ms:8.0f} ms  {count}")
        page.execute_script(SEARCH, "")
        middle_ms, most_ms = page.execute_async_script(SCROLL)
        print(f"scrolling, a frame       {middle_ms:8.0f} ms, 95 % below {most_ms:.0f} ms")
    finally:
        page.quit()


def main(count: int) -> None:
    subjects = [
        subject(
            f"tests/test_{i % 97}.py::test_{i}", 1.0 + i, outcome=Outcome.OK, baseline_j=1.0 + i
        )
        for i in range(count)
    ]
    result = run_result(*subjects)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in KINDS:
            start_s = time.process_time()
            text = KINDS[kind].render(result)
            (folder / kind).write_text(text, encoding="utf-8")
            timed(kind, start_s, f"{len(text) / 1e6:.2f} MB")
        start_s = time.process_time()
        read_result(folder / "json")
        timed("json, read", start_s)
        history = History(folder / "history.sqlite")
        start_s = time.process_time()
        history.append(result)
        timed("history, append", start_s)
        (folder / "html").rename(folder / "page.html")
        browse(folder / "page.html")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
