"""Write the coded journals of one practice, and the social care files."""

import pathlib

import duckdb

from gp_level_data.raw.landing import JOURNAL_COLUMNS, NOT_IN_CARE_DATA
from gp_level_data.synthesise.settings import quoted

CARE_DATA_CATEGORIES = ("diagnosis", "medication", "immunisation", "referral")
# Read on a screen as they are; the others of the sample are compressed.
PLAIN = ("A81001", "C81001")


def write_journal(
    con: duckdb.DuckDBPyConnection,
    folder: pathlib.Path,
    practice: tuple[int, str, str],
    collection: str,
    *,
    compress: bool,
) -> None:
    """One row a coded record of a practice (its number, code and hard case), as the collection asks."""
    number, code, hard_case = practice
    columns = list(JOURNAL_COLUMNS)
    condition = ""
    if collection == "care_data":
        columns = [column for column in columns if column not in NOT_IN_CARE_DATA]
        kept = ", ".join(f"'{category}'" for category in CARE_DATA_CATEGORIES)
        condition = f'and ("CATEGORY" is null or "CATEGORY" in ({kept}))'
    listed = ", ".join(f'"{column}"' for column in columns)
    if hard_case == "extra_column":
        listed += ", 'see letter' as \"CONSULTATION_TEXT\""
    is_packed = compress and code not in PLAIN
    con.execute(f"""
        copy (
            select {listed} from journal_rows
            where practice_number = {number} {condition}
            order by row_order, person, copy_number
        )
        to {quoted(folder / (code + (".csv.gz" if is_packed else ".csv")))}
        (format csv, header, compression {"gzip" if is_packed else "none"})
    """)


def write_social_care(con: duckdb.DuckDBPyConnection, folder: pathlib.Path) -> None:
    """One row a stretch of care, of the financial year to March 2017."""
    con.execute(f"""
        copy (select * exclude (person) from social_care order by person)
        to {quoted(folder / "social_care_1617.csv")} (format csv, header)
    """)
