"""Who is on the diabetes register and meets its targets: plain Python, from domain handbook 1.3 (S18).

Written from the business rules of QOF v46, not from the project's SQL or its seed of rules. `decide` names the
rule that decides, in the words of the seed, so that the order of the rules is compared as well.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

REFERENCE = date(2017, 3, 31)
TWELVE_MONTHS_BEFORE, NINE_MONTHS_BEFORE = date(2016, 3, 31), date(2016, 6, 30)
LIMITS = {"dm020": 58, "dm021": 75}


Record = tuple[str, date, float | None]  # cluster, day, value


@dataclass(repr=False)
class Patient:
    """A patient at one practice."""

    birth_year: int | None = 1960
    registered_on: date = date(2000, 1, 1)
    death_year: int | None = None
    sex: str = "1"
    records: list[Record] = field(default_factory=list)

    def days(self, *clusters: str, after: date = date.min) -> list[date]:
        """The days of all records of some clusters up to the reference date, in order."""
        return sorted(day for name, day, _ in self.records if name in clusters and after < day <= REFERENCE)

    def last_value(self, cluster: str) -> float | None:
        """The highest value of the last day in twelve months."""
        days = self.days(cluster, after=TWELVE_MONTHS_BEFORE)
        values = [
            value
            for name, day, value in self.records
            if days and name == cluster and day == days[-1] and value is not None
        ]
        return max(values, default=None)


def is_in_population(patient: Patient) -> bool:
    """Registered on the reference date; of those who died in its year nobody knows whether before or after."""
    return patient.registered_on <= REFERENCE and (patient.death_year is None or patient.death_year > REFERENCE.year)


def is_of_age(patient: Patient) -> bool:
    """Whoever is 17 whenever in that year the birthday is."""
    return patient.birth_year is not None and date(patient.birth_year + 17, 12, 31) <= REFERENCE


def on_register(patient: Patient) -> str:
    """DM_REG: the rule that decides."""
    diagnoses, resolved = patient.days("dm_cod"), patient.days("dmres_cod")
    if not diagnoses:
        return "no_diagnosis"
    if any(day > diagnoses[-1] for day in resolved):
        return "diagnosis_resolved"
    return "on_register" if is_of_age(patient) else "age_outside_register"


def is_frail(patient: Patient) -> bool:
    """Whether the latest frailty diagnosis is moderate or severe."""
    worse, all_days = (
        patient.days("modfrail_cod", "sevfrail_cod"),
        patient.days("mildfrail_cod", "modfrail_cod", "sevfrail_cod"),
    )
    return bool(worse) and worse[-1] == all_days[-1]


def is_invited_in_vain(patient: Patient, limit: float) -> bool:
    """Two invitations a week apart, and no HbA1c in the months, or one above target before both."""
    invitations = patient.days("dminvite_cod", after=TWELVE_MONTHS_BEFORE)
    if not invitations or not any(day >= invitations[0] + timedelta(days=7) for day in invitations):
        return False
    measured, value = patient.days("ifcchbam_cod", after=TWELVE_MONTHS_BEFORE), patient.last_value("ifcchbam_cod")
    return not measured or (value is not None and value > limit and invitations[0] > measured[-1])


def on_target(patient: Patient, target: str) -> str:
    """DM020 and DM021: the rule that decides about a patient on the register."""
    limit = LIMITS[target]

    def in_year(cluster: str) -> Any:
        return patient.days(cluster, after=TWELVE_MONTHS_BEFORE)

    value = patient.last_value("ifcchbam_cod")
    if target == "dm020" and is_frail(patient):
        return "moderately_or_severely_frail"
    if target == "dm021" and not is_frail(patient):
        return "not_moderately_or_severely_frail"
    if value is not None and value <= limit:
        return "hba1c_at_target"
    if not in_year("ifcchbam_cod") and in_year("serfruc_cod"):
        return "fructosamine_instead"
    for cluster, rule in (
        ("dmmax_cod", "treatment_at_maximum"),
        ("dmpcapu_cod", "care_unsuitable"),
        ("bldtestdec_cod", "blood_test_declined"),
        ("dmpcadec_cod", "care_declined"),
    ):
        if in_year(cluster):
            return rule
    if is_invited_in_vain(patient, limit):
        return "invited_twice_without_response"
    if patient.days("dm_cod")[0] > NINE_MONTHS_BEFORE:
        return "recently_diagnosed"
    if patient.registered_on > NINE_MONTHS_BEFORE:
        return "recently_registered"
    return "not_at_target"


def decide(patient: Patient) -> dict[str, str]:
    """The rule that decides about the register, and where it selects, about each target."""
    if not is_in_population(patient):
        return {}
    decided = {"register": on_register(patient)}
    if decided["register"] == "on_register":
        decided |= {target: on_target(patient, target) for target in LIMITS}
    return decided
