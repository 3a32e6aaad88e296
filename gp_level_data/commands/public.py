"""`make public`: a small static site on what is collected, on what basis, and what became of it.

Made of published tables, of seeds and of the ledger's entries on destruction, and of those only what is
not about anybody: no row count, no practice by name but in the table of objections. Nothing is loaded
and nothing runs, so the folder can be put on any server.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace as Namespace

import duckdb

from gp_level_data.commands.report_back import owner
from gp_level_data.custody import publication, published_tables
from gp_level_data.end import ledger, policy
from gp_level_data.pages import public_site
from gp_level_data.pages.handed_out import Written, complete_or_nothing, write_csv, write_text
from gp_level_data.refusal import Refusal
from gp_level_data.shapes import Document


def run(chosen: Namespace) -> int:
    """Write the site, as a whole or not at all."""
    folder = chosen.to.resolve()
    if folder.exists():
        raise Refusal(f"There is {folder} already: nothing is overwritten.")
    stores = [path.resolve() for path in (chosen.store_dir, *chosen.also)]
    for path in stores:
        if folder == path or path in folder.parents or folder in path.parents:
            raise Refusal(f"The site cannot lie with a store: {folder}.")
        if not path.is_dir():
            raise Refusal(f"There are no results in {path}: run `make build` first.")
        publication.hold(path)
    told = [public_site.Store(**facts) for path in stores for facts in of_store(path)]
    twice = {store.collection for store in told if [s.collection for s in told].count(store.collection) > 1}
    if twice:
        raise Refusal(f"Two of the stores hold {', '.join(sorted(twice))}.")
    with complete_or_nothing(folder) as unfinished:
        written = list(files(told, chosen.contact or owner(), unfinished))
    print(f"{folder / 'index.html'}: {len(written)} files, {sum(file.byte_count for file in written):,} bytes.")
    return 0


def of_store(store_dir: Path) -> Iterator[Document]:
    """What a store tells the public."""
    with published_tables.opened(store_dir) as connection:
        settings = published_tables.settings(connection)
        yield {
            "collection": settings["collection"],
            "settings": settings,
            "tables": {name: records(connection, query) for name, query in public_site.QUERIES.items()},
            "destroyed": [
                entry.content | {"checksum": entry.checksum} for entry in ledger.entries(store_dir, ledger.DESTRUCTION)
            ],
            "destroy_by": policy.destroy_by(store_dir, settings["collection"]),
        }


def records(connection: duckdb.DuckDBPyConnection, query: str) -> list[Document]:
    """The rows of a query by column."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def files(told: list[public_site.Store], contact: str, folder: Path) -> Iterator[Written]:
    """The pages, and as CSV what is too long for one."""
    for name, page in public_site.pages(told, contact):
        yield write_text(folder / name, page)
    for name, header, rows in public_site.tables(told):
        yield write_csv(folder / name, header, rows)
