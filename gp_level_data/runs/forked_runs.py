"""dbt runs that begin at once, and can be stopped or killed at any moment.

A process parses the project once; every run is then a fork of it, which saves the start of dbt and the
parse, and shares no memory with another run. Settings are filled in when a model is compiled and every
relation names its database, so that one parse serves both runs and all collections. The process holds
no key and opens no database itself. It reads one request a line:

    {"arguments": ["build", ...], "folders": {"STORE_DIR": ...}, "stops": [0.3, 0.9], "kill_after": 1.5, ...}

At each stop it says at which moment the run stands still, and lets it go on at the next line. At last:

    {"code": 0 or the exit code or minus the signal, "seconds": 1.5, "cpu_seconds": 2.5}

Seconds are those in which the run ran.
"""

import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gp_level_data.refusal import Refusal

SELECT = {
    "gateway": ("--selector", "gateway"),
    "warehouse": (),
}
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
# A run that fails need not go on to show that.
AT_ONCE = ("--fail-fast",)
FEW_WORDS = ("--quiet", "--log-level", "none", "--log-level-file", "info")
# What becomes of what runs say: kept in a file, printed as dbt does, or followed by whoever asked for the run.
KEPT, ALOUD, HEARD = "kept", "aloud", "heard"
# A line that no run says, after its last.
LAST_WORD_OF = {KEPT: "", ALOUD: "", HEARD: "(that was all)"}
# Python's keeper of semaphores outlives a run that is stopped, and would have the last word about those it left.
OF_ITS_OWN = {"PYTHONWARNINGS": "ignore:resource_tracker:UserWarning"}


class ForkedRuns:
    """The process that forks, seen from outside.

    work     what runs leave lies in this folder, and where nothing else is said, the parse
    said     KEPT in `work`, ALOUD or HEARD
    parsed   the target folder that keeps the parse for the next process
    inherit  handles that every run holds as well, such as a store's lock
    heard_as options that say how the parse words what is heard
    afresh   whether nothing is taken over from an earlier parse, which anybody may have kept there
    """

    def __init__(
        self,
        project: Path,
        work: Path,
        environment: dict[str, Any],
        said: str = KEPT,
        parsed: Path | None = None,
        inherit: Sequence[int] = (),
        heard_as: Sequence[str] = (),
        afresh: bool = False,
    ) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.project, self.work = project, work
        how = {KEPT: FEW_WORDS, ALOUD: ("--quiet",), HEARD: ("--quiet", *heard_as)}[said]
        anew = ["--no-partial-parse"] if afresh else []
        arguments = [
            *how,
            "parse",
            "--no-write-json",
            *anew,
            *self.where(parsed or work / "target" / "parsed", work / "logs"),
        ]
        answers, write = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(write), json.dumps(arguments), LAST_WORD_OF[said]],
            stdin=subprocess.PIPE,
            stdout=(work / "said.txt").open("w") if said == KEPT else subprocess.PIPE if said == HEARD else None,
            stderr=None if said == ALOUD else subprocess.STDOUT,
            pass_fds=(write, *inherit),
            text=True,
            errors="replace",
            cwd=project,
            env=environment | OF_ITS_OWN,
        )
        os.close(write)
        self.answers = os.fdopen(answers)

    def where(self, target: Path, logs: Path) -> list[str]:
        """Options that name the project and where dbt leaves what it writes."""
        return [
            "--project-dir", str(self.project), "--profiles-dir", str(self.project),
            "--target-path", str(target), "--log-path", str(logs),
        ]  # fmt: skip

    def dbt(self, *arguments: str, folders: dict[str, Path]) -> int:
        """Any dbt command, as on a command line: its exit code, or minus the signal that ended it."""
        return int(self.ask(arguments, folders)["code"])

    def run(
        self,
        target: str,
        folders: dict[str, Path],
        variables: str = "{}",
        left: Path | None = None,
        kill_after: float | None = None,
        file_limit: int | None = None,
        stops: Iterable[float] = (),
        look: Callable[[float], None] = lambda _: None,
    ) -> tuple[int, float]:
        """One run without tests: its exit code, or minus the signal that ended it, and how long it took.

        variables   its settings, as JSON
        left        where its artefacts and its log go
        kill_after  seconds after which it is killed
        file_limit  bytes beyond which no file can be written, as on a full disk
        stops       seconds at which all of its threads stand still, until `look` has returned
        """
        left = left or self.work
        # What dbt writes itself would be the first to reach a limit, which is for databases.
        files = () if file_limit is None else ("--no-write-json",)
        arguments = (
            "build", "--target", target, *self.where(left / "target" / target, left / "logs"), *FEW_WORDS,
            *SELECT[target], *NO_TESTS, *AT_ONCE, *files, "--vars", variables,
        )  # fmt: skip
        answer = self.ask(arguments, folders, kill_after, file_limit, stops, look)
        return int(answer["code"]), answer["seconds"]

    def ask(
        self,
        arguments: Sequence[str],
        folders: dict[str, Path],
        kill_after: float | None = None,
        file_limit: int | None = None,
        stops: Iterable[float] = (),
        look: Callable[[float], None] = lambda _: None,
    ) -> dict[str, Any]:
        """One request, and its last answer."""
        self.begin(arguments, folders, kill_after, file_limit, stops)
        return self.ended(look)

    def begin(
        self,
        arguments: Sequence[str],
        folders: dict[str, Path],
        kill_after: float | None = None,
        file_limit: int | None = None,
        stops: Iterable[float] = (),
    ) -> None:
        """Ask for a run."""
        request = {
            "arguments": list(arguments),
            "folders": {name: str(path) for name, path in folders.items()},
            "kill_after": kill_after,
            "file_limit": file_limit,
            "stops": sorted(stops),
        }
        self.say(json.dumps(request))

    def words(self) -> Iterator[str]:
        """What a run that is HEARD says, line by line, to its end."""
        for line in self.process.stdout or ():
            # a run that is killed leaves half a line before it
            said, was_all, _ = line.partition(LAST_WORD_OF[HEARD])
            if was_all:
                yield from filter(None, [said])
                return
            yield line

    def ended(self, look: Callable[[float], None] = lambda _: None) -> dict[str, Any]:
        """The last answer to a request."""
        while "stopped" in (answer := self.answer()):
            try:
                look(answer["stopped"])
            finally:
                self.say("go on")
        return answer

    def say(self, line: str) -> None:
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):  # the answer, which does not come, says so
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        line = self.answers.readline()
        if not line:
            is_killed = self.process.wait() < 0
            raise Refusal("dbt was killed." if is_killed else "dbt cannot parse the project: `dbt parse` says why.")
        told: dict[str, Any] = json.loads(line)
        return told

    def __enter__(self) -> "ForkedRuns":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:
            self.process.terminate()
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.answers.close()


