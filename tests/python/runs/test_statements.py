"""What dbt may send to the engine (runs/statements.py): everything that it needs, and nothing that it does not.

The statements are texts; nothing runs. That the cursor asks is for test_dbt_duckdb.py, that the runs still go is for
every build.
"""

import pytest

from gp_level_data.runs.statements import ABOVE_THE_BORDER, Run, refusal

SAID = "Who may be counted; one row a person, said 'so'"
GATEWAY, WAREHOUSE = Run("gateway", descriptions=frozenset({SAID})), Run("warehouse")
READING = Run("warehouse", reads=True)
PEOPLE = '"patient_level"."gateway"."int_patients__permitted__dbt_tmp"'
MART = '"marts"."main"."fct_gp_metrics"'

TAKEN = {
    "a query": (GATEWAY, "/* dbt; */ select 1 as a -- ; copy"),
    "a query in brackets": (GATEWAY, "(select 1)"),
    "a query from a table": (GATEWAY, "from duckdb_tables() select table_name"),
    "a semicolon in a text": (GATEWAY, "select 'a; copy x to ''y''' as a, $$b; c$$ as b, \"d;\" from (select 1 as \"d;\")"),
    "columns of a query": (GATEWAY, "describe (select 1)"),
    "a table with its rows": (
        GATEWAY, f"create table {PEOPLE} (a varchar check (regexp_full_match(a, '[a-p]'))); insert into {PEOPLE} (a) (select 1);"
    ),
    "a table of a query": (GATEWAY, "create  table \"memory\".\"gateway\".\"a\" as (with b as (select 1) select * from b);"),
    "a view": (GATEWAY, 'create view "memory"."staging"."a" as (select 1)'),
    "in capitals": (GATEWAY, 'CREATE VIEW MEMORY.STAGING.a AS SELECT 1'),
    "a schema": (GATEWAY, 'create schema if not exists "patient_level"."gateway"'),
    "another name": (GATEWAY, f'alter table {PEOPLE} rename to "int_patients__permitted"'),
    "away with it": (GATEWAY, f"drop table if exists {PEOPLE} cascade"),
    "a seed": (GATEWAY, "insert into \"marts\".\"seeds\".\"metrics\" (a, b) values (?, ?), (?, ?)"),
    "a transaction": (GATEWAY, "BEGIN"),
    "its end": (WAREHOUSE, "COMMIT"),
    "nothing": (GATEWAY, "-- nothing"),
    "a snapshot": (
        WAREHOUSE,
        'update "marts"."snapshots"."a" as t set b = s.b from "a__tmp" as s where true;'
        ' insert into "marts"."snapshots"."a" (b) select b from "a__tmp" as s where true;',
    ),
    "a temporary table": (READING, 'create temporary table "made__dbt_tmp2026" as (select 1)'),
    "a description": (GATEWAY, f"comment on table {PEOPLE} is $dbt_comment_literal_block${SAID}$dbt_comment_literal_block$;"),
    "descriptions of columns": (
        GATEWAY, f"comment on column {PEOPLE}.a is $b${SAID}$b$; comment on column {PEOPLE}.b is $b${SAID}$b$;"
    ),
    "a query that only reads": (READING, f"select count(*) from {MART}"),
    "pivoted by named values": (
        WAREHOUSE, f"create table {MART} as (select * from (pivot a on b in ('c', 'd') using sum(e)))"
    ),
}  # fmt: skip

