"""What a measurement was taken on."""

import os
import platform
from importlib import metadata
from pathlib import Path

from gp_level_data.shapes import Row

PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "pyarrow", "numpy", "numba")


def described() -> Row:
    """Kind, processor, number of cores that the process may use, and memory of the machine."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "system": platform.platform(),
        "processor": names[0] if names else platform.processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def versions(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Of Python and of what does the work; what is not installed does none."""
    found = {name: version(name) for name in packages}
    return {"python": platform.python_version()} | {name: known for name, known in found.items() if known}


def version(package: str) -> str | None:
    """The version that is installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def bytes_below(folder: Path) -> int:
    """Size of all files below a folder; of one that ends meanwhile, nothing."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(path) / name).stat().st_size
            except OSError:
                continue
    return total
