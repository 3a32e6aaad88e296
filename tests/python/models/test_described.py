"""Every column is described, in words that cannot drift from what they are about."""

import csv
import re
from collections.abc import Iterator

import pytest

from conftest import PROJECT, Folders, connect
from gp_level_data.nets.lineage import compiled, project
from gp_level_data.nets.spelling import numbers_quoted
from gp_level_data.raw import landing
from gp_level_data.raw.landing import words
from gp_level_data.shapes import Manifest, Node, Row

# What a source reads of a kind of raw file, by the relation; the landing folder's own tables are not sent.
KINDS = {kind.relation: kind for kind in landing.all_kinds("gpdpr")}
VERSIONS = ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"]
EXAMPLE = re.compile(r"[Ss]uch as `([^`]*)`")
SHOWN = re.compile(r"such as|for example|in words|whole number", re.IGNORECASE)
DESCRIBED = ("model", "seed", "snapshot", "source")


@pytest.fixture(scope="module")
def manifest(built: Folders) -> Manifest:
    """Both runs of the session's build, as they were compiled."""
    return compiled.built_manifest(built.work / "target" / "gateway", built.work / "target")


@pytest.fixture(scope="module")
def analysed(manifest: Manifest) -> dict[str, project.Analysed]:
    return project.analyse(manifest)


@pytest.fixture(scope="module")
def nodes(manifest: Manifest) -> dict[str, Row]:
    everything = {**manifest["nodes"], **manifest["sources"]}
    return {key: node for key, node in everything.items() if node["resource_type"] in DESCRIBED}


@pytest.fixture(scope="module")
def columns(nodes: dict[str, Row], analysed: dict[str, project.Analysed]) -> dict[str, list[str]]:
    """The columns that each node has, whatever is said of them: from its SQL, its file or its landing."""
    return {key: columns_of(key, node, analysed) for key, node in nodes.items()}


def columns_of(key: str, node: Node, analysed: dict[str, project.Analysed]) -> list[str]:
    if node["resource_type"] == "source":
        return list(node["config"]["meta"]["identifies"])
    if node["resource_type"] == "seed":
        return header(node)
    relation = analysed[key].relation
    assert relation is not None, key
    found = [name for name, _ in relation.columns]
    return found + VERSIONS if node["resource_type"] == "snapshot" else found


def header(seed: Row) -> list[str]:
    with (PROJECT / seed["original_file_path"]).open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file))


def undescribed(nodes: dict[str, Row], columns: dict[str, list[str]]) -> Iterator[str]:
    """Relations and columns of which nothing is said, and what is said of columns that are not there."""
    for key, node in nodes.items():
        if len(node["description"].split()) < 3:
            yield key
        told = {name for name, column in node["columns"].items() if column["description"].strip()}
        yield from (f"{key}.{name}" for name in sorted(told ^ set(columns[key])))


def test_every_column_is_described(nodes: dict[str, Row], columns: dict[str, list[str]]) -> None:
    """Flags a column without words, and words without a column. Mend: the YAML of its folder."""
    assert list(undescribed(nodes, columns)) == []


@pytest.mark.parametrize(
    "name", ["source.%.hes.apc", "model.%.stg_ods__gps", "model.%.fct_gp_metrics", "seed.%.metrics"]
)
def test_a_column_without_words_is_noticed(nodes: dict[str, Row], columns: dict[str, list[str]], name: str) -> None:
    key = name.replace("%", "gp_level_data_warehouse")
    column, *others = columns[key]
    silent = {other: nodes[key]["columns"][other] for other in others}
    assert list(undescribed({key: {**nodes[key], "columns": silent}}, columns)) == [f"{key}.{column}"]


def raw_columns(nodes: dict[str, Row]) -> Iterator[tuple[Row, str, landing.FileKind]]:
    """Columns of sources that files of a kind have."""
    for node in nodes.values():
        kind = KINDS.get(node.get("identifier", "")) if node["resource_type"] == "source" else None
        if kind:
            yield from ((node, name.lower(), kind) for name in kind.columns)


