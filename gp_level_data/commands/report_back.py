"""`make report-back`: what goes back to each practice, one folder each, and the record of it.

A folder holds a page for the practice and one for each of its GPs, a spreadsheet, and the same as CSV
files for computers: the practice's own results with what they are seen beside, and the checks that its
files did not pass. A practice that sent something and was not collected is told why, and what its files
lacked; one that sent nothing gets nothing.

Whatever stops the command, it can be called again: the folders appear at one moment, then the record. Where they
are written until then is noted in the store, so that what is left there of a command that was killed is deleted.
"""

import filecmp
import functools
import itertools
import multiprocessing
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace as Namespace
from typing import TYPE_CHECKING

import duckdb
import yaml

from gp_level_data import project
from gp_level_data.commands import build
from gp_level_data.custody import checksums, exact_counts, keys, publication, published_tables, store
from gp_level_data.end import half_written, hand_overs, ledger, policy, shown
from gp_level_data.pages import packs, previous, words
from gp_level_data.pages.handed_out import (
    Written,
    refuse_among,
    settle,
    typed,
    unfinished_of,
    write,
    write_csv,
    write_parquet,
    write_sums,
    write_text,
)
from gp_level_data.refusal import Refusal
from gp_level_data.runs.progress import Progress
from gp_level_data.shapes import Document, Settings

if TYPE_CHECKING:
    from gp_level_data.pages.reports import Facts

# So many folders are written before it is worth starting other processes.
ALONE, MOST_PROCESSES = 100, 4
EXPOSURES = project.PROJECT / "models" / "marts" / "gp_report" / "_gp_report__exposures.yml"


def run(chosen: Namespace) -> int:
    """Write the folders and record them."""
    now = datetime.now(UTC).replace(microsecond=0)
    at = policy.moment(chosen.at) if chosen.at else now
    policy.policy_of(chosen.collection)
    store_dir, to = chosen.store_dir.resolve(), chosen.to.resolve()
    refuse_among(to, store_dir, chosen.key_dir.resolve())
    if not store_dir.is_dir():
        raise Refusal(f"There are no results in {store_dir}: run `make build` first.")
    publication.hold(store_dir)
    with half_written.noting(store_dir, to):
        policy.refuse_stopped(store_dir)
        exact_counts.move_out(store_dir, chosen.key_dir.resolve())
        with published_tables.opened(store_dir) as connection:
            attach_senders(connection, store_dir, chosen.key_dir.resolve())
            settings = published_tables.settings_of(connection, chosen.collection)
            refuse_mistyped(at, policy.moment(settings["collected_at"]), now)
            contact = chosen.contact or owner()
            key = keys.of_store(chosen.key_dir.resolve()).assurance
            facts = {
                "collection": chosen.collection,
                "collected_at": settings["collected_at"],
                "reported_at": at.isoformat(),
                "results": hand_overs.results(connection),
                "practices": [
                    {"practice_code": code, "files": [recorded(file, key) for file in files]}
                    for code, files in hand_over(connection, settings, contact, to, with_parquet=chosen.parquet)
                ],
            }
    with store.open_marts(store_dir, read_only=False) as connection:
        previous.keep(connection)
    entry = ledger.append(store_dir, ledger.REPORTED_BACK, facts)
    print(f"{len(facts['practices'])} practices, one folder each, in {to}")
    print(f"Recorded in {entry.path}")
    print(f"Its checksum, to be kept elsewhere: {entry.checksum}")
    store.release(store_dir)
    list_in_results(store_dir, chosen.key_dir.resolve())
    return 0


def list_in_results(store_dir: Path, key_dir: Path) -> None:
    """The results list what was handed over; where they cannot, the hand-over stands all the same."""
    try:
        build.dbt(
            Progress(), "record of the hand-over in the results", "build", "--select", published_tables.RECORD, "--exclude-resource-type", "unit_test",
            folders={"STORE_DIR": store_dir, "KEY_DIR": key_dir},
        )  # fmt: skip
    except Refusal as refusal:
        raise Refusal(
            f"{refusal} The hand-over stands, in the ledger; the results will list it after the next build."
        ) from None


def refuse_mistyped(at: datetime, collected_at: datetime, now: datetime) -> None:
    """A Refusal of a moment that cannot be: the ledger would keep it, and the days until destruction count from it."""
    if not collected_at <= at <= now:
        raise Refusal(
            "Results are reported back after their collection and not in the future: between"
            f" {collected_at.isoformat()} and now, not {at.isoformat()}."
        )


def attach_senders(connection: duckdb.DuckDBPyConnection, store_dir: Path, key_dir: Path) -> None:
    """Attach what goes to the senders alone, and who sent what; a Refusal where that is destroyed already."""
    known = ledger.entries(store_dir, ledger.REPORTED_BACK, ledger.DESTRUCTION)
    is_there = store.database_file(store_dir, store.PATIENT_LEVEL).exists()
    if not is_there and known and known[-1].kind == ledger.DESTRUCTION:
        raise Refusal("What goes back to the practices is destroyed already.")
    store.attach_store(connection, store_dir, keys.of_store(key_dir))


