"""Requests for releases that keep no rule are refused while dbt parses, each beside one that is accepted."""

import functools
import re
import resource
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

from bench import gateway_sql
from conftest import PROJECT, copy_project, run_dbt
from gp_level_data import releases
from gp_level_data.command_line import main
from gp_level_data.custody import store
from gp_level_data.refusal import Refusal
from gp_level_data.shapes import Row

DAY = "2017-04-06"
RULES = {seed: releases.rows_of(seed) for seed in releases.RULES}
REQUEST = {
    "release_id": "asked", "status": "active", "collection": "gpdpr", "recipient": "A university", "organisation_type": "university",
    "purpose": "Why some recover", "purpose_category": "research", "legal_basis": "hsca_2012_section_261",
    "datasets": "people records", "columns_asked": "age_band sex code", "cohort": "adults",
    "period_start": "2016-04-01", "period_end": "2017-03-31", "identifiability": "pseudonymised",
    "smallest_group": "8", "first_step": "2", "opt_outs_honoured": "yes", "exemption": "", "is_sensitive": "yes",
    "access_method": "secure research environment", "start_date": "2017-04-01", "end_date": "2018-03-31",
    "sublicensing": "no", "approved_by": "One", "second_approval_by": "Two",
}  # fmt: skip
IDENTIFIABLE = {"identifiability": "identifiable", "smallest_group": "1"}
SUPPORTED = {"legal_basis": "copi_2002_regulation_5"}
NOT_HONOURED = {"opt_outs_honoured": "no", "exemption": "anonymised"}
AGGREGATE = NOT_HONOURED | {
    "identifiability": "aggregate", "purpose_category": "planning", "datasets": "prevalence", "cohort": "everybody",
    "columns_asked": "register area_level area_code age_band sex percent", "smallest_group": "", "first_step": "",
}  # fmt: skip
MARKETING = "its purpose is marketing or insurance"
NO_BASIS = "it has no legal basis"
APPROVERS = "it is not approved by two different people"
BEYOND = "it asks for columns beyond the minimum of its purpose category"
NOT_HAD = "it asks for a dataset that its collection does not have"
NO_IDENTITY = "its legal basis does not allow identifiable data"
NO_EXEMPTION = "it neither honours opt-outs nor names the exemption it relies on"
NO_TABLE = "it is aggregate and asks for something else than one table for planning"
GROUPS = "it is aggregate and asks for groups"
PART = "it asks for a part of a breakdown that is shown as a whole: age_band, sex"
NO_ACCESS = "its access method is none for what it asks for"
NOT_SENSITIVE = "it is about people one by one and does not say that it is sensitive"
NOT_FOR_IT = "the exemption from opt-outs that it names is not for such a release"
# What is asked for, and the beginning of the reason for which it is refused.
REFUSED = {
    "neither active nor closed": ({"status": ""}, "it is neither active nor closed"),
    "marketing": ({"purpose_category": "marketing"}, MARKETING),
    "insurance": ({"purpose_category": "insurance"}, MARKETING),
    "marketing by another name": ({"purpose": "Direct Marketing of a drug"}, MARKETING),
    "an insurer": ({"organisation_type": "Insurer"}, MARKETING),
    "no purpose category": ({"purpose_category": ""}, "its purpose category is none that is allowed"),
    "no legal basis": ({"legal_basis": ""}, NO_BASIS),
    "a legal basis nobody knows": ({"legal_basis": "good_intentions"}, NO_BASIS),
    "expired": ({"end_date": "2017-04-05"}, "it expired on 2017-04-05"),
    "without start": ({"start_date": ""}, "it has no first and last day"),
    "over before it begins": ({"start_date": "2018-04-01"}, "it has no first and last day"),
    "without the first day of the data": ({"period_start": ""}, "it has no period of data"),
    "a period that ends before it starts": ({"period_start": "2017-04-01"}, "it has no period of data"),
    "without end": ({"end_date": ""}, "it has no first and last day"),
    "without a period": ({"period_end": ""}, "it has no period of data"),
    "one approver": ({"second_approval_by": ""}, APPROVERS),
    "no approver": ({"approved_by": "", "second_approval_by": ""}, APPROVERS),
    "the same approver twice": ({"second_approval_by": " one "}, APPROVERS),
    "beyond the minimum": (
        {"purpose_category": "planning", "first_step": "3"}, f"{BEYOND}: code",
    ),
    "in nobody's minimum": ({"columns_asked": "sex sexual_orientation"}, f"{BEYOND}: sexual_orientation"),
    "a column of another dataset": ({"columns_asked": "sex admission_month"}, f"{BEYOND}: admission_month"),
    "a column that was never offered": ({"columns_asked": "sex patient_key"}, f"{BEYOND}: patient_key"),
    "no column": ({"columns_asked": ""}, f"{BEYOND}: none is named"),
    "a dataset of another collection": ({"datasets": "people hospital", "columns_asked": "sex"}, NOT_HAD),
    "no dataset": ({"datasets": "", "columns_asked": "sex"}, NOT_HAD),
    "one of two datasets of another collection": ({"datasets": "people records hospital"}, NOT_HAD),
    "a column of a dataset beside the linked ones": (
        {"collection": "care_data", "datasets": "people records hospital", "columns_asked": "code service"},
        f"{BEYOND}: service",
    ),
    "finer than it needs": (
        {"purpose_category": "planning", "columns_asked": "age_band sex category", "first_step": "1"},
        "it asks for finer groups than its purpose category needs",
    ),
    "identifiable": (IDENTIFIABLE, NO_IDENTITY),
    "identifiable without any basis": (IDENTIFIABLE | {"legal_basis": ""}, NO_BASIS),
    "identifiable, in groups": (
        IDENTIFIABLE | SUPPORTED | {"smallest_group": "8"}, "it is identifiable and speaks of groups",
    ),
    "identifiable as anonymised": (IDENTIFIABLE | SUPPORTED | NOT_HONOURED, NOT_FOR_IT),
    "identifiable, in a published file": (
        IDENTIFIABLE | SUPPORTED | {"access_method": "published file"}, NO_ACCESS,
    ),
    "identifiable and not sensitive": (IDENTIFIABLE | SUPPORTED | {"is_sensitive": "no"}, NOT_SENSITIVE),
    "people one by one in a published file": ({"access_method": "published file"}, NO_ACCESS),
    "people one by one and not sensitive": ({"is_sensitive": "no"}, NOT_SENSITIVE),
    "people one by one and nothing said": ({"is_sensitive": ""}, NOT_SENSITIVE),
    "no access method": ({"access_method": ""}, NO_ACCESS),
    "an access method nobody knows": ({"access_method": "a disk in the post"}, NO_ACCESS),
    "neither the one nor the other": (
        {"identifiability": "anonymous"}, "it does not say whether it is aggregate",
    ),
    "groups of one": ({"smallest_group": "1"}, "it is pseudonymised and does not say in how large a group"),
    "counts of people that no table has": (AGGREGATE | {"datasets": "people", "columns_asked": "age_band"}, NO_TABLE),
    "counts of nothing": (AGGREGATE | {"datasets": ""}, NO_TABLE),
    "two tables for planning": (
        AGGREGATE | {"datasets": "prevalence coverage", "columns_asked": "register area_level area_code patient_text"},
        NO_TABLE,
    ),
    "a table for planning and people": (AGGREGATE | {"datasets": "people prevalence"}, NO_TABLE),
    "a table for planning of another collection": (AGGREGATE | {"collection": "care_data"}, NOT_HAD),
    "a table for planning, to be pseudonymised": (
        AGGREGATE | {"identifiability": "pseudonymised", "smallest_group": "8", "first_step": "3"},
        "it asks for a table for planning and is not aggregate",
    ),
    "counts of no register": (
        AGGREGATE | {"columns_asked": "area_code percent"},
        "it leaves out what its table is counted by: register, area_level",
    ),
    "ages without sexes": (AGGREGATE | {"columns_asked": "register area_level area_code age_band percent"}, PART),
    "sexes without ages": (AGGREGATE | {"columns_asked": "register area_level area_code sex percent"}, PART),
    "an exact count": (
        AGGREGATE | {"columns_asked": AGGREGATE["columns_asked"] + " cell_count"}, f"{BEYOND}: cell_count",
    ),
    "counts of adults": (AGGREGATE | {"cohort": "adults"}, "it is aggregate and asks for a cohort"),
    "counts in groups of its own": (AGGREGATE | {"smallest_group": "8"}, GROUPS),
    "counts at a step of its own": (AGGREGATE | {"first_step": "3"}, GROUPS),
    "counts without those who opted out": (
        AGGREGATE | {"opt_outs_honoured": "yes", "exemption": ""}, "it is aggregate and honours opt-outs",
    ),
    "opt-outs not honoured": ({"opt_outs_honoured": "no"}, NO_EXEMPTION),
    "opt-outs not spoken of": ({"opt_outs_honoured": ""}, NO_EXEMPTION),
    "an exemption nobody knows": ({"opt_outs_honoured": "no", "exemption": "because"}, NO_EXEMPTION),
    "honoured, and an exemption": ({"exemption": "anonymised"}, NO_EXEMPTION),
    "rows of people as anonymised": (NOT_HONOURED, NOT_FOR_IT),
    "consent without that basis": ({"opt_outs_honoured": "no", "exemption": "explicit_consent"}, NOT_FOR_IT),
}  # fmt: skip
# What is asked for beside it, and accepted.
ACCEPTED = {
    "as it is": {},
    "closed": {"status": "closed"},
    "the market of a town": {"recipient": "University of Market Harborough"},
    "another legal basis": {"legal_basis": "copi_2002_regulation_5"},
    "the last day": {"end_date": DAY},
    "two approvers of one family": {"approved_by": "A One", "second_approval_by": "B One"},
    "planning, with what it needs": {
        "purpose_category": "planning", "columns_asked": "age_band sex category", "first_step": "3",
    },
    "linked with the hospital": {
        "collection": "care_data", "datasets": "people hospital", "columns_asked": "sex primary_diagnosis",
    },
    "linked with hospital and social care": {
        "collection": "care_data", "datasets": "people records hospital social_care",
        "columns_asked": "sex code recorded_month primary_diagnosis service started_month",
    },
    "two datasets and nothing of people": {
        "collection": "care_data", "datasets": "records hospital", "columns_asked": "code primary_diagnosis",
    },
    "people alone": {"datasets": "people", "columns_asked": "age_band sex ethnicity area_code"},
    "identifiable, with the basis": IDENTIFIABLE | SUPPORTED,
    "identifiable, with consent": IDENTIFIABLE | {
        "opt_outs_honoured": "no", "exemption": "explicit_consent", "legal_basis": "explicit_consent",
    },
    "aggregate": AGGREGATE,
    "aggregate, in a published file": AGGREGATE | {"access_method": "published file", "is_sensitive": "no"},
    "aggregate, of no ages and sexes": AGGREGATE | {"columns_asked": "percent area_code area_level register"},
    "aggregate, of another table": AGGREGATE | {
        "collection": "care_data", "datasets": "activity",
        "columns_asked": "category month area_level area_code patient_text",
    },
    "consent": {
        "opt_outs_honoured": "no", "exemption": "explicit_consent", "legal_basis": "explicit_consent",
    },
}  # fmt: skip


