"""Whose journals may be stored and what of them, told a second time: plain Python, from the words and not from the SQL.

Its source is the domain handbook, the table of the seed documents and section 6, and the issue: living registered
patients or died after the start, Type 1 upheld, no restricted, unknown or too old code, no free text. Who objects and
which practices take part is opt_out_oracle's answer. Whatever is unsure keeps a record, or a person, out.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

from gp_level_data.shapes import Cells, Row
from hospital.hospital_oracle import Definition, verdicts
from intake.moment_oracle import day, known_day
from intake.moment_oracle import moment as instant
from intake.verhoeff import has_check_digit
from opt_outs.opt_out_oracle import (
    Sent,
    collected_practices,
    lifted_kinds,
    local_day,
    nhs_number,
    number_rule,
    objections,
    opted_out,
    seed,
    text,
)

# What each collection takes in, and the categories that are not needed for longer than ten years.
CATEGORIES = {
    "gpdpr": {
        "diagnosis", "symptom", "observation", "test_result", "medication", "allergy", "immunisation", "referral",
        "recall", "appointment",
    },
    "care_data": {"diagnosis", "medication", "immunisation", "referral"},
}  # fmt: skip
TEN_YEARS = {"gpdpr": {"medication", "referral", "appointment"}, "care_data": set()}
PLANNED = {"gpdpr": {"recall", "appointment"}, "care_data": set()}
CODES_OF = {
    detail: {row["code"] for row in seed("patient_codes") if row["detail"] == detail}
    for detail in ("sex", "ethnicity", "sexual_orientation")
}
CATEGORIES_OF = defaultdict(set)
for entry in seed("journal_codes"):
    CATEGORIES_OF[entry["code"]].add(entry["category"])
ANY_CATEGORY = {row["category"] for row in seed("journal_categories")}
# Days that stand for none, the first of Excel, SQL Server and Unix; and what stands for no end.
PLACEHOLDERS = {date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1), date(1970, 1, 1)}
NO_END = re.compile(r"NULL|\\N|(9999-?12-?31|31/12/9999)([T ].*)?", re.IGNORECASE)
RESTRICTED = {row["code"] for row in seed("restricted_codes")}
DETAILS = ("birth_year", "sex", "ethnicity", "sexual_orientation", "lsoa")
Detail = str | int | None
Removed = tuple[str, str, str]  # practice, verdict, reason


@dataclass(repr=False)
class Journals:
    """What arrived besides: rows of text under the names of the raw columns. Shows nothing of itself."""

    sent: Sent
    rows: list[Row] = field(default_factory=list)
    social_care: list[Row] = field(default_factory=list)


@dataclass(repr=False)
class Stored:
    """What should be stored. Numbers stand for people; counts are by practice, verdict and reason."""

    people: dict[tuple[str, str], Cells]
    records: set[Cells]
    removed: Counter[Removed]
    hospital: set[Cells]
    social_care: set[Cells]
    not_disseminated: set[str]


def is_unreadable(value: str | None) -> bool:
    return bool(text(value)) and day(value) is None


def is_unclear(row: Row, column: str) -> bool:
    """Whether the day of a start or an end is given, and nobody knows which it is."""
    written = row.get(column)
    if column == "registered_on":
        return is_unreadable(written)
    return day(written) in PLACEHOLDERS or (is_unreadable(written) and not NO_END.fullmatch(text(written)))


def plain(value: str | None) -> str:
    """A code of digits as a spreadsheet or a tool that knows decimals writes it."""
    whole, point, noughts = text(value).partition(".")
    is_number = whole.isascii() and whole.isdigit() and not noughts.strip("0")
    return str(int(whole)) if is_number and (point or len(whole) > 1) else text(value)


def details_of(row: Row) -> dict[str, Detail]:
    """The details of a row that are usable."""
    birthday, area = day(row.get("date_of_birth")), text(row.get("lsoa")).upper()
    said = {
        "sex": plain(row.get("sex")),
        "ethnicity": text(row.get("ethnic")).upper(),
        "sexual_orientation": plain(row.get("sexual_orientation")).upper(),
    }
    found: dict[str, Detail] = {name: value if value in CODES_OF[name] else None for name, value in said.items()}
    found["birth_year"] = birthday.year if birthday else None
    found["lsoa"] = area if re.fullmatch("[EW]01[0-9]{6}", area, re.ASCII) else None
    return found


def has_unusable_detail(row: Row) -> bool:
    raw = {"birth_year": "date_of_birth", "ethnicity": "ethnic"}
    found = details_of(row)
    return any(text(row.get(raw.get(name, name))) and found[name] is None for name in DETAILS)


def scope_rule(rows: list[Row], extracted: date, started: date) -> str | None:
    """Why somebody is not a patient whom the collection is about."""
    columns = ("date_of_death", "registered_on", "deregistered_on")
    if any(is_unclear(row, column) for row in rows for column in columns):
        return "registration_unknown"
    if any(len({day(row.get(column)) for row in rows}) > 1 for column in columns):
        return "registration_unknown"
    died, registered, left = (day(rows[0].get(column)) for column in columns)
    if registered is None or (died and died > extracted):
        return "registration_unknown"
    if died:
        if died < started:
            return "died_before_start"
        return "not_registered" if registered > died or (left and left < died) else None
    return "not_registered" if registered > extracted or (left and left <= extracted) else None


def agreed(rows: list[Row], detail: str, extracted: date) -> tuple[Detail, bool]:
    """What the rows of the latest day say that give a detail, and whether they disagree."""
    by_day = defaultdict(set)
    for row in rows:
        value = details_of(row)[detail]
        if value is not None:
            said_on = day(row.get("record_date")) or day(row.get("date")) or date.min
            by_day[said_on if said_on <= extracted else date.min].add(value)
    if not by_day:
        return None, False
    last = by_day[max(by_day)]
    return (next(iter(last)), False) if len(last) == 1 else (None, True)


def ten_years_before(when: date) -> date:
    try:
        return when.replace(year=when.year - 10)
    except ValueError:
        return when.replace(year=when.year - 10, day=28)


def is_snomed(code: str) -> bool:
    """Whether a code is one of a concept: of the international edition, or with a namespace of seven digits."""
    is_number = code.isascii() and code.isdigit() and not code.startswith("0") and len(code) <= 18
    kind, is_long = code[-3:-1], len(code) > 10
    return (
        is_number and ((kind == "00" and 6 <= len(code) <= 11) or (kind == "10" and is_long)) and has_check_digit(code)
    )


def record_rule(row: Row, collection: str, extracted: date) -> str | None:
    """Why a row's record is not stored."""
    category, code, when = text(row.get("category")).lower(), text(row.get("code")), day(row.get("date"))
    if not category and not code:
        return "no_record"
    if code in RESTRICTED:
        return "code_restricted_by_law"
    if category not in ANY_CATEGORY:
        return "category_unknown"
    if category not in CATEGORIES[collection]:
        return "category_not_collected"
    if code not in CATEGORIES_OF:
        return "code_not_collected" if is_snomed(code) else "code_malformed"
    if category not in CATEGORIES_OF[code]:
        return "code_of_another_category"
    if when is None or when in PLACEHOLDERS:
        return "record_date_unknown"
    born, died = (day(row.get(column)) for column in ("date_of_birth", "date_of_death"))
    if born and when.year < born.year:
        return "recorded_before_birth"
    if died and when > died and category not in PLANNED[collection]:
        return "recorded_after_death"
    if when > extracted and category not in PLANNED[collection]:
        return "recorded_after_extraction"
    if category in TEN_YEARS[collection] and when < ten_years_before(extracted):
        return "older_than_category_is_kept"
    return None


