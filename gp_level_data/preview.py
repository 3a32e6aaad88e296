"""`make preview`: what would leave a practice, in plain English, before it agrees. Nothing is stored.

Columns and rules are those of the contract (landing.py), and verdicts those of the gateway's own models,
so that the collection cannot do other than its preview says.
"""

import argparse
import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from gp_level_data import build, landing
from gp_level_data.intake_rules import in_words
from gp_level_data.landing import RawFile
from gp_level_data.refusal import Refusal
from gp_level_data.scratch_gateway import scratch_gateway

MODELS = ("int_patients__judged", "int_opt_outs__upheld")
COLUMNS = {
    "PRACTICE_CODE": "which practice the file is from",
    "EXTRACTED_AT": "when it was extracted",
    "NHS_NUMBER": "finds hospital admissions; becomes a pseudonym before anything is stored",
    "USUAL_GP_CODE": "whose result the patient counts in",
}
# The collection's own promise: domain handbook, the table of the five seed documents.
NEVER_SENT = {
    "individual_gp_level_data": (
        "no name, address, postcode, date of birth, ethnicity, sexual orientation or list of conditions"
    )
}
STATUSES = {
    None: "it was never asked",
    "offered": "it was asked and has not answered",
    "declined": "it declined",
    "withdrawn": "it withdrew",
    "conflicting": "it gave two answers on one day",
}
OPT_OUT_PROBLEMS = (
    "opt_out_file_missing", "opt_out_file_refused", "opt_out_file_damaged",
    "opt_out_extraction_unknown", "opt_out_file_older",
)  # fmt: skip

PRACTICE = """
    select
        collections.title,
        settings.collected_at,
        practices.practice_name,
        collected.participation_status,
        collected.not_collected_reason,
        case when files.practice_code is null then 'practice_file_missing' else files.file_problem end
    from marts.reference.int_practices__collected as collected
    cross join marts.reference.int_collection__settings as settings
    inner join seeds.collections as collections on settings.collection = collections.collection
    left join marts.reference.int_ods__practices as practices
        on collected.practice_code = practices.practice_code
    left join gateway.int_practices__files as files
        on collected.practice_code = files.practice_code
    where collected.practice_code = ?
"""

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


@dataclass
class Preview:
    """What the gateway says about one practice.

    collected, held_back, without_gp   people: number, number by reason, number by reason
    unclear_metrics                    people with a usual GP and a metric that cannot be read
    unusable                           rows by rule
    in_the_way                         why nothing of it would be collected today
    """

    title: str
    collected_at: datetime
    name: str | None
    status: str | None
    in_the_way: list[str]
    files: list[RawFile]
    collected: int
    held_back: Counter
    without_gp: Counter
    unclear_metrics: int
    unusable: Counter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which practice, in which raw folder."""
    parser.add_argument("practice", help="code of the practice, such as A81001")
    build.add_raw_arguments(parser)


def run(chosen: argparse.Namespace) -> int:
    """Print the preview."""
    practice = chosen.practice.strip().upper()
    if not re.fullmatch(landing.PRACTICE_CODE, practice):
        raise Refusal("A practice code is a letter and five digits, such as A81001.")
    settings = build.read_settings(chosen.vars)
    if settings["collection"] in landing.COLLECTED["journals"]:
        raise Refusal(f"There is no preview of {settings['collection']}: it shows practice files, not journals.")
    raw_dir = chosen.raw_dir.resolve()
    with scratch_gateway(raw_dir, settings, chosen.vars, *MODELS) as cursor:
        preview = look(cursor, raw_dir, settings["collection"], practice)
    print("\n".join(page(preview, practice, settings["collection"])))
    return 0


def look(
    cursor: duckdb.DuckDBPyConnection, raw_dir: Path, collection: str, practice: str
) -> Preview:
    """What the gateway says about a practice; a Refusal where nothing names it."""
    found = cursor.execute(PRACTICE, [practice]).fetchone()
    if found is None:
        raise Refusal(
            f"There is no practice {practice} in the reference data, in CQRS or among the files."
        )
    title, collected_at, name, status, reason, file_problem = found
    files = files_of(raw_dir, collection, practice)
    held_back, without_gp, unusable = Counter(), Counter(), Counter()
    collected = unclear_metrics = rows_read = 0
    for rule, objection, gp_rule, metrics_rule, people, rows in cursor.execute(
        VERDICTS, [collection, practice]
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
    unusable["unreadable_row"] = rows_sent(files) - rows_read
    not_agreed = None if status == "agreed" else "not_agreed"
    in_the_way = [rule for rule in (reason, not_agreed, file_problem) if rule]
    return Preview(
        title, collected_at, name, status, list(dict.fromkeys(in_the_way)), files,
        collected, +held_back, +without_gp, unclear_metrics, +unusable,
    )  # fmt: skip


def files_of(raw_dir: Path, collection: str, practice: str) -> list[RawFile]:
    """The practice's files, looked at as a run would."""
    return landing.refuse_repeated(
        [
            landing.look_at(file)
            for kind in landing.file_kinds(collection)
            for file in landing.files_of(kind, raw_dir)
            if file.practice_code == practice
        ]
    )


