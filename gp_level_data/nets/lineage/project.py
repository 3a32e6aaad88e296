"""The project as dbt compiled it: its relations, and what each model makes of those it reads."""

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlglot import exp

from gp_level_data.nets.lineage.control import COUNTED, labels_taken_off, text_digest
from gp_level_data.nets.lineage.parsing import parse, tables_read
from gp_level_data.nets.lineage.queries import Queries
from gp_level_data.nets.lineage.values import (
    ABOUT_OBJECTORS,
    EXACT,
    Grade,
    NotUnderstood,
    ReadsNotUnderstood,
    Relation,
    Rows,
    Value,
)
from gp_level_data.nets.sources import PSEUDONYM, source_of
from gp_level_data.raw.landing.words import NOBODY
from gp_level_data.shapes import Manifest, Node

PSEUDONYM_COLUMNS = ("patient_key", "release_key")
# Where the marts lie; in the gateway run, which does not build them, their database is the one in memory.
IN_THE_CLEAR = {"marts"}
# A label, what it says, and what an analyst does about it.
MENDS = {
    EXACT: (
        "how many people there are, or something of one of them, before disclosure control",
        "read the cells of its publication, such as int_gp_report__cells, or have the counts shown by the"
        " macro shown_counts; what stays exact lies encrypted (database assurance or patient_level)",
    ),
    ABOUT_OBJECTORS: (
        "something of people who objected",
        "only counts of them go out, and only as int_assurance__cells shows them (macro shown_counts)",
    ),
}
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


def analyse(manifest: Manifest, known: dict[str, Analysed] | None = None) -> dict[str, Analysed]:
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


def analyse_node(node: Node, manifest: Manifest, done: dict[str, Analysed]) -> Analysed:
    """One model or snapshot."""

    def read(*names: str) -> Relation:
        everything = {**manifest["nodes"], **manifest["sources"]}
        known = [everything.get(key) for key in dict.fromkeys(parents(node))]
        found = [each for each in known if each and names_of(each) == names]
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
        relation = whatever_it_does(node, manifest, done)
        if relation is None:
            queries.problems.append(f"NOT UNDERSTOOD: {error}")
    if relation:
        relation = controlled(node, relation, queries.problems)
    if relation and is_in_the_clear(node):
        queries.problems += label_problems(relation)
    problems = list(dict.fromkeys(queries.problems))
    folder = node["original_file_path"].rpartition("/")[0]
    return Analysed(node["name"], relation, problems, queries.steps_taken, is_stored(node), folder)


def whatever_it_does(node: Node, manifest: Manifest, done: dict[str, "Analysed"]) -> Relation | None:
    """What SQL that is not understood can give at most, where no identifier goes into it; None where one may.

    All that it says of people, all that it reads may say; and a table of people has to be understood, for the
    order in which it lies.
    """
    if any(name in PSEUDONYM_COLUMNS for name in node["columns"]) or not node.get("compiled_code"):
        return None
    everything = {**manifest["nodes"], **manifest["sources"]}
    parts = [everything[key] for key in dict.fromkeys(parents(node)) if key in everything]
    try:
        read = tables_read(node["compiled_code"])
        relations = [relation_of(part, done) for part in parts]
    except NotUnderstood:
        return None
    if not read <= {names_of(part) for part in parts}:
        return None
    if any(
        relation.rows != Rows.FREE or any(not value.is_safe for _, value in relation.columns) for relation in relations
    ):
        return None
    labels = frozenset().union(*(relation.all_labels for relation in relations))
    value = Value(labels=labels)
    return Relation(
        tuple((name.lower(), value) for name in node["columns"]), labels=labels, order_labels=labels,
        others=None if node["columns"] else value,
    )  # fmt: skip


def controlled(node: Node, relation: Relation, problems: list[str]) -> Relation:
    """The relation without the labels that it takes off, by labels.csv."""
    row = labels_taken_off().get(node["name"])
    if row is None:
        return relation
    if row.reviewed != text_digest(node["compiled_code"]):
        problems.append(
            f"CONTROL: it takes off {' and '.join(sorted(row.takes_off))}, and has another text than the one that was"
            " reviewed for that: read it again, then `gpld lineage --reviewed`"
        )
    return replace(
        relation,
        columns=tuple(
            (name, replace(value, labels=value.labels - row.takes_off) if name in row.columns else value)
            for name, value in relation.columns
        ),
        labels=relation.labels - row.takes_off,
        order_labels=relation.order_labels - row.takes_off,
    )


def is_in_the_clear(node: Node) -> bool:
    """Whether a relation is stored where no key is needed to read it."""
    return is_stored(node) and node["database"] in IN_THE_CLEAR


