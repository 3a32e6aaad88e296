"""dbt's unit tests in a plain DuckDB: what is given lies in tables once, and a model is one query over them."""

import functools
import re
from collections import Counter
from typing import Any

import duckdb

from bench import project
from gp_level_data.shapes import Cells, Node


class UnitTest:
    """One unit test, its tables filled."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, node: Node) -> None:
        self.connection = connection
        self.model: str = node["model"]
        self.name: str = node["name"]
        self.settings = (node["overrides"] or {}).get("vars") or {}
        self.schema = f"{self.model}__{self.name}"
        self.tables: dict[str, str] = {}
        connection.execute(f'create schema "{self.schema}"')
        for given in node["given"]:
            self.plant(given)
        self.expected = self.rows_expected(node["expect"])

    def plant(self, given: Node) -> None:
        name = ".".join(re.findall(r"['\"](\w+)['\"]", given["input"]))
        relation = project.nodes()[name]["relation_name"]
        self.tables[relation] = table = f'"{self.schema}"."{name}"'
        if given["format"] == "sql":
            self.connection.execute(f"create table {table} as {given['rows']}")
            return
        types = project.types_of(name)
        project.create_empty(self.connection, table, name)
        # without rows, a seed is given as its file has it
        is_seed = project.nodes()[name]["resource_type"] == "seed"
        for row in given["rows"] or []:
            row = {column: None if is_seed and value == "" else value for column, value in row.items()}
            named = ", ".join(f'"{column}"' for column in row)
            values = ", ".join(f"cast({literal(value)} as {types[column]})" for column, value in row.items())
            self.connection.execute(f"insert into {table} ({named}) values ({values})")

    def rows_expected(self, expect: Node) -> Counter[Cells]:
        types = project.types_of(self.model)
        if expect["format"] == "sql":
            described = self.connection.execute(f"describe {expect['rows']}").fetchall()
            self.columns = [row[0] for row in described]
            casts = ", ".join(f'cast("{name}" as {types[name]})' for name in self.columns)
            return Counter(self.connection.execute(f"select {casts} from ({expect['rows']})").fetchall())
        self.columns = list(expect["rows"][0]) if expect["rows"] else list(types)
        found: Counter[Cells] = Counter()
        for row in expect["rows"]:
            casts = ", ".join(f"cast({literal(row.get(name))} as {types[name]})" for name in self.columns)
            found.update(self.connection.execute(f"select {casts}").fetchall())
        return found

    def passes(self, sql: str) -> bool:
        """Whether a model's SQL gives what is expected. What does not run gives nothing."""
        for relation, table in self.tables.items():
            sql = sql.replace(relation, table)
        sql = project.with_settings(sql, self.settings)
        columns = ", ".join(f'"{name}"' for name in self.columns)
        try:
            found = self.connection.execute(f"select {columns} from ({sql})").fetchall()
        except duckdb.Error:
            return False
        return Counter(found) == self.expected


def literal(value: Any) -> str:
    """A value of a YAML row as SQL."""
    if value is None:
        return "null"
    if isinstance(value, bool | int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


@functools.cache
def all_tests() -> dict[str, list[UnitTest]]:
    """The unit tests of each model."""
    connection = project.connect()
    connection.execute("use marts")
    # Of a few rows, planning takes nearly all of the time.
    connection.execute("pragma disable_optimizer")
    found: dict[str, list[UnitTest]] = {}
    for node in project.manifest()["unit_tests"].values():
        found.setdefault(node["model"], []).append(UnitTest(connection, node))
    return found
