"""`gpld export`: the published tables, the same in every form, and nothing else."""

import csv
import hashlib
import resource
from pathlib import Path

import duckdb
import pytest

from conftest import Folders
from gp_level_data.command_line import main
from gp_level_data.commands import export, report_back
from gp_level_data.custody import published_tables, store
from gp_level_data.pages import data_dictionary, handed_out, packs
from gp_level_data.pages.handed_out import harmless
from gp_level_data.shapes import Cells


@pytest.fixture(scope="module", params=export.FORMATS)
def exported(
    request: pytest.FixtureRequest, built: Folders, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """An export of the build, in each form."""
    to = tmp_path_factory.mktemp("export") / request.param
    assert main(["export", "--to", str(to), "--format", request.param, "--store-dir", str(built.store)]) == 0
    return request.param, to


def published(built: Folders) -> dict[str, list[Cells]]:
    with published_tables.opened(built.store) as marts:
        found = {
            name: marts.execute(f"select * from {name} order by rowid").fetchall()
            for name in published_tables.tables(marts)
        }
    return {name: rows for name, rows in found.items() if rows}


def rows_of(form: str, to: Path, name: str) -> list[Cells]:
    """What an export holds of a table."""
    if form == "csv":
        with (to / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return [tuple(row) for row in list(csv.reader(file))[1:]]
    if form == "parquet":
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            return connection.execute(f"from read_parquet('{to / name}.parquet')").fetchall()
    with duckdb.connect(str(to / export.DATABASE), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.execute(f"select * from {name} order by rowid").fetchall()


def as_text(row: Cells) -> tuple[str, ...]:
    return tuple("" if value is None else str(harmless(value)) for value in row)


def test_every_published_table_with_its_rows_in_their_order(exported: tuple[str, Path], built: Folders) -> None:
    """Flags a table that is left out, changed on the way, or in another order than it is published."""
    form, to = exported
    for name, rows in published(built).items():
        found = rows_of(form, to, name)
        same = list(map(as_text, rows)) == found if form == "csv" else rows == found
        assert same, f"{name} is not as it was published"


def test_nothing_else(exported: tuple[str, Path], built: Folders) -> None:
    """Flags what is no published table: rows of people, exact counts, the settings of the run."""
    form, to = exported
    beside = {"read_me.txt", "data_dictionary.csv", "SHA256SUMS"}
    expected = {export.DATABASE} if form == "duckdb" else {f"{name}.{form}" for name in published(built)}
    assert {path.name for path in to.iterdir()} == expected | beside
    if form == "duckdb":
        with duckdb.connect(str(to / export.DATABASE), read_only=True) as connection:
            found = connection.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
        assert found == sorted(("main", name) for name in published(built))


def test_it_says_what_its_columns_mean_and_whether_it_changed(exported: tuple[str, Path], built: Folders) -> None:
    form, to = exported
    with (to / "data_dictionary.csv").open(newline="", encoding="utf-8") as file:
        told = {(row["table"], row["column"]) for row in csv.DictReader(file) if row["meaning"]}
    with published_tables.opened(built.store) as marts:
        columns = marts.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'main'"
        ).fetchall()
    assert {column for column in columns if column[0] in published(built)} == told
    for line in (to / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((to / name).read_bytes()).hexdigest() == digest
    if form == "duckdb":
        with duckdb.connect(str(to / export.DATABASE), read_only=True) as connection:
            silent = connection.execute(
                "select count(*) from duckdb_columns() where not internal and comment is null"
            ).fetchone()
        assert silent == (0,)


def test_what_cannot_be_done_is_said(built: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a folder that is overwritten, an export into the store, and one of a store without results."""
    inside = store.database_file(built.store, store.MARTS).parent / "export"
    for to, at, says in (
        (tmp_path, built.store, "nothing is overwritten"),
        (inside, built.store, "cannot lie with the store"),
        (tmp_path / "new", tmp_path / "no store", "run `make build` first"),
    ):
        assert main(["export", "--to", str(to), "--store-dir", str(at)]) == 1
        assert says in capsys.readouterr().err
    assert not inside.exists() and not (tmp_path / "new").exists()


def test_nothing_is_left_where_it_fails(built: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags half an export that looks like a whole one."""

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(handed_out, "write_sums", full_disk)
    assert main(["export", "--to", str(tmp_path / "to"), "--store-dir", str(built.store)]) == 1
    assert not list(tmp_path.iterdir())


def test_a_database_is_handed_out_whole(tmp_path: Path) -> None:
    """Flags a disk that is full when the engine closes what it wrote: part of it stays in a log that nobody is told of."""
    columns = ", ".join(f"'x' as {column}" for column, *_ in data_dictionary.columns_of("dim_metrics"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with duckdb.connect() as connection:
        connection.execute(f"create table dim_metrics as select {columns}")
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            with pytest.raises(duckdb.Error) as caught:
                export.as_duckdb(connection, ["dim_metrics"], tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert store.of_the_engine(caught.value) == "The machine stopped it: File too large."


def test_a_practice_gets_the_same_as_parquet(built: Folders, tmp_path: Path) -> None:
    """Flags a practice's Parquet that says other than its CSV, or whose types depend on what a practice has."""
    types: dict[str, set[Cells]] = {}
    with published_tables.opened(built.store) as marts, duckdb.connect() as reader:
        reader.execute("set timezone = 'UTC'")
        report_back.attach_senders(marts, built.store, built.keys)
        for pack in packs.packs(marts):
            (folder := tmp_path / pack.practice.code).mkdir()
            for file in report_back.tables_as_parquet(pack, folder):
                found = reader.execute(f"from read_parquet('{folder / file.name}')")
                types.setdefault(file.name, set()).add(tuple((name, str(kind)) for name, kind, *_ in found.description))
                table = pack.tables[file.name.replace(".parquet", ".csv")]
                assert found.fetchall() == table.rows, f"{pack.practice.code} {file.name}"
    assert len(types) > 3 and all(len(told) == 1 for told in types.values())
