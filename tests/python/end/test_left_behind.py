"""What commands leave behind and print: neither a key nor a number, at the most talkative log level.

The keys are known here, and the runs fail in every way that makes an engine or dbt quote what it read.
"""

import base64
import json
from argparse import Namespace
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from duckdb import func, sqltypes

from bench import raw_folder
from bench.failing_project import CONSTRAINTS, FIXTURE, ROWS, STATEMENTS, TWICE, failing_project
from conftest import (
    COLLECTION,
    PROJECT,
    SAMPLE,
    Ended,
    Folders,
    copy_store,
    finish,
    start_dbt,
    test_number,
)
from end.left_behind import files_with_key, files_with_numbers, numbers_in
from gp_level_data.custody import keys, proof, store
from gp_level_data.custody.pseudonym import pseudonymiser
from gp_level_data.refusal import Refusal
from gp_level_data.runs import dbt_duckdb, gateway
from gp_level_data.runs.quiet_errors import QuietCursor

DEBUG = ("--log-level", "debug", "--log-level-file", "debug")
DECOY = bytes(range(200, 232))


def keep(ended: Ended, folders: Folders, name: str) -> Ended:
    """Put what a command said among what it left."""
    (folders.work / f"{name}.said").write_text(ended.stdout + ended.stderr)
    return ended


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folders, Ended]:
    """The custodian's run over the sample, with everything failing."""
    folder = tmp_path_factory.mktemp("failed")
    for name in (COLLECTION, *keys.OF_DATABASES):
        keys.new_key(folder / "keys", name)
    project = failing_project(folder / "project")
    folders = Folders(folder / "store", folder / "keys", folder / "work", project=project)
    select = ("--selector", "gateway")
    ended = finish(start_dbt(folders, *DEBUG, "build", "--target", "gateway", *select))
    return folders, keep(ended, folders, "build")


