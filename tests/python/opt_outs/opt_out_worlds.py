"""What the gate is tried on: one world made by hand, with every case once, and worlds of drawn histories.

People are small whole numbers here and become NHS Numbers of the test range inside, so that nothing a
failing test prints can hold one.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from conftest import test_number
from gp_level_data.shapes import Cells, Row
from intake.moment_oracle import UK
from opt_outs.opt_out_oracle import Sent, seed

COLLECTIONS = tuple(row["collection"] for row in seed("collections"))
# Type 2 is upheld at collection by no collection of today; the rule must hold for one that does.
BOTH_KINDS = seed("collections")[0] | {
    "collection": "both_kinds",
    "cqrs_service": "BOTH_KINDS",
    "type_2_upheld": "at_collection",
}
BOTH_KINDS_EXCEPTIONS = [
    {"collection": "both_kinds", "exception": exception, "opt_out_kind": kind}
    for exception, kind in (("one", "type_1"), ("all", "type_1"), ("all", "type_2"))
]
CODES = {
    ("dissent", "type_1"): (("READ2", "9Nu0."), ("CTV3", "XaZ89"), ("SNOMED", "827241000000103")),
    ("withdrawal", "type_1"): (("READ2", "9Nu1"), ("CTV3", "XaZ8A"), ("SNOMED", "827261000000102")),
    ("dissent", "type_2"): (("READ2", "9Nu4"), ("CTV3", "XaaVL"), ("SNOMED", "881561000000100")),
    ("withdrawal", "type_2"): (("READ2", "9Nu5."), ("CTV3", "XaaVM"), ("SNOMED", "881581000000109")),
}
DISSENT, WITHDRAWAL = ("CTV3", "XaZ89"), ("CTV3", "XaZ8A")
TYPE_2_DISSENT, TYPE_2_WITHDRAWAL = ("CTV3", "XaaVL"), ("CTV3", "XaaVM")
Changes = Mapping[str, str | None]  # what a row says otherwise than a good one, by column


def register_row(exception: str, collection: str, **changes: str | None) -> Row:
    """A complete row of the register, E1, valid in 2017; the changes make it incomplete."""
    return {
        "exception_id": "E1",
        "collection": collection,
        "exception": exception,
        "legal_basis": "a notice",
        "valid_from": "2017-01-01",
        "valid_to": "2017-04-02",
        "approved_by": "an approver",
        "rows_accepted": None,
    } | changes


@dataclass
class World:
    """What was sent, built up practice by practice and person by person."""

    collection: str = COLLECTIONS[0]
    collected_at: str = "2017-04-02T09:00:00+01:00"
    period: tuple[str, str] = ("2016-04-01", "2017-03-31")
    register: tuple[Row, ...] = ()
    exception_id: str = ""
    sent: Sent = field(init=False)

    def __post_init__(self) -> None:
        self.sent = Sent(
            settings={
                "collection": self.collection,
                "collected_at": self.collected_at,
                "period_start": self.period[0],
                "period_end": self.period[1],
                "exception_id": self.exception_id,
            },
            collections=[*seed("collections"), BOTH_KINDS],
            exceptions=[*seed("opt_out_exceptions"), *BOTH_KINDS_EXCEPTIONS],
            register=list(self.register),
        )

    def organisation(self, code: str, **changes: str | None) -> None:
        """A row of epraccur: an open GP practice, but for the changes."""
        row = {"organisation_code": code, "prescribing_setting": "4", "status_code": "A"}
        self.sent.practices.append(row | {"name": code, "open_date": "19740401", "close_date": None} | changes)

    def answers(self, code: str, *answers: tuple[str | None, str | None], service: str | None = None) -> None:
        """Rows of CQRS: a status and its date each."""
        service = service or self.sent.policy["cqrs_service"].lower()
        self.sent.participation += [
            {"practice_code": code, "service": service, "status": status, "status_date": day} for status, day in answers
        ]

    def file(self, kind: str, code: str, **changes: str | int | None) -> None:
        """A file of a practice, good but for the changes; its rows are counted as they are added."""
        file = {"file_kind": kind, "file_name": f"{kind}/{code}.csv", "practice_code": code}
        self.sent.files.append(file | {"row_count": 0, "extracted_at": None, "refused_rule": None} | changes)

    def practice(self, code: str, extracted_at: str | None = "2017-04-01T02:00:00+01:00") -> None:
        """A practice with which everything is in order."""
        self.organisation(code)
        self.answers(code, ("offered", "2016-09-23"), ("agreed", "2016-10-01"))
        self.file("practice_records", code, extracted_at=extracted_at)
        self.file("opt_outs", code)

    def extraction(self, code: str, moment: str | None) -> None:
        """A row of the list of when opt-out files were extracted."""
        self.sent.extractions.append({"practice_code": f" {code}", "extracted_at": moment})

    def count_row(self, kind: str, code: str) -> Row | None:
        for file in self.sent.files:
            if file["file_kind"] == kind and file["practice_code"] == code:
                file["row_count"] += 1
                return file
        return None

    def patient(self, person: int, code: str, number: str | None = None, **changes: str | None) -> None:
        """A row of a practice's file."""
        file = self.count_row("practice_records", code)
        assert file, "a patient of a practice that has sent no file"
        row = {"practice_code": code, "extracted_at": file["extracted_at"], "usual_gp_code": "G1234568"}
        row |= {"nhs_number": number or test_number(person), "metric_flags": "yn--"} | changes
        self.sent.practice_records.append(row | {"file_practice_code": code})

    def opt_out(
        self,
        person: int,
        code: str,
        coded: tuple[str | None, str | None],
        effective: str | None = "2016-01-01",
        recorded: str | None = "2016-01-01T10:00:00+00:00",
        number: str | None = None,
        stated: str | None = None,
    ) -> None:
        """A row of a practice's opt-out file; `coded` is scheme and code, `stated` the practice that the row names."""
        self.count_row("opt_outs", code)
        row = {"practice_code": code if stated is None else stated, "code_scheme": coded[0], "code": coded[1]}
        row |= {"effective_date": effective, "recorded_at": recorded, "file_practice_code": code}
        self.sent.opt_outs.append(row | {"nhs_number": number or test_number(person)})

    def admission(self, person: int, day: str = "2016-12-24", method: str = "21", number: str | None = None) -> None:
        """A row of the hospital files, an emergency within the period that no filter drops unless said otherwise."""
        row = {"epikey": f"{len(self.sent.admissions)}", "newnhsno": number or test_number(person)}
        row |= {"admidate": day, "admimeth": method, "epiorder": "1", "diag_4_01": "J459"}
        row |= {"startage": "40", "sex": "1", "classpat": "1", "epitype": "1", "epistat": "1"}
        self.sent.admissions.append(row)


