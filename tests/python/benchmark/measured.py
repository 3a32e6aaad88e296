"""What a command and all that it starts take: CPU, wall, memory of the whole tree, bytes spilled and stored."""

import contextlib
import ctypes
import os
import resource
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp_level_data.runs.forked_runs import ForkedRuns
from gp_level_data.shapes import Row

from .machine import bytes_below

PAUSE_SECONDS = 0.2
# Of Linux's prctl: what a descendant leaves running becomes this process's child, and not the machine's.
ADOPT = 36


@dataclass(frozen=True)
class Measured:
    """One stage.

    cpu_seconds    user and system time of the process and of those it waited for
    peak_bytes     resident memory of the process tree, the largest that was seen
    spilled_bytes  size of the engine's temporary files, the largest that was seen
    stored_bytes   what the stage left in its folder, beyond what lay there
    """

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int
    spilled_bytes: int
    stored_bytes: int


class Watch(threading.Thread):
    """Looks at a process tree and a folder until it is told to stop; nine tenths of the time it looks away."""

    def __init__(self, pid: int, folder: Path) -> None:
        super().__init__(daemon=True)
        self.pid, self.folder, self.ended = pid, folder, threading.Event()
        self.peak = self.spilled = 0

    def run(self) -> None:
        pause = PAUSE_SECONDS
        while not self.ended.wait(pause):
            start = time.monotonic()
            self.peak = max(self.peak, tree_bytes(self.pid))
            self.spilled = max(self.spilled, sum(map(bytes_below, self.folder.rglob("spill"))))
            # to be looked at stops a process with many pages for a while
            pause = max(PAUSE_SECONDS, 9 * (time.monotonic() - start))


def measure(command: list[Any], project: Path, environment: Row, folder: Path) -> Measured:
    """Run a command that must succeed.

    folder   where it stores; temporary files lie in a folder `spill` below
    """
    before, start = bytes_below(folder), time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=project,
        env=os.environ | {name: str(value) for name, value in environment.items()},
        stdout=subprocess.DEVNULL,
    )
    watch = Watch(process.pid, folder)
    watch.start()
    _, status, usage = os.wait4(process.pid, 0)
    watch.ended.set()
    watch.join()
    if status:
        sys.exit(f"{' '.join(str(part) for part in command[:3])} failed")
    # where there is no /proc to look at, the process itself must do
    own = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Measured(
        round(usage.ru_utime + usage.ru_stime, 2),
        round(time.monotonic() - start, 2),
        max(watch.peak, own),
        watch.spilled,
        bytes_below(folder) - before,
    )


@contextlib.contextmanager
def waiting_for_all() -> Iterator[None]:
    """In a measured process that starts others: nothing of its tree ends unseen, as only what is waited for counts."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(ADOPT, 1)
    yield
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def measure_run(runs: ForkedRuns, arguments: list[str], folders: dict[str, Path], folder: Path) -> Measured:
    """One dbt run, forked from one parse, that must succeed."""
    before, start = bytes_below(folder), time.monotonic()
    watch = Watch(runs.process.pid, folder)
    watch.start()
    answer = runs.ask(arguments, folders)
    watch.ended.set()
    watch.join()
    if answer["code"]:
        sys.exit(f"dbt {' '.join(arguments[:4])} failed")
    seconds = round(time.monotonic() - start, 2)
    return Measured(answer["cpu_seconds"], seconds, watch.peak, watch.spilled, bytes_below(folder) - before)


def seconds_of_children() -> float:
    """CPU of all processes that have ended and that this one waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def tree_bytes(pid: int) -> int:
    """Resident memory of a process and of all its descendants; what forks share counts once."""
    children = defaultdict(list)
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (entry / "stat").read_text().rpartition(")")[2].split()
            children[int(after_name[1])].append(int(entry.name))
        except (OSError, ValueError, IndexError):
            continue  # it has ended meanwhile
    waiting, total = [pid], 0
    while waiting:
        one = waiting.pop()
        total += own_bytes(Path("/proc") / str(one))
        waiting += children[one]
    return total


def own_bytes(process: Path) -> int:
    """Resident memory of a process, its share of what it has in common with others."""
    try:
        shares = [line for line in (process / "smaps_rollup").read_text().splitlines() if line.startswith("Pss:")]
        return int(shares[0].split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return 0  # it has ended meanwhile
