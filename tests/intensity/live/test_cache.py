"""The cache that all processes of a host share, and the distrust it is read with."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from hypothesis import example, given
from hypothesis import strategies as st

import pytest_carbon
from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.intensity.live.cache import CachedSource, cache_folder
from pytest_carbon.intensity.live.source import IntensitySource, NotCovered

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

NOW_S = 1_750_000_000.0


class Counting:
    """A source that counts how often it is asked."""

    name = "counting"

    def __init__(self, error: Exception | None = None, g_per_kwh: float = 100.0) -> None:
        self.asked = 0
        self.error = error
        self.g_per_kwh = g_per_kwh

    def fetch(self, zone: str) -> Intensity:
        self.asked += 1
        if self.error:
            raise self.error
        return Intensity(
            g_per_kwh=self.g_per_kwh, zone=zone, source="S", period="now", reason="live"
        )


class Clock:
    """A time of day that a test can set."""

    def __init__(self) -> None:
        self.now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


def only_json(folder: Path) -> Path:
    (path,) = folder.glob("intensity-*.json")
    return path


def test_sources_are_of_the_interface() -> None:
    assert isinstance(Counting(), IntensitySource)
    assert isinstance(CachedSource(Counting(), Path()), IntensitySource)


def test_the_second_process_finds_the_answer_of_the_first(tmp_path: Path) -> None:
    source = Counting()
    answers = [CachedSource(source, tmp_path / "new").fetch("FR") for _ in range(3)]
    assert source.asked == 1
    assert len(set(answers)) == 1


def test_zones_and_sources_are_kept_apart(tmp_path: Path) -> None:
    source, other = Counting(), Counting(g_per_kwh=7)
    other.name = "other"
    assert CachedSource(source, tmp_path).fetch("FR").zone == "FR"
    assert CachedSource(source, tmp_path).fetch("DE").zone == "DE"
    assert CachedSource(other, tmp_path).fetch("FR").g_per_kwh == 7


def test_an_answer_is_asked_for_anew_after_five_minutes(tmp_path: Path) -> None:
    source, clock = Counting(), Clock()
    cached = CachedSource(source, tmp_path, now_s=clock)
    cached.fetch("FR")
    clock.now_s += 299
    cached.fetch("FR")
    assert source.asked == 1
    clock.now_s += 2
    cached.fetch("FR")
    assert source.asked == 2


@pytest.mark.parametrize("jump_s", [-1, -86_400 * 365 * 30, 86_400 * 365 * 30])
def test_a_clock_that_jumps_costs_one_request(tmp_path: Path, jump_s: float) -> None:
    source, clock = Counting(), Clock()
    cached = CachedSource(source, tmp_path, now_s=clock)
    cached.fetch("FR")
    clock.now_s += jump_s
    cached.fetch("FR")
    cached.fetch("FR")
    assert source.asked == 2


def test_a_failure_is_kept_too_for_a_minute(tmp_path: Path) -> None:
    source, clock = Counting(IntensityError("it is down", remedy="wait")), Clock()
    cached = CachedSource(source, tmp_path, now_s=clock)
    for _ in range(3):
        with pytest.raises(IntensityError, match="it is down: wait"):
            cached.fetch("FR")
    assert source.asked == 1
    clock.now_s += 61
    with pytest.raises(IntensityError):
        cached.fetch("FR")
    assert source.asked == 2


def test_a_zone_that_is_not_covered_leaves_no_file(tmp_path: Path) -> None:
    source = Counting(NotCovered("not here", remedy=""))
    with pytest.raises(NotCovered):
        CachedSource(source, tmp_path).fetch("FR")
    assert list(tmp_path.glob("*.json")) == []


def test_an_absurd_answer_is_not_kept_as_an_answer(tmp_path: Path) -> None:
    source = Counting(g_per_kwh=-5)
    for _ in range(2):
        with pytest.raises(IntensityError, match="absurd"):
            CachedSource(source, tmp_path).fetch("FR")
    assert json.loads(only_json(tmp_path).read_text())["answer"] is None


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "cache"
    CachedSource(Counting(), folder).fetch("FR")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600}


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_a_file_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    source = Counting()
    CachedSource(source, tmp_path).fetch("FR")
    only_json(tmp_path).chmod(0o666)
    CachedSource(source, tmp_path).fetch("FR")
    assert source.asked == 2
    assert stat.S_IMODE(only_json(tmp_path).stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_link_is_neither_read_nor_written_through(tmp_path: Path) -> None:
    source = Counting()
    CachedSource(source, tmp_path).fetch("FR")
    path, elsewhere = only_json(tmp_path), tmp_path / "elsewhere"
    path.rename(elsewhere)
    before = elsewhere.read_bytes()
    path.symlink_to(elsewhere)
    CachedSource(source, tmp_path).fetch("FR")
    assert source.asked == 2
    assert not path.is_symlink()
    assert elsewhere.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_a_pipe_does_not_hang_the_run(tmp_path: Path) -> None:
    source = Counting()
    CachedSource(source, tmp_path).fetch("FR")
    path = only_json(tmp_path)
    path.unlink()
    os.mkfifo(path, 0o600)  # type: ignore[attr-defined, unused-ignore]
    assert CachedSource(source, tmp_path).fetch("FR").g_per_kwh == 100


GOOD = {
    "schema": 1,
    "zone": "FR",
    "at_s": NOW_S,
    "answer": {"g_per_kwh": 9.0, "zone": "FR", "source": "S", "period": "P", "reason": "R"},
    "problem": "",
    "remedy": "",
}


def after_finding(content: bytes) -> Intensity:
    """What is fetched where a file with ``content`` lies in the cache."""
    with tempfile.TemporaryDirectory() as folder:
        cached = CachedSource(Counting(), Path(folder), now_s=lambda: NOW_S)
        cached.fetch("FR")
        only_json(Path(folder)).write_bytes(content)
        return cached.fetch("FR")


def test_a_good_file_is_believed() -> None:
    assert after_finding(json.dumps(GOOD).encode()).g_per_kwh == 9


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"zone": "DE"},
        {"at_s": NOW_S + 1},
        {"at_s": NOW_S - 301},
        {"at_s": float("nan")},
        {"at_s": 10**400},
        {"at_s": "then"},
        {"answer": {**GOOD["answer"], "g_per_kwh": -9.0}},  # type: ignore[dict-item]
        {"answer": {**GOOD["answer"], "g_per_kwh": "9"}},  # type: ignore[dict-item]
        {"answer": {**GOOD["answer"], "g_per_kwh": 10**400}},  # type: ignore[dict-item]
        {"answer": {**GOOD["answer"], "source": "\x1b[2Jgone"}},  # type: ignore[dict-item]
        {"answer": {**GOOD["answer"], "reason": "x" * 201}},  # type: ignore[dict-item]
        {"answer": {**GOOD["answer"], "zone": None}},  # type: ignore[dict-item]
        {"answer": {**GOOD["answer"], "extra": 1}},  # type: ignore[dict-item]
        {"answer": {"g_per_kwh": 9.0}},
        {"answer": [9.0]},
        {"answer": None, "problem": "\x1b]0;title\x07"},
        {"padding": "x" * 5000},
    ],
    ids=lambda change: str(change)[:60],
)
def test_a_hostile_file_is_asked_past(change: dict[str, object]) -> None:
    assert after_finding(json.dumps(GOOD | change).encode()).g_per_kwh == 100


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode())))
@example(b"[" * 4000)
@example(b"null")
@example(b'{"schema": 1')
def test_any_bytes_in_the_file_are_survived(content: bytes) -> None:
    assert after_finding(content).g_per_kwh == 100


def test_a_failure_without_words_is_told_with_some(tmp_path: Path) -> None:
    with pytest.raises(IntensityError):
        CachedSource(Counting(IntensityError("no", remedy="")), tmp_path, now_s=lambda: 1.0).fetch(
            "FR"
        )
    content = json.loads(only_json(tmp_path).read_text())
    only_json(tmp_path).write_text(json.dumps({**content, "problem": "", "remedy": ""}))
    with pytest.raises(IntensityError, match="it failed a moment ago: the run goes on without it"):
        CachedSource(Counting(), tmp_path, now_s=lambda: 2.0).fetch("FR")


def test_without_a_folder_the_source_is_asked_directly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    source = Counting()
    assert CachedSource(source, tmp_path / "file" / "cache").fetch("FR").g_per_kwh == 100
    assert source.asked == 1


def test_a_lock_held_for_too_long_is_an_error_without_a_chain(tmp_path: Path) -> None:
    source = Counting()
    cached = CachedSource(source, tmp_path, lock_wait_s=0.05)
    cached.fetch("FR")
    only_json(tmp_path).unlink()
    (lock_path,) = tmp_path.glob("*.lock")
    with FileLock(lock_path), pytest.raises(IntensityError, match="for too long") as caught:
        cached.fetch("FR")
    assert caught.value.__context__ is None
    assert source.asked == 1


def test_the_lock_is_free_again_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        CachedSource(Counting(RuntimeError("bug")), tmp_path).fetch("FR")
    assert CachedSource(Counting(), tmp_path, lock_wait_s=1).fetch("FR").g_per_kwh == 100


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_a_folder_that_others_may_write_to_is_not_used(tmp_path: Path) -> None:
    """They could lay a link in the place of a file."""
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(0o777)
    source = Counting()
    for _ in range(2):
        assert CachedSource(source, folder).fetch("FR").g_per_kwh == 100
    assert source.asked == 2
    assert list(folder.iterdir()) == []


def test_the_folder_is_the_users_own(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert cache_folder({}, home) == home / ".cache" / "pytest-carbon"
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}, home) == tmp_path / "pytest-carbon"
    assert cache_folder({"XDG_CACHE_HOME": "relative"}, home) == home / ".cache" / "pytest-carbon"


ASK = """
import os, sys, time
from pathlib import Path
from pytest_carbon.errors import IntensityError
from pytest_carbon.intensity.live.cache import CachedSource
from pytest_carbon.intensity.live.electricity_maps import HEADER, ElectricityMaps
from pytest_carbon.intensity.live.secret import token_from
import filelock

