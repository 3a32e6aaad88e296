"""`gpld release`: hand out one release, and remember who was in it.

What is handed out was built for that day: under its own pseudonyms, groups large enough, opt-outs
honoured; or as the tables for planning show it. The command asks once more whether all of that holds,
writes the files, and notes the people, where there are some, by their pseudonym in the encrypted memory of
releases, so that a later objection finds its recipients.
"""

import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace as Namespace

import duckdb
import pyarrow

from gp_level_data import releases
from gp_level_data.custody import exact_counts, keys, publication, store
from gp_level_data.end import half_written
from gp_level_data.pages import data_dictionary, handed_out
from gp_level_data.refusal import Refusal

# What the manifest says of the request; the register says the rest.
TOLD = (
    "release_id", "collection", "recipient", "purpose", "legal_basis", "identifiability", "datasets",
    "columns_asked", "period_start", "period_end", "smallest_group", "opt_outs_honoured", "exemption",
    "access_method", "end_date", "sublicensing",
)  # fmt: skip

SMALLEST_GROUP = """
    select coalesce(min(person_count), 0)
    from (
        select count(distinct release_key) as person_count
        from {extract}
        group by {known}
    )
"""

# Kinds of objection in the practices' records that the collection upholds when it hands on, and until when they are
# recorded; no day where the National Data Opt-out takes over from them.
UPHELD_ON_THE_DAY = """
    select
        codes.opt_out_kind,
        case
            when any_value(policies.national_data_opt_out_upheld) = 'never'
                and count(*) = count(codes.valid_to)
                then max(codes.valid_to)
        end
    from marts.seeds.opt_out_codes as codes
    inner join marts.seeds.collections as policies
        on case codes.opt_out_kind
            when 'type_1' then policies.type_1_upheld
            when 'type_2' then policies.type_2_upheld
        end = 'at_dissemination'
    where policies.collection = ? and codes.meaning = 'dissent'
    group by codes.opt_out_kind
    order by codes.opt_out_kind
"""

REMEMBER = """
    insert into released.members
    select people.release_id, ?, people.patient_key
    from patient_level.intermediate.int_releases__generalised as people
    left join released.members as members
        on
            people.release_id = members.release_id
            and people.patient_key = members.patient_key
            and members.disseminated_on = ?
    where people.release_id = ? and people.step is not null and members.patient_key is null
    order by people.patient_key
"""


def run(chosen: Namespace) -> int:
    """Check, write, remember; nothing is left where one of them fails."""
    request = releases.request_of(chosen.release_id)
    day = chosen.date or date.today()
    store_dir, folder = chosen.store_dir.resolve(), chosen.to.resolve()
    if folder.exists():
        raise Refusal(f"There is {folder} already: nothing is overwritten.")
    handed_out.refuse_among(folder, store_dir, chosen.key_dir.resolve())
    if not store.database_file(store_dir, store.PATIENT_LEVEL).exists():
        raise Refusal(f"There is no patient-level database in {store_dir}: run `make build` first.")
    publication.hold(store_dir)
    exact_counts.move_out(store_dir, chosen.key_dir)
    with half_written.noting(store_dir, folder), duckdb.connect() as connection:
        open_store(connection, store_dir, keys.of_store(chosen.key_dir))
        check(connection, request, day)
        with handed_out.complete_or_nothing(folder) as unfinished:
            row_count = write(connection, request, day, unfinished)
            if request["identifiability"] != "aggregate":
                # Before the files are there: to remember too many is no harm.
                connection.execute(REMEMBER, [day, day, request["release_id"]])
    print(f"{folder}: {row_count:,} rows for {request['recipient']}.")
    return 0


def open_store(connection: duckdb.DuckDBPyConnection, store_dir: Path, store_keys: keys.StoreKeys) -> None:
    """The databases of a store, the marts read only."""
    connection.execute("set timezone = 'Europe/London'")
    store.attach_marts(connection, store_dir)
    store.attach_store(connection, store_dir, store_keys)
    store.attach_released(connection, store_dir, store_keys.patient_level)


# ---- whether it may go --------------------------------------------------------------------------


