"""Who may be in a collection, told a second time: plain Python, from the words and not from the SQL.

Its source is the domain handbook, sections 3.1 to 3.4, 4 and 11, and the design's table of decisions. It
takes what was sent, as text (`Sent`), and says who is permitted. Whatever is unsure keeps a person out.
"""

import csv
import itertools
import re
import string
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from gp_level_data.shapes import Row, Settings
from intake.moment_oracle import UK, day, is_unreadable
from intake.moment_oracle import moment as instant

SEEDS = Path(__file__).parents[3] / "seeds"

# Section 3.1. A dissent is known by its code alone; a withdrawal must stand in its own scheme. A file of objections
# holds nothing else: another code is a dissent of both kinds.
DISSENTS = {
    "type_1": {"9Nu0", "XaZ89", "827241000000103"},
    "type_2": {"9Nu4", "XaaVL", "881561000000100"},
}
WITHDRAWALS = {
    "type_1": {("READ2", "9Nu1"), ("CTV3", "XaZ8A"), ("SNOMED", "827261000000102")},
    "type_2": {("READ2", "9Nu5"), ("CTV3", "XaaVM"), ("SNOMED", "881581000000109")},
}
ALL_CODES = {kind: DISSENTS[kind] | {code for _, code in WITHDRAWALS[kind]} for kind in DISSENTS}
LAST_DAY = {"type_1": date.max, "type_2": date(2018, 10, 11)}
FIRST_YEAR = 2001


def seed(name: str) -> list[Row]:
    """The rows of a seed; an empty field is None."""
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return [{key: value or None for key, value in row.items()} for row in csv.DictReader(file)]


@dataclass(repr=False)
class Sent:
    """What arrived for one run: its settings, and rows of text under the names of the raw columns.

    It shows nothing of itself: a failing test prints the arguments of its functions.
    """

    settings: Settings
    files: list[Row] = field(default_factory=list)
    practice_records: list[Row] = field(default_factory=list)
    opt_outs: list[Row] = field(default_factory=list)
    extractions: list[Row] = field(default_factory=list)
    participation: list[Row] = field(default_factory=list)
    practices: list[Row] = field(default_factory=list)
    admissions: list[Row] = field(default_factory=list)
    collections: list[Row] = field(default_factory=lambda: seed("collections"))
    waves: list[Row] = field(default_factory=lambda: seed("collection_waves"))
    exceptions: list[Row] = field(default_factory=lambda: seed("opt_out_exceptions"))
    register: list[Row] = field(default_factory=lambda: seed("exception_register"))

    @property
    def collected_at(self) -> datetime:
        moment = instant(self.settings["collected_at"])
        assert moment is not None
        return moment

    @property
    def policy(self) -> Row:
        [policy] = [row for row in self.collections if row["collection"] == self.settings["collection"]]
        return policy


def text(value: str | None) -> str:
    return (value or "").strip()


def local_day(moment: datetime) -> date:
    """The day in the United Kingdom. Compared by day, a moment in summer may lie on the next one."""
    return moment.astimezone(UK).date()


def nhs_number(value: str | None) -> str | None:
    """Ten digits, also as 3-3-4 with one kind of separator; None for anything else."""
    value = text(value)
    for separator in (" ", "-"):
        parts = value.split(separator)
        if [len(part) for part in parts] == [3, 3, 4]:
            value = "".join(parts)
    return value if len(value) == 10 and value.isascii() and value.isdigit() else None


# Section 4: first nine digits (as text, inclusive) of the ranges that are not England's, Wales's and Man's.
OTHER_RANGES = (
    ("010000000", "311299999", "nhs_number_scottish"),
    ("320000000", "399999999", "nhs_number_northern_irish"),
    ("000000000", "009999999", "nhs_number_range_not_in_use"),
    ("311300000", "319999999", "nhs_number_range_not_in_use"),
    ("500000000", "599999999", "nhs_number_range_not_in_use"),
    ("800000000", "899999999", "nhs_number_range_not_in_use"),
)


def has_check_digit(number: str) -> bool:
    digits = [int(digit) for digit in number]
    check = 11 - sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1))) % 11
    return check % 11 == digits[9] and check != 10


