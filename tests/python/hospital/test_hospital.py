"""Hospital episodes: whose each one is, which are copies, and where every row went, as plain Python says it."""

import functools
import random
from collections import Counter
from typing import Any

import duckdb
import hypothesis
import pytest
from hypothesis import strategies as st

from bench import gateway_sql
from conftest import examples, test_number
from gp_level_data.shapes import Row
from hospital import hospital_oracle
from intake.moment_oracle import known_day
from opt_outs.opt_out_oracle import Sent

JUDGING = ("stg_hes__apc_episodes", "int_episodes__judged", "int_episodes__scoped", "int_episodes__compared", "int_hospital__episodes",
           "int_intake__row_counts")  # fmt: skip
SETTINGS = {"collection": "individual_gp_level_data", "collected_at": "2017-04-01T02:00:00+01:00",
            "period_start": "2016-04-01", "period_end": "2017-03-31", "exception_id": ""}  # fmt: skip
DEFINITION = hospital_oracle.Definition(
    "ccg_ois_2_6", known_day(SETTINGS["period_start"]), known_day(SETTINGS["period_end"])
)


@functools.cache
def nodes() -> dict[str, Row]:
    return {node["name"]: node for node in gateway_sql.manifest()["nodes"].values() if node["name"] in JUDGING}


@functools.cache
def bench() -> duckdb.DuckDBPyConnection:
    """A gateway to which nobody has sent anything yet but two hospital files, of which nobody has said how long they are."""
    files = [{"file_kind": "hes_apc", "file_name": name} for name in DRAWN["file_name"]]
    connection = gateway_sql.run(Sent(settings=dict(SETTINGS), files=files))
    # what else int_intake__row_counts reads is of other files
    gateway_sql.create(connection, "gateway.int_social_care__judged", [], ["file_name", "rejected_rule"])
    counted = ["file_kind", "rule", "row_count"]
    gateway_sql.create(connection, "gateway.int_intake__reference_counts", [], counted, {"row_count": "bigint"})
    return connection


def judged(rows: list[Row], faults: tuple[str, str, str] | None = None) -> duckdb.DuckDBPyConnection:
    """The bench after it has read these rows of the hospital files."""
    connection, sent = bench(), Sent(settings=dict(SETTINGS))
    columns = [row[0] for row in connection.execute("describe landing.hes_apc").fetchall()]
    connection.execute("drop table landing.hes_apc")
    gateway_sql.create(connection, "landing.hes_apc", [dict.fromkeys(columns) | row for row in rows], columns)
    for name in JUDGING:
        statement = nodes()[name]["compiled_code"]
        if faults and faults[0] == name:
            assert faults[1] in statement
            statement = statement.replace(faults[1], faults[2])
        gateway_sql.build(connection, sent, name, statement)
    return connection


GOOD = {"epikey": "1", "newnhsno": test_number(1), "admidate": "2016-12-24", "admimeth": "21", "epiorder": "1", "epistat": "3",
        "epitype": "1", "classpat": "1", "sex": "1", "diag_4_01": "J459", "file_name": "hes/apc_1617.csv"}  # fmt: skip
KEYS = (
    "1",
    "2",
    "3",
    "1.0",
    "01",
    "+2",
    " 3 ",
    "0",
    "0.00",
    "",
    None,
    "NULL",
    "n/a",
    "-1",
    "5.01E+11",
    "5E11",
    "A7",
    "1.5",
)
# Mostly good: two rows are seldom alike by chance.
DRAWN = {
    "epikey": KEYS,
    "newnhsno": (*map(test_number, (1, 1, 1, 2, 2, 3)), "", "123"),
    "admidate": ("2016-12-24", "2016-12-24", "24/12/2016", "20161224", "2016-12-25", "2015-05-01", "", "1801-01-01",
                 "01/01/1800", "31/02/2016", "24DEC2016"),
    "disdate": (None, None, "", "2016-12-27", "27/12/2016", "2016-01-01", "01/01/1801", "soon"),
    "admimeth": ("21", "21", "21.0", "2A", "2a ", "11", "89", "98", "2", None),
    "epiorder": ("1", "1", "1.0", "01", "2", "99", "", "1.5"),
    "epistat": ("3", "3", "1", "1", "1.0", "9", "", None, "2", "F"),
    "epitype": ("1", "1.0", "01", "6", "", "7"),
    "classpat": ("1", "1", "2", "8", None, "x"),
    "admisorc": (None, "19", "19.0", "51", "99", "00", "HOME"),
    "sex": ("1", "2", "2.0", "9", "0", "", "M", "3"),
    "startage": (None, "", "64", "64.0", "7001", "7008", "121", "old"),
    "procode": (None, None, "RAA", "raa01", "RAA99", "RBB", ""),
    "diag_4_01": ("J459", "J45.9", "j46-", "J46X", "J46.X", "", None, "asthma", "'J459", "NULL", "45J9"),
    "diag_4_concat": ("J459,I10X", "J45.9, I10.X", "", None, "J459;I10X", "J459 I10X", "J459,NULL", "J459|I10X"),
    "opertn_4_concat": ("-", "&", "", None, "K401,Y022", "K40.1", "K401;Y022"),
    "file_name": ("hes/apc_1516.csv", "hes/apc_1617.csv"),
}  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries({"epikey": st.sampled_from(KEYS), "newnhsno": st.sampled_from(DRAWN["newnhsno"])}).flatmap(
        lambda fixed: st.fixed_dictionaries(
            {}, optional={name: st.sampled_from(drawn) for name, drawn in DRAWN.items()}
        ).map(lambda others: GOOD | others | fixed)
    ),
    max_size=12,
)


