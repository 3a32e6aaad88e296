"""What a practice and each of its GPs read, made of the rows that the pack holds and of nothing else.

A GP's page has the own list and what it is seen beside, and no colleague's. What is withheld has no
number, so no mark: no coordinate of a drawing can tell of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import duckdb
from markupsafe import Markup

from gp_level_data.end import policy
from gp_level_data.pages import frames, templates, words
from gp_level_data.pages.packs import Pack
from gp_level_data.shapes import Cells, Row, Settings

LEVELS = ("practice", "ccg", "england")
COMPARATORS = {"england": "England", "ccg": "the CCG"}
UNASSIGNED = "UNASSIGNED"
LONGEST_LABEL = 30


@dataclass(frozen=True)
class Facts:
    """What all pages of a hand-over share: the run, its rules, and whom to ask."""

    title: str
    collected_at: str
    period_start: str
    period_end: str
    contact: str
    metrics: dict[str, Row]
    rules: dict[str, int]
    reasons: dict[str, Row]

    @property
    def period(self) -> str:
        return f"{words.day(self.period_start)} to {words.day(self.period_end)}"


def facts_of(connection: duckdb.DuckDBPyConnection, settings: Settings, contact: str) -> Facts:
    """The facts of the run that the marts come from."""
    return Facts(
        policy.policy_of(settings["collection"]).title,
        settings["collected_at"],
        settings["period_start"],
        settings["period_end"],
        contact,
        by(connection, "metric_id", "main.dim_metrics"),
        {
            rule: int(value)
            for rule, value in connection.execute(
                "select rule, value from seeds.disclosure_rules where collection = ?",
                [settings["collection"]],
            ).fetchall()
        },
        by(connection, "rule", "seeds.intake_rules"),
    )


def by(connection: duckdb.DuckDBPyConnection, column: str, table: str) -> dict[str, Row]:
    """Rows of a small table by a column that tells them apart."""
    cursor = connection.execute(f"select * from {table} order by {column}")
    names = [each[0] for each in cursor.description]
    return {row[names.index(column)]: dict(zip(names, row)) for row in cursor.fetchall()}


@dataclass
class Place:
    """A list or an area with its result on a metric; `kind` says how it is marked."""

    kind: str
    label: str
    result: Row
    badge: str = ""
    against: dict[str, Row] = field(default_factory=dict)
    before: Row | None = None

    @property
    def number(self) -> float | None:
        text = self.result["value_text"]
        return None if text in (None, "", words.WITHHELD) else float(text)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends, where a result is told; one end by itself says nothing."""
        ends = self.result["lower_95_ci"], self.result["upper_95_ci"]
        return None if self.number is None or None in ends else ends

    @property
    def size(self) -> int | None:
        text = self.result["denominator_text"]
        return int(text) if text.isdigit() else None


@dataclass(frozen=True)
class Compared:
    """A list on a funnel: how long it is, its result, and its row with a comparator's limits for that length."""

    place: Place
    size: int
    number: float
    row: Row


@dataclass(frozen=True)
class Metric:
    """A metric's part of a page."""

    metric_id: str
    about: Row
    places: list[Place]
    dots: Markup | None
    funnel: Markup | None
    funnel_of: str | None
    not_drawn: str | None


def practice_page(facts: Facts, pack: Pack) -> str:
    """The page of a practice; of one that was not collected, why not and what its files lacked."""
    practice = pack.practice
    lists = lists_of(pack)
    metrics = [metric_of(facts, metric_id, practice_places(pack, metric_id, lists)) for metric_id in metrics_of(pack)]
    return templates.render(
        "practice.html",
        facts=facts,
        practice=practice,
        why_not=facts.reasons.get(practice.not_collected_reason or ""),
        metrics=metrics,
        notable=list(notable(metrics)),
        admissions=admissions(pack, None),
        left_out=pack.records("left_out.csv"),
        # Why the practice was not collected is told in the first line.
        checks=[row for row in pack.records("data_checks.csv") if row["file_kind"] != "practice"],
        to_mend=to_mend(pack),
        gps=[code for code in lists if code != UNASSIGNED],
        before=moment_before(pack),
        parts=[table.part for table in pack.tables.values()],
        words=words,
    )


def gp_pages(facts: Facts, pack: Pack) -> Iterator[tuple[str, str]]:
    """The code and the page of each GP of a practice."""
    for code, name in lists_of(pack).items():
        if code == UNASSIGNED:
            continue
        metrics = [metric_of(facts, metric_id, gp_places(pack, metric_id, code)) for metric_id in metrics_of(pack)]
        page = templates.render(
            "gp.html",
            facts=facts,
            practice=pack.practice,
            gp={"code": code, "name": name},
            metrics=metrics,
            notable=list(notable(metrics)),
            admissions=admissions(pack, code),
            before=moment_before(pack),
            words=words,
        )
        yield code, page


