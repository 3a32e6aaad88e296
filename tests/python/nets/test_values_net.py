"""The net by value: an NHS Number in any column or file is seen, whatever it was made to look like."""

import base64
import gzip
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import (
    PROJECT,
    SAMPLE,
    Folders,
    connect,
    copy_project,
    copy_store,
    must_succeed,
    run_dbt,
    test_number,
)
from gp_level_data.custody import keys, store
from gp_level_data.nets import raw_numbers, values
from gp_level_data.runs.scratch_gateway import NO_TESTS
from gp_level_data.shapes import Cells

NUMBER = test_number(123_457)
ASCII = NUMBER.encode()
SEPARATORS = {
    "space": " ", "hyphen": "-", "dot": ".", "slash": "/", "underscore": "_", "comma and space": ", ",
    "no-break space": "\u00a0", "narrow no-break space": "\u202f", "en dash": "\u2013",
    "zero-width space": "\u200b", "word joiner": "\u2060", "soft hyphen": "\u00ad", "line end": "\r\n",
}  # fmt: skip


def grouped(separator: str, number: str = NUMBER) -> str:
    return separator.join((number[:3], number[3:6], number[6:]))


def in_script(zero: int) -> str:
    return NUMBER.translate({ord("0") + digit: zero + digit for digit in range(10)})


def in_base_64(content: bytes) -> str:
    return base64.b64encode(content).decode()


TEXTS = {
    "plain": NUMBER,
    "reversed": NUMBER[::-1],
    "padded": f"  {NUMBER} ",
    "padded with zeros": NUMBER.zfill(16),
    "prefixed": f"NHS{NUMBER}",
    "between letters": f"a{NUMBER}b",
    "inside text": f"Patient {NUMBER} was seen on 2017-03-01.",
    "after a moment": f"2017-03-01T09:00:00+01:00 {NUMBER}",
    **{f"3-3-4 by {name}": grouped(separator) for name, separator in SEPARATORS.items()},
    "reversed 3-3-4": grouped(" ")[::-1],
    "digit by digit": " ".join(NUMBER),
    "full-width digits": in_script(0xFF10),
    "Arabic digits": in_script(0x0660),
    "mathematical digits": in_script(0x1D7CE),
    "full-width 3-3-4": grouped("\u3000", in_script(0xFF10)),
    "base 64": in_base_64(ASCII),
    "base 64, inside text": in_base_64(b"id " + ASCII + b";"),
    "base 64, one letter on": in_base_64(b"i" + ASCII),
    "base 64, two letters on": in_base_64(b"no" + ASCII),
    "hexadecimal": ASCII.hex(),
    "HEXADECIMAL": ASCII.hex().upper(),
    "hexadecimal inside text": (b"id=" + ASCII + b";").hex(),
    **{
        f"{name}{how}": write(getattr(hashlib, name)(ASCII))
        for name in ("md5", "sha1", "sha256")
        for how, write in (
            ("", lambda digest: digest.hexdigest()),
            (" in capitals", lambda digest: digest.hexdigest().upper()),
            (" in base 64", lambda digest: in_base_64(digest.digest())),
        )
    },
}
# Nothing tells these from a code: only who knows the numbers sees them.
ONLY_BY_MEMBERSHIP = {
    "integer in hexadecimal": f"{int(NUMBER):x}",
    "first nine digits": NUMBER[:9],
    "md5 in base 64 without its end": in_base_64(hashlib.md5(ASCII).digest()).rstrip("="),
}
TYPES = {
    "bigint": f"{NUMBER}::bigint",
    "negative": f"-{NUMBER}::bigint",
    "ubigint": f"{NUMBER}::ubigint",
    "hugeint": f"{NUMBER}::hugeint",
    "uhugeint": f"{NUMBER}::uhugeint",
    "bignum": f"{NUMBER}::bignum",
    "double": f"{NUMBER}::double",
    "double, a fraction": f"{NUMBER}::double / 10000000000",
    "decimal": f"{NUMBER}::decimal(18, 2)",
    "decimal, a fraction": f"{NUMBER[:5]}.{NUMBER[5:]}::decimal(18, 8)",
    "timestamp of seconds": f"make_timestamp({NUMBER} * 1000000)",
    "timestamp of milliseconds": f"make_timestamp({NUMBER} * 1000)",
    "timestamp of microseconds": f"make_timestamp({NUMBER})",
    "timestamptz": f"to_timestamp({NUMBER})",
    "timestamp_s": f"make_timestamp({NUMBER} * 1000000)::timestamp_s",
    "timestamp_ns": f"make_timestamp_ns({NUMBER})",
    "time": f"('00:00:00'::time + to_microseconds({NUMBER}))",
    "interval": f"to_seconds({NUMBER})",
    "blob": f"'{NUMBER}'::blob",
    "bit": f"{NUMBER}::bigint::bit",
    "bit, of many": f"(repeat('0', 200) || {NUMBER}::bigint::bit::varchar)::bit",
    "bit, of its digits": f"'{NUMBER}'::blob::bit",
    "bit, a set of many": f"('1' || repeat('01', 500) || {NUMBER}::bigint::bit::varchar)::bit",
    "uuid": f"md5('{NUMBER}')::uuid",
    "enum": f"'{NUMBER}'::enum('{NUMBER}', 'b')",
    "struct": f"{{'a': 1, 'b': '{NUMBER}'}}",
    "struct of numbers": f"{{'a': {{'b': {NUMBER}}}}}",
    "list": f"[1, {NUMBER}]",
    "list of its digits": f"string_split('{NUMBER}', '')",
    "array": f"[{NUMBER}, 1]::bigint[2]",
    "map": f"map {{'a': {NUMBER}}}",
    "key of a map": f"map {{'{NUMBER}': 1}}",
    "union": f"union_value(n := {NUMBER})",
    "json": f"json_object('a', [{NUMBER}])",
}
# Floats and bits that were rounded or cut: the value itself is no longer there.
ONLY_BY_PATTERN = {"float": f"{NUMBER}::float"}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A stored database, as a run sees it beside its memory."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Europe/London'")
        connection.execute(f"attach '{tmp_path}/marts.duckdb' as marts (storage_version 'v1.5.0')")
        connection.execute("use marts")
        yield connection


