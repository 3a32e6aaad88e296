"""The project's folders and settings, and how commands are told of others."""

import csv
import os
from datetime import date, datetime
from pathlib import Path

import yaml

from gp_level_data.refusal import Refusal
from gp_level_data.shapes import Settings

PROJECT = Path(__file__).resolve().parents[1]
SAMPLE = PROJECT / "sample"
SEEDS = PROJECT / "seeds"
KEY_DIR, STORE_DIR = PROJECT / ".local" / "keys", PROJECT / ".local" / "store"
COLLECTION = "individual_gp_level_data"
SETTINGS = (
    "collection", "collected_at", "period_start", "period_end", "emergency_definition",
    "exception_id", "disseminated_at",
)  # fmt: skip


def read_settings(text: str) -> Settings:
    """The settings given as vars, checked; a Refusal for what dbt would only trip over later."""
    try:
        given = yaml.safe_load(text) if text.strip() else {}
    except yaml.YAMLError:
        raise Refusal("VARS is not valid YAML.") from None
    if not isinstance(given, dict) or set(given) - set(SETTINGS):
        raise Refusal(f"VARS takes a mapping with these names only: {', '.join(SETTINGS)}.")
    try:
        if "collected_at" in given and datetime.fromisoformat(given["collected_at"]).tzinfo is None:
            raise ValueError
        days = ("period_start", "period_end", "disseminated_at")
        settings = project_vars() | given
        dates = {name: date.fromisoformat(str(settings[name])) for name in days if settings.get(name)}
    except (TypeError, ValueError):
        raise Refusal(
            "VARS wants collected_at as a moment with its time zone, in quotes, and"
            " period_start, period_end and disseminated_at as days, like 2016-04-01."
        ) from None
    if dates["period_start"] > dates["period_end"]:
        raise Refusal("VARS has a period that ends before it starts.")
    known = emergency_definitions()
    if given.get("emergency_definition", known[0]) not in known:
        raise Refusal(f"VARS takes as emergency_definition one of these only: {', '.join(known)}.")
    return {"collection": COLLECTION, **given}


def project_vars() -> Settings:
    """The settings that hold where none are given."""
    found: Settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    return found


def emergency_definitions() -> list[str]:
    """Definitions that the seed knows: with another one, nobody would seem to have been admitted."""
    with (PROJECT / "seeds" / "emergency_conditions.csv").open(newline="", encoding="utf-8") as file:
        return sorted({row["definition"] for row in csv.DictReader(file)})


def artefacts() -> list[Path]:
    """Where dbt leaves what it wrote besides databases."""
    named = (("DBT_TARGET_PATH", "target"), ("DBT_LOG_PATH", "logs"))
    given = [Path(os.environ[variable]) for variable, _ in named if variable in os.environ]
    return [*given, *(PROJECT / name for _, name in named)]
