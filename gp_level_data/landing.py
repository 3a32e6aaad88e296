"""The raw landing folder: what may lie in it, what does, and how the gateway sees it.

A raw file is looked at once before any is read: its columns, its number of rows, and for a practice
file its moment of extraction. A file that breaks the contract is refused whole and listed with the
rule it broke; the others become relations of the schema `landing`, all columns text, one layout each,
whatever order, format or line ends their senders chose. Only views: no row is copied.
"""

import csv
import gzip
import hashlib
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.parquet

from gp_level_data.intake_rules import rules
from gp_level_data.refusal import Refusal
from gp_level_data.store import sql_text
from gp_level_data.synthetic_folder import is_synthetic

SEEDS = Path(__file__).parent.parent / "seeds"
COLLECTIONS = "gpes/{collection}"
# Kinds that not every collection has, and the collections that have them.
COLLECTED = {
    "practice_records": ("individual_gp_level_data",),
    "journals": ("gpdpr", "care_data"),
    "hes_apc": ("individual_gp_level_data", "care_data"),
    "social_care": ("care_data",),
}
FORMATS = re.compile(r"^(?P<stem>.+?)(?P<format>\.csv|\.csv\.gz|\.parquet)$")
PRACTICE_CODE = r"[A-Z][0-9]{5}"
BLOCK = 16 * 1024 * 1024
# More than any line of the contract; of a longer last line only its end is looked at.
LONGEST_LINE = 64 * 1024
# Kinds of which nothing but its content says that a file was sent twice.
COMPARED = ("hes_apc",)

# Organisation Data Service, legacy CSV without header (domain handbook, section 5).
ODS_COLUMNS = (
    "ORGANISATION_CODE", "NAME", "NATIONAL_GROUPING", "HIGH_LEVEL_HEALTH_GEOGRAPHY",
    "ADDRESS_1", "ADDRESS_2", "ADDRESS_3", "ADDRESS_4", "ADDRESS_5", "POSTCODE",
    "OPEN_DATE", "CLOSE_DATE", "STATUS_CODE", "SUB_TYPE_CODE", "PARENT_ORGANISATION_CODE",
    "JOIN_PARENT_DATE", "LEFT_PARENT_DATE", "TELEPHONE", "NULL_19", "NULL_20", "NULL_21",
    "AMENDED_RECORD_INDICATOR", "NULL_23", "CURRENT_CARE_ORGANISATION", "NULL_25",
    "PRESCRIBING_SETTING", "NULL_27",
)  # fmt: skip

# Coded journals, one row a coded record, in the layout of GDPPR (domain handbook, section 6).
JOURNAL_COLUMNS = (
    "PRACTICE", "PROCESSED_TIMESTAMP", "NHS_NUMBER", "DATE_OF_BIRTH", "SEX", "ETHNIC",
    "SEXUAL_ORIENTATION", "POSTCODE", "LSOA", "DATE_OF_DEATH", "REGISTERED_ON", "DEREGISTERED_ON",
    "CATEGORY", "DATE", "RECORD_DATE", "CODE", "VALUE1_CONDITION", "VALUE2_CONDITION", "STAFF_ROLE",
)  # fmt: skip
# The rest of that layout: what the sender's system writes anyway, and nobody here reads.
JOURNAL_COLUMNS_PASSED_OVER = (
    "GP_SYSTEM_SUPPLIER", "REPORTING_PERIOD_END_DATE", "JOURNAL_REPORTING_PERIOD_END_DATE",
    "SENSITIVE_CODE", "EPISODE_CONDITION", "EPISODE_PRESCRIPTION", "VALUE1_PRESCRIPTION",
    "VALUE2_PRESCRIPTION", "LINKS",
)  # fmt: skip
# The hospital: one column in one file, so that no stay is told apart by how a column writes it.
OTHER_NAMES = {"PROCODE": ("PROCODE5", "PROCODE3", "PROCODET")}
# What the care.data pilot did not collect (domain handbook, seed table).
NOT_IN_CARE_DATA = ("SEXUAL_ORIENTATION", "STAFF_ROLE")