def with_spaces(number: str) -> str:
    return f"{number[:3]} {number[3:6]} {number[6:]}"


# However it is written, it is one number.
SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda number: f"{number}.0",
    lambda number: f"{number[:1]},{number[1:4]},{number[4:7]},{number[7:]}.00",
    lambda number: f'="{number}"',
    lambda number: f"'{number}",
    lambda number: f"{number[:5]}\u200b{number[5:]}\ufeff",
    lambda number: f"{number[:3]}\u00a0{number[3:6]}/{number[6:]}",
    lambda number: "".join(chr(0xFF10 + int(digit)) for digit in number),
    lambda number: f"{number[0]}.{number[1:]}E+09",
    lambda number: f"NHS No: {with_spaces(number)} (01/02/2016)",
)
# Whose these are, nobody can tell: an exponent and a spreadsheet's nine digits, words, two people, a wrong check digit.
UNREADABLE = (
    "not a number", "9.99E+09", "999000001", "999000001.0", " ", "9999999999", "9990000019",
    "9990000018 9990000026", "99O0000018",
)  # fmt: skip


def unreadable_objections(world: World) -> None:
    """Practices with one objection that may be anybody's, one with a withdrawal, and one with two."""
    codes = iter(f"{letter}85001" for letter in "ABCDEFGHJKLMN")
    for coded in (DISSENT, ("SNOMED", "8.27241E+14")):
        for number in UNREADABLE if coded is DISSENT else UNREADABLE[:1]:
            code = next(codes)
            world.practice(code)
            world.opt_out(0, code, coded, number=number)
    code = next(codes)
    world.practice(code)  # good: a withdrawal lets nobody in, whoever it is of
    world.opt_out(0, code, WITHDRAWAL, number=UNREADABLE[0])
    code = next(codes)
    world.practice(code)
    world.opt_out(0, code, DISSENT, number=UNREADABLE[0])
    world.opt_out(0, code, DISSENT, number=UNREADABLE[1])


