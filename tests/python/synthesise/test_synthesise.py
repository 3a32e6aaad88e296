"""The committed sample: regenerable byte for byte, all hard cases in it, nobody real."""

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from conftest import SAMPLE
from gp_level_data.raw.synthetic_folder import MARKER, is_synthetic
from gp_level_data.runs.progress import Stage
from gp_level_data.synthesise import synthesise
from synthesise import synthetic_cases

METRICS = SAMPLE / synthetic_cases.METRICS


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def assert_same(made: Path, expected: Path) -> None:
    """Names the files that differ, without showing a byte of them."""
    made_files, expected_files = contents(made), contents(expected)
    assert sorted(made_files) == sorted(expected_files)
    assert [name for name in made_files if made_files[name] != expected_files[name]] == []


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return synthetic_cases.read(SAMPLE)


@pytest.mark.parametrize("threads", [1, 4])
def test_the_sample_is_what_the_generator_makes(tmp_path: Path, threads: int) -> None:
    synthesise(tmp_path / "sample", threads=threads)
    assert_same(tmp_path / "sample", SAMPLE)


def test_another_seed_makes_other_people_of_the_same_shape(tmp_path: Path) -> None:
    synthesise(tmp_path / "other", seed=1)
    other, sample = contents(tmp_path / "other"), contents(SAMPLE)
    assert sorted(other) == sorted(sample)
    assert all(other[name] != sample[name] for name in other if "individual" in name)


def test_a_share_of_england(tmp_path: Path) -> None:
    stage = Stage("a share of England")
    synthesise(tmp_path / "share", 0.0002, 3, compress_hes=False, stage=stage)
    files = contents(tmp_path / "share")
    assert {"hes/apc_1516.csv", "hes/apc_1617.csv", "gpes/suppliers.csv"} < set(files)
    assert is_synthetic(tmp_path / "share")
    # the practices, and the hospital files as one step more
    assert len(stage.done) == stage.total == sum("individual" in name for name in files) + 1
    assert stage.share_done == 1


def test_a_folder_that_is_not_synthetic_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "egpcur.csv").write_text("somebody's")
    with pytest.raises(FileExistsError):
        synthesise(tmp_path)
    assert list(contents(tmp_path)) == ["egpcur.csv"]


@pytest.mark.parametrize("case", synthetic_cases.CASES)
def test_every_hard_case_occurs(con: duckdb.DuckDBPyConnection, case: str) -> None:
    assert con.execute(synthetic_cases.CASES[case]).fetchone() != (0,)


def test_practice_files_take_every_form() -> None:
    def head(practice: str) -> bytes:
        return (METRICS / f"{practice}.csv").read_bytes()[:200].splitlines()[0]

    headers = {path.stem: head(path.stem) for path in METRICS.glob("*.csv")}
    plain = headers["A81001"]
    assert sum(header == plain for header in headers.values()) >= 15
    assert [name for name, header in headers.items() if header.endswith(b",POSTCODE")]
    assert [name for name, header in headers.items() if header.endswith(b",USUAL_GP_CODE")]
    assert [name for name, header in headers.items() if header == b"\xef\xbb\xbf" + plain]
    last_is_first = b"bowel_cancer_screening"
    [reordered] = [name for name, header in headers.items() if header.endswith(last_is_first)]
    assert b"\r\n" in (METRICS / f"{reordered}.csv").read_bytes()
    assert list(METRICS.glob("*.csv.gz")) and list(METRICS.glob("*.parquet"))
    assert len({path.name.split(".")[0] for path in METRICS.iterdir()}) == 24


def test_rows_with_a_column_too_few_and_too_many() -> None:
    commas = {
        line.count(b",")
        for path in METRICS.glob("*.csv")
        if path.read_bytes().splitlines()[0].count(b",") == 7
        for line in path.read_bytes().splitlines()
    }
    assert commas == {6, 7, 8}


def test_opt_out_files_missing_and_empty() -> None:
    opt_outs = {path.stem: path.read_bytes() for path in (SAMPLE / "gpes/opt_outs").iterdir()}
    practices = {path.name.split(".")[0] for path in METRICS.iterdir()}
    assert len(practices - set(opt_outs)) == 1
    assert len([content for content in opt_outs.values() if content.count(b"\n") == 1]) == 1


