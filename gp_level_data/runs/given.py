"""What a dbt run is given: folders and limits of the engine by the environment, settings by `--vars`.

dbt parses the whole project anew when a value changes that its profile asks for. So the profile asks for none,
and the plugins ask here.
"""

import os
import re
from typing import Any

from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError

FOLDERS = {"raw_dir": "sample", "store_dir": ".local/store", "key_dir": ".local/keys"}
# What the engine may use: unless it is said, how it is written, and an example.
LIMITS = {
    "DUCKDB_THREADS": ("2", "0*[1-9][0-9]{0,3}", "2"),
    "DUCKDB_MEMORY_LIMIT": ("4GB", "[0-9]+([.][0-9]+)? ?([KMGT]i?B?|%)", "4GB"),
}
SETTINGS = {
    "collection": "individual_gp_level_data",
    # Empty unless given on the command line: the project's defaults belong to the sample.
    "collected_at": "",
    "period_start": "",
    "period_end": "",
    "disseminated_at": "",
}


def to_the_run(explicitly: dict[str, Any]) -> dict[str, Any]:
    """Folders and settings by their names.

    explicitly   what needs no asking, such as a test's own folders
    """
    folders = {name: os.environ.get(name.upper(), unset) for name, unset in FOLDERS.items()}
    variables = getattr(get_flags(), "VARS", None) or {}
    settings = {name: str(variables.get(name, unset)) for name, unset in SETTINGS.items()}
    return folders | settings | explicitly


def to_the_engine(store_dir: object) -> dict[str, Any]:
    """Options of the connection that a run opens: how much it may use, and where it spills."""
    threads, memory = (os.environ.get(name) or unset for name, (unset, _, _) in LIMITS.items())
    for name, (_, pattern, example) in LIMITS.items():
        if not re.fullmatch(pattern, os.environ.get(name) or example, re.IGNORECASE):
            raise DbtRuntimeError(f"{name} is not one that the engine takes: write it like {example}.")
    return {
        "threads": int(threads),
        "memory_limit": memory,
        "temp_directory": f"{store_dir}/spill",
    }
