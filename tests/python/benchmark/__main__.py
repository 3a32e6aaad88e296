"""`make bench SCALE="0.01 0.1"`: synthetic England at each scale, by hand and through both runs, in one go.

Every part runs in a process of its own with the same memory limit and number of threads; the project is parsed
once for both runs, or taken from the last parse, as in `make build`. Ratios of CPU seconds are worth quoting,
wall times are not: machines are shared. Growth is that of the CPU beyond a world that is next to empty, which
costs what starting costs.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import duckdb

from gp_level_data import releases
from gp_level_data.custody import keys, proof, store
from gp_level_data.raw.landing import COLLECTED
from gp_level_data.runs.forked_runs import ForkedRuns
from gp_level_data.shapes import Row
from gp_level_data.synthesise import COLLECTIONS, DEFAULT_SEED

from . import machine
from .measured import Measured, measure, measure_run, seconds_of_children

PROJECT = Path(__file__).parents[3]
HERE = Path(__file__).parent
NEXT_TO_NOTHING = 0.0005
RUNS = {"gateway": "gateway", "warehouse": "after_gateway"}
PARSE = "parse"
COLUMNS = ("CPU s", "wall s", "peak GB", "spilled MB", "stored MB", "rows/CPU s", "growth")


def stages_of(raw_dir: Path, folder: Path, collection: str, limit: str) -> dict[str, Measured]:
    """By hand, where somebody wrote it, and both runs over one raw folder."""
    make_keys(folder / "keys", collection)
    # What is measured is a run; the proof is made once for many.
    proof.write(folder / "keys", proof.digests(PROJECT), ["none: a benchmark vouches for it"])
    found = {}
    if collection in COLLECTED["practice_records"]:
        by_hand = folder / "by_hand"
        by_hand.mkdir()
        script = [sys.executable, HERE / "by_hand.py", raw_dir, folder / "keys", by_hand]
        found["by hand"] = measure(script, PROJECT, {"DUCKDB_MEMORY_LIMIT": limit}, by_hand)
    folders = {"RAW_DIR": raw_dir, "KEY_DIR": folder / "keys", "STORE_DIR": folder / "store"}
    return found | runs_of(folders, folder, collection, limit)


def make_keys(key_dir: Path, collection: str) -> None:
    """Every key that a build of a collection reads."""
    for name in releases.keys_of_build(collection):
        keys.new_key(key_dir, name)


def runs_of(folders: dict[str, Path], folder: Path, collection: str, limit: str) -> dict[str, Measured]:
    """Both runs as `make build` runs them, from one parse, which is a stage of its own."""
    folders["STORE_DIR"].mkdir(mode=0o700)
    variables = json.dumps({"collection": collection})
    found, before = {}, seconds_of_children()
    with ForkedRuns(
        PROJECT, folder / "logs", os.environ | {"DUCKDB_MEMORY_LIMIT": limit}, parsed=PROJECT / "target"
    ) as runs:
        for run, selected in RUNS.items():
            arguments = [
                "--quiet", "build", "--target", run, "--selector", selected, "--exclude-resource-type", "unit_test",
                "--vars", variables, "--log-path", str(folder / "logs"), "--target-path", str(folder / run),
            ]  # fmt: skip
            found[run] = measure_run(runs, arguments, folders, folders["STORE_DIR"])
    whole = seconds_of_children() - before
    spent = round(whole - sum(took.cpu_seconds for took in found.values()), 2)
    return {PARSE: Measured(spent, 0.0, 0, 0, 0)} | found


def rows_sent(folder: Path) -> int:
    """Rows of all raw files that the gateway read, as it counted them."""
    with duckdb.connect() as connection:
        store.attach_assurance(connection, folder / "store", keys.read_key(folder / "keys", keys.ASSURANCE_KEY))
        query = "select sum(row_count) from assurance.counts.int_intake__file_counts"
        [(rows,)] = connection.execute(query).fetchall()
        return int(rows)


def nets_share(folder: Path) -> float:
    """The part of the gateway run's SQL, by the clock, that is the net by value."""
    results = json.loads((folder / "gateway" / "run_results.json").read_text())["results"]
    nets = sum(r["execution_time"] for r in results if r["unique_id"].startswith("operation."))
    return float(nets / sum(r["execution_time"] for r in results))


