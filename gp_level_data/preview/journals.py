"""The preview of a coded journal: whose records would be collected, which of them, and what is left of each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from gp_level_data.preview.practice import Practice, counted, counted_lines
from gp_level_data.raw import landing
from gp_level_data.raw.intake_rules import rules

MODELS = ("int_journals__judged", "int_journals__patients", "int_opt_outs__upheld")
# Of each column of the file: the column that is stored of it, if any, and in which form.
COLUMNS = {
    "PRACTICE": ("practice_code", "as it is"),
    "PROCESSED_TIMESTAMP": (None, "kept of the practice's file, not of a patient"),
    "NHS_NUMBER": ("patient_key", "a pseudonym, made before anything is stored"),
    "DATE_OF_BIRTH": ("birth_year", "the year alone"),
    "SEX": ("sex", "its code, or nothing where it is none"),
    "ETHNIC": ("ethnicity", "its code, or nothing where it is none"),
    "SEXUAL_ORIENTATION": ("sexual_orientation", "its code, or nothing where it is none"),
    "POSTCODE": (None, "it is not even read"),
    "LSOA": ("lsoa", "the area, which is all that is kept of an address"),
    "DATE_OF_DEATH": ("death_year", "the year alone"),
    "REGISTERED_ON": ("registered_on", "the day"),
    "DEREGISTERED_ON": (None, "says who is still registered"),
    "CATEGORY": ("category", "one of those below"),
    "DATE": ("recorded_on", "the day that the record is about"),
    "RECORD_DATE": (None, "says which of two details is the later one"),
    "CODE": ("code", "one of those that the collection lists and no law restricts"),
    "VALUE1_CONDITION": ("value_1", "a number of up to five digits, or nothing: never words"),
    "VALUE2_CONDITION": ("value_2", "a number of up to five digits, or nothing: never words"),
    "STAFF_ROLE": ("staff_role", "a listed role, or nothing: never a name"),
}
NOT_READ = (None, "nobody reads it")
LINKED = {"hes_apc": "hospital admissions", "social_care": "social care"}

# The first rule that holds, as in int_journals__verdicts, but for the practice's own: it may yet agree.
ROWS = """
    with journal as (
        select
            judged.*,
            coalesce(
                judged.rejected_rule, opt_outs.reason, patients.scope_rule, judged.record_rule
            ) as rule
        from gateway.int_journals__judged as judged
        left join gateway.int_journals__patients as patients
            on
                judged.practice_code = patients.practice_code
                and judged.nhs_number = patients.nhs_number
        left join gateway.int_opt_outs__upheld as opt_outs
            on
                judged.nhs_number = opt_outs.nhs_number
                and opt_outs.collection = ?
                and opt_outs.lifted_by is null
        where judged.practice_code = ?
    )
"""
BY_RULE = f"""
    {ROWS}
    select rule, value_rule, staff_role_rule, count(*)
    from journal
    group by all
"""
BY_CATEGORY = f"""
    {ROWS}
    select category, count(*)
    from (
        select distinct nhs_number, category, code, recorded_on, value_1, value_2, staff_role
        from journal
        where rule is null
    )
    group by category
"""
PEOPLE = """
    with not_handed_on as (
        select distinct in_force.nhs_number
        from gateway.int_opt_outs__in_force as in_force
        inner join marts.seeds.collections as collections on collections.collection = $collection
        left join gateway.int_opt_outs__excepted as excepted
            on
                collections.collection = excepted.collection
                and in_force.opt_out_kind = excepted.opt_out_kind
        where
            excepted.exception_id is null
            and case in_force.opt_out_kind
                when 'type_1' then collections.type_1_upheld
                when 'type_2' then collections.type_2_upheld
            end = 'at_dissemination'
    )

    select
        coalesce(opt_outs.reason, patients.scope_rule) as rule,
        not_handed_on.nhs_number is not null as is_not_handed_on,
        count(*) as person_count,
        birth_year_rule, sex_rule, ethnicity_rule, sexual_orientation_rule, lsoa_rule, detail_rule
    from gateway.int_journals__patients as patients
    left join gateway.int_opt_outs__upheld as opt_outs
        on
            patients.nhs_number = opt_outs.nhs_number
            and opt_outs.collection = $collection
            and opt_outs.lifted_by is null
    left join not_handed_on on patients.nhs_number = not_handed_on.nhs_number
    where patients.practice_code = $practice
    group by all