def files_of_others(world: World) -> None:
    """Rows that name another practice than their file, by themselves, among the practice's own, and as often as these."""
    stated = (("B",), ("", "B"), ("B", "B", ""), (" a86004 ", "B", ""), ("Z99999", "Z99999", "Z99999"))
    for number, names in enumerate(stated, 1):
        code = f"A86{number:03}"
        world.practice(code)
        for person, name in enumerate(names, 900 + 10 * number):
            world.patient(person, code)
            world.opt_out(person, code, DISSENT, "2015-01-01", stated="B81001" if name == "B" else name)
            # of the practice's own it lifts the dissent
            world.opt_out(person, code, WITHDRAWAL, stated="B81001" if name == "B" else name)


def by_hand(**settings: Any) -> Sent:
    """Every case of the design's table of decisions once: practices first, then people."""
    world = World(**settings)
    good, second = "A81001", "B81001"
    world.practice(good)
    world.practice(second, extracted_at="2017-04-01T20:00:00+01:00")
    hard_practices(world)
    words_of_the_organisation_service(world)
    organisations(world)
    days_and_moments(world)
    unreadable_objections(world)
    files_of_others(world)
    extractions(world)
    # another wave, and another collection's
    for collection, wave, code in (("care_data", "next", "K81001"), ("gpdpr", "pilot", "P81001")):
        world.sent.waves.append({"collection": collection, "wave": wave, "practice_code": code})

    practices = [f["practice_code"] for f in world.sent.files if f["file_kind"] == "practice_records"]
    for person, code in enumerate(dict.fromkeys(practices), 100):
        if not any(f["refused_rule"] for f in world.sent.files if f["practice_code"] == code):
            world.patient(person, code)  # one at each practice who never objected
            world.admission(person)
    stories = [*type_1_stories(), *type_2_stories()]
    for person, rows in enumerate(stories, 200):
        world.patient(person, good)
        world.admission(person)
        for row in rows:
            world.opt_out(person, good, *row)
    objections_elsewhere(world, good, second)
    hard_rows(world, good)
    admissions(world, good)
    return world.sent


def hard_practices(world: World) -> None:
    """Each thing that keeps a practice out, once, beside what only looks like it."""
    for code in ("C81001", "D81001", "E81001", "F81001", "G81001", "J81001", "K81001", "L81001",
                 "M81001", "N81001", "P81001", "Q81001", "R81001", "S81001", "T81001", "U81001",
                 "A82001"):  # fmt: skip
        world.organisation(code)
        world.answers(code, ("agreed", "2016-10-01"))
    in_time = {"extracted_at": "2017-04-01T02:00:00+01:00"}
    files: tuple[tuple[str, Changes | None, Mapping[str, str | int] | None], ...] = (
        ("C81001", in_time, None),
        ("D81001", in_time, {"refused_rule": "missing_column"}),
        ("E81001", in_time, {"row_count": 3}),
        ("A82001", in_time, {"row_count": 1}),  # its only line could not be read
        ("B82001", in_time, {}),
        ("F81001", {"extracted_at": "2017-04-02T09:00:01+01:00"}, {}),
        ("G81001", {"extracted_at": None}, {}),
        ("H81001", None, {}),
        ("J81001", in_time | {"refused_rule": "unknown_column"}, {}),
        ("K81001", {"extracted_at": "2017-04-02T09:00:00+01:00"}, {}),  # at the very moment: good
        ("V81001", in_time, {}),
        ("W81001", in_time, {}),
        *((f"{letter}81001", in_time, {}) for letter in "LMNPQRSTU"),
    )
    for code, records, opt_outs in files:
        if records is not None:
            world.file("practice_records", code, **records)
        if opt_outs is not None:
            world.file("opt_outs", code, **opt_outs)
    world.answers("L81001", ("withdrawn", "2017-01-01"))
    world.answers("M81001", ("declined", "2016-10-01"))
    world.answers("N81001", ("withdrawn", "2017-04-02"), ("agreed", "2017-04-03"))
    world.answers("P81001", ("withdrawn", "2017-04-03"))  # agreed on the day: good
    world.answers("Q81001", ("withdrawn", "2016-12-01"), ("agreed", "2017-04-02"))  # good
    world.answers("R81001", ("withdrawn", None))
    world.answers("K81001", ("withdrawn", "2017-01-01"), service="another_service")  # good
    for code, service in (("A87001", " "), ("A87002", f"{world.sent.policy['cqrs_service']} 2016/17")):
        world.practice(code)
        world.answers(code, ("withdrawn", "2017-01-01"), service=service)
    world.answers("U81001", ("agreed", "2016-10-01"), (None, "2016-10-01"))
    world.organisation("B82001")
    world.answers("B82001", ("agreed", None))
    world.organisation("S81001", status_code="C", open_date="20170101")
    world.organisation("T81001", close_date="20170402", open_date="20000101")  # open to the end: good
    world.organisation("V81001", close_date="20170401")
    world.answers("V81001", ("agreed", "2016-10-01"))
    world.organisation("W81001", prescribing_setting="1")
    world.answers("W81001", ("agreed", "2016-10-01"))
    # asked by another collection; never asked; not in the reference data
    for code in ("X81001", "Y81001", "Z81001"):
        world.file("practice_records", code, **in_time)
        world.file("opt_outs", code)
        if code != "Z81001":
            world.organisation(code)
    world.answers("X81001", ("agreed", "2016-10-01"), service="another_service")
    world.answers(" X81001", ("agreed", "2016-10-02"), service="individual\u00a0gp-level data_of another collection")
    world.answers("Z81001", ("agreed", "2016-10-01"))


