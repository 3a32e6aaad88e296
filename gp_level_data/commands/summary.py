"""What `make build` says at its end: where the results are, who is in them, who is not, and why."""

import textwrap
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import duckdb

from gp_level_data.custody import store
from gp_level_data.custody.keys import StoreKeys
from gp_level_data.raw import landing
from gp_level_data.raw.intake_rules import in_words, listed, rules
from gp_level_data.runs import use_of_files
from gp_level_data.runs.dbt_command import target

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
    from assurance.counts.int_journals__removed_counts
    where verdict = '{verdict}'
    group by verdict, reason
    order by row_count desc, rule
"""

LEFT_OUT = """
    select verdict, rule, sum(row_count)::bigint as row_count
    from assurance.counts.int_intake__record_counts
    where verdict = '{verdict}'
    group by verdict, rule
    order by row_count desc, rule
"""

# Of whole files: what rows and records break is told above.
REFUSED_FILES = f"""
    select 'refused' as verdict, counts.rule, sum(counts.row_count)::bigint as row_count
    from assurance.counts.int_intake__rejected_counts as counts
    where
        counts.file_kind in ('practice_records', 'journals')
        and counts.rule in ({listed(rule.rule for rule in rules().values() if rule.applies_to == "file")})
    group by counts.rule
    order by counts.rule
"""

# People of whom nobody is the usual GP, by practice and reason, beside all who were kept there.
WITHOUT_USUAL_GP = """
    with kept as (
        select practice_code, rule, row_count
        from assurance.counts.int_intake__record_counts
        where verdict = 'kept'
    ),
    people as (
        select practice_code, sum(row_count) as kept_count
        from kept
        group by practice_code
    )
    select kept.practice_code, kept.rule, kept.row_count, people.kept_count
    from kept
    inner join people on kept.practice_code = people.practice_code
    where kept.rule like 'usual_gp_%'
    order by kept.practice_code, kept.rule
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
    from assurance.counts.int_opt_outs__counts as counts
    inner join people on counts.practice_code = people.practice_code
    inner join seeds.reconciliation_rules as limits on limits.rule = 'practice_objections_from'
    where people.person_count >= limits.value
    group by counts.practice_code
    having sum(counts.objector_count) = 0
    order by counts.practice_code
