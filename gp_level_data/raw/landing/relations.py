"""The schema `landing`: accepted files as relations of one layout each, all columns text.

Views where patients are, of which no row is copied; what several models read of practices and GPs is small,
and becomes tables, so that it is parsed once.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow

from gp_level_data.custody.store import sql_text
from gp_level_data.raw.landing import delimited, organisations, salvaged, typed
from gp_level_data.raw.landing.contract import (
    PRACTICE_CODE,
    FileKind,
    file_kinds,
    sent_as,
)
from gp_level_data.raw.landing.find import RawFile, files_of
from gp_level_data.raw.landing.look import (
    look_at,
    read_of,
    refuse_delivered_twice,
    refuse_repeated,
    refuse_two_of_a_year,
    refuse_without_national_files,
)
from gp_level_data.raw.landing.typed import is_given, quoted
from gp_level_data.raw.synthetic_folder import is_synthetic

ROWS_AT_ONCE = 20_000
IDENTIFIERS = {"NHS_NUMBER", "NEWNHSNO"}
OPT_OUTS, SALVAGED = "opt_outs", "salvaged_opt_outs"
# How programs write a flag; by zeros behind its point nothing else can be meant.
YES, NO = "(1([.]0*)?|true|t|yes|y)", "(0([.]0*)?|false|f|no|n)"


class Rows:
    """Rows of files that are not read by the engine itself, as a stream that can be asked for again."""

    def __init__(self, files: list[RawFile]) -> None:
        self.files = files
        self.at = {name: files[0].columns.index(name) for name in read_of(files[0].kind, files[0].columns)}
        fields = [*sorted(self.at), "landing_path"]
        self.schema = pyarrow.schema([(name, pyarrow.string()) for name in fields])

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        reader = pyarrow.RecordBatchReader.from_batches(self.schema, self.batches())
        return reader.__arrow_c_stream__(requested_schema)

    def batches(self) -> Iterator[pyarrow.RecordBatch]:
        for file in self.files:
            rows = []
            for row in rows_of(file):
                rows.append(row)
                if len(rows) == ROWS_AT_ONCE:
                    yield self.batch(file, rows)
                    rows = []
            if rows:
                yield self.batch(file, rows)

    def batch(self, file: RawFile, rows: list[list[str]]) -> pyarrow.RecordBatch:
        columns = [
            pyarrow.array([row[self.at[name]] or None for row in rows], pyarrow.string()) for name in sorted(self.at)
        ]
        path = pyarrow.array([str(file.path)] * len(rows), pyarrow.string())
        return pyarrow.record_batch([*columns, path], schema=self.schema)


def rows_of(file: RawFile) -> Iterator[list[str]]:
    """The rows of a file that can be read."""
    if file.format == "json":
        yield from (list(row.values()) for row in organisations.read(file.path))
        return
    with delimited.records(file.path, file.packing, file.as_text) as records:
        yield from (cells for cells, _ in records if cells is not None)


def look_at_all(raw_dir: Path, collection: str) -> list[RawFile]:
    """Every file of the collection, looked at."""
    looks = [look_at(file) for kind in file_kinds(collection) for file in files_of(kind, raw_dir)]
    return refuse_two_of_a_year(refuse_delivered_twice(refuse_repeated(looks)))


def create_relations(connection: duckdb.DuckDBPyConnection, raw_dir: Path, collection: str) -> None:
    """Create the schema `landing`: one relation a kind of file, and what was found about the files."""
    files = look_at_all(raw_dir, collection)
    refuse_without_national_files(files)
    connection.execute("create schema landing")
    for kind in file_kinds(collection):
        accepted = [file for file in files if file.kind == kind and file.refused_rule is None]
        relation = relation_sql(connection, kind, accepted)
        if kind.relation == OPT_OUTS:
            refused = [file for file in files if file.kind == kind and file.refused_rule]
            relation += f" union all {salvage(connection, kind, refused)}"
        made = "view" if IDENTIFIERS & set(kind.columns) else "table"
        connection.execute(f"create {made} landing.{kind.relation} as {relation}")
    create_facts(connection, raw_dir, files)


def salvage(connection: duckdb.DuckDBPyConnection, kind: FileKind, refused: list[RawFile]) -> str:
    """The select of a row for each number in refused opt-out files, which says nothing else (salvaged.py)."""
    rows = [(number, str(file.path), at) for file in refused for at, number in enumerate(salvaged.numbers(file.path))]
    names = ("NHS_NUMBER", "landing_path", "landing_row")
    types = (pyarrow.string(), pyarrow.string(), pyarrow.int64())
    columns = [pyarrow.array([row[at] for row in rows], of) for at, of in enumerate(types)]
    create_table(connection, SALVAGED, pyarrow.table(dict(zip(names, columns, strict=True))))
    return f"select {layout(kind, names[:1])} from landing.{SALVAGED}"


def create_facts(connection: duckdb.DuckDBPyConnection, raw_dir: Path, files: list[RawFile]) -> None:
    """What was found about the files and their folder."""
    create_table(
        connection,
        "files",
        pyarrow.table(
            {
                "file_kind": pyarrow.array([file.kind.relation for file in files], pyarrow.string()),
                "file_name": pyarrow.array([file.name for file in files], pyarrow.string()),
                "practice_code": pyarrow.array([f.practice_code for f in files], pyarrow.string()),
                "byte_count": pyarrow.array([file.byte_count for file in files], pyarrow.int64()),
                "row_count": pyarrow.array([file.row_count for file in files], pyarrow.int64()),
                "extracted_at": pyarrow.array([f.extracted_at for f in files], pyarrow.string()),
                "refused_rule": pyarrow.array([f.refused_rule for f in files], pyarrow.string()),
            }
        ),
    )
    create_table(connection, "folder", pyarrow.table({"is_synthetic": [is_synthetic(raw_dir)]}))


def create_table(connection: duckdb.DuckDBPyConnection, name: str, rows: pyarrow.Table) -> None:
    """A small in-memory table of facts about the files."""
    connection.register("rows_to_land", rows)
    connection.execute(f"create table landing.{name} as from rows_to_land")
    connection.unregister("rows_to_land")


def relation_sql(connection: duckdb.DuckDBPyConnection, kind: FileKind, files: list[RawFile]) -> str:
    """The select that reads all files of a kind in one layout; no file gives no row."""
    alike = defaultdict(list)
    for file in files:
        alike[how_read(file)].append(file)
    selects = [
        f"select {layout(kind, group[0].columns)} from ({in_order(kind, source(connection, number, group))})"
        f" where {is_given(sorted(read_of(kind, group[0].columns)))}"
        for number, group in enumerate(alike.values())
    ]
    nothing = f"select {layout(kind, ())} from (select null::varchar as landing_path, null::bigint as landing_row) where false"
    return " union all ".join(selects or [nothing])


def in_order(kind: FileKind, select: str) -> str:
    """The select with the place of every row among those read, as the engine keeps it, where that is asked for."""
    return f"select *, row_number() over () as landing_row from ({select})" if kind.is_numbered else select


def how_read(file: RawFile) -> tuple[Any, ...]:
    """Files that agree in this are read by one call."""
    if file.typed:
        return (file.typed,)
    if file.format == "json" or file.as_text.row_by_row:
        return "row by row", file.columns
    return file.columns, file.packing, file.as_text


def source(connection: duckdb.DuckDBPyConnection, number: int, files: list[RawFile]) -> str:
    """The select that reads files of one form, with the columns of the contract under their names."""
    first = files[0]
    paths = [file.path for file in files]
    if first.typed:
        wanted = read_of(first.kind, first.columns)
        return f"select {first.typed.select(wanted)}, landing_path from {typed.reader(paths)}"
    if how_read(first)[0] == "row by row":
        name = f"landed_{first.kind.relation}_{number}"
        # A view, so that every cursor of the run finds it; it keeps the rows' source alive.
        connection.from_arrow(Rows(files)).create_view(name)
        return f"select * from {quoted(name)}"
    return f"select * from {reader(first, paths)}{surplus(first)}"


def surplus(file: RawFile) -> str:
    """Without rows that have a value beyond the last column: it belongs to no column of the contract."""
    beyond = range(file.as_text.column_count, file.as_text.width)
    conditions = [f"trim(coalesce({quoted(f'beyond_{at}')}, '')) = ''" for at in beyond]
    return f" where {' and '.join(conditions)}" if conditions else ""


def reader(file: RawFile, paths: list[Path]) -> str:
    """The table function that reads text files of one form; nothing is taken from their paths."""
    listed = ", ".join(f"'{sql_text(path)}'" for path in paths)
    wanted = read_of(file.kind, file.columns)
    names = [name if name in wanted else f"unread_{at}" for at, name in enumerate(file.columns)]
    names += [f"beyond_{at}" for at in range(file.as_text.column_count, file.as_text.width)]
    columns = ", ".join(f"'{sql_text(name)}': 'varchar'" for name in names)
    # A line that does not parse is left out, and found missing from the file's row count; the
    # engine's error would repeat it.
    return (
        f"read_csv([{listed}], auto_detect = false, header = false, skip = {file.as_text.skipped},"
        f" delim = '{file.as_text.delimiter}', quote = '\"', escape = '\"', columns = {{{columns}}},"
        f" compression = '{'gzip' if file.packing == 'gz' else 'none'}', hive_partitioning = false,"
        " ignore_errors = true, filename = 'landing_path')"
    )


def layout(kind: FileKind, columns: tuple[str, ...]) -> str:
    """The select list of a kind: its columns, the practice its file is named for, packed flags."""
    names = [f"{value_sql(name, columns)} as {name.lower()}" for name in kind.columns]
    if kind.stem == PRACTICE_CODE:
        names.append(r"regexp_extract(landing_path, '([^/\\.]+)\.[A-Za-z.]+$', 1) as file_practice_code")
    elif kind.owns_folder:
        names.append(rf"'{kind.folder}/' || regexp_extract(landing_path, '[^/\\]+$') as file_name")
    if kind.is_numbered:
        # as a spreadsheet counts them: the header is the first
        names.append("landing_row - min(landing_row) over (partition by landing_path) + 2 as file_row")
    if kind.optional:
        flags = [flag_letter(name) if name in columns else "'-'" for name in kind.optional]
        names.append(f"{' || '.join(flags)} as metric_flags")
    return ", ".join(names)


def value_sql(name: str, columns: tuple[str, ...]) -> str:
    """A column of the contract as the file has it, under its own name or another one that means it."""
    sent = sent_as(name, columns)
    if not sent:
        return "null::varchar"
    if sent[0].endswith("_CONCAT") and not name.endswith("_CONCAT"):
        return f"split_part({quoted(sent[0])}, ',', 1)"
    if len(sent) == 1 and not (name.endswith("_CONCAT") and sent[0] != name):
        return quoted(sent[0])
    return f"concat_ws(',', {', '.join(f'''nullif(trim({quoted(code)}), '')''' for code in sent)})"


def flag_letter(column: str) -> str:
    """One letter a metric: y meets it, n eligible but does not, - not eligible, ? cannot be read.

    Letters, because a digit may never stand in what the gateway stores.
    """
    value = quoted(column)
    said = f"lower(trim(coalesce({value}, '')))"
    # As nearly all are written; patterns are asked only where it is otherwise.
    return (
        f"(case when {value} is null then '-' when {value} = '0' then 'n' when {value} = '1' then 'y'"
        f" when regexp_full_match({said}, '{YES}') then 'y' when regexp_full_match({said}, '{NO}') then 'n'"
        f" when {said} = '' then '-' else '?' end)"
    )
