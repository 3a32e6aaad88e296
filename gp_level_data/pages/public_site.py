"""The pages of `make public`: what is collected, what was released and destroyed, and the methods."""

import csv
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gp_level_data.end import policy
from gp_level_data.pages import templates, words
from gp_level_data.project import PROJECT, SEEDS
from gp_level_data.shapes import Row, Settings

HANDBOOK = PROJECT / "models" / "handbook.md"
SOURCE = re.compile(r"^\| (S\d+) \| (.*?) \|$", re.MULTILINE)
CITED = re.compile(r"\bS\d+\b")
QUERIES = {
    "practices": """
        select practices.reason, coalesce(any_value(rules.meaning), '') as meaning, count(*) as practice_count
        from (
            select case when is_collected then 'collected' else not_collected_reason end as reason
            from main.dim_practices
        ) as practices
        left join seeds.intake_rules as rules on practices.reason = rules.rule
        group by practices.reason
        order by practices.reason <> 'collected', practice_count desc, practices.reason
    """,
    "objections": """
        select level, coalesce(code, 'not known') as code, opt_out_kind, objector_text, previous_text
        from main.fct_opt_out_reconciliation
        order by all
    """,
    "people": """
        select denominator_text
        from main.fct_comparators
        where area_level = 'england' and metric_id = 'emergency_admissions'
    """,
    "releases": "select * exclude (person_count) from main.fct_release_register order by release_id",
    "metrics": "select * from main.dim_metrics order by title",
    "rules": """
        select rules.rule, cast(rules.value as integer) as value
        from seeds.disclosure_rules as rules
        inner join reference.int_collection__settings as settings
            on rules.collection = settings.collection
    """,
    "conditions": """
        select
            condition,
            list_sort(list(distinct code) filter (where rule = 'include')) as codes,
            bool_or(rule <> 'include') as has_more
        from seeds.emergency_conditions as conditions
        inner join reference.int_collection__settings as settings
            on conditions.definition = settings.emergency_definition
        group by condition
        order by condition
    """,
}
IDENTIFIABILITY = {
    "aggregate": "Counts after disclosure control, as they are published.",
    "pseudonymised": "Rows of people without names, numbers or addresses, under pseudonyms of this release alone; people are"
    " alike in groups.",
    "identifiable": "Rows of people under pseudonyms of this release alone, but detailed enough that others might know somebody"
    " again.",
}  # fmt: skip
PAGES = (
    ("index.html", "What is collected"),
    ("releases.html", "Register of releases"),
    ("destruction.html", "What was destroyed"),
    ("methods.html", "Methods"),
)


@dataclass(frozen=True)
class Store:
    """What one store tells: a collection's last run, its tables, and what became of its data."""

    collection: str
    settings: Settings
    tables: dict[str, list[Row]]
    destroyed: list[Row]
    destroy_by: datetime | None

    @property
    def rules(self) -> dict[str, int]:
        return {row["rule"]: row["value"] for row in self.tables["rules"]}


def pages(stores: list[Store], contact: str) -> Iterator[tuple[str, str]]:
    """The name and text of each page."""
    by_collection = {store.collection: store for store in stores}
    content: dict[str, dict[str, object]] = {
        "index.html": {"collections": collections(by_collection)},
        "releases.html": {"releases": releases(stores), "identifiability": IDENTIFIABILITY},
        "destruction.html": {
            "certificates": certificates(stores),
            "waiting": [
                (policy.policy_of(store.collection).title, store.destroy_by) for store in stores if store.destroy_by
            ],
            "policies": policy.policies().values(),
        },
        "methods.html": {
            "metrics": stores[0].tables["metrics"],
            "rules": stores[0].rules,
            "conditions": conditions(stores),
            "sources": sources(),
            "cited": cited,
        },
    }
    for name, title in PAGES:
        yield (
            name,
            templates.render(
                f"public/{name}", here=name, pages=PAGES, heading=title, contact=contact, words=words, **content[name]
            ),
        )


def tables(stores: list[Store]) -> Iterator[tuple[str, list[str], list[list[object]]]]:
    """Name, header and rows of each table that is too long for a page."""
    found = [
        [store.collection, row["level"], row["code"], row["opt_out_kind"], row["objector_text"], row["previous_text"]]
        for store in stores
        for row in store.tables["objections"]
    ]
    header = ["collection", "level", "code", "opt_out_kind", "people_who_object", "in_the_extract_before"]
    yield "objections.csv", header, found
    rows = releases(stores)
    if rows:
        yield "releases.csv", list(rows[0]), [list(row.values()) for row in rows]


def collections(stores: dict[str, Store]) -> list[Row]:
    """Each collection: what the law and the notices say, and what its last run came to."""
    found = []
    for row in words.rows_of("collections.csv"):
        store = stores.get(row["collection"])
        suppliers = [each for each in store.tables["objections"] if each["level"] == "supplier"] if store else []
        found.append(
            row
            | {
                "title": policy.policy_of(row["collection"]).title,
                "store": store,
                "suppliers": suppliers,
                "people": next((each["denominator_text"] for each in store.tables["people"]), None) if store else None,
                "categories": categories().get(row["collection"], []),
            }
        )  # fmt: skip
    return sorted(found, key=lambda each: each["store"] is None)


@functools.cache
def categories() -> dict[str, list[str]]:
    """Kinds of coded records by collection, those that are kept for as many years together."""
    found: dict[str, dict[int, list[str]]] = {}
    with (SEEDS / "journal_categories.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name = words.of("category_of_records", row["category"])
            found.setdefault(row["collection"], {}).setdefault(int(row["years_kept"]), []).append(name)
    return {
        collection: [
            f"{'of any age' if years > 99 else f'of the last {years} years'}: {words.listed(sorted(names))}"
            for years, names in sorted(by_years.items(), reverse=True)
        ]
        for collection, by_years in found.items()
    }


def releases(stores: list[Store]) -> list[Row]:
    """The register: every store has all of it, and how many people only for its own collection."""
    found: dict[str, Row] = {}
    for store in stores:
        for row in store.tables["releases"]:
            kept = found.setdefault(row["release_id"], row)
            if kept["person_text"] is None and row["person_text"] is not None:
                found[row["release_id"]] = row
    return [found[key] for key in sorted(found)]


def certificates(stores: list[Store]) -> list[Row]:
    """Destructions, the last first; of each what is not about anybody."""
    found = [
        {
            "title": content["title"],
            "collected_at": content["collected_at"],
            "reported_at": content["reported_at"],
            "destroy_by": content["destroy_by"],
            "destroyed_at": content["destroyed_at"],
            "keys": len(content["keys"]),
            "files": len(content["files"]),
            "raw": content["raw"]["is_destroyed"],
            "checks": [each["check"] for each in content["checks"]],
            "checksum": content["checksum"],
        }
        for store in stores
        for content in store.destroyed
    ]
    return sorted(found, key=lambda each: datetime.fromisoformat(each["destroyed_at"]), reverse=True)


def conditions(stores: list[Store]) -> list[Row]:
    """Conditions of emergency admissions, by name."""
    rows = [
        row | {"title": words.of("condition", row["condition"])}
        for store in stores[:1]
        for row in store.tables["conditions"]
    ]
    return sorted(rows, key=lambda row: row["title"])


@functools.cache
def sources() -> dict[str, str]:
    """Sources by their numbers in the handbook."""
    return dict(SOURCE.findall(HANDBOOK.read_text(encoding="utf-8")))


def cited(text: str) -> list[str]:
    """Numbers of the sources that a text names."""
    return [number for number in dict.fromkeys(CITED.findall(text)) if number in sources()]