def patterns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Where the pattern layer finds something, no allowance given."""
    return [finding.where for finding in values.pattern_findings(connection, {}, values.stored_columns(connection))]


def members(connection: duckdb.DuckDBPyConnection, number: str = NUMBER) -> list[str]:
    return [
        finding.where for finding in values.membership_findings(connection, [number], values.stored_columns(connection))
    ]


def members_in_sql(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What the gateway run asks of its own database (macro known_numbers_stored)."""
    connection.execute("create schema if not exists memory.landing")
    connection.execute(
        f"create or replace table memory.landing.practice_records as select '{grouped(' ')}' as nhs_number"
    )
    macros, columns = values.macros(), values.stored_columns(connection)
    connection.execute("use memory")
    tokens = f"select distinct length(token) from ({macros.tokens_stored(columns)}) as tokens"
    lengths = [length for (length,) in connection.execute(tokens).fetchall()]
    if not lengths:
        return []
    sources = connection.execute(macros.landed_numbers()).fetchall()
    found = connection.execute(macros.known_numbers_stored(columns, sources, lengths)).fetchall()
    return [where for where, _ in found]


def plant(connection: duckdb.DuckDBPyConnection, expression: str, parameters: list[Any] | None = None) -> None:
    """One row with the value, among others that are harmless."""
    connection.execute(f"create table stays as select {expression} as planted", parameters or [])
    connection.execute("insert into stays select null")


PLANTED = "marts.main.stays.planted"


@pytest.mark.parametrize("name", TEXTS)
def test_text(database: duckdb.DuckDBPyConnection, name: str) -> None:
    """Flags a way of writing a number, or a digest of it, that either layer would let pass."""
    plant(database, "$1::varchar", [TEXTS[name]])
    assert patterns(database) == [PLANTED]
    assert set(members(database)) == {PLANTED}
    assert not members(database, test_number(1))


@pytest.mark.parametrize("name", ONLY_BY_MEMBERSHIP)
def test_text_that_only_its_owner_knows(database: duckdb.DuckDBPyConnection, name: str) -> None:
    """Flags what looks like a code and is somebody's, for who knows the numbers."""
    plant(database, "$1::varchar", [ONLY_BY_MEMBERSHIP[name]])
    assert set(members(database)) == {PLANTED}
    assert members_in_sql(database) == ["main.stays.planted"]


