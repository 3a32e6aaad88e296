"""The net by value: no NHS Number in what is stored, whatever it was made to look like.

Two layers. Patterns: no value of any column looks as if it could hold ten digits or a digest, unless a
row of seeds/digits_allowed.csv says why it may; the same SQL as dbt runs after each of its runs
(macros/privacy). Membership: no value, and no byte of a file, is one of the numbers that were sent.

A match says where, in which shape and how often. It never says the value.
"""

import base64
import csv
import functools
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import duckdb
import jinja2

from gp_level_data.custody import store
from gp_level_data.custody.keys import StoreKeys
from gp_level_data.nets import Finding
from gp_level_data.nets.disguises import Tokens
from gp_level_data.nets.spelling import lists_in
from gp_level_data.project import PROJECT
from gp_level_data.shapes import Cells

MACROS = ("privacy", "nhs_number", "engine")
NAME_WITH_DIGITS = re.compile(r"[0-9]{6,}")
PSEUDONYMS = ("patient_key", "release_key")
PSEUDONYM_CHECK = "'CHECK(regexp_full_match(' || columns.column_name || ', ''[a-p]{32}''))'"


def findings_in_store(
    store_dir: Path, store_keys: StoreKeys, numbers: Iterable[str], looked_through: Collection[str] = ()
) -> list[Finding]:
    """What the tables of a store hold that they must not; nothing where the net holds.

    store_dir       the folder of the databases, which are only read
    store_keys      the keys of the encrypted databases
    numbers         the ten-digit texts that were sent (raw_numbers.numbers_in)
    looked_through  tables, by database, schema and name, that are as they were when nothing was found in them
    """
    with opened(store_dir, store_keys) as connection:
        columns = [column for column in stored_columns(connection) if ".".join(column[:3]) not in looked_through]
        return [
            *pattern_findings(connection, allowed_in(connection), columns),
            *patient_key_findings(connection),
            *membership_findings(connection, numbers, columns),
        ]


MANIFEST = "manifest.json"
# How long each step took, which dbt tells to a tenth of a femtosecond: with forty thousand numbers sent, such digits
# are one of them spelt backwards every few dozen runs.
TIMED = {"run_results.json", "perf_info.json"}
CLOCKS = re.compile(rb'"(?:execution_time|elapsed_time|(?:\w+_)?elapsed)": ?\d+\.\d+(?:e-\d+)?')


def findings_in_files(folders: Iterable[Path], numbers: Collection[str], keys: Iterable[bytes] = ()) -> list[Finding]:
    """Files that hold a number in any of their bytes, or in their name; nothing where the net holds.

    Compressed files are looked into. So are databases, table by table: what they hold is never written
    to another file, as a copy without compression or encryption would be.

    folders     folders, or single files, that the runs have left
    numbers     the ten-digit texts that were sent (raw_numbers.numbers_in), without those that the
                project itself quotes (raw_numbers.numbers_quoted): its artefacts hold its unit tests
    keys        keys of the encrypted databases among the files
    """
    tokens, findings = Tokens(), []
    manifests: dict[str, Path] = {}
    for path in files_below(folders):
        where = masked(str(path))
        manifests |= {where: path} if path.name == MANIFEST else {}
        tokens.add(where, str(path).encode())
        content = path.read_bytes()
        tokens.add(where, CLOCKS.sub(b"", content) if path.name in TIMED else content)
        if path.suffix == ".json":
            tokens.add_beside(where, lists_in(document(content)))
        if content[8:12] == b"DUCK":
            with opened_file(path, keys) as connection:
                if connection is None:
                    findings.append(Finding("values", where, "a database that no key opens, or that is damaged"))
                else:
                    try:
                        add_columns(tokens, connection, stored_columns(connection), where)
                    except duckdb.Error as error:
                        if not store.is_of_a_file(error):
                            raise
                        findings.append(Finding("values", where, "a database that cannot be read to its end"))
    for finding in tokens.findings(numbers):
        manifest = manifests.get(finding.where)
        findings += (manifest and findings_in_manifest(manifest, finding, numbers)) or [finding]
    return findings


def findings_in_manifest(path: Path, finding: Finding, numbers: Collection[str]) -> list[Finding]:
    """What was found in a manifest of dbt's, told of the node, the macro or the block that has it."""
    tokens = Tokens()
    for entries in (part for part in entries_of(path).values() if isinstance(part, dict)):
        for key, entry in entries.items():
            tokens.add(masked(key), json.dumps(entry).encode())
            tokens.add_beside(masked(key), lists_in(entry))
    return [
        replace(finding, where=f"{finding.where}: {each.where}")
        for each in tokens.findings(numbers)
        if each.what.partition(":")[0] == finding.what.partition(":")[0]
    ]


