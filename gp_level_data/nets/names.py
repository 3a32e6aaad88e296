"""Net 1, by name: rules that a dbt manifest must keep, before anything runs.

A manifest names every model, column, test, hook and edge of the project, so that each rule here is
read off it in milliseconds. Whatever the rules do not know is a finding: another kind of node, another
folder, another sort of constraint. What the SQL inside the models does is the other nets' business.
"""

import csv
import json
import re
import string
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from gp_level_data.custody import checksums
from gp_level_data.nets import Finding
from gp_level_data.nets.graph import Graph, parents, stretch_of, tested_model, without_comments, words
from gp_level_data.nets.lineage.parsing import parse, tables_read
from gp_level_data.nets.lineage.values import NotUnderstood
from gp_level_data.nets.sources import known_sources, place_of, source_of
from gp_level_data.nets.spelling import lists_in, numbers_quoted, numbers_spread, speaks_of_numbers
from gp_level_data.raw.landing.words import NOBODY
from gp_level_data.shapes import Manifest, Node

PATIENT_KEY, RELEASE_KEY = "patient_key", "release_key"
PSEUDONYMS = (PATIENT_KEY, RELEASE_KEY)
PSEUDONYM_CHECK = "regexp_full_match({column}, '[a-p]{{32}}')"
STORED = {"table", "incremental"}

# Where each kind of model lies, who owns it, and who may refer to it.
REFERENCE = ("marts", "reference")
# Exact counts outlive the destruction under a key of their own; what was shown last is one of them.
OF_COUNTS, SHOWN_LAST = ("assurance", "counts"), ("assurance", "history")


@dataclass(frozen=True)
class Zone:
    """One stretch of the way through: a folder of models, and what holds for all of them."""

    folder: str
    materialized: set[str]
    places: set[tuple[str, str]]
    group: str
    access: str


ZONES = (
    Zone("models/staging/", {"view"}, {("memory", "staging")}, "gateway", "private"),
    # What is judged once and read twice may be a table of the run's memory.
    Zone(
        "models/intermediate/gateway/",
        {"view", "table"},
        {("memory", "gateway")},
        "gateway",
        "private",
    ),
    Zone(
        "models/intermediate/gateway/",
        STORED,
        {("patient_level", "gateway"), REFERENCE, OF_COUNTS},
        "gateway",
        "protected",
    ),
    Zone(
        "models/intermediate/",
        STORED,
        {("patient_level", "intermediate"), SHOWN_LAST},
        "warehouse",
        "private",
    ),
    # What is released has rows of people, and waits under the key of the store.
    Zone(
        "models/marts/releases/extracts/",
        STORED,
        {("patient_level", "releases")},
        "warehouse",
        "private",
    ),
    # What goes to one sender each is exact, and waits there too.
    Zone(
        "models/marts/gp_report/senders/",
        STORED,
        {("patient_level", "senders")},
        "warehouse",
        "protected",
    ),
    # In the gateway run, which does not build them, the default database is the one in memory.
    Zone("models/marts/", STORED, {("marts", "main"), ("memory", "main")}, "warehouse", "protected"),
)

# The border is reviewed line by line: at under sixty lines a model, fifty-eight are two days' reading.
MOST_GATEWAY_MODELS = 60
# One for each kind of record that crosses: the person, the admission, the answer about a person; of the
# journals the person, the record, the admission, the social care, and who objects to being handed on; of
# releases who is in one, and how many who were in one object since.
MOST_MODELS_WITH_PSEUDONYMS = 10

# How a model calls the macro, alone on its line; and the macro, word for word.
CALL = re.compile(
    r"^\s*(?:select\s+)?\{\{ pseudonymise\('(?:\w+\.)?nhs_number'\) \}\} as patient_key,?\s*$", re.MULTILINE
)
CALL_FOR_RELEASE = re.compile(
    r"^\s*\{\{ release_pseudonym\('release_id', 'nhs_number'\) \}\} as release_key,?\s*$", re.MULTILINE
)
REVIEWED = {
    "pseudonymise": (
        "{% macro pseudonymise(number) -%} pseudonymise(lpad({{ to_text(number) }}, 10, '0')) {%- endmacro %}"
    ),
    "release_pseudonym": (
        "{% macro release_pseudonym(release_id, number) -%}"
        " release_pseudonym({{ release_id }}, lpad({{ to_text(number) }}, 10, '0'))"
        " {%- endmacro %}"
    ),
}
# What they call is theirs: the number's text, on each engine.
REVIEWED |= {
    "to_text": "{% macro to_text(value) -%} {{ return(adapter.dispatch('to_text')(value)) }} {%- endmacro %}",
    "default__to_text": "{% macro default__to_text(value) -%} cast({{ value }} as varchar) {%- endmacro %}",
    "spark__to_text": "{% macro spark__to_text(value) -%} cast({{ value }} as string) {%- endmacro %}",
}
# Whom the gate keeps: the anti join, word for word.
REVIEWED["exclude_opted_out"] = (
    "{% macro exclude_opted_out(relation, collection) -%} select people.* from {{ relation }} as people"
    " left join {{ ref('int_opt_outs__upheld') }} as opt_outs on people.nhs_number = opt_outs.nhs_number"
    " and opt_outs.collection = '{{ collection }}' and opt_outs.lifted_by is null"
    " where opt_outs.nhs_number is null {%- endmacro %}"
)
REVIEWED["pseudonyms_of_objectors"] = (
    "{% macro pseudonyms_of_objectors() -%}"
    " select {{ pseudonymise('opt_outs.nhs_number') }} as patient_key"
    " from {{ ref('int_opt_outs__upheld') }} as opt_outs"
    " where opt_outs.collection = '{{ var(\"collection\") }}' and opt_outs.lifted_by is null"
    " {%- endmacro %}"
)
# The one model that makes pseudonyms of objectors, to count whom of them a release was about.
COUNTS_OBJECTORS = "int_releases__recalled"

