"""What must not be shown for its own sake, and how far each count may be imagined to move: the models `room` of the GP
report and of planning in plain Python, over drawn counts.

Every tree of areas is a small world of its own, with few people, so that differences of 1 to 9 are common.
"""

import functools
import random
from collections.abc import Callable

import duckdb

from bench import project
from bench.syntax_mutants import Mutant
from disclosure.disclosure_oracle import SMALL_TO, STEP, UNBOUNDED, Key, key_of
from disclosure.disclosure_rooms import RULES
from gp_level_data.shapes import Row

SLIDING = 6
WORLDS = 160
GP_METRICS = {"emergency_admissions": "hospital", "bowel": "practice", "diabetes": "practice"}
PLANNED: tuple[Row, ...] = (
    {"metric_id": "patients", "kind": "patients"},
    {"metric_id": "diabetes", "kind": "register", "register": "diabetes"},
    {"metric_id": "diabetes dm020", "kind": "target", "register": "diabetes", "target": "dm020"},
    {"metric_id": "asthma", "kind": "register", "register": "asthma"},
    {"metric_id": "referral 2017-01-01", "kind": "activity", "category": "referral"},
    {"metric_id": "vaccine 2017-01-01", "kind": "activity", "category": "vaccine"},
)
# Each level with the one above, from the top down.
GROUPS = {
    "int_gp_report__room": (("ccg", "england"), ("practice", "ccg"), ("gp", "practice")),
    "int_planning__room": (("ccg", "england"), ("practice", "ccg"), ("band", "ccg")),
}
SAID = (
    "area_level", "area_code", "parent_code", "metric_id", "measure", "cell_count", "numerator_count",
    "denominator_count", "is_guarded", "is_changed_by_few", "is_primary", "can_be_secondary", "shown_up", "shown_down",
    "suppressed_up", "suppressed_down", "upper_protection", "lower_protection", "sliding_protection",
)  # fmt: skip


def differs(mutant: Mutant) -> bool:
    """Whether a mutant says something else of drawn counts, or does not run."""
    sql = mutant.sql
    for relation, table in tables(mutant.model).items():
        sql = sql.replace(relation, table)
    try:
        found = bench().execute(f"select {', '.join(SAID)} from ({sql})").fetchall()
    except duckdb.Error:
        return True
    return sorted(found, key=repr) != wanted(mutant.model)


@functools.cache
def wanted(model: str) -> list[tuple[object, ...]]:
    fenced = gp_report(drawn(model)) if model == "int_gp_report__room" else planning(drawn(model))
    return sorted((tuple(row[name] for name in SAID) for row in rooms(fenced, GROUPS[model])), key=repr)


def is_few(change: int) -> bool:
    return RULES["cohort_change_from"] <= abs(change) <= RULES["cohort_change_to"]


def is_small(count: int) -> bool:
    return RULES["small_number_from"] <= count <= RULES["small_number_to"]


def compared(row: Row) -> Row:
    """A cell beside its list, and beside what was last shown and last told of it, by this collection as well."""
    numerator, cohort, last = row["numerator_count"], row["denominator_count"], row["last"]
    has_moved = has_changed = False
    for prefix in ("", "told_", "again_", "again_told_") if last else ():
        before, cohort_before = last[f"{prefix}numerator_count"], last[f"{prefix}cohort_count"]
        is_shown = cohort_before is not None and not prefix.endswith("told_")
        has_changed = has_changed or (is_shown and is_few(cohort - cohort_before))
        if before is None:
            # of what was shown before its numerator was remembered, nobody knows
            has_moved = has_moved or is_shown
        else:
            others = (cohort - numerator) - (cohort_before - before)
            has_moved = has_moved or any(map(is_few, (numerator - before, cohort - cohort_before, others)))
    return row | {
        "is_changed_by_few": has_changed,
        "has_few_others": is_small(cohort - numerator),
        "is_near_list": row["list_count"] is not None and is_small(row["list_count"] - cohort),
        "has_moved": has_moved,
    }


def by_area(rows: list[Row]) -> dict[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["area_level"], row["area_code"]), []).append(row)
    return groups


def is_guarded(row: Row, cell: list[Row]) -> bool:
    """Whether a denominator tells few people by what it is beside."""
    is_by_list = row["is_near_list"] or (row["is_list"] and any(other["is_near_list"] for other in cell))
    return row["has_few_others"] or row["has_moved"] or is_by_list