KNOWN_TO_SQL = [
    name
    for name in TEXTS
    if name in ("plain", "reversed", "base 64", "hexadecimal", "HEXADECIMAL", "inside text")
    or name.startswith(("md5", "sha1", "sha256"))
]


@pytest.mark.parametrize("name", KNOWN_TO_SQL)
def test_the_gateway_run_knows_the_numbers(database: duckdb.DuckDBPyConnection, name: str) -> None:
    """Flags a number in a column whose looks are allowed, such as a digest among dbt's own."""
    plant(database, "$1::varchar", [TEXTS[name]])
    assert members_in_sql(database) == ["main.stays.planted"]


def test_the_gateway_run_knows_nine_digits(database: duckdb.DuckDBPyConnection) -> None:
    """Flags an integer without its check digit, from which the check digit can be worked out."""
    plant(database, f"{NUMBER[:9]}::bigint")
    assert not patterns(database)
    assert members(database) == [PLANTED]
    assert members_in_sql(database) == ["main.stays.planted"]


@pytest.mark.parametrize("name", TYPES | ONLY_BY_PATTERN)
def test_type(database: duckdb.DuckDBPyConnection, name: str) -> None:
    """Flags a type of column into which nobody looks."""
    plant(database, (TYPES | ONLY_BY_PATTERN)[name])
    assert PLANTED in patterns(database)
    if name in TYPES:
        assert set(members(database)) == {PLANTED}


def test_an_unknown_type_is_refused(database: duckdb.DuckDBPyConnection) -> None:
    """Flags a type that nobody thought of, even with nothing in it that looks like a number."""
    plant(database, "'nothing'::variant")
    assert patterns(database) == [PLANTED]


def test_a_seed_that_is_not_there_allows_nothing(database: duckdb.DuckDBPyConnection) -> None:
    """Flags a store of the custodian's run alone that cannot be looked into, or whose codes nobody looks at."""
    database.execute(f"create schema gateway; create table gateway.int_journals__records as select '{NUMBER}' as code")
    assert set(members(database)) == {"marts.gateway.int_journals__records.code"}
    database.execute(f"create schema seeds; create table seeds.journal_codes as select '{NUMBER}' as code")
    assert set(members(database)) == {"marts.seeds.journal_codes.code"}


NAMES = {
    "column": f'create table stays as select 1 as "{NUMBER}"',
    "field": f"create table stays as select {{'{NUMBER}': 1}} as field",
    "table": f'create table "of {NUMBER}" as select 1 as one',
    "schema": f'create schema "{NUMBER}"; create table "{NUMBER}".one as select 1 as one',
    "default": f"create table stays (one varchar default '{NUMBER}')",
    "check": f"create table stays (one varchar check (one <> '{NUMBER}'))",
    "comment": f"create table stays (one int); comment on column stays.one is '{NUMBER}'",
    "macro": f"create table stays (one int); create macro two() as '{NUMBER}'",
    "unused member of an enum": f"create table stays (one enum('a', '{NUMBER}'))",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_and_definitions(database: duckdb.DuckDBPyConnection, name: str) -> None:
    """Flags a number that is no value: what a pivot makes of it, and what only the catalogue holds."""
    database.execute(NAMES[name])
    found = values.pattern_findings(database, {}, values.stored_columns(database))
    assert "names and definitions" in [finding.where for finding in found]
    repeats = any(NUMBER in finding.where + finding.what for finding in found)
    assert not repeats


def test_a_stored_view_is_refused(database: duckdb.DuckDBPyConnection) -> None:
    """Flags rows that are not stored and so cannot be looked into."""
    database.execute("create view stays as select 1 as one")
    assert patterns(database) == ["marts.main"]


@pytest.mark.parametrize(
    "definition",
    ["varchar", "varchar not null", "varchar check (regexp_full_match(patient_key, '[a-p]{32}'))",
     "varchar not null check (regexp_full_match(patient_key, '[a-z0-9]{32}'))"],
)  # fmt: skip
def test_patient_key_is_kept_by_the_engine(database: duckdb.DuckDBPyConnection, definition: str) -> None:
    """Flags a table whose patient_key could be empty, or anything but a pseudonym."""
    database.execute(f"create table stays (patient_key {definition})")
    assert {finding.where for finding in values.patient_key_findings(database)} == {"marts.main.stays.patient_key"}


DAYS = st.dates(date(1800, 1, 1), date(2064, 12, 31))
LETTERS = st.text(alphabet="abcdefghijklmnop", min_size=32, max_size=32)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2064, 12, 31)).map(lambda moment: moment.replace(microsecond=0))
COUNTS = st.integers(-999_999_999, 999_999_999)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(LETTERS, DAYS, MOMENTS, COUNTS, st.integers(0, 99_999)), min_size=1, max_size=30))
def test_no_false_alarm(database: duckdb.DuckDBPyConnection, rows: list[Cells]) -> None:
    """Flags a net that cries at pseudonyms, days, moments, counts, rounded rates or codes."""
    database.execute(
        """
        create or replace table stays (
            patient_key varchar, day date, moment timestamptz, written varchar, people bigint, percent double,
            rate decimal(9, 1), practice_code varchar, gp_code varchar, counts varchar
        )
        """
    )
    database.executemany(
        "insert into stays values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (key, day, moment, moment.isoformat() + "+01:00", count, round(code / 7, 1), round(code / 7, 1),
             f"A{code:05d}", f"G{code:07d}", f"{day}, {moment}")
            for key, day, moment, count, code in rows
        ],
    )  # fmt: skip
    assert not patterns(database)


