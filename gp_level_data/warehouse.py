"""dbt-duckdb plugin of the warehouse run: opens the store, then shuts every other door.

After it, the engine itself refuses to read a file, to write one, to attach a database and to change
a setting. The pseudonymisation key is not read, and `pseudonymise` does not exist.
"""

from pathlib import Path

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from gp_level_data import keys, ledger_tables, publication, quiet_errors, store
from gp_level_data.refusal import Refusal


class Plugin(BasePlugin):
    def initialize(self, plugin_config):
        quiet_errors.install()
        self.store_dir = Path(plugin_config["store_dir"])
        self.key_dir = Path(plugin_config["key_dir"])
        # Before dbt opens the marts: a build that ends now would leave it with those of the one before.
        if self.store_dir.is_dir():
            try:
                publication.hold(self.store_dir)
            except Refusal as refusal:
                raise DbtRuntimeError(str(refusal)) from None

    def configure_connection(self, conn):
        try:
            self.open_store(conn)
        except Refusal as refusal:
            raise DbtRuntimeError(str(refusal)) from None

    def open_store(self, conn):
        """Attach patient_level to the marts connection and close it to the outside."""
        if not store.database_file(self.store_dir, store.PATIENT_LEVEL).exists():
            raise Refusal(
                f"There is no patient-level database in {self.store_dir}: run `make build` first."
            )
        conn.execute("set global timezone = 'Europe/London'")
        store.attach_patient_level(
            conn, self.store_dir, keys.read_key(self.key_dir, keys.STORE_KEY)
        )
        ledger_tables.bring_up_to_date(conn, self.store_dir)
        store.close_to_the_outside(conn)
