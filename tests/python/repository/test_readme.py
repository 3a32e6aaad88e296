"""The README: every command in it works as it is written, from an empty home, and its figures are those of a build."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from commands.test_progress import LINES_OF_A_BUILD
from conftest import PROJECT, SAMPLE, Folders
from gp_level_data.command_line import gpld

README = PROJECT / "README.md"
COMMAND = re.compile(r"(?:make|gpld|dbt|source)(?: .*)?")
# What runs this test.
NOT_RUN = {"make test"}
# The sample has practices that are kept out, which a check says by its exit code, and make by its own.
FAILS = {"make check": 2}
# What comes of a command that is part of what it is told to do.
LEAVES = {
    "make build": ("target/static_index.html", ".local/store/marts.duckdb"),
    "make export": ("out/published/fct_gp_metrics.parquet",),
    "make ndop-request": ("out/ndop",),
    "make release": (
        "out/release/care_data_example_admissions.csv",
        "out/release/care_data_example_admissions.parquet",
    ),
    "make report-back": (
        "out/report/A81001/read_me.txt",
        "out/report/A81001/A81001.html",
        "out/report/A81001/A81001.xlsx",
    ),
    "make public": ("out/public/index.html",),
    "make backup": ("out/backup/marts.duckdb",),
    "gpld register": ("register.csv",),
}


def commands() -> list[str]:
    """Every command of the README in its order, in blocks and in sentences."""
    text = README.read_text(encoding="utf-8").replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        if line.startswith("    "):
            found += COMMAND.findall(without_comment(line.strip())) if COMMAND.match(line.strip()) else []
        else:
            found += [code for code in re.findall(r"`([^`]+)`", line) if COMMAND.fullmatch(code) and " " in code]
    return list(dict.fromkeys(" ".join(command.split()) for command in found))


def without_comment(line: str) -> str:
    """A line of a shell without what follows its mark, but not inside a quotation."""
    return re.sub(r"\s{2,}#.*$", "", line)


def starts(command: str) -> str:
    """What a command is called: its first two words."""
    return " ".join(command.split()[:2])


def test_every_command_is_one_that_there_is() -> None:
    """Flags a target, a name, a command or an option that the README tells and nothing knows."""
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    told = commands()
    assert len(told) > 20
    for command in told:
        tool, *words = shlex.split(command)
        if tool == "make":
            assert re.search(rf"^{words[0]}:", makefile, re.MULTILINE), command
            for name in (word.partition("=")[0] for word in words[1:]):
                assert re.search(rf"\b{name}\b", makefile), command
        elif tool == "gpld":
            gpld.make_context("gpld", list(words), resilient_parsing=True)
            assert words[0].startswith("-") or isinstance(gpld.commands[words[0]], click.Command), command
    assert set(told) >= NOT_RUN, "what is excused is no longer told"


def test_every_file_that_it_names_is_there() -> None:
    """Flags a test, a page or a seed that has moved or gone."""
    text = README.read_text(encoding="utf-8")
    tests = {path.name for path in (PROJECT / "tests").rglob("test_*.py")}
    assert set(re.findall(r"`(test_\w+\.py)`", text)) <= tests
    for name in re.findall(r"`((?:models|seeds|sample)/[\w./]*)`", text):
        assert (PROJECT / name).exists(), name
    for name in re.findall(r"`([A-Z]+\.md)`", text):
        assert (PROJECT / name).is_file(), name


def test_it_fits_two_screens() -> None:
    """Flags a README that grows: what is longer has a page of the docs."""
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 108


def test_its_figures_are_those_of_a_build(built: Folders) -> None:
    """Flags figures of an earlier sample, or an output that looks otherwise by now."""
    text = README.read_text(encoding="utf-8")
    [block] = re.findall(r"shows a few results:\n\n((?:    .*\n)+)", text)
    said = {" ".join(line.split()) for line in (built.work / "said.txt").read_text().splitlines()}
    shown = [" ".join(line.split()) for line in block.splitlines() if line.strip() != "..."]
    assert len(shown) > 5
    assert [line for line in shown if line not in said] == []


# ---- from an empty home -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a checkout in it and nothing else; /secure lies beside it."""
    folder = tmp_path_factory.mktemp("empty")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, text=True, capture_output=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (folder / "project" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / "project" / name)
    installed(folder / "project" / ".venv")
    shutil.copytree(SAMPLE, folder / "secure" / "raw")
    return folder


def installed(venv: Path) -> None:
    """An environment as make leaves it: the packages of this one, and the link to the checkout's own `gpld`."""
    (venv / "bin").mkdir(parents=True)
    for path in Path(sys.prefix).iterdir():
        if path.name != "bin" and not path.name.startswith("."):
            (venv / path.name).symlink_to(path)
    for path in Path(sys.prefix, "bin").iterdir():
        if path.name not in ("gpld", "activate"):
            (venv / "bin" / path.name).symlink_to(path)
    activate = Path(sys.prefix, "bin", "activate").read_text(encoding="utf-8")
    (venv / "bin" / "activate").write_text(re.sub(r"VIRTUAL_ENV=.*", f"VIRTUAL_ENV='{venv}'", activate))
    (venv / "bin" / "gpld").symlink_to(venv.parent / "gp_level_data" / "gpld")
    for which in ("", "-reports", "-test"):
        (venv / f".requirements{which}-installed").touch()


def play_spine(home: Path) -> None:
    """The request lies in the raw folder, and everybody asked about is permitted."""
    for path in (home / "project" / "out" / "ndop").iterdir():
        for folder in ("request", "reply"):
            to = home / "secure" / "raw" / "ndop" / folder / path.name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)


@pytest.mark.whole
def test_every_command_works_as_it_is_told(home: Path) -> None:
    """Flags a command that needs what the README does not name: a variable, a folder, an activated environment."""
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DO_NOT_TRACK": "1"}
    project, is_active = home / "project", False
    for command in commands():
        if command in NOT_RUN:
            continue
        if starts(command) == "make ndop-check":
            play_spine(home)
        as_here = command.replace("/secure/", f"{home}/secure/")
        is_active = is_active or command.startswith("source ")
        ended = subprocess.run(
            ["bash", "-c", f"source .venv/bin/activate; {as_here}" if is_active else as_here],
            cwd=project, env=environment, text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        said = re.sub(r"\d{10}", "(ten digits)", (ended.stdout + ended.stderr)[-2000:])
        assert ended.returncode == FAILS.get(starts(command), 0), f"{command}: {ended.returncode}\n{said}"
        if starts(command) == "make build":
            # The first run says in one more line that it installs what it needs.
            assert len((ended.stdout + ended.stderr).splitlines()) < LINES_OF_A_BUILD, command
        for name in LEAVES.get(starts(command), ()):
            assert (project / name).exists(), f"{command} left no {name}"
