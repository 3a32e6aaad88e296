"""What lies in the raw folder: the files of each kind, what is misnamed, and what is passed over."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from gp_level_data.raw.landing.contract import COLLECTED, FORMATS, PRACTICE_CODE, FileKind, file_kinds
from gp_level_data.raw.landing.delimited import Dialect
from gp_level_data.raw.landing.typed import Typed
from gp_level_data.raw.synthetic_folder import MARKER
from gp_level_data.refusal import Refusal

# What lies beside data files and is none: it is passed over, and said.
LITTER = re.compile(
    # A note has no ending, or one of a text that is no table: README_A81001.csv is called as data are.
    r"(\..*|~\$.*|thumbs\.db|desktop\.ini|(readme|read_me|licen[cs]e)([^.]*|.*\.(txt|md|rst|pdf|docx?|rtf|html?))"
    r"|lost\+found|system volume information|\$recycle\.bin|__macosx|@eadir"
    r"|.*\.(md5|sha1|sha256|sha512|sum)|(md5|sha1|sha256|sha512|check)sums?(\.txt)?(\.(sig|asc))?"
    # A signature is called like the whole file; A81001.asc is that file itself, encrypted.
    r"|.*\.(csv|txt|tsv|psv|zip|parquet|json|md|pdf)(\.(gz|zip))?\.(sig|asc))",
    re.IGNORECASE,
)
# What is called so beside the folder of the opt-outs may hold anybody's objection, however it is written.
OF_OBJECTIONS = re.compile(
    r"(?!.*extraction).*(opt[\W_]*outs?(?![a-z])|objection|dissent|(?<![a-z])type[\W_]*[12](?![0-9]))", re.IGNORECASE
)
# Beside the folders of the contract: the exchange with the national service (ndop_files.py).
OTHER_FOLDERS = ("ndop",)
# A name that no number and no sentence fits into.
HARMLESS_NAME = re.compile(r"(?!.*[0-9]{6})[A-Za-z0-9_.()\[\] -]{1,60}")
MOST_DIGITS = 8
# Whose a file is, in a name that follows no rule, such as "A81001 (2).csv".
CODE_IN_NAME = re.compile(rf"(?<![A-Z0-9])({PRACTICE_CODE})(?![0-9])", re.IGNORECASE)


@dataclass(frozen=True)
class RawFile:
    """What a look at a raw file found; `refused_rule` is None where it keeps the contract.

    packing   gz, zip or nothing
    size      bytes of the content, unpacked
    detail    how it breaks the rule, for the custodian's screen: column names and counts, no value
    called    a name that follows no rule and is harmless, for the custodian's screen and no table
    """

    kind: FileKind
    path: Path
    name: str
    format: str = ""
    practice_code: str | None = None
    packing: str = ""
    columns: tuple[str, ...] = ()
    dialect: Dialect | None = None
    typed: Typed | None = None
    byte_count: int | None = None
    size: int | None = None
    row_count: int | None = None
    extracted_at: str | None = None
    refused_rule: str | None = None
    detail: str | None = None
    called: str | None = None

    @property
    def as_text(self) -> Dialect:
        """How a text file is written that was looked at and accepted."""
        assert self.dialect
        return self.dialect


def check_folder(raw_dir: Path, collection: str) -> None:
    """A Refusal where the folder is absent, empty, or lacks a kind of file that a run cannot miss."""
    if not raw_dir.is_dir():
        raise Refusal(f"There is no raw folder {raw_dir}.")
    refuse_closed(raw_dir, collection)
    if not any(path.is_file() for path in raw_dir.rglob("*")):
        raise Refusal(f"The raw folder {raw_dir} is empty.")
    for kind in missing_kinds(raw_dir, collection):
        raise Refusal(f"The raw folder {raw_dir} has no file {kind.example}.")


def refuse_closed(raw_dir: Path, collection: str) -> None:
    """A Refusal where this account may not look into a folder of the contract: it would seem to hold nothing."""
    places = (parent for kind in file_kinds(collection) for parent in (Path(kind.folder), *Path(kind.folder).parents))
    for place in sorted(set(places)):
        if is_closed(raw_dir / place):
            raise Refusal(f"The raw folder {raw_dir} cannot be read by this account: its folder {place}.")


def is_closed(folder: Path) -> bool:
    """Whether it is there, and this account may not list it or reach what is in it."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                entry.stat()
                break
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def missing_kinds(raw_dir: Path, collection: str) -> Iterator[FileKind]:
    """Kinds of file that the collection cannot miss and of which there is none."""
    for kind in file_kinds(collection):
        if kind.is_required and kind.is_collected and not any(files_of(kind, raw_dir)):
            yield kind


