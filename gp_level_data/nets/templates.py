"""What the project's templates may look at, read off Jinja's syntax tree: each other, and the settings.

A template that sees more (the database, the command, the target, the environment, the machine) may be another one in
the run than in the proof. So each name in it has to be its own, a macro of the project, or one of the few of dbt's
that are listed; what else is needed stands beside the macro that needs it. Nothing is run, and a way round by
strings (`context['run_' ~ 'query']`) begins with a name that is not listed.
"""

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dbt.include
import yaml
from dbt.context.providers import MacroContext, ModelContext, SourceContext, UnitTestContext
from dbt_common.clients.jinja import get_environment
from jinja2 import TemplateSyntaxError, nodes
from jinja2.filters import FILTERS as DEFAULT_FILTERS

from gp_level_data.custody import checksums, proof
from gp_level_data.nets import Finding
from gp_level_data.nets.branches import branches, dispatched, is_dispatch, of_engines

NET = "names"
MACRO = "dbt_macro__"
# Of dbt's names those that say the same in every run, and Jinja's own.
ALLOWED = {"adapter", "config", "doc", "exceptions", "ref", "return", "source", "var"}
ALLOWED |= {"caller", "dict", "namespace", "range"}
# What these mean in dbt says nothing of a run; a macro may call a column so.
HARMLESS = {"column", "length"}


@dataclass(frozen=True)
class Trusted:
    """A macro that needs more: what it may look at, where it stands, and the checksum of what was read there.

    Its rights are those of that text, not of its name: whoever changes it has it read again, and says so here.
    """

    may: set[str]
    file: str
    checksum: str


# Macros that look at what was stored, and dbt's own that the project replaces.
TRUSTED = {
    "check_stored_values": Trusted(
        {"execute", "run_query", "target"}, "macros/privacy/check_stored_values.sql",
        "gjfffpbl-obkkobmc-ahoklifl-iloefdpf-gfngecnl-hfkcddjh-klmdfolg-aljjjoob",
    ),
    "check_what_was_built": Trusted(
        {"execute", "run_query", "target"}, "macros/privacy/check_what_was_built.sql",
        "dbmkccan-ghnhmhbn-jgpkokgi-mlfoiiam-ppdjjmkc-mjcijced-adepgjan-mojibenn",
    ),
    "check_intake": Trusted(
        {"execute", "run_query", "target"}, "macros/intake/check_intake.sql",
        "mkhikjbm-ahhfpacp-oabimfbj-fffohkhh-ehhidjbg-pdpkgejp-ekjipekm-kafeoggf",
    ),
    "columns_of": Trusted(
        {"execute", "flags", "run_query"}, "macros/privacy/columns_of.sql",
        "bejkbneh-cbggmhhe-aidpkfdk-ejjbhkjm-kfmnfhhp-hbmehohp-ohjdjjok-dmeffgla",
    ),
    "duckdb__collect_freshness": Trusted(
        {"dbt"}, "macros/parsing/collect_freshness.sql",
        "iophpgnm-bhifembg-cdafimjo-ilmbnkka-fnpcopge-mbleohga-loebnilg-pdopbkpj",
    ),
    "duckdb__persist_docs": Trusted(
        {"run_query"}, "macros/persist_docs.sql",
        "ppgkdlcm-jdgfojpk-ocghidhd-amjnaced-eialdodm-mhlbknhj-mhgdnnkh-egjpdhlf",
    ),
    "duckdb__snapshot_get_time": Trusted(
        {"target"}, "macros/snapshot_get_time.sql",
        "aceghjbf-kabeopcn-kfgmkjed-kdjdhhfn-hadgimpf-kkhaeapk-ennkhbpg-oohghkko",
    ),
    "generate_schema_name": Trusted(
        {"target"}, "macros/generate_schema_name.sql",
        "ffljlpnl-aoagbpfa-ijdnpaic-cnmcdmge-lflphnhi-godgeghd-bbemfklp-lmbiocpp",
    ),
    "seed_named": Trusted(
        {"target"}, "macros/privacy/seed_named.sql",
        "dokgcjmm-pipklnlh-ncelnean-nmacomcp-nbjieihc-eklfobmk-ikilaeln-aekooaoc",
    ),
    "test_nobody_who_objected": Trusted(
        {"target"}, "tests/generic/nobody_who_objected.sql",
        "pheejbej-jnpngmpn-fepinhij-holdpaid-ommmkdof-iigffdao-hanhmokl-ngmedofp",
    ),
}  # fmt: skip
READ_AGAIN = "whoever reads it anew notes its checksum (custody/checksums.py) in nets/templates.py"
# Both runs as profiles.yml has them, but for their threads: what is in memory and what is a file, what is loaded beside
# dbt, and that what spills is encrypted.
PROFILE = "ekbhgenb-blpnflcg-mcflahco-dflkohel-pojplpfp-hljelobj-gececacn-hddhojie"
# Of a name, what may be used beside calling it, which is all that may be done with others: what is behind them (a macro's
# context, the adapter of `ref`) reaches everything, under whatever name it is taken up. Of `adapter` no more than to
# choose among the project's own macros for an engine.
PARTS = {
    "adapter": {"dispatch"},
    "config": {"get", "persist_column_docs", "persist_relation_docs", "require"},
    "exceptions": {"raise_compiler_error"},
    "dbt": {"default__collect_freshness"},
    "flags": {"INTROSPECT"},
}
# What is no more than a value, where it may be used at all.
VALUES = {"execute"}
FILTERS = set(DEFAULT_FILTERS) - {"attr", "random"} | {"as_bool", "as_native", "as_number", "as_text"}
# Where YAML may hold a template: pages and blocks of the docs, the two operations, and the folders of a profile.
OF_YAML = {
    "dbt_project.yml": {"check_stored_values", "check_what_was_built", "check_intake"},
    "profiles.yml": {"env_var", "var"},
}
OF_DOCS = {"doc"}
# What dbt takes for a template in the argument of a test, though no brace says so.
WITHOUT_BRACES = re.compile(r"\s*(env_var|ref|var|source|doc)\s*\(.+\)\s*", re.DOTALL)
OF_ARGUMENTS = {"ref", "source", "var"}
ENVIRONMENT = {"RAW_DIR", "KEY_DIR", "STORE_DIR", "DUCKDB_THREADS", "DUCKDB_MEMORY_LIMIT"}
TEMPLATE = r"\{[{%#]"
CONTEXTS = (MacroContext, ModelContext, SourceContext, UnitTestContext)
OTHER_TEMPLATES = (nodes.Extends, nodes.FromImport, nodes.Import, nodes.Include)


