"""`python -m gp_level_data.cluster up | build | compare | hand-back | down`: both runs on a Spark cluster, and their results in
a store of one machine; `rename`: the net by renaming there; `grants`: who may do what in Unity Catalog."""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from gp_level_data.cluster import adapter, checks, daemons, data_tests, grants, handing_back, table_key, tables
from gp_level_data.custody import store
from gp_level_data.nets import proving, raw_numbers, renaming_run
from gp_level_data.project import PROJECT, SAMPLE, read_settings
from gp_level_data.refusal import Refusal
from gp_level_data.runs.progress import Progress

# What the gateway run makes, and what a store remembers of earlier runs; the rest is the analyst's run.
OF_THE_GATEWAY = ("gateway", "reference", "counts")
REMEMBERED = ("seeds", "snapshots", "history")
# What a build finds that the store's own had shown: the store's was the first, and found nothing.
FOUND_AGAIN = "int_disclosure__last_published"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m gp_level_data.cluster", description=__doc__)
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("--vars", default="", help="dbt vars of the collection, as YAML")
    parser.add_argument("--raw-dir", type=Path, default=os.environ.get("RAW_DIR") or SAMPLE)
    parser.add_argument("--from-store", action="store_true", help="take the gateway's tables from the store")
    parser.add_argument("--to", type=Path, help="where a build's tables go that are not to become the results")
    parser.add_argument("--gateway", default="gp-gateway", help="the custodian's principal, for grants")
    parser.add_argument("--analyst", default="gp-analyst", help="the analyst's principal, for grants")
    parser.add_argument("--volume", default="raw.landing.files", help="where the raw files lie, for grants")
    for option, default in (("--key-dir", "keys"), ("--store-dir", "store")):
        variable = option.removeprefix("--").replace("-", "_").upper()
        parser.add_argument(option, type=Path, default=os.environ.get(variable) or PROJECT / ".local" / default)
    chosen = parser.parse_args(arguments)
    try:
        return ACTIONS[chosen.action](chosen)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1


def up(_: argparse.Namespace) -> int:
    where = daemons.folder()
    daemons.up(where)
    ports = daemons.Ports.chosen()
    print(
        f"A master, {daemons.WORKERS} workers and a Thrift server on {daemons.HOST}:{ports.thrift}; everything in {where}."
    )
    return 0


def down(_: argparse.Namespace) -> int:
    stopped = daemons.down(daemons.folder())
    print(f"{stopped} processes stopped, and nothing of the cluster left." if stopped else "No cluster was running.")
    return 0


def show_grants(chosen: argparse.Namespace) -> int:
    print(*grants.grants(chosen.gateway, chosen.analyst, chosen.volume), sep=";\n", end=";\n")
    return 0


def build(chosen: argparse.Namespace) -> int:
    """Both runs, whose tables become the results, or lie in a folder of their own."""
    made = made_by_both_runs(chosen)
    if made and chosen.to:
        shutil.move(made, chosen.to)
    elif made:
        tables.keep_results(daemons.folder(), made)
    return 0 if made else 1


def made_by_both_runs(chosen: argparse.Namespace) -> Path | None:
    """The tables, looked into, of the gateway's run from raw files, an application of its own, then of dbt's through the
    Thrift server; None where a model of that failed."""
    where = daemons.folder()
    daemons.refuse_absent(where)
    port = daemons.Ports.chosen().thrift
    if not chosen.from_store:
        proving.ensure(chosen.key_dir)
    stages, loaded = Progress(), adapter.fresh(where / "loaded")
    with (
        stages.stage("tables handed over by the store"),
        tables.open_store(chosen.store_dir, chosen.key_dir) as connection,
    ):
        handed = [table for table in tables.stored(connection) if is_handed(table, chosen.from_store)]
        tables.write(connection, handed, loaded, table_key.read(where))
    if not chosen.from_store:
        from gp_level_data.cluster import gateway

        with stages.stage("gateway run on the cluster: raw files to pseudonymised tables") as stage, undone(where):
            stored = gateway.run(chosen.raw_dir, chosen.key_dir, where, chosen.vars, stage)
        print(f"Gateway: {len(stored)} tables stored.")
    with stages.stage("warehouse run on the cluster: pseudonymised tables to marts") as stage:
        execute(port, list(tables.statements(loaded)))
        target = adapter.thrift_target(daemons.HOST, port)
        counted = Counter(adapter.run(target, where / "dbt", chosen.vars, stage=stage).values())
    print("Warehouse:", ", ".join(f"{count} {name}" for name, count in sorted(counted.items())))
    if set(counted) != {"success"}:
        return None
    with undone(where):
        made = tables.gather(where)
        look_into(chosen, stages, made, where)
    return made