def found(
    rows: list[Row], faults: tuple[str, str, str] | None = None
) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
    """Rows by rule, by file of those that are usable, and the emergencies that go on: numbers only in here."""
    connection = judged(rows, faults)
    rules = (
        "select coalesce(rejected_rule, copy_rule, 'usable'), nhs_number, admission_date, file_name, rejected_rule from"
    )
    verdicts = connection.execute(f"{rules} gateway.int_hospital__episodes").fetchall()
    counts = connection.execute("select rule, row_count from gateway.int_intake__row_counts").fetchall()
    by_rule: Counter[Any] = Counter()
    for rule, count in counts:
        by_rule[rule] += count
    usable = Counter((rule, number, day, name) for rule, number, day, name, rejected in verdicts if rejected is None)
    emergencies = connection.execute(
        "select nhs_number, admission_date, primary_diagnosis, dropped_by, dropped_value"
        " from gateway.int_hospital__episodes where is_emergency and rejected_rule is null and copy_rule is null"
    )
    return by_rule, usable, Counter(emergencies.fetchall())


def wanted(rows: list[Row]) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
    verdicts = hospital_oracle.verdicts(rows, DEFINITION)
    counted = ("complete", "episode_key_missing", "primary_diagnosis_missing")
    return (
        Counter(rule for _, rule in verdicts),
        Counter(
            ("usable" if rule in counted else rule, int(stay.number), stay.day, stay.file_name)
            for stay, rule in verdicts
            if stay
        ),
        Counter(
            (int(stay.number), stay.day, stay.diagnosis, *(DEFINITION.dropped(stay) or (None, None)))
            for stay, rule in verdicts
            if stay and rule in counted and DEFINITION.is_emergency(stay)
        ),
    )


def differences(rows: list[Row], faults: tuple[str, str, str] | None = None) -> int:
    """How much the project and the oracle say otherwise; never what."""
    return sum(((a - b) + (b - a)).total() for a, b in zip(found(rows, faults), wanted(rows)))


@examples(30)
@hypothesis.given(rows=ROWS, seed_of_order=st.integers())
def test_every_row_is_judged_as_the_oracle_judges_it(rows: list[Row], seed_of_order: int) -> None:
    """Flags a row that is believed wrongly, is lost, or depends on the order in which rows came."""
    assert differences(rows) == 0
    by_rule, usable, emergencies = found(rows)
    assert by_rule.total() == len(rows)
    shuffled = random.Random(seed_of_order).sample(rows, len(rows))
    same = found(shuffled) == (by_rule, usable, emergencies)
    assert same


def again(**changes: str | None) -> Row:
    return GOOD | changes