@dataclass(frozen=True)
class FileKind:
    """One row of the contract with those who send.

    relation       name of the relation in the schema `landing`
    folder, stem   where its files lie below the raw folder, and a pattern for their names
    columns        the columns of the relation; every file must have them
    may_lack       columns of the relation that a file need not have: null where it has none
    not_collected  columns that the collection has no use for: null, and no file may have them
    optional       columns of flags that a file may have besides
    passed_over    columns that a file may have and nobody reads
    moment         the column that says when a practice file was extracted
    others_refused whether a column beyond these refuses the file; otherwise it is never read
    has_header     whether the first line names the columns
    is_required    whether a run makes no sense without a file of this kind
    owns_folder    whether nothing else may lie there, so that a misnamed file is not just passed over
    is_collected   whether the collection has files of this kind; if not, the relation is empty
    may_be_empty   whether a header alone says something: that nobody objected
    """

    relation: str
    folder: str
    stem: str
    columns: tuple[str, ...]
    may_lack: tuple[str, ...] = ()
    not_collected: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    moment: str = "EXTRACTED_AT"
    others_refused: bool = False
    has_header: bool = True
    is_required: bool = True
    owns_folder: bool = False
    is_collected: bool = True
    may_be_empty: bool = False


@dataclass(frozen=True)
class RawFile:
    """What a look at a raw file found; `refused_rule` is None where it keeps the contract.

    content  digest of a hospital file's content, to know it again; never stored, since whoever has it
             could try out whom a short file is about
    """

    kind: FileKind
    path: Path
    name: str
    format: str = ""
    practice_code: str | None = None
    columns: tuple[str, ...] = ()
    byte_count: int | None = None
    row_count: int | None = None
    extracted_at: str | None = None
    content: bytes | None = None
    refused_rule: str | None = None


def practice_metrics() -> tuple[str, ...]:
    """Ids of the metrics that practices send, in the order in which their flags are packed."""
    with (SEEDS / "metrics.csv").open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return tuple(sorted(row["metric_id"] for row in rows if row["origin"] == "practice"))


def file_kinds(collection: str) -> tuple[FileKind, ...]:
    """The contract for one collection: every kind of raw file, and whether its run reads it."""
    return tuple(
        replace(kind, is_collected=collection in COLLECTED.get(kind.relation, (collection,)))
        for kind in all_kinds(collection)
    )


def all_kinds(collection: str) -> tuple[FileKind, ...]:
    """Every kind of raw file of any collection, as this one would read it."""
    return (
        FileKind(
            "practice_records",
            COLLECTIONS.format(collection=collection),
            PRACTICE_CODE,
            ("PRACTICE_CODE", "EXTRACTED_AT", "NHS_NUMBER", "USUAL_GP_CODE"),
            optional=tuple(metric.upper() for metric in practice_metrics()),
            others_refused=True,
            owns_folder=True,
        ),
        FileKind(
            "opt_outs",
            "gpes/opt_outs",
            PRACTICE_CODE,
            ("PRACTICE_CODE", "NHS_NUMBER", "CODE_SCHEME", "CODE", "EFFECTIVE_DATE", "RECORDED_AT"),
            others_refused=True,
            owns_folder=True,
            may_be_empty=True,
        ),
        FileKind(
            "opt_out_extractions",
            "gpes",
            "opt_out_extractions",
            ("PRACTICE_CODE", "EXTRACTED_AT"),
            is_required=False,
            may_be_empty=True,
        ),
        FileKind(
            "suppliers",
            "gpes",
            "suppliers",
            ("PRACTICE_CODE", "GP_SYSTEM_SUPPLIER"),
            is_required=False,
            may_be_empty=True,
        ),
        FileKind(
            "hes_apc",
            "hes",
            "apc_[0-9]{4}",
            (
                "EPIKEY", "NEWNHSNO", "ADMIDATE", "ADMIMETH", "ADMISORC", "CLASSPAT", "DISDATE", "EPIORDER",
                "EPISTAT", "EPITYPE", "MAINSPEF", "MYDOB", "SEX", "STARTAGE", "DIAG_4_01",
                "DIAG_4_CONCAT", "OPERTN_4_CONCAT", "PROCODE",
            ),
            may_lack=("PROCODE",),
            owns_folder=True,
        ),
        FileKind("ods_practices", "ods", "epraccur", ODS_COLUMNS, has_header=False),
        FileKind("ods_gps", "ods", "egpcur", ODS_COLUMNS, has_header=False),
        FileKind(
            "cqrs_participation",
            "cqrs",
            "participation",
            ("PRACTICE_CODE", "SERVICE", "STATUS", "STATUS_DATE"),
        ),
        FileKind(
            "journals",
            COLLECTIONS.format(collection=collection),
            PRACTICE_CODE,
            JOURNAL_COLUMNS,
            not_collected=NOT_IN_CARE_DATA if collection == "care_data" else (),
            passed_over=JOURNAL_COLUMNS_PASSED_OVER if collection == "gpdpr" else (),
            moment="PROCESSED_TIMESTAMP",
            others_refused=True,
            owns_folder=True,
        ),
        FileKind(
            "social_care",
            "social_care",
            "social_care_[0-9]{4}",
            ("NHS_NUMBER", "SERVICE", "STARTED_ON", "ENDED_ON"),
            others_refused=True,
            is_required=False,
            owns_folder=True,
        ),
    )  # fmt: skip


