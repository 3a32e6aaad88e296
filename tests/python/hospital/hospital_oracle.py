"""What becomes of every row of the hospital files, in plain Python: domain handbook, sections 2.1, 2.5 and 11."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from gp_level_data.shapes import Cells, Row
from intake.moment_oracle import day
from opt_outs.opt_out_oracle import nhs_number, number_rule, seed, text

NO_DAY = ("1800-01-01", "1801-01-01", "01/01/1800", "01/01/1801")
NO_END = re.compile(r"NULL|\\N|(9999-?12-?31|31/12/9999)([T ].*)?", re.IGNORECASE)
FIELDS = {
    "sex": "sex", "admisorc": "admission_source", "classpat": "patient_class", "epistat": "episode_status",
    "epitype": "episode_type",
}  # fmt: skip
COMPARED = ("day", "method", "order", "provider", "epistat")


@dataclass(frozen=True)
class Stay:
    """One row that is usable by itself."""

    file_name: str
    key: str | None
    number: str
    day: date
    method: str
    order: str
    provider: str | None
    diagnosis: str | None
    age_kind: str | None
    admisorc: str | None
    classpat: str | None
    epistat: str | None
    epitype: str | None
    sex: str | None


# In the order in which they are asked.
OF_FILTERS = ("age_kind", "episode_status", "sex", "episode_order", "admission_source", "episode_type", "patient_class")


@dataclass(frozen=True)
class Definition:
    """An emergency definition in a period: what is an emergency, and what its filters drop it by."""

    name: str
    first: date
    last: date

    def is_emergency(self, stay: Stay) -> bool:
        methods = {
            row["admission_method"] for row in seed("emergency_admission_methods") if row["definition"] == self.name
        }
        return self.first <= stay.day <= self.last and stay.method in methods

    def dropped(self, stay: Stay) -> tuple[str, str | None] | None:
        """The first field that does not pass, and what it holds; None in scope, and of what is no emergency."""
        held = {name: raw for raw, name in FIELDS.items()} | {"episode_order": "order", "age_kind": "age_kind"}
        for field in OF_FILTERS if self.is_emergency(stay) else ():
            value = getattr(stay, held[field])
            one_of, none_of = (
                {
                    row["value"]
                    for row in seed("emergency_filters")
                    if (row["definition"], row["field"], row["rule"]) == (self.name, field, rule)
                }
                for rule in ("one_of", "none_of")
            )
            if (one_of and value not in one_of) or value in none_of:
                return field, value
        return None


def code(value: str | None) -> str | None:
    """1, 01, 1.0 and 01.00 are one."""
    value = text(value).upper()
    number = re.fullmatch(r"0*([0-9]+?)(\.0*)?", value)
    return (number[1] if number else value) or None


def key(value: str | None) -> str | None:
    value = text(value)
    if number := re.fullmatch(r"\+?0*([0-9]*?)(\.0*)?", value):
        return number[1] or None
    is_none = re.fullmatch(r"-[0-9.]+|#?(null|none|nan|n/?a)", value, re.IGNORECASE)
    return None if is_none or not re.search("[0-9A-Za-z]", value) else value


def diagnosis(value: str | None) -> str | None:
    if value is None:
        return None
    letters = re.sub(r"[-. &*+†‡]", "", text(value)).upper()
    letters = letters[:3] if letters[3:4].isalpha() else letters
    return letters[:4].ljust(4, "X")


def codes(value: str | None) -> list[str]:
    """The codes of a list, and whatever else stands between its commas."""
    held = re.sub(r"[-. &*+†‡]", "", text(value)).upper().split(",")
    return [each for each in held if each]


def is_code(code: str) -> bool:
    """Whether it has the shape of one of ICD-10 or OPCS-4."""
    return bool(re.fullmatch("[A-Z][0-9][0-9][0-9A-Z]{,3}", code))


def age_kind(value: str | None) -> str | None:
    """years, infant, or unknown; None where nothing is said."""
    try:
        age = float(text(value))
    except ValueError:
        return "unknown" if text(value) else None
    return "years" if 0 <= age <= 120 else "infant" if 7001 <= age <= 7007 else "unknown"


def by_itself(row: Row) -> Stay | str:
    """The row, or the first rule that it breaks."""
    if rule := number_rule(row["newnhsno"], is_synthetic=True):
        return rule
    if re.fullmatch(r"[0-9]+([.,][0-9]*)?e[+-]?[0-9]{1,3}", text(row["epikey"]), re.IGNORECASE):
        return "episode_key_in_exponent"
    admitted, left = (day(text(row.get(name)), is_day_first=True) for name in ("admidate", "disdate"))
    methods = {each["admission_method"] for each in seed("admission_methods")}
    known = {(each["field"], each["code"]) for each in seed("hospital_codes")}
    number, method, order = nhs_number(row["newnhsno"]), code(row["admimeth"]), code(row.get("epiorder")) or ""
    primary = diagnosis(row.get("diag_4_01"))
    rules = {
        "admission_date_unreadable": admitted is None and text(row["admidate"]) not in ("", *NO_DAY),
        "admission_date_unknown": admitted is None,
        "discharge_date_unreadable": left is None
        and text(row.get("disdate")) not in ("", *NO_DAY)
        and not NO_END.fullmatch(text(row.get("disdate"))),
        "discharged_before_admission": bool(admitted and left and left < admitted),
        "admission_method_unknown": method not in methods,
        "episode_order_unknown": order == "99" or not re.fullmatch("[1-9][0-9]?", order),
        **{
            f"{field}_unknown": bool(code(row.get(raw))) and (field, code(row.get(raw))) not in known
            for raw, field in FIELDS.items()
        },
        "start_age_unknown": age_kind(row.get("startage")) == "unknown",
        "primary_diagnosis_malformed": primary not in (None, "XXXX") and not is_code(primary or ""),
        "diagnoses_malformed": not all(map(is_code, codes(row.get("diag_4_concat")))),
        "procedures_malformed": not all(map(is_code, codes(row.get("opertn_4_concat")))),
    }
    for rule, is_broken in rules.items():
        if is_broken:
            return rule
    assert number and admitted and method, "a row that breaks no rule lacks what the rules ask for"
    return Stay(
        row.get("file_name") or "", key(row["epikey"]), number, admitted, method, order,
        text(row.get("procode")).upper()[:3] or None, primary,
        age_kind(row.get("startage")),
        *(code(row.get(name)) for name in ("admisorc", "classpat", "epistat", "epitype", "sex")),
    )  # fmt: skip


def is_finished(stay: Stay) -> bool:
    return stay.epistat == "3"


def in_order(stay: Stay, dropped: tuple[str, str | None] | None) -> Cells:
    """Of copies the finished one first, then by what they hold; one in scope before another, the first file's at last."""
    held = [getattr(stay, name) for name in COMPARED]
    field, value = dropped or ("", None)
    return (
        not is_finished(stay), [(value is None, value or "") for value in held], field, (value is None, value or ""),
        (stay.diagnosis is None, stay.diagnosis or ""), stay.file_name,
    )  # fmt: skip


