"""What the proofs share: one build of the sample, and ways to run, copy and read a store.

A dbt start costs seconds, so everything that can look at the same build does. Whoever changes a store
works on a copy of it, with a target folder of its own.
"""

import atexit
import fcntl
import gc
import hashlib
import importlib.util
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import pytest

from bench.vouching import vouch
from gp_level_data.custody import keys, publication, store
from gp_level_data.refusal import Refusal
from gp_level_data.runs.forked_runs import ForkedRuns
from gp_level_data.shapes import Cells, Row

PROJECT = Path(__file__).parents[2]
SAMPLE = PROJECT / "sample"
COLLECTION = "individual_gp_level_data"
DBT = Path(sys.executable).with_name("dbt")
SOURCES = ("models", "macros", "seeds", "snapshots", "tests", "gp_level_data")
# Where dbt keeps what it has parsed; of use where profile, settings and target are the same.
PARSED = "partial_parse.msgpack"
DATABASES = publication.DATABASES

# Manifests of many megabytes stay alive, and each look for garbage would go through them.
gc.set_threshold(200_000, 50, 100)

# Nothing is timed, machines are shared; what is red once is red again; no numbers are kept or printed.
hypothesis.settings.register_profile("repeatable", deadline=None, database=None, derandomize=True, print_blob=False)
hypothesis.settings.load_profile("repeatable")


HAS_SPARK = importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None
needs_spark = pytest.mark.skipif(not HAS_SPARK, reason="pyspark (requirements-spark.txt) or Java is not installed")


@dataclass(frozen=True)
class Folders:
    """The three folders of a run, and where its artefacts go."""

    store: Path
    keys: Path
    work: Path
    raw: Path = SAMPLE
    project: Path = PROJECT
    environment: Row = field(default_factory=Row)

    def __post_init__(self) -> None:
        self.work.mkdir(parents=True, exist_ok=True)
        self.environment.update(
            os.environ,
            RAW_DIR=str(self.raw),
            KEY_DIR=str(self.keys),
            STORE_DIR=str(self.store),
            # Two tests at work on the same target folder would overwrite each other's artefacts.
            DBT_TARGET_PATH=str(self.work / "target"),
            DBT_LOG_PATH=str(self.work / "logs"),
            DO_NOT_TRACK="1",
            NO_COLOR="1",
            PYTHONUNBUFFERED="1",
        )


def start_build(folders: Folders, *options: str) -> subprocess.Popen[str]:
    """`make build` without make, in a process group of its own, so that it can be killed as a whole."""
    command = [sys.executable, "-m", "gp_level_data", "build", *options]
    return start(command, folders)


def start_dbt(folders: Folders, *arguments: str) -> subprocess.Popen[str]:
    """dbt as the analyst starts it, or with `--target gateway` the custodian."""
    kept = ["--no-partial-parse"] if "gateway" in arguments else []
    return start([str(DBT), *arguments, *kept], folders)


def start(command: list[str], folders: Folders) -> subprocess.Popen[str]:
    # Where a test has broken the keys, the run has to say so.
    with suppress(Refusal, OSError):
        vouch(folders.project, folders.keys)
    return subprocess.Popen(
        command,
        cwd=folders.project,
        env=folders.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    stdout: str
    stderr: str


def finish(process: subprocess.Popen[str], timeout: int = 1800) -> Ended:
    """Wait for a process; what it printed is kept out of pytest's reports unless it failed."""
    stdout, stderr = process.communicate(timeout=timeout)
    return Ended(process.returncode, stdout, stderr)


def run_dbt(folders: Folders, *arguments: str) -> Ended:
    return finish(start_dbt(folders, *arguments))


def run_build(folders: Folders, *options: str) -> Ended:
    return finish(start_build(folders, *options))


def must_succeed(ended: Ended) -> Ended:
    assert ended.code == 0, f"a run that must succeed ended with {ended.code}:\n{ended.stdout[-3000:]}"
    return ended


def copy_project(folder: Path) -> Path:
    """A copy of the project's sources, for tests that add a model or need a target of their own."""
    folder.mkdir(parents=True)
    for name in SOURCES:
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "python"))
    for name in ("dbt_project.yml", "profiles.yml", "selectors.yml", "requirements.lock"):
        shutil.copyfile(PROJECT / name, folder / name)
    (folder / "sample").symlink_to(SAMPLE)
    return folder


def copy_store(folders: Folders, folder: Path) -> Folders:
    """The same keys and raw files with a copy of the store, for tests that change a store."""
    shutil.copytree(folders.store, folder / "store")
    return Folders(folder / "store", folders.keys, folder / "work", folders.raw, folders.project)