# Columns whose name ends like a key's, and what they are.
KEY_LIKE = re.compile(
    r"(?:^|_)(?:key|id|ref|uid|uuid|guid|hash|hmac|digest|token|number|no)$|pseudo|hash|hesid|epikey",
    re.IGNORECASE,
)
# What is numbered by the calendar or within a text is no key of anybody.
COUNTED_OFF = re.compile(r"(?:^|_)(?:day|week|month|quarter|year|line|page)_(?:number|no)$", re.IGNORECASE)
KNOWN_KEYS = {
    PATIENT_KEY: "the pseudonym, with its CHECK",
    RELEASE_KEY: "the pseudonym within one release, with its CHECK",
    "release_id": "a row of the seed releases",
    "metric_id": "a row of the seed metrics",
    "exception_id": "a row of the seed exception_register",
    "admission_number": "1, 2, 3, ... among a patient's admissions",
}
KNOWN_IN_SNAPSHOTS = {"dbt_scd_id": "a version of reference data, whose digest the seed digits_allowed tells"}

# Columns whose name ends like that of a count, or of what is worked out from one.
COUNTED = re.compile(r"(?:^|_)(?:counts?|number|total|sum|percent|share|rate|per_\d+|size)$", re.IGNORECASE)

# Of a day of birth the year is stored and nothing more, of an address nothing but the area.
BIRTHDAY_OR_ADDRESS = re.compile(
    r"(?:^|_)(?:dob|birth_?da(?:y|te)|da(?:y|te)_of_birth|born|post_?code|address)(?:_|$)", re.IGNORECASE
)