def to_mend(pack: Pack) -> list[Row]:
    """Rows that have to be mended before anybody is collected, those of a rule together."""
    found: dict[str, Row] = {}
    for row in pack.records("rows_to_mend.csv"):
        found.setdefault(row["rule"], row | {"rows": []})["rows"].append(str(row["file_row"]))
    return list(found.values())


# ---- places -----------------------------------------------------------------------------------------


def lists_of(pack: Pack) -> dict[str, str]:
    """The practice's lists by code, in that order, with their names."""
    return {row["gp_code"]: row["gp_name"] for row in pack.records("gp_metrics.csv")}


def metrics_of(pack: Pack) -> list[str]:
    """The metrics of which there is anything, in the order of their titles."""
    found = {row["metric_id"]: row["title"] for row in pack.records("comparators.csv")}
    return sorted(found, key=lambda metric_id: (found[metric_id], metric_id))


def practice_places(pack: Pack, metric_id: str, lists: dict[str, str]) -> list[Place]:
    """The practice, its lists, its CCG and England."""
    practice, *areas = area_places(pack, metric_id)
    practice.kind = "own"
    own = [list_place(pack, metric_id, code, name) for code, name in lists.items()]
    for at, place in enumerate(own, start=1):
        place.kind, place.badge = "gp", str(at)
    return [practice, *own, *areas]


def gp_places(pack: Pack, metric_id: str, code: str) -> list[Place]:
    """The GP's list, the practice, its CCG and England."""
    return [list_place(pack, metric_id, code, "Your list"), *area_places(pack, metric_id)]


def list_place(pack: Pack, metric_id: str, code: str, label: str) -> Place:
    """A GP's list on a metric."""
    key = (code, metric_id)
    against = {row["comparator_level"]: row for row in of(pack, "funnels.csv", ("gp_code", "metric_id")).get(key, [])}
    [result] = of(pack, "gp_metrics.csv", ("gp_code", "metric_id"))[key]
    return Place("own", label, result, against=against, before=before(pack, "gp", code, metric_id))


def area_places(pack: Pack, metric_id: str) -> Iterator[Place]:
    """The practice, its CCG and England, as far as they are told."""
    practice = pack.practice
    names = {"practice": practice.name or practice.code, "ccg": f"CCG {practice.ccg}", "england": "England"}
    found = of(pack, "comparators.csv", ("area_level", "metric_id"))
    for level in LEVELS:
        for row in found.get((level, metric_id), []):
            shown = row["percent"] if row["percent"] is not None else row["rate_per_1000"]
            text = words.WITHHELD if row["is_suppressed"] else None if shown is None else str(shown)
            code = row["area_code"]
            yield Place(
                level, names[level], row | {"value_text": text},
                before=before(pack, level, code, metric_id),
            )  # fmt: skip


def before(pack: Pack, level: str, code: str, metric_id: str) -> Row | None:
    """What was told of a place in the collection before."""
    found = of(pack, "previous.csv", ("area_level", "area_code", "metric_id"))
    return next(iter(found.get((level, code, metric_id), [])), None)


def moment_before(pack: Pack) -> str | None:
    """The day of the collection before, where the practice has results of it."""
    rows = pack.records("previous.csv")
    return words.day(rows[0]["collected_at"][:10]) if rows else None


def of(pack: Pack, file: str, columns: tuple[str, ...]) -> dict[Cells, list[Row]]:
    """Rows of a table by some of their columns; of a table that is not there, none."""
    return pack.tables[file].by(*columns) if file in pack.tables else {}


# ---- metrics ----------------------------------------------------------------------------------------


def metric_of(facts: Facts, metric_id: str, places: list[Place]) -> Metric:
    """A metric's part of a page, with its drawings."""
    about = facts.metrics[metric_id]
    funnel_of, funnel = funnel_drawing(metric_id, about, places)
    drawn = [(place, place.number) for place in places if place.number is not None]
    missing = [place.label for place in places if place.number is None]
    return Metric(
        metric_id, about, places, dots_drawing(metric_id, about, drawn), funnel, funnel_of,
        words.listed(missing) if missing and drawn else None,
    )  # fmt: skip


def dots_drawing(metric_id: str, about: Row, drawn: list[tuple[Place, float]]) -> Markup | None:
    """A row for each result that is told: the result as a mark, its interval as a line."""
    if not drawn:
        return None
    unit = about["unit"]
    ends = [place.result["upper_95_ci"] or number for place, number in drawn]
    highest = 100 if unit == "percent" else frames.step_from(frames.RATES, max(ends))
    frame = frames.of_rows(len(drawn), unit, highest)
    rows = []
    for at, (place, number) in enumerate(drawn):
        lower, upper = place.interval or (None, None)
        rows.append(
            {
                "place": place,
                "label": shortened(place.label),
                "text": told(place, unit),
                "y": frame.y.at(at) + 28,
                "x": frame.x.at(number),
                "from": None if lower is None else frame.x.at(lower),
                "to": None if upper is None else frame.x.at(upper),
            }
        )
    return templates.drawing(
        "dots", f"dots-{metric_id}", frame, rows=rows,
        title=f"{about['title']}: results with 95% intervals",
        told="; ".join(f"{place.label} {told(place, unit)}" for place, _ in drawn),
    )  # fmt: skip


