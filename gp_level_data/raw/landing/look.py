"""A look at a raw file before any is read: its columns, its number of rows, and the rule it breaks."""

import csv
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import IO

import pyarrow

from gp_level_data.raw.intake_rules import rules
from gp_level_data.raw.landing import delimited, organisations, typed
from gp_level_data.raw.landing.broken import Broken
from gp_level_data.raw.landing.contract import (
    COMPARED,
    PRACTICE_CODE,
    PSEUDONYMS_OF_OTHERS,
    FileKind,
    file_kinds,
    sent_as,
)
from gp_level_data.raw.landing.find import RawFile, files_of
from gp_level_data.raw.landing.packed import BLOCK, DAMAGED, unpacked
from gp_level_data.refusal import Refusal

# A column's name is its sender's own; only words are repeated.
HARMLESS_COLUMN = re.compile(r"[A-Z_ ]{1,40}")
MOST_NAMED = 5
# What some systems write at the end of a file: the end mark of DOS, and zeros up to the end of a block.
FILLING = b"\x1a\0"


def look_at(file: RawFile) -> RawFile:
    """The file with its columns, row count and moment of extraction, or with the rule it broke."""
    looks = {"parquet": look_at_parquet, "json": look_at_json}
    return looked_at(file, looks.get(file.format, look_at_text))


def glance_at(file: RawFile) -> RawFile:
    """The file with the rule that its first lines break, if any: for a refusal before any work begins."""
    glances = {"parquet": glance_at_parquet, "json": look_at_json}
    return looked_at(file, glances.get(file.format, glance_at_text))


def looked_at(file: RawFile, look: Callable[[RawFile], RawFile]) -> RawFile:
    """What a look finds; what it stumbles over is the file's, and told as a rule."""
    if file.refused_rule:
        return file
    if not file.path.is_file():
        what = "it is a folder" if file.path.is_dir() else "it is no file"
        return replace(file, refused_rule="unreadable_file", detail=what)
    file = replace(file, byte_count=file.path.stat().st_size)
    try:
        return look(file)
    except Broken as broken:
        return replace(file, refused_rule=broken.rule, detail=broken.detail)
    except PermissionError:
        return replace(file, refused_rule="unreadable_file", detail="this account may not read it")
    except DAMAGED:
        detail = f"what it is packed with is no {file.packing}, or damaged" if file.packing else None
    except (UnicodeError, csv.Error, pyarrow.ArrowException):
        detail = None
    return replace(file, refused_rule="unreadable_file", detail=detail)


def look_at_text(file: RawFile) -> RawFile:
    """The look at delimited text: once through its bytes, row by row only where the engine would stumble."""
    with unpacked(file.path, file.packing) as stream:
        head = read_block(stream)
        found = delimited.read_head(file.kind, head)
        if found is None:
            return replace(file, row_count=0, refused_rule="empty_file")
        dialect, columns, rows = found
        is_header = file.kind.has_header and broken_header_rule(file.kind, columns) is None
        header = delimited.Header(file.kind, columns, dialect.delimiter) if is_header else None
        counted = delimited.count(stream, head, dialect, header)
        # What is packed with zeros after it, or in an archive, the engine cannot read.
        is_padded = getattr(getattr(stream, "raw", None), "is_padded", False)
    dialect = replace(
        dialect,
        is_windows=counted.is_windows,
        row_by_row=(
            dialect.row_by_row or counted.is_odd or counted.is_windows or is_padded
            or file.packing == "zip"
        ),
    )  # fmt: skip
    row_count = counted.lines - dialect.named
    is_cut = is_cut_off(counted.last_line, dialect)
    if dialect.row_by_row:
        # Line ends may stand within quotation marks, so that the last line is not the last row.
        row_count, is_last_whole = count_rows(file, dialect)
        is_cut = is_cut and not is_last_whole
    values = dict(zip(columns, rows[0], strict=False)) if rows else {}
    rule = broken_file_rule(file.kind, columns, row_count, is_cut)
    if rule == "last_line_cut_off" and not counted.last_line.strip(FILLING):
        rule = "ends_in_no_text"
    return replace(
        file,
        columns=columns,
        dialect=dialect,
        size=counted.size,
        row_count=row_count,
        extracted_at=values.get(file.kind.moment) if file.practice_code else None,
        refused_rule=rule,
        detail=with_form(in_detail(file.kind, rule, columns), dialect),
    )


