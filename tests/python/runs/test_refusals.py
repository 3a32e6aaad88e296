"""What the warehouse run may not do is refused: files, staging, other databases, the key.

A copy of the project with forbidden models, built as the analyst builds. A query is refused by the engine, any other
statement by the cursor between dbt and the engine, and by the engine too where nothing stood in between. A harmless
model in the same run has to succeed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from conftest import (
    COLLECTION,
    SAMPLE,
    Ended,
    Folders,
    copy_project,
    copy_store,
    file_digests,
    finish,
    start_dbt,
    test_number,
)
from end.left_behind import holds_key
from gp_level_data.custody import keys, store
from gp_level_data.runs import dbt_duckdb, gateway, warehouse

CLOSED = "Permission Error: Cannot access file"
LOCKED = "the configuration has been locked"
NOT_SENT = "Permission Error: dbt may not send"
NO_STAGING = "What lies above the border is built by the gateway run"


@dataclass(frozen=True)
class Forbidden:
    """A model, a hook before it, a group it claims, and the words with which the engine refuses it."""

    select: str = "select 1 as one"
    hook: str = ""
    refusal: str = CLOSED
    group: str = "warehouse"

    def text(self) -> str:
        access = "private" if self.group == "gateway" else "protected"
        return (
            "{{ config(contract={'enforced': false}, "
            f"group='{self.group}', access='{access}', pre_hook={[self.hook] if self.hook else []!r})"
            " }}\n" + self.select + "\n"
        )


def models(folder: Path, key_dir: Path) -> dict[str, Forbidden]:
    """One model a forbidden thing, and a control."""
    raw = f"{SAMPLE}/cqrs/participation.csv"
    key = keys.key_file(key_dir, COLLECTION)
    staging = "memory.staging.stg_gpes__opt_outs"
    counted = "select count(*) as n from "
    return {
        "control": Forbidden("select count(*) as n from {{ ref('dim_practices') }}"),
        # a model that claims the gateway's group gets past dbt, and no further
        "staging_by_ref": Forbidden(counted + "{{ ref('stg_gpes__opt_outs') }}", refusal=NO_STAGING, group="gateway"),
        "staging_by_name": Forbidden(counted + staging, refusal=NO_STAGING),
        "read_csv": Forbidden(f"{counted} read_csv('{raw}')"),
        "read_csv_by_name": Forbidden(f"{counted} '{raw}'"),
        "read_parquet": Forbidden(f"{counted} read_parquet('{SAMPLE}/gpes/{COLLECTION}/C81002.parquet')"),
        "read_text": Forbidden(f"{counted} read_text('{key}')"),
        "read_blob": Forbidden(f"{counted} read_blob('{key}')"),
        "list_files": Forbidden(f"{counted} glob('{SAMPLE}/gpes/*/*')"),
        **{name: Forbidden(hook=hook, refusal=NOT_SENT) for name, hook in hooks(folder, raw).items()},
        "pseudonymise": Forbidden(
            f"select pseudonymise('{test_number(1)}') as patient_key",
            refusal="Scalar Function with name pseudonymise does not exist",
        ),
    }


def hooks(folder: Path, raw: str) -> dict[str, str]:
    """Statements that are no query, which the engine refuses as well."""
    return {
        "copy_from": f"copy {store.MARTS}.main.dim_gps from '{raw}'",
        "attach": f"attach '{folder}/other.duckdb' as other",
        "copy_to": f"copy (select 1) to '{folder}/copied.csv'",
        "export": f"export database '{folder}/exported'",
        "open_files": "set enable_external_access = true",
        "open_folders": f"set allowed_directories = ['{SAMPLE}']",
        "unlock": "set lock_configuration = false",
        "reset": "reset lock_configuration",
        "spill_in_the_clear": "set temp_file_encryption = false",
        "load": f"load '{folder}/other.duckdb_extension'",
    }


@pytest.fixture(scope="module")
def runs(built: Folders, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Folders, Ended]]:
    """Three runs of the analyst, side by side, each with a project and a store of its own."""
    tried = {
        "forbidden": ("build", "--select", "path:models/marts/forbidden"),
        "staging": ("build", "--select", "stg_gpes__opt_outs"),
        "curious": ("parse",),
    }
    started = {}
    for name, arguments in tried.items():
        folder = tmp_path_factory.mktemp(name)
        project = copy_project(folder / "project")
        marts = project / "models" / "marts"
        if name == "forbidden":
            for model, forbidden in models(folder, built.keys).items():
                path = marts / "forbidden" / f"forbidden_{model}.sql"
                path.parent.mkdir(exist_ok=True)
                path.write_text(forbidden.text())
        if name == "curious":
            (marts / "curious.sql").write_text("select * from {{ ref('stg_gpes__opt_outs') }}")
        store_dir = copy_store(built, folder).store
        folders = Folders(store_dir, built.keys, folder / "work", project=project)
        started[name] = folders, start_dbt(folders, *arguments)
    return {name: (folders, finish(process)) for name, (folders, process) in started.items()}


@pytest.fixture(scope="module")
def outcome(runs: dict[str, tuple[Folders, Ended]]) -> dict[str, tuple[str, str]]:
    """Status and message of each forbidden model."""
    folders, _ = runs["forbidden"]
    results = json.loads((folders.work / "target" / "run_results.json").read_text())["results"]
    return {
        result["unique_id"].rpartition(".forbidden_")[2]: (result["status"], result["message"] or "")
        for result in results
    }


def test_the_run_itself_works(outcome: dict[str, tuple[str, str]]) -> None:
    """Flags a run in which everything fails, whatever the reason."""
    assert outcome["control"][0] == "success"


@pytest.mark.parametrize("name", sorted(set(models(Path(), Path())) - {"control"}))
def test_the_run_refuses(outcome: dict[str, tuple[str, str]], name: str) -> None:
    """Flags a door of the warehouse run that opens, or that something else closes.

    Mend it in gp_level_data/runs/warehouse.py or statements.py, never by asking people not to.
    """
    status, message = outcome[name]
    assert status == "error"
    assert models(Path(), Path())[name].refusal in message


def test_nothing_was_written(runs: dict[str, tuple[Folders, Ended]]) -> None:
    """Flags an attempt that was refused after it had left a file."""
    folders, _ = runs["forbidden"]
    left = sorted(path.name for path in folders.work.parent.iterdir())
    assert left == ["project", "store", "work"]


def test_building_staging_in_the_default_target(built: Folders, runs: dict[str, tuple[Folders, Ended]]) -> None:
    """Flags an analyst who builds the staging views by naming them: the target has nowhere to put them."""
    folders, ended = runs["staging"]
    assert ended.code != 0
    assert NO_STAGING in ended.stdout
    assert file_digests(folders.store) == file_digests(built.store)


def test_dbt_refuses_a_reference_across_the_line(runs: dict[str, tuple[Folders, Ended]]) -> None:
    """Flags staging models that dbt lets the marts refer to; a second line, before the engine's."""
    _, ended = runs["curious"]
    assert ended.code != 0
    assert "is private to the 'gateway' group" in ended.stdout


