"""Write the files of Hospital Episode Statistics, with all the columns of the real ones."""

import csv
import pathlib

import duckdb

from gp_level_data.synthesise.settings import quoted

COLUMNS_FILE = pathlib.Path(__file__).parent.parent / "hes_apc_columns.csv"
FILE_YEARS = ("1516", "1617")


def hes_columns() -> list[str]:
    """The 193 columns of the artificial HES and NEWNHSNO, in order."""
    with COLUMNS_FILE.open(newline="", encoding="utf-8") as rows:
        return [row["column"] for row in csv.DictReader(rows)]


def write_hes(con: duckdb.DuckDBPyConnection, folder: pathlib.Path, *, compress: bool) -> None:
    """One file a financial year, one row an episode, in the order of the episode keys."""
    filled = {row[0] for row in con.execute("describe hes_apc").fetchall()}
    columns = [f'"{name}"' if name in filled else f'null as "{name}"' for name in hes_columns()]
    suffix, compression = (".csv.gz", "gzip") if compress else (".csv", "none")
    for year in FILE_YEARS:
        con.execute(f"""
            copy (select {", ".join(columns)} from hes_apc where "FYEAR" = '{year}')
            to {quoted(folder / f"apc_{year}{suffix}")}
            (format csv, header, compression {compression})
        """)
