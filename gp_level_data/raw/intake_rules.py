"""The rules of the intake in words: the seed `intake_rules`, as Python reads it."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from gp_level_data.project import SEEDS

SEED = SEEDS / "intake_rules.csv"


@dataclass(frozen=True)
class Rule:
    """A rule by which a file, a practice, a row or a person is left out, or counted apart.

    keeps_row   whether a row that meets it is usable all the same
    counts_as   what such a row is in the share of its file that can be used: usable, unusable or passed_over
    meaning     what is wrong, as a practice manager would say it
    what_to_do  what the sender should do about it
    tolerated_share  share of a file that may be unusable before the rule holds; None where it is not about shares
    """

    rule: str
    applies_to: str
    file_kinds: tuple[str, ...]
    rule_order: int
    keeps_row: bool
    counts_as: str
    meaning: str
    what_to_do: str
    source: str
    tolerated_share: float | None = None


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its name, in the order in which they are asked."""
    with SEED.open(newline="", encoding="utf-8") as file:
        rows = [Rule(**{**row, **typed(row)}) for row in csv.DictReader(file)]
    return {row.rule: row for row in sorted(rows, key=lambda row: row.rule_order)}


def typed(row: dict[str, str]) -> dict[str, Any]:
    """The columns of a row that are no text."""
    return {
        "file_kinds": tuple(row["file_kinds"].split()),
        "rule_order": int(row["rule_order"]),
        "keeps_row": row["keeps_row"] == "true",
        "tolerated_share": float(row["tolerated_share"]) if row["tolerated_share"] else None,
    }


def listed(names: Iterable[str]) -> str:
    """Rules as a query asks for them."""
    return ", ".join(f"'{name}'" for name in names)


def in_words(rule: str) -> str:
    """A rule as a practice manager would say it."""
    return rules()[rule].meaning if rule in rules() else rule.replace("_", " ")