def entries_of(path: Path) -> dict[str, object]:
    """A manifest's parts, each with its entries by their names."""
    found = document(path.read_bytes())
    return found if isinstance(found, dict) else {}


def document(content: bytes) -> object:
    """What a JSON file says; nothing where it is none."""
    try:
        return json.loads(content)
    except ValueError:
        return None


def files_below(folders: Iterable[Path]) -> list[Path]:
    """The files named and those of the folders named, in order."""
    return sorted(
        path
        for folder in folders
        for path in ([folder] if folder.is_file() else folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    )


@contextmanager
def opened(store_dir: Path, store_keys: StoreKeys) -> Iterator[duckdb.DuckDBPyConnection]:
    """The databases of a store, read only."""
    marts = store.database_file(store_dir, store.MARTS)
    with duckdb.connect(str(marts), read_only=True) as connection:
        connection.execute("set timezone = 'Europe/London'")
        store.attach_store(connection, store_dir, store_keys)
        yield connection


@contextmanager
def opened_file(path: Path, keys: Iterable[bytes]) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """One database, read only, with the first key that opens it if it needs one; None where none does."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Europe/London'")
        secrets = [base64.b64encode(key).decode() for key in keys]
        if secrets:
            connection.execute(f"load '{store.httpfs_extension()}'")
        for options in ("read_only", *(f"read_only, encryption_key '{each}'" for each in secrets)):
            try:
                connection.execute(f"attach '{store.sql_text(path)}' as opened ({options})")
            except duckdb.Error:
                continue
            yield connection
            return
        yield None


class Adapter:
    """dbt's `adapter`, as far as macros of an engine need it: DuckDB's own macro, else the default one."""

    def __init__(self, found: dict[str, Callable[..., str]]) -> None:
        self.found = found

    def dispatch(self, name: str) -> Callable[..., str]:
        return self.found.get(f"duckdb__{name}") or self.found[f"default__{name}"]


@functools.cache
def macros() -> SimpleNamespace:
    """The project's own macros, as dbt would render them."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    found: dict[str, Callable[..., str]] = {}
    environment.globals |= {"adapter": Adapter(found), "return": lambda value: value}
    files = [file for folder in MACROS for file in sorted((PROJECT / "macros" / folder).glob("*.sql"))]
    module = environment.from_string("\n".join(file.read_text() for file in files)).module
    found.update(vars(module))
    return SimpleNamespace(**found)


def allowed_digits() -> dict[str, str]:
    """What a column may hold although it looks like a number: schema.table.column -> pattern."""
    with (PROJECT / "seeds" / "digits_allowed.csv").open(newline="", encoding="utf-8") as file:
        return {f"{row['relation']}.{row['column_name']}": row["allowed"] for row in csv.DictReader(file)}


def allowed_in(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The same in a store; of a seed that it does not hold, as before the analyst's first run, no value."""
    seeds = connection.execute(
        """
        select 'values of ' || table_name || '.' from duckdb_tables()
        where schema_name = 'seeds' and database_name = current_database()
        """
    ).fetchall()
    loaded = tuple(name for (name,) in seeds)
    return {
        column: allowed
        for column, allowed in allowed_digits().items()
        if not allowed.startswith("values of ") or allowed.startswith(loaded)
    }


def stored_columns(connection: duckdb.DuckDBPyConnection) -> list[Cells]:
    """Database, schema, table, name and type of every column of every table that lies in a file."""
    return connection.execute(macros().stored_columns()).fetchall()


def pattern_findings(
    connection: duckdb.DuckDBPyConnection, allowed: dict[str, str], columns: list[Cells]
) -> list[Finding]:
    """Columns, of those given, and names and definitions that look as if they held a number."""
    findings = columns_like_numbers(connection, allowed, columns)
    for relation, count in connection.execute(macros().stored_views()).fetchall():
        findings.append(Finding("values", relation, f"{count} stored views, which nobody looks into"))
    definitions = f"({macros().stored_definitions()}) as definitions"
    shapes = macros().shapes_found(definitions, "definition", "VARCHAR", "")
    return findings + [
        Finding("values", "names and definitions", f"{shape}, {count} of them")
        for shape, count in connection.execute(shapes).fetchall()
    ]


def columns_like_numbers(
    connection: duckdb.DuckDBPyConnection, allowed: dict[str, str], columns: list[Cells]
) -> list[Finding]:
    """Columns that look as if they held a number, and in how many rows."""
    findings = []
    suspected = connection.execute(macros().columns_to_look_into(columns)).fetchall() if columns else []
    for (position,) in suspected:
        column = columns[position]
        relation, name = macros().relation_of(column), macros().quoted(column[3])
        may_hold = allowed.get(".".join(column[1:4]), "")
        shapes = macros().shapes_found(relation, name, column[4], may_hold)
        findings += [
            Finding("values", masked(".".join(column[:4])), f"{shape}, {count} rows")
            for shape, count in connection.execute(shapes).fetchall()
        ]
    return findings


def patient_key_findings(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Pseudonyms, of a collection or of a release, that the engine itself does not keep to 32 letters."""
    columns = connection.execute(
        f"""
        select
            concat_ws('.', columns.database_name, columns.schema_name, columns.table_name, columns.column_name),
            coalesce(bool_or(constraint_type = 'NOT NULL'), false),
            coalesce(bool_or(constraint_text = {PSEUDONYM_CHECK}), false)
        from duckdb_columns() as columns
        left join duckdb_constraints() as constraints
            on
                columns.database_name = constraints.database_name
                and columns.schema_name = constraints.schema_name
                and columns.table_name = constraints.table_name
                and list_contains(constraints.constraint_column_names, columns.column_name)
        where columns.column_name in {PSEUDONYMS} and not columns.internal
        group by all
        order by all
        """
    ).fetchall()
    return [
        Finding("values", column, f"no {constraint} constraint")
        for column, is_not_null, is_checked in columns
        for constraint, holds in (("NOT NULL", is_not_null), ("CHECK", is_checked))
        if not holds
    ]


def membership_findings(
    connection: duckdb.DuckDBPyConnection, numbers: Iterable[str], columns: list[Cells]
) -> list[Finding]:
    """Columns, of those given, that hold one of the numbers that were sent, plain or encoded; seeds whose rows do."""
    tokens = Tokens(nine_digits=True)
    add_columns(tokens, connection, columns, allowed=allowed_in(connection))
    # Where somebody types rows, a number may be typed into several columns.
    for table in dict.fromkeys(column[:3] for column in columns if column[1] == "seeds"):
        rows = connection.execute(f"select columns(*)::varchar from {macros().relation_of(table)}").fetchall()
        tokens.add_beside(".".join(table), ([value or "" for value in row] for row in rows))
    return tokens.findings(numbers)


def add_columns(
    tokens: Tokens,
    connection: duckdb.DuckDBPyConnection,
    columns: Iterable[Cells],
    where: str = "",
    allowed: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Every value of stored columns, written out in the ways in which it could be read.

    Values that show by themselves that they are nobody's are left out, in a column that is allowed them:
    a seed's own (a code of nine digits may well be the beginning of somebody's number), a digest of what
    stands beside it, a rounded count.
    """
    for column in columns:
        relation, name = macros().relation_of(column), macros().quoted(column[3])
        place = where or masked(".".join(column[:4]))
        told_apart = macros().unless_allowed(name, allowed.get(".".join(column[1:4]), ""))
        for reading in readings(name, column[4]):
            # Nothing but letters a to p holds no digit, and most of what is stored about people is that.
            values = connection.execute(
                f"""
                select distinct {reading} as value from {relation}
                where not regexp_full_match({reading}, '[a-p]{{32}}') {told_apart}
                """
            )
            while rows := values.fetchmany(100_000):
                tokens.add(place, "\n".join(value for (value,) in rows).encode())


def readings(value: str, data_type: str) -> list[str]:
    """SQL that writes a value as text: as it prints, and by what counts or bytes it is made of."""
    kind = macros().kind_of_type(data_type)
    as_text = f"cast({value} as varchar)"
    if kind == "boolean":
        return []
    if data_type == "TIMESTAMP_NS":
        return [f"cast(epoch_ns({value}) as varchar)", f"cast(epoch_us({value}) as varchar)"]
    if kind in ("day", "moment", "time") or data_type == "INTERVAL":
        into = {"moment": "timestamp", "day": "timestamp", "time": "time"}.get(kind, "interval")
        into = data_type if data_type.endswith("WITH TIME ZONE") else into
        count = f"epoch_us(cast({value} as {into}))"
        return [f"cast({count} // {unit} as varchar)" for unit in (1, 1_000, 1_000_000)]
    if kind == "fraction":
        return [as_text, f"replace({as_text}, '.', '')", f"cast(try_cast({value} as hugeint) as varchar)"]
    if data_type == "BLOB":
        return [as_text, f"hex({value})"]
    if data_type == "BIT":
        # A string of more than 127 bits is no integer, but may well end in one, or be made of bytes.
        bits = f"ltrim({as_text}, '0')"
        integer = f"cast(cast(cast('0' || {bits} as bit) as hugeint) as varchar)"
        return [
            f"case when length({bits}) between 1 and 64 then {integer} end",
            f"hex(cast({value} as blob))",
        ]
    return [as_text]


def masked(name: str) -> str:
    """A name for a report: digits that could be somebody's are left out."""
    return NAME_WITH_DIGITS.sub("(digits)", name)
