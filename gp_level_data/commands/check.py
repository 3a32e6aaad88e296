"""`make check`: what a build would say of a raw folder, before any key exists. Nothing is stored.

Files are looked at as a run looks at them (landing), and values judged by the gateway's own models
(scratch_gateway), so that a build cannot say other than its check did.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace as Namespace

import duckdb

from gp_level_data import project
from gp_level_data.raw import landing
from gp_level_data.raw.intake_rules import Rule, in_words, rules
from gp_level_data.raw.landing import RawFile
from gp_level_data.refusal import Refusal
from gp_level_data.runs.progress import Progress
from gp_level_data.runs.scratch_gateway import MayNotStand, scratch_gateway
from gp_level_data.shapes import Settings

FIRST = 10
PLACES = 3
MODELS = ("int_intake__rejected_counts", "int_practices__collected")
JUDGEMENT = "int_intake__refusals"
# Whether a practice takes part is its own answer; nothing is to be mended.
ITS_OWN_ANSWER = ("not_agreed", "not_in_wave")

ROWS_OF_RULES = """
    select file_kind, rule, sum(row_count)::bigint
    from assurance.counts.int_intake__rejected_counts
    group by all
    order by all
"""
PLACES_OF_ROWS = """
    select practice_code
    from assurance.counts.int_intake__rejected_counts
    where file_kind = ? and rule = ? and practice_code is not null
    order by row_count desc, practice_code
"""
PRACTICES_KEPT_OUT = """
    select collected.not_collected_reason, collected.practice_code
    from marts.reference.int_practices__collected as collected
    semi join landing.files as files on collected.practice_code = files.practice_code
    where collected.not_collected_reason is not null
    order by all
"""


@dataclass(frozen=True)
class Flaw:
    """Something to mend.

    severity  0 stops a run, 1 keeps a practice out, 2 costs rows
    weight    files, practices or rows that it concerns
    alike     what flaws have in common of which there may be one a file, so that not each has to be told; else nothing
    """

    severity: int
    weight: int
    words: str
    what_to_do: str
    alike: str = ""


def run(chosen: Namespace) -> int:
    """Print the check; 1 where a build would stop or keep a practice out."""
    settings = project.read_settings(chosen.vars)
    raw_dir, collection = chosen.raw_dir.resolve(), settings["collection"]
    if not raw_dir.is_dir():
        raise Refusal(f"There is no raw folder {raw_dir}.")
    landing.refuse_closed(raw_dir, collection)
    print(f"What a build would say of {raw_dir} for {collection}")
    print("Nothing is stored, and no key is needed. All counts are exact: they are not for passing on.")
    stages = Progress()
    with stages.stage("files, looked at as a run does"):
        files = landing.look_at_all(raw_dir, collection)
    print_section("Files", file_lines(files, raw_dir, collection))
    flaws = [
        *flaws_of_files(files),
        *metrics_not_sent(files),
        *missing_files(raw_dir, collection),
        *files_that_nobody_reads(raw_dir, collection),
    ]
    if not any(flaw.severity == 0 for flaw in flaws):
        flaws += list(judged(raw_dir, settings, chosen.vars, files, stages))
    flaws.sort(key=lambda flaw: (flaw.severity, -flaw.weight, flaw.words))
    print_section("To mend first" if flaws else "To mend", mend_lines(flaws))
    print()
    print(verdict(flaws))
    return int(any(flaw.severity < 2 for flaw in flaws))


def print_section(title: str, lines: Iterator[str]) -> None:
    print(f"\n{title}")
    for line in lines:
        print(f"  {line}")


def file_lines(files: list[RawFile], raw_dir: Path, collection: str) -> Iterator[str]:
    """A line a national or refused file; the others of practices in one line a kind."""
    of_practices = defaultdict(list)
    for file in files:
        if file.practice_code and file.refused_rule is None:
            of_practices[file.kind.folder].append(file)
        elif file.refused_rule:
            yield f"{file.name}: refused whole: {landing.in_one_sentence(file)}"
        else:
            yield f"{file.name}: {file.row_count:,} rows, {landing.written_as(file)}"
    for folder, accepted in of_practices.items():
        row_count = sum(file.row_count or 0 for file in accepted)
        yield f"{folder}: {len(accepted):,} files keep the contract, {row_count:,} rows"
    for path in landing.passed_over(raw_dir, collection):
        yield f"{path.parent}/{safe(path.name)}: passed over, no data"


def safe(name: str) -> str:
    return name if landing.is_harmless_name(name) else "(a name that is not repeated)"


def flaws_of_files(files: list[RawFile]) -> Iterator[Flaw]:
    """Files that are refused: one flaw for all that break one rule in the same way."""
    alike = defaultdict(list)
    for file in files:
        if file.refused_rule:
            key = (not landing.stops_the_run(file), file.refused_rule, file.detail)
            alike[key].append(file)
    for (is_survived, rule, _), group in alike.items():
        is_harmless = rule == "file_delivered_twice"
        names = listed([file.name for file in group])
        words = f"{names}: {landing.in_one_sentence(group[0])}"
        met = rules()[rule]
        yield Flaw(2 if is_harmless else int(is_survived), len(group), words, met.what_to_do, met.meaning)


def metrics_not_sent(files: list[RawFile]) -> Iterator[Flaw]:
    """Metrics without a column in a practice file: the contract allows it, and nobody there counts as eligible."""
    alike = defaultdict(list)
    for file in files:
        if file.refused_rule is None:
            alike[tuple(name for name in file.kind.optional if name not in file.columns)].append(file)
    for metrics, group in alike.items():
        if metrics:
            words = f"{listed([file.name for file in group])}: no column {', '.join(metrics)}"
            yield Flaw(
                2, len(group), words, "Send the column, or leave it: nobody then counts as eligible for that metric"
            )


def missing_files(raw_dir: Path, collection: str) -> Iterator[Flaw]:
    """Kinds of file without which no run begins."""
    for kind in landing.missing_kinds(raw_dir, collection):
        words = f"there is no file {kind.example}"
        yield Flaw(0, 1, words, "Send it; `make contract` says what stands in it")


def files_that_nobody_reads(raw_dir: Path, collection: str) -> Iterator[Flaw]:
    """Files where those of the contract lie, under another name: one may be meant for one of them."""
    for path in landing.not_of_the_contract(raw_dir, collection):
        alike = "nobody reads it: no file of the contract is called so"
        words = f"{path.parent}/{safe(path.name)}: {alike}"
        yield Flaw(2, 1, words, "Call it as `make contract` says, or take it away", alike)


def judged(raw_dir: Path, settings: Settings, variables: str, files: list[RawFile], stages: Progress) -> Iterator[Flaw]:
    """What the gateway's own models say of the run, its rows and its practices."""
    for models in ((*MODELS, JUDGEMENT), MODELS):
        try:
            with ExitStack() as opened:
                with stages.stage("values, judged by the gateway's own models"):
                    cursor = opened.enter_context(scratch_gateway(raw_dir, settings, variables, *models))
                print_section("Rows", row_lines(cursor, files))
                yield from flaws_of_rows(cursor)
                yield from flaws_of_practices(cursor)
            return
        except MayNotStand as judgement:
            # The rows that led to it are told by a run without the judgement.
            words = f"the run may not stand: {str(judgement).rstrip('.')}"
            yield Flaw(0, 1, words, "See the rows below")
        except Refusal as refusal:
            yield Flaw(0, 1, str(refusal).rstrip("."), "Values were not judged")
            return