def funnel_drawing(metric_id: str, about: Row, places: list[Place]) -> tuple[str | None, Markup | None]:
    """The funnel around England's result, or the CCG's where nobody is compared with England."""
    for level, name in COMPARATORS.items():
        compared = [
            Compared(place, place.size, place.number, row)
            for place in places
            if (row := place.against.get(level)) and row["lower_95_limit"] is not None
            and place.number is not None and place.size
        ]  # fmt: skip
        if compared:
            return name, funnel_of(metric_id, about, name, compared)
    return None, None


def funnel_of(metric_id: str, about: Row, name: str, compared: list[Compared]) -> Markup:
    """A funnel with a mark for each list that is compared."""
    unit = about["unit"]
    lowest = min(min(each.row["lower_99_8_limit"], each.number) for each in compared)
    highest = max(max(each.row["upper_99_8_limit"], each.number) for each in compared)
    values: tuple[float, float]
    if unit == "percent":
        # A comparator of 0 or 100 leaves chance no room, and the axis needs some.
        values = (min(90, max(0, int(lowest // 10) * 10)), max(10, min(100, -int(-highest // 10) * 10)))
    else:
        values = (0, frames.step_from(frames.RATES, highest))
    sizes = [each.size for each in compared]
    smallest = max(step for step in frames.SIZES if step <= max(min(sizes), frames.SIZES[0]))
    largest = frames.step_from((s for s in frames.SIZES if s > smallest), max(sizes))
    baseline = compared[0].row["comparator_value"]
    frame = frames.of_funnel(unit, baseline, (smallest, largest), values)
    marks = [{"place": each.place, "x": frame.x.at(each.size), "y": frame.y.at(each.number)} for each in compared]
    return templates.drawing(
        "funnel", f"funnel-{metric_id}", frame, rows=marks,
        title=f"{about['title']}: how far lists of each size may differ by chance from {name}'s"
        f" {words.value(baseline, unit)}",
        told="; ".join(
            f"{each.place.label}: {words.value(each.number, unit)} of {each.size:,} patients,"
            f" {words.of('category', each.row['category']) or 'near a limit'}"
            for each in compared
        ),
        middle={"y": frame.y.at(baseline), "label": f"{name} {words.value(baseline, unit)}"},
    )  # fmt: skip


def told(place: Place, unit: str) -> str:
    """A result with its interval, as short as a drawing wants it."""
    value = about_or_exact(place.result) + place.result["value_text"] + ("%" if unit == "percent" else "")
    return f"{value} ({' to '.join(map(str, place.interval))})" if place.interval else value


def about_or_exact(result: Row) -> str:
    """The sign before a result that comes from rounded counts."""
    is_told = result["value_text"] not in (None, "", words.WITHHELD)
    return "≈ " if is_told and not result.get("is_exact", True) else ""


def shortened(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…"


def notable(metrics: Iterable[Metric]) -> Iterator[Row]:
    """Results that differ from the CCG's or England's by more than chance; no rank, no count of them."""
    for metric in metrics:
        for place in metric.places:
            beyond: dict[str, list[str]] = {}
            for level, row in place.against.items():
                if row["category"] not in (None, "as_expected"):
                    beyond.setdefault(row["category"], []).append(COMPARATORS[level])
            if beyond:
                yield {"metric": metric, "place": place, "beyond": beyond}


# ---- admissions -------------------------------------------------------------------------------------


def admissions(pack: Pack, gp_code: str | None) -> Row | None:
    """Patients by condition, beside those of the areas; then admissions for any of the conditions."""
    practice = pack.practice
    columns = [("practice", practice.code, "Practice"), ("england", "ENGLAND", "England")]
    if practice.ccg:
        columns.insert(1, ("ccg", practice.ccg, f"CCG {practice.ccg}"))
    if gp_code:
        columns.insert(0, ("gp", gp_code, "Your list"))
    found = of(pack, "emergency_admissions.csv", ("area_level", "area_code", "counted", "condition"))
    titles = {
        (row["counted"], row["condition"]): row["condition_title"] for row in pack.records("emergency_admissions.csv")
    }
    if not titles:
        return None
    rows = [
        {
            "title": title,
            "counted": counted,
            "cells": [next(iter(found.get((level, code, counted, condition), [])), None)
                      for level, code, _ in columns],
        }
        for (counted, condition), title in sorted(titles.items(), key=lambda each: (each[0][0] != "patients", each[1]))
    ]  # fmt: skip
    return {"columns": [name for _, _, name in columns], "rows": rows}
