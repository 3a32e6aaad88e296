"""A dbt manifest as the rules of net 1 look at it: nodes of all kinds, and their side of the border."""

import re
from collections.abc import Iterator

from gp_level_data.shapes import Manifest, Node

# The stretches of the way, each folder with what lies below it, but for what another one holds.
WAY = ("models/staging/", "models/intermediate/gateway/", "models/intermediate/", "models/marts/")


def stretch_of(path: str) -> int:
    """Which stretch of the way a file lies on, 0 the first; behind them all what is no model."""
    return next((at for at, folder in enumerate(WAY) if path.startswith(folder)), len(WAY))


def is_kept(node: Node) -> bool:
    """Whether anything of a model outlives its run: not a view, nor what lies in the gateway's memory."""
    lies_in = (node["database"], node["schema"])
    return node["config"]["materialized"] != "view" and lies_in != ("memory", "gateway")


class Graph:
    """A manifest's nodes of all kinds, by unique id, and which side of the border each is on.

    stored         models that are more than a view
    identifiable   raw files, staging, and the views of the gateway
    strangers      nodes of other packages, whose rules nobody here has read
    """

    def __init__(self, manifest: Manifest) -> None:
        self.project = manifest["metadata"]["project_name"]
        self.macros, self.selectors = manifest["macros"], manifest["selectors"]
        sections = set(manifest) - {"macros", "metadata", "selectors", "disabled"}
        self.all = {
            key: node
            for section in sections
            if isinstance(manifest[section], dict)
            for key, node in manifest[section].items()
            if isinstance(node, dict) and node.get("package_name", self.project) == self.project
        }
        self.strangers = [key for key, node in manifest["nodes"].items() if node["package_name"] != self.project]
        self.models = self.of("model")
        self.staging = {key for key, node in self.models.items() if in_staging(node)}
        self.gateway = {key for key, node in self.models.items() if in_gateway(node)}
        self.stored = {key: node for key, node in self.models.items() if is_kept(node)}
        self.landing = {key for key, node in self.of("source").items() if node["schema"] == "landing"}
        of_one_run = self.gateway - set(self.stored)
        self.identifiable = self.landing | self.staging | of_one_run

    def of(self, kind: str) -> dict[str, Node]:
        return {key: node for key, node in self.all.items() if node["resource_type"] == kind}

    def ours(self) -> dict[str, Node]:
        """The project's own macros."""
        return {k: node for k, node in self.macros.items() if node["package_name"] == self.project}

    def callers(self, nodes: dict[str, Node] | None = None) -> dict[str, Node]:
        """Nodes, models unless told otherwise, that call `pseudonymise`, themselves or through a macro."""
        return {
            key: node
            for key, node in (self.models if nodes is None else nodes).items()
            if any(
                re.search(r"\bpseudonymise\s*\(", code)
                for code in (
                    node.get("raw_code") or "",
                    node.get("compiled_code") or "",
                    *(self.macros[name]["macro_sql"] for name in self.macros_of(node)),
                )
            )
        }

    def macros_of(self, node: Node) -> set[str]:
        """Macros of the project that a node uses, through others too."""
        found, waiting = set(), set(macros_used(node))
        while waiting:
            found |= waiting
            waiting = {used for name in waiting for used in macros_used(self.macros[name])} - found
        return {name for name in found if self.macros[name]["package_name"] == self.project}


def path_of(node: Node) -> str:
    return str(node["original_file_path"])


def in_staging(node: Node) -> bool:
    return path_of(node).startswith("models/staging/")


def in_gateway(node: Node) -> bool:
    return path_of(node).startswith("models/intermediate/gateway/")


def macros_used(node: Node) -> list[str]:
    return list(node.get("depends_on", {}).get("macros", []))


def parents(node: Node) -> set[str]:
    return set(node.get("depends_on", {}).get("nodes", []))


def tested_model(node: Node) -> str | None:
    """The node that a generic or a unit test is about; None for a singular test."""
    if node["resource_type"] == "unit_test":
        return next(iter(node["depends_on"]["nodes"]), None)
    return node.get("attached_node")


def words(value: object, without: set[str]) -> Iterator[str]:
    """Every name, text and number in a node, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in without:
                yield key
                yield from words(inner, without)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner, without)
    elif value is not None:
        yield str(value)


def without_comments(code: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/|\{#.*?#\}", "", code, flags=re.DOTALL)
