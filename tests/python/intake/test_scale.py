"""England's size where it does something else than the sample's: sizes and counts of more digits, a store that
is built again, raw files that are parsed once."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from bench import gateway_sql, project, small_world
from conftest import PROJECT, Folders, connect
from gp_level_data.custody import keys, pseudonym
from gp_level_data.custody.store import attach_assurance
from gp_level_data.nets import small_folder, values
from gp_level_data.nets.spelling import passes_modulus_11
from gp_level_data.raw import landing, ndop_files
from gp_level_data.raw.synthetic_folder import write_marker
from gp_level_data.runs.forked_runs import ForkedRuns
from gp_level_data.shapes import Row
from opt_outs import opt_out_oracle

COLLECTION = "individual_gp_level_data"
GATEWAY_FOLDERS = ("models/staging/", "models/intermediate/gateway/")
SETTINGS = small_world.SETTINGS
LARGE = "counts.int_intake__file_counts"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty stored database."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Europe/London'")
        connection.execute(f"attach '{tmp_path}/marts.duckdb' as marts (storage_version 'v1.5.0'); use marts")
        yield connection


def alarms(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Where a run's own net finds a shape, or a word that it looks up among the numbers that were sent."""
    allowed = values.allowed_in(connection)
    tokens = values.macros().tokens_stored(values.stored_columns(connection), allowed)
    looked_up = connection.execute(f"select distinct stored_in from ({tokens})").fetchall()
    shapes = values.pattern_findings(connection, allowed, values.stored_columns(connection))
    return {f"marts.{where}" for (where,) in looked_up} | {finding.where for finding in shapes}


def stored_count(count: int) -> int:
    rounded = values.macros().rounded_count(f"{count}::bigint")
    [(stored,)] = duckdb.execute(f"select {rounded}").fetchall()
    return int(stored)


@settings(max_examples=200)
@given(st.integers(0, 11).flatmap(lambda digits: st.integers(0, 10**digits)))
def test_a_large_count_is_nobodys_number(count: int) -> None:
    """Flags a count or size that is stored so that it could be a number, or is far from what it counts."""
    stored = stored_count(count)
    assert abs(stored - count) <= (0 if count < 100_000_000 else 150_000)
    assert stored_count(stored) == stored
    if stored >= 100_000_000:
        assert stored % 100_000 == 0
        assert stored >= 10**10 or not passes_modulus_11(f"{stored:010d}")


def test_no_count_is_no_count() -> None:
    assert duckdb.execute(f"select {values.macros().rounded_count('null::bigint')}").fetchone() == (None,)


NUMBERS_OF_HUNDRED_THOUSANDS = [
    number for number in range(10**9, 10**10, 10**5) if passes_modulus_11(str(number))
][:: 500]  # fmt: skip


@pytest.mark.parametrize(
    "count", [1_234_567_890, 123_456_789, 41_234_567_890, 999_999_999_999, *NUMBERS_OF_HUNDRED_THOUSANDS]
)
def test_a_large_count_raises_no_alarm(store: duckdb.DuckDBPyConnection, count: int) -> None:
    """Flags a net that cries at a file of more than 1 GB, or at a national count of coded records."""
    store.execute(f"create schema counts; create table {LARGE} as select {stored_count(count)}::bigint as byte_count")
    assert not alarms(store)


@pytest.mark.parametrize("column", ["byte_count", "row_count", "usable_count"])
@pytest.mark.parametrize("number", [9_990_000_018, 999_000_001, *NUMBERS_OF_HUNDRED_THOUSANDS[:3]])
def test_a_column_of_counts_is_no_hole(store: duckdb.DuckDBPyConnection, column: str, number: int) -> None:
    """Flags a column that is allowed large counts and takes a number, or its first nine digits, for one."""
    store.execute(f"create schema counts; create table {LARGE} as select {number}::bigint as {column}")
    assert alarms(store) == {f"marts.{LARGE}.{column}"}