"""
CATEGORIES = """
    select
        categories.category,
        categories.years_kept,
        categories.may_lie_ahead,
        count(distinct codes.code)
    from marts.seeds.journal_categories as categories
    left join marts.seeds.journal_codes as codes on categories.category = codes.category
    where
        categories.collection = ?
        and not exists (
            select 1
            from marts.seeds.restricted_codes as restricted
            where restricted.code = codes.code
        )
    group by all
    order by all
"""
POLICY = """
    select
        scopes.started_on,
        collections.national_data_opt_out_upheld = 'at_dissemination',
        (select count(distinct code) from marts.seeds.restricted_codes)
    from marts.seeds.collections as collections
    inner join marts.seeds.journal_scopes as scopes on collections.collection = scopes.collection
    where collections.collection = ?
"""


@dataclass(frozen=True)
class Category:
    """A kind of record that the collection asks for: its records, for how long, in how many codes."""

    name: str
    years_kept: int
    may_lie_ahead: bool
    code_count: int


@dataclass(frozen=True)
class Verdicts:
    """Where the rows and people of a journal go.

    collected        people
    not_handed_on    people who are collected and whom no release may have
    not_collected    people by rule: who objected, and who is no patient
    stored           records by category
    left_out         rows by rule: of those people, not to be stored, unusable
    emptied          people or records of which something is left empty, by rule
    """

    collected: int
    not_handed_on: int
    not_collected: Counter[Any]
    stored: Counter[Any]
    left_out: Counter[Any]
    emptied: Counter[Any]
    categories: tuple[Category, ...]
    started_on: date
    is_national_opt_out_later: bool
    restricted_count: int


def look(cursor: duckdb.DuckDBPyConnection, practice: Practice) -> Verdicts:
    """What the gateway says about its records."""
    of_practice = [practice.collection, practice.code]
    stored = Counter(dict(cursor.execute(BY_CATEGORY, of_practice).fetchall()))
    left_out: Counter[str] = Counter()
    emptied: Counter[str] = Counter()
    not_collected: Counter[str] = Counter()
    sent = rows_read = collected = not_handed_on = 0
    for rule, *emptied_by, count in cursor.execute(BY_RULE, of_practice).fetchall():
        rows_read += count
        if rule:
            left_out[rule] += count
            continue
        sent += count
        emptied.update({rule: count for rule in emptied_by if rule})
    left_out["repeated_record"] = sent - stored.total()
    left_out["unreadable_row"] = practice.rows_sent - rows_read
    named = {"collection": practice.collection, "practice": practice.code}
    for rule, is_not_handed_on, count, *emptied_by in cursor.execute(PEOPLE, named).fetchall():
        if rule:
            not_collected[rule] += count
            continue
        collected += count
        not_handed_on += count if is_not_handed_on else 0
        emptied.update({rule: count for rule in emptied_by if rule})
    categories = cursor.execute(CATEGORIES, [practice.collection]).fetchall()
    [policy] = cursor.execute(POLICY, [practice.collection]).fetchall()
    return Verdicts(
        collected, not_handed_on, not_collected, stored, +left_out, emptied,
        tuple(Category(*row) for row in categories), *policy,
    )  # fmt: skip


def sections(practice: Practice, verdicts: Verdicts) -> Iterator[tuple[str, Iterator[str]]]:
    """Each section with its title."""
    yield "Columns of the journal, and what would be stored of each", column_lines(practice)
    yield "People", people_lines(practice, verdicts)
    yield "Records that would be stored", record_lines(practice, verdicts)
    yield "Rows of the journal", row_lines(practice, verdicts)
    yield "What would be left empty in what is stored", emptied_lines(practice, verdicts)


def column_lines(practice: Practice) -> Iterator[str]:
    """What is kept of each column and in which form, and what is never stored."""
    for file in practice.record_files:
        if file.refused_rule:
            yield f"none of {file.name}, which is refused"
            continue
        width = max(map(len, file.columns))
        for column in file.columns:
            stored, form = COLUMNS.get(column, NOT_READ)
            yield f"{column.lower():<{width}}  {stored or '(nothing)':<18}  {form}"
    yield "Nothing else: no name, no address, no free text; a file with any other column is refused."
    linked = [what for kind, what in LINKED.items() if practice.collection in landing.COLLECTED[kind]]
    if linked:
        yield f"By the number, before it is replaced, {' and '.join(linked)} of the same people are found."
    yield "Codes of objection are read from the opt-out file to hold people back, and are not kept."


def people_lines(practice: Practice, verdicts: Verdicts) -> Iterator[str]:
    """Who would be collected, and who not and why."""
    yield (
        "Asked for are patients registered on the day of extraction, and those who died"
        f" registered since {verdicts.started_on:%-d %B %Y}."
    )
    if nobody := list(practice.nobody_lines()):
        yield from nobody
        return
    yield counted(verdicts.collected, "would be collected")
    if verdicts.not_handed_on:
        yield f"  {counted(verdicts.not_handed_on, 'of them object to being handed on: no release has them')}"
    yield counted(verdicts.not_collected.total(), "would not be collected")
    yield from (f"  {line}" for line in counted_lines(verdicts.not_collected))
    if verdicts.is_national_opt_out_later:
        yield "A National Data Opt-out keeps nobody out of the collection, but out of what is handed on."


def record_lines(practice: Practice, verdicts: Verdicts) -> Iterator[str]:
    """How many records of each category, and which are asked for."""
    is_known = not any(practice.nobody_lines())
    if is_known:
        yield counted(verdicts.stored.total(), "of the people who would be collected")
    for category in verdicts.categories:
        ahead = " or planned" if category.may_lie_ahead else ""
        codes = "code" if category.code_count == 1 else "codes"
        asked_for = f"{category.code_count} {codes}, of the last {category.years_kept} years{ahead}"
        count = verdicts.stored[category.name] if is_known else 0
        yield f"  {counted(count, f'{category.name:<14}{asked_for}')}"
    yield f"Never one of the {verdicts.restricted_count} codes that a law restricts."


def row_lines(practice: Practice, verdicts: Verdicts) -> Iterator[str]:
    """Where the rows go: sent = stored + of people who are not collected + not stored + unusable."""
    yield counted(practice.rows_sent, "were sent")
    if any(practice.nobody_lines()):
        return
    yield counted(verdicts.stored.total(), "stand for a record that would be stored")
    for applies_to, what in (
        ("person", "are of people who would not be collected"),
        ("record", "are not stored"),
        ("row", "cannot be used"),
    ):
        counts = about(applies_to, verdicts.left_out)
        yield counted(counts.total(), what)
        yield from (f"  {line}" for line in counted_lines(counts))


def emptied_lines(practice: Practice, verdicts: Verdicts) -> Iterator[str]:
    """Of how many people and records a field is left empty, and why."""
    emptied = Counter() if any(practice.nobody_lines()) else verdicts.emptied
    for applies_to, whose in (("person", "people"), ("record", "records")):
        counts = about(applies_to, emptied)
        yield from (f"{line} ({whose})" for line in counted_lines(counts))
    if not emptied:
        yield "nothing"


def about(applies_to: str, counts: Counter[Any]) -> Counter[Any]:
    """The counts by rules about a person, a record or a row."""
    return Counter({rule: n for rule, n in counts.items() if rules()[rule].applies_to == applies_to})
