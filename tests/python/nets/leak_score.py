"""`make leak-score`: every leak made on purpose is tried, and every net says what it caught.

A leak is a small change to the project (leaks/<family>/<name>.toml), tried on a copy. Six nets look:

    dbt        dbt or the engine refuses: a contract, an access rule, a constraint, a closed door
    names      gp_level_data/nets/names.py, on the manifest
    lineage    gp_level_data/nets/lineage, on the compiled SQL
    values     gp_level_data/nets/values.py, on the stores and on every byte that the runs left
    renaming   gp_level_data/nets/renaming.py, on two builds under two numberings
    opt_outs   nobody but those whom the oracle permits (opt_out_oracle.py) has a row

Every leak must be caught and no harmless change; a value leak by two nets, unless dbt refuses it, is
the goal. A finding counts that names what was changed, or what is built on it. A change that ends in an error
"did not run", whatever else was found; those of the family `broken` must. dbt compiles each change; what it reaches is then built directly (direct_build.py), unless it
is more than another query: then dbt runs, under the second numbering only where nets are wanting.
Options go through make: `make leak-score LEAKS='--only windows/ --verbose'`. Each result is kept in
leaks/leak_score.json, for evidence, beside those of the others; but not of `--static`, which leaves nets out.

A leak's file may say where it is tried, if not in the first run of the collection that the project is set to:

    collection   another collection, as gpdpr
    settings     vars of the run in which the change is there
    second_run   true: that run goes on with a store in which the unchanged project has built everything
"""

import argparse
import functools
import gc
import json
import multiprocessing
import random
import re
import shutil
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from bench import direct_build, raw_folder, small_world
from bench.small_world import NO_TESTS, NO_UNIT_TESTS, SmallWorld
from conftest import COLLECTION, SOURCES, copy_project
from gp_level_data.custody import checksums
from gp_level_data.nets import (
    Finding,
    gate,
    leak_score,
    lineage,
    names,
    raw_numbers,
    renaming,
    templates,
    values,
)
from gp_level_data.nets.lineage.project import analyse
from gp_level_data.nets.renaming_run import Pair
from gp_level_data.runs.statements import NOT_PROVED
from gp_level_data.shapes import Manifest, Node, Row
from opt_outs.opt_out_oracle import expected, opted_out

LEAKS = Path(__file__).parent / "leaks"
# A broken change leaks nothing and does not run: whatever calls that a leak caught cries at mistakes.
HARMLESS, BROKEN = leak_score.HARMLESS, leak_score.BROKEN
KINDS = ("value", "flow", "rule", "opt_out", BROKEN, HARMLESS)
NETS = ("dbt", "names", "gate", "lineage", "values", "renaming", "opt_outs")
DID_NOT_RUN = "did not run"
PROCESSES = 2
SEED = 20170401

# Only the analyst's run builds what lies here.
WAREHOUSE = re.compile(r"models/marts/|models/intermediate/(?!gateway/)")
GATEWAY = re.compile(r"models/staging/|models/intermediate/gateway/")
# What can be built without dbt (direct_build.py): models, their contracts and words, and macros in them.
DIRECT = re.compile(r"models/.*\.(sql|yml|md)|macros/(admissions|engine|gate|measures|nhs_number|parsing)/.*")
# Words with which a change does more than another query, so that dbt has to run it.
BEYOND_QUERIES = re.compile(
    r"hook|run_query|\blog\(|\bprint\(|statement|materialized|snapshot|\badapter\b|config\(|execute"
    r"|store_failures|\berror\(|unit_tests|severity|enabled|incremental|seed|\bflags\b|invocation_args"
    # a second statement behind a constraint is the engine's to refuse
    r'|expression: "[^"\n]*;'
)
# What is another leak, or another change, only where tests run.
OF_TESTS = r"\btests/|store_failures|severity"
# Read by the Python beside dbt, which this process has loaded from the project itself, not from the copy.
READ_ONCE = re.compile(r"gp_level_data/|seeds/metrics\.csv")
# What a refusal looks like; after any other error the change did not run.
SCANNED = "What is stored looks like a patient's number"
REFUSED = re.compile(
    r"contract|Constraint Error|Permission Error|Compilation Error|Parsing Error|Connection Error"
    r"|depends on a node|is not allowed|Not implemented Error|Python models do not run"
)
# How an error is told that a value provoked, which the engine's own words would repeat (runs/quiet_errors.py).
KEPT_BACK = "the engine's words are kept back"
# Words for SQL or a template that is none, or is about what is not there.
MISTAKE = re.compile(r"Parser Error|Binder Error|Catalog Error|depends on a node|Syntax Error|unexpected '")
AT_THE_END = (SCANNED, NOT_PROVED)
CACHE = "partial_parse.msgpack"
# Beside a manifest, the part of it that a change has made.
CHANGED = "changed"
MADE_BY_WORDS = re.compile(r"\bcreate (?:or replace )?(?:table|view) (?:\w+\.)*(\w+)")
COMPILE = ("--indirect-selection", "empty", "--no-populate-cache", "--no-introspect")
GATEWAY_MODELS = ("path:models/staging", "path:models/intermediate/gateway")
SELECT = {
    "gateway": ("--select", *GATEWAY_MODELS),
    "warehouse": (
        "--select",
        "resource_type:model",
        "resource_type:snapshot",
        "--exclude",
        *GATEWAY_MODELS,
    ),  # fmt: skip
}


