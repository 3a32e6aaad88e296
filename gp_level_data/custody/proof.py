"""Which code the nets have proved: an in-toto statement in the key folder, under a key of the custodian's.

subject    every file that decides what runs, with its SHA-256
predicate  in-toto's test-result: which nets passed, and the versions of what carries the code out

The gateway asks for it before it reads a key or a raw file. Whoever changes a line, or takes another dbt, has to have
the code proved anew (`make prove`). A statement made by hand, or one that came with the code, is refused: it has no
code of authentication (HMAC-SHA-256) under `proofs.key`, which lies beside the other keys and is in no project.

What rests on the account: whoever may read the key folder may sign, and whoever may write where Python and the
packages are installed decides what runs whatever the statement says.
"""

import hashlib
import hmac
import importlib.util
import json
import marshal
import os
import platform
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import yaml

from gp_level_data.custody import keys
from gp_level_data.refusal import Refusal
from gp_level_data.shapes import Document

KEY = "proofs"
FILE, SIGNATURE = "proof.json", "proof.json.hmac"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
VERSIONS = ("dbt-core", "dbt-adapters", "dbt-common", "dbt-duckdb", "duckdb", "jinja2", "sqlglot")
# The package that runs, and where dbt reads if the project does not say otherwise: all that lies there decides.
PACKAGE = "gp_level_data"
OWN = {PACKAGE, "dbt_packages", "analyses", "functions", "macros", "models", "seeds", "snapshots", "tests"}
# Of any other folder (the sample, artefacts, a hand-out, a store), what Python would import were it named so.
IMPORTED = {".py", ".pyc", ".so"}
# Files at the top that commands leave there.
LEFT = {".duckdb", ".wal"}
REGISTER = "register.csv"
# Files at the top that do decide, among those that are hidden or have the endings of pages.
DECIDES = {".dbtignore", "GNUmakefile", "Makefile", "makefile", "requirements.txt"}
PAGES = {".md", ".rst", ".txt", ""}
# A page of the docs that each build writes anew; it says what the proof found, and nothing reads it.
WRITTEN = Path("models", "lineage.md")
# dbt reads these wherever they lie below `tests`; no run reads the rest of it.
OF_TESTS = {".sql", ".yml", ".yaml"}


@dataclass(frozen=True)
class Proof:
    """A statement that is signed."""

    statement: Document
    checksum: str

    @property
    def digests(self) -> dict[str, str]:
        return {each["name"]: each["digest"]["sha256"] for each in self.statement["subject"]}

    @property
    def versions(self) -> dict[str, str]:
        found: dict[str, str] = self.statement["predicate"]["configuration"][0]["annotations"]
        return found

    @property
    def nets(self) -> list[str]:
        return list(self.statement["predicate"]["passedTests"])


def digests(project: Path) -> dict[str, str]:
    """SHA-256 of every file that decides what runs, by its path in the project."""
    return {path.relative_to(project).as_posix(): digest(path) for path in sorted(files(project))}


def files(project: Path) -> Iterator[Path]:
    """Every file of the package and of the folders that dbt reads; of others what Python could import; settings."""
    own = OWN | {Path(name).parts[0] for _, name in paths_of_dbt(project) if Path(name).parts}
    for top in project.iterdir():
        if top.is_dir() and (top.name in own or not (top.name.startswith(".") or top.name == "__pycache__")):
            endings = OF_TESTS if top.name == "tests" else None if top.name in own else IMPORTED
            for folder, folders, names in os.walk(top, followlinks=True):
                if endings is IMPORTED or top.name == PACKAGE:
                    # Python's own; dbt reads what lies in a folder of that name as in any other.
                    folders[:] = [name for name in folders if name != "__pycache__"]
                paths = [Path(folder, name) for name in names]
                yield from (
                    path
                    for path in paths
                    if (endings is None or path.suffix.lower() in endings) and path != project / WRITTEN
                )
        elif top.is_file() and (top.name in DECIDES or decides(top)):
            yield top


def decides(top: Path) -> bool:
    """Whether a file at the top may decide what runs: what nobody thought of counts."""
    is_left = top.suffix in LEFT or top.name == REGISTER
    return not (top.name.startswith(".") or top.suffix in PAGES or is_left)


def paths_of_dbt(project: Path) -> Iterator[tuple[str, str]]:
    """Where dbt reads by the project's settings: the setting, and a folder of it."""
    try:
        settings = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))
    except yaml.YAMLError:
        # dbt reads nothing by it either.
        return
    for key, named in settings.items():
        if key.endswith("-paths"):
            yield from ((key, str(name)) for name in named or ())
        elif key == "packages-install-path":
            yield key, str(named)