# ---- the gateway's connection -------------------------------------------------------------------


@pytest.fixture
def custodian(built: Folders, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """The connection of a gateway run, opened by the plugin itself."""
    settings = {
        "raw_dir": str(SAMPLE),
        "store_dir": str(tmp_path / "store"),
        "key_dir": str(built.keys),
        "collection": COLLECTION,
        "collected_at": "",
        "period_start": "",
        "period_end": "",
    }
    plugin = gateway.Plugin("gateway", settings)
    connection = duckdb.connect(config={"threads": 1})
    plugin.open_gateway(connection)
    return connection


def test_the_gateway_reads_below_the_raw_folder_only(
    custodian: duckdb.DuckDBPyConnection, built: Folders, tmp_path: Path
) -> None:
    """Flags a gateway run whose SQL can read a key, write elsewhere, or open another database."""
    raw = custodian.execute(f"select count(*) from read_text('{SAMPLE}/cqrs/participation.csv')")
    assert raw.fetchone() == (1,)
    key = keys.key_file(built.keys, COLLECTION)
    for statement in (
        f"select content from read_text('{key}')",
        f"select content from read_blob('{key}')",
        f"select content from read_blob('{SAMPLE}/../profiles.yml')",
        f"select * from glob('{built.keys}/*')",
        f"copy (select 1) to '{tmp_path}/copied.csv'",
        f"attach '{tmp_path}/other.duckdb' as other",
    ):
        with pytest.raises(duckdb.PermissionException):
            custodian.execute(statement)
    for statement in ("set enable_external_access = true", "set lock_configuration = false"):
        with pytest.raises(duckdb.InvalidInputException, match=LOCKED):
            custodian.execute(statement)
    assert not list(tmp_path.glob("*.csv"))


@pytest.fixture
def analyst(built: Folders, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """The connection of a warehouse run, opened by the plugin itself."""
    folders = copy_store(built, tmp_path / "analyst")
    settings = {"store_dir": str(folders.store), "key_dir": str(built.keys)}
    plugin = warehouse.Plugin("warehouse", settings)
    connection = duckdb.connect(store.database_file(folders.store, store.MARTS), config={"threads": 1})
    plugin.configure_connection(connection)
    return connection


@pytest.mark.parametrize("name", hooks(Path(), ""))
def test_the_engine_refuses_too(analyst: duckdb.DuckDBPyConnection, tmp_path: Path, name: str) -> None:
    """Flags a door that only the cursor in front of it closes."""
    with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)) as refused:
        analyst.execute(hooks(tmp_path, f"{SAMPLE}/cqrs/participation.csv")[name])
    assert isinstance(refused.value, duckdb.PermissionException) or LOCKED in str(refused.value)


