"""Whatever arrives: small raw folders with one thing wrong each, and the verdict that each must get.

A folder is looked at by the package landing and judged by the gateway's own SQL in a plain database; no dbt. In every case
the other practice's patients stay, every row sent is accounted for, and no message repeats a number.
"""

import atexit
import csv
import functools
import gzip
import io
import json
import os
import re
import string
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import hypothesis
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import strategies as st

from bench import gateway_sql
from conftest import COLLECTION, PROJECT, examples, test_number
from gp_level_data.raw import landing
from gp_level_data.raw.intake_rules import rules
from gp_level_data.refusal import Refusal
from gp_level_data.runs import whole_run
from gp_level_data.shapes import Row
from opt_outs.opt_out_oracle import Sent, number_rule

HERE, OTHER = "A81001", "B81001"
EXTRACTED = "2017-04-01T02:00:00+01:00"
SETTINGS = {
    "collection": COLLECTION,
    "collected_at": "2017-04-02T09:00:00+01:00",
    "period_start": "2016-04-01",
    "period_end": "2017-03-31",
    "exception_id": "",
}
METRICS = [metric.upper() for metric in landing.practice_metrics()]
HEADER = ["PRACTICE_CODE", "EXTRACTED_AT", "NHS_NUMBER", "USUAL_GP_CODE", *METRICS]
OPT_OUT_HEADER = ["PRACTICE_CODE", "NHS_NUMBER", "CODE_SCHEME", "CODE", "EFFECTIVE_DATE", "RECORDED_AT"]
KINDS = {kind.relation: kind for kind in landing.file_kinds(COLLECTION)}
HOSPITAL_HEADER = list(KINDS["hes_apc"].columns)
GP = "G1000070"
RECORDS = f"gpes/{COLLECTION}/{HERE}.csv"
OPT_OUTS = f"gpes/opt_outs/{HERE}.csv"
HOSPITAL = "hes/apc_1617.csv"
NUMBER = re.compile(r"[0-9]{3}[\W_]?[0-9]{3}[\W_]?[0-9]{4}")


def lines(*rows: list[str], end: str = "\n") -> bytes:
    return "".join(",".join(cells) + end for cells in rows).encode()


def person(stem: int, practice: str = HERE, **changes: str) -> list[str]:
    """A row of a practice file, good but for the changes."""
    row = dict(zip(HEADER, [practice, EXTRACTED, test_number(stem), GP, "1", "0", "", "1"])) | changes
    return [row[name] for name in HEADER]


def objection(stem: int, **changes: str) -> list[str]:
    """A row of the opt-out file: an objection that counts."""
    row = dict(zip(OPT_OUT_HEADER, [HERE, test_number(stem), "CTV3", "XaZ89", "2016-01-01", "2016-01-01T10:00:00Z"]))
    return [(row | changes)[name] for name in OPT_OUT_HEADER]


def episode(stem: int, **changes: str) -> list[str]:
    """A row of the hospital file: an emergency in the period."""
    row = dict.fromkeys(HOSPITAL_HEADER, "")
    row |= {"EPIKEY": f"{stem}", "NEWNHSNO": test_number(stem), "ADMIDATE": "2016-12-24", "ADMIMETH": "21"}
    row |= {
        "EPIORDER": "1",
        "EPISTAT": "3",
        "EPITYPE": "1",
        "CLASSPAT": "1",
        "SEX": "1",
        "STARTAGE": "64",
        "DIAG_4_01": "J459",
    }
    return [(row | changes)[name] for name in HOSPITAL_HEADER]


PEOPLE = [person(1), person(2), person(3)]
GOOD = lines(HEADER, *PEOPLE)
EPISODES = [episode(1), episode(2)]


def write(raw_dir: Path, relative: str, content: bytes) -> None:
    path = raw_dir / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def good_folder(raw_dir: Path) -> Path:
    """Two practices with which everything is in order: three patients here, two at the other."""
    ods = dict.fromkeys(landing.ODS_COLUMNS, "")
    practice = ods | {"OPEN_DATE": "19740401", "STATUS_CODE": "A", "PRESCRIBING_SETTING": "4"}
    codes = (HERE, OTHER)
    write(raw_dir, "ods/epraccur.csv", lines(*(list((practice | {"ORGANISATION_CODE": c}).values()) for c in codes)))
    gp = ods | {"ORGANISATION_CODE": GP, "STATUS_CODE": "A"}
    gps = (list((gp | {"PARENT_ORGANISATION_CODE": code}).values()) for code in codes)
    write(raw_dir, "ods/egpcur.csv", lines(*gps))
    agreed = ([code, COLLECTION.upper(), "agreed", "2016-10-01"] for code in codes)
    write(raw_dir, "cqrs/participation.csv", lines(["PRACTICE_CODE", "SERVICE", "STATUS", "STATUS_DATE"], *agreed))
    write(raw_dir, HOSPITAL, lines(HOSPITAL_HEADER, *EPISODES))
    for code in codes:
        write(raw_dir, f"gpes/opt_outs/{code}.csv", lines(OPT_OUT_HEADER))
    write(raw_dir, f"gpes/{COLLECTION}/{OTHER}.csv", lines(HEADER, person(101, OTHER), person(102, OTHER)))
    write(raw_dir, RECORDS, GOOD)
    return raw_dir


@functools.cache
def unchanged() -> Path:
    """The folder that every case changes a little."""
    made = tempfile.TemporaryDirectory(prefix="good_folder_")
    atexit.register(made.cleanup)
    return good_folder(Path(made.name) / "raw")


def run(raw_dir: Path) -> duckdb.DuckDBPyConnection:
    """The gateway's models over a folder; the connection stands until the next run."""
    return gateway_sql.run_changed_folder(unchanged(), raw_dir, SETTINGS)


Change = Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """One thing that is wrong, or only looks it.

    verdict   what becomes of it: one of the words below
    rule      the rule that says so; for a run stopped before it begins, words of its sentence
    kept      people of the practice who are collected
    admitted  episodes of theirs that are taken over the border: those that the definition counts
    also      another rule that is met on the way
    """

    change: Change
    verdict: str
    rule: str = ""
    kept: int = 3
    admitted: int = 2
    also: str = ""


REFUSED, OUT, REJECTED, ACCEPTED, STOPPED, UNDONE = (
    "file refused", "practice left out", "row rejected", "accepted", "run stopped", "run undone"
)  # fmt: skip


def records(*rows: list[str], header: list[str] = HEADER) -> Change:
    return lambda raw_dir: write(raw_dir, RECORDS, lines(header, *rows))


def content(data: bytes, relative: str = RECORDS) -> Change:
    return lambda raw_dir: write(raw_dir, relative, data)


def instead(data: bytes, name: str, relative: str = RECORDS) -> Change:
    """The practice file, or another one, under another name."""

    def change(raw_dir: Path) -> None:
        (raw_dir / relative).unlink()
        write(raw_dir, f"{Path(relative).parent}/{name}", data)

    return change


def besides(data: bytes, relative: str) -> Change:
    return content(data, relative)


def swapped(row: list[str]) -> list[str]:
    """A row of another tool, that writes the last two columns the other way round."""
    return [*row[:-2], row[-1], row[-2]]


def one_more(**changes: str) -> Change:
    """A fourth row, with something wrong."""
    return records(*PEOPLE, person(4, **changes))


def opt_outs(*rows: list[str], header: list[str] = OPT_OUT_HEADER) -> Change:
    return content(lines(header, *rows), OPT_OUTS)


def extracted(*moments: str) -> Change:
    """A list of when opt-out files were extracted; the other practice's in time."""
    rows = [[OTHER, AFTER], *([HERE.lower(), moment] for moment in moments)]
    return content(lines(["PRACTICE_CODE", "EXTRACTED_AT"], *rows), "gpes/opt_out_extractions.csv")


def register(relative: str, before: str, after: str) -> Change:
    """Another word in a file that concerns all practices, wherever it stands."""

    def change(raw_dir: Path) -> None:
        data = (raw_dir / relative).read_bytes()
        assert before.encode() in data
        (raw_dir / relative).write_bytes(data.replace(before.encode(), after.encode()))

    return change


def more(relative: str, *rows: list[str]) -> Change:
    """Further rows in a file that concerns all practices."""
    return lambda raw_dir: (raw_dir / relative).write_bytes((raw_dir / relative).read_bytes() + lines(*rows))


def ods_row(**changes: str) -> list[str]:
    return list((dict.fromkeys(landing.ODS_COLUMNS, "") | {"STATUS_CODE": "A"} | changes).values())


def practice_of_register(**changes: str) -> Change:
    """Other values in the practice's row."""
    return row_of_register("ods/epraccur.csv", **changes)


def gp_of_register(**changes: str) -> Change:
    """Other values in the row of the practice's GP."""
    return row_of_register("ods/egpcur.csv", **changes)


def row_of_register(relative: str, **changes: str) -> Change:
    def change(raw_dir: Path) -> None:
        rows = [line.split(",") for line in (raw_dir / relative).read_text().splitlines()]
        [row] = [row for row in rows if HERE in row]
        for name, value in changes.items():
            row[landing.ODS_COLUMNS.index(name)] = value
        write(raw_dir, relative, lines(*rows))

    return change


def hospital(*rows: list[str]) -> Change:
    return content(lines(HOSPITAL_HEADER, *EPISODES, *rows), HOSPITAL)


def a_directory(raw_dir: Path) -> None:
    (raw_dir / RECORDS).unlink()
    (raw_dir / RECORDS).mkdir()


def a_link(relative: str, leads_to: str) -> Change:
    """The file is moved and a link put in its place: out of the raw folder, or within it."""

    def change(raw_dir: Path) -> None:
        target = raw_dir / leads_to
        target.parent.mkdir(exist_ok=True)
        (raw_dir / relative).rename(target)
        (raw_dir / relative).symlink_to(os.path.relpath(target, (raw_dir / relative).parent))

    return change


def without(relative: str) -> Change:
    return lambda raw_dir: (raw_dir / relative).unlink()


def as_parquet(raw_dir: Path) -> None:
    (raw_dir / RECORDS).unlink()
    columns = {name: [cells[at] for cells in PEOPLE] for at, name in enumerate(HEADER)}
    pyarrow.parquet.write_table(pyarrow.table(columns), raw_dir / f"gpes/{COLLECTION}/{HERE}.parquet")


def numbers_as_floats(raw_dir: Path) -> None:
    """What a data frame makes of a column of numbers."""
    (raw_dir / RECORDS).unlink()
    texts = {name: [cells[at] for cells in PEOPLE] for at, name in enumerate(HEADER)}
    columns = texts | {"NHS_NUMBER": [float(number) for number in texts["NHS_NUMBER"]]}
    pyarrow.parquet.write_table(pyarrow.table(columns), raw_dir / f"gpes/{COLLECTION}/{HERE}.parquet")


