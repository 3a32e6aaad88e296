"""No proof, no key: the gateway opens for code that the nets have read, and for no other (custody/proof.py).

What the nets find is for their own tests; here it is which files count, who may sign, and that nothing is opened
before the proof was looked at.
"""

import importlib.util
import json
import os
import py_compile
import shutil
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from conftest import PROJECT, copy_project
from gp_level_data.commands import prove
from gp_level_data.custody import keys, proof
from gp_level_data.nets import Finding, proving
from gp_level_data.refusal import Refusal
from gp_level_data.runs import gateway

PACKAGE = PROJECT / "gp_level_data"
NETS = ["names"]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("clean") / "project")


@pytest.fixture
def project(clean: Path, tmp_path: Path) -> Path:
    """A copy of the project to be changed."""
    return Path(shutil.copytree(clean, tmp_path / "project", symlinks=True))


@pytest.fixture
def key_dir(project: Path, tmp_path: Path) -> Path:
    """Keys of a custodian for whom the project was proved."""
    proof.write(tmp_path / "keys", proof.digests(project), NETS)
    return tmp_path / "keys"


def test_the_proven_code_is_let_through(project: Path, key_dir: Path) -> None:
    """Flags a proof that does not even fit what was proved."""
    assert proof.require(key_dir, project, PACKAGE).nets == NETS


