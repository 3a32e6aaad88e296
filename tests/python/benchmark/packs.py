"""How long `make report-back` takes for many practices: those of a built store, again and again.

    python -m tests.python.benchmark.packs --practices 630 --store-dir .local/store --key-dir .local/keys

Each copy has a code of its own and results a little different, and every list whose result is told is
long enough to be compared: at England's size nearly all are, and funnels are the dearest part. Thirty
practices of neighbouring codes share a CCG, whose value is its own: 210 of them in England.
Prints seconds, processor seconds and the most memory of all its processes together; nothing is kept.
"""

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path

import duckdb

from gp_level_data.commands import report_back
from gp_level_data.custody import keys, published_tables, store

from .measured import seconds_of_children, tree_bytes

# The tables of practices, and the columns that hold a practice's code.
TABLES = {
    "main.rpt_gp_metrics": ["practice_code"],
    "main.fct_comparators": ["area_code"],
    "main.fct_gp_funnels": ["practice_code"],
    "main.fct_emergency_admissions": ["practice_code", "area_code"],
    "main.fct_exclusions": ["practice_code"],
    "main.dim_practices": ["practice_code"],
}
SENDERS = ("rpt_practice_checks", "rpt_practice_rows")
SHARED = ("main.dim_metrics", "reference.int_collection__settings",
          "seeds.intake_rules", "seeds.disclosure_rules")  # fmt: skip
COUNTS = "counts.int_intake__file_counts"
LONGER = {
    "main.rpt_gp_metrics": """
        update rpt_gp_metrics set
            denominator_text = cast(cast(denominator_text as integer) * 5 + 100 as varchar),
            value_text = cast(
                round(least(99, cast(value_text as double) + (hash(practice_code) % 40) / 10.0), 1) as varchar
            )
        where value_text not in ('*', '')
    """,
    "main.fct_gp_funnels": """
        update fct_gp_funnels set comparator_value = round(
            comparator_value * (0.9 + (hash(cast(substr(practice_code, 2) as integer) // 30) % 200) / 1000.0), 1
        )
        where comparator_level = 'ccg';

        update fct_gp_funnels set
            lower_99_8_limit = round(comparator_value * 0.8, 1), lower_95_limit = round(comparator_value * 0.9, 1),
            upper_95_limit = round(comparator_value * 1.1, 1), upper_99_8_limit = round(comparator_value * 1.2, 1),
            category = 'as_expected', not_compared_reason = null
        where comparator_value is not null and gp_code <> 'UNASSIGNED'
    """,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--practices", type=int, default=630)
    parser.add_argument("--store-dir", type=Path, default=Path(".local/store"))
    parser.add_argument("--key-dir", type=Path, default=Path(".local/keys"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make(chosen, folder)
        ended, seen = threading.Event(), [0]
        watch = threading.Thread(target=look, args=(ended, seen))
        watch.start()
        started, processor = time.monotonic(), time.process_time() + seconds_of_children()
        with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as connection:
            connection.execute("set memory_limit = '500MB'; set threads = 2")
            connection.execute(f"attach '{folder / 'senders.duckdb'}' as patient_level (read_only)")
            connection.execute(f"attach '{folder / 'counts.duckdb'}' as assurance (read_only)")
            settings = published_tables.settings(connection)
            done = report_back.hand_over(connection, settings, report_back.owner(), folder / "out")
        seconds, processor = time.monotonic() - started, time.process_time() + seconds_of_children() - processor
        ended.set()
        watch.join()
        pages = len(list(folder.glob("out/*/*.html")))
        size = sum(path.stat().st_size for path in folder.glob("out/*/*"))
        print(
            f"{len(done)} practices, {pages} pages, {size / 2**20:,.0f} MB: {seconds:.1f} s,"
            f" {processor:.1f} s of processors, {max(seen) / 2**20:.0f} MB of memory"
        )


def look(ended: threading.Event, seen: list[int]) -> None:
    """What all processes of this one hold, now and again."""
    while not ended.wait(0.5):
        seen.append(tree_bytes(os.getpid()))


def make(chosen: argparse.Namespace, folder: Path) -> None:
    """A store's published tables for so many practices, in a database of their own."""
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute(f"attach '{store.database_file(chosen.store_dir, store.MARTS)}' as built (read_only)")
        store.attach_store(connection, chosen.store_dir, keys.of_store(chosen.key_dir))
        connection.execute(f"attach '{folder / 'senders.duckdb'}' as told")
        for schema in ("reference", "seeds", "told.senders"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            """
            create temp table copies as
            with practices as (
                select
                    practice_code as old,
                    row_number() over (order by practice_code) - 1 as place,
                    count(*) over () as together
                from built.main.dim_practices where is_collected
            ),

            numbered as (
                select old, place + together * round as number
                from practices cross join range(?) as rounds (round)
            )

            select old, chr(cast(65 + number % 26 as integer)) || lpad(cast(number as varchar), 5, '0') as new
            from numbered where number < ?
            """,
            [chosen.practices, chosen.practices],
        )
        for table in SHARED:
            connection.execute(f"create table {table} as from built.{table}")
        for table, columns in TABLES.items():
            copied(connection, f"built.{table}", table, columns)
            connection.execute(LONGER.get(table, "select 1"))
        connection.execute(f"attach '{folder / 'counts.duckdb'}' as told_counts; create schema told_counts.counts")
        connection.execute(f"create table told_counts.{COUNTS} as from assurance.{COUNTS}")
        for name in SENDERS:
            copied(connection, f"patient_level.senders.{name}", f"told.senders.{name}", ["practice_code"])


def copied(connection: duckdb.DuckDBPyConnection, source: str, table: str, columns: list[str]) -> None:
    """The rows of practices under each new code, and those of areas once."""
    renamed = ", ".join(f"case when {name} = copies.old then copies.new else {name} end as {name}" for name in columns)
    of_areas = (
        f"union all by name from {source} where area_level in ('ccg', 'england')" if "area_code" in columns else ""
    )
    connection.execute(
        f"create table {table} as select old_rows.* replace ({renamed}) from {source} as old_rows"
        f" inner join copies on old_rows.{columns[0]} = copies.old {of_areas} order by all"
    )


if __name__ == "__main__":
    main()
