"""Killed, out of disk, or without leave to write: afterwards the previous state or the new one.

Moments are drawn anew each time, and said when one of them does harm. The suite kills six runs of dbt;
`KILLS=40` kills more. Every step of a publication is killed once.
"""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import small_world
from conftest import COLLECTION, PROJECT, Folders, differing, file_digests, table_digests
from forked_runs import ForkedRuns
from left_behind import files_with_numbers

from gp_level_data import build, keys, publication, remains, store, warehouse
from gp_level_data.nets import raw_numbers
from gp_level_data.refusal import Refusal

KILLS = int(os.environ.get("KILLS", "6"))
MEGABYTE = 1024 * 1024
NOTHING = {".lock", "marts.duckdb", "patient_level.duckdb", "released.duckdb"}


# ---- runs of dbt ------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class World:
    """The small world with a finished store, and the process that runs dbt on it."""

    runs: ForkedRuns
    work: Path
    seconds: dict[str, float]
    digests: dict[str, str]
    numbers: set[str]

    def folders(self, store_dir: Path) -> dict[str, Path]:
        return {"RAW_DIR": self.work / "raw", "KEY_DIR": self.work / "keys", "STORE_DIR": store_dir}

    def store(self, folder: Path) -> Path:
        """A copy of the finished store."""
        return Path(shutil.copytree(self.work / "store", folder / "store"))

    def changed(self, store_dir: Path) -> list[str]:
        """Tables that are not those of the finished store.

        Not of what dbt had replaced and not yet dropped; nor of seeds, which dbt loads in more than one
        step: they are rules out of the repository, and each build loads them first.
        """
        found = table_digests(Folders(store_dir, self.work / "keys", self.work / "read"))
        names = differing(found, self.digests)
        return [
            name for name in names if ".seeds." not in name and not name.endswith("__dbt_backup")
        ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both runs once, uninterrupted."""
    work = tmp_path_factory.mktemp("killed")
    small_world.make_raw(work / "raw")
    for name in (COLLECTION, keys.STORE_KEY):
        keys.new_key(work / "keys", name)
    (work / "tmp").mkdir()
    environment = os.environ | {
        "PYTHONPATH": str(PROJECT),
        "DO_NOT_TRACK": "1",
        "TMPDIR": str(work / "tmp"),
    }
    runs = ForkedRuns(PROJECT, work / "runs", environment)
    folders = {"RAW_DIR": work / "raw", "KEY_DIR": work / "keys", "STORE_DIR": work / "store"}
    seconds = {}
    for target in ("gateway", "warehouse"):
        code, seconds[target] = runs.run(target, folders)
        assert code == 0
    (work / "store" / ".lock").unlink()
    quoted = raw_numbers.numbers_quoted(
        *(PROJECT / name for name in ("models", "macros", "seeds", "tests"))
    )
    numbers = raw_numbers.numbers_in(work / "raw") - quoted
    digests = table_digests(Folders(work / "store", work / "keys", work / "read"))
    yield World(runs, work, seconds, digests, numbers)
    runs.close()


def what_is_left(world: World, *folders: Path) -> list[str]:
    """Files that a killed run left with numbers or pseudonyms to be read in them."""
    places = [*folders, world.work / "tmp"]
    pseudonyms = [finding.where for finding in remains.pseudonyms_left(places)]
    return [*files_with_numbers(places, world.numbers), *pseudonyms]


def encrypted_and_spilled(building: Path, to: Path) -> Path:
    """What a killed run left of people, without the marts, which a search opens as a database."""
    to.mkdir(parents=True)
    for path in building.rglob("*"):
        if path.is_file() and "marts" not in path.name:
            # Not under its own name: no search may take it for a database that it can open.
            (to / f"{path.name}.left").write_bytes(path.read_bytes())
    return to


def test_the_custodians_run_killed(world: World, tmp_path: Path) -> None:
    """Flags a kill that changes the previous results, or leaves a person to be read in a file."""
    store_dir = world.store(tmp_path)
    before = file_digests(store_dir)
    killed = 0
    for at in range(KILLS // 2):
        moment = random.uniform(0, world.seconds["gateway"])
        building = build.start_afresh(store_dir)
        code, _ = world.runs.run("gateway", world.folders(building), kill_after=moment)
        killed += code == -signal.SIGKILL
        assert file_digests(store_dir) == before, f"killed after {moment} seconds"
        left = encrypted_and_spilled(building, tmp_path / f"left_{at}")
        assert what_is_left(world, left) == [], f"killed after {moment} seconds"
    assert killed and what_is_left(world, world.work / "runs") == []
    building = build.start_afresh(store_dir)
    for target in ("gateway", "warehouse"):
        assert world.runs.run(target, world.folders(building))[0] == 0
    publication.publish(building, store_dir)
    assert world.changed(store_dir) == []
    assert {path.name for path in store_dir.iterdir()} <= NOTHING


def test_the_analysts_run_killed(world: World, tmp_path: Path) -> None:
    """Flags a kill after which a table is neither the one before nor the new one, which are the same."""
    store_dir = world.store(tmp_path)
    killed = 0
    for _ in range(KILLS - KILLS // 2):
        moment = random.uniform(0, world.seconds["warehouse"])
        code, _ = world.runs.run("warehouse", world.folders(store_dir), kill_after=moment)
        killed += code == -signal.SIGKILL
        assert world.changed(store_dir) == [], f"killed after {moment} seconds"
    assert killed
    assert world.runs.run("warehouse", world.folders(store_dir))[0] == 0
    assert world.changed(store_dir) == []
    assert not (store_dir / publication.SPILL).exists()


def test_a_number_that_is_left_is_seen(world: World, tmp_path: Path) -> None:
    """Flags a search for what a kill leaves that sees nothing."""
    (tmp_path / "a.tmp").write_text(f"0{min(world.numbers)}1")
    (tmp_path / "b.tmp").write_text("abcdefghijklmnop" * 2)
    assert [Path(name).name for name in what_is_left(world, tmp_path)] == ["a.tmp", "b.tmp"]


def test_no_space_for_a_file(world: World, tmp_path: Path) -> None:
    """Flags a run that is out of space and spoils the previous results, or claims to have succeeded."""
    store_dir = world.store(tmp_path)
    before = file_digests(store_dir)
    building = build.start_afresh(store_dir)
    limit = max(path.stat().st_size for path in building.iterdir()) + 100_000
    code, _ = world.runs.run("gateway", world.folders(building), file_limit=min(limit, MEGABYTE))
    assert code != 0
    assert file_digests(store_dir) == before
    left = encrypted_and_spilled(building, tmp_path / "left")
    assert what_is_left(world, left) == []


@pytest.fixture
def small_disk(world: World, tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with a copy of the store, and less room than a build needs."""
    disk = tmp_path / "disk"
    disk.mkdir()
    size = sum(path.stat().st_size for path in (world.work / "store").iterdir())
    options = f"size={size + MEGABYTE}"
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], capture_output=True
        )
    except OSError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip(
            "no leave to mount a file system; test_no_space_for_a_file limits files instead"
        )
    try:
        world.store(disk)
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=False)


