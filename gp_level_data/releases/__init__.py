"""Release requests, and what dbt has to know of them while it parses.

A request is a row of seeds/releases.csv. dbt cannot read a seed while it parses, and that is when a
request that keeps no rule has to be refused: so `gpld releases` writes the rows of
the seeds as the macro `release_rules`, and for each that is active a model and its contract. The seeds stay
the only source: a data test of each compares it with the macro in every run (agrees_with_parsing), and
no release is built where they differ.
"""

import csv
import json
import re
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace as Namespace
from zoneinfo import ZoneInfo

import yaml

from gp_level_data.custody import keys
from gp_level_data.docs_site import address, link
from gp_level_data.project import PROJECT
from gp_level_data.refusal import Refusal
from gp_level_data.shapes import Settings

SEEDS = PROJECT / "seeds"
RULES = (
    "releases", "release_purposes", "purpose_minimum", "legal_bases", "release_exemptions",
    "release_datasets", "generalisation_steps", "event_steps", "access_methods",
)  # fmt: skip
MACRO = Path("macros", "releases", "release_rules.sql")
MODELS = Path("models", "marts", "releases", "extracts")
CONTRACTS = MODELS / "_extracts__models.yml"
PAGE = Path("models", "marts", "releases", "release_register.md")
REGISTER_COLUMNS = (
    "release_id", "status", "recipient", "organisation_type", "purpose", "legal_basis", "datasets",
    "identifiability", "opt_outs_honoured", "exemption", "is_sensitive", "access_method", "start_date",
    "end_date", "sublicensing",
)  # fmt: skip
UNITED_KINGDOM = ZoneInfo("Europe/London")
RELEASE_ID = re.compile(r"[a-z][a-z0-9_]*")
# What could end a text of a template, or begin another piece of one.
UNFIT = re.compile(r'["\\{}%#\n]')
# What each identifiability means here.
MEANS = {
    "aggregate": "rows of a table for planning, as it is published",
    "pseudonymised": (
        "pseudonyms of this release alone, and as many people as it asks for are alike in what others may know of"
        " them, and share what others may know of an event"
    ),
    "identifiable": (
        "pseudonyms of this release alone, since no direct identifier is stored, but nothing is generalised beyond the first"
        " step asked for, and a group may be one person, whom others may know again"
    ),
}
PRECISION = "How exact it is: month, quarter, year, or period where no more than the period of the release is told."
KEY_CHECK = "regexp_full_match(release_key, '[a-p]{32}')"
BY_HAND = "by `gpld releases`, not by hand"


def run(chosen: Namespace) -> int:
    """Write what dbt needs, and say how many releases there are."""
    wanted = files(PROJECT)
    for path in sorted((PROJECT / MODELS).glob("*")):
        if path.relative_to(PROJECT) not in wanted:
            path.unlink()
    for path, text in wanted.items():
        (PROJECT / path).parent.mkdir(parents=True, exist_ok=True)
        (PROJECT / path).write_text(text, encoding="utf-8")
    print(f"{len(rows_of('releases'))} releases in {MODELS}; `dbt parse` says which are refused, and why.")
    return 0


