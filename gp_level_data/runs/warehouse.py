"""dbt-duckdb plugin of the warehouse run: opens the store, then shuts every other door.

After it, the engine itself refuses to read a file, to write one, to attach a database and to change
a setting. The pseudonymisation key is not read, and `pseudonymise` does not exist.
"""

from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError

from gp_level_data.custody import exact_counts, keys, publication, store
from gp_level_data.end import ledger_tables
from gp_level_data.refusal import Refusal
from gp_level_data.runs import dbt_duckdb, given, statements, whole_run

# Commands that build nothing: where what is personal was destroyed, they read the results that stay.
READING = {"compile", "generate", "show", "test"}
# Options with which dbt builds tables without their rows.
WITHOUT_ROWS = {"EMPTY": "--empty", "SAMPLE": "--sample"}


class Plugin(BasePlugin):
    def initialize(self, plugin_config: dict[str, Any]) -> None:
        dbt_duckdb.install()
        config = given.to_the_run(plugin_config)
        self.store_dir = Path(config["store_dir"])
        self.key_dir = Path(config["key_dir"])
        # Before dbt opens the marts: a build that ends now would leave it with those of the one before.
        if self.store_dir.is_dir():
            try:
                publication.hold(self.store_dir)
                exact_counts.move_out(self.store_dir, self.key_dir)
            except Refusal as refusal:
                raise DbtRuntimeError(str(refusal)) from None

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        if not self.store_dir.is_dir():
            raise DbtRuntimeError(
                f"There is no store {self.store_dir}: run `make build` first, or say which (STORE_DIR)."
            )
        creds.path = str(store.database_file(self.store_dir, store.MARTS))
        config.update(given.to_the_engine(self.store_dir))
        # The last that dbt asks before it opens the marts, each time it does.
        try:
            whole_run.begin(self.store_dir)
        except Refusal as refusal:
            raise DbtRuntimeError(str(refusal)) from None

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        try:
            self.open_store(conn)
        except Refusal as refusal:
            raise DbtRuntimeError(str(refusal)) from None

    def open_store(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Attach what lies encrypted to the marts connection and close it to the outside."""
        self.refuse_to_empty(conn)
        conn.execute("set global timezone = 'Europe/London'")
        is_there = store.database_file(self.store_dir, store.PATIENT_LEVEL).exists()
        if is_there:
            store.attach_patient_level(conn, self.store_dir, keys.read_key(self.key_dir, keys.STORE_KEY))
        else:
            self.refuse_to_build(conn)
            conn.execute(f"attach ':memory:' as {store.PATIENT_LEVEL}")
        if is_there or store.database_file(self.store_dir, store.ASSURANCE).exists():
            key = keys.read_key(self.key_dir, keys.ASSURANCE_KEY)
            store.attach_encrypted(conn, self.store_dir, store.ASSURANCE, key, may_create=True)
        else:
            conn.execute(f"attach ':memory:' as {store.ASSURANCE}")
        ledger_tables.bring_up_to_date(conn, self.store_dir)
        store.create_memory_of_results(conn)
        store.close_to_the_outside(conn)
        dbt_duckdb.opened(statements.Run("warehouse", reads=command() not in whole_run.WRITING))

    def refuse_to_empty(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Tables without rows, or with a part of them, are no results, and take the place of those that are."""
        given = [option for name, option in WITHOUT_ROWS.items() if getattr(get_flags(), name, None)]
        if given and command() in whole_run.WRITING and has_results(conn):
            raise Refusal(
                f"`{given[0]}` would replace the results in {self.store_dir} by tables that lack rows:"
                " try it on a copy of the store, which STORE_DIR names."
            )

    def refuse_to_build(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Without a patient-level database there are at most results, and nothing to build them from."""
        missing = f"There is no patient-level database in {self.store_dir}"
        if not has_results(conn):
            raise Refusal(f"{missing}: run `make build` first.")
        if command() == "show" and not getattr(get_flags(), "INLINE", None):
            raise Refusal(
                "What the models were built from is destroyed, and `dbt show --select` would build one anew. Its"
                ' results are there: `dbt show --inline "select * from fct_gp_metrics"`.'
            )
        if command() not in READING:
            raise Refusal(f"{missing} to build from: its results can be read, and nothing else.")


def command() -> str | None:
    """dbt's name for the command of this process; None where there is none."""
    return getattr(get_flags(), "WHICH", None)


def has_results(conn: duckdb.DuckDBPyConnection) -> bool:
    """Whether the marts hold a table that a run has built."""
    return bool(conn.execute("select 1 from duckdb_tables() where schema_name = 'main'").fetchall())
