"""The parts of dbt-duckdb that this project replaces (runs/dbt_duckdb.py) are where they were.

When a new version is taken: read what each of these does there, mend the module, and then its version.
"""

import inspect
import os
import stat
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import agate  # type: ignore[import-untyped]
import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments import Environment, local
from dbt.adapters.factory import FACTORY
from dbt.adapters.sql.connections import SQLConnectionManager
from dbt.adapters.sql.impl import SQLAdapter
from dbt_common.clients.jinja import MacroFuzzEnvironment, get_environment
from dbt_common.exceptions import DbtRuntimeError
from jinja2.exceptions import SecurityError

from gp_level_data.runs import dbt_duckdb, given, run_memory, statements


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[local.LocalEnvironment]:
    """What dbt-duckdb opens for an in-memory profile, with the project's parts in their places."""
    for owner, name in (
        (local, "DuckDBCursorWrapper"),
        (local.LocalEnvironment, "submit_python_job"),
        (DuckDBConnectionManager, "cleanup_all"),
        (MacroFuzzEnvironment, "is_safe_attribute"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(dbt_duckdb, "_run", None)
    dbt_duckdb.install()
    opened = local.LocalEnvironment(DuckDBCredentials(database="memory", schema="main", path=":memory:"))
    yield opened
    opened.close()


def test_the_version_is_the_one_that_was_read() -> None:
    """Flags another dbt-duckdb, which may hand SQL to the engine in a way that nobody has looked at."""
    assert metadata.version("dbt-duckdb") == dbt_duckdb.WRITTEN_FOR


def test_the_parts_are_where_they_were() -> None:
    """Flags a part that was renamed: what is put in its place would hang in the air."""
    assert "DuckDBCursorWrapper(cursor)" in inspect.getsource(local.DuckDBConnectionWrapper.__init__)
    assert "return self._cursor" in inspect.getsource(local.DuckDBConnectionWrapper.cursor)
    assert "DuckDBConnectionWrapper(cursor, self)" in inspect.getsource(local.LocalEnvironment.handle)
    assert "submit_python_job" in Environment.__abstractmethods__
    assert {"_ENV", "env", "close_all_connections"} <= vars(DuckDBConnectionManager).keys()
    assert "cleanup_all" in dir(DuckDBConnectionManager)
    assert f'add_query("{dbt_duckdb.COMMIT}"' in inspect.getsource(SQLConnectionManager.add_commit_query)
    assert hasattr(SQLAdapter, "get_macro_resolver") and isinstance(FACTORY.adapters, dict)


@pytest.mark.parametrize("is_outside", [False, True])
def test_what_dbt_opened_before_is_its_owners_alone(
    environment: local.LocalEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_outside: bool
) -> None:
    """Flags rows that `dbt show` prints in a log that others read; and a folder that is shared, shut to the others."""
    project = tmp_path / "project"
    logs = tmp_path / "logs" if is_outside else project / "logs"
    for folder in (logs, project / "target"):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    for name in ("dbt.log", "dbt.log.1", "others.txt"):
        (logs / name).write_text("a row")
        (logs / name).chmod(0o644)
    flags = SimpleNamespace(PROJECT_DIR=str(project), LOG_PATH=str(logs), TARGET_PATH=None)
    monkeypatch.setattr(dbt_duckdb, "get_flags", lambda: flags)
    before = os.umask(0o022)
    try:
        dbt_duckdb.install()
        (logs / "dbt.log.2").write_text("a row")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (*logs.iterdir(), logs, project / "target")}
    assert {modes[name] for name in ("dbt.log", "dbt.log.1", "dbt.log.2")} == {0o600}
    assert (modes["others.txt"], modes["logs"], modes["target"]) == (0o644, 0o755 if is_outside else 0o700, 0o700)


def test_dbt_gets_our_cursor(environment: local.LocalEnvironment) -> None:
    """Flags a way from dbt to the engine beside the cursor: every handle has to have it, and only it."""
    dbt_duckdb.opened(statements.Run("warehouse"))
    handle = environment.handle()
    assert type(handle.cursor()) is dbt_duckdb.Cursor
    assert handle.cursor().execute("select 1").fetchall() == [(1,)]
    with pytest.raises(duckdb.PermissionException, match="COPY"):
        handle.cursor().execute("copy (select 1) to 'nowhere.csv'")


@pytest.mark.parametrize("large", [2**20, 2**40])
def test_a_large_table_of_the_gateway_is_kept_compressed(
    environment: local.LocalEnvironment, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    """Flags journals that stand in memory as they came: six times what they need; a small table is let be."""
    monkeypatch.setattr(run_memory, "LARGE", large)
    environment.handle()
    assert environment.conn is not None
    run_memory.make_compressible(environment.conn)
    dbt_duckdb.opened(statements.Run("gateway"))

    def held() -> int:
        assert environment.conn is not None
        [(held,)] = environment.conn.cursor().execute(run_memory.TABLES).fetchall()
        return int(held)

    cursor = environment.handle().cursor()
    for statement in (
        "BEGIN",
        "create schema if not exists memory.gateway",
        "create table memory.gateway.said as select 'the same' as code, range // 1000 as person from range(1000000)",
    ):
        cursor.execute(statement)
    before = held()
    cursor.execute(dbt_duckdb.COMMIT)
    assert before > 2**23
    assert (held() < before / 6) is (large < before)
    assert cursor.execute("select count(*), count(distinct person) from memory.gateway.said").fetchall() == [
        (1000000, 1000)
    ]


def test_nothing_passes_before_a_run_is_opened(environment: local.LocalEnvironment) -> None:
    """Flags a profile without its plugin, whose run nobody has closed to the outside."""
    with pytest.raises(duckdb.PermissionException, match="no run has been opened"):
        environment.handle().cursor().execute("select 1")


@pytest.mark.parametrize(
    "way", ["sql", "query", "executemany", "read_csv", "from_parquet", "register", "create_function", "cursor", "table"]
)
def test_the_engines_other_ways_are_closed(environment: local.LocalEnvironment, way: str) -> None:
    """Flags a method of the engine's own cursor that runs SQL, reads a file or makes a function."""
    assert hasattr(environment.conn or duckdb, way) or hasattr(duckdb.connect(), way)
    with pytest.raises(AttributeError, match="goes through execute"):
        getattr(environment.handle().cursor(), way)


def test_python_models_do_not_run(environment: local.LocalEnvironment) -> None:
    """Flags Python within a run, which would open files and sockets past the engine."""
    with pytest.raises(DbtRuntimeError, match="write the model in SQL"):
        environment.submit_python_job(environment.handle(), {"alias": "a"}, "raise ValueError")


WORDS_OF_FILES = ("csv", "json", "fixed", "object", "print", "chart", "plot")


@pytest.mark.parametrize("kind", [agate.Table, agate.TableSet])
def test_a_template_reads_and_writes_no_file(environment: local.LocalEnvironment, kind: type) -> None:
    """Flags rows that a template copies into a file, or a raw file that it reads, past the engine and the cursor."""
    table = agate.Table([["a"]], ["one"])
    rows = table if kind is agate.Table else table.group_by("one")
    names = [name for name in dir(kind) if any(word in name for word in WORDS_OF_FILES) and name[0] != "_"]
    assert len(names) > 5
    for name in names:
        template = get_environment(None, capture_macros=False).from_string(f"{{{{ rows.{name}('nowhere') }}}}")
        with pytest.raises(SecurityError):
            template.render({"rows": rows})


def test_a_template_looks_at_rows(environment: local.LocalEnvironment) -> None:
    """Flags rows that a macro can no longer look at."""
    table = agate.Table([["a"]], ["one"])
    template = get_environment(None, capture_macros=False).from_string(
        "{{ rows.rows[0][0] }}{{ rows.columns['one'][0] }}"
    )
    assert template.render({"rows": table}) == "aa"


@pytest.mark.parametrize(
    ("name", "value"),
    [("DUCKDB_THREADS", "two"), ("DUCKDB_THREADS", "0"), ("DUCKDB_MEMORY_LIMIT", "4"), ("DUCKDB_MEMORY_LIMIT", "lots")],
)
def test_what_the_engine_may_use(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Flags a limit that ends in a traceback of Python's or the engine's."""
    monkeypatch.setenv(name, value)
    with pytest.raises(DbtRuntimeError, match=f"{name} is not one"):
        given.to_the_engine("store")
    monkeypatch.setenv(name, {"DUCKDB_THREADS": "4", "DUCKDB_MEMORY_LIMIT": "1.5 GiB"}[name])
    assert given.to_the_engine("store")["threads"] in (2, 4)


@pytest.mark.parametrize("recorder", dbt_duckdb.RECORDERS)
def test_nobody_records_rows(monkeypatch: pytest.MonkeyPatch, recorder: str) -> None:
    """Flags a file of all that was asked and answered, exact counts of the store among it."""
    monkeypatch.setenv(recorder, "RECORD")
    with pytest.raises(DbtRuntimeError, match=f"unset {recorder}"):
        dbt_duckdb.install()
