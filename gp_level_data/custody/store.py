"""The databases of a store folder, how they are opened, and the lock that keeps builds apart.

Whatever lies in the folder is its owner's alone, whatever the umask.
"""

import base64
import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import duckdb_extension_httpfs

from gp_level_data.custody.keys import StoreKeys
from gp_level_data.custody.keys import sync as sync
from gp_level_data.refusal import Refusal

MARTS = "marts"
PATIENT_LEVEL = "patient_level"
# Exact counts that outlive the destruction: of the intake, of objections, of what was shown last.
ASSURANCE = "assurance"
# Who was in which release when it was handed out: builds read it, and leave it as it is.
RELEASED = "released"
# What a run of dbt writes.
OF_A_RUN = (MARTS, PATIENT_LEVEL, ASSURANCE)
# What the engine has not yet written into a database's file lies beside it, under these endings.
LOGS = (".wal", ".wal.checkpoint", ".wal.recovery")
# What a system says of a disk, as the engine repeats it.
OF_THE_DISK = re.compile(
    "No space left on device|Disk quota exceeded|File too large|Read-only file system|Input/output error"
)
# Linux: share the blocks of another file, where the file system can (Btrfs, XFS).
FICLONE = 0x40049409
WORDS = {
    MARTS: "results",
    PATIENT_LEVEL: "patient-level database",
    ASSURANCE: "database of exact counts",
    RELEASED: "memory of releases",
}
# What is to be done where one is lost.
MENDED = {
    MARTS: "restore a backup, or {delete}build again",
    PATIENT_LEVEL: "{delete}build again",
    ASSURANCE: "restore a backup, or {delete}build again",
    RELEASED: "look for a copy of it; without one, {delete}build again, and who was in earlier releases is forgotten",
}
# Which key opens it.
OPENED_BY = {PATIENT_LEVEL: "the store's key", ASSURANCE: "the assurance key", RELEASED: "the store's key"}

# Of a database that somebody else has open, or that this account or this engine may not open: it is not lost.
OPEN_ELSEWHERE = re.compile("Could not set lock|Unique file handle conflict|different configuration")
NOT_OPENED = {
    "Cannot open file": "the system does not let it be",
    "version number": "another version of the engine wrote it",
}
OTHER_KEY = re.compile("Wrong encryption key|is not encrypted|without a key")

_held: dict[Path, int] = {}


class Lost(Refusal):
    """A database that is not there, or of which nothing can be read any more."""


class DoesNotOpen(Refusal):
    """A database that is there, and that the key given is not for."""


def database_file(store_dir: Path, name: str) -> Path:
    """Where a database of the store lies."""
    return store_dir / f"{name}.duckdb"


def logs_of(file: Path) -> list[Path]:
    """Where the engine keeps what it has not yet written into a database's file."""
    return [file.with_name(file.name + ending) for ending in LOGS]


def files_of(file: Path) -> list[Path]:
    """A database's file and its logs, as far as they are there."""
    return [path for path in (file, *logs_of(file)) if path.exists()]


def copy(file: Path, to: Path) -> None:
    """A copy for its owner alone, which takes neither time nor room where files can share their blocks."""
    handle = os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with file.open("rb") as source, os.fdopen(handle, "wb") as target:
        try:
            fcntl.ioctl(target, FICLONE, source.fileno())
        except OSError:
            shutil.copyfile(file, to)


def make_folder(store_dir: Path) -> None:
    """The folder, its owner's alone; one that exists is taken as it is, unless others may write to it."""
    # What the engine makes from now on, logs and spill files too, is this process's owner's alone.
    os.umask(stat.S_IRWXG | stat.S_IRWXO)
    try:
        store_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"The store {store_dir} cannot be made: {error.strerror}.") from None
    if store_dir.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Refusal(f"Others than its owner may write to the store {store_dir}: `chmod 700` it.")


def make_private(store_dir: Path) -> None:
    """Take from others what a run under another umask, or a copy, let them read."""
    for path in [*store_dir.glob("*.duckdb*"), *store_dir.glob(".lock")]:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            path.chmod(0o600)


