"""The proof as a page for reviewers: each stored column, the raw columns it comes from, and why it
is safe.
"""

from collections import defaultdict

from gp_level_data.nets.lineage.project import Analysed
from gp_level_data.nets.lineage.steps import WORD, sanctioned
from gp_level_data.nets.lineage.values import Value

BLOCK = "{{% docs lineage_proof %}}\n{page}\n{{% enddocs %}}\n"
PAGE = """\
Worked out from the compiled SQL of both runs by `python -m gp_level_data lineage`, which refuses
what it does not understand; a test compares this page with the project.

A query that uses no more of an identifier than whether two are the same (equality joins, grouping,
counting, presence) gives the same answer when all identifiers are exchanged for others, so what is
built from these alone says nothing about one. Anything more is a sanctioned step, or refused: as a
value, in a filter, in an order. Stored rows of people lie in the order of the pseudonym.

Raw columns that identify are written by what they identify: `hes.apc [person]`, `[episode]`,
`[birth_month]`.

**Sanctioned steps**

| step | gives | why it may | taken in |
| --- | --- | --- | --- |
{steps}

{relations}"""
RELATION = """\
**{name}**

| column | comes from | safe because |
| --- | --- | --- |
{columns}
"""


def page(analysed: list[Analysed]) -> str:
    """The file of the docs block, the relations by name."""
    stored = sorted((node for node in analysed if node.is_stored), key=lambda node: node.name)
    relations = "\n".join(
        RELATION.format(
            name=node.name,
            columns="\n".join(
                f"| {name} | {origin(value)} | {reason(value)} |"
                for name, value in (node.relation.columns if node.relation else ())
            ),
        )
        for node in stored
    )
    steps = "\n".join(
        f"| {step.name} | {given(step.yields)} | {step.reason} | {taken_in(step.name, analysed)} |"
        for step in sanctioned()
    )
    return BLOCK.format(page=PAGE.format(steps=steps, relations=relations).rstrip())


def taken_in(step: str, analysed: list[Analysed]) -> str:
    return ", ".join(sorted(node.name for node in analysed if step in node.steps_taken))


def given(yields: str) -> str:
    if yields == WORD:
        return "one of a few words"
    return "a pseudonym" if yields == "pseudonym" else f"the same {yields}, inside the gateway"


def origin(value: Value) -> str:
    """The raw columns by their relations: `ods.gps (name, status_code)`."""
    columns = defaultdict(list)
    for source in sorted(value.sources):
        relation, _, column = source.rpartition(".")
        if " [" in column:
            columns[source] += []
        else:
            columns[relation].append(column)
    shown = [f"{name} ({', '.join(names)})" if names else name for name, names in columns.items()]
    return "; ".join(shown) or "no column"


def reason(value: Value) -> str:
    return "; ".join(sorted(value.passed)) or "from no identifier"
