"""Nobody who opted out has a row anywhere, and nobody else is missing: the gateway against an oracle.

The oracle is plain Python, written from the domain handbook (opt_out_oracle.py). It is compared with the gateway's
own SQL on a world made by hand and on thousands of drawn histories, and with every table of the built sample.

A failing assert prints the values of all its parts. So nothing that holds a number or a pseudonym stands in one:
they compare counts that were taken before.
"""

import functools
import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import duckdb
import hypothesis
import pytest
import yaml
from hypothesis import strategies as st

from bench import gateway_sql, raw_folder
from bench.gateway_sql import problems, pseudonym, run
from conftest import PROJECT, SAMPLE, Folders, examples
from gp_level_data.custody import keys
from opt_outs import opt_out_worlds
from opt_outs.opt_out_oracle import Sent, expected, opted_out, seed
from opt_outs.opt_out_worlds import BOTH_KINDS, COLLECTIONS, ERAS, HAND_MADE, PRACTICES, REFUSED_EXCEPTIONS, World

PEOPLE, FEW = 1_000, 40
SEED = 20170401
EXCEPTIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "one": {"exception_id": "E1", "register": (opt_out_worlds.register_row("one", "both_kinds"),)},
    "all": {"exception_id": "E1", "register": (opt_out_worlds.register_row("all", "both_kinds"),)},
}


@pytest.mark.parametrize("name", HAND_MADE)
def test_every_case_made_by_hand(name: str) -> None:
    sent = opt_out_worlds.by_hand(**HAND_MADE[name])
    assert problems(run(sent), sent) == []


@pytest.mark.parametrize("name", REFUSED_EXCEPTIONS)
def test_an_exception_that_is_not_in_order_lifts_nothing(name: str) -> None:
    sent = opt_out_worlds.refused_exception(REFUSED_EXCEPTIONS[name])
    plain = opt_out_worlds.by_hand(collection="gpdpr")
    assert problems(run(sent), sent) == []
    is_same = expected(sent).permitted == expected(plain).permitted
    assert is_same


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("collection", [*COLLECTIONS, BOTH_KINDS["collection"]])
def test_thousands_of_drawn_histories(era: str, collection: str) -> None:
    drawn = random.Random(f"{SEED} {era} {collection}")
    histories = opt_out_worlds.draw_histories(drawn, ERAS[era], PEOPLE)
    sent = opt_out_worlds.of_histories(ERAS[era], histories, PEOPLE, collection=collection)
    wanted = expected(sent)
    assert problems(run(sent), sent, wanted) == []
    # every outcome of a history occurs often, or the comparison would say little
    reasons, gone_count = Counter(wanted.objections.values()), len(opted_out(sent))
    assert min(reasons[r] for r in ("dissent", "same_day_conflict", "undated_dissent", "future_dissent")) > 5
    assert 0.2 < gone_count / PEOPLE < 0.8


