"""The project's macros without dbt: one Jinja environment for each engine, dispatched as dbt dispatches.

render("full_match('code', '[0-9]+')")              the SQL of a call on DuckDB
render("full_match('code', '[0-9]+')", "spark")     the same on Spark
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2

MACROS = Path(__file__).resolve().parents[2] / "macros"


class Adapter:
    """dbt's `adapter`, as far as macros of an engine need it: an engine's own macro, else the default one."""

    def __init__(self, find: Callable[[str], Any], engine: str = "duckdb") -> None:
        self.find = find
        self.engine = engine

    def dispatch(self, name: str) -> Callable[..., Any]:
        found = self.find(f"{self.engine}__{name}") or self.find(f"default__{name}")
        if found is None:
            raise LookupError(f"No engine has {name}")
        dispatched: Callable[..., Any] = found
        return dispatched


class Exceptions:
    @staticmethod
    def raise_compiler_error(message: str) -> None:
        raise ValueError(message)


@functools.cache
def renderer(engine: str = "duckdb") -> jinja2.Environment:
    """The macros as globals of an environment."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {
        "adapter": Adapter(lambda name: environment.globals.get(name), engine),
        "return": lambda value: value,
        "ref": lambda name: name,
        "exceptions": Exceptions,
        "var": lambda name, default="": default,
    }
    texts = [path.read_text() for path in sorted(MACROS.rglob("*.sql"))]
    module = environment.from_string("".join(texts)).module
    environment.globals |= {name: macro for name, macro in vars(module).items() if not name.startswith("_")}
    return environment


def render(call: str, engine: str = "duckdb") -> str:
    return renderer(engine).from_string("{{ " + call + " }}").render().strip()
