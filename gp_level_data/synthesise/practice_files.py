"""Write the files of one practice, in the odd forms that the sample's hard cases ask for."""

import pathlib

import duckdb

from gp_level_data.synthesise.settings import quoted

FIXED_COLUMNS = ["PRACTICE_CODE", "EXTRACTED_AT", "NHS_NUMBER", "USUAL_GP_CODE"]
METRIC_COLUMNS = [
    "bowel_cancer_screening",
    "cervical_screening",
    "diabetes_hba1c_58",
    "diabetes_hba1c_75",
]
OPT_OUT_COLUMNS = [
    "PRACTICE_CODE",
    "NHS_NUMBER",
    "CODE_SCHEME",
    "CODE",
    "EFFECTIVE_DATE",
    "RECORDED_AT",
]
CSV = "format csv, header"


def write_metrics(con: duckdb.DuckDBPyConnection, folder: pathlib.Path, number: int, code: str, form: str) -> None:
    """One row a patient: who the usual GP is and which metrics' criteria are met."""
    columns = FIXED_COLUMNS + METRIC_COLUMNS
    suffix, options = ".csv", CSV
    if form == "extra_column":
        columns = columns + ["null as POSTCODE"]
    elif form == "four_columns":
        columns = FIXED_COLUMNS
    elif form == "reordered_crlf":
        columns = FIXED_COLUMNS + METRIC_COLUMNS[::-1]
    elif form == "gzip":
        suffix, options = ".csv.gz", f"{CSV}, compression gzip"
    elif form == "parquet":
        suffix, options = ".parquet", "format parquet, compression zstd"

    path = folder / f"{code}{suffix}"
    rows = f"""
        select {", ".join(columns)} from practice_rows where practice_number = {number}
        order by row_order, person, copy_number
    """
    con.execute(f"copy ({rows}) to {quoted(path)} ({options})")
    if form in MISSHAPEN:
        path.write_bytes(MISSHAPEN[form](path.read_bytes()))


def write_opt_outs(con: duckdb.DuckDBPyConnection, folder: pathlib.Path, number: int, code: str, form: str) -> None:
    """One row a code that concerns objection, or is mistaken for one."""
    if form == "no_opt_out_file":
        return
    nobody = "and false" if form == "empty_opt_out_file" else ""
    rows = f"""
        select {", ".join(OPT_OUT_COLUMNS)} from opt_out_rows
        where practice_number = {number} {nobody}
        order by row_order, person, step
    """
    con.execute(f"copy ({rows}) to {quoted(folder / f'{code}.csv')} ({CSV})")


def with_crlf(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


def with_byte_order_mark(content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + content


def with_ragged_rows(content: bytes) -> bytes:
    """In every four-hundredth row the last column is missing, in others there is one more."""
    lines = content.splitlines()
    for i in range(200, len(lines), 400):
        lines[i] = lines[i].rpartition(b",")[0]
    for i in range(400, len(lines), 400):
        lines[i] += b",1"
    return b"\n".join(lines) + b"\n"


MISSHAPEN = {
    "reordered_crlf": with_crlf,
    "byte_order_mark": with_byte_order_mark,
    "ragged": with_ragged_rows,
}
