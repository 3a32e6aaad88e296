"""What dbt asks of a source to see how fresh it is: the answer lands in an artefact, as it is.

It is one row, the latest of a column or what a query of its own gives, and may depend on nobody's identifier,
neither by its value nor by the rows that are asked.
"""

from collections.abc import Iterator

from gp_level_data.nets.lineage.parsing import parse
from gp_level_data.nets.lineage.project import names_of, source_relation
from gp_level_data.nets.lineage.queries import Queries
from gp_level_data.nets.lineage.values import NotUnderstood, Relation
from gp_level_data.shapes import Manifest, Node


def problems_of_freshness(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Sources whose freshness says something of an identifier: their names, and what is wrong."""
    for node in manifest["sources"].values():
        question = asked(node)
        for problem in problems(node, question) if question else ():
            yield f"{node['source_name']}.{node['name']}", f"FRESHNESS: {problem}"


def asked(node: Node) -> str | None:
    """The query that tells how fresh a source is; None where nothing is asked."""
    if query := node.get("loaded_at_query"):
        return str(query)
    column, only = node.get("loaded_at_field"), (node.get("freshness") or {}).get("filter")
    if not column:
        return None
    return f"select max({column}) as latest from {'.'.join(names_of(node))}" + (f" where {only}" if only else "")


def problems(node: Node, question: str) -> list[str]:
    """What the proof finds in one such query."""

    def read(*names: str) -> Relation:
        if names != names_of(node):
            raise NotUnderstood("another table than the source")
        return source_relation(node)

    queries = Queries(read)
    try:
        answer = queries.query(parse(question))
    except NotUnderstood as error:
        return [f"NOT UNDERSTOOD: {error}"]
    told = [f"{name} depends on an identifier" for name, value in answer.columns if not value.is_safe]
    return list(dict.fromkeys([*queries.problems, *told]))
