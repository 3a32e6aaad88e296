"""Days and moments: whatever a sender writes is read as the oracle reads it, or unreadable; never taken for none."""

import re
from datetime import date

import duckdb
import gateway_sql
import hypothesis
import moment_oracle
import pytest
from conftest import PROJECT
from hypothesis import strategies as st

# A model, the raw column that it reads, and what it makes of that.
MOMENT = ("stg_gpes__opt_outs", "effective_date", "effective_at")
DAY = ("stg_cqrs__participation", "status_date", "status_date")
HOSPITAL_DAY = ("stg_hes__apc_episodes", "admidate", "admission_date")

DAYS = st.one_of(
    st.dates(date(1870, 1, 1), date(2075, 1, 1)),
    # on which the clocks change, and the days around
    st.builds(
        lambda year, month, day: date(year, month, day),
        st.integers(1996, 2030), st.sampled_from([3, 10]), st.integers(24, 31),
    ),
)  # fmt: skip
SPELT = ["%Y-%m-%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d/%m/%y", "%d%b%Y", "%Y/%m/%d", "%d.%m.%Y"]
CLOCKS = st.one_of(
    st.sampled_from(["", "00:00", "00:00:00", "01:30", "01:59:59.999", "02:00:00", "24:00:00", "23:59:60", "2:00"]),
    st.times().map(str),
    st.builds(lambda at, end: f"{at:%H:%M:%S}{end}", st.times(), st.sampled_from([",5", ".1234567", ".123456789", "."])),
)
ZONES = st.sampled_from(
    ["", "Z", "+00:00", "+01:00", "+0100", "+01", "-05:30", "+14:00", "+15:00", "+01:60", "+1", " +01:00", " BST", "BST",
     " GMT", " UTC", "UTC", " CET", " EST", " IST", " AEST", " Europe/London", " Asia/Dhaka", " bst", "z", " BST BST"]
)  # fmt: skip
TEXTS = st.one_of(
    st.builds(
        lambda day, spelt, gap, clock, zone, ends: ends[0] + day.strftime(spelt) + (gap + clock + zone if clock else "") + ends[1],
        DAYS, st.sampled_from([*SPELT[:3], *SPELT]), st.sampled_from([" ", "T", "  ", "t"]), CLOCKS, ZONES,
        st.sampled_from([("", ""), ("", ""), (" ", "  "), ("\t", ""), ("'", "")]),
    ),
    st.sampled_from(["", " ", "42826", "42826.0833", "1491008400", "20170230", "31/02/2017", "2017-02-31", "2017-W13-6",
                     "0001-01-01", "9999-12-31", "1900-01-00", "NULL", "2017", "201704", "2017-4-1", "１２/04/2017"]),
    st.text("0123456789-/: TZ+BSTGMU.", max_size=25),
)  # fmt: skip


def read(what: tuple[str, str, str], texts: list[str | None]) -> list:
    """What a staging model makes of texts in one of its raw columns, in their order."""
    model, raw, made = what
    node = next(n for n in gateway_sql.manifest()["nodes"].values() if n["name"] == model)
    [source] = re.findall(r'"memory"\."landing"\."\w+"', node["compiled_code"])
    connection = duckdb.connect()
    connection.execute("set timezone = 'Europe/London'")
    connection.execute("create schema landing")
    columns = gateway_sql.manifest()["sources"][node["depends_on"]["nodes"][0]]["config"]["meta"]["identifies"]
    rows = [dict.fromkeys(columns) | {raw: text} for text in texts]
    gateway_sql.create(connection, source.replace('"memory".', ""), rows, list(columns))
    found = connection.execute(f"select {made} from ({node['compiled_code']})").fetchall()
    return [value for (value,) in found]


@hypothesis.settings(max_examples=150, deadline=None, database=None, derandomize=True)
@hypothesis.given(texts=st.lists(TEXTS, min_size=40, max_size=60))
@pytest.mark.parametrize(
    "what, wanted",
    [
        (MOMENT, moment_oracle.moment),
        (DAY, moment_oracle.day),
        (HOSPITAL_DAY, lambda text: moment_oracle.day(text, is_day_first=True)),
    ],
)
def test_a_text_is_read_as_the_contract_says(what: tuple[str, str, str], wanted, texts: list[str]) -> None:
    """Flags a text that is read as another day or moment, or read where nobody can know, or not read."""
    differ = [(text, found, wanted(text)) for text, found in zip(texts, read(what, texts)) if found != wanted(text)]
    assert differ == []


READS = re.compile(r"strptime|try_cast\((?:[^()]|\((?:[^()]|\([^()]*\))*\))* as (?:date|time\w*)\)", re.IGNORECASE)


def test_days_and_moments_are_read_in_one_place() -> None:
    """Flags a model, macro or source that has the engine read a day by itself: it knows BST as Bangladesh's time."""
    files = [path for folder in ("models", "macros") for path in (PROJECT / folder).rglob("*") if path.suffix in (".sql", ".yml")]
    own = (PROJECT / "macros" / "parsing", PROJECT / "macros" / "engine")
    elsewhere = [path.name for path in files if READS.search(path.read_text()) and path.parent not in own]
    assert elsewhere == []
    assert any(READS.search(path.read_text()) for path in files), "what reads days is found where it is"
