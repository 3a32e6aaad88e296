"""dbt parses the project once for both runs and the docs, and for no folder or limit again; nothing is done twice."""

import json
import os
import re
from collections import Counter
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from conftest import PARSED, Folders, forked_runs
from gp_level_data.refusal import Refusal
from gp_level_data.runs import dbt_command
from gp_level_data.runs.forked_runs import HEARD, LAST_WORD_OF, ForkedRuns
from gp_level_data.runs.progress import Stage

ELSEWHERE = {"DUCKDB_MEMORY_LIMIT": "1GB", "DUCKDB_THREADS": "1", "DO_NOT_TRACK": "1"}


def test_another_folder_or_limit_costs_no_parse(tmp_path: Path) -> None:
    """Flags what differs from run to run in what dbt's profile hashes: ten CPU seconds each time."""
    folders = {name: str(tmp_path / name) for name in ("RAW_DIR", "KEY_DIR", "STORE_DIR")}
    with forked_runs(tmp_path, os.environ | folders | ELSEWHERE) as runs:
        # it has parsed, or begun with what was parsed, when it answers
        assert runs.dbt("--version", folders={}) == 0
    assert "Unable to do partial parsing" not in (tmp_path / "logs" / "dbt.log").read_text()


def test_a_build_takes_over_no_earlier_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a custodian's build from what lies in `target`, where whoever may write there says what each macro is."""
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    kept = tmp_path / "target" / PARSED
    with forked_runs(tmp_path / "runs", os.environ | ELSEWHERE) as runs:
        assert runs.dbt("--version", folders={}) == 0
    [parsed] = (tmp_path / "runs").rglob(PARSED)
    told = msgpack.unpackb(parsed.read_bytes(), strict_map_key=False)
    own = told["macros"]["macro.dbt.run_hooks"]
    before, own["macro_sql"] = own["macro_sql"], "{% macro run_hooks(hooks) %}{% endmacro %}"
    kept.parent.mkdir()
    kept.write_bytes(msgpack.packb(told))
    with dbt_command.one_parse(heard=True) as runs:
        assert runs.dbt("--version", folders={}) == 0
    assert (
        msgpack.unpackb(kept.read_bytes(), strict_map_key=False)["macros"]["macro.dbt.run_hooks"]["macro_sql"] == before
    )


def test_what_a_killed_run_says_has_an_end() -> None:
    """Flags a build that waits for ever, because its dbt was killed in the middle of a line."""
    runs = ForkedRuns.__new__(ForkedRuns)
    said = f"a line\nhalf{LAST_WORD_OF[HEARD]}\nof the next run\n"
    with Popen(["printf", "%s", said], stdout=PIPE, text=True) as runs.process:
        assert list(runs.words()) == ["a line\n", "half"]


@pytest.mark.parametrize("said", [["Compilation Error"], []], ids=["says why", "silent"])
def test_a_project_that_cannot_be_parsed_says_why(
    said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flags a build that stops before its runs and keeps to itself what dbt said of it."""
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path))
    event = {"info": {"name": "MainEncounteredError", "level": "error"}}
    lines = [json.dumps(event | {"info": event["info"] | {"msg": message}}) + "\n" for message in said]
    runs, stage = ForkedRuns.__new__(ForkedRuns), Stage("a stage")
    # it hears what is asked of it, and ends without an answer
    fails = ["sh", "-c", 'read -r asked; printf %s "$1"; exit 1', "sh", "".join(lines)]
    with Popen(fails, stdin=PIPE, stdout=PIPE, text=True) as runs.process, open(os.devnull) as runs.answers:
        if said:
            assert dbt_command.run("build", folders={}, stage=stage, runs=runs) == (1, said)
        else:
            with pytest.raises(Refusal, match="dbt parse"):
                dbt_command.run("build", folders={}, stage=stage, runs=runs)


KINDS = {"data tests", "unit tests", "seeds", "snapshots", "models"}


@pytest.fixture(scope="module")
def done(built: Folders) -> list[Counter[Any]]:
    """How many of each kind the build's two runs did, as they say at their ends."""
    said = (built.work / "logs" / dbt_command.LOG).read_text()
    return [
        Counter({kind: sum(int(count) for count, of in parts if of.endswith(kind.removesuffix("s"))) for kind in KINDS})
        for parts in (
            re.findall(r"(\d+) ([a-z ]+?)s?(?=,| in )", line) for line in re.findall(r"Finished running .* in ", said)
        )
    ]


def test_a_build_does_everything_once(done: list[Counter[Any]], built: Folders) -> None:
    """Flags seeds that both runs load, tests that both run, and what neither takes to be its own."""
    manifest = json.loads((built.work / "target" / "manifest.json").read_text())
    words = {"test": "data tests", "seed": "seeds", "snapshot": "snapshots", "model": "models"}
    wanted = Counter(
        words[node["resource_type"]] for node in manifest["nodes"].values() if node["resource_type"] in words
    )
    assert len(done) == 2
    assert dict(done[0] + done[1]) == dict(wanted) | {"unit tests": len(manifest["unit_tests"])}
    assert done[0]["seeds"] and not done[1]["seeds"]
