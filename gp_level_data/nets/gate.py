"""The gate, over dbt's graph: no model can forget it.

1. A model that holds `patient_key`, declared or written in its SQL, descends from `int_opt_outs__upheld`.
2. A model that calls `pseudonymise` is a gateway model, and every row it pseudonymises comes straight from
   `exclude_opted_out`: the call stands in a select from one CTE, which is nothing but that macro for the run's
   collection, and which it joins to nothing.
3. A model that is stored has its contract enforced, so that no column gets past rule 1 undeclared.
4. A release descends from the list of who may be in it, and through that from every opt-out that is upheld; or it
   holds no pseudonym, and reads a table for planning and the settings of the run alone. Its model is nothing but the
   macro `release_extract` with its own id.
5. One model is let off rules 1 and 2: `int_releases__recalled` makes the pseudonyms of those who object, to count
   how many of them a release was about. It keeps none.

Mend what is found by putting `exclude_opted_out(..., var('collection'))` before the pseudonym.
"""

import re

from gp_level_data.nets import Finding
from gp_level_data.shapes import Manifest, Node

NET = "gate"
GATE = "int_opt_outs__upheld"
RECALLED = "int_releases__recalled"
ALLOWED = "int_releases__pseudonyms"
UPHELD = {GATE, "int_ndop__permitted", "int_opt_outs__not_disseminated"}
PSEUDONYMS = {"patient_key", "release_key"}
GATED_CTE = re.compile(r"(\w+) as \(\s*\{\{ exclude_opted_out\(.+?, var\('collection'\)\) \}\}\s*\)")


def models_of(manifest: Manifest) -> dict[str, Node]:
    return {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "snapshot")}


def code_of(node: Node) -> str:
    """A model's source without its comments."""
    return re.sub(r"--.*|\{#.*?#\}", "", node["raw_code"])


def ancestors(manifest: Manifest, key: str) -> set[str]:
    """The names of everything that a model reads, and what that reads, to the sources."""
    found, waiting = set(), [key]
    while waiting:
        for parent in manifest["parent_map"].get(waiting.pop(), []):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return {parent.split(".")[-1] for parent in found}


def that_miss_the_gate(manifest: Manifest) -> list[str]:
    """Rule 1."""
    return sorted(
        node["name"]
        for key, node in models_of(manifest).items()
        if ("patient_key" in node["columns"] or "patient_key" in code_of(node))
        and GATE not in ancestors(manifest, key)
        and node["name"] != RECALLED
    )


def that_pseudonymise_without_it(manifest: Manifest) -> list[str]:
    """Rule 2."""
    return sorted(
        node["name"]
        for node in models_of(manifest).values()
        if "pseudonymise(" in code_of(node)
        and node["name"] != RECALLED
        and not (node["path"].startswith("intermediate/gateway/") and all(map(is_gated, calls(code_of(node)))))
    )


def calls(code: str) -> list[tuple[set[str], str]]:
    """For each call of `pseudonymise`: the gated CTEs of its model, and the rest of its select."""
    gated = set(GATED_CTE.findall(code))
    return [(gated, re.split(r"\n\s*\)", rest)[0]) for rest in code.split("pseudonymise(")[1:]]


def is_gated(call: tuple[set[str], str]) -> bool:
    gated, rest = call
    read = re.findall(r"\b(?:from|join)\s+(\S+)", rest)
    return len(read) == 1 and read[0] in gated


def that_have_no_contract(manifest: Manifest) -> list[str]:
    """Rule 3."""
    return sorted(
        node["name"]
        for node in models_of(manifest).values()
        if node["config"]["materialized"] not in ("view", "ephemeral", "snapshot")
        and (node["database"], node["schema"]) != ("memory", "gateway")
        and not node["config"]["contract"]["enforced"]
    )


def that_release_past_the_list(manifest: Manifest) -> list[str]:
    """Rule 4."""
    found = []
    for key, node in models_of(manifest).items():
        above = ancestors(manifest, key)
        is_extract = node["path"].startswith("marts/releases/extracts/")
        own = node["name"].removeprefix("rel_")
        is_as_written = node["raw_code"].strip() == f"{{{{ release_extract('{own}') }}}}"
        holds_keys = "release_key" in node["columns"] or "release_key" in code_of(node)
        needs_list = holds_keys or (is_extract and not is_published(manifest, key))
        if (is_extract and not is_as_written) or (needs_list and not above | {node["name"]} >= {ALLOWED} | UPHELD):
            found.append(node["name"])
    return sorted(found)


def is_published(manifest: Manifest, key: str) -> bool:
    """Whether a model reads one table for planning, as it is published, and nothing else."""
    read = [models_of(manifest).get(parent, {"path": "", "name": parent}) for parent in manifest["parent_map"][key]]
    tables = [node for node in read if node["path"].startswith("marts/planning/")]
    return len(tables) == 1 and {node["name"] for node in read} == {tables[0]["name"], "int_collection__settings"}


def that_keep_objectors(manifest: Manifest) -> list[str]:
    """Rule 5."""
    return sorted(
        node["name"]
        for node in models_of(manifest).values()
        if node["name"] == RECALLED and (PSEUDONYMS & node["columns"].keys() or "group by" not in code_of(node))
    )


RULES = {
    that_miss_the_gate: "holds pseudonyms and does not descend from the opt-outs that are upheld",
    that_pseudonymise_without_it: "makes pseudonyms of other rows than exclude_opted_out gives",
    that_have_no_contract: "is stored without its contract",
    that_release_past_the_list: "releases somebody who is not on the list, or is not written by release_extract",
    that_keep_objectors: "keeps pseudonyms of objectors",
}


def findings(manifest: Manifest) -> list[Finding]:
    """Models that break a rule, by a manifest alone; empty where the gate holds."""
    return [Finding(NET, name, what) for rule, what in RULES.items() for name in rule(manifest)]