def words_of_the_organisation_service(world: World) -> None:
    """Its legacy letters and today's words, a status that is missing or unknown, and days that cannot be read."""
    changes: tuple[Changes, ...] = (
        {"status_code": "ACTIVE", "prescribing_setting": "RO76"},  # good
        {"status_code": " active ", "prescribing_setting": "ro76"},  # good
        {"status_code": "INACTIVE", "prescribing_setting": "RO76"},
        {"status_code": "DORMANT", "prescribing_setting": "RO76"},
        {"status_code": "PROPOSED", "prescribing_setting": "RO76"},
        {"status_code": "ACTIVE", "prescribing_setting": "RO87"},
        {"status_code": None},
        {"status_code": "Z"},
        {"close_date": "2017-03-31"},
        {"close_date": "31/03/2099"},
        {"open_date": "once"},
        {"close_date": "2099-03-31", "open_date": "1974-04-01"},  # good
    )
    for letter, change in zip("ABCDEFGHJKLM", changes):
        code = f"{letter}84001"
        world.practice(code)
        world.sent.practices[-1] |= change


def organisations(world: World) -> None:
    """Practices that are open in the register, or not for one reason each."""
    changes: tuple[Changes, ...] = (
        {"prescribing_setting": "4.0", "open_date": None},  # good
        {"close_date": "2017-04-02"},  # open to the end: good
        {"close_date": "2017-04-01"},
        {"close_date": "42735"},
        {"open_date": "1974-02-30"},
        {"open_date": "2017-04-02"},
        {"status_code": "B"},
        {"status_code": ""},
        {"prescribing_setting": "RO999"},
        {"prescribing_setting": None},
    )
    for code, opened, closed_one_opened in (("K82001", "19740401", None), ("K82002", None, "19900401")):
        world.practice(code)
        world.sent.practices[-1]["open_date"] = opened
        world.organisation(code, status_code="C", open_date=closed_one_opened)
    for number, change in enumerate(changes, 1):
        world.practice(f"K83{number:03}")
        world.sent.practices[-1] |= change
    # two rows: the last day decides, then what closes; a day that cannot be read may be the last
    for code, change in (
        ("L83001", {"open_date": "20100101"}),  # good
        ("L83002", {"status_code": "C"}),
        ("L83003", {"close_date": "20160101"}),
        ("L83004", {"open_date": "01/01/1970", "status_code": "C"}),
    ):
        world.practice(code)
        world.organisation(code, **change)


def days_and_moments(world: World) -> None:
    """Practices whose answer or file is dated in a way of its own."""
    good_days, other_days = ("20161001", "2016-10-01T00:00:00+01:00"), ("01/10/2016", "1 Oct 2016", "2016-10-32")
    for number, day in enumerate((*good_days, *other_days), 1):
        world.practice(f"M83{number:03}")
        world.sent.participation.pop()
        world.answers(f"M83{number:03}", ("agreed", day))
    good = (
        "2017-04-01 02:00:00 BST",
        "2017-04-01T01:00:00Z",
        "2017-04-01 01:00 UTC",
        "20170401",
        "2017-04-02 08:00:00,5",
    )
    unreadable = ("2017-04-02 04:00:00 EST", "2017-04-01 02:00:00 IST", "2017-04-01 02:00:00 Europe/London",
                  "01/04/2017 02:00:00", "2017-03-26 01:30:00", "2016-10-30 01:30:00", "42826.0833")  # fmt: skip
    for number, moment in enumerate((*good, *unreadable), 1):
        world.practice(f"N83{number:03}", extracted_at=moment)