def value(row: Row, column: str) -> float | None:
    """A short number."""
    written = text(row.get(column))
    return float(written) if re.fullmatch(r"-?[0-9]{1,5}(\.[0-9]{1,3})?", written, re.ASCII) else None


def stored(journals: Journals) -> Stored:
    """The whole recomputation, for a synthetic folder."""
    sent = journals.sent
    collection = sent.settings["collection"]
    [started] = [known_day(row["started_on"]) for row in seed("journal_scopes") if row["collection"] == collection]
    roles = {row["staff_role"] for row in seed("staff_roles")}
    practices, gone = collected_practices(sent), opted_out(sent)
    people: dict[tuple[str, str], Cells] = {}
    removed: Counter[Removed] = Counter()
    copies: Counter[Cells] = Counter()
    for file in sent.files:
        if file["file_kind"] != "practice_records" or file["refused_rule"]:
            continue
        practice = file["practice_code"]
        read = [row for row in journals.rows if row["file_practice_code"] == practice]
        moment = instant(file["extracted_at"])
        extracted = local_day(moment) if moment else None
        removed[practice, "rejected", "unreadable_row"] += file["row_count"] - len(read)
        persons = defaultdict(list)
        for row in read:
            rule = None
            if text(row.get("practice")) != practice:
                rule = "practice_code_differs_from_file"
            elif file["extracted_at"] and (row.get("processed_timestamp") or "") != file["extracted_at"]:
                rule = "extracted_at_differs_within_file"
            rule = rule or number_rule(row.get("nhs_number"), is_synthetic=True)
            if rule:
                removed[practice, "rejected", rule] += 1
                continue
            number = nhs_number(row["nhs_number"])
            assert number, "a row that breaks no rule has no number"
            persons[number].append(row)
        for number, rows in persons.items():
            if practice not in practices:
                removed[practice, "excluded", "practice"] += len(rows)
                continue
            if number in gone:
                removed[practice, "excluded", "objection"] += len(rows)
                continue
            assert extracted, "a practice takes part whose extraction is not known"
            if rule := scope_rule(rows, extracted, started):
                removed[practice, "excluded", rule] += len(rows)
                continue
            said = {detail: agreed(rows, detail, extracted) for detail in DETAILS}
            died = day(rows[0].get("date_of_death"))
            people[number, practice] = (
                *(said[detail][0] for detail in DETAILS),
                died.year if died else None,
                day(rows[0]["registered_on"]),
            )
            for detail, (_, is_in_conflict) in said.items():
                removed[practice, "emptied", f"{detail}_in_conflict"] += is_in_conflict
            removed[practice, "emptied", "detail_unusable"] += any(map(has_unusable_detail, rows))
            for row in rows:
                if rule := record_rule(row, collection, extracted):
                    removed[practice, "excluded", rule] += 1
                    continue
                values = [value(row, column) for column in ("value1_condition", "value2_condition")]
                role = text(row.get("staff_role")).upper()
                record = (
                    number, practice, text(row["category"]).lower(), text(row["code"]), day(row["date"]), *values,
                    role if role in roles else None,
                )  # fmt: skip
                copies[record] += 1
                removed[practice, "emptied", "value_not_a_number"] += any(
                    text(row.get(column)) and found is None
                    for column, found in zip(("value1_condition", "value2_condition"), values)
                )
                removed[practice, "emptied", "staff_role_unknown"] += bool(role) and role not in roles
    for record, count in copies.items():
        removed[record[1], "rejected", "repeated_record"] += count - 1
    held = {number for number, _ in people}
    return Stored(
        people,
        set(copies),
        +removed,
        hospital(sent, held),
        social_care(journals, held),
        not_disseminated(sent, held),
    )


