"""Every verdict about a register and its targets is the oracle's, and names the oracle's rule.

The oracle is plain Python from the domain handbook (register_oracle.py). It is compared with the project's own SQL
on cases made by hand, one a rule and one on either side of its edge, and on thousands of drawn histories.
"""

import random
import re
import string
from collections import Counter
from datetime import date, timedelta
from typing import TypedDict, Unpack

import pytest

from bench.planning_sql import Planning
from gp_level_data.nets.renaming import check_digit
from gp_level_data.shapes import Cells
from opt_outs.opt_out_oracle import seed
from registers.register_mutants import MUTANTS, Mutant, SeedMutant
from registers.register_oracle import (
    LIMITS,
    NINE_MONTHS_BEFORE,
    REFERENCE,
    TWELVE_MONTHS_BEFORE,
    Patient,
    Record,
    decide,
)

DAY = timedelta(days=1)
REFERENCE_SET = re.compile(r"\^999[0-9]{9}23010[0-9]")
DIAGNOSED = ("dm_cod", date(2010, 5, 1), None)
IN_YEAR, BEFORE_YEAR = date(2016, 10, 1), TWELVE_MONTHS_BEFORE
HIGH = ("ifcchbam_cod", date(2016, 6, 1), 90.0)
FRAIL = ("sevfrail_cod", date(2015, 1, 1), None)


class Facts(TypedDict, total=False):
    birth_year: int | None
    registered_on: date
    death_year: int | None


def diabetic(*records: Record, **facts: Unpack[Facts]) -> Patient:
    return Patient(records=[DIAGNOSED, *records], **facts)


def invited(*days: date) -> list[Record]:
    return [("dminvite_cod", day, None) for day in days]


