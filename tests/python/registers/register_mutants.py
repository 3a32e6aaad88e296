"""What may go wrong with a register's rules, one small change each; every one must be noticed.

A mutant is a replacement in the compiled SQL of the models of registers, or a change of the seed of rules
(test_registers.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.planning_sql import Planning


@dataclass(frozen=True)
class Mutant:
    name: str
    before: str
    after: str
    breaks: str

    @contextmanager
    def applied(self, planning: Planning) -> Iterator[dict[str, str]]:
        """The SQL that it changes, by model; a seed is changed in a transaction, which is taken back."""
        changed = {
            name: sql.replace(self.before, self.after)
            for name, sql in planning.queries.items()
            if name.startswith("int_registers__") and self.before in sql
        }
        assert changed, "the mutant hits nothing"
        yield changed


@dataclass(frozen=True)
class SeedMutant:
    name: str
    change: str
    where: str
    breaks: str

    @contextmanager
    def applied(self, planning: Planning) -> Iterator[dict[str, str]]:
        """No SQL is changed, but a seed, which is put back."""
        planning.rows("create or replace temp table seed_before as from marts.seeds.register_rules")
        planning.rows(f"update marts.seeds.register_rules set {self.change} where {self.where}")
        try:
            yield {}
        finally:
            planning.rows("delete from marts.seeds.register_rules")
            planning.rows("insert into marts.seeds.register_rules from seed_before")


def swapped(one: str, other: str) -> SeedMutant:
    """Two rules of a target in the other order."""
    return SeedMutant(
        f"{one} after {other}",
        f"rule_order = case rule when '{one}' then (select max(rule_order) from seed_before where rule = '{other}')"
        f" else (select max(rule_order) from seed_before where rule = '{one}') end",
        f"rule in ('{one}', '{other}')",
        "the rules are asked in their order",
    )


SEARCHED = "        > cast(people.reference_date"

MUTANTS = [
    Mutant("any birthday", "birth_year - 1 as", "birth_year as", "who is 17 only if the birthday has been is not"),
    Mutant("any age", "age_from is null)", "true)", "whose age nobody knows is not of age"),
    Mutant("the dead too", "people.death_year is null", "true", "who may have died before is left out"),
    Mutant("ever", SEARCHED, "        is not null or cast(people.reference_date", "a rule looks back some months"),
    Mutant("practices mixed", "people.practice_code = facts.practice_code", "true", "a practice's own records count"),
    Mutant("any day's value", "recorded_on = last_in_time_on", "true", "the value of the last day counts"),
    Mutant("the lower value", "max(recorded_value)", "min(recorded_value)", "of two values the higher counts"),
    Mutant(
        "resolved that day", "facts.other_last_on > facts.last_on", "facts.other_last_on >= facts.last_on",
        "resolved on the day of the diagnosis does not follow it",
    ),
    Mutant(
        "resolved for ever", "facts.other_last_on > facts.last_on", "facts.other_last_on is not null",
        "who is diagnosed again is on the register again",
    ),
    Mutant(
        "the milder counts", "facts.last_on >= facts.other_last_on", "facts.last_on > facts.other_last_on",
        "of two frailties on one day the more severe counts",
    ),
    Mutant(
        "frail once", "facts.last_on >= facts.other_last_on", "facts.last_on is not null",
        "the latest frailty counts",
    ),
    Mutant("below 58", "facts.last_value <= rules.value_to", "facts.last_value < rules.value_to", "58 is at target"),
    Mutant(
        "fructosamine too", "facts.first_on is null and facts.other", "facts.other",
        "fructosamine counts instead of HbA1c, not beside it",
    ),
    Mutant("six days", ">= rules.days_apart", ">= rules.days_apart - 1", "six days apart is not seven"),
    Mutant("eight days", ">= rules.days_apart", "> rules.days_apart", "seven days apart is enough"),
    Mutant(
        "measured later", "facts.first_on > facts.other_last_on", "true",
        "who was measured after the first invitation has responded",
    ),
    Mutant(
        "invited that day", "facts.first_on > facts.other_last_on", "facts.first_on >= facts.other_last_on",
        "who was measured on the day of the first invitation has responded",
    ),
    Mutant(
        "any value", "and facts.other_last_value > rules.value_to", "",
        "without a value nobody knows whether it was above target",
    ),
    Mutant(
        "the last diagnosis", "'first_recorded' then facts.first_ever_on", "'first_recorded' then facts.last_on",
        "who was diagnosed long ago is not recently diagnosed",
    ),
    Mutant("the last rule", "min(rules.rule_order)", "max(rules.rule_order)", "the first rule that holds decides"),
    Mutant("everybody", "where members.is_on_register", "", "a target is about those on the register"),
    Mutant(
        "the rest succeed", "verdict = 'select' as is_in_numerator", "true as is_in_numerator",
        "the rest is in the denominator only",
    ),
    Mutant("nobody rejected", "verdict in ('select', 'select_denominator')", "true", "the rejected are in neither"),
    SeedMutant("ten months", "look_back_months = 10", "look_back_months = 9", "recent is nine months"),
    SeedMutant("thirteen months", "look_back_months = 13", "look_back_months = 12", "a year is twelve months"),
    SeedMutant("58 for both", "value_to = 58", "target = 'dm021'", "75 is the target of the frail"),
    SeedMutant(
        "severe only", "cluster = 'sevfrail_cod'", "rule_order = 1 and target <> 'register'",
        "moderate frailty counts as well",
    ),
    SeedMutant(
        "mild ignored", "other_cluster = null", "rule_order = 1 and target <> 'register'",
        "who is mildly frail of late is not severely frail",
    ),
    swapped("hba1c_at_target", "moderately_or_severely_frail"),
    swapped("hba1c_at_target", "care_declined"),
    swapped("fructosamine_instead", "treatment_at_maximum"),
    swapped("treatment_at_maximum", "care_unsuitable"),
    swapped("care_unsuitable", "blood_test_declined"),
    swapped("blood_test_declined", "care_declined"),
    swapped("care_declined", "invited_twice_without_response"),
    swapped("invited_twice_without_response", "recently_diagnosed"),
    swapped("recently_diagnosed", "recently_registered"),
    swapped("diagnosis_resolved", "age_outside_register"),
]  # fmt: skip
