"""dbt-duckdb plugin of the gateway run: the only place where raw files and the key meet.

It brings three things to an in-memory database: the raw files as relations of the schema `landing`,
the functions that make pseudonyms, and the databases of the store. Then it closes the connection to
everything but the raw folder.
"""

from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError

from gp_level_data import releases
from gp_level_data.custody import exact_counts, keys, proof, pseudonym, publication, store
from gp_level_data.end import policy
from gp_level_data.project import moment_of
from gp_level_data.raw import landing, ndop_files
from gp_level_data.raw.synthetic_folder import is_synthetic
from gp_level_data.refusal import Refusal
from gp_level_data.runs import dbt_duckdb, given, quiet_errors, run_memory, statements, whole_run
from gp_level_data.shapes import Settings

# Commands that the gateway takes, by dbt's names for them; `parse` and `ls` open no database.
COMMANDS = {
    "build": "`dbt build`",
    "generate": "`dbt docs generate`",
    "freshness": "`dbt source freshness`",
}
# Options that take a part of the run, a run without its rows, or models that another run has built; or keep rows.
PARTS = {
    "SELECT": "--select", "EXCLUDE": "--exclude", "EMPTY": "--empty", "SAMPLE": "--sample", "INLINE": "--inline",
    "RESOURCE_TYPES": "--resource-type", "DEFER": "--defer", "STATE": "--state", "STORE_FAILURES": "--store-failures",
}  # fmt: skip
# Kinds of nodes that a run may do without, as they make nothing.
MAY_BE_LEFT_OUT = {"test", "unit_test"}
# Whether this process asks for a part of the models and stores nothing (scratch_gateway.py).
takes_a_part = False

WHOLE = "dbt build --target gateway --selector gateway --no-partial-parse"
PACKAGE = Path(__file__).parents[1]
OWN_DATA_SETTINGS = ("collected_at", "period_start", "period_end")


