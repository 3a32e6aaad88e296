"""The command line, whole: `gpld`, of which `python -m gp_level_data` is another name.

Every command is told here with its options, and what carries it out is imported when it is called: help
and completion need none of it. What is refused is one sentence and exit code 1; what was not understood, 2.
"""

import contextlib
import getpass
import os
import re
import signal
import sys
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
from click.shell_completion import CompletionItem

from gp_level_data.project import KEY_DIR, PROJECT, SAMPLE, STORE_DIR
from gp_level_data.refusal import Refusal

NUMBER = re.compile("[0-9]{6}")
STOPPED = (
    "\nStopped: what was there before stays or is put back by the next command. A destruction has to be called again,"
    " which finishes it."
)
EPILOG = (
    "Commands, options and collections are completed after"
    ' eval "$(_GPLD_COMPLETE=bash_source gpld)", or zsh_source, fish_source.'
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it was done, 1 when it was refused, 2 when it was not understood."""
    asked: list[int] = []
    try:
        with ended_by_signals(asked):
            code = gpld.main(arguments, prog_name="gpld", standalone_mode=False) or 0
            # What is held back is written while somebody can still say that it cannot be.
            sys.stdout.flush()
            return code
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except click.ClickException as misunderstood:
        misunderstood.show()
        return misunderstood.exit_code
    except (KeyboardInterrupt, click.Abort):
        print(STOPPED, file=sys.stderr)
        return 130
    except AskedToEnd as ending:
        print(STOPPED, file=sys.stderr)
        return 128 + ending.signal
    except BrokenPipeError:
        # Whoever reads what is said has enough of it; Python would say so once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(of_the_machine(error), file=sys.stderr)
        return 1
    except Exception as error:
        from gp_level_data.custody import store

        if asked or store.is_interrupted(error):
            # The engine, in whose query the signal came, has put an error of its own in the place of ours.
            print(STOPPED, file=sys.stderr)
            return 128 + (asked[0] if asked else signal.SIGINT)
        if (told := store.of_the_engine(error)) is None:
            raise
        # The traceback would repeat what the engine says, which may quote what it has read.
        print(told, file=sys.stderr)
        return 1


class AskedToEnd(BaseException):
    """A machine that shuts down, a scheduler or a terminal that was closed has asked the command to end."""

    def __init__(self, signal: int) -> None:
        self.signal = signal


@contextlib.contextmanager
def ended_by_signals(asked: list[int]) -> Iterator[None]:
    """A command that is asked to end does so as by Ctrl-C: it ends what it started, and lets go of the store.

    asked   to which the signals are added that came
    """

    def end(number: int, _: object) -> None:
        asked.append(number)
        raise AskedToEnd(number)

    # One that is ignored, as under nohup, stays so.
    heard = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    for one in heard:
        signal.signal(one, end)
    try:
        yield
    finally:
        for one in heard:
            signal.signal(one, signal.SIG_DFL)


def of_the_machine(error: OSError) -> str:
    """What the machine would not do, in one sentence; of which file, unless its name may be somebody's number."""
    named = str(error.filename or "")
    where = f" {named}" if named and not NUMBER.search(named) else " a file whose name is not repeated" if named else ""
    return f"The machine stopped it{' at' if where else ''}{where}: {error.strerror or type(error).__name__}."


# ---- how a command is told --------------------------------------------------------------------------


class SeedRow(click.ParamType[Any]):
    """The id of a row of a seed. Completed, not checked: what carries the command out says what is none."""

    name = "text"

    def __init__(self, seed: str) -> None:
        self.seed = seed

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        lines = (PROJECT / "seeds" / f"{self.seed}.csv").read_text(encoding="utf-8").splitlines()
        ids = dict.fromkeys(line.split(",")[0] for line in lines[1:])
        return [CompletionItem(each) for each in ids if each.startswith(incomplete)]


class Scale(click.ParamType[Any]):
    """`sample`, or a share of England."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        from gp_level_data.synthesise import size

        try:
            scale = value if value == size.SAMPLE else float(value)
            size.size_of(scale)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return scale


class Day(click.ParamType[Any]):
    """A day, as 2017-04-02."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return datetime.strptime(value, "%Y-%m-%d").date() if isinstance(value, str) else value
        except ValueError:
            self.fail("a day is written like 2017-04-02", param, ctx)


FOLDER = click.Path(path_type=Path)
COLLECTION, RELEASE = SeedRow("collections"), SeedRow("releases")


def folder(name: str, default: Path, says: str) -> click.Option:
    """A folder: as given, else from the environment (--raw-dir: RAW_DIR), else the sample's."""
    variable = name.removeprefix("--").replace("-", "_").upper()
    return click.Option(
        [name], type=FOLDER, default=default, envvar=variable, show_envvar=True, show_default=True, help=says
    )  # fmt: skip


def option(name: str, says: str, **more: Any) -> click.Option:
    """An option; a default is shown."""
    return click.Option(name.split(), help=says, show_default=more.get("default") is not None, **more)


def argument(name: str, **more: Any) -> click.Argument:
    return click.Argument([name], **more)


class Sections(click.Group):
    """Commands in the order in which they are told, under headings.

    Which project it is of is settled first: help is that project's.
    """

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        asked = super().get_help_option(ctx)
        if asked is not None:
            asked.is_eager = False
        return asked

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.sections: dict[str, list[str]] = {}

    def section(self, title: str, *commands: click.Command) -> None:
        for command in commands:
            self.add_command(command)
        self.sections[title] = [str(command.name) for command in commands]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, self.commands[name].help or "") for name in names])


