"""Who is permitted, and how many there are of what: found a second time, in plain Python.

Written from the design and the domain handbook, not from the SQL: files read with csv, gzip and
pyarrow, rules as sets and dictionaries. A rule that both get wrong has to be wrong twice. No message
repeats a number: sets are compared by the size of their difference.
"""

import csv
import gzip
import hashlib
import hmac
import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow.parquet
import pytest

from conftest import COLLECTION, PROJECT, SAMPLE, Folders
from gp_level_data.custody import keys
from gp_level_data.shapes import Cells

LONDON = ZoneInfo("Europe/London")
# The sample's settings, as dbt_project.yml gives them.
COLLECTED_AT = datetime.fromisoformat("2017-04-02T09:00:00+01:00")
PERIOD = date(2016, 4, 1), date(2017, 3, 31)
FIXED = ["PRACTICE_CODE", "EXTRACTED_AT", "NHS_NUMBER", "USUAL_GP_CODE"]
UNASSIGNED = "UNASSIGNED"
Said = tuple[str, datetime | None, bool]  # what a row of an opt-out file means, from when, and whether it was known


# ---- reading ----------------------------------------------------------------------------------


def cells_of(path: Path) -> list[list[str]]:
    """All rows of a file, the header first; Parquet as if it were CSV."""
    if path.suffix == ".parquet":
        table = pyarrow.parquet.read_table(path)
        columns = [[value or "" for value in column.to_pylist()] for column in table.columns]
        return [table.column_names, *map(list, zip(*columns))]
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def rows_of(path: Path) -> tuple[list[dict[str, str]], int]:
    """Rows by column name, and how many did not have as many cells as the header."""
    header, *rows = cells_of(path)
    header = [name.strip().upper() for name in header]  # senders write it either way
    whole = [row for row in rows if len(row) == len(header)]
    return [dict(zip(header, row)) for row in whole], len(rows) - len(whole)


def files_in(folder: str) -> dict[str, Path]:
    """One file a practice, by the practice it is named for."""
    return {path.name.partition(".")[0]: path for path in (SAMPLE / folder).iterdir()}


def seed(name: str) -> list[dict[str, str]]:
    rows, _ = rows_of(PROJECT / "seeds" / f"{name}.csv")
    return [{column.lower(): value for column, value in row.items()} for row in rows]


def moment(text: str) -> datetime | None:
    """A point in time; a day counts from its start, a time without a zone is the United Kingdom's."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=LONDON)


def day(text: str) -> date | None:
    return date(int(text[:4]), int(text[4:6]), int(text[6:])) if text else None


# ---- NHS Numbers: domain handbook, section 4 ----------------------------------------------------


def number_in(text: str) -> str | None:
    """Ten digits, plain or displayed 3-3-4 with one kind of separator."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{10}|[0-9]{3} [0-9]{3} [0-9]{4}|[0-9]{3}-[0-9]{3}-[0-9]{4}", text):
        return re.sub("[ -]", "", text)
    return None


def spreadsheet_rule(text: str) -> str | None:
    """No number, or one as a spreadsheet types it."""
    if not text:
        return "nhs_number_missing"
    if re.fullmatch("[0-9]{9}", text):
        with_zero = [int(digit) for digit in f"0{text}"]
        if sum(digit * weight for digit, weight in zip(with_zero, range(10, 0, -1))) % 11 == 0:
            return "nhs_number_leading_zero_lost"
    if re.fullmatch("[0-9]{9,10}[.]0+", text):
        return "nhs_number_with_decimals"
    is_power = re.fullmatch("[0-9]([.,][0-9]+)?[eE][+]?[0-9]{1,3}", text)
    return "nhs_number_in_exponent" if is_power else None


def number_rule(text: str) -> str | None:
    """The rule that a number of a synthetic folder breaks."""
    if rule := spreadsheet_rule(text.strip()):
        return rule
    number = number_in(text)
    if number is None:
        return "nhs_number_malformed"
    weighted = sum(int(digit) * weight for digit, weight in zip(number, range(10, 1, -1)))
    check = (11 - weighted % 11) % 11  # 10 matches no digit
    if check != int(number[9]):
        return "nhs_number_check_digit"
    is_framed = number[0] == number[9] and set(number[1:9]) == {"0"}
    if len(set(number)) == 1 or number == "2333455667" or is_framed:
        return "nhs_number_never_issued"
    return None if number[0] == "9" else "nhs_number_test_range"


# ---- opt-outs: domain handbook, section 3, and the design's decisions ----------------------------


