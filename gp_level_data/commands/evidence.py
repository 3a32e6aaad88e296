"""`make evidence`: what a reviewer needs to believe a run, collected from the run itself.

It lies in the clear and is kept for ever, so counts of rows are told as disclosure control would; it is
for the custodian and for who reviews them. It holds nothing about anybody: it is searched like everything
else that is kept, before it is written.
"""

import csv
import functools
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace as Namespace

import duckdb

from gp_level_data import project
from gp_level_data.custody import checksums, exact_counts, keys, proof, publication, published_tables
from gp_level_data.end import certificate, ledger, policy, remains, shown
from gp_level_data.nets import Finding, leak_score, lineage, names, raw_numbers, renaming_run, values
from gp_level_data.nets.lineage.compiled import compiled_manifest
from gp_level_data.pages import evidence_page
from gp_level_data.project import PROJECT
from gp_level_data.raw import landing
from gp_level_data.refusal import Refusal
from gp_level_data.runs import use_of_files
from gp_level_data.runs.progress import Progress
from gp_level_data.shapes import Document, Settings

LOCK = "requirements.lock"
# Of what the practices sent: who is in the store, and what became of every row, by verdict and rule.
PEOPLE = {"practice_records": "int_patients__permitted", "journals": "int_journals__people"}
ROWS = {
    "practice_records": "select verdict, rule, row_count from assurance.counts.int_intake__record_counts",
    "journals": """
        select 'kept' as verdict, 'stored' as rule, count(*) as row_count
        from patient_level.gateway.int_journals__records
        union all
        select verdict, reason as rule, record_count as row_count
        from assurance.counts.int_journals__removed_counts
        where verdict <> 'emptied'
    """,
}
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """A finished run: its three folders, and those in which dbt left artefacts and logs."""

    raw_dir: Path
    key_dir: Path
    store_dir: Path
    artefacts: list[Path]

    def marts(self) -> duckdb.DuckDBPyConnection:
        """The marts, read only; closed by whoever asked, as two connections share what they attach."""
        return published_tables.opened(self.store_dir)

    @cached_property
    def settings(self) -> Settings:
        with self.marts() as marts:
            return published_tables.settings(marts)

    @cached_property
    def store_keys(self) -> keys.StoreKeys:
        return keys.of_store(self.key_dir)

    @cached_property
    def numbers(self) -> set[str]:
        """Every number that was sent; a Refusal where the raw folder is not there."""
        if not self.raw_dir.is_dir():
            raise Refusal(f"There is no raw folder {self.raw_dir}.")
        return raw_numbers.numbers_in(self.raw_dir)

    @cached_property
    def drawn(self) -> list[str]:
        """Some of them, for files with microseconds: of all, a clock would show one by chance."""
        return remains.sampled_numbers(self.raw_dir, remains.SAMPLED)


def run(chosen: Namespace) -> int:
    """Add an entry to the ledger, or say whether the last one still holds."""
    run_at = Run(
        chosen.raw_dir.resolve(),
        chosen.key_dir.resolve(),
        chosen.store_dir.resolve(),
        project.artefacts(),
    )
    if not run_at.store_dir.is_dir():
        raise Refusal(f"There are no results in {run_at.store_dir}: run `make build` first.")
    publication.hold(run_at.store_dir)
    exact_counts.move_out(run_at.store_dir, run_at.key_dir)
    return verify(run_at, chosen.last) if chosen.action == "verify" else collect(run_at)


def collect(run_at: Run) -> int:
    """Write the next entry; 1 where a net has caught something."""
    policy.refuse_destroyed(run_at.store_dir, run_at.settings["collection"])
    moment = datetime.now(UTC).replace(microsecond=0)
    facts: Document = {"made_at": moment.isoformat(), "layout": evidence_page.LAYOUT}
    facts |= {name: part(run_at) for name, part in PARTS.items()}
    page = evidence_page.page(ledger.draft(run_at.store_dir, ledger.EVIDENCE, facts)[1])
    texts = {"the evidence": ledger.as_text(facts), "its page": page.encode()}
    if remains.numbers_in_texts(texts, run_at.drawn) or any(remains.PSEUDONYM.search(text) for text in texts.values()):
        raise Refusal("The evidence would hold what looks like a person's: nothing was written.")
    entry = ledger.append(run_at.store_dir, ledger.EVIDENCE, facts, page)
    print(f"Evidence: {ledger.page_of(entry.path)}")
    print(f"Its checksum, to be kept elsewhere: {entry.checksum}")
    return int(any(net["verdict"] == "caught" for net in facts["nets"]))


