"""A journal with one thing wrong each, a practice each: what is kept of it, and what its sender is told.

A folder is looked at by the package landing and judged by the gateway's own SQL, once for all (test_intake_cases.py does
so for practice files, a folder a case).
"""

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import pytest

from bench import gateway_sql
from conftest import test_number
from gp_level_data.raw import landing
from intake.test_intake_cases import EXTRACTED, GP, OPT_OUT_HEADER, SETTINGS, delimited, lines, write

PEOPLE = 10
RECORDS = (
    {"CATEGORY": "diagnosis", "CODE": "44054006", "DATE": "2011-05-06"},
    {"CATEGORY": "test_result", "CODE": "999791000000106", "DATE": "2016-12-05", "VALUE1_CONDITION": "58"},
    {"CATEGORY": "medication", "CODE": "325278007", "DATE": "2016-11-03"},
    {"CATEGORY": "diagnosis", "CODE": "38341003", "DATE": "2012-02-03"},
)
ROW = dict.fromkeys(landing.JOURNAL_COLUMNS, "") | {
    "PROCESSED_TIMESTAMP": EXTRACTED, "DATE_OF_BIRTH": "1959-08-25", "SEX": "2", "ETHNIC": "A", "LSOA": "E01990008",
    "REGISTERED_ON": "2001-02-03", "RECORD_DATE": "2017-03-31", "STAFF_ROLE": "NURSE",
}  # fmt: skip
Row = dict[str, str]
ALL, SOME = 1, 3


@dataclass(frozen=True)
class Case:
    """What is wrong with a journal of ten people with four records each.

    spoil   what is made of a row
    every   of how many rows one is spoilt
    people  who are collected
    kept    records of theirs that are stored
    told    what the sender is told, and of how many rows or people; nothing where nothing is wrong
    """

    spoil: Callable[[Row], Row]
    every: int = ALL
    people: int = PEOPLE
    kept: int = 4 * PEOPLE
    told: tuple[str, int] | None = None


def other(column: str, value: str) -> Callable[[Row], Row]:
    """Another value in a column."""
    return lambda row: {column: value}


def written(column: str, pattern: str) -> Callable[[Row], Row]:
    """A value written otherwise."""
    return lambda row: {column: pattern.format(row[column])}


def in_exponents(row: Row) -> Row:
    return {"CODE": f"{float(row['CODE']):.5E}"}


def rounded(row: Row) -> Row:
    return {"CODE": row["CODE"][:3].ljust(len(row["CODE"]), "0")}


UNCLEAR = ("registration_unknown", 4 * PEOPLE)
CASES = {
    "nothing": Case(lambda row: {}),
    # who is registered
    **{
        f"{column} is {none} in every row": Case(other(column, none))
        for column in ("DEREGISTERED_ON", "DATE_OF_DEATH")
        for none in ("NULL", "\\N", "9999-12-31", "9999-12-31 00:00:00")
    },
    "an end in another order": Case(other("DEREGISTERED_ON", "31/12/2099"), people=0, kept=0, told=UNCLEAR),
    "an end of 1900": Case(other("DEREGISTERED_ON", "1900-01-01"), people=0, kept=0, told=UNCLEAR),
    "a death of 1900": Case(other("DATE_OF_DEATH", "1900-01-01"), people=0, kept=0, told=UNCLEAR),
    "a start in another order": Case(other("REGISTERED_ON", "03/02/2001"), people=0, kept=0, told=UNCLEAR),
    "no start": Case(other("REGISTERED_ON", ""), people=0, kept=0, told=UNCLEAR),
    # codes and categories
    "decimals": Case(written("CODE", "{}.0"), people=0, kept=0, told=("code_malformed", 40)),
    "decimals of some": Case(written("CODE", "{}.0"), SOME, kept=26, told=("code_malformed", 14)),
    "exponents of some": Case(in_exponents, SOME, kept=26, told=("code_malformed", 14)),
    "rounded codes of some": Case(rounded, SOME, kept=26, told=("code_malformed", 14)),
    "terms of some": Case(written("CODE", "{} |Term|"), SOME, kept=26, told=("code_malformed", 14)),
    "Read codes of some": Case(other("CODE", "C10F."), SOME, kept=26, told=("code_malformed", 14)),
    "codes of which nobody asks": Case(other("CODE", "22298006"), SOME, kept=26),
    "categories in plural": Case(written("CATEGORY", "{}s"), SOME, kept=26, told=("category_unknown", 14)),
    # days
    "days in another order": Case(other("DATE", "06/05/2011"), SOME, kept=26, told=("record_date_unknown", 14)),
    "days of 1900": Case(other("DATE", "1900-01-01"), people=0, kept=0, told=("record_date_unknown", 40)),
    "days before a birth": Case(other("DATE", "1958-12-31"), SOME, kept=26, told=("recorded_before_birth", 14)),
    "days after a death": Case(other("DATE_OF_DEATH", "2016-11-30"), kept=30, told=("recorded_after_death", 10)),
    # what is left empty
    "values with a comma": Case(other("VALUE1_CONDITION", "58,5"), told=("value_not_a_number", 40)),
    "roles in words": Case(other("STAFF_ROLE", "the doctor"), told=("staff_role_unknown", 40)),
    "sexes in letters": Case(other("SEX", "F"), told=("detail_unusable", PEOPLE)),
    "birthdays in another order": Case(other("DATE_OF_BIRTH", "25/08/1959"), told=("detail_unusable", PEOPLE)),
}  # fmt: skip
PRACTICES = {name: f"A{at:05d}" for at, name in enumerate(CASES, 81_001)}