@pytest.fixture(scope="module")
def sent() -> set[str]:
    """The sample's numbers, without the invented people that the project's unit tests quote."""
    folders = (PROJECT / "models", PROJECT / "macros", PROJECT / "seeds", PROJECT / "tests")
    numbers = raw_numbers.numbers_in(SAMPLE)
    assert len(numbers) > 30_000
    return numbers - raw_numbers.numbers_quoted(*folders)


def test_the_store_holds_no_number(built: Folders, sent: set[str]) -> None:
    """Flags any table of either database with a number in any disguise."""
    store_keys = keys.of_store(built.keys)
    assert values.findings_in_store(built.store, store_keys, sent) == []


def test_the_allowances_are_needed_and_enough(built: Folders) -> None:
    """Flags a column that looks like a number without a reason, and a reason without such a column."""
    with connect(built) as connection:
        found = {where.split(".", 1)[1] for where in patterns(connection)}
    # no file of the sample is large (test_scale.py); it has no exchange on national opt-outs: test_ndop.py and the small world of test_renaming.py do; this
    # collection has no journals: test_journal_nets.py has
    elsewhere = {
        "counts.int_ndop__checks.subject",
        "gateway.int_journals__records.code",
        "releases.rel_gpdpr_example_journals.code",
        "releases.rel_care_data_example_linked.code",
    }
    elsewhere |= {column for column, may_hold in values.allowed_digits().items() if may_hold == "a rounded count"}
    assert found == set(values.allowed_digits()) - elsewhere


def test_no_file_holds_a_number(built: Folders, sent: set[str]) -> None:
    """Flags a number in a database, an artefact, a log, or the documentation."""
    folders = (built.store, built.work, built.project / "target", built.project / "logs")
    store_keys = keys.of_store(built.keys)
    files = {path.name for path in values.files_below(folders)}
    assert {"marts.duckdb", "patient_level.duckdb", "manifest.json", "dbt.log", "static_index.html"} <= files
    assert not list((built.store / "spill").glob("*"))
    assert values.findings_in_files(folders, sent, store_keys) == []


@pytest.mark.parametrize(
    ("artefact", "name"),
    [
        ("run_results.json", "execution_time"),
        ("run_results.json", "elapsed_time"),
        ("perf_info.json", "elapsed"),
        ("perf_info.json", "load_all_elapsed"),
    ],
)
def test_a_clock_is_no_number(tmp_path: Path, artefact: str, name: str) -> None:
    """Flags an alarm by the digits of a duration; and a number that passes for lying beside one, or elsewhere as one."""
    took = f'"{name}": 0.17{NUMBER[::-1]}'
    file = tmp_path / artefact
    file.write_text(f"{{{took}}}")
    assert not values.findings_in_files([tmp_path], [NUMBER])
    file.write_text(f'{{{took}, "message": "{NUMBER}"}}')
    assert values.findings_in_files([tmp_path], [NUMBER])
    file.rename(tmp_path / "other.json").write_text(f"{{{took}}}")
    assert values.findings_in_files([tmp_path], [NUMBER])


def parquet(path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"a": ["b", NUMBER]}), path, compression="zstd")


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", NUMBER)