def serve(answers_to: str, parse: str, last_word: str) -> None:
    """Parse, then fork a run for each request."""
    from multiprocessing import util

    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    answers = os.fdopen(int(answers_to), "w")

    def answer(**told: float) -> None:
        print(json.dumps(told), file=answers, flush=True)

    manifest: Any = dbtRunner().invoke(json.loads(parse)).result
    if not manifest:
        return
    # What runs bring with them is imported once for all of them.
    for plugin in ("gateway", "warehouse"):
        importlib.import_module(f"gp_level_data.runs.{plugin}")
    # What is parsed outlives every run: no look for garbage need go through it, nor copy it from the parent by doing so.
    gc.freeze()
    # Ctrl-C is for the run, which ends by it, and for whoever asked for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Not `for line in sys.stdin`, which would read ahead of the answers.
    while line := sys.stdin.readline():
        request = json.loads(line)
        sys.stdout.flush()
        child = os.fork()
        if not child:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if request["file_limit"] is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_limit"],) * 2)
            os.environ.update(request["folders"])
            code = 1
            try:
                # What is kept of a parse is not looked at again; the gateway's plugin asks for that to be said.
                run = dbtRunner(manifest=manifest).invoke([*request["arguments"], "--no-partial-parse"])
                code = 0 if run.success else 1
                DuckDBConnectionManager.close_all_connections()
            finally:
                # As processes of multiprocessing end: the threads of the process that parsed are not here to be joined.
                util._exit_function()  # type: ignore[attr-defined]
                sys.stdout.flush()
                os._exit(code)
        signal.signal(signal.SIGTERM, lambda *_: end(child))
        told = wait(child, request["stops"], request["kill_after"], answer)
        if last_word:
            print(last_word, flush=True)
        answer(**told)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def end(child: int) -> None:
    """Nobody waits for the answer any more."""
    os.kill(child, signal.SIGKILL)
    os._exit(1)


def wait(child: int, stops: list[float], kill_after: float | None, answer: Callable[..., None]) -> dict[str, float]:
    """Wait for a run, hold it up at the stops, and kill it at its time if it is still going."""
    began, stops = time.monotonic(), list(stops)
    while True:
        # Where nothing is to be done at a moment, the run has the machine to itself.
        done, status, usage = os.wait4(child, os.WNOHANG if stops or kill_after is not None else 0)
        seconds = time.monotonic() - began
        if not done and kill_after is not None and seconds >= kill_after:
            os.kill(child, signal.SIGKILL)
            kill_after = None
        elif not done and stops and seconds >= stops[0]:
            stops.pop(0)
            os.kill(child, signal.SIGSTOP)
            done, status, usage = os.wait4(child, os.WUNTRACED)
            if os.WIFSTOPPED(status):
                stopped = time.monotonic()
                answer(stopped=seconds)
                sys.stdin.readline()
                os.kill(child, signal.SIGCONT)
                began += time.monotonic() - stopped
                done = 0
        elif not done:
            time.sleep(0.01)
        if done:
            return {
                "code": os.waitstatus_to_exitcode(status),
                "seconds": seconds,
                "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
            }


if __name__ == "__main__":
    serve(*sys.argv[1:])