def check_folder(raw_dir: Path, collection: str) -> None:
    """A Refusal where the folder is absent, empty, or lacks a kind of file that a run cannot miss."""
    if not raw_dir.is_dir():
        raise Refusal(f"There is no raw folder {raw_dir}.")
    if not any(path.is_file() for path in raw_dir.rglob("*")):
        raise Refusal(f"The raw folder {raw_dir} is empty.")
    for kind in file_kinds(collection):
        if kind.is_required and kind.is_collected and not any(files_of(kind, raw_dir)):
            raise Refusal(f"The raw folder {raw_dir} has no file {kind.folder}/{kind.stem}.csv.")


def files_of(kind: FileKind, raw_dir: Path) -> Iterator[RawFile]:
    """The files of a kind, by name and in order, before any was opened."""
    folder = raw_dir / kind.folder
    for path in sorted(folder.glob("*")) if kind.is_collected and folder.is_dir() else ():
        match = FORMATS.match(path.name)
        if match and re.fullmatch(kind.stem, match["stem"]):
            practice_code = match["stem"] if kind.stem == PRACTICE_CODE else None
            name = f"{kind.folder}/{path.name}"
            # A link may lead out of the raw folder, or to what another practice sent.
            is_itself = path.resolve() == raw_dir.resolve() / kind.folder / path.name
            rule = None if is_itself else "link_instead_of_file"
            yield RawFile(kind, path.resolve(), name, match["format"], practice_code, refused_rule=rule)
        elif kind.owns_folder and path.is_file() and not path.name.startswith("."):
            # Its name follows no rule, so it may hold anything: it is not repeated.
            name = f"{kind.folder}/(unexpected name)"
            yield RawFile(kind, path.resolve(), name, refused_rule="unexpected_file_name")


def look_at(file: RawFile) -> RawFile:
    """The file with its columns, row count and moment of extraction, or with the rule it broke."""
    if file.refused_rule:
        return file
    if not file.path.is_file():
        return replace(file, refused_rule="unreadable_file")
    file = replace(file, byte_count=file.path.stat().st_size)
    try:
        look = look_at_parquet if file.format == ".parquet" else look_at_csv
        columns, first_row, row_count, content, is_cut_off = look(file)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error, pyarrow.ArrowException):
        return replace(file, refused_rule="unreadable_file")
    values = dict(zip(columns, first_row, strict=False))
    return replace(
        file,
        columns=columns if file.kind.has_header else file.kind.columns,
        row_count=row_count,
        content=content if file.kind.relation in COMPARED else None,
        extracted_at=values.get(file.kind.moment) if file.practice_code else None,
        refused_rule=broken_file_rule(file.kind, columns, row_count, is_cut_off),
    )


Look = tuple[tuple[str, ...], tuple[str, ...], int, bytes, bool]