def delimited(delimiter: str, *rows: list[str], end: str = "\n", tail: str = "") -> bytes:
    """Rows with quotation marks where a cell needs them, as a program writes them."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=f"{tail}{end}").writerows(rows)
    return text.getvalue().encode()


def zipped(*files: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return packed.getvalue()


def typed(relative: str, **changes: pyarrow.Array) -> Change:
    """The practice file or the hospital file as Parquet, some columns of other types."""

    def change(raw_dir: Path) -> None:
        header, rows = (HEADER, PEOPLE) if relative == RECORDS else (HOSPITAL_HEADER, EPISODES)
        columns = {name: pyarrow.array([row[at] for row in rows]) for at, name in enumerate(header)} | changes
        (raw_dir / relative).unlink()
        pyarrow.parquet.write_table(pyarrow.table(columns), (raw_dir / relative).with_suffix(".parquet"))

    return change


def numbers_of(rows: list[list[str]], at: int) -> list[int]:
    return [int(row[at]) for row in rows]


def otherwise_coded(**changes: list[str] | None) -> Change:
    """The hospital file with other columns of diagnoses and procedures; a change of None takes a column out."""
    given = {name: [row[at] for row in EPISODES] for at, name in enumerate(HOSPITAL_HEADER)} | changes
    names = {name: values for name, values in given.items() if values is not None}
    return content(lines(list(names), *map(list, zip(*names.values()))), HOSPITAL)


def organisation(code: str, **changes: object) -> Row:
    """A practice as the ORD interface gives it."""
    operational = [{"Type": "Operational", "Start": "1974-04-01"}]
    return {
        "Name": "THE SURGERY", "OrgId": {"extension": code}, "Status": "Active", "Date": operational,
        "orgRecordClass": "RC1", "GeoLoc": {"Location": {"PostCode": "TS1 1AA"}},
        "Roles": {"Role": [
            {"id": "RO177", "primaryRole": True, "Status": "Active", "Date": operational},
            {"id": "RO76", "Status": "Active", "Date": operational},
        ]},
        "Rels": {"Rel": [
            {"id": "RE4", "Status": "Inactive", "Date": [{"Type": "Operational", "Start": "2001-04-01", "End": "2013-03-31"}],
             "Target": {"OrgId": {"extension": "5D9"}}},
            {"id": "RE4", "Status": "Active", "Date": [{"Type": "Operational", "Start": "2013-04-01"}],
             "Target": {"OrgId": {"extension": "00K"}}},
        ]},
    } | changes  # fmt: skip


def register_as_json(found: object) -> Change:
    def change(raw_dir: Path) -> None:
        (raw_dir / "ods/epraccur.csv").unlink()
        write(raw_dir, "ods/epraccur.json", json.dumps(found).encode())

    return change


def wider(relative: str, end: bytes) -> Change:
    """Every line of a file ends in something more."""
    return lambda raw_dir: (raw_dir / relative).write_bytes(
        (raw_dir / relative).read_bytes().replace(b"\n", end + b"\n")
    )


def headed(relative: str, *names: str) -> Change:
    """A line of names above a file that has none."""
    return lambda raw_dir: (raw_dir / relative).write_bytes(lines(list(names)) + (raw_dir / relative).read_bytes())


def titled(relative: str, title: str) -> Change:
    """A line above all others that says what the file is."""
    return headed(relative, title)


def indexed(relative: str) -> Change:
    """Every line begins with its number, as a data frame writes it."""

    def change(raw_dir: Path) -> None:
        rows = (raw_dir / relative).read_text().splitlines()
        write(raw_dir, relative, lines(*([f"{at}", row] for at, row in enumerate(rows))))

    return change


def exchange(row: list[str], *names: str) -> list[str]:
    """A row of a register with two columns exchanged."""
    one, other = map(landing.ODS_COLUMNS.index, names)
    row[one], row[other] = row[other], row[one]
    return row


def exchanged(relative: str, *names: str) -> Change:
    def change(raw_dir: Path) -> None:
        rows = [line.split(",") for line in (raw_dir / relative).read_text().splitlines()]
        write(raw_dir, relative, lines(*(exchange(row, *names) for row in rows)))

    return change


def both(*changes: Change) -> Change:
    return lambda raw_dir: [change(raw_dir) for change in changes]


def zero_lost() -> str:
    """Nine digits that are valid with a zero in front."""
    return next(f"{n}" for n in range(100_000_000, 100_000_100) if number_rule(f"0{n}", False) not in (
        "nhs_number_check_digit", "nhs_number_malformed"))  # fmt: skip


ONE, T1, AT_EXTRACTION, AFTER = test_number(1), test_number(4), EXTRACTED, "2017-04-01T02:00:01+01:00"
WITHDRAWN = {"CODE": "XaZ8A", "EFFECTIVE_DATE": "2016-03-01"}
CODES = "".join(chr(code) for code in (0xE9, 0xFC))


def damaged(raw_dir: Path) -> None:
    """Bytes of the first column's page are others; the file's own description is whole."""
    path = raw_dir / f"gpes/{COLLECTION}/{HERE}.parquet"
    data = path.read_bytes()
    path.write_bytes(data[:4] + b"\xff" * 40 + data[44:])


BAD = [person(n, NHS_NUMBER="number") for n in (4, 5, 6, 7)]
# With the two people of the other practice, as many as have somebody who objects.
MANY = [person(n) for n in range(1, 1_001)]


CASES = {
    # accepted as it is
    "as agreed": Case(lambda raw_dir: None, ACCEPTED),
    "reordered columns": Case(content(lines(*(cells[::-1] for cells in (HEADER, *PEOPLE)))), ACCEPTED),
    "lower-case header": Case(records(*PEOPLE, header=[name.lower() for name in HEADER]), ACCEPTED),
    "byte order mark": Case(content(b"\xef\xbb\xbf" + GOOD), ACCEPTED),
    "CRLF": Case(content(lines(HEADER, *PEOPLE, end="\r\n")), ACCEPTED),
    "no line end at the end": Case(content(GOOD[:-1]), ACCEPTED),
    "quoted fields": Case(content(lines(HEADER, *([f'"{c}"' for c in cells] for cells in PEOPLE))), ACCEPTED),
    "tabs": Case(content(GOOD.replace(b",", b"\t")), ACCEPTED),
    "pipes, named for them": Case(instead(GOOD.replace(b",", b"|"), f"{HERE}.PSV"), ACCEPTED),
    "mixed line ends": Case(content(GOOD.replace(b"\n", b"\r\n", 1)), ACCEPTED),
    "old Macintosh line ends": Case(content(GOOD.replace(b"\n", b"\r")), ACCEPTED),
    "gzip": Case(instead(gzip.compress(GOOD), f"{HERE}.csv.gz"), ACCEPTED),
    "Parquet": Case(as_parquet, ACCEPTED),
    "number in groups of three, three and four": Case(
        records(*PEOPLE, person(4, NHS_NUMBER=f"{T1[:3]} {T1[3:6]} {T1[6:]}")), ACCEPTED, kept=4
    ),
    "no metric columns": Case(records(*(cells[:4] for cells in PEOPLE), header=HEADER[:4]), ACCEPTED),
    "a formula where a metric belongs": Case(one_more(**{METRICS[0]: "=1+1"}), ACCEPTED, "metric_value_unknown", 4),
    "a metric of 2": Case(one_more(**{METRICS[0]: "2"}), ACCEPTED, "metric_value_unknown", 4),
    "no usual GP": Case(one_more(USUAL_GP_CODE=""), ACCEPTED, "usual_gp_missing", 4),
    "default GP code": Case(one_more(USUAL_GP_CODE="G9999998"), ACCEPTED, "usual_gp_default_code", 4),
    "GP code with a wrong check digit": Case(one_more(USUAL_GP_CODE="G1000071"), ACCEPTED, "usual_gp_malformed", 4),
    "a formula where the GP belongs": Case(one_more(USUAL_GP_CODE="=cmd|calc"), ACCEPTED, "usual_gp_malformed", 4),
    "GP of another practice": Case(one_more(USUAL_GP_CODE="G7654327"), ACCEPTED, "usual_gp_not_at_practice", 4),
    "opt-outs extracted together": Case(extracted(EXTRACTED), ACCEPTED),
    "opt-outs extracted later, in UTC": Case(extracted("2017-04-01T01:00:01Z"), ACCEPTED),
    **{
        f"a hospital file with {field} {value}": Case(hospital(episode(3, **{field: value})), ACCEPTED, admitted=3)
        for field, value in (
            ("SEX", "2.0"), ("SEX", "01"), ("EPISTAT", "3.0"), ("EPITYPE", "01"), ("CLASSPAT", "1.00"),
            ("ADMISORC", "19.0"), ("ADMISORC", "99"), ("ADMIMETH", "21.0"), ("ADMIMETH", " 2a "), ("EPIORDER", "1.0"),
            ("EPIORDER", "01"), ("STARTAGE", "64.0"), ("STARTAGE", "7001"),
        )
    },
    # in order, and nothing that the definition counts
    **{
        f"a hospital file with {field} {value}": Case(hospital(episode(3, **{field: value})), ACCEPTED)
        for field, value in (("SEX", "9"), ("SEX", "0"), ("EPISTAT", "9"), ("CLASSPAT", "8"))
    },
    **{
        f"a hospital file with {field} {value}": Case(
            hospital(episode(3, **{field: value})), REJECTED, f"{rule}_unknown"
        )
        for field, rule, values in (
            ("SEX", "sex", ("M", "3", "1.5", "-1")), ("EPISTAT", "episode_status", ("2", "F", "3-")),
            ("EPITYPE", "episode_type", ("7", "11")), ("CLASSPAT", "patient_class", ("6", "O")),
            ("ADMISORC", "admission_source", ("51-", "5", "HOME")), ("ADMIMETH", "admission_method", ("2", "Z9", "98.0")),
            ("EPIORDER", "episode_order", ("1.5", "first", "0.0")), ("STARTAGE", "start_age", ("121", "7008", "old")),
        )
        for value in values
    },
    "an admission from the waiting list of a high security hospital": Case(hospital(episode(3, ADMIMETH="89")), ACCEPTED),
    **{
        f"two people's episodes whose key is {key or 'empty'}": Case(
            hospital(episode(3, EPIKEY=key), episode(1, EPIKEY=key, ADMIDATE="2016-11-11")),
            ACCEPTED, "episode_key_missing", admitted=4,
        )
        for key in ("", "0", "0.0", "000", "NULL", "null", "-", "&", "-1", "#N/A", "nan")
    },
    "two stays on one day at two hospitals, one unfinished": Case(
        hospital(episode(3, PROCODE="RAA"), episode(3, EPIKEY="9", EPISTAT="1", PROCODE="RBB")), ACCEPTED, admitted=4
    ),
    "an unfinished episode": Case(hospital(episode(3, EPISTAT="1")), ACCEPTED, admitted=3),
    "the next episode of a stay, unfinished": Case(
        hospital(episode(1, EPIKEY="9", EPISTAT="1", EPIORDER="2")), ACCEPTED
    ),
    "a practice's name that is a formula": Case(
        register("ods/epraccur.csv", f"{HERE},", f"{HERE},=cmd|' /C calc'!A0"), ACCEPTED, "name_withheld"
    ),
    "a GP's name with a number": Case(register("ods/egpcur.csv", f"{GP},", f"{GP},DR {T1}"), ACCEPTED, "name_withheld"),
    "a supplier that is a formula": Case(
        content(lines(["PRACTICE_CODE", "GP_SYSTEM_SUPPLIER"], [HERE, "@SUM(1+1)*cmd"]), "gpes/suppliers.csv"),
        ACCEPTED, "name_withheld",
    ),
    # ODS as it hands its files out today
    "today's words for status and setting": Case(
        both(
            register("ods/epraccur.csv", ",A,", ",ACTIVE,"),
            register("ods/epraccur.csv", ",4,", ",RO76,"),
            register("ods/egpcur.csv", ",A,", ",ACTIVE,"),
        ),
        ACCEPTED,
    ),
    "an integrated care board as parent": Case(
        register("ods/epraccur.csv", ",19740401,,A,,", ",19740401,,A,,QWE"), ACCEPTED
    ),
    "a practice's name with signs and accents": Case(
        register("ods/epraccur.csv", f"{HERE},", f"{HERE},THE SURGERY @ PRINCES PARK_2 (ST ÉTIENNE’S)"), ACCEPTED
    ),
    "days of the register in ISO": Case(register("ods/epraccur.csv", ",19740401,", ",1974-04-01,"), ACCEPTED),
    **{
        f"names as they are: {name}": Case(register("ods/egpcur.csv", f"{GP},", f"{GP},{name}"), ACCEPTED)
        for name in ("O'BRIEN-SMITH J (LOCUM)", "DR SMITH @ PRINCES PARK", "HIGH_STREET", "A+B HEALTH", "ST MARY’S",
                     "D´ARCY; ZOË Müller", "THE 3 VILLAGES", "3 VILLAGES", "Ángel – NORTH")
    },
    **{
        f"a name that is none: {name!r}": Case(
            register("ods/egpcur.csv", f"{GP},", f"{GP},{name}"), ACCEPTED, "name_withheld"
        )
        for name in ("=1+1", "+1", "-SUM(A1)", "@SUM(A1)", "\t=1", "A=1", "A|B", "＝1", "<b>")
    },

    # first contact: whatever form says the same
    "blanks and quotes around the names": Case(records(*PEOPLE, header=[f'" {name.lower()} "' for name in HEADER]), ACCEPTED),
    "a blank first line": Case(content(b"\n" + GOOD), ACCEPTED),
    "blank lines before, between and after": Case(
        content(b"\r\n \n" + GOOD.replace(b"\n", b"\n\n  \n") + b",,,,,,,\n\n\t\n"), ACCEPTED
    ),
    "a line for spreadsheets that names the delimiter": Case(content(b"sep=|\n" + GOOD.replace(b",", b"|")), ACCEPTED),
    "a name with marks that nobody sees": Case(
        records(*PEOPLE, header=[f"\u200b\u00a0{name}\u2003" for name in HEADER]), ACCEPTED
    ),
    "opt-outs that end in a blank line": Case(content(lines(OPT_OUT_HEADER, objection(1)) + b"\n", OPT_OUTS), ACCEPTED, "type_1_dissent", 2, 1),
    "opt-outs of a header and a blank line": Case(content(lines(OPT_OUT_HEADER) + b"\r\n", OPT_OUTS), ACCEPTED),
    "opt-outs with a row of commas": Case(content(lines(OPT_OUT_HEADER, objection(1)) + b",,,,,\n", OPT_OUTS), ACCEPTED, "type_1_dissent", 2, 1),
    "opt-outs with a row of blanks and commas": Case(
        content(lines(OPT_OUT_HEADER, objection(1)) + b' , ,"", ,,\n', OPT_OUTS), ACCEPTED, "type_1_dissent", 2, 1
    ),
    "columns that are empty at the end": Case(content(delimited(",", HEADER, *PEOPLE, tail=",")), ACCEPTED),
    "three columns that are empty at the end": Case(content(delimited("|", HEADER, *PEOPLE, tail="|||", end="\r\n")), ACCEPTED),
    "a column that is empty at the end of the names only": Case(content(GOOD.replace(b"\n", b",\n", 1)), ACCEPTED),
    "a column that is empty at the end of the rows only": Case(
        content(GOOD.replace(b"\n", b",\n").replace(b",\n", b"\n", 1)), ACCEPTED
    ),
    "a column that is empty at the end of one row": Case(content(GOOD[:-1] + b",\n"), ACCEPTED),
    "gzip of several members": Case(instead(gzip.compress(GOOD[:70]) + gzip.compress(GOOD[70:]), f"{HERE}.csv.gz"), ACCEPTED),
    "gzip with padding": Case(instead(gzip.compress(GOOD) + bytes(512), f"{HERE}.CSV.GZ"), ACCEPTED),
    "zip": Case(instead(zipped(("extract.txt", GOOD)), f"{HERE}.zip"), ACCEPTED),
    "zip, with what a packer adds": Case(
        instead(zipped(("a/", b""), ("a/x.csv", GOOD), ("__MACOSX/a/._x.csv", b"1")), f"{HERE}.csv.zip"), ACCEPTED
    ),
    "a practice's name in Windows-1252": Case(
        lambda raw_dir: (raw_dir / "ods/epraccur.csv").write_bytes(
            (raw_dir / "ods/epraccur.csv").read_bytes().replace(f"{HERE},".encode(), HERE.encode() + b",ST JOHN\x92S")
        ),
        ACCEPTED,
    ),
    "a register with the names of its columns": Case(
        lambda raw_dir: write(raw_dir, "ods/epraccur.csv", lines(
            ["Organisation Code", "Name", *(name.title().replace("_", " ") for name in landing.ODS_COLUMNS[2:])])
            + (raw_dir / "ods/epraccur.csv").read_bytes()),
        ACCEPTED,
    ),
    "a register with the names of its columns as others write them": Case(
        both(*(headed(file, "Organisation Code", "Name", *(f"C{n}" for n in range(3, 11)), "Open Date", "Close Date", "Status",
                      "C14", "Commissioner", "Join Provider/Purchaser Date", "Left Provider/Purchaser Date",
                      *["Null"] * 10) for file in ("ods/epraccur.csv", "ods/egpcur.csv"))),
        ACCEPTED,
    ),
    **{
        f"a register whose {one} and {other} are exchanged": Case(
            both(exchanged(file, one, other), headed(file, *exchange(list(landing.ODS_COLUMNS), one, other))),
            STOPPED, rf"{file} breaks .*[(]{told} is at place [0-9]+, [0-9]+ expected",
            also="columns_in_other_places",
        )
        for file, one, other, told in (
            ("ods/epraccur.csv", "CLOSE_DATE", "LEFT_PARENT_DATE", "LEFT_PARENT_DATE"),
            ("ods/epraccur.csv", "PARENT_ORGANISATION_CODE", "NATIONAL_GROUPING", "PARENT_ORGANISATION_CODE"),
            ("ods/epraccur.csv", "ORGANISATION_CODE", "NAME", "NAME"),
            ("ods/egpcur.csv", "OPEN_DATE", "JOIN_PARENT_DATE", "JOIN_PARENT_DATE"),
        )
    },
    "a register with an index and its name": Case(
        both(headed("ods/epraccur.csv", *landing.ODS_COLUMNS), indexed("ods/epraccur.csv")),
        STOPPED, "ORGANISATION_CODE is at place 2, 1 expected",
    ),
    **{
        f"a register with an index: {file}": Case(indexed(file), STOPPED, "28 columns, 27 expected")
        for file in ("ods/epraccur.csv", "ods/egpcur.csv")
    },
    **{
        f"a line above the names: {file}, {title}": Case(titled(file, title), STOPPED, rf"{file} breaks .* in line {at}",
                                                        also="lines_above_names")
        for file, title, at in (
            ("cqrs/participation.csv", "CQRS report", 2), ("cqrs/participation.csv", "CQRS, 2017\n\nfor\nus", 5),
            (HOSPITAL, "Hospital Episode Statistics, 2016/17", 2), ("ods/epraccur.csv", "ODS extract", 2),
        )
    },
    "a line above the names of a register": Case(
        both(headed("ods/epraccur.csv", *landing.ODS_COLUMNS), titled("ods/epraccur.csv", "Name, 2017")),
        STOPPED, "in line 2",
    ),
    "a title above the patients": Case(titled(RECORDS, "Extract"), REFUSED, "lines_above_names", 0, 0),
    "a title above the objections": Case(titled(OPT_OUTS, "Objections, by day"), REFUSED, "lines_above_names", 0, 0),
    "a register of one comma more": Case(wider("ods/epraccur.csv", b","), ACCEPTED),
    "a register of one comma more, quoted": Case(
        lambda raw_dir: write(raw_dir, "ods/egpcur.csv", b"".join(
            b",".join(b'"' + cell + b'"' for cell in line.split(b",")) + b',""\r\n'
            for line in (raw_dir / "ods/egpcur.csv").read_bytes().splitlines())),
        ACCEPTED,
    ),
    "hospital file with pipes": Case(content(delimited("|", HOSPITAL_HEADER, *EPISODES), HOSPITAL), ACCEPTED),
    "hospital file whose lines end in a comma": Case(wider(HOSPITAL, b","), ACCEPTED),
    "hospital file whose lines end in two commas": Case(wider(HOSPITAL, b",,"), ACCEPTED),
    "hospital file zipped": Case(instead(zipped(("APC.csv", lines(HOSPITAL_HEADER, *EPISODES))), "apc_1617.zip", HOSPITAL), ACCEPTED),
    "hospital file with numbered diagnoses and procedures": Case(
        otherwise_coded(DIAG_4_01=None, DIAG_4_CONCAT=None, OPERTN_4_CONCAT=None,
                        DIAG_01=["J459", "I10X"], DIAG_02=["", ""], OPERTN_01=["", ""], OPERTN_02=["", ""]),
        ACCEPTED,
    ),
    "hospital file with a gap in its diagnoses": Case(
        otherwise_coded(DIAG_4_CONCAT=None, DIAG_4_02=["", ""], DIAG_4_04=["", ""]), STOPPED, "missing: DIAG_4_CONCAT"
    ),
    "hospital file with the first diagnosis alone": Case(
        otherwise_coded(DIAG_4_CONCAT=None), STOPPED, "missing: DIAG_4_CONCAT"
    ),
    "hospital file without procedures": Case(otherwise_coded(OPERTN_4_CONCAT=None), STOPPED, "missing: OPERTN_4_CONCAT"),
    "hospital file with another's pseudonym": Case(
        otherwise_coded(NEWNHSNO=None, TOKEN_PERSON_ID=["A", "B"]), STOPPED, "NEWNHSNO is missing and TOKEN_PERSON_ID",
        also="people_not_linkable",
    ),
    "notes and checksums beside the data": Case(
        both(*(besides(b"x", f"{folder}/{name}") for folder in ("hes", f"gpes/{COLLECTION}", "gpes/opt_outs")
               for name in ("README.txt", "apc_1617.csv.sha256", "Thumbs.db", ".DS_Store", "desktop.ini", "MD5SUMS"))),
        ACCEPTED,
    ),
    "a hospital file named in capitals": Case(
        besides(lines(HOSPITAL_HEADER, episode(3)), "hes/APC_1718.CSV"), STOPPED, r"hes/APC_1718\.CSV is called otherwise.*apc_1617"
    ),
    "a hospital file named for its state": Case(
        besides(lines(HOSPITAL_HEADER, episode(3)), "hes/apc_1718_final.csv"), STOPPED, "apc_1718_final.csv is called otherwise"
    ),
    "a hospital file named for a number": Case(
        besides(lines(HOSPITAL_HEADER, episode(3)), f"hes/{T1}.csv"), STOPPED, "its name is not repeated"
    ),
    "a practice register in JSON": Case(
        register_as_json([{"Organisation": organisation(HERE)}, {"Organisation": organisation(OTHER)}]), ACCEPTED
    ),
    "a closed practice in a register in JSON": Case(
        register_as_json({"Organisations": [organisation(HERE, Status="Inactive"), organisation(OTHER)]}), OUT, "not_open", 0, 0
    ),
    "a register of 28 columns": Case(wider("ods/epraccur.csv", b",x"), STOPPED, "28 columns, 27 expected", also="other_column_count"),
    "a register of 26 columns": Case(
        lambda raw_dir: write(raw_dir, "ods/egpcur.csv", (raw_dir / "ods/egpcur.csv").read_bytes().replace(b",\n", b"\n")),
        STOPPED, "26 columns, 27 expected",
    ),
    "a register that answers a search": Case(
        register_as_json({"Organisations": [{"Name": "A", "OrgId": HERE, "Status": "Active"}]}), STOPPED, "answer to a search"
    ),
    "half a character in a register": Case(
        register_as_json([organisation(HERE, Name="\ud800"), organisation(OTHER)]), ACCEPTED, "name_withheld"
    ),
    "a register of brackets": Case(
        both(without("ods/epraccur.csv"), besides(b"[" * 100_000, "ods/epraccur.json")), STOPPED, "no list of organisations"
    ),
    "a hospital file named with a line end": Case(
        besides(lines(HOSPITAL_HEADER), "hes/apc_1718.csv\n"), STOPPED, "its name is not repeated"
    ),
    **{
        f"a hospital file that {what}": Case(content(start + bytes(600), HOSPITAL), STOPPED, what)
        for start, what in (
            (b"\x28\xb5\x2f\xfd", "is packed with zstd"), (b"BZh9", "is packed with bzip2"), (b"%PDF-1.4", "is a PDF"),
            (bytes(257) + b"ustar", "is a tar archive"),
        )
    },
    "a register of other JSON": Case(register_as_json({"a": [{"b": 1}]}), STOPPED, "no list of organisations"),
    "numbers as whole numbers": Case(typed(RECORDS, NHS_NUMBER=pyarrow.array(numbers_of(PEOPLE, 2))), ACCEPTED),
    "numbers as floats": Case(
        typed(RECORDS, NHS_NUMBER=pyarrow.array(numbers_of(PEOPLE, 2), pyarrow.float64())), ACCEPTED
    ),
    "numbers as decimals": Case(
        typed(RECORDS, NHS_NUMBER=pyarrow.array(numbers_of(PEOPLE, 2), pyarrow.decimal128(20, 2))), ACCEPTED
    ),
    "numbers as floats of four bytes": Case(
        typed(RECORDS, NHS_NUMBER=pyarrow.array([float(n) for n in numbers_of(PEOPLE, 2)], pyarrow.float32())),
        OUT, "practice_file_mostly_unusable", 0, 0, "nhs_number_in_exponent",
    ),
    "metrics as booleans": Case(typed(RECORDS, **{METRICS[0]: pyarrow.array([True, False, None])}), ACCEPTED),
    "metrics as whole numbers": Case(typed(RECORDS, **{METRICS[0]: pyarrow.array([1, 0, None], pyarrow.int8())}), ACCEPTED),
    "metrics as floats": Case(typed(RECORDS, **{METRICS[0]: pyarrow.array([1.0, 0.0, float("nan")])}), ACCEPTED),
    "metrics of nobody": Case(typed(RECORDS, **{METRICS[0]: pyarrow.nulls(3)}), ACCEPTED),
    "GPs in a dictionary": Case(
        typed(RECORDS, USUAL_GP_CODE=pyarrow.array([GP] * 3).dictionary_encode()), ACCEPTED
    ),
    "moments with a zone": Case(
        typed(RECORDS, EXTRACTED_AT=pyarrow.array([datetime.fromisoformat(EXTRACTED)] * 3, pyarrow.timestamp("us", "UTC"))),
        ACCEPTED,
    ),
    "moments without a zone": Case(
        typed(RECORDS, EXTRACTED_AT=pyarrow.array([datetime(2017, 4, 1, 2)] * 3, pyarrow.timestamp("ns"))), ACCEPTED
    ),
    "days of admission as moments": Case(
        typed(HOSPITAL, ADMIDATE=pyarrow.array([datetime(2016, 12, 24)] * 2, pyarrow.timestamp("ms"))), ACCEPTED
    ),
    "days of admission as days": Case(typed(HOSPITAL, ADMIDATE=pyarrow.array([date(2016, 12, 24)] * 2)), ACCEPTED),
    "a column of lists": Case(
        typed(RECORDS, USUAL_GP_CODE=pyarrow.array([[GP]] * 3)), REFUSED, "unusable_column_type", 0, 0
    ),
    "Parquet damaged in its middle": Case(both(as_parquet, damaged), REFUSED, "unreadable_file", 0, 0),
    "an archive of two files": Case(
        instead(zipped(("a.csv", GOOD), ("b.csv", GOOD)), f"{HERE}.zip"), REFUSED, "archive_not_of_one_file", 0, 0
    ),
    "a zip that is none": Case(instead(GOOD, f"{HERE}.zip"), REFUSED, "unreadable_file", 0, 0),
    "a workbook named as text": Case(content(zipped(("xl/workbook.xml", b"<x/>"))), REFUSED, "unreadable_file", 0, 0),
    "NHS NUMBER with a blank": Case(
        records(*PEOPLE, header=[name.replace("NHS_N", "NHS N") for name in HEADER]), REFUSED, "missing_column", 0, 0
    ),
    "metrics in words": Case(
        records(*(person(n, **dict(zip(METRICS, words))) for n, words in enumerate((("TRUE", "F"), ("Y", "n"), ("1.00", "0.")), 1))),
        ACCEPTED,
    ),
    "two extracts in one order": Case(
        content(GOOD + lines(HEADER, person(4))), REJECTED, "practice_code_differs_from_file", 4
    ),
    # files that are refused whole; the practice then contributes nothing
    "UTF-16": Case(content(GOOD.decode().encode("utf-16")), REFUSED, "other_encoding", 0, 0),
    "UTF-16 without mark": Case(content(GOOD.decode().encode("utf-16-le")), REFUSED, "other_encoding", 0, 0),
    "Latin-1 in the header": Case(
        content(lines([*HEADER, CODES]).decode().encode("latin-1")), REFUSED, "unknown_column", 0, 0
    ),
    "semicolons": Case(content(GOOD.replace(b",", b";")), REFUSED, "other_delimiter", 0, 0),
    "truncated gzip": Case(
        instead(gzip.compress(GOOD)[:-12], f"{HERE}.csv.gz"), REFUSED, "unreadable_file", 0, 0
    ),
    "gzip that is none": Case(instead(GOOD, f"{HERE}.csv.gz"), REFUSED, "unreadable_file", 0, 0),
    "Parquet that is none": Case(instead(GOOD, f"{HERE}.parquet"), REFUSED, "unreadable_file", 0, 0),
    "date of birth": Case(
        records(*([*cells, "1950-01-01"] for cells in PEOPLE), header=[*HEADER, "DOB"]), REFUSED, "unknown_column", 0, 0
    ),
    "a column too few in the header": Case(
        records(*PEOPLE, header=[*HEADER[:2], *HEADER[3:]]), REFUSED, "missing_column", 0, 0
    ),
    "a column twice": Case(
        records(*([*cells, "1"] for cells in PEOPLE), header=[*HEADER, METRICS[0]]), REFUSED, "repeated_column", 0, 0
    ),
    "two extracts, the second in another order": Case(
        content(lines(HEADER, *PEOPLE) + lines(*(swapped(row) for row in (HEADER, person(4))))),
        REFUSED, "columns_named_anew", 0, 0,
    ),
    "two extracts, the second in capitals that differ, with a mark and in quotes": Case(
        content(GOOD + b"\xef\xbb\xbf" + lines([f'"{name.lower()}"' for name in swapped(HEADER)], swapped(person(4)))),
        REFUSED, "columns_named_anew", 0, 0,
    ),
    "two extracts, the second with fewer columns": Case(
        content(GOOD + lines(HEADER[:4], person(4)[:4])), REFUSED, "columns_named_anew", 0, 0
    ),
    "two extracts of opt-outs, the second in another order": Case(
        content(lines(OPT_OUT_HEADER, objection(1), *(row[::-1] for row in (OPT_OUT_HEADER, objection(2)))), OPT_OUTS),
        REFUSED, "columns_named_anew", 0, 0,
    ),
    "two hospital extracts, the second in another order": Case(
        content(lines(HOSPITAL_HEADER, *EPISODES, *(row[::-1] for row in (HOSPITAL_HEADER, episode(3)))), HOSPITAL),
        STOPPED, "apc_1617.csv breaks the contract: a line within it names other columns .* [(]line 4 does[)]",
    ),
    "no header": Case(content(lines(*PEOPLE)), REFUSED, "repeated_column", 0, 0),
    "empty file": Case(content(b""), REFUSED, "empty_file", 0, 0),
    "header only": Case(content(lines(HEADER)), REFUSED, "empty_file", 0, 0),
    "an empty file of opt-outs": Case(content(b"", OPT_OUTS), REFUSED, "empty_file", 0, 0),
    "cut off within its last line": Case(content(GOOD[:-8]), REFUSED, "last_line_cut_off", 0, 0),
    "an end mark below the last line": Case(content(GOOD + b"\x1a"), REFUSED, "ends_in_no_text", 0, 0),
    "opt-outs filled up with zeros": Case(
        content(lines(OPT_OUT_HEADER, objection(1)) + bytes(1000), OPT_OUTS), REFUSED, "ends_in_no_text", 0, 0
    ),
    "opt-outs cut off within the last line": Case(
        content(lines(OPT_OUT_HEADER, objection(1))[:-30], OPT_OUTS), REFUSED, "last_line_cut_off", 0, 0
    ),
    "a cell of ten megabytes in the first row": Case(
        records(person(1, USUAL_GP_CODE="G" * 10_000_000)), OUT, "extraction_moment_unknown", 0, 0, "unreadable_row"
    ),
    "two files of one practice": Case(
        besides(gzip.compress(GOOD), f"gpes/{COLLECTION}/{HERE}.csv.gz"), REFUSED, "more_than_one_file", 0, 0
    ),
    "a directory": Case(a_directory, REFUSED, "unreadable_file", 0, 0),
    "a link out of the raw folder": Case(a_link(RECORDS, "../outside.csv"), REFUSED, "link_instead_of_file", 0, 0),
    "a link to another file": Case(a_link(RECORDS, "kept/here.csv"), REFUSED, "link_instead_of_file", 0, 0),
    "SQL in a file name": Case(
        besides(GOOD, f"gpes/{COLLECTION}/x' or 1=1; drop table files; --.csv"), REFUSED, "unexpected_file_name"
    ),
    "dots in a file name": Case(besides(GOOD, f"gpes/{COLLECTION}/{HERE}..%2F.csv"), REFUSED, "unexpected_file_name"),
    "a number as file name": Case(besides(GOOD, f"gpes/{COLLECTION}/{T1}.csv"), REFUSED, "unexpected_file_name"),
    "unknown column in the opt-outs": Case(
        opt_outs(header=[*OPT_OUT_HEADER, "NAME"]), REFUSED, "unknown_column", 0, 0
    ),
    "hospital file delivered twice": Case(
        besides(lines(HOSPITAL_HEADER, *EPISODES), "hes/apc_1718.csv"), REFUSED, "file_delivered_twice"
    ),
    "hospital file delivered twice, once packed": Case(
        besides(gzip.compress(lines(HOSPITAL_HEADER, *EPISODES)), "hes/apc_1718.csv.gz"), REFUSED, "file_delivered_twice"
    ),
    "hospital file delivered twice, once packed, of one year": Case(
        besides(gzip.compress(lines(HOSPITAL_HEADER, *EPISODES)), "hes/apc_1617.csv.gz"), REFUSED, "file_delivered_twice"
    ),
    # practices that contribute nothing
    "no opt-out file": Case(without(OPT_OUTS), OUT, "opt_out_file_missing", 0, 0),
    # objections under another name are this practice's, or may be anybody's
    **{
        f"opt-outs called {name}": Case(
            instead(lines(OPT_OUT_HEADER), name, OPT_OUTS), OUT, "opt_out_file_refused", 0, 0, "unexpected_file_name"
        )
        for name in (f"{HERE.lower()}.csv", f"{HERE}.csv.bak", f"Copy of {HERE}.csv", f"{HERE}_20170401.csv")
    },
    **{
        f"more opt-outs called {name}": Case(
            besides(lines(OPT_OUT_HEADER, objection(1)), f"gpes/opt_outs/{name}"),
            OUT, "opt_out_file_refused", 0, 0, "more_than_one_file",
        )
        for name in (f"{HERE} (1).csv", f"{HERE.lower()}.csv", f"{HERE}.xlsx", f"{HERE}/part-0.csv")
    },
    "notes and checksums beside the opt-outs": Case(
        both(*(besides(b"x\n", f"gpes/opt_outs/{name}") for name in ("README.txt", f"{HERE}.csv.md5", "__MACOSX/._x"))),
        ACCEPTED,
    ),
    "the opt-outs of another practice": Case(
        opt_outs(objection(4, PRACTICE_CODE=OTHER)), OUT, "opt_out_file_of_another_practice", 0, 0
    ),
    "as many opt-outs of another practice as of its own": Case(
        opt_outs(objection(1), objection(4, PRACTICE_CODE=OTHER)), ACCEPTED, "type_1_dissent", 2, 1
    ),
    "an opt-out line too short": Case(opt_outs(objection(4)[:-1]), OUT, "opt_out_file_damaged", 0, 0),
    # of whom a row speaks must be known, however it is written
    **{
        f"an objection under {name}": Case(
            opt_outs(objection(1), objection(4, NHS_NUMBER=written)), OUT, "opt_out_numbers_unreadable", 0, 0, also
        )
        for name, written, also in (
            ("five digits", "12345", "nhs_number_malformed"),
            ("an exponent that lost digits", "9.99E+09", "nhs_number_in_exponent"),
            ("an exponent that lost one", f"{T1[0]}.{T1[1:9]}E+09", "nhs_number_in_exponent"),
            ("nine digits", T1[1:], "nhs_number_malformed"),
            ("nine digits and decimals", f"{T1[1:]}.0", "nhs_number_with_decimals"),
            ("nine digits that lost a zero", zero_lost(), "nhs_number_leading_zero_lost"),
            ("letters", "JRDAN 269", "nhs_number_malformed"),
            ("no number", " ", "nhs_number_missing"),
            ("a wrong check digit", f"{T1[:9]}{(int(T1[9]) + 1) % 10}", "nhs_number_check_digit"),
            ("a wrong check digit and decimals", f"{T1[:9]}{(int(T1[9]) + 1) % 10}.0", "nhs_number_check_digit"),
            ("a placeholder", "9" * 10, "nhs_number_never_issued"),
            ("two numbers", f"{T1} {test_number(5)}", "nhs_number_malformed"),
        )
    },
    "an unknown code under no number": Case(
        opt_outs(objection(4, NHS_NUMBER="", CODE="8.27241E+14")),
        OUT, "opt_out_numbers_unreadable", 0, 0, "nhs_number_missing",
    ),
    "opt-outs extracted earlier": Case(extracted("2017-04-01T01:59:59+01:00"), OUT, "opt_out_file_older", 0, 0),
    "opt-outs extracted twice, once earlier": Case(
        extracted(EXTRACTED, "2017-04-01T00:59:59Z"), OUT, "opt_out_file_older", 0, 0
    ),
    "opt-outs not on the list": Case(extracted(), OUT, "opt_out_extraction_unknown", 0, 0),
    "opt-outs on the list without a moment": Case(
        extracted("yesterday"), OUT, "opt_out_extraction_unknown", 0, 0, "opt_out_extraction_unreadable"
    ),
    "opt-outs extracted after the collection": Case(
        extracted("2027-04-01T02:00:00+01:00"), OUT, "opt_out_extraction_unknown", 0, 0
    ),
    "opt-outs on the list with nothing": Case(
        extracted(""), OUT, "opt_out_extraction_unknown", 0, 0, "opt_out_extraction_undated"
    ),
    "no practice file": Case(without(RECORDS), OUT, "practice_file_missing", 0, 0),
    "extraction without a date": Case(
        records(*(person(n, EXTRACTED_AT="yesterday") for n in (1, 2, 3))), OUT, "extraction_moment_unreadable", 0, 0
    ),
    "30 February": Case(
        records(*(person(n, EXTRACTED_AT="2026-02-30") for n in (1, 2, 3))), OUT, "extraction_moment_unreadable", 0, 0
    ),
    "extraction that is not dated": Case(
        records(*(person(n, EXTRACTED_AT="") for n in (1, 2, 3))), OUT, "extraction_moment_unknown", 0, 0
    ),
    "extracted after the collection": Case(
        records(*(person(n, EXTRACTED_AT="2017-04-02T09:00:01+01:00") for n in (1, 2, 3))),
        OUT, "extracted_after_collection", 0, 0,
    ),
    "extracted for the collection of the year before": Case(
        records(*(person(n, EXTRACTED_AT="2016-04-01T02:00:00+01:00") for n in (1, 2, 3))),
        OUT, "extracted_long_before", 0, 0,
    ),
    "never asked": Case(
        content(b"PRACTICE_CODE,SERVICE,STATUS,STATUS_DATE\n" + f"{OTHER},{COLLECTION},agreed,2016-10-01\n".encode(),
                "cqrs/participation.csv"),
        OUT, "not_agreed", 0, 0,
    ),
    **{
        f"a refusal of the service {service!r}: {status!r}": Case(
            more("cqrs/participation.csv", [HERE, service, status, "2017-01-10"]),
            OUT, "not_agreed", 0, 0, "participation_service_unknown",
        )
        for service, status in (
            ("", "withdrawn"), ("NULL", "declined"), (f"{COLLECTION} 2016/17", "withdrawn"), (f"the {COLLECTION}", ""),
        )
    },
    "a refusal of an unknown service before the agreement": Case(
        more("cqrs/participation.csv", [HERE, "", "withdrawn", "2016-01-10"]), REJECTED, "participation_service_unknown"
    ),
    "a refusal of another service": Case(
        more("cqrs/participation.csv", [HERE, "Learning_Disabilities", "declined", "2017-01-10"]), ACCEPTED, "other_service"
    ),
    "a refusal of another collection": Case(
        more("cqrs/participation.csv", [HERE, "care.data", "withdrawn", "2017-01-10"]), ACCEPTED, "other_service"
    ),
    **{
        f"a withdrawal of {day}, which stands for none": Case(
            more("cqrs/participation.csv", [HERE, COLLECTION, "withdrawn", day]),
            OUT, "not_agreed", 0, 0, "participation_undated",
        )
        for day in ("1899-12-30", "18991231", "1900-01-01", "19700101")
    },
    "not a practice of the register": Case(
        lambda raw_dir: write(
            raw_dir, "ods/epraccur.csv", (raw_dir / "ods/epraccur.csv").read_bytes().replace(HERE.encode(), b"C81001")
        ),
        OUT, "not_a_gp_practice", 0, 0,
    ),
    "closed": Case(
        lambda raw_dir: write(
            raw_dir, "ods/epraccur.csv",
            (raw_dir / "ods/epraccur.csv").read_bytes().replace(b"19740401,,A", b"19740401,20170401,C", 1),
        ),
        OUT, "not_open", 0, 0,
    ),
    "a status that is missing": Case(
        register("ods/epraccur.csv", ",19740401,,A,", ",19740401,,,"), UNDONE, "national_file_mostly_unusable"
    ),
    "one status that is missing": Case(
        lambda raw_dir: write(
            raw_dir, "ods/epraccur.csv",
            (raw_dir / "ods/epraccur.csv").read_bytes().replace(b"19740401,,A", b"19740401,,", 1),
        ),
        OUT, "not_open", 0, 0, "organisation_status_unknown",
    ),
    "closed, in the words of today": Case(
        lambda raw_dir: write(
            raw_dir, "ods/epraccur.csv",
            (raw_dir / "ods/epraccur.csv").read_bytes().replace(b"19740401,,A", b"1974-04-01,2016-12-31,ACTIVE", 1),
        ),
        OUT, "not_open", 0, 0,
    ),
    "a closing day that cannot be read": Case(
        lambda raw_dir: write(
            raw_dir, "ods/epraccur.csv",
            (raw_dir / "ods/epraccur.csv").read_bytes().replace(b"19740401,,A", b"19740401,31/12/2016,A", 1),
        ),
        OUT, "not_open", 0, 0, "organisation_day_unreadable",
    ),
    # too little of the practice file is usable; half is enough
    "half of the rows": Case(records(*PEOPLE, *BAD[:3]), REJECTED, "nhs_number_malformed"),
    "less than half of the rows": Case(
        records(*PEOPLE, *BAD), OUT, "practice_file_mostly_unusable", 0, 0, "nhs_number_malformed"
    ),
    "less than half of the lines": Case(
        content(GOOD + b"a line\n" * 4), OUT, "practice_file_mostly_unusable", 0, 0, "unreadable_row"
    ),
    "no row": Case(
        records(*(person(n, PRACTICE_CODE=OTHER) for n in (1, 2, 3))), OUT, "practice_file_mostly_unusable", 0, 0,
        "practice_code_differs_from_file",
    ),
    "half of the values of a metric": Case(
        records(*(person(n, **{METRICS[0]: value}) for n, value in enumerate(("1", "", "?"), 1))),
        ACCEPTED, "metric_value_unknown",
    ),
    "less than half of the values of a metric": Case(
        records(*(person(n, **{METRICS[0]: value}) for n, value in enumerate(("1", "+", "met"), 1))),
        OUT, "practice_file_mostly_unusable", 0, 0,
    ),
    # too little of a file for all practices, or nothing to show for it: the run is undone
    "hospital days that nobody reads": Case(
        content(lines(HOSPITAL_HEADER, *(episode(n, ADMIDATE="Christmas") for n in (1, 2))), HOSPITAL),
        UNDONE, "national_file_mostly_unusable",
    ),
    "one of two hospital files": Case(
        besides(lines(HOSPITAL_HEADER, episode(1, EPIKEY="8"), *(episode(n, ADMIMETH="99") for n in (3, 4))),
                "hes/apc_1718.csv"),
        UNDONE, "national_file_mostly_unusable",
    ),
    "hospital rows without numbers": Case(
        content(lines(HOSPITAL_HEADER, *(episode(n, NEWNHSNO="") for n in (1, 2))), HOSPITAL),
        UNDONE, "national_file_mostly_unusable",
    ),
    "a register in unknown words": Case(
        register("ods/epraccur.csv", ",A,", ",Z,"), UNDONE, "national_file_mostly_unusable"
    ),
    "a register of no practices": Case(
        register("ods/epraccur.csv", ",4,", ",9,"), UNDONE, "national_file_mostly_unusable"
    ),
    "GPs in unknown words": Case(register("ods/egpcur.csv", ",A,", ",Z,"), UNDONE, "national_file_mostly_unusable"),
    "GPs of another register": Case(
        register("ods/egpcur.csv", f"{GP},", "1234567,"), UNDONE, "national_file_mostly_unusable"
    ),
    "answers in unknown words": Case(
        register("cqrs/participation.csv", ",agreed,", ",accepted,"), UNDONE, "national_file_mostly_unusable"
    ),
    "a withdrawal of nobody knows whom": Case(
        more("cqrs/participation.csv", ["A8100", COLLECTION, "withdrawn", "2016-11-01"]), UNDONE, "answers_unreadable",
        also="answer_of_nobody_known",
    ),
    "a withdrawal of nobody knows whom, from nobody knows what": Case(
        more("cqrs/participation.csv", ["", "", "withdrawn", "2016-11-01"]), UNDONE, "answers_unreadable",
        also="answer_of_nobody_known",
    ),
    "an answer with a cell too few": Case(
        more("cqrs/participation.csv", [HERE, "withdrawn", "2016-11-01"]), UNDONE, "answers_unreadable",
        also="unreadable_row",
    ),
    "answers of another service": Case(
        register("cqrs/participation.csv", COLLECTION.upper(), "IGPLD"), UNDONE, "national_file_mostly_unusable"
    ),
    "a list of extractions without moments": Case(
        content(lines(["PRACTICE_CODE", "EXTRACTED_AT"], [HERE, "then"], [OTHER, "then"]), "gpes/opt_out_extractions.csv"),
        UNDONE, "national_file_mostly_unusable",
    ),
    "suppliers of no practice": Case(
        content(lines(["PRACTICE_CODE", "GP_SYSTEM_SUPPLIER"], ["practice", "TPP"]), "gpes/suppliers.csv"),
        UNDONE, "national_file_mostly_unusable",
    ),
    "nobody agreed": Case(register("cqrs/participation.csv", ",agreed,", ",offered,"), UNDONE, "nobody_collected"),
    "every practice file unusable": Case(
        both(records(*BAD), content(lines(HEADER, person(101, OTHER, NHS_NUMBER="")), f"gpes/{COLLECTION}/{OTHER}.csv")),
        UNDONE, "nobody_collected",
    ),
    "no objection of many": Case(records(*MANY), UNDONE, "no_objection_arrived"),
    "no admission of many": Case(
        both(records(*MANY), opt_outs(objection(1)), content(lines(HOSPITAL_HEADER, episode(5000)), HOSPITAL)),
        UNDONE, "no_admission_found",
    ),
    "no admission of many in scope": Case(
        both(
            records(*MANY), opt_outs(objection(1)),
            content(lines(HOSPITAL_HEADER, *(episode(n, CLASSPAT="9") for n in (2, 3))), HOSPITAL),
        ),
        UNDONE, "no_admission_found",
    ),
    "hospital files of a part of the period": Case(
        content(lines(HOSPITAL_HEADER, *map(episode, range(1, 21))), HOSPITAL), UNDONE, "months_without_admission",
    ),
    "one admission of many in scope": Case(
        both(
            records(*MANY), opt_outs(objection(1)),
            content(lines(HOSPITAL_HEADER, episode(2), *(episode(n, CLASSPAT="9") for n in (3, 4))), HOSPITAL),
        ),
        ACCEPTED, "type_1_dissent", len(MANY) - 1, 1,
    ),
    "one admission in scope, of nobody's patient": Case(
        both(
            records(*MANY), opt_outs(objection(1)),
            content(lines(HOSPITAL_HEADER, episode(5000), *(episode(n, CLASSPAT="9") for n in (2, 3))), HOSPITAL),
        ),
        UNDONE, "no_admission_found",
    ),
    "one objection of many": Case(
        both(records(*MANY), opt_outs(objection(1))), ACCEPTED, "type_1_dissent", len(MANY) - 1, 1
    ),
    # rows that are rejected
    "a column too few": Case(content(lines(HEADER, *PEOPLE, person(4)[:-1])), REJECTED, "unreadable_row"),
    "a shifted row": Case(records(*PEOPLE, ["", *person(4)[:-1]]), REJECTED, "practice_code_differs_from_file"),
    "a column too many": Case(records(*PEOPLE, [*person(4), "1"]), REJECTED, "unreadable_row"),
    "a row in Windows-1252": Case(
        content(GOOD + lines(person(4, USUAL_GP_CODE=CODES)).decode().encode("latin-1")), ACCEPTED,
        "usual_gp_malformed", 4,
    ),
    "a cell of ten megabytes": Case(one_more(USUAL_GP_CODE="G" * 10_000_000), REJECTED, "unreadable_row"),
    "a quoted line break": Case(one_more(USUAL_GP_CODE='"G10\n00070"'), ACCEPTED, "usual_gp_malformed", 4),
    "NUL bytes in a number": Case(one_more(NHS_NUMBER=f"{T1[:5]}\0{T1[5:]}"), REJECTED, "nhs_number_malformed"),
    "no number": Case(one_more(NHS_NUMBER=" "), REJECTED, "nhs_number_missing"),
    "nine digits": Case(one_more(NHS_NUMBER=T1[1:]), REJECTED, "nhs_number_malformed"),
    "a zero lost": Case(one_more(NHS_NUMBER=zero_lost()), REJECTED, "nhs_number_leading_zero_lost"),
    "a spreadsheet's exponent": Case(one_more(NHS_NUMBER="9.99E+09"), REJECTED, "nhs_number_in_exponent"),
    "a spreadsheet's decimals": Case(one_more(NHS_NUMBER=f"{T1}.0"), REJECTED, "nhs_number_with_decimals"),
    "a formula where the number belongs": Case(one_more(NHS_NUMBER="=cmd|calc!A1"), REJECTED, "nhs_number_malformed"),
    "a number of the old style": Case(one_more(NHS_NUMBER="JRDAN 269"), REJECTED, "nhs_number_malformed"),
    "mixed separators": Case(
        one_more(NHS_NUMBER=f"{T1[:3]} {T1[3:6]}-{T1[6:]}"), REJECTED, "nhs_number_malformed"
    ),
    "full-width digits": Case(
        one_more(NHS_NUMBER=T1.translate(str.maketrans(string.digits, "０１２３４５６７８９"))), REJECTED, "nhs_number_malformed"
    ),
    "wrong check digit": Case(
        one_more(NHS_NUMBER=f"{T1[:9]}{(int(T1[9]) + 1) % 10}"), REJECTED, "nhs_number_check_digit"
    ),
    "one digit ten times": Case(one_more(NHS_NUMBER="9" * 10), REJECTED, "nhs_number_never_issued"),
    "row of another practice": Case(one_more(PRACTICE_CODE=OTHER), REJECTED, "practice_code_differs_from_file"),
    "a practice's default code": Case(one_more(PRACTICE_CODE="V81999"), REJECTED, "practice_code_differs_from_file"),
    "one extraction, written otherwise": Case(
        records(person(1), person(2, EXTRACTED_AT="2017-04-01 01:00Z"), person(3, EXTRACTED_AT="2017-04-01T02:00")), ACCEPTED
    ),
    "another extraction": Case(one_more(EXTRACTED_AT=AFTER), REJECTED, "extracted_at_differs_within_file"),
    "the same row again": Case(records(*PEOPLE, PEOPLE[0]), REJECTED, "repeated_row"),
    "another GP": Case(records(*PEOPLE, person(1, USUAL_GP_CODE="")), REJECTED, "repeated_with_another_gp", 2, 1),
    "other metrics": Case(
        records(*PEOPLE, person(1, **{METRICS[0]: "0"})), REJECTED, "repeated_with_other_metrics", 2, 1
    ),
    "a Type 2 code after its end": Case(
        opt_outs(objection(1, CODE="XaaVL", EFFECTIVE_DATE="2018-10-12")), REJECTED, "type_2_code_after_its_end"
    ),
    "an admission on 30 February": Case(hospital(episode(3, ADMIDATE="2026-02-30")), REJECTED, "admission_date_unreadable"),
    "an admission without a day": Case(hospital(episode(3, ADMIDATE="")), REJECTED, "admission_date_unknown"),
    "an admission of 01/01/1800": Case(hospital(episode(3, ADMIDATE="01/01/1800")), REJECTED, "admission_date_unknown"),
    "a discharge that is no day": Case(
        hospital(episode(3, DISDATE="24DEC2016")), REJECTED, "discharge_date_unreadable"
    ),
    "a discharge of 01/01/1800": Case(hospital(episode(3, DISDATE="01/01/1800")), ACCEPTED, admitted=3),
    **{
        f"a discharge of {none}": Case(hospital(episode(3, DISDATE=none)), ACCEPTED, admitted=3)
        for none in ("9999-12-31", "31/12/9999", "NULL")
    },
    "an admission in 1801": Case(hospital(episode(3, ADMIDATE="1801-01-01")), REJECTED, "admission_date_unknown"),
    "an admission after its discharge": Case(
        hospital(episode(3, DISDATE="2016-12-23")), REJECTED, "discharged_before_admission"
    ),
    "a method of admission that nobody knows": Case(
        hospital(episode(3, ADMIMETH="99")), REJECTED, "admission_method_unknown"
    ),
    "an episode without its order": Case(hospital(episode(3, EPIORDER="99")), REJECTED, "episode_order_unknown"),
    "an episode twice": Case(hospital(EPISODES[0]), REJECTED, "repeated_episode"),
    "an episode of two people": Case(
        hospital(episode(2, EPIKEY="4"), episode(3, EPIKEY="1")), REJECTED, "episode_of_two_people", admitted=2
    ),
    "an episode of two people, one of them elective": Case(
        hospital(episode(2, EPIKEY="4"), episode(3, EPIKEY="1", ADMIMETH="11")), REJECTED, "episode_of_two_people", admitted=2
    ),
    "an episode of two people, one of them before the period": Case(
        hospital(episode(2, EPIKEY="4"), episode(3, EPIKEY="1", ADMIDATE="2015-12-24")), REJECTED, "episode_of_two_people", admitted=2
    ),
    "an episode of two people, one of them of no known sex": Case(
        hospital(episode(3, EPIKEY="1", SEX="M")), REJECTED, "sex_unknown"
    ),
    **{
        f"an episode twice, its key as {key}": Case(hospital(episode(1, EPIKEY=key)), REJECTED, "repeated_episode")
        for key in ("1.0", "01", " 1 ", "+1", "1.")
    },
    **{
        f"an episode's key as {key}": Case(
            hospital(episode(3, EPIKEY=key), episode(1, EPIKEY=key)), REJECTED, "episode_key_in_exponent"
        )
        for key in ("5.01E+11", "5e11", "5E11", "5.01e+011")
    },
    "an unfinished episode twice beside the finished one": Case(
        hospital(*[episode(1, EPIKEY="9", EPISTAT="1")] * 2), REJECTED, "unfinished_episode_again", also="repeated_episode"
    ),
    "an unfinished episode under the key of the finished one": Case(
        hospital(episode(1, EPISTAT="1")), REJECTED, "repeated_episode"
    ),
    "an unfinished episode at the hospital of the finished one, at another site": Case(
        hospital(episode(3, PROCODE="RAA01"), episode(3, EPIKEY="9", EPISTAT="1", PROCODE="raa99")),
        REJECTED, "unfinished_episode_again", admitted=3,
    ),
    "an unfinished episode that does not say at which hospital": Case(
        hospital(episode(3, PROCODE="RAA"), episode(3, EPIKEY="9", EPISTAT="1")),
        REJECTED, "unfinished_episode_again", admitted=3,
    ),
    **{
        f"an episode with {field} {value}": Case(hospital(episode(3, **{field: value})), REJECTED, rule)
        for field, rule, values in (
            ("DIAG_4_01", "primary_diagnosis_malformed", ("'J459", "asthma", "NULL", "45J9", "195967001", "Ｊ459")),
            ("DIAG_4_CONCAT", "diagnoses_malformed", ("J459;I10X", "J459|I10X", "J459 I10X", "asthma", "[J459]")),
            ("OPERTN_4_CONCAT", "procedures_malformed", ("K401;Y022", "K401 Y022", "none")),
        )
        for value in values
    },
    "an episode without a diagnosis": Case(
        hospital(episode(3, DIAG_4_01="")), ACCEPTED, "primary_diagnosis_missing", admitted=3
    ),
    "an episode under no number": Case(hospital(episode(3, NEWNHSNO="")), REJECTED, "nhs_number_missing"),
    "a hospital line too short": Case(hospital(episode(3)[:-1]), REJECTED, "unreadable_row"),
    "an unfinished episode that is there finished too": Case(
        hospital(episode(1, EPIKEY="9", EPISTAT="1")), REJECTED, "unfinished_episode_again"
    ),
    "a withdrawal under no number": Case(
        opt_outs(objection(4, NHS_NUMBER="", **WITHDRAWN)), REJECTED, "nhs_number_missing"
    ),
    # a published example, outside the test range
    "an objection under a number of live data": Case(
        opt_outs(objection(4, NHS_NUMBER="4000000632")), REJECTED, "nhs_number_test_range"  # a published example
    ),
    "a withdrawal under another scheme": Case(
        opt_outs(objection(1, CODE_SCHEME="READ2", **WITHDRAWN)), REJECTED, "withdrawal_in_another_scheme"
    ),
    "a withdrawal of another practice": Case(
        opt_outs(objection(1), objection(1, PRACTICE_CODE=OTHER, **WITHDRAWN)),
        REJECTED, "withdrawal_of_another_practice", 2, 1, "type_1_dissent",
    ),
    "agreed, the service in words": Case(
        register("cqrs/participation.csv", COLLECTION.upper(), "Individual GP Level-Data"), ACCEPTED
    ),
    "withdrawn, the service in words": Case(
        more("cqrs/participation.csv", [HERE, COLLECTION.replace("_", " "), "withdrawn", "2016-11-01"]),
        OUT, "not_agreed", 0, 0,
    ),
    **{
        f"withdrawn, {what}": Case(
            more("cqrs/participation.csv", [code, service, "withdrawn", "2016-11-01"]), OUT, "not_agreed", 0, 0
        )
        for what, code, service in (
            ("with a no-break space in the service", HERE, COLLECTION.replace("_", "\u00a0")),
            ("with a dash at the service's end", HERE, f"{COLLECTION}_"),
            ("after a tab", f"\t{HERE}", COLLECTION),
            ("after a sign without width", f"\u200b{HERE}", COLLECTION),
            ("after another file's first sign", f"\ufeff{HERE}", COLLECTION),
            ("as a spreadsheet's text", f"'{HERE}", COLLECTION),
        )
    },
    "an answer of no known word": Case(
        more("cqrs/participation.csv", [HERE, COLLECTION, "maybe", "2016-09-01"]),
        REJECTED, "participation_status_unknown",
    ),
    "an answer of no known word, and the last": Case(
        more("cqrs/participation.csv", [HERE, COLLECTION, "maybe", "2016-12-01"]),
        REJECTED, "participation_status_unknown", 0, 0, "not_agreed",
    ),
    "an answer without a day": Case(
        more("cqrs/participation.csv", [HERE, COLLECTION, "agreed", ""]), REJECTED, "participation_undated", 0, 0,
        "not_agreed",
    ),
    "an answer whose day cannot be read": Case(
        more("cqrs/participation.csv", [HERE, COLLECTION, "agreed", "01/10/2016"]), REJECTED,
        "participation_day_unreadable", 0, 0, "not_agreed",
    ),
    "a day of leaving that cannot be read": Case(
        more("ods/egpcur.csv", ods_row(
            ORGANISATION_CODE="G1000087", PARENT_ORGANISATION_CODE=HERE, STATUS_CODE="A", LEFT_PARENT_DATE="31/12/2016"
        )),
        REJECTED, "organisation_day_unreadable",
    ),
    "a setting that no list knows": Case(
        practice_of_register(PRESCRIBING_SETTING="RO999"),
        REJECTED, "prescribing_setting_unknown", 0, 0, "not_a_gp_practice",
    ),
    "no setting": Case(
        practice_of_register(PRESCRIBING_SETTING=""),
        REJECTED, "prescribing_setting_unknown", 0, 0, "not_a_gp_practice",
    ),
    "a prison": Case(
        practice_of_register(PRESCRIBING_SETTING="RO82"), OUT, "not_a_gp_practice", 0, 0, "other_organisation"
    ),
    "a setting as a data frame writes it": Case(practice_of_register(PRESCRIBING_SETTING="4.0"), ACCEPTED),
    **{
        f"a practice that closed on {day}": Case(
            practice_of_register(CLOSE_DATE=day), REJECTED, "organisation_day_unreadable", 0, 0, "not_open"
        )
        for day in ("31/12/2030", "31-DEC-2016", "2016-12-32", "42735", "NULL")
    },
    "a practice that will close": Case(practice_of_register(CLOSE_DATE="2017-12-31"), ACCEPTED),
    "a practice that opens later": Case(practice_of_register(OPEN_DATE="20170501"), OUT, "not_open", 0, 0),
    "the GP has left on a day that cannot be read": Case(
        gp_of_register(LEFT_PARENT_DATE="31/12/2016"),
        REJECTED, "organisation_day_unreadable", also="usual_gp_not_at_practice",
    ),
    "the GP has joined on a day that cannot be read": Case(
        gp_of_register(JOIN_PARENT_DATE="2016-02-30"),
        REJECTED, "organisation_day_unreadable", also="usual_gp_not_at_practice",
    ),
    "the GP has left": Case(gp_of_register(LEFT_PARENT_DATE="2016-12-31"), ACCEPTED, "usual_gp_not_at_practice"),
    **{
        f"extracted at {moment}": Case(
            records(*(person(n, EXTRACTED_AT=moment) for n in (1, 2, 3))), OUT, "extraction_moment_unreadable", 0, 0
        )
        for moment in ("2017-04-01 02:00:00 EST", "01/04/2017 02:00", "2016-10-30 01:30:00", "2017-04-01 02:00:00 IST")
    },
    **{
        f"extracted at {moment}": Case(records(*(person(n, EXTRACTED_AT=moment) for n in (1, 2, 3))), ACCEPTED)
        for moment in ("2017-04-02 09:00:00 BST", "2017-04-02T08:00:00Z", "2017-04-02 08:00 GMT", "20170401")
    },
    "extracted late by British Summer Time, in time by Bangladesh's": Case(
        records(*(person(n, EXTRACTED_AT="2017-04-02 11:00:00 BST") for n in (1, 2, 3))),
        OUT, "extracted_after_collection", 0, 0,
    ),
    "opt-outs extracted earlier by British Summer Time": Case(
        extracted("2017-04-01 01:59:59 BST"), OUT, "opt_out_file_older", 0, 0
    ),
    "a withdrawal recorded after the extraction by British Summer Time": Case(
        opt_outs(objection(1), objection(1, **WITHDRAWN, RECORDED_AT="2017-04-01 02:00:01 BST")),
        ACCEPTED, "type_1_dissent", 2, 1,
    ),
    **{
        f"a withdrawal dated {day}": Case(
            opt_outs(objection(1), objection(1, **WITHDRAWN | {"EFFECTIVE_DATE": day})),
            ACCEPTED, "opt_out_date_unreadable", 2, 1, "type_1_dissent",
        )
        for day in ("01/03/2016", "2016-02-30", "42430", "1 Mar 2016", "2016-03-01 00:00:00 EST")
    },
    "an answer under a number": Case(
        more("cqrs/participation.csv", [T1, COLLECTION, "agreed", "2016-12-01"]), REJECTED, "practice_code_malformed"
    ),
    "a practice under a number": Case(
        more("ods/epraccur.csv", ods_row(ORGANISATION_CODE=T1, PRESCRIBING_SETTING="4")),
        REJECTED, "practice_code_malformed",
    ),
    "another organisation under any code": Case(
        more("ods/epraccur.csv", ods_row(ORGANISATION_CODE="FA123", PRESCRIBING_SETTING="1")),
        ACCEPTED, "other_organisation",
    ),
    "an answer to another collection": Case(
        more("cqrs/participation.csv", [HERE, "GPDPR", "perhaps", ""]), ACCEPTED, "other_service"
    ),
    "an organisation of an unknown status": Case(
        more("ods/epraccur.csv", ods_row(ORGANISATION_CODE="C81001", PRESCRIBING_SETTING="4", STATUS_CODE="?")),
        REJECTED, "organisation_status_unknown",
    ),
    "a GP with a wrong check digit": Case(
        more("ods/egpcur.csv", ods_row(ORGANISATION_CODE="G1000071", PARENT_ORGANISATION_CODE=HERE)),
        REJECTED, "gp_code_malformed",
    ),
    "a default code among the GPs": Case(
        more("ods/egpcur.csv", ods_row(ORGANISATION_CODE="G9999998", PARENT_ORGANISATION_CODE=HERE)),
        REJECTED, "gp_default_code",
    ),
    # objections
    "an objection": Case(opt_outs(objection(1)), ACCEPTED, "type_1_dissent", 2, 1),
    **{
        f"an objection whose number has {name}": Case(
            opt_outs(objection(1, NHS_NUMBER=written)), ACCEPTED, "type_1_dissent", 2, 1
        )
        for name, written in (
            ("decimals", f"{ONE}.0"),
            ("a decimal comma", f'"{ONE},00"'),
            ("mixed separators", f"{ONE[:3]} {ONE[3:6]}-{ONE[6:]}"),
            ("groups of thousands", f'"{int(ONE):,}"'),
            ("an exponent with all digits", f"{ONE[0]}.{ONE[1:]}E+09"),
            ("a formula round it", f'"=""{ONE}"""'),
            ("an apostrophe", f"'{ONE}"),
            ("text before it", f"NHS: {ONE[:3]} {ONE[3:6]} {ONE[6:]}"),
            ("no-break spaces", f"\u00a0{ONE[:3]}\u00a0{ONE[3:]}\u00a0"),
            ("signs that nobody sees", f"\u200e{ONE[:3]}\u200b{ONE[3:]}\u00ad"),
            ("full-width digits", ONE.translate(str.maketrans(string.digits, "０１２３４５６７８９"))),
        )
    },
    "opt-outs all of whose numbers have decimals": Case(
        opt_outs(*(objection(stem, NHS_NUMBER=f"{test_number(stem)}.0") for stem in (1, 2))),
        ACCEPTED, "type_1_dissent", 1, 0,
    ),
    **{
        f"an objection whose code is {name}": Case(
            opt_outs(objection(1, CODE_SCHEME=scheme, CODE=code)),
            ACCEPTED, "opt_out_code_unknown", 2, 1, "type_1_unrecognised_code",
        )
        for name, scheme, code in (
            ("an exponent", "SNOMED", "8.27241E+14"),
            ("with decimals", "SNOMED", "827241000000103.0"),
            ("rounded", "SNOMED", "827241000000000"),
            ("of no list", "CTV3", "XaZ8B"),
            ("of another case", "READ2", "9nu0."),
            ("with an odd ending", "READ2", "9Nu0-x"),
            ("empty", "READ2", ""),
            ("of no scheme", "", "x"),
            ("on two lines", "CTV3", '"XaZ\n89"'),
            ("a spoilt withdrawal's", "SNOMED", "8.27261E+14"),
        )
    },
    "a withdrawal whose code has an odd ending": Case(
        opt_outs(objection(1), objection(1, **WITHDRAWN | {"CODE": "XaZ8A-x"})),
        ACCEPTED, "opt_out_code_unknown", 2, 1, "type_1_dissent",
    ),
    "an objection of another century": Case(
        opt_outs(objection(1, EFFECTIVE_DATE="1971-01-01")),
        ACCEPTED, "type_1_undated_dissent", 2, 1, "opt_out_date_unreadable",
    ),
    **{
        f"an objection of {day}, which stands for none, and an older withdrawal": Case(
            opt_outs(objection(1, EFFECTIVE_DATE=day), objection(1, **WITHDRAWN)),
            ACCEPTED, "type_1_undated_dissent", 2, 1, "opt_out_date_unreadable",
        )
        for day in ("1899-12-30", "18991231", "1900-01-01 00:00:00", "1904-01-01", "1970-01-01T00:00:00Z", "2000-01-01")
    },
    "an objection at the moment of extraction": Case(
        opt_outs(objection(1, EFFECTIVE_DATE=AT_EXTRACTION, RECORDED_AT=AT_EXTRACTION)), ACCEPTED, "type_1_dissent", 2, 1
    ),
    "an objection after the extraction": Case(
        opt_outs(objection(1, EFFECTIVE_DATE=AFTER)), ACCEPTED, "type_1_future_dissent", 2, 1
    ),
    "an objection without a date": Case(
        opt_outs(objection(1, EFFECTIVE_DATE="")), ACCEPTED, "type_1_undated_dissent", 2, 1
    ),
    "an objection on 30 February": Case(
        opt_outs(objection(1, EFFECTIVE_DATE="2016-02-30")),
        ACCEPTED, "type_1_undated_dissent", 2, 1, "opt_out_date_unreadable",
    ),
    "an objection and its withdrawal on one day": Case(
        opt_outs(objection(1), objection(1, CODE="XaZ8A")), ACCEPTED, "type_1_same_day_conflict", 2, 1
    ),
    "an objection taken back": Case(opt_outs(objection(1), objection(1, **WITHDRAWN)), ACCEPTED),
    # what concerns every practice stops the run, in one sentence
    "a hospital file without a column": Case(
        content(lines(HOSPITAL_HEADER[1:], episode(1)[1:]), HOSPITAL), STOPPED, "hes/apc_1617.csv breaks the contract"
    ),
    **{
        f"opt-outs of nobody knows which practice: {name}": Case(
            besides(lines(OPT_OUT_HEADER, objection(1)), f"gpes/opt_outs/{name}"), STOPPED, "anybody's objection"
        )
        for name in ("all.csv", f"2017-04/{HERE}.csv", f"{HERE}-{OTHER}.csv", f"{HERE}1.csv", f"{T1}.csv", "README.csv")
    },
    **{
        f"opt-outs in another place: {name}": Case(
            besides(lines(OPT_OUT_HEADER, objection(1)), name), STOPPED, "anybody's objection"
        )
        for name in (
            f"gpes/OPT_OUTS/{HERE}.csv", f"gpes/opt-outs/{HERE}.csv", f"gpes/opt_outs (1)/{HERE}.csv", "gpes/opt_outs.zip",
            f"opt_outs/{HERE}.csv", "Type 1 objections.xlsx",
        )
    },
    "a hospital file in a folder": Case(
        besides(lines(HOSPITAL_HEADER, *EPISODES), "hes/2016/apc_1617.csv"), STOPPED, "its name follows no rule"
    ),
    "a hospital file of no year": Case(
        besides(lines(HOSPITAL_HEADER), "hes/admissions.csv"), STOPPED, "breaks the contract"
    ),
    "a register of another layout": Case(content(b"CODE,NAME\n", "ods/epraccur.csv"), STOPPED, "2 columns, 27 expected"),
    "two hospital files of one year": Case(
        besides(gzip.compress(lines(HOSPITAL_HEADER, episode(3))), "hes/apc_1617.csv.gz"),
        STOPPED, r"nobody knows which is meant \(found: hes/apc_1617.csv, hes/apc_1617.csv.gz\)",
    ),
    "no hospital file": Case(without(HOSPITAL), STOPPED, "has no file hes/"),
    "a hospital file without rows": Case(content(lines(HOSPITAL_HEADER), HOSPITAL), STOPPED, "it is empty"),
    "answers without rows": Case(
        content(b"PRACTICE_CODE,SERVICE,STATUS,STATUS_DATE\n", "cqrs/participation.csv"), STOPPED, "it is empty"
    ),
    "two registers": Case(
        lambda raw_dir: write(raw_dir, "ods/epraccur.csv.gz", gzip.compress((raw_dir / "ods/epraccur.csv").read_bytes())),
        STOPPED, "there is another file of this kind",
    ),
    "a register cut off": Case(
        lambda raw_dir: write(raw_dir, "ods/egpcur.csv", (raw_dir / "ods/egpcur.csv").read_bytes()[:-5]),
        STOPPED, "stops in the middle of a line",
    ),
    "no answers": Case(without("cqrs/participation.csv"), STOPPED, "has no file cqrs/"),
    "a link to a register outside": Case(
        a_link("ods/epraccur.csv", "../epraccur.csv"), STOPPED, "a link and not a file"
    ),
}  # fmt: skip