def gp_report(cells: list[Row]) -> list[Row]:
    """Both counts of each cell, with how far they and their rounding may go."""
    limits = []
    for area in by_area(cells).values():
        lists = [row["denominator_count"] for row in area if row["metric_id"] == "emergency_admissions"]
        eligible = [row["denominator_count"] for row in area if row["metric_id"] != "emergency_admissions"]
        fence_of_list = (max(eligible) + lists[0]) // 2 if lists and eligible else 0
        marked = [
            compared(
                row | {"list_count": max(lists, default=None), "is_list": row["metric_id"] == "emergency_admissions"}
            )
            for row in area
        ]
        for row in marked:
            fence = (row["numerator_count"] + row["denominator_count"]) // 2
            parts = row["parts"]
            limits.append(row | {
                "measure": "numerator", "cell_count": row["numerator_count"], "lowest": 1, "highest": fence,
                "lowest_shown": max(1, *parts) if parts else 1,
                "highest_shown": min(fence, sum(parts)) if parts else fence,
                "is_guarded": row["has_few_others"] or row["has_moved"],
            })  # fmt: skip
            lowest = max(1, fence, fence_of_list if row["is_list"] else 0)
            highest = UNBOUNDED if row["is_list"] or not lists else fence_of_list
            limits.append(row | {
                "measure": "denominator", "cell_count": row["denominator_count"], "lowest": lowest, "highest": highest,
                "lowest_shown": lowest, "highest_shown": highest, "is_guarded": is_guarded(row, marked),
            })  # fmt: skip
    return limits