@st.composite
def worlds(draw: st.DrawFn) -> Any:
    """People with up to three rows each, so that a counterexample shrinks to something readable."""
    era = draw(st.sampled_from(sorted(ERAS)))
    moment = st.sampled_from(opt_out_worlds.COMMON) | st.sampled_from(opt_out_worlds.moments(ERAS[era]))
    coded = st.sampled_from([pair for codes in opt_out_worlds.CODES.values() for pair in codes])
    coded |= st.sampled_from(opt_out_worlds.CODED)
    row = st.tuples(coded, moment, moment)
    person = st.tuples(st.integers(0, len(PRACTICES) - 1), st.lists(row, min_size=1, max_size=3))
    people = draw(st.lists(person, min_size=draw(st.integers(0, FEW // 2)), max_size=FEW))
    # who, at which practice, scheme and code, effective, recorded; sometimes two are one person
    histories = [
        (at if draw(st.integers(0, 9)) else max(at - 1, 0), practice, *row)
        for at, (practice, rows) in enumerate(people)
        for row in rows
    ]
    collection = draw(st.sampled_from([*COLLECTIONS, "both_kinds"]))
    exception = draw(st.sampled_from(sorted(EXCEPTIONS))) if collection == "both_kinds" else "none"
    return era, histories, collection, exception


@functools.cache
def without_histories(era: str, collection: str, exception: str) -> duckdb.DuckDBPyConnection:
    """The gateway's run over a world in which nobody objected yet."""
    settings = {"collection": collection, **EXCEPTIONS[exception]}
    return run(opt_out_worlds.of_histories(ERAS[era], [], FEW, **settings))


@examples(60, phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink))
@hypothesis.given(worlds())
def test_any_history(world: Any) -> None:
    era, histories, collection, exception = world
    settings = {"collection": collection, **EXCEPTIONS[exception]}
    sent = opt_out_worlds.of_histories(ERAS[era], histories, FEW, **settings)
    assert gateway_sql.gate_problems(without_histories(era, collection, exception), sent) == []


def test_a_collection_without_a_policy_lets_nobody_in() -> None:
    sent = opt_out_worlds.by_hand()
    sent.settings["collection"] = "unheard_of"
    connection = run(sent)
    for table in ("int_patients__permitted", "int_admissions__emergency"):
        assert connection.execute(f"select count(*) from gateway.{table}").fetchone() == (0,), table


def test_a_session_in_another_time_zone_would_be_noticed() -> None:
    sent = opt_out_worlds.by_hand()
    assert problems(run(sent, timezone="UTC"), sent) != []


def test_null_empties_nothing() -> None:
    """`not in` with one NULL among the objections lets nobody in; an anti-join does not."""
    accepts = opt_out_worlds.register_row("unreadable_objections", COLLECTIONS[0], rows_accepted="2")
    world = World(exception_id="E1", register=(accepts,))
    world.practice("A81001")
    world.patient(1, "A81001")
    world.opt_out(2, "A81001", opt_out_worlds.DISSENT, number="not a number")
    world.opt_out(3, "A81001", opt_out_worlds.DISSENT, number=" ")
    assert problems(run(world.sent), world.sent) == []
    permitted_count = expected(world.sent).permitted.total()
    assert permitted_count == 1


def test_what_each_collection_upholds() -> None:
    """Domain handbook, seed table and 3.4: Type 1 always, Type 2 at no collection."""
    policies = {row["collection"]: row for row in seed("collections")}
    assert {c: row["type_1_upheld"] for c, row in policies.items()} == dict.fromkeys(
        ("individual_gp_level_data", "gpdpr", "care_data"), "at_collection"
    )
    assert {c: row["type_2_upheld"] for c, row in policies.items()} == {
        "individual_gp_level_data": "never",
        "gpdpr": "never",
        "care_data": "at_dissemination",
    }


# The sample: raw files on one side, every table of both databases on the other.


@pytest.fixture(scope="module")
def sample() -> Sent:
    """The sample's raw files as the oracle reads them."""
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    return raw_folder.read(SAMPLE, settings | {"period_start": "0001-01-01", "period_end": "0001-01-01"})


@pytest.fixture(scope="module")
def permitted(sample: Sent) -> set[tuple[str, str]]:
    """The numbers and practices that the sample's tables should hold."""
    return set(expected(sample).permitted)


@pytest.fixture(scope="module")
def key_of(built: Folders) -> Callable[[str], str]:
    """The pseudonym of a number in this build, by the standard library."""
    collection = "individual_gp_level_data"
    key = keys.read_key(built.keys, collection)
    return lambda number: pseudonym(key, collection, number)


def columns_holding(connection: duckdb.DuckDBPyConnection, wanted: set[str]) -> dict[str, int]:
    """For each column of each table of both databases that holds one of the pseudonyms: in how many rows.

    The tables and columns are found in the catalogue, whatever their name or type, and a pseudonym is found
    wherever it stands in a value.
    """
    columns = connection.execute(
        """
        select database_name, schema_name, table_name, column_name
        from duckdb_columns()
        where database_name in ('marts', 'patient_level') and not internal
        order by all
        """
    ).fetchall()
    found = {}
    for *table, column in columns:
        name = ".".join(f'"{part}"' for part in table)
        values = connection.execute(
            f"""
            select cast("{column}" as varchar) from {name}
            where regexp_matches(cast("{column}" as varchar), '[a-p]{{32}}')
            """
        ).fetchall()
        count = sum(not wanted.isdisjoint(re.findall("[a-p]{32}", value)) for (value,) in values)
        if count:
            found[".".join([*table, column])] = count
    return found


def test_nobody_who_opted_out_is_in_any_table_of_the_sample(
    warehouse: duckdb.DuckDBPyConnection, sample: Sent, key_of: Callable[[str], str]
) -> None:
    gone = {key_of(number) for number in opted_out(sample)}
    gone_count, found = len(gone), columns_holding(warehouse, gone)
    assert found == {}
    assert gone_count > 1_000


def test_nobody_but_the_permitted_is_in_any_table_of_the_sample(
    warehouse: duckdb.DuckDBPyConnection, sample: Sent, permitted: set[tuple[str, str]], key_of: Callable[[str], str]
) -> None:
    others = {key_of(number) for number in numbers_in(sample) - {number for number, _ in permitted}}
    other_count, found = len(others), columns_holding(warehouse, others)
    assert found == {}
    assert other_count > 5_000


def test_nobody_permitted_is_missing_from_the_sample(
    warehouse: duckdb.DuckDBPyConnection, permitted: set[tuple[str, str]], key_of: Callable[[str], str]
) -> None:
    wanted = {(key_of(number), practice) for number, practice in permitted}
    rows = warehouse.execute(
        "select patient_key, practice_code from patient_level.gateway.int_patients__permitted"
    ).fetchall()
    missing_count, added_count, repeated_count = (
        len(wanted - set(rows)), len(set(rows) - wanted), len(rows) - len(set(rows))
    )  # fmt: skip
    assert (missing_count, added_count, repeated_count) == (0, 0, 0)


def test_the_scan_sees_who_is_there(
    warehouse: duckdb.DuckDBPyConnection, permitted: set[tuple[str, str]], key_of: Callable[[str], str]
) -> None:
    """A scan that finds nobody proves nothing: it does find the permitted, wherever a person has a row."""
    found = columns_holding(warehouse, {key_of(number) for number, _ in permitted})
    assert {
        "patient_level.gateway.int_patients__permitted.patient_key",
        "patient_level.gateway.int_admissions__emergency.patient_key",
        "patient_level.intermediate.int_admissions__qualifying.patient_key",
    } <= set(found)
    assert [name for name in found if name.startswith("marts.")] == []


def test_the_scan_sees_one_key_inside_any_value() -> None:
    key = "abcdefghijklmnopabcdefghijklmnop"
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as marts")
    connection.execute(
        f"create table marts.planted as select 7 as n, ['x', 'page {key}'] as listed, {{'a': '{key}'}} as held"
    )
    assert columns_holding(connection, {key}) == {"marts.main.planted.listed": 1, "marts.main.planted.held": 1}


def numbers_in(sent: Sent) -> set[str]:
    """Every number that a practice file or an opt-out file names."""
    rows = [*sent.practice_records, *sent.opt_outs]
    return {number for row in rows if (number := gateway_sql.as_ten_digits(row["nhs_number"]))}