# Collection and settings that a store is built with, as JSON.
Place = tuple[str, str]
HERE: Place = (COLLECTION, "{}")


class Untried(Exception):
    """A leak's file does not fit the project."""


@dataclass(frozen=True)
class Leak:
    """A change, and what it lets through."""

    name: str
    family: str
    what: str
    kind: str
    edit: list[Row] = field(default_factory=list)
    add: list[Row] = field(default_factory=list)
    collection: str = COLLECTION
    settings: Row = field(default_factory=Row)
    second_run: bool = False

    @property
    def path(self) -> str:
        """What it is called: its family and its name."""
        return f"{self.family}/{self.name}"

    @property
    def place(self) -> Place:
        """Where it is tried."""
        return self.collection, json.dumps(self.settings, sort_keys=True)

    @property
    def first_place(self) -> Place:
        """Where the store comes from with which its run begins, or with which it is compared."""
        return (self.collection, "{}") if self.second_run else self.place

    @property
    def files(self) -> list[str]:
        return [part["file"] for part in (*self.edit, *self.add)]

    @property
    def words(self) -> str:
        return "".join(part.get("replace", part.get("text", "")) for part in (*self.edit, *self.add))

    @property
    def is_harmless(self) -> bool:
        return self.kind == HARMLESS

    @property
    def needs_dbt(self) -> bool:
        """Whether it is more than other queries, contracts and words of models, or another run comes before."""
        is_all_models = all(DIRECT.fullmatch(file) for file in self.files)
        return self.second_run or not is_all_models or bool(BEYOND_QUERIES.search(self.words))

    @property
    def needed(self) -> int:
        """How many nets should catch it."""
        return {"value": 2, HARMLESS: 0, BROKEN: 0}.get(self.kind, 1)


@dataclass(frozen=True)
class Tried:
    """What became of a leak: where each net caught it, and what is wrong with the leak itself."""

    leak: Leak
    caught: dict[str, list[str]]
    problem: str | None = None
    seconds: float = 0.0
    error: str | None = None
    known: frozenset[Finding] = frozenset()

    @property
    def is_as_wanted(self) -> bool:
        if self.leak.kind == BROKEN:
            return self.problem == DID_NOT_RUN
        count = len(self.caught)
        return not self.problem and (count == 0 if self.leak.is_harmless else count > 0)


def read(path: Path) -> Leak:
    """A leak's file; an error where it is not of the format."""
    facts = tomllib.loads(path.read_text(encoding="utf-8"))
    leak = Leak(path.stem, path.parent.name, **facts)
    if (
        leak.kind not in KINDS
        or (leak.kind == BROKEN) != (leak.family == BROKEN)
        or leak.is_harmless != (leak.family == HARMLESS)
        or not leak.files
    ):
        raise ValueError(f"{path.name}: no kind of leak, or no change")
    return leak


def all_leaks() -> list[Leak]:
    """Every leak and every harmless change, in a fixed order."""
    return [read(path) for path in sorted(LEAKS.rglob("*.toml"))]