def planning(cells: list[Row]) -> list[Row]:
    """The counts of each cell that are shown, between their parts and what they are a part of."""
    limits = []
    for area in by_area(cells).values():
        lists = [row["denominator_count"] for row in area if row["kind"] == "patients"]
        marked = [
            compared(row | {"list_count": max(lists, default=None), "is_list": row["kind"] == "patients"})
            for row in area
        ]
        counts: dict[tuple[str, str], Row] = {}
        for row in marked:
            kind, metric = row["kind"], row["metric_id"]
            if kind != "patients":
                counts[metric, "numerator"] = row | {
                    "measure": "numerator", "cell_count": row["numerator_count"],
                    "whole": ("patients" if kind == "activity" else metric, "denominator"),
                    "is_guarded": kind == "activity" or row["has_few_others"] or row["has_moved"],
                }  # fmt: skip
            if kind != "activity":
                whole = {"register": ("patients", "denominator"), "target": (row.get("register"), "numerator")}
                counts[metric, "denominator"] = row | {
                    "measure": "denominator", "cell_count": row["denominator_count"], "whole": whole.get(kind),
                    "is_guarded": is_guarded(row, marked),
                }  # fmt: skip
        for key, row in counts.items():
            count = row["cell_count"]
            parts = [part["cell_count"] for part in counts.values() if part["whole"] == key]
            above = counts.get(row["whole"])
            lowest = max(1, (max(parts) + count) // 2) if parts else 1
            highest = (count + above["cell_count"]) // 2 if above else UNBOUNDED
            # a CCG's register is told by its bands
            is_exact = row["area_level"] == "ccg" and row["kind"] == "register"
            limits.append(row | {
                "lowest": lowest, "highest": highest, "lowest_shown": count if is_exact else lowest,
                "highest_shown": count if is_exact else highest,
            })  # fmt: skip
    return limits


def rooms(limits: list[Row], groups: tuple[tuple[str, str], ...]) -> list[Row]:
    """What must not be shown for its own sake, and the distances that leaves."""
    changed = changed_with_totals(limits, groups)
    return [
        room(row | {"is_changed": changed[key_of(row)]})
        for row in limits
    ]  # fmt: skip


def changed_with_totals(limits: list[Row], groups: tuple[tuple[str, str], ...]) -> dict[Key, bool]:
    """Whether a count changed by few, or hides a total that did: the smallest part with anybody goes with it."""
    top = groups[0][1]
    changed = {key_of(row): row["is_changed_by_few"] for row in limits if row["area_level"] == top}
    for level, above in groups:
        parts = [row for row in limits if row["area_level"] == level]
        alone: dict[Key, bool] = {}
        for row in parts:
            others = [part for part in parts if beside(part) == beside(row)]
            first = min(others, key=lambda part: (
                not part["cell_count"], not part["is_changed_by_few"], part["cell_count"], part["area_code"],
            ))  # fmt: skip
            is_total_changed = changed[above, row["parent_code"], row["metric_id"], row["measure"]]
            alone[key_of(row)] = row["is_changed_by_few"] or (
                first is row and row["cell_count"] > 0 and is_total_changed
            )
        for level_, code, metric, measure in alone:
            # fewer people who are eligible may mean fewer who meet the metric
            of_cohort = measure == "numerator" and alone.get((level_, code, metric, "denominator"), False)
            changed[level_, code, metric, measure] = alone[level_, code, metric, measure] or of_cohort
    return changed


def beside(row: Row) -> tuple[str, str, str]:
    return row["parent_code"], row["metric_id"], row["measure"]


def room(row: Row) -> Row:
    count, lowest, highest = row["cell_count"], row["lowest"], row["highest"]
    is_primary = is_small(count) or (row["is_changed"] and count > 0)
    rounded = STEP * ((count + STEP // 2) // STEP)
    upper = min(SLIDING, max(0, SLIDING - (count - lowest)))
    if is_small(count):
        upper = SMALL_TO - count
    elif row["is_changed"]:
        # a list can grow whatever else is known of it; other counts can fall
        upper = SLIDING if row["is_list"] and row["measure"] == "denominator" else 0
    is_large = count > SMALL_TO
    return row | {
        "is_changed_by_few": row["is_changed"],
        "is_primary": is_primary,
        "can_be_secondary": count > 0 and not is_primary and highest - lowest >= SLIDING,
        "shown_up": min(rounded + (STEP - 1) // 2, row["highest_shown"]) - count if is_large else 0,
        "shown_down": count - max(rounded - STEP // 2, SMALL_TO + 1, row["lowest_shown"]) if is_large else 0,
        "suppressed_up": highest - count,
        "suppressed_down": count - lowest,
        "upper_protection": upper,
        "lower_protection": SLIDING - upper,
        "sliding_protection": SLIDING,
    }


@functools.cache
def bench() -> duckdb.DuckDBPyConnection:
    # a mutant may join everything with everything: it then does not run
    return project.bounded()


@functools.cache
def drawn(model: str) -> list[Row]:
    chance = random.Random(model)
    draw: Callable[[random.Random, Row], list[Row]] = gp_cells if model == "int_gp_report__room" else planned_cells
    cells = []
    for world in range(WORLDS):
        # in some worlds there is no list, or nothing else
        metrics = chance.sample(list(GP_METRICS), chance.choice([1, 3, 3, 3]))
        for area in areas(chance, world, GROUPS[model]):
            cells += draw(chance, area | {"metrics": metrics})
    return [cell | {"last": last_of(chance, cell)} for cell in cells]


def areas(chance: random.Random, world: int, groups: tuple[tuple[str, str], ...]) -> list[Row]:
    top: Row = {"area_level": "england", "area_code": f"E{world}", "parent_code": None}
    tree = [top]
    for level, above in groups:
        for parent in [row for row in tree if row["area_level"] == above]:
            for number in range(chance.randrange(1, 3)):
                code = f"{parent['area_code']}{level[0]}{number}"
                if level in ("gp", "band"):
                    code = f"{parent['area_code']} {number}"
                tree.append({"area_level": level, "area_code": code, "parent_code": parent["area_code"]})
    return tree


def less(chance: random.Random, count: int) -> int:
    return max(0, count - chance.choice([0, 0, 1, 4, 7, 8, 9, 12, chance.randrange(count + 1)]))


def gp_cells(chance: random.Random, area: Row) -> list[Row]:
    cells, patients = [], chance.choice([0, 3, 9, 14, 25, 40, 60])
    for metric in area["metrics"]:
        cohort = patients if metric == "emergency_admissions" else less(chance, patients)
        met = less(chance, cohort)
        parts = []
        if metric == "emergency_admissions" and met:
            largest = less(chance, met) or 1
            parts = [largest, *([met - largest + chance.randrange(3)] if met > largest else [])]
        cells.append(area | {"metric_id": metric, "numerator_count": met, "denominator_count": cohort, "parts": parts})
    return cells


def planned_cells(chance: random.Random, area: Row) -> list[Row]:
    patients = chance.choice([0, 3, 9, 14, 25, 40, 60])
    cells: list[Row] = []
    on_register: Row = {}
    for metric in PLANNED:
        kind = metric["kind"]
        if area["area_level"] == "band" and kind != "register":
            continue
        cohort = patients
        if kind == "register":
            cohort = less(chance, patients)
        if kind == "target":
            cohort = less(chance, on_register[metric["register"]])
        met = cohort if kind == "patients" else less(chance, cohort)
        if kind == "register":
            on_register[metric["register"]] = met
        cells.append(area | metric | {"numerator_count": met, "denominator_count": cohort})
    return cells


def last_of(chance: random.Random, cell: Row) -> Row | None:
    """What was shown and told of a cell before, and by the collection itself when it was built before."""
    before, again = shown_before(chance, cell), shown_before(chance, cell) if chance.random() < 0.5 else None
    if before is None and again is None:
        return None
    counts = ("cohort_count", "numerator_count", "told_cohort_count", "told_numerator_count")
    never = dict.fromkeys(counts)
    return (before or never) | {f"again_{name}": count for name, count in (again or never).items()}


def shown_before(chance: random.Random, cell: Row) -> Row | None:
    """What was shown and told of a cell before: often a few more or fewer people."""
    if chance.random() < 0.4:
        return None

    def before(count: int) -> int:
        return max(0, count + chance.choice([0, 0, 0, 0, 1, -1, 9, -9, 10, -10, 13, 30]))

    last: Row = {"cohort_count": before(cell["denominator_count"]), "numerator_count": before(cell["numerator_count"])}
    # as many more of both leave the others as they were
    if chance.random() < 0.3:
        more = chance.choice([0, 10, 20])
        last = {"cohort_count": cell["denominator_count"] + more, "numerator_count": cell["numerator_count"] + more}
    told = {f"told_{name}": chance.choice([count, before(count)]) for name, count in last.items()}
    if chance.random() < 0.2:
        last["numerator_count"] = None
    if chance.random() < 0.4:
        told = dict.fromkeys(told)
    return last | told


@functools.cache
def tables(model: str) -> dict[str, str]:
    """What a model reads, by the name it has in its SQL."""
    cells = drawn(model)
    keys = ("area_level", "area_code", "metric_id")
    given: dict[str, list[Row]] = {
        "int_disclosure__rules": [dict(RULES)],
        "int_disclosure__last_published": [
            {name: cell[name] for name in keys} | cell["last"] for cell in cells if cell["last"]
        ],
    }
    if model == "int_planning__room":
        given["int_planning__metrics"] = list(PLANNED)
        given["int_planning__areas"] = [cell for cell in cells if cell["area_level"] != "band"]
        given["int_planning__bands"] = [
            cell | {"ccg_code": cell["parent_code"], "band": cell["area_code"].split(" ")[1]}
            for cell in cells
            if cell["area_level"] == "band"
        ]
    else:
        of_gps = [cell for cell in cells if cell["area_level"] == "gp"]
        given["metrics"] = [{"metric_id": name, "origin": origin} for name, origin in GP_METRICS.items()]
        given["int_metrics__by_area"] = [cell for cell in cells if cell["area_level"] != "gp"]
        given["int_metrics__by_gp"] = [
            cell | {"practice_code": cell["parent_code"], "gp_code": cell["area_code"].split(" ")[1]} for cell in of_gps
        ]
        given["int_areas__members"] = [
            {name: cell[name] for name in ("area_level", "area_code", "parent_code")} for cell in cells
        ]
        given["int_metrics__by_condition"] = [
            cell | {"condition": f"c{number}", "patient_count": count, "practice_code": None} | (
                {"practice_code": cell["parent_code"], "area_code": cell["area_code"].split(" ")[1]}
                if cell["area_level"] == "gp" else {}
            )
            for cell in cells
            for number, count in enumerate(cell["parts"])
        ]  # fmt: skip
        given["int_metrics__by_condition"] += [
            row | {"condition": "any", "patient_count": row["numerator_count"]}
            for row in given["int_metrics__by_condition"]
            if row["condition"] == "c0"
        ]
    return project.plant(bench(), model, given)