@contextmanager
def writing_afresh(store_dir: Path, folder: Path) -> Iterator[None]:
    """Work on a new folder inside a store; where the disk does not allow it, a Refusal, and the folder is gone."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except duckdb.Error as error:
        # On its way out the engine wraps what the system said in errors of several kinds.
        of_the_disk = OF_THE_DISK.search(str(error))
        if not of_the_disk and not isinstance(error, duckdb.IOException):
            raise
        reason = of_the_disk[0] if of_the_disk else "the engine could not read or write a file of it"
    else:
        return
    shutil.rmtree(folder, ignore_errors=True)
    raise Refusal(f"The store {store_dir} cannot be written: {reason}.")


def lock(store_dir: Path) -> bool:
    """Hold the store until this process ends, however it ends; whether it was not held before.

    A Refusal while another process holds it, or where it cannot be written.
    """
    path = store_dir.resolve() / ".lock"
    if path in _held:
        return False
    make_folder(store_dir)
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise Refusal(f"The store {store_dir} cannot be written: {error.strerror}.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(handle, 20, 0).decode(errors="replace").strip()
        os.close(handle)
        raise Refusal(
            f"Another run is using the store {store_dir}{told(holder) if holder else ''}: wait until it has ended."
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    _held[path] = handle
    return True


def told(holder: str) -> str:
    """Which process holds a store; one that was killed alone has left the run that it had begun."""
    try:
        os.kill(int(holder), 0)
    except (ValueError, ProcessLookupError):
        return f", begun by process {holder}, which has ended while the run goes on"
    except PermissionError:
        pass
    return f", process {holder}"


def release(store_dir: Path) -> None:
    """Let another process have the store."""
    os.close(_held.pop(store_dir.resolve() / ".lock"))


def held_locks() -> list[int]:
    """Handles of the locks held, for child processes: whoever inherits one holds the store as well."""
    return list(_held.values())


def attach_patient_level(connection: duckdb.DuckDBPyConnection, store_dir: Path, key: bytes) -> None:
    """Attach the encrypted patient-level database; a Refusal where the key does not open it."""
    attach_encrypted(connection, store_dir, PATIENT_LEVEL, key)


def attach_assurance(connection: duckdb.DuckDBPyConnection, store_dir: Path, key: bytes) -> None:
    """Attach the encrypted database of exact counts; a Refusal where the key does not open it."""
    attach_encrypted(connection, store_dir, ASSURANCE, key)


def attach_store(connection: duckdb.DuckDBPyConnection, store_dir: Path, store_keys: StoreKeys) -> None:
    """Attach both databases that lie encrypted beside the marts; a Refusal where a key does not open its own."""
    attach_patient_level(connection, store_dir, store_keys.patient_level)
    attach_assurance(connection, store_dir, store_keys.assurance)


def attach_released(connection: duckdb.DuckDBPyConnection, store_dir: Path, key: bytes) -> None:
    """Attach the encrypted memory of releases, empty where nothing was handed out yet."""
    attach_encrypted(connection, store_dir, RELEASED, key, may_create=True)
    create_memory_of_releases(connection)


def attach_in_memory(connection: duckdb.DuckDBPyConnection) -> None:
    """The databases of a run that keeps nothing, under the names of those that are kept."""
    for name in (*OF_A_RUN, RELEASED):
        connection.execute(f"attach ':memory:' as {name}")
    create_memory_of_releases(connection)


def create_memory_of_releases(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"create table if not exists {RELEASED}.members"
        " (release_id varchar, disseminated_on date, patient_key varchar not null"
        " check (regexp_full_match(patient_key, '[a-p]{32}')))"
    )


def create_memory_of_results(connection: duckdb.DuckDBPyConnection) -> None:
    """What the warehouse remembers of its previous results, empty before the first: it is read while it is replaced.

    A memory from before values were told exactly gets the columns that it has not.
    """
    memory = f"{ASSURANCE}.history.int_disclosure__published"
    connection.execute(f"create schema if not exists {ASSURANCE}.history")
    connection.execute(
        f"create table if not exists {memory} (area_level varchar, practice_code varchar, area_code varchar,"
        " metric_id varchar, cohort_count bigint, collected_at timestamp with time zone)"
    )
    for name in ("numerator_count", "told_cohort_count", "told_numerator_count"):
        connection.execute(f"alter table {memory} add column if not exists {name} bigint")


def open_marts(
    store_dir: Path, read_only: bool = True, config: dict[str, str | bool | int | float | list[str]] | None = None
) -> duckdb.DuckDBPyConnection:
    """The marts; a Refusal where they cannot be opened, Lost where there are none or they are damaged."""
    path = marts_there(store_dir)
    try:
        connection = duckdb.connect(str(path), read_only=read_only, config=config or {})
    except duckdb.Error as error:
        raise why_not(path, error) from None
    if is_cut(connection, MARTS, path):
        connection.close()
        raise lost(path, "cannot be read")
    return connection


def attach_marts(connection: duckdb.DuckDBPyConnection, store_dir: Path) -> None:
    """The same, read only, beside other databases."""
    path = marts_there(store_dir)
    try:
        connection.execute(f"attach '{sql_text(path)}' as {MARTS} (read_only)")
    except duckdb.Error as error:
        raise why_not(path, error) from None
    refuse_cut(connection, MARTS, path)


def refuse_cut(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Lost where the end of an attached file is missing, and the database is detached again."""
    if is_cut(connection, name, path):
        connection.execute(f"detach {name}")
        raise lost(path, "cannot be read")


