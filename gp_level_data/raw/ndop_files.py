"""Files of the Check for National Data Opt-outs service, and how the gateway sees them.

A request lists the people asked about, its reply those of them who have not opted out: a list of who
is allowed, never of who objected. Both are one NHS Number a line, followed by a comma and LF, and share
the name <MAILBOX>-<DDMMYY>-<NNNN>.dat. Source: domain handbook, section 3.5.

Whatever else lies there may be a later reply under another name, so that nobody is permitted until it is gone.
"""

import os
import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow

from gp_level_data.custody.store import sql_text
from gp_level_data.raw import landing
from gp_level_data.raw.landing.find import holds_data, is_harmless_name
from gp_level_data.refusal import Refusal

FOLDER = "ndop"
FOLDERS = {"request": f"{FOLDER}/request", "reply": f"{FOLDER}/reply"}
# What a mailbox writes about a message, beside it.
ABOUT_A_MESSAGE = ".ctl"
# A mailbox of ten digits would look like an NHS Number wherever its name goes.
MAILBOX = r"(?=[0-9]*[A-Z])[A-Z0-9]{1,20}"
SUBJECT = rf"(?P<subject>{MAILBOX}-(?P<sent>[0-9]{{6}})-(?P<sequence>[0-9]{{4}}))"
NAME = re.compile(rf"{SUBJECT}\.(?i:dat)")
CHARACTERS = string.digits.encode() + b",\r\n"


@dataclass(frozen=True)
class ExchangeFile:
    """What a look at a file found; `refused_rule` is None where its lines are read."""

    direction: str
    path: Path
    subject: str | None = None
    sent_date: date | None = None
    sequence_number: int | None = None
    line_count: int | None = None
    refused_rule: str | None = None


def subject_of(mailbox: str, sent_date: date, sequence: int) -> str:
    """Subject of the message, which is also its file's name without .dat."""
    subject = f"{mailbox}-{sent_date:%d%m%y}-{sequence:04d}"
    if not NAME.fullmatch(f"{subject}.dat"):
        raise Refusal(
            "A mailbox is capital letters and digits, with a letter among them, and a sequence number 0 to 9999."
        )
    return subject


def write_request(raw_dir: Path, to: Path, subject: str, numbers: Iterable[str]) -> Path:
    """Write a request, readable by its owner alone; a Refusal where the subject was used before.

    It never goes into the raw folder, which is mounted read only: whoever fills that puts it there.
    """
    path = to / f"{subject}.dat"
    for used in (path, *(raw_dir / folder / path.name for folder in FOLDERS.values())):
        if used.exists():
            raise Refusal(f"There is a file {used} already: take the next sequence number.")
    try:
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise Refusal(f"The folder {to} cannot be written: {error.strerror}.") from None
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
            file.writelines(f"{number},\n" for number in numbers)
    except BaseException:
        # Half a request would be answered as if it were all.
        path.unlink()
        raise
    return path


def files_of(raw_dir: Path) -> Iterator[ExchangeFile]:
    """The files of both folders, by name and in order, before any was opened."""
    for direction, folder in FOLDERS.items():
        for path in data_in(raw_dir / folder):
            match = NAME.fullmatch(path.name) if path.is_file() else None
            yield named(ExchangeFile(direction, path.resolve()), match)
    for path in data_in(raw_dir / FOLDER):
        if path not in [raw_dir / folder for folder in FOLDERS.values()]:
            yield named(ExchangeFile("reply", path.resolve()), None)


def data_in(folder: Path) -> list[Path]:
    """What lies in a folder and may be an exchange: files, and folders that hold one."""
    found = sorted(folder.glob("*"))
    return [path for path in found if holds_data(path) and path.suffix.lower() != ABOUT_A_MESSAGE]


def not_read(raw_dir: Path) -> list[str]:
    """What lies there and is called otherwise, by its name where no number fits into that."""
    paths = [file.path for file in files_of(raw_dir.resolve()) if file.subject is None]
    return [path.name if is_harmless(path.name) else "a file whose name is not repeated" for path in paths]


def is_harmless(name: str) -> bool:
    """Whether no number fits into a name; a subject is said wherever its exchange is."""
    return is_harmless_name(re.sub(rf"\A{SUBJECT}", "", name))


def named(file: ExchangeFile, match: re.Match[str] | None) -> ExchangeFile:
    """The file with what its name says; a name that follows no rule may hold anything, and goes."""
    try:
        sent_date = datetime.strptime(match["sent"] if match else "", "%d%m%y").date()
    except ValueError:
        return replace(file, refused_rule="unexpected_file_name")
    assert match, "a name without a day was refused"
    return replace(file, subject=match["subject"], sent_date=sent_date, sequence_number=int(match["sequence"]))


def look_at(file: ExchangeFile) -> ExchangeFile:
    """The file with its number of lines; refused if more than numbers, commas and line ends is in it."""
    if file.refused_rule:
        return file
    line_ends, last, has_others = 0, b"\n", False
    try:
        with file.path.open("rb") as stream:
            while block := stream.read(landing.BLOCK):
                line_ends += block.count(b"\n")
                last = block[-1:]
                has_others = has_others or bool(block.translate(None, CHARACTERS))
    except OSError:
        return replace(file, refused_rule="unreadable_file")
    return replace(
        file,
        line_count=line_ends + (last != b"\n"),
        refused_rule="unexpected_character" if has_others else None,
    )


def create_relations(connection: duckdb.DuckDBPyConnection, raw_dir: Path) -> None:
    """Add the exchange to the schema `landing`: a view a direction, and what was found of the files."""
    files = [look_at(file) for file in files_of(raw_dir)]
    for direction, relation in (("request", "ndop_requests"), ("reply", "ndop_replies")):
        read = [file.path for file in files if file.direction == direction and not file.refused_rule]
        connection.execute(f"create view landing.{relation} as {lines_sql(read)}")
    columns = {
        "direction": pyarrow.string(),
        "subject": pyarrow.string(),
        "sent_date": pyarrow.date32(),
        "sequence_number": pyarrow.int64(),
        "line_count": pyarrow.int64(),
        "refused_rule": pyarrow.string(),
    }
    rows = {name: pyarrow.array([getattr(file, name) for file in files], kind) for name, kind in columns.items()}
    landing.create_table(connection, "ndop_files", pyarrow.table(rows))


def lines_sql(paths: list[Path]) -> str:
    """The select that reads files line by line, each with the subject of its file."""
    if not paths:
        return "select null::varchar as subject, null::varchar as line where false"
    listed = ", ".join(f"'{sql_text(path)}'" for path in paths)
    # No line holds the delimiter, or the file was refused: a line is one column, whatever it says.
    return (
        "select parse_filename(filename, true) as subject, line"
        f" from read_csv([{listed}], auto_detect = false, header = false, delim = '\t', quote = '',"
        " escape = '', columns = {'line': 'varchar'}, strict_mode = false, ignore_errors = true,"
        " hive_partitioning = false, filename = true)"
    )
