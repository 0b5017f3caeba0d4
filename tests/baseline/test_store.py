from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_carbon
from pytest_carbon.baseline.entry import Entry, Spread
from pytest_carbon.baseline.file import BaselineFile, file_name
from pytest_carbon.baseline.layout import render
from pytest_carbon.baseline.replace import clean_up
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.errors import BaselineError
from pytest_carbon.measurement import Kind, Subject

if TYPE_CHECKING:
    from pytest_carbon.environment import Environment
    from pytest_carbon.intensity.intensity import Intensity

A = Subject(Kind.TEST, "test_a.py::test_a")
B = Subject(Kind.TEST, "test_a.py::test_b")


def entry(centre_j: float) -> Entry:
    return Entry(first=Spread(centre_j=centre_j), cpu_s=0.25, wall_s=0.25)


@pytest.fixture
def store(tmp_path: Path) -> BaselineStore:
    return BaselineStore(tmp_path / "baselines", lock_folder=tmp_path / "locks")


@pytest.fixture
def begun(environment: Environment, intensity: Intensity) -> BaselineFile:
    return BaselineFile(environment=environment, intensity=intensity, entries={A: entry(1.0)})


def put(store: BaselineStore, file: BaselineFile) -> Path:
    return store.update(file.environment, lambda _old: file).path


def test_nothing_is_stored_at_first(store: BaselineStore, environment: Environment) -> None:
    assert store.load(environment) is None
    assert store.nearest(environment) == ()
    assert store.survey().files == ()


def test_an_update_gets_what_is_stored_and_stores_what_it_returns(
    store: BaselineStore, begun: BaselineFile
) -> None:
    put(store, begun)

    def add(old: BaselineFile | None) -> BaselineFile:
        assert old == begun
        return old.with_entries({**old.entries, B: entry(2.0)})

    stored = store.update(begun.environment, add)
    assert stored.written
    loaded = store.load(begun.environment)
    assert loaded is not None
    assert loaded.entries == {A: entry(1.0), B: entry(2.0)}


def test_the_folder_holds_nothing_but_baselines(store: BaselineStore, begun: BaselineFile) -> None:
    put(store, begun)
    assert [path.name for path in store.folder.iterdir()] == [file_name(begun.environment)]


def test_an_empty_file_is_not_begun(
    store: BaselineStore, environment: Environment, intensity: Intensity
) -> None:
    empty = BaselineFile(environment=environment, intensity=intensity)
    assert not store.update(environment, lambda _old: empty).written
    assert not store.folder.exists()


@pytest.mark.parametrize("layout", ["own", "windows", "by hand"])
def test_what_stays_the_same_is_not_written(
    store: BaselineStore, begun: BaselineFile, layout: str
) -> None:
    path = put(store, begun)
    text = render(begun)
    if layout == "windows":
        path.write_bytes(text.replace("\n", "\r\n").encode())
    elif layout == "by hand":
        path.write_text(text.replace("  ", " "), encoding="utf-8")
    before = path.stat()
    nearly = begun.with_entries({A: entry(1.0 if layout == "by hand" else 1.0004)})
    assert not store.update(begun.environment, lambda _old: nearly).written
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_change_that_fails_leaves_the_file_and_frees_the_lock(
    store: BaselineStore, begun: BaselineFile
) -> None:
    path = put(store, begun)

    def interrupted(_old: BaselineFile | None) -> BaselineFile:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.update(begun.environment, interrupted)
    assert path.read_text(encoding="utf-8") == render(begun)
    assert store.update(begun.environment, lambda _old: begun.with_entries({})).written


def test_baselines_of_another_environment_are_not_put_into_a_file(
    store: BaselineStore, begun: BaselineFile
) -> None:
    other = begun.environment._replace(cpu_count=64)
    with pytest.raises(ValueError, match="another environment"):
        store.update(other, lambda _old: begun)


def test_a_damaged_file_is_refused_and_left_byte_for_byte(
    store: BaselineStore, begun: BaselineFile
) -> None:
    path = put(store, begun)
    path.write_bytes(b'{"schema": 1, \xff')
    with pytest.raises(BaselineError, match="UTF-8"):
        store.load(begun.environment)
    with pytest.raises(BaselineError, match="UTF-8"):
        store.update(begun.environment, lambda _old: begun)
    assert path.read_bytes() == b'{"schema": 1, \xff'


