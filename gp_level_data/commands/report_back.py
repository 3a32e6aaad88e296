"""`make report-back`: what goes back to each practice, one folder each, and the record of it.

A folder holds the practice's own results with what they are seen beside, the checks that its files did
not pass, and what every column means. A practice that sent something and was not collected gets the
checks alone; one that sent nothing gets nothing.

Whatever stops the command, it can be called again: the folders appear at one moment, then the record.
"""

import filecmp
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace as Namespace

import duckdb

from gp_level_data.commands import build
from gp_level_data.custody import checksums, keys, publication, published_tables, store
from gp_level_data.end import ledger, policy
from gp_level_data.pages.data_dictionary import columns_of
from gp_level_data.pages.handed_out import Written, write_csv, write_sums, write_text
from gp_level_data.refusal import Refusal
from gp_level_data.runs.progress import Progress

OWN = "practice_code = $practice"
AREAS = "area_level = 'england' or (area_level = 'ccg' and area_code = $ccg)"


@dataclass(frozen=True)
class Part:
    """A file of a practice's folder: its table, which of its rows, and what it holds in words."""

    file: str
    table: str
    rows: str
    words: str
    of_collected: bool = True
    place: str = "main"

    @property
    def relation(self) -> str:
        """The table, with where it lies."""
        return f"{self.place}.{self.table}"


PARTS = (
    Part(
        "gp_metrics.csv",
        "rpt_gp_metrics",
        OWN,
        "Each GP's result on each metric, beside the practice's, its CCG's and England's.",
    ),
    Part(
        "comparators.csv",
        "fct_comparators",
        f"(area_level = 'practice' and area_code = $practice) or {AREAS}",
        "The practice's, its CCG's and England's results, with their counts and intervals.",
    ),
    Part(
        "funnels.csv",
        "fct_gp_funnels",
        OWN,
        "Whether a GP's result differs from the CCG's or England's by more than chance.",
    ),
    Part(
        "emergency_admissions.csv",
        "fct_emergency_admissions",
        f"{OWN} or {AREAS}",
        "For which conditions patients were admitted as emergencies.",
    ),
    Part(
        "data_checks.csv",
        "rpt_practice_checks",
        OWN,
        "What in the practice's own files could not be used, and what to do.",
        of_collected=False,
        place=f"{store.PATIENT_LEVEL}.senders",
    ),
    Part(
        "rows_to_mend.csv",
        "rpt_practice_rows",
        OWN,
        "Rows of the practice's own files that have to be mended first: until then none of its patients is collected.",
        of_collected=False,
        place=f"{store.PATIENT_LEVEL}.senders",
    ),
)


@dataclass(frozen=True)
class Practice:
    """Whom a folder is for."""

    code: str
    name: str | None
    ccg: str | None
    is_collected: bool


def run(chosen: Namespace) -> int:
    """Write the folders and record them."""
    at = policy.moment(chosen.at) if chosen.at else datetime.now(UTC).replace(microsecond=0)
    policy.policy_of(chosen.collection)
    store_dir, to = chosen.store_dir.resolve(), chosen.to.resolve()
    for kept in (store_dir, chosen.key_dir.resolve()):
        if to == kept or kept in to.parents or to in kept.parents:
            raise Refusal(f"The practices' folders cannot lie with the store or its keys: {to}.")
    if not store_dir.is_dir():
        raise Refusal(f"There are no results in {store_dir}: run `make build` first.")
    publication.hold(store_dir)
    with published_tables.opened(store_dir) as connection:
        attach_senders(connection, store_dir, chosen.key_dir.resolve())
        settings = published_tables.settings_of(connection, chosen.collection)
        facts = {
            "collection": chosen.collection,
            "collected_at": settings["collected_at"],
            "reported_at": at.isoformat(),
            "results": results(connection),
            "practices": hand_over(connection, chosen.collection, settings, to),
        }
    entry = ledger.append(store_dir, ledger.REPORTED_BACK, facts)
    store.release(store_dir)
    build.dbt(
        Progress(), "record of the hand-over in the results", "build", "--select", published_tables.RECORD, "--exclude-resource-type", "unit_test",
        folders={"STORE_DIR": store_dir, "KEY_DIR": chosen.key_dir.resolve()},
    )  # fmt: skip
    print(f"{len(facts['practices'])} practices, one folder each, in {to}")
    print(f"Recorded in {entry.path}")
    print(f"Its checksum, to be kept elsewhere: {entry.checksum}")
    return 0