def stored(path: Path, encryption: str = "") -> None:
    """Values that compression hides from a search of the bytes."""
    with duckdb.connect() as connection:
        connection.execute(f"load '{store.httpfs_extension()}'")
        connection.execute(f"attach '{path}' as d {encryption}")
        connection.execute(
            f"create table d.t as select {NUMBER} + range as n, repeat('x', 99) || {NUMBER} + range as t"
            " from range(100000)"
        )


STORE_KEY = bytes(range(32))
WORDS = dict(zip("0123456789", ("nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")))
BYTES = {
    **{name: TEXTS[name].encode() for name in TEXTS},
    "utf-16": b"\xff\xfe" + f"id {NUMBER}.".encode("utf-16-le"),
    "utf-16, big end first": NUMBER.encode("utf-16-be"),
    "utf-16 3-3-4": grouped(" ").encode("utf-16"),
    "utf-32": NUMBER.encode("utf-32"),
    "JSON escapes": grouped("\\u2013").encode(),
    "JSON escapes of digits": "".join(f"\\uff1{digit}" for digit in NUMBER).encode(),
    "integer": b"\1" + int(NUMBER).to_bytes(8, "little"),
    "integer, big end first": b"\1\2\3" + int(NUMBER).to_bytes(8, "big"),
    "integer in hexadecimal": f'"{int(NUMBER):x}"'.encode(),
    "read out": " ".join(WORDS[digit] for digit in NUMBER).encode(),
    "read out, with doubles": f"Double {WORDS[NUMBER[0]]}-{'-'.join(WORDS[digit] for digit in NUMBER[2:])}".encode(),
    "gzip": gzip.compress(f"id {NUMBER}".encode()),
    "gzip of gzip": gzip.compress(gzip.compress(ASCII)),
}
FILES: dict[str, Callable[[Path], None]] = {
    "parquet": parquet,
    "zip": zipped,
    "database": stored,
    "encrypted database": lambda path: stored(path, f"(encryption_key '{base64.b64encode(STORE_KEY).decode()}')"),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_of_a_file(tmp_path: Path, name: str) -> None:
    """Flags a file that keeps a number in a way the search does not know."""
    folder = tmp_path / "target" / "compiled"
    folder.mkdir(parents=True)
    around = (b"", b"") if name.startswith("gzip") else (b'{"a": "', b'"}')
    (folder / "manifest.json").write_bytes(around[0] + BYTES[name] + around[1])
    found = values.findings_in_files([tmp_path], [NUMBER])
    assert {finding.where for finding in found} == {str(folder / "manifest.json")}


@pytest.mark.parametrize(
    "document",
    [
        {"a": NUMBER[:4], "b": NUMBER[4:]},
        {"meta": [{"a": "x", "b": NUMBER[:9], "c": int(NUMBER[9:])}]},
        {"a": list(NUMBER[::-1])},
    ],
    ids=lambda document: f"in {len(document)}",
)
def test_a_number_in_several_values_of_a_document(tmp_path: Path, document: object) -> None:
    """Flags an artefact in which digits lie next to each other in values of their own."""
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert values.findings_in_files([tmp_path], [NUMBER])
    assert not values.findings_in_files([tmp_path], [test_number(1)])


def test_a_manifest_says_which_of_its_nodes_it_is(tmp_path: Path) -> None:
    """Flags a finding that names megabytes."""
    manifest = {"nodes": {"model.a.b": {"description": "nobody"}, "model.a.c": {"description": NUMBER}}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    [found] = values.findings_in_files([tmp_path], [NUMBER])
    assert found.where == f"{tmp_path / 'manifest.json'}: model.a.c"


def test_a_number_in_several_columns_of_a_seed(database: duckdb.DuckDBPyConnection) -> None:
    """Flags a number that somebody typed into two columns; digits beside each other elsewhere are counts."""
    for schema in ("seeds", "main"):
        database.execute(f"create schema if not exists {schema}")
        database.execute(f"create table {schema}.a as select 'x' as a, {NUMBER[:5]} as b, '{NUMBER[5:]}' as c")
    assert members(database) == ["marts.seeds.a"]
    assert members(database, test_number(1)) == []


@pytest.mark.parametrize("name", FILES)
def test_files_of_a_kind(tmp_path: Path, name: str) -> None:
    """Flags a format that compresses or encrypts what it holds, and is not looked into."""
    FILES[name](tmp_path / "file")
    assert values.findings_in_files([tmp_path], [NUMBER], [STORE_KEY])
    assert not values.findings_in_files([tmp_path], [test_number(1)], [STORE_KEY])


def test_a_database_that_does_not_open_is_a_finding(tmp_path: Path) -> None:
    """Flags a search that passes over what it cannot read."""
    FILES["encrypted database"](tmp_path / "file")
    [found] = values.findings_in_files([tmp_path], [test_number(1)])
    assert found.what == "a database that no key opens, or that is damaged"


def test_the_name_of_a_file(tmp_path: Path) -> None:
    """Flags a number in a file's name, without repeating it."""
    (tmp_path / f"{NUMBER}.csv").write_text("nothing")
    [found] = values.findings_in_files([tmp_path], [NUMBER])
    repeats = NUMBER in found.where + found.what
    assert not repeats


RAW_FILES = {
    "gpes/opt_outs/A81001.csv": b"\xef\xbb\xbfPRACTICE_CODE,nhs_number,CODE\r\nA81001," + ASCII + b",x\r\n",
    "gpes/a/A81001.csv.gz": gzip.compress(f"NHS_NUMBER\n{grouped(' ')}\n".encode()),
    "hes/apc_2016.csv": b'EPIKEY,NEWNHSNO\n1234567890,"' + grouped("-").encode() + b'"\n',
    "ndop/reply/X.dat": ASCII + b",\n",
}


@pytest.mark.parametrize("name", RAW_FILES)
def test_numbers_of_a_raw_folder(tmp_path: Path, name: str) -> None:
    """Flags a kind of raw file whose numbers the search would not know."""
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_bytes(RAW_FILES[name])
    is_found = raw_numbers.numbers_in(tmp_path) == {NUMBER}
    assert is_found


def test_numbers_of_a_parquet_file(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"NHS_NUMBER": [int(NUMBER)]}), tmp_path / "a.parquet")
    is_found = raw_numbers.numbers_in(tmp_path) == {NUMBER}
    assert is_found