def journal(name: str) -> bytes:
    case, practice = CASES[name], PRACTICES[name]
    stem = int(practice[1:]) * PEOPLE
    rows = [
        ROW | {"PRACTICE": practice, "NHS_NUMBER": test_number(stem + person)} | record
        for person in range(PEOPLE)
        for record in RECORDS
    ]
    for row in rows[:: case.every]:
        row |= case.spoil(row)
    return delimited(",", list(ROW), *(list(row.values()) for row in rows))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    raw_dir = tmp_path_factory.mktemp("journals") / "raw"
    ods = dict.fromkeys(landing.ODS_COLUMNS, "") | {"OPEN_DATE": "19740401", "STATUS_CODE": "A"}
    codes = list(PRACTICES.values())
    practices = (ods | {"ORGANISATION_CODE": code, "PRESCRIBING_SETTING": "4"} for code in codes)
    gps = (ods | {"ORGANISATION_CODE": GP, "PARENT_ORGANISATION_CODE": code} for code in codes)
    write(raw_dir, "ods/epraccur.csv", lines(*(list(row.values()) for row in practices)))
    write(raw_dir, "ods/egpcur.csv", lines(*(list(row.values()) for row in gps)))
    agreed = ([code, "GPDPR", "agreed", "2016-10-01"] for code in codes)
    write(raw_dir, "cqrs/participation.csv", lines(["PRACTICE_CODE", "SERVICE", "STATUS", "STATUS_DATE"], *agreed))
    for name, practice in PRACTICES.items():
        write(raw_dir, f"gpes/opt_outs/{practice}.csv", lines(OPT_OUT_HEADER))
        write(raw_dir, f"gpes/gpdpr/{practice}.csv", journal(name))
    return gateway_sql.run_folder(raw_dir, SETTINGS | {"collection": "gpdpr"})


@pytest.mark.parametrize("name", CASES)
def test_what_is_kept_and_told_of_a_journal(judged: duckdb.DuckDBPyConnection, name: str) -> None:
    """Flags people, records or details that are lost and nobody is told, or kept though they cannot be."""
    case, practice = CASES[name], PRACTICES[name]

    def rows(columns: str, table: str) -> list[tuple[object, ...]]:
        query = f"select {columns} from gateway.{table} where practice_code = ? order by all"
        return judged.execute(query, [practice]).fetchall()

    assert rows("rule, row_count", "int_intake__rejected_counts") == [case.told][: bool(case.told)]
    assert rows("count(*)", "int_journals__people") == [(case.people,)]
    assert rows("count(*)", "int_journals__records") == [(case.kept,)]
    [(reason,)] = rows("not_collected_reason", "int_practices__collected")
    assert reason == (None if case.people else "practice_file_mostly_unusable")
