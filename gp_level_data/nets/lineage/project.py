"""The project as dbt compiled it: its relations, and what each model makes of those it reads."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

from sqlglot import exp

from gp_level_data.nets.lineage.parsing import parse
from gp_level_data.nets.lineage.queries import Queries
from gp_level_data.nets.lineage.values import (
    Grade,
    NotUnderstood,
    ReadsNotUnderstood,
    Relation,
    Rows,
    Value,
)

NOBODY = "nobody"
PSEUDONYM = "pseudonym"
UNKNOWN = "somebody"
SNAPSHOT_COLUMNS = (
    "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted",
)  # fmt: skip


@dataclass(frozen=True)
class Analysed:
    """A model or snapshot: what it gives, None where it was not understood, what was found, and where it lies."""

    name: str
    relation: Relation | None
    problems: list[str] = field(default_factory=list)
    steps_taken: set[str] = field(default_factory=set)
    is_stored: bool = True
    folder: str = ""


def analyse(manifest: dict, known: dict[str, Analysed] | None = None) -> dict[str, Analysed]:
    """Every model and snapshot by its unique id, in the order of the way: each after all that is no farther from
    the raw files, those that are as far by name.

    known  what was found of models, with all that they read, where neither has changed since
    """
    done = dict(known or {})
    waiting = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "snapshot") and key not in done
    }
    while waiting:
        ready = sorted(key for key, node in waiting.items() if not set(parents(node)) & waiting.keys())
        for key in ready:
            done[key] = analyse_node(waiting.pop(key), manifest, done)
        if not ready:
            raise ValueError("the models read each other in a circle")
    return done


def analyse_node(node: dict, manifest: dict, done: dict[str, Analysed]) -> Analysed:
    """One model or snapshot."""

    def read(schema: str, name: str) -> Relation:
        everything = {**manifest["nodes"], **manifest["sources"]}
        known = [everything.get(key) for key in dict.fromkeys(parents(node))]
        found = [each for each in known if each and names_of(each) == (schema, name)]
        if len(found) != 1:
            raise NotUnderstood("a table that dbt does not know it reads")
        return relation_of(found[0], done)

    queries = Queries(read)
    try:
        relation = queries.query(statement(node))
        queries.problems += storage_problems(relation) if is_stored(node) else []
    except ReadsNotUnderstood:
        relation = None
    except NotUnderstood as error:
        queries.problems.append(f"NOT UNDERSTOOD: {error}")
        relation = None
    problems = list(dict.fromkeys(queries.problems))
    folder = node["original_file_path"].rpartition("/")[0]
    return Analysed(node["name"], relation, problems, queries.steps_taken, is_stored(node), folder)


def statement(node: dict) -> exp.Expression:
    """The one statement that a model is compiled to."""
    if node.get("language", "sql") != "sql":
        raise NotUnderstood("a model that is not SQL")
    if not node.get("compiled_code"):
        raise NotUnderstood("a model that was not compiled")
    if any(node["config"].get(name) for name in ("pre-hook", "post-hook", "sql_header")):
        raise NotUnderstood("a model with SQL beside its query")
    return parse(node["compiled_code"])


def storage_problems(relation: Relation) -> list[str]:
    """What a stored table may not have: a value of an identifier, or rows in a telling order."""
    found = [
        f"VALUE: {name} depends on an identifier"
        for name, value in relation.columns
        if not value.is_safe
    ]
    has_key = any(value.grade == Grade.PSEUDONYM for _, value in relation.columns)
    first = relation.first_sorted_by
    if has_key and (first is None or first.grade != Grade.PSEUDONYM):
        found.append("FLOW: rows of people are not stored in the order of the pseudonym")
    elif relation.rows == Rows.PEOPLE and not has_key and not relation.is_sorted_by_all:
        found.append("FLOW: rows of people are not stored in the order of all their columns")
    elif relation.rows != Rows.FREE and not relation.is_sorted:
        found.append("FLOW: the rows are stored in an order that may be that of the raw files")
    return found


def is_stored(node: dict) -> bool:
    """Whether anything of it outlives the run: all but views in the run's own memory, and the gateway's there."""
    materialized = node["config"]["materialized"]
    if materialized == "ephemeral" or (node["database"], node["schema"]) == ("memory", "gateway"):
        return False
    return not (materialized == "view" and node["database"] == "memory")


def parents(node: dict) -> list[str]:
    return node.get("depends_on", {}).get("nodes", [])


def names_of(node: dict) -> tuple[str, str]:
    """Schema and name of a relation; its database has another name in each run."""
    name = node.get("identifier") or node.get("alias") or node["name"]
    return node["schema"].lower(), name.lower()


def relation_of(node: dict, done: dict[str, Analysed]) -> Relation:
    """What a model, snapshot, seed or source gives to those who read it."""
    kind = node["resource_type"]
    if kind == "source":
        return source_relation(node)
    if kind == "seed":
        return seed_relation(node)
    if node["unique_id"] not in done:
        raise NotUnderstood("something that is no table")
    relation = done[node["unique_id"]].relation
    if relation is None:
        raise ReadsNotUnderstood
    if kind == "snapshot":
        added = tuple((name, Value()) for name in SNAPSHOT_COLUMNS)
        relation = Relation(relation.columns + added, relation.rows)
    # The order in which a table is stored has been looked at where it is stored.
    rows = Rows.FREE if is_stored(node) else relation.rows
    return Relation(relation.columns, rows)


def source_relation(node: dict) -> Relation:
    """The columns that the source's meta lists, in their order, with whom each identifies.

    One that does not say so counts as an identifier; one not listed is not there to be read.
    """
    table = f"{node['source_name']}.{node['name']}"
    declared = (node["config"].get("meta") or node.get("meta") or {}).get("identifies") or {}
    columns = tuple((name, raw_value(table, name, whom)) for name, whom in declared.items())
    is_identifiable = any(not value.is_safe for _, value in columns)
    return Relation(columns, Rows.PEOPLE if is_identifiable else Rows.FREE)


def raw_value(table: str, name: str, identifies: str | None) -> Value:
    """A raw column. An identifier is shown by what it identifies, as the docs do not name it."""
    if identifies == PSEUDONYM:
        return Value(Grade.PSEUDONYM, sources=frozenset({f"{table}.{name}"}))
    if identifies == NOBODY:
        return Value(sources=frozenset({f"{table}.{name}"}))
    of = identifies or UNKNOWN
    return Value(Grade.IDENTIFIER, of, frozenset({f"{table} [{of}]"}))


def seed_relation(node: dict) -> Relation:
    """The columns in the header of the seed's file: rules of the project, about nobody."""
    path = Path(node.get("root_path") or ".") / node["original_file_path"]
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header = next(csv.reader(file))
    except (OSError, StopIteration):
        raise NotUnderstood("a seed whose file cannot be read") from None
    name = node["name"]
    return Relation(
        tuple(
            (column.lower(), Value(sources=frozenset({f"seeds.{name}.{column.lower()}"})))
            for column in header
        )
    )