def rules_met(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Every rule that was said of the practice's files, people and hospital rows."""
    return {
        rule
        for (rule,) in connection.execute(
            """
            select rule from gateway.int_intake__rejected_counts
            where coalesce(practice_code, '') <> $other
            union select rule from gateway.int_intake__record_counts where practice_code = $here
            union select rule from gateway.int_intake__row_counts where practice_code is null
            union select not_collected_reason from gateway.int_practices__collected where practice_code = $here
            """,
            {"here": HERE, "other": OTHER},
        ).fetchall()
    } - {"complete", None}


def people_at(connection: duckdb.DuckDBPyConnection, practice: str) -> int:
    query = "select count(*) from gateway.int_patients__permitted where practice_code = ?"
    [(count,)] = connection.execute(query, [practice]).fetchall()
    return int(count)


def unbalanced(connection: duckdb.DuckDBPyConnection) -> int:
    """Files of which not every row is accounted for: what the data test says."""
    data_test = (PROJECT / "tests" / "generic" / "rows_balance.sql").read_text()
    query = data_test.split("%}\n", 1)[1].split("{%")[0].replace("{{ model }}", "gateway.int_intake__file_counts")
    found = connection.execute(query).fetchone()
    return found[0] if found else 0


# Joins and sums that repeat or lose rows: model, what stands there, and what would be wrong.
FAULTS = [
    ("int_intake__row_counts", "\n        ) as rule,\n        count(*)", "\n        ) as rule,\n        2 * count(*)"),
    ("int_intake__row_counts", "'complete') as rule,\n        count(*)", "'complete') as rule,\n        2 * count(*)"),
    ("int_intake__row_counts", "and files.file_kind = 'opt_outs'", "and files.file_kind <> 'hes_apc'"),
    ("int_intake__row_counts", "counts.file_kind = files.file_kind", "true"),
    ("int_intake__file_counts", "and files.file_kind = 'practice_records'", "and files.file_kind <> 'hes_apc'"),
    ("int_intake__file_counts", "(where not is_usable)", "(where is_usable)"),
]


@pytest.mark.parametrize(("model", "before", "after"), FAULTS)
def test_rows_that_do_not_balance_are_noticed(tmp_path: Path, model: str, before: str, after: str) -> None:
    """The data test `rows_balance` goes red where rows are counted twice or lost."""
    raw_dir = good_folder(tmp_path / "raw")
    hospital(EPISODES[0])(raw_dir)
    opt_outs(objection(1), objection(4, CODE="XaaVL", EFFECTIVE_DATE="2018-10-12"))(raw_dir)
    connection = run(raw_dir)
    assert unbalanced(connection) == 0
    sent = Sent(settings=dict(SETTINGS))
    nodes = {node["name"]: node.get("compiled_code") for node in gateway_sql.manifest()["nodes"].values()
             if node["resource_type"] == "model"}  # fmt: skip
    assert before in nodes[model]
    for name in gateway_sql.INTAKE:
        statement = nodes[name].replace(before, after) if name == model else nodes[name]
        gateway_sql.build(connection, sent, name, statement)
    assert unbalanced(connection) > 0


@pytest.mark.parametrize("name", CASES)
def test_each_case_gets_its_verdict(tmp_path: Path, name: str) -> None:
    """Flags a file, row or practice that is let in wrongly, lost, or called something else."""
    case, raw_dir = CASES[name], good_folder(tmp_path / "raw")
    case.change(raw_dir)
    if case.verdict == STOPPED:
        with pytest.raises(Refusal, match=case.rule) as refused:
            run(raw_dir)
        says = str(refused.value)
        assert says.endswith(".") and ". " not in says and not NUMBER.search(says)
        assert "has no file" in says or re.search("; (send|name|write|put|save|take) [^;]+[.]$", says)
        return
    connection = run(raw_dir)
    refusals = connection.execute(
        "select rule, sentence from gateway.int_intake__refusals order by rule_order"
    ).fetchall()
    for _, says in refusals:
        assert says.startswith(whole_run.MAY_NOT_STAND) and says.endswith(".") and ". " not in says
        assert not NUMBER.search(says)
    # what nobody can be collected for besides is told after it
    assert [rule for rule, _ in refusals[:1]] == ([case.rule] if case.verdict == UNDONE else [])
    if case.verdict == UNDONE:
        assert unbalanced(connection) == 0
        assert case.also in {"", *rules_met(connection)}
        return
    consequence = {REFUSED: {"practice_file_refused", "opt_out_file_refused"}}.get(case.verdict, set())
    # a line of the opt-outs that cannot be read is counted, and keeps the whole practice out
    consequence |= {"unreadable_row"} if case.rule == "opt_out_file_damaged" else set()
    assert rules_met(connection) - consequence == {case.rule, case.also} - {""}
    assert people_at(connection, HERE) == case.kept
    assert people_at(connection, OTHER) == 2
    [(admitted,)] = connection.execute("select count(*) from gateway.int_admissions__emergency").fetchall()
    assert admitted == case.admitted
    assert unbalanced(connection) == 0
    assert unreadable(connection) == unreadable_by_hand(connection, raw_dir)
    said = handed_on(connection)
    formulas = [text for text in said if text.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert (len(formulas), len(NUMBER.findall("\n".join(said)))) == (0, 0)
    if case.rule:
        kinds = {REFUSED: "file", OUT: "practice", REJECTED: "row", ACCEPTED: "person"}
        rule = rules()[case.rule]
        assert rule.applies_to == kinds[case.verdict] or (case.verdict == ACCEPTED and rule.keeps_row)


@pytest.mark.exhaustive(kept=2)
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.verdict != STOPPED])
def test_what_a_case_does_not_reach_is_as_if_built(tmp_path: Path, name: str) -> None:
    """Flags cases judged by what the unchanged folder gave."""
    raw_dir = good_folder(tmp_path / "raw")
    CASES[name].change(raw_dir)
    tables = [gateway_sql.table_of(node["name"]) for node in gateway_sql.of_a_folder()]
    changed, whole = run(raw_dir), gateway_sql.run_folder(raw_dir, SETTINGS)
    differing = [t for t in tables if gateway_sql.rows_of(changed, t) != gateway_sql.rows_of(whole, t)]
    assert differing == []


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet"])
def test_a_practice_is_told_which_rows_to_mend(tmp_path: Path, ending: str) -> None:
    """Flags rows told that are no trouble, another practice's, or not told by their place in the file."""
    raw_dir = good_folder(tmp_path / "raw")
    sound, broken = objection(1), objection(4, NHS_NUMBER="9.99E+09")
    rows = [sound, broken, sound, *[broken] * 20, objection(4, NHS_NUMBER="")]
    table = [list(OPT_OUT_HEADER), *rows]
    folder = raw_dir / "gpes" / "opt_outs"
    for path in folder.glob(f"{HERE}.*"):
        path.unlink()
    if ending == ".parquet":
        columns = {name: [row[at] for row in table[1:]] for at, name in enumerate(OPT_OUT_HEADER)}
        pyarrow.parquet.write_table(pyarrow.table(columns), folder / f"{HERE}.parquet")
    else:
        text = "\n".join(("\t" if ending == ".tsv" else ",").join(row) for row in table) + "\n"
        (folder / f"{HERE}{ending}").write_text(text)
    connection = run(raw_dir)
    told = connection.execute("select * from gateway.int_opt_outs__to_mend order by all").fetchall()
    exponent, missing = "nhs_number_in_exponent", "nhs_number_missing"
    assert told == [*((HERE, exponent, at) for at in (3, *range(5, 14))), (HERE, missing, 25)]


