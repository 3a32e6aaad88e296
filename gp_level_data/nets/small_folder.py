"""A small raw folder made from the sample, for proofs that build again and again.

All files that a collection reads, with everything in them that breaks a rule, and so every story of
practices and patients; but of the people an eighth, drawn by lot, and of those with a journal, who are
few, everybody. And an exchange on national opt-outs.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Container
from datetime import date
from pathlib import Path

import pyarrow
import pyarrow.parquet

from gp_level_data.nets import raw_numbers, renaming
from gp_level_data.project import SAMPLE
from gp_level_data.raw import landing, ndop_files
from gp_level_data.raw.synthetic_folder import MARKER, is_synthetic, write_marker
from gp_level_data.refusal import Refusal

ONE_IN = 8
DISSEMINATED_AT = date(2017, 4, 6)
JOURNALS = landing.COLLECTED["journals"]


def make(raw_dir: Path, collection: str) -> Path:
    """Write the folder; a Refusal where the sample is not there, or not as it was made."""
    if not is_synthetic(SAMPLE):
        raise Refusal("The project's folder sample is not there, or not as it was made.")
    kinds = [kind for kind in landing.file_kinds(collection) if kind.is_collected]
    people = SAMPLE / landing.COLLECTIONS.format(collection=collection)
    always = raw_numbers.numbers_in(people) if collection in JOURNALS else set()
    for folder in sorted({kind.folder for kind in kinds}):
        for path in sorted(path for path in (SAMPLE / folder).iterdir() if path.is_file()):
            target = raw_dir / folder / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".parquet":
                thin_parquet(path, target, always)
            else:
                target.write_bytes(thinned(path, always))
    add_exchange(raw_dir, raw_dir / people.relative_to(SAMPLE))
    marker = json.loads((SAMPLE / MARKER).read_text(encoding="utf-8"))
    write_marker(raw_dir, marker["scale"], marker["seed"])
    return raw_dir


def is_kept(text: str, always: Container[str] = ()) -> bool:
    """Whether somebody is in the folder: by lot, and whoever's number is out of order."""
    number = re.sub("[ -]", "", text.strip())
    is_usable = re.fullmatch("[0-9]{10}", number) and renaming.kind_of(number) == "test"
    is_drawn = hashlib.sha256(number.encode()).digest()[0] < 256 // ONE_IN
    return not is_usable or is_drawn or number in always


def thinned(path: Path, always: Container[str]) -> bytes:
    """A file with the lines of those who are kept; a line without a number is kept too."""
    is_compressed = path.suffix == ".gz"
    content = gzip.decompress(path.read_bytes()) if is_compressed else path.read_bytes()
    header, *rows = content.decode("latin-1").split("\n")
    place = renaming.place_of_number(header)
    if place is None:
        return path.read_bytes()
    spans = [renaming.cell_span(row, place) for row in rows]
    kept = [row for row, span in zip(rows, spans) if not span or is_kept(row[slice(*span)].strip('"'), always)]
    content = "\n".join([header, *kept]).encode("latin-1")
    return gzip.compress(content, mtime=0) if is_compressed else content


def thin_parquet(path: Path, target: Path, always: Container[str]) -> None:
    table = pyarrow.parquet.read_table(path)
    numbers = table.column("NHS_NUMBER").to_pylist()
    kept = [is_kept(number or "", always) for number in numbers]
    pyarrow.parquet.write_table(table.filter(pyarrow.array(kept)), target)


def add_exchange(raw_dir: Path, of_practices: Path) -> None:
    """Who may be disseminated: first an answer that names people never asked about, then one about
    everybody of the practices' files, which permits three of four."""
    sent = raw_numbers.numbers_in(of_practices)
    people = sorted(number for number in sent if renaming.kind_of(number) == "test")
    permitted = [number for at, number in enumerate(people) if at % 4]
    for sequence, asked in enumerate((people[::2], people), start=1):
        subject = ndop_files.subject_of("SMALL01", DISSEMINATED_AT, sequence)
        path = ndop_files.write_request(raw_dir, raw_dir / ndop_files.FOLDERS["request"], subject, asked)
        reply = raw_dir / ndop_files.FOLDERS["reply"] / path.name
        reply.parent.mkdir(parents=True, exist_ok=True)
        reply.write_text("".join(f"{number},\n" for number in permitted), encoding="ascii")
