"""What this project puts in the place of dbt-duckdb's own, all of it here: a cursor that sees every statement.

dbt-duckdb has no hook between dbt and the engine, so both plugins replace parts that are its inner affair: the
cursor that it hands to dbt, the way Python models run, what a template may do with rows, and the end of a command.
They were written for the version below; test_dbt_duckdb.py fails where another one has moved them.
"""

import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import agate  # type: ignore[import-untyped]
import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.environments import local
from dbt.adapters.factory import FACTORY
from dbt.contracts.graph.manifest import Manifest
from dbt.flags import get_flags
from dbt_common.clients.jinja import MacroFuzzEnvironment
from dbt_common.exceptions import DbtRuntimeError
from jinja2.sandbox import SandboxedEnvironment

from gp_level_data.custody import publication
from gp_level_data.custody.store import sql_text
from gp_level_data.project import PROJECT
from gp_level_data.runs import built, quiet_errors, run_memory, statements, whole_run

WRITTEN_FOR = "1.11.1"
# What dbt asks of a cursor besides `execute`. The engine's own has many more ways to run SQL and to read files.
OF_A_CURSOR = {
    "begin", "close", "commit", "description", "fetchall", "fetchmany", "fetchone", "interrupt", "rollback", "rowcount",
}  # fmt: skip

# What the tables of a template, which hold the rows that a query gave, do with files: read, write and draw them.
OF_FILES = re.compile(r"(?:from|to|print)_.*|.*chart|scatterplot")

# As dbt sends it when a model is built.
COMMIT = "COMMIT"

# The packages that come with dbt, whose versions are proved.
OF_DBT = {"dbt", "dbt_duckdb"}

# dbt's own recorder writes every statement with the rows that it gave to a file in the checkout.
RECORDERS = "DBT_RECORDER_MODE", "DBT_ENGINE_RECORDER_MODE"

# The run of this process, known when its plugin has opened its databases; until then nothing passes.
_run: statements.Run | None = None


class Cursor(quiet_errors.QuietCursor):
    """dbt's cursor: only statements that the run may send reach the engine, and errors repeat no value."""

    def execute(self, sql: str, bindings: Any = None) -> Any:
        if built.QUESTION in sql:
            sql = answer(self._cursor)
        refuse_other_statements(sql)
        done = super().execute(sql, bindings)
        built.remember(sql)
        if sql == COMMIT and _run and _run.name == "gateway":
            run_memory.compress(self._cursor.cursor())
        return done

    def __getattr__(self, name: str) -> Any:
        if name not in OF_A_CURSOR:
            raise AttributeError(f"dbt's cursor has no {name}: what reads or writes goes through execute")
        return super().__getattr__(name)


def install() -> None:
    """From now on all connections of dbt's hand out such cursors, and a command that ends tells whole_run.py."""
    keep_to_the_owner()
    for recorder in RECORDERS:
        if os.environ.get(recorder):
            raise DbtRuntimeError(f"dbt's recorder would keep the rows of every query in a file: unset {recorder}.")
    # What dbt-duckdb has no hook for is replaced; that it is still there, test_dbt_duckdb.py sees.
    local.DuckDBCursorWrapper = Cursor  # type: ignore[misc]
    local.LocalEnvironment.submit_python_job = no_python  # type: ignore[method-assign, assignment]
    DuckDBConnectionManager.cleanup_all = cleanup_all  # type: ignore[method-assign, assignment]
    MacroFuzzEnvironment.is_safe_attribute = is_safe_attribute  # type: ignore[method-assign, assignment]


def keep_to_the_owner() -> None:
    """What dbt writes is the owner's alone: rows that `dbt show` prints stand in its log.

    It has opened its log before any code of the project ran, under whatever umask. Folders outside the project are
    taken as they are: others may have a part in them.
    """
    os.umask(stat.S_IRWXG | stat.S_IRWXO)
    flags = get_flags()
    project = Path(getattr(flags, "PROJECT_DIR", None) or PROJECT).resolve()
    logs = project / (getattr(flags, "LOG_PATH", None) or "logs")
    for file in logs.glob("dbt.log*"):
        file.chmod(0o600)
    for folder in (logs, project / (getattr(flags, "TARGET_PATH", None) or "target")):
        if folder.is_dir() and project in folder.resolve().parents:
            folder.chmod(0o700)