def spelling_rule(value: str | None) -> str | None:
    """What a spreadsheet did to a number, or that there is none; None for all other texts."""
    value = text(value)
    if not value:
        return "nhs_number_missing"
    if re.fullmatch("[0-9]{9}", value) and has_check_digit(f"0{value}"):
        return "nhs_number_leading_zero_lost"
    whole, point, decimals = value.partition(".")
    if point and re.fullmatch("[0-9]{9,10}", whole) and set(decimals) == {"0"}:
        return "nhs_number_with_decimals"
    if re.fullmatch(r"[0-9]([.,][0-9]+)?[eE]\+?[0-9]{1,3}", value):
        return "nhs_number_in_exponent"
    return None


def number_rule(value: str | None, is_synthetic: bool) -> str | None:
    """The first rule of section 4 that a number as sent breaks; None where it may be used."""
    if rule := spelling_rule(value):
        return rule
    number = nhs_number(value)
    if number is None:
        return "nhs_number_malformed"
    if not has_check_digit(number):
        return "nhs_number_check_digit"
    is_framed = number[0] == number[9] and set(number[1:9]) == {"0"}
    if len(set(number)) == 1 or number == "2333455667" or is_framed:
        return "nhs_number_never_issued"
    if (number[0] == "9") != is_synthetic:
        return "nhs_number_test_range"
    rules = (rule for first, last, rule in OTHER_RANGES if first <= number[:9] <= last)
    return next(rules, None)


def number_of_objection(value: str | None) -> str | None:
    """The ten digits of an opt-out row's number, however they are written; None where that is open.

    All pieces of digits that stand side by side, with no letter between them, may belong together; there
    must be one way to put ten together. Worked out by trying every way.
    """
    plain = trimmed("".join(map(as_ascii, value or "")))
    power = re.fullmatch("([0-9]+)(?:[.,]([0-9]*))?[Ee]([+]?[0-9]+)", plain)
    if power:
        whole, decimals, places = power[1], power[2] or "", int(power[3])
        digits, rest = whole + decimals[:places], decimals[places:]
        is_exact = len(whole) + places == len(digits) == 10 and set(rest) <= {"0"}
        return digits if is_exact else None
    if re.search("[0-9][Ee][+-]?[0-9]", plain):
        return None
    parts = ["".join(part) for is_letter, part in itertools.groupby(plain, str.isalpha) if not is_letter]
    with_digits = [part for part in parts if re.search("[0-9]", part)]
    if len(with_digits) == 1:
        # a decimal point and zeros behind all ten
        decimals = re.search("[.,](0+)[^0-9]*$", with_digits[0])
        digits = re.sub("[^0-9]", "", with_digits[0])
        if decimals and len(digits) - len(decimals[1]) == 10:
            return digits[:10]
    if re.search("[.,]0+[^0-9]*$", plain) and not re.fullmatch("[0-9]([.,][0-9]{3}){3}", plain):
        return None  # fewer than ten before the decimal point
    found = []
    for part in parts:
        pieces = re.findall("[0-9]+", part)
        for start, end in itertools.combinations(range(len(pieces) + 1), 2):
            if len(together := "".join(pieces[start:end])) == 10:
                found.append(together)
    # the same again is no other one, unless something else has room between the two
    is_one = found and found[0] == found[-1] and len(re.findall("[0-9]", plain)) < 30
    return found[0] if is_one else None


def trimmed(value: str) -> str:
    """A text from its first letter or digit to its last."""
    places = [at for at, character in enumerate(value) if character.isalpha() or character in string.digits]
    return value[places[0] : places[-1] + 1] if places else ""