def unreadable(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Lines that could not be read, by file."""
    return dict(
        connection.execute(
            """
            select file_name, row_count from gateway.int_intake__row_counts where rule = 'unreadable_row'
            union all
            select files.file_name, counts.row_count
            from gateway.int_intake__record_counts as counts
            inner join landing.files as files on counts.practice_code = files.practice_code
            where counts.rule = 'unreadable_row' and files.file_kind = 'practice_records'
            """
        ).fetchall()
    )


def unreadable_by_hand(connection: duckdb.DuckDBPyConnection, raw_dir: Path) -> dict[str, int]:
    """The same by plain Python: rows that are not of the right width, so that a lost row is not taken for one."""
    found = {}
    for (name,) in connection.execute(
        "select file_name from landing.files where refused_rule is null and file_name like '%.csv'"
    ).fetchall():
        data = (raw_dir / name).read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252")
        delimiter = max(",|\t", key=text.count)
        usual = csv.field_size_limit(20_000_000)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        csv.field_size_limit(usual)
        rows = [row for row in rows if any(cell.strip() for cell in row) and row[0][:4] != "sep="]
        # no cell of more than two million characters is read
        good = [row for row in rows if ends_like(row, rows[0]) and max(map(len, row)) < 2_000_000]
        if len(rows) > len(good):
            found[name] = len(rows) - len(good)
    return found


def ends_like(row: list[str], first: list[str]) -> bool:
    """Whether a row has the columns of the first one, and nothing but empty ones beyond."""
    width = len(first) if len(first) == len(landing.ODS_COLUMNS) else len(without_empty_end(first))
    return len(row) >= width and len(without_empty_end(row)) <= width


def without_empty_end(row: list[str]) -> list[str]:
    while row and not row[-1].strip():
        row = row[:-1]
    return row


HANDED_ON = ("int_ods__practices", "int_ods__gps", "int_practices__collected", "int_cqrs__participation",
             "int_intake__row_counts", "int_intake__record_counts", "int_intake__file_counts")  # fmt: skip


def handed_on(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Every text that reports and marts are made of."""
    rows = (row for name in HANDED_ON for row in connection.execute(f"select * from gateway.{name}").fetchall())
    return [value for row in rows for value in row if isinstance(value, str)]


REFUSED_OPT_OUTS = {
    "for a column": lines([*OPT_OUT_HEADER, "NOTE"], [*objection(1), "moved"]),
    "for its letters": lines(OPT_OUT_HEADER, objection(1)).decode().encode("utf-16"),
    "for what stands between its columns": lines(OPT_OUT_HEADER, objection(1)).replace(b",", b";"),
}


@pytest.mark.parametrize("why", REFUSED_OPT_OUTS)
def test_whom_a_refused_file_may_name_is_kept_out_elsewhere(tmp_path: Path, why: str) -> None:
    """Flags somebody who objected at a practice whose file is refused, and is collected at another."""
    raw_dir = good_folder(tmp_path / "raw")
    before = people_at(run(raw_dir), HERE)
    write(raw_dir, f"gpes/opt_outs/{OTHER}.csv", REFUSED_OPT_OUTS[why])
    connection = run(raw_dir)
    assert (people_at(connection, HERE), people_at(connection, OTHER)) == (before - 1, 0)
    assert unbalanced(connection) == 0
    query = "select reason from gateway.int_opt_outs__in_force where practice_code = ? group by all"
    assert connection.execute(query, [OTHER]).fetchall() == [("unrecognised_code",)]


def test_there_are_enough_cases_of_every_verdict() -> None:
    assert len(CASES) >= 60
    assert {case.verdict for case in CASES.values()} == {REFUSED, OUT, REJECTED, ACCEPTED, STOPPED, UNDONE}


# Not met by a synthetic folder of this collection: number ranges of live data (test_intake_rules.py), waves and
# Type 2, which other collections uphold (test_opt_outs.py, test_mutants.py). Met by every case without a list of
# extractions: that nobody states them.
ELSEWHERE = re.compile(
    "opt_out_extraction_unstated|nhs_number_(test_range|scottish|northern_irish|range_not_in_use)|not_in_wave|complete|type_[12]_.*"
)


def test_every_rule_of_the_table_has_its_case() -> None:
    """Flags a rule that nobody has seen at work."""
    met = {rule for case in CASES.values() for rule in (case.rule, case.also)} | {
        "practice_file_refused",
        "opt_out_file_refused",
    }
    # those of journals and of what is linked with them have theirs in test_journals.py
    here = [rule for rule in rules().values() if not set(rule.file_kinds) <= {"journals", "social_care"}]
    assert [rule.rule for rule in here if rule.rule not in met and not ELSEWHERE.fullmatch(rule.rule)] == []


# Any byte may change on the way.

FILES = (RECORDS, OPT_OUTS, HOSPITAL, "ods/epraccur.csv", "ods/egpcur.csv", "cqrs/participation.csv")
BYTES = st.one_of(
    st.sampled_from([b"", b",", b'"', b"\n", b"\r", b"\0", b"\xff", b"9", b" ", b";"]), st.binary(max_size=3)
)
# where, how many bytes go, what comes instead
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), BYTES), min_size=1, max_size=3)


