"""What the journals are tried on: the gate's world made by hand with a journal for everybody in it, every rule of the
journals once, and worlds of drawn rows.

People are small whole numbers here and become NHS Numbers of the test range inside, as in opt_out_worlds.py.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conftest import test_number
from gp_level_data.shapes import Row
from journals.journal_oracle import Journals
from opt_outs import opt_out_worlds
from opt_outs.opt_out_oracle import Sent
from opt_outs.opt_out_worlds import DISSENT, TYPE_2_DISSENT, World

GOOD, SECOND = "A81001", "B81001"
ROW = {
    "practice": GOOD,
    "processed_timestamp": "2017-04-01T02:00:00+01:00",
    "date_of_birth": "1959-08-25",
    "sex": "2",
    "ethnic": "A",
    "sexual_orientation": "1",
    "postcode": "ZZ99 8VZ",
    "lsoa": "E01990008",
    "registered_on": "2001-02-03",
    "category": "diagnosis",
    "date": "2011-05-06",
    "record_date": "2017-03-31",
    "code": "44054006",
}
NOT_IN_CARE_DATA = ("sexual_orientation", "staff_role")
Changes = Mapping[str, str | None]  # what a row says otherwise than ROW, by column


class JournalWorld:
    """A world of the gate, and the rows of its journals."""

    def __init__(self, sent: Sent) -> None:
        self.journals = Journals(sent)
        self.collection = sent.settings["collection"]

    def row(self, person: int, at: str = GOOD, /, **changes: str | None) -> Row:
        """A row of a practice's file, good but for the changes."""
        [file] = [
            file
            for file in self.journals.sent.files
            if file["practice_code"] == at and file["file_kind"] == "practice_records"
        ]
        file["row_count"] += 1
        row = ROW | {"practice": at, "nhs_number": test_number(person), "file_practice_code": at}
        row |= {"processed_timestamp": file["extracted_at"]} | changes
        self.add(row)
        return row

    def add(self, row: Row) -> None:
        without = NOT_IN_CARE_DATA if self.collection == "care_data" else ()
        self.journals.rows.append({name: value for name, value in row.items() if name not in without})

    def care(self, person: int, service: str | None, started: str | None, ended: str | None, **changes: Any) -> None:
        """A row of the social care file."""
        row = {"nhs_number": test_number(person), "service": service, "started_on": started, "ended_on": ended}
        self.journals.social_care.append(row | {"file_name": "social_care/social_care_1617.csv"} | changes)


