"""Whatever is wrong with the folders, keys or settings: one clear sentence, and nothing is lost."""

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conftest import (
    COLLECTION,
    SAMPLE,
    Ended,
    Folders,
    copy_store,
    file_digests,
    finish,
    must_succeed,
    run_build,
    run_dbt,
    start,
)  # fmt: skip
from gp_level_data.command_line import main
from gp_level_data.custody import keys
from gp_level_data.raw import synthetic_folder
from gp_level_data.refusal import Refusal

OWN_VARS = '{collected_at: "2017-04-02T09:00:00+01:00", period_start: 2016-04-01, period_end: 2017-03-31}'


@pytest.fixture(scope="module")
def previous(built: Folders, tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """A store with results that no refused build may touch."""
    return copy_store(built, tmp_path_factory.mktemp("previous"))


@pytest.fixture(scope="module")
def own_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with one file changed: not synthetic any more."""
    folder = tmp_path_factory.mktemp("own") / "raw"
    shutil.copytree(SAMPLE, folder)
    with (folder / "cqrs" / "participation.csv").open("a") as file:
        file.write("Z99999,INDIVIDUAL_GP_LEVEL_DATA,offered,2017-01-01\n")
    assert not synthetic_folder.is_synthetic(folder)
    return folder


def own_keys(folder: Path) -> Path:
    """Keys that were not made for the sample."""
    for name in (COLLECTION, *keys.OF_DATABASES):
        keys.new_key(folder, name)
    return folder


Refused = Callable[..., str]


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str]) -> Refused:
    """The sentence with which a build is refused; the previous results are as they were.

    The command runs in this process, which saves a second a case; AS_COMMANDS runs it outside.
    """

    def sentence(folders: Folders, *options: str) -> str:
        before = file_digests(folders.store)
        places = ["--raw-dir", folders.raw, "--key-dir", folders.keys, "--store-dir", folders.store]
        capfd.readouterr()
        code = main(["build", *map(str, places), *options])
        return the_sentence(Ended(code, *capfd.readouterr()), folders, before)

    return sentence


def the_sentence(ended: Ended, folders: Folders, before: dict[str, str]) -> str:
    assert ended.code == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, f"{len(lines)} lines on stderr instead of one sentence"
    assert lines[0].endswith(".") and ". " not in lines[0]
    assert not ended.stdout.strip(), "work began before the refusal"
    assert file_digests(folders.store) == before, "the previous results were changed"
    assert not (folders.store / "building").exists()
    return lines[0]


def with_raw(previous: Folders, raw: Path) -> Folders:
    return Folders(previous.store, previous.keys, previous.work, raw, previous.project)


def with_keys(previous: Folders, key_dir: Path, raw: Path = SAMPLE) -> Folders:
    return Folders(previous.store, key_dir, previous.work, raw, previous.project)


def empty_folder(raw: Path) -> None:
    raw.mkdir()


def without_hospital_files(raw: Path) -> None:
    shutil.copytree(SAMPLE, raw, ignore=shutil.ignore_patterns("hes"))


def a_file(raw: Path) -> None:
    raw.write_text("not a folder")


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda raw: None, "There is no raw folder"),
        (a_file, "There is no raw folder"),
        (empty_folder, "is empty"),
        (without_hospital_files, "has no file hes/"),
    ],
    ids=["absent", "a file", "empty", "without hospital files"],
)
def test_raw_folder(
    previous: Folders, refused: Refused, tmp_path: Path, prepare: Callable[[Path], None], says: str
) -> None:
    """Flags a build that starts without the files it needs, and would report zeros for them."""
    prepare(tmp_path / "raw")
    assert says in refused(with_raw(previous, tmp_path / "raw"))


def with_hospital_file(name: str, change: Callable[[str], bytes]) -> Callable[[Path], None]:
    """The sample with one hospital file, of the header and a row."""

    def prepare(raw: Path) -> None:
        without_hospital_files(raw)
        header, row = gzip.decompress((SAMPLE / "hes" / "apc_1617.csv.gz").read_bytes()).decode().splitlines()[:2]
        (raw / "hes").mkdir()
        (raw / "hes" / name).write_bytes(change(f"{header}\n{row}\n"))

    return prepare


def same(text: str) -> bytes:
    return text.encode()


HOSPITAL_FILES = {
    "semicolons": ("apc_1617.csv", lambda text: same(text.replace(",", ";")), "is a semicolon"),
    "one column": ("apc_1617.csv", lambda text: same(text.replace(",", " ")), "neither comma nor tab nor pipe"),
    "UTF-16": ("apc_1617.csv", lambda text: text.encode("utf-16"), "it is in UTF-16"),
    "a column is missing": (
        "apc_1617.csv", lambda text: same(text.replace("ADMIDATE", "ADMI DATE")), "missing: ADMIDATE (a column is called 'ADMI DATE')"
    ),
    "another's pseudonym": (
        "apc_1617.csv", lambda text: same(text.replace("NEWNHSNO", "TOKEN_PERSON_ID")), "NEWNHSNO is missing and TOKEN_PERSON_ID"
    ),
    "a name in capitals": ("APC_1617.CSV", same, "hes/APC_1617.CSV is called otherwise"),
    "a name with a person's": ("9996234657 SMITH.csv", same, "its name is not repeated"),
    "no zip": ("apc_1617.zip", same, "no zip, or damaged"),
    "a workbook": ("apc_1617.csv", lambda text: b"PK\3\4" + same(text), "a zip archive or a workbook"),
    "no Parquet": ("apc_1617.parquet", same, "no Parquet, or not whole"),
    "nothing in it": ("apc_1617.csv", lambda text: b"\n\n", "it is empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSPITAL_FILES)
def test_a_hospital_file(previous: Folders, refused: Refused, tmp_path: Path, case: str) -> None:
    """Flags a file whose fault is not told in a sentence: which column, which delimiter, which file; no value."""
    name, change, words = HOSPITAL_FILES[case]
    with_hospital_file(name, change)(tmp_path / "raw")
    sentence = refused(with_raw(previous, tmp_path / "raw"))
    assert words in sentence and sentence.startswith("The file hes/")
    assert not re.search("[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}|SMITH", sentence.replace(str(tmp_path), ""))


def a_directory(key: Path) -> None:
    key.unlink()
    key.mkdir()


@pytest.mark.parametrize("name", [COLLECTION, *keys.OF_DATABASES])
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda key: key.unlink(), "There is no key"),
        (a_directory, "cannot be read"),
        (lambda key: key.write_bytes(b"\1" * 31), "31 bytes long"),
        (lambda key: key.write_bytes(b"\1" * 33), "33 bytes long"),
        (lambda key: key.write_bytes(bytes(32)), "all zeros"),
        (lambda key: key.chmod(0o640), "open to others"),
        (lambda key: key.chmod(0o604), "open to others"),
    ],
    ids=["missing", "a directory", "short", "long", "zeros", "group may read", "others may read"],
)
def test_keys(tmp_path: Path, name: str, spoil: Callable[[Path], None], says: str) -> None:
    """Flags a key that is used although nobody can trust it.

    Asked of the module that both runs read their keys with; the command is tried below, once a key.
    """
    key_dir = own_keys(tmp_path / "keys")
    spoil(keys.key_file(key_dir, name))
    with pytest.raises(Refusal, match=says):
        keys.read_key(key_dir, name)


def test_dbt_before_anything_was_built(tmp_path: Path) -> None:
    """Flags the engine's traceback where the analyst's store is not there yet, or is called otherwise."""
    ended = run_dbt(Folders(tmp_path / "store", tmp_path / "keys", tmp_path / "work"), "show", "-s", "fct_gp_metrics")
    assert ended.code and f"There is no store {tmp_path / 'store'}" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr and not (tmp_path / "store").exists()


def test_a_missing_key_says_how_it_is_made(tmp_path: Path) -> None:
    """Flags a command that makes another collection's keys, or takes a folder with a blank for two words."""
    for name, command in (
        (COLLECTION, f"make key KEY_DIR='{tmp_path}/my keys'`"),
        (keys.STORE_KEY, f"make key KEY_DIR='{tmp_path}/my keys'`"),
        ("gpdpr", f"make key KEY_DIR='{tmp_path}/my keys' COLLECTION=gpdpr`"),
    ):
        with pytest.raises(Refusal, match=re.escape(command)):
            keys.read_key(tmp_path / "my keys", name)


@pytest.mark.parametrize("name", [COLLECTION, *keys.OF_DATABASES])
def test_a_build_with_a_bad_key(previous: Folders, refused: Refused, own_raw: Path, tmp_path: Path, name: str) -> None:
    """Flags a build that makes up a missing key on somebody's own data: nobody would hold it."""
    key_dir = own_keys(tmp_path / "keys")
    keys.key_file(key_dir, name).unlink()
    folders = with_keys(previous, key_dir, own_raw)
    assert "There is no key" in refused(folders, "--vars", OWN_VARS)
    assert not keys.key_file(key_dir, name).exists()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (a_directory, "cannot be read"),
        (lambda key: key.write_bytes(b"\1" * 31), "31 bytes long"),
        (lambda key: key.write_bytes(bytes(32)), "all zeros"),
        (lambda key: key.chmod(0o644), "open to others"),
    ],
    ids=["a directory", "short", "zeros", "others may read"],
)
def test_a_build_with_a_key_that_cannot_be_trusted(
    previous: Folders, refused: Refused, tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    """Flags a command that lets a bad key end in a stack trace, or repairs it by replacing it."""
    key_dir = own_keys(tmp_path / "keys")
    spoil(keys.key_file(key_dir, COLLECTION))
    assert says in refused(with_keys(previous, key_dir))


def test_sample_keys_on_own_data(previous: Folders, refused: Refused, own_raw: Path) -> None:
    """Flags the sample's keys, which anybody may have, on real people's numbers."""
    says = refused(with_raw(previous, own_raw), "--vars", OWN_VARS)
    assert "were made for the sample" in says


@pytest.mark.parametrize("given", ["", "{period_start: 2016-04-01, period_end: 2017-03-31}"])
def test_own_data_without_its_settings(
    previous: Folders, refused: Refused, own_raw: Path, tmp_path: Path, given: str
) -> None:
    """Flags a moment of collection that is guessed: opt-outs would be judged at the wrong time."""
    folders = with_keys(previous, own_keys(tmp_path / "keys"), own_raw)
    options = ["--vars", given] if given else []
    assert refused(folders, *options).startswith("Give collected_at")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{", "not valid YAML"),
        ("[1, 2]", "a mapping"),
        ("collect_at: 2017", "these names only"),
        ('collected_at: "2017-04-02T09:00:00"', "time zone"),
        ("collected_at: 2017-04-02", "time zone"),
        ("period_start: April", "days"),
        ("{period_start: 2017-03-31, period_end: 2016-04-01}", "ends before it starts"),
        # the sample's own period ends on 31 March 2017
        ("period_start: 2018-01-01", "ends before it starts"),
        ("emergency_definition: nobodys", "emergency_definition"),
        ("collection: GPDPR", "one of these: individual_gp_level_data"),
        ("collection: [gpdpr]", "as collection a row of"),
        ("collection:", "as collection a row of"),
        ("exception_id: nobodys", "as exception_id a row of"),
        ("period_start:", "days"),
        ("{period_start: 20160401}", "days"),
        ("period_start: 2016-W13-5", "days"),
        ('collected_at: "2017-W13-7T09:00+01:00"', "time zone"),
        ('collected_at: "20170402T090000+01:00"', "time zone"),
    ],
)
def test_settings(previous: Folders, refused: Refused, given: str, says: str) -> None:
    """Flags settings that dbt trips over halfway, or that quietly select nothing."""
    assert says in refused(previous, "--vars", given)