def test_the_engine_keeps_a_column_of_counts_to_counts(built: Folders) -> None:
    """Flags a column that a net takes for rounded counts and nothing rounds."""
    allowed = [name for name, may_hold in values.allowed_digits().items() if may_hold == "a rounded count"]
    assert len(allowed) >= 7
    with connect(built) as connection:
        checked = connection.execute(
            """
            select schema_name || '.' || table_name || '.' || constraint_column_names[1]
            from duckdb_constraints()
            where constraint_type = 'CHECK' and constraint_text like '%100000000%%100000%'
            """
        ).fetchall()
    assert set(allowed) <= {name for (name,) in checked}


DIGEST = "snapshots.snp_ods__practices"


@pytest.mark.parametrize("is_its_own", [True, False])
def test_an_id_of_a_snapshot_is_worked_out_again(store: duckdb.DuckDBPyConnection, is_its_own: bool) -> None:
    """Flags a digest of a number that hides among dbt's own digests."""
    content = "A81001|2017-04-02 09:00:00+01" if is_its_own else "9990000018"
    store.execute(
        f"""
        create schema snapshots;
        create table {DIGEST} as
        select 'A81001' as practice_code, timestamptz '2017-04-02 09:00:00+01' as dbt_updated_at, $1 as dbt_scd_id
        """,
        [hashlib.md5(content.encode()).hexdigest()],
    )
    assert alarms(store) == (set() if is_its_own else {f"marts.{DIGEST}.dbt_scd_id"})


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, runs: ForkedRuns) -> tuple[int, Path, dict[str, Path]]:
    """A gateway run over the small world and a file of 1.1 GB, of which the disk holds next to nothing."""
    work = tmp_path_factory.mktemp("large")
    small_folder.make(work / "raw", COLLECTION)
    file = work / "raw" / "gpes" / "suppliers.csv"
    with file.open("ab") as sparse:
        sparse.truncate(1_123_456_789)
    write_marker(work / "raw", "small", 0)
    for name in (COLLECTION, *keys.OF_DATABASES):
        keys.new_key(work / "keys", name)
    (work / "store").mkdir()
    folders = {"RAW_DIR": work / "raw", "KEY_DIR": work / "keys", "STORE_DIR": work / "store"}
    code, _ = runs.run("gateway", folders, left=work / "left")
    return code, work, folders


def test_a_file_of_more_than_a_gigabyte(large: tuple[int, Path, dict[str, Path]]) -> None:
    """Flags a run that takes the size of a file for a person's number, after all of its models have passed."""
    code, work, _ = large
    assert code == 0
    with duckdb.connect() as connection:
        attach_assurance(connection, work / "store", keys.read_key(work / "keys", keys.ASSURANCE_KEY))
        sizes = connection.execute(
            "select byte_count from assurance.counts.int_intake__file_counts where byte_count > 1e8"
        ).fetchall()
    assert [size for (size,) in sizes] in ([1_123_500_000], [1_123_600_000])


def gateway_nodes() -> Iterator[Row]:
    """Staging, gateway models and the data tests about them, each after what it reads, as compiled by dbt."""
    nodes = gateway_sql.manifest()["nodes"]
    models = gateway_sql.in_order(
        {
            key: node
            for key, node in nodes.items()
            if node["resource_type"] == "model" and node["original_file_path"].startswith(GATEWAY_FOLDERS)
        }
    )
    yield from models
    known = {node["unique_id"] for node in models}
    for node in nodes.values():
        if node["resource_type"] == "test" and known & set(node["depends_on"]["nodes"]) and node.get("compiled_code"):
            yield node


def scans_of(connection: duckdb.DuckDBPyConnection, statement: str) -> Counter[str]:
    """How often the engine would read each table, by its own plan."""
    [(_, plan)] = connection.execute(f"explain (format json) {statement}").fetchall()
    waiting = json.loads(plan)
    scans: Counter[str] = Counter()
    while waiting:
        step = waiting.pop()
        waiting += step["children"]
        table = str(step.get("extra_info", {}).get("Table", ""))
        scans[table.removeprefix("memory.landing.")] += bool(table)
    return scans


@dataclass(frozen=True)
class Scans:
    """Which tables each node of a gateway run reads, and how often; raw files under the name of their relation."""

    collection: str
    raw_files: set[str]
    by_node: dict[str, Counter[str]]


