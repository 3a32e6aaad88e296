"""Delimited text: what its first lines say of it, how many rows it holds, and its rows one by one.

The engine reads most files itself. What it would stop at, or lose more of than the line that is wrong
(Windows-1252, mixed line ends, quotation marks astray, rows of uneven width), is read here instead,
row by row, by the rules of RFC 4180.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy

from gp_level_data.raw.landing.broken import Broken
from gp_level_data.raw.landing.contract import ODS_COLUMNS, ODS_OTHER_NAMES, OTHER_WAYS, FileKind
from gp_level_data.raw.landing.packed import BLOCK, unpacked

DELIMITERS = {",": "comma", "\t": "tab", "|": "pipe"}
OTHER_DELIMITERS = {";": "semicolon", "^": "circumflex", "~": "tilde", ":": "colon", "\x01": "control character"}
BLANKS = " \t\xa0\"'" + "".join(DELIMITERS)
# Round a column's name: blanks of every width besides.
AROUND_NAMES = BLANKS + "".join(filter(str.isspace, map(chr, range(0x3001))))
# More than any cell of the contract; the engine takes none that is longer either.
LONGEST_CELL = 2_000_000
LONGEST_LINE = 64 * 1024 * 1024
# Larger files are not read row by row for the sake of a few that are too short or too long.
LARGE = 256 * 1024 * 1024
# How much of a file says how it is written.
SAMPLE_ROWS = 200
SAMPLE_BYTES = 64 * 1024
WINDOWS = "windows-1252"
# Titles and notes above the names of the columns; with more of them it is another kind of text.
MOST_TITLES = 4
# First bytes of what is no text, and what to call it.
OTHER_FORMATS = {
    b"PK\x03\x04": "it is a zip archive or a workbook, whatever its name says",
    b"\x1f\x8b": "it is packed with gzip, whatever its name says",
    b"PAR1": "it is Parquet, whatever its name says",
    b"\xd0\xcf\x11\xe0": "it is a workbook",
    b"\x28\xb5\x2f\xfd": "it is packed with zstd",
    b"BZh": "it is packed with bzip2",
    b"\xfd7zXZ\0": "it is packed with xz",
    b"7z\xbc\xaf": "it is an archive of 7-Zip",
    b"Rar!": "it is an archive of RAR",
    b"%PDF": "it is a PDF",
    b"-----BEGIN PGP": "it is encrypted with PGP",
}
# Where an archive of tar says that it is one.
TAR, AT = b"ustar", 257
csv.field_size_limit(LONGEST_CELL)


def as_in_latin_1(error: UnicodeError) -> tuple[str, int]:
    """The five bytes that Windows-1252 leaves open; a row is not lost for one."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("as_in_latin_1", as_in_latin_1)


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is written.

    delimiter   comma, tab or pipe
    skipped     lines before the first row: blank ones and the names of the columns
    named       how many of these are not blank
    width       columns of a row, empty ones at its end included
    column_count  columns of the contract, or as many as are named; cells beyond them must be empty
    is_windows  whether it is in Windows-1252, since it is not in UTF-8
    row_by_row  whether it is read here and not by the engine
    """

    delimiter: str
    skipped: int
    named: int
    width: int
    column_count: int
    is_windows: bool = False
    row_by_row: bool = False


@dataclass
class Counted:
    """What a pass over the bytes of a file found."""

    size: int = 0
    lines: int = 0
    is_windows: bool = False
    is_odd: bool = False
    last_line: bytes = b""


def head_lines(head: bytes) -> list[str]:
    """The first lines as text, without one that goes on beyond the head."""
    for start, what in OTHER_FORMATS.items():
        if head.startswith(start):
            raise Broken("unreadable_file", what)
    if head[AT : AT + len(TAR)] == TAR:
        raise Broken("unreadable_file", "it is a tar archive")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or is_of_two_bytes(head[:2000].rstrip(b"\0")):
        raise Broken("other_encoding", "it is in UTF-16")
    sample = head[:SAMPLE_BYTES]
    lines = lines_of(sample)
    if len(sample) < len(head) and all(map(is_blank, lines[:-1])):
        sample, lines = head, lines_of(head)
    return lines[:-1] if len(sample) < len(head) or len(head) >= BLOCK else lines


def lines_of(sample: bytes) -> list[str]:
    """The lines of the first bytes; a character may be cut through at their end."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(sample)
    except UnicodeDecodeError:
        text = sample.decode(WINDOWS, errors="as_in_latin_1")
    return list(io.StringIO(text, newline=""))


