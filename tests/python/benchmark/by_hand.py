"""`by_hand.py RAW_DIR KEY_DIR STORE_DIR`: the core work as one SQL script, with the runs' pseudonyms and limits."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from duckdb import func, sqltypes

sys.path.insert(0, str(Path(__file__).parents[3]))
from gp_level_data.custody import keys, store
from gp_level_data.custody.pseudonym import pseudonymiser

COLLECTION = "individual_gp_level_data"
# What engines call the files that they load first, and which of them say no names of columns.
SENT = {
    "sent_records": "gpes/individual_gp_level_data/*.csv*",
    "sent_objections": "gpes/opt_outs/*.csv*",
    "sent_participation": "cqrs/participation.csv",
    "sent_practices": "ods/epraccur.csv",
    "sent_gps": "ods/egpcur.csv",
    "sent_episodes": "hes/*.csv*",
}
WITHOUT_HEADER = "sent_practices", "sent_gps"


@contextmanager
def done(raw_dir: Path, store_dir: Path, key: bytes, store_key: bytes) -> Iterator[duckdb.DuckDBPyConnection]:
    """The connection in which the script has run."""
    options: dict[str, str | bool | int | float | list[str]] = {
        "threads": 2,
        "memory_limit": os.environ["DUCKDB_MEMORY_LIMIT"],
        "temp_directory": str(store_dir / "spill"),
    }
    with duckdb.connect(str(store_dir / "by_hand.duckdb"), config=options) as connection:
        text = sqltypes.VARCHAR
        connection.create_function(
            "pseudonymise", pseudonymiser(key, COLLECTION), [text], text, type=func.PythonUDFType.ARROW
        )
        store.attach_encrypted(connection, store_dir, store.PATIENT_LEVEL, store_key, may_create=True)
        script = Path(__file__).with_name("by_hand.sql").read_text()
        connection.execute(script.replace("$raw_dir", store.sql_text(raw_dir)))
        yield connection


def main() -> None:
    raw_dir, key_dir, store_dir = map(Path, sys.argv[1:4])
    with done(raw_dir, store_dir, keys.read_key(key_dir, COLLECTION), keys.read_key(key_dir, keys.STORE_KEY)):
        pass


if __name__ == "__main__":
    main()
