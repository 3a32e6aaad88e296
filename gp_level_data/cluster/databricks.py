"""`python -m gp_level_data.cluster.databricks compile | run`: the analyst's run in a Databricks workspace.

It has an environment of its own (requirements-databricks.txt), since dbt-databricks wants other versions than the rest.
`compile` asks no workspace for anything: it shows that every model is SQL of that engine.
"""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from gp_level_data.cluster import adapter
from gp_level_data.project import PROJECT
from gp_level_data.refusal import Refusal

PROFILE = Path(__file__).with_suffix(".yml")
VARIABLES = ("DATABRICKS_HOST", "DATABRICKS_HTTP_PATH", "DATABRICKS_CLIENT_ID", "DBT_ENV_SECRET_DATABRICKS")
# Of the reserved names that no server has.
NO_WORKSPACE = "compiled.invalid"


def target() -> dict[str, Any]:
    """The profile's one output."""
    [output] = yaml.safe_load(PROFILE.read_text(encoding="utf-8"))["gp_level_data_warehouse"]["outputs"].values()
    return dict(output)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m gp_level_data.cluster.databricks", description=__doc__)
    parser.add_argument("action", choices=["compile", "run"])
    parser.add_argument("--vars", default="", help="dbt vars of the collection, as YAML")
    parser.add_argument(
        "--where", type=Path, default=PROJECT / "target" / "databricks", help="a folder for what dbt leaves"
    )
    chosen = parser.parse_args(arguments)
    try:
        if chosen.action == "compile":
            os.environ |= dict.fromkeys(VARIABLES, NO_WORKSPACE)
            nodes = adapter.compiled(target(), chosen.where, chosen.vars)["nodes"].values()
            print(sum(node["resource_type"] == "model" for node in nodes), "models compiled for Databricks.")
            return 0
        absent = [name for name in VARIABLES if not os.environ.get(name)]
        if absent:
            raise Refusal(f"A run in a workspace needs {', '.join(absent)} (gp_level_data/cluster/databricks.yml).")
        counted = Counter(adapter.run(target(), chosen.where, chosen.vars).values())
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(", ".join(f"{count} {name}" for name, count in sorted(counted.items())))
    return int(set(counted) != {"success"})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