def extractions(world: World) -> None:
    """The list of when opt-out files were extracted, and six practices with which it is that alone."""
    for file in [f for f in world.sent.files if f["file_kind"] == "practice_records"]:
        world.extraction(file["practice_code"], file["extracted_at"])
    world.file("opt_out_extractions", "", practice_code=None)
    before, after = "2017-04-01T01:59:59+01:00", "2017-04-01T02:00:01+01:00"
    for code, *moments in (
        ("C82001", before),
        ("D82001",),
        ("E82001", "yesterday"),
        ("F82001", after, before),
        ("H82001", after, None),
        ("J82001", "2027-04-01T02:00:01+01:00"),
        ("G82001", after),  # good
    ):
        world.practice(code)
        for moment in moments:
            world.extraction(code.lower(), moment)


def type_1_stories() -> list[list[Cells]]:
    """Histories of one person each, at a practice extracted on 2017-04-01 at 02:00 British Summer Time."""
    early = (DISSENT, "2015-01-01", "2015-01-01T10:00:00+00:00")
    return [
        [early],
        [early, (WITHDRAWAL, "2015-01-02", "2015-01-02T10:00:00+00:00")],
        [early, (WITHDRAWAL,), (DISSENT, "2016-02-01", "2016-02-01T10:00:00+00:00")],
        [early, (WITHDRAWAL, "2015-01-01", "2015-01-01T17:00:00+00:00")],
        [(WITHDRAWAL, "2014-12-31"), early],
        [(WITHDRAWAL, "2014-12-31"), early, (WITHDRAWAL,)],
        [(DISSENT, None)],
        [(DISSENT, None), (WITHDRAWAL,)],
        [(DISSENT, "31/12/2015")],
        [(DISSENT, "0001-01-01")],
        [(DISSENT, "0001-01-01"), (WITHDRAWAL,)],
        [(DISSENT, "9999-12-31")],
        [(DISSENT, "2017-04-20")],
        [(DISSENT, "2016-01-01", "2017-04-01T03:00:00+01:00")],
        [(DISSENT, "2016-01-01", None)],
        [(DISSENT, "2016-01-01", None), (WITHDRAWAL, "2016-03-01", "2016-03-01T10:00:00+00:00")],
        [(DISSENT, "2017-04-01", "2017-04-01T01:00:00+01:00")],
        # withdrawals that let nobody in
        [early, (WITHDRAWAL, None)],
        [early, (WITHDRAWAL, "2016-01-01", None)],
        [early, (WITHDRAWAL, "2016-01-01", "2017-04-01T02:00:01+01:00")],
        [early, (WITHDRAWAL, "2017-04-01T02:00:01+01:00", "2017-03-01T10:00:00+00:00")],
        [early, (WITHDRAWAL, "2017-04-02", "2017-03-01T10:00:00+00:00")],
        [early, (("READ2", "XaZ8A"),)],
        [early, ((None, "XaZ8A"),)],
        [early, (("CTV3", "XAZ8A"),)],
        [early, (TYPE_2_WITHDRAWAL,)],
        # withdrawals at the last moment: on the day, and at the instant
        [early, (WITHDRAWAL, "2017-04-01", "2017-03-31T16:00:00+01:00")],
        [early, (WITHDRAWAL, "2017-04-01T01:00:00+00:00", "2017-04-01T01:00:00+00:00")],
        # the day is the United Kingdom's: in summer 23:30 UTC is tomorrow
        [(DISSENT, "2016-07-01"), (WITHDRAWAL, "2016-06-30T23:30:00+00:00", "2016-07-02T10:00:00+01:00")],
        [(DISSENT, "2016-06-30T22:30:00+00:00"), (WITHDRAWAL, "2016-06-30T23:30:00+00:00", "2016-07-02")],
        # spelling
        [(("READ2", "9Nu0."),)],
        [(("READ2", "9Nu0"),)],
        [(("READ2", "9Nu0.00"),)],
        [(("CTV3", "XaZ8911"),)],
        [early, (("READ2", "9Nu1.11"), "2016-03-01", "2016-03-01T10:00:00+00:00")],
        [(("SNOMED", "8272410"),)],
        [((" ctv3", " XaZ89 "),)],
        [early, ((" ctv3 ", " XaZ8A"),)],
        [(("SNOMED", "827241000000103"),)],
        [(("READ2", "XaZ89"),)],
        [((None, "XaZ89"),)],
        [(("READ2", "9nu0."),)],
        [(("CTV3", "xaz89"),)],
        [(("SNOMED", "82724100000010"),)],
        [(("READ2", None),)],
        [((None, ""),)],
        [(("SNOMED", "8.27241E+14"),)],
        [(("SNOMED", "827241000000000"),)],
        [(("SNOMED", "827241000000103.0"),)],
        [(("READ2", "9Nu0-"),)],
        # a withdrawal that is not known takes nothing back
        [early, (("SNOMED", "8.27261E+14"), "2016-03-01", "2016-03-01T10:00:00+00:00")],
        [early, (("SNOMED", "827261000000102.0"), "2016-03-01", "2016-03-01T10:00:00+00:00")],
        [early, ((None, "XaZ8A"), "2016-03-01", "2016-03-01T10:00:00+00:00")],
        # taken back later, whatever it was, but for the other kind
        [(("SNOMED", "8.27241E+14"),), (WITHDRAWAL, "2016-03-01", "2016-03-01T10:00:00+00:00")],
        [(WITHDRAWAL,)],
        *(
            [[(dissent,), (withdrawal, "2016-03-01", "2016-03-01T10:00:00+00:00")]
             for dissent, withdrawal in zip(CODES["dissent", "type_1"], CODES["withdrawal", "type_1"])]
        ),
    ]  # fmt: skip