def row_lines(cursor: duckdb.DuckDBPyConnection, files: list[RawFile]) -> Iterator[str]:
    """Rows of each kind of file: sent, used, left out; one that is only not written as it should be is used."""
    left_out: defaultdict[str, int] = defaultdict(int)
    for kind, rule, count in cursor.execute(ROWS_OF_RULES).fetchall():
        met = rules()[rule]
        left_out[kind] += count if met.applies_to != "file" and not met.keeps_row else 0
    for kind in dict.fromkeys(file.kind for file in files):
        sent = sum(f.row_count or 0 for f in files if f.kind == kind and f.refused_rule is None)
        lost = left_out[kind.relation]
        yield f"{kind.relation}: {sent:,} sent, {sent - lost:,} used, {lost:,} left out"


def flaws_of_rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[Flaw]:
    """Rules by which rows, records or details are left out, or used though they are not written as they should be."""
    for kind, rule, count in cursor.execute(ROWS_OF_RULES).fetchall():
        met = rules()[rule]
        if met.applies_to != "file" and count:
            places = [place for (place,) in cursor.execute(PLACES_OF_ROWS, [kind, rule]).fetchall()]
            whose = f" of {listed(places)}" if places else ""
            words = f"{kind}{whose}: {count:,} x {met.meaning}"
            yield Flaw(2, count, words, met.what_to_do)


def flaws_of_practices(cursor: duckdb.DuckDBPyConnection) -> Iterator[Flaw]:
    """Practices that sent a file and are kept out; those whose file is refused are named with it."""
    kept_out = defaultdict(list)
    for rule, practice in cursor.execute(PRACTICES_KEPT_OUT).fetchall():
        kept_out[rule].append(practice)
    for rule, practices in kept_out.items():
        if rule not in ITS_OWN_ANSWER and not rule.endswith("_file_refused"):
            words = f"{listed(practices)} kept out: {in_words(rule)}"
            yield Flaw(1, len(practices), words, what_to_do(rules().get(rule)))


def what_to_do(rule: Rule | None) -> str:
    return rule.what_to_do if rule else "Ask the custodian"


def listed(names: list[str]) -> str:
    """The first few of many names."""
    more = f" and {len(names) - PLACES:,} more" if len(names) > PLACES else ""
    return ", ".join(names[:PLACES]) + more


def mend_lines(flaws: list[Flaw]) -> Iterator[str]:
    """Everything to mend, first what stops a run; of many files with one flaw the first."""
    met: Counter[str] = Counter()
    told = []
    for flaw in flaws:
        alike = flaw.alike or flaw.words
        met[alike] += 1
        told += [flaw] if met[alike] <= FIRST else []
    for number, flaw in enumerate(told, start=1):
        yield f"{number:>2}. {flaw.words}"
        yield f"    {flaw.what_to_do}"
    if not flaws:
        yield "nothing"
    for alike, count in met.items():
        if count > FIRST:
            yield f"and {count - FIRST:,} more of the same kind: {alike}"


def verdict(flaws: list[Flaw]) -> str:
    if any(flaw.severity == 0 for flaw in flaws):
        return "A build would stop."
    if any(flaw.severity == 1 for flaw in flaws):
        return "A build would run, and keep practices out."
    return "A build would run."
