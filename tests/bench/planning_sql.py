"""The compiled SQL of registers, planning tables and their disclosure control, in a plain DuckDB.

Everything it reads is given by hand: the gateway's tables of journals, the practices, the settings and the seeds.
"""

import re
from datetime import date

import pyarrow

from bench import project
from gp_level_data.shapes import Cells
from registers.register_oracle import REFERENCE, Patient

MODELS = (
    "intermediate/areas",
    "intermediate/registers",
    "intermediate/planning",
    "intermediate/disclosure",
    "marts/planning",
)
COLLECTED_AT = "2017-04-02 09:00:00+01"


class Planning:
    """One DuckDB, filled again for every run."""

    def __init__(self) -> None:
        self.queries = project.queries(*MODELS)
        self.connection = project.before(self.queries)
        self.settings()

    def settings(
        self, collection: str = "gpdpr", start: date = date(2016, 4, 1), collected_at: str = COLLECTED_AT
    ) -> None:
        """The settings of the run."""
        self.connection.execute("delete from marts.reference.int_collection__settings")
        self.connection.execute(
            "insert into marts.reference.int_collection__settings"
            " (collection, collected_at, emergency_definition, period_start, period_end) values (?, ?, 'none', ?, ?)",
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
        self.load("marts.reference.int_ods__practices", list((practices or {}).items()), "practice_code, ccg_code")

    def load(self, table: str, rows: list[Cells], columns: str = "") -> None:
        """A table's rows, all of them new; of all its columns, or of some."""
        self.connection.execute(f"delete from {table}")
        if rows:
            names = columns.split(", ") if columns else self.connection.table(table).columns
            arrow = pyarrow.table(dict(zip(names, map(list, zip(*rows)), strict=True)))
            self.connection.register("rows_to_load", arrow)
            self.connection.execute(f"insert into {table} by name select * from rows_to_load")
            self.connection.unregister("rows_to_load")

    def run(self, subjects: str = "", changed: dict[str, str] | None = None) -> None:
        """All models, or those of some subjects, with other SQL for some of them."""
        for name, sql in self.queries.items():
            if re.match(subjects, name):
                relation = project.nodes()[name]["relation_name"]
                sql = (changed or {}).get(name, sql)
                self.connection.execute(f"create or replace table {relation} as {sql}")

    def rows(self, query: str) -> list[Cells]:
        return self.connection.execute(query).fetchall()
