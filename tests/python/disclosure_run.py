"""Runs the compiled SQL of disclosure control and of the marts over any counts, in a plain DuckDB."""

import re
from collections.abc import Mapping, Sequence

import duckdb
from attacker import Cell, Published, add_conditions, place_above, read_published
from conftest import PROJECT, Folders

from gp_level_data.shapes import Cells

MODELS = (
    "models/intermediate/areas",
    "models/intermediate/disclosure",
    "models/intermediate/gp_report",
    "models/intermediate/conditions",
    "models/intermediate/measures",
    "models/marts/gp_report",
)
MARTS = ("fct_gp_metrics", "fct_comparators", "fct_gp_funnels", "fct_emergency_admissions")
SUBJECTS = ("areas", "disclosure", "gp_report", "conditions", "measures")
CONDITIONS = ("asthma", "copd", "angina", "epilepsy")
LISTS = {"emergency_admissions"}
METRICS = {"emergency_admissions": "hospital", "bowel": "practice", "diabetes": "practice"}
# Rows of int_metrics__by_gp: practice, GP, metric, numerator, denominator.
OfGp = tuple[str, str, str, int, int]
# Of int_metrics__by_area: level, area, metric, numerator, denominator.
OfArea = tuple[str, str, str, int, int]
# Of int_metrics__by_condition: level, practice, area, condition, patients, admissions.
OfCondition = tuple[str, str | None, str, str, int, int]


def given(other: str) -> str:
    """Empty tables of what the models read. `other` is the publication that is not run, and shows nothing."""
    return f"""
    attach ':memory:' as marts; attach ':memory:' as patient_level; attach ':memory:' as assurance;
    create schema patient_level.intermediate; create schema marts.reference;
    create schema marts.seeds; create schema assurance.history;
    create table patient_level.intermediate.int_metrics__by_gp (
        practice_code varchar, gp_code varchar, metric_id varchar,
        numerator_count bigint, denominator_count bigint);
    create table patient_level.intermediate.int_metrics__by_area (
        area_level varchar, area_code varchar, metric_id varchar,
        numerator_count bigint, denominator_count bigint);
    create table patient_level.intermediate.int_metrics__by_condition (
        area_level varchar, practice_code varchar, area_code varchar, condition varchar,
        patient_count bigint, admission_count bigint);
    create table patient_level.intermediate.int_{other}__room (
        area_level varchar, area_code varchar, metric_id varchar, numerator_count bigint, denominator_count bigint);
    create table patient_level.intermediate.int_{other}__cells (
        area_level varchar, area_code varchar, metric_id varchar, numerator_count integer,
        denominator_count integer, is_exact boolean);
    create table marts.reference.int_ods__practices (practice_code varchar, ccg_code varchar);
    create table marts.reference.int_collection__settings (
        collection varchar, collected_at timestamptz, emergency_definition varchar);
    create table assurance.history.int_disclosure__published (
        area_level varchar, practice_code varchar, area_code varchar, metric_id varchar,
        cohort_count bigint, numerator_count bigint, told_cohort_count bigint, told_numerator_count bigint,
        collected_at timestamptz);
    create table marts.seeds.emergency_conditions (definition varchar, condition varchar);
    create table marts.seeds.metrics (metric_id varchar, origin varchar, unit varchar);
    create table marts.seeds.exact_poisson_limits as
        select * from read_csv('{PROJECT / "seeds/exact_poisson_limits.csv"}', hive_partitioning = false);
    create table marts.seeds.disclosure_rules as
        select * from read_csv('{PROJECT / "seeds/disclosure_rules.csv"}', hive_partitioning = false);
"""


def compiled(folders: Folders) -> dict[str, str]:
    """The compiled SQL of the models needed, in the order in which they build on each other."""
    folder = folders.work / "target/compiled/gp_level_data_warehouse"
    files = {file.stem: file for name in MODELS for file in (folder / name).glob("*.sql")}
    queries = {
        name: file.read_text()
        for name, file in files.items()
        if name.startswith(tuple(f"int_{subject}__" for subject in SUBJECTS)) or name in MARTS
    }
    assert len(queries) > 10, f"no compiled models in {folder}"
    ordered: dict[str, str] = {}
    while len(ordered) < len(queries):
        for name, sql in queries.items():
            # its own previous content is a table of the last run
            needs = set(re.findall(rf"int_(?:{'|'.join(SUBJECTS)})__\w+", without_history(sql)))
            if name not in ordered and not needs - ordered.keys() - {name}:
                ordered[name] = sql
    return ordered


def without_history(sql: str) -> str:
    return sql.replace('"history"."int_disclosure__published"', "")


def sql_row(row: Cells) -> str:
    return "(" + ", ".join(map(sql_value, row)) + ")"


def sql_value(value: object) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else f"'{value}'"