def check(connection: duckdb.DuckDBPyConnection, request: dict[str, str], day: date) -> None:
    """A Refusal where the release was not built, not for this day, or not from this request."""
    release_id = request["release_id"]
    if request["status"] != "active":
        raise Refusal(f"The release {release_id} is {request['status']}.")
    if not request["start_date"] <= day.isoformat() <= request["end_date"]:
        raise Refusal(f"The agreement on {release_id} is from {request['start_date']} to {request['end_date']}.")
    if not is_there(connection, "patient_level", "releases", f"rel_{release_id}"):
        raise Refusal(f"The release {release_id} is not built: run `make build` for its collection.")
    [(collection, made_for)] = connection.execute(
        "select collection, disseminated_on from marts.reference.int_collection__settings"
    ).fetchall()
    if collection != request["collection"]:
        raise Refusal(f"The store holds {collection}, and {release_id} is of {request['collection']}.")
    if made_for != day:
        raise Refusal(
            f"The release {release_id} was made for {made_for}, not for {day}: opt-outs are those of the"
            " day of dissemination. Build again with that day as disseminated_at."
        )
    if built_from(connection, release_id) != {k: v for k, v in request.items() if k != "provenance"}:
        raise Refusal(f"The request {release_id} has changed since it was built: run `make build` again.")
    check_exception(connection, collection, day)
    if request["opt_outs_honoured"] == "yes":
        check_age(connection, collection, day)
        check_answer(connection, collection, day)
    if request["identifiability"] == "aggregate":
        check_published(connection, request)
    [(row_count,)] = connection.execute(f"select count(*) from {extract(request)}").fetchall()
    if not row_count:
        raise Refusal(f"The release {release_id} is about nobody: there is nothing to hand out.")
    is_pseudonymised = request["identifiability"] == "pseudonymised"
    if is_pseudonymised and smallest_group(connection, request) < int(request["smallest_group"]):
        raise Refusal(f"The release {release_id} has a smaller group than its request allows.")


def smallest_group(connection: duckdb.DuckDBPyConnection, request: dict[str, str]) -> int:
    """People who are alike in everything that others may know of them and of an event, the fewest there are."""
    known = releases.known_columns(request)
    sql = SMALLEST_GROUP.format(extract=extract(request), known=", ".join(known) or "()")
    [(fewest,)] = connection.execute(sql).fetchall()
    return int(fewest)


def check_exception(connection: duckdb.DuckDBPyConnection, collection: str, day: date) -> None:
    """A Refusal where an exception from opt-outs that the build named is not valid on the day of dissemination."""
    for exception_id, valid_from, valid_to in connection.execute(
        "select exception_id, valid_from, valid_to from marts.seeds.exception_register"
        " where collection = ? and exception_id = (select exception_id from marts.reference.int_collection__settings)",
        [collection],
    ).fetchall():
        if not (valid_from and valid_to and valid_from <= day <= valid_to):
            raise Refusal(f"The exception {exception_id} is from {valid_from} to {valid_to}: build again without it.")


def check_age(connection: duckdb.DuckDBPyConnection, collection: str, day: date) -> None:
    """A Refusal where practices' opt-outs are upheld at dissemination, and are of another time."""
    [(collected_on, most_days)] = connection.execute(
        "select cast(settings.collected_at as date), limits.value"
        " from marts.reference.int_collection__settings as settings"
        " cross join marts.seeds.reconciliation_rules as limits where limits.rule = 'extracted_days_before_at_most'"
    ).fetchall()
    if collected_on > day:
        raise Refusal(f"What was collected on {collected_on} was not there on {day}.")
    for kind, last_day in connection.execute(UPHELD_ON_THE_DAY, [collection]).fetchall():
        if (day - collected_on).days > most_days:
            raise Refusal(
                f"The practices' opt-outs are of {collected_on}, and {collection} upholds those of the day of"
                f" dissemination: collect again, at most {most_days} days before it."
            )
        if last_day and day > last_day:
            raise Refusal(
                f"Codes of {kind} are valid until {last_day}, and {collection} asks for no National Data Opt-out, which"
                " came in their place."
            )


def check_answer(connection: duckdb.DuckDBPyConnection, collection: str, day: date) -> None:
    """A Refusal without an answer on national opt-outs that stands, where the policy wants one."""
    [(upheld, most_days)] = connection.execute(
        "select national_data_opt_out_upheld, national_data_opt_out_max_age_days"
        " from marts.seeds.collections where collection = ?",
        [collection],
    ).fetchall()
    if upheld == "never":
        return
    [(verdict, explanation, sent_date)] = connection.execute(
        "select verdict, explanation, sent_date from assurance.counts.int_ndop__checks where is_latest"
    ).fetchall()
    if verdict != "stands":
        raise Refusal(explanation)
    if not 0 <= (day - sent_date).days <= most_days:
        raise Refusal(f"The answer on national opt-outs is of {sent_date}, and may be used for {most_days} days.")


