"""The nets over journals: what is stored of the sample's holds nobody's number, birthday or postcode; under other numbers
the same is stored; and a file with a column too many never comes in.
"""

import shutil
import string
from pathlib import Path

import duckdb
import gateway_sql
import pytest
from conftest import SAMPLE, Folders, copy_store, run_build

from gp_level_data import landing
from gp_level_data.nets import raw_numbers, renaming, values

SETTINGS = {
    "collection": "gpdpr",
    "collected_at": "2017-04-02T09:00:00+01:00",
    "period_start": "2016-04-01",
    "period_end": "2017-03-31",
    "exception_id": "",
}
JOURNAL = Path("gpes/gpdpr/A81001.csv")


@pytest.fixture(scope="module")
def raw_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What gpdpr reads of the sample, of five practices."""
    folder = tmp_path_factory.mktemp("journals") / "raw"
    for name in ("ods", "cqrs"):
        shutil.copytree(SAMPLE / name, folder / name)
    for kind in ("gpdpr", "opt_outs"):
        (folder / "gpes" / kind).mkdir(parents=True)
        for code in ("A81001", "B81001", "B81002", "E81002", "J81001"):
            [path] = (SAMPLE / "gpes" / kind).glob(f"{code}.csv*")
            shutil.copyfile(path, folder / "gpes" / kind / path.name)
    return folder


@pytest.fixture(scope="module")
def built_journals(raw_dir: Path) -> duckdb.DuckDBPyConnection:
    """The gateway's run over them, in a plain database."""
    return gateway_sql.run_folder(raw_dir, SETTINGS)


def stored_tables() -> list[str]:
    """The tables of the gateway that outlive the run and that a plain database has."""
    nodes = (*gateway_sql.models(), *gateway_sql.journal_models())
    return [
        node["name"]
        for node in nodes
        if node["config"]["materialized"] == "table" and node["database"] != "memory"
    ]


