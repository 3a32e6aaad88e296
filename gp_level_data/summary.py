"""What `make build` says at its end: where the results are, who is in them, who is not, and why."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from gp_level_data import landing, store
from gp_level_data.intake_rules import in_words

PROJECT = Path(__file__).parent.parent

COLLECTED = """
    select
        'collected' as verdict,
        format(
            '{:,} people, registered at {:,} practices',
            count(distinct patient_key), count(distinct practice_code)
        ) as rule,
        count(*) as row_count
    from patient_level.gateway.int_patients__permitted
"""

JOURNALS = """
    select
        'stored' as verdict,
        format(
            '{:,} people, registered at {:,} practices',
            (select count(distinct patient_key) from patient_level.gateway.int_journals__people),
            (select count(distinct practice_code) from patient_level.gateway.int_journals__people)
        ) as rule,
        count(*) as row_count
    from patient_level.gateway.int_journals__records
"""

LEFT_OUT_OF_JOURNALS = """
    select verdict, reason as rule, sum(record_count)::bigint as row_count
    from reference.int_journals__removed_counts
    where verdict = '{verdict}'
    group by verdict, reason
    order by row_count desc, rule
"""

LEFT_OUT = """
    select verdict, rule, sum(row_count)::bigint as row_count
    from reference.int_intake__record_counts
    where verdict = '{verdict}'
    group by verdict, rule
    order by row_count desc, rule
"""

REFUSED_FILES = """
    select 'refused' as verdict, counts.rule, sum(counts.row_count)::bigint as row_count
    from reference.int_intake__rejected_counts as counts
    anti join reference.int_intake__record_counts as of_rows on counts.rule = of_rows.rule
    anti join reference.int_journals__removed_counts as removed on counts.rule = removed.reason
    where counts.file_kind in ('practice_records', 'journals')
    group by counts.rule
    order by counts.rule
"""

ONE_PRACTICE = """
    with first_practice as (
        select min(practice_code) as practice_code from fct_gp_metrics
    )

    select
        gps.practice_code,
        gps.gp_code,
        gps.metric_id,
        case when gps.is_suppressed then '*' else gps.numerator_count::varchar end as numerator,
        coalesce(gps.denominator_count::varchar, '*') as denominator,
        coalesce(gps.percent, gps.rate_per_1000)::varchar as value,
        case when practices.is_suppressed then '*' else coalesce(
            practices.percent, practices.rate_per_1000
        )::varchar end as practice,
        case when england.is_suppressed then '*' else coalesce(
            england.percent, england.rate_per_1000
        )::varchar end as england,
        metrics.unit
    from fct_gp_metrics as gps
    inner join first_practice on gps.practice_code = first_practice.practice_code
    inner join dim_metrics as metrics on gps.metric_id = metrics.metric_id
    inner join fct_comparators as practices
        on practices.area_code = gps.practice_code and practices.metric_id = gps.metric_id
    inner join fct_comparators as england
        on england.area_level = 'england' and england.metric_id = gps.metric_id
    order by gps.gp_code, gps.metric_id
    limit 10
"""


def show(store_dir: Path, store_key: bytes) -> None:
    """Print the summary of a store."""
    connection = duckdb.connect(str(store.database_file(store_dir, store.MARTS)), read_only=True)
    store.attach_patient_level(connection, store_dir, store_key)

    [(collection,)] = connection.execute(
        "select collection from reference.int_collection__settings"
    ).fetchall()
    if collection in landing.COLLECTED["journals"]:
        print("\nRecords of the journals")
        show_counts(connection, JOURNALS, LEFT_OUT_OF_JOURNALS)
        tables = "reference.int_journals__removed_counts, ..."
    else:
        print("\nPatients of the practice files")
        show_counts(connection, COLLECTED, LEFT_OUT)
        cursor = connection.execute(ONE_PRACTICE)
        print("\nTen rows of one practice's result (* is suppressed)")
        print_table([column[0] for column in cursor.description], cursor.fetchall())
        tables = "fct_gp_metrics, fct_comparators, ..."

    print("\nResults")
    print(f"  {store.database_file(store_dir, store.MARTS)}  tables {tables}")
    print(f"  {PROJECT / 'target' / 'static_index.html'}  the documentation and lineage")


def show_counts(connection: duckdb.DuckDBPyConnection, taken_in: str, left_out: str) -> None:
    """What was taken in, what was not by the reason, and the files that were refused whole."""
    for query in (
        taken_in,
        left_out.format(verdict="excluded"),
        left_out.format(verdict="rejected"),
        REFUSED_FILES,
    ):
        for verdict, rule, row_count in connection.execute(query).fetchall():
            print(f"  {verdict:<10}{row_count:>12,}  {in_words(rule)}")


def print_table(header: list[str], rows: Iterable[tuple]) -> None:
    """Columns as wide as their widest value."""
    lines = [header, *([("" if value is None else str(value)) for value in row] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    for line in lines:
        print("  " + "  ".join(value.ljust(width) for value, width in zip(line, widths)).rstrip())
