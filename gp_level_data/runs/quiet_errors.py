"""The engine's errors, without the values it stumbled over.

DuckDB says which value could not be cast, which key was double, and whatever error() is given. dbt
prints that, logs it, and keeps it in run_results.json. So both runs put a cursor of their own between
dbt and the engine (runs/dbt_duckdb.py): messages about a statement pass, and of those about rows only the few that are
known to repeat none. What is not known is kept back.
"""

import re
from collections.abc import Callable
from typing import Any

import duckdb
from dbt.adapters.duckdb.environments import local

from gp_level_data.custody.store import OF_THE_DISK, sql_text
from gp_level_data.runs import whole_run

# About names, rights, files and memory: all that these quote stands in the statement.
ABOUT_THE_STATEMENT = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.DependencyException,
    duckdb.InterruptException,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
)
# As which the engine tells, while it writes or commits, what the system said of the disk; of rows they say little else.
ABOUT_THE_DISK = (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException, duckdb.InternalException)
# About rows, in words that have no room for a value. The check's expression is the contract's.
HARMLESS = re.compile(
    r"Constraint Error: NOT NULL constraint failed: [\w.]+"
    r"|Constraint Error: CHECK constraint failed on table \w+ with expression CHECK\(.*\)"
    r'|Invalid Input Error: Cannot change configuration option "[a-z_]+" - the'
    r" configuration has been locked"
    r"|TransactionContext Error: Current transaction is aborted \(please ROLLBACK\)"
)
# What the analyst meets who asks for all that is above a mart: most of it is built and lies in the store.
ABOVE_THE_BORDER = (
    "What lies above the border is built by the gateway run and read as it is: add"
    " --exclude path:models/staging path:models/intermediate/gateway"
)
# Of a store whose personal data are destroyed: what reads them cannot be asked, which is no test that does not hold.
PERSONAL = '"patient_level".'
GONE = "What this reads was personal and is not in the store: it was destroyed, or is not built yet. There is nothing to ask"
# The one message of our own that comes back through the engine (pseudonym.py).
OWN = "pseudonymise takes exactly ten digits; a value that is not was refused"
# What dbt loads a seed with, and what the engine says of a cell that its column's type cannot take: a seed names nobody,
# but what stands in its cell is not repeated either.
LOADS_A_SEED = re.compile(r"\s*COPY\b[^;]*\bFROM\b", re.IGNORECASE)
OF_A_CELL = re.compile(r"^Column (\w+) is being converted as type (\w+)", re.MULTILINE)
TEN_DIGITS = re.compile(r"\d{3}[\W_]{0,2}\d{3}[\W_]{0,2}\d{4}")


class QuietCursor(local.DuckDBCursorWrapper):
    """dbt's cursor over the engine's. An error may come with the rows too: all methods are guarded."""

    statement = ""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        super().__init__(cursor)  # type: ignore[no-untyped-call] # dbt's own has no types

    def execute(self, sql: str, bindings: Any = None) -> Any:
        self.statement = sql
        arguments = (sql,) if bindings is None else (sql, bindings)
        return guarded(self._cursor.execute, sql)(*arguments)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._cursor, name)
        return guarded(found, self.statement) if callable(found) else found


def guarded(call: Callable[..., Any], statement: str) -> Callable[..., Any]:
    """The same call on behalf of a statement; its error is of the same class, and repeats no value."""

    def guarded_call(*arguments: Any, **named: Any) -> Any:
        try:
            return call(*arguments, **named)
        except Exception as error:
            whole_run.look_at(error)
            quiet = quietly(error, statement)
        # Raised here, not above: else the engine's own error would hang on it as its context.
        raise quiet

    return guarded_call


def quietly(error: Exception, statement: str = "") -> Exception:
    """An error as it may be printed; words that stand in the statement come from no row."""
    message = str(error)
    kind = type(error) if isinstance(error, duckdb.Error) else RuntimeError
    told = message.partition("Error: ")[2]
    if isinstance(error, ABOUT_THE_DISK) and (of_the_disk := OF_THE_DISK.search(message)):
        return kind(f"{whole_run.DISK_SAYS_NO}{of_the_disk[0]}. See to the disk that it lies on, and run it again.")
    if (
        isinstance(error, (duckdb.BinderException, duckdb.CatalogException))
        and 'Catalog "memory" does not exist' in message
    ):
        return kind(ABOVE_THE_BORDER)
    if isinstance(error, duckdb.CatalogException) and "because schema " in message and PERSONAL in statement:
        return kind(GONE)
    if isinstance(error, ABOUT_THE_STATEMENT) or (told and f"'{sql_text(told)}'" in statement):
        # A column made of values, as PIVOT makes them, would be named here.
        return kind(TEN_DIGITS.sub("(ten digits)", message))
    if OWN in message:
        return kind(f"Invalid Input Error: {OWN}")
    if LOADS_A_SEED.match(statement) and (cell := OF_A_CELL.search(message)):
        return kind(
            f"{type(error).__name__}: a value of the column {TEN_DIGITS.sub('', cell[1])} of this seed is no {cell[2]}."
            " Write days as 2018-10-31; a spreadsheet may have saved them in its own way."
        )
    if HARMLESS.fullmatch(message.partition("\n\n")[0]):
        return kind(message.partition("\n\n")[0])
    return kind(
        f"{type(error).__name__}: the engine's words are kept back, since they may repeat a value."
        " Look for a cast, a constraint or a function that a row of this model does not pass."
    )
