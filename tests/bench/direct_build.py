"""Models executed without dbt, on the databases and through the connections of the two runs.

dbt has compiled them; this does with the SQL what dbt-duckdb's table and view materialisations do, in
a quarter of the time: the contract compared with the query, a table with its constraints, rows inserted
in the query's order. test_renaming.py compares the result with dbt's own. Hooks, seeds, snapshots, tests
and macros that replace dbt's are not done here: whoever changes those has to run dbt.
"""

import itertools
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import duckdb

from conftest import COLLECTION
from gp_level_data.custody import store
from gp_level_data.runs import dbt_duckdb, gateway, warehouse
from gp_level_data.shapes import Cells, Manifest, Node, Row

GATEWAY_FOLDERS = ("models/staging/", "models/intermediate/gateway/")


class Refused(Exception):
    """A contract or a constraint of the engine does not allow what a model does; the text names the model."""


def is_gateway(node: Node) -> bool:
    return str(node["original_file_path"]).startswith(GATEWAY_FOLDERS)


def both_runs(gateway: Manifest, warehouse: Manifest, newer: Row | None = None) -> Row:
    """One manifest, in which each model is as the run compiles it that builds it.

    newer    which of the two knows the project as it is now, where the other is from before a change
    """
    newer = newer or warehouse
    nodes = {}
    for name, node in newer["nodes"].items():
        is_ours = node["resource_type"] == "model" and is_gateway(node)
        nodes[name] = (gateway if is_ours else warehouse)["nodes"].get(name, node)
    return newer | {"nodes": nodes}