def findings(project: Path) -> list[Finding]:
    """Whatever looks where it may not; empty where all templates of the project keep to what is listed."""
    templates = dict(parsed(project))
    macros = {macro.name.removeprefix(MACRO) for tree in templates.values() if tree for macro in macros_in(tree)}
    found = []
    for where, tree in templates.items():
        found += reading(where, tree, None, macros)
        found += trusted_by_name(project, where, tree) if tree else ()
    for path in files(project, ".yml", ".yaml"):
        where = path.relative_to(project).as_posix()
        for text in texts(path.read_text(encoding="utf-8")):
            may = OF_YAML.get(where, OF_DOCS)
            if WITHOUT_BRACES.fullmatch(text):
                text, may = f"{{{{ {text} }}}}", may | OF_ARGUMENTS
            found += reading(where, parse(text), may, macros)
    found += branches(templates)
    found += beyond_the_proof(project)
    found += profile(project)
    return sorted(set(found), key=lambda finding: (finding.where, finding.what))


def trusted_by_name(project: Path, where: str, tree: nodes.Template) -> Iterator[Finding]:
    """Macros that would have the rights of another one by its name, or of another text; or be called in its place."""
    below = {"macro-paths": "", "test-paths": "generic"}
    read = {Path(name, below[key]) for key, name in proof.paths_of_dbt(project) if key in below}
    read |= {Path("macros"), Path("tests", "generic")}
    for macro in macros_in(tree):
        name = macro.name.removeprefix(MACRO)
        if not read & {*Path(where).parents}:
            # dbt has not read it: there the name means it, and everywhere else what the nets see
            yield Finding(NET, where, f"defines the macro {name} outside the folders of macros")
        if macro not in tree.body:
            yield Finding(NET, where, "defines a macro within something else")
        if not (trusted := TRUSTED.get(name)):
            continue
        if where != trusted.file:
            yield Finding(NET, where, f"defines {name}, which stands in {trusted.file}")
        elif checksums.of_file(project / where) != trusted.checksum:
            yield Finding(NET, where, f"has another {name} than the one that was read: {READ_AGAIN}")