# One person each.
RECORDS: list[Changes] = [
    *({"date": when} for when in ("2017-04-01", "2017-04-02", None, "", "06/05/2011", "2011-02-30", "0001-01-01",
                                  "9999-12-31", "infinity", "1880-01-01", "1879-12-31", "2064-12-31", " 2011-05-06 ", "2011-05-06T10:00:00", "2011-05-06 noon")),
    *({"category": category, "code": code, "date": when}
      for category, code in (("medication", "325278007"), ("referral", "306206005"), ("appointment", "185349003"),
                             ("recall", "1083111000000108"), ("diagnosis", "44054006"), ("allergy", "91936005"),
                             ("symptom", "49727002"), ("observation", "75367002"), ("test_result", "999791000000106"),
                             ("immunisation", "86198006"))
      for when in ("2007-03-31", "2007-04-01", "2017-04-02", "1960-01-01")),
    # days that cannot be: that stand for none, and before the year of birth
    *({"date": when} for when in ("1899-12-30", "18991231", "1900-01-01", "1970-01-01T00:00:00Z", "1970-01-02",
                                  "1959-01-01", "1958-12-31")),
    {"date": "1958-12-31", "date_of_birth": ""},
    {"category": " Diagnosis ", "code": " 44054006 "},
    {"category": "", "code": None},
    {"category": None, "code": "44054006"},
    {"category": "diagnosis", "code": ""},
    {"category": "letter"},
    {"category": "medication"},
    {"code": "22298006"},
    {"code": "63487001"},
    {"code": "63487001", "category": "letter"},
    {"code": "4405400"},
    {"code": "440540066"},
    {"code": "see letter"},
    # another coding system, with its term, or as a spreadsheet writes it
    *({"code": code} for code in ("C10F.", "44054006 |Diabetes|", "44054006.0", "9.99791E+14", "999791000000100",
                                  "197761014", "0" + "44054006")),
    {"code": "C10F.", "category": "letter"},
    {"code": test_number(77)},
    *({"value1_condition": first, "value2_condition": second}
      for first, second in (("119", "69"), ("-3.25", None), ("high", None), (None, "high"), (test_number(78), "69"),
                            ("12345.678", None), ("123456", None), ("1.2345", None), ("1e3", None), (".5", None),
                            (" 48 ", ""), ("٣", None))),
    *({"staff_role": role} for role in ("R0260", " nurse ", "Dr Smith", "", None)),
]  # fmt: skip
PATIENTS: list[Sequence[Changes]] = [
    # details
    *([{"sex": sex}] for sex in ("1", "9", "0", "3", "female", "", None, " 2 ", "2.0", "01", "2.5")),
    *([{"ethnic": ethnic}] for ethnic in ("z", "I", "British", "", None)),
    *([{"sexual_orientation": code}] for code in ("U", "5", "see notes", None, "1.0", "u")),
    *([{"lsoa": area}] for area in ("e01990008", "W01000001", "S01000001", "E0199000", "E019900081", "ZZ99 8VZ", None)),
    *([{"date_of_birth": born}] for born in ("1880-01-01", "1879-12-31", "2065-01-01", "25/08/1959", "", None)),
    # on the latest day that gives it
    [{"sex": "1", "record_date": "2016-01-01"}, {"sex": "2", "record_date": "2015-01-01"}],
    [{"sex": "1", "record_date": "2016-01-01"}, {"sex": "2", "record_date": "2016-01-01"}],
    [{"sex": "1", "record_date": "2016-01-01"}, {"sex": None, "record_date": "2017-01-01"}],
    [{"sex": "1", "record_date": "2016-01-01"}, {"sex": "x", "record_date": "2017-01-01"}],
    [{"sex": "1", "record_date": None, "date": "2016-01-02"}, {"sex": "2", "record_date": "2016-01-01"}],
    [{"sex": "1", "record_date": None, "date": None}, {"sex": "2", "record_date": "2000-01-01"}],
    [{"sex": "1", "record_date": None, "date": None}, {"sex": "2", "record_date": "not known", "date": None}],
    # what is entered later than the extraction was not entered then
    *([{"sex": "1", "record_date": "2016-01-01"}, {"sex": "2", "record_date": day}]
      for day in ("2017-04-01", "2017-04-02", "2030-01-01")),
    [{"ethnic": "A"}, {"ethnic": "Z"}],
    [{"ethnic": "A"}, {"ethnic": "A"}, {"ethnic": "Z", "record_date": "2010-01-01"}],
    [{"sexual_orientation": "1"}, {"sexual_orientation": "2"}],
    [{"lsoa": "E01990008"}, {"lsoa": "E01990009"}],
    [{"date_of_birth": "1959-08-25"}, {"date_of_birth": "1959-08-26"}],
    [{"date_of_birth": "1959-08-25"}, {"date_of_birth": "1960-08-25"}],
    # scope: the first day, the last day, and what is unclear
    *([{"registered_on": day}] for day in ("2017-04-01", "2017-04-02", "", None, "not known", "9999-12-31")),
    *([{"deregistered_on": day}] for day in ("2017-03-31", "2017-04-01", "2017-04-02", "9999-12-31", "never")),
    *([{end: none}] for end in ("date_of_death", "deregistered_on")
      for none in ("NULL", "null", "\\N", "9999-12-31T00:00:00", "99991231", "NULLS", "N", "9999-12-30", "1899-12-30",
                   "1899-12-31", "1900-01-01", "1970-01-01", "1970-01-02")),
    [{"deregistered_on": "NULL"}, {"deregistered_on": None}],
    *([{"registered_on": day}] for day in ("NULL", "1970-01-01")),
    *([{"date_of_death": "2016-05-01"}, {"date_of_death": "2016-05-01", "date": day}]
      for day in ("2016-05-01", "2016-05-02")),
    [{"date_of_death": "2016-05-01", "date": "2016-05-02", "category": "recall", "code": "1083111000000108"}],
    *([{"date_of_death": day}] for day in ("2016-03-31", "2016-04-01", "2017-04-01", "2017-04-02", "not known")),
    [{"date_of_death": "2016-05-01", "deregistered_on": "2016-05-01"}],
    [{"date_of_death": "2016-05-01", "deregistered_on": "2016-04-30"}],
    [{"date_of_death": "2016-05-01", "registered_on": "2016-05-01"}],
    [{"date_of_death": "2016-05-01", "registered_on": "2016-05-02"}],
    [{"date_of_death": "2016-05-01", "deregistered_on": "2017-06-01"}],
    [{"registered_on": "2001-02-03"}, {"registered_on": "2001-02-04"}],
    [{"date_of_death": "2016-05-01"}, {"date_of_death": None}],
    [{"deregistered_on": None}, {"deregistered_on": "2016-05-01"}],
    [{}, {"deregistered_on": "soon"}],
    # rows
    [{}, {}],
    [{}, {"value1_condition": "1"}],
    [{"staff_role": "NURSE"}, {"staff_role": "OTHER"}],
    [{"practice": SECOND, "date": "2012-01-01", "sex": "1"}, {}],
    [{"processed_timestamp": "2017-04-01T02:00:01+01:00", "date": "2012-01-01"}, {}],
    [{"nhs_number": "not a number"}, {}],
    # two rules at once
    [{"deregistered_on": "2016-05-01", "code": "22298006"}],
    [{"value1_condition": "high", "staff_role": "Dr Smith", "code": "22298006"}],
    [{"deregistered_on": "2016-05-01", "sex": "1"}, {"deregistered_on": "2016-05-01", "sex": "2"}],
]  # fmt: skip