def verify(run_at: Run, last: str | None = None) -> int:
    """Follow the ledger, and work out the last evidence again; 1 at the first difference, by name."""
    entries = ledger.entries(run_at.store_dir, ledger.EVIDENCE)
    for problem in ledger.problems(run_at.store_dir, last):
        print(problem)
        return 1
    for entry in entries:
        for problem in certificate.page_problems(entry, evidence_page.page(entry.content)):
            print(problem)
            return 1
    told = {name: part for name, part in PARTS.items() if entries and name in entries[-1].content}
    if told:
        # Without results nothing of it would be looked at, and all would seem to hold.
        run_at.marts().close()
    for name, part in told.items():
        try:
            again = part(run_at)
        except Refusal as refusal:
            print(f"{name}: cannot be worked out again. {refusal}")
            continue
        place = first_difference(entries[-1].content[name], again, name)
        if place:
            print(f"{entries[-1].path.name}: {place} is not what it was")
            return 1
    if not entries:
        print(f"There is no evidence in {run_at.store_dir}.")
        return 1
    print(f"Bundles of evidence that hold: {len(entries)}.")
    return 0


def first_difference(was: object, now: object, place: str) -> str | None:
    """Where two values of JSON differ first; neither value."""
    if isinstance(was, dict) and isinstance(now, dict) and was.keys() == now.keys():
        pairs = [(was[name], now[name], f"{place}.{name}") for name in was]
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        pairs = [(left, right, f"{place}.{at}") for at, (left, right) in enumerate(zip(was, now))]
    else:
        return None if was == now else place
    return next(filter(None, (first_difference(*pair) for pair in pairs)), None)


# ---- the parts of a bundle --------------------------------------------------------------------------


def project_as_run(run_at: Run) -> Document:
    """Which code ran, and with which packages."""
    lock = PROJECT / LOCK
    locked = LOCKED.findall(lock.read_text(encoding="utf-8")) if lock.exists() else []
    return {
        "commit": git("rev-parse", "HEAD"),
        "is_clean": None if git("rev-parse", "HEAD") is None else git("status", "--porcelain") == "",
        "proof": proof_of_code(run_at.key_dir),
        "lock": checksums.of_file(lock) if lock.exists() else None,
        "dependencies": [{"name": name, "locked": version, "installed": installed(name)} for name, version in locked],
    }


def proof_of_code(key_dir: Path) -> Document | None:
    """What the nets have proved of the code for which the gateway opened; None where the key folder has no proof."""
    made = proof.read(key_dir)
    if made is None:
        return None
    checksum = checksums.of_file(key_dir / proof.FILE)
    return {"checksum": checksum, "file_count": len(made.digests), "nets": made.nets}


def git(*arguments: str) -> str | None:
    """What git says about the project; None where it is no repository of its own."""
    if not (PROJECT / ".git").exists():
        return None
    try:
        said = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.stdout.strip()


def installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def settings(run_at: Run) -> Settings:
    """The settings of the run: moment of collection, period, definitions."""
    return run_at.settings


def policy_rows(run_at: Run) -> Document:
    """The rows of the seeds that decided: the policy, its disclosure rules, its exception."""
    collection, exception = run_at.settings["collection"], run_at.settings["exception_id"]
    return {
        "collection": seed("collections", "collection", collection)[0],
        "disclosure": [
            {"rule": row["rule"], "value": row["value"]} for row in seed("disclosure_rules", "collection", collection)
        ],
        "exception": next(iter(seed("exception_register", "exception_id", exception)), None),
    }


def seed(name: str, column: str, value: str) -> list[Document]:
    with (PROJECT / "seeds" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row[column] == value]


def raw_files(run_at: Run) -> list[Document]:
    """Every raw file as the run saw it, its counts as they may be told, with a checksum that only the collection's key
    makes.
    """
    if not run_at.raw_dir.is_dir():
        raise Refusal(f"There is no raw folder {run_at.raw_dir}.")
    key = keys.read_key(run_at.key_dir, run_at.settings["collection"])
    with values.opened(run_at.store_dir, run_at.store_keys) as connection:
        rows = connection.execute(
            """
            select
                file_kind, file_name, byte_count, row_count, usable_count, rejected_count, refused_rule
            from assurance.counts.int_intake__file_counts order by all
            """
        ).fetchall()
    names = (
        "kind",
        "name",
        "byte_count",
        "row_count",
        "usable_count",
        "rejected_count",
        "refused_rule",
    )
    found = []
    for row in rows:
        path = run_at.raw_dir / row[1]
        is_there = path.is_file() and not path.is_symlink()
        checksum = checksums.of_file_under_key(path, key) if is_there else None
        kind, name, byte_count, *row_counts, refused_rule = row
        told = (shown.count(each, run_at.settings["collection"]) for each in row_counts)
        row = (kind, name, shown.size(byte_count), *told, refused_rule)
        found.append(dict(zip(names, row)) | {"checksum": checksum})
    return found