def world_of(scale: float, chosen: argparse.Namespace, scratch: Path) -> tuple[Path, Measured]:
    """The raw folder, and what making it took; one that is kept is taken as it is, with what it took then."""
    name = f"{chosen.collection}-{scale:g}-{chosen.seed}"
    folder = chosen.worlds / name if chosen.worlds else scratch / "world"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "made.json"
    if not kept.exists():
        command = [
            sys.executable, "-m", "gp_level_data", "synthesise", "--out", folder / "raw",
            "--scale", str(scale), "--seed", str(chosen.seed), "--collection", chosen.collection,
        ]  # fmt: skip
        kept.write_text(json.dumps(asdict(measure(command, PROJECT, {}, folder))))
    return folder / "raw", Measured(**json.loads(kept.read_text()))


def of_scale(scale: float, chosen: argparse.Namespace) -> Row:
    """One world: what each stage took, and what was asked of it."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=chosen.work) as scratch:
        folder = Path(scratch)
        raw_dir, took = world_of(scale, chosen, folder)
        stages = {"synthesise": took} | stages_of(raw_dir, folder, chosen.collection, chosen.memory)
        both = sum(stages[stage].cpu_seconds for stage in (PARSE, *RUNS))
        return {
            "scale": scale,
            "rows": rows_sent(folder),
            "raw_bytes": machine.bytes_below(raw_dir),
            "nets_share_of_gateway": round(nets_share(folder), 3),
            "ratio_to_by_hand": round(both / stages["by hand"].cpu_seconds, 2) if "by hand" in stages else None,
            "stages": {name: asdict(took) for name, took in stages.items()},
        }


def with_growth(worlds: list[Row]) -> list[Row]:
    """Each stage's exponent: how its CPU grows with the rows, from one world to the next larger one."""
    nothing, *measured = worlds
    for before, world in zip([None, *measured], measured, strict=False):
        for name, took in world["stages"].items():
            took["rows_per_cpu_second"] = round(world["rows"] / took["cpu_seconds"])
            constant = nothing["stages"][name]["cpu_seconds"]
            took["constant_cpu_seconds"] = constant
            now, then = took["cpu_seconds"], before["stages"][name]["cpu_seconds"] if before else 0.0
            if before and name != PARSE and min(now, then) > constant:
                more = math.log((now - constant) / (then - constant))
                took["growth"] = round(more / math.log(world["rows"] / before["rows"]), 2)
    return measured


def show(world: Row) -> None:
    """One world as a table on the screen."""
    print(f"\nscale {world['scale']:g}: {world['rows']:,} rows, {world['raw_bytes'] / 1e6:,.0f} MB raw")
    print(f"{'':<12}" + "".join(f"{name:>12}" for name in COLUMNS))
    for name, took in world["stages"].items():
        cells = (
            f"{took['cpu_seconds']:.1f}", f"{took['wall_seconds']:.1f}", f"{took['peak_bytes'] / 1e9:.2f}",
            f"{took['spilled_bytes'] / 1e6:.0f}", f"{took['stored_bytes'] / 1e6:.0f}",
            f"{took['rows_per_cpu_second']:,}", str(took.get("growth", "")),
        )  # fmt: skip
        print(f"{name:<12}" + "".join(f"{cell:>12}" for cell in cells))
    if world["ratio_to_by_hand"]:
        print(f"CPU of both runs / by hand: {world['ratio_to_by_hand']}")
    print(f"net by value, share of the gateway run: {world['nets_share_of_gateway']:.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--scale", type=float, nargs="+", default=[0.01], help="shares of England")
    parser.add_argument("--collection", choices=COLLECTIONS, default=COLLECTIONS[0])
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--memory", default=os.environ.get("DUCKDB_MEMORY_LIMIT", "4GB"), help="the engine's limit")
    parser.add_argument("--work", type=Path, help="where worlds are made and thrown away; else the system's")
    parser.add_argument("--worlds", type=Path, help="where worlds are kept for the next time; else thrown away")
    parser.add_argument("--to", type=Path, default=PROJECT / "target" / "bench.json")
    chosen = parser.parse_args()
    worlds = [of_scale(scale, chosen) for scale in (NEXT_TO_NOTHING, *sorted(chosen.scale))]
    measured = with_growth(worlds)
    about = {
        "collection": chosen.collection, "seed": chosen.seed, "memory_limit": chosen.memory,
        "machine": machine.described(), "versions": machine.versions(), "commit": commit(),
    }  # fmt: skip
    chosen.to.parent.mkdir(parents=True, exist_ok=True)
    chosen.to.write_text(json.dumps(about | {"worlds": measured}, indent=2) + "\n")
    for world in measured:
        show(world)
    print(f"\nAll of it: {chosen.to}")


def commit() -> str | None:
    """The tree's commit, marked where files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


if __name__ == "__main__":
    main()