KINDS = {
    "model", "seed", "snapshot", "test", "unit_test", "operation", "source", "exposure", "doc", "group",
    "analysis",
}  # fmt: skip
# The engine's message about a broken key repeats the value; one about NOT NULL or a CHECK does not.
CONSTRAINTS = {"not_null", "check"}
# As it is written for translate().
ALPHABETS = {string.digits, string.digits[::-1]}
A_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)
A_TYPE = re.compile(r"[a-z]+(?: [a-z]+)*(?:\(\d+(?:, ?\d+)?\))?(?:\[\])?", re.IGNORECASE)
# Of what a constraint is made: columns of the row and constants, compared and put together.
OF_A_CONDITION = {
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ,
    exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.Between, exp.In, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg,
    exp.Length, exp.RegexpFullMatch,
}  # fmt: skip
# Tests that return a count, never a row, and so may look at identifiable views.
COUNTING_TESTS = {"unique_key", "one_row", "exception_is_registered", "nobody_who_objected"}
COUNTS = re.compile(
    r"\s*\{% test [^%]*%\}\s*(?:\{\{ config\(tags=\[[^\[\]{}()]*\]\) \}\}\s*)?"
    r"select count\(\*\) as \w+\s+from\b",
    re.IGNORECASE,
)
# The tests that make the promises visible in the docs, with the tag by which all of them are run; the one that
# asks at the gate has another in the run that knows no numbers.
NO_NUMBER, NO_OBJECTOR = "no_nhs_number", "nobody_who_objected"
IS_PSEUDONYM, NO_SMALL_NUMBER = "is_pseudonym", "no_small_number"
PRIVACY, PRIVACY_OF_THE_GATEWAY = "privacy", "privacy_of_the_gateway"
# What dbt brings: they return no rows, and say nothing of the promises.
DBTS_TESTS = {"accepted_values", "not_null", "relationships", "unique"}
MARTS = "models/marts/"
TEST_SETTINGS: dict[str, set[str | bool | None]] = {
    "store_failures": {False},
    "store_failures_as": {None, "ephemeral"},
    "severity": {"ERROR"},
    # How many rows fail is an exact count where they are people's, or any number that a query makes rows of.
    "fail_calc": {"least(count(*), 1)"},
    "warn_if": {"!= 0"},
    "error_if": {"!= 0"},
    "where": {None},
    "limit": {None},
}
# What else a test may be told, of which nothing goes into its statement.
OF_A_TEST = {"alias", "database", "enabled", "group", "materialized", "meta", "schema", "static_analysis", "tags"}
# What the selectors select, as the manifest has it, when somebody last saw that no test falls between them.
SELECTORS = "lniicnpo-bcapiali-ighmjcpj-kcdmgpoh-oonmfgce-dhdgaokk-iiljgjle-dbpkmoeo"
# A row that somebody made up is written out, without a template.
TEMPLATE = re.compile(r"\{[{%#]")
A_PLAIN_WORD = re.compile(r"[\w .:+-]*")
# What a macro may be made to give: a text of SQL, such as the pseudonym of an invented person.
A_TEXT = re.compile(r"'[\w .:+-]*'")
# What a snapshot or model may be told: columns by their names, and which of dbt's ways it takes.
OF_COLUMNS = {"unique_key", "updated_at", "check_cols"}
OF_WORDS: dict[str, dict[str, set[str | None]]] = {
    "snapshot": {
        "materialized": {"snapshot"},
        "strategy": {"check", "timestamp"},
        "hard_deletes": {"ignore", "invalidate", "new_record"},
        "on_schema_change": {"ignore"},
        "on_configuration_change": {"apply"},
    },
    "model": {
        "materialized": {"incremental", "table", "view"},
        "incremental_strategy": {None, "append", "delete+insert"},
        "on_schema_change": {"append_new_columns", "fail", "ignore", "sync_all_columns"},
        "on_configuration_change": {"apply"},
    },
}
# Settings that go into no statement, or that other rules look at.
OF_NO_STATEMENT = {
    "enabled", "alias", "schema", "database", "tags", "meta", "group", "persist_docs", "docs", "lookback", "contract",
    "pre-hook", "post-hook", "description", "access", "full_refresh",
}  # fmt: skip
SEEDS_LIE_IN, SNAPSHOTS_LIE_IN = ("marts", "seeds"), "snapshots"
# What runs beside the models: the net by value counts what looks like a number in what was stored; and a run
# that may not stand is stopped.
OPERATIONS = {
    "{{ check_stored_values() }}": ["on-run-end"],
    "{{ check_what_was_built() }}": ["on-run-end"],
    "{{ check_intake() }}": ["on-run-end"],
}
WRITES = re.compile(
    r"\b(?:insert\s+into|copy|export|attach|install|load|env_var|create\s+(?:or\s+replace|\w+\s+as))\b"
    r"|\b(?:log|print)\s*\(",
    re.IGNORECASE,
)
JINJA = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
ASKS_OR_TELLS = re.compile(
    r"\b(?:log|print|debug|env_var|write|submit_python_job)\s*\("
    # by these names nothing else may go either
    r"|\b(?:run_query|statement|load_result|store_result|store_raw_result)\b"
    r"|\b(?:adapter(?!\.dispatch\()|modules|exceptions\.warn|graph)\b",
    re.IGNORECASE,
)
# Macros of dbt's own that the project replaces. Another one could change how every table is made.
REPLACED_MACROS = {
    "generate_schema_name", "duckdb__collect_freshness", "duckdb__persist_docs", "duckdb__snapshot_get_time",
}  # fmt: skip

# Fields of a node that are not the project's words: paths of the machine, digests, the moment of parsing.
NOT_WORDS = {"root_path", "build_path", "compiled_path", "checksum", "created_at"}
# Pages for readers, the facts of the domain and the contract of the raw files, of which a block tells each column:
# prose that no row flows into. Whatever refers to a block has its words, and is asked for them itself.
PAGES = re.compile(r"(?:doc|exposure)[.]\w+[.](?:handbook|raw_\w+)")
# Long names of generic tests end in a digest, which may look like anything; their code repeats it.
DIGESTS = {"alias", "unique_id", "path", "raw_code"}
# What a model of the gateway has to do is written in its SQL; what it hands on, everywhere else.
CODE = {"raw_code", "compiled_code", "extra_ctes", "depends_on", "refs"}

Broken = Iterator[tuple[str, str]]


def findings(manifest: Manifest) -> list[Finding]:
    """What is wrong with a project, by its manifest alone; nothing where the net holds.

    manifest    the manifest.json of either target, parsed or compiled, as a dictionary
    """
    graph = Graph(manifest)
    return sorted(
        {Finding("names", where, what) for rule in RULES for where, what in rule(graph)},
        key=lambda finding: (finding.where, finding.what),
    )


# ---- the rules: each yields where it is broken, and how ---------------------------------------------


def only_known_kinds(graph: Graph) -> Broken:
    """Functions, semantic models and packages would bring ways that no rule looks at."""
    for key, node in graph.all.items():
        if node["resource_type"] not in KINDS:
            yield key, f"is a {node['resource_type']}, which no rule knows"
    for key in graph.strangers:
        yield key, "comes from another package"


def each_run_takes_all_that_is_its_own(graph: Graph) -> Broken:
    """A selector could leave out the tests that look for people who objected."""
    selected = {name: selector["definition"] for name, selector in graph.selectors.items()}
    if checksums.of_bytes(json.dumps(selected, sort_keys=True).encode()) != SELECTORS:
        # Whoever reviews them anew notes their checksum above.
        yield "selectors.yml", "selects otherwise than was reviewed"


