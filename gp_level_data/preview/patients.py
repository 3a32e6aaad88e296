"""The preview of a practice file: who would be collected, who not and why, and what each column is for."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from gp_level_data.preview.practice import Practice, counted, counted_lines
from gp_level_data.project import SEEDS
from gp_level_data.raw.intake_rules import in_words

MODELS = ("int_patients__judged", "int_practices__collected", "int_opt_outs__upheld")
COLUMNS = {
    "PRACTICE_CODE": "which practice the file is from",
    "EXTRACTED_AT": "when it was extracted",
    "NHS_NUMBER": "finds hospital admissions; becomes a pseudonym before anything is stored",
    "USUAL_GP_CODE": "whose result the patient counts in",
}
# The collection's own promise: domain handbook, the table of the five seed documents.
NEVER_SENT = "no name, address, postcode, date of birth, ethnicity, sexual orientation or list of conditions"

VERDICTS = """
    select
        patients.rejected_rule,
        opt_outs.reason,
        patients.usual_gp_rule,
        patients.metrics_rule,
        count(*) as person_count,
        sum(patients.row_count)::bigint as row_count
    from gateway.int_patients__judged as patients
    left join gateway.int_opt_outs__upheld as opt_outs
        on
            patients.nhs_number = opt_outs.nhs_number
            and opt_outs.collection = ?
            and opt_outs.lifted_by is null
    where patients.practice_code = ?
    group by all
"""


@dataclass(frozen=True)
class Verdicts:
    """Where the rows and people of a practice file go.

    collected, held_back, without_gp   people: number, number by reason, number by reason
    unclear_metrics                    people with a usual GP and a metric that cannot be read
    unusable                           rows by rule
    """

    collected: int
    held_back: Counter[Any]
    without_gp: Counter[Any]
    unclear_metrics: int
    unusable: Counter[Any]


def look(cursor: duckdb.DuckDBPyConnection, practice: Practice) -> Verdicts:
    """What the gateway says about its patients."""
    held_back: Counter[str] = Counter()
    without_gp: Counter[str] = Counter()
    unusable: Counter[str] = Counter()
    collected = unclear_metrics = rows_read = 0
    for rule, objection, gp_rule, metrics_rule, people, rows in cursor.execute(
        VERDICTS, [practice.collection, practice.code]
    ).fetchall():
        rows_read += rows
        if rule:
            unusable[rule] += rows
            continue
        unusable["repeated_row"] += rows - people
        if objection:
            held_back[objection] += people
            continue
        collected += people
        if gp_rule:
            without_gp[gp_rule] += people
        elif metrics_rule:
            unclear_metrics += people
    unusable["unreadable_row"] = practice.rows_sent - rows_read
    return Verdicts(collected, +held_back, +without_gp, unclear_metrics, +unusable)


def sections(practice: Practice, verdicts: Verdicts) -> Iterator[tuple[str, Iterator[str]]]:
    """Each section with its title."""
    yield "Columns that would leave", column_lines(practice)
    yield "People", people_lines(practice, verdicts)
    yield "Rows of the practice file", row_lines(practice, verdicts)


def column_lines(practice: Practice) -> Iterator[str]:
    """What each column is for, and what does not leave."""
    meanings = COLUMNS | titles_of_metrics()
    for file in practice.record_files:
        if file.refused_rule:
            yield f"none of {file.name}, which is refused"
            continue
        for column in file.columns:
            yield f"{column.lower():<24}{meanings[column]}"
    yield f"Nothing else: {NEVER_SENT}."
    yield "A metric says what its title says: who is counted in one on diabetes has diabetes."
    yield "Codes of objection are read from the opt-out file to hold people back, and are not kept."


def titles_of_metrics() -> dict[str, str]:
    """What the column of each metric is about."""
    with (SEEDS / "metrics.csv").open(newline="", encoding="utf-8") as file:
        return {row["metric_id"].upper(): row["title"] for row in csv.DictReader(file)}


def people_lines(practice: Practice, verdicts: Verdicts) -> Iterator[str]:
    """Who would be collected, and who is held back by which objection."""
    if nobody := list(practice.nobody_lines()):
        yield from nobody
        return
    yield counted(verdicts.collected, "would be collected")
    yield f"  {counted(verdicts.without_gp.total(), 'of them without a usual GP')}"
    yield from (f"    {line}" for line in counted_lines(verdicts.without_gp))
    if verdicts.unclear_metrics:
        yield f"  {counted(verdicts.unclear_metrics, in_words('metric_value_unknown'))}"
    yield counted(verdicts.held_back.total(), "would be held back")
    yield from (f"  {line}" for line in counted_lines(verdicts.held_back))


def row_lines(practice: Practice, verdicts: Verdicts) -> Iterator[str]:
    """Where the rows of the file go: sent = people + held back + unusable."""
    yield counted(practice.rows_sent, "were sent")
    yield counted(verdicts.collected + verdicts.held_back.total(), "stand for a person each")
    yield counted(verdicts.unusable.total(), "cannot be used")
    yield from (f"  {line}" for line in counted_lines(verdicts.unusable))
