"""Key files: 32 random bytes each, one file a key, readable by their owner alone.

Two keys, two custodians. The collection's key makes the pseudonyms and is needed by the gateway run
only; the store's key opens the encrypted patient-level database and is needed by both runs.
"""

import os
import secrets
import stat
from pathlib import Path

from gp_level_data.refusal import Refusal

KEY_BYTES = 32
STORE_KEY = "patient_level"
SAMPLE_MARKER = "SAMPLE_KEYS"


def key_file(key_dir: Path, name: str) -> Path:
    """Where the key of a collection, or of the store (STORE_KEY), lies."""
    return key_dir / f"{name}.key"


def new_key(key_dir: Path, name: str) -> bool:
    """Make a key unless there is one; says whether it did. An existing key is never overwritten."""
    key_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(key_file(key_dir, name), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
    return True


def read_key(key_dir: Path, name: str) -> bytes:
    """The 32 bytes of a key; a Refusal where there is none that can be trusted."""
    path = key_file(key_dir, name)
    try:
        mode = path.stat().st_mode
        key = path.read_bytes()
    except FileNotFoundError:
        raise Refusal(f"There is no key {path}: make one with `make key KEY_DIR={key_dir}`.") from None
    except OSError as error:
        raise Refusal(f"The key {path} cannot be read: {error.strerror}.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Refusal(f"The key {path} is open to others than its owner: `chmod 600` it.")
    if len(key) != KEY_BYTES:
        raise Refusal(f"The key {path} is {len(key)} bytes long; a key is {KEY_BYTES}.")
    if not any(key):
        raise Refusal(f"The key {path} is all zeros; make one with `make key`.")
    return key


def mark_as_sample(key_dir: Path) -> None:
    """Say of the keys in a folder that they were made for synthetic data."""
    (key_dir / SAMPLE_MARKER).write_text("Made for synthetic data; refused on any other.\n")


def is_for_sample(key_dir: Path) -> bool:
    """Whether the keys in a folder were made for synthetic data."""
    return (key_dir / SAMPLE_MARKER).exists()
