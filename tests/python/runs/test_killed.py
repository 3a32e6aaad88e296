"""Killed, out of disk, or without leave to write: afterwards the previous state or the new one.

Moments are drawn anew each time, and said when one of them does harm. A kill leaves on the disk what is
there at that moment, and what is there can be seen while the run stands still and then goes on: so one
run of each kind is held up at forty moments, and at each of them is looked at what whoever comes next
would find. What only a kill does, such as to cut a write in two, is left to the kills: four of them, or as
many as `KILLS=40` says, with the same look afterwards. Every step of a publication is killed once.

The previous results differ from the new ones in every table, so that a mixture can be told from both.
"""

import errno
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bench import small_world
from conftest import COLLECTION, PROJECT, Folders, differing, file_digests, forked_runs, table_digests
from end.left_behind import files_below, files_with_numbers, numbers_in
from gp_level_data.command_line import main
from gp_level_data.commands import build
from gp_level_data.custody import keys, publication, published_tables, store
from gp_level_data.end import remains
from gp_level_data.nets import raw_numbers
from gp_level_data.refusal import Refusal
from gp_level_data.runs import dbt_command, dbt_duckdb, warehouse, whole_run
from gp_level_data.runs.forked_runs import ForkedRuns
from gp_level_data.runs.progress import Progress
from gp_level_data.runs.quiet_errors import GONE, QuietCursor, quietly
from gp_level_data.shapes import Cells

KILLS = int(os.environ.get("KILLS", "4"))
MOMENTS = 40
MEGABYTE = 1024 * 1024
NOTHING = {".lock", "assurance.duckdb", "marts.duckdb", "patient_level.duckdb", "released.duckdb"}
# What the analyst's run makes anew; the rest of the store is the gateway's, or is history.
MADE_ANEW = ("marts.main", "marts.seeds", "patient_level.intermediate", "patient_level.releases")


# ---- runs of dbt ------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class World:
    """The small world with a finished store, one from before it, and the process that runs dbt."""

    runs: ForkedRuns
    work: Path
    seconds: dict[str, float]
    digests: dict[str, str]
    numbers: set[str]

    def folders(self, store_dir: Path) -> dict[str, Path]:
        return {"RAW_DIR": self.work / "raw", "KEY_DIR": self.work / "keys", "STORE_DIR": store_dir}

    def store(self, folder: Path, name: str = "store") -> Path:
        """A copy of the finished store, or of another one."""
        return Path(shutil.copytree(self.work / name, folder / "store"))

    def changed(self, store_dir: Path) -> list[str]:
        """Tables that are not those of the finished store."""
        return differing(table_digests(Folders(store_dir, self.work / "keys", self.work / "read")), self.digests)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both runs, uninterrupted: twice, since a collection that is built again remembers what it showed before."""
    work = tmp_path_factory.mktemp("killed")
    small_world.make_raw(work / "raw")
    for name in (COLLECTION, *keys.OF_DATABASES):
        keys.new_key(work / "keys", name)
    (work / "tmp").mkdir()
    environment = os.environ | {
        "DO_NOT_TRACK": "1",
        "TMPDIR": str(work / "tmp"),
    }
    folders = {"RAW_DIR": work / "raw", "KEY_DIR": work / "keys", "STORE_DIR": work / "store"}
    with forked_runs(work / "runs", environment) as runs:
        seconds = {}
        for target in ("gateway", "warehouse") * 2:
            code, seconds[target] = runs.run(target, folders)
            assert code == 0
        (work / "store" / ".lock").unlink()
        quoted = raw_numbers.numbers_quoted(*(PROJECT / name for name in ("models", "macros", "seeds", "tests")))
        numbers = raw_numbers.numbers_in(work / "raw") - quoted
        digests = table_digests(Folders(work / "store", work / "keys", work / "read"))
        world = World(runs, work, seconds, digests, numbers)
        (work / "before").mkdir()
        empty(world.store(work / "before"), keys.read_key(work / "keys", keys.STORE_KEY), digests)
        yield world


def empty(store_dir: Path, key: bytes, tables: dict[str, str]) -> None:
    """Take all rows out of what the analyst's run makes anew."""
    with duckdb.connect(str(store.database_file(store_dir, store.MARTS))) as connection:
        store.attach_patient_level(connection, store_dir, key)
        for table in tables:
            if table.startswith(MADE_ANEW):
                connection.execute(f"delete from {table}")


