"""What a dbt run is given: folders and limits of the engine by the environment, settings by `--vars`.

dbt parses the whole project anew when a value changes that its profile asks for. So the profile asks for none,
and the plugins ask here.
"""

import os
from typing import Any

from dbt.flags import get_flags

FOLDERS = {"raw_dir": "sample", "store_dir": ".local/store", "key_dir": ".local/keys"}
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
    return {
        "threads": int(os.environ.get("DUCKDB_THREADS", "2")),
        "memory_limit": os.environ.get("DUCKDB_MEMORY_LIMIT", "4GB"),
        "temp_directory": f"{store_dir}/spill",
    }
