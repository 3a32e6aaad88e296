"""Properties of the shares below which nothing is taken for true, against plain Python that shares no SQL.

Which rules pass a row over is written here a second time, from the words of the rules.
"""

import csv
from collections import defaultdict

import duckdb
import hypothesis
import pytest
from hypothesis import strategies as st

from bench import engine_sql, gateway_sql
from conftest import PROJECT, examples
from gp_level_data.shapes import Cells, Row
from opt_outs import opt_out_oracle

with (PROJECT / "seeds" / "intake_rules.csv").open(newline="", encoding="utf-8") as file:
    RULES = {row["rule"]: row for row in csv.DictReader(file)}

# What is no concern of this collection, or is there a second time.
OF_OTHERS = {"other_service", "other_organisation", "repeated_episode", "unfinished_episode_again"}
NOT_ASKED_FOR = {"category_not_collected", "code_not_collected"}
# A value that nobody can use, of a row that counts.
LOST_VALUES = {
    "metric_value_unknown", "registration_unknown", "category_unknown", "code_malformed", "code_of_another_category",
    "record_date_unknown", "recorded_before_birth", "recorded_after_death", "recorded_after_extraction",
}  # fmt: skip

Counts = dict[tuple[str, str], int]
COUNT = st.one_of(st.integers(0, 6), st.integers(0, 2_000_000))
DRAWN = examples(200)


def counts(rules: list[str]) -> st.SearchStrategy[Counts]:
    """Rows by file, or part of a file, and rule."""
    return st.dictionaries(st.tuples(st.sampled_from("xyz"), st.sampled_from(rules)), COUNT, max_size=12).map(
        lambda drawn: {key: count for key, count in drawn.items() if count}
    )


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    for schema in ("seeds", "gateway"):
        connection.execute(f"create schema {schema}")
    connection.execute("set search_path = 'seeds,gateway'")
    gateway_sql.plant(connection, "intake_rules", opt_out_oracle.seed("intake_rules"))
    return connection


def of_model(name: str) -> str:
    """What dbt makes of a model, its relations where the test has them."""
    [sql] = [
        node["compiled_code"]
        for node in gateway_sql.manifest()["nodes"].values()
        if node["resource_type"] == "model" and node["name"] == name
    ]
    for database in ('"marts"."reference"', '"assurance"."counts"', '"patient_level"."gateway"'):
        sql = sql.replace(database, '"memory"."gateway"')
    return str(sql.replace('"marts"."seeds"', '"memory"."seeds"'))


def asked(connection: duckdb.DuckDBPyConnection, sql: str, table: str, rows: list[Row], select: str) -> list[Cells]:
    """What a query says of the rows of the table that it reads."""
    with gateway_sql.without_values(table):
        columns = list(rows[0])
        types = {name: "bigint" for name in columns if name.endswith("_count")}
        gateway_sql.create(connection, f"gateway.{table}", rows[1:], columns, types)
        return connection.execute(f"select {select} from ({sql}) as found order by all").fetchall()


@DRAWN
@hypothesis.given(sent=counts([rule for rule, row in RULES.items() if row["applies_to"] in ("row", "file")]))
def test_a_national_file_is_enough_where_its_share_is(connection: duckdb.DuckDBPyConnection, sent: Counts) -> None:
    """Flags a file that is used though too little of it is usable, or refused though enough is."""
    rows = [dict.fromkeys(("file_kind", "file_name", "practice_code", "rule", "row_count"))]
    rows += [
        {"file_kind": "hes_apc", "file_name": name, "practice_code": None, "rule": rule, "row_count": count}
        for (name, rule), count in sent.items()
    ]
    found = asked(connection, of_model("int_intake__national_shares"), "int_intake__row_counts", rows,
                  "file_name, used_count, unusable_count, passed_over_count, is_enough")  # fmt: skip
    files: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (name, rule), count in sent.items():
        files[name][2 if rule in OF_OTHERS else 0 if RULES[rule]["keeps_row"] == "true" else 1] += count
    share = float(RULES["national_file_mostly_unusable"]["tolerated_share"])
    expected = [
        (name, used, lost, passed, used > 0 and lost <= share * (used + lost))
        for name, (used, lost, passed) in sorted(files.items())
    ]
    assert found == expected


@DRAWN
@hypothesis.given(
    sent=counts(
        [
            rule
            for rule, row in RULES.items()
            if (row["applies_to"] == "row" and {"practice_records", "journals"} & {*row["file_kinds"].split()})
            or rule in LOST_VALUES | NOT_ASKED_FOR
        ]
        + ["complete"]
    )  # fmt: skip
)
def test_a_practice_is_kept_out_where_too_little_is_usable(connection: duckdb.DuckDBPyConnection, sent: Counts) -> None:
    """Flags a practice of which zeros would be published, or that is kept out though enough of its file is usable."""
    rows = [dict.fromkeys(("practice_code", "part", "rule", "value_count"))]
    rows += [
        {"practice_code": "A81001", "part": part, "rule": rule, "value_count": count}
        for (part, rule), count in sent.items()
    ]
    found = asked(connection, engine_sql.render("mostly_unusable('parts')"), "parts", rows, "part")
    parts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (part, rule), count in sent.items():
        is_lost = RULES.get(rule, {}).get("applies_to") == "row" or rule in LOST_VALUES
        parts[part][1 if is_lost else 0] += 0 if rule in NOT_ASKED_FOR else count
    share = float(RULES["practice_file_mostly_unusable"]["tolerated_share"])
    expected = [(part,) for part, (used, lost) in sorted(parts.items()) if not used or lost > share * (used + lost)]
    assert found == expected