def nothing_speaks_of_numbers(graph: Graph) -> Broken:
    """Downstream of the gateway nothing is named, described or tagged after an NHS Number."""
    for key, node in graph.all.items():
        if key in graph.identifiable or PAGES.fullmatch(key):
            continue
        about = tested_model(node) if node["resource_type"] in ("test", "unit_test") else None
        # A test of an identifiable view, and a unit test that feeds a model from one, have to name it.
        if about in graph.identifiable or (about in graph.gateway and "given" in node):
            continue
        without = NOT_WORDS | (CODE if key in graph.gateway else set())
        test = test_name(node)
        # One test is named after what it looks for; one has to name it where it asks at the gate.
        name = NO_NUMBER if test == NO_NUMBER else None
        if test == NO_OBJECTOR and about in graph.gateway:
            without = NOT_WORDS | CODE
        said = without_seeds(node, graph)
        if any(speaks_of_numbers(text.replace(name, "") if name else text) for text in words(said, without)):
            yield key, "speaks of an NHS Number"
        # The operations are known one by one; the net by value has to name what it looks for.
        if key in graph.gateway or node["resource_type"] == "operation" or test in (NO_NUMBER, NO_OBJECTOR):
            continue
        for macro in graph.macros_of(node):
            if any(speaks_of_numbers(text) for text in words(graph.macros[macro], NOT_WORDS)):
                yield key, f"uses {macro}, which speaks of an NHS Number"


def without_seeds(node: Node, graph: Graph) -> Node:
    """A unit test without the rows that dbt takes from seeds for it: those are the seeds' own."""
    seeds = {f"ref('{seed['name']}')" for seed in graph.of("seed").values()}
    given = [{**each, "rows": None} if each["input"] in seeds else each for each in node.get("given") or ()]
    return node | {"given": given} if given else node


def nothing_quotes_a_number(graph: Graph) -> Broken:
    """No text holds a valid number, no seed's row either; a manifest knows only where those lie.

    Unit tests of identifiable steps need some, and so does what tells senders how to write them: of the range for tests.
    """
    for key, node in {**graph.all, **graph.ours()}.items():
        kind = node["resource_type"]
        without = NOT_WORDS | (DIGESTS if node.get("test_metadata") else set())
        texts = [*words(node, without), *map(",".join, rows_of(node))]
        quoted = {number for text in texts for number in numbers_quoted(text)}
        # The rows of a unit test are counts that somebody made up, one beside the other.
        beside = [*rows_of(node), *(lists_in(node) if kind != "unit_test" else ())]
        quoted |= {number for row in beside for number in numbers_spread(row)}
        tests_the_gateway = kind == "unit_test" and tested_model(node) in graph.gateway | graph.staging
        if tests_the_gateway or key in graph.landing or PAGES.fullmatch(key):
            quoted = {number for number in quoted if not number.startswith("999")}
        if quoted and quoted <= ALPHABETS:
            yield key, "writes the ten digits in a row, which is a valid number: say [0-9]"
        elif quoted:
            yield key, "quotes a number that could be somebody's"


def rows_of(node: Node) -> list[list[str]]:
    """The rows of a seed's file, while the project lies where it was parsed."""
    path = Path(node.get("root_path") or "", node.get("original_file_path", ""))
    if node["resource_type"] != "seed" or not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def every_model_keeps_to_its_zone(graph: Graph) -> Broken:
    """Folder, materialisation, database, schema, group and access go together, without exceptions."""
    for key, node in graph.models.items():
        folder_zones = [z for z in ZONES if node["original_file_path"].startswith(z.folder)]
        # The gateway's folder is inside that of intermediate.
        deepest = max((len(z.folder) for z in folder_zones), default=0)
        zones = [z for z in folder_zones if len(z.folder) == deepest]
        if not zones:
            yield key, "lies in a folder that is no zone"
            continue
        made, place = node["config"]["materialized"], (node["database"], node["schema"])
        fitting = [z for z in zones if made in z.materialized]
        if not fitting:
            yield key, f"is materialised as {made}, which {zones[0].folder} is not for"
            continue
        zone = next((z for z in fitting if place in z.places), fitting[-1])
        if place not in zone.places:
            yield key, f"lies in {node['database']}.{node['schema']}"
        if node.get("group") != zone.group:
            yield key, f"belongs to the group {node.get('group')}, not {zone.group}"
        if node.get("access") != zone.access:
            yield key, f"is {node.get('access')}, not {zone.access}"


def nothing_reads_what_lies_farther_on(graph: Graph) -> Broken:
    """A result that flows back would decide who is counted, and disclosure control would see it twice."""
    for key, node in graph.models.items():
        here = stretch_of(node["original_file_path"])
        for name in sorted(parents(node) & graph.models.keys()):
            if stretch_of(graph.models[name]["original_file_path"]) > here:
                yield key, f"reads {graph.models[name]['name']}, which lies farther on"