def label_problems(relation: Relation) -> list[str]:
    """What a table in the clear may not say of people: by its values, by having rows, or by their order."""
    found = []
    for label, (says, mend) in MENDS.items():
        names = [name for name, value in relation.columns if label in value.labels]
        if names:
            found.append(f"{label.upper()}: {', '.join(names)} {'say' if len(names) > 1 else 'says'} {says}: {mend}")
        elif label in relation.labels:
            found.append(f"{label.upper()}: that there is a row, or so many, says {says}: {mend}")
        elif label in relation.order_labels:
            found.append(
                f"{label.upper()}: the order of the rows says {says}: order by what is published,"
                " as the macro shown_counts gives it"
            )
    return found


def statement(node: Node) -> exp.Expr:
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
    found = [f"VALUE: {name} depends on an identifier" for name, value in relation.columns if not value.is_safe]
    has_key = any(value.grade == Grade.PSEUDONYM for _, value in relation.columns)
    first = relation.first_sorted_by
    if has_key and (first is None or first.grade != Grade.PSEUDONYM):
        found.append("FLOW: rows of people are not stored in the order of the pseudonym")
    elif relation.rows == Rows.PEOPLE and not has_key and not relation.is_sorted_by_all:
        found.append("FLOW: rows of people are not stored in the order of all their columns")
    elif relation.rows != Rows.FREE and not relation.is_sorted:
        found.append("FLOW: the rows are stored in an order that may be that of the raw files")
    return found


def is_stored(node: Node) -> bool:
    """Whether anything of it outlives the run: all but views in the run's own memory, and the gateway's there."""
    materialized = node["config"]["materialized"]
    if materialized == "ephemeral" or (node["database"], node["schema"]) == ("memory", "gateway"):
        return False
    return not (materialized == "view" and node["database"] == "memory")


def parents(node: Node) -> list[str]:
    return list(node.get("depends_on", {}).get("nodes", []))


def names_of(node: Node) -> tuple[str, str, str]:
    """Database, schema and name of a relation: under the same name in another database lies something else."""
    name = node.get("identifier") or node.get("alias") or node["name"]
    return node["database"].lower(), node["schema"].lower(), name.lower()


def relation_of(node: Node, done: dict[str, Analysed]) -> Relation:
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
        relation = with_versions(node, relation)
    # The order in which a table is stored has been looked at where it is stored.
    rows = Rows.FREE if is_stored(node) else relation.rows
    return replace(relation, rows=rows, is_sorted=False, first_sorted_by=None, is_sorted_by_all=False)


def with_versions(node: Node, relation: Relation) -> Relation:
    """A snapshot as it is read: what decides when there is a new version is told by there being one, and by its days."""
    config = node["config"]
    settings = (config.get(name) or () for name in ("unique_key", "check_cols", "updated_at"))
    names = {name.lower() for each in settings for name in ([each] if isinstance(each, str) else each)}
    known = {name: value.labels for name, value in relation.columns}
    # A name that is no column's, as `all` is none, may say anything.
    labels = frozenset().union(*(known.get(name, relation.value_labels) for name in names))
    added = tuple((name, Value(labels=labels)) for name in SNAPSHOT_COLUMNS)
    return replace(relation, columns=relation.columns + added, labels=relation.labels | labels)


def source_relation(node: Node) -> Relation:
    """The columns that a source is known to have, in their order, with whom each identifies (nets/sources.py).

    One not listed there is not there to be read.
    """
    known = source_of(node)
    if known is None:
        raise NotUnderstood("a source that nobody knows")
    table = f"{node['source_name']}.{node['name']}"
    columns = tuple((name, raw_value(table, name, whom)) for name, whom in known.identifies.items())
    is_identifiable = any(not value.is_safe for _, value in columns)
    is_of_people = any(value.grade >= Grade.PSEUDONYM for _, value in columns)
    about = {ABOUT_OBJECTORS} if known.is_about_objectors else set()
    if node["database"] not in IN_THE_CLEAR:
        columns = tuple(
            (name, value.labelled(frozenset({EXACT, *about})) if COUNTED.search(name) else value)
            for name, value in columns
        )
    labels = frozenset({EXACT, *about} if is_of_people else about)
    return Relation(columns, Rows.PEOPLE if is_identifiable else Rows.FREE, labels=labels)


def raw_value(table: str, name: str, identifies: str) -> Value:
    """A raw column. An identifier is shown by what it identifies, as the docs do not name it."""
    if identifies == PSEUDONYM:
        return Value(Grade.PSEUDONYM, sources=frozenset({f"{table}.{name}"}))
    if identifies == NOBODY:
        return Value(sources=frozenset({f"{table}.{name}"}))
    return Value(Grade.IDENTIFIER, identifies, frozenset({f"{table} [{identifies}]"}))


def seed_relation(node: Node) -> Relation:
    """The columns in the header of the seed's file: rules of the project, about nobody."""
    path = Path(node.get("root_path") or ".") / node["original_file_path"]
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header = next(csv.reader(file))
    except (OSError, StopIteration):
        raise NotUnderstood("a seed whose file cannot be read") from None
    name = node["name"]
    return Relation(
        tuple((column.lower(), Value(sources=frozenset({f"seeds.{name}.{column.lower()}"}))) for column in header)
    )