def look_into(chosen: argparse.Namespace, stages: Progress, made: Path, where: Path) -> None:
    """A Refusal where what was made may not become the results."""
    with stages.stage("what was made, looked into"), tables.open_store(chosen.store_dir, chosen.key_dir) as connection:
        key = table_key.read(where)
        checks.judge(connection, made, key)
        promises, numbers = adapter.promises(where / "dbt"), raw_numbers.numbers_in(chosen.raw_dir)
        checks.refuse(checks.findings(connection, made, key, promises, numbers))
    with stages.stage("data tests of what was made") as stage:
        checks.refuse(data_tests.findings(made, where, chosen.vars, stage))


@contextlib.contextmanager
def undone(where: Path) -> Iterator[None]:
    """What both runs have left goes where it may not stand: it may hold people whose objections were lost."""
    try:
        yield
    except Refusal:
        tables.undo(where)
        raise


def compare(chosen: argparse.Namespace) -> int:
    """What the last build that came to its end has made, beside what the store holds."""
    where = daemons.folder()
    with tables.open_store(chosen.store_dir, chosen.key_dir) as connection:
        made = [
            table
            for table in tables.stored(connection)
            if (not is_handed(table, chosen.from_store) or tables.is_made_by_warehouse(where, table))
            and table.name != FOUND_AGAIN
        ]
        results = tables.results(where)
        places = {table: results / table.schema / table.name for table in made}
        found = tables.differences(connection, places, table_key.read(where))
        empty = sum(tables.count(connection, table) == 0 for table in made)
    print(*found, sep="\n", end="\n" if found else "")
    same = len(made) - len({each.table for each in found})
    print(f"{same} of {len(made)} tables are the same, {empty} of them empty.")
    return int(bool(found))


def hand_back(chosen: argparse.Namespace) -> int:
    """What the last build that came to its end has made, in the place of what the store holds."""
    where = daemons.folder()
    results, key = tables.results(where), table_key.read(where)
    with Progress().stage("results handed back to the store, looked through for the numbers that were sent"):
        handed = handing_back.hand_back(
            results, key, chosen.store_dir, chosen.key_dir, raw_numbers.numbers_in(chosen.raw_dir)
        )
    print(
        f"{len(handed)} tables, {sum(handed.values())} rows, are in {chosen.store_dir} now, and on the cluster still:"
        " `make cluster-down` removes them there. `dbt snapshot` goes on with the history of practices."
    )
    return 0


def rename(chosen: argparse.Namespace) -> int:
    """The net by renaming: both runs of a small folder under two numberings; the cluster's results stay as they are."""
    with renaming_run.scratch_pair(read_settings(chosen.vars)["collection"]) as (pair, runs):
        numbers = set(pair.new_number) | set(pair.new_number.values())
        for at, (raw_dir, store_dir) in enumerate(zip(pair.raw_dirs, pair.stores, strict=True)):
            # A store of one machine says what each table is, and what is handed over.
            if failed := pair.build(runs, at):
                raise Refusal(f"One machine does not build the small folder: the {failed} run fails.")
            made = pair.folder / f"made_{at}"
            # Neither dbt nor Spark is told of two builds in one process.
            command: list[str | Path] = [
                sys.executable, "-m", "gp_level_data.cluster", "build", "--vars", json.dumps(pair.settings),
                "--raw-dir", raw_dir, "--key-dir", pair.keys, "--store-dir", store_dir, "--to", made,
            ]  # fmt: skip
            if subprocess.run(command, cwd=PROJECT, check=False).returncode:
                return 1
            handing_back.hand_back(made, table_key.read(daemons.folder()), store_dir, pair.keys, numbers)
        found = pair.findings()
    print(*(f"{each.where}: {each.what}" for each in found), sep="\n", end="\n" if found else "")
    print(f"Under two numberings {'tables differ' if found else 'every table says the same of the same people'}.")
    return int(bool(found))


def is_handed(table: tables.Table, from_store: bool) -> bool:
    """Whether a table of the store is given to the cluster, rather than made there."""
    remembered = table.schema in REMEMBERED or table.database == store.RELEASED
    return remembered or (from_store and table.schema in OF_THE_GATEWAY)


def execute(port: int, statements: list[str]) -> None:
    """Statements, one after the other, through the Thrift server."""
    from pyhive import hive

    with hive.connect(daemons.HOST, port) as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)


ACTIONS = {
    "up": up, "build": build, "compare": compare, "hand-back": hand_back, "rename": rename, "down": down,
    "grants": show_grants,
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