def models(manifest: Manifest) -> Iterator[Row]:
    """All models, each after what it reads."""
    nodes = {key: n for key, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    done: set[str] = set()

    def with_parents(key: str) -> Iterator[Row]:
        if key in nodes and key not in done:
            done.add(key)
            for parent in nodes[key]["depends_on"]["nodes"]:
                yield from with_parents(parent)
            yield nodes[key]

    for key in nodes:
        yield from with_parents(key)


def substance(node: Node) -> Cells:
    """What a model's table follows from."""
    columns = [(name, facts["data_type"], facts["constraints"]) for name, facts in node["columns"].items()]
    contract = node["config"]["contract"]["enforced"]
    materialized = node["config"]["materialized"]
    return node.get("compiled_code"), node["relation_name"], materialized, contract, columns


def reached(manifest: Manifest, clean: Row) -> list[Row]:
    """Models that differ from the clean project's, and all that are built on them."""
    found: dict[str, Row] = {}
    for node in models(manifest):
        if is_another(node, clean) or found.keys() & set(node["depends_on"]["nodes"]):
            found[node["unique_id"]] = node
    return list(found.values())


def is_another(node: Node, clean: Row) -> bool:
    """Whether a model is not what it is in the clean project."""
    before = clean["nodes"].get(node["unique_id"])
    return before is None or substance(node) != substance(before)


class Turn:
    """What is built of some models, on a store in which dbt has built everything before.

    manifest   in which each model is as the run compiles it that builds it
    nodes      the models to build, each after what it reads
    others     those of them that are other queries than before; of the rest only those are built that read what has
               become another table. None: all are built
    """

    def __init__(self, manifest: Manifest, nodes: list[Row], others: Collection[str] | None = None) -> None:
        self.manifest, self.nodes, self.others = manifest, nodes, others
        self.built: set[str] = set()
        self.moved: set[str] = set()

    def of(self, connection: duckdb.DuckDBPyConnection, nodes: Iterable[Row]) -> None:
        """Build some of the models, in order."""
        for node in nodes:
            if self.is_due(node) and node["unique_id"] not in self.built:
                self.build(connection, node)

    def is_due(self, node: Node) -> bool:
        """Whether a model gives something else than before, as far as can be known without building it."""
        if self.others is None or node["unique_id"] in self.others:
            return True
        return bool(self.moved.intersection(node["depends_on"]["nodes"]))

    def build(self, connection: duckdb.DuckDBPyConnection, node: Node) -> None:
        """A model, after what it reads that was gone with the run before."""
        for key in node["depends_on"]["nodes"]:
            parent = self.manifest["nodes"].get(key)
            if (
                parent
                and parent["resource_type"] == "model"
                and parent["database"] == "memory"
                and key not in self.built
            ):
                self.build(connection, parent)
        is_another = build(connection, node)
        self.built.add(node["unique_id"])
        # What lies in memory has nothing from before beside it.
        if self.is_due(node) and is_another:
            self.moved.add(node["unique_id"])


def run(
    manifest: Manifest, nodes: list[Row], raw_dir: Path, key_dir: Path, store_dir: Path,
    others: Collection[str] | None = None, **settings: str,
) -> set[str]:  # fmt: skip
    """Both runs of the models given (Turn): the models that were built."""
    turn = Turn(manifest, nodes, others)
    if any(map(is_gateway, nodes)):
        run_gateway(turn, raw_dir, key_dir, store_dir, **settings)
    run_warehouse(turn, key_dir, store_dir)
    return turn.built


def run_gateway(turn: Turn, raw_dir: Path, key_dir: Path, store_dir: Path, **settings: str) -> None:
    """The custodian's run of the models given, on what they read in the run's memory, views and tables."""
    try:
        with duckdb.connect() as connection:
            plugin = gateway.Plugin("gateway", {
                "raw_dir": raw_dir, "store_dir": store_dir, "key_dir": key_dir, "collection": COLLECTION,
                **settings,
            })  # fmt: skip
            plugin.open_gateway(connection)
            turn.of(connection, filter(is_gateway, turn.nodes))
    finally:
        # As dbt does at the end of a command. Where one has run in this process before, the plugin takes this
        # build for a part of it and keeps the store, and whoever holds a copy next would put that back.
        dbt_duckdb.end()


def run_warehouse(turn: Turn, key_dir: Path, store_dir: Path) -> None:
    """The analyst's run of the models given."""
    plugin = warehouse.Plugin("warehouse", {"store_dir": store_dir, "key_dir": key_dir})
    with duckdb.connect(store.database_file(store_dir, store.MARTS)) as connection:
        plugin.configure_connection(connection)
        turn.of(connection, itertools.filterfalse(is_gateway, turn.nodes))


def build(connection: duckdb.DuckDBPyConnection, node: Node) -> bool:
    """One model; whether it is another table than before, or none was there."""
    create_schema(connection, node)
    query = as_for_the_first_time(node)
    if node["config"]["materialized"] == "view":
        connection.execute(f"create or replace view {relation(node)} as {query}")
    elif node["config"]["contract"]["enforced"]:
        try:
            return build_contracted(connection, node, query)
        except duckdb.ConstraintException:
            raise Refused(f"{node['name']}: constraint") from None
    else:
        connection.execute(f"create or replace table {relation(node)} as {query}")
    return True


def as_for_the_first_time(node: Node) -> str:
    """The SQL of a model, for whose collection nothing was shown: a store's own memory is of the build before this one."""
    query: str = node["compiled_code"]
    if node["name"] != "int_disclosure__last_published":
        return query
    until, before = "published.collected_at <= rules.collected_at", "published.collected_at < rules.collected_at"
    assert query.count(until) == 1
    return query.replace(until, before)


def build_contracted(connection: duckdb.DuckDBPyConnection, node: Node, query: str) -> bool:
    """A table made from its contract, and filled by the query where that keeps it; whether it is another than before."""
    columns = node["columns"].values()
    names = ", ".join(column["name"] for column in columns)
    lines = [
        f"{column['name']} {column['data_type']} {' '.join(map(constraint, column['constraints']))}"
        for column in columns
    ]
    lines += [constraint(of_table) for of_table in node["constraints"]]
    # filled beside the old one, which the query may read
    made = beside(node)
    connection.execute(f"create or replace table {made} ({', '.join(lines)})")
    if described(connection, f"select * from {made}") != described(connection, query):
        raise Refused(f"{node['name']}: contract")
    connection.execute(f"insert into {made} ({names}) (select {names} from ({query}) as model_subq)")
    is_another = differs(connection, made, node)
    connection.execute(f"drop table if exists {relation(node)}")
    connection.execute(f'alter table {made} rename to "{node["alias"]}"')
    return is_another


def differs(connection: duckdb.DuckDBPyConnection, made: str, node: Node) -> bool:
    """Whether a table has other columns or rows, or the same in another order, than the one that it replaces."""
    place = [node["database"], node["schema"], node["alias"]]
    [(was_there,)] = connection.execute(
        "select count(*) from duckdb_tables() where [database_name, schema_name, table_name] = ?", [place]
    ).fetchall()
    if not was_there:
        return True
    before, now = (connection.execute(f"describe {table}").fetchall() for table in (relation(node), made))
    if [row[:2] for row in before] != [row[:2] for row in now]:
        return True
    [(count,)] = connection.execute(
        f"select count(*) from (from {relation(node)}) as was positional join (from {made}) as now"
        " where was is distinct from now"
    ).fetchall()
    return bool(count)


def described(connection: duckdb.DuckDBPyConnection, query: str) -> set[tuple[str, str]]:
    """Columns with their types; of a decimal's type, only that it is one, as dbt compares."""
    rows = connection.execute(f"describe {query}").fetchall()
    return {(name, kind.partition("(")[0]) for name, kind, *_ in rows}


def constraint(of_column: Row) -> str:
    """A constraint of a contract as SQL."""
    words = {"not_null": "not null", "check": "check", "primary_key": "primary key", "unique": "unique"}
    expression = f" ({of_column['expression']})" if of_column.get("expression") else ""
    return words[of_column["type"]] + expression


def create_schema(connection: duckdb.DuckDBPyConnection, node: Node) -> None:
    connection.execute(f'create schema if not exists "{node["database"]}"."{node["schema"]}"')


def relation(node: Node) -> str:
    return f'"{node["database"]}"."{node["schema"]}"."{node["alias"]}"'


def beside(node: Node) -> str:
    return f'"{node["database"]}"."{node["schema"]}"."{node["alias"]}__made"'
