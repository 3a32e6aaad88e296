"""A dbt command as a stage of one of ours: counted while it runs, kept in a log, told where it fails.

dbt says a thousand lines where a reader wants one. They go to `logs/build.log` as dbt would have printed
them; of a command that fails those are shown that say why. Nothing that looks like an NHS Number is.
"""

import json
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from gp_level_data.custody import store
from gp_level_data.project import PROJECT
from gp_level_data.refusal import Refusal
from gp_level_data.runs.forked_runs import ALOUD, HEARD, ForkedRuns
from gp_level_data.runs.progress import Stage
from gp_level_data.runs.quiet_errors import TEN_DIGITS

LOG = "build.log"
GENERIC = PROJECT / "tests" / "generic"
DBT = Path(sys.executable).with_name("dbt")
# dbt's events that end a step; their errors say less than the account at the end.
ENDED = {
    "LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult", "LogNodeResult", "LogNodeNoOpResult",
    "LogFunctionResult", "LogBatchResult", "SkippingDetails", "LogSkipBecauseError",
}  # fmt: skip
# What counts results, in figures that need the list above them.
SUMMARY = {"EndOfRunSummary", "StatsLine", "LogHookEndLine"} | ENDED
EVENTS = ("--log-format", "json", "--log-format-file", "debug", "--no-use-colors")
LINES_SHOWN = 12
WIDTH = 300


class Ended(NamedTuple):
    """How a dbt command ended: its exit code, and the lines that say why where it failed."""

    code: int
    why: list[str]


def run(*arguments: str, folders: dict[str, Path], stage: Stage | None = None, runs: ForkedRuns | None = None) -> Ended:
    """One dbt command in a process of its own: no two runs share memory. Without a stage, dbt prints as it does.

    runs   one parse for several commands (one_parse); without it, dbt starts anew
    """
    last = the_last_time(results_file(arguments))
    if arguments[0] == "build":
        # Where dbt ends before it writes its own, why the run before was stopped would be told once more.
        results_file(arguments).unlink(missing_ok=True)
    if stage is None:
        if runs:
            return Ended(runs.dbt(*arguments, folders=folders), [])
        return Ended(subprocess.run([DBT, *arguments], check=False, **as_one_of_ours(folders)).returncode, [])
    stage.expected, stage.weights = last
    log_file().parent.mkdir(parents=True, exist_ok=True)
    with log_file().open("a", encoding="utf-8") as log:
        if runs:
            runs.begin([*EVENTS, *arguments], folders)
            why = heard(runs.words(), log, stage)
            return Ended(code_of(runs, why), why)
        with subprocess.Popen(
            [DBT, *EVENTS, *arguments], **as_one_of_ours(folders), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        ) as running:  # fmt: skip
            try:
                why = heard(running.stdout or (), log, stage)
            except BaseException:
                running.kill()
                raise
    return Ended(running.returncode, why)


def code_of(runs: ForkedRuns, why: list[str]) -> int:
    """The exit code of a command that was heard to its end; 1 where what was heard says why there is none."""
    try:
        return int(runs.ended()["code"])
    except Refusal:
        if not why:
            raise
        return 1


def one_parse(heard: bool) -> ForkedRuns:
    """dbt for several commands, from one parse that an analyst's dbt takes up as well, and that takes up none.

    heard   whether what dbt says is followed; else it prints as it does
    """
    return ForkedRuns(
        PROJECT,
        log_file().parent,
        dict(os.environ),
        HEARD if heard else ALOUD,
        target(),
        store.held_locks(),
        EVENTS,
        afresh=True,
    )


def as_one_of_ours(folders: dict[str, Path]) -> dict[str, Any]:
    """What a process of dbt's is started with."""
    # Should this process be killed alone, dbt lives on, and the store stays locked until it has ended.
    return {
        "cwd": PROJECT,
        "env": os.environ | {name: str(path) for name, path in folders.items()},
        "pass_fds": store.held_locks(),
    }


def heard(lines: Iterable[str], log: TextIO, stage: Stage) -> list[str]:
    """Follow what dbt says to its end; the lines that matter where it fails, those last printed if none says so."""
    why: list[str] = []
    no_events: deque[str] = deque(maxlen=LINES_SHOWN)
    for line in lines:
        try:
            event = json.loads(line)
            name, message = event["info"]["name"], event["info"]["msg"]
        except (ValueError, KeyError, TypeError):
            name, message, event = "", line.rstrip("\n"), {}
            no_events.append(message)
        message = TEN_DIGITS.sub("(ten digits)", message)
        log.write(f"{message}\n")
        data = event.get("data", {})
        node = data.get("node_info", {})
        if name == "LogStartLine":
            stage.has_steps(int(data["total"]))
            stage.at_work = node.get("node_name", "")
        elif name in ENDED:
            stage.done.add(node.get("unique_id") or f"{name} {data.get('index')}")
        elif event.get("info", {}).get("level") == "error" and name not in SUMMARY:
            why += [part for part in message.splitlines() if part.strip()]
            why += advice(message)
    return why or [TEN_DIGITS.sub("(ten digits)", message) for message in no_events]


def advice(message: str) -> list[str]:
    """What a data test of the project's own flags and how it is mended, in its own words, where one has failed."""
    failed = re.match(r"Failure in test (\w+)", message)
    known = [file for file in sorted(GENERIC.glob("*.sql")) if failed and failed[1].startswith(f"{file.stem}_")]
    if not known:
        return []
    comment = re.findall(r"^-- +(.+)$", max(known, key=lambda file: len(file.stem)).read_text(encoding="utf-8"), re.M)
    said = re.split(r" (?=(?:Why|Mend): )", " ".join(comment))
    return [f"  {re.sub(' +', ' ', part)}" for part in said if part.startswith(("Flags:", "Mend:"))]


def shown(why: list[str]) -> str:
    """Some lines for the screen, and where the others are."""
    lines = [f"  {line.strip()[:WIDTH]}" for line in why[:LINES_SHOWN]]
    if len(why) > LINES_SHOWN:
        lines.append(f"  ... and {len(why) - LINES_SHOWN:,} more lines")
    return "\n".join([*lines, f"  Everything that dbt said: {log_file()}"])


def log_file() -> Path:
    """Where dbt's lines go."""
    return PROJECT / os.environ.get("DBT_LOG_PATH", "logs") / LOG


def begin_log() -> None:
    """The lines of the command before are gone."""
    log_file().parent.mkdir(parents=True, exist_ok=True)
    log_file().write_text("", encoding="utf-8")


def target() -> Path:
    """Where dbt leaves its artefacts."""
    return PROJECT / os.environ.get("DBT_TARGET_PATH", "target")


def results_file(arguments: tuple[str, ...]) -> Path:
    """What dbt writes of the results of a command."""
    named = arguments[arguments.index("--target-path") + 1] if "--target-path" in arguments else target()
    return Path(named) / "run_results.json"


def the_last_time(results: Path) -> tuple[float | None, dict[str, float]]:
    """Seconds of the last run of the same kind, and of each of its steps; nothing where it is not known."""
    try:
        told = json.loads(results.read_text(encoding="utf-8"))
        # Not those of dbt's hooks, which it does not count among its steps.
        weights = {
            each["unique_id"]: float(each["execution_time"])
            for each in told["results"]
            if not str(each["unique_id"]).startswith("operation.")
        }
        return float(told["elapsed_time"]), weights
    except (OSError, ValueError, KeyError, TypeError):
        return None, {}
