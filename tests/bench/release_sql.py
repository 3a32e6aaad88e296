"""The models of releases in a plain database, as project.py has them, run in a second over people made up here.

What the rest of the gateway would have found out of the raw files is planted: the patients, who objects, the
answer on national opt-outs, the journals, and who was in a release before.
"""

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

import duckdb
import jinja2
import pyarrow

from bench import direct_build, engine_sql, gateway_sql, project
from conftest import PROJECT
from gp_level_data import releases
from gp_level_data.custody import pseudonym
from gp_level_data.shapes import Cells, Row
from opt_outs import opt_out_oracle
from releases import release_world
from releases.release_world import ADMISSIONS, GPDPR, LINKED, PLANNING, PRACTICES, Person

FOLDERS = (
    "models/intermediate/gateway/releases", "models/intermediate/releases", "models/marts/releases/extracts",
)  # fmt: skip
# Macros that the models use.
USED = (
    "exclude_opted_out", "only_nationally_permitted", "pseudonymise", "release_pseudonym", "release_event",
    "placed_by_steps", "told_by_steps", "release_extract", "release_events", "release_column",
    "release_event_months",
)  # fmt: skip
SETTINGS = {
    "collected_at": "2017-04-02 09:00:00+01", "disseminated_on": "2017-04-06", "period_start": "2016-04-01",
    "period_end": "2017-03-31",
}  # fmt: skip
SCHEMAS = (
    "marts.seeds", "memory.gateway", "memory.staging", "marts.reference", "assurance.counts", "patient_level.gateway",
    "patient_level.intermediate", "patient_level.releases",
)  # fmt: skip
KEYS = {name: name.encode().ljust(32, b".") for name in ("gpdpr", "care_data")}
SUBJECT, BEFORE = "SMALL01-060417-0001", "2017-04-03"
OLD = "2016-02-29"


def releases_asked() -> list[dict[str, str]]:
    """The examples, and others: closed, over, to come, relying on consent, asking for other things."""
    example = release_world.REQUESTS[release_world.RESEARCH]
    others = (
        {"release_id": "gpdpr_closed", "status": "closed"},
        {"release_id": "gpdpr_over", "end_date": "2017-04-05"},
        {"release_id": "gpdpr_ahead", "start_date": "2017-04-07"},
        {"release_id": "gpdpr_consent", "opt_outs_honoured": "no", "exemption": "explicit_consent"},
        {"release_id": "gpdpr_places", "columns_asked": "area_code"},
        {"release_id": "gpdpr_crowds", "smallest_group": "1000"},
    )
    # Columns that tell few people apart, so that groups are large and events told more exactly.
    admissions = {"columns_asked": "sex admission_month admission_method"}
    of_events = (
        {"release_id": "care_data_sexes", **admissions},
        {"release_id": "care_data_many", **admissions, "smallest_group": "20"},
        {"release_id": "care_data_methods", "columns_asked": "admission_method"},
        {"release_id": "care_data_times", "columns_asked": "ethnicity area_code admission_month"},
    )
    linked = {
        "release_id": "care_data_few", "smallest_group": "3",
        "columns_asked": "sex age_band recorded_month started_month",
    }  # fmt: skip
    return [
        *release_world.REQUESTS.values(),
        *(example | other for other in others),
        *(release_world.REQUESTS[ADMISSIONS] | other for other in of_events),
        release_world.REQUESTS[LINKED] | linked,
    ]


def made_today(collection: str) -> list[dict[str, str]]:
    """Those with people in them that a run of the collection makes."""
    return [
        request
        for request in releases_asked()
        if request["collection"] == collection
        and request["identifiability"] != "aggregate"
        and request["status"] == "active"
        and request["start_date"] <= "2017-04-06" <= request["end_date"]
    ]