def counts(run_at: Run) -> Document:
    """Who was collected, who was not and why, as it may be told, and whether every row is accounted for."""
    is_of_journals = run_at.settings["collection"] in landing.COLLECTED["journals"]
    file_kind = "journals" if is_of_journals else "practice_records"
    with values.opened(run_at.store_dir, run_at.store_keys) as connection:
        rows = connection.execute(
            f"""
            select verdict, rule, sum(row_count)::bigint as row_count
            from ({ROWS[file_kind]}) group by all order by rule
            """
        ).fetchall()
        [(sent,)] = connection.execute(
            """
            select coalesce(sum(row_count), 0)::bigint from assurance.counts.int_intake__file_counts
            where file_kind = ? and refused_rule is null
            """,
            [file_kind],
        ).fetchall()
        [(people, practices)] = connection.execute(
            f"""
            select count(distinct patient_key), count(distinct practice_code)
            from patient_level.gateway.{PEOPLE[file_kind]}
            """
        ).fetchall()
    told = functools.partial(shown.count, collection=run_at.settings["collection"])
    by_rule = {
        verdict: [{"rule": rule, "row_count": told(count)} for was, rule, count in rows if was == verdict]
        for verdict in ("kept", "excluded", "rejected")
    }
    return {
        "sent_count": told(sent),
        "people_count": told(people),
        "practice_count": practices,
        **by_rule,
        "is_balanced": sent == sum(count for _, _, count in rows),
    }


def use(run_at: Run) -> list[Document]:
    """How much of each national file and of each kind of practices' files was used, as it may be told; the rule that
    took most of the rest.
    """
    told = functools.partial(shown.count, collection=run_at.settings["collection"])
    with values.opened(run_at.store_dir, run_at.store_keys) as connection:
        return [
            {
                "subject": each.subject,
                "file_count": each.file_count,
                "refused_count": each.refused_count,
                "sent_count": told(each.sent_count),
                "used_count": told(each.used_count),
                "worst_rule": each.worst_rule,
            }
            for each in use_of_files.uses(connection)
        ]


def nets(run_at: Run) -> list[Document]:
    """What each of the four nets says about this run."""
    stages = Progress()
    with stages.stage("nets by name and by lineage"):
        # Compiled anew: in its target folder dbt leaves what its last command was about.
        manifest = compiled_manifest(PROJECT)
        by_name, by_lineage = names.findings(manifest), lineage.findings(manifest)
    with stages.stage("net by value: every stored value, every file"):
        kept = remains.files_kept([*run_at.artefacts, run_at.store_dir / ledger.FOLDER])
        by_value = values.findings_in_store(run_at.store_dir, run_at.store_keys, run_at.numbers)
        by_value += values.findings_in_files(kept, run_at.drawn)
    with stages.stage("net by renaming: a part of the sample, built twice"):
        last = by_renaming(run_at.settings["collection"])
    return [
        verdict("name", by_name, "every name and text of the project"),
        verdict("value", by_value, "every stored value for all numbers, every file for 1,000 of them"),
        verdict("lineage", by_lineage, "every stored column, from the compiled SQL"),
        last,
    ]


def by_renaming(collection: str) -> Document:
    """What the net says that has to build twice: of the code, which is the same for whoever's data."""
    try:
        found = renaming_run.findings(collection)
    except Refusal as refusal:
        print(f"The net by renaming was not run: {refusal}")
        return {
            "net": "renaming",
            "verdict": "not run",
            "finding_count": None,
            "looked_at": str(refusal),
        }
    looked_at = "this code, by a part of the sample under two numberings; not the data of this run"
    return verdict("renaming", found, looked_at)


def verdict(net: str, findings: list[Finding], looked_at: str) -> Document:
    """How many things a net caught; where they lie is said on the screen."""
    for finding in findings:
        print(f"The net by {net}: {finding.where}: {finding.what}")
    return {
        "net": net,
        "verdict": "caught" if findings else "held",
        "finding_count": len(findings),
        "looked_at": looked_at,
    }


def score(run_at: Run) -> Document | None:
    """How the nets did on leaks made on purpose, and whether that was these nets."""
    return leak_score.read()


def smallest_cell(run_at: Run) -> Document:
    """The smallest count that is shown, and up to which the policy withholds."""
    with run_at.marts() as marts:
        count, place = published_tables.smallest_count(marts)
    rules = {row["rule"]: int(row["value"]) for row in policy_rows(run_at)["disclosure"]}
    return {"count": count, "place": place, "withheld_up_to": rules["small_number_to"]}


def tables(run_at: Run) -> list[Document]:
    """Every published table as it is now, but for the record of hand-overs, which grows afterwards."""
    with run_at.marts() as marts:
        return [
            {
                "table": table,
                "row_count": published_tables.row_count(marts, table),
                "checksum": published_tables.checksum_of(marts, table),
            }
            for table in published_tables.tables(marts)
            if table != published_tables.RECORD
        ]


PARTS: dict[str, Callable[[Run], object]] = {
    "project": project_as_run,
    "settings": settings,
    "policy": policy_rows,
    "raw_files": raw_files,
    "use": use,
    "counts": counts,
    "smallest_cell": smallest_cell,
    "tables": tables,
    "leak_score": score,
    "nets": nets,
}