def beyond_the_proof(project: Path) -> list[Finding]:
    """Folders from which dbt would read what the proof passes over (custody/proof.py), or no net has read."""
    found = []
    for key, name in (*proof.paths_of_dbt(project), ("packages-install-path", "dbt_packages")):
        if key == "packages-install-path" and any(path.is_file() for path in (project / name).rglob("*")):
            found.append(Finding(NET, name, "holds another package, whose macros no net has read"))
        parts = Path(name).parts
        is_hidden = not parts or Path(name).is_absolute() or ".." in parts or parts[0].startswith(".")
        if key == "asset-paths":
            # dbt copies all that lies there beside the documentation: raw files too, or what a link leads to.
            found.append(Finding(NET, "dbt_project.yml", "has files copied beside the documentation (asset-paths)"))
        if is_hidden or (parts[0] == "tests" and key != "test-paths"):
            found.append(Finding(NET, "dbt_project.yml", f"reads {name} for {key}, which no proof covers"))
    return found


def profile(project: Path) -> list[Finding]:
    """Another profile than the one that was read: with a file in place of memory, other plugins, more runs."""
    path = project / "profiles.yml"
    if not path.is_file():
        # Then the gateway does not open: it takes no profile but the project's.
        return []
    profiles = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    text = json.dumps(profiles, sort_keys=True, default=str)
    if checksums.of_bytes(re.sub(r'"threads": \d+', "", text).encode()) == PROFILE:
        return []
    return [Finding(NET, path.name, f"is another profile than the one that was read: {READ_AGAIN}")]


def reading(where: str, tree: nodes.Template | None, only: set[str] | None, macros: set[str]) -> list[Finding]:
    """What is wrong with one template.

    only    names that it may use, where it may use no others
    macros  names of the project's macros
    """
    if tree is None:
        return [Finding(NET, where, "is a template that cannot be read")]
    return [Finding(NET, where, what) for what in Reading(only, macros).of(tree)]


@functools.lru_cache(maxsize=5_000)
def parse(text: str) -> nodes.Template | None:
    """The syntax tree of a template; None where it is none."""
    try:
        return get_environment(None, capture_macros=False).parse(text)
    except TemplateSyntaxError:
        return None


def parsed(project: Path) -> Iterator[tuple[str, nodes.Template | None]]:
    """Every SQL file of the project, and its template."""
    for path in files(project, ".sql"):
        yield path.relative_to(project).as_posix(), parse(path.read_text(encoding="utf-8"))


def macros_in(tree: nodes.Template) -> list[nodes.Macro]:
    return list(tree.find_all(nodes.Macro))


