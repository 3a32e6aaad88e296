"""The nets over the coded journals, gpdpr and care_data: what dbt stores of them, hospital, social care and releases
included, holds nobody's number, birthday or postcode; under other numbers the same is stored; and a file with a
column too many never comes in.

Then leaks are put into the models, as dbt has compiled them, and each has to be seen. No assert compares anything
that holds a number or a pseudonym: a failing one would print it.
"""

import shutil
from pathlib import Path

import pytest

from bench import direct_build
from conftest import PROJECT, SAMPLE, Folders, copy_store, run_build
from gp_level_data import releases
from gp_level_data.commands import evidence
from gp_level_data.nets import Finding, raw_numbers, renaming, renaming_run, values
from gp_level_data.nets.renaming_run import Pair
from gp_level_data.raw import landing
from gp_level_data.refusal import Refusal
from gp_level_data.runs.forked_runs import ForkedRuns
from gp_level_data.shapes import Manifest, Row

JOURNALS = ("gpdpr", "care_data")
RECORDS = "patient_level.gateway.int_journals__records"
RESEARCH, LISTED = "gpdpr_example_research", "gpdpr_example_journals"
# A code of nine digits is nobody's number, though it may begin like one.
NINE = "195967001"
TEN = f"{NINE}{renaming.check_digit(NINE)}"