def type_2_stories() -> list[list[Cells]]:
    return [
        *([(code,)] for code in CODES["dissent", "type_2"]),
        *(
            [(dissent,), (withdrawal, "2016-03-01", "2016-03-01T10:00:00+00:00")]
            for dissent, withdrawal in zip(CODES["dissent", "type_2"], CODES["withdrawal", "type_2"])
        ),
        [(DISSENT,), (TYPE_2_DISSENT,)],
        [(DISSENT,), (TYPE_2_DISSENT,), (WITHDRAWAL, "2016-03-01", "2016-03-01T10:00:00+00:00")],
        [(DISSENT,), (TYPE_2_DISSENT,), (TYPE_2_WITHDRAWAL, "2016-03-01", "2016-03-01T10:00:00+00:00")],
        [(TYPE_2_DISSENT, "2018-10-11")],
        [(TYPE_2_DISSENT, "2018-10-12")],
        [(TYPE_2_DISSENT, None)],
    ]


def objections_elsewhere(world: World, good: str, second: str) -> None:
    """Opted out at one practice, also one that contributes nothing, is opted out at all."""
    elsewhere = (second, "D81001", "E81001", "F81001", "H81001", "J81001", "L81001", "Z81001")
    for person, code in enumerate(elsewhere, 300):
        world.patient(person, good)
        world.admission(person)
        world.opt_out(person, code, DISSENT)
        # taken back at the good one only
        world.opt_out(person, good, WITHDRAWAL, "2016-03-01", "2016-03-01T10:00:00+00:00")
    world.patient(300, second)
    # taken back before one extraction and after the other; H81001 has no extraction: the run's moment is its
    after_first = "2017-04-01T10:00:00+01:00"
    for person, code in enumerate((second, "H81001", "G81001"), 320):
        world.patient(person, good)
        world.opt_out(person, code, DISSENT)
        world.opt_out(person, code, WITHDRAWAL, after_first, after_first)
    # a file extracted after the run's moment tells what was not yet so at that moment
    late = "2017-04-02T09:00:01+01:00"
    for person, (code, *times) in enumerate(
        (
            ("F81001", late, late),
            ("F81001", late, "2016-03-01"),
            ("F81001", "2016-03-01", late),
            ("H81001", late, late),
        ),
        330,
    ):
        world.patient(person, good)
        world.opt_out(person, code, DISSENT)
        world.opt_out(person, code, WITHDRAWAL, *times)
    for person, written in ((340, with_spaces), (341, lambda number: f" {number} ")):
        world.patient(person, good)
        world.admission(person)
        world.opt_out(person, second, DISSENT, number=written(test_number(person)))
    for person, written in enumerate(SPELLINGS, 350):
        world.patient(person, good)
        world.opt_out(person, good, DISSENT, number=written(test_number(person)))
    # whose it was is known, and nobody's whom the data hold; what nobody took back
    # (the published example of a Scottish CHI number, so outside the test range)
    world.opt_out(342, good, DISSENT, number="0607230002")  # a published example
    world.opt_out(342, good, WITHDRAWAL, number="not a number")
    world.opt_out(342, good, (None, "XaZ8A"), number=" ")
    # registered twice, objecting nowhere
    world.patient(343, good)
    world.patient(343, second)
    world.admission(343)