def test_a_copy_under_another_name_is_refused(store: BaselineStore, begun: BaselineFile) -> None:
    path = put(store, begun)
    other = begun.environment._replace(cpu_count=64)
    path.rename(store.path(other))
    with pytest.raises(BaselineError, match=r"belongs into .*2cpu-model"):
        store.load(other)


def test_other_environments_are_told_with_what_differs_the_nearest_first(
    store: BaselineStore, begun: BaselineFile
) -> None:
    near = begun.environment._replace(python="cpython-3.12")
    far = near._replace(cpu_count=64, cpu_model="Apple M1")
    for environment in (far, near):
        put(store, begun._replace(environment=environment))
    (store.folder / "x-0123456789ab.json").write_text("damaged", encoding="utf-8")
    (store.folder / "notes.json").write_text("{}", encoding="utf-8")
    neighbours = store.nearest(begun.environment)
    assert [neighbour.environment for neighbour in neighbours] == [near, far]
    assert neighbours[0].differences == {"python": ("cpython-3.11", "cpython-3.12")}
    assert store.read(neighbours[0].path).entries == begun.entries
    put(store, begun)
    assert len(store.nearest(begun.environment)) == 2


def test_a_survey_tells_baselines_from_damage_and_from_what_is_not_ours(
    store: BaselineStore, begun: BaselineFile
) -> None:
    path = put(store, begun)
    broken = store.folder / "x-0123456789ab.json"
    broken.write_text("damaged", encoding="utf-8")
    unknown = store.folder / "README.md"
    unknown.write_text("ours to read", encoding="utf-8")
    survey = store.survey()
    assert survey.files == ((path, begun),)
    assert [item[0] for item in survey.broken] == [broken]
    assert survey.unknown == (unknown,)


def test_a_file_that_is_gone_or_a_folder_is_a_clear_error(
    store: BaselineStore, begun: BaselineFile
) -> None:
    with pytest.raises(BaselineError, match="is not there"):
        store.read(store.path(begun.environment))
    store.path(begun.environment).mkdir(parents=True)
    with pytest.raises(BaselineError, match="cannot be read"):
        store.load(begun.environment)


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path: Path, begun: BaselineFile) -> None:
    (tmp_path / "baselines").write_text("", encoding="utf-8")
    store = BaselineStore(tmp_path / "baselines", lock_folder=tmp_path / "locks")
    with pytest.raises(BaselineError, match="cannot be listed"):
        store.survey()
    with pytest.raises(BaselineError, match=r"cannot be read|cannot be written"):
        put(store, begun)


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_a_link_stays_a_link_and_its_target_is_written(
    tmp_path: Path, store: BaselineStore, begun: BaselineFile
) -> None:
    store.folder.mkdir()
    target = tmp_path / "elsewhere" / "shared.json"
    target.parent.mkdir()
    link = store.path(begun.environment)
    link.symlink_to(target)
    put(store, begun)
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == render(begun)
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_permissions_are_kept(store: BaselineStore, begun: BaselineFile) -> None:
    path = put(store, begun)
    path.chmod(0o640)
    put(store, begun.with_entries({B: entry(1.0)}))
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_writer_who_shares_no_lock_is_noticed(store: BaselineStore, begun: BaselineFile) -> None:
    """Another user has another lock: the change is made again on what he wrote."""
    path = put(store, begun)
    seen = []

    def change(old: BaselineFile | None) -> BaselineFile:
        assert old is not None
        seen.append(old)
        if len(seen) == 1:
            other = old.with_entries({**old.entries, B: entry(2.0)})
            path.unlink()
            path.write_text(render(other), encoding="utf-8")
        return old.with_entries({**old.entries, A: entry(3.0)})

    assert store.update(begun.environment, change).file.entries == {A: entry(3.0), B: entry(2.0)}
    assert len(seen) == 2


