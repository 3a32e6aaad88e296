"""How much of what was sent a run could use: of every kind of practices' files, and of every national file."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from gp_level_data.raw.intake_rules import listed, rules

# Files that each practice sends; the others are national, and told by name.
OF_PRACTICES = ("practice_records", "journals", "opt_outs")

NATIONAL_FILES = """
    select
        file_name,
        row_count,
        used_count,
        unusable_count,
        worst_rule
    from assurance.counts.int_intake__national_shares
    order by file_name
"""

# Of the hospital files' emergency episodes in the period: in the definition's scope, and what it drops most of
# the others by; none where the collection has no such definition.
SCOPE = """
    select
        coalesce(sum(row_count) filter (where field is null), 0)::bigint,
        sum(row_count)::bigint,
        (
            select replace(field, '_', ' ') || coalesce(' ' || value, ' missing')
            from assurance.counts.int_intake__scope_counts
            where field is not null
            group by field, value
            order by sum(row_count) desc, field, value
            limit 1
        )
    from assurance.counts.int_intake__scope_counts
    having count(*) > 0
"""

# Of every kind of file: sent, usable, and the rule that took most of the rest.
KINDS = f"""
    with kinds as (
        select
            file_kind,
            count(*) as file_count,
            count(*) filter (where refused_rule is not null) as refused_count,
            coalesce(sum(row_count), 0)::bigint as row_count,
            coalesce(sum(usable_count), 0)::bigint as usable_count
        from assurance.counts.int_intake__file_counts
        group by file_kind
    ),
    reasons as (
        select file_kind, rule, sum(row_count) as row_count
        from assurance.counts.int_intake__rejected_counts
        where rule not in ({listed(rule.rule for rule in rules().values() if rule.keeps_row)})
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
    order by kinds.file_kind
"""


@dataclass(frozen=True)
class Use:
    """One national file, by its name, or all practices' files of one kind; exact counts of rows."""

    subject: str
    file_count: int
    refused_count: int
    # Rows that mean something to the collection: of a national file, those of other organisations do not.
    sent_count: int
    used_count: int
    worst_rule: str | None

    @property
    def share(self) -> float:
        """From 0 to 1; a file that was refused counts as one that has no use, whatever its rows."""
        rows = self.used_count / self.sent_count if self.sent_count else float(self.subject in OF_PRACTICES)
        return min(rows, 1 - self.refused_count / self.file_count)


def uses(connection: duckdb.DuckDBPyConnection) -> Iterator[Use]:
    """National files by name, then kinds of practices' files; of a store that has its exact counts attached."""
    for name, _, used, unusable, rule in connection.execute(NATIONAL_FILES).fetchall():
        yield Use(name, 1, 0, used + unusable, used, rule)
    for kind, files, refused, sent, usable, rule in connection.execute(KINDS).fetchall():
        if kind in OF_PRACTICES:
            yield Use(kind, files, refused, sent, usable, rule)


def in_scope(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, str | None] | None:
    """Emergency episodes in the definition's scope, all of them, and the value that most of the others are dropped by."""
    found: tuple[int, int, str | None] | None = connection.execute(SCOPE).fetchone()
    return found
