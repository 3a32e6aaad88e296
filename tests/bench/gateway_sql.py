"""The gateway's own SQL in a plain database: compiled by dbt once, then run in milliseconds.

The settings of a run are compiled as `<collection>`, `<collected_at>` and so on, and put in for each run,
so that one compilation serves every collection and every moment.
"""

import functools
import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
from duckdb import func, sqltypes

from bench import engine_sql
from conftest import PROJECT, Folders, must_succeed, once, run_dbt
from gp_level_data.custody.pseudonym import pseudonymiser
from gp_level_data.raw import landing
from gp_level_data.shapes import Cells, Manifest, Node, Row
from opt_outs.opt_out_oracle import Expected, Sent, expected, objections, opted_out, seed, upheld

SETTINGS = ("collection", "collected_at", "period_start", "period_end", "exception_id")
KEY = b"not a secret: 32 bytes for tests"
LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
SEEDS_SENT = {
    "collections": "collections",
    "collection_waves": "waves",
    "opt_out_exceptions": "exceptions",
    "exception_register": "register",
}
# Counts about files, which the oracle has no word for; each after those that it reads.
INTAKE = (
    "int_opt_outs__to_mend",
    "int_intake__scope_counts",
    "int_intake__reference_counts",
    "int_intake__row_counts",
    "int_intake__rejected_counts",
    "int_intake__file_counts",
    "int_intake__national_shares",
    "int_practices__people_counts",
    "int_opt_outs__lost",
    "int_intake__refusals",
)
RELATIONS_SENT = {
    "files": "files",
    "practice_records": "practice_records",
    "opt_outs": "opt_outs",
    "opt_out_extractions": "extractions",
    "cqrs_participation": "participation",
    "ods_practices": "practices",
    "hes_apc": "admissions",
}


# Errors about a statement, not about what is in the tables.
ABOUT_SQL = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


@contextmanager
def without_values(what: str) -> Iterator[None]:
    """An error says what stopped and how. Its own message, and the arguments pytest prints, may quote a row."""
    try:
        yield
    except Exception as error:
        why = str(error) if isinstance(error, ABOUT_SQL) else type(error).__name__
        raise AssertionError(f"{what} stopped: {why}") from None


# The settings stay open but for the day by which requests for releases are judged while dbt parses; and
# neither raw files nor keys are there to be read.
OPEN = {name: f"<{name}>" for name in SETTINGS} | {"disseminated_at": "2017-04-06"}
SETTINGS_OPEN = ("--vars", json.dumps(OPEN))
AS_TEMPLATE = ("--target", "gateway", *SETTINGS_OPEN)


@functools.cache
def template() -> Folders:
    """The project compiled by dbt, once a run: the manifest, and what a second parse may start from."""
    return compiled_once("gateway_sql", *AS_TEMPLATE, "--selector", "gateway")


def compiled_once(name: str, *options: str) -> Folders:
    """What dbt compiles, no database looked at, for all processes of this run."""

    def folders(folder: Path) -> Folders:
        return Folders(folder / "store", folder / "nowhere", folder, raw=folder / "nowhere")

    def compile_(folder: Path) -> None:
        must_succeed(run_dbt(folders(folder), "compile", *options, "--no-populate-cache", "--no-introspect"))

    return folders(once(name, compile_))


@functools.cache
def manifest() -> Manifest:
    """What dbt makes of the project, the gateway's SQL compiled."""
    return read_manifest(template())


def read_manifest(folders: Folders) -> Manifest:
    found: Manifest = json.loads((folders.work / "target" / "manifest.json").read_text())
    return found