def sample_of(leaks: list[Leak], count: int, seed: int) -> list[Leak]:
    """Some of them, always the same."""
    return random.Random(seed).sample(leaks, min(count, len(leaks)))


@contextmanager
def changed(project: Path, leak: Leak) -> Iterator[None]:
    """The project with the change; afterwards as it was."""
    before: dict[Path, bytes | None] = {}
    try:
        for part in (*leak.edit, *leak.add):
            path = project / part["file"]
            content = path.read_bytes() if path.exists() else None
            before.setdefault(path, content)
            path.parent.mkdir(parents=True, exist_ok=True)
            if "text" in part:
                path.write_text(part["text"], encoding="utf-8")
                continue
            text = (content or b"").decode()
            if text.count(part["find"]) != 1:
                raise Untried(f"its text stands {text.count(part['find'])} times in {part['file']}")
            path.write_text(text.replace(part["find"], part["replace"]), encoding="utf-8")
        yield
    finally:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)


def variables(place: Place) -> Row:
    """What is set in a place besides the project's defaults."""
    collection, settings = place
    return {**json.loads(small_world.VARIABLES), "collection": collection, **json.loads(settings)}


def make_clean(folder: Path, is_static: bool = False, place: Place = HERE) -> Pair:
    """Make the small world and build it under two numberings, by dbt and directly; keys alone, if static."""
    collection = place[0]
    world = SmallWorld(copy_project(folder / "project"), folder, variables=json.dumps(variables(place)))
    world.make_keys(collection)
    if is_static:
        return Pair(collection, folder, {})
    small_world.make_raw(folder / "raw_0", collection)
    clean = Pair(collection, folder, renaming.rename(folder / "raw_0", folder / "raw_1", SEED))
    world.put_raw(clean.raw_dirs[0])
    world.put_store(None)
    if not (world.gateway().success and world.warehouse().success):
        raise RuntimeError("the project does not build without any leak")
    world.keep_store(clean.stores[0])
    first, second = clean.stores
    shutil.copytree(first, second)
    manifest = direct_build.both_runs(*map(world.manifest, SELECT))
    models = list(direct_build.models(manifest))
    direct_build.run(manifest, models, clean.raw_dirs[1], world.keys, second, **clean.settings)
    return clean