def what_is_left(world: World, *folders: Path) -> list[str]:
    """Files that a killed run left with numbers or pseudonyms to be read in them."""
    places = [*folders, world.work / "tmp"]
    pseudonyms = [finding.where for finding in remains.pseudonyms_left(places)]
    return [*files_with_numbers(places, world.numbers), *pseudonyms]


@dataclass(repr=False)
class Onlooker:
    """Looks at a store as whoever comes next would find it, if its run were killed now."""

    world: World
    store_dir: Path
    folder: Path
    before: dict[str, str]
    states: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)

    def look(self, moment: float) -> None:
        """Look while the run stands still; the files are not copied, since none will be written to."""
        found = self.folder / "found"
        # The lock is held by whoever holds the file.
        without = shutil.ignore_patterns(".lock")
        shutil.copytree(self.store_dir, found, copy_function=os.link, ignore=without)
        self.judge(found, moment)
        shutil.rmtree(found)

    def judge(self, found: Path, moment: float) -> None:
        """Look at a store that nobody uses, and take it as the next command does."""
        assert modes_of(found) <= {0o600, 0o700}, f"others may read it after {moment} seconds"
        assert self.personal(found) == [], f"a person can be read after {moment} seconds"
        take(found)
        names = {path.name for path in found.iterdir()}
        digests = file_digests(found)
        state = "before" if digests == self.before else self.state_of(found, digests)
        assert state != "mixture", f"after {moment} seconds"
        assert names - {f"{name}{log}" for name in NOTHING for log in store.LOGS} <= NOTHING, (
            f"something is left after {moment} seconds"
        )
        self.states.append(state)

    def personal(self, found: Path) -> list[str]:
        """Files with a number or a pseudonym in their bytes; marts are files of results."""
        held = []
        for path in files_below([found]):
            if "marts" not in path.name:
                content = path.read_bytes()
                if numbers_in(content) & self.world.numbers or remains.PSEUDONYM.search(content):
                    held.append(path.name)
        return held

    def state_of(self, found: Path, digests: dict[str, str]) -> str:
        """Whether it is the new state; read from a copy, since reading may change the files."""
        known = repr(digests)
        if known not in self.known:
            copied = Path(shutil.copytree(found, self.folder / "copied"))
            self.known[known] = "mixture" if self.world.changed(copied) else "new"
            shutil.rmtree(copied)
        return self.known[known]


def take(store_dir: Path) -> None:
    """Take a store, as every command does first, and let it go."""
    publication.hold(store_dir)
    store.release(store_dir)


