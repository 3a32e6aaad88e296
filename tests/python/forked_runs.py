"""dbt runs that begin at once and can be killed at any moment: for proofs that kill many.

This process parses the project once for both runs; each run is then a fork of it, which saves the start
of dbt and the parse. Run as a script, it reads one request a line and answers one line each:

    {"target": "gateway", "folders": {"STORE_DIR": ...}, "kill_after": 1.5, "file_limit": null}
    {"code": 0 or the exit code or minus the signal, "seconds": 1.5}
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

SELECT = {
    "gateway": ("--selector", "gateway"),
    "warehouse": (),
}
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
NO_WORDS = ("--quiet", "--log-level", "none", "--log-level-file", "none")


class ForkedRuns:
    """The process that forks, seen from a test."""

    def __init__(self, project: Path, work: Path, environment: dict) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(project), str(work)],
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
        kill_after: float | None = None,
        file_limit: int | None = None,
    ) -> tuple[int, float]:
        """One run: its exit code, or minus the signal that ended it, and how long it took."""
        request = {
            "target": target,
            "folders": {name: str(path) for name, path in folders.items()},
            "kill_after": kill_after,
            "file_limit": file_limit,
        }
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["code"], answer["seconds"]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def serve(project: str, work: str) -> None:
    """Parse, then fork a run for each request."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    paths = ("--project-dir", project, "--profiles-dir", project, "--log-path", f"{work}/logs")

    def arguments(command: str, target: str) -> list[str]:
        options = ("--target", target, "--target-path", f"{work}/target/{target}")
        return [command, *options, *paths, *NO_WORDS]

    manifests = {target: dbtRunner().invoke(arguments("parse", target)).result for target in SELECT}
    for line in sys.stdin:
        request = json.loads(line)
        target, began = request["target"], time.monotonic()
        child = os.fork()
        if not child:
            if request["file_limit"] is not None:
                # A file that grows beyond it cannot be written, as on a full disk.
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_limit"],) * 2)
            os.environ.update(request["folders"])
            ran = dbtRunner(manifest=manifests[target]).invoke(
                [*arguments("build", target), *SELECT[target], *NO_TESTS]
            )
            DuckDBConnectionManager.close_all_connections()
            os._exit(0 if ran.success else 1)
        code = wait(child, request["kill_after"])
        print(
            json.dumps({"code": code, "seconds": time.monotonic() - began}),
            file=answers,
            flush=True,
        )


def wait(child: int, kill_after: float | None) -> int:
    """Wait for a run; with `kill_after`, kill it then if it is still going."""
    until = time.monotonic() + (kill_after if kill_after is not None else 3600)
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    serve(*sys.argv[1:])
