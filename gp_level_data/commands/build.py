"""`make build`: both runs and the docs site, beside the previous results, which they then replace.

Everything is built in a folder of its own inside the store. Whatever stops a build, also the loss of
its process, leaves the previous results as they were; the next build starts afresh.
"""

import json
import shutil
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace as Namespace

from gp_level_data import releases
from gp_level_data.commands import summary
from gp_level_data.custody import exact_counts, keys, proof, publication, store
from gp_level_data.end import hand_overs, ledger, policy
from gp_level_data.nets import proving
from gp_level_data.nets.lineage import command as lineage
from gp_level_data.project import SAMPLE, moment_of, read_settings
from gp_level_data.refusal import Refusal, stopped
from gp_level_data.runs import dbt_command, gateway, whole_run
from gp_level_data.runs.forked_runs import ForkedRuns
from gp_level_data.runs.progress import Progress
from gp_level_data.shapes import Settings

# The site shows the SQL and the columns of every model, not only of those that its run builds, and of tests their names.
OF_MODELS = ("--exclude", "resource_type:test", "resource_type:unit_test")


def run(chosen: Namespace) -> int:
    """Build, replace the previous results, and say what came out."""
    raw_dir, key_dir = chosen.raw_dir.resolve(), chosen.key_dir.resolve()
    store_dir = chosen.store_dir.resolve()
    settings = read_settings(chosen.vars)
    for folder in (key_dir, store_dir):
        if folder.exists() and not folder.is_dir():
            raise Refusal(f"{folder.name!r} in {folder.parent} is not a folder.")
    refuse_one_in_another(raw_dir, key_dir, store_dir)
    # First: raw files and keys may be gone already, and nobody is to make new ones for what is left.
    policy.refuse_stopped(store_dir)
    gateway.check_run(raw_dir, key_dir, settings)
    is_sample = raw_dir == SAMPLE.resolve()
    if not is_sample:
        read_keys(key_dir, settings)
    publication.hold(store_dir)
    made: list[str] = []
    try:
        policy.refuse_overdue(store_dir, datetime.now(UTC))
        policy.refuse_another_moment(store_dir, settings["collection"], moment_of(settings))
        refuse_other_collection(store_dir, settings)
        made = make_sample_keys(key_dir, settings["collection"]) if is_sample else []
        read_keys(key_dir, settings)
        build(chosen, raw_dir, key_dir, store_dir)
    except BaseException:
        take_back(made, key_dir, store_dir)
        store.release(store_dir)
        raise
    summary.show(store_dir, keys.of_store(key_dir))
    handed_over = hand_overs.last(store_dir, settings["collection"])
    if handed_over and hand_overs.compared(store_dir, handed_over.content["results"]) != hand_overs.SAME:
        print("\nThe results are not those that were reported back: report again, and withdraw the earlier folders.")
    return 0


def refuse_one_in_another(*folders: Path) -> None:
    """A Refusal where raw files, keys and store share a folder: each is kept, handed on and destroyed by itself."""
    for inner, outer in permutations(folders, 2):
        if inner.is_relative_to(outer):
            raise Refusal(f"Raw files, keys and store are each in a folder of its own, and {inner} lies in {outer}.")


def read_keys(key_dir: Path, settings: Settings) -> None:
    """A Refusal where a key that the build needs is missing or cannot be trusted."""
    active = releases.active_ids(settings["collection"], releases.day_of(settings))
    for name in (settings["collection"], *keys.OF_DATABASES, *active):
        keys.read_key(key_dir, name)


def build(chosen: Namespace, raw_dir: Path, key_dir: Path, store_dir: Path) -> None:
    """Both runs and the documentation, then their results in the place of the previous ones; the store is held."""
    store.refuse_wrong_keys(store_dir, keys.of_store(key_dir))
    exact_counts.move_out(store_dir, key_dir)
    proving.ensure(key_dir)
    stages = Progress()
    building = start_afresh(store_dir, keys.claim_key(key_dir, keys.ASSURANCE_KEY))
    folders = {"RAW_DIR": raw_dir, "KEY_DIR": key_dir, "STORE_DIR": building}
    variables = ["--vars", chosen.vars] if chosen.vars else []
    # Unit tests say whether the rules are right, which does not change from run to run.
    without = [] if chosen.unit_tests else ["--exclude-resource-type", "unit_test"]
    dbt_command.begin_log()
    with dbt_command.one_parse(heard=not chosen.verbose) as runs:
        dbt(
            stages, "gateway run: raw files to pseudonymised tables",
            "build", "--target", "gateway", "--selector", "gateway",
            "--target-path", str(dbt_command.target() / "gateway"), *without, *variables,
            folders=folders, verbose=chosen.verbose, runs=runs,
        )  # fmt: skip
        # The analyst's run gets no raw folder, so that its success shows that it needs none.
        folders["RAW_DIR"] = folders["STORE_DIR"] / "no-raw-files-here"
        dbt(
            stages, "warehouse run: pseudonymised tables to results",
            "build", "--selector", "after_gateway", *without, folders=folders, verbose=chosen.verbose, runs=runs,
        )  # fmt: skip
        # A page that says something else than at the parse needs another one.
        is_new = lineage.write_page(dbt_command.target() / "gateway", dbt_command.target())
        dbt(
            stages, "documentation",
            "docs", "generate", "--static", *OF_MODELS,
            folders=folders, verbose=chosen.verbose, runs=None if is_new else runs,
        )  # fmt: skip
    publication.publish(folders["STORE_DIR"], store_dir)