"""

# A look at the results: the title, and rows of the first of these tables that has any.
LOOKS = {
    "fct_gp_metrics": (
        "One GP's results (* is suppressed)",
        """
    with first_gp as (
        select practice_code, gp_code
        from fct_gp_metrics
        order by gp_code = 'UNASSIGNED', practice_code, gp_code
        limit 1
    )

    select
        gps.practice_code,
        gps.gp_code,
        gps.metric_id,
        gps.numerator_text as numerator,
        gps.denominator_text as denominator,
        coalesce(gps.percent, gps.rate_per_1000)::varchar as value,
        case when practices.is_suppressed then '*' else coalesce(
            practices.percent, practices.rate_per_1000
        )::varchar end as practice,
        coalesce(england.percent, england.rate_per_1000)::varchar as england,
        metrics.unit
    from fct_gp_metrics as gps
    semi join first_gp on gps.practice_code = first_gp.practice_code and gps.gp_code = first_gp.gp_code
    inner join dim_metrics as metrics on gps.metric_id = metrics.metric_id
    inner join fct_comparators as practices
        on practices.area_code = gps.practice_code and practices.metric_id = gps.metric_id
    inner join fct_comparators as england
        on england.area_level = 'england' and england.metric_id = gps.metric_id
    order by gps.metric_id
    limit {limit}
        """,
    ),
    "fct_prevalence": (
        "Registers of all who were collected (* is suppressed)",
        """
    select
        register,
        area_level,
        sex,
        age_band,
        numerator_text as numerator,
        denominator_text as denominator,
        percent
    from fct_prevalence
    where area_level = 'england'
    order by register, sex is not null, age_band is not null, sex, age_band
    limit {limit}
        """,
    ),
    "fct_coverage": (
        "Who was collected, by area (* is suppressed)",
        """
    select area_level, area_code, practice_count, patient_text as patients, categories_received
    from fct_coverage
    order by area_level <> 'england', area_level, area_code
    limit {limit}
        """,
    ),
}

# What is shown of each list: a summary fits a screen, and what is left out of it is counted.
EXCLUDED, REJECTED, REFUSED, FILES, ROWS, NAMES, REASONS = 3, 2, 1, 3, 5, 5, 2
LONG = 90


def show(store_dir: Path, store_keys: StoreKeys) -> None:
    """Print the summary of a store, at most 35 lines."""
    connection = store.open_marts(store_dir)
    store.attach_store(connection, store_dir, store_keys)
    [(collection,)] = connection.execute("select collection from reference.int_collection__settings").fetchall()
    is_of_journals = collection in landing.COLLECTED["journals"]
    print(f"\n{'Records of the journals' if is_of_journals else 'Patients of the practice files'}")
    if is_of_journals:
        show_counts(connection, JOURNALS, LEFT_OUT_OF_JOURNALS)
    else:
        show_counts(connection, COLLECTED, LEFT_OUT)
    show_files(connection)
    show_warnings(connection)
    show_results(connection, store_dir)


def show_counts(connection: duckdb.DuckDBPyConnection, taken_in: str, left_out: str) -> None:
    """What was taken in, what was not by the reason, and the files that were refused whole; most first."""
    queries = {
        taken_in: 1,
        left_out.format(verdict="excluded"): EXCLUDED,
        left_out.format(verdict="rejected"): REJECTED,
        REFUSED_FILES: REFUSED,
    }
    for query, limit in queries.items():
        rows = connection.execute(query).fetchall()
        for verdict, rule, row_count in rows[:limit]:
            print(f"  {verdict:<10}{row_count:>12,}  {short(in_words(rule))}")
        if others := rows[limit:]:
            count = sum(row_count for *_, row_count in others)
            print(f"  {others[0][0]:<10}{count:>12,}  for {more(len(others), 'reason')}")


def show_files(connection: duckdb.DuckDBPyConnection) -> None:
    """Files of which something could not be used; the worst first, and how many were used whole."""
    files = sorted(use_of_files.uses(connection), key=lambda each: each.share)
    flawed = [each for each in files if each.share < 1]
    print(f"\nFiles: {len(files) - len(flawed)} of {len(files)} kinds were used whole; of the others, the worst first")
    for each in flawed[:FILES]:
        but = f", {each.refused_count:,} of {each.file_count:,} files refused" if each.refused_count else ""
        why = short(in_words(each.worst_rule)) if each.worst_rule else ""
        name = each.subject.replace("_", " ") if each.subject in use_of_files.OF_PRACTICES else each.subject
        print(f"  {name:<28}{each.used_count:>12,} of {each.sent_count:,} rows used{but}  {why}".rstrip())
    if len(flawed) > FILES:
        print(f"  and {more(len(flawed) - FILES, 'kind')}")
    if scope := use_of_files.in_scope(connection):
        in_scope, count, dropped_by = scope
        but = f"  most others: {dropped_by}" if dropped_by else ""
        print(f"  {'emergency episodes':<28}{in_scope:>12,} of {count:,} are in the definition's scope{but}")


def show_warnings(connection: duckdb.DuckDBPyConnection) -> None:
    """What is unlikely, and may be the sender's mistake: nobody's usual GP is known, nobody objected."""
    rows = connection.execute(WITHOUT_USUAL_GP).fetchall()
    by_rule: Counter[str] = Counter()
    by_practice: Counter[str] = Counter()
    kept: dict[str, int] = {}
    for practice, rule, row_count, kept_count in rows:
        by_rule[rule] += row_count
        by_practice[practice] += row_count
        kept[practice] = kept_count
    if by_rule:
        first = by_rule.most_common(REASONS)
        reasons = [f"{count:,} {short(in_words(rule))}" for rule, count in first]
        if others := by_rule.total() - sum(count for _, count in first):
            reasons.append(f"{others:,} for other reasons")
        print(f"UNASSIGNED, so in no GP's result, are {by_rule.total():,} people: {'; '.join(reasons)}")
    if everybody := [practice for practice, count in by_practice.items() if count == kept[practice]]:
        print(f"Warning: every patient is UNASSIGNED at {names(everybody)}")
    if without := [code for (code,) in connection.execute(WITHOUT_OBJECTIONS).fetchall()]:
        print(f"Warning: no objection, which is unlikely for their size, was sent by {names(without)}")


def show_results(connection: duckdb.DuckDBPyConnection, store_dir: Path) -> None:
    """A look at one table, the names of all, and where they are."""
    tables = [
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = 'marts' and schema_name = 'main' order by all"
        ).fetchall()
        if connection.execute(f"select exists (from {name})").fetchone() == (True,)
    ]
    looked_at = next((name for name in LOOKS if name in tables), None)
    if looked_at:
        title, query = LOOKS[looked_at]
        cursor = connection.execute(query.format(limit=ROWS))
        print(f"\n{title}, {looked_at}")
        print_table([column[0] for column in cursor.description], cursor.fetchall())
    print(f"\nResults: {store.database_file(store_dir, store.MARTS)}")
    print(textwrap.fill(", ".join(tables), 130, initial_indent="  ", subsequent_indent="  "))
    print(f"Documentation and lineage: {target() / 'static_index.html'}")


def short(words: str) -> str:
    """A rule's words, or where they are many their main clause."""
    return words if len(words) <= LONG else words.partition(": ")[0]


def more(count: int, name: str) -> str:
    return f"{count:,} more {name}{'' if count == 1 else 's'}"


def names(codes: list[str]) -> str:
    """Practices, the first few by name."""
    listed = " ".join(codes[:NAMES])
    return f"{listed} and {len(codes) - NAMES:,} more practices" if len(codes) > NAMES else listed


def print_table(header: list[str], rows: Iterable[tuple[object, ...]]) -> None:
    """Columns as wide as their widest value."""
    lines = [header, *([("" if value is None else str(value)) for value in row] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    for line in lines:
        print("  " + "  ".join(value.ljust(width) for value, width in zip(line, widths)).rstrip())
