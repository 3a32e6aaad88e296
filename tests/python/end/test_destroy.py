"""What destruction and its certificate refuse, asked without a build; the rest is in test_end_of_life.py."""

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import duckdb
import pytest

from conftest import COLLECTION
from gp_level_data import project
from gp_level_data.command_line import main
from gp_level_data.commands import build, destroy, report_back
from gp_level_data.custody import checksums
from gp_level_data.end import ledger, policy
from gp_level_data.project import SAMPLE
from gp_level_data.refusal import Refusal

HANDED_OVER = {
    "collection": COLLECTION,
    "collected_at": "2017-04-02T09:00:00+01:00",
    "reported_at": "2017-04-10T09:00:00+01:00",
    "results": checksums.of_bytes(b""),
    "practices": [],
}


def test_what_is_kept_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a name that was mistyped: the folder that is meant is not searched, and the certificate says it was."""
    folders = [f"--{name}-dir={tmp_path / name}" for name in ("store", "key")]
    (tmp_path / "store").mkdir()
    assert main(["destroy", COLLECTION, "--kept", str(tmp_path / "reprot"), *folders]) == 1
    assert "reprot to be searched" in capsys.readouterr().err
    assert not list((tmp_path / "store").iterdir())


@pytest.mark.parametrize(
    ("practices", "is_refused"),
    [(["Z99999"], True), (["A81001", "Z99999"], False), ([], False)],
    ids=["others'", "one is here", "nobody was told anything"],
)
def test_the_raw_folder_is_the_runs(practices: list[str], is_refused: bool) -> None:
    """Flags RAW_DIR forgotten: the proof would look for the sample's numbers, and certify that they are not there."""
    handed_over = {"collection": COLLECTION, "practices": [{"practice_code": code} for code in practices]}
    if is_refused:
        with pytest.raises(Refusal, match="RAW_DIR"):
            destroy.refuse_others_files(SAMPLE, handed_over)
    else:
        destroy.refuse_others_files(SAMPLE, handed_over)


def test_a_raw_folder_without_people_is_not_refused(tmp_path: Path) -> None:
    """Flags personal data that can never be destroyed, since the raw files were so before."""
    destroy.refuse_others_files(tmp_path, {"collection": COLLECTION, "practices": [{"practice_code": "A81001"}]})
    [said] = [
        says
        for name, says, _ in destroy.proof({"keys": [], "files": [], "results": {}}, tmp_path, tmp_path, [], [], [])
        if name == "numbers_absent"
    ]
    assert said.startswith("No number was searched for")


@pytest.mark.parametrize(
    ("left", "is_refused"),
    [
        (["hes/apc_1617.csv"], False),
        (["ndop/request/X26OT001-010417-0001.dat", "gpes/opt_outs/notes.csv"], False),
        (["hes/apc_1617.csv", "gpes/opt_outs/B81001.csv"], True),
        (["hes/apc_1617.csv", f"gpes/{COLLECTION}/A81001.csv"], False),
    ],
    ids=["hospital", "national opt-outs", "another practice's", "a practice's own"],
)
def test_only_a_practices_files_tell_whose_the_folder_is(tmp_path: Path, left: list[str], is_refused: bool) -> None:
    """Flags hospital files that can never be destroyed, since somebody deleted the practices' by hand."""
    for name in left:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    handed_over = {"collection": COLLECTION, "practices": [{"practice_code": "A81001"}]}
    with pytest.raises(Refusal, match="RAW_DIR") if is_refused else nullcontext():
        destroy.refuse_others_files(tmp_path, handed_over)


def test_folders_of_dbt_are_those_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a relative path that is searched from where the command is called: dbt takes it from the project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DBT_TARGET_PATH", "out/target")
    assert project.PROJECT / "out" / "target" in project.artefacts()


