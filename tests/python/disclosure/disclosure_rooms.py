"""Drawn counts with their room, and where a model says something else of them than disclosure_oracle.py.

Every metric is a small world of its own: its areas, and two measures. Distances are drawn short, so that what is asked
for and what is there are often the same.
"""

import functools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from bench import project
from bench.syntax_mutants import Mutant
from disclosure import disclosure_oracle
from disclosure.disclosure_oracle import STEP, Publication, key_of
from gp_level_data.shapes import Row

PUBLICATIONS = (
    Publication("gp_report", ("gp", "practice", "ccg", "england")),
    Publication("planning", ("practice", "ccg", "england"), broken_down=("band", "ccg")),
    Publication("assurance", ("part", "total"), is_published=lambda row: row["metric_id"] != "exclusions"),
)
DECIDED = {f"int_{publication.name}__decided": publication for publication in PUBLICATIONS}
CELLS = {f"int_{publication.name}__cells": publication for publication in PUBLICATIONS}
# Most mutants are noticed in the first few.
FIRST = 10
WORLDS = {"gp_report": 60, "planning": 150, "assurance": 150}
# Worlds further on that tell a mutant from its model where none of the first does: found by drawing thousands.
TELLING: dict[str, tuple[int, ...]] = {
    "gp_report": (
        75,
        90,
        108,
        112,
        125,
        142,
        164,
        180,
        185,
        204,
        224,
        263,
        298,
        447,
        564,
        1175,
        2046,
        4353,
        7906,
        8776,
    ),
    "planning": (172, 268, 298, 324, 362, 364, 374, 381, 420, 480, 492, 540, 593, 709, 2104, 3090),
    "assurance": (),
}
# From this number on most counts are small, so that of some groups none is shown.
MOSTLY_SMALL = 100_000
RULES = {
    "small_number_from": 1, "small_number_to": 7, "rounding": STEP, "cohort_change_from": 1, "cohort_change_to": 9,
}  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """Some worlds of one publication, by their numbers."""

    name: str
    numbers: Sequence[int]


def differs(mutant: Mutant) -> bool:
    """Whether a mutant of a model says something else of drawn counts, or does not run."""
    name = (DECIDED | CELLS)[mutant.model].name
    compare = decided_differ if mutant.model in DECIDED else told_differ
    try:
        return any(compare(drawn, mutant.sql) for drawn in (Drawn(name, range(FIRST)), the_others(name)))
    except duckdb.Error:
        return True


def the_others(name: str) -> Drawn:
    return Drawn(name, (*range(FIRST, WORLDS[name]), *TELLING[name], *range(MOSTLY_SMALL, MOSTLY_SMALL + 30)))


def decided_differ(drawn: Drawn, sql: str) -> bool:
    columns = (
        "area_level", "area_code", "metric_id", "measure", "parent_code", "is_suppressed", "feasible_up",
        "feasible_down", "upper_protection", "lower_protection",
    )  # fmt: skip
    wanted = sorted((tuple(row[column] for column in columns) for row in decided(drawn).values()), key=repr)
    return found(drawn, sql, columns) != wanted


def told_differ(drawn: Drawn, sql: str) -> bool:
    return found(drawn, sql, ("*",)) != told(drawn)


@functools.cache
def decided(drawn: Drawn) -> dict[disclosure_oracle.Key, Row]:
    return disclosure_oracle.decided(publication(drawn.name), rooms(drawn))


@functools.cache
def told(drawn: Drawn) -> list[tuple[object, ...]]:
    """The rows of a publication's cells, in the columns of its model."""
    name = drawn.name
    asked, rows = publication(name), [room | held for room, held in beside(drawn)]
    if name == "assurance":
        shown = [(row, disclosure_oracle.shown(row)) for row in rows]
        return sorted(
            (
                (row["area_level"], row["parent_code"], own_code(row), row["metric_id"], row["measure"], *reason)
                for row, reason in shown
            ),
            key=repr,
        )
    cells = disclosure_oracle.told(asked, rows)
    parents = {key_of(row)[:3]: row["parent_code"] for row in rows}
    return sorted(
        (
            (*placed(name, *key, parents[key]), *(cell.get(column) for column in cell_columns()), cell["is_exact"])
            for key, cell in cells.items()
        ),
        key=repr,
    )


def placed(name: str, level: str, code: str, metric: str, parent: str | None) -> tuple[str | None, ...]:
    if name == "planning":
        return level, code, parent, metric
    practice = {"gp": parent, "practice": code}.get(level)
    return level, code, practice, code.removeprefix(f"{parent} ") if level == "gp" else None, metric


def cell_columns() -> Iterator[str]:
    for measure in ("numerator", "denominator"):
        yield from (f"{measure}_count", f"{measure}_reason", f"lowest_{measure}", f"highest_{measure}")


def own_code(row: Row) -> str:
    code: str = row["area_code"]
    return code.removeprefix(f"{row['parent_code']} ") if row["area_level"] == "part" else code


