"""`make backup` and `make restore`: the results and the ledger, and nothing personal.

A backup is a folder with the marts, the exact counts behind them as they lie encrypted, the ledger and their
checksums. It can be kept for as long as the results may be, since the patient-level database and the keys are
never part of it; the assurance key is kept elsewhere.
"""

import shutil
from pathlib import Path
from types import SimpleNamespace as Namespace

import duckdb

from gp_level_data.custody import checksums, exact_counts, keys, publication, published_tables, store
from gp_level_data.end import ledger
from gp_level_data.pages import handed_out
from gp_level_data.refusal import Refusal

SUMS = "checksums.txt"


def back_up(chosen: Namespace) -> int:
    """Copy the results, complete at one moment."""
    store_dir, to = chosen.store_dir.resolve(), chosen.to.resolve()
    if to.exists():
        raise Refusal(f"{to} exists already: name another folder.")
    if to.is_relative_to(store_dir):
        raise Refusal(f"A backup cannot lie in the store, with which it would be lost: {to}.")
    if not store.database_file(store_dir, store.MARTS).exists():
        raise Refusal(f"There are no results in {store_dir}: run `make build` first.")
    publication.hold(store_dir)
    exact_counts.move_out(store_dir, chosen.key_dir.resolve())
    take_in_logs(store_dir, chosen.key_dir.resolve())
    key = assurance_key(store_dir, chosen.key_dir.resolve())
    unfinished = handed_out.unfinished_of(to)
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        copy_kept(store_dir, unfinished)
        if damaged := unreadable(unfinished, key):
            raise Refusal(f"No backup was made: {damaged} in {store_dir} cannot be read. Build again.")
        lines = [f"{checksums.of_file(path)}  {name}\n" for name, path in files_of(unfinished)]
        ledger.write(unfinished / SUMS, "".join(lines).encode())
        unfinished.replace(to)
        store.sync(to.parent)
    except OSError as error:
        raise Refusal(f"The backup {to} cannot be written: {error.strerror}.") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    print(f"Results and ledger: {to}")
    return 0


def restore(chosen: Namespace) -> int:
    """Put a backup in the place of results that are lost; a Refusal where that could mix two states."""
    store_dir, source = chosen.store_dir.resolve(), chosen.source.resolve()
    check(source)
    publication.hold(store_dir)
    if store.database_file(store_dir, store.PATIENT_LEVEL).exists():
        raise Refusal(
            "The store has a patient-level database, and older results beside it would be another run's:"
            " build again instead, or restore into an empty folder."
        )
    ours, theirs = ledger.entries(store_dir), ledger.entries(source)
    known = [entry.checksum for entry in theirs]
    if [entry.checksum for entry in ours] != known[: len(ours)]:
        raise Refusal("The store's ledger goes on differently from the backup's: keep it, and ask why.")
    building = store_dir / publication.BUILDING
    shutil.rmtree(building, ignore_errors=True)
    try:
        building.mkdir(mode=0o700)
        for file in kept_databases(source):
            shutil.copyfile(file, building / file.name)
        key_dir = chosen.key_dir.resolve()
        has_key = keys.key_file(key_dir, keys.ASSURANCE_KEY).exists()
        if damaged := unreadable(building, assurance_key(source, key_dir) if has_key else None):
            raise Refusal(f"Nothing was restored: {damaged} in {source} cannot be read. Take another backup.")
        copy_ledger(source, store_dir)
    except Refusal:
        shutil.rmtree(building, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        raise Refusal(f"The store {store_dir} cannot be written: {error.strerror}.") from None
    publication.publish(building, store_dir)
    store.make_private(store_dir)
    with published_tables.opened(store_dir) as connection:
        print(f"{len(published_tables.tables(connection))} tables of results are back in {store_dir}")
    if not has_key and store.database_file(store_dir, store.ASSURANCE).exists():
        print(f"The exact counts behind them were not looked at: their key is not in {key_dir}.")
    return 0


def kept_databases(folder: Path) -> list[Path]:
    """Files of the databases that a backup holds, as far as they are there: one of before has the marts alone."""
    files = [store.database_file(folder, name) for name in (store.MARTS, store.ASSURANCE)]
    return [file for file in files if file.exists()]


def assurance_key(folder: Path, key_dir: Path) -> bytes | None:
    """The key of the exact counts, None where a folder has none; a Refusal where it is not the one that opens them."""
    if not store.database_file(folder, store.ASSURANCE).exists():
        return None
    if not keys.key_file(key_dir, keys.ASSURANCE_KEY).exists():
        raise Refusal(
            f"The key {keys.key_file(key_dir, keys.ASSURANCE_KEY)}, without which nobody can say whether the exact"
            " counts can be read, is not there: name its key folder (KEY_DIR)."
        )
    return keys.read_key(key_dir, keys.ASSURANCE_KEY)


def unreadable(folder: Path, key: bytes | None) -> str | None:
    """The first database of a folder that is empty or damaged; the exact counts are looked at where there is a key."""
    looked_at = store.database_file(folder, store.MARTS)
    try:
        with published_tables.opened(folder) as connection:
            read_through(connection, looked_at)
        if key:
            looked_at = store.database_file(folder, store.ASSURANCE)
            with duckdb.connect() as connection:
                store.attach_encrypted(connection, folder, store.ASSURANCE, key, read_only=True)
                read_through(connection, looked_at)
    except store.Lost:
        return looked_at.name
    return None


def read_through(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Read every row of a database; Lost where one cannot be."""
    with store.reading(file):
        for schema, table in exact_counts.tables_of(connection, file.stem):
            connection.execute(f'select bit_xor(hash(rows)) from {file.stem}.{schema}."{table}" as rows').fetchall()


def take_in_logs(store_dir: Path, key_dir: Path) -> None:
    """Opened to write, the engine takes into a file what a run that was stopped left in the log."""
    for file in kept_databases(store_dir):
        if len(store.files_of(file)) == 1:
            continue
        if file.stem == store.MARTS:
            store.open_marts(store_dir, read_only=False).close()
            continue
        with duckdb.connect() as connection:
            store.attach_assurance(connection, store_dir, keys.read_key(key_dir, keys.ASSURANCE_KEY))


def copy_kept(store_dir: Path, to: Path) -> None:
    """The databases that outlive a destruction and the ledger, for their owner alone."""
    to.mkdir(mode=0o700, parents=True)
    for file in kept_databases(store_dir):
        shutil.copyfile(file, to / file.name)
        (to / file.name).chmod(0o600)
    copy_ledger(store_dir, to)


def copy_ledger(source: Path, to: Path) -> None:
    """Entry by entry, each whole or not at all: nothing can be done with a store whose ledger has half of one."""
    (to / ledger.FOLDER).mkdir(mode=0o700, exist_ok=True)
    for path in sorted((source / ledger.FOLDER).glob("[0-9]*")):
        ledger.write(to / ledger.FOLDER / path.name, path.read_bytes())


def files_of(folder: Path) -> list[tuple[str, Path]]:
    """Name and place of every file of a backup but its checksums."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    return [(path.relative_to(folder).as_posix(), path) for path in paths]


def check(source: Path) -> None:
    """A Refusal where a backup is not as it was made."""
    try:
        lines = (source / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        raise Refusal(f"{source} is no backup: it has no {SUMS}.") from None
    was = {name: checksum for checksum, name in (line.split("  ", 1) for line in lines)}
    now = {name: checksums.of_file(path) for name, path in files_of(source)}
    differing = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    if differing:
        raise Refusal(f"The backup {source} is not as it was made: {', '.join(differing)}.")