def is_cut(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> bool:
    """Whether a file is shorter than the blocks in use. Where its first ones have survived, it opens nonetheless.

    Free blocks at its end the engine counts, and has cut off itself.
    """
    if len(files_of(path)) > 1:
        # What is in a log may want more room than the file has yet.
        return False
    [(of_blocks,)] = connection.execute(
        "select coalesce(sum(block_size * used_blocks), 0) from pragma_database_size() where database_name = ?", [name]
    ).fetchall()
    return int(of_blocks) > path.stat().st_size


def marts_there(store_dir: Path) -> Path:
    path = database_file(store_dir, MARTS)
    if not path.exists():
        raise Lost(f"There are no results in {store_dir}: run `make build` first.")
    return path


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Read in a database that is open; Lost where it turns out to be damaged."""
    try:
        yield
    except duckdb.Error as error:
        if not is_of_a_file(error):
            raise
        raise why_not(path, error) from None


def is_of_a_file(error: Exception) -> bool:
    """Whether the engine stumbled over a file, and not over what was asked of it."""
    if isinstance(error, (duckdb.TransactionException, duckdb.FatalException)):
        # Where it commits or writes a checkpoint.
        return bool(OF_THE_DISK.search(str(error)))
    return isinstance(error, (duckdb.IOException, duckdb.SerializationException)) or "AES tag" in str(error)


def is_interrupted(error: Exception) -> bool:
    """Whether the engine ended a query since the process was asked to end: it says so by an error of its own."""
    return isinstance(error, duckdb.InterruptException) or str(error) == "Query interrupted"


def why_not(path: Path, error: duckdb.Error) -> Refusal:
    """Why a database of a store cannot be opened or read.

    The engine's own message is not repeated: it may quote the statement, and the statement holds the key.
    """
    says, what = str(error), f"The {WORDS[path.stem]} {path}"
    if OPEN_ELSEWHERE.search(says):
        return Refusal(f"{what} cannot be opened: another process is at work on the file.")
    if of_the_disk := OF_THE_DISK.search(says):
        return Refusal(f"{what} cannot be read: {of_the_disk[0]}.")
    for words, why in NOT_OPENED.items():
        if words in says:
            return Refusal(f"{what} cannot be opened: {why}.")
    if path.stem in OPENED_BY and OTHER_KEY.search(says):
        return DoesNotOpen(f"{what} does not open with {OPENED_BY[path.stem]}.")
    return lost(path, "cannot be read")


def lost(path: Path, how: str) -> Lost:
    """A database that is gone or damaged, and what is to be done."""
    to_do = MENDED[path.stem].format(delete="delete the file and " if path.exists() else "")
    return Lost(f"The {WORDS[path.stem]} {path} {how}: {to_do}.")


def of_the_engine(error: Exception) -> str | None:
    """In one sentence, which file the engine stumbled over; None of any other error. Nothing of its message is repeated."""
    if not is_of_a_file(error):
        return None
    says = str(error)
    if of_the_disk := OF_THE_DISK.search(says):
        return f"The machine stopped it: {of_the_disk[0]}."
    named = [f"{name}.duckdb" for name in WORDS if f"{name}.duckdb" in says]
    if OPEN_ELSEWHERE.search(says):
        return f"Another process is at work on {named[0] if named else 'a file of the store'}: wait until it has ended."
    return (
        f"The engine could not read or write {named[0] if named else 'a file'}: where a database of the store is"
        " damaged, restore a backup, or delete the file and build again."
    )


def attach_encrypted(
    connection: duckdb.DuckDBPyConnection,
    store_dir: Path,
    database: str,
    key: bytes,
    name: str | None = None,
    *,
    may_create: bool = False,
    read_only: bool = False,
) -> None:
    """Attach an encrypted database of the store, by its own name unless told otherwise.

    A Refusal where the key does not open it; Lost where it is damaged, or is not there and may not be made.
    """
    # DuckDB refuses to write an encrypted file with its own cryptography; httpfs brings OpenSSL.
    connection.execute(f"load '{httpfs_extension()}'")
    path = database_file(store_dir, database)
    was_there = path.exists()
    if not was_there and not may_create:
        raise lost(path, "is not there")
    if was_there and not path.stat().st_size:
        raise lost(path, "is empty")
    secret = base64.b64encode(key).decode()
    how = f"encryption_key '{secret}'{', read_only' if read_only else ''}"
    try:
        connection.execute(f"attach '{sql_text(path)}' as {name or database} ({how})")
    except duckdb.Error as error:
        raise why_not(path, error) from None
    if was_there:
        refuse_cut(connection, name or database, path)


def refuse_wrong_keys(store_dir: Path, store_keys: StoreKeys) -> None:
    """A Refusal where a key does not open the database of the store that it is for, before anything is begun."""
    opened_by = {
        PATIENT_LEVEL: store_keys.patient_level,
        ASSURANCE: store_keys.assurance,
        RELEASED: store_keys.patient_level,
    }
    for name, key in opened_by.items():
        if database_file(store_dir, name).exists():
            with duckdb.connect() as connection:
                try:
                    attach_encrypted(connection, store_dir, name, key)
                except DoesNotOpen as refusal:
                    raise Refusal(
                        f"{refusal} Name the key folder that it was built with (KEY_DIR); where that key is lost,"
                        " delete the file, which nothing opens any more."
                    ) from None


def check_collection(connection: duckdb.DuckDBPyConnection, store_dir: Path, collection: str) -> None:
    """A Refusal where the marts, attached as MARTS, were built for another collection."""
    settings = f"{MARTS}.reference.int_collection__settings"
    try:
        rows = connection.execute(f"select collection from {settings}").fetchall()
    except duckdb.CatalogException:
        return
    for (built_for,) in rows:
        if built_for != collection:
            raise Refusal(f"The store {store_dir} was built for {built_for}: give {collection} a STORE_DIR of its own.")


def check_order(connection: duckdb.DuckDBPyConnection, store_dir: Path, collected_at: datetime) -> None:
    """A Refusal where the marts, attached as MARTS, are of a later collection than the one that is to be built.

    History goes forwards: what the later one showed would be compared with nothing, and be forgotten.
    """
    settings = f"{MARTS}.reference.int_collection__settings"
    try:
        rows = connection.execute(f"select epoch_us(collected_at) from {settings}").fetchall()
    except duckdb.CatalogException:
        return
    for (microseconds,) in rows:
        held = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
        if held > collected_at:
            raise Refusal(
                f"The store {store_dir} holds the collection of {held.isoformat(timespec='seconds')}, and one of before"
                " would not be compared with what that has shown. Mend collected_at, or build in a store without the"
                " later collection, if nothing of it was handed out: a backup of before, or a new one."
            )


def httpfs_extension() -> Path:
    """The extension's file in its wheel; run-time downloads are off."""
    folder = Path(duckdb_extension_httpfs.__file__).parent / "extensions" / f"v{duckdb.__version__}"
    return folder / "httpfs.duckdb_extension"


def close_to_the_outside(connection: duckdb.DuckDBPyConnection, *readable: Path) -> None:
    """No file but those below the folders named, no other database, and no way to change that."""
    folders = ", ".join(f"'{sql_text(folder.resolve())}'" for folder in readable)
    connection.execute(f"set global allowed_directories = [{folders}]")
    connection.execute("set global enable_external_access = false")
    connection.execute("set global lock_configuration = true")


def sql_text(value: object) -> str:
    """A value as the inside of a SQL string literal."""
    return str(value).replace("'", "''")