class Plugin(BasePlugin):
    def initialize(self, plugin_config: dict[str, Any]) -> None:
        dbt_duckdb.install()
        self.config = given.to_the_run(plugin_config)
        self.raw_dir = Path(self.config["raw_dir"])
        self.store_dir = Path(self.config["store_dir"])
        self.key_dir = Path(self.config["key_dir"])

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        config.update(given.to_the_engine(self.store_dir))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        try:
            refuse_but_whole_builds()
            self.refuse_unproved_code()
            self.open_gateway(conn)
        except Refusal as refusal:
            raise DbtRuntimeError(str(refusal)) from None
        except duckdb.Error as error:
            raise DbtRuntimeError(str(quiet_errors.quietly(error))) from None

    def refuse_unproved_code(self) -> None:
        """Neither a key nor a raw file is opened for code that the nets have not read."""
        if takes_a_part:
            # Whoever asks in Python has seen to it (scratch_gateway.py).
            return
        flags = get_flags()
        project, profiles = Path(flags.PROJECT_DIR).resolve(), Path(flags.PROFILES_DIR).resolve()
        if profiles != project:
            raise Refusal(
                f"The gateway run takes the profile that was proved, {project / 'profiles.yml'}, and no other."
            )
        refuse_what_was_kept()
        proved = proof.require(self.key_dir, project, PACKAGE).digests
        if unproved := dbt_duckdb.files_read() - proved.keys() - {proof.WRITTEN.as_posix()}:
            raise Refusal(f"dbt has read {min(unproved)}, which no proof covers: take it away.")

    def open_gateway(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Everything the gateway models need, whoever asks; a Refusal before anything was written."""
        check_run(self.raw_dir, self.key_dir, self.config)
        collection = self.config["collection"]
        key = keys.claim_key(self.key_dir, collection)
        store_keys = keys.StoreKeys(*(keys.claim_key(self.key_dir, name) for name in keys.OF_DATABASES))

        publication.hold(self.store_dir)
        if not takes_a_part:
            exact_counts.move_out(self.store_dir, self.key_dir)
            whole_run.begin(self.store_dir)
        run_memory.make_compressible(conn)
        # A time without an offset is the United Kingdom's.
        conn.execute("set global timezone = 'Europe/London'")
        pseudonym.register(conn, key, collection, self.release_keys())
        landing.create_relations(conn, self.raw_dir, collection)
        ndop_files.create_relations(conn, self.raw_dir)
        if takes_a_part:
            store.attach_in_memory(conn)
        else:
            self.attach_store(conn, collection, store_keys)
        store.close_to_the_outside(conn, self.raw_dir)
        dbt_duckdb.opened(statements.Run("gateway", keeps=not takes_a_part))

    def attach_store(self, conn: duckdb.DuckDBPyConnection, collection: str, store_keys: keys.StoreKeys) -> None:
        """The databases that outlive the run."""
        marts = store.database_file(self.store_dir, store.MARTS)
        conn.execute(f"attach '{store.sql_text(marts)}' as {store.MARTS}")
        store.check_collection(conn, self.store_dir, collection)
        store.check_order(conn, self.store_dir, moment_of(self.config))
        policy.refuse_another_moment(self.store_dir, collection, moment_of(self.config))
        for name, key in zip((store.PATIENT_LEVEL, store.ASSURANCE), store_keys):
            store.attach_encrypted(conn, self.store_dir, name, key, may_create=True)
        store.attach_released(conn, self.store_dir, store_keys.patient_level)

    def release_keys(self) -> dict[str, bytes]:
        """The keys of the collection's releases that are made on the day of this run, by their ids."""
        day = releases.day_of(self.config)
        active = releases.active_ids(self.config["collection"], day)
        return {release_id: keys.claim_key(self.key_dir, release_id) for release_id in active}


def refuse_what_was_kept() -> None:
    """Refuse a command that may have been read from what dbt kept of an earlier parse, which says what it likes."""
    if get_flags().PARTIAL_PARSE:
        raise Refusal("What dbt keeps of an earlier parse is proved by nobody: add --no-partial-parse.")


def refuse_but_whole_builds() -> None:
    """Refuse what dbt could print or keep: rows of other commands, and parts of which nobody looks at the whole.

    dbt writes what it prints to its log as well, and a part of the models may lack what proves the rest.
    """
    flags = get_flags()
    command = getattr(flags, "WHICH", None)
    if command not in COMMANDS:
        raise Refusal(
            f"The gateway run does not take `dbt {command}`, since its rows are identifiable:"
            f" it takes {', '.join(COMMANDS.values())}."
        )
    if takes_a_part:
        return
    given = [
        option
        for name, option in PARTS.items()
        # Sources are named to ask how fresh they are: each is answered by one moment.
        if getattr(flags, name, None) and not (command == "freshness" and name == "SELECT")
    ]
    if set(getattr(flags, "EXCLUDE_RESOURCE_TYPES", None) or ()) - MAY_BE_LEFT_OUT:
        given.append("--exclude-resource-type of more than tests")
    if given:
        raise Refusal(f"The gateway run takes {COMMANDS[command]} whole, without {given[0]}: {WHOLE}.")
    if command == "build" and getattr(flags, "SELECTOR", None) != "gateway":
        raise Refusal(f"The gateway run is built whole, by its selector: {WHOLE}.")


def check_run(raw_dir: Path, key_dir: Path, settings: Settings) -> None:
    """Refuse a run that would take the sample's keys or settings for somebody's own data."""
    landing.check_folder(raw_dir, settings["collection"])
    landing.refuse_at_a_glance(raw_dir, settings["collection"])
    if is_synthetic(raw_dir):
        return
    if keys.is_for_sample(key_dir):
        raise Refusal(
            f"The keys in {key_dir} were made for the sample, and {raw_dir} is not synthetic data:"
            " make your own with `make key KEY_DIR=...`."
        )
    missing = [name for name in OWN_DATA_SETTINGS if not settings.get(name)]
    if missing:
        raise Refusal(
            f"Give {', '.join(missing)} in VARS: the defaults belong to the sample,"
            f" and {raw_dir} is not synthetic data."
        )