def rows_sent(files: list[RawFile]) -> int:
    """Rows of the practice file, unless it is refused."""
    return sum(
        file.row_count
        for file in files
        if file.kind.relation == "practice_records" and not file.refused_rule
    )


def page(preview: Preview, practice: str, collection: str) -> Iterator[str]:
    """The preview, line by line."""
    yield f"What would leave {practice} ({preview.name or 'no name known'}) for {preview.title}"
    yield f"at the collection of {preview.collected_at:%-d %B %Y, %H:%M}."
    yield "A dry run: nothing was stored or sent. All counts are exact, small ones too: they are the"
    yield "practice's own, for its own screen, and not for passing on."
    yield from section("Files", file_lines(preview.files))
    yield from section("Columns that would leave", column_lines(preview.files, collection))
    yield from section("People", people_lines(preview))
    yield from section("Rows of the practice file", row_lines(preview))
    yield from section("What stands in the way today", obstacle_lines(preview))


def section(title: str, lines: Iterator[str]) -> Iterator[str]:
    """A heading and its lines."""
    yield ""
    yield title
    yield from (f"  {line}" for line in lines)


def file_lines(files: list[RawFile]) -> Iterator[str]:
    """Each file: its rows, and whether it keeps the contract."""
    for file in files:
        rows = f"{file.row_count:,} rows, " if file.row_count is not None else ""
        verdict = (
            f"refused whole: {in_words(file.refused_rule)}"
            if file.refused_rule
            else "keeps the contract"
        )
        yield f"{file.name}: {rows}{verdict}"
    if not files:
        yield "none"


def column_lines(files: list[RawFile], collection: str) -> Iterator[str]:
    """What each column is for, and what does not leave."""
    asked, metrics = record_columns(collection)
    for file in files:
        if file.kind.relation != "practice_records":
            continue
        if file.refused_rule:
            yield f"none of {file.name}, which is refused"
            continue
        for column in file.columns:
            yield f"{column.lower():<24}{asked.get(column) or metrics[column]}"
    yield f"Nothing else: {NEVER_SENT.get(collection, 'a file with any other column is refused')}."
    yield "A metric says what its title says: who is counted in one on diabetes has diabetes."
    yield "Codes of objection are read from the opt-out file to hold people back, and are not kept."


def record_columns(collection: str) -> tuple[dict[str, str], dict[str, str]]:
    """What the contract's columns are for: those every practice file has, and the metrics."""
    with (landing.SEEDS / "metrics.csv").open(newline="", encoding="utf-8") as file:
        metrics = {row["metric_id"].upper(): row["title"] for row in csv.DictReader(file)}
    [kind] = [kind for kind in landing.file_kinds(collection) if kind.relation == "practice_records"]
    return {column: COLUMNS.get(column, "") for column in kind.columns}, metrics


def people_lines(preview: Preview) -> Iterator[str]:
    """Who would be collected, and who is held back by which objection."""
    if not rows_sent(preview.files):
        yield "Nobody: there is no row that can be read."
        return
    if set(preview.in_the_way).intersection(OPT_OUT_PROBLEMS):
        yield "Nobody: without a sound opt-out file it is not known who objected."
        return
    yield counted(preview.collected, "would be collected")
    yield f"  {counted(preview.without_gp.total(), 'of them without a usual GP')}"
    yield from (f"    {line}" for line in counted_lines(preview.without_gp))
    if preview.unclear_metrics:
        yield f"  {counted(preview.unclear_metrics, in_words('metric_value_unknown'))}"
    yield counted(preview.held_back.total(), "would be held back")
    yield from (f"  {line}" for line in counted_lines(preview.held_back))


def row_lines(preview: Preview) -> Iterator[str]:
    """Where the rows of the file go: sent = people + held back + unusable."""
    yield counted(rows_sent(preview.files), "were sent")
    yield counted(preview.collected + preview.held_back.total(), "stand for a person each")
    yield counted(preview.unusable.total(), "cannot be used")
    yield from (f"  {line}" for line in counted_lines(preview.unusable))


def obstacle_lines(preview: Preview) -> Iterator[str]:
    """Why nothing would be collected today, if so."""
    for rule in preview.in_the_way:
        status = f" ({STATUSES[preview.status]})" if rule == "not_agreed" else ""
        yield f"{in_words(rule)}{status}"
    yield "As long as this is so, nothing leaves." if preview.in_the_way else "nothing"


def counted_lines(counts: Counter) -> Iterator[str]:
    """A line a rule, the most frequent first."""
    for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield counted(count, in_words(rule))


def counted(count: int, what: str) -> str:
    return f"{count:>7,}  {what}"
