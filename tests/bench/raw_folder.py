"""The raw landing folder read by plain Python, from the contract in the design, not by the gateway's reader."""

import csv
import gzip
import io
import re
from pathlib import Path

import pyarrow.parquet

from gp_level_data.raw import landing
from gp_level_data.shapes import Settings
from opt_outs.opt_out_oracle import Sent, has_check_digit, text

RECORDS = ("PRACTICE_CODE", "EXTRACTED_AT", "NHS_NUMBER", "USUAL_GP_CODE")
# The journals' names for the same, and no usual GP.
NAMES_IN_JOURNALS = {"PRACTICE": "PRACTICE_CODE", "PROCESSED_TIMESTAMP": "EXTRACTED_AT"}
OPT_OUTS = ("PRACTICE_CODE", "NHS_NUMBER", "CODE_SCHEME", "CODE", "EFFECTIVE_DATE", "RECORDED_AT")
METRICS = ("bowel_cancer_screening", "cervical_screening", "diabetes_hba1c_58", "diabetes_hba1c_75")
FLAGS = {"1": "y", "0": "n", "": "-"}
# Columns of epraccur.csv, which has no header.
ODS = {
    "organisation_code": 0,
    "open_date": 10,
    "close_date": 11,
    "status_code": 12,
    "prescribing_setting": 25,
}


def cells(path: Path) -> list[list[str]]:
    """All lines of a file, the header first."""
    if path.suffix == ".parquet":
        table = pyarrow.parquet.read_table(path)
        columns = [["" if v is None else str(v) for v in column.to_pylist()] for column in table.columns]
        return [table.column_names, *map(list, zip(*columns))]
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read(raw_dir: Path, settings: Settings) -> Sent:
    """Everything a run takes in, as it was sent."""
    sent = Sent(settings)
    folder = raw_dir / "gpes" / settings["collection"]
    if has_journals(settings):
        add_files(sent, "practice_records", folder, RECORDS[:3], None)
    else:
        add_files(sent, "practice_records", folder, RECORDS, METRICS)
    add_files(sent, "opt_outs", raw_dir / "gpes" / "opt_outs", OPT_OUTS)
    header, *rows = cells(raw_dir / "cqrs" / "participation.csv")
    sent.participation = [dict(zip([name.lower() for name in header], row)) for row in rows]
    sent.practices = [
        {name: row[at] or None for name, at in ODS.items()} for row in cells(raw_dir / "ods" / "epraccur.csv")
    ]
    return sent


def has_journals(settings: Settings) -> bool:
    """Whether the collection's files are journals, of which only who is in them is read here."""
    return settings["collection"] in landing.COLLECTED["journals"]


def add_files(
    sent: Sent, kind: str, folder: Path, needed: tuple[str, ...], allowed: tuple[str, ...] | None = ()
) -> None:
    """The practices' files of one kind, and the rows of those that keep the contract: all columns, if None."""
    for path in sorted(folder.iterdir()):
        named = re.fullmatch(r"([A-Z][0-9]{5})\.(csv|csv\.gz|parquet)", path.name)
        assert named, "a name that is no practice's"
        practice = named[1]
        header, *rows = cells(path)
        header = [NAMES_IN_JOURNALS.get(name.upper(), name.upper()) for name in header]
        names = {*needed, *(name.upper() for name in allowed)} if allowed is not None else set(header)
        keeps_contract = set(needed) <= set(header) <= names
        whole = [dict(zip(header, row)) for row in rows if len(row) == len(header)]
        sent.files.append(
            {
                "file_kind": kind,
                "practice_code": practice,
                "row_count": len(rows),
                "extracted_at": whole[0].get("EXTRACTED_AT") if whole else None,
                "refused_rule": None if keeps_contract else "contract",
            }
        )
        if keeps_contract:
            added = [{name.lower(): row[name] for name in needed} for row in whole]
            for row, read_row in zip(whole, added):
                read_row["file_practice_code"] = practice
                flags = [FLAGS.get(text(row.get(name.upper())), "?") for name in allowed or ()]
                read_row["metric_flags"] = "".join(flags)
            getattr(sent, kind).extend(added)
        elif kind == "opt_outs":
            # whom a refused file may name objects, in whatever way
            numbers = {re.sub("[ -]", "", cell) for row in rows for cell in row}
            named_there = sorted(number for number in numbers if re.fullmatch("[0-9]{10}", number))
            nothing = dict.fromkeys(name.lower() for name in needed)
            sent.opt_outs += [
                nothing | {"nhs_number": number, "file_practice_code": practice}
                for number in named_there
                if has_check_digit(number)
            ]
