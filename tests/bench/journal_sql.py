"""The gateway's models of the journals in a plain database, compared with the oracle (journal_oracle.py)."""

import functools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from bench import engine_sql, gateway_sql
from bench.gateway_sql import KEY, journal_models, models, pseudonym, relations
from conftest import PROJECT
from gp_level_data.raw import landing
from gp_level_data.raw.intake_rules import rules
from gp_level_data.shapes import Cells, Row
from journals.journal_oracle import Journals, Removed, Stored, stored
from opt_outs.opt_out_oracle import Sent, nhs_number


def as_landed(journals: Journals) -> Sent:
    """What was sent under the names of the landing folder: the practice files are journals."""
    files = [
        file | {"file_kind": "journals"} if file["file_kind"] == "practice_records" else file
        for file in journals.sent.files
    ]
    hospital = journals.sent.admissions if journals.sent.settings["collection"] == "care_data" else []
    return replace(journals.sent, files=files, practice_records=[], admissions=hospital)


def run(journals: Journals) -> duckdb.DuckDBPyConnection:
    """All gateway models over what was sent."""
    sent = as_landed(journals)
    connection = gateway_sql.run(sent)
    rows = {"journals": journals.rows, "social_care": journals.social_care}
    with gateway_sql.without_values("the journals"):
        for kind in landing.file_kinds(sent.settings["collection"]):
            if kind.relation in rows:
                columns = connection.table(f"landing.{kind.relation}").columns
                gateway_sql.create(connection, f"landing.{kind.relation}", rows[kind.relation], list(columns))
        for node in journal_models():
            gateway_sql.build(connection, sent, node["name"], node["compiled_code"])
    return connection


@contextmanager
def changed(connection: duckdb.DuckDBPyConnection, journals: Journals, **changes: Mapping[str, Any]) -> Iterator[None]:
    """The same run with other SQL or seeds."""
    nodes = (*models(), *journal_models())
    with gateway_sql.changed(connection, as_landed(journals), **changes, nodes=nodes):
        yield


def outcome(connection: duckdb.DuckDBPyConnection, journals: Journals) -> Stored:
    """What the tables say, in the oracle's terms."""

    def rows(query: str) -> list[Cells]:
        return connection.execute(query).fetchall()

    sent = journals.sent.admissions, journals.social_care, journals.rows
    numbers = {nhs_number(row.get("nhs_number") or row.get("newnhsno")) for rows_ in sent for row in rows_}
    number_of: dict[str, str] = defaultdict(lambda: "somebody who was never sent")
    number_of |= {pseudonym(KEY, journals.sent.settings["collection"], n): n for n in numbers if n}
    removed: Counter[Removed] = Counter()
    for practice, verdict, reason, record_count, person_count in rows(
        "select practice_code, verdict, reason, record_count, person_count from gateway.int_journals__removed_counts"
    ):
        applies_to = rules()[reason].applies_to
        if verdict == "excluded" and reason.startswith("type_"):
            reason = "objection"
        elif applies_to == "practice":
            reason = "practice"
        is_of_people = verdict == "emptied" and applies_to == "person"
        removed[practice, verdict, reason] += person_count if is_of_people else record_count
    people = rows("select * from gateway.int_journals__people")
    return Stored(
        {(number_of[key], practice): tuple(rest) for key, practice, *rest in people},
        {(number_of[key], *rest) for key, *rest in rows("select * from gateway.int_journals__records")},
        removed,
        {(number_of[key], *rest) for key, *rest in rows("select * from gateway.int_journals__hospital")},
        {(number_of[key], *rest) for key, *rest in rows("select * from gateway.int_journals__social_care")},
        {number_of[key] for (key,) in rows("select * from gateway.int_opt_outs__not_disseminated")},
    )


def problems(connection: duckdb.DuckDBPyConnection, journals: Journals, wanted: Stored | None = None) -> list[str]:
    """What differs from the oracle, in counts."""
    wanted = wanted or stored(journals)
    with gateway_sql.without_values("the comparison"):
        found = outcome(connection, journals)
        said = []
        for name in Stored.__dataclass_fields__:
            ours, theirs = (set_of(getattr(answer, name)) for answer in (found, wanted))
            if ours != theirs:
                said.append(f"{name}: {len(ours - theirs)} too many, {len(theirs - ours)} missing")
        return said


def set_of(answer: set[Any] | Row) -> set[Any]:
    return set(answer.items()) if isinstance(answer, dict) else answer


@functools.cache
def rendered(changed_file: str = "", text: str = "") -> dict[str, str]:
    """The SQL of the models of the journals, of one file another text; as dbt renders it."""
    if changed_file.startswith("models/"):
        return rendered() | {Path(changed_file).stem: renderer().from_string(text).render().strip()}
    environment = renderer(changed_file, text)
    return {
        node["name"]: environment.from_string(sources()[node["original_file_path"]]).render().strip()
        for node in journal_models()
    }


@functools.cache
def renderer(changed_file: str = "", text: str = "") -> jinja2.Environment:
    """The project's macros, one of them with another text."""
    texts = sources() | ({changed_file: text} if changed_file else {})
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {
        "ref": lambda name: relations()[name],
        "source": lambda _, name: f'"memory"."landing"."{"social_care" if name == "services" else name}"',
        "var": lambda name: f"<{name}>",
        "adapter": engine_sql.Adapter(lambda name: environment.globals.get(name)),
        "return": lambda value: value,
    }
    macros = "".join(text for path, text in texts.items() if path.startswith("macros/"))
    module = environment.from_string(macros).module
    environment.globals |= {name: value for name, value in vars(module).items() if not name.startswith("_")}
    return environment


MACROS = ("admissions", "engine", "gate", "intake", "journals", "nhs_number", "parsing", "privacy", "registers")


@functools.cache
def sources() -> dict[str, str]:
    """The macros that models use, and the models of the journals, as they are written."""
    folders = [PROJECT / "macros" / name for name in MACROS]
    paths = [path for folder in folders for path in sorted(folder.glob("*.sql"))]
    paths += [PROJECT / node["original_file_path"] for node in journal_models()]
    return {path.relative_to(PROJECT).as_posix(): path.read_text() for path in paths}