@pytest.mark.parametrize("what", ["certificate", "evidence"])
def test_nothing_is_not_verified(tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a reviewer who names another folder and is told that everything holds."""
    (tmp_path / "store").mkdir()
    assert main([what, "verify", *(f"--{name}-dir={tmp_path / name}" for name in ("store", "key"))]) == 1
    assert "There is no" in capsys.readouterr().out


def test_half_an_entry_stops_nothing(tmp_path: Path) -> None:
    """Flags a full disk while the ledger was written, after which nothing could be destroyed or even looked at."""
    whole = ledger.append(tmp_path, ledger.REPORTED_BACK, HANDED_OVER)
    half = ledger.unfinished(tmp_path / ledger.FOLDER / "0002_evidence.json")
    for left in (whole.path.read_bytes()[:20], whole.path.read_bytes()):
        half.write_bytes(left)
        assert ledger.entries(tmp_path) == [whole]
        assert not list(ledger.problems(tmp_path, whole.checksum))
    again = ledger.append(tmp_path, ledger.REPORTED_BACK, HANDED_OVER)
    assert ledger.entries(tmp_path) == [whole, again]
    assert not half.exists()


@pytest.mark.parametrize(
    ("at", "is_refused"),
    [("2010-04-10", True), ("2017-04-02", False), ("2017-04-10", False), ("2017-04-11", True), ("2099-04-10", True)],
)
def test_a_mistyped_moment_is_not_kept(at: str, is_refused: bool) -> None:
    """Flags a year that was mistyped: the ledger keeps it, and the data are overdue at once, or never."""
    moments = [policy.moment(f"{day}T09:00:00+01:00") for day in (at, "2017-04-02", "2017-04-10")]
    with pytest.raises(Refusal, match="after their collection") if is_refused else nullcontext():
        report_back.refuse_mistyped(*moments)


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file grows beyond so many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_told_with_the_file(tmp_path: Path) -> None:
    """Flags "no space left" without a word of where, and what is left of the file."""
    path = tmp_path / policy.ORDER
    with full_disk(10), pytest.raises(OSError, match="File too large") as raised:
        ledger.write(path, bytes(100))
    assert raised.value.filename == str(path)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_no_half_of_a_backup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a disk that stays full, or half an entry in the ledger of a store that is restored: nothing reads it."""
    house, backup, back = tmp_path / "house", tmp_path / "backup", tmp_path / "back"
    (house / "store").mkdir(mode=0o700, parents=True)
    with duckdb.connect(str(house / "store" / "marts.duckdb")) as connection:
        connection.execute("create table dim_metrics as select 1 as metric_id")
    many = [{"practice_code": f"A{number}", "files": []} for number in range(10_000, 30_000)]
    last = ledger.append(house / "store", ledger.REPORTED_BACK, HANDED_OVER | {"practices": many})
    entry, results = last.path.stat().st_size, (house / "store" / "marts.duckdb").stat().st_size
    assert entry > results + 100_000
    folders = [f"--key-dir={tmp_path / 'keys'}", f"--store-dir={house / 'store'}"]
    for size in (results - 1, entry - 1):
        with full_disk(size):
            assert main(["backup", "--to", str(backup), *folders]) == 1
        assert f"{backup} cannot be written: File too large" in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["house"]
    assert main(["backup", "--to", str(backup), *folders]) == 0
    folders[1] = f"--store-dir={back}"
    for size in (results - 1, entry - 1):
        with full_disk(size):
            assert main(["restore", "--from", str(backup), *folders]) == 1
        assert f"{back} cannot be written: File too large" in capsys.readouterr().err
        assert ledger.entries(back) == []
    assert main(["restore", "--from", str(backup), *folders]) == 0
    assert [found.checksum for found in ledger.entries(back)] == [last.checksum]


def test_a_hand_over_stands_without_its_line_in_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a custodian who is told that a report-back failed, and hands over once more what is in the ledger."""

    def fails(*_: object, **__: object) -> None:
        raise Refusal("The store cannot be written; the previous results are untouched.")

    monkeypatch.setattr(build, "dbt", fails)
    with pytest.raises(Refusal, match="untouched. The hand-over stands, in the ledger"):
        report_back.list_in_results(tmp_path, tmp_path)


@pytest.mark.parametrize("name", ["store/marts.duckdb", "store/new.csv", "keys/register.csv"])
def test_a_register_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Flags results, or the register of the keys, in whose place the public register is written."""
    for folder in ("store", "keys"):
        (tmp_path / folder).mkdir(mode=0o700)
    with duckdb.connect(str(tmp_path / "store" / "marts.duckdb")) as connection:
        connection.execute("create table fct_release_register as select 1 as release_id, 2 as person_count")
    (tmp_path / "keys" / "register.csv").write_text("made,a,b")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert main(["register", "--to", str(tmp_path / name), f"--store-dir={tmp_path / 'store'}"]) == 1
    assert re.search("cannot lie|nothing is overwritten", capsys.readouterr().err)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["store/release", "keys/release"])
def test_a_release_does_not_lie_with_the_store(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Flags a release that stands in the way of the store's destruction, or is handed out with its keys."""
    folders = [f"--store-dir={tmp_path / 'store'}", f"--key-dir={tmp_path / 'keys'}"]
    assert main(["release", "care_data_example_admissions", "--to", str(tmp_path / name), *folders]) == 1
    assert "cannot lie with the store or its keys" in capsys.readouterr().err