def look_at_csv(file: RawFile) -> Look:
    """Columns, first row, number of rows and digest of a CSV file, and whether it stops within a row.

    The file is read once, in blocks.
    """
    opener = gzip.open if file.format == ".csv.gz" else open
    with opener(file.path, "rb") as stream:
        head = stream.read(BLOCK)
        block, line_ends, returns, pairs, last, tail = head, 0, 0, 0, b"", b""
        digest = hashlib.sha256()
        while block:
            if file.kind.relation in COMPARED:
                digest.update(block)
            line_ends += block.count(b"\n")
            returns += block.count(b"\r")
            pairs += block.count(b"\r\n") + (last == b"\r" and block[:1] == b"\n")
            last = block[-1:]
            tail = (tail + block)[-LONGEST_LINE:]
            block = stream.read(BLOCK)
    # The engine's parser stops the whole run at a file that mixes line ends.
    if returns not in (0, pairs) or pairs not in (0, line_ends):
        raise csv.Error("mixed line ends")
    lines = head.split(b"\n", 2)[:2]
    rows = csv.reader(line.decode("utf-8-sig").rstrip("\r") for line in lines)
    columns = tuple(name.strip().upper() for name in next(rows, []))
    first_row = tuple(next(rows, []))
    line_count = line_ends + (1 if last not in (b"", b"\n") else 0)
    last_line = tail.rpartition(b"\n")[2].decode("utf-8", errors="replace")
    is_cut_off = bool(last_line) and len(next(csv.reader([last_line]))) != len(columns)
    row_count = max(line_count - file.kind.has_header, 0)
    return columns, first_row, row_count, digest.digest(), is_cut_off


def look_at_parquet(file: RawFile) -> Look:
    """Columns, first row, number of rows and digest of a Parquet file."""
    with pyarrow.parquet.ParquetFile(file.path) as table, file.path.open("rb") as stream:
        columns = tuple(name.upper() for name in table.schema_arrow.names)
        first = next(table.iter_batches(batch_size=1), None)
        values = first.to_pydict().values() if first is not None else ()
        first_row = tuple(str(value[0]) for value in values if value)
        digest = hashlib.file_digest(stream, "sha256").digest()
        return columns, first_row, table.metadata.num_rows, digest, False


def broken_file_rule(
    kind: FileKind, columns: tuple[str, ...], row_count: int, is_cut_off: bool
) -> str | None:
    """The first rule of the contract that a readable file breaks, if any."""
    if not columns:
        return "empty_file"
    if not kind.has_header and len(columns) != len(kind.columns):
        return "missing_column"
    if kind.has_header and (rule := broken_header_rule(kind, columns)):
        return rule
    if not (row_count or kind.may_be_empty):
        return "empty_file"
    # It was not sent whole, and nobody knows how many rows are missing.
    return "last_line_cut_off" if is_cut_off else None


def broken_header_rule(kind: FileKind, columns: tuple[str, ...]) -> str | None:
    """The first rule of the contract that the names of the columns break, if any."""
    if len(set(columns)) < len(columns):
        return "repeated_column"
    if set(kind.columns) - {*kind.may_lack, *kind.not_collected} - set(columns):
        return "missing_column"
    known = (set(kind.columns) - set(kind.not_collected)) | {*kind.optional, *kind.passed_over}
    if kind.others_refused and set(columns) - known:
        return "unknown_column"
    return None


def refuse_repeated(files: list[RawFile]) -> list[RawFile]:
    """Two files where there is one, for a practice or for all: nobody knows which is meant, so neither is."""
    count = Counter(the_only_one(file) for file in files)
    return [
        replace(file, refused_rule="more_than_one_file")
        if the_only_one(file) and count[the_only_one(file)] > 1
        else file
        for file in files
    ]


def the_only_one(file: RawFile) -> tuple[str, str | None] | None:
    """What there may be one file of: a practice's file of a kind, or a national file without a year."""
    if file.practice_code or not file.kind.owns_folder:
        return file.kind.relation, file.practice_code
    return None


def refuse_delivered_twice(files: list[RawFile]) -> list[RawFile]:
    """Hospital files of one content: the first by name is read, or each episode would be there twice."""
    seen = set()
    found = []
    for file in files:
        is_again = file.content is not None and file.content in seen
        seen.add(file.content)
        found.append(replace(file, refused_rule="file_delivered_twice") if is_again else file)
    return found


def refuse_without_national_files(files: list[RawFile]) -> None:
    """A Refusal where a file that concerns every practice breaks the contract.

    Without its rows the run would report zeros, such as nobody admitted, that nobody counted.
    """
    for file in files:
        if file.refused_rule in (None, "file_delivered_twice"):
            continue
        if file.kind.is_required and file.kind.stem != PRACTICE_CODE:
            words = rules()[file.refused_rule].meaning
            raise Refusal(f"The file {file.name} breaks the contract: {words}.")


