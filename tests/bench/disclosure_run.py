"""Runs the compiled SQL of disclosure control and of the marts over any counts, in a plain DuckDB."""

from collections.abc import Mapping, Sequence

import duckdb

from bench import project
from disclosure.attacker import Cell, Published, add_conditions, place_above, read_published
from gp_level_data.shapes import Cells

MODELS = (
    "intermediate/areas",
    "intermediate/disclosure",
    "intermediate/gp_report",
    "intermediate/conditions",
    "intermediate/measures",
    "marts/gp_report",
)
MARTS = ("fct_gp_metrics", "fct_comparators", "fct_gp_funnels", "fct_emergency_admissions")
CONDITIONS = ("asthma", "copd", "angina", "epilepsy")
LISTS = {"emergency_admissions"}
METRICS = {"emergency_admissions": "hospital", "bowel": "practice", "diabetes": "practice"}
METRIC = "insert into marts.seeds.metrics (metric_id, origin, unit) values (?, ?, ?)"
EMERGENCY_CONDITION = "insert into marts.seeds.emergency_conditions (definition, condition) values ('d', ?)"
# Rows of int_metrics__by_gp: practice, GP, metric, numerator, denominator.
OfGp = tuple[str, str, str, int, int]
# Of int_metrics__by_area: level, area, metric, numerator, denominator.
OfArea = tuple[str, str, str, int, int]
# Of int_metrics__by_condition: level, practice, area, condition, patients, admissions.
OfCondition = tuple[str, str | None, str, str, int, int]


def compiled() -> dict[str, str]:
    """The compiled SQL of the models needed, in the order in which they build on each other."""
    return {name: sql for name, sql in project.queries(*MODELS).items() if name.startswith("int_") or name in MARTS}


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
        self.connection = project.before(self.queries)
        self.connection.execute("delete from marts.seeds.metrics; delete from marts.seeds.emergency_conditions")
        for metric, origin in METRICS.items():
            unit = "per_1000" if metric in LISTS else "percent"
            self.connection.execute(METRIC, [metric, origin, unit])
        for condition in CONDITIONS:
            self.connection.execute(EMERGENCY_CONDITION, [condition])

    def run(
        self,
        gps: Sequence[OfGp],
        areas: Sequence[OfArea],
        practices: Mapping[str, str],
        conditions: Sequence[OfCondition] = (),
        collected_at: str = "2017-04-02 09:00:00+01",
    ) -> None:
        """All models over exact counts, and over practices by their CCG."""
        counts = "metric_id, numerator_count, denominator_count"
        settings = [("individual_gp_level_data", collected_at, "d")]
        given: tuple[tuple[str, str, Sequence[Cells]], ...] = (
            (
                "int_metrics__by_condition",
                "area_level, practice_code, area_code, condition, patient_count, admission_count",
                conditions,
            ),
            ("int_metrics__by_gp", f"practice_code, gp_code, {counts}", gps),
            ("int_metrics__by_area", f"area_level, area_code, {counts}", areas),
            ("int_ods__practices", "practice_code, ccg_code", list(practices.items())),
            ("int_collection__settings", "collection, collected_at, emergency_definition", settings),
        )
        for name, columns, rows in given:
            relation = project.nodes()[name]["relation_name"]
            self.connection.execute(f"delete from {relation}")
            if rows:
                values = ", ".join(map(sql_row, rows))
                self.connection.execute(f"insert into {relation} ({columns}) values {values}")
        for name, sql in self.queries.items():
            self.connection.execute(f"create or replace table {project.nodes()[name]['relation_name']} as {sql}")

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