class Bench:
    """Where leaks are tried, one after another: a copy of the project, and of the clean stores."""

    def __init__(self, folder: Path, clean: Pair, place: Place = HERE) -> None:
        self.folder, self.clean, self.variables = folder, clean, variables(place)
        self.world = SmallWorld(
            copy_project(folder / "project"), folder / "work", variables=json.dumps(self.variables), undoes=False
        )
        self.world.work.mkdir()
        # of its own: in the key folder lies which code was vouched for last
        shutil.copytree(clean.keys, self.world.keys)
        self.numbers = set(clean.new_number)
        self.new_pseudonym = clean.new_pseudonyms(clean.new_number)
        # artefacts hold the project's unit tests
        self.quoted = raw_numbers.numbers_quoted(*(self.world.project / name for name in SOURCES))
        self.manifests: dict[str, Row] = {}
        self.touched: set[str] = set()
        self.known: set[Finding] = set()
        # Checksums of files in which nothing was found, and tables of the clean stores, in which nothing was either.
        self.looked_through: set[str] = set()
        self.clean_tables: set[str] = set()

    @functools.cached_property
    def not_permitted(self) -> set[str]:
        """Pseudonyms of everybody whom the oracle does not permit; of journals, of everybody who objected."""
        settings = small_world.SETTINGS | self.variables
        settings |= {"period_start": "0001-01-01", "period_end": "0001-01-01"}
        sent = raw_folder.read(self.clean.raw_dirs[0], settings)
        if raw_folder.has_journals(settings):
            left_out = self.numbers & opted_out(sent)
        else:
            left_out = self.numbers - {number for number, _ in expected(sent).permitted}
        return set(self.clean.new_pseudonyms({number: number for number in left_out}))

    def look(self, is_static: bool) -> None:
        """Compile the clean project, and see what the nets find in it: nothing, it is hoped."""
        for target in SELECT:
            if self.world.dbt("compile", target, *SELECT[target], *COMPILE).complaints:
                raise RuntimeError("the project does not compile without any leak")
            self.manifests[target] = self.world.manifest(target)
            cache = self.world.target_path(target) / CACHE
            shutil.copyfile(cache, self.folder / f"{target} {CACHE}")
        self.both = direct_build.both_runs(self.manifests["gateway"], self.manifests["warehouse"])
        self.analysed = analyse(self.both)
        self.known = set(self.names_and_lineage(self.both))
        if not is_static:
            self.known |= set(self.findings_in(self.clean.stores))
            with values.opened(self.clean.stores[0], self.world.store_keys) as connection:
                self.clean_tables = {".".join(column[:3]) for column in values.stored_columns(connection)}

    def attempt(self, leak: Leak, is_static: bool = False) -> Tried:
        """One leak, all nets."""
        started = time.monotonic()
        problem, error, found = None, None, []
        try:
            with changed(self.world.project, leak):
                self.sweep()
                found = list(self.findings(leak, is_static))
        except Untried as reason:
            problem = str(reason)
        caught: dict[str, list[str]] = {}
        errors = [finding.what for finding in found if finding.net == DID_NOT_RUN]
        if errors:
            problem, error, found = DID_NOT_RUN, errors[0], []
        for finding in found:
            # What is said of something else than what was changed is an accident.
            if finding not in self.known and self.is_about(finding, leak):
                caught.setdefault(finding.net, []).append(f"{finding.where}: {finding.what}")
        return Tried(leak, caught, problem, time.monotonic() - started, error, frozenset(self.known))

    def is_about(self, finding: Finding, leak: Leak) -> bool:
        """Whether a finding names what was changed: a file, what stands in it, or what is built on that.

        Of a harmless change every finding is a false alarm, whatever it names.
        """
        said = f"{finding.where} {finding.what}"
        return leak.is_harmless or any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) for name in self.touched)

    def names_touched(self, leak: Leak, manifest: Manifest | None) -> set[str]:
        """Files that were changed, and names of what lies in them, uses it, or is built on it."""
        found = {*leak.files, *(Path(file).stem for file in leak.files)}
        # What a file of properties is about is named in the words that were changed, or around them.
        found |= set(re.findall(r"\b(?:int|stg|fct|dim|rpt|rel|snp)_\w+", leak.words))
        found |= set(MADE_BY_WORDS.findall(leak.words))
        for part in leak.edit:
            found |= set(re.findall(r"\b(?:int|stg|fct|dim|rpt|rel|snp)_\w+", part["find"]))
        kinds = ("nodes", "sources", "macros", "docs", "exposures")
        everything = {key: node for kind in kinds for key, node in (manifest[kind] if manifest else {}).items()}
        clean = {**self.manifests["gateway"]["nodes"], **self.manifests["warehouse"]["nodes"]}
        schemas = {node["schema"] for node in clean.values() if "schema" in node}
        reached = {
            key
            for key, node in everything.items()
            if node["original_file_path"] in leak.files
            or node["resource_type"] == "operation"
            and changed_node(node, clean.get(key))
            or node.get("patch_path", "")
            and node["patch_path"].partition("://")[2] in leak.files
            and changed_node(node, clean.get(key))
            or node.get("raw_code") is not None
            and node["resource_type"] == "model"
            and changed_node(node, clean.get(key))
        }
        while True:
            more = {
                key
                for key, node in everything.items()
                if reached
                & {*node.get("depends_on", {}).get("nodes", ()), *node.get("depends_on", {}).get("macros", ())}
            }
            if more <= reached:
                break
            reached |= more
        for key in reached:
            node = everything[key]
            found |= {key, node["name"], node.get("alias") or node["name"]}
            # a place of its own; and a hook, which dbt names by its number
            found |= {node["schema"]} - schemas if "schema" in node else set()
            found |= {f"{node['tags'][0]}.{node['index']}"} if node["resource_type"] == "operation" else set()
        return found

    def findings(self, leak: Leak, is_static: bool) -> Iterator[Finding]:
        """What each net finds: first those that read, then those that build."""
        complaints, manifest = self.compiled(leak)
        self.touched = self.names_touched(leak, manifest)
        found = templates.findings(self.world.project) + (self.names_and_lineage(manifest) if manifest else [])
        # a query that is put together while others run does not compile by itself
        if complaints and (is_static or not leak.needs_dbt):
            found += self.judged("compilation", complaints, leak)
        yield from found
        if is_static:
            return
        if manifest and not complaints and not leak.needs_dbt:
            try:
                yield from self.built_directly(manifest)
                return
            except direct_build.Refused as refusal:
                yield Finding("dbt", str(refusal), "refused")
                return
            except duckdb.Error:
                pass  # dbt would print the error
        # Models that are what they were make of another numbering what they made.
        is_as_before = manifest is not None and not direct_build.reached(manifest, self.both)
        yield from self.built_by_dbt(leak, {each.net for each in found if each not in self.known}, is_as_before)

    def names_and_lineage(self, manifest: Manifest) -> list[Finding]:
        """What the nets find that only read; of what the change has not reached the proof is known."""
        same = same_as_before(manifest, self.both)
        analysed = {key: node for key, node in self.analysed.items() if key in same}
        return names.findings(manifest) + gate.findings(manifest) + lineage.findings(manifest, analysed)

    def compiled(self, leak: Leak) -> tuple[list[str], Row | None]:
        """What dbt complained of, and the manifest of the project as changed, both runs' SQL in it."""
        targets = [
            target
            for target, others in (("gateway", WAREHOUSE), ("warehouse", GATEWAY))
            if not all(others.match(file) for file in leak.files)
        ]
        complaints, manifests = [], dict(self.manifests)
        for target in targets:
            complaints += self.world.dbt("compile", target, *SELECT[target], *COMPILE).complaints
            if not (self.world.target_path(target) / "manifest.json").exists():
                return complaints, None
            manifests[target] = self.world.manifest(target)
        newer = manifests[targets[-1]]
        return complaints, direct_build.both_runs(manifests["gateway"], manifests["warehouse"], newer)

    def sweep(self) -> None:
        """Away with what the last leak left; what dbt parsed is that of the clean project again."""
        shutil.rmtree(self.world.work / "logs", ignore_errors=True)
        for target in SELECT:
            folder = self.world.target_path(target)
            shutil.rmtree(folder)
            folder.mkdir()
            shutil.copyfile(self.folder / f"{target} {CACHE}", folder / CACHE)

    def built_directly(self, manifest: Manifest) -> Iterator[Finding]:
        """What changed is built under both numberings, without dbt."""
        nodes = direct_build.reached(manifest, self.both)
        others = {node["unique_id"] for node in nodes if direct_build.is_another(node, self.both)}
        stores, built = [], set[str]()
        for at, (raw_dir, clean_dir) in enumerate(zip(self.clean.raw_dirs, self.clean.stores)):
            store_dir = self.folder / f"store_{at}"
            shutil.rmtree(store_dir, ignore_errors=True)
            stores.append(Path(shutil.copytree(clean_dir, store_dir)))
            built |= direct_build.run(
                manifest, nodes, raw_dir, self.world.keys, store_dir, others, **self.clean.settings
            )
        made = [manifest["nodes"][key] for key in built]
        tables = {".".join((node["database"], node["schema"], node["alias"])) for node in made}
        yield from self.findings_in(stores, self.clean_tables - tables)

    def built_by_dbt(self, leak: Leak, nets: set[str], is_as_before: bool) -> Iterator[Finding]:
        """Both runs by dbt; under the other numbering too, unless nets enough have caught the leak.

        is_as_before    whether every model is what it was, so that of a harmless change one numbering is enough
        """
        in_process = not any(READ_ONCE.match(file) for file in leak.files)
        world = replace(self.world, in_process=in_process)
        stores: list[Path] = []
        for raw_dir, clean_dir in zip(self.clean.raw_dirs, self.clean.stores):
            if stores and (len(nets) >= leak.needed if leak.needed else is_as_before):
                return
            found, is_whole = self.run_by_dbt(leak, world, raw_dir, clean_dir if leak.second_run else None)
            stores.append(world.keep_store(self.folder / f"store_{len(stores)}"))
            found += self.findings_in_files()
            # What dbt refused three models on lies in the store by then.
            with suppress(duckdb.Error, OSError):
                found += self.findings_in_store(stores[0])
            yield from found
            if not is_whole:
                return
            nets |= {finding.net for finding in found if finding not in self.known}
        yield from self.differences(stores)

    def run_by_dbt(
        self, leak: Leak, world: SmallWorld, raw_dir: Path, store_dir: Path | None
    ) -> tuple[list[Finding], bool]:
        """Both runs of one raw folder, on a store or none: what refuses them, and whether they came to their end."""
        options = NO_UNIT_TESTS if re.search(OF_TESTS, " ".join((leak.words, *leak.files))) else NO_TESTS
        world.put_raw(raw_dir)
        world.put_store(store_dir)
        found = []
        for name, run in (("gateway", world.gateway), ("warehouse", world.warehouse)):
            complaints = run(*options).complaints
            judged = self.judged(f"{name} run", complaints, leak)
            if name == "warehouse" and all(GATEWAY.match(file) for file in leak.files):
                # What was changed has run by then.
                judged = [finding for finding in judged if finding.net != DID_NOT_RUN]
            found += judged
            if complaints:
                # all models are built when the nets at the end look; the analyst's run needs no more than them
                return found, all(any(said in complaint for said in AT_THE_END) for complaint in complaints)
        return found, True

    def judged(self, where: str, complaints: list[str], leak: Leak) -> list[Finding]:
        """What became of a run that complained: a net at its end caught something, dbt refused, or it did not run."""
        found = []
        for complaint in complaints:
            if SCANNED in complaint:
                found.append(Finding("values", f"end of the {where}", complaint.partition(SCANNED)[2][:500]))
            elif NOT_PROVED in complaint:
                found.append(Finding("lineage", f"end of the {where}", complaint.partition(NOT_PROVED)[2][:500]))
            elif is_refusal(complaint, leak):
                found.append(Finding("dbt", where, values.masked(complaint[:500])))
        if complaints and not found:
            found.append(Finding(DID_NOT_RUN, where, f"{where}: {values.masked(complaints[0][:500])}"))
        return found

    def findings_in(self, stores: list[Path], as_before: Collection[str] = ()) -> Iterator[Finding]:
        """What the nets find in two stores, but for tables that are as they were, and in what lies beside them."""
        yield from self.differences(stores)
        yield from self.findings_in_store(stores[0], as_before)
        yield from self.findings_in_files()

    def differences(self, stores: list[Path]) -> list[Finding]:
        first, second = stores
        return renaming.findings(first, second, self.world.store_keys, self.new_pseudonym)

    def findings_in_store(self, store_dir: Path, as_before: Collection[str] = ()) -> list[Finding]:
        return [
            *self.not_permitted_in(store_dir, as_before),
            *values.findings_in_store(store_dir, self.world.store_keys, self.numbers, as_before),
        ]

    def findings_in_files(self) -> list[Finding]:
        """What the values net finds in artefacts and words; dbt's cache of the manifest says nothing new.

        Of what lay there after another change already, and had nothing, a second look finds nothing; so of a manifest
        only what is otherwise than in the clean project is looked through.
        """
        waiting = {}
        for path in [each for folder in ("target", "logs") for each in (self.world.work / folder).rglob("*")]:
            if path.is_file() and path.name != CACHE and path.parent.name != CHANGED:
                file = self.changed_part(path) if path.name == values.MANIFEST and self.clean_tables else path
                name = str(path.relative_to(self.world.work)).encode()
                waiting[file] = checksums.of_bytes(name + file.read_bytes())
        files = [file for file, checksum in waiting.items() if checksum not in self.looked_through]
        found = values.findings_in_files(files, self.numbers - self.quoted)
        self.looked_through |= set() if found else set(waiting.values())
        return found

    def changed_part(self, path: Path) -> Path:
        """A manifest with nothing but what is otherwise than in the clean project's."""
        clean = self.manifests[path.parent.name]
        changed = {
            part: {key: entry for key, entry in entries.items() if clean[part].get(key) != entry}
            if isinstance(entries, dict)
            else entries
            for part, entries in values.entries_of(path).items()
        }
        written = path.parent / CHANGED / path.name
        written.parent.mkdir(exist_ok=True)
        written.write_text(json.dumps(changed), encoding="utf-8")
        return written

    def not_permitted_in(self, store_dir: Path, as_before: Collection[str]) -> list[Finding]:
        """Tables in which somebody stands who may not, by the oracle."""
        found = []
        with renaming.connect(store_dir, self.world.store_keys) as connection:
            for name, is_view in renaming.relations(connection).items():
                rows = [] if is_view or name in as_before else renaming.content(connection, name)[1]
                keys = set(re.findall("[a-p]{32}", repr(rows)))
                if keys & self.not_permitted:
                    found.append(Finding("opt_outs", name, "holds somebody who is not permitted"))
        return found


