"""What the SQL files of this folder leave open: sizes, the seed, the range of NHS Numbers."""

import hashlib
import pathlib
import string

from gp_level_data.synthesise.size import Size

# The day, local time, whose early hours see the practices' extractions. The run's moment of
# collection is the morning after.
EXTRACTION_DAY = "2017-04-01"

# Of the sample's patients every tenth has a journal, so that the repository stays small.
JOURNAL_SHARE = 10

# 899 * 1000 numbers begin with 999; beyond, 8999 * 10000 begin with 9. Both leave out the stems
# at the ends, where HES's exclusions lie (9000000009, 9999999999).
PREFIX_999 = {"half_a": 899, "half_b": 1_000, "first_eight_digits": 99_900_001}
PREFIX_9 = {"half_a": 8_999, "half_b": 10_000, "first_eight_digits": 90_000_001}


def settings_for(size: Size, seed: int) -> dict[str, object]:
    """The values of the placeholders in the SQL files."""
    fits_999 = size.people <= PREFIX_999["half_a"] * PREFIX_999["half_b"]
    digest = hashlib.sha256(str(seed).encode()).digest()
    return {
        "seed": int(seed),
        "extraction_day": EXTRACTION_DAY,
        "patients": size.patients,
        "people": size.people,
        "practices": size.practices,
        "gps": size.gps,
        "ccgs": size.ccgs,
        "journal_share": JOURNAL_SHARE if size.is_sample else 1,
        **(PREFIX_999 if fits_999 else PREFIX_9),
        **{f"odd_{i}": digest[i] * 256 + digest[i + 8] | 1 for i in range(1, 5)},
        "diagnosis_columns": numbered_columns("DIAG", "diagnoses", 20),
        "procedure_columns": numbered_columns("OPERTN", "marked_procedures", 24),
    }


def numbered_columns(field: str, codes: str, count: int) -> str:
    """HES keeps a list of codes as numbered columns, once cut to three characters, once to four.

    Procedures are padded to their width, as HES does with its marker of no procedure.
    """
    columns = []
    for width in (3, 4):
        for i in range(1, count + 1):
            code = f"{codes}[{i}]" if width == 4 else f"{codes}[{i}][1:3]"
            if field == "OPERTN":
                code = f"rpad({code}, {width}, ' ')"
            columns.append(f'{code} as "{field}_{width}_{i:02}"')
    return ",\n    ".join(columns)


def fill_in(sql: str, settings: dict[str, object]) -> str:
    """A SQL file with its placeholders filled in; an unknown placeholder is an error."""
    return string.Template(sql).substitute(settings)


def quoted(path: pathlib.Path) -> str:
    """A path as a SQL string."""
    return "'" + str(path).replace("'", "''") + "'"