def make_sample_keys(key_dir: Path, collection: str) -> list[str]:
    """Keys for the sample, unless the folder has keys already; one more for another collection. Those it made."""
    names = releases.keys_of_build(collection)
    made = [name for name in names if keys.new_key(key_dir, name)]
    if made == list(names):
        keys.mark_as_sample(key_dir)
    return made


def take_back(made: list[str], key_dir: Path, store_dir: Path) -> None:
    """A build that came to nothing leaves no key behind: another collection's would stand in the way of `destroy`.

    A key that a database of the store may have been written under stays.
    """
    is_used = any(store.database_file(store_dir, name).exists() for name in publication.DATABASES)
    for name in made:
        if not (is_used and name in keys.OF_DATABASES):
            keys.destroy_key(key_dir, name)
    if not set(keys.names(key_dir)) - {proof.KEY}:
        keys.unmark_as_sample(key_dir)


def refuse_other_collection(store_dir: Path, settings: Settings) -> None:
    """A Refusal where the store's results are another collection's, or of a later moment: they would be replaced."""
    if not store.database_file(store_dir, store.MARTS).exists():
        return
    with store.open_marts(store_dir) as connection:
        store.check_collection(connection, store_dir, settings["collection"])
        store.check_order(connection, store_dir, moment_of(settings))


def start_afresh(store_dir: Path, assurance_key: bytes) -> Path:
    """An empty folder to build in, with the history that snapshots and models continue, and that of releases."""
    building = store_dir / publication.BUILDING
    shutil.rmtree(building, ignore_errors=True)
    with store.writing_afresh(store_dir, building):
        building.mkdir(mode=0o700)
        for file in store.files_of(store.database_file(store_dir, store.RELEASED)):
            store.copy(file, building / file.name)
        if any(store.database_file(store_dir, name).exists() for name in (store.MARTS, store.ASSURANCE)):
            exact_counts.carry_over(store_dir, building, assurance_key, lasting_only=True)
        if (store_dir / ledger.FOLDER).exists():
            shutil.copytree(store_dir / ledger.FOLDER, building / ledger.FOLDER)
    return building


def dbt(
    stages: Progress,
    title: str,
    *arguments: str,
    folders: dict[str, Path],
    verbose: bool = False,
    runs: ForkedRuns | None = None,
) -> None:
    """One dbt command as a stage; a Refusal where it fails, with the lines that say why before it."""
    if verbose:
        ended = dbt_command.run(*arguments, folders=folders, runs=runs)
    else:
        with stages.stage(title) as stage:
            ended = dbt_command.run(*arguments, folders=folders, stage=stage, runs=runs)
            if ended.code:
                stage.notes.append("failed")
    if not ended.code:
        return
    if of_the_disk := [line for line in ended.why if whole_run.DISK_SAYS_NO in line]:
        # Said once: what came after the first failed by it too. And the room that was taken is free again.
        discard(folders["STORE_DIR"])
        _, found, after = of_the_disk[0].partition(whole_run.DISK_SAYS_NO)
        raise stopped(found + after)
    if why := why_it_may_not_stand(arguments):
        # Objections may have been lost on the way to it, or numbers lie in it: nothing of it is kept.
        discard(folders["STORE_DIR"])
        raise stopped(why)
    if not verbose:
        print(dbt_command.shown(ended.why))
    raise Refusal(f"`dbt {' '.join(arguments[:2])}` failed, see above; the previous results are untouched.")


def discard(store_dir: Path) -> None:
    """What a build has made so far is gone. A store that dbt changes where it lies is put back instead (whole_run.py)."""
    if publication.is_building(store_dir):
        shutil.rmtree(store_dir, ignore_errors=True)


def why_it_may_not_stand(arguments: tuple[str, ...]) -> str | None:
    """The sentence with which a run was stopped for what it took in or what it built, if it was."""
    try:
        results = json.loads(dbt_command.results_file(arguments).read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError, KeyError):
        return None
    for result in results:
        for words in whole_run.UNDONE:
            before, found, after = (result.get("message") or "").partition(words)
            if found:
                return found + after.splitlines()[0]
    return None
