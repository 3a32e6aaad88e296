"""Net 4, by behaviour: under other NHS Numbers the same is stored. Two renamings of a small world.

The net itself is tried on stores that were changed afterwards; test_leaks.py tries it on changes of the
project. No assert compares anything that holds a number or a pseudonym: a failing one would print it.
"""

import csv
import gzip
import re
import shutil
import stat
from argparse import Namespace
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest

from bench import direct_build
from conftest import COLLECTION, OF_OTHERS, SAMPLE, differing, table_digest
from gp_level_data.custody import publication, store
from gp_level_data.nets import Finding, raw_numbers, renaming, renaming_run, small_folder
from gp_level_data.nets.renaming_run import Pair
from gp_level_data.nets.spelling import NEVER_ISSUED
from gp_level_data.raw.synthetic_folder import MARKER, is_synthetic
from gp_level_data.refusal import Refusal
from gp_level_data.runs import whole_run
from gp_level_data.runs.forked_runs import ForkedRuns
from gp_level_data.shapes import Manifest
from opt_outs.opt_out_oracle import number_rule

KEY_TABLE = "patient_level.gateway.int_patients__permitted"
SHUFFLED = 3


@pytest.fixture(scope="module")
def pair(runs: ForkedRuns, tmp_path_factory: pytest.TempPathFactory, is_fast: bool) -> Pair:
    """The small folder and its renamed copy, both built by dbt; in the fast tier the second from what dbt has compiled."""
    made = renaming_run.make_pair(tmp_path_factory.mktemp("renaming"), COLLECTION)
    assert [made.build(runs, at) for at in ((0,) if is_fast else (0, 1))].count(None) == 2 - is_fast
    if is_fast:
        build_directly(made, made.manifest(), made.raw_dirs[1], made.stores[1])
    return made


@pytest.fixture(scope="module")
def raw_dir(pair: Pair) -> Path:
    return pair.raw_dirs[0]


@pytest.fixture(scope="module")
def built(pair: Pair) -> Path:
    return pair.stores[0]


@pytest.fixture(scope="module")
def renamed(pair: Pair, raw_dir: Path) -> dict[int, tuple[Path, dict[str, str]]]:
    """Copies of the folder under other numbers, and what each number became, by seed."""
    other = pair.folder / "raw_shuffled"
    return {
        renaming_run.SEED: (pair.raw_dirs[1], pair.new_number),
        SHUFFLED: (other, renaming.rename(raw_dir, other, SHUFFLED, shuffle=True)),
    }


@pytest.fixture(scope="module")
def compiled(pair: Pair) -> Manifest:
    """The manifest that the two runs leave, each model's SQL in it."""
    return pair.manifest()


def build_directly(pair: Pair, compiled: Manifest, raw_dir: Path, folder: Path) -> Path:
    """All models once more on a copy of a store, without dbt."""
    shutil.copytree(pair.stores[0], folder)
    models = list(direct_build.models(compiled))
    direct_build.run(compiled, models, raw_dir, pair.keys, folder)
    return folder


def findings(pair: Pair, before: Path, after: Path, new_number: dict[str, str]) -> list[str]:
    """Where the net finds something, and what."""
    found = renaming.findings(before, after, pair.store_keys, pair.new_pseudonyms(new_number))
    return [f"{finding.where} {finding.what}" for finding in found]


def test_another_numbering_changes_nothing(pair: Pair) -> None:
    """Flags anything stored that follows from what a number is: a digit, a hash, an order, a filter."""
    assert [f"{finding.where} {finding.what}" for finding in pair.findings()] == []


@pytest.mark.parametrize("failed", [(None, None), (None, "gateway"), ("warehouse", None), ("gateway", "gateway")])
def test_the_net_runs_by_itself(pair: Pair, monkeypatch: pytest.MonkeyPatch, failed: Any) -> None:
    """Flags a command that passes over a difference, or takes a build that only one numbering stops for none."""
    monkeypatch.setattr(renaming_run, "scratch_pair", lambda _: nullcontext((pair, None)))
    monkeypatch.setattr(Pair, "build", lambda _, runs, at: failed[at])
    monkeypatch.setattr(Pair, "findings", lambda _: [Finding("renaming", "a table", "differs")])
    if all(failed):
        with pytest.raises(Refusal, match="the gateway run fails"):
            renaming_run.findings(COLLECTION)
    else:
        [found] = renaming_run.findings(COLLECTION)
        stopped = failed[0] or failed[1]
        assert found.where == (f"the {stopped} run" if stopped else "a table")