REFUSED = {
    "a file written": (GATEWAY, "copy (select 1) to 'raw/notes.csv'"),
    "a file read": (WAREHOUSE, f"copy {MART} from 'a.csv'"),
    "an export": (GATEWAY, "export database 'raw/x'"),
    "an import": (GATEWAY, "import database 'raw/x'"),
    "an attached database": (GATEWAY, "attach 'raw/x.duckdb' as x"),
    "a detached one": (GATEWAY, "detach patient_level"),
    "a copied database": (GATEWAY, "copy from database patient_level to marts"),
    "a macro": (GATEWAY, "create or replace macro memory.main.pseudonymise(n) as n"),
    "a temporary macro": (GATEWAY, "create temp macro pseudonymise(n) as n"),
    "a table macro": (WAREHOUSE, "create macro marts.main.a() as table select 1"),
    "a type": (GATEWAY, "create type marts.reference.list_status as enum (select 'a')"),
    "a sequence": (GATEWAY, "create sequence marts.reference.a start 9"),
    "an index": (WAREHOUSE, f"create index a on {MART} (b)"),
    "a secret": (GATEWAY, "create secret (type http)"),
    "a comment on a table": (WAREHOUSE, f"comment on table {MART} is 'said'"),
    "a comment on a column": (GATEWAY, f"comment on column {PEOPLE}.a is 'said'"),
    "a comment of values": (GATEWAY, f"comment on table {PEOPLE} is $a$Some words$a$"),
    "a description elsewhere": (GATEWAY, f"comment on table {MART} is $a${SAID}$a$"),
    "descriptions of two tables": (
        GATEWAY,
        f"comment on table {PEOPLE} is $a${SAID}$a$; comment on table memory.gateway.b is $a${SAID}$a$",
    ),
    "a comment on a type": (GATEWAY, f"comment on type marts.reference.a is $a${SAID}$a$"),
    "a setting": (GATEWAY, "set threads = 1"),
    "a variable": (GATEWAY, "set variable a = (select 1)"),
    "a setting put back": (WAREHOUSE, "reset threads"),
    "another default": (GATEWAY, "use patient_level"),
    "a pragma": (GATEWAY, "pragma enable_profiling"),
    "an extension": (GATEWAY, "install spatial"),
    "an extension loaded": (GATEWAY, "load spatial"),
    "extensions brought up to date": (GATEWAY, "update extensions"),
    "a call": (GATEWAY, "call enable_logging('QueryLog')"),
    "a prepared statement": (GATEWAY, "prepare a as select 1"),
    "one carried out": (GATEWAY, "execute a"),
    "an explanation that runs": (GATEWAY, "explain analyze select 1"),
    "a checkpoint": (GATEWAY, "checkpoint"),
    "a log by a function": (GATEWAY, "select * from enable_logging('QueryLog', storage = 'file')"),
    "in quotation marks": (GATEWAY, 'select * from system.main."Enable_Logging" /* a */ (1)'),
    "a line for the log": (GATEWAY, "select write_log('a')"),
    "SQL in a text": (GATEWAY, "select * from query('select 1')"),
    "a number drawn from a sequence": (GATEWAY, "select nextval('a')"),
    "two queries": (GATEWAY, "select 1; select 2"),
    "a copy behind a query": (GATEWAY, "select 1; copy x to 'y'"),
    "behind the end of a transaction": (GATEWAY, "commit; create table memory.gateway.a as select 1; begin"),
    "a constraint that closes its bracket": (
        GATEWAY,
        f"create table {PEOPLE} (a varchar check (true)); copy memory.gateway.x to 'y'; select ((1)); insert into {PEOPLE} (a) (select 1)",
    ),
    "a second table behind the first": (
        GATEWAY,
        f"create table {PEOPLE} (a varchar check (true)); create table marts.reference.b as (select 1)",
    ),
    "another table filled": (
        GATEWAY,
        f'create table {PEOPLE} (a varchar); insert into "marts"."reference"."int_ods__gps" (a) (select 1)',
    ),
    "a query that ends a model": (GATEWAY, f"create table {PEOPLE} as (select 1); drop table {PEOPLE}; select (1)"),
    "an insert that begins like a query": (GATEWAY, f"with a as (select 1) insert into {PEOPLE} select * from a"),
    "a mart in the gateway run": (GATEWAY, f"create table {MART} as select 1"),
    "a raw file's view replaced": (GATEWAY, "create or replace view memory.landing.practice_records as select 1"),
    "a table of no place": (GATEWAY, "create table a as select 1"),
    "the patients in the analyst's run": (
        WAREHOUSE,
        'insert into "patient_level"."gateway"."int_patients__permitted" select 1',
    ),
    "the memory of releases": (WAREHOUSE, "delete from released.main.members"),
    "a column of a table changed": (WAREHOUSE, f"alter table {MART} alter column a type varchar using b"),
    "a column taken away": (WAREHOUSE, f"alter table {MART} drop column a"),
    "a schema dropped": (WAREHOUSE, "drop schema marts.main cascade"),
    "a schema elsewhere": (WAREHOUSE, "create schema marts.notes"),
    "what is merged": (WAREHOUSE, f"merge into {MART} using a on true when matched then delete"),
    "a table emptied": (WAREHOUSE, f"truncate {MART}"),
    "a view of values yet to be found": (WAREHOUSE, f"create table {MART} as (pivot a on b)"),
    "a table made by a command that reads": (READING, f"create table {MART} as select 1"),
    "a row added by one": (READING, f"insert into {MART} select 1"),
    "a schema made by one": (READING, 'create schema "marts"."main"'),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_dbt_needs_passes(name: str) -> None:
    """Flags a run that cannot do its work."""
    run, sql = TAKEN[name]
    assert refusal(sql, run) is None


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_else_passes(name: str) -> None:
    """Flags a statement that reaches the engine though no run needs it; the reason quotes no value."""
    run, sql = REFUSED[name]
    reason = refusal(sql, run)
    assert reason and "'" not in reason


@pytest.mark.parametrize(("place", "said"), [("marts.notes", "marts.notes"), ('marts."a1"', "a database or schema")])
def test_a_place_of_no_run_is_named(place: str, said: str) -> None:
    """Flags a refusal that leaves open where somebody wanted to write, or that repeats what may be a value."""
    assert refusal(f"create schema {place}", WAREHOUSE) == f"what changes {said}, which does not belong to this run"


def test_staging_is_known_as_what_is_above() -> None:
    """Flags an analyst who builds what is above a mart, and is not told that it is built already."""
    assert refusal('create schema if not exists "memory"."staging"', WAREHOUSE) == ABOVE_THE_BORDER
    assert refusal('create view "memory"."staging"."a" as (select 1)', WAREHOUSE) == ABOVE_THE_BORDER