def attach_senders(
    connection: duckdb.DuckDBPyConnection, store_dir: Path, key_dir: Path
) -> None:
    """Attach what goes to the senders alone; a Refusal where it is destroyed already."""
    if not store.database_file(store_dir, store.PATIENT_LEVEL).exists():
        raise Refusal("What goes back to the practices is destroyed already.")
    store.attach_patient_level(connection, store_dir, keys.read_key(key_dir, keys.STORE_KEY))


def results(connection: duckdb.DuckDBPyConnection) -> str:
    """One checksum of all that is handed over and outlives the personal data, to know it again."""
    lasting = [part for part in PARTS if part.place == "main"]
    lines = [f"{part.table} {published_tables.checksum_of(connection, part.table)}\n" for part in lasting]
    return checksums.of_bytes("".join(lines).encode())


def hand_over(
    connection: duckdb.DuckDBPyConnection, collection: str, settings: dict, to: Path
) -> list[dict]:
    """The folders, complete at one moment, and what is in them; those of a stopped call are kept."""
    unfinished = to.with_name(f".{to.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        practices = [
            {
                "practice_code": practice.code,
                "files": write_folder(connection, collection, settings, practice, unfinished),
            }
            for practice in practices_of(connection)
        ]
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


def practices_of(connection: duckdb.DuckDBPyConnection) -> Iterator[Practice]:
    """Practices that were collected, or that sent a file of their own."""
    rows = connection.execute(
        """
        select practice_code, practice_name, ccg_code, is_collected
        from dim_practices as practices
        where
            is_collected
            or exists (
                select 1 from reference.int_intake__file_counts as files
                where files.practice_code = practices.practice_code
            )
        order by practice_code
        """
    )
    yield from (Practice(*row) for row in rows.fetchall())


def write_folder(
    connection: duckdb.DuckDBPyConnection,
    collection: str,
    settings: dict,
    practice: Practice,
    to: Path,
) -> list[dict]:
    """One practice's folder; its files for the record."""
    folder = to / practice.code
    folder.mkdir(mode=0o700)
    parts = [part for part in PARTS if practice.is_collected or not part.of_collected]
    written = [write_part(connection, part, practice, folder) for part in parts]
    meanings = [(part.file, *column) for part in parts for column in columns_of(part.table)]
    written.append(
        write_csv(folder / "data_dictionary.csv", ("file", "column", "type", "meaning"), meanings)
    )
    text = read_me(policy.policy_of(collection).title, settings, practice, parts)
    written.append(write_text(folder / "read_me.txt", text))
    written.append(write_sums(folder, written))
    return [
        {"name": file.name, "byte_count": file.byte_count, "checksum": checksums.in_letters(file.digest)}
        for file in written
    ]  # fmt: skip


def write_part(
    connection: duckdb.DuckDBPyConnection, part: Part, practice: Practice, folder: Path
) -> Written:
    """A table's rows for a practice."""
    known = {"practice": practice.code, "ccg": practice.ccg}
    values = {name: value for name, value in known.items() if f"${name}" in part.rows}
    rows = connection.execute(f"select * from {part.relation} where {part.rows} order by all", values)
    header = [column[0] for column in rows.description]
    return write_csv(folder / part.file, header, rows.fetchall())


def read_me(title: str, settings: dict, practice: Practice, parts: list[Part]) -> str:
    """What the folder is, for whoever opens it first."""
    lines = [
        f"{title}: {practice.code} {practice.name or ''}".rstrip(),
        f"Collected {settings['collected_at']}, admissions from {settings['period_start']}"
        f" to {settings['period_end']}.",
        "",
        *(f"{part.file}: {part.words}" for part in parts),
        "data_dictionary.csv: What each column means.",
        "",
        "A count is 0 or rounded. * stands for one that is withheld, because it or another"
        " one beside it is small; an empty field for what there is none of.",
        "These are for the practice and its GPs, for reflection and learning; they are shared with"
        " nobody else.",
        "`sha256sum --check SHA256SUMS` says whether the files are as they were handed over.",
    ]
    return "\n".join(lines) + "\n"


def is_same(left: Path, right: Path) -> bool:
    """Whether two folders hold the same files with the same content."""
    names = [
        sorted(path.relative_to(folder) for path in folder.rglob("*")) for folder in (left, right)
    ]
    return names[0] == names[1] and all(
        filecmp.cmp(left / name, right / name, shallow=False)
        for name in names[0]
        if (left / name).is_file()
    )
