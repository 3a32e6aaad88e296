"""dbt parses the project once for both runs and the docs, and for no folder or limit again; nothing is done twice."""

import json
import os
from pathlib import Path

import pytest
from conftest import Folders, forked_runs

ELSEWHERE = {"DUCKDB_MEMORY_LIMIT": "1GB", "DUCKDB_THREADS": "1", "DO_NOT_TRACK": "1"}


def test_another_folder_or_limit_costs_no_parse(tmp_path: Path) -> None:
    """Flags what differs from run to run in what dbt's profile hashes: ten CPU seconds each time."""
    folders = {name: str(tmp_path / name) for name in ("RAW_DIR", "KEY_DIR", "STORE_DIR")}
    with forked_runs(tmp_path, os.environ | folders | ELSEWHERE) as runs:
        # it has parsed, or begun with what was parsed, when it answers
        assert runs.dbt("--version", folders={}) == 0
    assert "Unable to do partial parsing" not in (tmp_path / "logs" / "dbt.log").read_text()


@pytest.fixture(scope="module")
def ran(built: Folders) -> tuple[list[str], list[str]]:
    """Ids of all that the build's two runs did, hooks aside."""
    targets = (built.project / "target" / "gateway", built.work / "target")
    return tuple(
        [
            result["unique_id"]
            for result in json.loads((target / "run_results.json").read_text())["results"]
            if not result["unique_id"].startswith("operation.")
        ]
        for target in targets
    )


def test_a_build_does_nothing_twice(ran: tuple[list[str], list[str]]) -> None:
    """Flags seeds that both runs load, and tests that both run."""
    gateway, warehouse = ran
    assert set(gateway) & set(warehouse) == set()
    assert any(key.startswith("seed.") for key in gateway)


def test_a_build_leaves_nothing_out(ran: tuple[list[str], list[str]], built: Folders) -> None:
    """Flags a model, seed, snapshot or test that neither of the two runs takes to be its own."""
    manifest = json.loads((built.work / "target" / "manifest.json").read_text())
    everything = {*manifest["nodes"], *manifest["unit_tests"]}
    assert {key for key in everything if not key.startswith("operation.")} - {*ran[0], *ran[1]} == set()
