"""S13, S14, S15: what tests do to ``os``, ``time`` and descriptors, and what then is known."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.cases.conftest import Suite


@pytest.mark.cold_start(imports=True)
def test_tests_in_a_fake_file_system_are_measured(
    pytester: pytest.Pytester, suite: Suite, with_plugins: Callable[..., None]
) -> None:
    """For one test, and for a whole module, too."""
    with_plugins("fakefs")
    pytester.makepyfile(
        test_one="""
        import pytest
        from work import work

        def test_a(): work()
        def test_b(fs): work()
        """,
        test_two="""
        from work import work

        def test_c(fs_module): work()
        def test_d(fs_module): work()
        """,
    )
    # Much, beside what it costs to make and to leave a fake file system.
    suite.costs = 0.01, 0.2
    gated = suite.is_undisturbed(passed=4, regressed=4)
    assert not suite.result.faults
    gated.stdout.no_fnmatch_line("*measuring stopped*")


@pytest.mark.parametrize(
    "clock",
    [
        pytest.param("perf", marks=pytest.mark.cold_start(imports=True)),
        "descendants",
        "psutil",
        "waited-for",
    ],
)
def test_functions_that_tests_replace_are_not_used(
    pytester: pytest.Pytester, suite: Suite, clock: str
) -> None:
    pytester.makepyfile(
        """
        import gc
        import os
        import threading
        import time
        import pytest
        from work import note, work

        def fail(*args, **kwargs): raise RuntimeError("replaced")

        @pytest.fixture
        def replaced(monkeypatch):
            for module, names in {
                os: "read pread write open close getpid getppid stat fstat listdir sysconf times"
                " readlink waitid",
                time: "process_time_ns perf_counter_ns monotonic_ns thread_time_ns time_ns sleep"
                " process_time perf_counter monotonic time clock_gettime_ns clock_gettime",
                threading: "get_ident get_native_id current_thread",
            }.items():
                for name in names.split():
                    if hasattr(module, name):
                        monkeypatch.setattr(module, name, fail)

        def test_replaced(replaced): work(); gc.collect()
        def test_plain(): work()
        """
    )
    if suite.plain(f"--carbon-clock={clock}", "--carbon", "-s").ret == pytest.ExitCode.USAGE_ERROR:
        pytest.skip("there is no such clock here")
    suite.is_undisturbed("-s", f"--carbon-clock={clock}", passed=2, regressed=2)
    assert not suite.result.faults


@pytest.mark.cold_start(imports=True)
@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["serial", "worker"])
def test_functions_that_are_replaced_all_along_are_not_used(
    pytester: pytest.Pytester,
    suite: Suite,
    monkeypatch: pytest.MonkeyPatch,
    workers: tuple[str, ...],
) -> None:
    """By a conftest file for good, or by a fixture that spans all tests."""
    # pytest-xdist itself needs what the file replaces.
    monkeypatch.setenv("REPLACES", "NOTHING" if workers else "PATH")
    pytester.makeconftest(
        """
        import json
        import os
        import subprocess
        import time
        import pytest
        import work

        def fail(*args, **kwargs): raise RuntimeError("replaced")

        if os.environ["REPLACES"] in os.environ:
            subprocess.Popen = fail
            os.getpid = lambda: 1
            time.sleep = time.monotonic = time.process_time_ns = fail

        @pytest.fixture(scope="session", autouse=True)
        def replaced():
            with pytest.MonkeyPatch.context() as patch:
                for name in ("dumps", "loads"):
                    patch.setattr(json, name, fail)
                yield
        """
    )
    pytester.makepyfile('from work import note, work\ndef test_a(): note("a"); work()\n')
    pytester.makeini("[pytest]\ncarbon_floor = 1mJ\n")
    suite.is_undisturbed(*workers, passed=1, regressed=1)
    assert not suite.result.faults


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
def test_descriptors_that_tests_close_and_get_back_are_theirs(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    """No reading takes bytes, moves an offset or waits, and the end closes nothing of theirs."""
    pytester.makepyfile(
        """
        import atexit
        import os
        import socket
        from work import note, work

        KEPT = {}

        def still_open():
            os.fstat(KEPT["pipe"][0])
            note("still open")

        def test_closes():
            os.closerange(3, 256)
            # Whatever is free now: an empty pipe and a socket would block whoever reads them.
            for number in range(20):
                KEPT[number] = os.pipe(), socket.socketpair()
            KEPT["pipe"] = read, write = os.pipe()
            os.write(write, b"12345678")
            KEPT["file"] = open(__file__, "rb")
            atexit.register(still_open)
            work()

        def test_work(): work()

        def test_nothing_is_gone():
            assert os.read(KEPT["pipe"][0], 100) == b"12345678"
            assert KEPT["file"].tell() == 0
            note("nothing is gone")
        """
    )
    suite.is_undisturbed("-s", passed=3, regressed=2)
    assert suite.ran == {"nothing is gone": 1, "still open": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
def test_what_a_test_makes_unmeasurable_is_unknown_and_passes_nothing(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    """No budget, and no strict run; later tests are measured again."""
    pytester.makepyfile(
        """
        import os
        import pytest
        from work import note, work

        # What lies above is not pytest's own.
        LEAST = max(os.pipe()) + 1

        def test_before(): work()
        def test_closes(): os.closerange(LEAST, 65536); work()
        def test_after(): work()

        @pytest.mark.carbon_budget(mj=1)
        def test_budget(): work()

        @pytest.mark.carbon_budget(mj=1)
        def test_closes_in_budget(): os.closerange(LEAST, 65536); work()
        """
    )
    assert suite.plain("-s").parseoutcomes() == {"passed": 5}
    stored = suite.store("-s", "-k", "not budget")
    assert stored.ret == pytest.ExitCode.OK
    gated = suite.gate("-s")
    assert gated.ret == pytest.ExitCode.TESTS_FAILED
    assert suite.test("test_closes").total.energy_j is None
    gated.stdout.no_fnmatch_line("* 0 J *test_closes")
    assert suite.verdict("test_before") == "regressed"
    assert suite.verdict("test_after") == "regressed"
    assert suite.verdict("test_budget") == "over budget"
    gated.stdout.fnmatch_lines(["FAILED *test_closes_in_budget - carbon: energy unknown*"])
    strict = suite.unchanged("-s", "--carbon-strict", "-k", "not budget")
    assert strict.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    "broken",
    [
        "pytest_carbon.looks.confirm.confirm",
        "pytest_carbon.session.failure_report.fail",
        "pytest_carbon.session.judge.Judge.budget_j",
        "pytest_carbon.session.runtest.protocol.Facts.of",
    ],
    ids=lambda name: name.rpartition(".")[2],
)
def test_a_fault_of_ours_passes_no_budget(
    pytester: pytest.Pytester, suite: Suite, broken: str
) -> None:
    """Wherever it is; and no test reads as if it had been gated."""
    pytester.makepyfile(
        """
        import pytest
        from work import note, work

        def test_a(): note("a"); work()

        @pytest.mark.carbon_budget(mj=1)
        def test_budget(): note("budget"); work()
        """
    )
    suite.store("-k", "test_a", "--carbon-confirm-time=0")
    pytester.makeconftest(
        f"""
        from pkgutil import resolve_name

        def fail(*_, **__): raise RuntimeError("ours")

        where, _, name = "{broken}".rpartition(".")
        setattr(resolve_name(where), name, fail)
        """
    )
    gated = suite.gate()
    assert suite.ran == {"a": 1, "budget": 1}
    assert gated.ret == pytest.ExitCode.TESTS_FAILED, gated.stdout.str()
    assert suite.verdict("test_a") in {"inconclusive", "regressed", ""}
    gated.stdout.fnmatch_lines(["not measured: *RuntimeError: ours"])