@pytest.fixture
def store(built_journals: duckdb.DuckDBPyConnection, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """The same as a stored database, with the seeds, as the net by value looks at one."""
    connection = built_journals.cursor()
    connection.execute(f"attach '{tmp_path}/marts.duckdb' as marts (storage_version 'v1.5.0')")
    for schema in ("gateway", "seeds"):
        connection.execute(f"create schema marts.{schema}")
    for name in stored_tables():
        connection.execute(f"create table marts.gateway.{name} as from memory.gateway.{name}")
    connection.execute("create table marts.seeds.journal_codes as from memory.seeds.journal_codes")
    connection.execute("use marts")
    yield connection
    connection.execute("use memory")
    connection.execute("detach marts")


CODE = "marts.gateway.int_journals__records.code"


def found_in(connection: duckdb.DuckDBPyConnection, numbers: set[str]) -> list[str]:
    patterns = values.pattern_findings(connection, values.allowed_digits() | {
        "seeds.journal_codes.code": "^[0-9]{6,18}$"
    })
    found = [finding.where for finding in (*patterns, *values.membership_findings(connection, numbers))]
    # the seed lies among what is stored only here, where nobody allows it its nine digits
    return sorted({where for where in found if not where.startswith("marts.seeds")})


def test_nothing_stored_is_somebodys_number(store: duckdb.DuckDBPyConnection, raw_dir: Path) -> None:
    """Flags a number in any column. Codes are long digits: those of the seed may stand there, and nothing else."""
    numbers = raw_numbers.numbers_in(raw_dir)
    assert len(numbers) > 500
    assert found_in(store, numbers) == []
    without_allowance = {finding.where for finding in values.pattern_findings(store, {})}
    assert CODE in without_allowance
    # a code of nine digits is nobody's number, though it may begin like one
    nine = "195967001"
    held = store.execute(f"select count(*) from gateway.int_journals__records where code = '{nine}'").fetchone()[0]
    digits = [digit for digit in string.digits if has_check_digit(nine + digit)]
    assert held and digits and found_in(store, {nine + digits[0]}) == []


def has_check_digit(number: str) -> bool:
    return renaming.check_digit(number[:9]) == number[9]


@pytest.mark.parametrize("column", ["code", "category", "staff_role", "value_1"])
def test_a_number_typed_into_a_record_is_seen(store: duckdb.DuckDBPyConnection, raw_dir: Path, column: str) -> None:
    number = min(raw_numbers.numbers_in(raw_dir))
    store.execute(f"update gateway.int_journals__records set {column} = ? where rowid = 0", [number])
    is_seen = f"marts.gateway.int_journals__records.{column}" in found_in(store, {number})
    assert is_seen


def test_no_birthday_and_no_postcode_is_stored(store: duckdb.DuckDBPyConnection) -> None:
    """The postcodes of the sample all begin alike; a birthday is in no column of days but by chance."""
    texts, days = [], []
    for database, schema, table, column, kind in values.stored_columns(store):
        if (database, schema) == ("marts", "gateway"):
            (texts if kind == "VARCHAR" else days if kind == "DATE" else []).append((table, column))
    for table, column in texts:
        query = f'select count(*) from gateway.{table} where "{column}" like \'%ZZ99%\''
        assert store.execute(query).fetchone() == (0,), f"{table}.{column}"
    assert sorted(set(column for table, column in days if "journals" in table)) == [
        "admission_date", "ended_on", "recorded_on", "registered_on", "started_on",
    ]  # fmt: skip
    sent = store.execute("select count(*) from memory.landing.journals where postcode like 'ZZ99%'").fetchone()[0]
    assert sent > 500


def test_under_other_numbers_the_same_is_stored(
    built_journals: duckdb.DuckDBPyConnection, raw_dir: Path, tmp_path: Path
) -> None:
    """Flags anything that follows from what a number is; tables of people lie in the order of their pseudonyms."""
    new_number = renaming.rename(raw_dir, tmp_path / "renamed", seed=1)
    renamed = gateway_sql.run_folder(tmp_path / "renamed", SETTINGS)
    keys = {
        gateway_sql.pseudonym(gateway_sql.KEY, "gpdpr", old): gateway_sql.pseudonym(gateway_sql.KEY, "gpdpr", new)
        for old, new in new_number.items()
    }
    compared = 0
    for table in stored_tables():
        before, after = (
            one.execute(f"select * from gateway.{table} order by rowid").fetchall() for one in (built_journals, renamed)
        )
        as_renamed = sorted((tuple(keys.get(value, value) for value in row) for row in before), key=repr)
        is_same = as_renamed == sorted(after, key=repr)
        assert is_same, table
        if "patient_key" in built_journals.table(f"gateway.{table}").columns:
            is_in_order = [row[0] for row in after] == sorted(row[0] for row in after)
            assert is_in_order, table
            compared += len(after)
    assert compared > 1_000


@pytest.mark.parametrize("collection", ["gpdpr", "care_data"])
@pytest.mark.parametrize(
    "column", ["PATIENT_NAME", "SURNAME", "ADDRESS_1", "TELEPHONE", "CONSULTATION_TEXT", "NOTES", "NHS_NUMBER"]
)
def test_a_name_an_address_or_free_text_refuses_the_file(tmp_path: Path, collection: str, column: str) -> None:
    kind = journal_kind(collection)
    columns = [name for name in kind.columns if name not in kind.not_collected]
    assert rule_of(tmp_path, kind, columns) is None
    assert rule_of(tmp_path, kind, [*columns, column]) == (
        "repeated_column" if column == "NHS_NUMBER" else "unknown_column"
    )


@pytest.mark.parametrize("column", landing.NOT_IN_CARE_DATA)
def test_care_data_does_not_ask_for_everything(tmp_path: Path, column: str) -> None:
    """What gpdpr collects refuses a file of care.data; the rest of GDPPR's layout is passed over, not read."""
    kind, other = journal_kind("care_data"), journal_kind("gpdpr")
    columns = [name for name in kind.columns if name not in kind.not_collected]
    assert rule_of(tmp_path, kind, [*columns, column]) == "unknown_column"
    assert rule_of(tmp_path, other, list(other.columns)) is None
    assert rule_of(tmp_path, other, [name for name in other.columns if name != column]) == "missing_column"
    assert rule_of(tmp_path, other, [*other.columns, "LINKS"]) is None
    assert rule_of(tmp_path, kind, [*columns, "LINKS"]) == "unknown_column"


def journal_kind(collection: str) -> landing.FileKind:
    [kind] = [kind for kind in landing.file_kinds(collection) if kind.relation == "journals"]
    return kind


def rule_of(folder: Path, kind: landing.FileKind, columns: list[str]) -> str | None:
    """The rule that a file of one row with these columns breaks."""
    path = folder / "A81001.csv"
    path.write_text(",".join(columns) + "\n" + ",".join("x" for _ in columns) + "\n")
    return landing.look_at(landing.RawFile(kind, path, "gpes/x/A81001.csv", ".csv", "A81001")).refused_rule


def test_a_collection_without_its_files_is_refused(tmp_path: Path) -> None:
    for folder in ("ods", "cqrs", "gpes/opt_outs"):
        shutil.copytree(SAMPLE / folder, tmp_path / folder)
    with pytest.raises(landing.Refusal, match="has no file gpes/gpdpr"):
        landing.check_folder(tmp_path, "gpdpr")


def test_a_store_belongs_to_one_collection(built: Folders, tmp_path: Path) -> None:
    """Another collection would replace the results; it is told so before anything is built."""
    folders = copy_store(built, tmp_path)
    ended = run_build(folders, "--vars", "{collection: gpdpr}")
    assert ended.code == 1
    assert "was built for individual_gp_level_data: give gpdpr a STORE_DIR of its own" in ended.stderr
