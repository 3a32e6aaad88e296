"""The nets that read, over the code as it is; what holds is proved (custody/proof.py), and the gateway opens for it.

Nothing of the data is looked at, and no key but the one that signs. Models are compiled anew for both runs, and
with the settings of the sample: that no others make other SQL is part of the proof (branches.py).
"""

import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gp_level_data.custody import proof
from gp_level_data.nets import Finding, gate, lineage, names, templates
from gp_level_data.nets.lineage.compiled import compiled_manifest
from gp_level_data.project import PROJECT
from gp_level_data.refusal import Refusal

NETS = ("gate", "lineage", "names", "templates")
SHOWN = 20


def ensure(key_dir: Path) -> proof.Proof:
    """The proof of the code as it is, made where it is missing or of other code; a Refusal where it does not hold."""
    with one_at_a_time():
        last = proof.read(key_dir)
        if last and not proof.what_changed(last, proof.digests(PROJECT)):
            return last
        return prove(key_dir)


def look(key_dir: Path) -> None:
    """A Refusal where the code does not hold: for commands that open no key and store nothing of the data.

    That it held is remembered beside dbt's artefacts, unsigned, so that the next look takes no time; nothing that opens
    for a key ever asks there.
    """
    with one_at_a_time():
        if what_changed(key_dir) and not is_remembered(proof.digests(PROJECT)):
            remembered().write_text(in_one(proved()), encoding="utf-8")


def is_remembered(digests: dict[str, str]) -> bool:
    """Whether the last look was at this code, carried out by these packages."""
    return remembered().is_file() and remembered().read_text(encoding="utf-8") == in_one(digests)


def remembered() -> Path:
    return folder() / "looked_at"


def folder() -> Path:
    """Where a proof leaves what it needs, beside dbt's artefacts."""
    made = PROJECT / "target" / "lineage"
    made.mkdir(parents=True, exist_ok=True)
    return made


def in_one(digests: dict[str, str]) -> str:
    """One checksum of all that decides what runs."""
    return hashlib.sha256(json.dumps([digests, proof.versions()], sort_keys=True).encode()).hexdigest()


def prove(key_dir: Path) -> proof.Proof:
    """Run the nets and keep that they held; a Refusal where one has caught something."""
    changes = what_changed(key_dir) or "nothing"
    since = f"since it was last proved: {changes}" if known(key_dir) else changes
    print(f"Proving the code; {since}.", flush=True)
    return proof.write(key_dir, proved(), list(NETS))


def proved() -> dict[str, str]:
    """The digests of the code, of which the nets hold; a Refusal where one has caught something."""
    before = proof.digests(PROJECT)
    found = findings(PROJECT)
    for finding in found[:SHOWN]:
        print(f"The net by {finding.net}: {finding.where}: {finding.what}")
    if found:
        raise Refusal(f"The code is not proved: {len(found)} findings, see above. Mend them, and run `make prove`.")
    if proof.digests(PROJECT) != before:
        raise Refusal("The code changed while it was proved: run `make prove` again.")
    return before


def what_changed(key_dir: Path) -> str | None:
    """What is otherwise than in the last proof, in words; None where nothing is."""
    return proof.what_changed(known(key_dir), proof.digests(PROJECT))


def known(key_dir: Path) -> proof.Proof | None:
    """The last proof; one that is not the custodian's counts as none, since it is about to be replaced."""
    try:
        return proof.read(key_dir)
    except Refusal:
        return None


def findings(project: Path) -> list[Finding]:
    """What the nets that read find in a project as its files are now; a Refusal where dbt cannot compile it."""
    found = templates.findings(project)
    if found:
        # What looks outside is not carried out to be read.
        return found
    manifest = compiled_manifest(project, is_fresh=True)
    return names.findings(manifest) + gate.findings(manifest) + lineage.findings(manifest)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Who comes while the code is being proved waits, and finds the proof made."""
    with (folder() / ".proving").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