def test_nothing_is_left_of_a_pair(runs: ForkedRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags raw files, keys or stores that stay behind when a build is stopped, or a folder that others may read."""
    monkeypatch.setattr(renaming_run, "ForkedRuns", lambda *_: nullcontext(runs))
    with pytest.raises(KeyboardInterrupt), renaming_run.scratch_pair("care_data") as (made, _):
        left = [path.name for path in made.folder.iterdir()]
        mode = stat.S_IMODE(made.folder.stat().st_mode)
        raise KeyboardInterrupt
    assert (sorted(left), mode, made.folder.exists()) == (["keys", "raw_0", "raw_1"], 0o700, False)


def test_only_the_sample_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags files that are not the sample's and pass for synthetic in a copy of a part of them."""
    changed_sample = tmp_path / "sample"
    shutil.copytree(SAMPLE, changed_sample)
    (changed_sample / "cqrs" / "another.csv").write_text("")
    for folder in (changed_sample, tmp_path / "nowhere"):
        monkeypatch.setattr(small_folder, "SAMPLE", folder)
        with pytest.raises(Refusal, match="not as it was made"):
            small_folder.make(tmp_path / "raw", COLLECTION)
    assert not (tmp_path / "raw").exists()


def test_nor_does_another_with_rows_in_another_order(
    pair: Pair, built: Path, compiled: Manifest, renamed: dict[int, tuple[Path, dict[str, str]]], tmp_path: Path
) -> None:
    """Flags the same in the queries that dbt compiled, and what follows from the order in which rows were sent."""
    raw_dir, new_number = renamed[SHUFFLED]
    after = build_directly(pair, compiled, raw_dir, tmp_path / "store")
    assert findings(pair, built, after, new_number) == []


def test_building_directly_is_building(
    pair: Pair, built: Path, compiled: Manifest, raw_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flags a table that comes out otherwise without dbt: the same rows, types and order are wanted. And a
    build that is not over, whose copy would go back to what was before, after a dbt command in this process."""
    monkeypatch.setattr(whole_run, "get_flags", lambda: Namespace(WHICH="build"))
    again = build_directly(pair, compiled, raw_dir, tmp_path / "store")
    assert not (again / publication.PREVIOUS).exists()
    assert differing(digests(pair, built), digests(pair, again)) == []
    # built anew, and not just copied
    with duckdb.connect(store.database_file(again, store.MARTS)) as connection:
        connection.execute("delete from marts.main.dim_gps")
    turn = direct_build.Turn(compiled, list(direct_build.models(compiled)))
    direct_build.run_warehouse(turn, pair.keys, again)
    assert differing(digests(pair, built), digests(pair, again)) == []


def digests(pair: Pair, store_dir: Path) -> dict[str, str]:
    with renaming.connect(store_dir, pair.store_keys) as connection:
        return {name: table_digest(connection, name) for name in renaming.relations(connection)}


def test_the_small_world_is_worth_building(pair: Pair, built: Path) -> None:
    """Flags a comparison of little: verdicts of every kind occur, and hardly a table is empty."""
    with renaming.connect(built, pair.store_keys) as connection:
        counts = {name: len(renaming.content(connection, name)[1]) for name in renaming.relations(connection)}
        rules = {rule for (rule,) in connection.execute(
            "select distinct rule from assurance.counts.int_intake__record_counts"
        ).fetchall()}  # fmt: skip
    empty = {name for name, count in counts.items() if not count and not OF_OTHERS.fullmatch(name)}
    assert empty == {
        "marts.seeds.exception_register",
        "patient_level.gateway.int_opt_outs__to_mend",
        "patient_level.intermediate.int_disclosure__last_published",
        "patient_level.senders.rpt_practice_rows",
    }
    assert len(rules) > 20 and {
        "type_1_dissent", "type_1_same_day_conflict", "type_1_undated_dissent", "type_1_future_dissent",
        "not_agreed", "opt_out_file_missing", "nhs_number_check_digit", "nhs_number_never_issued",
        "nhs_number_malformed", "repeated_row", "repeated_with_another_gp", "unreadable_row",
    } <= rules  # fmt: skip


# ---- the renaming ---------------------------------------------------------------------------------


def test_nobody_keeps_a_number(raw_dir: Path, renamed: dict[int, tuple[Path, dict[str, str]]]) -> None:
    for other, new_number in renamed.values():
        before, after = raw_numbers.numbers_in(raw_dir), raw_numbers.numbers_in(other)
        is_bijection = len(set(new_number.values())) == len(new_number)
        is_all = before <= set(new_number) and after <= set(new_number.values())
        kept_count = sum(new == old for old, new in new_number.items() if old not in NEVER_ISSUED)
        assert (is_bijection, is_all, kept_count, len(before) == len(after)) == (True, True, 0, True)


def test_every_number_keeps_its_kind(renamed: dict[int, tuple[Path, dict[str, str]]]) -> None:
    for _, new_number in renamed.values():
        kinds = Counter((renaming.kind_of(old), renaming.kind_of(new)) for old, new in new_number.items())
        assert all(old == new for old, new in kinds)
        assert {old for old, _ in kinds} == {"test", "check digit", "never issued"}


def test_first_digits_change_too(renamed: dict[int, tuple[Path, dict[str, str]]]) -> None:
    """A leak of the first three digits shows only where they differ."""
    _, new_number = renamed[renaming_run.SEED]
    prefix_count = len({new[:3] for new in new_number.values()})
    assert prefix_count > 90


def shape(content: bytes) -> bytes:
    """A text in which every digit and capital letter stands for any other."""
    return re.sub(b"[0-9]", b"0", re.sub(b"[A-Z]", b"A", content))


def test_all_else_stays_to_the_byte(raw_dir: Path, renamed: dict[int, tuple[Path, dict[str, str]]]) -> None:
    """Flags another separator, line end, quote, order or column; of Parquet, another value or type."""
    other, _ = renamed[renaming_run.SEED]
    assert is_synthetic(other)
    paths = {path for path in raw_dir.rglob("*") if path.is_file()} - {raw_dir / MARKER}
    for path in sorted(paths):
        twin = other / path.relative_to(raw_dir)
        if path.suffix == ".parquet":
            left, right = pyarrow.parquet.read_table(path), pyarrow.parquet.read_table(twin)
            assert left.schema == right.schema
            left, right = left.drop(["NHS_NUMBER"]), right.drop(["NHS_NUMBER"])
            is_same = left.equals(right)
        else:
            read = gzip.decompress if path.suffix == ".gz" else bytes
            is_same = shape(read(path.read_bytes())) == shape(read(twin.read_bytes()))
        assert is_same, path.name


def test_columns_beside_the_number_stay(raw_dir: Path, renamed: dict[int, tuple[Path, dict[str, str]]]) -> None:
    other, _ = renamed[renaming_run.SEED]
    for name in ("gpes/individual_gp_level_data/A81001.csv", "gpes/opt_outs/A81001.csv"):
        rows, others = (list(csv.DictReader((folder / name).open())) for folder in (raw_dir, other))
        is_same = [row | {"NHS_NUMBER": ""} for row in rows] == [row | {"NHS_NUMBER": ""} for row in others]
        assert is_same, name


@pytest.mark.parametrize("text", ["9991234594", "999 123 4594", "999-123-4594", ' "9991234594" '])
def test_a_number_is_written_as_before(text: str) -> None:
    renaming_ = renaming.Renaming(1)
    [new] = {renaming_.rewritten(text), renaming_.rewritten(text)}
    plain = renaming_.renamed("9991234594")
    is_same_person = re.sub("[^0-9]", "", new) == plain
    assert is_same_person and shape(new.encode()) == shape(text.encode())


@pytest.mark.parametrize("text", ["999123459", "9.99E+09", "9,99E9", "9991234594.0", "999123459.00", "9.5", "SAMPL 9"])
def test_what_is_no_number_breaks_the_same_rule(text: str) -> None:
    """Flags nine digits that become a number whose zero is lost, or a spreadsheet's number that is none any more."""
    zero_lost = next(f"{n}" for n in range(10**8, 10**9) if number_rule(f"0{n}", False) == "nhs_number_scottish")
    for seed in range(30):
        for sent in (text, zero_lost):
            rules = {number_rule(cell, True) for cell in (sent, renaming.Renaming(seed).rewritten(sent))}
            assert len(rules) == 1


# ---- the net --------------------------------------------------------------------------------------


def same_numbers(new_number: dict[str, str]) -> dict[str, str]:
    return {number: number for number in new_number}


CHANGES = {
    "a row less": (f"delete from {KEY_TABLE} where rowid = 0", "more or fewer rows"),
    "another value": (f"update {KEY_TABLE} set gp_code = 'G0000000' where rowid = 7", "differs in gp_code"),
    "another person": (
        f"""
        update {KEY_TABLE} set practice_code = 'X00000' where patient_key =
            (select max(patient_key) from {KEY_TABLE})
        """,
        "differs in practice_code",
    ),
    "a column more": (f"alter table {KEY_TABLE} add column born integer", "has other columns"),
    "a table more": ("create table patient_level.gateway.more as select 1 as n", "under one numbering only"),
    "a view": ("create view marts.main.seen as select 1 as n", "under one numbering only"),
    "a mart in another order": (
        """
        create table marts.main.turned as from marts.main.dim_gps order by rowid desc;
        delete from marts.main.dim_gps; insert into marts.main.dim_gps from marts.main.turned;
        drop table marts.main.turned
        """,
        "dim_gps differs in",
    ),
    "an admission's number": (
        """
        update patient_level.intermediate.int_admissions__qualifying
        set admission_number = 999999 where rowid = 0
        """,
        "differs in admission_number",
    ),
}


@pytest.fixture(scope="module")
def twin(built: Path) -> Path:
    """The same store in another place: one file is not opened twice."""
    return Path(shutil.copytree(built, built.with_name("twin")))


def changed(pair: Pair, built: Path, folder: Path, sql: str) -> Path:
    """A copy of the store, changed afterwards."""
    shutil.copytree(built, folder)
    with duckdb.connect(store.database_file(folder, store.MARTS)) as connection:
        store.attach_store(connection, folder, pair.store_keys)
        connection.execute(sql)
    return folder


@pytest.mark.exhaustive
@pytest.mark.parametrize("change", CHANGES)
def test_a_difference_is_found(
    pair: Pair, built: Path, renamed: dict[int, tuple[Path, dict[str, str]]], tmp_path: Path, change: Any
) -> None:
    sql, words = CHANGES[change]
    after = changed(pair, built, tmp_path / "store", sql)
    found = findings(pair, built, after, same_numbers(renamed[renaming_run.SEED][1]))
    assert any(words in what for what in found)


def test_no_difference_is_found_where_there_is_none(
    pair: Pair, built: Path, twin: Path, renamed: dict[int, tuple[Path, dict[str, str]]]
) -> None:
    assert findings(pair, built, twin, same_numbers(renamed[renaming_run.SEED][1])) == []


def in_order_of(column: str) -> str:
    return f"""
        create table patient_level.gateway.kept as from {KEY_TABLE} order by {column}, practice_code;
        delete from {KEY_TABLE}; insert into {KEY_TABLE} from patient_level.gateway.kept;
        drop table patient_level.gateway.kept
    """


@pytest.mark.parametrize("order", ["patient_key desc", "md5(patient_key)"])
def test_an_order_other_than_the_pseudonyms_is_found(
    pair: Pair, built: Path, renamed: dict[int, tuple[Path, dict[str, str]]], tmp_path: Path, order: Any
) -> None:
    """Both stores alike, so that only the order itself can be what is found."""
    before, after = (changed(pair, built, tmp_path / name, in_order_of(order)) for name in "ab")
    found = findings(pair, before, after, same_numbers(renamed[renaming_run.SEED][1]))
    assert found == [f"{KEY_TABLE} is not stored in the order of patient_key"]


def test_a_view_in_a_store_is_found(
    pair: Pair, built: Path, renamed: dict[int, tuple[Path, dict[str, str]]], tmp_path: Path
) -> None:
    view = "create view marts.main.seen as select 1 as n"
    before, after = (changed(pair, built, tmp_path / name, view) for name in "ab")
    found = findings(pair, before, after, same_numbers(renamed[renaming_run.SEED][1]))
    assert [what.split(" is a view")[0] for what in found] == ["marts.main.seen"]


def test_pseudonyms_of_another_key_are_found(
    pair: Pair, built: Path, twin: Path, renamed: dict[int, tuple[Path, dict[str, str]]]
) -> None:
    """A patient_key that is a hash of the number without the key is not what the new number should give."""
    others = renaming.renamed_pseudonyms(
        same_numbers(renamed[renaming_run.SEED][1]), b"not the key of this collection..", COLLECTION
    )
    found = renaming.findings(built, twin, pair.store_keys, others)
    assert KEY_TABLE in {finding.where for finding in found}