def digest(path: Path) -> str:
    """SHA-256 of a file as in-toto writes it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """What carries the code out."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in VERSIONS}


def write(key_dir: Path, project_digests: dict[str, str], nets: list[str]) -> Proof:
    """Keep and sign that these nets passed on these files; the key is made where there is none.

    Only for who has run the nets (commands/prove.py), and for benches that plant leaks to have them caught.
    """
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in project_digests.items()],
        "predicateType": PREDICATE,
        "predicate": {
            "result": "PASSED",
            "configuration": [{"name": "versions", "annotations": versions()}],
            "passedTests": nets,
        },
    }
    keys.new_key(key_dir, KEY)
    text = (json.dumps(statement, indent=1) + "\n").encode()
    keys.write_private(key_dir / FILE, text, os.O_TRUNC)
    keys.write_private(key_dir / SIGNATURE, f"{signature(key_dir, text)}\n".encode(), os.O_TRUNC)
    return Proof(statement, hashlib.sha256(text).hexdigest())


def signature(key_dir: Path, text: bytes) -> str:
    """The code of authentication of a statement."""
    return hmac.new(keys.read_key(key_dir, KEY), text, hashlib.sha256).hexdigest()


def read(key_dir: Path) -> Proof | None:
    """The last proof; None where there is none, a Refusal where it is not the custodian's."""
    try:
        text = (key_dir / FILE).read_bytes()
        signed = (key_dir / SIGNATURE).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    if not keys.key_file(key_dir, KEY).exists() or not hmac.compare_digest(signed, signature(key_dir, text)):
        raise Refusal(f"The proof in {key_dir} is not signed with its key: run `make prove`.")
    return Proof(json.loads(text), hashlib.sha256(text).hexdigest())


def what_changed(proof: Proof | None, project_digests: dict[str, str]) -> str | None:
    """One line that says in what the code differs from the proven one; None where it does not."""
    if proof is None:
        return "no code was proved yet"
    now = versions()
    others = [f"{name} {now[name]}" for name in now if proof.versions.get(name) != now[name]]
    proved = proof.digests
    for word, names in (
        (
            "changed",
            [name for name in project_digests if proved.get(name, project_digests[name]) != project_digests[name]],
        ),
        ("new", [name for name in project_digests if name not in proved]),
        ("gone", [name for name in proved if name not in project_digests]),
    ):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            others.append(f"{word}: {', '.join(names[:3])}{more}")
    return "; ".join(others) or None


def require(key_dir: Path, project: Path, package: Path) -> Proof:
    """The proof of the code that is about to run; a Refusal, in one sentence, where there is none that fits.

    project   where dbt has its files from
    package   the folder of the Python that runs, which may lie elsewhere
    """
    running = {
        f"{package.name}/{path.relative_to(package).as_posix()}": digest(path)
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    refuse_foreign_bytecode(package)
    proof, lies_there = read(key_dir), digests(project)
    changed = what_changed(proof, lies_there) or what_changed(proof, lies_there | running)
    if proof is None or changed:
        raise Refusal(f"The gateway opens for proven code only ({changed}): run `make prove`.")
    return proof


def refuse_foreign_bytecode(package: Path) -> None:
    """A Refusal where Python may run something else than what is written: compiled code that is not of its source.

    Python keeps what it compiled beside the source, and takes it from there by the source's size and moment, or unseen.
    """
    for source in package.rglob("*.py"):
        for level, name in enumerate(("", "1", "2")):
            compiled = Path(importlib.util.cache_from_source(str(source), optimization=name))
            if compiled.exists() and not is_of(compiled, source, level):
                raise Refusal(
                    f"{compiled.name} in {compiled.parent} is not what its source says: delete the folders __pycache__,"
                    " and find out who put it there."
                )


def is_of(compiled: Path, source: Path, optimize: int) -> bool:
    """Whether compiled code is what its source says at a level of optimization, or Python would compile it anew."""
    content, status = compiled.read_bytes(), source.stat()
    if content[:4] != importlib.util.MAGIC_NUMBER:
        return True
    stamp = struct.pack("<II", int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
    if content[4:8] == bytes(4) and content[8:16] != stamp:
        return True
    wanted = compile(source.read_bytes(), str(source), "exec", dont_inherit=True, optimize=optimize)
    try:
        return bool(marshal.loads(content[16:]) == wanted)
    except (EOFError, TypeError, ValueError):
        return False
