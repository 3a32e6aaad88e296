"""What comes in from outside without a type of its own, by the name of what it is: JSON, YAML, rows of a query."""

from typing import Any

# dbt's manifest.json as a dictionary, and one of its nodes, macros or sources.
Manifest = dict[str, Any]
Node = dict[str, Any]
# The settings of a run, as VARS and dbt_project.yml give them; project.read_settings checks them.
Settings = dict[str, Any]
# An object of JSON that the project has written itself: an order, an entry of the ledger, a part of one.
Document = dict[str, Any]
# A row of a table or query by the names of its columns, and one by their places.
Row = dict[str, Any]
Cells = tuple[Any, ...]