@pytest.fixture(scope="module")
def pairs(runs: ForkedRuns, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    """Each collection's small folder, built by dbt, and its renamed copy, built directly from what dbt compiled."""
    made = {}
    for collection in JOURNALS:
        pair = made[collection] = renaming_run.make_pair(tmp_path_factory.mktemp(collection), collection)
        assert pair.build(runs, 0) is None, "a run that must succeed failed"
        manifest = pair.manifest()
        shutil.copytree(pair.stores[0], pair.stores[1])
        build(pair, manifest, list(direct_build.models(manifest)), 1, pair.stores[1])
    return made


def build(pair: Pair, manifest: Manifest, nodes: list[Row], at: int, store_dir: Path) -> None:
    direct_build.run(manifest, nodes, pair.raw_dirs[at], pair.keys, store_dir, **pair.settings)


@pytest.fixture(params=JOURNALS)
def pair(request: pytest.FixtureRequest, pairs: dict[str, Pair]) -> Pair:
    return pairs[request.param]


def said(findings: list[Finding]) -> list[str]:
    return [f"{finding.where} {finding.what}" for finding in findings]


# ---- the nets ---------------------------------------------------------------------------------------


@pytest.mark.whole
def test_the_store_holds_no_number(pair: Pair) -> None:
    """Flags any table of either database with a number in any disguise, or a net that takes a code for somebody."""
    numbers = raw_numbers.numbers_in(pair.raw_dirs[0])
    assert len(numbers) > 2_000 and TEN.isdigit() and TEN not in numbers
    found = values.findings_in_store(pair.stores[0], pair.store_keys, {*numbers, TEN})
    # in the seed itself nobody allows a code its nine digits
    assert said([finding for finding in found if finding.where != "marts.seeds.journal_codes.code"]) == []


@pytest.mark.whole
def test_no_file_holds_a_number(pair: Pair) -> None:
    """Flags a number in the bytes of what both runs have left: databases, artefacts, log."""
    quoted = raw_numbers.numbers_quoted(*(PROJECT / name for name in ("models", "macros", "seeds", "tests")))
    numbers = raw_numbers.numbers_in(pair.raw_dirs[0]) - quoted
    # dbt's cache of the graph says nothing that the manifest does not
    files = [path for path in values.files_below([pair.stores[0], pair.left]) if path.suffix != ".gpickle"]
    left = {path.name for path in files}
    assert left >= {"marts.duckdb", "patient_level.duckdb", "released.duckdb", "manifest.json", "dbt.log"}
    assert said(values.findings_in_files(files, numbers, pair.store_keys)) == []


@pytest.mark.whole
def test_another_numbering_changes_nothing(pair: Pair) -> None:
    """Flags anything stored, or released, that follows from what a number is; only pseudonyms may be others."""
    assert said(pair.findings()) == []


# Tables of people, and how many rows of them are wanted.
PEOPLED = {
    "gpdpr": {"people": 1_000, "records": 1_000, RESEARCH: 100, LISTED: 100, "gpdpr_example_planning": 10},
    "care_data": {
        "people": 500, "records": 500, "hospital": 100, "social_care": 20, "care_data_example_admissions": 100,
        "care_data_example_linked": 100, "care_data_example_identifiable": 100,
    },
}  # fmt: skip


def table_of(name: str) -> str:
    is_release = "_example_" in name
    return f"patient_level.releases.rel_{name}" if is_release else f"patient_level.gateway.int_journals__{name}"


@pytest.mark.whole
def test_the_small_worlds_are_worth_building(pair: Pair) -> None:
    """Flags a proof about empty tables: of every kind of row, and of every release, there is something."""
    active = {row["release_id"] for row in releases.rows_of("releases") if row["collection"] == pair.collection}
    assert active <= PEOPLED[pair.collection].keys()
    with renaming.connect(pair.stores[0], pair.store_keys) as connection:
        for name, wanted in PEOPLED[pair.collection].items():
            assert connection.table(table_of(name)).shape[0] >= wanted, name


@pytest.mark.whole
def test_evidence_accounts_for_every_row_of_a_journal(pair: Pair) -> None:
    """Flags evidence about journals that counts nobody, or loses a row between what was sent and what was stored."""
    run_at = evidence.Run(pair.raw_dirs[0], pair.keys, pair.stores[0], [pair.left])
    counts = evidence.counts(run_at)
    assert counts["is_balanced"] and counts["sent_count"] > 2_000
    assert counts["people_count"] > 500 and counts["practice_count"] > 0
    [stored] = counts["kept"]
    with renaming.connect(pair.stores[0], pair.store_keys) as connection:
        exact, _ = connection.table(RECORDS).shape
    # as it may be told, which is the only multiple of five as near
    assert stored["row_count"] % 5 == 0 and abs(stored["row_count"] - exact) <= 2
    assert {"type_1_dissent", "not_registered"} <= {row["rule"] for row in counts["excluded"]}
    assert counts["rejected"]
    smallest = evidence.smallest_cell(run_at)
    assert smallest["count"] is None or smallest["count"] > smallest["withheld_up_to"]


@pytest.mark.whole
@pytest.mark.parametrize("table", [RECORDS, f"patient_level.releases.rel_{LISTED}"])
def test_codes_are_allowed_because_they_look_like_numbers(pairs: dict[str, Pair], table: str) -> None:
    """Flags an allowance of seeds/digits_allowed.csv that no journal needs."""
    gpdpr = pairs["gpdpr"]
    with values.opened(gpdpr.stores[0], gpdpr.store_keys) as connection:
        assert connection.execute(values.macros().shapes_found(table, "code", "VARCHAR", "")).fetchall()
        [(held,)] = connection.execute(f"select count(*) from {table} where code = ?", [NINE]).fetchall()
    assert held > 0, "no code of nine digits, which may begin like somebody's number"


@pytest.mark.whole
def test_no_birthday_and_no_postcode_is_stored(pair: Pair) -> None:
    """The postcodes of the sample all begin alike; a birthday is in no column of days but by chance."""
    days = set()
    with values.opened(pair.stores[0], pair.store_keys) as connection:
        for database, schema, table, column, kind in values.stored_columns(connection):
            if kind == "VARCHAR" and schema != "seeds":
                query = f"""select count(*) from {database}.{schema}.{table} where "{column}" like '%ZZ99%'"""
                assert connection.execute(query).fetchone() == (0,), f"{table}.{column}"
            if kind == "DATE" and table.startswith("int_journals"):
                days.add(column)
    assert days == {"admission_date", "ended_on", "recorded_on", "registered_on", "started_on"}
    sent = b"".join(path.read_bytes() for path in (pair.raw_dirs[0] / "gpes" / pair.collection).glob("*.csv"))
    assert sent.count(b"ZZ99") > 100


# ---- leaks ------------------------------------------------------------------------------------------

OF_A_RECORD = "lpad(cast(storable.nhs_number as varchar), 10, '0')"
# What is put in the place of what, in which model of which collection: four ways to write a number into a record,
# one digit beside a person, a pseudonym that needs no key; a digest, a filter, an order.
PUT_IN = {
    "gpdpr": (
        ("int_journals__records", "storable.code,", f"{OF_A_RECORD} as code,"),
        ("int_journals__records", "storable.category,", f"reverse({OF_A_RECORD}) as category,"),
        ("int_journals__records", "storable.value_1,", "cast(storable.nhs_number as double) as value_1,"),
        (
            "int_journals__records",
            "storable.staff_role\n",
            f"regexp_replace({OF_A_RECORD}, '(...)(...)(....)', '\\1 \\2 \\3') as staff_role\n",
        ),
        ("int_journals__people", "sexual_orientation,", "cast(nhs_number % 10 as varchar) as sexual_orientation,"),
        (
            "int_releases__pseudonyms",
            "release_pseudonym(release_id, lpad(cast(nhs_number as varchar), 10, '0'))",
            "translate(md5(cast(nhs_number as varchar)), '0123456789abcdef', 'abcdefghijklmnop')",
        ),
    ),
    "care_data": (
        (
            "int_journals__hospital",
            "primary_diagnosis\n    from permitted",
            "md5(cast(nhs_number as varchar)) as primary_diagnosis\n    from permitted",
        ),
        ("int_journals__social_care", "rejected_rule is null", "rejected_rule is null and nhs_number % 2 = 0"),
        ("int_journals__people", "order by patient_key, practice_code", "order by nhs_number"),
    ),
}
IN_RECORDS = ("category", "code", "value_1", "staff_role")
SEEN = {
    "gpdpr": {
        *(f"values {RECORDS}.{column}" for column in IN_RECORDS),
        f"values patient_level.releases.rel_{LISTED}.code",
        f"renaming {RECORDS} differs in {', '.join(IN_RECORDS)}",
        "renaming patient_level.gateway.int_journals__people differs in sexual_orientation",
        "renaming patient_level.gateway.int_releases__pseudonyms differs in release_key",
        f"renaming patient_level.releases.rel_{RESEARCH} differs in release_key",
    },
    "care_data": {
        "values patient_level.gateway.int_journals__hospital.primary_diagnosis",
        "renaming patient_level.gateway.int_journals__hospital differs in primary_diagnosis",
        "renaming patient_level.gateway.int_journals__social_care has more or fewer rows",
        "renaming patient_level.gateway.int_journals__people is not stored in the order of patient_key",
    },
}


def with_leaks(manifest: Manifest, collection: str) -> Row:
    """The manifest, in which the models are changed."""
    nodes = dict(manifest["nodes"])
    for model, find, replace in PUT_IN[collection]:
        [key] = [key for key in nodes if key.endswith(f".{model}")]
        assert nodes[key]["compiled_code"].count(find) == 1, (model, find)
        nodes[key] = nodes[key] | {"compiled_code": nodes[key]["compiled_code"].replace(find, replace)}
    return manifest | {"nodes": nodes}


@pytest.mark.whole
def test_what_is_put_in_is_seen(pair: Pair, tmp_path: Path) -> None:
    """Flags a leak in a journal, in what is linked with it, or in a release, that a net would let pass."""
    leaking = with_leaks(pair.manifest(), pair.collection)
    changed = {model for model, *_ in PUT_IN[pair.collection]}
    # the changed and what is released of it
    nodes = [node for node in direct_build.models(leaking) if node["name"] in changed or "releases" in node["fqn"]]
    stores = [tmp_path / "store_0", tmp_path / "store_1"]
    for at, store_dir in enumerate(stores):
        shutil.copytree(pair.stores[at], store_dir)
        build(pair, leaking, nodes, at, store_dir)
    numbers = raw_numbers.numbers_in(pair.raw_dirs[0])
    found = {f"renaming {text}" for text in said(pair.findings(stores))}
    found |= {f"values {finding.where}" for finding in values.findings_in_store(stores[0], pair.store_keys, numbers)}
    passed = [wanted for wanted in SEEN[pair.collection] if not any(text.startswith(wanted) for text in found)]
    assert passed == [], sorted(found)


# ---- what never comes in ----------------------------------------------------------------------------


@pytest.mark.parametrize("collection", ["gpdpr", "care_data"])
@pytest.mark.parametrize(
    "column", ["PATIENT_NAME", "SURNAME", "ADDRESS_1", "TELEPHONE", "CONSULTATION_TEXT", "NOTES", "NHS_NUMBER"]
)
def test_a_name_an_address_or_free_text_refuses_the_file(tmp_path: Path, collection: str, column: str) -> None:
    kind = journal_kind(collection)
    columns = [name for name in kind.columns if name not in kind.not_collected]
    assert rule_of(tmp_path, kind, columns) is None
    assert rule_of(tmp_path, kind, [*columns, column]) == (
        "repeated_column" if column == "NHS_NUMBER" else "unknown_column"
    )


@pytest.mark.parametrize("column", landing.NOT_IN_CARE_DATA)
def test_care_data_does_not_ask_for_everything(tmp_path: Path, column: str) -> None:
    """What gpdpr collects refuses a file of care.data; the rest of GDPPR's layout is passed over, not read."""
    kind, other = journal_kind("care_data"), journal_kind("gpdpr")
    columns = [name for name in kind.columns if name not in kind.not_collected]
    assert rule_of(tmp_path, kind, [*columns, column]) == "unknown_column"
    assert rule_of(tmp_path, other, list(other.columns)) is None
    assert rule_of(tmp_path, other, [name for name in other.columns if name != column]) == "missing_column"
    assert rule_of(tmp_path, other, [*other.columns, "LINKS"]) is None
    assert rule_of(tmp_path, kind, [*columns, "LINKS"]) == "unknown_column"


def journal_kind(collection: str) -> landing.FileKind:
    [kind] = [kind for kind in landing.file_kinds(collection) if kind.relation == "journals"]
    return kind


def rule_of(folder: Path, kind: landing.FileKind, columns: list[str]) -> str | None:
    """The rule that a file of one row with these columns breaks."""
    path = folder / "A81001.csv"
    path.write_text(",".join(columns) + "\n" + ",".join("x" for _ in columns) + "\n")
    return landing.look_at(landing.RawFile(kind, path, "gpes/x/A81001.csv", "csv", "A81001")).refused_rule


def test_a_collection_without_its_files_is_refused(tmp_path: Path) -> None:
    for folder in ("ods", "cqrs", "gpes/opt_outs"):
        shutil.copytree(SAMPLE / folder, tmp_path / folder)
    with pytest.raises(Refusal, match="has no file gpes/gpdpr"):
        landing.check_folder(tmp_path, "gpdpr")


def test_a_store_belongs_to_one_collection(built: Folders, tmp_path: Path) -> None:
    """Another collection would replace the results; it is told so before anything is built."""
    folders = copy_store(built, tmp_path)
    ended = run_build(folders, "--vars", "{collection: gpdpr}")
    assert ended.code == 1
    assert "was built for individual_gp_level_data: give gpdpr a STORE_DIR of its own" in ended.stderr
