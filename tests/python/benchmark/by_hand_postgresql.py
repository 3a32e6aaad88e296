"""The core work in PostgreSQL: a server of its own, on a socket that nobody else may open, and gone when it is done.

psql is told everything through its input: tables with the columns of the raw files, the script, and the rows where
the script says so. The server reads the key from a copy beside its data, so that it stands in no statement; values
and statements are in no log and no message.
"""

import contextlib
import csv
import gzip
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from gp_level_data.custody import keys

from . import by_hand

SCRIPT = Path(__file__).with_suffix(".sql")
ROWS_FOLLOW = "-- rows of "
SETTINGS = {
    "listen_addresses": "",
    # Two processes, and some 4 GB, as the others may have.
    "max_parallel_workers": 1,
    "max_parallel_workers_per_gather": 1,
    "shared_buffers": "1GB",
    "effective_cache_size": "3GB",
    "work_mem": "256MB",
    # Nothing outlives the server: a crash may take all of it.
    "fsync": "off",
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "autovacuum": "off",
    "log_statement": "none",
    "log_min_messages": "panic",
    "log_min_error_statement": "panic",
}
# Of an error no more than its code is said: messages repeat values.
PSQL = "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=sqlstate", "--username=peer"
SECONDS_TO_START = 60


def program(name: str) -> str:
    """Where a program of PostgreSQL lies, or nothing. Debian has a server's in a folder a version, beside the path."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(folders, key=lambda folder: float(folder.parent.name), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, newest_first), os.environ["PATH"]])) or ""


def version() -> str | None:
    """The server's version; nothing where a program of it is not installed."""
    if not all(map(program, ("initdb", "postgres", "psql"))):
        return None
    return subprocess.run(
        [program("postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout.split()[2]


def done(raw: Path, key: bytes) -> tuple[int, int, int, list[list[str]]]:
    """Patients, those of several practices among them, admissions, and every count of every GP."""
    with server(key) as socket:
        command = [program("psql"), *PSQL, f"--host={socket}", "--dbname=postgres"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as psql:
            assert psql.stdin and psql.stdout
            # psql says what was wrong, and its code says that something was
            with contextlib.suppress(BrokenPipeError):
                tell(psql.stdin, raw)
            with contextlib.suppress(BrokenPipeError):
                psql.stdin.close()
            lines = psql.stdout.read().decode().splitlines()
        if psql.returncode:
            sys.exit("psql failed")
    [totals, *by_gp] = csv.reader(lines)
    patients, repeated, admissions = map(int, totals)
    return patients, repeated, admissions, by_gp


def tell(psql: IO[bytes], raw: Path) -> None:
    """The tables that the rows go to, and the script, each table's rows where it says so."""
    files = {table: sorted(raw.glob(pattern)) for table, pattern in by_hand.SENT.items()}
    for table, (first, *_) in files.items():
        with opened(first) as file:
            header = file.readline().decode().strip().split(",")
        names = [f"c{place}" for place in range(len(header))] if table in by_hand.WITHOUT_HEADER else header
        columns = ", ".join(f'"{name}" text' for name in names)
        psql.write(f"create unlogged table {table} ({columns});\n".encode())
    for line in SCRIPT.read_text().splitlines(keepends=True):
        if not line.startswith(ROWS_FOLLOW):
            psql.write(line.encode())
            continue
        table = line.removeprefix(ROWS_FOLLOW).strip()
        for path in files[table]:
            with opened(path) as file:
                if table not in by_hand.WITHOUT_HEADER:
                    file.readline()
                shutil.copyfileobj(file, psql, 1 << 20)
        psql.write(b"\\.\n")


def opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


@contextlib.contextmanager
def server(key: bytes) -> Iterator[Path]:
    """A server while the block runs; the folder of its socket. Nothing of it is left.

    Its folder is no part of the work folder: the path of a socket may be a hundred characters long, and the account
    of the server need not look into that one.
    """
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as made:
        folder, data = Path(made), Path(made) / "data"
        who = account()
        if who:
            os.chown(folder, who["user"], who["group"])
        how: dict[str, Any] = {"cwd": folder, "env": environment(), "stdout": subprocess.DEVNULL, **who}
        subprocess.run(
            [program("initdb"), f"--pgdata={data}", "--username=peer", "--auth=trust", "--encoding=UTF8",
             "--locale=C", "--no-sync"],
            check=True, **how,
        )  # fmt: skip
        keys.write_private(data / "pseudonyms.key", key, os.O_EXCL)
        if who:
            os.chown(data / "pseudonyms.key", who["user"], who["group"])
        settings = SETTINGS | {"unix_socket_directories": folder, "unix_socket_permissions": "0700"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        running: subprocess.Popen[Any] = subprocess.Popen(
            [program("postgres"), "-D", data, *options], stderr=subprocess.DEVNULL, **how
        )
        try:
            wait_for(running, data / "postmaster.pid")
            yield folder
        finally:
            # it disconnects all and ends; waited for, so that what it took counts as this process's
            running.send_signal(signal.SIGINT)
            running.wait()


def account() -> dict[str, Any]:
    """As whom the server runs: as whoever asks, but PostgreSQL refuses root, who takes an account with fewer rights."""
    if os.geteuid():
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    chosen = known.get("postgres") or known["nobody"]
    return {"user": chosen.pw_uid, "group": chosen.pw_gid, "extra_groups": []}


def environment() -> dict[str, str]:
    """Nothing of the caller's PGHOST, PGOPTIONS and their like."""
    return {"PATH": os.environ["PATH"], "LC_ALL": "C"}


def wait_for(running: "subprocess.Popen[Any]", told: Path) -> None:
    """Until the server says that it is ready, in the last line of its file."""
    deadline = time.monotonic() + SECONDS_TO_START
    while not (told.exists() and told.read_text().rstrip().endswith("ready")):
        if running.poll() is not None or time.monotonic() > deadline:
            sys.exit("PostgreSQL did not start")
        time.sleep(0.05)
