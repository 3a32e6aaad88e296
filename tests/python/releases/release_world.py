"""A small raw folder of coded journals, made up here, and builds of releases from it.

Two practices of the sample, some hundred patients each, known by a number of the test range. What is known
of each stands in `people`, so that a test can work out by itself who may be in which release.
"""

import csv
import functools
import json
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from bench import direct_build
from bench.small_world import SmallWorld
from conftest import PROJECT, SAMPLE, test_number
from gp_level_data import releases
from gp_level_data.custody import keys, store
from gp_level_data.raw import ndop_files
from gp_level_data.raw.synthetic_folder import write_marker
from gp_level_data.runs.forked_runs import ForkedRuns
from gp_level_data.shapes import Cells, Row

PRACTICES = ("A81001", "B81001")
EXTRACTED_AT = "2017-04-01T08:00:00+01:00"
DISSEMINATED_AT = date(2017, 4, 6)
HEADER = (
    "PRACTICE", "PROCESSED_TIMESTAMP", "NHS_NUMBER", "DATE_OF_BIRTH", "SEX", "ETHNIC", "SEXUAL_ORIENTATION",
    "POSTCODE", "LSOA", "DATE_OF_DEATH", "REGISTERED_ON", "DEREGISTERED_ON", "CATEGORY", "DATE", "RECORD_DATE",
    "CODE", "VALUE1_CONDITION", "VALUE2_CONDITION", "STAFF_ROLE",
)  # fmt: skip
NOT_IN_CARE_DATA = ("SEXUAL_ORIENTATION", "STAFF_ROLE")
RECORDS = (
    ("diagnosis", "38341003", "2015-01-05", ""),
    ("diagnosis", "44054006", "2016-06-14", ""),
    ("diagnosis", "195967001", "2016-11-02", ""),
    ("medication", "325278007", "2016-09-30", ""),
    ("diagnosis", "44054006", "2016-06-28", ""),
    ("test_result", "1000731000000107", "2016-10-10", "75.0"),
    ("diagnosis", "195967001", "2017-02-20", ""),
)
# Day and method of an admission; of some people more than one.
STAYS = (
    ("2016-07-19", "21"), ("2016-07-02", "11"), ("2016-07-30", "22"), ("2016-09-05", "22"), ("2016-07-31", "21"),
    ("2017-01-10", "21"),
)  # fmt: skip
SERVICES = (("home_care", "2016-10-03"), ("day_care", "2016-05-09"), ("home_care", "2016-11-21"))
SOCIAL_CARE_HEADER = ("NHS_NUMBER", "SERVICE", "STARTED_ON", "ENDED_ON")
OPT_OUT_HEADER = ("PRACTICE_CODE", "NHS_NUMBER", "CODE_SCHEME", "CODE", "EFFECTIVE_DATE", "RECORDED_AT")
CODES = {"type_1": "9Nu0.", "type_2": "9Nu4."}


@dataclass(frozen=True, repr=False)
class Person:
    """A patient of the world; a failing test shows no number."""

    number: str
    practice: str
    birth_year: int
    sex: str
    ethnicity: str
    lsoa: str
    objection: str


def people(count: int = 600) -> list[Person]:
    """Everybody, the same each time."""
    draw = random.Random("releases")
    return [
        Person(
            number=test_number(200_000 + at),
            practice=PRACTICES[at % 2],
            birth_year=draw.choice((1915, 1925, 1931, 1948, 1961, 1962, 1963, 1979, 1985, 1986, 1999, 2003, 2010)),
            sex=draw.choice("1122229"),
            ethnicity=draw.choice("AAAAAAH"),
            lsoa=f"E010000{at % 2}{draw.choice('11112')}",
            objection={6: "type_1", 11: "type_2", 14: "national"}.get(at % 40, ""),
        )
        for at in range(count)
    ]


def make_raw(folder: Path, collection: str, everybody: list[Person], exchange: bool = True) -> Path:
    """The raw folder of a collection, and, if there is one, the exchange on national opt-outs."""
    for name in ("ods", "cqrs"):
        shutil.copytree(SAMPLE / name, folder / name)
    with (folder / "cqrs" / "participation.csv").open("a") as file:
        file.writelines(f"{practice},{collection.upper()},agreed,2016-10-01\n" for practice in PRACTICES)
    if collection == "care_data":
        write(folder / "hes" / "apc_1617.csv", *hospital(everybody))
        rows = [[person.number, service, day, ""] for person, service, day in services(everybody)]
        write(folder / "social_care" / "social_care_1617.csv", SOCIAL_CARE_HEADER, rows)
    columns = [name for name in HEADER if collection == "gpdpr" or name not in NOT_IN_CARE_DATA]
    for practice in PRACTICES:
        own = [person for person in everybody if person.practice == practice]
        rows = [[row[name] for name in columns] for person in own for row in journal(person, collection)]
        write(folder / "gpes" / collection / f"{practice}.csv", columns, rows)
        opt_outs = [
            (practice, p.number, "READ2", CODES[p.objection], "2015-03-02", "2015-03-02T09:00:00+00:00")
            for p in own
            if p.objection in CODES
        ]
        write(folder / "gpes" / "opt_outs" / f"{practice}.csv", OPT_OUT_HEADER, opt_outs)
    if exchange:
        add_exchange(folder, everybody, DISSEMINATED_AT)
    write_marker(folder, "releases", 1)
    return folder