# What each says of the register (or DM020, where on it).
CASES = {
    "nothing recorded": (Patient(), "no_diagnosis"),
    "diagnosed after the reference date": (
        Patient(records=[("dm_cod", REFERENCE + DAY, None)]), "no_diagnosis",
    ),
    "resolved": (diabetic(("dmres_cod", date(2012, 1, 1), None)), "diagnosis_resolved"),
    "resolved on the day of the diagnosis": (diabetic(("dmres_cod", DIAGNOSED[1], None)), "not_at_target"),
    "resolved and diagnosed again": (
        diabetic(("dmres_cod", date(2012, 1, 1), None), ("dm_cod", date(2013, 1, 1), None)), "not_at_target",
    ),
    "resolved after the reference date": (diabetic(("dmres_cod", REFERENCE + DAY, None)), "not_at_target"),
    "17 whenever the birthday is": (diabetic(birth_year=1999), "not_at_target"),
    "17 only if the birthday has been": (diabetic(birth_year=2000), "age_outside_register"),
    "nobody knows how old": (diabetic(birth_year=None), "age_outside_register"),
    "registered on the day": (diabetic(registered_on=REFERENCE), "recently_registered"),
    "registered the day after": (diabetic(registered_on=REFERENCE + DAY), None),
    "died the year after": (diabetic(death_year=2018), "not_at_target"),
    "died that year": (diabetic(death_year=2017), None),
    "severely frail": (diabetic(FRAIL), "moderately_or_severely_frail"),
    "frail, but mildly of late": (diabetic(FRAIL, ("mildfrail_cod", date(2016, 1, 1), None)), "not_at_target"),
    "moderate and mild on one day": (
        diabetic(("modfrail_cod", IN_YEAR, None), ("mildfrail_cod", IN_YEAR, None)), "moderately_or_severely_frail",
    ),
    "at target": (diabetic(("ifcchbam_cod", IN_YEAR, 58.0)), "hba1c_at_target"),
    "above target": (diabetic(("ifcchbam_cod", IN_YEAR, 58.5)), "not_at_target"),
    "no value": (diabetic(("ifcchbam_cod", IN_YEAR, None)), "not_at_target"),
    "at target twelve months before": (diabetic(("ifcchbam_cod", BEFORE_YEAR, 50.0)), "not_at_target"),
    "at target on the day": (diabetic(("ifcchbam_cod", REFERENCE, 50.0)), "hba1c_at_target"),
    "at target a day later": (diabetic(("ifcchbam_cod", BEFORE_YEAR + DAY, 50.0)), "hba1c_at_target"),
    "at target, then above": (
        diabetic(("ifcchbam_cod", IN_YEAR, 50.0), ("ifcchbam_cod", IN_YEAR + DAY, 70.0)), "not_at_target",
    ),
    "two values on the last day": (
        diabetic(("ifcchbam_cod", IN_YEAR, 50.0), ("ifcchbam_cod", IN_YEAR, 70.0)), "not_at_target",
    ),
    "fructosamine instead": (diabetic(("serfruc_cod", IN_YEAR, None)), "fructosamine_instead"),
    "fructosamine too": (diabetic(("serfruc_cod", IN_YEAR, None), HIGH), "not_at_target"),
    "treatment at maximum": (diabetic(HIGH, ("dmmax_cod", IN_YEAR, None)), "treatment_at_maximum"),
    "treatment at maximum the year before": (diabetic(HIGH, ("dmmax_cod", BEFORE_YEAR, None)), "not_at_target"),
    "unsuitable": (diabetic(HIGH, ("dmpcapu_cod", IN_YEAR, None)), "care_unsuitable"),
    "blood test declined": (diabetic(HIGH, ("bldtestdec_cod", IN_YEAR, None)), "blood_test_declined"),
    "care declined": (diabetic(HIGH, ("dmpcadec_cod", IN_YEAR, None)), "care_declined"),
    "invited twice, seven days apart": (
        diabetic(*invited(IN_YEAR, IN_YEAR + 7 * DAY)), "invited_twice_without_response",
    ),
    "invited twice, six days apart": (diabetic(*invited(IN_YEAR, IN_YEAR + 6 * DAY)), "not_at_target"),
    "invited once": (diabetic(*invited(IN_YEAR)), "not_at_target"),
    "invited a year ago and now": (diabetic(*invited(BEFORE_YEAR, IN_YEAR)), "not_at_target"),
    "measured high, then invited twice": (
        diabetic(HIGH, *invited(IN_YEAR, IN_YEAR + 9 * DAY)), "invited_twice_without_response",
    ),
    "measured high on the day of the first invitation": (
        diabetic(HIGH, *invited(HIGH[1], HIGH[1] + 9 * DAY)), "not_at_target",
    ),
    "measured without a value, then invited twice": (
        diabetic(("ifcchbam_cod", HIGH[1], None), *invited(IN_YEAR, IN_YEAR + 9 * DAY)), "not_at_target",
    ),
    "diagnosed nine months before": (
        Patient(records=[("dm_cod", NINE_MONTHS_BEFORE, None)]), "not_at_target",
    ),
    "diagnosed a day later": (
        Patient(records=[("dm_cod", NINE_MONTHS_BEFORE + DAY, None)]), "recently_diagnosed",
    ),
    "diagnosed long ago and of late": (diabetic(("dm_cod", IN_YEAR, None)), "not_at_target"),
    "registered nine months before": (diabetic(registered_on=NINE_MONTHS_BEFORE), "not_at_target"),
    "registered a day later": (diabetic(registered_on=NINE_MONTHS_BEFORE + DAY), "recently_registered"),
    # the order of the rules: each of these breaks several
    "at target, but frail": (diabetic(FRAIL, ("ifcchbam_cod", IN_YEAR, 50.0)), "moderately_or_severely_frail"),
    "at target, though declined": (
        diabetic(("ifcchbam_cod", IN_YEAR, 50.0), ("dmpcadec_cod", IN_YEAR, None)), "hba1c_at_target",
    ),
    "under age and resolved": (
        diabetic(("dmres_cod", IN_YEAR, None), birth_year=2005), "diagnosis_resolved",
    ),
}  # fmt: skip

# Each breaks its own rule and all that follow, so that the order of the rules is seen at every place.
LADDER: dict[str, list[Record]] = {
    "fructosamine_instead": [("serfruc_cod", IN_YEAR, None)],
    "treatment_at_maximum": [("dmmax_cod", IN_YEAR, None)],
    "care_unsuitable": [("dmpcapu_cod", IN_YEAR, None)],
    "blood_test_declined": [("bldtestdec_cod", IN_YEAR, None)],
    "care_declined": [("dmpcadec_cod", IN_YEAR, None)],
    "invited_twice_without_response": invited(IN_YEAR, IN_YEAR + 9 * DAY),
    "recently_diagnosed": [("dm_cod", IN_YEAR, None)],
    "recently_registered": [],
}
for step, rule in enumerate(LADDER):
    steps = list(LADDER.values())[step:]
    own = [] if "recently_diagnosed" in list(LADDER)[step:] else [DIAGNOSED]
    CASES[f"from {rule} on"] = (Patient(registered_on=IN_YEAR, records=[*own, *sum(steps, [])]), rule)

