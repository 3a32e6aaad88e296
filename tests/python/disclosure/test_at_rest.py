"""What lies in the clear tells nobody's secret: an attacker reads all of it and finds no count that is withheld."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import COLLECTION, Folders, copy_store
from disclosure import at_rest
from disclosure.at_rest import Cell, Row
from gp_level_data.commands import destroy, evidence, report_back
from gp_level_data.custody import exact_counts, keys, published_tables, store
from gp_level_data.refusal import Refusal

# Exact, but for whoever sent the rows, and handed to nobody else.
OF_THE_SENDER = "data_checks.csv"


@pytest.fixture(scope="module")
def wanted(built: Folders) -> list[Cell]:
    """Every count that the build does not show as it is."""
    found = at_rest.cells(built.store, keys.of_store(built.keys))
    withheld = Counter(cell.table for cell in found if cell.shown is None)
    assert withheld.keys() == at_rest.CELLS.keys() and min(withheld.values()) > 5, "too little to look for"
    return found


@pytest.fixture(scope="module")
def record(built: Folders, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the ledger would tell of the build, without the verdicts of the nets."""
    run = evidence.Run(built.raw, built.keys, built.store, [])
    parts = ("settings", "policy", "raw_files", "counts", "smallest_cell", "tables")
    return {
        **{name: evidence.PARTS[name](run) for name in parts},
        "destroyed": destroy.personal_tables(built.store, built.keys, COLLECTION),
    }