def as_ascii(character: str) -> str:
    """A digit of any script, and the signs of full-width text, as ASCII has them."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return FULL_WIDTH.get(character, character)


FULL_WIDTH = dict(zip("．，٫٬Ｅｅ＋－", ".,.,Ee+-", strict=True))


def may_be_anybodys(row: Row) -> bool:
    """Whether a row is an objection, and nobody can tell whose."""
    scheme, code = coded(row)
    if any(code == withdrawal for codes in WITHDRAWALS.values() for _, withdrawal in codes):
        return False  # it lets nobody in, whoever it is of
    number = number_of_objection(row["nhs_number"])
    if number is None or not has_check_digit(number):
        return True
    is_framed = number[0] == number[9] and set(number[1:9]) == {"0"}
    return len(set(number)) == 1 or number == "2333455667" or is_framed


def coded(row: Row) -> tuple[str, str]:
    """Scheme and code of a row, the code without its dots and its term."""
    return text(row["code_scheme"]).upper(), five_characters(text(row["code"])).rstrip(".")


def moment_of(sent: Sent, practice: str) -> datetime:
    """The moment up to which a practice's record is known: its extraction, and never after the run's."""
    extracted = [
        instant(file["extracted_at"])
        for file in sent.files
        if file["practice_code"] == practice and file["file_kind"] == "practice_records"
    ]
    return min([moment for moment in extracted if moment] + [sent.collected_at])


def objections(sent: Sent) -> dict[tuple[str, str, str], str]:
    """(number, practice, kind of opt-out) of everybody who objects, with the first reason that holds."""
    histories = defaultdict(list)
    for row in sent.opt_outs:
        if number := number_of_objection(row["nhs_number"]):
            histories[number, row["file_practice_code"]].append(row)
    moments = {practice: moment_of(sent, practice) for _, practice in histories}
    found = {}
    for (number, practice), rows in histories.items():
        for kind in DISSENTS:
            if reason := objection(kind, rows, moments[practice]):
                found[number, practice, kind] = reason
    return found


def five_characters(code: str) -> str:
    """A Read code without the two characters of its term, letters or digits."""
    has_term = len(code) == 7 and not code.isdigit() and code[5:].isascii() and code[5:].isalnum()
    return code[:5] if has_term else code


def objection(kind: str, rows: Iterable[Row], moment: datetime) -> str | None:
    """Why one person's rows at one practice amount to an objection of a kind; None if they do not."""
    dissents, withdrawals, unsure, has_known_dissent = set(), set(), set(), False
    for row in rows:
        scheme, code = coded(row)
        effective = instant(row["effective_date"])
        if effective and local_day(effective).year < FIRST_YEAR:
            effective = None  # nobody could object, and a program has filled something in
        recorded = instant(row["recorded_at"])
        is_unknown = not any(code in codes for codes in ALL_CODES.values())
        if not is_unknown and effective and local_day(effective) > LAST_DAY[kind]:
            continue  # reported, not applied
        known = effective if effective and recorded and max(effective, recorded) <= moment else None
        if code in DISSENTS[kind] or is_unknown:
            has_known_dissent = has_known_dissent or not is_unknown
            if not effective:
                unsure.add("undated_dissent")
            elif not known:
                unsure.add("future_dissent")
            else:
                dissents.add(local_day(known))
        elif (scheme, code) in WITHDRAWALS[kind] and known and not is_of_another_practice(row):
            withdrawals.add(local_day(known))
    if not unsure and (not dissents or max(withdrawals, default=date.min) > max(dissents)):
        return None
    if not has_known_dissent:
        return "unrecognised_code"
    if unsure:
        return max(unsure)
    return "same_day_conflict" if max(dissents) in withdrawals else "dissent"


def is_of_another_practice(row: Row) -> bool:
    """Whether a row says that it is another practice's than its file."""
    stated = trimmed(row["practice_code"] or "").upper()
    return bool(stated) and stated != row["file_practice_code"]


def granted(sent: Sent) -> dict[str, Row]:
    """Rows of the register that the run may rely on, by the exception they grant."""
    collection, today = sent.settings["collection"], local_day(sent.collected_at)
    return {
        row["exception"]: row
        for row in sent.register
        if row["exception_id"] == sent.settings["exception_id"]
        and row["collection"] == collection
        and text(row["legal_basis"])
        and text(row["approved_by"])
        and row["valid_from"]
        and row["valid_to"]
        and date.fromisoformat(row["valid_from"]) <= today <= date.fromisoformat(row["valid_to"])
    }


def lifted_kinds(sent: Sent) -> dict[str, str]:
    """Kinds of opt-out that the run's exception lifts from its own collection, with the register's row."""
    return {
        row["opt_out_kind"]: sent.settings["exception_id"]
        for row in sent.exceptions
        if row["collection"] == sent.settings["collection"] and row["exception"] in granted(sent)
    }


def unreadable_accepted(sent: Sent) -> int:
    """How many objections of a practice's file may be anybody's: none, but by the register."""
    row = granted(sent).get("unreadable_objections", {})
    return int(row.get("rows_accepted") or 0)


def upheld(sent: Sent) -> dict[tuple[str, str], str | None]:
    """(collection, number) of everybody whose objection it upholds; the value is what lifts all of them."""
    kinds_of = defaultdict(set)
    for number, _, kind in objections(sent):
        kinds_of[number].add(kind)
    found = {}
    for policy in sent.collections:
        is_own = policy["collection"] == sent.settings["collection"]
        lifted = lifted_kinds(sent) if is_own else {}
        at_collection = {kind for kind in DISSENTS if policy[f"{kind}_upheld"] == "at_collection"}
        for number, kinds in kinds_of.items():
            if counting := kinds & at_collection:
                stands = counting - set(lifted)
                found[policy["collection"], number] = None if stands else min(lifted[kind] for kind in counting)
    return found


