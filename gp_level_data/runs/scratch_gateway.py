"""A gateway run that leaves nothing behind, for questions asked before anything may be stored.

The gateway's own models judge, so that a preview cannot say other than the run will do. Store, keys,
logs and compiled queries lie in a temporary folder that goes with the block; its databases are in
memory alone, where the answers are read while they still live.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from dbt.cli.main import dbtRunner

from gp_level_data import releases
from gp_level_data.custody import keys
from gp_level_data.nets import proving
from gp_level_data.project import KEY_DIR, PROJECT
from gp_level_data.refusal import Refusal
from gp_level_data.runs import dbt_duckdb, gateway, whole_run
from gp_level_data.shapes import Settings

# What the scan at the end of a run lets pass (macro check_stored_values).
ALLOWED = "digits_allowed"
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
NO_WORDS = ("--quiet", "--log-level", "none", "--log-level-file", "none")


class MayNotStand(Refusal):
    """The gateway's own judgement of the run, in its sentence."""


@contextmanager
def scratch_gateway(
    raw_dir: Path, settings: Settings, variables: str, *models: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor that sees the models named, and all that they need, until the block ends.

    raw_dir     the raw folder, which is only read
    settings    the settings of the run, checked (build.read_settings)
    variables   the same settings as dbt's command line takes them
    models      names of gateway models
    """
    proving.look(Path(os.environ.get("KEY_DIR", KEY_DIR)))
    with tempfile.TemporaryDirectory(prefix="scratch-gateway-") as scratch:
        folder = Path(scratch)
        of_releases = releases.key_names(settings["collection"])
        for name in (settings["collection"], *keys.OF_DATABASES, *of_releases):
            keys.new_key(folder / "keys", name)
        gateway.check_run(raw_dir, folder / "keys", settings)
        folders = {"RAW_DIR": raw_dir, "KEY_DIR": folder / "keys", "STORE_DIR": folder / "store"}
        try:
            with environment(folders), a_part_of_the_models():
                run_models(folder, variables, models)
            with dbt_duckdb.engine_cursor() as cursor:
                yield cursor
        finally:
            dbt_duckdb.let_go()


def run_models(folder: Path, variables: str, models: tuple[str, ...]) -> None:
    """One silent dbt run in this process; a Refusal that names what failed and repeats no value."""
    result = dbtRunner().invoke(
        [
            "build", "--target", "gateway", *NO_TESTS, *NO_WORDS,
            "--select", *(f"+{model}" for model in models), ALLOWED,
            "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
            "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
            *(["--vars", variables] if variables else []),
        ]
    )  # fmt: skip
    if not result.success:
        # The engine's own message may quote a value it stumbled over.
        nodes = getattr(result.result, "results", None) or ()
        for node in nodes:
            if whole_run.MAY_NOT_STAND in str(node.message):
                raise MayNotStand(str(node.message).partition(whole_run.MAY_NOT_STAND)[2].partition("\n")[0])
        failed = [node.node.name for node in nodes if node.status == "error"]
        raise Refusal(f"The gateway could not work out {', '.join(failed) or 'its models'}.")


@contextmanager
def a_part_of_the_models() -> Iterator[None]:
    """Within it the gateway builds what is asked for, and not the whole: all of it goes with its folder."""
    gateway.takes_a_part = True
    try:
        yield
    finally:
        gateway.takes_a_part = False


@contextmanager
def environment(folders: dict[str, Path]) -> Iterator[None]:
    """The folders as environment variables, where the profile looks for them."""
    before = {name: os.environ.get(name) for name in folders}
    os.environ.update({name: str(path) for name, path in folders.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
