"""Which room is mine: where something new goes, what it may read and which check stops it, for the overview.

The rooms are the zones that the net by name enforces, and who may read whom follows from their groups and
access; so the page cannot say what the net does not ask. The words of a room are here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gp_level_data.docs_site import under_heading, write_if_new
from gp_level_data.nets import names
from gp_level_data.nets.graph import WAY, stretch_of
from gp_level_data.nets.names import ZONES, Zone

PAGE = Path("models") / "overview.md"
NAME = "Which room is mine"
WRITTEN = (
    "The folders of `models`, as the net by name (`gp_level_data/nets/names.py`) asks for them: dbt refuses what groups and"
    " access forbid, the net everything else, and without the net's consent the gateway does not open. Written by"
    " `gpld lineage` from what the net enforces, not by hand."
)
# What each room is for, by its folder and access.
HOLDS = {
    ("models/staging/", "private"): "one view a raw file kind: names, types, no rules",
    ("models/intermediate/gateway/", "private"): "what is judged of identifiable rows; gone with the run",
    ("models/intermediate/gateway/", "protected"): "who and what crosses the border, under pseudonyms, or as counts",
    ("models/intermediate/", "private"): "rules on pseudonymised rows, exact counts, disclosure control",
    ("models/marts/releases/extracts/", "private"): "a release; written by `gpld releases`, never by hand",
    ("models/marts/gp_report/senders/", "protected"): "exact counts for one practice alone",
    ("models/marts/", "protected"): "what has passed disclosure control",
}
RAW_FILES = "raw files"


class New(NamedTuple):
    """Something that is added: where it goes, and which rules of the net, or files of tests, stop what is wrong."""

    what: str
    goes: str
    stopped_by: tuple[str, ...]


NEW = (
    New(
        "a model",
        "the folder of its room above and of its subject; contract, description and privacy tests in the folder's"
        " `_<folder>__models.yml`",
        (
            names.every_model_keeps_to_its_zone.__name__,
            names.nothing_reads_what_lies_farther_on.__name__,
            names.every_stored_model_has_a_contract.__name__,
            names.every_stored_relation_has_its_privacy_tests.__name__,
            "gp_level_data/nets/lineage",
        ),
    ),
    New(
        "a person or record that crosses the border",
        "a table of the gateway that calls the gate (`exclude_opted_out`) and then `pseudonymise`, alone on its line",
        (
            names.only_stored_gateway_models_pseudonymise.__name__,
            names.pseudonyms_are_made_in_one_way.__name__,
            names.the_gateway_is_small.__name__,
            "tests/python/nets/test_gate.py",
        ),
    ),
    New(
        "a rule of the intake",
        "a row of `seeds/intake_rules.csv`, and a line in the model of the gateway that judges such rows (`..._judged`)",
        ("tests/python/intake/test_intake_rules.py", "tests/python/intake/test_intake_cases.py"),
    ),
    New(
        "a metric that practices send",
        "a row of `seeds/metrics.csv` with the origin practice, and a column of that name in the practices' files:"
        " nothing else",
        ("tests/python/raw/test_contract.py", "tests/python/measures/test_measures.py"),
    ),
    New(
        "a register or target",
        "rows of `seeds/registers.csv`, `register_targets.csv`, `register_rules.csv`, and their codes in `journal_codes.csv`",
        ("tests/python/registers/test_registers.py",),
    ),
    New(
        "an opt-out code",
        "a row of `seeds/opt_out_codes.csv`, with where it was seen",
        ("tests/generic/codes_have_their_shape.sql", "tests/python/opt_outs/test_opt_outs.py"),
    ),
    New(
        "a threshold of disclosure control",
        "a row of `seeds/disclosure_rules.csv`",
        ("tests/python/disclosure/test_disclosure.py", "tests/generic/no_small_number.sql"),
    ),
    New(
        "a release",
        "a row of `seeds/releases.csv`, then `gpld releases`",
        ("macros/releases/release_refusal.sql", "tests/python/releases/test_release_requests.py"),
    ),
    New(
        "a collection",
        "a row of `seeds/collections.csv` and its rows of `disclosure_rules.csv` and `opt_out_exceptions.csv`; of coded"
        " journals also `journal_categories.csv`, `journal_scopes.csv` and the macro `collects_journals`. Python is touched"
        " in one place, `COLLECTED` in `gp_level_data/raw/landing/contract.py`: which kinds of file it has is asked"
        " before dbt starts, and a kind that nobody named must be refused. A new kind of file is described there too,"
        " and gets a view in `models/staging`",
        ("tests/python/raw/test_contract.py", names.raw_files_come_from_landing.__name__),
    ),
)


def write_page(project: Path) -> bool:
    """Write the rooms where the page says something else; whether it was written."""
    page = (project / PAGE).read_text(encoding="utf-8")
    return write_if_new(project / PAGE, under_heading(page, NAME, block()))


def block() -> str:
    """What stands under the heading: the rooms, then what goes where."""
    return "\n".join([WRITTEN, "", *rooms(), "", *new_things()])


def rooms() -> Iterator[str]:
    """The zones of the net, in the order of the way."""
    yield "| room | for | made as, in | group, access | may read |"
    yield "| --- | --- | --- | --- | --- |"
    for zone in sorted(ZONES, key=lambda each: stretch_of(each.folder)):
        made = " or ".join(sorted(zone.materialized - {"incremental"}))
        places = ", ".join(f"`{'.'.join(place)}`" for place in sorted(zone.places) if place != ("memory", "main"))
        yield (
            f"| `{zone.folder.removeprefix('models/')}` | {HOLDS[zone.folder, zone.access]} | {made}, {places} |"
            f" {zone.group}, {zone.access} | {', '.join(readable(zone))} |"
        )


def readable(zone: Zone) -> list[str]:
    """What a model of a room may read: its own group's models and those that are protected, up to its own stretch."""
    here = stretch_of(zone.folder)
    if here == 0:
        return [RAW_FILES]
    rooms = [each for each in ZONES if each.access == "protected" or each.group == zone.group]
    found = sorted({stretch_of(each.folder) for each in rooms if stretch_of(each.folder) <= here})
    return [f"`{WAY[at].removeprefix('models/')}`" for at in found]


def new_things() -> Iterator[str]:
    """What may be added, where it goes, and which check stops what is wrong with it."""
    yield "| new | goes to | stopped by |"
    yield "| --- | --- | --- |"
    for what, goes, stopped_by in NEW:
        yield f"| {what} | {goes} | {', '.join(f'`{check}`' for check in stopped_by)} |"
