"""Releases as they are built and handed out: who is in them, under which name, how coarse, and who is told.

Two small worlds of journals; who may be in a release, and how it is generalised, is worked out here in plain
Python. No assert compares anything that holds a number or a pseudonym: a failing one would print it.
"""

import csv
import hashlib
import itertools
import json
import re
import shutil
import stat
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest

from bench import gateway_sql
from bench.small_world import SmallWorld
from gp_level_data import releases
from gp_level_data.command_line import main
from gp_level_data.custody import keys, store
from gp_level_data.nets import values
from gp_level_data.pages import handed_out
from gp_level_data.project import PROJECT
from gp_level_data.runs.forked_runs import ForkedRuns
from gp_level_data.shapes import Cells, Row
from releases import release_world
from releases.release_world import (
    ADMISSIONS,
    CARE_DATA,
    DISSEMINATED_AT,
    GPDPR,
    IDENTIFIABLE,
    JOURNALS,
    LINKED,
    PLANNING,
    QUASI,
    REQUESTS,
    RESEARCH,
    Person,
    members,
    placed,
    published,
)  # fmt: skip

PEOPLE = (RESEARCH, JOURNALS, *CARE_DATA)
PSEUDONYMISED = (RESEARCH, JOURNALS, ADMISSIONS, LINKED)
# What may be known of a person's event, by the dataset: month, precision, method.
KNOWN = {
    "records": ("recorded_month", "recorded_precision", ""),
    "hospital": ("admission_month", "admission_precision", "admission_method"),
    "social_care": ("started_month", "started_precision", ""),
}


@dataclass(frozen=True, repr=False)
class Made:
    """A world after its build: its store and keys, where its releases were handed out, and everybody in it."""

    world: SmallWorld
    store: Path
    out: Path
    people: list[Person]

    def connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(str(store.database_file(self.store, store.MARTS)), read_only=True)
        store.attach_patient_level(connection, self.store, self.world.store_key)
        return connection

    def rows(self, release_id: str) -> list[dict[str, str]]:
        """What was handed out, as CSV says it."""
        with (self.out / release_id / f"{release_id}.csv").open(newline="") as file:
            return list(csv.DictReader(file))


def hand_out(store_dir: Path, key_dir: Path, release_id: str, to: Path, day: str = "2017-04-06") -> int:
    return main(
        ["release", release_id, "--to", str(to), "--date", day, "--store-dir", str(store_dir), "--key-dir",
         str(key_dir)]
    )  # fmt: skip