def command(name: str, says: str, place: str, *params: click.Parameter) -> click.Command:
    """A command, which `place` carries out: a module of this package and a function of it."""

    def run(**chosen: Any) -> int:
        module, _, function = place.partition(":")
        call = getattr(import_module(f"gp_level_data.{module}"), function)
        return int(call(SimpleNamespace(**chosen)))

    return click.Command(name, callback=run, params=list(params), help=says)


def group(name: str, says: str, *actions: click.Command) -> click.Group:
    """Several actions under one name."""
    return click.Group(name, commands=list(actions), help=says)


# ---- the commands -----------------------------------------------------------------------------------

RAW = folder("--raw-dir", SAMPLE, "What practices and hospitals sent.")
KEYS = folder("--key-dir", KEY_DIR, "The keys.")
STORE = folder("--store-dir", STORE_DIR, "The results.")
VARS = option("--vars", "Settings of the collection as YAML, such as '{collection: gpdpr}'.", default="")
AT = option("--at", "The moment, with its time zone; now, if not given.")
LAST = option("--last", "Printed with an entry and written down elsewhere: it must be there.", metavar="CHECKSUM")
OWN_KEYS = option("--key-dir", "The folder that the keys lie in.", type=FOLDER, required=True)
NEW_FOLDER = option("--to", "A folder that does not exist yet.", type=FOLDER, required=True)


def at_project(ctx: click.Context, param: click.Parameter, given: Path | None) -> None:
    """Go on with the code of another checkout: code and models belong together."""
    project = (given or PROJECT).resolve()
    if project == PROJECT or ctx.resilient_parsing:
        return
    if not (project / "gp_level_data" / "__main__.py").is_file():
        raise click.BadParameter(f"{given} is no folder of this project.", ctx, param)
    environment = os.environ | {"PYTHONPATH": str(project), "GPLD_PROJECT_DIR": str(project)}
    os.execve(sys.executable, [sys.executable, "-P", "-m", "gp_level_data", *sys.argv[1:]], environment)


gpld = Sections(
    "gpld",
    help="From patient records of general practices to metrics per GP.",
    epilog=EPILOG,
    no_args_is_help=True,
    params=[
        click.Option(
            ["--project-dir"], type=FOLDER, envvar="GPLD_PROJECT_DIR", show_envvar=True,
            is_eager=True, expose_value=False, callback=at_project,
            help="Another checkout, whose code is run; this one, if not given.",
        )
    ],
)  # fmt: skip

gpld.section(
    "Before a run",
    command(
        "contract", "What each raw file holds, and how it may be written.", "pages.contract_page:run",
        argument("collection", required=False, type=COLLECTION),
    ),
    command("check", "What a build would say of a raw folder; nothing is stored.", "commands.check:run", RAW, VARS),
    command(
        "preview", "What would leave a practice, before it agrees; nothing is stored.", "preview:run",
        argument("practice"), RAW, VARS,
    ),
    group(
        "keys", "Make, tell apart and destroy the keys of a collection.",
        command(
            "new", "Make the keys of a collection, where there are none.", "commands.key_command:new",
            OWN_KEYS, option("--collection", "Whose keys.", type=COLLECTION, default="individual_gp_level_data"),
        ),
        command("show-fingerprint", "Letters that tell keys apart; never a key.", "commands.key_command:show_fingerprint", OWN_KEYS),
        command(
            "destroy", "Overwrite a key and delete it, for good.", "commands.key_command:destroy",
            OWN_KEYS, option("--key", "A collection, or the database: patient_level or assurance.", required=True),
        ),
    ),
)  # fmt: skip