@functools.cache
def template(text: str) -> Any:
    """The macros of a file, outside dbt."""
    return jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(text).module


def reasons(request: Row, others: Sequence[Row] = (), day: str = DAY, text: str | None = None) -> list[str]:
    """Why a request is refused, beside other requests."""
    text = text or (PROJECT / "macros" / "releases" / "release_refusal.sql").read_text()
    rules = RULES | {"releases": [request, *others]}
    said = str(template(text).release_refusal(request, rules, day)).strip()
    return said.split("; ") if said else []


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_is_refused(name: str) -> None:
    asked, reason = REFUSED[name]
    assert any(said.startswith(reason) for said in reasons(REQUEST | asked))


@pytest.mark.parametrize("name", ACCEPTED)
def test_its_neighbour_is_accepted(name: str) -> None:
    assert reasons(REQUEST | ACCEPTED[name]) == []


def test_what_is_only_registered_may_be_over() -> None:
    assert reasons(REQUEST, day="") == []
    assert reasons(REQUEST | {"end_date": "2017-04-05"}, day="") == []


DIFFERENT = AGGREGATE | {"release_id": "before"}
# Another release to somebody, and whether the two together would tell who objected.
PAIRS = {
    "the same time, another policy": (DIFFERENT, True),
    "the same recipient, spelled otherwise": (DIFFERENT | {"recipient": " A UNIVERSITY"}, True),
    "one day in common": (DIFFERENT | {"period_start": "2017-03-31", "period_end": "2018-03-31"}, True),
    "of another collection": (DIFFERENT | {"collection": "care_data"}, True),
    "the same policy": (DIFFERENT | {"opt_outs_honoured": "yes", "exemption": ""}, False),
    "another recipient": (DIFFERENT | {"recipient": "Another university"}, False),
    "the year after": (DIFFERENT | {"period_start": "2017-04-01", "period_end": "2018-03-31"}, False),
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_policies_for_one_recipient_and_time(name: str) -> None:
    other, is_refused = PAIRS[name]
    told = [
        any("the difference of the two would tell who objected" in said for said in reasons(*pair))
        for pair in ((REQUEST, [REQUEST | other]), (REQUEST | other, [REQUEST]))
    ]
    assert told == [is_refused, is_refused]


# ---- what dbt knows while it parses -------------------------------------------------------------


def test_the_files_are_those_of_the_seeds() -> None:
    """Flags a seed that was changed without `gpld releases`, and a file by hand."""
    wanted = releases.files(PROJECT)
    assert [str(path) for path, text in wanted.items() if (PROJECT / path).read_text() != text] == []
    there = {path.relative_to(PROJECT) for path in (PROJECT / releases.MODELS).iterdir()}
    assert there == {path for path in wanted if path.parent == releases.MODELS}


def test_a_closed_release_is_registered_and_not_made(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    seed = project / "seeds" / "releases.csv"
    seed.write_text(seed.read_text().replace("gpdpr_example_research,active", "gpdpr_example_research,closed"))
    closed = releases.files(project)
    gone = releases.files(PROJECT).keys() - closed.keys()
    assert gone == {releases.MODELS / "rel_gpdpr_example_research.sql"}
    assert (
        "gpdpr_example_research" in closed[releases.PAGE] and "gpdpr_example_research" not in closed[releases.CONTRACTS]
    )


def test_a_register_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags half a register that a full disk leaves, and that the next call takes for what must not be overwritten."""
    connection = duckdb.connect()
    connection.execute("create table fct_release_register as select repeat('x', 999) as recipient, 8 as person_count")
    monkeypatch.setattr(store, "open_marts", lambda _: connection)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        asked = ["register", "--to", str(tmp_path / "register.csv"), "--store-dir", str(tmp_path / "store")]
        assert main(asked) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_every_request_of_the_seed_is_accepted() -> None:
    assert not [r["release_id"] for r in RULES["releases"] if reasons(r, RULES["releases"])]


def test_every_example_says_that_it_is_one() -> None:
    assert all("EXAMPLE" in row["recipient"] and "example" in row["provenance"] for row in RULES["releases"])


@pytest.mark.parametrize("text", ['a "quoted" purpose', "{{ purpose }}", "100 %", "{# purpose #}", "a\\b"])
def test_no_text_of_a_seed_can_be_a_template(text: str) -> None:
    with pytest.raises(Refusal, match="hold none of these"):
        releases.fit(text)


def parsed(folder: Path, **changes: str) -> str:
    """What dbt says when it parses the project with another request in the place of an example."""
    project = copy_project(folder / "project")
    seed = project / "seeds" / "releases.csv"
    seed.write_text(functools.reduce(lambda t, c: t.replace(*c), changes.items(), seed.read_text()))
    for path, text in releases.files(project).items():
        (project / path).write_text(text)
    before = gateway_sql.template()
    folders = replace(before, work=folder / "work", project=project, environment={})
    shutil.copytree(before.work / "target", folder / "work" / "target")
    ended = run_dbt(folders, "parse", *gateway_sql.AS_TEMPLATE)
    assert ended.code != 0
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", ended.stdout).split())


def test_dbt_refuses_a_model_while_it_parses(tmp_path: Path) -> None:
    said = parsed(
        tmp_path, **{"2017-04-01,2027-03-31,no,Example Caldicott": "2016-04-01,2017-04-01,no,Example Caldicott"}
    )
    assert re.search(r"Release \w+_example_\w+ is refused: it expired on 2017-04-01, close it\.", said)


def test_dbt_refuses_a_row_of_the_register_while_it_parses(tmp_path: Path) -> None:
    said = parsed(tmp_path, **{"Caldicott guardian,Example data custodian,invented: an example of an aggregate": (
        "Caldicott guardian,Example Caldicott guardian,invented: an example of an aggregate"
    )})  # fmt: skip
    assert f"Release gpdpr_example_planning is refused: {APPROVERS}." in said