def file_digests(store_dir: Path) -> dict[str, str]:
    """SHA-256 of the databases of a store, and of their write-ahead logs where there are any."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(store_dir.glob("*.duckdb*"))}


def connect(folders: Folders) -> duckdb.DuckDBPyConnection:
    """The databases of a store, read only, as `marts`, `patient_level` and `assurance`."""
    marts = store.database_file(folders.store, store.MARTS)
    connection = duckdb.connect(str(marts), read_only=True)
    connection.execute("set timezone = 'Europe/London'")
    store.attach_store(connection, folders.store, keys.of_store(folders.keys))
    return connection


# ---- three tiers ----------------------------------------------------------------------------------
#
# fast     what everybody runs before a commit: `make test`, or pytest by itself
# builds   commands that build stores of their own, end a collection's life or start servers: `make test-ci` adds them
# whole    the rest, by the marker of that name: `make test-all` runs all three
#
# The fast tier ends in five to six minutes and ten CPU minutes on two cores, the style of the code included. It asks
# dbt's unit tests without dbt, and draws a fifth of the random examples.
#
# A parametrised suite that tries everything is marked `exhaustive`: a tenth of it, at least one, or as many
# as its marker says are `kept`, is drawn anew for each fast run, and the rest is whole. The draw is said, and
# `DRAW=... make test` repeats it.

OF_BUILDS = (
    "test_at_rest.py", "test_bad_input.py", "test_build_keys.py", "test_check.py", "test_cluster.py",
    "test_command_line.py", "test_databricks.py", "test_docs_site.py", "test_end_of_life.py", "test_explore.py",
    "test_export.py", "test_handed_out.py", "test_interrupted.py", "test_journal_nets.py", "test_killed.py",
    "test_left_behind.py", "test_ndop.py", "test_one_parse.py", "test_peers.py", "test_preview.py", "test_privacy_tests.py",
    "test_progress.py", "test_public_site.py", "test_readme.py", "test_refusals.py", "test_release_requests.py",
    "test_releases.py", "test_report_pages.py", "test_reproducible.py", "test_running.py", "test_scale.py",
    "test_shares.py", "test_synthesise.py",
)  # fmt: skip
FAST = "not whole and not builds"
DRAW = "DRAW"
SHARE = 10
# Long files go first: at the end, one process would wait for the other. The second of them builds the sample,
# and what the other process takes up meanwhile needs no build.
LONGEST_FIRST = (
    "test_leaks.py", "test_end_of_life.py", "test_intake_cases.py", "test_killed.py", "test_interrupted.py",
    "test_values_net.py", "test_renaming.py", "test_preview.py", "test_releases.py",
)  # fmt: skip


# How many times fewer examples are drawn in the fast tier than in the others.
_fewer = 1


def pytest_configure(config: pytest.Config) -> None:
    # Before there are other processes, so that all draw the same and share what was made once.
    os.environ.setdefault(DRAW, str(random.randrange(1_000_000)))
    folder_of_the_run()
    global _fewer
    _fewer = 5 if config.getoption("markexpr") == FAST else 1


def examples(count: int, **settings: Any) -> hypothesis.settings:
    """So many drawn examples, and a fifth of them in the fast tier."""
    return hypothesis.settings(max_examples=-(-count // _fewer), **settings)


def pytest_report_header(config: pytest.Config) -> str:
    return tier(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.section("tier")
    terminalreporter.line(tier(config))


def tier(config: pytest.Config) -> str:
    """Which tests were asked for, and how to run the others."""
    asked = config.getoption("markexpr")
    drawn = f"of what tries everything a tenth ({DRAW}={os.environ[DRAW]} draws the same again)"
    if asked == FAST:
        return f"The fast tier: {drawn}, no other builds. `make test-ci` adds these, `make test-all` everything."
    if asked == "not whole":
        return f"The fast tier and builds: {drawn}, no kills. `make test-all` or `pytest -m ''` runs everything."
    if not asked:
        return "All tiers: everything. `make test` or plain `pytest` runs the fast tier, `make test-ci` adds builds."
    return f"The tests that are {asked}. `make test` runs the fast tier, `make test-all` everything."


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rest_is_whole(items)
    for item in items:
        if item.path.name in OF_BUILDS:
            item.add_marker(pytest.mark.builds)
    last = len(LONGEST_FIRST)
    rank = {name: at for at, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.name, last))


def rest_is_whole(items: list[pytest.Item]) -> None:
    """Of each exhaustive suite, what was not drawn belongs to the whole tier."""
    suites: dict[Cells, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if marker := item.get_closest_marker("exhaustive"):
            suites[item.nodeid.partition("[")[0], marker.kwargs.get("kept")].append(item)
    for (name, kept), suite in suites.items():
        draw = random.Random(f"{os.environ[DRAW]} {name}")
        drawn = draw.sample(range(len(suite)), kept or -(-len(suite) // SHARE))
        for at, item in enumerate(suite):
            if at not in drawn:
                item.add_marker(pytest.mark.whole)


# Empty in a run of this collection: what only journals, releases and the end of the data's life fill, and what
# a run that stands has nothing to say in.
OF_OTHERS = re.compile(
    r".*[.](int_(journals|registers|planning|releases)__\w+|int_opt_outs__not_disseminated|rel_\w+"
    r"|fct_(activity|coverage|prevalence|register_targets)"
    r"|fct_release_(precision|recall|steps)|fct_reported_back|reported_back|destroyed|int_(intake|assurance)__refusals|int_opt_outs__lost)"
)


def tables_of(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Full names of all tables of the databases of a run."""
    rows = connection.execute(
        """
        select database_name, schema_name, table_name from duckdb_tables()
        where database_name in ('marts', 'patient_level', 'assurance') order by all
        """
    )
    return [".".join(row) for row in rows.fetchall()]