gpld.section(
    "Runs",
    command(
        "build", "Both runs, the documentation, and a look at the results.", "commands.build:run", RAW, VARS, KEYS, STORE,
        option("--unit-tests", "Run the unit tests too.", is_flag=True),
        option("--verbose", "Show everything that dbt says.", is_flag=True),
    ),
    command(
        "status", "Days that personal data may still be kept; 1 where one is overdue.", "commands.status:run", AT, KEYS, STORE,
    ),
    command(
        "prove", "Let the nets read the code, and keep that they held: the gateway opens for nothing else.",
        "commands.prove:run", KEYS,
    ),
    command(
        "evidence", "What a reviewer needs to believe a run; `verify` whether it still holds.", "commands.evidence:run",
        argument("action", required=False, default="collect", type=click.Choice(["collect", "verify"])),
        RAW, KEYS, STORE, LAST,
    ),
)  # fmt: skip

gpld.section(
    "What comes of them",
    command(
        "report-back", "One folder a practice, and the record of it.", "commands.report_back:run",
        argument("collection", type=COLLECTION),
        option("--to", "Folder for the practices' folders.", type=FOLDER, required=True), AT,
        option("--contact", "Whom practices may ask; who answers for the GP report, if not given."),
        option("--parquet", "Write the tables as Parquet too.", is_flag=True), KEYS, STORE,
    ),
    command(
        "export", "The published tables, as CSV, Parquet or DuckDB.", "commands.export:run", NEW_FOLDER,
        option("--format", "Of the files.", type=click.Choice(["csv", "parquet", "duckdb"]), default="csv"), STORE,
    ),
    command(
        "public", "A static site on what is collected, released and destroyed, and how.", "commands.public:run",
        NEW_FOLDER, option("--also", "One more store, of another collection.", type=FOLDER, multiple=True),
        option("--contact", "Whom the public may ask; who answers for the GP report, if not given."), STORE,
    ),
    group(
        "ndop", "The exchange on National Data Opt-outs, before a release.",
        command(
            "request", "Write the file that asks about a release's people.", "commands.ndop:request", RAW, VARS,
            option("--mailbox", "The sender's MESH mailbox.", required=True),
            option("--to", "Folder for the file, neither the raw folder's nor the store's.", type=FOLDER, required=True),
            option("--date", "Day of sending; today, if not given.", type=Day()),
            option("--sequence", "Number among that day's requests.", type=int, default=1), STORE,
        ),
        command("check", "What every exchange came to, and who is permitted.", "commands.ndop:check", RAW, VARS),
    ),
    command(
        "release", "Hand out one release, and remember who was in it.", "commands.hand_out:run",
        argument("release_id", type=RELEASE), NEW_FOLDER,
        option("--date", "Day of handing out; today, if not given.", type=Day()), KEYS, STORE,
    ),
    command(
        "register", "Write the public register of releases as CSV.", "commands.hand_out:write_register",
        option("--to", "A CSV file.", type=FOLDER, required=True), STORE,
    ),
)  # fmt: skip

gpld.section(
    "The end",
    command(
        "destroy", "Destroy what is personal, prove it, certify it.", "commands.destroy:run",
        argument("collection", type=COLLECTION),
        option("--raw", "Destroy the raw files of people as well.", is_flag=True),
        option("--ordered-by", "Who orders it, for the certificate.", default=getpass.getuser),
        option("--kept", "One more folder to be searched, such as a handed-out one.", type=FOLDER, multiple=True),
        RAW, KEYS, STORE,
    ),
    group(
        "certificate", "Whether what was certified still holds.",
        command("verify", "Whether the certificates still hold.", "end.certificate:run", KEYS, STORE, LAST),
    ),
    command("backup", "Copy results and ledger; nothing personal.", "commands.backup:back_up", NEW_FOLDER, KEYS, STORE),
    command(
        "restore", "Put a backup in the place of results that are lost.", "commands.backup:restore",
        option("--from source", "Folder of a backup.", type=FOLDER, required=True), KEYS, STORE,
    ),
)  # fmt: skip

gpld.section(
    "The project itself",
    command("releases", "Write what dbt needs of the seeds of releases.", "releases:run"),
    command(
        "lineage", "Prove that no stored column depends on an identifier, and no published one on exact counts.",
        "nets.lineage.command:run",
        option("--reviewed", "Enter the SQL of disclosure control as reviewed, after it was read.", is_flag=True),
    ),
    command(
        "synthesise", "Write a raw folder of synthetic patients.", "synthesise:run",
        option("--out", "Where to.", type=FOLDER, default=SAMPLE),
        option("--scale", "'sample' (24 practices, 40,000 patients) or the share of England, up to 1.",
               type=Scale(), default="sample"),
        option("--seed", "Of all that is drawn.", type=int, default=20170401),
        option("--collection", "Whose practice files; without it all three for the sample, else the first.",
               type=click.Choice(["individual_gp_level_data", "gpdpr", "care_data"])),
        option("--plain-hes", "Do not compress the HES files.", is_flag=True),
    ),
)  # fmt: skip