@pytest.mark.parametrize("option", ["--store-dir", "--key-dir"])
def test_a_file_where_a_folder_belongs(previous: Folders, refused: Refused, tmp_path: Path, option: str) -> None:
    """Flags a slip of the command line that ends in a stack trace."""
    a_file(tmp_path / "file")
    refused(previous, option, str(tmp_path / "file"))


AS_COMMANDS: dict[str, tuple[Callable[[Folders, Path], Folders], tuple[str, ...]]] = {
    "There is no raw folder": (lambda folders, tmp: with_raw(folders, tmp / "absent"), ()),
    "cannot be read": (lambda folders, tmp: with_keys(folders, key_is_a_directory(tmp)), ()),
    "not valid YAML": (lambda folders, tmp: folders, ("--vars", "{")),
}


def key_is_a_directory(tmp_path: Path) -> Path:
    key_dir = own_keys(tmp_path / "keys")
    a_directory(keys.key_file(key_dir, COLLECTION))
    return key_dir


@pytest.mark.parametrize("says", AS_COMMANDS)
def test_as_a_command(previous: Folders, tmp_path: Path, says: str) -> None:
    """Flags a refusal that is one sentence within Python only, one of each sort."""
    prepare, options = AS_COMMANDS[says]
    folders = prepare(previous, tmp_path)
    before = file_digests(previous.store)
    assert says in the_sentence(run_build(folders, *options), folders, before)


