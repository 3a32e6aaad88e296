"""Freeze what the project makes, change its shape, and show that it still makes the same.

    python tests/python/repository/freeze.py keep FILE       what the files make as they are now
    python tests/python/repository/freeze.py compare FILE    what they make now, beside what was kept; exit code 1 if it differs

Kept are digests alone, of made-up patients: FILE holds no row, and does not belong in the repository.

tables  every table that the sample's three collections leave, by dbt's two runs: its columns, how many rows,
        the rows whatever their order, the order in which they are stored, and each column by itself.
        The keys are always the same, so that pseudonyms are compared like everything else. Nothing is left out.
worlds  what is shown of drawn patients, table by table and world by world: 500 of the GP report and of
        admissions by condition (every fifth collected a second time, some lists being longer), and 100 of
        the tables for planning. Of what disclosure control decides on the way nothing is kept, so that its
        models may change their shape.

A table that is gone while another has the same rows was moved: this is told, and is no difference in a
column or row. Of 500 worlds it takes some five minutes of one core; `--worlds 50` draws fewer, which compares
with the first of a file that has more, and `--only` leaves tables or worlds out.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[at]) for at in range(1, 4)]

import duckdb
import numpy as np

from bench.disclosure_run import MARTS, Runner
from bench.disclosure_run import compiled as compiled_report
from bench.vouching import vouch
from conftest import PROJECT, SAMPLE, Folders, connect, tables_of
from disclosure import test_disclosure
from gp_level_data import releases
from gp_level_data.custody import keys
from gp_level_data.nets import small_folder
from gp_level_data.runs.forked_runs import ForkedRuns
from gp_level_data.shapes import Cells, Row
from planning import test_planning

COLLECTIONS = ("individual_gp_level_data", "gpdpr", "care_data")
TABLES_FOR_PLANNING = ("fct_prevalence", "fct_register_targets", "fct_activity", "fct_coverage")
AGAIN = 5
PLANNING_SHARE = 5
PARTS = ("columns", "count", "rows", "order")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("action", choices=["keep", "compare"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--worlds", type=int, default=500, help="how many are drawn")
    parser.add_argument("--only", choices=["tables", "worlds"], help="only this part")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="freeze_") as scratch:
        now = frozen(Path(scratch), chosen.worlds, chosen.only)
    if chosen.action == "keep":
        chosen.file.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")
        print(f"Kept: {sum(map(len, now['tables'].values()))} tables, {chosen.worlds} worlds.")
        return 0
    before = json.loads(chosen.file.read_text())
    found = [
        f"{collection}: {what}"
        for collection, tables in now["tables"].items()
        for what in differences(before["tables"][collection], tables)
    ]
    for mart, told in now["worlds"].items():
        found += other_worlds(mart, before["worlds"].get(mart, []), told)
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} differences." if found else "The same.")
    return int(bool(found))


def frozen(folder: Path, world_count: int, only: str | None) -> Row:
    """Digests of everything; all of the worlds' tables by name, in the order of the worlds."""
    made: dict[str, Row] = {"tables": {}, "worlds": {}}
    with ForkedRuns(PROJECT, folder / "runs", os.environ | {"DO_NOT_TRACK": "1"}) as runs:
        for collection in COLLECTIONS if only != "worlds" else ():
            made["tables"][collection] = digests(built(runs, folder / collection, collection))
    if only != "tables":
        made["worlds"] = report(world_count) | planning(world_count // PLANNING_SHARE)
    return made


def built(runs: ForkedRuns, folder: Path, collection: str) -> Folders:
    """Both runs of one of the sample's collections, under keys that are always the same."""
    for name in releases.keys_of_build(collection):
        keys.new_key(folder / "keys", name)
        # It pseudonymises made-up people alone.
        keys.key_file(folder / "keys", name).write_bytes(hashlib.sha256(name.encode()).digest())
    vouch(PROJECT, folder / "keys")
    (folder / "store").mkdir(mode=0o700)
    variables = json.dumps({"collection": collection, "disseminated_at": small_folder.DISSEMINATED_AT.isoformat()})
    where = {"RAW_DIR": SAMPLE, "KEY_DIR": folder / "keys", "STORE_DIR": folder / "store"}
    for run in ("gateway", "warehouse"):
        code, _ = runs.run(run, where, variables=variables, left=folder)
        if code:
            sys.exit(f"The {run} run of {collection} failed: `make build VARS='{variables}'` says why.")
    return Folders(folder / "store", folder / "keys", folder)


def digests(folders: Folders) -> dict[str, Row]:
    """Of each table of a store what PARTS say, and every column by itself."""
    with connect(folders) as connection:
        return {table: table_digests(*content(connection, table)) for table in tables_of(connection)}


def content(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[list[str], list[Cells]]:
    cursor = connection.execute(f"select * from {table} order by rowid")
    return [f"{column[0]} {column[1]}" for column in cursor.description], cursor.fetchall()


def table_digests(columns: list[str], rows: list[Cells]) -> Row:
    texts = list(map(repr, rows))
    by_column = zip(*rows) if rows else [()] * len(columns)
    return {
        "columns": columns,
        "count": len(rows),
        "rows": digest(sorted(texts)),
        "order": digest(texts),
        "each": {name: digest(sorted(map(repr, values))) for name, values in zip(columns, by_column)},
    }


def digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:20]


def report(world_count: int) -> dict[str, list[str]]:
    """What the GP report and the admissions by condition show of random counts."""
    runner = Runner(compiled_report())
    told: dict[str, list[str]] = {name: [] for name in MARTS}
    for seed in range(world_count):
        counts = test_disclosure.random_counts(seed)
        test_disclosure.published_of(runner, counts)
        shown = {name: sorted(map(repr, rows_of(runner.connection, name))) for name in MARTS}
        if seed % AGAIN == 0:
            chance = np.random.default_rng(seed)
            later = {f"G{gp}": int(chance.integers(0, 12)) for gp in range(8)}
            runner.run(*test_disclosure.moved(counts, later), test_disclosure.SECOND)
            for name in MARTS:
                shown[name] += sorted(map(repr, rows_of(runner.connection, name)))
        for name in MARTS:
            told[name].append(digest(shown[name]))
    return told


def planning(world_count: int) -> dict[str, list[str]]:
    """What the tables for planning show of random patients."""
    made = test_planning.small()
    told: dict[str, list[str]] = {name: [] for name in TABLES_FOR_PLANNING}
    for seed in range(world_count):
        test_planning.published_of(made, seed)
        for name in TABLES_FOR_PLANNING:
            told[name].append(digest(sorted(map(repr, rows_of(made.connection, name)))))
    return told


def rows_of(connection: duckdb.DuckDBPyConnection, mart: str) -> list[Cells]:
    return connection.execute(f"select * from marts.main.{mart}").fetchall()


def differences(before: dict[str, Row], now: dict[str, Row]) -> Iterable[str]:
    """What became of the tables of a collection."""
    of_rows = {table["rows"]: name for name, table in now.items() if name not in before and table["count"]}
    moved = {name: of_rows.get(table["rows"]) for name, table in before.items() if name not in now}
    for name, to in moved.items():
        yield f"{name} has moved to {to}" if to else f"{name} is gone"
    for name in sorted(now.keys() - before.keys() - set(moved.values())):
        yield f"{name} is new"
    for name in sorted(before.keys() & now.keys()):
        old, new = before[name], now[name]
        if old["columns"] != new["columns"]:
            others = sorted(set(old["columns"]) ^ set(new["columns"]))
            yield f"{name} has other columns: {', '.join(others) or 'the same in another order'}"
        if old["count"] != new["count"]:
            yield f"{name} has {new['count']} rows and had {old['count']}"
        if old["rows"] != new["rows"]:
            others = [column for column in old["each"] if new["each"].get(column, "") != old["each"][column]]
            yield f"{name} has other rows: {', '.join(others) or 'other values side by side'}"
        elif old["order"] != new["order"]:
            yield f"{name} has the same rows in another order"


def other_worlds(name: str, before: list[str], now: list[str]) -> Iterable[str]:
    """In how many of the worlds that both have a table shows something else."""
    count = min(len(before), len(now))
    other = [seed for seed in range(count) if before[seed] != now[seed]]
    if not count:
        yield f"{name} was not kept, so there is nothing to compare"
    elif other:
        yield f"{name} shows something else in {len(other)} of {count} worlds, first in {other[0]}"


if __name__ == "__main__":
    sys.exit(main())
