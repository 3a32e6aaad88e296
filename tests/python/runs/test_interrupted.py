"""A killed run loses nothing, and started again gives what an uninterrupted one gives.

One store goes through all of it: an analyst's run killed, a build killed in its gateway run, a build
killed in its warehouse run, and at last a build that ends. So every restart meets the debris of a kill.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import (
    Ended,
    Folders,
    copy_project,
    copy_store,
    differing,
    differing_again,
    file_digests,
    finish,
    must_succeed,
    run_build,
    run_dbt,
    start_build,
    start_dbt,
    table_digests,
)
from gp_level_data import command_line
from gp_level_data.custody import publication, store
from gp_level_data.runs.forked_runs import NO_TESTS

pytestmark = pytest.mark.whole

# What dbt prints in the middle of a run, when some of its tables are written and others are not.
IN_GATEWAY_RUN = r"OK created .*\.int_patients__permitted"
IN_WAREHOUSE_RUN = r"OK snapshotted"
IN_ANALYST_RUN = r"OK created .*\.int_metrics__by_gp"


def kill_at(process: subprocess.Popen[str], line: str) -> list[str]:
    """Read what a run prints up to a line, then kill -9 its whole process group."""
    seen = []
    assert process.stdout is not None
    try:
        for printed in process.stdout:
            seen.append(printed)
            if re.search(line, printed):
                return seen
        pytest.fail(f"the run ended before it printed {line!r}")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture(scope="module")
def interrupted(built: Folders, tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """A copy of the build and of the project, to be mistreated."""
    folder = tmp_path_factory.mktemp("interrupted")
    copied = copy_store(built, folder)
    project = copy_project(folder / "project")
    return Folders(copied.store, built.keys, folder / "work", project=project)


def results(folders: Folders, folder: Path) -> dict[str, str]:
    """The tables as the next reader would find them; read from a copy, since reading replays a log."""
    shutil.copytree(folders.store, folder / "store")
    publication.hold(folder / "store")
    return table_digests(Folders(folder / "store", folders.keys, folder / "work"))


def test_analyst_run(interrupted: Folders, built_tables: dict[str, str], tmp_path: Path) -> None:
    """Flags a killed `dbt build` that leaves a store which does not open, or gives other results."""
    before = file_digests(interrupted.store)
    process = start_dbt(interrupted, "build", *NO_TESTS)
    kill_at(process, IN_ANALYST_RUN)
    assert process.returncode == -signal.SIGKILL
    assert file_digests(interrupted.store) != before, "killed before work began"
    assert not differing(results(interrupted, tmp_path), built_tables)
    again = copy_store(interrupted, tmp_path / "again")
    must_succeed(run_dbt(again, "build", *NO_TESTS))
    assert not differing_again(table_digests(again), built_tables)


@pytest.mark.parametrize(
    ("line", "runs"),
    [(IN_GATEWAY_RUN, 1), (IN_WAREHOUSE_RUN, 2)],
    ids=["gateway run", "warehouse run"],
)
def test_build(interrupted: Folders, built_tables: dict[str, str], tmp_path: Path, line: str, runs: int) -> None:
    """Flags a killed build that changed the previous results, in part or as a whole."""
    # The analyst's run that was killed is undone first, by whoever takes the store.
    publication.hold(interrupted.store)
    store.release(interrupted.store)
    before = file_digests(interrupted.store)
    process = start_build(interrupted, "--verbose")
    seen = kill_at(process, line)
    assert sum("Running with dbt" in printed for printed in seen) == runs, "killed in another run"
    assert process.returncode == -signal.SIGKILL
    left = interrupted.store / "building"
    assert store.database_file(left, store.PATIENT_LEVEL).exists(), "killed before work began"
    assert file_digests(interrupted.store) == before
    assert not differing(results(interrupted, tmp_path), built_tables)


def ctrl_c(process: subprocess.Popen[str]) -> None:
    """As a terminal does: to all of the group."""
    os.killpg(process.pid, signal.SIGINT)


def shut_down(process: subprocess.Popen[str]) -> None:
    """As a scheduler does: to the command alone."""
    process.terminate()


@pytest.mark.parametrize("stop, code", [(ctrl_c, 130), (shut_down, 143)])
def test_stopped(interrupted: Folders, stop: Callable[[subprocess.Popen[str]], None], code: int) -> None:
    """Flags a build that is stopped and ends with tracebacks, leaves a run or keys of it behind or changes results."""
    before = file_digests(interrupted.store)
    process = start_build(interrupted, "--verbose")
    assert process.stdout is not None
    assert any("START" in printed for printed in process.stdout), "the run ended before it was stopped"
    stop(process)
    ended = finish(process, timeout=300)
    assert ended.code == code and ended.stderr.strip().splitlines()[-1] == command_line.STOPPED.strip()
    assert "Traceback" not in ended.stdout + ended.stderr
    publication.hold(interrupted.store)
    store.release(interrupted.store)
    assert file_digests(interrupted.store) == before


def must_wait(ended: Ended) -> None:
    """A command that found the store in use: one sentence of ours, or one among dbt's."""
    assert ended.code != 0
    assert "Another run is using the store" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_second_run_while_a_build_is_running(interrupted: Folders, tmp_path: Path) -> None:
    """Flags two runs in one store, also where a build's command was killed and its dbt lives on."""
    before = file_digests(interrupted.store)
    analyst = Folders(interrupted.store, interrupted.keys, tmp_path, project=interrupted.project)
    process = start_build(interrupted, "--verbose")
    assert process.stdout is not None
    try:
        assert any("Running with dbt" in printed for printed in process.stdout)
        must_wait(run_build(interrupted))
        must_wait(run_dbt(analyst, "build"))
        process.kill()
        process.wait()
        must_wait(run_build(interrupted))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert file_digests(interrupted.store) == before


def test_a_second_run_while_an_analyst_is_at_work(interrupted: Folders, tmp_path: Path) -> None:
    """Flags a build, or another analyst's run, that takes a store from under a run of dbt."""
    other = Folders(interrupted.store, interrupted.keys, tmp_path, project=interrupted.project)
    process = start_dbt(interrupted, "build")
    assert process.stdout is not None
    try:
        assert any("START" in printed for printed in process.stdout)
        must_wait(run_build(other))
        must_wait(run_dbt(other, "build"))
        must_wait(run_dbt(other, "show", "--select", "fct_gp_metrics"))
        assert process.poll() is None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_started_again(interrupted: Folders, built_tables: dict[str, str]) -> None:
    """Flags debris of a killed run that a later build takes for its own."""
    must_succeed(run_build(interrupted))
    assert not differing_again(table_digests(interrupted), built_tables)
    assert sorted(path.name for path in interrupted.store.iterdir()) == [
        ".lock", "assurance.duckdb", "marts.duckdb", "patient_level.duckdb", "released.duckdb",
    ]  # fmt: skip