LOCKER = """
import sys, pathlib
from gp_level_data.custody import store
from gp_level_data.refusal import Refusal
store.lock(pathlib.Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_store_in_use(previous: Folders) -> None:
    """Flags two builds in one store, of which the slower would replace the faster's results.

    A really running build is tried in test_interrupted.py.
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(previous.store)],
        cwd=previous.project,
        env=os.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline().strip() == "locked"
        before = file_digests(previous.store)
        says = the_sentence(run_build(previous), previous, before)
        assert says.startswith("Another run is using the store") and f"process {holder.pid}" in says
    finally:
        holder.communicate("")
    assert holder.returncode == 0


def test_new_keys_never_replace_old_ones(previous: Folders, tmp_path: Path) -> None:
    """Flags `make key` in a folder with keys: the pseudonyms made with them would be orphaned."""
    key_dir = own_keys(tmp_path / "keys")
    before = {path.name: path.read_bytes() for path in key_dir.iterdir()}
    command = [sys.executable, "-m", "gp_level_data", "keys", "new", "--key-dir", str(key_dir)]
    ended = finish(start(command, previous))
    is_kept = {path.name: path.read_bytes() for path in key_dir.iterdir()} == before
    assert ended.code == 0 and ended.stdout.count("kept as it was") == 3 and is_kept


@pytest.mark.whole
def test_extracts_older_than_a_week_are_told(previous: Folders, tmp_path: Path) -> None:
    """Flags `dbt source freshness` that says nothing of the sample's old extracts, or warns of one from today."""
    raw = tmp_path / "raw"
    shutil.copytree(SAMPLE, raw)
    practice_file = raw / "gpes" / COLLECTION / "A81001.csv"
    written = practice_file.read_text()
    practice_file.write_text(written.replace("2017-04-01", datetime.now(UTC).date().isoformat()))
    folders = Folders(tmp_path / "store", previous.keys, tmp_path / "work", raw)
    said = must_succeed(
        run_dbt(folders, "source", "freshness", "--target", "gateway", "--select", "source:gpes")
    ).stdout
    found = {source: verdict for verdict, source in re.findall(r"(WARN|PASS) freshness of gpes\.(\w+)", said)}
    assert found == {"practice_records": "PASS", "opt_out_extractions": "WARN", "journals": "WARN"}