def test_one_of_twenty_has_a_history_of_objection(con: duckdb.DuckDBPyConnection) -> None:
    share = con.execute("""
        select
            (select count(distinct person) from opt_outs where is_dissent)
            / (select count(distinct "NHS_NUMBER") from metric_rows)
    """).fetchall()[0][0]
    assert 0.04 < share < 0.07


def test_hes_has_the_columns_of_the_real_one() -> None:
    for path in (SAMPLE / "hes").iterdir():
        with gzip.open(path, "rt", encoding="utf-8") as file:
            header = file.readline().rstrip().split(",")
        assert len(header) == 194
        assert (header[0], header[192], header[193]) == ("FYEAR", "NER_TREATMENT", "NEWNHSNO")


def test_hes_flags_agree_with_their_definitions(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        con.execute("""
        select count(*) from hes
        where "FAE_EMERGENCY" <> (
            "EPISTAT" = '3' and "CLASSPAT" not in ('3', '4')
            and "EPIORDER" = '1' and "ADMIMETH"[1:1] = '2'
        )::int::varchar
    """).fetchall()[0][0]
        == 0
    )


def test_gp_codes_have_their_check_digit(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        con.execute("""
        select count(*) from gps
        where list_sum(list_transform(
            [1, 3, 7, 1, 3, 7], lambda weight, i: weight * code[i + 1]::int
        )) % 10 <> code[8]::int
    """).fetchall()[0][0]
        == 0
    )


def passes_modulus_11(number: str) -> bool:
    return sum((10 - i) * int(digit) for i, digit in enumerate(number)) % 11 == 0


def text_of(path: Path, con: duckdb.DuckDBPyConnection) -> str:
    if path.suffix == ".parquet":
        return str(con.execute(f"from read_parquet('{path}', hive_partitioning = false)").fetchall())
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")


def test_only_numbers_of_the_test_range(con: duckdb.DuckDBPyConnection) -> None:
    """Counts, never values: what this finds may be somebody's."""
    real_range = seen = 0
    for path in SAMPLE.rglob("*.*"):
        if path.is_file():
            text = text_of(path, con)
            for found in re.findall(r"(?<!\d)\d{3} ?\d{3} ?\d{4}(?!\d)", text):
                number = found.replace(" ", "")
                seen += number.startswith("999")
                real_range += passes_modulus_11(number) and not number.startswith("999")
    assert real_range == 0
    assert seen > 40_000


def test_numbers_are_not_in_the_order_of_the_rows(con: duckdb.DuckDBPyConnection) -> None:
    """By chance, every other number is larger than the one before it."""
    rising = con.execute("""
        select avg((number > before)::int) from (
            select "NHS_NUMBER" as number, lag("NHS_NUMBER") over (order by rowid) as before
            from metric_rows
        )
    """).fetchall()[0][0]
    assert 0.45 < rising < 0.55


@pytest.fixture
def copy_of_sample(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE, tmp_path / "copy")
    return tmp_path / "copy"


def add_a_file(folder: Path) -> None:
    (folder / "gpes/opt_outs/A81999.csv").write_text("PRACTICE_CODE\n")


def let_a_file_grow(folder: Path) -> None:
    with (folder / "ods/egpcur.csv").open("a") as file:
        file.write("\n")


def remove_a_file(folder: Path) -> None:
    (folder / "gpes/suppliers.csv").unlink()


def move_a_file(folder: Path) -> None:
    (folder / "gpes/suppliers.csv").rename(folder / "suppliers.csv")


def garble_the_marker(folder: Path) -> None:
    (folder / MARKER).write_text("[]")


def remove_the_marker(folder: Path) -> None:
    (folder / MARKER).unlink()


def test_the_sample_is_synthetic(copy_of_sample: Path) -> None:
    assert is_synthetic(copy_of_sample)


@pytest.mark.parametrize(
    "change",
    [
        add_a_file,
        let_a_file_grow,
        remove_a_file,
        move_a_file,
        garble_the_marker,
        remove_the_marker,
    ],
)
def test_a_changed_folder_is_not_synthetic(copy_of_sample: Path, change: Callable[[Path], None]) -> None:
    change(copy_of_sample)
    assert not is_synthetic(copy_of_sample)


def test_a_hidden_file_is_not_counted(copy_of_sample: Path) -> None:
    (copy_of_sample / ".DS_Store").write_bytes(b"")
    assert is_synthetic(copy_of_sample)