def tables_asked() -> list[dict[str, str]]:
    """The aggregate example, and others: without ages, of other tables, collections and times."""
    example = release_world.REQUESTS[PLANNING]
    months = {"datasets": "activity", "columns_asked": "category month area_level area_code patient_text"}
    others = (
        {"release_id": "gpdpr_whole", "columns_asked": "area_code area_level denominator_text register"},
        {"release_id": "gpdpr_months", **months},
        {"release_id": "care_data_months", "collection": "care_data", **months},
        {"release_id": "gpdpr_began_later", "period_start": "2016-05-01"},
        {"release_id": "gpdpr_ended_earlier", "period_end": "2017-02-28"},
    )
    return [example, *(example | other for other in others)]


@functools.cache
def compiled() -> dict[str, tuple[str, str]]:
    """Relation and SQL of each model of releases, each after what it reads."""
    by_dbt = {
        node["name"]: (node["relation_name"], node["compiled_code"])
        for node in direct_build.models(project.manifest())
        if node["original_file_path"].startswith(FOLDERS)
    }
    here = {
        name: (f"patient_level.releases.{name}", compiled_from(source(name)))
        for name in (f"rel_{request['release_id']}" for request in tables_asked())
        if name not in by_dbt
    }
    return by_dbt | here


def source(model: str) -> str:
    """A model as it is written; of a release that the project has not, as it would be."""
    paths = {path.stem: path for path in (PROJECT / "models").rglob("*.sql")}
    if model in paths:
        return paths[model].read_text()
    return releases.model({"release_id": model.removeprefix("rel_")})


def compiled_from(
    text: str, changed: dict[str, str] | None = None, requests: list[dict[str, str]] | None = None
) -> str:
    """Another source of a model, compiled as dbt does it: references, macros, what is said of releases."""
    made = jinja2.Environment(extensions=["jinja2.ext.do"])
    macros = {path.stem: path.read_text() for path in (PROJECT / "macros").rglob("*.sql")} | (changed or {})
    relations = gateway_sql.relations()
    rules = {seed: releases.rows_of(seed) for seed in releases.RULES}
    rules["releases"] = requests or [*releases_asked(), *tables_asked()]
    context: dict[str, object] = {
        "ref": relations.__getitem__,
        "source": lambda schema, table: f'"{schema}"."main"."{table}"',
        "var": lambda name, *_: f"<{name}>",
        "release_rules": lambda: rules,
        # test_release_requests.py
        "refuse_release": lambda *_: "",
        "return": lambda value: value,
    }

    def of_the_engine(name: str) -> Callable[..., str] | None:
        file = macros[name.partition("__")[2]]
        return macro_of(made, file, name, context) if f"macro {name}(" in file else None

    context["adapter"] = engine_sql.Adapter(of_the_engine)
    for name in (*USED, *(path.stem for path in (PROJECT / "macros" / "engine").glob("*.sql"))):
        context[name] = macro_of(made, macros[name], name, context)
    return made.from_string(text).render(context)


def macro_of(made: jinja2.Environment, text: str, name: str, context: dict[str, object]) -> Callable[..., str]:
    """A macro as a function, which finds what it uses when it is called."""
    return lambda *given, **named: str(getattr(made.from_string(text).make_module(context), name)(*given, **named))