def with_form(detail: str | None, dialect: delimited.Dialect) -> str | None:
    """What is wrong with the columns of a file, and what was found between them."""
    return f"{detail}; delimiter: {delimited.DELIMITERS[dialect.delimiter]}" if detail else None


def count_rows(file: RawFile, dialect: delimited.Dialect) -> tuple[int, bool]:
    """Rows that are sent, one by one, and whether the last of them can be read."""
    row_count, is_last_whole = 0, True
    with delimited.records(file.path, file.packing, dialect) as records:
        for cells, lines in records:
            row_count += lines
            is_last_whole = cells is not None
    return row_count, is_last_whole


def read_block(stream: IO[bytes]) -> bytes:
    """The first block, however small the pieces are that the stream is read in."""
    pieces, size = [], 0
    while size < BLOCK and (piece := stream.read(BLOCK - size)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def is_cut_off(last_line: bytes, dialect: delimited.Dialect) -> bool:
    """Whether the last line, if no line end follows it, has another number of cells than the rows."""
    text = last_line.decode(delimited.WINDOWS, errors="as_in_latin_1")
    if delimited.is_blank(text):
        return False
    cells = next(csv.reader([text], delimiter=dialect.delimiter), [])
    return not dialect.column_count <= len(cells) <= dialect.width


def glance_at_text(file: RawFile) -> RawFile:
    """The first block of delimited text."""
    with unpacked(file.path, file.packing) as stream:
        found = delimited.read_head(file.kind, read_block(stream))
    columns, rows = found[1:] if found else ((), [])
    rule = broken_file_rule(file.kind, columns, len(rows), False)
    detail = with_form(in_detail(file.kind, rule, columns), found[0]) if found else None
    return replace(file, refused_rule=rule, detail=detail)


def glance_at_parquet(file: RawFile) -> RawFile:
    """The schema of a Parquet file."""
    found = typed.look_into(file.path)
    if rule := broken_header_rule(file.kind, found.names):
        return replace(file, refused_rule=rule, detail=in_detail(file.kind, rule, found.names))
    if unusable := found.unusable(read_of(file.kind, found.names)):
        raise Broken("unusable_column_type", f"{listed(unusable)} is of a type that is not read")
    return replace(file, columns=found.names, typed=found)


def look_at_parquet(file: RawFile) -> RawFile:
    """The look at a Parquet file: all that is to be read of it is read."""
    file = glance_at_parquet(file)
    if file.refused_rule:
        return file
    assert file.typed, "a Parquet file that was looked at"
    found, wanted = file.typed, read_of(file.kind, file.columns)
    moment = file.kind.moment if file.practice_code else None
    row_count, extracted_at = typed.count(file.path, found, wanted, moment)
    rule = broken_file_rule(file.kind, found.names, row_count, False)
    return replace(file, row_count=row_count, extracted_at=extracted_at, refused_rule=rule)


def look_at_json(file: RawFile) -> RawFile:
    """The look at a bundle of organisations."""
    rows = organisations.read(file.path)
    rule = broken_file_rule(file.kind, file.kind.columns, len(rows), False)
    return replace(file, columns=file.kind.columns, row_count=len(rows), refused_rule=rule)


def read_of(kind: FileKind, columns: tuple[str, ...]) -> set[str]:
    """The columns of a file that are read: all that say something the relation wants."""
    wanted = (*kind.columns, *kind.optional)
    return {sent for name in wanted for sent in sent_as(name, columns)}


def broken_file_rule(kind: FileKind, columns: tuple[str, ...], row_count: int, is_cut_off: bool) -> str | None:
    """The first rule of the contract that a readable file breaks, if any."""
    if not columns:
        return "empty_file"
    if not kind.has_header and len(columns) != len(kind.columns):
        return "other_column_count"
    if kind.has_header and (rule := broken_header_rule(kind, columns)):
        return rule
    if not (row_count or kind.may_be_empty):
        return "empty_file"
    # It was not sent whole, and nobody knows how many rows are missing.
    return "last_line_cut_off" if is_cut_off else None


def broken_header_rule(kind: FileKind, columns: tuple[str, ...]) -> str | None:
    """The first rule of the contract that the names of the columns break, if any."""
    named = [name for name in columns if name]
    if len(set(named)) < len(named):
        return "repeated_column"
    if "NEWNHSNO" in kind.required and stand_ins(columns):
        return "people_not_linkable"
    if missing(kind, columns):
        return "missing_column"
    if kind.others_refused and set(columns) - allowed(kind):
        return "unknown_column"
    return None


def stand_ins(columns: tuple[str, ...]) -> list[str]:
    """Pseudonyms of others that stand where the NHS Number is missing."""
    return [name for name in PSEUDONYMS_OF_OTHERS if name in columns and "NEWNHSNO" not in columns]


def missing(kind: FileKind, columns: tuple[str, ...]) -> list[str]:
    return [name for name in kind.required if not sent_as(name, columns)]


def allowed(kind: FileKind) -> set[str]:
    """The names that a column may have where others refuse the file."""
    return (set(kind.columns) - set(kind.not_collected)) | {*kind.optional, *kind.passed_over}


def in_detail(kind: FileKind, rule: str | None, columns: tuple[str, ...]) -> str | None:
    """How the columns of a file break a rule, in names of the contract and in harmless ones of the file."""
    if rule == "other_column_count":
        return f"{len(columns)} columns, {len(kind.columns)} expected"
    if rule == "missing_column":
        absent = missing(kind, columns)
        alike = [found for name in absent if (found := written_otherwise(name, columns))]
        also = f" ({'; '.join(alike[:MOST_NAMED])})" if alike else ""
        return f"missing: {listed(absent)}{also}"
    if rule == "repeated_column":
        twice = [name for name, number in Counter(columns).items() if name and number > 1]
        return f"twice: {listed([safe_name(kind, columns, name) for name in twice])}"
    if rule == "unknown_column":
        others = [name for name in columns if name not in allowed(kind)]
        return f"not asked for: {listed([safe_name(kind, columns, name) for name in others])}"
    if rule == "people_not_linkable":
        found = listed(stand_ins(columns))
        return f"NEWNHSNO is missing and {found} is a pseudonym that no practice's patients share"
    return None


def written_otherwise(name: str, columns: tuple[str, ...]) -> str | None:
    """A column that would be the one but for blanks and other signs in its name."""
    for column in columns:
        if re.sub("[^A-Z0-9]", "", column) == re.sub("[^A-Z0-9]", "", name):
            return f"a column is called '{column}'" if is_harmless(column) else None
    return None


def is_harmless(column: str) -> bool:
    return bool(HARMLESS_COLUMN.fullmatch(column))


def safe_name(kind: FileKind, columns: tuple[str, ...], name: str) -> str:
    """A column by its name where that is the contract's, or a word in a line of names; else by its place."""
    is_header = len(set(columns) & kind.known_names) * 2 >= len(kind.required)
    if name in kind.known_names or (is_header and is_harmless(name)):
        return name
    return f"a column at place {columns.index(name) + 1}"


def listed(names: Iterable[str]) -> str:
    """Names in a row, the first few of many."""
    names = list(names)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def refuse_repeated(files: list[RawFile]) -> list[RawFile]:
    """Two files where there is one, for a practice or for all: nobody knows which is meant, so neither is."""
    return refuse_more_than_one(files, the_only_one)


def refuse_two_of_a_year(files: list[RawFile]) -> list[RawFile]:
    """Two national files of one year, such as a provisional and a final one: nobody knows which is meant either."""
    return refuse_more_than_one(files, the_only_one_of_its_year)


def refuse_more_than_one(
    files: list[RawFile], only: Callable[[RawFile], tuple[str, str | None] | None]
) -> list[RawFile]:
    """The files, refused where there are several of what there may be one."""
    alike = defaultdict(list)
    for file in files:
        alike[only(file)].append(file)
    return [
        replace(file, refused_rule="more_than_one_file", detail=which_are_meant(alike[only(file)]))
        if only(file) and len(alike[only(file)]) > 1
        else file
        for file in files
    ]


def which_are_meant(files: list[RawFile]) -> str | None:
    """The files of which there may be one, where their own names do not tell: one is misnamed, or stops the run."""
    names = [
        file.called or "a file whose name is not repeated" if file.refused_rule == "unexpected_file_name" else file.name
        for file in files
    ]
    return f"found: {listed(names)}" if names != [file.name for file in files] or concerns_all(files[0]) else None


def the_only_one(file: RawFile) -> tuple[str, str | None] | None:
    """What there may be one file of: a practice's file of a kind, or a national file without a year."""
    if file.practice_code or not file.kind.owns_folder:
        return file.kind.relation, file.practice_code
    return None


def the_only_one_of_its_year(file: RawFile) -> tuple[str, str | None] | None:
    """What there may be one accepted file of: a national file's year, whatever the ending of its name."""
    if the_only_one(file) or file.refused_rule:
        return None
    return file.kind.relation, file.path.name.partition(".")[0]


def refuse_delivered_twice(files: list[RawFile]) -> list[RawFile]:
    """Hospital files of one content: the first by name is read, or each episode would be there twice."""
    alike = defaultdict(list)
    for file in files:
        if file.kind.relation in COMPARED and file.refused_rule is None:
            alike[file.size or file.byte_count].append(file)
    # Only files of one length can be the same: a national file is not worth a digest of its own.
    seen, again = set(), set()
    for same_size in alike.values():
        for file in same_size if len(same_size) > 1 else ():
            content = digest(file)
            again |= {file.name} if content in seen else set()
            seen.add(content)
    return [replace(file, refused_rule="file_delivered_twice") if file.name in again else file for file in files]


def digest(file: RawFile) -> bytes:
    """Digest of a file's content, to know it again; never stored, since whoever has it could try out
    whom a short file is about."""
    found = hashlib.sha256()
    with unpacked(file.path, file.packing) as stream:
        while block := stream.read(BLOCK):
            found.update(block)
    return found.digest()


def refuse_at_a_glance(raw_dir: Path, collection: str) -> None:
    """A Refusal where the first lines of a file that concerns every practice break the contract."""
    files = [file for kind in file_kinds(collection) for file in files_of(kind, raw_dir)]
    refuse_without_national_files(refuse_repeated([glance_at(file) for file in files if concerns_all(file)]))


def refuse_without_national_files(files: list[RawFile]) -> None:
    """A Refusal where a file that concerns every practice breaks the contract.

    Without its rows the run would report zeros, such as nobody admitted, that nobody counted, or collect
    somebody whose objection stands in it.
    """
    for file in files:
        if stops_the_run(file):
            raise Refusal(f"The file {file.name} breaks the contract: {in_one_sentence(file)}; {advice(file)}.")


def stops_the_run(file: RawFile) -> bool:
    is_broken = file.refused_rule not in (None, "file_delivered_twice")
    return is_broken and file.kind.is_required and concerns_all(file)


def concerns_all(file: RawFile) -> bool:
    """Whether a file is about every practice, or may be about any."""
    return file.kind.stem != PRACTICE_CODE or (file.kind.binds_all and file.practice_code is None)


def in_one_sentence(file: RawFile) -> str:
    """What is wrong with a file: the rule's words, and how it breaks it."""
    assert file.refused_rule, "a file that was refused"
    meaning = rules()[file.refused_rule].meaning
    return f"{meaning} ({file.detail})" if file.detail else meaning


def advice(file: RawFile) -> str:
    """What to do about it, as the end of a sentence."""
    assert file.refused_rule, "a file that was refused"
    words = rules()[file.refused_rule].what_to_do
    return words[0].lower() + words[1:]


def written_as(file: RawFile) -> str:
    """How an accepted file is written."""
    if file.format != "csv":
        return {"parquet": "Parquet", "json": "JSON"}[file.format]
    encoding = "Windows-1252" if file.as_text.is_windows else "UTF-8"
    packing = f", {file.packing}" if file.packing else ""
    return f"{delimited.DELIMITERS[file.as_text.delimiter]}, {encoding}{packing}"
