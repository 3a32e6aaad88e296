"""Nothing usable is not the same as nothing: a run with too little to go by is undone, and its sender told why.

The small world has good results; then its files come again with one thing wrong, and dbt is started by hand.
"""

import csv
import gzip
import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.small_world import NO_TESTS, NO_UNIT_TESTS, SmallWorld, make_raw
from conftest import PROJECT, file_digests
from gp_level_data.custody import publication
from gp_level_data.raw import synthetic_folder
from gp_level_data.runs import whole_run

NUMBER = re.compile(r"[0-9]{3}[\W_]?[0-9]{3}[\W_]?[0-9]{4}")
Rows = list[list[str]]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWorld]:
    """The small world with good results; `work/good` keeps them, `work/good_raw` its files."""
    world = SmallWorld(PROJECT, tmp_path_factory.mktemp("shares"))
    world.make_keys()
    make_raw(world.work / "good_raw")
    world.put_raw(world.work / "good_raw")
    world.put_store(None)
    assert world.gateway().success and world.warehouse().success
    world.keep_store(world.work / "good")
    yield world


def rows_of(path: Path) -> Rows:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.reader(io.StringIO(content.decode("utf-8", errors="replace"), newline="")))


def write_rows(path: Path, rows: Rows) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


Change = Callable[[Path], None]


def column(pattern: str, name: str | int, value: str, of: int = 1) -> Change:
    """Another value in a column of the files, in one row of so many."""

    def change(raw_dir: Path) -> None:
        for path in sorted(raw_dir.glob(pattern)):
            rows = rows_of(path)
            has_header = isinstance(name, str)
            at = rows[0].index(name) if isinstance(name, str) else name
            for number, row in enumerate(rows[has_header:]):
                if number % of == 0 and len(row) > at:
                    row[at] = value
            write_rows(path, rows)

    return change


def no_opt_outs(raw_dir: Path) -> None:
    """Every opt-out file arrives with its header alone."""
    for path in sorted((raw_dir / "gpes" / "opt_outs").iterdir()):
        header = rows_of(path)[:1]
        path.unlink()
        write_rows(path.parent / f"{path.name.split('.')[0]}.csv", header)


WRONG = {
    "hospital days": (column("hes/*.csv*", "ADMIDATE", "24DEC2016x"), "a day of admission that cannot be read"),
    "admission methods": (column("hes/*.csv*", "ADMIMETH", "99"), "method of admission"),
    "numbers of hospital rows": (column("hes/*.csv*", "NEWNHSNO", "pseudonym"), "not ten digits"),
    "words of the register": (column("ods/epraccur.csv", 12, "IN BUSINESS"), "ods/epraccur.csv"),
    "words of the GPs": (column("ods/egpcur.csv", 12, "IN BUSINESS"), "ods/egpcur.csv"),
    "answers": (column("cqrs/participation.csv", "STATUS", "accepted"), "cqrs/participation.csv"),
    "no objection": (no_opt_outs, "not one type 1 objection"),
    "nobody agreed": (column("cqrs/participation.csv", "STATUS", "offered"), "nobody is collected"),
}


def changed_raw(world: SmallWorld, change: Change) -> Path:
    raw = world.work / "changed_raw"
    shutil.rmtree(raw, ignore_errors=True)
    shutil.copytree(world.work / "good_raw", raw)
    change(raw)
    synthetic_folder.write_marker(raw, 1, 1)
    world.put_raw(raw)
    return raw


@pytest.mark.exhaustive(kept=2)
@pytest.mark.parametrize("name", WRONG)
def test_a_run_by_hand_is_undone(good: SmallWorld, name: str) -> None:
    """Flags a gateway run that leaves zeros where good results were: without data tests, and once with them, since
    one that fails would keep the judgement from being made."""
    change, words = WRONG[name]
    changed_raw(good, change)
    good.put_store(good.work / "good")
    before = file_digests(good.store)
    ended = good.gateway(*(NO_UNIT_TESTS if name == "hospital days" else NO_TESTS))
    assert not ended.success
    said = "\n".join(ended.complaints)
    assert whole_run.MAY_NOT_STAND in said and words in said, "stopped for something else"
    assert not NUMBER.search(said), "the sentence holds a number"
    assert file_digests(good.store) == before, "the previous results were changed"
    assert not (good.store / publication.PREVIOUS).exists()