def objections(extracted: dict[str, datetime]) -> dict[str, set[str]]:
    """Why somebody objects to leaving the practice (Type 1); an objection anywhere counts everywhere."""
    known = {row["code"].rstrip(".") for row in seed("opt_out_codes")}
    meanings = {
        (row["code_scheme"], row["code"].rstrip(".")): row["meaning"]
        for row in seed("opt_out_codes")
        if row["opt_out_kind"] == "type_1"
    }
    dissents = {code for (_, code), meaning in meanings.items() if meaning == "dissent"}
    histories = defaultdict(list)
    for practice, path in files_in("gpes/opt_outs").items():
        for row in rows_of(path)[0]:
            code = row["CODE"].strip().rstrip(".")
            scheme = row["CODE_SCHEME"].strip().upper()
            # a dissent under a wrong scheme is unsure, so it counts; a withdrawal must be in order
            meaning = "dissent" if code in dissents else meanings.get((scheme, code))
            # the file holds nothing but objections
            meaning = meaning if code in known else "unknown"
            # a spreadsheet's decimals
            number = number_in(re.sub("[.]0+$", "", row["NHS_NUMBER"].strip()))
            if meaning and number:
                effective, recorded = moment(row["EFFECTIVE_DATE"]), moment(row["RECORDED_AT"])
                collected = extracted.get(practice) or COLLECTED_AT
                is_known = bool(effective and recorded and effective <= collected and recorded <= collected)
                histories[number, practice].append((meaning, effective, is_known))
    reasons = defaultdict(set)
    for (number, _), history in histories.items():
        if reason := why_out(history):
            reasons[number].add(reason)
    return reasons


def why_out(history: list[Said]) -> str | None:
    """The latest day decides; undated, future-dated and same-day dissents count."""
    said = [(when, known) for meaning, when, known in history if meaning in ("dissent", "unknown")]
    if not said:
        return None
    if "dissent" not in [meaning for meaning, *_ in history]:
        as_dissents = [
            ("dissent" if meaning == "unknown" else meaning, when, known) for meaning, when, known in history
        ]
        stands = why_out(as_dissents)
        return stands and "type_1_unrecognised_code"
    if any(when is None for when, _ in said):
        return "type_1_undated_dissent"
    if not all(known for _, known in said):
        return "type_1_future_dissent"
    last = max(when.astimezone(LONDON).date() for when, _ in said if when)
    withdrawals = [
        when.astimezone(LONDON).date() for meaning, when, known in history if meaning == "withdrawal" and known and when
    ]
    if not withdrawals or max(withdrawals) < last:
        return "type_1_dissent"
    return "type_1_same_day_conflict" if max(withdrawals) == last else None


# ---- practices: who takes part ---------------------------------------------------------------


