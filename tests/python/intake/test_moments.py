"""Days and moments: whatever a sender writes is read as the oracle reads it, or unreadable; never taken for none."""

import random
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb
import hypothesis
import pytest
from hypothesis import strategies as st

from bench import gateway_sql
from conftest import PROJECT
from intake import moment_oracle

# A model, the raw column that it reads, and what it makes of that.
MOMENT = ("stg_gpes__opt_outs", "effective_date", "effective_at")
DAY = ("stg_cqrs__participation", "status_date", "status_date")
HOSPITAL_DAY = ("stg_hes__apc_episodes", "admidate", "admission_date")

GOOD_DAYS = ["%Y-%m-%d", "%Y-%m-%d", "%Y%m%d", "%d/%m/%Y"]
OTHER_DAYS = ["%m/%d/%Y", "%d-%m-%Y", "%d/%m/%y", "%d%b%Y", "%d %b %Y", "%Y/%m/%d", "%d.%m.%Y", "%Y-%j", "%Y-%m-%-d"]
GOOD_CLOCKS = [
    "%H:%M",
    "%H:%M:%S",
    "%H:%M:%S.%f",
    "%H:%M:%S,5",
    "%H:%M:%S.1234567",
    "%H:%M:%S.123456789",
    "01:30",
    "00:00:00",
]
OTHER_CLOCKS = [
    "%H%M%S",
    "%I:%M %p",
    "24:00:00",
    "23:59:60",
    "2:00",
    "%H:%M:%S.",
    "%H:60",
    "%H.%M",
    "%H:%M:%S.1234567890",
]
GOOD_ZONES = [
    "",
    "",
    "Z",
    "+00:00",
    "+01:00",
    "+0100",
    "+01",
    "-05:30",
    "+14:00",
    " +01:00",
    " BST",
    "BST",
    " GMT",
    " UTC",
    "UTC",
]
OTHER_ZONES = ["+15:00", "+01:60", "+1", "+1:00", " CET", " CEST", " EST", " IST", " AEST", " Europe/London", " Asia/Dhaka", " bst",
               "z", " BST BST", "+01:00[Europe/London]", " GMT+1", "  Z", " "]  # fmt: skip
ODD = ["", " ", "42826", "42826.0833", "1491008400", "20170230", "31/02/2017", "2017-02-31", "2017-W13-6", "0001-01-01", "1800-01-01",
       "9999-12-31", "1900-01-00", "NULL", "NaT", "2017", "201704", "2017-4-1", "１２/04/2017", "2017−04−01", "infinity", "today",
       "20170401T020000Z", "2017-04-01T", "2017-04-01 BST", "20170401 02:00", "01/04/2017T02:00", "01/04/2017 02:00 BST"]  # fmt: skip


def a_text(draw: random.Random) -> str:
    """A day, perhaps with a time and a zone: as the contract has it, or one of its parts in another way."""
    if draw.random() < 0.1:
        return draw.choice(ODD)
    if draw.random() < 0.05:
        return "".join(draw.choices("0123456789-/: TZ+BSTGMU.", k=draw.randint(1, 25)))
    at = datetime(draw.choice([1879, 1880, 1941, 1970, 2064, 2065]) if draw.random() < 0.1 else draw.randint(1996, 2030),
                  draw.randint(1, 12), draw.randint(1, 28), draw.randint(0, 23), draw.randint(0, 59), draw.randint(0, 59),
                  draw.randint(0, 999_999))  # fmt: skip
    if draw.random() < 0.3:
        # the days on which the clocks change, and those around them
        at = at.replace(month=draw.choice([3, 10]), day=draw.randint(24, 31), hour=draw.choice([0, 1, 2]))
    parts = (
        (GOOD_DAYS, OTHER_DAYS),
        ([" ", "T"], ["  ", "t", "_"]),
        (GOOD_CLOCKS, OTHER_CLOCKS),
        (GOOD_ZONES, OTHER_ZONES),
    )
    other = draw.choice([None, None, None, *range(len(parts))])
    day, gap, clock, zone = (draw.choice(pair[number == other]) for number, pair in enumerate(parts))
    written = at.strftime(day) if draw.random() < 0.3 else at.strftime(f"{day}{gap}{clock}") + zone
    before, after = draw.choice([("", "")] * 8 + [(" ", "  "), ("\t", ""), ("'", "")])
    return before + written + after


def read(what: tuple[str, str, str], texts: Sequence[str | None]) -> list[Any]:
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


@hypothesis.settings(max_examples=12, phases=[hypothesis.Phase.generate])
@hypothesis.given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize(
    "what, wanted",
    [
        (MOMENT, moment_oracle.moment),
        (DAY, moment_oracle.day),
        (HOSPITAL_DAY, lambda text: moment_oracle.day(text, is_day_first=True)),
    ],
)
def test_a_text_is_read_as_the_contract_says(what: tuple[str, str, str], wanted: Any, seed: int) -> None:
    """Flags a text that is read as another day or moment, or read where nobody can know, or not read."""
    draw = random.Random(seed)
    texts = [a_text(draw) for _ in range(1_500)]
    differ = [(text, found, wanted(text)) for text, found in zip(texts, read(what, texts)) if found != wanted(text)]
    assert differ == []
    assert sum(wanted(text) is not None for text in texts) > 300


READS = re.compile(r"strptime|try_cast\((?:[^()]|\((?:[^()]|\([^()]*\))*\))* as (?:date|time\w*)\)", re.IGNORECASE)


def test_days_and_moments_are_read_in_one_place() -> None:
    """Flags a model, macro or source that has the engine read a day by itself: it knows BST as Bangladesh's time."""
    files = [
        path
        for folder in ("models", "macros")
        for path in (PROJECT / folder).rglob("*")
        if path.suffix in (".sql", ".yml")
    ]
    own = (PROJECT / "macros" / "parsing", PROJECT / "macros" / "engine")
    elsewhere = [path.name for path in files if READS.search(path.read_text()) and path.parent not in own]
    assert elsewhere == []
    assert any(READS.search(path.read_text()) for path in files), "what reads days is found where it is"