def test_a_held_lock_is_waited_for_and_then_told(
    tmp_path: Path, store: BaselineStore, begun: BaselineFile
) -> None:
    impatient = BaselineStore(store.folder, lock_folder=tmp_path / "locks", lock_timeout_s=0.01)

    def nested(_old: BaselineFile | None) -> BaselineFile:
        put(impatient, begun)
        return begun

    with pytest.raises(BaselineError, match="has been locked by another process"):
        store.update(begun.environment, nested)
    assert store.load(begun.environment) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_lock_folder_that_is_a_link_is_not_trusted(
    tmp_path: Path, store: BaselineStore, begun: BaselineFile
) -> None:
    (tmp_path / "locks").symlink_to(tmp_path)
    with pytest.raises(BaselineError, match=r"cannot be locked.* TMPDIR"):
        put(store, begun)


def test_leftovers_of_killed_writers_are_cleaned_up_and_others_left(
    tmp_path: Path,
) -> None:
    target = tmp_path / "x.json"
    own, old, young, other = (
        tmp_path / name
        for name in (".x.json.me.tmp", ".x.json.old.tmp", ".x.json.young.tmp", ".y.json.me.tmp")
    )
    for path in (own, old, young, other):
        path.write_text("", encoding="utf-8")
    two_days_ago_s = young.stat().st_mtime - 2 * 24 * 3600
    os.utime(old, (two_days_ago_s, two_days_ago_s))
    clean_up(target, "me", now_s=young.stat().st_mtime)
    assert sorted(tmp_path.iterdir()) == [young, other]


FAILING_WRITER = """
import sys
from pathlib import Path
from pytest_carbon.baseline.schema import read_baselines
from pytest_carbon.baseline.store import BaselineStore
from pytest_carbon.errors import BaselineError
import filelock, platform, tempfile  # before the failure begins

path, locks, way = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
file = read_baselines(path.read_bytes(), str(path))
store = BaselineStore(path.parent, lock_folder=locks)
if way == "full disk":
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
else:
    import os
    if os.geteuid() == 0:
        os.seteuid(65534)
try:
    store.update(file.environment, lambda old: old.with_entries({}))
except BaselineError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="uses limits and users of Linux")
@pytest.mark.parametrize(
    ("way", "message"),
    [("full disk", "cannot be written: File too large"), ("read-only", "cannot be written: Perm")],
)
def test_a_write_that_fails_leaves_the_old_file_whole(
    begun: BaselineFile, way: str, message: str
) -> None:
    # Another user may not look into pytest's temporary folders.
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        locks = root / "locks"
        locks.mkdir()
        locks.chmod(0o777)
        store = BaselineStore(root / "baselines", lock_folder=locks / "ours")
        path = put(store, begun)
        store.folder.chmod(0o555 if way == "read-only" else 0o755)
        done = subprocess.run(
            [sys.executable, "-c", FAILING_WRITER, path, locks / "theirs", way],
            env={**os.environ, "PYTHONPATH": str(Path(pytest_carbon.__file__).parents[1])},
            capture_output=True,
            text=True,
            check=True,
        )
        store.folder.chmod(0o755)
        assert message in done.stdout
        assert "free some space or make the folder writable" in done.stdout
        assert path.read_text(encoding="utf-8") == render(begun)
        assert list(store.folder.iterdir()) == [path]


def test_the_default_lock_folder_is_ones_own_and_outside_of_the_committed_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, begun: BaselineFile
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = BaselineStore(tmp_path / "baselines")
    path = put(store, begun)
    assert list(store.folder.iterdir()) == [path]
    (folder,) = tmp_path.glob("pytest-carbon-*")
    assert folder.stat().st_mode & 0o077 == 0
    assert len(list(folder.iterdir())) == 1


def test_a_writer_who_is_always_overtaken_gives_up(
    store: BaselineStore, begun: BaselineFile
) -> None:
    path = put(store, begun)

    def overtaken(old: BaselineFile | None) -> BaselineFile:
        path.unlink()
        path.write_text(render(begun), encoding="utf-8")
        assert old is not None
        return old.with_entries({B: entry(3.0)})

    with pytest.raises(BaselineError, match="again and again"):
        store.update(begun.environment, overtaken)
    assert store.load(begun.environment) == begun
