"""`gpld`: what there is, how it is told, from where it works, and how fast it answers."""

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import duckdb
import pytest

from conftest import PROJECT, copy_project
from gp_level_data.command_line import gpld, main
from gp_level_data.commands import status

# What takes long to import, and is of no use to a command that only says something.
SLOW = ("dbt", "pyarrow", "pandas", "sqlglot", "altair")
AT_ONCE = {
    "help": ("--help",),
    "help of a command": ("build", "--help"),
    "contract": ("contract", "gpdpr"),
    "status": ("status",),
}
SECONDS = 1.0


def commands(
    group: click.Group = gpld, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    for name, command in group.commands.items():
        words = (*before, name)
        if isinstance(command, click.Group):
            yield from commands(command, words)
        else:
            yield words, command


ALL = dict(commands())


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_is_carried_out_by_something(words: tuple[str, ...]) -> None:
    """Flags a command whose module or function is no more, which would only show when it is called."""
    carried_out = ALL[words].callback
    assert carried_out is not None
    closure = dict(zip(carried_out.__code__.co_freevars, carried_out.__closure__ or ()))
    module, _, function = closure["place"].cell_contents.partition(":")
    assert callable(getattr(import_module(f"gp_level_data.{module}"), function))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_tells_every_option(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Flags an option without a word about it, and a folder without its default and its name in the environment."""
    assert main([*words, "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for parameter in ALL[words].params:
        if isinstance(parameter, click.Option):
            assert parameter.opts[0] in said and parameter.help and parameter.help.split()[0] in said
            assert not parameter.envvar or f"[env var: {parameter.envvar}; default:" in said


def test_the_list_of_commands_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a command under no heading: the list is told by headings."""
    main([])
    said = capsys.readouterr()
    told = re.findall(r"^  ([a-z][a-z-]+)  ", said.out + said.err, re.MULTILINE)
    assert sorted(told) == sorted(gpld.commands)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("bulid",), "No such command 'bulid'"),
        (("release",), "Missing argument"),
        (("release", "x"), "Missing option '--to'"),
        (("release", "x", "--to", "y", "--date", "2.4.2017"), "a day is written like 2017-04-02"),
        (("synthesise", "--scale", "two"), "--scale"),
        (("--project-dir", "/", "status"), "is no folder of this project"),
    ],
)
def test_what_is_not_understood(arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a folder", "one number 9990000000"])
def test_what_the_machine_refuses_is_one_sentence(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flags a traceback where a folder is not there or is a file, and a name in it that may be somebody's number."""
    (tmp_path / name).write_bytes(b"")
    assert main(["keys", "new", "--key-dir", str(tmp_path / name)]) == 1
    assert main(["synthesise", "--scale", "0.0001", "--out", str(tmp_path / name / "below")]) == 1
    told = capsys.readouterr().err.splitlines()
    said = [line for line in told if not line.startswith("Synthetic patients ")]
    assert len(said) == 2 and all(line.startswith("The machine stopped it at ") for line in said)
    assert not re.search("[0-9]{10}", "".join(said))


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ('Could not read enough bytes from file "/s/marts.duckdb"', "could not read or write marts.duckdb: "),
        ("Corrupt database file: 9990000018 in block", "could not read or write a file: "),
        ("Could not write 9990000018: No space left on device", "The machine stopped it: No space left on device."),
        ('Could not set lock on file "/s/9990000018"', "Another process is at work"),
    ],
)
def test_what_the_engine_stumbles_over_is_one_sentence(
    message: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flags a traceback of the engine's, and what it repeats of a file."""

    def stumble(*_: object) -> None:
        raise duckdb.IOException(f"IO Error: {message}")

    monkeypatch.setattr(status, "run", stumble)
    assert main(["status"]) == 1
    told = capsys.readouterr().err
    assert says in told and len(told.splitlines()) == 1 and not re.search("[0-9]{10}", told)


@pytest.mark.parametrize(
    "raw, keys, store", [("a", "b", "a/b"), ("a/c", "b", "a"), ("a", "s/k", "s"), ("a", "a/k", "s"), ("a", "b", "b")]
)
def test_each_has_a_folder_of_its_own(
    tmp_path: Path, raw: str, keys: str, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flags a run that writes into the raw folder, or keeps raw files or keys where the store lies."""
    given = zip(("--raw-dir", "--key-dir", "--store-dir"), (raw, keys, store))
    folders = [word for name, place in given for word in (name, str(tmp_path / place))]
    assert main(["build", *folders]) == 1
    assert "each in a folder of its own" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("command", [["contract"], ["keys", "new", "--key-dir", "keys"]])
def test_whoever_reads_may_have_enough(tmp_path: Path, command: list[str]) -> None:
    """Flags a traceback where what is said, whether it is much or little, is not read."""
    reads, writes = os.pipe()
    os.close(reads)
    # so that little is held back until the end
    held_back = os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": ""}
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "gp_level_data", *command], cwd=tmp_path,
        stdout=writes, stderr=subprocess.PIPE, text=True, check=False, env=held_back,
    )  # fmt: skip
    os.close(writes)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_completion_knows_commands_options_and_collections() -> None:
    """Flags a shell that completes less than `--help` tells."""

    def completed(line: str) -> list[str]:
        words = line.split(" ")
        asked = {"_GPLD_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
        ended = subprocess.run(
            [PROJECT / "gp_level_data" / "gpld"],
            env=environment() | asked,
            text=True,
            capture_output=True,
            check=True,
        )
        return [answer.partition(",")[2] for answer in ended.stdout.split()]

    assert "report-back" in completed("gpld rep")
    assert completed("gpld build --st") == ["--store-dir"]
    assert "gpdpr" in completed("gpld report-back g")
    assert "gpdpr_example_planning" in completed("gpld release gpdpr")


# ---- from any folder --------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """As it is, with the Python of this test for the project's."""
    return os.environ | {"GPLD_PYTHON": sys.executable}


def test_it_works_from_any_folder(tmp_path: Path) -> None:
    """Flags a command that finds the project by the folder that it is called in."""
    ended = subprocess.run(
        [PROJECT / "gp_level_data" / "gpld", "contract", "gpdpr"],
        cwd=tmp_path, env=environment(), text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0 and "## gpdpr" in ended.stdout


def test_another_checkout_runs_its_own_code(tmp_path: Path) -> None:
    """Flags the code of one checkout on the models of another."""
    other = copy_project(tmp_path / "other")
    told = "What the other checkout says"
    path = other / "gp_level_data" / "command_line.py"
    path.write_text(path.read_text().replace("From patient records of general practices to metrics per GP.", told))
    for arguments, variables in (
        (["--project-dir", other, "--help"], {}),
        (["--help"], {"GPLD_PROJECT_DIR": other}),
    ):
        ended = subprocess.run(
            [sys.executable, "-m", "gp_level_data", *map(str, arguments)],
            cwd=PROJECT, env=os.environ | {name: str(value) for name, value in variables.items()},
            text=True, capture_output=True, check=True,
        )  # fmt: skip
        assert told in ended.stdout


@pytest.mark.parametrize("what", AT_ONCE)
def test_what_only_says_something_answers_at_once(what: str, tmp_path: Path) -> None:
    """Flags an import that costs a reader seconds. Seconds are the processor's: others share the machine."""
    (tmp_path / "store").mkdir()
    imported = (
        "import sys; from gp_level_data.command_line import main; code = main(sys.argv[1:]);"
        f" slow = sorted(set({SLOW!r}) & sys.modules.keys());"
        " print('slow:', *slow, file=sys.stderr); sys.exit(code)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [sys.executable, "-c", imported, *AT_ONCE[what]],
        cwd=PROJECT, env=os.environ | {"STORE_DIR": str(tmp_path / "store")}, text=True, capture_output=True, check=False,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    allowed = "slow: pyarrow" if what == "contract" else "slow:"
    assert ended.returncode == 0, ended.stderr[-500:]
    assert ended.stderr.splitlines()[-1] == allowed
    assert spent < SECONDS


# ---- make -------------------------------------------------------------------------------------------


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`make` with the environment of this test, which it takes for installed."""
    installed = [f"{sys.prefix}/.requirements{which}-installed" for which in ("", "-reports", "-test")]
    options = [option for stamp in installed for option in ("--old-file", stamp)]
    # Not as a part of the make that may run these tests.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", f"VENV={sys.prefix}", *options, *arguments],
        cwd=PROJECT, env=alone, text=True, capture_output=True, check=False,
    )  # fmt: skip


def test_make_lists_what_there_is() -> None:
    """Flags a target that `make help` does not know, and a bare `make` that does something."""
    bare, asked = make(), make("help")
    assert bare.stdout == asked.stdout and not bare.returncode
    makefile = (PROJECT / "Makefile").read_text()
    phony = makefile.replace("\\\n", "").partition(".PHONY:")[2].partition("\n")[0].split()
    assert sorted(re.findall(r"^  ([a-z][a-z-]+)  ", asked.stdout, re.MULTILINE)) == sorted(phony)


@pytest.mark.parametrize("mark", ["'", '"', "`", " ; ", "#", " & "])
def test_what_is_said_to_make_arrives_as_it_is(mark: str) -> None:
    """Flags a quotation mark in VARS that ends a quotation of the shell's."""
    ended = make("check", f"VARS={{collected_at: nine o{mark}clock}}")
    assert ended.returncode == 2 and "VARS wants collected_at" in ended.stderr, ended.stderr[-300:]


def test_make_says_what_is_missing() -> None:
    ended = make("release", "ID=one")
    assert ended.returncode == 2 and "make release ID=... TO=..." in ended.stderr


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_within_a_query_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sent: signal.Signals, code: int
) -> None:
    """Flags a traceback where a command is asked to end while the engine is at work, which says so in its own way."""

    def at_work(*_: object, **__: object) -> None:
        try:
            os.kill(os.getpid(), sent)
            time.sleep(5)
        except BaseException:
            # As the engine does.
            raise RuntimeError("Query interrupted") from None

    monkeypatch.setattr(gpld, "main", at_work)
    assert main([]) == code
    assert capsys.readouterr().err.startswith("\nStopped:")