def opted_out(sent: Sent) -> set[str]:
    """The numbers that this run must not hold."""
    collection = sent.settings["collection"]
    return {number for (c, number), lifted in upheld(sent).items() if c == collection and not lifted}


def bare(value: str | None) -> str:
    """The letters and digits of a word, in upper case."""
    return re.sub("[^0-9A-Za-z]", "", value or "").upper()


def has_agreed(sent: Sent, practice: str) -> bool:
    """The last answer on or before the day of collection, and the only one that day, was to agree."""
    service, today = bare(sent.policy["cqrs_service"]), local_day(sent.collected_at)
    answers = defaultdict(set)
    for row in sent.participation:
        asked, status = bare(row["service"]), text(row["status"]).lower()
        # a refusal without a service, or of one with more words, may be of this collection
        is_unsure = (asked in ("", "NULL") or service in asked) and status not in ("offered", "agreed")
        if bare(row["practice_code"]) == practice and (asked == service or is_unsure):
            answered_on = day(row["status_date"])
            if answered_on is None:
                return False  # nobody knows that an answer without a day is not the last one
            answers[answered_on].add(status)
    last = max((answered_on for answered_on in answers if answered_on <= today), default=None)
    return last is not None and answers[last] == {"agreed"}


# Section 5: the legacy code of a GP practice, as some tools write it too, and today's role.
GP_PRACTICE = {"4", "04", "4.0", "RO76", "GP PRACTICE"}


def is_open(sent: Sent, practice: str) -> bool:
    """Its last row as a GP practice is active, and it is open on the day of its extraction; no day is unreadable."""
    rows = [
        row
        for row in sent.practices
        if text(row["organisation_code"]) == practice and text(row["prescribing_setting"]).upper() in GP_PRACTICE
    ]
    said = {name: [(text(row[name]), day(row[name])) for row in rows] for name in ("open_date", "close_date")}
    if not rows or any(is_unreadable(*days) for days in [*said["open_date"], *said["close_date"]]):
        return False  # a day that cannot be read may be that of its end
    is_active = [text(row["status_code"]).upper() in {"A", "ACTIVE"} for row in rows]
    if any(opened is None and not active for active, (_, opened) in zip(is_active, said["open_date"])):
        return False  # and a row that is not active, and does not say when it opened, may be the last
    last = max(opened or date.min for _, opened in said["open_date"])
    extracted = [
        instant(file["extracted_at"])
        for file in sent.files
        if file["practice_code"] == practice and file["file_kind"] == "practice_records"
    ]
    today = local_day((extracted and extracted[0]) or sent.collected_at)
    return all(
        text(row["status_code"]).upper() in {"A", "ACTIVE"} and last <= today < (closed or date.max)
        for row, (_, opened), (_, closed) in zip(rows, said["open_date"], said["close_date"])
        if (opened or date.min) == last
    )


def is_in_wave(sent: Sent, practice: str) -> bool:
    policy = sent.policy
    return policy["wave"] is None or any(
        row["collection"] == policy["collection"] and row["wave"] == policy["wave"] and row["practice_code"] == practice
        for row in sent.waves
    )


def has_sent_everything(sent: Sent, practice: str) -> bool:
    """One good practice file, extracted by the moment of collection, and every row of an opt-out file."""
    files = {
        kind: [file for file in sent.files if file["practice_code"] == practice and file["file_kind"] == kind]
        for kind in ("practice_records", "opt_outs")
    }
    if any(len(found) != 1 or found[0]["refused_rule"] for found in files.values()):
        return False
    [records], [opt_outs] = files.values()
    extracted_at = instant(records["extracted_at"])
    rows = [row for row in sent.opt_outs if row["file_practice_code"] == practice]
    return (
        extracted_at is not None
        and extracted_at <= sent.collected_at
        and opt_outs["row_count"] == len(rows)
        and sum(map(is_of_another_practice, rows)) * 2 <= len(rows)
        and sum(map(may_be_anybodys, rows)) <= unreadable_accepted(sent)
        and is_no_older(sent, practice, extracted_at)
    )


