"""`make bench`: what it measures can be measured, whichever collection is asked for."""

import argparse
from pathlib import Path

import pytest

from benchmark import __main__ as bench
from gp_level_data import releases
from gp_level_data.commands import build
from gp_level_data.synthesise import COLLECTIONS, DEFAULT_SEED


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_its_keys_are_all_that_a_build_reads(collection: str, tmp_path: Path) -> None:
    """Flags a key that runs ask for and the bench does not make: it would stop before anything is measured."""
    settings = {"collection": collection}
    bench.make_keys(tmp_path / "keys", collection)
    build.read_keys(tmp_path / "keys", settings)
    # releases are made of coded journals alone
    assert bool(releases.active_ids(collection, releases.day_of(settings))) == (collection != COLLECTIONS[0])


@pytest.mark.whole
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_world_next_to_nothing_is_measured(collection: str, tmp_path: Path) -> None:
    chosen = argparse.Namespace(collection=collection, seed=DEFAULT_SEED, memory="4GB", work=tmp_path, worlds=None)
    found = bench.of_scale(bench.NEXT_TO_NOTHING, chosen)
    assert found["rows"] > 1000
    assert set(found["stages"]) >= {"synthesise", bench.PARSE, *bench.RUNS}
    assert bool(found["ratio_to_by_hand"]) == (collection == COLLECTIONS[0])
    assert all(took["cpu_seconds"] > 0 for took in found["stages"].values())