def is_refusal(complaint: str, leak: Leak) -> bool:
    """Whether dbt or the engine refused a change, or told an error without the value that it is about."""
    if leak.family == "messages" and KEPT_BACK in complaint:
        return True
    return bool(REFUSED.search(complaint)) and not MISTAKE.search(complaint)


def same_as_before(manifest: Manifest, before: Manifest) -> set[str]:
    """Nodes and sources that a change has not reached: neither they nor what they read or are tested by is another."""
    changed = set()
    for kind in ("nodes", "sources"):
        for key in {**manifest[kind], **before[kind]}:
            now, then = manifest[kind].get(key), before[kind].get(key)
            if now is None or then is None or now | {"created_at": None} != then | {"created_at": None}:
                changed |= {key, (now or then).get("attached_node")}
    children = defaultdict(set)
    for key, node in manifest["nodes"].items():
        for parent in node.get("depends_on", {}).get("nodes", ()):
            children[parent].add(key)
    waiting = list(changed)
    while waiting:
        more = children[waiting.pop()] - changed
        changed |= more
        waiting += more
    return set(manifest["nodes"]) - changed


def changed_node(node: Node, before: Row | None) -> bool:
    """Whether a node is another one than in the clean project, by what it is compiled to and declares."""
    return before is None or any(
        node.get(name) != before.get(name) for name in ("raw_code", "columns", "config", "compiled_code")
    )