def every_model_is_sql(graph: Graph) -> Broken:
    """A Python model reads files that a closed connection does not."""
    for key, node in graph.models.items():
        if node["language"] != "sql":
            yield key, f"is written in {node['language']}"


def only_the_gateway_reads_what_is_identifiable(graph: Graph) -> Broken:
    """Tests, snapshots and exposures are readers too; those of the gateway's own views return counts."""
    for key, node in graph.all.items():
        read = parents(node) & graph.identifiable
        if read & graph.landing and key not in graph.staging:
            yield key, "reads raw files"
        read -= graph.landing
        if not read or key in graph.gateway:
            continue
        about = tested_model(node)
        if node["resource_type"] == "unit_test" and about in graph.gateway | graph.staging:
            continue
        if test_name(node) in COUNTING_TESTS and about in graph.gateway and not read & graph.staging:
            continue
        yield key, "reads identifiable rows outside the gateway"


def raw_files_come_from_landing(graph: Graph) -> Broken:
    """A source elsewhere, or with a location of its own, would be a file that no contract has seen."""
    known = known_sources()
    places = {place[:2] for place in known}
    times = Counter(map(place_of, graph.of("source").values()))
    for key, node in graph.of("source").items():
        place = (node["database"], node["schema"])
        if place not in places:
            yield key, f"lies in {'.'.join(map(str, place))}"
        elif place_of(node) not in known:
            yield key, f"is {'.'.join(place_of(node))}, which nets/sources.py does not list"
        if times[place_of(node)] > 1:
            yield key, "is a relation that another source is as well"
        settings = {**node["meta"], **node["source_meta"], **node["config"].get("meta", {})}
        if node.get("external") or {"external_location", "plugin"} & settings.keys():
            yield key, "has a location of its own"


def freshness_is_of_a_column(graph: Graph) -> Broken:
    """dbt writes the latest value that it finds into an artefact: a moment that identifies nobody, as it was sent."""
    for key, node in graph.of("source").items():
        column = node.get("loaded_at_field")
        known = source_of(node)
        if column and not (known and known.identifies.get(column) == NOBODY):
            yield key, "is fresh by something else than a column that identifies nobody"
        if node.get("loaded_at_query") or (node.get("freshness") or {}).get("filter"):
            yield key, "is fresh by a query of its own"


def the_gateway_is_small(graph: Graph) -> Broken:
    """What nobody can read whole, nobody can vouch for."""
    if len(graph.gateway) > MOST_GATEWAY_MODELS:
        yield "models/intermediate/gateway", f"has more than {MOST_GATEWAY_MODELS} models"
    if len(graph.callers()) > MOST_MODELS_WITH_PSEUDONYMS:
        yield "models/intermediate/gateway", f"makes pseudonyms in {len(graph.callers())} models"


def only_stored_gateway_models_pseudonymise(graph: Graph) -> Broken:
    """A view would call the function when it is read; a model elsewhere has no business with it."""
    for key, node in graph.callers().items():
        if key not in graph.gateway:
            yield key, "calls pseudonymise outside the gateway"
        elif node["config"]["materialized"] not in STORED:
            yield key, "calls pseudonymise and is not a table"
        elif node["name"] == COUNTS_OBJECTORS:
            if set(node["columns"]) & set(PSEUDONYMS):
                yield key, "keeps pseudonyms of objectors"
        elif PATIENT_KEY not in node["columns"]:
            yield key, f"calls pseudonymise for something else than {PATIENT_KEY}"
    for key, node in graph.callers(graph.all).items():
        # One test does, to count at the gate whoever objected; beyond it, it asks the gate.
        asks = test_name(node) == NO_OBJECTOR and (tested_model(node) in graph.gateway or has_gates(node))
        if key not in graph.models and not asks:
            yield key, "calls pseudonymise and is no model"


def pseudonyms_are_made_in_one_way(graph: Graph) -> Broken:
    """Of the bare number, by the macro, as patient_key and nothing besides; the macro says what it said."""
    for key, node in graph.callers().items():
        code = without_comments(node["raw_code"])
        if len(re.findall("pseudonymise", code)) != len(CALL.findall(code)):
            yield key, "makes a pseudonym otherwise than by {{ pseudonymise('nhs_number') }} as patient_key"
    for key, node in graph.models.items():
        code = without_comments(node["raw_code"])
        # of the row's own release, and only where the person's pseudonym is made as well
        if len(re.findall("release_pseudonym", code)) != len(CALL_FOR_RELEASE.findall(code)) or (
            "release_pseudonym" in code and "pseudonymise(" not in code
        ):
            yield key, "makes the pseudonym of a release otherwise than the row's own, as release_key"
    for key, node in graph.ours().items():
        reviewed = REVIEWED.get(node["name"])
        if reviewed and " ".join(node["macro_sql"].split()) != reviewed:
            yield key, "has another text than the one that was reviewed"


def every_stored_model_has_a_contract(graph: Graph) -> Broken:
    """The contract is the allow-list of columns, and the only place where a CHECK is promised."""
    for key, node in graph.stored.items():
        if not (node["config"]["contract"]["enforced"] and node["columns"]):
            yield key, "has no enforced contract"
        for constraint in constraints(node):
            if constraint["type"] not in CONSTRAINTS:
                yield key, f"has a constraint of type {constraint['type']}"


