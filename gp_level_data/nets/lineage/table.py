"""The proof as a page for reviewers, in the order of the way: each stored column, the raw columns it comes
from, and why it is safe.
"""

from collections import defaultdict

from gp_level_data.docs_site import address, link
from gp_level_data.nets.graph import stretch_of
from gp_level_data.nets.lineage.project import Analysed
from gp_level_data.nets.lineage.steps import WORD, sanctioned
from gp_level_data.nets.lineage.values import Value

BLOCK = "{{% docs lineage_proof %}}\n{page}\n{{% enddocs %}}\n"
EXPOSURE = "no_identifier_passes"
STEPS = "sanctioned-steps"
PAGE = """\
Worked out from the compiled SQL of both runs: each build writes this page, and so does
`python -m gp_level_data lineage`, which refuses what it does not understand. A test compares the page
with the project.

A query that uses no more of an identifier than whether two are the same (equality joins, grouping,
counting, presence) gives the same answer when all identifiers are exchanged for others, so what is
built from these alone says nothing about one. Anything more is a sanctioned step, or refused: as a
value, in a filter, in an order. Stored rows of people lie in the order of the pseudonym.

Raw columns that identify are written by what they identify: `hes.apc [person]`, `[episode]`,
`[birth_month]`.

## Contents

In the order of the way: the gateway, what is counted behind it, what is published. What is read by more comes first.

- [What may be done with an identifier]({of_steps}): {step_count} sanctioned steps
{contents}

## Sanctioned steps

| step | gives | why it may | taken in |
| --- | --- | --- | --- |
{steps}

{relations}"""
FOLDER = "## {folder}\n\n{relations}"
RELATION = """\
### {name}

{columns_told} of [the table]({address}).

| column | comes from | safe because |
| --- | --- | --- |
{columns}
"""


def page(analysed: list[Analysed]) -> str:
    """The file of the docs block.

    analysed  every model and snapshot in the order of the way, as project.analyse gives them
    """
    folders, steps = by_folder(analysed), sanctioned()
    text = PAGE.format(
        of_steps=address(EXPOSURE, "exposure", STEPS),
        step_count=len(steps),
        contents="\n".join(entry(folder, nodes) for folder, nodes in folders.items()),
        steps="\n".join(
            f"| {step.name} | {given(step.yields)} | {step.reason} | {taken_in(step.name, analysed)} |"
            for step in steps
        ),
        relations="\n".join(
            FOLDER.format(folder=folder, relations="\n".join(section(node) for node in nodes))
            for folder, nodes in folders.items()
        ),
    )
    return BLOCK.format(page=text.rstrip())


def by_folder(analysed: list[Analysed]) -> dict[str, list[Analysed]]:
    """The stored tables by their folders, a folder behind another where its last table is farther on."""
    folders: dict[str, list[Analysed]] = {}
    for node in (each for each in analysed if each.is_stored):
        # Taken out and put in again, it stands where its last table does.
        folders[node.folder] = [*folders.pop(node.folder, []), node]
    return dict(sorted(folders.items(), key=lambda each: stretch_of(f"{each[0]}/")))


def entry(folder: str, nodes: list[Analysed]) -> str:
    """A line of the contents: a folder and its tables, each a link to what is told of it below."""
    return f"- `{folder}`: " + ", ".join(link(EXPOSURE, "exposure", node.name) for node in nodes)


def section(node: Analysed) -> str:
    """What is told of one table."""
    columns = node.relation.columns if node.relation else ()
    return RELATION.format(
        name=node.name,
        address=address(node.name, "snapshot" if node.folder == "snapshots" else "model"),
        columns_told=f"{len(columns)} columns" if len(columns) != 1 else "One column",
        columns="\n".join(f"| {name} | {origin(value)} | {reason(value)} |" for name, value in columns),
    )


def taken_in(step: str, analysed: list[Analysed]) -> str:
    return ", ".join(link(node.name) for node in analysed if step in node.steps_taken)


def given(yields: str) -> str:
    if yields == WORD:
        return "one of a few words"
    return "a pseudonym" if yields == "pseudonym" else f"the same {yields}, inside the gateway"


def origin(value: Value) -> str:
    """The raw columns by their relations: `ods.gps (name, status_code)`."""
    columns: dict[str, list[str]] = defaultdict(list)
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