def agreed_practices() -> set[str]:
    """The latest status on or before the day of collection is `agreed`, and nothing else that day."""
    statuses: defaultdict[str, defaultdict[date, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows_of(SAMPLE / "cqrs" / "participation.csv")[0]:
        when = date.fromisoformat(row["STATUS_DATE"])
        is_ours = row["SERVICE"].strip().upper() == COLLECTION.upper()
        if is_ours and when <= COLLECTED_AT.astimezone(LONDON).date():
            statuses[row["PRACTICE_CODE"].strip()][when].add(row["STATUS"].strip().lower())
    return {practice for practice, days in statuses.items() if days[max(days)] == {"agreed"}}


def ods(name: str) -> list[dict[str, str]]:
    """The named columns of a file without header: domain handbook, section 5."""
    places = {"code": 0, "opened": 10, "closed": 11, "status": 12, "parent": 14, "joined": 15,
              "left": 16, "setting": 25}  # fmt: skip
    return [{key: row[at] for key, at in places.items()} for row in cells_of(SAMPLE / "ods" / name)]


# ---- the collection ------------------------------------------------------------------------------


@dataclass
class Collection:
    """What the oracle expects."""

    permitted: set[tuple[str, str, str, str]] = field(default_factory=set)  # number, practice, GP, flags
    verdicts: Counter[Any] = field(default_factory=Counter[Any])  # practice, verdict, rule -> rows
    sent: Counter[Any] = field(default_factory=Counter[Any])  # practice -> rows, of files that were read
    ccg_of: dict[str, str] = field(default_factory=dict)
    metrics: list[str] = field(default_factory=list)
    admitted: set[str] = field(default_factory=set)  # numbers


def collect() -> Collection:
    result = Collection(metrics=sorted(row["metric_id"] for row in seed("metrics") if row["origin"] == "practice"))
    wanted = {*FIXED, *(metric.upper() for metric in result.metrics)}
    files = {}
    for practice, path in files_in(f"gpes/{COLLECTION}").items():
        header = [name.strip().upper() for name in cells_of(path)[0]]
        if set(FIXED) <= set(header) <= wanted:  # an unknown column refuses the file whole
            files[practice] = rows_of(path)
    stated = {practice: rows[0]["EXTRACTED_AT"] for practice, (rows, _) in files.items() if rows}
    extracted = {practice: when for practice, text in stated.items() if (when := moment(text))}
    out = objections(extracted)

    practices = {row["code"]: row for row in ods("epraccur.csv") if row["setting"] == "4"}
    result.ccg_of = {code: row["parent"] for code, row in practices.items()}
    gps = {(row["code"], row["parent"]): row for row in ods("egpcur.csv")}
    agreed, opt_out_files = agreed_practices(), files_in("gpes/opt_outs")

    def why_not_collected(practice: str) -> str | None:
        organisation, when = practices.get(practice), extracted[practice]
        if organisation is None:
            return "not_a_gp_practice"
        closed = day(organisation["closed"])
        if organisation["status"] != "A" or (closed and closed <= when.astimezone(LONDON).date()):
            return "not_open"
        if practice not in agreed:
            return "not_agreed"
        if when > COLLECTED_AT:
            return "extracted_after_collection"
        return None if practice in opt_out_files else "opt_out_file_missing"

    def gp_and_rule(code: str, practice: str) -> tuple[str, str]:
        if not code:
            return UNASSIGNED, "usual_gp_missing"
        if code in {row["code"] for row in DEFAULT_CODES}:
            return UNASSIGNED, "usual_gp_default_code"
        gp, today = gps.get((code, practice)), extracted[practice].astimezone(LONDON).date()
        weights = zip((1, 3, 7, 1, 3, 7), code[1:7])
        is_code = re.fullmatch("G[0-9]{7}", code) and (
            sum(weight * int(digit) for weight, digit in weights) % 10 == int(code[7])
        )
        is_here = (
            gp is not None
            and re.fullmatch("G[0-9]{7}", code)
            and gp["status"] == "A"
            and (day(gp["joined"]) or date.min) <= today < (day(gp["left"]) or date.max)
        )
        if is_here:
            return code, "complete"
        return UNASSIGNED, "usual_gp_not_at_practice" if is_code else "usual_gp_malformed"

    for practice, (rows, unreadable) in files.items():
        result.sent[practice] = len(rows) + unreadable
        result.verdicts[practice, "rejected", "unreadable_row"] += unreadable
        people = defaultdict(list)
        for row in rows:
            rule = None
            if row["PRACTICE_CODE"].strip() != practice:
                rule = "practice_code_differs_from_file"
            elif row["EXTRACTED_AT"] != stated[practice]:
                rule = "extracted_at_differs_within_file"
            rule = rule or number_rule(row["NHS_NUMBER"])
            if rule:
                result.verdicts[practice, "rejected", rule] += 1
            elif sound := number_in(row["NHS_NUMBER"]):
                flags = "".join(flag(row.get(metric.upper(), "")) for metric in result.metrics)
                gp = row["USUAL_GP_CODE"].strip().upper()
                people[sound].append((gp, flags))
        reason = why_not_collected(practice)
        for number, copies in people.items():
            if len({gp for gp, _ in copies}) > 1:
                result.verdicts[practice, "rejected", "repeated_with_another_gp"] += len(copies)
            elif len(set(copies)) > 1:
                result.verdicts[practice, "rejected", "repeated_with_other_metrics"] += len(copies)
            else:
                result.verdicts[practice, "rejected", "repeated_row"] += len(copies) - 1
                gp, rule = gp_and_rule(copies[0][0], practice)
                if reason:
                    result.verdicts[practice, "excluded", reason] += 1
                elif number in out:
                    result.verdicts[practice, "excluded", min(out[number])] += 1
                else:
                    if rule == "complete" and "?" in copies[0][1]:
                        rule = "metric_value_unknown"
                    result.verdicts[practice, "kept", rule] += 1
                    # what is neither yes, no nor empty is not known
                    flags = copies[0][1].replace("?", "-")
                    result.permitted.add((number, practice, gp, flags))
    result.admitted = admitted({number for number, *_ in result.permitted})
    return result


YES, NO = {"1", "1.0", "true", "t", "yes", "y"}, {"0", "0.0", "false", "f", "no", "n"}


def flag(text: str) -> str:
    """Yes and no as tools write them, which nothing else can mean; another word is not known."""
    text = text.strip().lower()
    return "y" if text in YES else "n" if text in NO else "-" if not text else "?"


DEFAULT_CODES = seed("default_codes")


# ---- hospital admissions: CCG OIS 2.6, domain handbook, section 2.1 -------------------------------


def episodes() -> Iterator[dict[str, str]]:
    """Every episode once."""
    seen = set()
    for path in sorted((SAMPLE / "hes").iterdir()):
        for row in rows_of(path)[0]:
            if row["EPIKEY"] not in seen:
                seen.add(row["EPIKEY"])
                yield row


CHRONIC_HEART = re.compile("K(0|1|2|3|4|50|52|55|56|57|60|61|66|67|68|69|71)")
OPERATION = re.compile("[A-TVW]|X[01245]")


def conditions(row: dict[str, str], when: date) -> set[str]:
    """The clauses a to i that an episode meets, from its single columns and not the concatenated ones."""
    diagnoses = [row[f"DIAG_4_{n:02}"].strip().replace(".", "").upper() for n in range(1, 21)]
    procedures = [row[f"OPERTN_4_{n:02}"].strip().upper() for n in range(1, 25)]
    primary = diagnoses[0][:4].ljust(4, "X") if diagnoses[0] else ""
    among = [diagnosis[:3] for diagnosis in diagnoses]
    category = primary[:3]
    heart_operation = any(CHRONIC_HEART.match(code) for code in procedures) or (
        when >= date(2017, 4, 1) and any(code[:3] in ("K73", "K74") for code in procedures)
    )
    bronchitis = {"J41", "J42", "J43", "J44", "J47"}
    clauses = {
        "a": primary in ("B180", "B181") and "D57" not in among,
        "b": category == "J45" or primary == "J46X",
        "c": (category == "I50" or primary in ("I110", "J81X", "I130")) and not heart_operation,
        "d": category in ("E10", "E11", "E12", "E13", "E14"),
        "e": category in ("J41", "J43", "J44")
        or primary in ("J42X", "J47X")
        or (category == "J20" and bool(bronchitis & set(among))),
        "f": category in ("I20", "I25") and not any(OPERATION.match(code) for code in procedures),
        "g": category in ("D51", "D52") or primary in ("D501", "D508", "D509"),
        "h": primary in ("I10X", "I119") and not heart_operation,
        "i": category in ("I48", "G40", "G41", "F00", "F01", "F02", "F03"),
    }
    return {clause for clause, is_met in clauses.items() if is_met}


def admitted(people: set[str]) -> set[str]:
    """People of a set with a qualifying admission: filters 2 to 10, and a clause."""
    found = set()
    for row in episodes():
        age, method = row["STARTAGE"].strip(), row["ADMIMETH"].strip().upper()
        when = moment(row["ADMIDATE"].strip())
        if (
            age.isdigit()
            and (0 <= int(age) <= 120 or 7001 <= int(age) <= 7007)  # 2
            and method in {"21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D"}  # 3
            and row["EPISTAT"].strip() in {"1", "3"}  # 4
            and when is not None
            and PERIOD[0] <= when.date() <= PERIOD[1]  # 5
            and row["SEX"].strip() in {"1", "2"}  # 6
            and row["EPIORDER"].strip() == "1"  # 7
            and row["ADMISORC"].strip() not in {"51", "52", "53"}  # 8
            and row["EPITYPE"].strip() == "1"  # 9
            and row["CLASSPAT"].strip() == "1"  # 10
            and conditions(row, when.date())
            and number_rule(row["NEWNHSNO"]) is None
        ):
            found.add(number_in(row["NEWNHSNO"]))
    return people & found


# ---- comparisons -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def expected() -> Collection:
    return collect()


@pytest.fixture(scope="module")
def key_of(built: Folders, expected: Collection) -> dict[str, str]:
    """The pseudonym of each permitted number, by the standard library."""
    key = keys.read_key(built.keys, COLLECTION)
    letters = str.maketrans("0123456789abcdef", "abcdefghijklmnop")

    def pseudonym(number: str) -> str:
        message = f"{COLLECTION}/patient\0{number}".encode()
        return hmac.new(key, message, hashlib.sha256).hexdigest()[:32].translate(letters)

    return {number: pseudonym(number) for number, *_ in expected.permitted}


def difference(wanted: Iterable[Any], found: Iterable[Any]) -> tuple[int, int]:
    """How many are missing, and how many too many; never which."""
    wanted, found = Counter(wanted), Counter(found)
    return (wanted - found).total(), (found - wanted).total()


def exact_counts(expected: Collection, area: str) -> dict[Cells, tuple[int, int]]:
    """Numerator and denominator by area and metric; each person once an area."""
    areas: dict[str, Callable[[str, str], tuple[str, str]]] = {
        "gp": lambda practice, gp: (practice, gp),
        "practice": lambda practice, gp: ("practice", practice),
        "ccg": lambda practice, gp: ("ccg", expected.ccg_of[practice]),
        "england": lambda practice, gp: ("england", "ENGLAND"),
    }
    area_of = areas[area]
    meets: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    eligible: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for number, practice, gp, flags in expected.permitted:
        letters = dict(zip(expected.metrics, flags))
        letters["emergency_admissions"] = "y" if number in expected.admitted else "n"
        for metric, letter in letters.items():
            cell = (*area_of(practice, gp), metric)
            meets[cell] |= {number} if letter == "y" else set()
            eligible[cell] |= {number} if letter in "yn" else set()
    return {cell: (len(meets[cell]), len(eligible[cell])) for cell in eligible}


def one_place(ratio: Decimal) -> str:
    """One decimal place, halves away from zero."""
    return str(ratio.quantize(Decimal("0.1"), ROUND_HALF_UP))


def shown(count: int) -> int | None:
    """HES rule, domain handbook, section 8: 0 shown, 1 to 7 suppressed, else the nearest 5."""
    if 1 <= count <= 7:
        return None
    return (count + 2) // 5 * 5


def test_the_sample_is_not_vacuous(expected: Collection) -> None:
    """Flags a sample, or an oracle, that never meets the cases that the rules are about."""
    rules = {rule for (_, _, rule), count in expected.verdicts.items() if count}
    assert rules >= {
        "complete", "usual_gp_missing", "usual_gp_default_code", "usual_gp_not_at_practice",
        "usual_gp_malformed", "metric_value_unknown",
        "not_open", "not_agreed", "extracted_after_collection", "opt_out_file_missing",
        "type_1_dissent", "type_1_undated_dissent", "type_1_future_dissent",
        "type_1_same_day_conflict", "repeated_with_another_gp", "repeated_with_other_metrics",
        "repeated_row", "unreadable_row", "practice_code_differs_from_file",
        "nhs_number_missing", "nhs_number_malformed", "nhs_number_check_digit",
        "nhs_number_never_issued",
    }  # fmt: skip
    practices_of = Counter(number for number, *_ in expected.permitted)
    assert max(practices_of.values()) > 1, "nobody is registered at two practices"
    assert len(expected.admitted) > 100


def test_permitted_people(expected: Collection, key_of: dict[str, str], warehouse: duckdb.DuckDBPyConnection) -> None:
    """Flags anybody who is let in against the rules, left out, or put on another GP's list."""
    found = warehouse.execute(
        "select patient_key, practice_code, gp_code, metric_flags from patient_level.gateway.int_patients__permitted"
    ).fetchall()
    wanted = [(key_of[number], *others) for number, *others in expected.permitted]
    missing, too_many = difference(wanted, found)
    assert (missing, too_many) == (0, 0)


def test_nobody_else_in_any_patient_level_table(key_of: dict[str, str], warehouse: duckdb.DuckDBPyConnection) -> None:
    """Flags a patient-level table, whatever its name, with a row of somebody who is not permitted."""
    allowed = set(key_of.values())
    tables = warehouse.execute(
        "select database_name, schema_name, table_name, count(*) filter (column_name = 'patient_key')"
        " from duckdb_columns() where database_name in ('marts', 'patient_level') group by 1, 2, 3"
    ).fetchall()
    for database, schema, table, has_key in tables:
        assert has_key == (database == "patient_level" and not COUNTS_ONLY.match(table)), table
        if has_key:
            rows = warehouse.execute(f"select distinct patient_key from {database}.{schema}.{table}")
            strangers = sum(key not in allowed for (key,) in rows.fetchall())
            assert strangers == 0, table


# Tables of the patient-level store that hold exact counts, and so are not shown, but no person.
# The tables for planning hold counts too, but for one; an extract names people by its release's own pseudonyms.
COUNTS_ONLY = re.compile(
    "int_(areas__|metrics__|gp_report__|conditions__|measures__|disclosure__|assurance__|opt_outs__extracts|planning__(?!counted)"
    "|releases__(recalled|counts|room|decided|cells))|rel_|rpt_practice_(checks|rows)|int_opt_outs__to_mend"
)


def test_people_with_a_qualifying_admission(
    expected: Collection, key_of: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    """Flags an admission that a filter of the definition lets through, or keeps out, by mistake."""
    found = warehouse.execute(
        "select distinct patient_key from patient_level.intermediate.int_admissions__qualifying"
    ).fetchall()
    missing, too_many = difference((key_of[number] for number in expected.admitted), (key for (key,) in found))
    assert (missing, too_many) == (0, 0)


@pytest.mark.parametrize("area", ["gp", "practice", "ccg", "england"])
def test_exact_counts(expected: Collection, warehouse: duckdb.DuckDBPyConnection, area: str) -> None:
    """Flags a numerator or denominator that is off by one person, on any level."""
    if area == "gp":
        sql = "select practice_code, gp_code, metric_id, numerator_count, denominator_count from {}.int_metrics__by_gp"
    else:
        sql = (
            "select area_level, area_code, metric_id, numerator_count, denominator_count"
            f" from {{}}.int_metrics__by_area where area_level = '{area}'"
        )
    found = warehouse.execute(sql.format("patient_level.intermediate")).fetchall()
    wanted = [(*cell, *counts) for cell, counts in exact_counts(expected, area).items()]
    missing, too_many = difference(wanted, found)
    assert (missing, too_many) == (0, 0)


def test_where_every_row_went(expected: Collection, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Flags a row that is dropped without being counted, or counted under another rule."""
    found = warehouse.execute(
        "select practice_code, verdict, rule, row_count from assurance.counts.int_intake__record_counts"
    ).fetchall()
    wanted = [(*case, count) for case, count in expected.verdicts.items() if count]
    missing, too_many = difference(wanted, found)
    assert (missing, too_many) == (0, 0)
    totals: Counter[str] = Counter()
    for practice, _, _, count in found:
        totals[practice] += count
    assert totals == expected.sent


def value_is_right(
    value: float | None, per: int, exact: tuple[int, int], shown_counts: tuple[int | None, int | None], is_exact: bool
) -> bool:
    """Whether a value follows from the exact counts, or lies within what the shown ones leave open."""
    top, bottom = shown_counts
    if top is None or not bottom:
        return value is None
    if is_exact:
        return str(value) == one_place(Decimal(per) * exact[0] / exact[1])
    lowest, highest = (max(top - 2, 0) / (bottom + 2), min(1.0, (top + 2) / (bottom - 2)))
    return value is not None and per * lowest - 0.05 <= value <= per * highest + 0.05


@pytest.mark.parametrize("area", ["gp", "practice", "ccg", "england"])
def test_what_is_shown(expected: Collection, warehouse: duckdb.DuckDBPyConnection, area: str) -> None:
    """Flags a shown count that disclosure control should have changed, and a value of other counts.

    More may be withheld than the small numbers, against subtraction (test_disclosure.py), but not much.
    """
    units = {row["metric_id"]: row["unit"] for row in seed("metrics")}
    table, where, only = (
        ("fct_gp_metrics", "practice_code, gp_code", "")
        if area == "gp"
        else ("fct_comparators", "area_level, area_code", f" where area_level = '{area}'")
    )
    rows = warehouse.execute(
        f"select {where}, metric_id, numerator_count, denominator_count, percent, rate_per_1000,"
        f" is_suppressed, is_exact from {table}{only}"
    ).fetchall()
    exact = exact_counts(expected, area)
    assert len(rows) == len(exact)
    wrong = withheld = 0
    for *cell, top, bottom, percent, rate, is_suppressed, is_exact in rows:
        may = tuple(map(shown, exact[tuple(cell)]))
        withheld += (top is None and may[0] is not None) + (bottom is None and may[1] is not None)
        per = {"percent": 100, "per_1000": 1000}[units[cell[-1]]]
        value, other = (percent, rate) if per == 100 else (rate, percent)
        wrong += (
            top not in (None, may[0])
            or bottom not in (None, may[1])
            or is_suppressed != (top is None or bottom is None)
            or other is not None
            or not value_is_right(value, per, exact[tuple(cell)], (top, bottom), is_exact)
        )
    assert wrong == 0
    # of the sample's practices eight counts of 150
    assert withheld <= (0.06 if area == "practice" else 0.05) * 2 * len(rows)