def hard_rows(world: World, good: str) -> None:
    """Rows that are rejected, and rows that only look like it."""
    world.patient(400, good, practice_code="B81001")
    world.patient(401, good, extracted_at="2017-04-01T02:00:01+01:00")
    world.patient(402, good, number=with_spaces(test_number(402)))
    world.patient(403, good, number=test_number(403).replace("999", "99 9", 1))
    number = test_number(404)
    world.patient(404, good, number=number[:9] + str((int(number[9]) + 1) % 10))
    world.patient(405, good, number="9999999999")
    world.patient(406, good, number=" ")
    world.patient(407, good)
    world.patient(407, good)
    world.patient(408, good)
    world.patient(408, good, usual_gp_code="G7654329")
    world.patient(409, good)
    world.patient(409, good, metric_flags="ny--")
    world.opt_out(410, good, DISSENT)
    world.patient(410, good)
    world.patient(410, good)
    for person in range(400, 411):
        world.admission(person)
    world.count_row("practice_records", good)  # a line that could not be read


def admissions(world: World, good: str) -> None:
    """Emergency or not, inside the period or not, of somebody who is nobody's patient."""
    days = (*world.period, "2016-03-31", "2017-04-01", "2013-03-31", "2013-04-01")
    methods = ("21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D", "2a", "11", "81", "2")
    for person in (500, 501):  # the second one objected
        world.patient(person, good)
        for day in days:
            for method in methods:
                world.admission(person, day, method)
    world.opt_out(501, good, DISSENT)
    world.admission(502)
    world.admission(500, number=with_spaces(test_number(500)))
    world.sent.admissions.append(dict(world.sent.admissions[-1]))  # the same episode again


HAND_MADE: dict[str, dict[str, Any]] = {
    "this collection": {},
    "gpdpr": {"collection": "gpdpr"},
    "care.data, limited to its wave": {"collection": "care_data"},
    "a collection that upholds both kinds": {"collection": "both_kinds"},
    "admissions before 2A to 2D": {"period": ("2012-04-01", "2014-03-31")},
    "an exception that lifts Type 1": {
        "collection": "gpdpr",
        "exception_id": "E1",
        "register": (register_row("public_health_emergency", "gpdpr"),),
    },
    "an exception that lifts one kind of two": {
        "collection": "both_kinds",
        "exception_id": "E1",
        "register": (register_row("one", "both_kinds"),),
    },
    "an exception that lifts both kinds": {
        "collection": "both_kinds",
        "exception_id": "E1",
        "register": (register_row("all", "both_kinds"),),
    },
    "an unreadable objection that the register accepts": {
        "exception_id": "E1",
        "register": (register_row("unreadable_objections", COLLECTIONS[0], rows_accepted="1"),),
    },
    "an exception for unreadable objections that says not how many": {
        "exception_id": "E1",
        "register": (register_row("unreadable_objections", COLLECTIONS[0]),),
    },
    "an exception that lifts Type 1, with a number of rows": {
        "collection": "gpdpr",
        "exception_id": "E1",
        "register": (register_row("direct_care", "gpdpr", rows_accepted="9"),),
    },
    "an exception on its first day": {
        "collection": "gpdpr",
        "exception_id": "E1",
        "register": (register_row("direct_care", "gpdpr", valid_from="2017-04-02"),),
    },
}
REFUSED_EXCEPTIONS: dict[str, dict[str, Any]] = {
    "not named": {"exception_id": ""},
    "another is named": {"exception_id": "E2"},
    "no legal basis": {"legal_basis": None},
    "a blank legal basis": {"legal_basis": " "},
    "no approver": {"approved_by": None},
    "a blank approver": {"approved_by": "  "},
    "ended the day before": {"valid_to": "2017-04-01"},
    "starts the day after": {"valid_from": "2017-04-03", "valid_to": "2017-12-31"},
    "without a start": {"valid_from": None},
    "without an end": {"valid_to": None},
    "of another collection": {"collection": "care_data", "exception": "civil_emergency"},
    "beyond the policy": {"exception": "civil_emergency"},
}


def refused_exception(changes: Row) -> Sent:
    """gpdpr with one row of the register that must lift nothing."""
    changes = dict(changes)
    exception_id = changes.pop("exception_id", "E1")
    row = register_row("public_health_emergency", "gpdpr") | changes
    return by_hand(collection="gpdpr", exception_id=exception_id, register=(row,))


# Practices with moments of their own, one beyond the run's, and one that sent opt-outs only; around the
# two changes of the clocks and the end of the Type 2 codes.
@dataclass(frozen=True)
class Era:
    collected_at: str
    extracted_at: tuple[str | None, ...]


