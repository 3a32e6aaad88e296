"""The project's compiled SQL, of both runs in one manifest."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gp_level_data.refusal import Refusal
from gp_level_data.shapes import Manifest

# What the gateway run builds; the warehouse run builds the rest (selectors.yml).
GATEWAY = ("models/staging/", "models/intermediate/gateway/")
RUNS = ("gateway", "warehouse")
# No connection: neither raw files nor a store nor a key are needed to compile, and a model that looks at
# the database while it is compiled stops here.
UNCONNECTED = ("--no-populate-cache", "--no-introspect")


def both_runs(gateway: Manifest, warehouse: Manifest) -> Manifest:
    """One manifest, in which each model is compiled as the run that builds it compiles it."""
    nodes = {
        key: gateway["nodes"][key] if node["original_file_path"].startswith(GATEWAY) else node
        for key, node in warehouse["nodes"].items()
    }
    return {**warehouse, "nodes": nodes}


def built_manifest(gateway_target: Path, warehouse_target: Path) -> Manifest:
    """The manifest of a finished build, from the target folders of its two runs.

    Only as fresh as the build: to prove what is in the files now, use compiled_manifest.
    """
    return both_runs(read(gateway_target), read(warehouse_target))


def compiled_manifest(
    project_dir: Path, environment: Mapping[str, str] | None = None, is_fresh: bool = False
) -> Manifest:
    """The manifest of a project as its files are now: compiled by dbt for both runs.

    Needs no raw file, key or store. A Refusal where dbt cannot compile.

    is_fresh    whether nothing is taken from an earlier parse, which somebody may have written
    """
    target = project_dir.resolve() / "target" / "lineage"
    # Always the same folders, or dbt would not start from its last parse.
    scratch = target / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    environment = {
        **(environment or os.environ),
        "RAW_DIR": str(scratch / "raw"),
        "KEY_DIR": str(scratch / "keys"),
        "STORE_DIR": str(scratch / "store"),
    }
    try:
        for run in RUNS if is_fresh else ():
            shutil.rmtree(target / run, ignore_errors=True)
        with ThreadPoolExecutor() as both:
            compiled = both.map(lambda run: compile_run(project_dir, run, target, environment), RUNS)
            return both_runs(*compiled)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def compile_run(project_dir: Path, run: str, target: Path, environment: Mapping[str, str]) -> Manifest:
    """The manifest of one run; its folder keeps the parse that the next one starts from."""
    command: list[str | Path] = [
        Path(sys.executable).with_name("dbt"), "compile", "--quiet", "--target", run,
        "--select", "resource_type:model", "resource_type:snapshot", "--indirect-selection", "empty",
        *UNCONNECTED,
        "--target-path", target / run, "--log-path", target / "logs",
    ]  # fmt: skip
    ended = subprocess.run(command, cwd=project_dir, env=environment, check=False, capture_output=True)
    if ended.returncode:
        raise Refusal(f"dbt cannot compile the {run} run: `dbt compile --target {run}` says why.")
    return read(target / run)


def read(target: Path) -> Manifest:
    manifest: Manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    return manifest
