"""The same raw files, settings and key give the same bytes; another key, the same results."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import (
    COLLECTION,
    OF_OTHERS,
    Folders,
    connect,
    differing,
    differing_again,
    file_digests,
    table_digests,
    tables_of,
)
from gp_level_data.custody import keys
from gp_level_data.runs.forked_runs import ForkedRuns

# No exception was granted, no release has asked about national opt-outs, nothing was published before, and no
# practice that sent its opt-outs has a row that may be anybody's.
EMPTY_FOR_THE_SAMPLE = {
    "marts.seeds.exception_register",
    "patient_level.gateway.int_ndop__permitted",
    "patient_level.gateway.int_opt_outs__to_mend",
    "patient_level.intermediate.int_disclosure__last_published",
    "patient_level.senders.rpt_practice_rows",
}


@pytest.fixture(scope="module")
def again(built: Folders, runs: ForkedRuns, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Folders]:
    """Two more stores from scratch: one with the same key, one with another.

    By dbt's two runs as the profile documents them, without the command around them, nor tests.
    """
    folder = tmp_path_factory.mktemp("again")
    for name in (COLLECTION, *keys.OF_DATABASES):
        keys.new_key(folder / "keys", name)
    stores = {
        "same key": Folders(folder / "same" / "store", built.keys, folder / "same"),
        "another key": Folders(folder / "other" / "store", folder / "keys", folder / "other"),
    }
    for folders in stores.values():
        for target in ("gateway", "warehouse"):
            run(runs, target, folders)
    return stores


def run(runs: ForkedRuns, target: str, folders: Folders) -> None:
    """One of the two, which must succeed."""
    where = {"RAW_DIR": folders.raw, "KEY_DIR": folders.keys, "STORE_DIR": folders.store}
    code, _ = runs.run(target, where, left=folders.work)
    assert code == 0, f"the {target} run failed"


def patient_keys(folders: Folders) -> Iterator[tuple[str, list[str]]]:
    """The pseudonyms of each patient-level table, in the order in which they are stored."""
    with connect(folders) as connection:
        for table in tables_of(connection):
            columns = connection.execute(f"describe {table}").fetchall()
            if any(column[0] == "patient_key" for column in columns):
                rows = connection.execute(f"select patient_key from {table} order by rowid")
                yield table, [key for (key,) in rows.fetchall()]


@pytest.mark.whole
def test_same_key_same_tables(again: dict[str, Folders], built_tables: dict[str, str]) -> None:
    """Flags a clock, a random order or an id that depends on it in any table, snapshots included."""
    assert not differing(table_digests(again["same key"]), built_tables)


@pytest.mark.whole
def test_another_key_same_results(again: dict[str, Folders], built_tables: dict[str, str]) -> None:
    """Flags a result that depends on the pseudonyms, for instance on the order they give."""
    is_patient_level = {table for folders in again.values() for table, found in patient_keys(folders) if found}
    assert is_patient_level
    assert set(differing(table_digests(again["another key"]), built_tables)) == is_patient_level


@pytest.mark.whole
def test_another_key_other_pseudonyms(again: dict[str, Folders], built: Folders) -> None:
    """Flags a pseudonym that two collections share: whoever holds both could link them."""
    others = dict(patient_keys(again["another key"]))
    for table, found in patient_keys(built):
        assert len(found) == len(others[table]), table
        assert found or table in EMPTY_FOR_THE_SAMPLE or OF_OTHERS.fullmatch(table), table
        shared = len(set(found) & set(others[table]))
        assert shared == 0, table


def test_order_of_patient_level_tables(built: Folders) -> None:
    """Flags rows in the order of their raw file: sorted by NHS Number, it would tell who is who."""
    for table, found in patient_keys(built):
        is_sorted = found == sorted(found)
        assert is_sorted, table


@pytest.mark.whole
def test_a_second_warehouse_run_changes_nothing(
    again: dict[str, Folders], built_tables: dict[str, str], runs: ForkedRuns
) -> None:
    """Flags a run that adds to what it finds, such as a snapshot's second version of one state."""
    folders = again["same key"]
    before = file_digests(folders.store)
    run(runs, "warehouse", folders)
    assert file_digests(folders.store) != before, "nothing was written: the test tests nothing"
    assert not differing_again(table_digests(folders), built_tables)


def test_no_table_is_empty_that_the_sample_should_fill(built: Folders) -> None:
    """Flags digests that agree because there is nothing in the tables."""
    with connect(built) as connection:
        empty = [
            table
            for table in tables_of(connection)
            if connection.execute(f"select count(*) from {table}").fetchone() == (0,)
        ]
    assert {table for table in empty if not OF_OTHERS.fullmatch(table)} == EMPTY_FOR_THE_SAMPLE


@pytest.mark.whole
def test_fixture_paths_differ(again: dict[str, Folders], built: Folders) -> None:
    """Flags a proof that compares a store with itself."""
    stores: set[Path] = {built.store, *(folders.store for folders in again.values())}
    assert len(stores) == 3
