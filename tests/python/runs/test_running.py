"""The page on running it by itself: its examples are examples of this project.

Dagster comes with `make examples`, which `make test-ci` and `make test-all` install first.
"""

import ast
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from conftest import DBT, PROJECT, Folders
from gp_level_data.shapes import Row

PAGE = PROJECT / "models" / "running.md"


def example() -> str:
    """The Python of the page."""
    [code] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(code)


def test_the_example_names_the_gateway_as_the_project_does() -> None:
    """Flags an example whose custodian builds what the selector does not, or the analyst what he has no right to."""
    import yaml

    [gateway] = [
        each
        for each in yaml.safe_load((PROJECT / "selectors.yml").read_text())["selectors"]
        if each["name"] == "gateway"
    ]
    paths = [f"path:{part['value']}" for part in gateway["definition"]["union"]]
    [told] = [
        node.value.value
        for node in ast.parse(example()).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "GATEWAY"
    ]
    assert str(told).split() == paths


def test_cron_calls_commands_that_there_are() -> None:
    """Flags a line of cron with an option that dbt or gpld does not take."""
    from dbt.cli.main import cli

    from gp_level_data.command_line import gpld

    called = re.findall(r"\.venv/bin/(\w+) (\S+)([^|&\n]*)", PAGE.read_text(encoding="utf-8"))
    assert {name for name, *_ in called} == {"dbt", "gpld"}
    for name, command, rest in called:
        known = {"dbt": cli, "gpld": gpld}[name].commands[command]
        options = {option for parameter in known.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in shlex.split(rest) if word.startswith("--")} <= options


@pytest.mark.parametrize("role", ["custodian", "analyst"])
def test_dagster_loads_the_manifest(built: Folders, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags an example that Dagster does not load, and a role that is offered the other's models."""
    pytest.importorskip("dagster_dbt")
    check_dagster(built.project, built.work / "target", role, monkeypatch.setenv)


def check_dagster(project: Path, target: Path, role: str, setenv: Any) -> None:
    setenv("PATH", f"{DBT.parent}{os.pathsep}{os.environ['PATH']}")
    setenv("GPLD_PROJECT_DIR", str(project))
    setenv("GPLD_ROLE", role)
    setenv("DBT_TARGET_PATH", str(target))
    setenv("COLLECTION_VARS", "{}")
    loaded: Row = {}
    exec(compile(example(), str(PAGE), "exec"), loaded)  # noqa: S102
    keys = {"/".join(key.path) for key in loaded["defs"].resolve_asset_graph().materializable_asset_keys}
    border = {path.stem for path in (project / "models" / "intermediate" / "gateway").rglob("*.sql")}
    marts = {path.stem for path in (project / "models" / "marts").rglob("fct_*.sql")}
    names = {key.rpartition("/")[2] for key in keys}
    own, others = (border, marts) if role == "custodian" else (marts, border)
    assert own <= names and not others & names, (
        sorted(own - names)[:9],
        sorted(others & names)[:9],
        sorted(names)[:9],
    )
