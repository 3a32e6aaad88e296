"""The core work by hand in other engines: each that is installed answers as DuckDB does, and another answer stops."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark import by_hand, by_hand_postgresql, peers
from conftest import PROJECT
from gp_level_data.custody import keys
from gp_level_data.synthesise import synthesise

# Spark takes a minute of CPU to start and to compile, whatever there is to do.
OTHERS = ["polars", "pandas", "postgresql", pytest.param("spark", marks=pytest.mark.whole)]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("peers") / "raw"
    synthesise(folder, 0.0002, 3)
    return folder


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("peers_work")
    for name in (by_hand.COLLECTION, keys.STORE_KEY):
        keys.new_key(folder, name)
    return folder


@pytest.fixture(scope="module")
def told(raw: Path, work: Path) -> dict[str, Any]:
    """What DuckDB answers."""
    return answer("duckdb", raw, work)


def answer(engine: str, raw: Path, work: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.python.benchmark.peers", "--one", engine, "--raw", raw, "--work", work]
    environment = os.environ | {"DUCKDB_MEMORY_LIMIT": "1GB"}
    done = subprocess.run(
        [str(part) for part in command], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return dict(json.loads((work / f"{engine}.json").read_text()))


@pytest.mark.parametrize("engine", OTHERS)
def test_an_engine_answers_as_duckdb(engine: str, raw: Path, work: Path, told: dict[str, Any]) -> None:
    if peers.PEERS[engine].version() is None:
        pytest.skip(f"{engine} is not installed")
    assert told["patients"] > 1000 and told["repeated"] > 0 and told["admissions"] > 0
    assert answer(engine, raw, work) == told


def test_another_answer_is_no_row_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags an engine that counts otherwise and is compared by its time all the same."""

    def measure(command: list[Any], *_: Any) -> None:
        engine = command[command.index("--one") + 1]
        (tmp_path / f"{engine}.json").write_text(json.dumps({"counts": "its own" if engine == "pandas" else ""}))

    monkeypatch.setattr(peers, "measure", measure)
    installed = {name: replace(peers.PEERS[name], version=lambda: "1") for name in ("duckdb", "pandas")}
    monkeypatch.setattr(peers, "PEERS", installed)
    with pytest.raises(SystemExit, match="pandas answers"):
        peers.measured(tmp_path, tmp_path)


@pytest.mark.skipif(by_hand_postgresql.version() is None, reason="PostgreSQL is not installed")
def test_nothing_of_postgresql_is_left() -> None:
    """Flags a server that outlives its work, or a folder with a copy of the key."""
    with by_hand_postgresql.server(bytes(range(32))) as folder:
        [process] = (folder / "data" / "postmaster.pid").read_text().splitlines()[:1]
        assert Path("/proc", process).exists()
    assert not folder.exists() and not Path("/proc", process).exists()