def constraints(node: Node) -> Iterator[Node]:
    """Constraints of a model and of its columns."""
    yield from node.get("constraints") or ()
    for column in node["columns"].values():
        yield from column.get("constraints") or ()


def contracts_are_columns_and_expressions(graph: Graph) -> Broken:
    """A name, a type or a constraint is written into a statement as it is: each has to be one, and nothing behind it."""
    for key, node in {**graph.models, **graph.of("seed"), **graph.of("snapshot")}.items():
        types = [column.get("data_type") for column in node["columns"].values()]
        types += (node["config"].get("column_types") or {}).values()
        if any(not A_NAME.fullmatch(name) for name in node["columns"]):
            yield key, "has a column whose name is more than a name"
        if any(given and not A_TYPE.fullmatch(given) for given in types):
            yield key, "has a type that is more than a type"
        for constraint in constraints(node):
            if constraint.get("name") or constraint.get("to"):
                yield key, "has a constraint with a name or a reference of its own"
            if constraint.get("expression") and not is_one_expression(constraint["expression"], node["columns"]):
                yield key, "has a constraint that is not one expression over its columns"


def is_one_expression(text: str, columns: Collection[str]) -> bool:
    """Whether a text is one condition on the columns of a row, of known parts, and nothing besides."""
    try:
        condition = parse_one(text, dialect="duckdb", into=exp.Condition)
    except SqlglotError:
        return False
    parts = list(condition.walk())
    if any(type(part) not in OF_A_CONDITION or part.comments for part in parts):
        return False
    return all(part.name in columns and not part.table for part in parts if isinstance(part, exp.Column))


def patient_keys_are_pseudonyms_and_nothing_else(graph: Graph) -> Broken:
    """The engine itself refuses whatever is not 32 letters, in the database that is destroyed."""
    for key, node in graph.stored.items():
        for name in PSEUDONYMS:
            column = node["columns"].get(name)
            if column is None:
                continue
            promised = {(c["type"], c["expression"]) for c in column.get("constraints") or ()}
            if ("not_null", None) not in promised:
                yield f"{key}.{name}", "may be null"
            if ("check", PSEUDONYM_CHECK.format(column=name)) not in promised:
                yield f"{key}.{name}", "has not the CHECK of a pseudonym"
            if node["database"] != "patient_level":
                yield f"{key}.{name}", "is stored outside the patient-level database"


def releases_have_no_pseudonyms_but_their_own(graph: Graph) -> Broken:
    """With the collection's pseudonym, two releases could be joined after all."""
    for key, node in graph.models.items():
        if "models/marts/releases/" in node["original_file_path"] and PATIENT_KEY in node["columns"]:
            yield key, f"gives {PATIENT_KEY} away"


def no_other_column_is_a_key(graph: Graph) -> Broken:
    """A key of a person under another name would have no CHECK."""
    for key, node in {**graph.stored, **graph.of("seed"), **graph.of("snapshot")}.items():
        known = {**KNOWN_KEYS, **(KNOWN_IN_SNAPSHOTS if node["resource_type"] == "snapshot" else {})}
        for column in node["columns"]:
            if KEY_LIKE.search(column) and column not in known and not COUNTED_OFF.search(column):
                yield f"{key}.{column}", "is named like a key that nobody knows"


def no_column_is_a_birthday_or_an_address(graph: Graph) -> Broken:
    """Either, with little besides, tells who somebody is."""
    for key, node in {**graph.stored, **graph.of("seed"), **graph.of("snapshot")}.items():
        for column in node["columns"]:
            if BIRTHDAY_OR_ADDRESS.search(column):
                yield f"{key}.{column}", "is named like a day of birth or an address"


def nothing_runs_beside_the_models(graph: Graph) -> Broken:
    """A hook or an operation copies rows that no contract has seen."""
    for key, node in graph.all.items():
        config = node.get("config") or {}
        if any(config.get(name) for name in ("pre-hook", "post-hook", "pre_hook", "post_hook")):
            yield key, "has a hook"
    operations = graph.of("operation")
    for code in OPERATIONS.keys() - {node["raw_code"] for node in operations.values()}:
        yield "dbt_project.yml", f"does without {code}"
    for key, node in operations.items():
        if OPERATIONS.get(node["raw_code"]) != node["tags"]:
            yield key, "is an operation that nobody knows"
        for name in graph.macros_of(node):
            code = without_comments(graph.macros[name]["macro_sql"])
            if WRITES.search(code):
                yield name, "writes, and an operation uses it"


def nothing_is_asked_or_told_while_compiling(graph: Graph) -> Broken:
    """What a template asks of the database lands in SQL text, artefacts and logs; so does what it says."""
    for key, node in {**graph.models, **graph.of("snapshot")}.items():
        codes = [node["raw_code"], *(graph.macros[name]["macro_sql"] for name in graph.macros_of(node))]
        if any(ASKS_OR_TELLS.search(block) for code in codes for block in JINJA.findall(code)):
            yield key, "asks or tells something while it is compiled"