def is_there_finished(stay: Stay, finished: Iterable[Stay]) -> bool:
    return not is_finished(stay) and any(
        (other.number, other.day, other.method, other.order) == (stay.number, stay.day, stay.method, stay.order)
        and (not other.provider or not stay.provider or other.provider == stay.provider)
        for other in finished
    )


def verdicts(rows: Iterable[Row], definition: Definition) -> list[tuple[Stay | None, str]]:
    """Each row, if usable, and the one rule that it met."""
    judged = [by_itself(row) for row in rows]
    stays = [stay for stay in judged if isinstance(stay, Stay)]
    of_key = defaultdict(list)
    for stay in stays:
        of_key[stay.key].append(stay)
    of_key.pop(None, None)
    of_two = {each for each, held in of_key.items() if len({stay.number for stay in held}) > 1}
    finished = [stay for stay in stays if is_finished(stay) and stay.key not in of_two]
    result: list[tuple[Stay | None, str]] = [(None, rule) for rule in judged if isinstance(rule, str)]
    kept = [stay for stay in stays if stay.key is None]
    for each, held in of_key.items():
        first, *others = sorted(held, key=lambda stay: in_order(stay, definition.dropped(stay)))
        if each in of_two:
            result += [(stay, "episode_of_two_people") for stay in held]
            continue
        kept.append(first)
        result += [(stay, "repeated_episode") for stay in others]
    for stay in kept:
        again = is_there_finished(stay, finished)
        told = "complete" if stay.diagnosis not in (None, "XXXX") else "primary_diagnosis_missing"
        told = told if stay.key else "episode_key_missing"
        result.append((stay, "unfinished_episode_again" if again else told))
    return result