# ---- all of them ----------------------------------------------------------------------------------

_folder: Path
_cleans: dict[Place, Pair]
_benches: dict[tuple[Place, Place], Bench] = {}
_is_static = False


def begin(folder: Path, cleans: dict[Place, Pair], is_static: bool) -> None:
    """What each process is told."""
    global _folder, _cleans, _is_static
    _folder, _cleans, _is_static = folder, cleans, is_static


def bench_for(leak: Leak) -> Bench:
    """A bench of this process where the leak is to be tried, opened when it is first wanted."""
    where = leak.place, leak.first_place
    if where not in _benches:
        bench = Bench(Path(tempfile.mkdtemp(dir=_folder)), _cleans[leak.first_place], leak.place)
        bench.look(_is_static)
        _benches[where] = bench
        # What lives as long as the bench is not to be looked through again and again.
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
    return _benches[where]


def attempt(leaks: list[Leak]) -> list[Tried]:
    """Leaks of one place; where the bench itself fails, the others are tried all the same."""
    return list(map(attempt_one, leaks))


def attempt_one(leak: Leak) -> Tried:
    try:
        return bench_for(leak).attempt(leak, _is_static)
    except Exception as error:
        return Tried(leak, {}, f"the bench failed: {type(error).__name__}")


def portions(leaks: list[Leak]) -> list[list[Leak]]:
    """What one process does after another: all of a place that few leaks want, or each would open a bench there."""
    of_place = defaultdict(list)
    for leak in leaks:
        of_place[leak.place, leak.first_place].append(leak)
    of_here = of_place.pop((HERE, HERE), [])
    return [*of_place.values(), *([leak] for leak in of_here)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Try every leak, and say which net caught it.")
    parser.add_argument("--sample", type=int, help="only so many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--missing", action="store_true", help="only those whose result is not known, or of other nets")
    parser.add_argument("--static", action="store_true", help="only the nets that build nothing")
    parser.add_argument("--only", nargs="+", default=[""], help="only leaks with one of these in <family>/<name>")
    parser.add_argument("--verbose", action="store_true", help="say where each was caught")
    chosen = parser.parse_args()
    leaks = [leak for leak in all_leaks() if any(part in leak.path for part in chosen.only)]
    if chosen.missing:
        leaks = [leak for leak in leaks if leak.path not in leak_score.known()]
    # drawn by lot, so that a part of them is of all families
    leaks = sample_of(leaks, chosen.sample or len(leaks), chosen.seed)
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="leaks_") as scratch:
        folder = Path(scratch)
        places = list(dict.fromkeys(leak.first_place for leak in leaks))
        with context.Pool(PROCESSES) as pool:
            wanted = [(folder / f"clean_{at}", chosen.static, place) for at, place in enumerate(places)]
            cleans = dict(zip(places, pool.starmap(make_clean, wanted, chunksize=1)))
        with context.Pool(PROCESSES, begin, (folder, cleans, chosen.static)) as pool:
            tried = []
            for one in (each for done in pool.imap_unordered(attempt, portions(leaks)) for each in done):
                tried.append(one)
                print(line(one, chosen.verbose), flush=True)
                if not chosen.static:
                    keep_score(one)
    known = sorted({f"{each.net}: {each.where}: {each.what}" for one in tried for each in one.known})
    return report(tried, known, chosen.static)


