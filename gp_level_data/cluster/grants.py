"""Who may read and write what in Unity Catalog: the border between the two runs, as statements for the platform's team.

The databases of the project are catalogs there, and what each run makes is what it may make on one machine
(runs/statements.py), so that the two cannot drift apart. What lies in a run's memory lies nowhere there.
"""

from collections.abc import Iterator

from gp_level_data.refusal import Refusal
from gp_level_data.runs.statements import Run

IN_MEMORY = "memory"
# Handed over by the store of one machine, and only read here (models/cluster.md).
REMEMBERED = {
    ("marts", "seeds"), ("marts", "snapshots"), ("marts", "history"), ("assurance", "snapshots"), ("released", "main"),
}  # fmt: skip


def grants(gateway: str, analyst: str, volume: str) -> Iterator[str]:
    """The statements, in order, after which each principal can do its run and nothing else.

    gateway, analyst  names of the two service principals or groups
    volume            of the raw files, as <catalog>.<schema>.<volume>
    """
    made = {name: {place for place in Run(name).places if place[0] != IN_MEMORY} for name in ("gateway", "warehouse")}
    made = {name: places - REMEMBERED for name, places in made.items()}
    yield from of_principal(gateway, made["gateway"], {("marts", "seeds")})
    yield from of_principal(analyst, made["warehouse"], made["gateway"] | REMEMBERED)
    catalog, schema, name = parts(volume, 3)
    yield f"grant use catalog on catalog {catalog} to {quoted(gateway)}"
    yield f"grant use schema on schema {catalog}.{schema} to {quoted(gateway)}"
    yield f"grant read volume on volume {catalog}.{schema}.{name} to {quoted(gateway)}"


def of_principal(principal: str, writes: set[tuple[str, str]], reads: set[tuple[str, str]]) -> Iterator[str]:
    """Where somebody writes, and where he only reads."""
    name = quoted(principal)
    for catalog in sorted({place[0] for place in writes | reads}):
        yield f"grant use catalog on catalog {quoted(catalog)} to {name}"
    for catalog, schema in sorted(writes | reads):
        rights = "use schema, select" + (", modify, create table" if (catalog, schema) in writes else "")
        yield f"grant {rights} on schema {quoted(catalog)}.{quoted(schema)} to {name}"


def parts(name: str, count: int) -> list[str]:
    """A name with dots as its parts; a Refusal where it has another number of them."""
    found = name.split(".")
    if len(found) != count:
        raise Refusal("The volume of the raw files is named as <catalog>.<schema>.<volume>.")
    return list(map(quoted, found))


def quoted(name: str) -> str:
    """A name as the statement has it; a Refusal for what would end it."""
    if not name or any(sign in name for sign in "`\n\r;"):
        raise Refusal("A name of a principal or a volume is a word, without a backtick, a semicolon or a line end.")
    return f"`{name}`"