def by_hand(**settings: Any) -> Journals:
    """The gate's world made by hand, a journal for each of its rows, and every rule of the journals once."""
    sent = opt_out_worlds.by_hand(**settings)
    world = JournalWorld(sent)
    for row in sent.practice_records:
        known = {"practice": row["practice_code"], "processed_timestamp": row["extracted_at"]}
        known |= {name: row[name] for name in ("nhs_number", "file_practice_code")}
        # two rows of one person about different things
        world.add(ROW | known)
    for person, changes in enumerate(RECORDS, 1_000):
        world.row(person, **changes)
    for person, rows in enumerate(PATIENTS, 2_000):
        for changes in rows:
            world.row(person, **changes)
            world.row(person, SECOND)
    linked(world)
    return world.journals


def linked(world: JournalWorld) -> None:
    """Social care and admissions, of people who are held, objected, or were never sent."""
    gate = World.__new__(World)
    gate.sent = world.journals.sent
    # somebody who objects, at a practice that does not take part
    world.row(3_100, "L81001")
    gate.opt_out(3_100, SECOND, DISSENT)
    # somebody who objects and has left, and somebody who objects with a row that is of no use
    world.row(3_102, deregistered_on="2016-05-01")
    world.row(3_103, practice=SECOND)
    for person in (3_102, 3_103):
        gate.opt_out(person, SECOND, DISSENT)
    # somebody who objects to being handed on, and was never sent
    gate.opt_out(3_101, SECOND, TYPE_2_DISSENT)
    for person, code in ((3_000, None), (3_001, DISSENT), (3_002, TYPE_2_DISSENT)):
        world.row(person)
        if code:
            gate.opt_out(person, SECOND, code)
    for person in (3_000, 3_001, 3_002, 3_003):
        world.care(person, "home_care", "2016-05-01", None)
        for at, order in enumerate(("1", "2", "01", None, "99"), 10):
            gate.admission(person, f"2016-12-{at}")
            gate.sent.admissions[-1]["epiorder"] = order
        for day, method in (("2016-03-31", "21"), ("2017-03-31", "11"), ("2017-04-01", "11"), ("2016-12-24", "98")):
            gate.admission(person, day, method)
    for status, diagnosis in (("1", "J45"), ("3", "j45.9"), (None, "E119")):
        gate.admission(3_000, "2016-10-10")
        gate.sent.admissions[-1] |= {"epistat": status, "diag_4_01": diagnosis}
    gate.admission(3_000, "2016-10-11")
    gate.sent.admissions[-1] |= {"epistat": "1", "diag_4_01": "I10"}
    # one episode under two people's numbers
    for person in (3_000, 3_002):
        gate.admission(person, "2016-11-11")
        gate.sent.admissions[-1]["epikey"] = "shared"
    for service, started, ended in (
        ("home_care", "2016-05-01", "2016-05-01"),
        (" Day_Care ", "2016-05-01", "2016-04-30"),
        ("day_care", "2016-05-01", "2016-06-30"),
        ("lives with his sister", "2016-05-01", None),
        (None, "2016-05-01", None),
        ("home_care", "1 May", None),
        ("residential_care", "2016-05-01", "not yet"),
    ):
        world.care(3_000, service, started, ended)
    world.care(3_000, "nursing_care", "2016-05-01", None, nhs_number="not a number")