@pytest.fixture(scope="module")
def gpdpr(runs: ForkedRuns, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Built by dbt and handed out; the store as it is then."""
    folder = tmp_path_factory.mktemp("gpdpr")
    everybody = release_world.people()
    world = release_world.make_world(folder)
    release_world.build(world, release_world.make_raw(folder / "raw", "gpdpr", everybody), runs)
    for release_id in GPDPR:
        assert hand_out(world.store, world.keys, release_id, folder / "out" / release_id) == 0
    return Made(world, world.store, folder / "out", everybody)


@pytest.fixture(scope="module")
def care_data(gpdpr: Made, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The same people in the other collection."""
    folder = tmp_path_factory.mktemp("care_data")
    raw_dir = release_world.make_raw(folder / "raw", "care_data", gpdpr.people)
    store_dir = Path(shutil.copytree(gpdpr.store, folder / "store"))
    release_world.build_again(gpdpr.world, raw_dir, store_dir, "care_data")
    for release_id in CARE_DATA:
        assert hand_out(store_dir, gpdpr.world.keys, release_id, folder / "out" / release_id) == 0
    return Made(gpdpr.world, store_dir, folder / "out", gpdpr.people)


@pytest.fixture(scope="module")
def made(gpdpr: Made, care_data: Made) -> dict[str, Made]:
    """The world of each release."""
    return dict.fromkeys(GPDPR, gpdpr) | dict.fromkeys(CARE_DATA, care_data)


# ---- who is in a release, and what is told of whom ----------------------------------------------


def pseudonyms(made: Made, release_id: str) -> dict[str, str]:
    """Number -> pseudonym in a release, by the standard library."""
    key = keys.read_key(made.world.keys, release_id)
    return {p.number: gateway_sql.pseudonym(key, release_id, p.number) for p in made.people}


@pytest.mark.parametrize("release_id", PEOPLE)
def test_nobody_who_objected_is_in_it_and_nobody_else_is_missing(made: dict[str, Made], release_id: str) -> None:
    own = pseudonyms(made[release_id], release_id)
    wanted = {own[number] for number in placed(REQUESTS[release_id], made[release_id].people)}
    found = {row["release_key"] for row in made[release_id].rows(release_id)}
    assert (len(found - wanted), len(wanted - found)) == (0, 0)
    assert len(wanted) > 100


@pytest.mark.parametrize("release_id", PEOPLE)
def test_everything_is_told_as_the_hierarchy_says(made: dict[str, Made], release_id: str) -> None:
    """Flags a row that is missing, too much, or finer or coarser than worked out here, of people and of events."""
    own = pseudonyms(made[release_id], release_id)
    told = release_world.rows(REQUESTS[release_id], made[release_id].people)
    wanted = Counter((own[number], *values) for number, *values in told)
    found = Counter(tuple(row.values()) for row in made[release_id].rows(release_id))
    assert ((wanted - found).total(), (found - wanted).total()) == (0, 0)


@pytest.mark.parametrize("release_id", PSEUDONYMISED)
def test_no_group_is_smaller_than_the_request_allows(made: dict[str, Made], release_id: str) -> None:
    """On the file that was handed out: people, not rows, that are alike in all that may tell them apart."""
    rows = made[release_id].rows(release_id)
    asked = [name for name in QUASI if name in rows[0]]
    people = {(row["release_key"], *(row[name] for name in asked)) for row in rows}
    assert len(people) == len({row["release_key"] for row in rows})
    assert min(Counter(person[1:] for person in people).values()) >= 8


def dataset_of(row: dict[str, str], release_id: str) -> str:
    return row.get("dataset") or REQUESTS[release_id]["datasets"].split()[-1]


def may_be(row: dict[str, str], month: str, method: str, dataset: str) -> bool:
    """Whether what a row tells may be of an event of that month and method."""
    told_month, precision, told_method = (row.get(name, "") for name in KNOWN[dataset])
    lasts = {"": 1200, "period": 1200, "year": 12, "quarter": 3, "month": 1}[precision]
    is_then = lasts == 1200 or 0 <= months(month) - months(told_month) < lasts
    return is_then and told_method in ("", "any", method, release_world.KINDS.get(method[:1]))


def months(day: str) -> int:
    return int(day[:4]) * 12 + int(day[5:7])


@pytest.mark.parametrize("release_id", (JOURNALS, ADMISSIONS, LINKED))
def test_whoever_knows_a_person_and_an_event_has_enough_people_to_choose_from(
    made: dict[str, Made], release_id: str
) -> None:
    """Flags people whom a neighbour finds: one who knows the month, and how they were admitted.

    The attack: of the file, all rows that may be the event, of people who are alike with the one who is looked for.
    """
    request, everybody = REQUESTS[release_id], made[release_id].people
    groups, own = placed(request, everybody), pseudonyms(made[release_id], release_id)
    asked = [name for name in QUASI if name in request["columns_asked"].split()]
    alike: dict[Any, list[Row]] = {}
    for row in made[release_id].rows(release_id):
        group = (tuple(row[name] for name in asked), dataset_of(row, release_id))
        alike.setdefault(group, []).append(row)
    candidates, missing = {}, 0
    for number, found in release_world.events(request, everybody).items():
        for event in found if number in groups else ():
            known = (groups[number], event.dataset, event.month, event.method)
            if known not in candidates:
                rows = alike[known[:2]]
                candidates[known] = {row["release_key"] for row in rows if may_be(row, *known[2:], event.dataset)}
            missing += own[number] not in candidates[known]
    fewest = min(len(people) for people in candidates.values())
    assert fewest >= 8
    assert missing == 0, "somebody who is looked for is not among them: the attack attacks nothing"
    assert len(candidates) > 20


def test_an_identifiable_release_generalises_nothing(care_data: Made) -> None:
    """Flags one that makes groups, or a number in it: its people have pseudonyms all the same."""
    rows = care_data.rows(IDENTIFIABLE)
    others = ("release_key", "primary_diagnosis")
    known = Counter(tuple(value for name, value in row.items() if name not in others) for row in rows)
    fewest = min(known.values())
    assert fewest == 1
    assert {row["admission_precision"] for row in rows} == {"month"}
    assert not {row["admission_method"] for row in rows} & {"any", *release_world.KINDS.values()}
    wrong_count = sum(not re.fullmatch("[a-p]{32}", row["release_key"]) for row in rows)
    assert wrong_count == 0
    told = json.loads((care_data.out / IDENTIFIABLE / "manifest.json").read_text())
    assert (told["identifiability"], told["smallest_group"]) == ("identifiable", "1")


def test_a_linked_release_tells_which_dataset_a_row_is_of(care_data: Made) -> None:
    """Flags a row that says something of another dataset than its own."""
    own = {
        "records": {"category", "code"}, "hospital": {"admission_method", "primary_diagnosis"}, "social_care": {"service"},
    }  # fmt: skip
    rows = care_data.rows(LINKED)
    assert {row["dataset"] for row in rows} == own.keys()
    for dataset, names in own.items():
        told = [row for row in rows if row["dataset"] == dataset]
        others = set().union(*own.values()) - names
        assert sum(bool(row[name]) for row in told for name in others) == 0
        assert all(row[name] for row in told for name in names)
    assert len({row["release_key"] for row in rows}) < len({(row["release_key"], row["dataset"]) for row in rows})


@pytest.mark.parametrize("release_id", (JOURNALS, LINKED))
def test_how_much_has_lost_its_month_is_counted(made: dict[str, Made], release_id: str) -> None:
    told = release_world.told_events(REQUESTS[release_id], made[release_id].people)
    exact = Counter(
        (dataset, precision)
        for _, dataset, _, _, precision in {
            (number, event.dataset, event.month, event.method, precision) for number, event, (_, precision, _) in told
        }
    )
    with made[release_id].connect() as connection:
        found = connection.execute(
            "select dataset, told_precision, event_text from fct_release_precision where release_id = ?", [release_id]
        ).fetchall()
    shown = {(dataset, precision): int(text) for dataset, precision, text in found if text != "*"}
    assert {(dataset, precision) for dataset, precision, _ in found} == exact.keys()
    assert shown and all(exact[cell] > 7 and abs(exact[cell] - count) <= 2 for cell, count in shown.items())


def test_who_is_in_no_group_is_left_out_and_counted(gpdpr: Made) -> None:
    told = placed(REQUESTS[JOURNALS], gpdpr.people)
    with gpdpr.connect() as connection:
        [(left_out,)] = connection.execute(
            "select count(*) from patient_level.intermediate.int_releases__generalised"
            " where release_id = ? and step is null",
            [JOURNALS],
        ).fetchall()
        shown = dict(connection.execute("select step, person_text from fct_release_steps where release_id = ?",
                                        [RESEARCH]).fetchall())  # fmt: skip
    assert left_out == len(members(REQUESTS[JOURNALS], gpdpr.people)) - len(told)
    assert sum(int(text) for text in shown.values() if text != "*") == pytest.approx(len(gpdpr.people), rel=0.1)
    assert "step 1" in shown and len(shown) > 2


def test_an_event_release_is_about_nobody_without_an_event(care_data: Made) -> None:
    """Groups that are large enough among all would not be so among those who are handed out."""
    assert len({row["release_key"] for row in care_data.rows(ADMISSIONS)}) < len(care_data.people) / 3


# ---- what is published anyway -------------------------------------------------------------------


def test_an_aggregate_release_is_what_the_tables_for_planning_show(gpdpr: Made) -> None:
    """Flags a row that no table shows, and one that it shows and the release has not; exact counts are none of either."""
    request = REQUESTS[PLANNING]
    with gpdpr.connect() as connection:
        cursor = connection.execute(f"from marts.main.fct_{request['datasets']}")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    wanted = {tuple(map(as_csv, row)): count for row, count in published(request, rows).items()}
    assert Counter(tuple(row.values()) for row in gpdpr.rows(PLANNING)) == wanted
    counts = [row["denominator_text"] for row in gpdpr.rows(PLANNING)]
    assert all(count == "*" or int(count) % 5 == 0 for count in counts)
    assert "0" in counts and sum(count not in "*0" for count in counts) > 10


def as_csv(value: object) -> str:
    return "" if value is None else str(value)


def test_nobody_has_a_pseudonym_in_an_aggregate_release(gpdpr: Made) -> None:
    """Flags a key, a pseudonym or a memory for what is about nobody."""
    assert not (gpdpr.world.keys / f"{PLANNING}.key").exists()
    with gpdpr.connect() as connection:
        for table in ("gateway.int_releases__pseudonyms", "intermediate.int_releases__generalised"):
            found = connection.execute(f"select count(*) from patient_level.{table} where release_id = ?", [PLANNING])
            assert found.fetchone() == (0,)
    assert PLANNING not in member_counts(gpdpr.store, gpdpr)


# ---- pseudonyms ---------------------------------------------------------------------------------


def test_a_person_agrees_within_a_release(gpdpr: Made) -> None:
    """As many records under one pseudonym as the person has in the period."""
    own = pseudonyms(gpdpr, JOURNALS)
    told = placed(REQUESTS[JOURNALS], gpdpr.people)
    wanted = Counter(
        own[person.number]
        for person in gpdpr.people
        if person.number in told
        for row in release_world.journal(person, "gpdpr")
        if "2016-04-01" <= row["DATE"] <= "2017-03-31"
    )
    is_alike = Counter(row["release_key"] for row in gpdpr.rows(JOURNALS)) == wanted
    assert is_alike and max(wanted.values()) > 1


@pytest.mark.parametrize("of_people", [(RESEARCH, JOURNALS), CARE_DATA], ids=["gpdpr", "care_data"])
def test_two_releases_cannot_be_joined(made: dict[str, Made], of_people: Any) -> None:
    """By trying: on the pseudonym of any two, and on the collection's."""
    with made[of_people[0]].connect() as connection:
        tables = [f"patient_level.releases.rel_{name}" for name in of_people]
        tables.append("(select patient_key as release_key from patient_level.gateway.int_journals__people)")
        for left, right in itertools.combinations(tables, 2):
            joined = connection.execute(f"select count(*) from {left} inner join {right} using (release_key)")
            assert joined.fetchone() == (0,)
    everybody = made[of_people[0]].people
    in_each = [set(placed(REQUESTS[name], everybody)) for name in of_people]
    assert len(set.intersection(*in_each)) > 100, "nobody is in all of them: the test tests nothing"


def test_the_key_of_another_release_does_not_make_its_pseudonyms(gpdpr: Made) -> None:
    both = set(placed(REQUESTS[RESEARCH], gpdpr.people)) & set(placed(REQUESTS[JOURNALS], gpdpr.people))
    key = keys.read_key(gpdpr.world.keys, RESEARCH)
    others = {gateway_sql.pseudonym(key, JOURNALS, number) for number in both}
    assert not others & {row["release_key"] for row in gpdpr.rows(RESEARCH) + gpdpr.rows(JOURNALS)}


def test_no_release_has_another_key(gpdpr: Made) -> None:
    files = [gpdpr.world.keys / f"{name}.key" for name in ("gpdpr", *keys.OF_DATABASES, RESEARCH, JOURNALS)]
    assert len({file.read_bytes() for file in files}) == len(files)


# ---- what is handed out -------------------------------------------------------------------------


COLUMNS = {
    JOURNALS: "release_key age_band sex category code recorded_month recorded_precision value_1",
    LINKED: (
        "release_key dataset age_band sex category code recorded_month recorded_precision admission_month"
        " admission_precision admission_method primary_diagnosis service started_month started_precision"
    ),
    ADMISSIONS: (
        "release_key age_band sex area_code admission_month admission_precision admission_method primary_diagnosis"
    ),
    IDENTIFIABLE: (
        "release_key age_band sex ethnicity area_code admission_month admission_precision admission_method"
        " primary_diagnosis"
    ),
    RESEARCH: "release_key age_band sex ethnicity area_code",
    PLANNING: REQUESTS[PLANNING]["columns_asked"],
}  # fmt: skip


@pytest.mark.parametrize("release_id", (*GPDPR, *CARE_DATA))
def test_only_what_was_approved_is_handed_out(made: dict[str, Made], release_id: str) -> None:
    out = made[release_id].out / release_id
    table = pyarrow.parquet.read_table(out / f"{release_id}.parquet")
    rows = made[release_id].rows(release_id)
    assert table.column_names == list(rows[0]) == COLUMNS[release_id].split()
    as_text = [{name: as_csv(value) for name, value in row.items()} for row in table.to_pylist()]
    is_alike = as_text == rows
    assert is_alike
    with (out / "data_dictionary.csv").open(newline="") as file:
        assert [row["column"] for row in csv.DictReader(file)] == table.column_names


@pytest.mark.parametrize("release_id", (*GPDPR, *CARE_DATA))
def test_the_files_are_whole_private_and_about_nobody_by_number(made: dict[str, Made], release_id: str) -> None:
    out = made[release_id].out / release_id
    sums = dict(line.split()[::-1] for line in (out / "SHA256SUMS").read_text().splitlines())
    files = {path.name: path for path in out.iterdir()}
    assert files.keys() == {*sums, "SHA256SUMS"} and len(files) == 5
    assert all(hashlib.sha256(files[name].read_bytes()).hexdigest() == told for name, told in sums.items())
    assert {stat.S_IMODE(path.stat().st_mode) for path in (out, *files.values())} == {0o600, 0o700}
    numbers = [person.number for person in made[release_id].people]
    assert len(values.findings_in_files([out], numbers)) == 0


def test_the_manifest_is_about_the_release_and_no_person(gpdpr: Made) -> None:
    text = (gpdpr.out / RESEARCH / "manifest.json").read_text()
    told = json.loads(text)
    assert told["disseminated_on"] == "2017-04-06" and told["recipient"] == REQUESTS[RESEARCH]["recipient"]
    assert not re.search(r"[a-p]{32}|[0-9]{9}", text)
    assert not [name for name in told if "count" in name or "people" in name]


def test_handing_out_twice_gives_the_same_bytes(gpdpr: Made, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(gpdpr.store, tmp_path / "store"))
    assert hand_out(folder, gpdpr.world.keys, RESEARCH, tmp_path / "again") == 0
    again = {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    first = {path.name: path.read_bytes() for path in (gpdpr.out / RESEARCH).iterdir()}
    is_alike = again == first
    assert is_alike
    assert member_counts(folder, gpdpr) == member_counts(gpdpr.store, gpdpr)


def test_what_begins_like_a_formula_is_harmless(tmp_path: Path) -> None:
    handed_out.write_csv(tmp_path / "a.csv", ["code"], [["=cmd|' /C calc'!A0"], ["-1+1"], ["J459"]])
    with (tmp_path / "a.csv").open(newline="") as file:
        assert [row["code"][:1] for row in csv.DictReader(file)] == ["'", "'", "J"]


def member_counts(store_dir: Path, made: Made) -> dict[str, int]:
    """People of each release in the memory of releases."""
    with duckdb.connect() as connection:
        store.attach_released(connection, store_dir, made.world.store_key)
        return dict(connection.execute("select release_id, count(*) from released.members group by all").fetchall())


def test_who_was_in_a_release_is_remembered_without_a_name(gpdpr: Made) -> None:
    found = member_counts(gpdpr.store, gpdpr)
    assert found == {name: len(placed(REQUESTS[name], gpdpr.people)) for name in (RESEARCH, JOURNALS)}
    content = store.database_file(gpdpr.store, store.RELEASED).read_bytes()
    key = keys.read_key(gpdpr.world.keys, "gpdpr")
    assert gateway_sql.pseudonym(key, "gpdpr", gpdpr.people[0].number).encode() not in content


# What is done to the store before, the day, and why nothing is handed out.
CHECKS = "assurance.counts.int_ndop__checks"
SETTINGS = "marts.reference.int_collection__settings"
UPHELD_LATER = "update marts.seeds.collections set type_2_upheld = 'at_dissemination' where collection = 'gpdpr'"
EXCEPTED = (
    f"update {SETTINGS} set exception_id = 'E1'; insert into marts.seeds.exception_register by name"
    " select 'E1' as exception_id, 'gpdpr' as collection, date '{}' as valid_from, date '{}' as valid_to"
)
NOT_HANDED_OUT = {
    "not built": (f"drop table patient_level.releases.rel_{RESEARCH}", RESEARCH, "", "is not built"),
    "of another day": ("", RESEARCH, "2017-04-07", "was made for 2017-04-06, not for 2017-04-07"),
    "of another collection": ("", ADMISSIONS, "", "The store holds gpdpr"),
    "before its agreement": ("", RESEARCH, "2017-03-31", "is from 2017-04-01 to 2027-03-31"),
    "after its agreement": ("", RESEARCH, "2027-04-01", "is from 2017-04-01 to 2027-03-31"),
    "no answer on opt-outs": (
        f"update {CHECKS} set verdict = 'reply_missing', explanation = 'No reply has come yet.'",
        RESEARCH, "", "No reply has come yet",
    ),
    "an answer too old": (
        f"update {CHECKS} set sent_date = date '2017-03-29'", RESEARCH, "", "may be used for 7 days",
    ),
    "an answer from tomorrow": (
        f"update {CHECKS} set sent_date = date '2017-04-07'", RESEARCH, "", "may be used for 7 days",
    ),
    "opt-outs of another time": (
        f"update {SETTINGS} set collected_at = collected_at - interval 89 days;"
        f" {UPHELD_LATER}", RESEARCH, "", "at most 92 days before it",
    ),
    "after the last day of what it upholds": (
        f"update {SETTINGS} set collected_at = timestamptz '2018-10-12 09:00:00+01', disseminated_on = date '2018-10-12';"
        f" update marts.seeds.collections set national_data_opt_out_upheld = 'never'; {UPHELD_LATER}",
        RESEARCH, "2018-10-12", "Codes of type_2 are valid until 2018-10-11",
    ),
    "before it was collected": (
        f"update {SETTINGS} set collected_at = timestamptz '2017-04-07 00:30:00+01'", RESEARCH, "",
        "What was collected on 2017-04-07 was not there on 2017-04-06",
    ),
    "an exception that has ended": (EXCEPTED.format("2017-04-02", "2017-04-05"), RESEARCH, "", "build again without"),
    "an exception that ended before the counts": (
        EXCEPTED.format("2017-04-02", "2017-04-05"), PLANNING, "", "build again without",
    ),
    "a request that has changed": (
        "update marts.seeds.releases set columns_asked = 'sex'", RESEARCH, "", "has changed since it was built",
    ),
    "about nobody": (f"delete from patient_level.releases.rel_{RESEARCH}", RESEARCH, "", "is about nobody"),
    "a group of two": (
        f"update patient_level.releases.rel_{RESEARCH} set ethnicity = 'Z' where rowid < 2",
        RESEARCH, "", "has a smaller group",
    ),
    "counts of another period": (
        f"update {SETTINGS} set period_start = date '2016-05-01'", PLANNING, "",
        "is about 2016-05-01 to 2017-03-31, and the request",
    ),
    "a count that is not published": (
        f"update patient_level.releases.rel_{PLANNING} set denominator_text = '7' where denominator_text = '0'",
        PLANNING, "", "has rows that fct_prevalence does not",
    ),
    "a count twice": (
        f"insert into patient_level.releases.rel_{PLANNING} from patient_level.releases.rel_{PLANNING} limit 1",
        PLANNING, "", "has rows that fct_prevalence does not",
    ),
    "counts of nobody": (f"delete from patient_level.releases.rel_{PLANNING}", PLANNING, "", "is about nobody"),
    "a month of two": (
        f"update patient_level.releases.rel_{JOURNALS} set recorded_month = date '2016-05-01',"
        " recorded_precision = 'month' where rowid < 2",
        JOURNALS, "", "has a smaller group",
    ),
    "a month of eight records of one person": (
        f"update patient_level.releases.rel_{JOURNALS} set recorded_precision = 'day' where release_key ="
        f" (select min(release_key) from patient_level.releases.rel_{JOURNALS})",
        JOURNALS, "", "has a smaller group",
    ),
    "nobody asked for": ("", "gpdpr_example_nothing", "", "There is no release"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_HANDED_OUT)
def test_nothing_is_handed_out(gpdpr: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    statement, release_id, day, reason = NOT_HANDED_OUT[name]
    folder = changed(gpdpr, tmp_path, statement)
    assert hand_out(folder, gpdpr.world.keys, release_id, tmp_path / "out", day or "2017-04-06") == 1
    assert reason in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store"]
    assert member_counts(folder, gpdpr) == member_counts(gpdpr.store, gpdpr)


def changed(gpdpr: Made, tmp_path: Path, statement: str) -> Path:
    """A copy of the store in which something is otherwise."""
    folder = Path(shutil.copytree(gpdpr.store, tmp_path / "store"))
    if statement:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{store.database_file(folder, store.MARTS)}' as marts")
            store.attach_store(connection, folder, gpdpr.world.store_keys)
            connection.execute(statement)
    return folder


@pytest.mark.parametrize(
    ("release_id", "statement"),
    [
        (RESEARCH, f"update {CHECKS} set sent_date = date '2017-03-30'"),
        (PLANNING, f"update {CHECKS} set verdict = 'reply_missing'"),
        (RESEARCH, f"update {SETTINGS} set collected_at = collected_at - interval 88 days; {UPHELD_LATER}"),
        (RESEARCH, f"update {SETTINGS} set collected_at = collected_at - interval 1 year"),
        (RESEARCH, EXCEPTED.format("2017-04-02", "2017-04-06")),
    ],
    ids=[
        "an answer of seven days ago",
        "no answer where none is needed",
        "opt-outs of 92 days ago",
        "opt-outs of the collection",
        "an exception on its last day",
    ],
)
def test_its_neighbour_is_handed_out(gpdpr: Made, tmp_path: Path, release_id: str, statement: str) -> None:
    folder = changed(gpdpr, tmp_path, statement)
    assert hand_out(folder, gpdpr.world.keys, release_id, tmp_path / "out") == 0


def test_nothing_is_overwritten(gpdpr: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = changed(gpdpr, tmp_path, "")
    (tmp_path / "out").mkdir()
    assert hand_out(folder, gpdpr.world.keys, RESEARCH, tmp_path / "out") == 1
    assert "nothing is overwritten" in capsys.readouterr().err


# ---- the register, and who must be told ---------------------------------------------------------


def test_the_register_is_public_and_about_organisations(gpdpr: Made, tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    assert main(["register", "--to", str(path), "--store-dir", str(gpdpr.store)]) == 0
    with path.open(newline="") as file:
        rows = {row["release_id"]: row for row in csv.DictReader(file)}
    assert rows.keys() == REQUESTS.keys()
    page = (PROJECT / releases.PAGE).read_text()
    for release_id, row in rows.items():
        request = REQUESTS[release_id]
        told = page.partition(f"\n## {release_id}\n")[2].partition("\n## ")[0]
        for name in ("recipient", "purpose", "opt_outs_honoured", "start_date", "end_date", "sublicensing"):
            assert row[name] == request[name]
            assert f"- {name.replace('_', ' ')}: {request[name]}\n" in told
        assert bool(row["exemption"]) == (request["opt_outs_honoured"] == "no")
    exact = {name: len(members(REQUESTS[name], gpdpr.people)) for name in (RESEARCH, JOURNALS)}
    assert all(abs(int(rows[name]["person_text"]) - count) <= 2 for name, count in exact.items())
    assert rows[ADMISSIONS]["person_text"] == rows[PLANNING]["person_text"] == ""


@pytest.fixture(scope="module")
def later(gpdpr: Made, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Person], list[Cells]]:
    """Some object afterwards, and the next run says so."""
    folder = tmp_path_factory.mktemp("later")
    everybody = [
        replace(p, objection={3: "type_1", 5: "national"}.get(at % 20, "") or p.objection)
        for at, p in enumerate(gpdpr.people)
    ]
    raw_dir = release_world.make_raw(folder / "raw", "gpdpr", everybody)
    store_dir = Path(shutil.copytree(gpdpr.store, folder / "store"))
    release_world.build_again(gpdpr.world, raw_dir, store_dir)
    with Made(gpdpr.world, store_dir, folder, everybody).connect() as connection:
        rows = connection.execute(
            "select release_id, opt_out_kind, recipient, disseminated_on, person_text from fct_release_recall"
        ).fetchall()
    return everybody, rows


def test_recipients_are_told_of_later_objections(gpdpr: Made, later: tuple[list[Person], list[Cells]]) -> None:
    everybody, rows = later
    handed_out_to = {name: placed(REQUESTS[name], gpdpr.people).keys() for name in (RESEARCH, JOURNALS)}
    wanted = {
        (name, kind): sum(p.objection == kind for p in everybody if p.number in numbers)
        for name, numbers in handed_out_to.items()
        for kind in ("type_1", "type_2", "national")
    }
    found = {(name, kind): text for name, kind, _, _, text in rows}
    assert found.keys() == {cell for cell, count in wanted.items() if count}
    shown = {cell: int(text) for cell, text in found.items() if text != "*"}
    assert shown and all(abs(wanted[cell] - count) <= 2 and wanted[cell] > 7 for cell, count in shown.items())
    assert {(recipient, day) for name, _, recipient, day, _ in rows if name == RESEARCH} == {
        (REQUESTS[RESEARCH]["recipient"], DISSEMINATED_AT)
    }


def test_nobody_is_told_of_before_anything_was_handed_out(gpdpr: Made) -> None:
    with gpdpr.connect() as connection:
        assert connection.execute("select count(*) from fct_release_recall").fetchone() == (0,)