@functools.cache
def relations() -> dict[str, str]:
    """The relation that each `ref` of a model or seed stands for."""
    return {
        node["name"]: node["relation_name"]
        for node in manifest()["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }


@functools.cache
def seed_types() -> dict[str, dict[str, str]]:
    """The types that a seed's columns are loaded with, other than text."""
    return {
        node["name"]: node["config"]["column_types"]
        for node in manifest()["nodes"].values()
        if node["resource_type"] == "seed"
    }


@functools.cache
def models() -> tuple[Row, ...]:
    """Staging and gateway models, each after what it reads."""
    nodes = {
        key: node
        for key, node in manifest()["nodes"].items()
        if node["resource_type"] == "model"
        and node.get("compiled_code")
        and node["name"] not in INTAKE
        # The exchange on national opt-outs says nothing about who is collected (test_ndop.py), nor do
        # releases (test_releases.py).
        and not {"ndop", "releases"} & set(node["fqn"])
        # Journals have a run of their own (journal_sql.py).
        and not is_of_journals(node)
    }
    return in_order(nodes)


@functools.cache
def journal_models() -> tuple[Row, ...]:
    """What journals need besides: their staging and gateway models, each after what it reads."""
    nodes = manifest()["nodes"]
    return in_order({key: node for key, node in nodes.items() if is_of_journals(node)})


LINKED = (
    "stg_gpes__journals", "stg_social_care__services", "int_social_care__judged", "int_opt_outs__not_disseminated",
    "int_practices__collected",
)  # fmt: skip


def is_of_journals(node: Node) -> bool:
    """Whether a model is of the journals and what is linked with them."""
    is_model = node["resource_type"] == "model" and bool(node.get("compiled_code"))
    return is_model and ("journals" in node["fqn"] or node["name"] in LINKED)


def in_order(nodes: dict[str, Row]) -> tuple[Row, ...]:
    """Models, each after what it reads."""
    ordered: dict[str, Row] = {}
    while len(ordered) < len(nodes):
        for key, node in nodes.items():
            reads = [parent for parent in node["depends_on"]["nodes"] if parent in nodes]
            if key not in ordered and all(parent in ordered for parent in reads):
                ordered[key] = node
    return tuple(ordered.values())


def compiled(model: str) -> str:
    [node] = [node for node in models() if node["name"] == model]
    return str(node["compiled_code"])


# Calls of macros that mutants replace.
CALL = re.compile(r"\{\{ ((?:trimmed|is_another_moment)\([\w.', ]+\)) \}\}")


@functools.cache
def gate() -> str:
    """The body of the macro `exclude_opted_out`."""
    source = (PROJECT / "macros" / "gate" / "exclude_opted_out.sql").read_text()
    [body] = re.findall(r"-%\}\n(.*)\n\{%-", source, re.DOTALL)
    return str(body)


def as_compiled(source: str) -> str:
    """A piece of a model's source as it stands in its compiled SQL: macro, references, settings filled in."""
    source = re.sub(
        r"\{\{ exclude_opted_out\((?:ref\('(\w+)'\)|'(\w+)'), var\('collection'\)\) \}\}",
        lambda match: gate().replace("{{ relation }}", relations().get(match[1]) or match[2]),
        source,
    )
    source = source.replace("{{ collection }}", "<collection>")
    source = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", lambda match: relations()[match[1]], source)
    source = CALL.sub(lambda match: engine_sql.render(match[1]), source)
    return re.sub(r"\{\{ var\([\"'](\w+)[\"']\) \}\}", r"<\1>", source)


def run(sent: Sent, timezone: str = "Europe/London") -> duckdb.DuckDBPyConnection:
    """All gateway models over what was sent, in one plain database."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"set global timezone = '{timezone}'")
    connection.create_function(
        "pseudonymise",
        pseudonymiser(KEY, sent.settings["collection"]),
        [sqltypes.VARCHAR],
        sqltypes.VARCHAR,
        type=func.PythonUDFType.ARROW,
    )
    for schema in ("landing", "seeds", "staging", "gateway"):
        connection.execute(f"create schema {schema}")
    with without_values("the gateway"):
        land(connection, sent)
        for name in seed_types():
            plant(connection, name, getattr(sent, SEEDS_SENT[name]) if name in SEEDS_SENT else seed(name))
        for node in models():
            build(connection, sent, node["name"], node["compiled_code"])
    return connection


@contextmanager
def changed(
    connection: duckdb.DuckDBPyConnection,
    sent: Sent,
    sql: Mapping[str, str] | None = None,
    seeds: Mapping[str, list[Row]] | None = None,
    nodes: tuple[Row, ...] | None = None,
) -> Iterator[None]:
    """The same run with other SQL or seeds: what they reach is built anew, and afterwards taken back."""
    sql, seeds = sql or {}, seeds or {}
    reached = {*sql, *seeds}
    connection.execute("begin")
    try:
        with without_values("the changed gateway"):
            for name, rows in seeds.items():
                original = seed(name)
                added = [row for row in getattr(sent, SEEDS_SENT.get(name, ""), []) if row not in original]
                plant(connection, name, rows + added)
            for node in nodes or models():
                parents = {parent.split(".")[-1] for parent in node["depends_on"]["nodes"]}
                if node["name"] in reached or parents & reached:
                    reached.add(node["name"])
                    build(connection, sent, node["name"], sql.get(node["name"], node["compiled_code"]))
        yield
    finally:
        connection.execute("rollback")


def gate_problems(connection: duckdb.DuckDBPyConnection, sent: Sent) -> list[str]:
    """Where the gate alone disagrees with the oracle, over other opt-out rows than the run's: milliseconds."""
    with without_values("the gate"):
        create(connection, "landing.opt_outs", sent.opt_outs, list(connection.table("landing.opt_outs").columns))
        for model in ("stg_gpes__opt_outs", "int_opt_outs__judged", "int_opt_outs__in_force", "int_opt_outs__upheld"):
            build(connection, sent, model, compiled(model))
        call = "{{ exclude_opted_out(ref('int_patients__judged'), var('collection')) }}"
        build(connection, sent, "let_through", as_compiled(call))
        judged, let_through, upheld_rows, in_force = (
            connection.execute(f"select {columns} from gateway.{table}").fetchall()
            for columns, table in (
                ("nhs_number", "int_patients__judged"),
                ("nhs_number", "let_through"),
                ("collection, nhs_number, lifted_by", "int_opt_outs__upheld"),
                ("nhs_number, practice_code, opt_out_kind, reason", "int_opt_outs__in_force"),
            )
        )
        gone = {int(number) for number in opted_out(sent)}
        pairs = (
            ("let through", Counter(let_through), Counter(row for row in judged if row[0] not in gone)),
            ("upheld", Counter(upheld_rows), Counter((c, int(n), by) for (c, n), by in upheld(sent).items())),
            (
                "objections",
                Counter(in_force),
                Counter((int(n), practice, kind, why) for (n, practice, kind), why in objections(sent).items()),
            ),
        )
        return [
            f"{name}: {(found - wanted).total()} too many, {(wanted - found).total()} missing"
            for name, found, wanted in pairs
            if found != wanted
        ]


def build(connection: duckdb.DuckDBPyConnection, sent: Sent, model: str, statement: str) -> None:
    """One model as a table. What dbt makes a view of says the same as a table, and is computed once."""
    for name in SETTINGS:
        statement = statement.replace(f"<{name}>", sent.settings[name])
    # A transaction may write to one database only, and the names of models are unique.
    for database in ('"marts"."reference"', '"assurance"."counts"', '"patient_level"."gateway"'):
        statement = statement.replace(database, '"memory"."gateway"')
    statement = statement.replace('"marts"."seeds"', '"memory"."seeds"')
    connection.execute(f"create or replace table {table_of(model)} as {statement}")


def plant(connection: duckdb.DuckDBPyConnection, name: str, rows: list[Row]) -> None:
    """One seed, its columns typed as dbt loads them."""
    types = seed_types()[name]
    create(connection, f"seeds.{name}", rows, list(next(iter(seed(name)), types)), types)


def land(connection: duckdb.DuckDBPyConnection, sent: Sent) -> None:
    """The relations of the schema `landing`, in the layout of gp_level_data/landing."""
    for kind in landing.file_kinds(sent.settings["collection"]):
        columns = [column.lower() for column in kind.columns]
        columns += ["file_practice_code"] * (kind.stem == landing.PRACTICE_CODE)
        columns += ["file_row"] * kind.is_numbered
        columns += ["metric_flags"] * bool(kind.optional)
        columns += ["file_name"] * (kind.owns_folder and kind.stem != landing.PRACTICE_CODE)
        rows = getattr(sent, RELATIONS_SENT.get(kind.relation, ""), [])
        create(connection, f"landing.{kind.relation}", rows, columns)
    columns = ["file_kind", "file_name", "practice_code", "byte_count", "row_count", "extracted_at", "refused_rule"]
    create(connection, "landing.files", sent.files, columns, {"byte_count": "bigint", "row_count": "bigint"})
    connection.execute("create or replace table landing.folder as select true as is_synthetic")


def create(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    rows: list[Row],
    columns: list[str],
    types: Mapping[str, str] | None = None,
) -> None:
    """A table of text, but for the columns whose types are given."""
    as_text = {
        column: pyarrow.array([None if row.get(column) is None else str(row[column]) for row in rows], pyarrow.string())
        for column in columns
    }
    connection.register("rows_to_create", pyarrow.table(as_text))
    casts = [f'cast("{name}" as {(types or {}).get(name, "varchar")}) as "{name}"' for name in columns]
    connection.execute(f"create or replace table {relation} as select {', '.join(casts)} from rows_to_create")
    connection.unregister("rows_to_create")


def pseudonym(key: bytes, collection: str, number: str) -> str:
    """The pseudonym by the standard library, from the design's words."""
    message = f"{collection}/patient\0{number}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32].translate(LETTERS)


def outcome(connection: duckdb.DuckDBPyConnection, sent: Sent) -> Expected:
    """What the gateway's tables say, in the oracle's terms."""

    def rows(query: str) -> list[Cells]:
        return connection.execute(query).fetchall()

    numbers = {row["nhs_number"] for row in sent.practice_records}
    numbers |= {row["newnhsno"] for row in sent.admissions}
    number_of = {
        pseudonym(KEY, sent.settings["collection"], number): number for number in map(as_ten_digits, numbers) if number
    }
    return Expected(
        upheld={
            (collection, f"{number:010d}"): lifted_by
            for collection, number, lifted_by in rows(
                "select collection, nhs_number, lifted_by from gateway.int_opt_outs__upheld"
            )
        },
        objections={
            (f"{number:010d}", practice, kind): reason
            for number, practice, kind, reason in rows(
                """
                select nhs_number, practice_code, opt_out_kind, reason
                from gateway.int_opt_outs__in_force
                """
            )
        },
        practices={
            practice
            for (practice,) in rows(
                """
                select practice_code from gateway.int_practices__admitted
                where not_collected_reason is null
                """
            )
        },
        permitted=Counter(
            (number_of[key], practice)
            for key, practice in rows("select patient_key, practice_code from gateway.int_patients__permitted")
        ),
        admissions=Counter(
            (number_of[key], day)
            for key, day in rows("select patient_key, admission_date from gateway.int_admissions__emergency")
        ),
        counts=counted(rows("select * from gateway.int_intake__record_counts")),
        objectors=Counter(
            {
                (practice, kind): count
                for practice, kind, count in rows(
                    """
                    select practice_code, opt_out_kind, objector_count
                    from gateway.int_opt_outs__counts where objector_count > 0
                    """
                )
            }
        ),
    )


def problems(connection: duckdb.DuckDBPyConnection, sent: Sent, wanted: Expected | None = None) -> list[str]:
    """Where the gateway and the oracle disagree."""
    with without_values("the comparison"):
        return differences(outcome(connection, sent), wanted or expected(sent))


def as_ten_digits(value: str | None) -> str | None:
    digits = re.sub(r"[^0-9]", "", value or "")
    return digits if len(digits) == 10 else None


def counted(rows: list[Cells]) -> Counter[Any]:
    """Row counts by practice and verdict; of the rules, only what the oracle knows a word for."""
    counts: Counter[Any] = Counter()
    for practice, verdict, rule, row_count in rows:
        why = ""
        if verdict == "excluded":
            why = "objection" if rule.startswith(("type_1_", "type_2_")) else "practice"
        if verdict == "rejected" and rule == "unreadable_row":
            why = "unreadable"
        if verdict == "kept":
            why = "lifted" if rule.startswith("lifted_by_") else ""
        counts[practice, verdict, why] += row_count
    return counts


def differences(found: Expected, wanted: Expected) -> list[str]:
    """What differs, in counts: no value of a person's may stand in a message."""
    problems = []
    for name in vars(wanted):
        ours, theirs = getattr(found, name), getattr(wanted, name)
        if ours != theirs:
            if isinstance(ours, dict):
                ours, theirs = set(ours.items()), set(theirs.items())
            problems.append(f"{name}: {len(ours - theirs)} too many, {len(theirs - ours)} missing")
    return problems


def run_folder(raw_dir: Path, settings: Mapping[str, str]) -> duckdb.DuckDBPyConnection:
    """All gateway models over a raw folder as landing finds it, taken for a synthetic one."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("set global timezone = 'Europe/London'")
    connection.create_function(
        "pseudonymise",
        pseudonymiser(KEY, settings["collection"]),
        [sqltypes.VARCHAR],
        sqltypes.VARCHAR,
        type=func.PythonUDFType.ARROW,
    )
    land_folder(connection, raw_dir, settings["collection"])
    for schema in ("seeds", "staging", "gateway"):
        connection.execute(f"create schema {schema}")
    sent = Sent(settings=dict(settings))
    with without_values("the gateway"):
        for name in seed_types():
            plant(connection, name, seed(name))
        for node in of_a_folder():
            build(connection, sent, node["name"], node["compiled_code"])
    return connection


@dataclass(frozen=True)
class Before:
    """A run over a folder: its database, in which nothing is landed any more, and the rows of each of its tables."""

    connection: duckdb.DuckDBPyConnection
    rows: dict[str, list[str]]


@functools.cache
def run_before(good: Path, settings: tuple[tuple[str, str], ...]) -> Before:
    connection = run_folder(good, dict(settings))
    tables = [*landed(connection), *(table_of(node["name"]) for node in of_a_folder())]
    rows = {table: rows_of(connection, table) for table in tables}
    connection.execute("drop schema landing cascade")
    return Before(connection, rows)


# The run that was given last; there is one at a time.
_given: list[duckdb.DuckDBPyConnection] = []


def run_changed_folder(good: Path, raw_dir: Path, settings: Mapping[str, str]) -> duckdb.DuckDBPyConnection:
    """What `run_folder` gives, of a folder that is little otherwise than another: only what that reaches is built.

    The connection stands until the next one is asked for.
    """
    before = run_before(good, tuple(sorted(settings.items())))
    while _given:
        # taken back, whatever its test did with it
        _given.pop().close()
    connection = before.connection.cursor()
    _given.append(connection)
    # Of a few rows, planning takes nearly all of the time.
    connection.execute("pragma disable_optimizer")
    connection.execute("begin")
    land_folder(connection, raw_dir, settings["collection"])
    sent = Sent(settings=dict(settings))
    with without_values("the gateway"):
        reached = {table for table in landed(connection) if rows_of(connection, table) != before.rows[table]}
        for node in of_a_folder():
            if set(map(read_as, node["depends_on"]["nodes"])) & reached:
                build(connection, sent, node["name"], node["compiled_code"])
                table = table_of(node["name"])
                if rows_of(connection, table) != before.rows[table]:
                    reached.add(table)
    return connection


def land_folder(connection: duckdb.DuckDBPyConnection, raw_dir: Path, collection: str) -> None:
    """The schema `landing` as the gateway makes it of a raw folder; it is taken for a synthetic one."""
    landing.check_folder(raw_dir, collection)
    landing.create_relations(connection, raw_dir, collection)
    connection.execute("update landing.folder set is_synthetic = true")


def landed(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The relations of the schema `landing`."""
    query = "select 'landing.' || table_name from information_schema.tables where table_schema = 'landing' order by all"
    return [name for (name,) in connection.execute(query).fetchall()]


def rows_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The rows of a table, in whatever order they stand there."""
    return sorted(map(repr, connection.execute(f"from {table}").fetchall()))


def table_of(model: str) -> str:
    return f"{'staging' if model.startswith('stg_') else 'gateway'}.{model}"


@functools.cache
def read_as(parent: str) -> str:
    """The table by which a model reads one of its parents here."""
    if source := manifest()["sources"].get(parent):
        return f"landing.{source['identifier']}"
    return table_of(parent.split(".")[-1])


@functools.cache
def of_a_folder() -> tuple[Row, ...]:
    """What is built over a raw folder, each after what it reads."""
    nodes = {node["name"]: node for node in manifest()["nodes"].values() if node["resource_type"] == "model"}
    return (*models(), *journal_models(), *(nodes[name] for name in INTAKE))