class Reading:
    """One walk through a template, with the names that are bound where it stands."""

    def __init__(self, only: set[str] | None, macros: set[str]) -> None:
        self.only, self.macros = only, macros
        self.problems: list[str] = []
        self.trusted: set[str] = set()
        # Names that stand where they are called, or a part of them is used.
        self.in_use: set[int] = set()

    def of(self, tree: nodes.Template) -> list[str]:
        self.visit(tree, set())
        return self.problems

    def visit(self, node: nodes.Node, bound: set[str]) -> None:
        """Go through a node in the order in which it is carried out; `bound` grows on the way."""
        if isinstance(node, OTHER_TEMPLATES):
            self.problems.append("takes in another template")
        elif isinstance(node, nodes.Macro):
            self.visit_macro(node, bound)
        elif isinstance(node, nodes.Name):
            self.visit_name(node, bound)
        elif isinstance(node, nodes.Assign):
            self.visit(node.node, bound)
            self.visit(node.target, bound)
        elif isinstance(node, nodes.For):
            self.visit(node.iter, bound)
            # Within the loop, and only there, the names of its rows are always set.
            inside = bound | {"loop"} | {name.name for name in node.target.find_all(nodes.Name)}
            inside |= {node.target.name} if isinstance(node.target, nodes.Name) else set()
            for part in (node.test, *node.body):
                self.visit(part, inside) if part is not None else None
            for part in node.else_:
                self.visit(part, bound)
        elif isinstance(node, nodes.CallBlock):
            self.in_use.add(id(node.call.node))
            self.visit(node.call, bound)
            inside = bound | {argument.name for argument in node.args}
            for part in (*node.defaults, *node.body):
                self.visit(part, inside)
        else:
            self.visit_parts(node, bound)
            for part in node.iter_child_nodes():
                self.visit(part, bound)

    def visit_macro(self, node: nodes.Macro, bound: set[str]) -> None:
        trusted = TRUSTED.get(node.name.removeprefix(MACRO))
        outer, self.trusted = self.trusted, trusted.may if trusted else set()
        for default in node.defaults:
            self.visit(default, bound)
        inside = bound | {argument.name for argument in node.args} | {"varargs", "kwargs"}
        for part in node.body:
            self.visit(part, inside)
        self.trusted = outer

    def visit_name(self, node: nodes.Name, bound: set[str]) -> None:
        name = node.name
        if name.startswith(MACRO):
            self.problems.append("names a macro as dbt renames it")
        if node.ctx == "store":
            # Where it is not set after all, the name would mean dbt's.
            if name in dbts_names() | self.macros | ALLOWED and name not in HARMLESS:
                self.problems.append(f"gives the name {name}, which is dbt's or a macro's, to something else")
            bound.add(name)
        elif self.only is not None and name not in self.only:
            self.problems.append(f"looks at {name}, which a text in YAML may not")
        elif self.only is None and name not in bound | self.macros | ALLOWED | self.trusted:
            self.problems.append(f"looks at {name}, which is not listed")
        elif name not in bound | VALUES | self.trusted and id(node) not in self.in_use:
            self.problems.append(f"takes {name} itself, which may only be called")

    def visit_parts(self, node: nodes.Node, bound: set[str]) -> None:
        """What is used of a name, and how a value is worked on."""
        if isinstance(node, nodes.Call):
            self.in_use.add(id(node.node))
        if isinstance(node, (nodes.Getattr, nodes.Getitem)):
            named = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
            of = node.node.name if isinstance(node.node, nodes.Name) else None
            may = PARTS.get(str(of), None if of is None or of in bound | self.trusted else set())
            self.in_use.add(id(node.node))
            if str(named).startswith("_") or is_dispatch_call(node.node) or (may is not None and named not in may):
                self.problems.append(f"looks at {named} of {of or 'a value'}")
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            self.problems.append(f"uses the filter {node.name}, which is not listed")
        elif isinstance(node, nodes.Call) and is_dispatch(node.node):
            if dispatched(node) is None or not any(name in self.macros for name in of_engines(dispatched(node))):
                self.problems.append("dispatches something else than a macro of the project by its name")
        elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "env_var":
            named = node.args[0].value if node.args and isinstance(node.args[0], nodes.Const) else None
            if named not in ENVIRONMENT:
                self.problems.append("looks at a variable of the environment that is not listed")


def is_dispatch_call(node: nodes.Node) -> bool:
    """Whether this is the macro that an engine's dispatch gives, before it is called."""
    return isinstance(node, nodes.Call) and is_dispatch(node.node)


def files(project: Path, *endings: str) -> list[Path]:
    """The files of the project that dbt reads as templates: below its folders, and its settings.

    An ending is one in capitals too, as dbt takes it.
    """
    settings = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))
    folders = [name for key, usual in PATHS.items() for name in settings.get(key) or [usual]]
    found = {path for name in folders for path in (project / name).rglob("*") if path.suffix.lower() in endings}
    found |= {path for path in project.glob("*") if path.suffix.lower() in endings}
    return sorted(path for path in found if path.is_file())


# Where dbt reads, and what it takes where the project names no folder.
PATHS = {
    "model-paths": "models", "seed-paths": "seeds", "macro-paths": "macros", "test-paths": "tests",
    "snapshot-paths": "snapshots", "analysis-paths": "analyses", "function-paths": "functions", "docs-paths": "models",
}  # fmt: skip


@functools.lru_cache(maxsize=1_000)
def texts(content: str) -> tuple[str, ...]:
    """Every text in a YAML file that holds a template, or that dbt takes for one; as it is when escapes are read."""
    return tuple(with_templates(content))


def with_templates(text: str) -> Iterator[str]:
    waiting = [yaml.load(text, yaml.CSafeLoader)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and (re.search(TEMPLATE, value) or WITHOUT_BRACES.fullmatch(value)):
            yield value


@functools.cache
def dbts_names() -> frozenset[str]:
    """Every name by which a template could reach something of dbt's: its context, and its macros."""
    members = {name for context in CONTEXTS for name in context._context_members_}
    called = re.compile(r"\{%-?\s*macro\s+(\w+)")
    for folder in dbt.include.__path__:
        for path in Path(folder).rglob("*.sql"):
            members |= set(called.findall(path.read_text(encoding="utf-8")))
    return frozenset(members | {"dbt", "dbt_duckdb", "context", "self", "super", "loop"})
