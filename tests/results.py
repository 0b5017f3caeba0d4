"""A finished result to render: every kind of subject, verdict and unknown in one run."""

from __future__ import annotations

from pytest_carbon.environment import Environment
from pytest_carbon.gate.verdict import Outcome, Verdict
from pytest_carbon.intensity.intensity import Intensity
from pytest_carbon.measurement import DomainEnergy, Kind, Measurement, Method, Phase, Subject
from pytest_carbon.result.facts import Counted, Course, Fault, HostFacts, Origin
from pytest_carbon.result.run import RunResult
from pytest_carbon.result.subject import LookRuns, SubjectResult

ENVIRONMENT = Environment(
    cpu_model="AMD EPYC 7763",
    cpu_count=4,
    meter="model",
    clock="perf-task-clock",
    speed="off",
    python="cpython-3.12",
    os="linux",
    tracing="off",
)
LIVE = Intensity(
    g_per_kwh=250.0, zone="GB", source="Electricity Maps", period="2026-01-02T03:00Z", reason="live"
)
INTENSITY = Intensity(
    g_per_kwh=473.0, zone="world", source="Ember", period="2024", reason="default"
)


def cost(energy_j: float, *, missing: tuple[str, ...] = ()) -> Measurement:
    """A measurement of a core at 4 W, a tenth of it memory's, and an idle share."""
    return Measurement(
        cpu_s=energy_j / 4,
        wall_s=energy_j / 3,
        work_s=energy_j / 5,
        speed=0.8,
        energies=(
            DomainEnergy("cpu", energy_j * 0.9, energy_j / 2, Method.MODELLED),
            DomainEnergy("gpu-0", energy_j * 0.1, 0.25, Method.MEASURED),
        ),
        missing=missing,
    )


def look(energy_j: float) -> LookRuns:
    """A look at a test that writes to a disk."""
    return LookRuns(
        first=cost(energy_j * 1.3),
        repeats=(cost(energy_j * 1.1), cost(energy_j * 0.9)),
        disk_share=0.25,
        blocks_written=16.0,
    )


def subject(
    name: str,
    energy_j: float = 1.0,
    *,
    kind: Kind = Kind.TEST,
    outcome: Outcome | None = None,
    baseline_j: float | None = None,
) -> SubjectResult:
    """One subject; a test has three phases, and writes to a disk."""
    verdict = None
    if outcome is not None:
        verdict = Verdict(
            outcome=outcome,
            now_j=energy_j,
            baseline_j=baseline_j,
            tolerance=0.2,
            low=energy_j / baseline_j * 0.9 if baseline_j else None,
            high=energy_j / baseline_j * 1.1 if baseline_j else None,
            can_see=0.3,
            looks=3,
            reason="2 fresh processes confirm it",
        )
    is_test = kind is Kind.TEST
    return SubjectResult(
        subject=Subject(kind, name),
        phases={
            Phase.SETUP: cost(energy_j * 0.2),
            Phase.CALL: cost(energy_j * 0.7),
            Phase.TEARDOWN: cost(energy_j * 0.1),
        }
        if is_test
        else {},
        total=cost(energy_j),
        test_outcome="passed" if is_test else "",
        verdict=verdict,
        looks=(look(energy_j),) if baseline_j else (),
        path=name.partition("::")[0] if is_test else "",
        line=7 if is_test else None,
    )


SUBJECTS = (
    subject("tests/test_a.py::test_same", 1.0, outcome=Outcome.OK, baseline_j=1.02),
    subject("tests/test_a.py::test_worse", 3.0, outcome=Outcome.REGRESSED, baseline_j=2.0),
    subject("tests/test_a.py::test_better", 0.5, outcome=Outcome.IMPROVED, baseline_j=2.0),
    subject("tests/sub/test_b.py::TestCase::test_new", 0.25, outcome=Outcome.NEW),
    subject("tests/sub/test_b.py::test_unsure", 2.2, outcome=Outcome.INCONCLUSIVE, baseline_j=2.0),
    subject("tests/sub/test_b.py::test_unjudged", 0.01),
    subject("tests/sub/test_b.py::test_unjudged/load", 0.005, kind=Kind.TASK),
    subject("tests/conftest.py::database", 0.75, kind=Kind.FIXTURE),
    subject("collection and imports", 1.5, kind=Kind.COLLECTION),
    subject("pytest and its plugins", 2.5, kind=Kind.RUNNER),
)


def whole(result: RunResult) -> RunResult:
    """The same run, as one of the whole suite that came to its end."""
    tests = tuple(s.subject.id for s in result.of(Kind.TEST))
    return result._replace(course=Course(exit_status=0, collected=tests))


def run_result(*subjects: SubjectResult) -> RunResult:
    """A whole run of ``subjects``, else of ``SUBJECTS``."""
    chosen = subjects or SUBJECTS
    tests = tuple(s.subject.id for s in chosen if s.subject.kind is Kind.TEST)
    return RunResult(
        environment=ENVIRONMENT,
        intensity=INTENSITY,
        meters=("model of AMD EPYC: 4 W per busy hardware thread",),
        clock="perf task-clock",
        tolerance=0.2,
        floor_j=0.005,
        subjects=chosen,
        wall_s=12.5,
        workers=2,
        unavailable=("no rapl: permission denied; run: sudo chmod a+r energy_uj",),
        notes=("gw1 was lost, and its fixtures' figures with it",),
        baselines="baselines (5 stored for this environment)",
        baselines_folder="/project/baselines",
        course=Course(
            exit_status=1,
            collected=(*tests, "tests/test_a.py::test_left_out"),
            deselected=("tests/test_a.py::test_left_out",),
            narrowed=("tests",),
            outcomes=dict.fromkeys(tests, "passed"),
            cut_short="",
            lost_workers=1,
        ),
        origin=Origin(
            run_id="3f0e3a5c-8a0e-4f9a-9d53-2f1c3f6f2b11",
            started_at="2026-01-02T03:04:05+00:00",
            project="shop",
            commit="0123456789abcdef0123456789abcdef01234567",
            branch="main",
            modified=False,
            versions={"python": "3.12.1", "pytest": "9.0.0", "pytest-carbon": "0.1.0"},
            platform="Linux-6.8-x86_64",
            memory_bytes=16 * 2**30,
        ),
        looks=2,
        looks_s=3.5,
        faults=(
            Fault(
                test="tests/sub/test_b.py::test_unjudged",
                cause="OSError: the meter is gone",
                traceback="Traceback (most recent call last):\nOSError: the meter is gone\n",
            ),
        ),
    )


def on_hosts(result: RunResult) -> RunResult:
    """The same run by two hosts of different kinds, which took turns."""
    other = ENVIRONMENT._replace(cpu_model="Ampere Altra", cpu_count=80)
    hosts = (
        HostFacts(
            name="build-1",
            environment=ENVIRONMENT,
            meters=result.meters,
            clock=result.clock,
            baselines=result.baselines,
            reference_ns=150_000.0,
        ),
        HostFacts(
            name="build-2",
            environment=other,
            meters=("model of Ampere Altra: 2 W per busy hardware thread",),
            clock="perf task-clock",
            baselines="baselines (none stored)",
        ),
    )
    subjects = tuple(
        s._replace(host=f"build-{1 + place % 2}") for place, s in enumerate(result.subjects)
    )
    return result._replace(hosts=hosts, subjects=subjects)


def counted(result: RunResult) -> RunResult:
    """The same run beside a GPU's counter that showed more than the run caused."""
    return result._replace(counted=(Counted("gpu-0", 10.0, 2.0, 3.0),))
