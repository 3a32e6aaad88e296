"""dbt runs that begin at once, and can be stopped or killed at any moment: for proofs that build again and again.

A process parses the project once for each of the two runs; every run is then a fork of it, which saves
the start of dbt and the parse. Settings are filled in when a model is compiled, so that one parse
serves all collections. The process reads one request a line:

    {"target": "gateway", "folders": {"STORE_DIR": ...}, "variables": "{}", "stops": [0.3, 0.9], "kill_after": 1.5, ...}

At each stop it says at which moment the run stands still, and lets it go on at the next line. At last:

    {"code": 0 or the exit code or minus the signal, "seconds": 1.5}

Seconds are those in which the run ran.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
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


class ForkedRuns:
    """The process that forks, seen from outside; what it leaves lies in its folder `work`."""

    def __init__(self, project: Path, work: Path, environment: dict[str, Any]) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.work = work
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(project), str(work)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(work / "said.txt").open("w"),
            text=True,
            cwd=project,
            env=environment,
        )

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
        """One run: its exit code, or minus the signal that ended it, and how long it took.

        variables   its settings, as JSON
        left        where its artefacts and its log go
        kill_after  seconds after which it is killed
        file_limit  bytes beyond which no file can be written, as on a full disk
        stops       seconds at which all of its threads stand still, until `look` has returned
        """
        request = {
            "target": target,
            "folders": {name: str(path) for name, path in folders.items()},
            "variables": variables,
            "left": str(left or self.work),
            "kill_after": kill_after,
            "file_limit": file_limit,
            "stops": sorted(stops),
        }
        self.say(json.dumps(request))
        while "stopped" in (answer := self.answer()):
            try:
                look(answer["stopped"])
            finally:
                self.say("go on")
        return int(answer["code"]), answer["seconds"]

    def say(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, float]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise Refusal("dbt cannot parse the project: `dbt parse` says why.")
        told: dict[str, float] = json.loads(line)
        return told

    def __enter__(self) -> "ForkedRuns":
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def serve(project: str, work: str) -> None:
    """Parse, then fork a run for each request."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def arguments(command: str, target: str, left: str = work) -> list[str]:
        return [
            command, "--target", target, "--project-dir", project, "--profiles-dir", project,
            "--target-path", f"{left}/target/{target}", "--log-path", f"{left}/logs", *FEW_WORDS,
        ]  # fmt: skip

    def answer(**told: float) -> None:
        print(json.dumps(told), file=answers, flush=True)

    manifests: dict[str, Any] = {
        target: dbtRunner().invoke(arguments("parse", target)).result for target in SELECT
    }
    if not all(manifests.values()):
        return
    # Not `for line in sys.stdin`, which would read ahead of the answers.
    while line := sys.stdin.readline():
        request = json.loads(line)
        target = request["target"]
        child = os.fork()
        if not child:
            if request["file_limit"] is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_limit"],) * 2)
            os.environ.update(request["folders"])
            # What dbt writes itself would be the first to reach a limit, which is for databases.
            files = () if request["file_limit"] is None else ("--no-write-json",)
            ran = dbtRunner(manifest=manifests[target]).invoke(
                [*arguments("build", target, request["left"]), *SELECT[target], *NO_TESTS, *AT_ONCE,
                 *files, "--vars", request["variables"]]
            )  # fmt: skip
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
            os._exit(0 if ran.success else 1)
        code, seconds = wait(child, request["stops"], request["kill_after"], answer)
        answer(code=code, seconds=seconds)


def wait(
    child: int, stops: list[float], kill_after: float | None, answer: Callable[..., None]
) -> tuple[int, float]:
    """Wait for a run, hold it up at the stops, and kill it at its time if it is still going."""
    began, stops = time.monotonic(), list(stops)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        seconds = time.monotonic() - began
        if done:
            return os.waitstatus_to_exitcode(status), seconds
        if kill_after is not None and seconds >= kill_after:
            os.kill(child, signal.SIGKILL)
            kill_after = None
        elif stops and seconds >= stops[0]:
            stops.pop(0)
            os.kill(child, signal.SIGSTOP)
            _, status = os.waitpid(child, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                return os.waitstatus_to_exitcode(status), seconds
            stopped = time.monotonic()
            answer(stopped=seconds)
            sys.stdin.readline()
            os.kill(child, signal.SIGCONT)
            began += time.monotonic() - stopped
        else:
            time.sleep(0.01)


if __name__ == "__main__":
    serve(*sys.argv[1:])
