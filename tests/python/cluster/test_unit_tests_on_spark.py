"""One set of models, two engines: dbt's unit tests hold on Spark too, where pyspark and Java are installed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cluster.spark_unit_tests import NOT_ASKED
from conftest import PROJECT, Folders, needs_spark


def unit_tests() -> Iterator[tuple[str, str]]:
    """Every unit test of the project, with its model."""
    for path in (PROJECT / "models").rglob("_*unit_tests.yml"):
        for each in yaml.safe_load(path.read_text(encoding="utf-8"))["unit_tests"]:
            yield each["name"], each["model"]


def test_what_is_not_asked_of_spark_is_there_and_told() -> None:
    """Flags an exception for a model that has no unit test any more, or that the page about clusters is silent about."""
    page = (PROJECT / "models" / "cluster.md").read_text(encoding="utf-8")
    of_models = {model for _, model in unit_tests()}
    assert set(NOT_ASKED) <= of_models and all(NOT_ASKED.values())
    assert [model for model in NOT_ASKED if f"`{model}`" not in page] == []


@pytest.mark.whole
@needs_spark
def test_unit_tests_hold_on_spark(built: Folders, tmp_path: Path) -> None:
    """Flags a rule that Spark understands otherwise than the embedded engine, and a unit test that is not asked of it."""
    paths = os.pathsep.join(str(PROJECT / folder) for folder in (".", "tests", "tests/python"))
    asked = subprocess.run(
        [sys.executable, "-m", "cluster.spark_unit_tests", str(tmp_path), str(built.store), str(built.keys)],
        cwd=PROJECT, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr[-2000:]
    found = json.loads((tmp_path / "found.json").read_text())
    assert set(found) == {name for name, model in unit_tests() if model not in NOT_ASKED}
    assert {name: says for name, (status, says) in found.items() if status != "pass"} == {}
