"""The project's folders and settings, and how commands are told of others."""

import csv
import os
import re
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
# Settings that name a row of a seed.
SEED_OF = {"collection": "collections", "exception_id": "exception_register"}
DAYS = ("period_start", "period_end", "disseminated_at")
MAY_BE_EMPTY = {"exception_id": ("",), "disseminated_at": ("",)}
# Python reads more ways of writing a moment or a day than the models do (macros/parsing/moment_pattern.sql).
DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    "(18[89][0-9]|19[0-9]{2}|20[0-5][0-9]|206[0-4])-[0-9]{2}-[0-9]{2}"
    "[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
)
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
    for name in ("collection", "exception_id"):
        known = ids_of(SEED_OF[name])
        if name in given and given[name] not in (*known, *MAY_BE_EMPTY.get(name, ())):
            raise Refusal(f"VARS takes as {name} a row of seeds/{SEED_OF[name]}.csv{one_of(known)}.")
    try:
        if "collected_at" in given:
            check_moment(given["collected_at"])
        settings = project_vars() | given
        dates = {
            name: day_of(settings[name]) for name in DAYS if settings.get(name, "") not in MAY_BE_EMPTY.get(name, ())
        }
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


def check_moment(text: str) -> None:
    """A ValueError where it is none, has no time zone, or is written in a way that the models do not read."""
    if datetime.fromisoformat(text).tzinfo is None or not MOMENT.fullmatch(text):
        raise ValueError


def moment_of(settings: Settings) -> datetime:
    """The moment of a run's collection; a Refusal where it is none with a time zone."""
    try:
        text = str(settings.get("collected_at") or project_vars()["collected_at"])
        check_moment(text)
    except ValueError:
        raise Refusal("VARS wants collected_at as a moment with its time zone, in quotes.") from None
    return datetime.fromisoformat(text)


def day_of(value: object) -> date:
    """A day, as YAML gives it or as text; a ValueError for what else stands there, weeks and bare digits too."""
    if not DAY.fullmatch(str(value)):
        raise ValueError
    return date.fromisoformat(str(value))


def ids_of(seed: str) -> list[str]:
    """The first column of a seed."""
    with (SEEDS / f"{seed}.csv").open(newline="", encoding="utf-8") as file:
        return [row[0] for row in list(csv.reader(file))[1:]]


def one_of(known: list[str]) -> str:
    return f", one of these: {', '.join(known)}" if known else ", and there is none"


def project_vars() -> Settings:
    """The settings that hold where none are given."""
    found: Settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    return found


def emergency_definitions() -> list[str]:
    """Definitions that the seed knows: with another one, nobody would seem to have been admitted."""
    with (PROJECT / "seeds" / "emergency_conditions.csv").open(newline="", encoding="utf-8") as file:
        return sorted({row["definition"] for row in csv.DictReader(file)})


def artefacts() -> list[Path]:
    """Where dbt leaves what it wrote besides databases; it runs in the project, and takes other paths from there."""
    named = (("DBT_TARGET_PATH", "target"), ("DBT_LOG_PATH", "logs"))
    given = [PROJECT / os.environ[variable] for variable, _ in named if variable in os.environ]
    return [*given, *(PROJECT / name for _, name in named)]