@pytest.fixture(scope="module")
def in_the_clear(built: Folders, record: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All that lies unencrypted after a build, its evidence and its report."""
    folder = tmp_path_factory.mktemp("in_the_clear")
    (folder / "evidence.json").write_text(json.dumps(record))
    with published_tables.opened(built.store) as connection:
        report_back.attach_senders(connection, built.store, built.keys)
        settings = published_tables.settings_of(connection, COLLECTION)
        report_back.hand_over(connection, settings, "nobody@example.org", folder / "handed_out")
    for path in (folder / "handed_out").rglob(OF_THE_SENDER):
        path.unlink()
    return [built.store, built.work, built.project / "target", folder]


@pytest.fixture(scope="module")
def rows(in_the_clear: list[Path]) -> list[Row]:
    return list(at_rest.rows_in_the_clear(in_the_clear))


def read_off(wanted: list[Cell], rows: list[Row]) -> dict[str, int]:
    """How many cells are read off, by place; what is shown itself may happen to be as another that is rounded."""
    return {
        where: found
        for where, cells in at_rest.read_off(wanted, rows).items()
        if (found := sum(cell.shown is None or not where.startswith("main.") for cell in cells))
    }


def test_no_withheld_count_is_read_off(wanted: list[Cell], rows: list[Row]) -> None:
    """Flags an exact count of objectors, of who was left out or of a GP's patients, anywhere in the clear."""
    places = {row.where for row in rows}
    assert {"evidence.json", "comparators.csv", "run_results.json", "dbt.log", "main.fct_exclusions"} <= places
    assert read_off(wanted, rows) == {}


def test_no_withheld_count_follows_from_sums(wanted: list[Cell], record: dict[str, Any]) -> None:
    """Flags a record of rows or files so exact that what is withheld is the difference."""
    assert at_rest.worked_out(wanted, known_sums(record, wanted)) == []


def known_sums(
    record: dict[str, Any], wanted: list[Cell], exact: dict[str, tuple[int, int]] | None = None
) -> dict[str, Any]:
    """What the evidence tells of each practice's usable rows; `exact` of usable and kept ones, from elsewhere."""
    sums = {
        file["name"].rpartition("/")[2].partition(".")[0]: {"usable": at_rest.told(file["usable_count"], exact=False)}
        for file in record["raw_files"]
        if file["kind"] == "practice_records"
    }
    for practice, (usable, kept) in (exact or {}).items():
        sums[practice] = {"usable": (usable, usable), "kept": (kept, kept)}
    return sums


def test_the_sizes_of_files_tell_no_rows(built: Folders, record: dict[str, Any]) -> None:
    """Flags a size from which the rows of a practice's opt-out file can be counted."""
    for file in record["raw_files"]:
        assert file["byte_count"] % 4096 == 0
        assert file["row_count"] is None or file["row_count"] % 5 == 0
        assert file["byte_count"] >= (built.raw / file["name"]).stat().st_size


# ---- the attacker can win ---------------------------------------------------------------------------

LEAKS = {
    "int_intake__record_counts": ("fct_exclusions",),
    "int_opt_outs__counts": ("fct_opt_out_reconciliation",),
}


@pytest.mark.parametrize("table", LEAKS)
def test_the_attacker_reads_exact_counts(built: Folders, wanted: list[Cell], tmp_path: Path, table: str) -> None:
    """Exact counts beside the marts, as they lay there once, tell every withheld cell."""
    copy = copy_store(built, tmp_path)
    put_in_the_clear(copy, [("counts", table, "reference")])
    found = read_off(wanted, list(at_rest.rows_in_the_clear([copy.store])))
    about = [cell for cell in wanted if cell.table in LEAKS[table]]
    assert found == {f"reference.{table}": len(about)}


def test_the_attacker_reads_what_was_shown_last(built: Folders, wanted: list[Cell], tmp_path: Path) -> None:
    """The denominators of the last collection, in the clear, undo the rounding of this one."""
    copy = copy_store(built, tmp_path)
    put_in_the_clear(copy, [("history", "int_disclosure__published", "history")])
    found = read_off(wanted, list(at_rest.rows_in_the_clear([copy.store])))
    assert found["history.int_disclosure__published"] > 100


@pytest.mark.parametrize("where", ["evidence.json", "dbt.log"])
def test_the_attacker_reads_texts(wanted: list[Cell], tmp_path: Path, where: str) -> None:
    """One count in a record or a line of a log is one too many."""
    cell = next(cell for cell in wanted if cell.shown is None)
    *words, last = sorted(cell.words)
    line = f"{' '.join(words)}: {last} {cell.exact}"
    text = json.dumps({"files": [{"name": " ".join(cell.words), "row_count": cell.exact}]})
    (tmp_path / where).write_text(text if where.endswith("json") else line)
    found = at_rest.read_off(wanted, at_rest.rows_in_the_clear([tmp_path]))
    assert cell in found[where]


@pytest.mark.parametrize("kind", ["integer", "hugeint", "double", "decimal(18, 1)", "varchar"])
def test_the_attacker_reads_numbers_of_every_type(tmp_path: Path, kind: str) -> None:
    """Flags a count that passes because a column has it as another kind of number."""
    with duckdb.connect(str(tmp_path / "store.duckdb")) as connection:
        connection.execute(f"create table counts as select cast(3 as {kind}) as row_count")
    assert [row.numbers for row in at_rest.rows_in_the_clear([tmp_path])] == [{3}]


def test_the_attacker_subtracts(built: Folders, wanted: list[Cell], record: dict[str, Any]) -> None:
    """With a practice's usable and kept rows, exact, what it left out for one small reason is the rest."""
    with duckdb.connect() as connection:
        store.attach_assurance(connection, built.store, keys.of_store(built.keys).assurance)
        rows = connection.execute(
            "select practice_code, sum(row_count) filter (verdict <> 'rejected')::bigint,"
            " coalesce(sum(row_count) filter (verdict = 'kept'), 0)::bigint"
            " from assurance.counts.int_intake__record_counts group by all"
        ).fetchall()
    exact = {practice: (usable, kept) for practice, usable, kept in rows}
    assert len(at_rest.worked_out(wanted, known_sums(record, wanted, exact))) > 0


# ---- stores of before -------------------------------------------------------------------------------


def put_in_the_clear(folders: Folders, tables: list[tuple[str, str, str]]) -> None:
    """Copies of encrypted tables among the marts: their schema, name, and the schema that they get."""
    with duckdb.connect() as connection:
        store.attach_assurance(connection, folders.store, keys.of_store(folders.keys).assurance)
        connection.execute(f"attach '{store.database_file(folders.store, store.MARTS)}' as marts")
        for schema, table, to in tables:
            connection.execute(f"create schema if not exists marts.{to}")
            connection.execute(f"create table marts.{to}.{table} as from assurance.{schema}.{table} order by rowid")


@pytest.fixture
def of_before(built: Folders, tmp_path: Path) -> Folders:
    """A store as it was made before exact counts had a database of their own, and its keys."""
    copy = copy_store(built, tmp_path)
    shutil.copytree(built.keys, tmp_path / "keys")
    with duckdb.connect() as connection:
        store.attach_assurance(connection, copy.store, keys.of_store(built.keys).assurance)
        there = exact_counts.tables_of(connection, store.ASSURANCE)
    moved = [(to, name, was) for (was, name), to in exact_counts.MOVED.items() if (to, name) in there]
    assert len(moved) > 5
    put_in_the_clear(copy, moved)
    store.database_file(copy.store, store.ASSURANCE).unlink()
    keys.destroy_key(tmp_path / "keys", keys.ASSURANCE_KEY)
    return Folders(copy.store, tmp_path / "keys", copy.work)


def test_a_store_of_before_is_written_afresh(built: Folders, of_before: Folders, wanted: list[Cell]) -> None:
    """Flags a table that is lost on the way, one that stays in the clear, or rows that stay in the bytes."""
    assert read_off(wanted, list(at_rest.rows_in_the_clear([of_before.store])))
    before = tables(of_before.store, b"")
    with pytest.raises(Refusal, match="There is no key"):
        exact_counts.move_out(of_before.store, of_before.keys)
    assert tables(of_before.store, b"") == before
    keys.new_key(of_before.keys, keys.ASSURANCE_KEY)
    exact_counts.move_out(of_before.store, of_before.keys)
    after = tables(of_before.store, keys.of_store(of_before.keys).assurance)
    places = {was: (store.ASSURANCE, to, was[1]) for was, to in exact_counts.MOVED.items()}
    assert after == {places.get(place[1:], place): held for place, held in before.items()}
    assert read_off(wanted, list(at_rest.rows_in_the_clear([of_before.store]))) == {}
    assert store.database_file(of_before.store, store.PATIENT_LEVEL).exists()
    again = store.database_file(of_before.store, store.MARTS).read_bytes()
    exact_counts.move_out(of_before.store, of_before.keys)
    assert store.database_file(of_before.store, store.MARTS).read_bytes() == again


def tables(store_dir: Path, key: bytes) -> dict[tuple[str, str, str], list[Any]]:
    """The rows of every table of the marts and of the exact counts, as they lie."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{store.database_file(store_dir, store.MARTS)}' as marts (read_only)")
        if store.database_file(store_dir, store.ASSURANCE).exists():
            store.attach_assurance(connection, store_dir, key)
        return {
            (database, *place): connection.execute(
                f'select * from {database}.{place[0]}."{place[1]}" order by rowid'
            ).fetchall()
            for database in (store.MARTS, store.ASSURANCE)
            for place in exact_counts.tables_of(connection, database)
        }