HAND_MADE: dict[str, dict[str, Any]] = {
    "gpdpr": {"collection": "gpdpr"},
    "care.data": {"collection": "care_data"},
    "an exception that lifts Type 1": opt_out_worlds.HAND_MADE["an exception that lifts Type 1"],
    "a civil emergency": {
        "collection": "care_data",
        "exception_id": "E1",
        "register": (opt_out_worlds.register_row("civil_emergency", "care_data"),),
    },
    "a civil emergency that nobody named": {
        "collection": "care_data",
        "register": (opt_out_worlds.register_row("civil_emergency", "care_data"),),
    },
}


def drawn(seed: str, collection: str, people: int, rows: int) -> Journals:
    """Journals of drawn rows: what each says is drawn from all that the cases made by hand say."""
    random_ = random.Random(seed)
    era = opt_out_worlds.ERAS["spring"]
    histories = opt_out_worlds.draw_histories(random_, era, people // 3)
    sent = opt_out_worlds.of_histories(era, histories, 0, collection=collection)
    world = JournalWorld(sent)
    said: dict[str, list[str | None]] = {}
    for changes in (*RECORDS, *(changes for patient in PATIENTS for changes in patient)):
        for name, value in changes.items():
            if name not in ("practice", "processed_timestamp", "nhs_number"):
                said.setdefault(name, []).append(value)
    pairs = [(row["category"], row["code"], row["date"]) for row in RECORDS if len(row) == 3 and "date" in row]
    for person in range(people):
        details = dict(said_of(random_, said, 0.06))
        for _ in range(random_.randrange(1, rows)):
            category, code, when = random_.choice(pairs)
            changes = dict(details) | {"category": category, "code": code, "date": when}
            changes |= dict(said_of(random_, said, 0.03))
            world.row(person, random_.choice((GOOD, SECOND, SECOND)), **changes)
    return world.journals


def said_of(
    random_: random.Random, said: dict[str, list[str | None]], share: float
) -> Iterable[tuple[str, str | None]]:
    """A few fields with one of their values."""
    return [(name, random_.choice(values)) for name, values in said.items() if random_.random() < share]
