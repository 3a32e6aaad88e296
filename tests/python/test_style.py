"""The SQL keeps the style that pyproject.toml sets."""

import subprocess
import sys
from pathlib import Path

from conftest import PROJECT, Folders

LINTED = ("models", "tests/generic")


def test_sqlfluff(built: Folders) -> None:
    """Flags SQL that is not laid out like the rest. The linter compiles with dbt, which wants a store."""
    ended = subprocess.run(
        [Path(sys.executable).with_name("sqlfluff"), "lint", *LINTED],
        cwd=PROJECT,
        env=built.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:]