@functools.cache
def categories(collection: str) -> set[str]:
    return {row["category"] for row in releases.rows_of("journal_categories") if row["collection"] == collection}


def journal(person: Person, collection: str) -> list[dict[str, str]]:
    """The rows of a patient that a collection asks for: the person again beside each record."""
    about = {
        "PRACTICE": person.practice, "PROCESSED_TIMESTAMP": EXTRACTED_AT, "NHS_NUMBER": person.number,
        "DATE_OF_BIRTH": f"{person.birth_year}-05-17", "SEX": person.sex, "ETHNIC": person.ethnicity,
        "LSOA": person.lsoa, "REGISTERED_ON": "2010-01-04", "RECORD_DATE": "2016-12-01",
    }  # fmt: skip
    rows = [
        dict.fromkeys(HEADER, "") | about | {"CATEGORY": category, "CODE": code, "DATE": day, "VALUE1_CONDITION": value}
        for category, code, day, value in RECORDS
    ]
    sent = rows[: 1 + int(person.number[3:9]) % len(rows)]
    return [row for row in sent if row["CATEGORY"] in categories(collection)]


def stays(everybody: Sequence[Person]) -> Iterator[tuple[Person, str, str]]:
    """Day and method of the admissions of every third person."""
    for at, person in enumerate(everybody[::3]):
        for stay in STAYS[at % len(STAYS) :: 2]:
            yield person, *stay


def services(everybody: Sequence[Person]) -> Iterator[tuple[Person, str, str]]:
    """Social care of every fourth person: the service, and the day on which it began."""
    for at, person in enumerate(everybody[::4]):
        yield person, *SERVICES[at % len(SERVICES)]


def hospital(everybody: list[Person]) -> tuple[list[str], list[list[str]]]:
    """The admissions, in the layout of HES."""
    header = [
        "EPIKEY", "NEWNHSNO", "ADMIDATE", "ADMIMETH", "ADMISORC", "CLASSPAT", "DISDATE", "EPIORDER", "EPISTAT",
        "EPITYPE", "MAINSPEF", "MYDOB", "SEX", "STARTAGE", "DIAG_4_01", "DIAG_4_CONCAT", "OPERTN_4_CONCAT",
    ]  # fmt: skip
    rows = [
        [f"9{at:07d}", person.number, day, method, "19", "1", day, "1", "3", "1", "300",
         f"05{person.birth_year}", person.sex, "50", "J459", "J459", "-"]
        for at, (person, day, method) in enumerate(stays(everybody))
    ]  # fmt: skip
    return header, rows


def add_exchange(folder: Path, everybody: list[Person], day: date, sequence: int = 1) -> None:
    """Everybody is asked about, and the reply lists who has not opted out nationally."""
    numbers = sorted(person.number for person in everybody)
    permitted = {person.number for person in everybody if person.objection != "national"}
    path = ndop_files.write_request(
        folder, folder / ndop_files.FOLDERS["request"], ndop_files.subject_of("SMALL01", day, sequence), numbers
    )
    reply = folder / ndop_files.FOLDERS["reply"] / path.name
    reply.parent.mkdir(parents=True, exist_ok=True)
    reply.write_text("".join(f"{number},\n" for number in numbers if number in permitted))


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


# ---- who is in a release and what is told of whom, by plain Python ------------------------------

GPDPR = ("gpdpr_example_planning", "gpdpr_example_research", "gpdpr_example_journals")
PLANNING, RESEARCH, JOURNALS = GPDPR
CARE_DATA = ("care_data_example_admissions", "care_data_example_linked", "care_data_example_identifiable")
ADMISSIONS, LINKED, IDENTIFIABLE = CARE_DATA
QUASI = ("age_band", "sex", "ethnicity", "area_code")
REQUESTS = {row["release_id"]: row for row in releases.rows_of("releases")}
OBJECTIONS_UPHELD = {"gpdpr": {"type_1", "national"}, "care_data": {"type_1", "type_2"}}


def age(person: Person) -> int:
    return 2017 - person.birth_year


