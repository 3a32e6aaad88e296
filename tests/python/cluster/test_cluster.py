"""The same models on a Spark cluster: the same tables, and the key nowhere but where it is mounted.

What needs a cluster is of the whole tier, and left out where pyspark or Java is not installed.
"""

import base64
import contextlib
import html
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import PROJECT, SAMPLE, Folders, needs_spark, test_number
from gp_level_data.cluster import __main__ as cluster_command
from gp_level_data.cluster import adapter, checks, daemons, data_tests, gateway, handing_back, table_key, tables
from gp_level_data.custody import keys, store
from gp_level_data.nets import Finding, proving, raw_numbers, values
from gp_level_data.raw.synthetic_folder import write_marker
from gp_level_data.refusal import Refusal
from gp_level_data.runs import gateway as one_machine

COLLECTION = "individual_gp_level_data"
# Where it is decided what a GP is not shown.
DISCLOSES = "int_gp_report__decided"
# What tables of a cluster are encrypted under where none is running.
TABLE_KEY = os.urandom(keys.KEY_BYTES)


# ---- without a cluster ------------------------------------------------------------------------------


def test_without_java_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: importlib.util.spec_from_file_location("p", __file__))
    monkeypatch.setattr(metadata, "version", lambda _: "4.0.5")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refusal, match=r"^Java is not installed: Spark needs Java 17 or newer"):
        daemons.up(tmp_path / "cluster")
    assert not (tmp_path / "cluster").exists()


@pytest.mark.parametrize("version", ["3.5.6", "4.0.4", "4.1.0", "5.0"])
def test_a_spark_that_was_not_tried_is_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: importlib.util.spec_from_file_location("p", __file__))
    monkeypatch.setattr(metadata, "version", lambda _: version)
    with pytest.raises(Refusal, match="was not tried"):
        daemons.check_installed()


def test_without_spark_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Refusal, match="^Spark is not installed: pip install -r requirements-spark.txt$"):
        daemons.check_installed()