url, folder, go = sys.argv[1:]
source = ElectricityMaps(token_from(os.environ, HEADER), base_url=url, now_s=lambda: 1.75e9)
print("ready", flush=True)
while not os.path.exists(go):
    time.sleep(0.05)
try:
    print(CachedSource(source, Path(folder)).fetch("GB").g_per_kwh)
except IntensityError as error:
    print(error)
"""


def ask_from_processes(count: int, url: str, folder: Path, token: str) -> list[tuple[str, str]]:
    """What ``count`` processes that ask at the same moment print."""
    go = folder.parent / "go"
    environ = dict(os.environ, ELECTRICITYMAPS_API_TOKEN=token)
    environ["PYTHONPATH"] = str(Path(pytest_carbon.__file__).parent.parent)
    command = [sys.executable, "-c", ASK, url, str(folder), str(go)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [
        subprocess.Popen(command, env=environ, text=True, **pipes)  # type: ignore[call-overload]
        for _ in range(count)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    go.touch()
    return [process.communicate(timeout=120) for process in processes]


def test_64_processes_make_one_request(fake: Any, tmp_path: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.5)  # long enough for all to be waiting
        fake.electricity_maps()(handler)

    with fake.FakeApi(answer) as api:
        printed = ask_from_processes(64, api.url, tmp_path / "cache", fake.TOKEN)
    assert len(api.seen) == 1
    assert printed == [("187.0\n", "")] * 64


def test_8_processes_with_a_bad_token_make_one_request(fake: Any, tmp_path: Path) -> None:
    with fake.FakeApi(fake.says("", 401)) as api:
        printed = ask_from_processes(8, api.url, tmp_path / "cache", fake.TOKEN)
    assert len(api.seen) == 1
    assert len(set(printed)) == 1
    assert "refuses the token (HTTP 401)" in printed[0][0]
    assert fake.TOKEN not in str(printed)
