"""Net 3, by lineage: a proof over compiled SQL that no stored column and no stored order depends on
an identifier, unless through a sanctioned step; nor what dbt notes of how fresh a source is.

The idea: a query that uses no more of an identifier than whether two are the same (equality joins,
GROUP BY, PARTITION BY, EXISTS, counts, IS NULL) gives the same answer when all identifiers are
exchanged for others. So whatever is built from these alone says nothing about a number. Anything
else that is done to one makes a value that may neither be stored nor decide anything: which rows
there are, how many, in which order. The only way on is a sanctioned step (`sanctioned/`), first of
all the pseudonym.

Whatever the proof does not know is refused: a function, a clause, a column that nobody declared.
"""

from gp_level_data.nets import Finding
from gp_level_data.nets.lineage.freshness import problems_of_freshness
from gp_level_data.nets.lineage.project import Analysed, analyse
from gp_level_data.nets.lineage.steps import sanctioned
from gp_level_data.nets.sources import problems_of_sources
from gp_level_data.shapes import Manifest

NET = "lineage"


def findings(manifest: Manifest, known: dict[str, Analysed] | None = None) -> list[Finding]:
    """Everything in which a compiled project falls short of the proof; empty where it is proved.

    manifest  dbt's, with the models' compiled SQL; of both runs as compiled.both_runs makes it
    known     what project.analyse has found of some models already
    """
    of_steps = [
        Finding(NET, f"sanctioned/{step.name}.sql", problem) for step in sanctioned() if (problem := step.problem())
    ]
    of_models = [
        Finding(NET, node.name, problem) for node in analyse(manifest, known).values() for problem in node.problems
    ]
    of_sources = [
        Finding(NET, name, problem)
        for problems in (problems_of_sources, problems_of_freshness)
        for name, problem in problems(manifest)
    ]
    return of_steps + of_models + of_sources