def opened(run: statements.Run) -> None:
    """The run's databases are open: from now on this is what dbt may send."""
    global _run
    built.forget()
    _run = replace(run, descriptions=frozenset(descriptions(manifest())))


def manifest() -> Manifest | None:
    """The project as the command at work has read it; None where none is."""
    adapter = FACTORY.adapters.get(DuckDBConnectionManager.TYPE)
    known = adapter.get_macro_resolver() if adapter else None
    return known if isinstance(known, Manifest) else None


def files_read() -> set[str]:
    """Every file that dbt has read for the command at work: the project's by its path there, or another package's."""
    project = manifest()
    if project is None:
        raise DbtRuntimeError("What dbt has read cannot be compared with what is proved: its manifest is not there.")
    own = f"{project.metadata.project_name}://"
    return {file_id.removeprefix(own) for file_id in project.files if file_id.split("://")[0] not in OF_DBT}


def descriptions(project: Manifest | None) -> Iterator[str]:
    """What the project says of its relations and their columns."""
    for node in project.nodes.values() if project else ():
        yield node.description
        yield from (column.description for column in node.columns.values())


def refuse_other_statements(sql: str) -> None:
    """An error of the engine's kind where dbt may not send this; of the text it repeats a keyword at most."""
    if _run is None:
        raise duckdb.PermissionException("Permission Error: no run has been opened by its plugin.")
    try:
        reason = statements.refusal(sql, _run)
    except duckdb.Error as error:
        raise quiet_errors.quietly(error, sql) from None
    if reason == statements.ABOVE_THE_BORDER:
        raise duckdb.PermissionException(f"Permission Error: {quiet_errors.ABOVE_THE_BORDER}")
    if reason:
        raise duckdb.PermissionException(
            f"Permission Error: dbt may not send {reason}. The {_run.name} run takes one statement at a time:"
            " queries, and tables and views of its own."
        )


def answer(cursor: duckdb.DuckDBPyConnection) -> str:
    """What the nets find in what was built, as a query that says it."""
    said = ""
    if _run and _run.keeps:
        project = manifest()
        if project is None:
            raise DbtRuntimeError("What was built cannot be proved: dbt's manifest is not there.")
        said = built.sentence(built.findings(project, remembers=_run.name == "warehouse"))
        for left in built.left_over(project, built.stored_in(cursor)):
            print(left, file=sys.stderr)
    return f"select '{sql_text(said)}' as sentence"


def no_python(*_: object) -> None:
    """In the place of the method that runs Python models: they would read files and write them past the engine."""
    raise DbtRuntimeError("Python models do not run here: write the model in SQL.")


def is_safe_attribute(environment: MacroFuzzEnvironment, of: Any, name: str, value: Any) -> bool:
    """Whether a template may use this: a table of rows reads and writes no file, which no engine would hear of."""
    if isinstance(of, (agate.Table, agate.TableSet)) and OF_FILES.fullmatch(name):
        return False
    return SandboxedEnvironment.is_safe_attribute(environment, of, name, value)


def cleanup_all(manager: DuckDBConnectionManager) -> None:
    """Close all connections, as dbt does at the end of a command, however it ends."""
    super(DuckDBConnectionManager, manager).cleanup_all()
    end()


def end() -> None:
    """The command has ended: its run is made good or undone."""
    whole_run.end(let_go)


def engine_cursor() -> duckdb.DuckDBPyConnection:
    """A cursor of the engine's own on the run's databases, for Python that reads what a run has made."""
    environment = DuckDBConnectionManager.env()
    # The embedded engine's; what talks to another server has no such connection.
    assert isinstance(environment, local.LocalEnvironment)
    # Its class says None, which it is until it opens.
    connection: duckdb.DuckDBPyConnection = environment.conn  # type: ignore[assignment]
    return connection.cursor()


def let_go() -> None:
    """Close the run's databases: dbt keeps cursors, but what is detached is closed, whoever holds one."""
    environment = DuckDBConnectionManager._ENV
    if environment is not None and environment.conn is not None:
        environment.conn.execute("attach ':memory:' as nothing")
        environment.conn.execute("use nothing")
        for name in publication.DATABASES:
            environment.conn.execute(f"detach database if exists {name}")
        environment.close()
    DuckDBConnectionManager.close_all_connections()