def table_digest(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """SHA-256 of a table's rows as text, in the order in which they are stored."""
    digest = hashlib.sha256()
    cursor = connection.execute(f"select * from {table} order by rowid")
    digest.update(repr(cursor.description).encode())
    while rows := cursor.fetchmany(10_000):
        digest.update("\n".join(map(repr, rows)).encode())
    return digest.hexdigest()


def table_digests(folders: Folders) -> dict[str, str]:
    """The digest of every table of a store. Two equal answers mean: the same rows, in the same order."""
    with connect(folders) as connection:
        return {table: table_digest(connection, table) for table in tables_of(connection)}


def differing(left: Row, right: Row) -> list[str]:
    """Names whose values differ or that only one side has; the values stay out of the message."""
    return sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))


def differing_again(left: Row, right: Row) -> list[str]:
    """The same of a store that was built again: it remembers what it showed, where the first build found nothing."""
    return [
        name for name in differing(left, right) if name != "patient_level.intermediate.int_disclosure__last_published"
    ]


def test_number(stem: int) -> str:
    """An NHS Number of the test range: 999, six digits of the stem, check digit.

    Stems without a check digit are stepped over, so that each stem still gives one number.
    """
    while True:
        nine = f"999{stem % 1_000_000:06d}"
        remainder = sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1))) % 11
        if remainder != 1:
            return nine + str((11 - remainder) % 11)
        stem += 500_009  # far away: no neighbour's number


# By its name pytest would take it for a test.
test_number.__test__ = False  # type: ignore[attr-defined]


SHARED = "TEST_RUN_FOLDER"


def folder_of_the_run() -> Path:
    """A folder for all processes of this run, gone with the first of them."""
    if SHARED not in os.environ:
        made = tempfile.TemporaryDirectory(prefix="test_run_")
        atexit.register(made.cleanup)
        os.environ[SHARED] = made.name
    return Path(os.environ[SHARED])


def once(name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first process of this run to ask for it makes, and the others only read."""
    folder = folder_of_the_run() / name
    finished = folder.with_suffix(".finished")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            finished.touch()
    return folder


@pytest.fixture(scope="session")
def is_fast(pytestconfig: pytest.Config) -> bool:
    """Whether this is the fast tier, where what dbt takes long for is done without it as well."""
    return bool(pytestconfig.getoption("markexpr") == FAST)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, is_fast: bool) -> Folders:
    """ONE build of the sample with new keys, by the command that `make build` runs. Not to be changed.

    With dbt's unit tests, but for the fast tier, which asks them by itself (test_unit_tests.py).
    Where several processes share the tests, the first that wants it builds, and the others take a copy.
    """
    folder = tmp_path_factory.mktemp("built")
    base = tmp_path_factory.getbasetemp()
    note = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "built.txt"
    with note.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if note.exists():
            shutil.copytree(note.read_text(), folder, symlinks=True, dirs_exist_ok=True)
        else:
            build_sample(folders_of_build(folder), *(() if is_fast else ("--unit-tests",)))
            note.write_text(str(folder))
    return folders_of_build(folder)


def folders_of_build(folder: Path) -> Folders:
    return Folders(folder / "store", folder / "keys", folder / "work", project=folder / "project")


def build_sample(folders: Folders, *options: str) -> None:
    copy_project(folders.project)
    ended = must_succeed(run_build(folders, *options))
    # What the commands said is one more thing they leave behind (test_left_behind.py).
    (folders.work / "said.txt").write_text(ended.stdout + ended.stderr)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedRuns]:
    """dbt with the project parsed once: both runs of any collection, for who builds small worlds."""
    environment = os.environ | {"DO_NOT_TRACK": "1", "NO_COLOR": "1"}
    with forked_runs(tmp_path_factory.mktemp("runs"), environment) as started:
        yield started


class VouchedRuns(ForkedRuns):
    """The same, for whichever keys a run is given."""

    def run(self, target: str, folders: dict[str, Path], *arguments: Any, **named: Any) -> tuple[int, float]:
        if target == "gateway":
            vouch(PROJECT, folders["KEY_DIR"])
        return super().run(target, folders, *arguments, **named)


def forked_runs(work: Path, environment: Row) -> ForkedRuns:
    """dbt, starting from what the first of this run's processes has parsed."""

    def parse(folder: Path) -> None:
        with ForkedRuns(PROJECT, folder, environment):
            pass

    for path in once("parsed", parse).glob(f"target/*/{PARSED}"):
        copy = work / path.relative_to(folder_of_the_run() / "parsed")
        copy.parent.mkdir(parents=True)
        shutil.copyfile(path, copy)
    return VouchedRuns(PROJECT, work, environment)


@pytest.fixture(scope="session")
def built_tables(built: Folders) -> dict[str, str]:
    """The digest of every table of the build."""
    return table_digests(built)


@pytest.fixture
def warehouse(built: Folders) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the build's results, read only."""
    with connect(built) as connection:
        yield connection