# What would be wrong, and rows by which it is seen.
FAULTS = {
    "two people only where both are emergencies": (
        ("int_episodes__judged", "coalesce(\n", "coalesce(case when episodes.admission_method = '11' then 'elective' end,\n"),
        [again(), again(newnhsno=test_number(2), admimeth="11")],
    ),
    "the lower number wins": (
        ("int_episodes__compared", "numbered.lowest_number <> numbered.highest_number", "numbered.nhs_number <> numbered.lowest_number"),
        [again(), again(newnhsno=test_number(2))],
    ),
    "the unfinished copy is kept": (
        ("int_episodes__compared", "case when episode_status = '3' then 1 else 2 end", "1"),
        [again(diag_4_01="J459"), again(epistat="1", diag_4_01="R69", admidate="2016-12-23")],
    ),
    "a copy that is dropped is kept": (
        ("int_episodes__compared", "dropped_by nulls first", "dropped_by nulls last"),
        [again(startage="64"), again(startage="64", sex="9", file_name="hes/apc_1516.csv")],
    ),
    "transfers are in scope": (
        ("int_episodes__scoped", "when not ((\n        filters.admission_source_one_of is null", "when false and not ((\n        filters.admission_source_one_of is null"),
        [again(startage="64", admisorc="51")],
    ),
    "any file's copy": (
        ("int_episodes__compared", "file_name nulls last", "file_name desc nulls last"),
        [again(), again(file_name="hes/apc_1516.csv")],
    ),
    "an unfinished one is looked for once": (
        ("int_episodes__compared", "scoped.episode_status, '') <> '3'", "scoped.episode_status, '3') <> '3'"),
        [again(), again(epikey="2", epistat=None)],
    ),
    "no provider is one of its own": (
        ("int_episodes__compared", "coalesce(numbered.provider_code, finished.provider_code, '')", "coalesce(numbered.provider_code, '')"),
        [again(procode="RAA"), again(epikey="2", epistat="1")],
    ),
    "providers are all one": (
        ("int_episodes__compared", "= coalesce(finished.provider_code, numbered.provider_code, '')", "is not null"),
        [again(procode="RAA"), again(epikey="2", epistat="1", procode="RBB")],
    ),
    "a site is a provider": (
        ("stg_hes__apc_episodes", "substr(upper(trim(procode)), 1, 3)", "upper(trim(procode))"),
        [again(procode="RAA01"), again(epikey="2", epistat="1", procode="RAA02")],
    ),
    "a finished one of two people supersedes": (
        ("int_episodes__compared", "shared.lowest_number <> shared.highest_number", "false"),
        [again(), again(newnhsno=test_number(2)), again(epikey="2", epistat="1")],
    ),
    "nought is a key": (
        ("stg_hes__apc_episodes", ", '0')", ", 'none')"), [again(epikey="0"), again(epikey="0", newnhsno=test_number(2))]
    ),
    "dashes are letters": (("stg_hes__apc_episodes", "[-. &", "[. &"), [again(diag_4_01="J46-")]),
    "nought point nought": (("stg_hes__apc_episodes", "like '%.%'", "like '%!%'"), [again(sex="2.0")]),
    "any sex": (("int_episodes__judged", "sex_codes.field = 'sex'", "true"), [again(sex="51")]),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_noticed(name: str) -> None:
    """Flags an oracle that would not see a rule go."""
    fault, rows = FAULTS[name]
    assert differences(rows) == 0
    assert differences(rows, fault) > 0


SPELLINGS = {
    "J46X": ("J46", "J46-", "J46X", "J46.X", "j46", "J46.-", " J46 ", "J46*", "J46†", "J46D", "J46XA", "J46X-", "J46 X"),
    "J459": ("J459", "J45.9", "j45.9", "J459-", "J45.9D", "J459A", "J45.90", "J45.9†", "J45.9+", "J4599"),
    "XXXX": ("", "-", "&", "-   "),
}  # fmt: skip


@pytest.mark.parametrize("code", SPELLINGS)
def test_a_diagnosis_is_one_however_it_is_written(code: str) -> None:
    rows = [again(epikey=str(at), diag_4_01=text) for at, text in enumerate(SPELLINGS[code], 1)]
    read = judged(rows).execute("select primary_diagnosis from staging.stg_hes__apc_episodes").fetchall()
    assert read == [(code,)] * len(rows)


LISTS = {
    "J459,D571,I10X": ("J459,D571,I10X", "J45.9,D57.1,I10X", "j459, d571, i10x", "J459,D57.1†,I10X-", "J45.9*,D571,I10.X"),
    "K401,U071": ("K401,U071", "K40.1,U07.1", "k401 ,u071 "),
}  # fmt: skip


@pytest.mark.parametrize("codes", LISTS)
def test_codes_are_the_same_however_they_are_written(codes: str) -> None:
    rows = [again(diag_4_concat=text, opertn_4_concat=text) for text in LISTS[codes]]
    read = judged(rows).execute("select diagnoses, procedures from staging.stg_hes__apc_episodes").fetchall()
    assert read == [(codes, codes)] * len(rows)


def test_no_procedure_is_none_however_it_is_written() -> None:
    rows = [again(opertn_4_concat=text) for text in ("-", "-   ", "&", "", " ")]
    read = judged(rows).execute("select procedures from staging.stg_hes__apc_episodes").fetchall()
    assert read == [("-",)] * len(rows)