def owner() -> str:
    """Whom practices may ask, where nobody else is named: who answers for the GP report."""
    found = yaml.safe_load(EXPOSURES.read_text(encoding="utf-8"))["exposures"]
    [who] = [exposure["owner"] for exposure in found if exposure["name"] == "gp_report"]
    return f"{who['name']}, {who['email']}"


def hand_over(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    contact: str,
    to: Path,
    *,
    with_parquet: bool = False,
) -> list[tuple[str, list[Written]]]:
    """The folders, complete at one moment, and what is in each; those of a stopped call are kept."""
    # Pages and spreadsheets want packages that no other command needs.
    from gp_level_data.pages import reports

    facts = reports.facts_of(connection, settings, contact)
    unfinished = unfinished_of(to)
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        of_all = packs.packs(connection)
        practices = []
        with Progress().stage("pages and tables of the practices") as stage:
            for code, files in write_folders(facts, of_all, unfinished, with_parquet=with_parquet):
                practices.append((code, files))
                stage.done.add(code)
        settle()
        if to.exists() and any(to.iterdir()):
            if not is_same(unfinished, to):
                raise Refusal(f"The folder {to} holds something else: name another one.")
            shutil.rmtree(unfinished)
        else:
            unfinished.replace(to)
            store.sync(to.parent)
    except OSError as error:
        raise Refusal(f"The folder {to} cannot be written: {error.strerror}.") from None
    return practices


def write_folders(
    facts: "Facts", of_all: Iterator[packs.Pack], to: Path, *, with_parquet: bool = False
) -> Iterator[tuple[str, list[Written]]]:
    """A folder for each practice, and its files; by several processes where there are many."""
    first = list(itertools.islice(of_all, ALONE))
    yield from (write_folder(facts, pack, to, with_parquet=with_parquet) for pack in first)
    if len(first) < ALONE:
        return
    # Afresh and not forked: an engine that is at work does not survive a fork.
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        one = functools.partial(write_folder, facts, to=to, with_parquet=with_parquet)
        yield from pool.imap(one, of_all, chunksize=8)


def write_folder(
    facts: "Facts", pack: packs.Pack, to: Path, *, with_parquet: bool = False
) -> tuple[str, list[Written]]:
    """One practice's folder; the practice and its files."""
    from gp_level_data.pages import reports, workbook

    code = pack.practice.code
    folder = to / code
    folder.mkdir(mode=0o700)
    written = [write_text(folder / f"{code}.html", reports.practice_page(facts, pack))]
    written += [write_text(folder / f"{code}_{gp}.html", page) for gp, page in reports.gp_pages(facts, pack)]
    written.append(write(folder / f"{code}.xlsx", workbook.of(facts, pack)))
    written += [write_csv(folder / name, table.header, table.rows) for name, table in pack.tables.items()]
    if with_parquet:
        written += tables_as_parquet(pack, folder)
    meanings = [
        (name, *column) for name, table in pack.tables.items() for column in words.columns_of(name, table.header)
    ]
    written.append(write_csv(folder / "data_dictionary.csv", ("file", "column", "kind", "meaning"), meanings))
    written.append(write_text(folder / "read_me.txt", read_me(facts, pack)))
    written.append(write_sums(folder, written))
    return code, written


def tables_as_parquet(pack: packs.Pack, folder: Path) -> list[Written]:
    """The tables once more, with the types that the results have."""
    return [
        write_parquet((folder / name).with_suffix(".parquet"), typed(table.header, table.kinds, table.rows))
        for name, table in pack.tables.items()
    ]


def recorded(file: Written, key: bytes) -> Document:
    """A file as the ledger has it, which lies open: its size and a plain checksum would give exact counts in it away."""
    return {
        "name": file.name,
        "byte_count": shown.size(file.byte_count),
        "checksum": checksums.under_key(file.digest, key, "handed_out"),
    }


def read_me(facts: "Facts", pack: packs.Pack) -> str:
    """What the folder is, for whoever opens it first."""
    code = pack.practice.code
    lines = [
        f"{facts.title}: {pack.practice.full_name}",
        f"Collected on {words.moment(facts.collected_at)}, admissions from {facts.period}.",
        "",
        f"{code}.html: The page to read; it opens in any browser, without a network.",
        *([f"{code}_G....html: A page for each GP, to be handed to that GP."] if pack.practice.is_collected else []),
        f"{code}.xlsx: All numbers as a spreadsheet.",
        "",
        "For computers:",
        *(f"{name}: {table.part.words}" for name, table in pack.tables.items()),
        "data_dictionary.csv: What each column means.",
        "",
        "A count is 0 or rounded. * stands for one that is withheld, because it or another"
        " one beside it is small; an empty field for what there is none of.",
        "These are for the practice and its GPs, for reflection and learning; they are shared with"
        " nobody else.",
        f"Questions: {facts.contact}",
        "`sha256sum --check SHA256SUMS` says whether the files are as they were handed over.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def is_same(left: Path, right: Path) -> bool:
    """Whether two folders hold the same files with the same content."""
    names = [sorted(path.relative_to(folder) for path in folder.rglob("*")) for folder in (left, right)]
    return names[0] == names[1] and all(
        filecmp.cmp(left / name, right / name, shallow=False) for name in names[0] if (left / name).is_file()
    )