def test_a_port_in_use_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(daemons, "check_installed", lambda: tmp_path)
    with socket.socket() as taken:
        taken.bind((daemons.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("SPARK_MASTER_PORT", str(port))
        with pytest.raises(Refusal, match=f"^Port {port} is in use"):
            daemons.up(tmp_path / "cluster")
    assert not (tmp_path / "cluster").exists()


def test_no_cluster_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="^No cluster is running: start it with `make cluster-up`"):
        daemons.refuse_absent(tmp_path)


def test_the_command_refuses_in_one_sentence(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gp_level_data.cluster", "build"],
        cwd=PROJECT, env={**os.environ, "CLUSTER_DIR": str(tmp_path / "none")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1 and ended.stderr.startswith("No cluster is running")


def test_a_process_id_that_was_given_out_again_is_left_alone(tmp_path: Path) -> None:
    """The id is somebody else's now: this test's own process, which would not survive to say so."""
    somebody = daemons.Process("master", os.getpid(), "1")
    (tmp_path / daemons.STATE).write_text(json.dumps([vars(somebody)]))
    assert daemons.running(tmp_path) == []
    assert daemons.down(tmp_path) == 0


def test_no_amount_of_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_WORKER_MEMORY", "lots")
    with pytest.raises(Refusal, match="SPARK_WORKER_MEMORY is no amount of memory"):
        daemons.memory("SPARK_WORKER_MEMORY", "1g")


def test_without_a_proof_neither_key_nor_raw_file_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Flags a cluster's gateway that opens for code which no net has read."""
    monkeypatch.setattr(keys, "read_key", lambda *_: pytest.fail("a key was opened"))
    monkeypatch.setattr(one_machine, "check_run", lambda *_: pytest.fail("raw files were looked at"))
    with pytest.raises(Refusal, match="^The gateway opens for proven code only"):
        gateway.run(SAMPLE, tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("materialized", "database", "is_stored"),
    [
        ("table", "patient_level", True),
        ("table", "marts", True),
        ("table", "memory", False),
        ("table", None, False),
        ("view", "patient_level", False),
        ("view", "memory", False),
    ],
)
def test_what_is_of_patients_is_not_written(materialized: str, database: str | None, is_stored: bool) -> None:
    """On Spark a node's own database is always empty: its settings decide, and what they do not say is not stored."""
    node = {"database": None, "config": {"materialized": materialized, "database": database}}
    assert gateway.is_stored(node) is is_stored


def test_a_statement_reads_views_of_one_part() -> None:
    known = {"gateway.int_x", "landing.hes_apc"}
    sql = "select releases.collection, `gateway`.`int_x`.a from gateway.int_x as releases, landing.hes_apc"
    assert gateway.with_views(sql, known) == (
        "select releases.collection, gateway__int_x.a from gateway__int_x as releases, landing__hes_apc"
    )


@pytest.fixture
def two_stores(tmp_path: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, tables.Table, Path]]:
    """A table, and what a cluster could have made of it."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Europe/London'")
        connection.execute(f"attach '{tmp_path / 'marts.duckdb'}' as marts")
        connection.execute(
            "create table marts.main.t as select * from (values ('a', 1::bigint, 0.1::double, timestamptz '2017-04-02 09:00:00+01'),"
            " ('b', null, 0.3, null), ('b', null, 0.3, null)) as t (name, n, share, sent_at)"
        )
        place = tmp_path / "main.db" / "t"
        place.mkdir(parents=True)
        yield connection, tables.Table("marts", "main", "t"), place


@pytest.mark.parametrize(
    ("made", "is_same"),
    [
        ("from marts.main.t order by name desc", True),
        ("select name, n, share + 1e-13 as share, sent_at from marts.main.t", True),
        ("select name, n, share + 1e-6 as share, sent_at from marts.main.t", False),
        ("select distinct * from marts.main.t", False),
        ("select upper(name) as name, n, share, sent_at from marts.main.t", False),
        ("select name, coalesce(n, 0) as n, share, sent_at from marts.main.t", False),
        ("select name, n, share, sent_at + interval 1 hour as sent_at from marts.main.t", False),
        ("select name, n, share from marts.main.t", False),
        ("from marts.main.t limit 0", False),
        ("from marts.main.t union all from marts.main.t limit 4", False),
    ],
)
def test_tables_are_compared_row_for_row(
    two_stores: tuple[duckdb.DuckDBPyConnection, tables.Table, Path], made: str, is_same: bool
) -> None:
    connection, table, place = two_stores
    tables.put(connection, made, place, TABLE_KEY)
    assert (tables.differences(connection, {table: place}, TABLE_KEY) == []) is is_same


def test_a_table_that_is_not_there_is_a_difference(
    two_stores: tuple[duckdb.DuckDBPyConnection, tables.Table, Path],
) -> None:
    connection, table, place = two_stores
    assert tables.differences(connection, {table: place.with_name("nowhere")}, TABLE_KEY)
    assert tables.differences(connection, {table: place}, TABLE_KEY)


def test_what_lies_in_a_file_opens_with_its_key_alone(
    two_stores: tuple[duckdb.DuckDBPyConnection, tables.Table, Path], tmp_path: Path
) -> None:
    """Flags a table that can be read where it lies, or with another key, or that nobody encrypted; or is not what was put there."""
    connection, _, place = two_stores
    told = "repeat(chr(97 + cast(n % 26 as integer)), 300) || n"
    tables.put(connection, f"select n, {told} as told from range(100_000) as rows (n)", place, TABLE_KEY)
    rows = tables.rows_at(connection, place, TABLE_KEY)
    assert connection.execute(f"select count(*), sum(n), min(told) from {rows}").fetchall() == [
        (100_000, 4_999_950_000, "a" * 300 + "0"),
    ]  # fmt: skip
    content = (place / "part.parquet").read_bytes()
    assert b"told" not in content and b"a" * 20 not in content
    (tmp_path / "plain").mkdir()
    connection.execute(
        f"copy (from {rows}) to '{tmp_path / 'plain' / 'part.parquet'}' (format parquet, compression uncompressed)"
    )
    plain = (tmp_path / "plain" / "part.parquet").read_bytes()
    assert b"told" in plain and b"a" * 20 in plain, "the search finds nothing"
    for stranger, key in ((place, os.urandom(keys.KEY_BYTES)), (tmp_path / "plain", TABLE_KEY)):
        with pytest.raises(Refusal, match="does not open with the key of the cluster's tables"):
            tables.rows_at(connection, stranger, key)
    with pytest.raises(duckdb.Error):
        connection.execute(f"from '{place / 'part.parquet'}'")


def test_the_key_of_tables_is_new_for_each_cluster_and_gone_with_it(tmp_path: Path) -> None:
    """Flags a key that outlives its cluster, serves another one or lies among its tables; and one that is lost untold."""
    where = tmp_path / "cluster"
    table_key.make(where)
    first = table_key.read(where)
    table_key.make(where)
    second = table_key.read(where)
    assert first != second
    assert not where.exists() and table_key.folder(where).parent == tmp_path
    where.mkdir()
    daemons.down(where)
    assert not where.exists()
    left = list(everything_below(table_key.folder(where)))
    assert left and not any(key in content for key in (first, second) for content in left)
    with pytest.raises(Refusal, match="^The key of the cluster's tables is not in .*: `make cluster-down`"):
        table_key.read(where)


# ---- on a cluster -----------------------------------------------------------------------------------


def forms_of(secret: bytes) -> dict[str, bytes]:
    """A key, and what is as good as it: the pads of its HMAC; in every form that text could have it."""
    padded = secret.ljust(64, b"\0")
    values = {
        "key": secret,
        "inner pad": bytes(byte ^ 0x36 for byte in padded),
        "outer pad": bytes(byte ^ 0x5C for byte in padded),
    }
    forms: dict[str, bytes] = {}
    for name, value in values.items():
        start = value[:32]
        forms |= {
            f"{name}, plain": start,
            f"{name}, hexadecimal": start.hex().encode(),
            f"{name}, HEXADECIMAL": start.hex().upper().encode(),
            f"{name}, spaced": " ".join(f"{byte:02X}" for byte in start).encode(),
            f"{name}, base 64": base64.b64encode(start)[:40],
            f"{name}, escaped": repr(start)[2:-1].encode(),
        }
    return forms


def found_in(content: bytes, forms: dict[str, bytes]) -> set[str]:
    return {name for name, form in forms.items() if form in content}


def everything_below(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".jar":
            yield path.read_bytes()


def pages_of(port: int) -> Iterator[bytes]:
    """Every page of an application's web UI that a page leads to, and its REST answers."""
    base = f"http://{daemons.HOST}:{port}"
    waiting = ["/jobs/", "/api/v1/applications"]
    seen: set[str] = set()
    while waiting and len(seen) < 2_000:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        try:
            with urllib.request.urlopen(base + path, timeout=30) as page:
                content = page.read()
        except OSError:
            continue
        yield content
        text = content.decode(errors="replace")
        # A table the other way round says the same.
        waiting += [
            urllib.parse.quote(html.unescape(link), safe="/?&=+%;:,")
            for link in re.findall(r'href="(/[^"#]*)', text)
            if "kill" not in link and "static" not in link and ("desc=true" not in link or ".page=" in link)
        ]
        if path == "/api/v1/applications":
            for each in json.loads(text):
                waiting += [
                    f"{path}/{each['id']}/{what}" for what in ("environment", "sql?details=true&length=2000", "stages")
                ]


def put(place: Path, text: str) -> None:
    """A file in the place of another, as Spark writes: never into the one that is there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.with_name("new").write_text(text)
    place.with_name("new").replace(place)


def test_results_are_those_of_the_last_build_that_ended(tmp_path: Path) -> None:
    """What a build that was cut short has written over is not in them, and of the one before nothing is left."""
    with pytest.raises(Refusal, match="^No build has come to its end on this cluster yet"):
        tables.results(tmp_path)
    of_gateway, of_warehouse = (
        tmp_path / "loaded" / "gateway" / "t" / "a",
        tmp_path / "warehouse" / "main.db" / "u" / "b",
    )
    for file in (of_gateway, of_warehouse):
        put(file, "first")
    tables.keep_results(tmp_path, tables.gather(tmp_path))
    for file in (of_gateway, of_warehouse):
        put(file, "second")
    first = tables.results(tmp_path)
    assert [(first / name).read_text() for name in ("gateway/t/a", "main/u/b")] == ["first", "first"]
    tables.keep_results(tmp_path, tables.gather(tmp_path))
    assert (tables.results(tmp_path) / "main/u/b").read_text() == "second"
    assert not first.exists() and len(list(tmp_path.glob("results*"))) == 2


def test_a_memory_that_is_made_anew_is_no_longer_the_one_handed_over(tmp_path: Path) -> None:
    """Flags a memory of what was published with the rows of both: the next disclosure control would read it twice."""
    put(tmp_path / "loaded" / "history" / "t" / "handed", "before")
    put(tmp_path / "loaded" / "history" / "u" / "handed", "before")
    put(tmp_path / "warehouse" / "history.db" / "t" / "made", "now")
    made = tables.gather(tmp_path)
    assert {str(file.relative_to(made)) for file in made.rglob("*") if file.is_file()} == {
        "history/t/made", "history/u/handed",
    }  # fmt: skip


def in_letters(number: str) -> str:
    """A number in a disguise that no pattern knows."""
    return f"{int(number):x}"


PROMISES = [
    ["gateway", "people", "patient_key", '"patient_key" is not null'],
    ["gateway", "people", "patient_key", "regexp_full_match(patient_key, '[a-p]{32}')"],
    ["gateway", "people", "", "length(gp_code) = 8"],
    ["gateway", "nobody", "patient_key", "false"],
]
PERSON = f"select '{'ab' * 16}' as patient_key, 'G1234567' as gp_code, 2017 as year"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (PERSON, {}),
        (f"{PERSON} limit 0", {}),
        (f"{PERSON} union all select null, 'G1234567', 2017", {"gateway.people.patient_key": "1 rows break"}),
        (f"{PERSON} union all select 'x', 'G1234567', 2017", {"gateway.people.patient_key": "1 rows break"}),
        (f"{PERSON} union all select '{'cd' * 16}', 'G1', 2017", {"gateway.people": "1 rows break"}),
        (f"select *, '{test_number(1)}' as note from ({PERSON})", {"gateway.people.note": "ten digits, 1 rows"}),
        (f"select * replace ({test_number(1)} as year) from ({PERSON})", {"gateway.people.year": "ten digits, 1 rows"}),
        # no pattern knows it: who was sent has to be known
        (
            f"select *, '{in_letters(test_number(1))}' as note from ({PERSON})",
            {"gateway.people.note": "a number that was sent, as an integer, in hexadecimal: 1 times"},
        ),
        (f"select *, '{in_letters(test_number(2))}' as note from ({PERSON})", {}),
    ],
)
def test_what_parquet_does_not_enforce_is_looked_into(
    two_stores: tuple[duckdb.DuckDBPyConnection, tables.Table, Path], tmp_path: Path, rows: str, found: dict[str, str]
) -> None:
    """Flags results with a row that a contract forbids, or with a number, known by its form or since it was sent; and a
    finding that says it."""
    connection = two_stores[0]
    place = tmp_path / "made" / "gateway" / "people"
    (place.parent / "nobody").mkdir(parents=True)
    tables.put(connection, rows, place, TABLE_KEY)
    said = checks.findings(connection, tmp_path / "made", TABLE_KEY, PROMISES, {test_number(1)})
    assert {each.where for each in said} == set(found)
    assert {each.where for each in said if each.what.startswith(found[each.where])} == set(found)
    assert test_number(1) not in checks.in_one(said)


SAID = "The run stops: nobody is collected (the practice has not agreed)."
REFUSED = SAID.removesuffix(".") + "; the previous results are untouched."
# As intake says it: the first by the order of rules, then of sentences, is what stops the run.
REFUSALS = (
    "select 2 as rule_order, 'A later rule.' as sentence union all select 1, 'Z, a later sentence.'"
    f" union all select 1, '{SAID}'"
)

FAILED = [Finding(data_tests.NET, "int_x.a", "the data test unique_key does not hold")]
NOT_HELD = (
    "What the cluster made may not stand: int_x.a: the data test unique_key does not hold."
    " The results are those of before."
)


class EmbeddedSession:
    """What the gateway asks of Spark, asked of the embedded engine."""

    def __init__(self, refusals: str) -> None:
        self.connection = duckdb.connect()
        self.connection.execute(f"create view gateway__int_intake__refusals as {refusals}")

    def sql(self, query: str) -> Any:
        rows = self.connection.execute(query).fetchall()
        return type("Rows", (), {"collect": lambda _: rows})()


def test_what_intake_judges_stops_the_gateway() -> None:
    gateway.judge(EmbeddedSession(f"select * from ({REFUSALS}) limit 0"))
    with pytest.raises(Refusal) as refused:
        gateway.judge(EmbeddedSession(REFUSALS))
    assert str(refused.value) == REFUSED


def write_rows(place: Path, query: str) -> None:
    with duckdb.connect() as connection:
        tables.put(connection, query, place, TABLE_KEY)


@pytest.mark.parametrize("judge", ["gateway", "warehouse", "data tests"])
def test_a_run_that_may_not_stand_leaves_the_results_of_before(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    two_stores: tuple[duckdb.DuckDBPyConnection, tables.Table, Path],
    tmp_path: Path,
    judge: str,
) -> None:
    """Flags a cluster that ends well, says something else, or keeps tables, where one machine stops the run."""
    where = tmp_path / "cluster"
    monkeypatch.setenv("CLUSTER_DIR", str(where))
    (where / "loaded").mkdir(parents=True)
    (where / "warehouse").mkdir()
    write_rows(where / "loaded" / "gateway" / "people", "select 'before' as said")
    tables.keep_results(where, tables.gather(where))

    def gateway_run(_: Path, __: Path, at: Path, *___: object) -> list[str]:
        write_rows(at / "loaded" / "gateway" / "people", "select 'now' as said")
        if judge == "gateway":
            gateway.judge(EmbeddedSession(REFUSALS))
        return []

    def warehouse_run(*_: object, **__: object) -> dict[str, str]:
        refusals = REFUSALS if judge == "warehouse" else f"select * from ({REFUSALS}) limit 0"
        write_rows(where / "warehouse" / "intermediate.db" / "int_assurance__refusals", refusals)
        return {"int_assurance__refusals": "success"}

    for of, name, instead in (
        (daemons, "refuse_absent", lambda _: None),
        (proving, "ensure", lambda _: None),
        (table_key, "read", lambda _: TABLE_KEY),
        (tables, "open_store", lambda *_: contextlib.nullcontext(two_stores[0])),
        (gateway, "run", gateway_run),
        (adapter, "run", warehouse_run),
        (cluster_command, "execute", lambda *_: None),
        (checks, "findings", lambda *_: []),
        (adapter, "promises", lambda _: []),
        (data_tests, "findings", lambda *_: FAILED if judge == "data tests" else []),
    ):
        monkeypatch.setattr(of, name, instead)
    assert cluster_command.main(["build", "--key-dir", str(tmp_path), "--store-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith(f"{NOT_HELD if judge == 'data tests' else REFUSED}\n")
    left = {path.relative_to(where).parts[0]: path for path in where.rglob("*.parquet")}
    assert set(left) == {tables.results(where).name}
    with duckdb.connect() as connection:
        rows = tables.rows_at(connection, left[tables.results(where).name].parent, TABLE_KEY)
        assert connection.execute(f"from {rows}").fetchall() == [("before",)]


def table_made(made: Path, table: str, query: str, key: bytes = TABLE_KEY) -> None:
    """A table of the cluster's with other rows: what a query makes of them."""
    place = made.joinpath(*table.split("."))
    with duckdb.connect() as connection:
        connection.execute(f"create table rows as from {tables.rows_at(connection, place, key)}")
        tables.put(connection, query, place, key)


# What is done to the rows of a table, and which data tests no longer hold.
BROKEN = {
    "gateway.int_patients__permitted": (
        "from rows union all (from rows limit 1)", "unique_key",
    ),
    "main.fct_gp_metrics": (
        "select * replace (case when numerator_count > 0 then 3 else numerator_count end as numerator_count) from rows",
        "no_small_number",
    ),
    "main.dim_metrics": (f"select * replace ('no. {test_number(1)}' as title) from rows", "no_nhs_number"),
}  # fmt: skip


def test_data_tests_are_asked_of_what_was_made(built: Folders, tmp_path: Path) -> None:
    """Flags tables that would become results though one machine's `dbt test` fails on them; and a test that is not asked."""
    made, cluster = tmp_path / "made", tmp_path / "cluster"
    table_key.make(cluster)
    key = table_key.read(cluster)
    with tables.open_store(built.store, built.keys) as connection:
        tables.write(connection, tables.stored(connection), made, key)
    for table, (query, _) in BROKEN.items():
        table_made(made, table, query, key)
    # dbt for another engine may have been patched in this process.
    asked = subprocess.run(
        [sys.executable, "-c", ASK_DATA_TESTS, str(made), str(cluster)],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stdout[-2000:] + asked.stderr[-2000:]
    found = json.loads(asked.stdout.splitlines()[-1])
    assert {(where.split(".")[0], what.split()[3]) for where, what in found} == {
        (table.split(".")[1], test) for table, (_, test) in BROKEN.items()
    }
    assert test_number(1) not in json.dumps(found)


ASK_DATA_TESTS = """
import json, sys
from pathlib import Path
from gp_level_data.cluster import data_tests
found = data_tests.findings(Path(sys.argv[1]), Path(sys.argv[2]))
print(json.dumps([[each.where, each.what] for each in found]))
"""


# ---- handed back ------------------------------------------------------------------------------------


@pytest.fixture
def to_hand_back(built: Folders, tmp_path: Path) -> tuple[Path, Folders]:
    """Results of a cluster, the sample's in an order of its own, and a store of which one mart tells something else."""
    made = tmp_path / "made"
    with tables.open_store(built.store, built.keys) as connection:
        tables.write(connection, tables.stored(connection), made, TABLE_KEY)
    table_made(made, "gateway.int_patients__permitted", "from rows order by random()")
    store_dir = tmp_path / "store"
    store_dir.mkdir(mode=0o700)
    for file in built.store.glob("*.duckdb"):
        shutil.copy(file, store_dir)
    with duckdb.connect(str(store_dir / "marts.duckdb")) as connection:
        connection.execute("delete from fct_gp_metrics")
    return made, replace(built, store=store_dir)


def content(folders: Folders) -> dict[str, tuple[int, int]]:
    """Every table of a store: how many rows, and their sum, whatever the order."""
    with tables.open_store(folders.store, folders.keys) as connection:
        return {
            str(table): connection.execute(f"select count(*), bit_xor(hash({table.name})) from {table}").fetchall()[0]
            for table in tables.stored(connection)
        }


def test_what_the_cluster_made_is_handed_back(built: Folders, to_hand_back: tuple[Path, Folders]) -> None:
    """Flags a store that is not as a build on one machine leaves it: rows, their order, contracts, descriptions."""
    made, folders = to_hand_back
    numbers = raw_numbers.numbers_in(SAMPLE)
    handed = handing_back.hand_back(made, TABLE_KEY, folders.store, folders.keys, numbers)
    assert content(folders) == content(built)
    assert sum(handed.values()) == sum(rows for rows, _ in content(built).values())
    assert not values.findings_in_store(folders.store, keys.of_store(folders.keys), numbers)
    with tables.open_store(built.store, built.keys) as connection:
        of_people = connection.execute(OF_PEOPLE).fetchall()
    assert len(of_people) > 5
    for query in (
        *(f"select {key} from {table}" for table, key in of_people),
        f"select * exclude (database_oid, table_oid, constraint_index) from duckdb_constraints() where {OF_A_RUN} order by all",
        f"select database_name, table_name, comment from duckdb_tables() where {OF_A_RUN} order by all",
        f"select table_name, column_name, comment from duckdb_columns() where {OF_A_RUN} order by all",
        f"select view_name, sql from duckdb_views() where {OF_A_RUN} and not internal order by all",
    ):
        asked = []
        for of in (built, folders):
            with tables.open_store(of.store, of.keys) as connection:
                asked.append(connection.execute(query).fetchall())
        assert asked[0] == asked[1], query


OF_A_RUN = f"database_name in {store.OF_A_RUN}"
# Tables of people, which lie in the order of their pseudonyms.
OF_PEOPLE = f"""
    select concat_ws('.', database_name, schema_name, table_name), column_name from duckdb_columns()
    where {OF_A_RUN} and column_name in {values.PSEUDONYMS}
"""
# What is wrong with the results, and how it is told.
NOT_HANDED_BACK = {
    "a row that breaks its contract": (
        ("gateway.int_patients__permitted", "select * replace ('x' as patient_key) from rows"),
        "Rows of gateway.int_patients__permitted break what its contract promises: it is not handed back.",
    ),
    "a column more": (
        ("main.fct_gp_metrics", "select *, 1 as more from rows"),
        "main.fct_gp_metrics has other columns on the cluster than in the store: build both with the same models.",
    ),
    "a number that was sent": (
        ("main.dim_metrics", f"select * replace ('{in_letters(test_number(1))}' as title) from rows"),
        "What the cluster made is not handed back: marts.main.dim_metrics.title: a number that was sent",
    ),
    "another collection": (
        ("reference.int_collection__settings", "select * replace ('gpdpr' as collection) from rows"),
        "was built for another collection than what the cluster has made.",
    ),
}


@pytest.mark.parametrize("wrong", [*NOT_HANDED_BACK, "a table less", "no store"])
def test_what_may_not_stand_is_not_handed_back(to_hand_back: tuple[Path, Folders], wrong: str) -> None:
    """Flags a store that is touched, or left locked, though what was to be handed back is wrong."""
    made, folders = to_hand_back
    before = content(folders)
    if wrong in NOT_HANDED_BACK:
        (table, query), sentence = NOT_HANDED_BACK[wrong]
        table_made(made, table, query)
    elif wrong == "a table less":
        shutil.rmtree(made / "main" / "fct_gp_metrics")
        sentence = "The cluster has made no main.fct_gp_metrics, which the store has: build both with the same models."
    else:
        (folders.store / "patient_level.duckdb").unlink()
        before, sentence = {}, "There is no patient_level database in"
    with pytest.raises(Refusal, match=re.escape(sentence)) as refused:
        handing_back.hand_back(made, TABLE_KEY, folders.store, folders.keys, {test_number(1)})
    assert test_number(1) not in str(refused.value)
    assert not (folders.store / "building").exists()
    store.lock(folders.store)
    store.release(folders.store)
    if before:
        assert content(folders) == before


def test_the_gateway_asks_the_data_tests_of_what_ends_with_it() -> None:
    """Flags one that is not asked, or is asked of nothing; the finding names relation and test."""
    session = EmbeddedSession(REFUSALS)
    session.connection.execute("create view gateway__int_x as select 1 as a union all select 1")
    repeated = "-- Flags: a key twice\nselect count(*) from gateway.int_x group by a having count(*) > {} -- so"
    nodes = {
        f"test.p.{limit}": {
            "resource_type": "test", "name": f"t{limit}", "unique_id": f"test.p.t{limit}", "compiled_code": repeated.format(limit),
            "attached_node": "model.p.int_x", "test_metadata": {"name": f"unique_{limit}"}, "schema": "main",
        }
        for limit in (1, 2)
    } | {"model.p.int_x": {"resource_type": "model", "schema": "gateway", "name": "int_x"}}  # fmt: skip
    found = gateway.ask_data_tests(session, {"nodes": nodes, "sources": {}})
    assert [(each.where, each.what) for each in found] == [("int_x", "the data test unique_1 does not hold")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A cluster with the sample's tables on it, a store that one machine built, and the pages as they were."""
    where = tmp_path_factory.mktemp("cluster")
    folders = {
        "RAW_DIR": SAMPLE,
        "KEY_DIR": where / "keys",
        "STORE_DIR": where / "store",
        "CLUSTER_DIR": where / "cluster",
    }
    environment = {**os.environ, **{name: str(path) for name, path in folders.items()}, "DO_NOT_TRACK": "1"}

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert command("gp_level_data", "build").returncode == 0
    up = command("gp_level_data.cluster", "up")
    try:
        assert up.returncode == 0, up.stderr
        built = command("gp_level_data.cluster", "build")
        yield folders, command, built, list(pages_of(daemons.Ports.chosen().driver_page))
    finally:
        command("gp_level_data.cluster", "down")
        assert not folders["CLUSTER_DIR"].exists()


@needs_spark
@pytest.mark.whole
def test_every_table_is_the_same_as_on_one_machine(cluster: Any) -> None:
    folders, command, built, _ = cluster
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    compared = command("gp_level_data.cluster", "compare")
    assert compared.returncode == 0, compared.stdout
    asked = {(name, column) for _, name, column, _ in adapter.promises(folders["CLUSTER_DIR"] / "dbt")}
    assert {("int_patients__permitted", "patient_key"), ("fct_gp_metrics", "gp_code")} <= asked


@needs_spark
@pytest.mark.whole
def test_the_key_is_nowhere_that_the_cluster_writes_or_shows(cluster: Any) -> None:
    folders, _, built, pages = cluster
    assert built.returncode == 0
    forms = forms_of(keys.read_key(folders["KEY_DIR"], COLLECTION))
    left = [found for content in everything_below(folders["CLUSTER_DIR"]) if (found := found_in(content, forms))]
    shown = [found for content in pages if (found := found_in(content, forms))]
    said = found_in((built.stdout + built.stderr).encode(), forms)
    assert (left, shown, said) == ([], [], set())
    assert len(pages) > 20


@needs_spark
@pytest.mark.whole
def test_a_stolen_disk_says_nothing_of_anybody(cluster: Any) -> None:
    """Flags a pseudonym that stands in any byte of the cluster's folder, and a key of the tables that stands there or is
    shown; the same search finds both in what is written without a key."""
    folders, _, built, pages = cluster
    assert built.returncode == 0
    where = folders["CLUSTER_DIR"]
    key = table_key.read(where)
    with duckdb.connect() as connection:
        of_people = tables.rows_at(connection, tables.results(where) / "gateway" / "int_patients__permitted", key)
        people = connection.execute(f"select patient_key from {of_people} using sample 200").fetchall()
        connection.execute(
            f"copy (from {of_people}) to '{where.parent / 'plain.parquet'}' (format parquet, compression uncompressed)"
        )
    sought = forms_of(key) | {f"person {at}": person.encode() for at, (person,) in enumerate(people)}
    assert len(found_in((where.parent / "plain.parquet").read_bytes(), sought)) == len(people) > 100
    assert [found for content in everything_below(where) if (found := found_in(content, sought))] == []
    assert [found for content in pages if (found := found_in(content, sought))] == []


@needs_spark
@pytest.mark.whole
def test_a_key_in_an_expression_is_found(cluster: Any) -> None:
    """The other way, which this project does not go: the pads of a key that stand in SQL are in event log and pages."""
    from pyhive import hive

    folders = cluster[0]
    planted = os.urandom(32)
    forms = forms_of(planted)
    pad = bytes(byte ^ 0x36 for byte in planted.ljust(64, b"\0")).hex()
    with hive.connect(daemons.HOST, daemons.Ports.chosen().thrift) as connection:
        cursor = connection.cursor()
        cursor.execute(f"select sha2(concat(X'{pad}', cast(metric_id as binary)), 256) from seeds.metrics")
        cursor.fetchall()
    assert any(found_in(content, forms) for content in everything_below(folders["CLUSTER_DIR"] / "events"))
    assert any(found_in(content, forms) for content in pages_of(daemons.Ports.chosen().driver_page))


@needs_spark
@pytest.mark.whole
def test_both_workers_worked(cluster: Any) -> None:
    """Each did at least a quarter of the tasks of the analyst's run."""
    folders = cluster[0]
    tasks: dict[str, int] = {}
    for path in (folders["CLUSTER_DIR"] / "events").rglob("*"):
        for line in path.read_text().splitlines() if path.is_file() else ():
            if '"SparkListenerTaskEnd"' in line:
                executor = json.loads(line)["Task Info"]["Executor ID"]
                tasks[executor] = tasks.get(executor, 0) + 1
    assert len(tasks) >= daemons.WORKERS
    assert min(tasks.values()) >= sum(tasks.values()) / (2 * len(tasks))


def building(folders: dict[str, Any]) -> subprocess.Popen[str]:
    """Another build on the cluster, which goes on while the test does something to it."""
    environment = {**os.environ, **{name: str(path) for name, path in folders.items()}, "DO_NOT_TRACK": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "gp_level_data.cluster", "build"],
        cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def wait_until(is_so: Callable[[], object], build: subprocess.Popen[str]) -> None:
    """Wait for what a build does on its way; it must not end before."""
    while not is_so():
        assert build.poll() is None, build.communicate()[0][-2000:]
        time.sleep(0.02)


def is_being_written(place: Path, since: float) -> bool:
    """Whether tasks are writing a table, or have just written it."""
    return place.exists() and place.stat().st_mtime > since


def kill_worker(where: Path, number: int) -> None:
    [worker] = [each for each in daemons.running(where) if each.name == f"worker {number}"]
    os.kill(worker.pid, signal.SIGKILL)


def executors_lost(where: Path) -> list[int]:
    """Of each application, how many executors its driver has lost, as it wrote down itself."""
    texts = [[file.read_text() for file in folder.iterdir()] for folder in sorted((where / "events").iterdir())]
    return [sum(text.count('"SparkListenerExecutorRemoved"') for text in each) for each in texts]


@needs_spark
@pytest.mark.whole
def test_a_killed_driver_leaves_the_results_of_before(cluster: Any) -> None:
    folders, command, built, _ = cluster
    assert built.returncode == 0
    before, started = tables.results(folders["CLUSTER_DIR"]), time.time()
    build = building(folders)
    stored = folders["CLUSTER_DIR"] / "loaded" / "gateway" / "int_patients__permitted"
    wait_until(lambda: is_being_written(stored, started), build)
    os.killpg(build.pid, signal.SIGKILL)
    build.wait()
    assert tables.results(folders["CLUSTER_DIR"]) == before
    assert command("gp_level_data.cluster", "compare").returncode == 0


@needs_spark
@pytest.mark.whole
def test_a_killed_worker_changes_no_answer(cluster: Any) -> None:
    """One is killed while people are written, the other during disclosure control; the first is back by then."""
    folders, command, _, _ = cluster
    where = folders["CLUSTER_DIR"]
    started, lost_before = time.time(), executors_lost(where)
    build = building(folders)
    wait_until(lambda: is_being_written(where / "loaded" / "gateway" / "int_patients__permitted", started), build)
    kill_worker(where, 1)
    wait_until(lambda: len(daemons.running(where)) == daemons.WORKERS + 1, build)
    daemons.start_worker(where, daemons.check_installed(), 1, daemons.Ports.chosen())
    wait_until(lambda: is_being_written(where / "warehouse" / "intermediate.db" / DISCLOSES, started), build)
    kill_worker(where, 2)
    said, _ = build.communicate()
    # A cluster of which a part has ended takes no other build.
    daemons.start_worker(where, daemons.check_installed(), 2, daemons.Ports.chosen())
    assert build.returncode == 0, said[-2000:]
    compared = command("gp_level_data.cluster", "compare")
    assert compared.returncode == 0, compared.stdout
    of_warehouse, *_, of_gateway = executors_lost(where)
    assert of_gateway > 0 and of_warehouse > sum(lost_before[:1])


@needs_spark
@pytest.mark.whole
def test_what_a_cluster_made_is_handed_back_and_read_on_one_machine(cluster: Any) -> None:
    """A release, a publication and the end of life ask a store, whoever made its tables."""
    folders, command, built, _ = cluster
    assert built.returncode == 0
    handed = command("gp_level_data.cluster", "hand-back")
    assert handed.returncode == 0, handed.stderr
    compared = command("gp_level_data.cluster", "compare")
    assert compared.returncode == 0, compared.stdout
    where = ("--project-dir", PROJECT, "--profiles-dir", PROJECT)
    asked = command("dbt.cli.main", "test", "--exclude-resource-type", "unit_test", *where)
    assert asked.returncode == 0, asked.stdout[-2000:]


@needs_spark
@pytest.mark.whole
@pytest.mark.parametrize("settings", ["{collection: gpdpr, disseminated_at: 2017-04-06}", "{collection: care_data}"])
def test_every_table_of_another_collection_is_the_same(cluster: Any, tmp_path: Path, settings: str) -> None:
    """A store of its own, since a store is one collection's; on the cluster that has made the other tables."""
    _, command, _, _ = cluster
    options = ["--store-dir", str(tmp_path), "--vars", settings]
    for module, action in (("gp_level_data", "build"), ("gp_level_data.cluster", "build")):
        ended = command(module, action, *options)
        assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    compared = command("gp_level_data.cluster", "compare", *options)
    assert compared.returncode == 0, compared.stdout


@needs_spark
@pytest.mark.whole
def test_the_net_by_renaming_holds_on_a_cluster(cluster: Any) -> None:
    """Flags a table that says something of a number there, and results that are not those of before."""
    folders, command, _, _ = cluster
    before = tables.results(folders["CLUSTER_DIR"])
    renamed = command("gp_level_data.cluster", "rename")
    assert renamed.returncode == 0, renamed.stdout[-2000:] + renamed.stderr[-2000:]
    assert "every table says the same of the same people" in renamed.stdout
    assert tables.results(folders["CLUSTER_DIR"]) == before


@needs_spark
@pytest.mark.whole
def test_a_folder_that_intake_refuses_stops_the_gateway(cluster: Any, tmp_path: Path) -> None:
    """Nobody has agreed: the same sentence as on one machine, and the results are those of before."""
    folders, command, built, _ = cluster
    before = tables.results(folders["CLUSTER_DIR"])
    raw_dir = tmp_path / "raw"
    shutil.copytree(SAMPLE, raw_dir)
    participation = raw_dir / "cqrs" / "participation.csv"
    participation.write_text(re.sub("(?i),agreed,", ",offered,", participation.read_text()))
    write_marker(raw_dir, "sample", 0)
    ended = [
        command(module, "build", "--raw-dir", str(raw_dir), "--store-dir", str(folders["STORE_DIR"]))
        for module in ("gp_level_data", "gp_level_data.cluster")
    ]
    said = {found[0] for each in ended if (found := re.search(r"The run stops: [^\n]*", each.stderr + each.stdout))}
    assert [each.returncode for each in ended] == [1, 1] and len(said) == 1, said
    assert tables.results(folders["CLUSTER_DIR"]) == before
