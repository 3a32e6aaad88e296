"""Any history of dissents and withdrawals is decided as the oracle decides it.

The SQL of the gateway's own model, as the build compiled it, over histories that no sample holds.
"""

from datetime import datetime, timedelta

import duckdb
import pytest
from conftest import Folders, test_number
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_permitted_oracle import COLLECTED_AT, moment, why_out

from gp_level_data.build import PROJECT

PRACTICE = "A81001"
EXTRACTED_AT = COLLECTED_AT - timedelta(hours=20)
KINDS = ["dissent", "withdrawal"]
# Days around the extraction, times on its day, no day, and the day that some systems write for none.
DAYS = ["", "0001-01-01", "2015-06-01", "2017-03-31", "2017-04-01", "2017-04-01T13:00:00+01:00",
        "2017-04-01T13:00:01+01:00", "2017-04-01T23:30:00+00:00", "2017-04-02", "2019-01-01"]  # fmt: skip
EVENTS = st.tuples(st.sampled_from(KINDS), st.sampled_from(DAYS), st.sampled_from(DAYS))


@pytest.fixture(scope="module")
def gateway(built: Folders) -> duckdb.DuckDBPyConnection:
    """The relations that the model reads, and the model itself as the view `in_force`."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'Europe/London'")
    connection.execute("attach ':memory:' as marts")
    for schema in ("memory.staging", "memory.seeds", "memory.gateway", "marts.reference"):
        connection.execute(f"create schema {schema}")
    connection.execute(
        "create table memory.staging.stg_gpes__opt_outs (nhs_number bigint, practice_code varchar,"
        " code_scheme varchar, code varchar, effective_at timestamptz, recorded_at timestamptz)"
    )
    connection.execute(
        "create table memory.seeds.opt_out_codes as"
        f" from read_csv('{PROJECT}/seeds/opt_out_codes.csv', all_varchar = true)"
    )
    connection.execute(
        "create table marts.reference.int_collection__settings as select ?::timestamptz as collected_at",
        [COLLECTED_AT],
    )
    connection.execute(
        "create table marts.reference.int_practices__collected as"
        " select ? as practice_code, ?::timestamptz as extracted_at",
        [PRACTICE, EXTRACTED_AT],
    )
    compiled = built.project / "target" / "gateway" / "compiled"
    (model,) = compiled.glob("**/int_opt_outs__in_force.sql")
    connection.execute(f"create view in_force as {model.read_text()}")
    return connection


def in_order(effective: datetime | None, recorded: datetime | None) -> bool:
    return bool(
        effective and recorded and effective <= EXTRACTED_AT and recorded <= EXTRACTED_AT
    )


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=st.lists(st.lists(EVENTS, min_size=1, max_size=4), min_size=1, max_size=12))
@example(histories=[[("dissent", "0001-01-01", "2015-06-01")]])
@example(histories=[[("dissent", "2017-04-01", "2017-04-01"), ("withdrawal", "2017-04-01", "2017-04-01")]])
def test_any_history(gateway: duckdb.DuckDBPyConnection, histories: list[list[tuple]]) -> None:
    """Flags a history that lets somebody in who objects, or keeps somebody out without a reason."""
    codes = {"dissent": "9Nu0", "withdrawal": "9Nu1"}
    rows = [
        (test_number(person), PRACTICE, "READ2", codes[meaning], effective or None, recorded or None)
        for person, history in enumerate(histories)
        for meaning, effective, recorded in history
    ]
    gateway.execute("delete from memory.staging.stg_gpes__opt_outs")
    gateway.executemany("insert into memory.staging.stg_gpes__opt_outs values (?, ?, ?, ?, ?, ?)", rows)
    found = dict(gateway.execute("select nhs_number, reason from in_force").fetchall())
    decided = [found.get(int(test_number(person))) for person in range(len(histories))]
    wanted = []
    for history in histories:
        reason = why_out(
            (meaning, moment(effective), in_order(moment(effective), moment(recorded)))
            for meaning, effective, recorded in history
        )
        wanted.append(reason and reason.removeprefix("type_1_"))
    assert decided == wanted