def dbt_makes_tables_its_own_way(graph: Graph) -> Broken:
    """A macro with the name of one of dbt's replaces it, also for every model of the gateway."""
    theirs = {node["name"] for node in graph.macros.values() if node["package_name"] != graph.project}
    for key, node in graph.ours().items():
        name = node["name"]
        adapted = name.removeprefix("duckdb__").removeprefix("default__")
        names = {name, adapted, f"default__{adapted}", f"duckdb__{adapted}"}
        if (names & theirs or name.startswith("materialization_")) and name not in REPLACED_MACROS:
            yield key, "replaces a macro of dbt's"


def failing_rows_are_never_kept(graph: Graph) -> Broken:
    """A data test stops the run, tells neither rows nor how many, and keeps nothing; also where the command line says so."""
    for key, node in graph.of("test").items():
        for setting, allowed in TEST_SETTINGS.items():
            found = node["config"].get(setting)
            if setting == "where" and test_name(node) in DBTS_TESTS and node["original_file_path"].startswith(MARTS):
                # Of rows that are published, some.
                continue
            if (found.upper() if setting == "severity" else found) not in allowed:
                yield key, f"is a test with {setting} of its own"
        for setting in node["config"].keys() - TEST_SETTINGS.keys() - OF_A_TEST:
            if node["config"][setting]:
                yield key, f"is told {setting}, which no test has to be told"


def generic_tests_count(graph: Graph) -> Broken:
    """A test of the project's own returns how many rows fail, never the rows."""
    for key, node in graph.ours().items():
        code = without_comments(node["macro_sql"])
        if node["name"].startswith("test_") and not COUNTS.match(code):
            yield key, "returns something else than a count"


def test_name(node: Node) -> str | None:
    """Which generic test a node is, if it is one."""
    return (node.get("test_metadata") or {}).get("name")


def has_gates(node: Node) -> bool:
    return bool(node["test_metadata"]["kwargs"].get("gates"))


def every_stored_relation_has_its_privacy_tests(graph: Graph) -> Broken:
    """Who reads the docs, or runs `dbt test --select tag:privacy`, sees each promise asked of each table."""
    declared = {
        (tested_model(node), test_name(node), node.get("column_name"))
        for node in graph.of("test").values()
        if {PRIVACY, PRIVACY_OF_THE_GATEWAY} & set(node["config"]["tags"])
    }
    for key, node in {**graph.stored, **graph.of("seed"), **graph.of("snapshot")}.items():
        for test, column in promised(node):
            if (key, test, column) not in declared:
                yield f"{key}.{column}" if column else key, f"does without the test {test}"


def promised(node: Node) -> Iterator[tuple[str, str | None]]:
    """The privacy tests of a stored relation, and the column of each that is about one."""
    yield NO_NUMBER, None
    keys = [name for name in PSEUDONYMS if name in node["columns"]]
    for name in keys:
        yield IS_PSEUDONYM, name
    if keys:
        yield NO_OBJECTOR, None
    elif node["original_file_path"].startswith("models/marts/"):
        yield NO_SMALL_NUMBER, None


def privacy_tests_are_asked_in_earnest(graph: Graph) -> Broken:
    """A gate that is none lets everybody through, and an exception without a reason is a hole."""
    for key, node in graph.of("test").items():
        about, test = tested_model(node), test_name(node)
        if test == NO_OBJECTOR and has_gates(node):
            gates = parents(node) - {about}
            asked_at = {tested_model(t) for t in graph.of("test").values() if test_name(t) == NO_OBJECTOR}
            if not gates or not gates <= graph.gateway & set(graph.stored) & asked_at:
                yield key, "asks a gate that is none"
        elif test == NO_OBJECTOR and about not in graph.gateway:
            yield key, "asks at the gate about what lies beyond it"
        elif test == NO_SMALL_NUMBER:
            excepted = node["test_metadata"]["kwargs"].get("excepted") or {}
            if not all(isinstance(reason, str) and reason.strip() for reason in excepted.values()):
                yield key, "excepts a column without a reason"
            if not excepted.keys() <= graph.all[about]["columns"].keys():
                yield key, "excepts a column that is not there"


def unit_tests_make_up_their_rows(graph: Graph) -> Broken:
    """A fixture that reads a table would print its rows when the test fails."""
    seeds = {(node["schema"], node["alias"]) for node in graph.of("seed").values()}
    for key, node in graph.of("unit_test").items():
        for fixture in (*node["given"], node["expect"]):
            rows = fixture.get("rows")
            is_made_up = makes_up(rows, seeds) if isinstance(rows, str) else is_written_out(rows or [])
            if fixture.get("fixture") or not is_made_up:
                yield key, "has a fixture that is not made up on the spot"
        overrides = node.get("overrides") or {}
        said, made = (overrides.get(name) or {} for name in ("vars", "macros"))
        are_texts = all(A_TEXT.fullmatch(str(value)) for value in made.values())
        if overrides.get("env_vars") or not are_texts or not all(map(is_plain, said.values())):
            yield key, "overrides something with more than plain words"