@pytest.fixture(scope="module", params=["individual_gp_level_data", "gpdpr", "care_data"])
def scans(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scans:
    """Of every node of a gateway run that does more than define a view."""
    raw = small_folder.make(tmp_path_factory.mktemp("raw"), request.param)
    given = opt_out_oracle.seed("releases")
    with duckdb.connect() as connection:
        pseudonym.register(
            connection, gateway_sql.KEY, request.param, {row["release_id"]: gateway_sql.KEY for row in given}
        )
        landing.create_relations(connection, raw, request.param)
        ndop_files.create_relations(connection, raw)
        views = connection.execute("select view_name from duckdb_views() where schema_name = 'landing'").fetchall()
        for (view,) in views:
            # a plan names tables, and files not
            connection.execute(f"create table landing.read as from landing.{view}; drop view landing.{view}")
            connection.execute(f"alter table landing.read rename to {view}")
        connection.execute(
            """
            attach ':memory:' as marts; attach ':memory:' as patient_level; attach ':memory:' as assurance; attach ':memory:' as released;
            create schema marts.reference; create schema patient_level.gateway; create schema assurance.counts;
            create schema marts.seeds; create schema staging; create schema gateway;
            create table released.members (release_id varchar, disseminated_on date, patient_key varchar);
            """
        )
        for name, types in gateway_sql.seed_types().items():
            rows = connection.read_csv(str(PROJECT / "seeds" / f"{name}.csv"), header=True, dtype=types)
            connection.register("rows_to_plant", rows)
            connection.execute(f"create table marts.seeds.{name} as from rows_to_plant")
            connection.unregister("rows_to_plant")
        found = {}
        for node in gateway_nodes():
            statement = node["compiled_code"]
            for name, value in SETTINGS.items():
                statement = statement.replace(f"<{name}>", request.param if name == "collection" else str(value))
            if node["config"]["materialized"] == "view":
                connection.execute(f"create view {node['relation_name']} as {statement}")
                continue
            found[node["name"]] = scans_of(connection, statement)
            if node["resource_type"] == "model":
                connection.execute(f"create table {node['relation_name']} as {statement}")
        # what is no view is parsed once, by the plugin
        return Scans(request.param, {view for (view,) in views}, found)


def test_each_raw_file_is_parsed_once(scans: Scans) -> None:
    """Flags a view over raw files that two models read, or one and its test: they are parsed and judged for each.

    Mend it with a table of the run's memory, as int_episodes__scoped is.
    """
    total = sum(scans.by_node.values(), Counter())
    assert {"opt_outs", "ndop_requests"} <= scans.raw_files & set(total)
    again = {file for file in scans.raw_files if total[file] > 1}
    assert not {file: [node for node, read in scans.by_node.items() if read[file]] for file in again}


def test_who_has_no_journals_pays_nothing_for_them(scans: Scans) -> None:
    """Flags a model of the journals that goes through hospital episodes, or objectors, for nobody."""
    tables = {"memory.gateway.int_episodes__scoped", "memory.gateway.int_opt_outs__in_force"}
    readers = {
        node["name"]
        for node in gateway_nodes()
        if ("journals" in node["fqn"] or node["name"] in gateway_sql.LINKED)
        and tables & set(scans.by_node.get(node["name"], ()))
    }
    assert bool(readers) == (scans.collection in landing.COLLECTED["journals"])


def test_no_outer_join_asks_its_own_side_alone() -> None:
    """Flags a condition of an outer join that is not about the table it joins: DuckDB then compares every row with
    every row, and ten times as many people cost a hundred times as much. It belongs to the select list or to a filter.
    """
    found = []
    for name, sql in project.queries("staging", "intermediate", "marts").items():
        for join in sqlglot.parse_one(sql, dialect="duckdb").find_all(exp.Join):
            on = join.args.get("on") if join.side else None
            conditions = [*on.flatten()] if isinstance(on, exp.And) else filter(None, [on])
            tables = [{column.table for column in each.find_all(exp.Column)} for each in conditions]
            found += [name for each in tables if each and join.this.alias_or_name not in each]
    assert found == []