def publication(name: str) -> Publication:
    return next(each for each in PUBLICATIONS if each.name == name)


def found(drawn: Drawn, sql: str, columns: tuple[str, ...]) -> list[tuple[object, ...]]:
    for relation, table in tables(drawn).items():
        sql = sql.replace(relation, table)
    return sorted(bench().execute(f"select {', '.join(columns)} from ({sql})").fetchall(), key=repr)


@functools.cache
def bench() -> duckdb.DuckDBPyConnection:
    # a mutant may join everything with everything: it then does not run
    return project.bounded()


@functools.cache
def tables(drawn: Drawn) -> dict[str, str]:
    """What a publication's models read, by the name it has in their SQL."""
    given = {
        f"int_{drawn.name}__room": rooms(drawn),
        # cells are told of drawn decisions too: more than one model's arithmetic would ever make
        f"int_{drawn.name}__decided": [held for _, held in beside(drawn)],
        "int_disclosure__rules": [RULES],
    }
    return project.plant(bench(), f"{drawn.name}_{drawn.numbers[0]}_{len(drawn.numbers)}", given)


@functools.cache
def rooms(drawn: Drawn) -> list[Row]:
    name, rows = drawn.name, []
    for number in drawn.numbers:
        chance = random.Random(f"{name} {number}")
        for measure in ("numerator", "denominator"):
            world = {"metric_id": f"m{number}", "measure": measure}
            if name == "assurance":
                # the sum of reasons is not published, that of objections is
                world = {"metric_id": ("exclusions", "type_1")[number % 2], "measure": f"{measure}_{number // 2}"}
            size = (3, 8, 30)[number % 3]
            # where little is wrong, one rule more or less is seen
            wrong = (0.03, 0.15)[number % 2 if name != "assurance" else number // 2 % 2]
            wrong = 0.35 if number >= MOSTLY_SMALL else wrong
            rows += [room(chance, row | world, size, wrong) for row in areas(chance, name)]
    return rows


def areas(chance: random.Random, name: str) -> list[Row]:
    """A tree of areas: level, code and what each is a part of."""
    asked = publication(name)
    rows: list[Row] = []
    parents: list[str | None] = [None]
    for level in reversed(asked.levels):
        above, parents = parents, []
        # where nothing is beside it, what is asked for is asked of the level above
        most = chance.choice((1, 4, 5))
        for parent in above:
            for number in range(chance.randrange(1, most + 1) if parent else 1 + 2 * (name == "assurance")):
                code = f"{parent} {level}{number}" if parent else f"{level}{number}".upper()
                parents.append(code)
                rows.append({"area_level": level, "area_code": code, "parent_code": parent})
    if asked.broken_down:
        level, above_level = asked.broken_down
        for row in [row for row in rows if row["area_level"] == above_level]:
            for number in range(chance.randrange(1, 5)):
                code = f"{row['area_code']} {level}{number}"
                rows.append({"area_level": level, "area_code": code, "parent_code": row["area_code"]})
    return rows


def room(chance: random.Random, row: Row, size: int, wrong: float) -> Row:
    """A count with what room_to_move could say of it."""
    count = 0 if chance.random() < max(0.2, wrong) else chance.randrange(8, 20)
    count = chance.randrange(1, 8) if chance.random() < 2 * wrong else count
    # the one at the top moves those beneath it
    is_top = row["parent_code"] is None
    is_changed = chance.random() < (0.3 if is_top else wrong)
    is_primary = 0 < count <= 7 or (is_changed and count > 0)
    upper = 7 - count if 0 < count <= 7 else chance.choice([0, 0, 0, 3, 6])
    shown_up, shown_down = (0, 0) if is_primary or not count else (chance.randrange(3), chance.randrange(3))
    return row | {
        "cell_count": count,
        "is_changed_by_few": is_changed,
        "is_guarded": chance.random() < (0.3 if is_top else wrong),
        "wrong": wrong,
        "is_primary": is_primary,
        "can_be_secondary": count > 0 and not is_primary and chance.random() < 0.9,
        "shown_up": shown_up,
        "shown_down": shown_down,
        "suppressed_up": shown_up + chance.randrange(size),
        "suppressed_down": shown_down + chance.randrange(size),
        "upper_protection": upper,
        "lower_protection": 6 - upper,
        "sliding_protection": 6,
    }


@functools.cache
def beside(drawn: Drawn) -> list[tuple[Row, Row]]:
    """Each room with a decision drawn for it."""
    both = []
    for row in rooms(drawn):
        chance = random.Random(f"{drawn.name} {key_of(row)}")
        is_suppressed = row["is_primary"] or chance.random() < row["wrong"]
        held = row | {"is_suppressed": is_suppressed}
        held |= {
            f"feasible_{way}": row[f"{'suppressed' if is_suppressed else 'shown'}_{way}"] for way in ("up", "down")
        }
        both.append((row, held))
    return both
