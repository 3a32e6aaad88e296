"""What a run has built is proved before its command ends: from the SQL that was really run, whatever was proved before.

The proof (custody/proof.py) is of the code with the sample's settings, and an analyst's run needs none. So the cursor
remembers which relations it was asked to make and by what, and at the end of the run the net by lineage reads that:
every relation is a model's, made of the SQL to which dbt compiled it, and none of its columns depends on an
identifier. What is found ends the run, and whole_run.py puts the store back as it was. A relation that lies in the
store though no model, seed or snapshot is called so is named as well.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Protocol

import duckdb
from dbt.adapters.base.impl import BaseAdapter
from dbt.adapters.factory import FACTORY
from dbt.artifacts.resources.types import NodeType
from dbt.compilation import Compiler
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ManifestNode

from gp_level_data.end import ledger_tables
from gp_level_data.nets.lineage import NET
from gp_level_data.nets.lineage.project import analyse
from gp_level_data.runs import proved_before, statements
from gp_level_data.shapes import Node

# What the macro check_what_was_built asks.
QUESTION = "select what_the_nets_find()"
# Names that dbt gives a relation until it is finished.
UNFINISHED = ("__dbt_tmp", "__dbt_backup")
# What the project's own Python keeps in the store, beside what dbt builds: the ledger's tables.
OF_THE_LEDGER = {("history", name) for name in ledger_tables.COLUMNS}
SHOWN = 5

# What each relation was made by, in the order of the statements.
_made: dict[tuple[str, str, str], str] = {}


class Placed(Protocol):
    """A node of dbt's that has a relation."""

    @property
    def database(self) -> str | None: ...
    @property
    def schema(self) -> str: ...
    @property
    def alias(self) -> str: ...


def forget() -> None:
    """A run begins."""
    _made.clear()


def remember(sql: str) -> None:
    """Keep by what a relation is made, if this statement makes one that stays."""
    name = statements.makes(sql)
    if name:
        database, schema, identifier = name
        for ending in UNFINISHED:
            identifier = identifier.removesuffix(ending)
        _made[database, schema, identifier] = sql


def findings(project: Manifest, remembers: bool = False) -> list[str]:
    """What is wrong with what was built, one sentence each: relation, column and net.

    remembers   whether what was proved in an earlier run needs no proof (proved_before.py)
    """
    nodes = {place_of(node): key for key, node in project.nodes.items() if hasattr(node, "alias")}
    built = {nodes[place]: sql for place, sql in _made.items() if place in nodes}
    found = [f"{'.'.join(place)} was built and is no model's" for place in _made if place not in nodes]
    found += [
        f"{project.nodes[key].name} was built of other SQL than dbt compiled it to"
        for key, sql in built.items()
        if is_of_other_sql(project.nodes[key], sql)
    ]
    around = proved_before.surroundings(project) if remembers else ""
    marks = {key: proved_before.of_relation(around, key, sql) for key, sql in built.items()}
    known = proved_before.known(around) if remembers else set()
    unproved = {key for key, mark in marks.items() if mark not in known}
    found += [f"the net by {NET}: {name}: {problem}" for name, problem in problems(project, unproved)]
    if remembers and unproved and not found:
        proved_before.remember(around, marks.values())
    return list(dict.fromkeys(found))


def is_of_other_sql(node: ManifestNode, sql: str) -> bool:
    """Whether a model is made by other SQL than dbt compiled it to."""
    return node.resource_type == NodeType.Model and (node.compiled_code or " ; ").strip() not in sql


def left_over(project: Manifest, stored: set[tuple[str, str, str]]) -> list[str]:
    """Relations in the store that nobody knows, one sentence each.

    stored    database, schema and name of every table and view that lies in a database of the store
    """
    known = {place_of(node) for node in project.nodes.values() if hasattr(node, "alias")}
    return [
        f"{'.'.join(place)} lies in the store and is no model's, seed's or snapshot's: `make build` leaves it out."
        for place in sorted(stored - known)
        if place[1:] not in OF_THE_LEDGER
    ]


def place_of(node: Placed) -> tuple[str, str, str]:
    """Where a node's relation lies, as the engine compares names."""
    return (node.database or "").lower(), (node.schema or "").lower(), node.alias.lower()


def problems(project: Manifest, built: set[str]) -> Iterator[tuple[str, str]]:
    """What the net by lineage finds in the models and snapshots that were built."""
    wanted = with_ancestors(project, built)
    nodes = {key: as_compiled(project, key) for key in wanted}
    # What a table of people is asked at each build is part of what is known of it.
    nodes |= {key: node.to_dict() for key, node in project.nodes.items() if node.resource_type == NodeType.Test}
    manifest = {"nodes": nodes, "sources": {key: source.to_dict() for key, source in project.sources.items()}}
    for key, analysed in analyse(manifest).items():
        if key in built:
            yield from ((analysed.name, problem) for problem in analysed.problems)


def with_ancestors(project: Manifest, keys: set[str]) -> set[str]:
    """Nodes, and all that they read."""
    found, waiting = set(), list(keys)
    while waiting:
        key = waiting.pop()
        if key in project.nodes and key not in found:
            found.add(key)
            # What a seed depends on are macros alone.
            waiting += getattr(project.nodes[key].depends_on, "nodes", [])
    return found


def as_compiled(project: Manifest, key: str) -> Node:
    """A node as dbt compiled it; one that another run has built is compiled for it now, and runs nowhere."""
    node = project.nodes[key]
    if (node.resource_type == NodeType.Model or node.resource_type == NodeType.Snapshot) and not node.compiled_code:
        adapter = FACTORY.adapters["duckdb"]
        assert isinstance(adapter, BaseAdapter)
        return Compiler(adapter.config).compile_node(deepcopy(node), project, write=False).to_dict()
    return node.to_dict()


def stored_in(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    """Tables and views of the databases that are files."""
    rows = connection.execute(
        """
        select relations.database_name, relations.schema_name, relations.name
        from (
            select database_name, schema_name, table_name as name, internal from duckdb_tables()
            union all
            select database_name, schema_name, view_name as name, internal from duckdb_views()
        ) as relations
        inner join duckdb_databases() as databases using (database_name)
        where databases.path is not null and not relations.internal and database_name <> 'released'
        """
    )
    return {tuple(name.lower() for name in row) for row in rows.fetchall()}


def sentence(found: list[str]) -> str:
    """What was found, as the run says it; nothing where nothing was."""
    if not found:
        return ""
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"{statements.NOT_PROVED}{'; '.join(found[:SHOWN])}{more}. Mend the model, and run again."
