"""Leaks made on purpose are caught, and harmless changes are not.

Every value leak and every harmless change that needs no run of dbt is tried, two of them in the fast tier: with
the nets that only read, and with all six where these say nothing. A few of any kind, drawn by a seed, are tried
with all six. `make leak-score` tries every one with every net, which takes the better part of an hour. Every
leak's file is looked at.
"""

from pathlib import Path
from typing import Any

import pytest

from conftest import COLLECTION, PROJECT
from nets.leak_score import (
    BROKEN,
    HARMLESS,
    HERE,
    KINDS,
    Bench,
    Leak,
    Untried,
    all_leaks,
    changed,
    make_clean,
    read,
    sample_of,
)

SEED = 20170401
LEAKS = all_leaks()
# those that need no run of dbt, which takes four times as long
QUICK = [leak for leak in LEAKS if not leak.needs_dbt and leak.place == HERE]
BUILT = [
    *sample_of([leak for leak in QUICK if not leak.is_harmless], 4, SEED),
    *sample_of([leak for leak in QUICK if leak.is_harmless], 1, SEED),
]
READ = [leak for leak in QUICK if leak.is_harmless or leak.kind == "value"]


def name_of(leak: Leak) -> str:
    return leak.path


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Where leaks are built."""
    return opened(tmp_path_factory.mktemp("built"), is_static=False)


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Where leaks are only read, so that nothing need be built."""
    return opened(tmp_path_factory.mktemp("read"), is_static=True)


def opened(folder: Path, is_static: bool) -> Bench:
    (folder / "bench").mkdir()
    made = Bench(folder / "bench", make_clean(folder / "clean", is_static))
    made.look(is_static)
    return made


def test_there_are_leaks_enough() -> None:
    harmful = [leak for leak in LEAKS if not leak.is_harmless]
    assert len(harmful) >= 190 and len(LEAKS) - len(harmful) >= 58
    assert {leak.kind for leak in LEAKS} == set(KINDS)
    assert len({(leak.family, leak.name) for leak in LEAKS}) == len(LEAKS)


def test_leaks_are_tried_elsewhere_too() -> None:
    """Flags a bench that looks at one collection, one setting and a first run only."""
    for chosen in (
        [leak for leak in LEAKS if leak.kind not in (HARMLESS, BROKEN)],
        [leak for leak in LEAKS if leak.is_harmless],
    ):
        assert {leak.collection for leak in chosen} == {COLLECTION, "gpdpr", "care_data"}
        assert any(leak.settings for leak in chosen) and any(leak.second_run for leak in chosen)


def test_every_leak_fits_the_project(tmp_path: Path) -> None:
    """Flags a leak whose place in the project has moved away: it would be tried no more."""
    untried = {}
    for leak in LEAKS:
        folder = tmp_path / name_of(leak)
        for file in {part["file"] for part in leak.edit}:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes((PROJECT / file).read_bytes())
        try:
            with changed(folder, leak):
                missing = [file for file in leak.files if not (folder / file).exists()]
        except Untried as reason:
            missing = [str(reason)]
        if missing:
            untried[name_of(leak)] = missing
    assert untried == {}


@pytest.mark.parametrize("name", [pytest.param("bench", marks=pytest.mark.whole), "reading"])
def test_the_nets_find_nothing_in_the_project_itself(name: str, request: pytest.FixtureRequest) -> None:
    known = request.getfixturevalue(name).known
    assert sorted(f"{finding.net}: {finding.where}: {finding.what}" for finding in known) == []


@pytest.mark.whole
@pytest.mark.parametrize("leak", BUILT, ids=name_of)
def test_a_leak_is_caught_and_nothing_else(bench: Any, leak: Any) -> None:
    tried = bench.attempt(leak)
    nets = sorted(tried.caught)
    assert tried.problem is None
    assert bool(nets) != leak.is_harmless, f"{leak.what} Caught by {nets}."


@pytest.mark.whole
def test_what_is_only_another_query_needs_no_dbt(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a bench that can build nothing by itself, so that dbt runs for every leak, at five times the price."""
    monkeypatch.setattr(bench, "built_by_dbt", lambda *_: pytest.fail("dbt was asked"))
    [leak] = [leak for leak in BUILT if leak.is_harmless]
    assert bench.attempt(leak).caught == {}


@pytest.mark.exhaustive(kept=2)
@pytest.mark.parametrize("leak", READ, ids=name_of)
def test_a_value_leak_is_caught_and_nothing_harmless(reading: Any, leak: Any, request: pytest.FixtureRequest) -> None:
    """By reading, or where that says nothing by building, which costs five times as much."""
    tried = reading.attempt(leak, is_static=True)
    if not tried.caught and not tried.problem and not leak.is_harmless:
        tried = request.getfixturevalue("bench").attempt(leak)
    nets = sorted(tried.caught)
    assert tried.problem is None
    assert bool(nets) != leak.is_harmless, f"{leak.what} Caught by {nets}."


def test_a_file_that_is_no_leak_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "harmless" / "odd.toml"
    path.parent.mkdir()
    path.write_text('what = "x"\nkind = "value"\n[[add]]\nfile = "a"\ntext = "b"\n')
    with pytest.raises(ValueError, match="no kind of leak"):
        read(path)
