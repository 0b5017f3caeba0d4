"""Writing and reading the result file.

History of the schema: 1 is the first. A new optional member does not change the number; what
an older reader would misunderstand does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_carbon.errors import ResultFileError
from pytest_carbon.garbage import no_collection
from pytest_carbon.intake.fault import FaultError, parse_json, value_text
from pytest_carbon.intake.regular_file import read_regular
from pytest_carbon.measurement import Kind
from pytest_carbon.result.run import RunResult
from pytest_carbon.resultfile.codec import from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_carbon.intensity.accounting import Accounting
    from pytest_carbon.intensity.sci import SciScore
    from pytest_carbon.measurement import Measurement
    from pytest_carbon.result.subject import SubjectResult

__all__ = ["FORMAT", "SCHEMA", "read_result", "result_from_text", "result_lines", "write_result"]

FORMAT = "pytest-carbon result"
SCHEMA = 1

_GZIP = b"\x1f\x8b"

# A hundred thousand tests, each with its tasks and looks.
_MOST_BYTES = 512 * 2**20


def write_result(result: RunResult) -> str:
    """The text of a result file."""
    return "".join(result_lines(result))


def result_lines(result: RunResult) -> Iterator[str]:
    """The lines of a result file: one JSON object, one subject a line.

    A subject's members that have their usual value are left out, as there is a line for each test,
    and so are the outcomes that stand in those lines.
    ``derived`` members are sums and grams for other programs; reading leaves them alone.
    """
    course = result.course
    rows = {s.subject.id: s.test_outcome for s in result.of(Kind.TEST)}
    elsewhere = {t: o for t, o in course.outcomes.items() if rows.get(t) != o}
    plain = to_plain(result._replace(subjects=(), course=course._replace(outcomes=elsewhere)))
    head = {"format": FORMAT, "schema": SCHEMA, **plain, "derived": _derived_of_run(result)}
    del head["subjects"]
    yield "{\n"
    for name, value in head.items():
        yield f"{json.dumps(name)}: {json.dumps(value)},\n"
    yield '"subjects": ['
    encode = json.JSONEncoder(separators=(",", ":")).encode
    before = "\n"
    for subject in result.subjects:
        yield before + encode(_subject(result, subject))
        before = ",\n"
    yield "\n]\n}\n"


def _subject(result: RunResult, subject: SubjectResult) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(subject, brief=True)
    energy_j = subject.total.energy_j
    derived = {"energy_j": energy_j, "emissions_g": result.accounting.emissions_g(energy_j)}
    # Without a share of the machine's making there is no score.
    sci = None if result.embodied is None else result.sci_of(subject)
    if sci is not None:
        derived |= _scores(sci)
    plain["derived"] = {name: _rounded(figure) for name, figure in derived.items()}
    return plain


def _rounded(figure: float | None) -> float | None:
    """Six digits: for other programs to show, and not read back."""
    return None if figure is None else float(f"{figure:.6g}")


def _derived(
    total: Measurement | None, accounting: Accounting, sci: SciScore | None
) -> dict[str, Any]:
    return {
        "energy_j": None if total is None else total.energy_j,
        "idle_j": None if total is None else total.idle_j,
        "raw_j": None if total is None else total.raw_j,
        "emissions_g": None if total is None else accounting.emissions_g(total.energy_j),
        **_scores(sci),
    }


def _scores(sci: SciScore | None) -> dict[str, float | None]:
    return {
        "sci_operational_g": None if sci is None else sci.operational_g,
        "sci_embodied_g": None if sci is None else sci.embodied_g,
    }


def _derived_of_run(result: RunResult) -> dict[str, Any]:
    return {
        **_derived(result.total, result.accounting, result.sci),
        "sci": None if result.sci is None else result.sci.facts(),
        "sci_per_test": None if result.sci_per_test is None else result.sci_per_test.facts(),
        "cpu_s": None if result.total is None else result.total.cpu_s,
        "fingerprint": result.environment.fingerprint,
        "complete": result.course.complete,
        "verdicts": {outcome.value: count for outcome, count in result.outcomes.items()},
    }


def result_from_text(text: str, name: str) -> RunResult:
    """The result in ``text``, which came from the file ``name`` (shown in errors).

    Raises ``ResultFileError`` for anything but a result of this schema or an older one.
    """
    try:
        with no_collection():
            return _result(parse_json(text, "a result"))
    except FaultError as fault:
        where = f"'{'.'.join(fault.path)}' " if fault.path else ""
        newer = fault.path == ("schema",) and "newer" in fault.what
        raise ResultFileError(
            f"{name}: {where}{fault.what}",
            remedy="upgrade pytest-carbon, or write the file with this version"
            if newer
            else "write it anew with pytest --carbon --carbon-report json:PATH",
        ) from None


def _result(parsed: Any) -> RunResult:
    if type(parsed) is not dict or parsed.get("format") != FORMAT:
        raise FaultError(f"is no result file: it lacks 'format': '{FORMAT}'")
    number = parsed.get("schema")
    if type(number) is not int or number < 1:
        raise FaultError(f"is {value_text(number)}, not a schema number", ("schema",))
    if number > SCHEMA:
        raise FaultError(
            f"is {value_text(number)}, newer than the {SCHEMA} that is understood here", ("schema",)
        )
    result: RunResult = from_plain(RunResult, parsed)
    rows = {s.subject.id: s.test_outcome for s in result.of(Kind.TEST) if s.test_outcome}
    outcomes = {**rows, **result.course.outcomes}
    return result._replace(course=result.course._replace(outcomes=outcomes))


def _unpacked(data: bytes, path: Path) -> bytes:
    if not data.startswith(_GZIP):
        return data
    import gzip
    import io
    import zlib

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            plain = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ResultFileError(
            f"{path} cannot be unpacked: {error}",
            remedy="name a file written with --carbon-report json:PATH.gz",
        ) from None
    if len(plain) > _MOST_BYTES:
        raise ResultFileError(
            f"{path} holds more than {_MOST_BYTES:,} bytes unpacked, the most that is read",
            remedy="name a file written with --carbon-report json:PATH.gz",
        )
    return plain


def read_result(path: Path) -> RunResult:
    """The result in a file, which may be compressed.

    Raises ``ResultFileError`` where there is none.
    """
    try:
        text = _unpacked(read_regular(path, most_bytes=_MOST_BYTES).data, path).decode()
    except UnicodeDecodeError as error:
        raise ResultFileError(
            f"{path} is not UTF-8 text (byte {error.start})",
            remedy="name a file written with --carbon-report json:PATH",
        ) from None
    except OSError as error:
        raise ResultFileError(
            f"{path} cannot be read: {error.strerror}",
            remedy="name a file written with --carbon-report json:PATH",
        ) from None
    return result_from_text(text, str(path))