EDGES = sorted(
    edge + shift * DAY
    for edge in (REFERENCE, NINE_MONTHS_BEFORE, TWELVE_MONTHS_BEFORE, IN_YEAR, IN_YEAR + 7 * DAY)
    for shift in (-1, 0, 1)
)
CLUSTERS = (
    "dmres_cod", "mildfrail_cod", "modfrail_cod", "sevfrail_cod", "serfruc_cod", "dmmax_cod", "dmpcapu_cod",
    "bldtestdec_cod", "dmpcadec_cod",
)  # fmt: skip


def drawn(seed: int, size: int) -> dict[tuple[str, str], Patient]:
    """Histories whose days lie on and beside the edges of the rules; some patients at two practices."""
    chance = random.Random(seed)

    def day() -> date:
        return chance.choice(EDGES) if chance.random() < 0.7 else date(2014, 1, 1) + chance.randrange(1300) * DAY

    patients = {}
    for number in range(size):
        records: list[Record] = [("dm_cod", chance.choice([DIAGNOSED[1], day()]), None)] * (chance.random() < 0.95)
        records += [(cluster, day(), None) for cluster in CLUSTERS if chance.random() < 0.08]
        records += [
            ("ifcchbam_cod", day(), chance.choice([None, 40.0, 58.0, 59.0, 75.0, 76.0, 90.0]))
            for _ in range(chance.choice([0, 0, 1, 1, 2, 3]))
        ]
        records += invited(*(day() for _ in range(chance.choice([0, 0, 1, 2, 3]))))
        patient = Patient(
            birth_year=chance.choice([None, 1940, 1975, 1998, 1999, 2000, 2001]) if chance.random() < 0.2 else 1960,
            registered_on=day() if chance.random() < 0.2 else date(2000, 1, 1),
            death_year=chance.choice([2016, 2017, 2018]) if chance.random() < 0.05 else None,
            records=records,
        )
        patients[letters(number if chance.random() < 0.95 else max(number - 1, 0)), f"A8{number % 3:04d}"] = patient
    return patients


def letters(number: int) -> str:
    """A pseudonym for a number: 32 letters."""
    return "".join("abcdefghijklmnop"[int(digit, 16)] for digit in f"{number:032x}")


def found(planning: Planning, changed: dict[str, str] | None = None) -> dict[Cells, dict[str, str]]:
    """What the project's SQL decides, in the oracle's terms: the rule, where the verdict agrees with it."""
    planning.run("int_registers__", changed)
    answers: dict[Cells, dict[str, str]] = {}
    for key, practice, rule, is_on in planning.rows(
        "select patient_key, practice_code, rule, is_on_register from patient_level.intermediate.int_registers__decided"
    ):
        agrees = is_on == (rule == "on_register")
        answers.setdefault((key, practice), {})["register"] = rule if agrees else f"not {rule}"
    for key, practice, target, rule, *is_in in planning.rows(
        "select patient_key, practice_code, target, rule, is_in_numerator, is_in_denominator"
        " from patient_level.intermediate.int_registers__targets"
    ):
        agrees = is_in == [rule == "hba1c_at_target", rule in ("hba1c_at_target", "not_at_target")]
        answers.setdefault((key, practice), {})[target] = rule if agrees else f"not {rule}"
    return answers


def wanted(patients: dict[tuple[str, str], Patient]) -> dict[Cells, dict[str, str]]:
    return {key: answer for key, patient in patients.items() if (answer := decide(patient))}


def by_hand() -> dict[tuple[str, str], Patient]:
    """Every case, and again as a frail patient's, for DM021."""
    cases = [patient for patient, _ in CASES.values()]
    frail = [Patient(p.birth_year, p.registered_on, p.death_year, p.sex, [*p.records, FRAIL]) for p in cases]
    patients = {(letters(number), "A81001"): patient for number, patient in enumerate(cases + frail)}
    # at a second practice, which knows of the diagnosis alone
    return patients | {(key, "A81002"): diabetic() for key, _ in patients}


@pytest.fixture(scope="module")
def planning() -> Planning:
    return Planning()


def test_the_oracle_says_of_every_case_what_it_is_about() -> None:
    answers = {name: decide(patient) for name, (patient, _) in CASES.items()}
    said = {name: answer.get("dm020") or answer.get("register") for name, answer in answers.items()}
    assert said == {name: rule for name, (_, rule) in CASES.items()}


def test_every_case_made_by_hand(planning: Planning) -> None:
    patients = by_hand()
    planning.fill(patients)
    answers, oracle = found(planning), wanted(patients)
    names = [f"{name}{more}" for more in ("", ", frail", ", again", ", frail, again") for name in CASES]
    assert [name for name, key in zip(names, patients, strict=True) if answers.get(key) != oracle.get(key)] == []


