"""Which counts are suppressed, and how exactly the others are told: what macros/disclosure/README.md says, in plain Python.

A publication is a tree of levels, from the lowest up; and one level may be broken down once more. A count is known by
its level, area, metric and measure.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gp_level_data.shapes import Row

UNBOUNDED = 99_999_999
SMALL_TO, STEP = 7, 5
Key = tuple[str, str, str, str]
Groups = dict[Key, list[Row]]
WAYS = (("up", "down"), ("down", "up"))


@dataclass(frozen=True)
class Publication:
    """How one publication uses the macros.

    levels        from the lowest up
    broken_down   a level and the one whose totals it makes up, beside the others
    is_published  whether the total of a lowest count is published
    """

    name: str
    levels: tuple[str, ...]
    broken_down: tuple[str, str] | None = None
    is_published: Callable[[Row], bool] = lambda row: True

    @property
    def parts_of(self) -> dict[str, str]:
        """Of each level but the last, the one above."""
        above = dict(zip(self.levels, self.levels[1:]))
        return above | (dict([self.broken_down]) if self.broken_down else {})


def key_of(row: Row) -> Key:
    return row["area_level"], row["area_code"], row["metric_id"], row["measure"]


def by_parent(rows: Iterable[Row], above: str) -> Groups:
    """The rows by the key of what they are a part of."""
    groups: Groups = {}
    for row in rows:
        groups.setdefault((above, row["parent_code"], row["metric_id"], row["measure"]), []).append(row)
    return groups


def with_what_is_known(publication: Publication, rows: list[Row]) -> list[Row]:
    """The rows, where a small count of the lowest level beside none that is shown goes up to a small number alone."""
    found = list(rows)
    lowest = {publication.levels[0]: publication.is_published}
    if publication.broken_down:
        lowest[publication.broken_down[0]] = lambda row: True
    for level, is_published in lowest.items():
        for group in by_parent((row for row in rows if row["area_level"] == level), "").values():
            if any(row["cell_count"] and not row["is_primary"] for row in group):
                continue
            known = [row for row in group if row["is_primary"] and not row["is_changed_by_few"] and is_published(row)]
            capped = {key_of(row): row | {"suppressed_up": row["upper_protection"]} for row in known}
            found = [capped.get(key_of(row), row) for row in found]
    return found


def decided(publication: Publication, rows: list[Row]) -> dict[Key, Row]:
    """Of each count whether it is suppressed, its feasibility interval and its protection levels."""
    rows = with_what_is_known(publication, rows)
    slack = slack_of(publication, rows)
    found: dict[Key, Row] = {}
    below: list[Row] = []
    for level, above in zip(publication.levels, publication.levels[1:]):
        here = [row for row in rows if row["area_level"] == level]
        groups = by_parent(below, level)
        if below:
            below = [as_total(row, groups[key_of(row)]) for row in here]
        else:
            below = [as_lowest(row) | {"is_total_published": publication.is_published(row)} for row in here]
        for total, parts in by_parent(below, above).items():
            decide_group(parts, slack[total]["up"], slack[total]["down"], slack[total]["is_primary"])
        found |= {key_of(row): row for row in below}
    top = publication.levels[-1]
    gives_way = {total: any(part["gives_way"] for part in parts) for total, parts in by_parent(below, top).items()}
    for row in rows:
        if row["area_level"] == top:
            found[key_of(row)] = row | {
                "is_suppressed": row["is_primary"] or gives_way[key_of(row)],
                "feasible_up": row["shown_up"],
                "feasible_down": row["shown_down"],
            }
    if publication.broken_down:
        found |= decided_breakdown(publication.broken_down, rows, found)
    return found


def decided_breakdown(level_and_above: tuple[str, str], rows: list[Row], found: dict[Key, Row]) -> dict[Key, Row]:
    """The parts of a decided total: it does not give way; where it is suppressed or nothing hides them, all are."""
    level, above = level_and_above
    parts = [as_lowest(row) | {"is_total_published": True} for row in rows if row["area_level"] == level]
    for total, group in by_parent(parts, above).items():
        decide_group(group, 0, 0, False)
        if found[total]["is_suppressed"] or group[0]["gives_way"]:
            for row in group:
                row["is_suppressed"] = True
    return {key_of(row): row for row in parts}


def slack_of(publication: Publication, rows: list[Row]) -> dict[Key, Row]:
    """How far each total may move while only primary suppression stands."""
    room: dict[Key, Row] = {}
    below: list[Row] = []
    for level in publication.levels:
        groups, here = by_parent(below, level), []
        for row in rows:
            if row["area_level"] != level:
                continue
            moves: Row = {
                name: row[name] for name in ("area_code", "parent_code", "metric_id", "measure", "is_primary")
            }
            for way in ("up", "down"):
                if below:
                    moves[f"all_{way}"] = sum(part[f"room_{way}"] for part in groups[key_of(row)])
                    moves[f"own_{way}"] = UNBOUNDED if row["is_primary"] else row[f"shown_{way}"]
                    moves[f"room_{way}"] = min(moves[f"own_{way}"], moves[f"all_{way}"])
                else:
                    moves[f"room_{way}"] = row[f"{'suppressed' if row['is_primary'] else 'shown'}_{way}"]
            room[key_of(row)] = moves
            here.append(moves)
        below = here
    for level, above in reversed(list(zip(publication.levels, publication.levels[1:] + ("",)))):
        for key, moves in room.items():
            if key[0] != level or level == publication.levels[0]:
                continue
            for way, other in WAYS:
                moves[way] = moves[f"own_{way}"]
                if above:
                    # the others the other way, and the total above along
                    total = room[above, moves["parent_code"], key[2], key[3]]
                    others = total[f"all_{other}"] - moves[f"room_{other}"]
                    moves[way] = min(moves[way], others + total[way])
    return room


def as_lowest(row: Row) -> Row:
    state = "suppressed" if row["is_primary"] else "shown"
    return row | {
        "is_suppressed": row["is_primary"], "room_up": row[f"{state}_up"], "room_down": row[f"{state}_down"],
    }  # fmt: skip


def as_total(row: Row, parts: list[Row]) -> Row:
    """A total among its likes, as those beneath it have been decided."""
    hidden = [part for part in parts if part["is_suppressed"]]
    up, down = (sum(part[f"feasible_{way}"] for part in parts) for way in ("up", "down"))
    is_suppressed = row["is_primary"] or any(part["gives_way"] for part in parts)
    sliding = row["sliding_protection"]
    # it moves along with one suppressed count beneath it, or else with all
    upper = min(part["upper_protection"] for part in hidden) if hidden else max(0, sliding - down)
    left_upper = max((part["upper_protection"] + part["feasible_down"] for part in hidden), default=down) - down
    left_lower = max((part["lower_protection"] + part["feasible_up"] for part in hidden), default=up) - up
    return row | {
        "is_suppressed": is_suppressed,
        "is_total_published": True,
        "suppressed_up": up,
        "suppressed_down": down,
        "room_up": up if is_suppressed else min(row["shown_up"], up),
        "room_down": down if is_suppressed else min(row["shown_down"], down),
        "upper_protection": max(upper, left_upper),
        "lower_protection": max(sliding - upper, left_lower),
        "can_be_secondary": row["cell_count"] > 0 and not is_suppressed and (bool(hidden) or up + down >= sliding),
    }


def decide_group(parts: list[Row], total_up: int, total_down: int, is_total_primary: bool) -> None:
    """Which parts of a total are suppressed too, or whether the total gives way: written into the parts."""
    hidden = [part for part in parts if part["is_suppressed"]]
    up, down = (sum(part[f"room_{way}"] for part in parts) for way in ("up", "down"))
    need_down = max((part["upper_protection"] + part["room_down"] for part in hidden), default=0)
    need_up = max((part["lower_protection"] + part["room_up"] for part in hidden), default=0)
    sliding = parts[0]["sliding_protection"]
    is_open = (
        need_down > down + total_up
        or need_up > up + total_down
        or (is_total_primary and not hidden and up + down < sliding)
    )

    def are_enough(chosen: list[Row]) -> bool:
        return bool(
            max(need_down, *(part["upper_protection"] + part["suppressed_down"] for part in chosen))
            <= down + sum(part["suppressed_down"] - part["room_down"] for part in chosen) + total_up
        ) and (
            max(need_up, *(part["lower_protection"] + part["suppressed_up"] for part in chosen))
            <= up + sum(part["suppressed_up"] - part["room_up"] for part in chosen) + total_down
        )

    candidates = sorted(
        (part for part in parts if part["can_be_secondary"]),
        key=lambda part: (not are_enough([part]), part["cell_count"], part["area_code"]),
    )
    shown = sum(not part["is_suppressed"] and part["cell_count"] > 0 for part in parts)
    # the last that is shown stays, where the total may give way instead
    most = len(candidates) if not parts[0]["is_total_published"] else min(len(candidates), shown - 1)
    chosen = next((candidates[:n] for n in range(1, most + 1) if are_enough(candidates[:n])), None)
    for part in parts:
        part["gives_way"] = is_open and chosen is None
        if is_open and any(part is other for other in chosen or []):
            part["is_suppressed"] = True
        for way in ("up", "down"):
            part[f"feasible_{way}"] = min(UNBOUNDED, part[f"{'suppressed' if part['is_suppressed'] else 'room'}_{way}"])


def shown(row: Row) -> tuple[str | None, int | None]:
    """Why a count is not shown, or as what it is."""
    if row["is_primary"]:
        return "changed_by_few" if row["is_changed_by_few"] else "small_number", None
    return ("secondary", None) if row["is_suppressed"] else (None, STEP * ((row["cell_count"] + STEP // 2) // STEP))


def told(publication: Publication, rows: list[Row]) -> dict[tuple[str, str, str], Row]:
    """Of each cell its counts as they are shown, the range that each is told to be in, and whether it is exact."""
    counts: dict[Key, Row] = {}
    for row in rows:
        reason, count = shown(row)
        counts[key_of(row)] = row | {"reason": reason, "shown": count, "is_asking": bool(reason) or row["is_guarded"]}
    cells: dict[tuple[str, str, str], list[Row]] = {}
    for key, row in counts.items():
        cells.setdefault(key[:3], []).append(row)
    for cell in cells.values():
        for row in cell:
            row["has_no_value"] = any(other["reason"] for other in cell)
    ask(publication, counts)
    hold(publication, counts)
    return {key: told_cell(cell) for key, cell in cells.items()}


def ask(publication: Publication, counts: dict[Key, Row]) -> None:
    """How far each count has to be able to move; a total also as far as its parts still ask when all have given."""
    for row in counts.values():
        own = (row["upper_protection"], row["lower_protection"])
        if not row["reason"]:
            own = (row["feasible_up"], row["feasible_down"]) if row["is_guarded"] else (0, 0)
        row["ask_up"], row["ask_down"] = own
    for level, above in zip(publication.levels, publication.levels[1:]):
        groups = by_parent((row for row in counts.values() if row["area_level"] == level), above)
        for total, parts in groups.items():
            row, is_left = counts[total], False
            for way, other in WAYS:
                asked = [part[f"ask_{way}"] + part[f"feasible_{other}"] for part in parts if part["is_asking"]]
                left = max(0, max(asked, default=0) - sum(part[f"feasible_{other}"] for part in parts))
                row[f"ask_{way}"] = max(row[f"ask_{way}"], min(left, row[f"feasible_{way}"]))
                is_left = is_left or left > 0
            row["is_asking"] = row["is_asking"] or is_left


def hold(publication: Publication, counts: dict[Key, Row]) -> None:
    """Who keeps to the rounding: who asks, and as many others of the group as give what is asked; from the top down."""
    for row in counts.values():
        row["is_held"] = row["is_asking"]
    parts_of = publication.parts_of
    for level in sorted(parts_of, key=lambda level: -order(publication, level)):
        groups = by_parent((row for row in counts.values() if row["area_level"] == level), parts_of[level])
        for total, parts in groups.items():
            required = {}
            for way, other in WAYS:
                asked = [part[f"ask_{other}"] + part[f"feasible_{way}"] for part in parts if part["is_asking"]]
                everything = sum(part[f"feasible_{way}"] for part in parts)
                required[way] = min(max(asked, default=0), everything)
                if counts[total]["reason"]:
                    required[way] = max(required[way], everything)
                elif counts[total]["is_held"]:
                    required[way] = max(required[way], counts[total][f"feasible_{way}"])
            given = {"up": 0, "down": 0}
            for part in sorted(
                parts,
                key=lambda part: (
                    not part["is_asking"], not part["has_no_value"], -part["cell_count"], part["area_code"],
                ),
            ):  # fmt: skip
                gives = part["feasible_up"] + part["feasible_down"] > 0
                is_needed = any(given[way] < required[way] for way in given)
                part["is_held"] = part["is_asking"] or (gives and is_needed)
                for way in given:
                    given[way] += part[f"feasible_{way}"]


def order(publication: Publication, level: str) -> int:
    return publication.levels.index(level) if level in publication.levels else -1


def told_cell(cell: list[Row]) -> Row:
    is_rounded = any(row["is_held"] or row["reason"] for row in cell)
    found: Row = {"is_exact": not is_rounded}
    for row in cell:
        lowest = highest = row["cell_count"] if row["shown"] is not None else None
        if row["shown"] is not None and is_rounded:
            lowest = highest = row["shown"]
            if row["shown"]:
                lowest, highest = max(row["shown"] - STEP // 2, SMALL_TO + 1), row["shown"] + (STEP - 1) // 2
        found |= {
            f"{row['measure']}_count": row["shown"], f"{row['measure']}_reason": row["reason"],
            f"lowest_{row['measure']}": lowest, f"highest_{row['measure']}": highest,
        }  # fmt: skip
    return found