def is_of_two_bytes(head: bytes) -> bool:
    """Whether every second byte is nearly always zero, as in UTF-16 without a mark."""
    return any(head[at::2].count(0) * 2 > len(head[at::2]) > 4 for at in (0, 1))


def is_blank(line: str) -> bool:
    return not line.strip(BLANKS + "\r\n")


def cells_of(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """The rows that are not blank and can be read."""
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
        if any(cell.strip(BLANKS) for cell in row):
            yield row


def without_empty_end(row: list[str]) -> list[str]:
    """A row without the empty cells at its end."""
    while row and not row[-1].strip(BLANKS):
        row = row[:-1]
    return row


def read_head(kind: FileKind, head: bytes) -> tuple[Dialect, tuple[str, ...], list[list[str]]] | None:
    """How the file is written, its columns, and its first rows; None where all is blank.

    Of a file without header that has another number of columns than the contract, they are numbered.
    """
    lines = head_lines(head)
    first = next((at for at, line in enumerate(lines) if not is_blank(line)), None)
    named = 0
    if first is not None and re.fullmatch(r'"?sep=.?"?\s*', lines[first], re.IGNORECASE):
        # For spreadsheets only; the lines that follow say it as well.
        named = 1
        first = next((at for at in range(first + 1, len(lines)) if not is_blank(lines[at])), None)
    if first is None:
        return None
    refuse_titles(kind, lines, first)
    delimiter = delimiter_of(kind, lines[first:])
    names = next(cells_of(lines[first:], delimiter), [])
    has_names = kind.has_header or is_ods_header(names)
    if has_names and not kind.has_header:
        refuse_other_places(names)
    skipped = first + has_names
    rows = list(islice(cells_of(lines[skipped:], delimiter), SAMPLE_ROWS))
    columns = tuple(clean(name) for name in without_empty_end(names)) if kind.has_header else kind.columns
    ends_by = max((len(without_empty_end(row)) for row in rows), default=0)
    widths = Counter(len(row) for row in rows) or Counter([len(names)])
    width = widths.most_common(1)[0][0]
    is_indexed = width > len(columns) and bool(rows) and all(row[0].strip(BLANKS).isdecimal() for row in rows)
    if not kind.has_header and (width < len(columns) or ends_by > len(columns) or is_indexed):
        columns = tuple(map(str, range(width)))
    # Rows that end in one delimiter more than the others are as good as those.
    good = [count for count in widths if count >= len(columns)]
    dialect = Dialect(
        delimiter,
        skipped,
        named + has_names,
        width if width in good and ends_by <= len(columns) else len(columns),
        len(columns),
        row_by_row=len(good) > 1 and ends_by <= len(columns),
    )
    return dialect, columns, rows


def clean(name: str) -> str:
    """A column's name in capitals, without what nobody sees: marks of order or width, and blanks round it."""
    seen = "".join(sign for sign in name if unicodedata.category(sign) != "Cf")
    return seen.strip(AROUND_NAMES).upper()


def delimiter_of(kind: FileKind, lines: list[str]) -> str:
    """What stands between the cells of the first line, by the names in it or by their number."""
    found = {}
    for delimiter in (*DELIMITERS, *OTHER_DELIMITERS):
        names = [clean(name) for name in next(cells_of(lines, delimiter), [])]
        is_known = len(set(names) & kind.known_names) if kind.has_header else len(names) == len(kind.columns)
        found[delimiter] = is_known, len(names)
    delimiter = max(found, key=lambda delimiter: found[delimiter])
    if delimiter in OTHER_DELIMITERS:
        what = OTHER_DELIMITERS[delimiter]
        raise Broken("other_delimiter", f"what stands between its columns is a {what}")
    if found[delimiter][1] < 2:
        raise Broken("other_delimiter", "its first line has neither comma nor tab nor pipe")
    return delimiter


def refuse_titles(kind: FileKind, lines: list[str], first: int) -> None:
    """Broken where the names of the columns, or the rows of a file without them, begin below a title or a note."""
    filled = [at for at in range(first, len(lines)) if not is_blank(lines[at])][: MOST_TITLES + 1]
    for at in filled:
        if is_beginning(kind, lines[at]):
            break
    else:
        return
    if at != first:
        what = "the names of its columns are" if kind.has_header else "the first line of its columns is"
        raise Broken("lines_above_names", f"{what} in line {at + 1}")


def is_beginning(kind: FileKind, line: str) -> bool:
    """Whether a line names the kind's columns, or in a file that need not name them has as many cells."""
    for delimiter in (*DELIMITERS, *OTHER_DELIMITERS):
        cells = next(cells_of([line], delimiter), [])
        if not kind.has_header and (len(cells) == len(kind.columns) or is_ods_header(cells)):
            return True
        named = len({clean(cell) for cell in cells} & kind.known_names)
        if kind.has_header and named > 1 and named * 2 >= len(kind.required):
            return True
    return False


def bare(name: str) -> str:
    """A column's name without whatever senders write between its words."""
    return re.sub("[^A-Z0-9]", "", name.upper())


ODS_PLACES = {bare(name): ODS_COLUMNS.index(name) for name in ODS_COLUMNS} | {
    bare(other): ODS_COLUMNS.index(name) for other, name in ODS_OTHER_NAMES.items()
}


def is_ods_header(cells: list[str]) -> bool:
    """Whether the first line of a file without header names its columns all the same."""
    names = [bare(cell) for cell in cells]
    return "NAME" in names[1:2] or len(ODS_PLACES.keys() & set(names)) > 1


def refuse_other_places(cells: list[str]) -> None:
    """Broken where a header says that a column stands elsewhere than in the layout, by which the file is read."""
    for at, cell in enumerate(cells):
        expected = ODS_PLACES.get(bare(cell), at)
        if expected != at:
            name = ODS_COLUMNS[expected]
            raise Broken("columns_in_other_places", f"{name} is at place {at + 1}, {expected + 1} expected")


class Header:
    """The names of a file's columns, by which a line within it is known that names them anew.

    Where two extracts were put together, the rows of the second stand under the names of the first.
    """

    def __init__(self, kind: FileKind, columns: tuple[str, ...], delimiter: str) -> None:
        self.columns, self.delimiter = columns, delimiter
        self.known = kind.known_names | set(columns)
        # Every header has it, and no value holds it.
        self.mark = max((name for name in kind.required if name not in OTHER_WAYS), key=len)

    def another_in(self, whole: bytes) -> int | None:
        """Where a line begins that names other columns than the header, or the same in another order."""
        capitals, mark = whole.upper(), self.mark.encode()
        at = capitals.find(mark)
        while at >= 0:
            begin = whole.rfind(b"\n", 0, at) + 1
            begin = max(begin, whole.rfind(b"\r", begin, at) + 1)
            end = whole.find(b"\n", at) % (len(whole) + 1)
            end = (whole.find(b"\r", at, end) + 1 or end + 1) - 1
            if self.is_another(whole[begin:end].decode("utf-8", "replace")):
                return begin
            at = capitals.find(mark, end)
        return None

    def is_another(self, line: str) -> bool:
        row = next(cells_of([line], self.delimiter), [])
        names = tuple(clean(name) for name in without_empty_end(row))
        number = sum(name in self.known for name in names)
        return self.mark in names and number * 2 >= len(names) > 1 and number > 1 and names != self.columns


def count(stream: io.BufferedReader, head: bytes, dialect: Dialect, header: Header | None = None) -> Counted:
    """Lines that are not blank, and whether the engine can be trusted with the file.

    A few comparisons over each block instead of a look at each line: a national file has 20 million.
    """
    counted, returns, pairs, ends, delimiters = Counted(), 0, 0, 0, 0
    delimiter = dialect.delimiter.encode()
    blank = re.compile(rb"^[ \t\"" + re.escape(delimiter) + rb"]*\r?$", re.MULTILINE)
    decoder = codecs.getincrementaldecoder("utf-8")()
    block, carried, has_quotes, is_last = head.removeprefix(codecs.BOM_UTF8), b"", False, False
    while not is_last:
        is_last = not block
        counted.size += len(block)
        if not (counted.is_windows or (block.isascii() and not decoder.getstate()[0])):
            try:
                decoder.decode(block, final=is_last)
            except UnicodeDecodeError:
                counted.is_windows = True
        whole, carried = split(carried + block, is_last)
        if len(carried) > LONGEST_LINE:
            raise Broken("unreadable_file", "it has a line of more than 64 megabytes, or no line ends")
        if whole:
            signs = numpy.frombuffer(whole, numpy.uint8)
            at_ends = numpy.flatnonzero(signs == NEW_LINE)
            starts = numpy.concatenate(([0], at_ends + 1))
            starts = starts[starts < len(signs)]
            returns += int(numpy.count_nonzero(signs == RETURN))
            pairs += int(numpy.count_nonzero(signs[at_ends[at_ends > 0] - 1] == RETURN))
            if header and (returns != pairs or may_name(signs, starts)):
                at = header.another_in(whole)
                if at is not None:
                    # Lines that end in a carriage return alone are not counted here.
                    place = f"line {ends + int((at_ends < at).sum()) + 1:,}" if returns == pairs else "a line"
                    raise Broken("columns_named_anew", f"{place} does")
            ends += len(at_ends)
            blanks = blank_lines(whole, signs[starts], blank, delimiter)
            counted.lines += len(starts) - len(blanks)
            if counted.size < LARGE:
                delimiters += int(numpy.count_nonzero(signs == delimiter[0]))
                delimiters -= sum(line.count(delimiter) for line in blanks)
            if b'"' in whole:
                has_quotes = True
                counted.is_odd = counted.is_odd or has_odd_quotes(signs, at_ends, delimiter)
            counted.last_line = whole[max(whole.rfind(b"\n"), whole.rfind(b"\r")) + 1 :]
        block = b"" if is_last else stream.read(BLOCK)
    is_mixed = returns not in (0, pairs) or pairs not in (0, ends)
    # Of a large file only the rows that are too short or too long are lost, and counted.
    is_uneven = (
        not has_quotes
        and counted.size < LARGE
        and delimiters - in_skipped(head, dialect) != (counted.lines - dialect.named) * (dialect.width - 1)
    )
    counted.is_odd = counted.is_odd or is_mixed or is_uneven
    return counted


NEW_LINE, RETURN, QUOTE = b'\n\r"'
IN_NAMES = numpy.array([chr(sign).isalpha() or chr(sign) == "_" or sign > 127 for sign in range(256)])
AFTER_NAMES = IN_NAMES | numpy.isin(range(256), list(b'"\t ' + "".join(DELIMITERS).encode()))


def may_name(signs: numpy.ndarray, starts: numpy.ndarray) -> bool:
    """Whether a line starts as one of names does: a quotation mark or a mark that nobody sees may go before."""
    return bool(
        (IN_NAMES[signs.take(starts + 1, mode="clip")] & AFTER_NAMES[signs.take(starts + 2, mode="clip")]).any()
    )


def blank_lines(whole: bytes, first: numpy.ndarray, blank: re.Pattern[bytes], delimiter: bytes) -> list[bytes]:
    """The lines without a word; looked for only where a line starts as one."""
    if any((first == sign).any() for sign in b"\n\r \t" + delimiter) or b'\n""' in whole or whole.startswith(b'""'):
        return [found.group() for found in blank.finditer(whole.removesuffix(b"\n"))]
    return []


def in_skipped(head: bytes, dialect: Dialect) -> int:
    """Delimiters in the lines before the first row, blank ones left out."""
    lines = head.removeprefix(codecs.BOM_UTF8).split(b"\n", dialect.skipped)[: dialect.skipped]
    signs = BLANKS.encode("latin-1") + b"\r\n"
    return sum(line.count(dialect.delimiter.encode()) for line in lines if line.strip(signs))


def split(data: bytes, is_last: bool) -> tuple[bytes, bytes]:
    """Whole lines, and the beginning of one that goes on in the next block."""
    at = len(data) if is_last else data.rfind(b"\n") + 1
    return data[:at], data[at:]


def has_odd_quotes(signs: numpy.ndarray, at_ends: numpy.ndarray, delimiter: bytes) -> bool:
    """Whether a line has an open quotation mark, or one that stands neither at a cell's start nor end.

    In good lines every other mark opens, at a cell's start or after one that it escapes.
    """
    quotes = numpy.flatnonzero(signs == QUOTE)
    if len(quotes) % 2 or (numpy.searchsorted(quotes, at_ends) % 2).any():
        return True
    opening, closing = quotes[::2], quotes[1::2]
    before = signs[opening[opening > 0] - 1]
    after = signs[closing[closing < len(signs) - 1] + 1]
    good = list(b'\n\r"' + delimiter)
    return not (numpy.isin(before, good).all() and numpy.isin(after, good).all())


class Lines:
    """Lines of a text, counted, that notes when more were asked for than there are."""

    def __init__(self, text: Iterable[str]) -> None:
        self.text = iter(text)
        self.taken: list[str] = []
        self.is_over = False

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = next(self.text, None)
        if line is None:
            self.is_over = True
            raise StopIteration
        self.taken.append(line)
        return line


Record = tuple[list[str] | None, int]


@contextmanager
def records(path: Path, packing: str, dialect: Dialect) -> Iterator[Iterator[Record]]:
    """The rows of a file, blank ones left out: the cells, or None and the number of lines lost."""
    encoding = WINDOWS if dialect.is_windows else "utf-8-sig"
    with unpacked(path, packing) as stream:
        errors = "as_in_latin_1" if dialect.is_windows else "strict"
        yield rows_of(io.TextIOWrapper(stream, encoding, errors, newline=""), dialect)


def rows_of(text: Iterable[str], dialect: Dialect) -> Iterator[Record]:
    lines = Lines(text)
    for _ in range(dialect.skipped):
        next(lines, None)
    reader = csv.reader(lines, delimiter=dialect.delimiter)
    while True:
        lines.taken.clear()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None, 1
            continue
        sent = [line for line in lines.taken if not is_blank(line)]
        if not any(cell.strip(BLANKS) for cell in row):
            continue
        if lines.is_over or (len(lines.taken) > 1 and has_swallowed(lines.taken[1:], dialect)):
            # A quotation mark is open: what follows it belongs to other rows.
            yield None, max(len(sent), 1)
        elif len(row) < dialect.column_count or len(without_empty_end(row)) > dialect.column_count:
            yield None, 1
        else:
            yield row[: dialect.column_count], 1


def has_swallowed(lines: list[str], dialect: Dialect) -> bool:
    """Whether a line within a quoted cell is a row of its own."""
    try:
        rows = [next(csv.reader([line], delimiter=dialect.delimiter), []) for line in lines]
    except csv.Error:
        return True
    # The end of a quoted first cell has its quotation mark; a row of its own starts without one.
    return any(len(row) >= dialect.column_count and '"' not in row[0] for row in rows)
