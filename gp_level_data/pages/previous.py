"""What was told of each place, kept for the collection after: a practice sees both beside each other.

Only what was handed over, and only of this collection and the one before it.
"""

import duckdb

TOLD = "history.told"
MAKE = f"""
    create table if not exists {TOLD} (
        collected_at timestamp with time zone, area_level varchar, practice_code varchar,
        area_code varchar, metric_id varchar, numerator_text varchar, denominator_text varchar,
        value_text varchar, lower_95_ci double, upper_95_ci double
    )
"""
# Of this collection, as it is handed over now; a second hand-over takes the place of the first.
KEEP = f"""
    delete from {TOLD}
    where
        collected_at >= (select collected_at from reference.int_collection__settings)
        or collected_at < (
            select max(before.collected_at) from {TOLD} as before
            where before.collected_at < (
                select collected_at from reference.int_collection__settings
            )
        );
    insert into {TOLD}
    select settings.collected_at, told.*
    from (
        select
            'gp' as area_level, practice_code, gp_code as area_code, metric_id, numerator_text,
            denominator_text, value_text, lower_95_ci, upper_95_ci
        from main.rpt_gp_metrics
        union all
        select
            area_level, case when area_level = 'practice' then area_code end, area_code, metric_id,
            numerator_text, denominator_text,
            case
                when is_suppressed then '*' else cast(coalesce(percent, rate_per_1000) as varchar)
            end,
            lower_95_ci, upper_95_ci
        from main.fct_comparators
    ) as told
    cross join reference.int_collection__settings as settings
    order by all
"""
BEFORE = f"""(
    select
        strftime(timezone('Europe/London', collected_at), '%Y-%m-%d %H:%M') as collected_at,
        * exclude (collected_at)
    from {TOLD}
    where
        collected_at = (
            select max(told.collected_at) from {TOLD} as told
            where told.collected_at < (
                select collected_at from reference.int_collection__settings
            )
        )
)"""


def keep(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep what is handed over now for the collection after this one; `connection` may write."""
    connection.execute("begin")
    connection.execute("create schema if not exists history")
    connection.execute(MAKE)
    connection.execute(KEEP)
    connection.execute("commit")
