"""The compiled SQL of registers, planning tables and their disclosure control, in a plain DuckDB.

Everything it reads is given by hand: the gateway's tables of journals, the practices, the settings and the seeds.
"""

import re
from datetime import date

import duckdb
import pyarrow
import yaml
from conftest import PROJECT, Folders
from disclosure_run import given
from register_oracle import REFERENCE, Patient

from gp_level_data.shapes import Cells

MODELS = (
    "intermediate/areas",
    "intermediate/registers",
    "intermediate/planning",
    "intermediate/disclosure",
    "marts/planning",
)
READ = re.compile(r'"(int_(?:areas|registers|planning|disclosure)__\w+)"')
SEEDS = (
    "registers", "register_rules", "register_targets", "age_bands", "journal_codes", "journal_categories"
)  # fmt: skip
JOURNALS = """
    create schema patient_level.gateway;
    create table patient_level.gateway.int_journals__people (
        patient_key varchar, practice_code varchar, birth_year smallint, sex varchar, ethnicity varchar,
        sexual_orientation varchar, lsoa varchar, death_year smallint, registered_on date);
    create table patient_level.gateway.int_journals__records (
        patient_key varchar, practice_code varchar, category varchar, code varchar, recorded_on date,
        value_1 double, value_2 double, staff_role varchar);
    alter table marts.reference.int_collection__settings add column period_start date;
    alter table marts.reference.int_collection__settings add column period_end date;
"""
COLLECTED_AT = "2017-04-02 09:00:00+01"


def compiled(folders: Folders) -> dict[str, str]:
    """The compiled SQL of the models, each after what it reads."""
    folder = folders.work / "target/compiled/gp_level_data_warehouse/models"
    queries = {file.stem: file.read_text() for name in MODELS for file in (folder / name).glob("*.sql")}
    assert len(queries) > 15, f"no compiled models in {folder}"
    ordered: dict[str, str] = {}
    while len(ordered) < len(queries):
        for name, sql in queries.items():
            # its own previous content is a table of the last run
            needs = set(READ.findall(sql.replace('"history"."int_disclosure__published"', "")))
            if name not in ordered and needs <= ordered.keys():
                ordered[name] = sql
    return ordered


def seed_types() -> dict[str, dict[str, str]]:
    """The types of a seed's columns, other than text, as seeds/_seeds.yml sets them."""
    seeds = yaml.safe_load((PROJECT / "seeds/_seeds.yml").read_text())["seeds"]
    return {seed["name"]: seed.get("config", {}).get("column_types", {}) for seed in seeds}


class Planning:
    """One DuckDB, filled again for every run."""

    def __init__(self, queries: dict[str, str]) -> None:
        self.queries = queries
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("set timezone = 'Europe/London'")
        self.connection.execute(given("gp_report") + JOURNALS)
        types = seed_types()
        for name in SEEDS:
            self.connection.execute(
                f"create table marts.seeds.{name} as select * from"
                f" read_csv('{PROJECT}/seeds/{name}.csv', all_varchar = true, hive_partitioning = false)"
            )
            for column, kind in types[name].items():
                self.connection.execute(f"alter table marts.seeds.{name} alter {column} type {kind}")
        self.settings()

    def settings(
        self, collection: str = "gpdpr", start: date = date(2016, 4, 1), collected_at: str = COLLECTED_AT
    ) -> None:
        """The settings of the run."""
        self.connection.execute("delete from marts.reference.int_collection__settings")
        self.connection.execute(
            "insert into marts.reference.int_collection__settings values (?, ?, 'none', ?, ?)",
            [collection, collected_at, start, REFERENCE],
        )

    def fill(self, patients: dict[tuple[str, str], Patient], practices: dict[str, str] | None = None) -> None:
        """Patients by pseudonym and practice, and the practices' CCGs."""
        code = {
            cluster: (category, code)
            for code, category, _, cluster, _ in self.connection.execute(
                "from marts.seeds.journal_codes order by code desc"
            ).fetchall()
        }
        people = [
            (key, practice, who.birth_year, who.sex, None, None, None, who.death_year, who.registered_on)
            for (key, practice), who in patients.items()
        ]
        records = [
            (key, practice, *code[cluster], day, value, None, None)
            for (key, practice), who in patients.items()
            for cluster, day, value in who.records
        ]
        self.load("patient_level.gateway.int_journals__people", people)
        self.load("patient_level.gateway.int_journals__records", records)
        self.load("marts.reference.int_ods__practices", list((practices or {}).items()))

    def load(self, table: str, rows: list[Cells]) -> None:
        """A table's rows, all of them new."""
        self.connection.execute(f"delete from {table}")
        if rows:
            names = [row[0] for row in self.connection.execute(f"describe {table}").fetchall()]
            arrow = pyarrow.table(dict(zip(names, map(list, zip(*rows)), strict=True)))
            self.connection.register("rows_to_load", arrow)
            self.connection.execute(f"insert into {table} select * from rows_to_load")
            self.connection.unregister("rows_to_load")

    def run(self, subjects: str = "", changed: dict[str, str] | None = None) -> None:
        """All models, or those of some subjects, with other SQL for some of them."""
        for name, sql in self.queries.items():
            if re.match(subjects, name):
                where = "marts.main" if name.startswith("fct_") else "patient_level.intermediate"
                if name == "int_disclosure__published":
                    where = "assurance.history"
                sql = (changed or {}).get(name, sql)
                self.connection.execute(f"create or replace table {where}.{name} as {sql}")

    def rows(self, query: str) -> list[Cells]:
        return self.connection.execute(query).fetchall()