@functools.cache
def planted(collection: str) -> duckdb.DuckDBPyConnection:
    """Everything that the models of releases read, and the functions that make pseudonyms."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("set global timezone = 'Europe/London'")
    pseudonym.register(connection, KEYS[collection], collection, release_keys(collection))
    for database in ("marts", "assurance", "patient_level", "released"):
        connection.execute(f"attach ':memory:' as {database}")
    for schema in SCHEMAS:
        connection.execute(f"create schema {schema}")
    for relation, rows in tables(collection).items():
        connection.register("rows_to_plant", pyarrow.Table.from_pylist(rows))
        connection.execute(f"create table {relation} as from rows_to_plant")
        connection.unregister("rows_to_plant")
    for relation, casts in TYPES.items():
        connection.execute(f"create or replace table {relation} as select * replace ({casts}) from {relation}")
    return connection


TYPES = {
    "marts.seeds.releases": ", ".join(
        [f"cast({name} as date) as {name}" for name in ("period_start", "period_end", "start_date", "end_date")]
        + [f"try_cast({name} as integer) as {name}" for name in ("smallest_group", "first_step")]
    ),
    "marts.seeds.generalisation_steps": (
        "cast(step as integer) as step, cast(age_band_years as integer) as age_band_years,"
        " cast(has_ethnicity as boolean) as has_ethnicity, cast(has_sex as boolean) as has_sex"
    ),
    "marts.seeds.release_cohorts": "cast(age_from as integer) as age_from, cast(age_to as integer) as age_to",
    "marts.reference.int_collection__settings": (
        "cast(collected_at as timestamptz) as collected_at, cast(disseminated_on as date) as disseminated_on,"
        " cast(period_start as date) as period_start, cast(period_end as date) as period_end"
    ),
    "released.members": "cast(disseminated_on as date) as disseminated_on",
    "patient_level.gateway.int_journals__people": "cast(registered_on as date) as registered_on",
    "patient_level.gateway.int_journals__records": "cast(recorded_on as date) as recorded_on",
    "patient_level.gateway.int_journals__hospital": "cast(admission_date as date) as admission_date",
    "patient_level.gateway.int_journals__social_care": "cast(started_on as date) as started_on",
}


def release_keys(collection: str) -> dict[str, bytes]:
    """Of every release with people in it, of whatever day."""
    ids = [
        request["release_id"]
        for request in releases_asked()
        if request["collection"] == collection and request["identifiability"] != "aggregate"
    ]
    return {release_id: release_id.encode().ljust(32, b"-") for release_id in ids}


@functools.cache
def everybody() -> tuple[Person, ...]:
    return tuple(release_world.people(480))


def tables(collection: str) -> dict[str, list[Row]]:
    """Every table that is planted, by its name."""
    people = everybody()
    key_of = {p.number: gateway_sql.pseudonym(KEYS[collection], collection, p.number) for p in people}
    held = [p for p in people if p.objection != "type_1"]
    objecting = {kind: [p for p in people if p.objection == kind] for kind in ("type_1", "type_2", "national")}
    handed_on = collection == "care_data"
    return {
        "marts.seeds.releases": releases_asked(),
        "marts.seeds.collections": releases.rows_of("collections"),
        "marts.seeds.generalisation_steps": releases.rows_of("generalisation_steps"),
        "marts.seeds.release_cohorts": releases.rows_of("release_cohorts"),
        "marts.seeds.admission_methods": releases.rows_of("admission_methods"),
        "marts.reference.int_collection__settings": [{"collection": collection, **SETTINGS}],
        "marts.reference.int_ods__practices": [{"practice_code": p, "ccg_code": "00C"} for p in PRACTICES],
        "memory.gateway.int_journals__patients": patients(people),
        "memory.gateway.int_opt_outs__upheld": [
            {"collection": collection, "nhs_number": int(p.number), "lifted_by": None} for p in objecting["type_1"]
        ]
        # neither an objection to another collection nor one that is lifted keeps anybody out
        + [
            {"collection": "another", "nhs_number": int(people[0].number), "lifted_by": None},
            {"collection": collection, "nhs_number": int(people[1].number), "lifted_by": "x"},
        ],
        "memory.gateway.int_opt_outs__in_force": [
            {"opt_out_kind": kind, "nhs_number": int(p.number), "practice_code": practice}
            for kind in ("type_1", "type_2")
            for p in objecting[kind]
            for practice in PRACTICES
        ],
        "memory.gateway.int_ndop__lines": [
            {
                "subject": subject,
                "nhs_number": int(p.number),
                "is_asked": True,
                "line_count": int(subject == SUBJECT and p.objection != "national"),
            }
            for subject in (SUBJECT, "OLD")
            for p in people
        ],
        "memory.gateway.int_ndop__exchanges": [
            {"subject": SUBJECT, "is_latest": True, "problem": None},
            {"subject": "OLD", "is_latest": False, "problem": "reply_empty"},
        ],
        "patient_level.gateway.int_ndop__permitted": [
            {"patient_key": key_of[p.number]} for p in held if p.objection != "national"
        ],
        "patient_level.gateway.int_opt_outs__not_disseminated": [
            {"patient_key": key_of[p.number] if handed_on else "nobody"} for p in objecting["type_2"]
        ],
        "patient_level.gateway.int_journals__people": registrations(held, key_of),
        "patient_level.gateway.int_journals__records": records(held, key_of, collection),
        "patient_level.gateway.int_journals__hospital": admissions(people, key_of),
        "patient_level.gateway.int_journals__social_care": [
            {"patient_key": key_of[p.number], "service": service, "started_on": day}
            for p, service, day in release_world.services(people)
        ],
        **{f"{place}.main.fct_{table}": rows for place in ("memory", "marts") for table, rows in TABLES.items()},
        "released.members": [
            {"release_id": name, "disseminated_on": BEFORE, "patient_key": key_of[p.number]}
            for name in (*GPDPR[1:], ADMISSIONS, "gpdpr_consent")
            for p in people[::3]
        ],
    }


# What the tables for planning show of some place and month.
PLACES = (("ccg", "00C"), ("england", "ENGLAND"))
TABLES: dict[str, list[Row]] = {
    "prevalence": [
        {"register": "diabetes", "area_level": level, "area_code": code, "age_band": age, "sex": sex,
         "numerator_text": "*", "denominator_text": count, "percent": None}
        for level, code in PLACES
        for age, sex, count in (("all", "all", "70"), ("17-39", "male", "35"), ("not_known", "not_known", "35"))
    ],
    "activity": [
        {"category": "diagnosis", "month": "2016-06-01", "area_level": level, "area_code": code, "patient_text": "15"}
        for level, code in PLACES
    ],
}  # fmt: skip


def patients(people: tuple[Person, ...]) -> list[Row]:
    """Everybody at their practice, every fifth at another too; and some whom the collection does not hold."""
    outside = (("not_registered", None), (None, "not_agreed"))
    return [
        {"nhs_number": int(p.number), "practice_code": practice, "scope_rule": None, "not_collected_reason": None}
        for at, p in enumerate(people)
        for practice in (PRACTICES if at % 5 == 0 else (p.practice,))
    ] + [
        {"nhs_number": 9990000018 + at, "practice_code": PRACTICES[0], "scope_rule": rule,
         "not_collected_reason": reason}
        for at, (rule, reason) in enumerate(outside)
    ]  # fmt: skip


def registrations(held: list[Person], key_of: dict[str, str]) -> list[Row]:
    """Everybody as they are known last; and of every fifth, an earlier registration that knows otherwise."""
    rows = []
    for at, p in enumerate(held):
        about = {
            "patient_key": key_of[p.number], "practice_code": p.practice, "birth_year": p.birth_year, "sex": p.sex,
            "ethnicity": p.ethnicity, "sexual_orientation": "1", "lsoa": p.lsoa, "registered_on": "2010-01-04",
        }  # fmt: skip
        rows.append(about)
        if at % 5 == 0:
            other = PRACTICES[p.practice == PRACTICES[0]]
            rows.append(about | {"practice_code": other, "lsoa": "E01000099", "registered_on": "2009-01-04"})
    return rows


def records(held: list[Person], key_of: dict[str, str], collection: str) -> list[Row]:
    """Those of the world, the first of each person before any period."""
    return [
        {"patient_key": key_of[p.number], "recorded_on": row["DATE"], "category": row["CATEGORY"], "code": row["CODE"],
         "value_1": float(row["VALUE1_CONDITION"]) if row["VALUE1_CONDITION"] else None, "value_2": 2.0,
         "staff_role": ""}
        for p in held
        for row in release_world.journal(p, collection)
    ]  # fmt: skip


def admissions(people: tuple[Person, ...], key_of: dict[str, str]) -> list[Row]:
    """Those of the world; and of everybody one before the period."""
    stays = [*release_world.stays(people), *((p, OLD, "21") for p in people)]
    return [
        {"patient_key": key_of[p.number], "admission_date": day, "admission_method": method,
         "primary_diagnosis": "J459"}
        for p, day, method in stays
    ]  # fmt: skip


def plant_limits(connection: duckdb.DuckDBPyConnection, collection: str) -> None:
    """The limits of disclosure control, one row, as int_disclosure__rules has them."""
    limits = {
        row["rule"]: row["value"] for row in opt_out_oracle.seed("disclosure_rules") if row["collection"] == collection
    }
    columns = ", ".join(f"{value} as {rule}" for rule, value in limits.items())
    connection.execute(f"create or replace table patient_level.intermediate.int_disclosure__rules as select {columns}")


def problems(collection: str, mutated: dict[str, str] | None = None) -> list[str]:
    """Where the models, some of them changed, say otherwise than plain Python; nobody is named."""
    connection = planted(collection)
    plant_limits(connection, collection)
    for name, (relation, sql) in compiled().items():
        statement = (mutated or {}).get(name, sql).replace("<collection>", collection)
        try:
            connection.execute(f"create or replace table {relation} as {statement}")
        except duckdb.InvalidInputException:
            return ["refused by the function that makes pseudonyms"]
    return [problem for look in (wrong_people, wrong_groups, wrong_events, wrong_rows, wrong_tables, wrong_recall)
            for problem in look(connection, collection)]  # fmt: skip


@functools.cache
def wanted_people(collection: str) -> Counter[Any]:
    """Release, the collection's pseudonym and the release's own of everybody who may be in one."""
    own = release_keys(collection)
    return Counter(
        (
            name := request["release_id"],
            gateway_sql.pseudonym(KEYS[collection], collection, person.number),
            gateway_sql.pseudonym(own[name], name, person.number),
        )
        for request in made_today(collection)
        for person in release_world.members(request, list(everybody()))
    )


def wrong_people(connection: duckdb.DuckDBPyConnection, collection: str) -> list[str]:
    """Who is in a release, and under which name."""
    rows = connection.execute(
        "select release_id, patient_key, release_key from patient_level.intermediate.int_releases__people"
    ).fetchall()
    repeated = connection.execute(
        "select count(*) - count(distinct (release_id, patient_key))"
        " from patient_level.gateway.int_releases__pseudonyms"
    ).fetchone()
    # whoever is not held has no pseudonym either, though no later model would say a word of them
    not_held = connection.execute(
        "select count(*) from patient_level.gateway.int_releases__pseudonyms"
        " where patient_key not in (select patient_key from patient_level.gateway.int_journals__people)"
    ).fetchone()
    is_wrong = Counter(rows) != wanted_people(collection) or repeated != (0,) or not_held != (0,)
    return ["people"] if is_wrong else []


def told(connection: duckdb.DuckDBPyConnection, release_id: str, asked: list[str]) -> dict[str, Cells]:
    """Pseudonym of each person who stands in a release -> what is told."""
    rows = connection.execute(
        f"select release_key, {', '.join(asked)} from patient_level.intermediate.int_releases__generalised"
        " where release_id = ? and step is not null",
        [release_id],
    )
    return {key: tuple(values) for key, *values in rows.fetchall()}


def asked_of_people(request: dict[str, str]) -> list[str]:
    return [name for name in request["columns_asked"].split() if name in release_world.QUASI]


@functools.cache
def wanted_of(release_id: str) -> dict[str, Cells]:
    """Pseudonym in a release -> what is to be told, of everybody who stands in it."""
    [request] = [request for request in releases_asked() if request["release_id"] == release_id]
    own = release_keys(request["collection"])[release_id]
    groups = release_world.placed(request, list(everybody()))
    return {gateway_sql.pseudonym(own, release_id, number): group for number, group in groups.items()}


def wrong_groups(connection: duckdb.DuckDBPyConnection, collection: str) -> list[str]:
    """How coarse everybody is told of; and nothing that was not asked for."""
    found = []
    for request in made_today(collection):
        asked = asked_of_people(request)
        others = [name for name in (*release_world.QUASI, "sexual_orientation") if name not in asked]
        if told(connection, request["release_id"], asked) != wanted_of(request["release_id"]):
            found.append(f"groups of {request['release_id']}")
        for name in others:
            counted = connection.execute(
                f"select count({name}) from patient_level.intermediate.int_releases__generalised where release_id = ?",
                [request["release_id"]],
            )
            found += [f"{name} of {request['release_id']}"] if counted.fetchone() != (0,) else []
    return found


@functools.cache
def wanted_events(release_id: str) -> Counter[Any]:
    """Pseudonym, dataset, month and method of each event of a release, and what is to be told of it."""
    [request] = [request for request in releases_asked() if request["release_id"] == release_id]
    own = release_keys(request["collection"])[release_id]
    told = release_world.told_events(request, list(everybody()))
    return Counter(
        {
            (gateway_sql.pseudonym(own, release_id, number), event.dataset, event.month, event.method, *seen)
            for number, event, seen in told
        }
    )


TOLD_EVENTS = """
    select
        people.release_key,
        events.dataset,
        cast(events.event_month as varchar),
        coalesce(events.admission_method, ''),
        coalesce(cast(events.told_month as varchar), ''),
        coalesce(events.told_precision, ''),
        coalesce(events.told_method, '')
    from patient_level.intermediate.int_releases__events_told as events
    inner join patient_level.intermediate.int_releases__generalised as people using (release_id, patient_key)
    where release_id = ?