@pytest.mark.whole
def test_a_new_model_is_covered_by_itself(built: Folders, tmp_path: Path) -> None:
    """Flags a leaking model that nobody listed anywhere and that `dbt build` finishes last."""
    project = copy_project(tmp_path / "project")
    (project / "models" / "marts" / "fct_new.sql").write_text(
        "{{ config(contract={'enforced': false}) }}\n"
        f"select practice_code, {NUMBER[:6]}::bigint * 10000 + {int(NUMBER[6:])} as patients\n"
        "from {{ ref('rpt_practice_checks') }}\n"
    )
    copy = copy_store(built, tmp_path / "copy")
    folders = Folders(copy.store, copy.keys, copy.work, project=project)
    ended = run_dbt(folders, "build", "--exclude-resource-type", "unit_test")
    assert ended.code == 1
    assert "main.fct_new.patients: ten digits" in ended.stdout
    assert ended.stdout.count("ERROR hook") == 1 and " ERROR=1 " in ended.stdout
    repeats = NUMBER in ended.stdout + ended.stderr
    assert not repeats
    # The run was undone, so that the same one is green without the model.
    (project / "models" / "marts" / "fct_new.sql").unlink()
    with duckdb.connect(str(copy.store / "marts.duckdb"), read_only=True) as connection:
        [(is_left,)] = connection.execute(
            "select count(*) from duckdb_tables() where table_name = 'fct_new'"
        ).fetchall()
    assert not is_left
    must_succeed(run_dbt(folders, "seed", "--select", "metrics"))


@pytest.mark.whole
def test_the_gateway_run_looks_for_its_own_numbers(tmp_path: Path, built: Folders) -> None:
    """Flags a column of the gateway that passes for a code, and that only the real numbers give away."""
    project = copy_project(tmp_path / "project")
    (project / "models" / "intermediate" / "gateway" / "int_new.sql").write_text(
        "{{ config(contract={'enforced': false}) }}\n"
        "select hex(nhs_number) as area_code from {{ ref('stg_gpes__practice_records') }}\n"
        "where nhs_number is not null\n"
    )
    folders = Folders(tmp_path / "store", built.keys, tmp_path / "work", project=project)
    ended = run_dbt(folders, "build", "--target", "gateway", "--selector", "gateway", *NO_TESTS)
    assert ended.code == 1
    assert "gateway.int_new.area_code" in ended.stdout and "known numbers" in ended.stdout