CHANGED = {
    "a model": "models/marts/gp_report/fct_gp_metrics.sql",
    "a contract": "models/intermediate/gateway/patients/_patients__models.yml",
    "a macro": "macros/gate/exclude_opted_out.sql",
    "a seed": "seeds/collections.csv",
    "a generic test": "tests/generic/no_nhs_number.sql",
    "a snapshot": "snapshots/planted.sql",
    "the project": "dbt_project.yml",
    "the profile": "profiles.yml",
    "the selectors": "selectors.yml",
    "the packages": "packages.yml",
    "what a package brought": "dbt_packages/other/macros/a.sql",
    "the Python": "gp_level_data/runs/gateway.py",
    "Python that is found first": "duckdb.py",
    "a package that is found first": "yaml/__init__.py",
    "a hidden model": "models/staging/.a.sql",
    "a model in a hidden folder": "models/staging/.b/a.sql",
    "a macro among what Python compiled": "macros/__pycache__/a.sql",
    "a test among what Python compiled": "tests/generic/__pycache__/a.sql",
    "a test in a folder of its own": "tests/python/a.sql",
    "properties among the tests": "tests/other/a.yml",
    "what dbt passes over": ".dbtignore",
    "a test whose ending is in capitals": "tests/other/a.SQL",
    "properties whose ending is in capitals": "tests/other/b.YML",
    "what make reads first": "GNUmakefile",
    "what make reads next": "makefile",
    "Python among the hand-outs": "out/report/duckdb.py",
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_file_is_unproved(project: Path, key_dir: Path, name: str) -> None:
    """Flags a file that decides what runs, or may, and could be changed or added after the proof."""
    path = project / CHANGED[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + "\n-- changed\n")
    with pytest.raises(Refusal, match=r"opens for proven code only \((changed|new): .*make prove"):
        proof.require(key_dir, project, PACKAGE)


@pytest.mark.parametrize("mode", list(py_compile.PycInvalidationMode))
def test_compiled_code_is_its_source_s(project: Path, key_dir: Path, mode: py_compile.PycInvalidationMode) -> None:
    """Flags code that Python would take for what was proved: it lies beside it, and no digest is of it."""
    package, other = project / "gp_level_data", project.parent / "other.py"
    source = package / "custody" / "keys.py"
    compiled = Path(importlib.util.cache_from_source(str(source)))
    py_compile.compile(str(source), str(compiled), invalidation_mode=mode, doraise=True)
    proof.require(key_dir, project, package)
    other.write_text(source.read_text().replace("KEY_BYTES = 32", "KEY_BYTES = 31"))
    times = source.stat()
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    py_compile.compile(str(other), str(compiled), invalidation_mode=mode, doraise=True)
    if mode == py_compile.PycInvalidationMode.CHECKED_HASH:
        whole = compiled.read_bytes()
        compiled.write_bytes(whole[:8] + importlib.util.source_hash(source.read_bytes()) + whole[16:])
    with pytest.raises(Refusal, match="is not what its source says"):
        proof.require(key_dir, project, package)


def test_a_file_that_is_gone_is_told(project: Path, key_dir: Path) -> None:
    """Flags a test or a model that was taken away after the proof."""
    (project / "tests" / "generic" / "no_nhs_number.sql").unlink()
    with pytest.raises(Refusal, match=r"\(gone: tests/generic/no_nhs_number.sql\)"):
        proof.require(key_dir, project, PACKAGE)


@pytest.mark.parametrize(
    "name",
    [
        "README.md", "logs/dbt.log", "target/manifest.json", "tests/python/test_a.py", ".git/x", "models/lineage.md",
        "out/published/fct_gp_metrics.csv", "out/report/datapackage.yml", "store/building/marts.duckdb",
        "my_keys/assurance.key", "register.csv", "marts.duckdb.wal",
    ],
)  # fmt: skip
def test_what_decides_nothing_may_change(project: Path, key_dir: Path, name: str) -> None:
    """Flags a custodian who has to prove code anew for a page, a log or a test of pytest."""
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("changed")
    proof.require(key_dir, project, PACKAGE)


def test_a_folder_that_dbt_is_told_to_read_counts_whole(project: Path, tmp_path: Path) -> None:
    """Flags seeds or models in a folder that is otherwise one of hand-outs."""
    settings = project / "dbt_project.yml"
    settings.write_text(settings.read_text().replace("seed-paths: [seeds]", "seed-paths: [seeds, out/seeds]"))
    proof.write(tmp_path / "keys", proof.digests(project), NETS)
    (project / "out" / "seeds").mkdir(parents=True)
    (project / "out" / "seeds" / "a.csv").write_text("a\n1\n")
    with pytest.raises(Refusal, match=r"\(new: out/seeds/a.csv\)"):
        proof.require(tmp_path / "keys", project, PACKAGE)


def test_other_python_than_the_project_s_is_unproved(project: Path, key_dir: Path, tmp_path: Path) -> None:
    """Flags a run whose Python lies elsewhere than the project that was proved."""
    other = Path(shutil.copytree(PACKAGE, tmp_path / "gp_level_data", ignore=shutil.ignore_patterns("__pycache__")))
    proof.require(key_dir, project, other)
    (other / "custody" / "pseudonym.py").write_text("def register(*_): ...\n")
    with pytest.raises(Refusal, match="changed: gp_level_data/custody/pseudonym.py"):
        proof.require(key_dir, project, other)


def test_another_version_is_unproved(project: Path, key_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags a dbt or an engine that was exchanged after the proof."""
    known = proof.read(key_dir)
    assert known is not None
    monkeypatch.setattr(proof, "versions", lambda: known.versions | {"duckdb": "9.9"})
    with pytest.raises(Refusal, match=r"\(duckdb 9.9\)"):
        proof.require(key_dir, project, PACKAGE)


def test_no_proof_is_no_proof(project: Path, tmp_path: Path) -> None:
    """Flags a gateway that opens where nothing was proved."""
    with pytest.raises(Refusal, match="no code was proved yet.*make prove"):
        proof.require(tmp_path / "none", project, PACKAGE)


def forged(key_dir: Path, project: Path, tmp_path: Path) -> None:
    """Under another key, as somebody would make it who has only the project."""
    proof.write(tmp_path / "theirs", proof.digests(project), NETS)
    for name in (proof.FILE, proof.SIGNATURE):
        shutil.copyfile(tmp_path / "theirs" / name, key_dir / name)


def altered(key_dir: Path, project: Path, tmp_path: Path) -> None:
    statement = json.loads((key_dir / proof.FILE).read_text())
    statement["subject"].append({"name": "models/a.sql", "digest": {"sha256": "0" * 64}})
    (key_dir / proof.FILE).write_text(json.dumps(statement))


def without_its_key(key_dir: Path, project: Path, tmp_path: Path) -> None:
    keys.key_file(key_dir, proof.KEY).unlink()


@pytest.mark.parametrize("forge", [forged, altered, without_its_key], ids=lambda forge: forge.__name__)
def test_a_proof_made_by_hand_is_refused(project: Path, key_dir: Path, tmp_path: Path, forge: Any) -> None:
    """Flags a statement that anybody could have written: it came with the code, or was changed afterwards."""
    forge(key_dir, project, tmp_path)
    with pytest.raises(Refusal, match="not signed with its key: run `make prove`"):
        proof.require(key_dir, project, PACKAGE)


def test_the_statement_is_in_toto_s(key_dir: Path) -> None:
    """Flags a proof that others' tools cannot read: Statement v1, with the predicate test-result v0.1."""
    statement = json.loads((key_dir / proof.FILE).read_text())
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert set(statement) == {"_type", "subject", "predicateType", "predicate"}
    assert all(set(each) == {"name", "digest"} and len(each["digest"]["sha256"]) == 64 for each in statement["subject"])
    assert statement["predicate"]["result"] == "PASSED" and statement["predicate"]["configuration"]
    assert os.stat(key_dir / proof.FILE).st_mode & 0o077 == 0


# ---- the gateway, and who makes a proof -------------------------------------------------------------


WHOLE = {"WHICH": "build", "SELECTOR": "gateway"}


def plugin(key_dir: Path, tmp_path: Path) -> gateway.Plugin:
    settings = {
        "raw_dir": tmp_path / "raw",
        "store_dir": tmp_path / "store",
        "key_dir": key_dir,
        "collection": "care_data",
    }
    return gateway.Plugin("gateway", settings)


def test_the_gateway_asks_before_it_opens_anything(
    project: Path, key_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flags a key, a raw file or a store that is touched for code that was not proved."""
    flags = Namespace(**WHOLE, PROJECT_DIR=str(project), PROFILES_DIR=str(project), PARTIAL_PARSE=False)
    monkeypatch.setattr(gateway, "get_flags", lambda: flags)
    monkeypatch.setattr(gateway.Plugin, "open_gateway", lambda *_: pytest.fail("was opened"))
    (project / "macros" / "new.sql").write_text("{% macro a() %}{% endmacro %}")
    with pytest.raises(Exception, match=r"new: macros/new.sql.*make prove"):
        plugin(key_dir, tmp_path).configure_connection(duckdb.connect())
    assert not (tmp_path / "store").exists()


def test_another_profile_is_refused(
    project: Path, key_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flags a profile that lies beside the proven project, and decides what is opened."""
    flags = Namespace(**WHOLE, PROJECT_DIR=str(project), PROFILES_DIR=str(tmp_path))
    monkeypatch.setattr(gateway, "get_flags", lambda: flags)
    with pytest.raises(Exception, match="the profile that was proved"):
        plugin(key_dir, tmp_path).configure_connection(duckdb.connect())


@pytest.fixture
def nets(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the nets will say of the project."""
    said: list[Finding] = []
    monkeypatch.setattr(proving, "PROJECT", project)
    monkeypatch.setattr(proving, "findings", lambda _: list(said))
    return said


def test_a_proof_is_made_where_it_is_missing(
    project: Path, tmp_path: Path, nets: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    """Flags a build that proves code again that is proved, or goes on without; one line says what changed."""
    made = proving.ensure(tmp_path / "mine")
    assert "no code was proved yet" in capsys.readouterr().out
    assert proving.ensure(tmp_path / "mine") == made and not capsys.readouterr().out
    (project / "macros" / "new.sql").write_text("{% macro a() %}{% endmacro %}")
    assert proving.ensure(tmp_path / "mine") != made
    assert "since it was last proved: new: macros/new.sql." in capsys.readouterr().out


def test_the_command_says_how_long_it_took(
    tmp_path: Path, nets: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    """Flags a minute without a word at its end."""
    assert prove.run(SimpleNamespace(key_dir=tmp_path / "mine")) == 0
    [began, took, proved] = capsys.readouterr().out.splitlines()
    assert began.startswith("Proving the code") and proved.startswith("Proved: ")
    assert took.startswith("nets that read") and took.endswith(" s")


def test_what_a_net_finds_is_not_proved(project: Path, tmp_path: Path, nets: list[Finding]) -> None:
    """Flags a build that goes on though a net has caught something, and a proof that is kept of it."""
    nets.append(Finding("names", "models/a.sql", "looks at flags, which is not listed"))
    with pytest.raises(Refusal, match="not proved: 1 findings"):
        proving.ensure(tmp_path / "mine")
    assert not (tmp_path / "mine" / proof.FILE).exists()


def test_a_look_takes_its_time_once(
    project: Path, tmp_path: Path, nets: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flags a check that proves the same code again and again, or lets changed code pass; and a key opened by a look."""
    looks: list[Path] = []

    def found(where: Path) -> list[Finding]:
        looks.append(where)
        return list(nets)

    monkeypatch.setattr(proving, "findings", found)
    for _ in range(2):
        proving.look(tmp_path / "nobodys")
    assert len(looks) == 1 and not (tmp_path / "nobodys").exists()
    (project / "macros" / "new.sql").write_text("{% macro a() %}{% endmacro %}")
    nets.append(Finding("names", "macros/new.sql", "looks outside"))
    for _ in range(2):
        with pytest.raises(Refusal, match="not proved: 1 findings"):
            proving.look(tmp_path / "nobodys")
    assert len(looks) == 3
    nets.clear()
    proving.ensure(tmp_path / "mine")
    assert len(looks) == 4, "what is remembered is no proof"
