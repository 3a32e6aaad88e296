"""The sources that there are, and whom each of their columns identifies: said here, where no YAML is believed.

What a source's YAML says of itself is for readers, and has to say the same.
"""

import functools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gp_level_data.raw.landing.contract import PRACTICE_CODE, FileKind, all_kinds
from gp_level_data.raw.landing.words import NOBODY, identifies
from gp_level_data.shapes import Document, Manifest, Node

OBJECTORS = "objectors"
PSEUDONYM = "pseudonym"
LANDING = ("memory", "landing")
# Database, schema and name of a relation.
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Source:
    """Whom each column identifies, in their order, and whether its rows are about people who objected."""

    identifies: Mapping[str, str]
    is_about_objectors: bool = False


# What lies in landing beside the files of the contract (raw/landing/relations.py, raw/ndop_files.py), and what a run
# reads of the store.
OTHERS = {
    (*LANDING, "files"): Source(
        dict.fromkeys(
            ("file_kind", "file_name", "practice_code", "byte_count", "row_count", "extracted_at", "refused_rule"), NOBODY
        )
    ),
    (*LANDING, "folder"): Source({"is_synthetic": NOBODY}),
    (*LANDING, "ndop_files"): Source(
        dict.fromkeys(
            ("direction", "subject", "sent_date", "sequence_number", "line_count", "refused_rule"), NOBODY
        ),
        is_about_objectors=True,
    ),
    (*LANDING, "ndop_requests"): Source({"subject": NOBODY, "line": "person"}),
    (*LANDING, "ndop_replies"): Source({"subject": NOBODY, "line": "person"}, is_about_objectors=True),
    ("assurance", "history", "int_disclosure__published"): Source(
        dict.fromkeys(
            (
                "area_level", "practice_code", "area_code", "metric_id", "cohort_count", "numerator_count",
                "told_cohort_count", "told_numerator_count", "collected_at",
            ),
            NOBODY,
        )
    ),
    ("marts", "history", "reported_back"): Source(
        dict.fromkeys(
            ("entry", "collection", "reported_at", "practice_code", "file_name", "byte_count", "file_checksum"), NOBODY
        )
    ),
    ("marts", "history", "destroyed"): Source(dict.fromkeys(("entry", "collection", "destroyed_at"), NOBODY)),
    ("released", "main", "members"): Source(
        {"release_id": NOBODY, "disseminated_on": NOBODY, "patient_key": PSEUDONYM}
    ),
}  # fmt: skip
# Kinds of files whose rows are people who objected.
OF_OBJECTORS = {"opt_outs"}


@functools.cache
def known_sources() -> Mapping[Place, Source]:
    """Every source by where its relation lies."""
    # Columns and place in landing are the same for every collection.
    kinds = all_kinds("individual_gp_level_data")
    return OTHERS | {(*LANDING, kind.relation): of_kind(kind) for kind in kinds}


def of_kind(kind: FileKind) -> Source:
    """The files of one kind, with the columns that landing adds."""
    columns = {name.lower(): identifies(kind, name) for name in kind.columns}
    added = {
        "file_practice_code": kind.stem == PRACTICE_CODE,
        "file_row": kind.is_numbered,
        "metric_flags": bool(kind.optional),
        "file_name": kind.owns_folder and kind.stem != PRACTICE_CODE,
    }
    columns |= {name: NOBODY for name, is_there in added.items() if is_there}
    return Source(columns, kind.relation in OF_OBJECTORS)


def place_of(node: Node) -> Place:
    """Where a source's relation lies, as the engine compares names."""
    name = node.get("identifier") or node["name"]
    return str(node["database"]).lower(), str(node["schema"]).lower(), str(name).lower()


def source_of(node: Node) -> Source | None:
    """What is known of a source; None where nothing is."""
    return known_sources().get(place_of(node))


def problems_of_sources(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Sources that nobody knows, that are there twice, or that say something else of themselves: names, sentences."""
    times = Counter(map(place_of, manifest["sources"].values()))
    for node in manifest["sources"].values():
        name, place, known = f"{node['source_name']}.{node['name']}", place_of(node), source_of(node)
        if known is None:
            yield name, f"SOURCE: {'.'.join(place)} is none of the relations that nets/sources.py lists"
        elif not says(node, known):
            yield name, "SOURCE: its meta says otherwise than nets/sources.py whom it identifies, or whom it is about"
        if times[place] > 1:
            yield name, f"SOURCE: {'.'.join(place)} is there under {times[place]} names: one source a relation"


def says(node: Node, known: Source) -> bool:
    """Whether a source's YAML says of it what is known."""
    metas: list[Document] = [meta for meta in (node["config"].get("meta"), node.get("meta")) if meta] or [{}]
    about = OBJECTORS if known.is_about_objectors else None
    return all(meta.get("identifies") == known.identifies and meta.get("about") == about for meta in metas)