"""


def wrong_events(connection: duckdb.DuckDBPyConnection, collection: str) -> list[str]:
    """How exactly each event is told, once a person, dataset, month and method."""
    names = [request["release_id"] for request in made_today(collection)]
    return [
        f"events of {name}"
        for name in names
        if Counter(connection.execute(TOLD_EVENTS, [name]).fetchall()) != wanted_events(name)
    ]


@functools.cache
def wanted_rows(release_id: str) -> Counter[Any]:
    request = release_world.REQUESTS[release_id]
    own = release_keys(request["collection"])[release_id]
    return Counter(
        (gateway_sql.pseudonym(own, release_id, number), *told)
        for number, *told in release_world.rows(request, list(everybody()))
    )


def wrong_rows(connection: duckdb.DuckDBPyConnection, collection: str) -> list[str]:
    """What is handed out: one row a person, record, admission or service of the period."""
    found = []
    for request in made_today(collection):
        name = request["release_id"]
        if name not in release_world.REQUESTS:
            continue
        rows = connection.execute(f"select * from patient_level.releases.rel_{name}").fetchall()
        as_text = Counter(tuple("" if value is None else str(value) for value in row) for row in rows)
        if as_text != wanted_rows(name):
            found.append(f"rows of {name}")
    return found


def wrong_tables(connection: duckdb.DuckDBPyConnection, collection: str) -> list[str]:
    """What an aggregate release says: rows of a published table, where the run is of its collection and period."""
    found = []
    run = {"collection": collection, **{name: SETTINGS[name] for name in ("period_start", "period_end")}}
    for request in tables_asked():
        rows = TABLES[request["datasets"]] if run.items() <= request.items() else []
        told = connection.execute(f"from patient_level.releases.rel_{request['release_id']}").fetchall()
        if Counter(told) != release_world.published(request, rows):
            found.append(f"rows of {request['release_id']}")
    return found


def wrong_recall(connection: duckdb.DuckDBPyConnection, collection: str) -> list[str]:
    """How many of those who were in a release object now."""
    kinds = Counter(p.objection for p in everybody()[::3] if p.objection)
    asked = {request["release_id"]: request for request in releases_asked()}
    wanted = {
        (name, kind): count
        for name in (*GPDPR[1:], ADMISSIONS, "gpdpr_consent")
        for kind, count in kinds.items()
        if kind == "type_1" or asked[name]["opt_outs_honoured"] == "yes"
    }
    rows = connection.execute(
        "select release_id, opt_out_kind, person_count from patient_level.gateway.int_releases__recalled"
    )
    return ["recall"] if {(name, kind): count for name, kind, count in rows.fetchall()} != wanted else []