@dataclass(frozen=True, repr=False)
class Event:
    """Something that happened to a person, and what a release may say of it, by the name of the column."""

    dataset: str
    day: str
    says: dict[str, str]

    @property
    def month(self) -> str:
        return f"{self.day[:7]}-01"

    @property
    def method(self) -> str:
        return self.says.get("admission_method", "")


def events(request: dict[str, str], everybody: list[Person]) -> dict[str, list[Event]]:
    """Number -> the events of the person that a release asks for, in its period."""
    found: dict[str, list[Event]] = {person.number: [] for person in everybody}
    for person in everybody:
        for row in journal(person, request["collection"]):
            says = {"category": row["CATEGORY"], "code": row["CODE"], "value_1": row["VALUE1_CONDITION"]}
            found[person.number].append(Event("records", row["DATE"], says))
    for person, day, method in stays(everybody):
        says = {"admission_method": method, "primary_diagnosis": "J459"}
        found[person.number].append(Event("hospital", day, says))
    for person, service, day in services(everybody):
        found[person.number].append(Event("social_care", day, {"service": service}))
    return {
        number: [
            event
            for event in of_person
            if event.dataset in request["datasets"].split()
            and request["period_start"] <= event.day <= request["period_end"]
        ]
        for number, of_person in found.items()
    }


def members(request: dict[str, str], everybody: list[Person]) -> list[Person]:
    """Who may be in a release, from its request in words."""
    upheld = OBJECTIONS_UPHELD[request["collection"]]
    objections = upheld if request["opt_outs_honoured"] == "yes" else {"type_1"}
    found = events(request, everybody)
    return [
        person
        for person in everybody
        if person.objection not in objections
        and (request["cohort"] == "everybody" or age(person) >= 18)
        and (request["datasets"] == "people" or found[person.number])
    ]


def cell(person: Person, step: dict[str, str], asked: list[str]) -> Cells:
    """What is told of a person at a step."""
    width = int(step["age_band_years"])
    youngest = min(age(person), 90) // width * width
    told = {
        "age_band": f"{youngest}+" if youngest + width > 90 else f"{youngest}-{youngest + width - 1}",
        "sex": person.sex if step["has_sex"] == "true" else "any",
        "ethnicity": person.ethnicity if step["has_ethnicity"] == "true" else "any",
        "area_code": {"lsoa": person.lsoa, "ccg": "00C", "england": "ENGLAND"}[step["area_level"]],
    }
    return tuple(told[name] for name in asked)


def smallest_group(request: dict[str, str]) -> int:
    return int(request["smallest_group"]) if request["identifiability"] == "pseudonymised" else 1


def placed(request: dict[str, str], everybody: list[Person]) -> dict[str, Cells]:
    """Number of each person in a release -> what is told; who is in no group large enough is missing."""
    asked = [name for name in request["columns_asked"].split() if name in QUASI]
    # Of whom other datasets tell, they are not alike.
    datasets = {
        number: tuple(sorted({event.dataset for event in found}))
        for number, found in events(request, everybody).items()
    }
    waiting = members(request, everybody)
    told: dict[str, Cells] = {}
    for step in releases.rows_of("generalisation_steps"):
        if int(step["step"]) < int(request["first_step"]):
            continue
        cells = {person.number: cell(person, step, asked) for person in waiting}
        sizes = Counter((group, datasets[number]) for number, group in cells.items())
        large = {
            number: group
            for number, group in cells.items()
            if sizes[group, datasets[number]] >= smallest_group(request)
        }
        told |= large
        waiting = [person for person in waiting if person.number not in large]
    return told


KINDS = {"1": "elective", "2": "emergency", "3": "maternity", "8": "other"}
MONTHS = {"records": "recorded_month", "hospital": "admission_month", "social_care": "started_month"}
LABELS: dict[str, Callable[[Event], str]] = {
    "year": lambda event: f"{event.day[:4]}-01-01",
    "quarter": lambda event: f"{event.day[:4]}-{(int(event.day[5:7]) - 1) // 3 * 3 + 1:02d}-01",
    "month": lambda event: event.month,
    "kind": lambda event: KINDS[event.method[0]],
    "method": lambda event: event.method,
}
# By what the time and the method are told, the exactest first.
TIMES, METHODS = ("month", "quarter", "year"), ("method", "kind")
Known = tuple[str, Event]
Told = tuple[str, str, str]


def shared_by(part: list[Known]) -> int:
    """People, not events."""
    return len({number for number, _ in part})


