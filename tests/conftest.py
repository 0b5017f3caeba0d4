"""What several test modules share."""

from __future__ import annotations

import compileall
import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

import pytest_carbon
from pytest_carbon.environment import Environment
from pytest_carbon.intensity.intensity import Intensity
from tests.warm_start import EVERYTHING, PYTEST_ONLY, WarmServer, starting_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType

    from selenium.webdriver import Chrome

# No test depends on how fast or how busy the machine is. Each run tries other examples; few by
# default, so that people run the suite, and many every week (.github/workflows/upstream.yml).
settings.register_profile(
    "few", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40
)
settings.register_profile("many", settings.get_profile("few"), max_examples=1000)
settings.load_profile("few")

COLD_POPEN = subprocess.Popen

PACKAGE = Path(pytest_carbon.__file__).parent
EXAMPLES = Path(__file__).parent / "examples"

BURN = '''
import time

def burn(cpu_s):
    """Spend CPU time on this thread."""
    start = time.thread_time()
    while time.thread_time() - start < cpu_s:
        sum(range(500))
'''

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Installed, but not for every run: they take longer to import than most runs do, take tests over,
# or share the name of a fixture or an option.
_OFF = (
    "anyio",
    "benchmark",
    "codspeed",
    "fakefs",
    "flaky",
    "hypothesispytest",
    "platformdirs",
    "pytest-retry",
    "pytest_forked",
    "random_order",
    "randomly",
    "rerunfailures",
    "timeout",
)


def plugins_off(*wanted: str) -> str:
    """Options that leave out the plugins that only some tests need, but for those wanted."""
    return " ".join(f"-p no:{name}" for name in _OFF if name not in wanted)


# Fixtures that start pytest, a comparison, a browser or a server; without them tests take seconds.
_STARTERS = frozenset({"browser", "compare", "pytester", "socket_hosts", "ssh_host"})


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package once, where no run may keep what it compiles (``-B``)."""
    if sys.dont_write_bytecode and not hasattr(config, "workerinput"):
        compileall.compile_dir(PACKAGE, quiet=2)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark what starts programs, so that ``-m "not starts"`` leaves most of the time out."""
    known: dict[CodeType, bool] = {}
    for item in items:
        function = getattr(item, "function", None)
        if not _STARTERS.isdisjoint(getattr(item, "fixturenames", ())) or (
            function is not None and _uses_subprocess(function, known)
        ):
            item.add_marker("starts")


def _uses_subprocess(function: Any, known: dict[CodeType, bool]) -> bool:
    """Whether a function of the tests names ``subprocess``, or calls one that does."""
    function = inspect.unwrap(function)
    code = function.__code__
    if code not in known:
        known[code] = False  # so that recursion ends
        named = [function.__globals__.get(name) for name in code.co_names]
        known[code] = subprocess in named or any(
            _uses_subprocess(each, known)
            for each in named
            if inspect.isfunction(each) and each.__module__.startswith("tests.")
        )
    return known[code]


@pytest.fixture(scope="session", autouse=True)
def few_plugins() -> Iterator[None]:
    """Let all runs that a test starts do without plugins of others.

    pytest-xdist and pytest-split stay. A start with all of them takes twice as long.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_ADDOPTS", plugins_off())
        yield


@pytest.fixture(scope="session", autouse=True)
def warm_starts() -> Iterator[type[subprocess.Popen[Any]]]:
    """Start what runs pytest or ``pytest-carbon`` where they are imported already.

    Yields what starts them where only pytest is.
    """
    if not hasattr(os, "fork"):
        yield subprocess.Popen
        return
    ready, pytest_only = WarmServer(EVERYTHING), WarmServer(PYTEST_ONLY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", starting_at(ready))
        yield starting_at(pytest_only)
    for server in (ready, pytest_only):
        server.close()


@pytest.fixture(autouse=True)
def cold_start(request: pytest.FixtureRequest, warm_starts: type[subprocess.Popen[Any]]) -> None:
    """Do what the marker says: by itself, or with ``imports=True`` where pytest is imported."""
    marker = request.node.get_closest_marker("cold_start")
    if marker is not None:
        popen = warm_starts if marker.kwargs.get("imports") else COLD_POPEN
        request.getfixturevalue("monkeypatch").setattr(subprocess, "Popen", popen)


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest's own, which forgets the options of its environment."""
    monkeypatch.setenv("PYTEST_ADDOPTS", plugins_off())
    return pytester


@pytest.fixture
def with_plugins(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the runs of ``pytester`` load plugins that they usually do without, by their names."""
    assert pytester, "sets what is changed here"

    def load(*names: str) -> None:
        assert set(names) <= set(_OFF), "the others are loaded anyway"
        monkeypatch.setenv("PYTEST_ADDOPTS", plugins_off(*names))

    return load


@pytest.fixture
def carbon(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    """Run pytest with carbon on in the test's own folder, where ``burn`` can be imported."""
    pytester.makepyfile(burn=BURN)
    pytester.syspathinsert()
    # Wide enough for whole messages.
    monkeypatch.setenv("COLUMNS", "500")

    def run(*args: str) -> pytest.RunResult:
        return pytester.run(sys.executable, "-m", "pytest", "--carbon", *args)

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    """Chromium without a window; its own logs tell of errors and requests."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium and driver: apt-get install chromium chromium-driver")
        pytest.skip("no Chromium and driver here: apt-get install chromium chromium-driver")
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = program
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1280,900"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = Chrome(options=options, service=ChromeService(driver))
    yield chrome
    chrome.quit()


@pytest.fixture(scope="session")
def environment() -> Environment:
    return Environment(
        cpu_model="AMD EPYC 7B13 64-Core Processor",
        cpu_count=2,
        meter="model",
        clock="perf-task-clock",
        speed="follow",
        python="cpython-3.11",
        os="linux",
        tracing="off",
    )


@pytest.fixture(scope="session")
def intensity() -> Intensity:
    return Intensity(g_per_kwh=473.0, zone="world", source="Ember", period="2024", reason="default")