def makes_up(sql: str, seeds: Collection[tuple[str, str]]) -> bool:
    """Whether a query reads nothing but rows that are written in it, and seeds, which are rules."""
    try:
        parse(sql)
        read = tables_read(sql)
    except NotUnderstood:
        return False
    places = {(database, *seed) for seed in seeds for database in ("", SEEDS_LIE_IN[0])}
    return not TEMPLATE.search(sql) and read <= places


def is_written_out(rows: list[Node]) -> bool:
    """Whether each row is single values under plain names: dbt quotes nothing else."""
    cells = [cell for row in rows for cell in row.items()]
    return all(A_NAME.fullmatch(name) and not isinstance(value, (list, dict)) for name, value in cells)


def is_plain(value: object) -> bool:
    return bool(A_PLAIN_WORD.fullmatch(str(value)))


def seeds_and_snapshots_lie_in_their_place(graph: Graph) -> Broken:
    """Elsewhere, or under another name, one could stand for rows whose columns are known for something else."""
    for key, node in {**graph.of("seed"), **graph.of("snapshot")}.items():
        place = (node["database"], node["schema"])
        lies = place == SEEDS_LIE_IN if node["resource_type"] == "seed" else place[1] == SNAPSHOTS_LIE_IN
        if not lies or node["alias"] != node["name"]:
            yield key, f"lies in {'.'.join((*map(str, place), str(node['alias'])))}"


def settings_are_plain_names(graph: Graph) -> Broken:
    """dbt writes a model's or snapshot's settings into its statements as they are: an expression there is SQL that nobody reads."""
    for key, node in {**graph.models, **graph.of("snapshot")}.items():
        kind = node["resource_type"]
        for setting, value in node["config"].items():
            if setting in OF_COLUMNS:
                named = value if isinstance(value, list) else [value] if value else []
                known = {*node["columns"], *(["all"] if setting == "check_cols" and value == "all" else [])}
                if not all(isinstance(name, str) and A_NAME.fullmatch(name) and name in known for name in named):
                    yield key, f"has a {setting} that is not one of its columns by name"
            elif setting in OF_WORDS[kind]:
                if value not in OF_WORDS[kind][setting]:
                    ways = ", ".join(sorted(filter(None, OF_WORDS[kind][setting])))
                    yield key, f"is told another {setting} than {ways}"
            elif setting not in OF_NO_STATEMENT and any(value.values() if isinstance(value, dict) else [value]):
                yield key, f"is told {setting}, which no {kind} has to be told"


def snapshots_follow_reference_data(graph: Graph) -> Broken:
    """A snapshot outlives the destruction."""
    for key, node in graph.of("snapshot").items():
        for name in parents(node):
            followed = graph.models.get(name, {})
            place = (followed.get("database"), followed.get("schema"))
            if place not in (REFERENCE, OF_COUNTS) or PATIENT_KEY in followed["columns"]:
                yield key, "follows something else than reference data and counts"
            elif node["database"] not in (place[0], "memory"):
                yield key, f"lies in {node['database']}, and what it follows in {place[0]}"


def reference_data_count_nobody(graph: Graph) -> Broken:
    """They lie in the clear, beside what has passed disclosure control: an exact count is stored encrypted."""
    for key, node in graph.stored.items():
        if (node["database"], node["schema"]) == REFERENCE:
            for column in node["columns"]:
                if COUNTED.search(column):
                    yield (
                        f"{key}.{column}",
                        "is named like a count, beside the marts: database assurance, schema counts",
                    )


RULES: tuple[Callable[[Graph], Broken], ...] = (
    only_known_kinds,
    each_run_takes_all_that_is_its_own,
    nothing_speaks_of_numbers,
    nothing_quotes_a_number,
    every_model_keeps_to_its_zone,
    nothing_reads_what_lies_farther_on,
    every_model_is_sql,
    only_the_gateway_reads_what_is_identifiable,
    raw_files_come_from_landing,
    freshness_is_of_a_column,
    the_gateway_is_small,
    only_stored_gateway_models_pseudonymise,
    pseudonyms_are_made_in_one_way,
    every_stored_model_has_a_contract,
    contracts_are_columns_and_expressions,
    patient_keys_are_pseudonyms_and_nothing_else,
    releases_have_no_pseudonyms_but_their_own,
    no_other_column_is_a_key,
    no_column_is_a_birthday_or_an_address,
    nothing_runs_beside_the_models,
    nothing_is_asked_or_told_while_compiling,
    dbt_makes_tables_its_own_way,
    failing_rows_are_never_kept,
    generic_tests_count,
    every_stored_relation_has_its_privacy_tests,
    privacy_tests_are_asked_in_earnest,
    unit_tests_make_up_their_rows,
    seeds_and_snapshots_lie_in_their_place,
    settings_are_plain_names,
    snapshots_follow_reference_data,
    reference_data_count_nobody,
)
