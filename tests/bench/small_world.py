"""A small world and a quick way to build it: for proofs that build again and again.

The raw folder is the sample with an eighth of its people (gp_level_data/small_folder.py). dbt runs in this
process, which saves its start, and without tests; both runs of the small world take some ten CPU seconds.
"""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from unittest import mock

import yaml
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.utils.encoding import JSONEncoder

from bench.vouching import vouch
from conftest import COLLECTION, DBT, PROJECT
from gp_level_data import releases
from gp_level_data.custody import keys
from gp_level_data.custody.keys import StoreKeys, of_store
from gp_level_data.nets import small_folder
from gp_level_data.runs import dbt_duckdb, gateway, whole_run
from gp_level_data.shapes import Manifest

VARIABLES = json.dumps({"disseminated_at": small_folder.DISSEMINATED_AT.isoformat()})
SETTINGS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")


def write_json(path: str, data: object) -> bool:
    """dbt's own, but for the whole at once: piece by piece a manifest of this project takes seconds."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(data, cls=JSONEncoder), encoding="utf-8")
    return True


def make_raw(raw_dir: Path, collection: str = COLLECTION) -> Path:
    """The small world's raw folder."""
    return small_folder.make(raw_dir, collection)


@dataclass(frozen=True)
class Ended:
    """Whether a dbt command succeeded, and what it complained of: not shown, as it may quote a value."""

    success: bool
    complaints: list[str] = field(default_factory=list, repr=False)


def ended(result: dbtRunnerResult) -> Ended:
    nodes = getattr(result.result, "results", None) or ()
    complaints = [str(node.message) for node in nodes if node.status in ("error", "fail")]
    return Ended(result.success, complaints + ([str(result.exception)] if result.exception else []))


@dataclass(frozen=True)
class SmallWorld:
    """Where builds of one project happen; folders keep their names, or dbt would parse all again.

    project    the project's folder, a copy where a test changes it
    work       raw and store of the build at hand, keys, target and logs
    in_process whether dbt runs in this process, which has read `gp_level_data` already
    variables  the settings of its runs, as JSON
    undoes     whether what a net catches at the end of a run is undone, or stays to be looked at
    """

    project: Path
    work: Path
    in_process: bool = True
    variables: str = VARIABLES
    undoes: bool = True

    @property
    def store(self) -> Path:
        return self.work / "store"

    @property
    def keys(self) -> Path:
        return self.work / "keys"

    @property
    def collection_key(self) -> bytes:
        return keys.read_key(self.keys, COLLECTION)

    @property
    def store_key(self) -> bytes:
        return keys.read_key(self.keys, keys.STORE_KEY)

    @property
    def store_keys(self) -> StoreKeys:
        return of_store(self.keys)

    def make_keys(self, collection: str = COLLECTION) -> None:
        for name in releases.keys_of_build(collection):
            keys.new_key(self.keys, name)

    def put_raw(self, raw_dir: Path) -> None:
        """Let the next gateway run read this raw folder."""
        link = self.work / "raw"
        link.unlink(missing_ok=True)
        link.symlink_to(raw_dir.resolve())

    def put_store(self, store_dir: Path | None) -> None:
        """Begin with a copy of this store, or with none."""
        shutil.rmtree(self.store, ignore_errors=True)
        if store_dir:
            shutil.copytree(store_dir, self.store)
        self.store.mkdir(exist_ok=True)

    def keep_store(self, store_dir: Path) -> Path:
        """Put the store that was built aside."""
        shutil.rmtree(store_dir, ignore_errors=True)
        return self.store.rename(store_dir)

    def gateway(self, *options: str) -> Ended:
        """The custodian's run."""
        return self.dbt("build", "gateway", "--selector", "gateway", *(options or NO_TESTS))

    def warehouse(self, *options: str) -> Ended:
        """The analyst's run."""
        return self.dbt("build", "warehouse", *(options or NO_TESTS))

    def dbt(self, command: str, target: str, *options: str) -> Ended:
        """One dbt command, its words in `logs`."""
        arguments = [
            command, "--target", target, *options, "--vars", self.variables, "--log-level-file", "info",
            "--project-dir", str(self.project), "--profiles-dir", str(self.project),
            "--target-path", str(self.target_path(target)), "--log-path", str(self.work / "logs"),
        ]  # fmt: skip
        if target == "gateway":
            vouch(self.project, self.keys)
            arguments += [] if self.in_process else ["--no-partial-parse"]
        with self.at_work() as printed:
            if not self.in_process:
                done = subprocess.run([str(DBT), *arguments], cwd=self.project, stdout=printed, stderr=printed)
                return Ended(done.returncode == 0, [self.last_words()] if done.returncode else [])
            undone = whole_run.UNDONE if self.undoes else ()
            try:
                with (
                    mock.patch.object(whole_run, "UNDONE", undone),
                    # nobody else writes where this process keeps its parse
                    mock.patch.object(gateway, "refuse_what_was_kept"),
                    mock.patch("dbt.artifacts.schemas.base.write_json", write_json),
                ):
                    return ended(dbtRunner().invoke(arguments))
            finally:
                close_databases()

    def last_words(self) -> str:
        """What the log of dbt ends with."""
        return (self.work / "logs" / "dbt.log").read_text(errors="replace")[-5000:]

    def target_path(self, target: str) -> Path:
        """Artefacts of one of the two runs: with one folder for both, each would parse all again."""
        return self.work / "target" / target

    def manifest(self, target: str) -> Manifest:
        """What the last command for a run made of the project."""
        found: Manifest = json.loads((self.target_path(target) / "manifest.json").read_text())
        return found

    @contextlib.contextmanager
    def at_work(self) -> Iterator[TextIO]:
        """The folders in the environment, and what dbt prints in a file."""
        folders = {
            "RAW_DIR": self.work / "raw",
            "KEY_DIR": self.keys,
            "STORE_DIR": self.store,
        }
        settings = {name: str(path) for name, path in folders.items()}
        settings |= {"DO_NOT_TRACK": "1", "NO_COLOR": "1"}
        before = dict(os.environ)
        (self.work / "logs").mkdir(parents=True, exist_ok=True)
        with (self.work / "logs" / "printed.txt").open("a") as printed:
            os.environ.update(settings)
            try:
                with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                    yield printed
            finally:
                os.environ.clear()
                os.environ.update(before)


def close_databases() -> None:
    """Let go of a run's databases, so that the next one may open others of the same name."""
    dbt_duckdb.let_go()
