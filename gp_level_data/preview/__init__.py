"""`make preview`: what would leave a practice, in plain English, before it agrees. Nothing is stored.

Columns and rules are those of the contract (landing), and verdicts those of the gateway's own models,
so that the collection cannot do other than its preview says.

    practice.py    what is said of any practice: its answer, its wave, its files, what stands in the way
    patients.py    practice files: who is collected, with which metrics
    journals.py    coded journals: whose records are collected, which, and in which form
"""

import re
from collections.abc import Iterator
from types import ModuleType
from types import SimpleNamespace as Namespace

import duckdb

from gp_level_data import project
from gp_level_data.preview import journals, patients
from gp_level_data.preview.practice import Practice, the_practice
from gp_level_data.raw import landing
from gp_level_data.refusal import Refusal
from gp_level_data.runs.scratch_gateway import scratch_gateway


def run(chosen: Namespace) -> int:
    """Print the preview."""
    code = chosen.practice.strip().upper()
    if not re.fullmatch(landing.PRACTICE_CODE, code):
        raise Refusal("A practice code is a letter and five digits, such as A81001.")
    settings = project.read_settings(chosen.vars)
    raw_dir = chosen.raw_dir.resolve()
    models = of_kind(settings["collection"]).MODELS
    with scratch_gateway(raw_dir, settings, chosen.vars, *models) as cursor:
        lines = list(page(cursor, the_practice(cursor, raw_dir, settings["collection"], code)))
    print("\n".join(lines))
    return 0


def of_kind(collection: str) -> ModuleType:
    """What knows the kind of file in which a collection's patients are sent."""
    return journals if collection in landing.COLLECTED["journals"] else patients


def page(cursor: duckdb.DuckDBPyConnection, practice: Practice) -> Iterator[str]:
    """The preview, line by line."""
    yield f"What would leave {practice.code} ({practice.name or 'no name known'}) for {practice.title}"
    yield f"at the collection of {practice.collected_at:%-d %B %Y, %H:%M}."
    yield "A dry run: nothing was stored or sent. All counts are exact, small ones too: they are the"
    yield "practice's own, for its own screen, and not for passing on."
    yield from section("The practice", practice.answer_lines())
    yield from section("Files", practice.file_lines())
    kind = of_kind(practice.collection)
    for title, lines in kind.sections(practice, kind.look(cursor, practice)):
        yield from section(title, lines)
    yield from section("What stands in the way today", practice.obstacle_lines())


def section(title: str, lines: Iterator[str]) -> Iterator[str]:
    """A heading and its lines."""
    yield ""
    yield title
    yield from (f"  {line}" for line in lines)
