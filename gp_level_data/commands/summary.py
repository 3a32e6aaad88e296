"""What `make build` says at its end: where the results are, who is in them, who is not, and why."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from gp_level_data.custody import store
from gp_level_data.project import PROJECT
from gp_level_data.raw import landing
from gp_level_data.raw.intake_rules import in_words

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

NATIONAL_FILES = """
    select
        file_name,
        row_count,
        used_count,
        floor(100.0 * used_count / nullif(used_count + unusable_count, 0))::bigint as used_percent,
        worst_rule
    from reference.int_intake__national_shares
    order by used_percent nulls first, file_name
"""

# Of every kind of file: sent, usable, and the rule that took most of the rest; the worst first.
KINDS = """
    with kinds as (
        select
            file_kind,
            count(*) as file_count,
            count(*) filter (where refused_rule is not null) as refused_count,
            coalesce(sum(row_count), 0)::bigint as row_count,
            coalesce(sum(usable_count), 0)::bigint as usable_count
        from reference.int_intake__file_counts
        group by file_kind
    ),
    reasons as (
        select file_kind, rule, sum(row_count) as row_count
        from reference.int_intake__rejected_counts
        group by file_kind, rule
    ),
    worst as (
        select
            file_kind,
            rule,
            row_number() over (partition by file_kind order by row_count desc, rule) as place
        from reasons
    )
    select kinds.*, worst.rule
    from kinds
    left join worst on kinds.file_kind = worst.file_kind and worst.place = 1
    order by kinds.usable_count / nullif(kinds.row_count, 0) nulls last, kinds.file_kind
"""

# A practice with so many patients has some who object; that none was sent is no proof, so it is told.
WITHOUT_OBJECTIONS = """
    with people as (
        select practice_code, count(*) as person_count
        from patient_level.gateway.int_patients__permitted
        group by practice_code
        union all
        select practice_code, count(*) as person_count
        from patient_level.gateway.int_journals__people
        group by practice_code
    )
    select counts.practice_code
    from reference.int_opt_outs__counts as counts
    inner join people on counts.practice_code = people.practice_code
    inner join seeds.reconciliation_rules as limits on limits.rule = 'practice_objections_from'
    where people.person_count >= limits.value
    group by counts.practice_code
    having sum(counts.objector_count) = 0
    order by counts.practice_code
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

    show_files(connection)
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


def show_files(connection: duckdb.DuckDBPyConnection) -> None:
    """What came of every kind of file, of each file for all practices, and who sent no objection."""
    print("\nFiles by kind: rows sent, rows usable, and what took most of the rest; the worst first")
    for kind, files, refused, sent, usable, rule in connection.execute(KINDS).fetchall():
        but = f", {refused:,} refused" if refused else ""
        why = f"  {in_words(rule)}" if rule else ""
        print(f"  {kind.replace('_', ' '):<22}{sent:>12,}{usable:>12,}  ({files:,} files{but}){why}")
    print("\nFiles for all practices: how much of what is meant for the collection was used")
    for name, sent, used, percent, rule in connection.execute(NATIONAL_FILES).fetchall():
        why = f"  {in_words(rule)}" if rule else ""
        print(f"  {name:<32}{used:>12,} of {sent:,} rows, {percent or 0} %{why}")
    without = [code for (code,) in connection.execute(WITHOUT_OBJECTIONS).fetchall()]
    if without:
        print(f"\nWarning: {len(without):,} practices sent no objection, which is unlikely for their size")
        print(f"  {' '.join(without[:10])}{' ...' if len(without) > 10 else ''}")


def print_table(header: list[str], rows: Iterable[tuple]) -> None:
    """Columns as wide as their widest value."""
    lines = [header, *([("" if value is None else str(value)) for value in row] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    for line in lines:
        print("  " + "  ".join(value.ljust(width) for value, width in zip(line, widths)).rstrip())
