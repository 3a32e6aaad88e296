"""`python -m tests.python.benchmark RAW_DIR`: CPU, wall and memory of both, measured in one go.

Ratios are worth quoting, times are not: machines are shared. Each part runs in a process of its own,
with the same memory limit and number of threads.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gp_level_data import keys

PROJECT = Path(__file__).parents[3]
BY_HAND = """
import pathlib, sys, duckdb
from duckdb import sqltypes
from gp_level_data import keys, store
from gp_level_data.pseudonym import pseudonymiser
raw_dir, key_dir, store_dir = map(pathlib.Path, sys.argv[1:4])
name = "individual_gp_level_data"
connection = duckdb.connect(
    str(store_dir / "by_hand.duckdb"),
    config={"threads": 2, "memory_limit": "4GB", "temp_directory": str(store_dir / "spill")},
)
connection.create_function(
    "pseudonymise", pseudonymiser(keys.read_key(key_dir, name), name),
    [sqltypes.VARCHAR], sqltypes.VARCHAR, type="arrow",
)
store.attach_patient_level(connection, store_dir, keys.read_key(key_dir, keys.STORE_KEY))
script = (pathlib.Path(sys.argv[4])).read_text().replace("$raw_dir", str(raw_dir))
connection.execute(script)
"""


def measured(command: list, folders: dict) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak memory in GB of a process that must succeed."""
    start = time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=PROJECT,
        env=os.environ | {name: str(path) for name, path in folders.items()},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[:3]} failed")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1e6


def main() -> None:
    """Measure, and print a table."""
    raw_dir = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in ("individual_gp_level_data", keys.STORE_KEY):
            keys.new_key(folder / "keys", name)
        (folder / "by_hand").mkdir()
        script = PROJECT / "tests" / "python" / "benchmark" / "by_hand.sql"
        by_hand = measured(
            [sys.executable, "-c", BY_HAND, raw_dir, folder / "keys", folder / "by_hand", script], {}
        )
        folders = {"RAW_DIR": raw_dir, "KEY_DIR": folder / "keys", "STORE_DIR": folder / "store"}
        dbt = [Path(sys.executable).with_name("dbt"), "build", "--log-path", folder / "logs"]
        gateway = measured(
            [*dbt, "--target", "gateway", "--selector", "gateway", "--target-path", folder / "g"],
            folders,
        )
        warehouse = measured([*dbt, "--target-path", folder / "w"], folders)
    both = (gateway[0] + warehouse[0], gateway[1] + warehouse[1], max(gateway[2], warehouse[2]))
    print(f"{'':<16}{'CPU s':>8}{'wall s':>8}{'peak GB':>9}")
    for label, row in (
        ("by hand", by_hand), ("gateway run", gateway), ("warehouse run", warehouse), ("both", both)
    ):  # fmt: skip
        print(f"{label:<16}{row[0]:>8.1f}{row[1]:>8.1f}{row[2]:>9.2f}")
    print(f"CPU of both runs / by hand: {both[0] / by_hand[0]:.2f}")


if __name__ == "__main__":
    main()