def create_relations(
    connection: duckdb.DuckDBPyConnection, raw_dir: Path, collection: str
) -> None:
    """Create the schema `landing`: one view a kind of file, and what was found about the files."""
    kinds = file_kinds(collection)
    files = refuse_delivered_twice(
        refuse_repeated(
            [look_at(file) for kind in kinds for file in files_of(kind, raw_dir)]
        )
    )
    refuse_without_national_files(files)
    connection.execute("create schema landing")
    for kind in kinds:
        accepted = [file for file in files if file.kind == kind and file.refused_rule is None]
        connection.execute(f"create view landing.{kind.relation} as {relation_sql(kind, accepted)}")
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
    metrics = practice_metrics()
    create_table(
        connection,
        "metric_flags",
        pyarrow.table({"metric_id": metrics, "position": list(range(1, len(metrics) + 1))}),
    )
    create_table(
        connection, "folder", pyarrow.table({"is_synthetic": [is_synthetic(raw_dir)]})
    )


def create_table(
    connection: duckdb.DuckDBPyConnection, name: str, rows: pyarrow.Table
) -> None:
    """A small in-memory table of facts about the files."""
    connection.register("rows_to_land", rows)
    connection.execute(f"create table landing.{name} as from rows_to_land")
    connection.unregister("rows_to_land")


def relation_sql(kind: FileKind, files: list[RawFile]) -> str:
    """The select that reads all files of a kind in one layout; no file gives no row."""
    alike = defaultdict(list)
    for file in files:
        alike[file.format == ".parquet", file.columns].append(file.path)
    selects = [
        f"select {layout(kind, columns)} from {reader(kind, columns, paths, is_parquet)}"
        for (is_parquet, columns), paths in alike.items()
    ]
    nothing = f"select {layout(kind, ())} from (select null::varchar as filename) where false"
    return " union all ".join(selects or [nothing])


def layout(kind: FileKind, columns: tuple[str, ...]) -> str:
    """The select list of a kind: its columns, the practice its file is named for, packed flags."""
    names = [f"{value_sql(name, columns)} as {name.lower()}" for name in kind.columns]
    if kind.stem == PRACTICE_CODE:
        names.append(
            rf"regexp_extract(filename, '([^/\\]+?)\.[a-z.]+$', 1) as file_practice_code"
        )
    elif kind.owns_folder:
        names.append(rf"'{kind.folder}/' || regexp_extract(filename, '[^/\\]+$') as file_name")
    if kind.optional:
        flags = [flag_letter(name) if name in columns else "'-'" for name in kind.optional]
        names.append(f"{' || '.join(flags)} as metric_flags")
    return ", ".join(names)


def value_sql(name: str, columns: tuple[str, ...]) -> str:
    """A column of the contract as the file has it, under its own name or another one that means it."""
    found = [sent for sent in (name, *OTHER_NAMES.get(name, ())) if sent in columns]
    return f'"{found[0]}"::varchar' if found else "null::varchar"


def flag_letter(column: str) -> str:
    """One letter a metric: y meets it, n eligible but does not, - not eligible, ? cannot be read.

    Letters, because a digit may never stand in what the gateway stores.
    """
    return (
        f"""(case trim("{column}") when '1' then 'y' when '0' then 'n' """
        f"""else case when coalesce(trim("{column}"), '') = '' then '-' else '?' end end)"""
    )


def reader(kind: FileKind, columns: tuple[str, ...], paths: list[Path], is_parquet: bool) -> str:
    """The table function that reads files of one header."""
    listed = ", ".join(f"'{sql_text(path)}'" for path in paths)
    if is_parquet:
        return f"read_parquet([{listed}], filename = true)"
    types = ", ".join(f"'{sql_text(name)}': 'varchar'" for name in columns)
    # A line that does not parse is left out, and found missing from the file's row count; the
    # engine's error would repeat it.
    return (
        f"read_csv([{listed}], auto_detect = false, header = {str(kind.has_header).lower()},"
        f" delim = ',', quote = '\"', escape = '\"', columns = {{{types}}},"
        " ignore_errors = true, filename = true)"
    )