def test_thousands_of_drawn_histories(planning: Planning) -> None:
    patients = drawn(seed=20170331, size=6_000)
    planning.fill(patients)
    answers, oracle = found(planning), wanted(patients)
    different = Counter(
        (target, (oracle.get(key) or {}).get(target), (answers.get(key) or {}).get(target))
        for key in patients
        for target in ("register", *LIMITS)
        if (oracle.get(key) or {}).get(target) != (answers.get(key) or {}).get(target)
    )
    assert different == {} and len(answers) == len(oracle)
    # every outcome occurs often, or the comparison would say little
    outcomes = Counter((target, rule) for answer in oracle.values() for target, rule in answer.items())
    assert len(outcomes) == 4 + 2 * 11 and min(outcomes.values()) > 5


def test_a_run_of_another_collection_has_no_register(planning: Planning) -> None:
    planning.settings("individual_gp_level_data")
    try:
        planning.fill(by_hand())
        assert found(planning) == {}
    finally:
        planning.settings()


def test_the_register_may_be_taken_on_the_day_of_collection(planning: Planning) -> None:
    """Two days after the end of the period there is one more day of records."""
    planning.fill({(letters(0), "A81001"): Patient(records=[("dm_cod", REFERENCE + DAY, None)])})
    assert [answer["register"] for answer in found(planning).values()] == ["no_diagnosis"]
    planning.rows("update marts.seeds.registers set reference_date = 'collected_at'")
    try:
        assert [answer["register"] for answer in found(planning).values()] == ["on_register"]
    finally:
        planning.rows("update marts.seeds.registers set reference_date = 'period_end'")


@pytest.mark.exhaustive
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_mutant_is_noticed(planning: Planning, mutant: Mutant | SeedMutant) -> None:
    patients = by_hand()
    planning.fill(patients)
    with mutant.applied(planning) as changed:
        is_noticed = found(planning, changed) != wanted(patients)
    assert is_noticed, f"nobody noticed: {mutant.breaks}"


# The check digit of SNOMED CT identifiers is Verhoeff's: multiplication in the dihedral group of ten elements.
TIMES = [[(i + j) % 5 + 5 * (j >= 5) if i < 5 else (i - j) % 5 + 5 * (j < 5) for j in range(10)] for i in range(10)]
MOVED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def is_checked(code: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    total = 0
    for position, digit in enumerate(map(int, reversed(code))):
        for _ in range(position % 8):
            digit = MOVED[digit]
        total = TIMES[total][digit]
    return total == 0


def test_the_check_digit_itself() -> None:
    """Known identifiers pass, and none of them with one digit changed or two neighbours swapped."""
    for code in ("44054006", "111552007", "999791000000106"):
        assert is_checked(code)
        for at, digit in enumerate(code):
            assert not any(is_checked(code[:at] + other + code[at + 1 :]) for other in string.digits if other != digit)
            if at and code[at - 1] != digit:
                assert not is_checked(code[: at - 1] + digit + code[at - 1] + code[at + 1 :])


def test_every_code_of_the_clusters_has_its_check_digit_and_a_provenance() -> None:
    codes = seed("journal_codes")
    # QOF's register; where the codes of another one are from, it says in its own words
    named = {
        name
        for row in seed("register_rules")
        if row["register"] == "diabetes"
        for column in ("cluster", "other_cluster")
        for name in (row[column] or "").split()
    }
    assert [row["term"] for row in codes if not is_checked(row["code"])] == []
    assert named
    for row in codes:
        if row["cluster"] in named:
            # each says which reference set it is of, and whether that was seen
            assert REFERENCE_SET.search(row["provenance"]), row["term"]
            was_seen = row["provenance"].startswith("NHS Digital Primary Care Domain reference set")
            assert was_seen != ("was not seen" in row["provenance"]), row["term"]


def test_no_code_that_is_collected_could_be_somebodys_number() -> None:
    """Flags a code of ten digits that passes the check of NHS Numbers: stored, nobody could tell which it is."""
    codes = [row["code"] for seed_name in ("journal_codes", "restricted_codes") for row in seed(seed_name)]
    assert sum(len(code) == 10 for code in codes) > 3
    assert sum(len(code) == 10 and check_digit(code[:9]) == code[9] for code in codes) == 0


def test_the_bands_leave_nobody_out() -> None:
    """Nor count anybody twice."""
    ages = [age for row in seed("age_bands") for age in range(int(row["age_from"]), int(row["age_to"]) + 1)]
    assert ages == list(range(201))