def rows_of(seed: str, project: Path = PROJECT) -> list[dict[str, str]]:
    """The rows of a seed, text as it stands there."""
    with (project / "seeds" / f"{seed}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def with_people() -> list[dict[str, str]]:
    """The requests for people, under pseudonyms; an aggregate release has none, and needs no key."""
    return [row for row in rows_of("releases") if row["identifiability"] != "aggregate"]


def key_names(collection: str) -> list[str]:
    """Names of the keys of a collection's releases of people, which are the releases' ids."""
    return [row["release_id"] for row in with_people() if row["collection"] == collection]


def keys_of_build(collection: str) -> tuple[str, ...]:
    """Names of the keys that a build of a collection reads: its own, the databases' and its releases'."""
    return collection, *keys.OF_DATABASES, *key_names(collection)


def active_ids(collection: str, day: date) -> list[str]:
    """Ids of the collection's releases of people that are active and between their first and last day."""
    return [
        row["release_id"]
        for row in with_people()
        if row["collection"] == collection
        and row["status"] == "active"
        and row["start_date"] <= day.isoformat() <= row["end_date"]
    ]


def day_of(settings: Settings) -> date:
    """The day for which a run makes its releases: of dissemination, or else of collection."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    settings = project["vars"] | {name: value for name, value in settings.items() if value}
    if settings.get("disseminated_at"):
        return date.fromisoformat(str(settings["disseminated_at"]))
    collected_at = datetime.fromisoformat(str(settings["collected_at"]))
    return collected_at.astimezone(UNITED_KINGDOM).date()


def request_of(release_id: str) -> dict[str, str]:
    """The request of that id; a Refusal where there is none."""
    found = [row for row in rows_of("releases") if row["release_id"] == release_id]
    if len(found) != 1:
        raise Refusal(f"There is no release {release_id!r} in seeds/releases.csv.")
    return found[0]


# ---- what dbt reads ---------------------------------------------------------------------------------


def files(project: Path) -> dict[Path, str]:
    """Every file that follows from the seeds, by its path in the project."""
    requests = rows_of("releases", project)
    for row in requests:
        if not RELEASE_ID.fullmatch(row["release_id"]):
            raise Refusal("The id of a release is lower-case letters, digits and underscores.")
    columns = rows_of("release_datasets", project)
    # A closed one stays in the register, and is not made any more.
    active = [row for row in requests if row["status"] != "closed"]
    models = {MODELS / f"rel_{row['release_id']}.sql": model(row) for row in active}
    return {
        MACRO: macro(project), CONTRACTS: contracts(active, columns), PAGE: page(requests), **models
    }  # fmt: skip


def macro(project: Path) -> str:
    """The macro `release_rules`: the rows of the seeds, one a line, but for where they come from."""
    lines = [f"{{#- Written from the seeds {BY_HAND}. -#}}", "{% macro release_rules() -%}", "{{ return({"]
    for seed in RULES:
        lines.append(f'    "{seed}": [')
        for row in rows_of(seed, project):
            told = {name: fit(value) for name, value in row.items() if name != "provenance"}
            lines.append(f"        {json.dumps(told)},")
        lines.append("    ],")
    return "\n".join([*lines, "}) }}", "{%- endmacro %}"]) + "\n"


def fit(value: str) -> str:
    """A text that stands for itself in a template; a Refusal where it could mean something there."""
    if UNFIT.search(value):
        raise Refusal('The seeds of releases hold none of these: " \\ { } % # and no line end.')
    return value


def model(request: dict[str, str]) -> str:
    """The model of a release."""
    return f"{{{{ release_extract('{request['release_id']}') }}}}\n"


def contracts(requests: list[dict[str, str]], offered: list[dict[str, str]]) -> str:
    """The contracts of all releases: the columns that were approved, and no other."""
    lines = [f"# Written from the seeds {BY_HAND}.", "version: 2", "", "models:"]
    for request in requests:
        lines += [
            f"  - name: rel_{request['release_id']}",
            f"    description: {json.dumps(description(request))}",
            *data_tests(request, offered),
            "    columns:",
        ]
        for name, data_type, words, is_given in contract(request, offered):
            lines += [
                f"      - name: {name}",
                f"        data_type: {data_type}",
                f"        description: {json.dumps(words)}",
            ]
            if is_given:
                lines += ["        constraints:", "          - type: not_null"]
            if name == "release_key":
                lines += ["          - type: check", f'            expression: "{KEY_CHECK}"']
                lines += ["        data_tests: [is_pseudonym]"]
    return "\n".join(lines) + "\n"


def data_tests(request: dict[str, str], offered: list[dict[str, str]]) -> list[str]:
    """The privacy tests of a release: no number, nobody who objected, and of one of counts no small one."""
    columns = contract(request, offered)
    lines = ["    data_tests:"]
    if "code" in [column[0] for column in columns]:
        lines += [
            "      - no_nhs_number:",
            "          arguments:",
            "            allowed: ref('digits_allowed')",
            "            told_apart_by: ref('journal_codes')",
        ]
    else:
        lines += ["      - no_nhs_number"]
    if request["identifiability"] != "aggregate":
        return [
            *lines,
            "      - nobody_who_objected:",
            "          arguments:",
            "            gates: [ref('int_releases__pseudonyms')]",
            "            keys: [release_key]",
        ]
    # the counts of a table for planning are handed on as text, and its other numbers as they are there
    numbers = [name for name, data_type, *_ in columns if data_type in ("double", "bigint")]
    if not numbers:
        return [*lines, "      - no_small_number"]
    why = f"as in fct_{request['datasets']}"
    return [
        *lines,
        "      - no_small_number:",
        "          arguments:",
        "            excepted:",
        *(f"              {name}: {why}" for name in numbers),
    ]


def page(requests: list[dict[str, str]]) -> str:
    """The public register as a page of the docs: a table that fits it, then each release by itself.

    How many people each is about, the mart says.
    """
    header = ["release", "to", "as", "from", "to the end of"]
    table = [header, ["---"] * len(header), *(line(request) for request in requests)]
    parts = [
        "{% docs release_register %}\n\n# Register of releases\n\n"
        f"To whom data were released, for what, and under which rule. How many people are in each release:"
        f" {link('fct_release_register')}; how coarse it is: {link('fct_release_steps')},"
        f" {link('fct_release_precision')}; whose recipients must be told of later objections:"
        f" {link('fct_release_recall')}. Written {BY_HAND}.\n\n",
        *(f"- {name}: {words}.\n" for name, words in MEANS.items()),
        "\n",
        *(f"| {' | '.join(row)} |\n" for row in table),
        *(entry(request) for request in requests),
        "\n{% enddocs %}\n",
    ]
    return "".join(parts)


def line(request: dict[str, str]) -> list[str]:
    """A release in the table of the register."""
    name, part = request["release_id"], address("releases", "exposure", request["release_id"])
    return [
        f"[{name}]({part})", request["recipient"], request["identifiability"],
        request["start_date"], request["end_date"],
    ]  # fmt: skip


def entry(request: dict[str, str]) -> str:
    """A release by itself: everything that the register tells of it."""
    name = request["release_id"]
    told = [f"- {column.replace('_', ' ')}: {request[column] or 'none'}\n" for column in REGISTER_COLUMNS[1:]]
    model = "" if request["status"] == "closed" else f"\nIts columns: {link(f'rel_{name}')}.\n"
    return f"\n## {name}\n\n{''.join(told)}{model}"


def description(request: dict[str, str]) -> str:
    """What a release is, in a sentence."""
    if request["identifiability"] == "aggregate":
        return f"Release to {request['recipient']}, aggregate: rows of fct_{request['datasets']}, as published."
    grains = {
        "records": "a coded record", "hospital": "an admission", "social_care": "a service of social care",
    }  # fmt: skip
    found = [grains[name] for name in request["datasets"].split() if name in grains]
    grain = " or ".join(found) or "a person"
    means = MEANS[request["identifiability"]]
    return f"Release to {request['recipient']}, one row {grain}. {request['identifiability'].title()}: {means}."


def contract(request: dict[str, str], offered: list[dict[str, str]]) -> list[tuple[str, str, str, bool]]:
    """Name, type, description of each column, and whether it is always given."""
    found = {row["column_name"]: row for row in offered if row["dataset"] in request["datasets"].split()}
    columns = []
    for row in (found[name] for name in request["columns_asked"].split() if name in found):
        is_given = row["kind"] in ("dimension", "breakdown")
        columns.append((row["column_name"], row["data_type"], row["description"], is_given))
        if is_time(row):
            columns.append((precision_of(row["column_name"]), "varchar", PRECISION, False))
    if request["identifiability"] == "aggregate":
        return columns
    key = "Pseudonym of a person within this release alone: 32 letters a to p."
    several = len(set(request["datasets"].split()) - {"people"}) > 1
    dataset = [("dataset", "varchar", "Which dataset the row is of; columns of others are null.", True)]
    return [("release_key", "varchar", key, True), *(dataset if several else []), *columns]


def is_time(column: dict[str, str]) -> bool:
    """Whether a column of seeds/release_datasets.csv says when something happened, as exactly as it may."""
    return column["kind"] == "quasi_identifier" and column["data_type"] == "date"


def known_columns(request: dict[str, str]) -> list[str]:
    """The columns of a release that others may know of a person or an event."""
    offered = rows_of("release_datasets")
    known = {row["column_name"] for row in offered if row["kind"] == "quasi_identifier"}
    known |= {"dataset", *(precision_of(name) for name in known)}
    return [name for name, *_ in contract(request, offered) if name in known]


def precision_of(name: str) -> str:
    """The column that says how exact a month is."""
    return name.replace("_month", "_precision")
