"""Tell a synthetic raw landing folder from a real one.

Only a folder for which `is_synthetic` holds may use NHS Numbers of the test range and the
sample's key. The marker lists what was generated: a file that is added, removed or changes its
size makes the folder an ordinary one, where test numbers are rejected and the key is refused. It
guards against mistakes, such as a real file copied into the sample, not against malice.

What lies below `ndop` is not listed: an exchange on national opt-outs follows the folder, and nobody
counts by being named in it who is not in the folder's own files.
"""

import hashlib
import json
import pathlib

MARKER = "SYNTHETIC.json"
EXCHANGE = "ndop"
GENERATOR = "gp_level_data.synthesise"


def write_marker(folder: pathlib.Path, scale: float | str, seed: int) -> None:
    """Declare a folder, as it is now, to be this generator's."""
    marker = {
        "generator": GENERATOR,
        "scale": scale,
        "seed": seed,
        "files": len(listed_files(folder)),
        "digest": digest(folder),
    }
    text = json.dumps(marker, indent=2) + "\n"
    (folder / MARKER).write_text(text, encoding="utf-8", newline="\n")


def is_synthetic(folder: pathlib.Path) -> bool:
    """Whether the folder is exactly what its marker says. Any doubt is a no."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        return bool(
            marker["generator"] == GENERATOR
            and marker["files"] == len(listed_files(folder))
            and marker["digest"] == digest(folder)
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def listed_files(folder: pathlib.Path) -> list[str]:
    """Path and size of every file but the marker, hidden ones and the exchange, sorted."""
    return sorted(
        f"{path.relative_to(folder).as_posix()}\t{path.stat().st_size}"
        for path in folder.rglob("*")
        if path.is_file() and path != folder / MARKER and is_listed(path.relative_to(folder))
    )


def is_listed(path: pathlib.Path) -> bool:
    return path.parts[0] != EXCHANGE and not any(part.startswith(".") for part in path.parts)


def digest(folder: pathlib.Path) -> str:
    """SHA-256 over the list of files."""
    return hashlib.sha256("\n".join(listed_files(folder)).encode()).hexdigest()