def is_no_older(sent: Sent, practice: str, extracted_at: datetime) -> bool:
    """Whether the opt-outs were extracted no earlier, by the list of that where there is one."""
    if not any(file["file_kind"] == "opt_out_extractions" for file in sent.files):
        return True
    rows = [row for row in sent.extractions if text(row["practice_code"]).upper() == practice]
    moments = [instant(row["extracted_at"]) for row in rows]
    if not all(moments) or min(filter(None, moments), default=sent.collected_at) > sent.collected_at:
        return False
    return bool(moments) and all(moment is not None and moment >= extracted_at for moment in moments)


def collected_practices(sent: Sent) -> set[str]:
    """The practices whose patients are collected at all."""
    return {
        practice
        for practice in {file["practice_code"] for file in sent.files if file["practice_code"]}
        if has_agreed(sent, practice)
        and is_open(sent, practice)
        and is_in_wave(sent, practice)
        and has_sent_everything(sent, practice)
    }


@dataclass(repr=False)
class Expected:
    """Everything that the gateway should say about what was sent; shows nothing of itself either."""

    upheld: dict[tuple[str, str], str | None]
    objections: dict[tuple[str, str, str], str]
    practices: set[str]
    permitted: Counter[Any]
    admissions: Counter[Any]
    counts: Counter[Any]
    objectors: Counter[Any]


def expected(sent: Sent) -> Expected:
    """The whole recomputation."""
    practices, gone, all_upheld = collected_practices(sent), opted_out(sent), upheld(sent)
    collection = sent.settings["collection"]
    permitted: Counter[Any] = Counter()
    counts: Counter[Any] = Counter()
    records = defaultdict(list)
    for row in sent.practice_records:
        records[row["file_practice_code"]].append(row)
    for file in sent.files:
        if file["file_kind"] != "practice_records" or file["refused_rule"]:
            continue
        practice, usable = file["practice_code"], 0
        rows_read = len(records[practice])
        for number, rows in people(records[practice], file).items():
            if len({tuple(sorted(row.items())) for row in rows}) > 1:
                continue  # nobody knows which of the rows is right
            usable += 1
            if practice not in practices:
                counts[practice, "excluded", "practice"] += 1
            elif number in gone:
                counts[practice, "excluded", "objection"] += 1
            else:
                is_lifted = (collection, number) in all_upheld
                counts[practice, "kept", "lifted" if is_lifted else ""] += 1
                permitted[number, practice] += 1
        counts[practice, "rejected", "unreadable"] += file["row_count"] - rows_read
        counts[practice, "rejected", ""] += rows_read - usable
    all_objections = objections(sent)
    return Expected(
        all_upheld,
        all_objections,
        practices,
        permitted,
        expected_admissions(sent, {number for number, _ in permitted}),
        +counts,
        Counter((practice, kind) for _, practice, kind in all_objections),
    )


def people(records: list[Row], file: Row) -> dict[str, list[Row]]:
    """The usable rows of a practice's file, by number, without what may differ in spelling only."""
    found = defaultdict(list)
    for row in records:
        number = nhs_number(row["nhs_number"])
        if (
            text(row["practice_code"]) == file["practice_code"]
            and row["extracted_at"] == file["extracted_at"]
            and number_rule(row["nhs_number"], is_synthetic=True) is None
            and number is not None
        ):
            gp_code = text(row["usual_gp_code"]).upper()
            found[number].append({"gp": gp_code, "flags": row["metric_flags"]})
    return found


# Section 2.1, filter 3: the day from which each admission method is one of the emergency.
EMERGENCY = dict.fromkeys(("21", "22", "23", "24", "28"), date.min) | dict.fromkeys(
    ("25", "2A", "2B", "2C", "2D"), date(2013, 4, 1)
)


def expected_admissions(sent: Sent, permitted: set[str]) -> Counter[Any]:
    """Emergency admissions of permitted people in the period, each episode once: (number, day)."""
    episodes = {}
    for row in sent.admissions:
        number, day = nhs_number(row["newnhsno"]), date.fromisoformat(row["admidate"])
        start, end = (date.fromisoformat(sent.settings[f"period_{at}"]) for at in ("start", "end"))
        if (
            number in permitted
            and start <= day <= end
            and day >= EMERGENCY.get(text(row["admimeth"]).upper(), date.max)
        ):
            episodes[row["epikey"]] = (number, day)
    return Counter(episodes.values())