# Everything that the engine tells about itself.
CATALOGUE = (
    "duckdb_settings()", "duckdb_variables()", "duckdb_functions()", "duckdb_databases()", "duckdb_views()",
    "duckdb_tables()", "duckdb_schemas()", "duckdb_types()", "duckdb_secrets()", "duckdb_extensions()",
    "duckdb_prepared_statements()", "duckdb_temporary_files()", "duckdb_external_file_cache()",
    "duckdb_log_contexts()", "duckdb_logs()", "pragma_database_size()", "information_schema.tables",
)  # fmt: skip


def all_told(connection: duckdb.DuckDBPyConnection, statement: str) -> str:
    """Every row as text; nothing where the engine refuses to look (secrets and extensions lie in files)."""
    try:
        return str(connection.execute(statement).fetchall())
    except duckdb.PermissionException:
        return ""


@pytest.mark.parametrize("run", ["custodian", "analyst"])
def test_no_sql_reads_a_key(request: pytest.FixtureRequest, built: Folders, run: str) -> None:
    """Flags a key that the engine's own catalogue gives away: settings, variables, functions, databases."""
    connection = request.getfixturevalue(run)
    told = "".join(
        all_told(connection, statement)
        for statement in ("pragma database_list", *(f"from {view}" for view in CATALOGUE))
    )
    assert ("pseudonymise" in told) == (run == "custodian"), "not the catalogue that was to be searched"
    assert "patient_level" in told
    for name in (COLLECTION, *keys.OF_DATABASES):
        key = keys.read_key(built.keys, name)
        is_told = holds_key(told.encode(), key)
        assert not is_told


@pytest.mark.parametrize("run", ["custodian", "analyst"])
def test_no_sql_reads_files_or_the_environment(request: pytest.FixtureRequest, built: Folders, run: str) -> None:
    """Flags a key file, the register or the process's environment within reach of a model."""
    connection = request.getfixturevalue(run)
    for name in (f"{COLLECTION}.key", *(f"{name}.key" for name in keys.OF_DATABASES), keys.REGISTER):
        for reader in ("read_text", "read_blob", "read_csv", "glob"):
            with pytest.raises(duckdb.PermissionException):
                connection.execute(f"select * from {reader}('{built.keys}/{name}')")
    with pytest.raises(duckdb.PermissionException):
        connection.execute("select * from read_text('/proc/self/environ')")
    with pytest.raises(duckdb.CatalogException):
        connection.execute("select getenv('KEY_DIR')")


# ---- what stands between dbt and the engine ---------------------------------------------------------


@pytest.fixture
def by_dbt(request: pytest.FixtureRequest) -> Iterator[dbt_duckdb.Cursor]:
    """The cursor that dbt would get on the connection of a run."""
    connection = request.getfixturevalue(request.param)
    try:
        yield dbt_duckdb.Cursor(connection)
    finally:
        connection.close()


@pytest.mark.parametrize("by_dbt", ["custodian", "analyst"], indirect=True)
@pytest.mark.parametrize("folder", ["store/spill", "raw"])
def test_no_folder_may_be_written_to(by_dbt: dbt_duckdb.Cursor, tmp_path: Path, folder: str) -> None:
    """Flags SQL that writes a plain file where the engine itself needs to read or to spill.

    Nothing in DuckDB forbids it: the statement does not get that far (runs/statements.py).
    """
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for statement in ("copy (select 1) to '{}/copied.csv'", "export database '{}/x'", "attach '{}/x.duckdb' as x"):
        with pytest.raises(duckdb.PermissionException, match="dbt may not send"):
            by_dbt.execute(statement.format(tmp_path / folder))
    assert not list((tmp_path / folder).iterdir())


@pytest.mark.parametrize("by_dbt", ["custodian"], indirect=True)
def test_the_keyed_function_stays(by_dbt: dbt_duckdb.Cursor) -> None:
    """Flags a macro of SQL in the place of the function: every pseudonym would be what the macro makes of the number."""
    number = test_number(7)
    before = by_dbt.execute(f"select pseudonymise('{number}')").fetchall()
    for statement in (
        "create or replace macro memory.main.pseudonymise(number) as translate(number, '0123456789', 'abcdefghij')",
        "create or replace temp macro pseudonymise(number) as number",
        "create function pseudonymise(number) as number",
        "drop function pseudonymise",
    ):
        with pytest.raises(duckdb.PermissionException, match="dbt may not send"):
            by_dbt.execute(statement)
    assert by_dbt.execute(f"select pseudonymise('{number}')").fetchall() == before
