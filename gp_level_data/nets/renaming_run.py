"""Net 4 run by itself: a small synthetic raw folder, built by dbt under two numberings.

What it proves, it proves of the code as it is, whoever's data that is used on: raw files, keys and
stores are made for it, and go with it.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gp_level_data import releases
from gp_level_data.custody import keys, proof
from gp_level_data.custody.keys import StoreKeys, of_store
from gp_level_data.nets import Finding, renaming, small_folder
from gp_level_data.nets.lineage.compiled import built_manifest
from gp_level_data.project import PROJECT
from gp_level_data.refusal import Refusal
from gp_level_data.runs.forked_runs import ForkedRuns

SEED = 20170401
RUNS = ("gateway", "warehouse")


@dataclass(frozen=True)
class Pair:
    """The small folder of a collection and its renamed copy, with room for a store of each.

    folder      raw_0, raw_1, keys, store_0, store_1; in `left` what dbt left
    new_number  what each number of raw_0 is in raw_1
    """

    collection: str
    folder: Path
    new_number: dict[str, str] = field(repr=False)

    @property
    def raw_dirs(self) -> list[Path]:
        return [self.folder / "raw_0", self.folder / "raw_1"]

    @property
    def stores(self) -> list[Path]:
        return [self.folder / "store_0", self.folder / "store_1"]

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def left(self) -> Path:
        return self.folder / "left"

    @property
    def store_keys(self) -> StoreKeys:
        return of_store(self.keys)

    @property
    def settings(self) -> dict[str, str]:
        """What is set besides the project's defaults."""
        day = small_folder.DISSEMINATED_AT.isoformat()
        return {"collection": self.collection, "disseminated_at": day}

    def build(self, runs: ForkedRuns, at: int) -> str | None:
        """Both runs for one of the two folders, by dbt; the one that failed, if one did."""
        store_dir = self.stores[at]
        folders = {"RAW_DIR": self.raw_dirs[at], "KEY_DIR": self.keys, "STORE_DIR": store_dir}
        variables = json.dumps(self.settings)
        store_dir.mkdir(mode=0o700)
        for run in RUNS:
            code, _ = runs.run(run, folders, variables=variables, left=self.left)
            if code:
                return run
        return None

    def new_pseudonyms(self, new_number: dict[str, str]) -> dict[str, str]:
        """What each pseudonym should have become, of the collection and of its releases."""
        changed: dict[str, str] = {}
        for domain in (self.collection, *releases.key_names(self.collection)):
            key = keys.read_key(self.keys, domain)
            changed |= renaming.renamed_pseudonyms(new_number, key, domain)
        return changed

    def findings(self, stores: list[Path] | None = None) -> list[Finding]:
        """What differs between the two stores, or between others made from the two folders."""
        changed = self.new_pseudonyms(self.new_number)
        before, after = stores or self.stores
        return renaming.findings(before, after, self.store_keys, changed)

    def manifest(self) -> dict[str, Any]:
        """What the two runs made of the project, each model's SQL in it."""
        return built_manifest(*(self.left / "target" / run for run in RUNS))


def make_pair(folder: Path, collection: str) -> Pair:
    """The two raw folders of a pair, and keys for both."""
    for name in releases.keys_of_build(collection):
        keys.new_key(folder / "keys", name)
    # What this net looks at need not be proved: its people are made up, and its keys go with it.
    proof.write(folder / "keys", proof.digests(PROJECT), [f"none: for the net by {renaming.NET}"])
    small_folder.make(folder / "raw_0", collection)
    return Pair(collection, folder, renaming.rename(folder / "raw_0", folder / "raw_1", SEED))


@contextmanager
def scratch_pair(collection: str) -> Iterator[tuple[Pair, ForkedRuns]]:
    """A pair of which nothing is left after the block, and the process that builds it."""
    with tempfile.TemporaryDirectory(prefix="renaming-") as scratch:
        folder = Path(scratch).resolve()
        pair = make_pair(folder, collection)
        with ForkedRuns(PROJECT, folder / "runs", os.environ | {"DO_NOT_TRACK": "1"}) as runs:
            yield pair, runs


def findings(collection: str) -> list[Finding]:
    """What the net finds in the code as it is; a Refusal where it cannot be run."""
    with scratch_pair(collection) as (pair, runs):
        failed = [pair.build(runs, at) for at in (0, 1)]
        if all(failed):
            raise Refusal(f"dbt does not build {collection} of the sample: the {failed[0]} run fails.")
        if any(failed):
            where = f"the {failed[0] or failed[1]} run"
            return [Finding(renaming.NET, where, "fails under one numbering only")]
        return pair.findings()
