"""What a preview says of any practice: its answer, its wave, its files, and what stands in the way."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from gp_level_data.raw import landing
from gp_level_data.raw.intake_rules import in_words, rules
from gp_level_data.raw.landing import FileKind, RawFile
from gp_level_data.refusal import Refusal

ANSWERS = {
    None: "it was never asked",
    "offered": "it was asked and has not answered",
    "agreed": "it agreed",
    "declined": "it declined",
    "withdrawn": "it withdrew",
    "conflicting": "it gave two answers on one day",
}
# Answers by which nobody has agreed, and the rules that have the words for them.
NO_ANSWERS = {
    "undated": "participation_undated",
    "unreadable": "participation_day_unreadable",
    "unknown": "participation_status_unknown",
    "service_unknown": "participation_service_unknown",
}
PRACTICE = """
    select
        collections.title,
        settings.collected_at,
        practices.practice_name,
        collected.participation_status,
        settings.wave,
        waves.practice_code is not null,
        collected.not_collected_reason,
        case when files.practice_code is null then 'practice_file_missing' else files.file_problem end
    from marts.reference.int_practices__collected as collected
    cross join marts.reference.int_collection__settings as settings
    inner join marts.seeds.collections as collections on settings.collection = collections.collection
    left join marts.reference.int_ods__practices as practices
        on collected.practice_code = practices.practice_code
    left join gateway.int_practices__files as files
        on collected.practice_code = files.practice_code
    left join marts.seeds.collection_waves as waves
        on
            settings.collection = waves.collection
            and settings.wave = waves.wave
            and collected.practice_code = waves.practice_code
    where collected.practice_code = ?
"""


@dataclass(frozen=True)
class Practice:
    """What the gateway says about one practice.

    status      its last answer in CQRS
    wave        the wave that the collection is limited to, and whether the practice belongs to it
    in_the_way  why nothing of it would be collected today
    kinds       the kinds of file that each practice sends: of its patients, and of their opt-outs
    """

    code: str
    collection: str
    title: str
    collected_at: datetime
    name: str | None
    status: str | None
    wave: str | None
    is_in_wave: bool
    in_the_way: tuple[str, ...]
    kinds: tuple[FileKind, ...]
    files: tuple[RawFile, ...]

    @property
    def record_files(self) -> list[RawFile]:
        """The files of its patients: one, or more than one of which none is read."""
        return [file for file in self.files if file.kind.relation != "opt_outs"]

    @property
    def rows_sent(self) -> int:
        """Rows of the practice file, unless it is refused."""
        return sum(file.row_count or 0 for file in self.record_files if not file.refused_rule)

    def answer_lines(self) -> Iterator[str]:
        """What it answered, and whether it is its turn."""
        yield f"CQRS: {answer_in_words(self.status)}"
        if self.wave:
            belongs = "belongs" if self.is_in_wave else "does not belong"
            yield f"the collection is limited to the wave {self.wave}: the practice {belongs} to it"

    def file_lines(self) -> Iterator[str]:
        """Each file: its rows, and whether it keeps the contract."""
        for kind in self.kinds:
            found = [file for file in self.files if file.kind == kind]
            for file in found:
                rows = f"{file.row_count:,} rows, " if file.row_count is not None else ""
                verdict = (
                    f"refused whole: {landing.in_one_sentence(file)}" if file.refused_rule else "keeps the contract"
                )
                yield f"{file.name}: {rows}{verdict}"
            if not found:
                yield f"{kind.folder}/{self.code}: missing"

    def nobody_lines(self) -> Iterator[str]:
        """Why nobody can be told to be collected or held back, if so."""
        if not self.rows_sent:
            yield "Nobody: there is no row that can be read."
        elif any("opt_outs" in rules()[rule].file_kinds for rule in self.in_the_way):
            yield "Nobody: without a sound opt-out file it is not known who objected."

    def obstacle_lines(self) -> Iterator[str]:
        """Why nothing would be collected today, if so."""
        for rule in self.in_the_way:
            answer = f" ({answer_in_words(self.status)})" if rule == "not_agreed" else ""
            yield f"{in_words(rule)}{answer}"
        yield "As long as this is so, nothing leaves." if self.in_the_way else "nothing"


def answer_in_words(status: str | None) -> str:
    """What became of a practice's answer, as it would say it."""
    return in_words(NO_ANSWERS[status]) if status in NO_ANSWERS else ANSWERS[status]


def the_practice(cursor: duckdb.DuckDBPyConnection, raw_dir: Path, collection: str, code: str) -> Practice:
    """What the gateway says about a practice; a Refusal where nothing names it."""
    found = cursor.execute(PRACTICE, [code]).fetchone()
    if found is None:
        raise Refusal(f"There is no practice {code} in the reference data, in CQRS or among the files.")
    title, collected_at, name, status, wave, is_in_wave, reason, file_problem = found
    in_the_way = [
        reason,
        None if status == "agreed" else "not_agreed",
        "not_in_wave" if wave and not is_in_wave else None,
        file_problem,
    ]
    kinds = kinds_of_practices(collection)
    return Practice(
        code, collection, title, collected_at, name, status, wave, is_in_wave,
        tuple(dict.fromkeys(filter(None, in_the_way))), kinds, files_of(kinds, raw_dir, code),
    )  # fmt: skip


def kinds_of_practices(collection: str) -> tuple[FileKind, ...]:
    """The kinds of file that the collection wants of each practice."""
    return tuple(
        kind for kind in landing.file_kinds(collection) if kind.is_collected and kind.stem == landing.PRACTICE_CODE
    )


def files_of(kinds: tuple[FileKind, ...], raw_dir: Path, code: str) -> tuple[RawFile, ...]:
    """The practice's files, looked at as a run would."""
    files = [
        landing.look_at(file)
        for kind in kinds
        for file in landing.files_of(kind, raw_dir)
        if file.practice_code == code
    ]
    return tuple(landing.refuse_repeated(files))


def counted_lines(counts: Counter[Any]) -> Iterator[str]:
    """A line a rule, the most frequent first."""
    for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield counted(count, in_words(rule))


def counted(count: int, what: str) -> str:
    return f"{count:>7,}  {what}"