@pytest.fixture(scope="module")
def used(built: Folders, tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The build of the sample, after which the analyst and the custodian go on working with its keys."""
    folder = tmp_path_factory.mktemp("used")
    folders = copy_store(built, folder)
    select = f"select practice_code, '{DECOY.hex()}' as decoy from {{{{ ref('fct_gp_metrics') }}}}"
    commands = {
        "show": ("show", "--inline", select),
        "test": ("test", "--select", "fct_gp_metrics", "--store-failures"),
        "debug": ("debug",),
        "gateway_freshness": ("source", "freshness", "--target", "gateway", "--select", "source:gpes"),
        "gateway_show": ("show", "--target", "gateway", "--inline", "select 1 as a"),
    }
    for name, arguments in commands.items():
        keep(finish(start_dbt(folders, *DEBUG, *arguments)), folders, name)
    return folders


def sample_numbers() -> set[str]:
    """Ten digits of everybody in the practice files of the sample, without those that a unit test uses."""
    files = (SAMPLE / "gpes" / COLLECTION).iterdir()
    found = set()
    for path in files:
        header, *rows = raw_folder.cells(path)
        if "NHS_NUMBER" in header:
            at = header.index("NHS_NUMBER")
            found |= {"".join(filter(str.isdigit, row[at])) for row in rows if len(row) > at}
    fixtures = {FIXTURE}.union(*(numbers_in(path.read_bytes()) for path in (PROJECT / "models").rglob("*.yml")))
    return {number for number in found if len(number) == 10} - fixtures


# ---- the key --------------------------------------------------------------------------------------


def known_keys(folders: Folders) -> list[bytes]:
    return [keys.read_key(folders.keys, name) for name in (COLLECTION, *keys.OF_DATABASES)]


@pytest.mark.whole
def test_no_command_leaves_a_key(built: Folders, used: Folders) -> None:
    """Flags a key in a log, an artefact, a database or on the screen, in any spelling."""
    left = (built.store, built.work, built.project, used.work)
    assert files_with_key(left, *known_keys(built)) == []


@pytest.mark.whole
def test_no_failing_command_leaves_a_key(failed: tuple[Folders, Ended]) -> None:
    """Flags a key that comes to light when something goes wrong."""
    folders, _ = failed
    left = (folders.store, folders.work, folders.project)
    assert files_with_key(left, *known_keys(folders)) == []


def test_no_database_holds_a_key(built: Folders, tmp_path: Path) -> None:
    """Flags a key in a table, which compression or encryption would hide from a look at the bytes."""
    connection = duckdb.connect()
    connection.execute("pragma force_compression = 'uncompressed'")
    marts = store.database_file(built.store, store.MARTS)
    connection.execute(f"attach '{marts}' as {store.MARTS} (read_only)")
    store.attach_store(connection, built.store, keys.of_store(built.keys))
    for database in store.OF_A_RUN:
        connection.execute(f"attach '{tmp_path}/{database}.duckdb' as copied")
        connection.execute(f"copy from database {database} to copied")
        connection.execute("detach copied")
    connection.close()
    assert files_with_key([tmp_path], *known_keys(built)) == []


@pytest.mark.whole
def test_the_search_sees_what_a_command_said(used: Folders) -> None:
    """Flags a search that looks in the wrong places: SQL that holds a key is printed and logged."""
    found = files_with_key([used.work], DECOY)
    assert {"show.said", "dbt.log"} <= set(found)


PLANTED = {
    "raw": DECOY,
    "backwards": DECOY[::-1],
    "hex": DECOY.hex().encode(),
    "capital hex": DECOY.hex().upper().encode(),
    "hex backwards": DECOY.hex()[::-1].encode(),
    "hex in UTF-16": DECOY.hex().encode("utf-16"),
    "base64": base64.b64encode(DECOY),
    "urlsafe base64": base64.urlsafe_b64encode(DECOY),
    "base64 in UTF-16": base64.b64encode(DECOY).decode().encode("utf-16-be"),
    "base64 backwards": base64.b64encode(DECOY)[::-1],
    "Python": repr(DECOY).encode(),
    "SQL blob": "".join(f"\\x{byte:02X}" for byte in DECOY).encode(),
    "list": str(list(DECOY)).encode(),
    "whole number": str(int.from_bytes(DECOY, "big")).encode(),
    "first half": DECOY[:16],
    "second half in hex": DECOY[16:].hex().encode(),
}


def test_the_search_knows_every_spelling(tmp_path: Path) -> None:
    """Flags a spelling of a key that is not found."""
    for spelling, written in PLANTED.items():
        (tmp_path / spelling).write_bytes(b"before " + written + b" after")
    assert set(PLANTED) - set(files_with_key([tmp_path], DECOY)) == set()


@pytest.mark.parametrize("offset", range(4))
def test_base64_at_any_alignment(tmp_path: Path, offset: int) -> None:
    """Flags a key that is encoded together with what stands beside it."""
    for name, encode in (("standard", base64.b64encode), ("urlsafe", base64.urlsafe_b64encode)):
        (tmp_path / name).write_bytes(encode(b"\xa5" * offset + DECOY + b"\x5a\xff"))
    assert files_with_key([tmp_path], DECOY) == ["standard", "urlsafe"]


# ---- what the commands were to do -----------------------------------------------------------------


@pytest.mark.whole
def test_the_commands_did_what_they_were_to(used: Folders) -> None:
    """Flags a search of commands that ended before they began."""
    said = {path.stem: path.read_text() for path in used.work.glob("*.said")}
    assert "practice_code" in said["show"] and "fct_gp_metrics" in said["test"]
    assert "All checks passed" in said["debug"] and "freshness of gpes" in said["gateway_freshness"]
    for text in said.values():
        assert "running dbt with arguments" in text, "not at debug level"


@pytest.mark.whole
def test_the_gateway_shows_no_rows(used: Folders) -> None:
    """Flags `dbt show` over identifiable views: dbt writes what it prints to its log as well."""
    assert "its rows are identifiable" in (used.work / "gateway_show.said").read_text()


WHOLE = {"WHICH": "build", "SELECTOR": "gateway", "SELECT": (), "EXCLUDE": (), "EMPTY": False, "SAMPLE": None}
WITHOUT_TESTS = {"EXCLUDE_RESOURCE_TYPES": ("test", "unit_test")}
PARTLY: dict[str, dict[str, object]] = {
    "--store-failures": {"STORE_FAILURES": True},
    "no selector": {"SELECTOR": None},
    "the analyst's selector": {"SELECTOR": "warehouse"},
    "--select": {"SELECT": ("+int_patients__permitted",)},
    "--exclude": {"EXCLUDE": ("int_opt_outs__upheld",)},
    "--empty": {"EMPTY": True},
    "--sample": {"SAMPLE": "3 days"},
    "--inline": {"INLINE": "select 1"},
    "only the seeds": {"RESOURCE_TYPES": ("seed",)},
    "no models": {"EXCLUDE_RESOURCE_TYPES": ("model",)},
    "models of another run": {"DEFER": True},
}


@pytest.mark.parametrize(
    "command", ["show", "run-operation", "compile", "run", "test", "seed", "snapshot", "clone", "retry", "debug"]
)
def test_commands_that_the_gateway_refuses(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Flags a command that prints or keeps rows, as `dbt compile --inline` does with those of run_query."""
    monkeypatch.setattr(gateway, "get_flags", lambda: Namespace(**WHOLE | {"WHICH": command}))
    with pytest.raises(Refusal, match="its rows are identifiable"):
        gateway.refuse_but_whole_builds()


@pytest.mark.parametrize("part", PARTLY)
def test_the_gateway_is_built_whole(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """Flags a part of the run, which would lack what looks at the whole."""
    monkeypatch.setattr(gateway, "get_flags", lambda: Namespace(**WHOLE | PARTLY[part]))
    with pytest.raises(Refusal, match="dbt build --target gateway --selector gateway"):
        gateway.refuse_but_whole_builds()


def test_other_commands_take_no_part_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a part of the project that is compiled beside the key: what it asks would be printed and kept."""
    part = WHOLE | PARTLY["--select"]
    monkeypatch.setattr(gateway, "get_flags", lambda: Namespace(**part | {"WHICH": "generate"}))
    with pytest.raises(Refusal, match="without --select"):
        gateway.refuse_but_whole_builds()
    # Sources are named, and a moment is told of each.
    monkeypatch.setattr(gateway, "get_flags", lambda: Namespace(**part | {"WHICH": "freshness"}))
    gateway.refuse_but_whole_builds()


@pytest.mark.parametrize("command", ["build", "generate", "freshness"])
def test_commands_that_the_gateway_takes(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Flags a refusal of what the custodian has to do."""
    monkeypatch.setattr(gateway, "get_flags", lambda: Namespace(**WHOLE | WITHOUT_TESTS | {"WHICH": command}))
    gateway.refuse_but_whole_builds()


def test_what_was_kept_of_a_parse_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a run by hand that dbt reads from what it keeps in `target`, where others may have written."""
    for kept in (True, False):
        monkeypatch.setattr(gateway, "get_flags", lambda kept=kept: Namespace(**WHOLE | {"PARTIAL_PARSE": kept}))
        with pytest.raises(Refusal, match="add --no-partial-parse") if kept else nullcontext():
            gateway.refuse_what_was_kept()


FILES = {"own://models/a.sql", "own://models/lineage.md", "dbt://macros/a.sql", "dbt_duckdb://macros/b.sql"}


@pytest.mark.parametrize("more", ["own://macros/__pycache__/a.sql", "other://macros/a.sql", None])
def test_dbt_has_read_what_was_proved(monkeypatch: pytest.MonkeyPatch, more: str | None) -> None:
    """Flags a file that dbt reads and no digest is of, wherever it lies, and another package."""
    read = SimpleNamespace(metadata=SimpleNamespace(project_name="own"), files=dict.fromkeys(FILES | {more} - {None}))
    flags = {"PARTIAL_PARSE": False, "PROJECT_DIR": ".", "PROFILES_DIR": "."}
    monkeypatch.setattr(gateway, "get_flags", lambda: Namespace(**WHOLE | flags))
    monkeypatch.setattr(dbt_duckdb, "manifest", lambda: read)
    monkeypatch.setattr(proof, "require", lambda *_: SimpleNamespace(digests={"models/a.sql": "a"}))
    plugin = gateway.Plugin.__new__(gateway.Plugin)
    plugin.key_dir = Path()
    with pytest.raises(Refusal, match="a.sql, which no proof covers") if more else nullcontext():
        plugin.refuse_unproved_code()


# ---- values in errors -------------------------------------------------------------------------------


@pytest.mark.whole
def test_everything_failed(failed: tuple[Folders, Ended]) -> None:
    """Flags a failure that did not happen, and so repeated nothing."""
    folders, ended = failed
    results = json.loads((folders.work / "target" / "run_results.json").read_text())["results"]
    status = {tuple(result["unique_id"].split(".")[::2][:2]): result["status"] for result in results}
    models = {name: found for (kind, name), found in status.items() if kind == "model"}
    tests = [found for (kind, name), found in status.items() if kind != "model" and "failing" in name]
    errors = {name for name, found in models.items() if found == "error"}
    assert ended.code == 1
    assert errors == {f"failing_{name}" for name in STATEMENTS | CONSTRAINTS}
    assert models["failing_view"] == "success"
    assert len(tests) == 6 and set(tests) == {"fail", "error"}


@pytest.mark.whole
def test_no_failure_repeats_a_number(failed: tuple[Folders, Ended]) -> None:
    """Flags a number of the raw files in what a failing run says, logs, or keeps."""
    folders, _ = failed
    numbers = sample_numbers()
    assert len(numbers) > 30_000
    assert files_with_numbers([folders.work, folders.store], numbers) == {}


@pytest.mark.whole
def test_no_failing_row_is_kept(failed: tuple[Folders, Ended]) -> None:
    """Flags rows of a failing test that are kept."""
    folders, _ = failed
    connection = duckdb.connect()
    store.attach_patient_level(connection, folders.store, keys.read_key(folders.keys, keys.STORE_KEY))
    connection.execute(f"attach '{store.database_file(folders.store, store.MARTS)}' as marts (read_only)")
    kept = connection.execute("select schema_name from duckdb_schemas() where schema_name like 'dbt_test%'").fetchall()
    tables = connection.execute("select table_name from duckdb_tables() where table_name like '%failing%'").fetchall()
    connection.close()
    assert kept == [] and tables == []


@pytest.mark.whole
def test_a_unit_test_prints_its_fixture_alone(failed: tuple[Folders, Ended]) -> None:
    """Flags a change of dbt's: a failing unit test shows the rows of its fixture, which are made up.

    Net 1 holds that no fixture reads a table and that its numbers are of the range for tests.
    """
    folders, _ = failed
    assert "build.said" in files_with_numbers([folders.work], {FIXTURE})


@pytest.mark.parametrize("name", STATEMENTS | CONSTRAINTS)
def test_quiet_where_the_engine_is_not(name: str) -> None:
    """Flags a statement whose error repeats the value, one at a time; and a check that cannot fail."""
    number = test_number(54_321)
    connection = duckdb.connect()
    function = pseudonymiser(DECOY, COLLECTION)
    connection.create_function(
        "pseudonymise", function, [sqltypes.VARCHAR], sqltypes.VARCHAR, type=func.PythonUDFType.ARROW
    )
    columns = f"{7 * (int(number) // 7) if name == 'late_cast' else number} as nhs_number"
    connection.execute(f"create table picked as select {columns}, nhs_number::varchar as written")
    [(number,)] = connection.execute("select written from picked").fetchall()
    statement = STATEMENTS.get(name) or ROWS.get(name, TWICE)
    if name in CONSTRAINTS:
        kind = {"check": "check (regexp_full_match(a, '[a-p]{32}'))"}.get(name, name.replace("_", " "))
        connection.execute(f"create table made (a varchar {kind})")
        statement = f"insert into made {statement}"
    messages = []
    for cursor in (connection, QuietCursor(connection)):
        with pytest.raises(duckdb.Error) as caught:
            cursor.execute(statement)
            cursor.fetchall()
        messages.append("".join(str(error) for error in chain(caught.value)))
    by_engine, by_dbt = (number in message for message in messages)
    assert not by_dbt
    assert by_engine == (name not in ("check", "not_null", "own_function"))


def test_what_stands_in_the_statement_may_be_said() -> None:
    """Flags a check of our own whose verdict, made of names and counts, is kept back with the values."""
    connection = duckdb.connect()
    said = "What is stored isn't right: 3 rows of marts.a.b"
    with pytest.raises(duckdb.Error, match="3 rows of marts.a.b"):
        QuietCursor(connection).execute("select error('{}')".format(said.replace("'", "''")))
    with pytest.raises(duckdb.Error, match="kept back"):
        QuietCursor(connection).execute("select error(a) from (select 'not ' || 'this' as a)")


def test_a_seed_that_a_spreadsheet_saved_names_its_column(tmp_path: Path) -> None:
    """Flags a day that cannot be read, of which nobody hears in which column it stands; and the value, repeated."""
    seed = tmp_path / "codes.csv"
    seed.write_text("code,valid_from\n1,2018-10-31\n2,31.10.2018\n")
    connection = duckdb.connect()
    connection.execute("create table codes (code varchar, valid_from date)")
    with pytest.raises(duckdb.Error, match="column valid_from of this seed is no DATE") as caught:
        QuietCursor(connection).execute(f"COPY codes FROM '{seed}' (FORMAT CSV, HEADER TRUE, DELIMITER ',')")
    assert "31.10.2018" not in str(caught.value)


def chain(error: BaseException | None) -> list[BaseException]:
    """An error with those that it came from, which a traceback would print too."""
    return [error, *chain(error.__cause__ or error.__context__)] if error else []