def settled(
    together: list[Known], steps: list[str], smallest: int, told: dict[str, str]
) -> Iterator[tuple[str, Event, dict[str, str]]]:
    """Each event of people who are alike, with what is told of it.

    Each part that enough people share is told more exactly. The rest stays together, with the smallest of those
    parts where it would be too few.
    """
    if not steps:
        yield from ((number, event, told) for number, event in together)
        return
    parts = defaultdict(list)
    for number, event in together:
        parts[LABELS[steps[0]](event)].append((number, event))
    large = sorted((shared_by(part), label) for label, part in parts.items() if shared_by(part) >= smallest)
    rest = [known for part in parts.values() if shared_by(part) < smallest for known in part]
    if rest and large and shared_by(rest) < smallest:
        rest += parts[large.pop(0)[1]]
    for _, label in large:
        yield from settled(parts[label], steps[1:], smallest, told | {steps[0]: label})
    if rest:
        yield from settled(rest, steps[1:], smallest, told)


def told_events(request: dict[str, str], everybody: list[Person]) -> list[tuple[str, Event, Told]]:
    """Number, event, and the month, precision and method that are told of it, of all that is in a release."""
    groups, asked = placed(request, everybody), request["columns_asked"].split()
    alike = defaultdict(list)
    for number, found in events(request, everybody).items():
        for event in found if number in groups else ():
            alike[groups[number], event.dataset].append((number, event))
    rows = []
    for (_, dataset), together in alike.items():
        has_time, has_method = MONTHS[dataset] in asked, dataset == "hospital" and "admission_method" in asked
        of = (*(TIMES if has_time else ()), *(METHODS if has_method else ()))
        steps = [row["told"] for row in releases.rows_of("event_steps") if row["told"] in of]
        for number, event, told in settled(together, steps, smallest_group(request), {}):
            precision = next((step for step in TIMES if step in told), "period")
            method = next((told[step] for step in METHODS if step in told), "any")
            seen = (told.get(precision, ""), precision if has_time else "", method if has_method else "")
            rows.append((number, event, seen))
    return rows


def rows(request: dict[str, str], everybody: list[Person]) -> list[tuple[str, ...]]:
    """What is handed out of people or their events, as text; each row begins with the person's number."""
    groups, asked = placed(request, everybody), request["columns_asked"].split()
    of_people = [name for name in asked if name in QUASI]
    about = {number: dict(zip(of_people, group)) for number, group in groups.items()}
    if request["datasets"] == "people":
        return [(number, *(told[name] for name in asked)) for number, told in about.items()]
    is_linked = len(request["datasets"].split()) > 2
    found = []
    for number, event, (month, precision, method) in told_events(request, everybody):
        own = MONTHS[event.dataset]
        says = about[number] | event.says | {own: month, "admission_method": method}
        row = [number, event.dataset] if is_linked else [number]
        for name in asked:
            row.append(says.get(name, ""))
            if name in MONTHS.values():
                row.append(precision if name == own else "")
        found.append(tuple(row))
    return found


def published(request: dict[str, str], rows: list[Row]) -> Counter[Any]:
    """What an aggregate release says, from the rows of its table for planning: what the table says, and no more."""
    asked = request["columns_asked"].split()
    as_a_whole = [name for name in ("age_band", "sex") if name not in asked]
    return Counter(
        tuple(row[name] for name in asked) for row in rows if all(row.get(name, "all") == "all" for name in as_a_whole)
    )


def make_world(folder: Path) -> SmallWorld:
    """Where releases are built, with keys for all of them."""
    settings = {"collection": "gpdpr", "disseminated_at": DISSEMINATED_AT.isoformat()}
    world = SmallWorld(PROJECT, folder / "work", variables=json.dumps(settings))
    world.work.mkdir(parents=True)
    for collection in ("gpdpr", "care_data"):
        for name in releases.keys_of_build(collection):
            keys.new_key(world.keys, name)
    return world


def build(world: SmallWorld, raw_dir: Path, runs: ForkedRuns) -> None:
    """Both runs for gpdpr, by dbt."""
    world.store.mkdir(exist_ok=True)
    folders = {"RAW_DIR": raw_dir, "KEY_DIR": world.keys, "STORE_DIR": world.store}
    for target in ("gateway", "warehouse"):
        code, _ = runs.run(target, folders, variables=world.variables, left=world.work)
        assert code == 0, f"the {target} run, which must succeed, failed"


def build_again(world: SmallWorld, raw_dir: Path, store_dir: Path, collection: str = "gpdpr") -> None:
    """The same models over other files, also of the other collection, on a copy of a store and without dbt."""
    manifest = direct_build.both_runs(*(world.manifest(target) for target in ("gateway", "warehouse")))
    text = json.dumps(manifest["nodes"]).replace("'gpdpr'", f"'{collection}'")
    manifest = manifest | {"nodes": json.loads(text)}
    with duckdb.connect(str(store.database_file(store_dir, store.MARTS))) as connection:
        # a store belongs to the collection that it was built for
        connection.execute("delete from reference.int_collection__settings")
    models = list(direct_build.models(manifest))
    settings = json.loads(world.variables) | {"collection": collection}
    direct_build.run(manifest, models, raw_dir, world.keys, store_dir, **settings)