def files_of(kind: FileKind, raw_dir: Path) -> Iterator[RawFile]:
    """The files of a kind, by name and in order, before any was opened."""
    folder = raw_dir / kind.folder
    for path in objections_elsewhere(raw_dir, folder) if kind.binds_all and kind.is_collected else ():
        yield misnamed(kind, raw_dir, path)
    for path in sorted(folder.glob("*")) if kind.is_collected and folder.is_dir() else ():
        found = named_for(kind, path.name)
        if found:
            practice_code = found["stem"] if kind.stem == PRACTICE_CODE else None
            name = f"{kind.folder}/{path.name}"
            packing = (found["packing"] or found["zip"] or "").lower()
            # A link may lead out of the raw folder, or to what another practice sent.
            is_itself = path.resolve() == raw_dir.resolve() / kind.folder / path.name
            rule = None if is_itself else "link_instead_of_file"
            yield RawFile(
                kind, path.resolve(), name, (found["other"] or "csv").lower(), practice_code, packing,
                refused_rule=rule,
            )  # fmt: skip
        elif kind.owns_folder and holds_data(path):
            yield misnamed(kind, raw_dir, path)


def misnamed(kind: FileKind, raw_dir: Path, path: Path) -> RawFile:
    """A file or folder whose name follows no rule, so that it may hold anything: it is not repeated in any table."""
    place = path.relative_to(raw_dir).with_name("(unexpected name)").as_posix()
    called = path.relative_to(raw_dir).as_posix() if is_harmless_name(path.name) else None
    told = f"{called} is called otherwise" if called else "its name is not repeated"
    detail = f"{told}: call it like {kind.example}"
    detail += "; it may hold anybody's objection" if kind.binds_all else ""
    practice_code = code_in(path.name) if kind.binds_all else None
    return RawFile(
        kind, path.resolve(), place, practice_code=practice_code,
        refused_rule="unexpected_file_name", detail=detail, called=called,
    )  # fmt: skip


def objections_elsewhere(raw_dir: Path, folder: Path) -> Iterator[Path]:
    """What lies beside the folder of the opt-outs, or above it, and is called like it."""
    for beside in (raw_dir, folder.parent):
        for path in sorted(beside.glob("*")):
            if path != folder and OF_OBJECTIONS.match(path.name) and holds_data(path):
                yield path


def holds_data(path: Path) -> bool:
    """Whether it is a file, or a folder with one in it, and no litter; what nobody may look into holds some."""
    if LITTER.fullmatch(path.name):
        return False
    try:
        return any(map(holds_data, path.iterdir())) if path.is_dir() and not path.is_symlink() else path.exists()
    except OSError:
        return True


def code_in(name: str) -> str | None:
    """The one practice's code that a name holds, however it is written."""
    found = {code.upper() for code in CODE_IN_NAME.findall(name)}
    return found.pop() if len(found) == 1 else None


def named_for(kind: FileKind, name: str) -> re.Match[str] | None:
    """The parts of a file's name where it is one of the kind's."""
    found = FORMATS.fullmatch(name)
    if not found or not re.fullmatch(kind.stem, found["stem"]):
        return None
    return found if kind.takes_json or (found["other"] or "").lower() != "json" else None


def is_harmless_name(name: str) -> bool:
    digits = sum(sign.isdigit() for sign in name)
    return bool(HARMLESS_NAME.fullmatch(name)) and digits <= MOST_DIGITS


def not_of_the_contract(raw_dir: Path, collection: str) -> list[Path]:
    """Files and folders beside those of the contract that no rule speaks of and nobody reads: one may be misnamed."""
    kinds = [kind for kind in file_kinds(collection) if kind.is_collected]
    shared = sorted({kind.folder for kind in kinds if not kind.owns_folder})
    others = {kind.folder for each in set(chain(*COLLECTED.values())) for kind in file_kinds(each)}
    known = {parent for folder in (*others, *OTHER_FOLDERS) for parent in (Path(folder), *Path(folder).parents)}
    told_among_files = {
        path for kind in kinds if kind.binds_all for path in objections_elsewhere(raw_dir, raw_dir / kind.folder)
    }
    return [
        path.relative_to(raw_dir)
        for folder in ("", *shared)
        for path in sorted((raw_dir / folder).glob("*"))
        if holds_data(path)
        and path.relative_to(raw_dir) not in known
        and path != raw_dir / MARKER
        and not any(named_for(kind, path.name) for kind in kinds if kind.folder == folder)
        and path not in told_among_files
    ]


def passed_over(raw_dir: Path, collection: str) -> list[Path]:
    """What lies in the folders of the contract and is no data: checksums, notes, a file system's litter."""
    folders = sorted({kind.folder for kind in file_kinds(collection) if kind.is_collected})
    return [
        path.relative_to(raw_dir)
        for folder in folders
        for path in sorted((raw_dir / folder).glob("*"))
        if path.is_file() and LITTER.fullmatch(path.name)
    ]