ERAS = {
    "spring": Era(
        "2017-04-02T09:00:00+01:00",
        ("2017-04-01T02:00:00+01:00", "2017-03-26T00:59:59+00:00", "2017-04-02T09:00:00+01:00",
         "2017-04-02T12:00:00+01:00", None),
    ),
    "autumn": Era(
        "2018-10-28T06:00:00+00:00",
        ("2018-10-28T01:30:00+01:00", "2018-10-28T01:30:00+00:00", "2018-10-11T23:30:00+01:00",
         "2018-10-28T06:00:01+00:00", None),
    ),
}  # fmt: skip
ALWAYS = (
    None, None, "", "not known", "31/12/2016", "2015-02-30", "0001-01-01", "1900-01-01", "9999-12-31",
    "18991230", "1899-12-31 00:00:00", "1970-01-01T00:00:00Z", "1904-01-01", "2000-12-31", "2001-01-01",
    "2016-06-30", "2016-07-01", "2016-07-01T00:30:00+01:00", "2016-06-30T23:30:00+00:00",
    "2016-06-30T22:59:59+00:00", "2016-06-30T19:30:00-04:00", "2016-03-27T01:30:00", "2016-10-30T01:30:00",
    "2018-10-11", "2018-10-12", "2018-10-11T22:59:59+00:00", "2018-10-11T23:00:00+00:00",
)  # fmt: skip
COMMON = ("2015-01-01", "2015-01-01", "2015-01-01T18:00:00+00:00", "2015-01-02", "2014-12-31", "2016-05-05")


def moments(era: Era) -> tuple[str | None, ...]:
    """Texts of moments worth trying: around each extraction, by instant and by day, in several offsets."""
    around = []
    for moment in filter(None, (era.collected_at, *era.extracted_at)):
        for seconds in (-1, 0, 1):
            at = datetime.fromisoformat(moment).astimezone(UTC) + timedelta(seconds=seconds)
            around += [at.isoformat(), at.astimezone(UK).isoformat()]
        local = datetime.fromisoformat(moment).astimezone(UK)
        around += [local.replace(tzinfo=None).isoformat(), local.date().isoformat()]
        around.append((local.date() + timedelta(days=1)).isoformat())
    return ALWAYS + tuple(around)


SPELLED = tuple(
    (scheme, spelled)
    for codes in CODES.values()
    for scheme, code in codes
    for spelled in dict.fromkeys((code, code.rstrip("."), f"{code.rstrip('.')}.", code.swapcase()))
)
CODED = (
    *(pair for codes in CODES.values() for pair in codes for _ in range(6)),
    *SPELLED,
    *((other, code) for scheme, code in SPELLED for other in ("READ2", "CTV3", "SNOMED", None) if other != scheme),
    ("READ2", "246.."), ("READ2", None), ("READ2", ""), (" ctv3 ", " XaZ8A"), ("ctv3", "XaZ8A"),
)  # fmt: skip
PRACTICES = ("A81001", "B81001", "C81001", "D81001", "E81001")


def of_histories(era: Era, histories: Iterable[Cells], people: int, **settings: Any) -> Sent:
    """A world in which everybody is at the first two practices, and the histories are what they are."""
    world = World(collected_at=era.collected_at, period=("2016-04-01", "2019-03-31"), **settings)
    world.sent.waves = [{"collection": "care_data", "wave": "pilot", "practice_code": code} for code in PRACTICES]
    for code, extracted_at in zip(PRACTICES, era.extracted_at, strict=True):
        if extracted_at:
            world.practice(code, extracted_at)
        else:
            world.file("opt_outs", code)
    for person in range(people):
        for code in PRACTICES[:2]:
            world.patient(person, code)
        world.admission(person)
    for person, practice, coded, effective, recorded in histories:
        world.opt_out(person, PRACTICES[practice], coded, effective, recorded)
    return world.sent


def draw_histories(drawn: random.Random, era: Era, people: int) -> list[Cells]:
    """Histories of nought to five rows, most of them at one practice, many with days in common."""
    rare, rows = moments(era), []
    for person in range(people):
        home = drawn.randrange(len(PRACTICES))
        for _ in range(drawn.choice((0, 1, 2, 2, 3, 3, 4, 5))):
            practice = home if drawn.random() < 0.8 else drawn.randrange(len(PRACTICES))
            effective = drawn.choice(COMMON if drawn.random() < 0.6 else rare)
            recorded = drawn.choice(COMMON if drawn.random() < 0.7 else rare)
            rows.append((person, practice, drawn.choice(CODED), effective, recorded))
    return rows
