"""Runs the compiled SQL of disclosure control and of the marts over any counts, in a plain DuckDB."""

import re
from pathlib import Path

import duckdb
from attacker import Published, read_published
from conftest import PROJECT, Folders

MODELS = ("models/intermediate/disclosure", "models/intermediate/measures", "models/marts/gp_report")
MARTS = ("fct_gp_metrics", "fct_comparators", "fct_gp_funnels")
LISTS = {"emergency_admissions"}
METRICS = {"emergency_admissions": "hospital", "bowel": "practice", "diabetes": "practice"}
GIVEN = f"""
    attach ':memory:' as marts; attach ':memory:' as patient_level;
    create schema patient_level.intermediate; create schema marts.reference;
    create schema marts.seeds; create schema marts.history;
    create table patient_level.intermediate.int_metrics__by_gp (
        practice_code varchar, gp_code varchar, metric_id varchar,
        numerator_count bigint, denominator_count bigint);
    create table patient_level.intermediate.int_metrics__by_area (
        area_level varchar, area_code varchar, metric_id varchar,
        numerator_count bigint, denominator_count bigint);
    create table marts.reference.int_ods__practices (practice_code varchar, ccg_code varchar);
    create table marts.reference.int_collection__settings (collection varchar, collected_at timestamptz);
    create table marts.history.int_disclosure__published (
        area_level varchar, practice_code varchar, area_code varchar, metric_id varchar,
        cohort_count bigint, collected_at timestamptz);
    create table marts.seeds.metrics (metric_id varchar, origin varchar, unit varchar);
    create table marts.dim_metrics (metric_id varchar, unit varchar);
    create table marts.seeds.disclosure_rules as
        select * from read_csv('{PROJECT / "seeds/disclosure_rules.csv"}');
"""


def compiled(folders: Folders) -> dict[str, str]:
    """The compiled SQL of the models needed, in the order in which they build on each other."""
    folder = folders.work / "target/compiled/gp_level_data_warehouse"
    files = {file.stem: file for name in MODELS for file in (folder / name).glob("*.sql")}
    queries = {
        name: file.read_text()
        for name, file in files.items()
        if name.startswith(("int_disclosure__", "int_measures__")) or name in MARTS
    }
    assert len(queries) > 10, f"no compiled models in {folder}"
    ordered: dict[str, str] = {}
    while len(ordered) < len(queries):
        for name, sql in queries.items():
            # its own previous content is a table of the last run
            needs = set(re.findall(r"int_(?:disclosure|measures)__\w+", without_history(sql))) - ordered.keys()
            if name not in ordered and not needs - {name}:
                ordered[name] = sql
    return ordered


def without_history(sql: str) -> str:
    return sql.replace('"history"."int_disclosure__published"', "")


def sql_row(row: tuple) -> str:
    return "(" + ", ".join(str(value) if isinstance(value, int) else f"'{value}'" for value in row) + ")"


class Runner:
    """One DuckDB, filled again for every table of counts."""

    def __init__(self, queries: dict[str, str]) -> None:
        self.queries = queries
        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'Europe/London'")
        self.connection.execute(GIVEN)
        for metric, origin in METRICS.items():
            unit = "per_1000" if metric in LISTS else "percent"
            self.connection.execute("insert into marts.seeds.metrics values (?, ?, ?)", [metric, origin, unit])
            self.connection.execute("insert into marts.dim_metrics values (?, ?)", [metric, unit])

    def run(self, gps: list, areas: list, practices: dict, collected_at: str = "2017-04-02 09:00:00+01") -> None:
        """All models over exact counts, as int_metrics__by_gp and int_metrics__by_area hold them."""
        for table, rows in (
            ("patient_level.intermediate.int_metrics__by_gp", gps),
            ("patient_level.intermediate.int_metrics__by_area", areas),
            ("marts.reference.int_ods__practices", list(practices.items())),
            ("marts.reference.int_collection__settings", [("individual_gp_level_data", collected_at)]),
        ):
            values = ", ".join(map(sql_row, rows))
            self.connection.execute(f"delete from {table}; insert into {table} values {values}")
        for name, sql in self.queries.items():
            where = {
                "int_disclosure__published": "marts.history",
                **dict.fromkeys(MARTS, "marts.main"),
            }.get(name, "patient_level.intermediate")
            self.connection.execute(f"create or replace table {where}.{name} as {sql}")

    def forget(self) -> None:
        """As before the first collection."""
        self.connection.execute("delete from marts.history.int_disclosure__published")


def publication(connection: duckdb.DuckDBPyConnection) -> Published:
    """What the marts publish, and what the attacker may know beside it, from the exact counts."""

    def rows(sql: str) -> list[tuple]:
        return connection.execute(sql).fetchall()

    texts = "metric_id, numerator_text, denominator_text"
    exact = {
        (level, code, metric, measure): count
        for level, code, metric, *counts in rows(
            "select area_level, area_code, metric_id, numerator_count, denominator_count"
            " from patient_level.intermediate.int_metrics__by_area"
        )
        for measure, count in zip(("numerator", "denominator"), counts, strict=True)
    }
    parents = dict(rows("select practice_code, ccg_code from marts.reference.int_ods__practices"))
    sums: dict[tuple, int] = {}
    for (level, code, metric, measure), count in exact.items():
        above = {"practice": ("ccg", parents.get(code)), "ccg": ("england", "ENGLAND")}.get(level)
        if above:
            sums[*above, metric, measure] = sums.get((*above, metric, measure), 0) + count
    published = read_published(
        rows(f"select practice_code, gp_code, {texts} from marts.main.fct_gp_metrics"),
        rows(f"select area_level, area_code, {texts} from marts.main.fct_comparators"),
        parents,
        LISTS,
        {key: total - exact[key] for key, total in sums.items()},
    )
    published.small = {
        ("gp", practice, gp, metric, measure)
        for practice, gp, metric, *counts in rows(
            "select practice_code, gp_code, metric_id, numerator_count, denominator_count"
            " from patient_level.intermediate.int_metrics__by_gp"
        )
        for measure, count in zip(("numerator", "denominator"), counts, strict=True)
        if 1 <= count <= 7
    }
    return published
