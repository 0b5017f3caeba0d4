"""Everything runs as often as without carbon, in one process and in several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.session.cases.conftest import Suite

CONFTEST = """
    import pytest
    from work import note

    def fixture(scope, **kwargs):
        def made(request):
            note(f"{scope} up")
            request.addfinalizer(lambda: note(f"{scope} finalizer"))
            yield
            note(f"{scope} down")
        return pytest.fixture(made, scope=scope, name=f"of_{scope}", **kwargs)

    of_session = fixture("session", autouse=True)
    of_package = fixture("package", autouse=True)
    of_module = fixture("module", autouse=True)
    of_class = fixture("class", autouse=True)
    of_function = fixture("function", autouse=True)

    @pytest.fixture(scope="module", params=["x", "y"])
    def param(request):
        note(f"param {request.param} up")
        yield request.param
        note(f"param {request.param} down")
"""
MODULE = """
    import unittest
    import pytest
    from work import note, work

    def setup_module(): note("setup_module")
    def teardown_module(): note("teardown_module")

    def test_a(): note("{name} a"); work()
    def test_b(param): note("{name} b"); work()

    @pytest.mark.xdist_group("together")
    class TestClass:
        def setup_method(self): note("setup_method")
        def teardown_method(self): note("teardown_method")
        def test_c(self): note("{name} c"); work()

    class TestUnit(unittest.TestCase):
        @classmethod
        def setUpClass(cls): note("setUpClass")
        @classmethod
        def tearDownClass(cls): note("tearDownClass")
        def setUp(self): note("setUp")
        def tearDown(self): note("tearDown")
        def test_d(self): note("{name} d"); work()

    @pytest.mark.skip
    def test_e(): note("{name} e")

    @pytest.mark.xfail
    def test_f(): note("{name} f"); work(); assert 0
"""
OUTCOMES = {"passed": 10, "skipped": 2, "xfailed": 2}

# What happens once a test, and so depends on no schedule. Skipped tests have no fixtures.
BY_TEST = {
    **{f"{module} {test}": 1 for module in ("one", "two") for test in "acdf"},
    "one b": 2,
    "two b": 2,
    **{f"function {what}": 12 for what in ("up", "down", "finalizer")},
    **dict.fromkeys(("setup_method", "teardown_method", "setUp", "tearDown"), 2),
}


@pytest.fixture
def counting(pytester: pytest.Pytester, suite: Suite) -> Suite:
    """A suite that notes whatever it runs; its tests are short, and gated all the same."""
    pytester.makeini("[pytest]\ncarbon_speed = off\ncarbon_floor = 0.1mJ\n")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(
        test_one=MODULE.format(name="one"),
        test_two=MODULE.format(name="two"),
    )
    suite.costs = 0.003, 0.03
    return suite


@pytest.mark.slow
def test_everything_runs_as_often_as_without_carbon(counting: Suite) -> None:
    """While a baseline is stored, all tests are suspects, and all are measured again."""
    assert counting.is_undisturbed(passed=10, skipped=2, xfailed=2, regressed=10)
    ran = counting.ran
    assert {name: ran[name] for name in BY_TEST} == BY_TEST
    assert ran["session up"] == ran["session finalizer"] == ran["session down"] == 1
    thorough = counting.gate("--carbon-thorough")
    assert thorough.parseoutcomes() == {"failed": 10, "skipped": 2, "xfailed": 2}
    assert counting.ran == ran


def _ends_what_it_begins(suite: Suite) -> None:
    """In each process; and widest fixtures are set up there once."""
    for counts in suite.processes.values():
        for what, count in counts.items():
            if what.endswith(" up"):
                assert counts[what.replace(" up", " down")] == count, what
        assert counts["session up"] == counts["session finalizer"] == 1
        assert counts["setup_module"] == counts["teardown_module"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "dist",
    [
        ("-n2", "--dist=load"),
        ("-n2", "--dist=loadscope"),
        ("-n2", "--dist=loadfile"),
        ("-n2", "--dist=loadgroup"),
        ("-n2", "--dist=worksteal"),
        ("-n2", "--dist=each"),
        ("-n2", "--dist=no"),
    ],
    ids=lambda dist: dist[-1],
)
def test_workers_run_everything_as_often_as_without_carbon(
    counting: Suite, dist: tuple[str, ...]
) -> None:
    """All tests are suspects there, and their reports wait for the end of the run."""
    times = 2 if "--dist=each" in dist else 1
    outcomes = {name: times * count for name, count in OUTCOMES.items()}
    stored = counting.store("--carbon-confirm-time=0", *dist)
    assert stored.parseoutcomes() == outcomes
    by_test = {name: times * count for name, count in BY_TEST.items()}
    assert {name: counting.ran[name] for name in by_test} == by_test
    _ends_what_it_begins(counting)
    # As looks are the same whoever has run the suspects, they are left out here.
    held = counting.gate("--carbon-confirm-time=0", "--carbon-inconclusive=fail", *dist)
    assert held.ret == pytest.ExitCode.TESTS_FAILED
    expected = {"failed": outcomes["passed"], **outcomes}
    del expected["passed"]
    assert held.parseoutcomes() == expected, held.stdout.str()
    assert {name: counting.ran[name] for name in by_test} == by_test
    _ends_what_it_begins(counting)
    assert not counting.again


@pytest.mark.parametrize("dist", ["load", "each"])
def test_suspects_of_workers_are_convicted(
    pytester: pytest.Pytester, suite: Suite, dist: str
) -> None:
    times = 2 if dist == "each" else 1
    pytester.makepyfile(
        """
        from work import note, work

        def test_a(): note("a"); work()
        def test_b(): note("b"); work()
        def test_c(): note("c")
        """
    )
    workers = ("-n2", f"--dist={dist}")
    suite.store(*workers).assert_outcomes(passed=3 * times)
    ran = suite.ran
    assert ran == {"a": times, "b": times, "c": times}
    suite.gate(*workers).assert_outcomes(passed=times, failed=2 * times)
    assert suite.count("regressed") == 2
    assert suite.ran == ran
    assert suite.again["a"] > 1


def test_a_worker_that_crashes_takes_no_suspect_with_it(
    pytester: pytest.Pytester, suite: Suite
) -> None:
    pytester.makepyfile(
        """
        import os
        from work import COST, note, work

        def test_a(): note("a"); work()

        def test_crash():
            note("crash")
            if COST > 0.02:
                os._exit(1)

        def test_b(): note("b"); work()
        """
    )
    suite.store()
    gated = suite.gate("-n1")
    gated.assert_outcomes(failed=3)
    assert suite.ran == {"a": 1, "crash": 1, "b": 1}
    assert suite.verdict("test_a") == suite.verdict("test_b") == "regressed"
