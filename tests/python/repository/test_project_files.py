"""What lies at the top of the repository: nothing else, and files for tools that say the same as each other."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from conftest import LONGEST_FIRST, OF_BUILDS, PROJECT
from gp_level_data.shapes import Row

# Folders of the project, files that say how it is built and run, and what each tool wants at the top.
TOP = {
    "gp_level_data", "macros", "models", "sample", "seeds", "snapshots", "tests",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md",
    "dbt_project.yml", "profiles.yml", "selectors.yml", ".dbtignore",
    "Makefile", "pyproject.toml", "requirements.lock", "requirements-reports.lock", "requirements-fast.lock",
    "requirements-test.lock", "requirements-examples.lock", "requirements-spark.txt", "requirements-databricks.txt",
    ".ci", ".devcontainer", ".dockerignore", ".github", ".gitlab-ci.yml", ".gitignore", ".gitattributes",
    ".pre-commit-config.yaml", "Dockerfile",
}  # fmt: skip
MAY_BE_ABSENT = {".gitattributes"}
LOCKS = (
    "requirements.lock", "requirements-reports.lock", "requirements-fast.lock", "requirements-test.lock",
    "requirements-examples.lock",
)  # fmt: skip
PYTHONS = ("3.11", "3.12", "3.13")


def text(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def settings() -> Row:
    found: Row = tomllib.loads(text("pyproject.toml"))["project"]
    return found


def locked(name: str) -> dict[str, str]:
    """Packages of a lock, by their normal names, with their versions."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s\\]+)", text(name), re.MULTILINE)
    return {normal(package): version for package, version in found}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, text=True, capture_output=True, check=True)
    return [name for name in listed.stdout.split("\0") if name]


def test_nothing_else_lies_at_the_top() -> None:
    """Flags a file that landed at the top, where a reader looks first, and one that a tool needs and has lost."""
    top = {name.partition("/")[0] for name in tracked()}
    assert top <= TOP and top >= TOP - MAY_BE_ABSENT


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_its_hash(name: str) -> None:
    """Flags a package that an install with hashes would refuse, or that comes from an address of its own."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", text(name), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked(name))
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?://|--index-url|--find-links|--trusted-host", text(name))


def test_a_package_is_locked_once() -> None:
    """Flags two versions of one package, of which a run would have one and its tests the other."""
    names = [package for name in LOCKS for package in locked(name)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("extra", "locks"),
    [(None, LOCKS[:1]), ("reports", LOCKS[:2]), ("test", LOCKS[:4]), ("explore", LOCKS), ("orchestrate", LOCKS)],
    ids=["run", "reports", "test", "explore", "orchestrate"],
)
def test_what_is_asked_for_is_locked_where_it_is_needed(extra: str | None, locks: tuple[str, ...]) -> None:
    """Flags a requirement without a lock, a lock beside what is asked for, and one in a lock that a run installs."""
    asked = settings()["dependencies"] if extra is None else settings()["optional-dependencies"][extra]
    found = {package: version for name in locks for package, version in locked(name).items()}
    for requirement in map(Requirement, asked):
        assert found[normal(requirement.name)] in requirement.specifier
        assert extra is None or normal(requirement.name) not in locked(LOCKS[0])


def test_what_is_installed_is_what_is_locked() -> None:
    """Flags tests that run with other versions than a run gets."""
    differing = {
        package for name in LOCKS for package, version in locked(name).items()
        if (found := installed(package)) is not None and found != version
    }  # fmt: skip
    assert not differing


def installed(package: str) -> str | None:
    """A version, or None for what only other machines need."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def test_everything_says_the_same_of_python() -> None:
    """Flags a Python that is promised and not tried, or refused and promised."""
    allowed = SpecifierSet(settings()["requires-python"])
    minors = [f"3.{minor}" for minor in range(8, 20)]
    assert tuple(each for each in minors if f"{each}.0" in allowed) == PYTHONS
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in text("Makefile")
    workflow = yaml.safe_load(text(".github/workflows/ci.yml"))
    assert tuple(workflow["jobs"]["test"]["strategy"]["matrix"]["python"]) == PYTHONS
    [matrix] = yaml.safe_load(text(".gitlab-ci.yml"))["test"]["parallel"]["matrix"]
    assert tuple(matrix["PYTHON"]) == PYTHONS
    assert "Python 3.11 to 3.13" in text("CONTRIBUTING.md") and "Python 3.11 to 3.13" in text("README.md")
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in PYTHONS


def test_workflows_call_what_everybody_calls() -> None:
    """Flags a workflow with steps of its own, which nobody can run at home."""
    [*_, last] = yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"]["test"]["steps"]
    assert last == {"run": ".ci/run"}
    assert yaml.safe_load(text(".gitlab-ci.yml"))["test"]["script"] == [".ci/run"]
    assert (PROJECT / ".ci" / "run").stat().st_mode & 0o111


def test_hooks_and_containers_name_what_there_is() -> None:
    """Flags a hook, a container or a lock's script that names a file which has moved."""
    for hook in yaml.safe_load(text(".pre-commit-config.yaml"))["repos"][0]["hooks"]:
        for word in shlex.split(hook["entry"]):
            assert not word.startswith("tests/") or (PROJECT / word).is_file(), f"hook {hook['id']}: {word}"
    for line in re.findall(r"^COPY (?!--)(.*) \S+$", text("Dockerfile"), re.MULTILINE):
        for name in line.split():
            assert (PROJECT / name).is_file(), f"Dockerfile: {name}"
    container = json.loads(text(".devcontainer/devcontainer.json"))
    assert re.search(rf"^{container['postCreateCommand'].removeprefix('make ')}:", text("Makefile"), re.MULTILINE)
    assert all(name in text(".ci/lock") for name in LOCKS)


def test_a_container_holds_nothing_of_anybody() -> None:
    """Flags a store, keys or results that would be copied into an image."""
    kept_out = text(".dockerignore").split()
    for name in (".local", "out", "target", "logs", "**/*.duckdb*"):
        assert name in kept_out


def test_what_the_readme_hands_out_is_never_committed() -> None:
    """Flags a folder named by the README, in which results lie, that git would add."""
    readme = text("README.md")
    named = set(re.findall(r"(?:TO=|--to )([\w./]+)", readme)) | set(re.findall(r"_DIR=(\.[\w./]+)", readme))
    assert len(named) > 5
    for name in named:
        ignored = subprocess.run(["git", "check-ignore", "--quiet", name], cwd=PROJECT, check=False)
        assert ignored.returncode == 0, name


def test_modules_of_a_tier_are_there() -> None:
    """Flags a module that was renamed, and so left its tier unseen."""
    assert {*OF_BUILDS, *LONGEST_FIRST} <= {path.name for path in (PROJECT / "tests" / "python").rglob("test_*.py")}