def keep_score(one: Tried) -> None:
    """What is known by now, for evidence (gp_level_data/nets/leak_score.py), so that whoever stops this has a part."""
    is_known = not one.problem or one.is_as_wanted
    caught = [net for net in NETS if net in one.caught]
    leak_score.keep({one.leak.path: {"kind": one.leak.kind, "caught": caught} if is_known else None})


def line(one: Tried, is_verbose: bool) -> str:
    mark = "ok " if one.is_as_wanted else "BAD"
    said = one.problem or ", ".join(net for net in NETS if net in one.caught) or "nothing"
    lines = [f"{mark} {one.leak.path} ({one.leak.kind}, {one.seconds:.0f} s): {said}"]
    if is_verbose:
        lines += [f"      {net}: {what}" for net, found in one.caught.items() for what in found[:5]]
        lines += [f"      {line}" for line in (one.error or "").splitlines()]
    return "\n".join(lines)


def report(tried: list[Tried], known: list[str], is_static: bool) -> int:
    """The table, and what is not as it should be; 0 where nothing is."""
    harmful = [one for one in tried if one.leak.needed]
    harmless = [one for one in tried if one.leak.is_harmless]
    print(f"\n{'':24}{'leaks':>8}" + "".join(f"{net:>10}" for net in NETS) + f"{'any':>10}")
    families = sorted({one.leak.family for one in harmful})
    for family in families:
        print(counts(family, [one for one in harmful if one.leak.family == family]))
    for kind in KINDS[:-1]:
        print(counts(f"kind {kind}", [one for one in harmful if one.leak.kind == kind]))
    print(counts("all leaks", harmful))
    print(counts("harmless", harmless))
    # what dbt refuses is stored nowhere
    single = [one for one in harmful if 0 < len(one.caught) < one.leak.needed and "dbt" not in one.caught]
    lists = {
        "Caught by no net": [one for one in harmful if not one.caught and not one.problem],
        "Value leaks caught by one net only": single,
        "False alarms": [one for one in harmless if one.caught],
        "Not to be tried": [one for one in tried if one.problem],
    }
    for title, ones in lists.items():
        print(f"\n{title}: {len(ones)}")
        for one in sorted(ones, key=lambda one: (one.leak.family, one.leak.name)):
            said = one.problem or ", ".join(one.caught)
            print(f"  {one.leak.path}: {said} | {one.leak.what}")
    if known:
        print("\nThe project itself, before any change:", *known, sep="\n  ")
    return int(bool(known) or not all(one.is_as_wanted for one in tried))


def counts(title: str, ones: Iterable[Tried]) -> str:
    ones = list(ones)
    by_net = [sum(net in one.caught for one in ones) for net in NETS]
    any_net = sum(bool(one.caught) for one in ones)
    return f"{title:24}{len(ones):>8}" + "".join(f"{n:>10}" for n in by_net) + f"{any_net:>10}"


if __name__ == "__main__":
    sys.exit(main())