@examples(40)
@hypothesis.given(relative=st.sampled_from(FILES), edits=EDITS)
def test_whatever_happens_to_a_byte(
    tmp_path_factory: pytest.TempPathFactory, relative: str, edits: list[tuple[float, int, bytes]]
) -> None:
    """Flags a damaged file that stops the run without a clear sentence, or lets an unusable number through."""
    raw_dir = good_folder(tmp_path_factory.mktemp("damaged") / "raw")
    write(raw_dir, OPT_OUTS, lines(OPT_OUT_HEADER, objection(1)))
    data = (raw_dir / relative).read_bytes()
    for where, gone, instead_of_it in edits:
        at = int(where * len(data))
        data = data[:at] + instead_of_it + data[at + gone :]
    write(raw_dir, relative, data)
    try:
        connection = run(raw_dir)
    except Refusal as refused:
        says = str(refused)
        assert says.endswith(".") and ". " not in says and not NUMBER.search(says)
        return
    sent = connection.execute("select nhs_number from landing.practice_records").fetchall()
    usable = {re.sub("[ -]", "", text) for (text,) in sent if number_rule(text, is_synthetic=True) is None}
    allowed = {gateway_sql.pseudonym(gateway_sql.KEY, COLLECTION, number) for number in usable}
    found = {key for (key,) in connection.execute("select patient_key from gateway.int_patients__permitted").fetchall()}
    strangers = len(found - allowed)
    assert strangers == 0
    assert unbalanced(connection) == 0
    if relative in (RECORDS, OPT_OUTS, HOSPITAL):
        assert people_at(connection, OTHER) == 2
    # who objected is in only where the file about it is damaged beyond its number
    if relative not in (OPT_OUTS, RECORDS):
        objector = gateway_sql.pseudonym(gateway_sql.KEY, COLLECTION, test_number(1))
        assert objector not in found