def hospital(sent: Sent, held: set[str]) -> set[Cells]:
    """Admissions in the period of the people who are held: first episodes, under one person's number only."""
    if sent.settings["collection"] != "care_data":
        return set()
    first, last = (known_day(sent.settings[name]) for name in ("period_start", "period_end"))
    return {
        (stay.number, stay.day, stay.method, stay.diagnosis)
        for stay, rule in verdicts(sent.admissions, Definition("ccg_ois_2_6", first, last))
        if stay
        and rule in ("complete", "episode_key_missing", "primary_diagnosis_missing")
        and stay.number in held
        and first <= stay.day <= last
        and stay.order == "1"
    }


def social_care(journals: Journals, held: set[str]) -> set[Cells]:
    """Care of the people who are held, in words that the contract names."""
    services = {row["service"] for row in seed("social_care_services")}
    found = set()
    for row in journals.social_care:
        number, service = nhs_number(row["nhs_number"]), text(row["service"]).lower()
        started, ended = day(row["started_on"]), day(row["ended_on"])
        is_usable = (
            number_rule(row["nhs_number"], is_synthetic=True) is None
            and service in services
            and started is not None
            and (not is_unreadable(row["ended_on"]) or NO_END.fullmatch(text(row["ended_on"])))
            and not (ended and ended < started)
        )
        if is_usable and number in held:
            found.add((number, service, started, ended))
    return found


def not_disseminated(sent: Sent, held: set[str]) -> set[str]:
    """Who objects in a way that the collection upholds when it hands on."""
    upheld = {kind for kind in ("type_1", "type_2") if sent.policy[f"{kind}_upheld"] == "at_dissemination"}
    lifted = set(lifted_kinds(sent))
    return {number for number, _, kind in objections(sent) if kind in upheld - lifted} & held