def modes_of(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


def moments(seconds: float, how_many: int = MOMENTS) -> list[float]:
    return [random.uniform(0, seconds) for _ in range(how_many)]


@pytest.mark.whole
def test_the_custodians_run_killed(world: World, tmp_path: Path) -> None:
    """Flags a kill that changes the previous results, or leaves a person to be read in a file."""
    store_dir = world.store(tmp_path, "before/store")
    take(store_dir)
    onlooker = Onlooker(world, store_dir, tmp_path, file_digests(store_dir))
    killed = 0
    for moment in moments(world.seconds["gateway"], KILLS // 2):
        building = build.start_afresh(store_dir, keys.read_key(world.work / "keys", keys.ASSURANCE_KEY))
        code, _ = world.runs.run("gateway", world.folders(building), kill_after=moment)
        killed += code == -signal.SIGKILL
        onlooker.judge(store_dir, moment)
    assert killed or not KILLS
    building = build.start_afresh(store_dir, keys.read_key(world.work / "keys", keys.ASSURANCE_KEY))
    for target, seconds in world.seconds.items():
        drawn = moments(seconds, MOMENTS // 2)
        code, _ = world.runs.run(target, world.folders(building), stops=drawn, look=onlooker.look)
        assert code == 0
    assert set(onlooker.states) == {"before"} and len(onlooker.states) > MOMENTS // 2
    publication.publish(building, store_dir)
    assert world.changed(store_dir) == []
    assert {path.name for path in store_dir.iterdir()} <= NOTHING
    assert what_is_left(world, world.work / "runs") == []


@pytest.mark.whole
def test_the_analysts_run_killed(world: World, tmp_path: Path) -> None:
    """Flags a kill after which a table is of the run before and another of the new one."""
    store_dir = world.store(tmp_path, "before/store")
    onlooker = Onlooker(world, store_dir, tmp_path, file_digests(store_dir))
    killed = 0
    for moment in moments(world.seconds["warehouse"], KILLS - KILLS // 2):
        code, _ = world.runs.run("warehouse", world.folders(store_dir), kill_after=moment)
        killed += code == -signal.SIGKILL
        onlooker.judge(store_dir, moment)
        if onlooker.states[-1] == "new":
            shutil.rmtree(store_dir)
            world.store(tmp_path, "before/store")
    assert killed or not KILLS
    drawn, kept = moments(world.seconds["warehouse"]), tmp_path / "kept"
    chosen = random.choice(drawn)

    def look(moment: float) -> None:
        if moment >= chosen and not kept.exists():
            shutil.copytree(store_dir, kept)
        onlooker.look(moment)

    code, _ = world.runs.run("warehouse", world.folders(store_dir), stops=drawn, look=look)
    assert code == 0
    assert onlooker.states.count("before") > MOMENTS // 2
    # The next run after a kill takes the store as it is left.
    assert world.runs.run("warehouse", world.folders(kept))[0] == 0
    for ended in (store_dir, kept):
        assert world.changed(ended) == []
        assert {path.name for path in ended.iterdir()} == NOTHING
    assert what_is_left(world, world.work / "runs") == []


@pytest.mark.whole
def test_a_number_that_is_left_is_seen(world: World, tmp_path: Path) -> None:
    """Flags a search for what a kill leaves that sees nothing."""
    (tmp_path / "a.tmp").write_text(f"0{min(world.numbers)}1")
    (tmp_path / "b.tmp").write_text("abcdefghijklmnop" * 2)
    assert [Path(name).name for name in what_is_left(world, tmp_path)] == ["a.tmp", "b.tmp"]
    assert Onlooker(world, tmp_path, tmp_path, {}).personal(tmp_path) == ["a.tmp", "b.tmp"]


@pytest.mark.whole
def test_a_mixture_is_seen(world: World, tmp_path: Path) -> None:
    """Flags a look that takes a database of one state beside one of another for either."""
    store_dir = world.store(tmp_path, "before/store")
    onlooker = Onlooker(world, store_dir, tmp_path, file_digests(store_dir))
    shutil.copy(store.database_file(world.work / "store", store.MARTS), store_dir)
    with pytest.raises(AssertionError, match="after 0 seconds"):
        onlooker.judge(store_dir, 0)


@pytest.mark.whole
def test_no_space_for_a_file(world: World, tmp_path: Path) -> None:
    """Flags a run that is out of space and spoils the previous results, or claims to have succeeded."""
    store_dir = world.store(tmp_path)
    take(store_dir)
    onlooker = Onlooker(world, store_dir, tmp_path, file_digests(store_dir))
    building = store_dir / publication.BUILDING
    building.mkdir(mode=0o700)
    code, _ = world.runs.run("gateway", world.folders(building), file_limit=100_000)
    assert code != 0
    assert store.database_file(building, store.PATIENT_LEVEL).exists(), "stopped before work began"
    onlooker.judge(store_dir, 0)
    assert onlooker.states == ["before"]


@pytest.fixture
def small_disk(world: World, tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with a copy of the store, and room for two more."""
    disk = tmp_path / "disk"
    disk.mkdir()
    size = sum(path.stat().st_size for path in (world.work / "store").iterdir())
    options = f"size={3 * size + MEGABYTE}"
    try:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], capture_output=True)
    except OSError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip("no leave to mount a file system; test_no_space_for_a_file limits files instead")
    try:
        world.store(disk)
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=False)


def fill(disk: Path, room: int) -> None:
    """Leave this much room on a disk."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - room))


@pytest.mark.whole
def test_a_full_disk(world: World, small_disk: Path) -> None:
    """Flags a build on a full disk that spoils the previous results, or says more than a sentence."""
    store_dir = small_disk / "store"
    before = file_digests(store_dir)
    fill(small_disk, 64 * 1024)
    with pytest.raises(Refusal, match="No space left"):
        build.start_afresh(store_dir, keys.read_key(world.work / "keys", keys.ASSURANCE_KEY))
    assert file_digests(store_dir) == before
    take(store_dir)
    building = store_dir / publication.BUILDING
    building.mkdir(mode=0o700)
    code, _ = world.runs.run("gateway", world.folders(building))
    assert code != 0
    assert file_digests(store_dir) == before


@pytest.mark.whole
def test_an_analyst_on_a_full_disk(world: World, small_disk: Path, tmp_path: Path) -> None:
    """Flags a run that begins without room to undo it, or one that finds no more room and stands."""
    store_dir = small_disk / "store"
    onlooker = Onlooker(world, store_dir, tmp_path, file_digests(store_dir))
    fill(small_disk, 64 * 1024)
    assert world.runs.run("warehouse", world.folders(store_dir))[0] == 1
    assert {path.name for path in store_dir.iterdir()} == NOTHING
    onlooker.judge(store_dir, 0)
    size = sum(path.stat().st_size for path in store_dir.iterdir())
    fill(small_disk, size + MEGABYTE)
    assert world.runs.run("warehouse", world.folders(store_dir))[0] == 1
    assert (store_dir / publication.PREVIOUS).is_dir()
    onlooker.judge(store_dir, 0)
    assert onlooker.states == ["before", "before"]


@pytest.mark.whole
def test_a_disk_that_cannot_be_written(world: World, small_disk: Path) -> None:
    """Flags a build or an analyst's run that says more than a sentence about a read-only store."""
    store_dir = small_disk / "store"
    before = file_digests(store_dir)
    remounted = subprocess.run(["mount", "-o", "remount,ro", small_disk], capture_output=True)
    if remounted.returncode:
        pytest.skip("no leave to make a file system read-only")
    with pytest.raises(Refusal, match="cannot be written: Read-only"):
        publication.hold(store_dir)
    assert world.runs.run("warehouse", world.folders(store_dir))[0] == 1
    assert file_digests(store_dir) == before


# ---- every step of a publication --------------------------------------------------------------------

STEPS = ("os.rename", "os.remove", "os.rmdir", "open")


def killed_at(step: int, work: Callable[[], None]) -> bool:
    """Whether a fork that does the work was killed at its n-th step that changes or opens a file."""
    child = os.fork()
    if not child:
        seen = 0

        def count(event: str, _: Cells) -> None:
            nonlocal seen
            if event in STEPS:
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code == -signal.SIGKILL


def filled(
    folder: Path,
    state: str,
    with_logs: bool,
    databases: tuple[str, ...] = (store.MARTS, store.PATIENT_LEVEL),
) -> Path:
    """A folder with databases in a state, which is all that they say."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in databases:
        file = store.database_file(folder, name)
        file.write_text(state)
        if with_logs:
            for log in store.logs_of(file):
                log.write_text(f"log of {state}")
    return folder


def state_of(store_dir: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in store_dir.glob("*.duckdb*")}


@pytest.mark.exhaustive
@pytest.mark.parametrize("new_has_logs", [False, True])
@pytest.mark.parametrize("old_has_logs", [False, True])
def test_a_publication_killed_at_every_step(tmp_path: Path, old_has_logs: bool, new_has_logs: bool) -> None:
    """Flags a step between which and the next the two databases are of two builds, or a log of another."""
    states, step = set(), 0
    old, new = (
        state_of(filled(tmp_path / state, state, logs))
        for state, logs in (("old", old_has_logs), ("new", new_has_logs))
    )
    while True:
        step += 1
        store_dir = filled(tmp_path / f"{step}", "old", old_has_logs)
        building = filled(store_dir / publication.BUILDING, "new", new_has_logs)
        if not killed_at(step, lambda: publication.publish(building, store_dir)):
            break
        # Whoever comes next finishes first, and may be killed as well.
        killed_at(3, lambda: publication.settle(store_dir))
        publication.settle(store_dir)
        found = state_of(store_dir)
        assert found in (old, new), f"a mixture after step {step}"
        assert not (store_dir / publication.FINISHED).exists()
        states.add(found == new)
    assert state_of(store_dir) == new and states == {False, True} and step > 8


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("old", "has_logs"),
    [((), False), ((store.MARTS,), False), ((store.MARTS, store.PATIENT_LEVEL), True)],
)
def test_a_run_killed_at_every_step(tmp_path: Path, old: tuple[str, ...], has_logs: bool) -> None:
    """Flags a step of a run by hand, or of its undoing, that leaves files of two states."""
    before = state_of(filled(tmp_path / "before", "old", has_logs, old))
    new = not has_logs, publication.DATABASES
    after = state_of(filled(tmp_path / "after", "new", *new))
    states, step = set(), 0
    while True:
        step += 1
        store_dir = filled(tmp_path / f"{step}", "old", has_logs, old)

        def work(store_dir: Path = store_dir) -> None:
            publication.hold(store_dir)
            publication.keep(store_dir)
            for path in store_dir.glob("*.duckdb*"):
                path.unlink()
            filled(store_dir, "new", *new)
            publication.give_up(store_dir)

        if not killed_at(step, work):
            break
        # Whoever comes next may be killed as well, and the next after that.
        for again in (3, random.randint(1, 30)):
            killed_at(again, lambda: publication.hold(store_dir))
        take(store_dir)
        found = state_of(store_dir)
        assert found in (before, after), f"a mixture after step {step}"
        assert {path.name for path in store_dir.iterdir()} == {".lock", *found}
        states.add(found == after)
    assert states == {False, True} and step > 10
    assert state_of(store_dir) == after
    assert {path.name for path in store_dir.iterdir()} == {".lock", *after}


def test_what_is_kept_is_private(tmp_path: Path) -> None:
    """Flags a copy of the previous databases that others may read, whatever they might read before."""
    store_dir = filled(tmp_path / "store", "old", with_logs=True)
    for path in store_dir.iterdir():
        path.chmod(0o666)
    umask = os.umask(0)
    try:
        publication.keep(store_dir)
    finally:
        os.umask(umask)
    previous = store_dir / publication.PREVIOUS
    assert modes_of(previous) == {0o600} and stat.S_IMODE(previous.stat().st_mode) == 0o700
    assert state_of(previous) == state_of(store_dir)


class Flags:
    """dbt's, as far as they are asked."""

    def __init__(self, command: str | None) -> None:
        self.WHICH = command


READING = ["compile", "generate", "list", "show", "test", None]


@pytest.mark.parametrize("command", [*sorted(whole_run.WRITING), *READING])
def test_which_commands_keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str | None) -> None:
    """Flags a command that writes without a way back, that pays for one it does not need, or keeps it."""
    monkeypatch.setattr(whole_run, "get_flags", lambda: Flags(command))
    store_dir = filled(tmp_path / "store", "old", with_logs=False)
    building = filled(store_dir / publication.BUILDING, "new", with_logs=False)
    (store_dir / ".lock").touch()
    # Two commands in one process; dbt may open its databases more than once in each.
    for state in ("old", "new"):
        filled(store_dir, state, with_logs=False)
        for _ in range(2):
            whole_run.begin(store_dir)
            whole_run.begin(building)
            filled(store_dir, "half", with_logs=False)
        assert (store_dir / publication.PREVIOUS).exists() == (command in whole_run.WRITING)
        assert not (building / publication.PREVIOUS).exists()
        if command in whole_run.WRITING:
            assert set(state_of(store_dir / publication.PREVIOUS).values()) == {state}
        # A model's own error is the analyst's affair.
        whole_run.look_at(duckdb.BinderException("no such column"))
        whole_run.end(dbt_duckdb.let_go)
        assert {path.name for path in store_dir.iterdir()} - NOTHING == {publication.BUILDING}
    assert set(state_of(store_dir).values()) == {"half"}


@pytest.mark.whole
def test_the_analyst_finishes_a_publication(world: World, tmp_path: Path) -> None:
    """Flags an analyst's run that looks at the marts before it has moved what was published."""
    store_dir = world.store(tmp_path)
    finished = store_dir / publication.FINISHED
    finished.mkdir()
    for path in store_dir.glob("*.duckdb"):
        shutil.copyfile(path, finished / path.name)
    for name in (store.MARTS, store.PATIENT_LEVEL):
        store.database_file(store_dir, name).write_bytes(b"not a database")
    # dbt makes its plugins before it opens the marts.
    warehouse.Plugin("warehouse", {"store_dir": store_dir, "key_dir": world.work / "keys"})
    assert world.changed(store_dir) == [] and not finished.exists()


@pytest.mark.parametrize("is_building", [True, False])
def test_a_run_that_may_not_stand_takes_no_store_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_building: bool
) -> None:
    """Flags a report-back whose record in the results fails, and that deletes results and ledger for it."""
    folder = tmp_path / publication.BUILDING if is_building else tmp_path
    (tmp_path / ".lock").touch()
    filled(folder, "old", with_logs=False)
    monkeypatch.setattr(dbt_command, "run", lambda *_, **__: dbt_command.Ended(1, []))
    monkeypatch.setattr(build, "why_it_may_not_stand", lambda _: f"{whole_run.MAY_NOT_STAND}too little could be used.")
    with pytest.raises(Refusal, match="too little could be used; the previous results are untouched"):
        build.dbt(Progress(), "a stage", "build", folders={"STORE_DIR": folder})
    assert folder.exists() != is_building


def test_an_error_of_the_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a traceback where the store cannot be prepared."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    filled(tmp_path, "old", with_logs=False, databases=(store.RELEASED,))
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(Refusal, match="cannot be written: No space left"):
        build.start_afresh(tmp_path, bytes(32))
    assert set(state_of(tmp_path).values()) == {"old"}


def test_a_disk_that_is_full_for_the_engine_is_one_sentence(tmp_path: Path) -> None:
    """Flags a traceback of the engine's, and a half-written folder, where the history does not fit on the disk."""
    with duckdb.connect(str(store.database_file(tmp_path, store.MARTS))) as connection:
        connection.execute(
            "create schema history; create table history.a as select hash(range) as n from range(500_000)"
        )
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(Refusal, match="cannot be written: File too large"):
            build.start_afresh(tmp_path, bytes(32))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / publication.BUILDING).exists()


def test_a_disk_that_is_full_for_a_model_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flags a full disk told as a mistake in a model, once for each; and a folder that still takes the room."""
    connection = duckdb.connect(str(tmp_path / "made.duckdb"))
    cursor = QuietCursor(connection)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        cursor.execute("begin")
        for name in "abc":
            cursor.execute(f"create table {name} as select hash(range) as n from range(60_000)")
        with pytest.raises(duckdb.TransactionException) as caught:
            cursor.execute("commit")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        connection.close()
    said = "The store cannot be written: File too large. See to the disk that it lies on, and run it again"
    assert str(caught.value) == f"{said}."
    # A value that reads so is no disk.
    assert "kept back" in str(quietly(duckdb.ConversionException("Could not convert 'No space left on device'")))

    building = filled(tmp_path / publication.BUILDING, "half", with_logs=False)
    (tmp_path / ".lock").touch()
    lines = [line for name in "abc" for line in (f"Runtime Error in model {name}", f"  {caught.value}")]
    monkeypatch.setattr(dbt_command, "run", lambda *_, **__: dbt_command.Ended(1, lines))
    with pytest.raises(Refusal, match=f"^{said}; the previous results are untouched.$"):
        build.dbt(Progress(), "a stage", "build", folders={"STORE_DIR": building})
    assert "cannot be written" not in capsys.readouterr().out and not building.exists()


@pytest.mark.parametrize("command", ["report-back", "destroy"])
@pytest.mark.parametrize("killed_command", [("report-back", COLLECTION), ("release", "care_data_example_admissions")])
def test_a_hand_over_that_was_killed_leaves_nothing_half_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    killed_command: tuple[str, str],
    command: str,
) -> None:
    """Flags exact counts, or rows about people, that lie in a folder which neither the next hand-over nor the end names."""
    store_dir, unfinished = tmp_path / "store", tmp_path / "out" / ".report.unfinished"
    store_dir.mkdir(mode=0o700)

    # A release wants people to be there.
    people = store.database_file(store_dir, store.PATIENT_LEVEL)
    people.touch()

    def ask(*options: str) -> int:
        return main([*options, "--store-dir", str(store_dir), "--key-dir", str(tmp_path / "keys")])

    def killed(_: Path) -> None:
        (unfinished / "A81001").mkdir(parents=True)
        (unfinished / "A81001" / "data_checks.csv").write_text("17")
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:
        monkeypatch.setattr(published_tables, "opened", killed)
        monkeypatch.setattr(keys, "of_store", killed)
        ask(*killed_command, "--to", str(tmp_path / "out" / "report"))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL and unfinished.exists()
    people.unlink()
    options = ("--to", str(tmp_path / "elsewhere")) if command == "report-back" else ()
    delete = shutil.rmtree

    def refused(path: Path, **how: Any) -> None:
        if path == unfinished:
            raise PermissionError(errno.EACCES, "Permission denied")
        delete(path, **how)

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", refused)
        assert ask(command, COLLECTION, *options) == 1
        assert f"The folder {unfinished}, which a stopped command left" in capsys.readouterr().err
    assert ask(command, COLLECTION, *options) == 1
    assert not unfinished.exists() and sorted(path.name for path in store_dir.iterdir()) == [".lock"]


def test_what_was_destroyed_is_no_test_that_fails() -> None:
    """Flags privacy tests of a destroyed store that end as if something were wrong with it."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as patient_level")
        for sql, is_gone in (
            ('select 1 from "patient_level"."gateway"."int_patients__permitted"', True),
            ('select 1 from "memory"."main"."fct_gp_metrics"', False),
        ):
            with pytest.raises(duckdb.CatalogException) as raised:
                connection.execute(sql)
            assert (str(quietly(raised.value, sql)) == GONE) == is_gone
