"""What the look at the results shows: published tables, read only, by practice, CCG and England.

Nothing is computed here. A value stands in the row of its level, and what is withheld stays so: a sum of shown
counts is no count (docs, "Do not add up published counts").
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import altair
import duckdb

from gp_level_data.custody import store

Row = dict[str, Any]
UNITS = {"percent": "per cent", "per_1000": "per 1,000 patients"}
LEVELS = ("GP", "practice", "CCG", "England")
# Told apart without colour too: the levels stand in their order, and the areas' marks are hollow.
COLOURS = ("#1e8449", "#2874a6", "#7d3c98", "#1c2833")
METRICS = "select metric_id, title, unit, numerator, denominator from dim_metrics order by title"
PRACTICES = """
    select practice_code, practice_name, ccg_code
    from dim_practices
    where is_collected
    order by practice_code
"""
# The lists of a practice, and the areas that they lie in.
PLACES = """
    select
        'GP' as level, gps.gp_name || ' (' || gp_code || ')' as place, coalesce(percent, rate_per_1000) as value,
        lower_95_ci, upper_95_ci, numerator_text, denominator_text, is_suppressed, suppression_reason
    from fct_gp_metrics
    inner join dim_gps as gps using (practice_code, gp_code)
    where practice_code = $practice_code and metric_id = $metric_id
    union all
    select
        case area_level when 'practice' then 'practice' when 'ccg' then 'CCG' else 'England' end,
        case area_level when 'england' then 'England' else area_code end, coalesce(percent, rate_per_1000),
        lower_95_ci, upper_95_ci, numerator_text, denominator_text, is_suppressed, suppression_reason
    from fct_comparators
    where
        metric_id = $metric_id
        and (
            area_level = 'england'
            or (area_level = 'practice' and area_code = $practice_code)
            or (area_level = 'ccg' and area_code = $ccg_code)
        )
"""


@contextmanager
def opened(store_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts of a store, read only, and nothing besides; a Refusal where there are none."""
    closed = {"enable_external_access": "false", "lock_configuration": "true"}
    with store.open_marts(store_dir, config={**closed}) as connection:
        yield connection


def rows(store_dir: Path, query: str, **asked: str) -> list[Row]:
    """Rows of a query by the names of their columns."""
    with opened(store_dir) as connection:
        cursor = connection.execute(query, asked)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def places(store_dir: Path, metric: Row, practice: Row) -> list[Row]:
    """One metric: each GP of a practice, the practice, its CCG and England, in this order."""
    asked = {name: practice[name] for name in ("practice_code", "ccg_code")}
    found = rows(store_dir, PLACES, metric_id=metric["metric_id"], **asked)
    return sorted(found, key=lambda row: (LEVELS.index(row["level"]), row["place"]))


def drawn(metric: Row, found: list[Row]) -> altair.LayerChart | altair.FacetChart:
    """The metric's value and 95 % interval at each place; a star where it is withheld, nothing where nobody is eligible."""
    unit = UNITS[metric["unit"]]
    told = [row | {"mark": "*" if row["is_suppressed"] else ""} for row in found]
    base = altair.Chart(altair.Data(values=told)).encode(
        y=altair.Y("place:N", sort=[row["place"] for row in told], title=None, axis=altair.Axis(labelLimit=300)),
        color=altair.Color("level:N", scale=altair.Scale(domain=list(LEVELS), range=list(COLOURS)), title="level"),
    )
    value = altair.X("value:Q", title=unit, scale=altair.Scale(zero=False))
    tooltip = [
        "place:N", "level:N", "value:Q", "lower_95_ci:Q", "upper_95_ci:Q", "numerator_text:N", "denominator_text:N",
    ]  # fmt: skip
    interval = base.mark_rule(strokeWidth=2).encode(x=altair.X("lower_95_ci:Q", title=unit), x2="upper_95_ci:Q")
    points = base.mark_point(size=70, strokeWidth=2).encode(x=value, tooltip=tooltip)
    withheld = base.mark_text(align="left", fontSize=16).encode(x=altair.value(4), text="mark:N")
    return altair.layer(interval, points, withheld).properties(width=620, height=altair.Step(26), title=metric["title"])