class Runner:
    """One DuckDB, filled again for every table of counts."""

    def __init__(self, queries: dict[str, str]) -> None:
        self.queries = queries
        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'Europe/London'")
        self.connection.execute(given("planning"))
        for metric, origin in METRICS.items():
            unit = "per_1000" if metric in LISTS else "percent"
            self.connection.execute("insert into marts.seeds.metrics values (?, ?, ?)", [metric, origin, unit])
        for condition in CONDITIONS:
            self.connection.execute("insert into marts.seeds.emergency_conditions values ('d', ?)", [condition])

    def run(
        self,
        gps: Sequence[OfGp],
        areas: Sequence[OfArea],
        practices: Mapping[str, str],
        conditions: Sequence[OfCondition] = (),
        collected_at: str = "2017-04-02 09:00:00+01",
    ) -> None:
        """All models over exact counts, and over practices by their CCG."""
        tables: tuple[tuple[str, Sequence[Cells]], ...] = (
            ("patient_level.intermediate.int_metrics__by_condition", conditions),
            ("patient_level.intermediate.int_metrics__by_gp", gps),
            ("patient_level.intermediate.int_metrics__by_area", areas),
            ("marts.reference.int_ods__practices", list(practices.items())),
            ("marts.reference.int_collection__settings", [("individual_gp_level_data", collected_at, "d")]),
        )
        for table, rows in tables:
            values = ", ".join(map(sql_row, rows))
            self.connection.execute(f"delete from {table}")
            if rows:
                self.connection.execute(f"insert into {table} values {values}")
        for name, sql in self.queries.items():
            where = "marts.main" if name in MARTS else "patient_level.intermediate"
            if name == "int_disclosure__published":
                where = "assurance.history"
            self.connection.execute(f"create or replace table {where}.{name} as {sql}")

    def forget(self) -> None:
        """As before the first collection."""
        self.connection.execute("delete from assurance.history.int_disclosure__published")


def exact_counts(connection: duckdb.DuckDBPyConnection) -> dict[Cell, int]:
    """Every count before disclosure control: level, practice, area, metric, measure."""
    return {
        (level, practice, area, metric, measure): count
        for level, practice, area, metric, *counts in connection.execute(
            "select 'gp', practice_code, gp_code, metric_id, numerator_count, denominator_count"
            " from patient_level.intermediate.int_metrics__by_gp union all"
            " select area_level, if(area_level = 'practice', area_code, ''), area_code, metric_id,"
            " numerator_count, denominator_count from patient_level.intermediate.int_metrics__by_area"
        ).fetchall()
        for measure, count in zip(("numerator", "denominator"), counts, strict=True)
    }


def exact_cells(connection: duckdb.DuckDBPyConnection) -> set[Cell]:
    """Level, practice, area and metric of the cells whose values say that they come from the exact counts."""
    return set(
        connection.execute(
            "select 'gp', practice_code, gp_code, metric_id from marts.main.fct_gp_metrics where is_exact"
            " union all select area_level, if(area_level = 'practice', area_code, ''), area_code, metric_id"
            " from marts.main.fct_comparators where is_exact"
        ).fetchall()
    )


def publication(connection: duckdb.DuckDBPyConnection, told: bool = True) -> Published:
    """What the marts publish, and what the attacker may know beside it, from the exact counts.

    Where a value comes from exact counts, these are taken for known; `told` says whether values are looked at.
    """

    def rows(sql: str) -> list[Cells]:
        return connection.execute(sql).fetchall()

    texts = "metric_id, numerator_text, denominator_text"
    exact: dict[Cell, int] = {
        (level, code, metric, measure): count
        for level, code, metric, *counts in rows(
            "select area_level, area_code, metric_id, numerator_count, denominator_count"
            " from patient_level.intermediate.int_metrics__by_area"
        )
        for measure, count in zip(("numerator", "denominator"), counts, strict=True)
    }
    parents: dict[str, str] = dict(rows("select practice_code, ccg_code from marts.reference.int_ods__practices"))
    conditions = {
        (level, practice or "", code, condition, counted): count
        for level, practice, code, condition, *counts in rows(
            "select * from patient_level.intermediate.int_metrics__by_condition"
        )
        for counted, count in zip(("patients", "admissions"), counts, strict=True)
        if (condition == "any") == (counted == "admissions")
    }
    exact |= {(level, code, *rest): count for (level, _, code, *rest), count in conditions.items() if level != "gp"}
    sums: dict[Cell, int] = {}
    for (level, code, metric, measure), count in exact.items():
        if above := place_above(level, code, parents):
            total = (above[0], above[2], metric, measure)
            sums[total] = sums.get(total, 0) + count
    published = read_published(
        rows(f"select practice_code, gp_code, {texts} from marts.main.fct_gp_metrics"),
        rows(f"select area_level, area_code, {texts} from marts.main.fct_comparators"),
        parents,
        LISTS,
        excess := {key: total - exact[key] for key, total in sums.items()},
    )
    everybody = exact_counts(connection)
    for cell in exact_cells(connection) if told else ():
        for measure in ("numerator", "denominator"):
            published.tell((*cell, measure), everybody[*cell, measure])
    published.small = {cell for cell, count in everybody.items() if cell[0] == "gp" and 1 <= count <= 7}
    published.small |= {cell for cell, count in conditions.items() if cell[0] == "gp" and 1 <= count <= 7}
    if conditions:
        add_conditions(
            published,
            shown := rows(
                "select area_level, practice_code, area_code, condition, counted, count_text"
                " from marts.main.fct_emergency_admissions"
            ),
            parents,
            excess,
        )
        cells = [(level, practice or "", *rest) for level, practice, *rest, _ in shown]
        published.nobody = {cell for cell in cells if cell not in conditions}
    return published