def test_a_full_disk(world: World, small_disk: Path) -> None:
    """Flags a build on a full disk that spoils the previous results, or says more than a sentence."""
    store_dir = small_disk / "store"
    before = file_digests(store_dir)
    (small_disk / "filler").write_bytes(b"x" * (MEGABYTE - 64 * 1024))
    with pytest.raises(Refusal, match="No space left"):
        build.start_afresh(store_dir)
    assert file_digests(store_dir) == before
    shutil.rmtree(store_dir / publication.BUILDING)
    building = store_dir / publication.BUILDING
    building.mkdir()
    code, _ = world.runs.run("gateway", world.folders(building))
    assert code != 0
    assert file_digests(store_dir) == before


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

        def count(event: str, _: tuple) -> None:
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


def filled(folder: Path, state: str, with_logs: bool) -> Path:
    """A folder with two databases in a state, which is all that they say."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (store.MARTS, store.PATIENT_LEVEL):
        file = store.database_file(folder, name)
        file.write_text(state)
        if with_logs:
            publication.log_of(file).write_text(f"log of {state}")
    return folder


def state_of(store_dir: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in store_dir.glob("*.duckdb*")}


@pytest.mark.parametrize("new_has_logs", [False, True])
@pytest.mark.parametrize("old_has_logs", [False, True])
def test_a_publication_killed_at_every_step(
    tmp_path: Path, old_has_logs: bool, new_has_logs: bool
) -> None:
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


def test_an_error_of_the_disk_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flags a traceback where the store cannot be prepared."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    filled(tmp_path, "old", with_logs=False)
    monkeypatch.setattr(build.shutil, "copyfile", full)
    with pytest.raises(Refusal, match="cannot be written: No space left"):
        build.start_afresh(tmp_path)
    assert set(state_of(tmp_path).values()) == {"old"}