def test_raw_columns_are_told_as_the_contract_has_them(nodes: dict[str, Row]) -> None:
    """Flags a source that says something else of a column than senders are told, or leaves one out."""
    seen = set()
    for node, column, kind in raw_columns(nodes):
        assert node["columns"][column]["description"] == words.described(kind, column.upper()), column
        assert node["config"]["meta"]["identifies"][column] == words.identifies(kind, column.upper()), column
        seen.add(kind.relation)
    assert seen == set(KINDS)


def test_staging_says_whom_each_column_identifies(nodes: dict[str, Row], analysed: dict[str, project.Analysed]) -> None:
    """Flags a column that identifies more than its words say, by the proof of lineage."""
    found = []
    for key, node in nodes.items():
        if not key.startswith("model.gp_level_data_warehouse.stg_"):
            continue
        relation = analysed[key].relation
        assert relation is not None, key
        for name, value in relation.columns:
            told = " ".join(node["columns"][name]["description"].split())
            expected = "by itself." if value.is_safe else words.SAID_OF[value.of]
            if not told.endswith(expected):
                found.append(f"{node['name']}.{name}")
    assert found == []


def test_examples_of_seeds_stand_in_them(nodes: dict[str, Row]) -> None:
    """Flags an example that no row has any more."""
    strange = []
    for node in (node for node in nodes.values() if node["resource_type"] == "seed"):
        with (PROJECT / node["original_file_path"]).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for name, column in node["columns"].items():
            for example in EXAMPLE.findall(" ".join(column["description"].split())):
                if example not in {row[name] for row in rows}:
                    strange.append(f"{node['name']}.{name}: {example}")
    assert strange == []


def test_a_column_of_a_seed_has_an_example(nodes: dict[str, Row]) -> None:
    """Flags a column that is told without showing how it is written."""
    without = [
        f"{node['name']}.{name}"
        for node in nodes.values()
        if node["resource_type"] == "seed"
        for name, column in node["columns"].items()
        if not SHOWN.search(column["description"])
    ]
    assert without == []


def test_no_description_quotes_a_number(nodes: dict[str, Row]) -> None:
    """Flags ten digits that are a valid number, of the range for tests too, and letters that no CSV client shows."""
    texts = [
        text
        for node in nodes.values()
        for text in (node["description"], *(column["description"] for column in node["columns"].values()))
        if "landing" not in node["unique_id"]  # its description is the contract, with whole rows as examples
    ]
    assert sum(1 for text in texts for _ in numbers_quoted(text)) == 0
    assert [text for text in texts if not text.isascii()] == []


# ---- in the databases --------------------------------------------------------------------------------

# Written beside dbt, which knows them as sources.
OF_THE_LEDGER = {"reported_back", "destroyed"}


def test_a_client_reads_what_each_table_and_column_is(built: Folders) -> None:
    """Flags what dbt did not persist a description of (persist_docs in dbt_project.yml)."""
    with connect(built) as connection:
        silent = connection.execute(
            """
            select concat_ws('.', tables.database_name, tables.schema_name, tables.table_name, column_name)
            from duckdb_columns() as columns
            inner join duckdb_tables() as tables using (table_oid, database_oid)
            where
                not tables.internal and not tables.temporary
                and (coalesce(trim(columns.comment), '') = '' or coalesce(trim(tables.comment), '') = '')
            order by all
            """
        ).fetchall()
    assert [name for (name,) in silent if name.split(".")[2] not in OF_THE_LEDGER] == []


def test_only_published_tables_lie_in_the_main_schema(built: Folders, nodes: dict[str, Row]) -> None:
    """Flags a table that was moved to where it is encrypted, and left behind where everybody reads."""
    published = {
        node["name"]
        for node in nodes.values()
        if (node["resource_type"], node["database"], node["schema"]) == ("model", "marts", "main")
    }
    with connect(built) as connection:
        rows = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'marts' and schema_name = 'main'"
        ).fetchall()
    assert "fct_gp_metrics" in published
    assert {name for (name,) in rows} == published
    assert all(
        node["original_file_path"].startswith("models/marts/") for node in nodes.values() if node["name"] in published
    )