def check_published(connection: duckdb.DuckDBPyConnection, request: dict[str, str]) -> None:
    """A Refusal where an aggregate release is of another period, or says what its table does not show."""
    release_id, table = request["release_id"], f"fct_{request['datasets']}"
    asked = ", ".join(request["columns_asked"].split())
    [period] = connection.execute(
        "select period_start, period_end from marts.reference.int_collection__settings"
    ).fetchall()
    if [request["period_start"], request["period_end"]] != [day.isoformat() for day in period]:
        raise Refusal(
            f"{table} is about {' to '.join(map(str, period))}, and the request {release_id} about"
            f" {request['period_start']} to {request['period_end']}."
        )
    [(unpublished,)] = connection.execute(
        f"select count(*) from (select {asked} from {extract(request)}"
        f" except all select {asked} from marts.main.{table})"
    ).fetchall()
    if unpublished:
        raise Refusal(f"The release {release_id} has rows that {table} does not: run `make build` again.")


def is_there(connection: duckdb.DuckDBPyConnection, database: str, schema: str, table: str) -> bool:
    """Whether a database has a table."""
    [(found,)] = connection.execute(
        "select count(*) from duckdb_tables() where database_name = ? and schema_name = ? and table_name = ?",
        [database, schema, table],
    ).fetchall()
    return bool(found)


def built_from(connection: duckdb.DuckDBPyConnection, release_id: str) -> dict[str, str]:
    """The request as it was when the store was built, but for where it comes from."""
    cursor = connection.execute(
        "select * exclude (provenance) from marts.seeds.releases where release_id = ?", [release_id]
    )
    names = [column[0] for column in cursor.description]
    row = cursor.fetchone() or ()
    return {name: "" if value is None else str(value) for name, value in zip(names, row)}


def extract(request: dict[str, str]) -> str:
    """The table of a release."""
    return f"patient_level.releases.rel_{request['release_id']}"


# ---- what goes ----------------------------------------------------------------------------------


def write(connection: duckdb.DuckDBPyConnection, request: dict[str, str], day: date, folder: Path) -> int:
    """The release as Parquet and CSV, what its columns mean, what it is, and checksums; its rows."""
    name = request["release_id"]
    rows = connection.execute(f"select * from {extract(request)} order by rowid").to_arrow_table()
    written = [
        handed_out.write_parquet(folder / f"{name}.parquet", rows),
        handed_out.write_csv(folder / f"{name}.csv", rows.column_names, zip(*(c.to_pylist() for c in rows.columns))),
        handed_out.write_csv(
            folder / "data_dictionary.csv",
            ("column", "type", "meaning"),
            data_dictionary.columns_of(f"rel_{name}"),
        ),
        handed_out.write_text(folder / "manifest.json", manifest(connection, request, day, rows)),
    ]
    handed_out.write_sums(folder, written)
    return int(rows.num_rows)


def manifest(connection: duckdb.DuckDBPyConnection, request: dict[str, str], day: date, rows: pyarrow.Table) -> str:
    """What the release is, as JSON: nothing of anybody in it, and nothing that changes from run to run."""
    [(collected_at,)] = connection.execute(
        "select cast(collected_at as varchar) from marts.reference.int_collection__settings"
    ).fetchall()
    told = {name: request[name] for name in TOLD}
    told |= {
        "disseminated_on": day.isoformat(),
        "collected_at": collected_at,
        "columns": rows.column_names,
    }
    return json.dumps(told, indent=2) + "\n"


# ---- the register -------------------------------------------------------------------------------


def write_register(chosen: Namespace) -> int:
    """The public register as CSV, as the last build left it."""
    store_dir, to = chosen.store_dir.resolve(), chosen.to.resolve()
    handed_out.refuse_among(to, store_dir)
    if to.exists():
        # The register of keys is called register.csv too.
        raise Refusal(f"There is {to} already: nothing is overwritten.")
    with store.open_marts(store_dir) as connection:
        cursor = connection.execute("select * exclude (person_count) from fct_release_register order by all")
        header = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    unfinished = handed_out.unfinished_of(to)
    try:
        written = handed_out.write_csv(unfinished, header, rows)
        unfinished.rename(to)
    finally:
        unfinished.unlink(missing_ok=True)
    print(f"{chosen.to}: {len(rows)} releases, {written.byte_count:,} bytes.")
    return 0
