"""The dry run for a practice: what it says, and that nothing is left of it.

Practice files by the sample; coded journals by the sample, and by the worlds in which every rule has its case.
"""

import functools
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from bench import gateway_sql, journal_sql
from conftest import PROJECT, SAMPLE
from gp_level_data import preview, project
from gp_level_data.command_line import main
from gp_level_data.custody import store
from gp_level_data.preview import journals, patients
from gp_level_data.preview.practice import ANSWERS, NO_ANSWERS, Practice, answer_in_words, the_practice
from gp_level_data.raw import landing
from gp_level_data.raw.intake_rules import rules
from gp_level_data.raw.landing import RawFile
from gp_level_data.refusal import Refusal
from gp_level_data.runs.scratch_gateway import scratch_gateway
from gp_level_data.shapes import Cells, Row
from journals import journal_worlds
from journals.journal_oracle import Journals
from journals.test_journals import world
from opt_outs import opt_out_oracle

COLLECTION = "individual_gp_level_data"
SETTINGS = project.read_settings("")
# Built besides, to be compared with: what a real run reports.
REPORTED = "int_intake__record_counts"


@dataclass(frozen=True)
class Seen:
    """What a preview says of one practice."""

    practice: Practice
    verdicts: patients.Verdicts | journals.Verdicts
    page: str

    @property
    def of_patients(self) -> patients.Verdicts:
        assert isinstance(self.verdicts, patients.Verdicts)
        return self.verdicts

    @property
    def of_journal(self) -> journals.Verdicts:
        assert isinstance(self.verdicts, journals.Verdicts)
        return self.verdicts


def seen(cursor: duckdb.DuckDBPyConnection, practice: Practice) -> Seen:
    verdicts = preview.of_kind(practice.collection).look(cursor, practice)
    return Seen(practice, verdicts, "\n".join(preview.page(cursor, practice)))


def all_seen(cursor: duckdb.DuckDBPyConnection, raw_dir: Path, collection: str) -> dict[str, Seen]:
    codes = cursor.execute("select practice_code from marts.reference.int_practices__collected order by all").fetchall()
    return {code: seen(cursor, the_practice(cursor, raw_dir, collection, code)) for (code,) in codes}


@pytest.fixture(scope="module")
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """One run for all; the counts are those that a real run reports."""
    with scratch_gateway(SAMPLE, SETTINGS, "", *patients.MODELS, REPORTED) as cursor:
        yield cursor


@pytest.fixture(scope="module")
def previews(cursor: duckdb.DuckDBPyConnection) -> dict[str, Seen]:
    """Every practice's preview."""
    return all_seen(cursor, SAMPLE, COLLECTION)


def the_one_with(previews: dict[str, Seen], problem: str) -> Seen:
    [found] = [each for each in previews.values() if problem in each.practice.in_the_way]
    return found


# ---- practice files ---------------------------------------------------------------------------------


def test_a_collected_practice_sees_what_the_run_will_do(
    cursor: duckdb.DuckDBPyConnection, previews: dict[str, Seen]
) -> None:
    """Flags a count that is not the one that the run reports."""
    collected = [code for code, each in previews.items() if not each.practice.in_the_way]
    assert len(collected) > 10
    for practice in collected:
        counts: dict[str, Counter[str]] = {"kept": Counter(), "excluded": Counter(), "rejected": Counter()}
        for verdict, rule, rows in cursor.execute(
            "select verdict, rule, row_count from assurance.counts.int_intake__record_counts where practice_code = ?",
            [practice],
        ).fetchall():
            counts[verdict][rule] = rows
        verdicts = previews[practice].of_patients
        assert verdicts.collected == counts["kept"].total()
        clear = counts["kept"]["complete"] + counts["kept"]["metric_value_unknown"]
        assert verdicts.without_gp.total() == counts["kept"].total() - clear
        assert verdicts.unclear_metrics == counts["kept"]["metric_value_unknown"]
        assert verdicts.held_back == counts["excluded"]
        assert verdicts.unusable == counts["rejected"]


def test_every_row_goes_somewhere(previews: dict[str, Seen]) -> None:
    """Flags a row that the preview loses."""
    for each in previews.values():
        verdicts = each.of_patients
        assert each.practice.rows_sent == verdicts.collected + verdicts.held_back.total() + verdicts.unusable.total()


def test_a_practice_that_has_not_agreed_sees_who_would_be_held_back(previews: dict[str, Seen]) -> None:
    """Flags a preview that tells nothing to whom it is for: a practice that has not answered yet."""
    each = previews["E81001"]
    assert (each.practice.status, each.practice.in_the_way) == ("offered", ("not_agreed",))
    assert each.of_patients.collected > 400
    assert {"type_1_dissent", "type_1_same_day_conflict"} <= set(each.of_patients.held_back)
    assert "it was asked and has not answered" in each.page


def test_every_obstacle_is_named_not_only_the_first(previews: dict[str, Seen]) -> None:
    """Flags an obstacle that shows only when the one before it is out of the way."""
    each = previews["Y90003"]
    assert each.practice.in_the_way == ("not_open", "not_agreed", "practice_file_missing")
    assert "gpes/opt_outs/Y90003: missing" in each.page


def test_a_refused_file_and_its_rule_in_words(previews: dict[str, Seen]) -> None:
    """Flags a refused file without its reason, or one whose columns are said to leave."""
    page = the_one_with(previews, "practice_file_refused").page
    assert "refused whole: it has a column that the collection does not ask for" in page
    assert "Nobody: there is no row that can be read." in page
    assert "postcode  " not in page


def test_without_opt_outs_nobody_leaves(previews: dict[str, Seen]) -> None:
    """Flags people who are said to be collected while nobody knows who objected."""
    page = the_one_with(previews, "opt_out_file_missing").page
    assert "it is not known who objected" in page
    assert "would be collected" not in page


def test_the_columns_are_those_of_the_contract_and_each_is_explained(previews: dict[str, Seen]) -> None:
    """Flags a column that leaves without a word, or a promise that is not made."""
    kind = landing.file_kinds(COLLECTION)[0]
    assert set(patients.COLUMNS) == set(kind.columns)
    *columns, nothing_else, _, _ = patients.column_lines(previews["A81001"].practice)
    assert {line.split()[0].upper() for line in columns} == set(kind.columns) | set(kind.optional)
    assert all(len(line.split()) > 1 for line in columns)
    for absent in ("name", "address", "postcode", "date of birth", "ethnicity", "conditions"):
        assert absent in nothing_else


def test_small_counts_are_shown_and_said_to_be(previews: dict[str, Seen]) -> None:
    """Flags a small count that is withheld from the practice, or shown without a warning."""
    page = previews["A81001"].page
    assert re.search(r"^ +2  Type 1 objection without a date", page, re.MULTILINE)
    assert "All counts are exact, small ones too" in page


def test_every_rule_of_the_sample_has_words(cursor: duckdb.DuckDBPyConnection) -> None:
    """Flags a rule that a practice would read as a name of ours."""
    met = cursor.execute(
        "select distinct rule from assurance.counts.int_intake__record_counts where rule <> 'complete'"
        " union select distinct refused_rule from staging.stg_landing__files"
        " where refused_rule is not null"
    ).fetchall()
    assert [rule for (rule,) in met if rule not in rules()] == []


def test_every_answer_has_words() -> None:
    """Flags a status of the gateway's that the preview stumbles over."""
    model = (PROJECT / "models/intermediate/gateway/reference/int_cqrs__participation.sql").read_text()
    statuses = set(re.findall(r"(?<!ref\()'([a-z_]+)'", model))
    assert {"agreed", "service_unknown"} < statuses
    assert statuses <= set(ANSWERS) | set(NO_ANSWERS)


@pytest.mark.parametrize("status", NO_ANSWERS)
def test_an_answer_that_is_none_has_the_words_of_the_intake(status: str) -> None:
    """Flags a practice that reads one thing in its preview and another in the checks of its files."""
    assert answer_in_words(status) == rules()[NO_ANSWERS[status]].meaning


# ---- coded journals ---------------------------------------------------------------------------------


@functools.cache
def previews_of_world(name: str) -> tuple[duckdb.DuckDBPyConnection, dict[str, Seen]]:
    """The previews of a world in which every rule has its case, and the run over it."""
    connection, sent, _ = world(name)
    return previews_of(connection, sent)


@functools.cache
def previews_where_journals_are_of_no_use() -> tuple[duckdb.DuckDBPyConnection, dict[str, Seen]]:
    """The same, where most rows of one journal name nobody, and another was extracted a year before."""
    sent = journal_worlds.by_hand(collection="gpdpr")
    for row in [row for row in sent.rows if row["file_practice_code"] == journal_worlds.SECOND]:
        sent.rows += [row | {"nhs_number": "not a number"}] * 2
    for file in sent.sent.files:
        if file["practice_code"] == journal_worlds.GOOD and file["file_kind"] != "opt_outs":
            file["extracted_at"] = "2016-04-01T02:00:00+01:00"
    return previews_of(journal_sql.run(sent), sent)


def previews_of(
    connection: duckdb.DuckDBPyConnection, sent: Journals
) -> tuple[duckdb.DuckDBPyConnection, dict[str, Seen]]:
    shown = connection.cursor()
    shown.execute("attach ':memory:' as marts; create schema marts.reference; create schema marts.seeds")
    for (seed,) in shown.execute("select table_name from duckdb_tables() where schema_name = 'seeds'").fetchall():
        shown.execute(f"create view marts.seeds.{seed} as from memory.seeds.{seed}")
    shown.execute("attach ':memory:' as assurance; create schema assurance.counts")
    tables = shown.execute("select table_name from duckdb_tables() where schema_name = 'gateway'").fetchall()
    for (table,) in tables:
        for place in ("marts.reference", "assurance.counts"):
            shown.execute(f"create view {place}.{table} as from memory.gateway.{table}")
    practices = all_seen(shown, Path("nowhere"), sent.sent.settings["collection"])
    # The world has no folder; what a look at it would have found is what it says of its files.
    with_files = {code: with_files_of(each.practice, sent.sent.files) for code, each in practices.items()}
    return shown, {code: seen(shown, practice) for code, practice in with_files.items()}


def with_files_of(practice: Practice, files: list[Row]) -> Practice:
    """The practice with its files, as a look at the raw folder would have found them."""
    kinds = {"practice_records": "journals"}
    found = tuple(
        RawFile(
            kind,
            Path("nowhere"),
            f"{kind.folder}/{practice.code}.csv",
            practice_code=practice.code,
            columns=tuple(column for column in kind.columns if column not in kind.not_collected),
            row_count=file["row_count"],
            refused_rule=file["refused_rule"],
        )
        for kind in practice.kinds
        for file in files
        if (file["practice_code"], kinds.get(file["file_kind"], file["file_kind"])) == (practice.code, kind.relation)
    )
    return replace(practice, files=found)


def differences(cursor: duckdb.DuckDBPyConnection, previews: dict[str, Seen], database: str) -> Iterator[str]:
    """Where a preview of a collected practice says another count than the run over the same files has stored."""
    for code, each in previews.items():
        if each.practice.in_the_way:
            continue

        def rows(query: str, code: str = code) -> list[Cells]:
            return cursor.execute(query.format(people=f"{database}.gateway"), [code]).fetchall()

        removed = rows(
            "select verdict, reason, record_count, person_count"
            " from assurance.counts.int_journals__removed_counts where practice_code = ?"
        )
        is_of_person = {reason: rules()[reason].applies_to == "person" for _, reason, _, _ in removed}
        [(people,)] = rows("select count(*) from {people}.int_journals__people where practice_code = ?")
        [(not_handed_on,)] = rows(
            "select count(*) from {people}.int_journals__people"
            " semi join {people}.int_opt_outs__not_disseminated using (patient_key) where practice_code = ?"
        )
        wanted = {
            "collected": people,
            "not_handed_on": not_handed_on,
            "stored": Counter(
                dict(rows(
                    "select category, count(*) from {people}.int_journals__records"
                    " where practice_code = ? group by category"
                ))
            ),
            "left_out": Counter({r: n for verdict, r, n, _ in removed if verdict != "emptied"}),
            "emptied": Counter(
                {r: m if is_of_person[r] else n for verdict, r, n, m in removed if verdict == "emptied"}
            ),
            "not_collected": Counter(
                {r: m for verdict, r, _, m in removed if verdict == "excluded" and is_of_person[r]}
            ),
        }  # fmt: skip
        for name, count in wanted.items():
            if getattr(each.verdicts, name) != count:
                yield f"{code}: {name}"


@pytest.mark.parametrize("name", ["gpdpr", "care.data", "an exception that lifts Type 1", "a civil emergency"])
def test_a_journals_preview_is_what_the_run_stores(name: str) -> None:
    """Flags a count of people, records or reasons that is not the run's, where every rule has its case."""
    cursor, previews = previews_of_world(name)
    assert sum(not each.practice.in_the_way for each in previews.values()) > 1
    assert list(differences(cursor, previews, "memory")) == []


def test_some_are_collected_and_not_handed_on() -> None:
    """Flags a Type 2 objection that care.data's preview merges with Type 1, or keeps quiet about."""
    _, previews = previews_of_world("care.data")
    [each] = [each for each in previews.values() if each.of_journal.not_handed_on and not each.practice.in_the_way][:1]
    assert "object to being handed on: no release has them" in each.page
    _, of_gpdpr = previews_of_world("gpdpr")
    assert not any(each.of_journal.not_handed_on for each in of_gpdpr.values())
    assert all("A National Data Opt-out keeps nobody out" in of_gpdpr[code].page for code in ("A81001", "B81001"))


def test_every_row_of_a_journal_goes_somewhere() -> None:
    """Flags a row that a journal's preview loses, whether or not the practice takes part."""
    for name in ("gpdpr", "care.data"):
        _, previews = previews_of_world(name)
        for each in previews.values():
            if each.practice.rows_sent:
                verdicts = each.of_journal
                assert each.practice.rows_sent == verdicts.stored.total() + verdicts.left_out.total()


def test_a_wave_is_told() -> None:
    """Flags a practice that is not told that it is not its turn, or only after it has agreed."""
    _, previews = previews_of_world("care.data")
    for each in previews.values():
        says = f"limited to the wave pilot: the practice {'belongs' if each.practice.is_in_wave else 'does not belong'}"
        assert says in each.page
        assert ("not_in_wave" in each.practice.in_the_way) is not each.practice.is_in_wave
    found = {each.practice.in_the_way for each in previews.values()}
    assert ("not_in_wave",) in found and () in found
    assert any("not_agreed" in rules_ and "not_in_wave" in rules_ for rules_ in found)
    assert not any("wave" in each.page for each in previews_of_world("gpdpr")[1].values())


def test_what_is_said_to_be_stored_is_what_is_stored() -> None:
    """Flags a stored column that no practice is told of, or a column of the contract without a word."""
    assert set(journals.COLUMNS) == set(landing.JOURNAL_COLUMNS)
    nodes = {node["name"]: node for node in gateway_sql.manifest()["nodes"].values()}
    stored = {
        column for model in ("int_journals__people", "int_journals__records") for column in nodes[model]["columns"]
    }
    assert {column for column, _ in journals.COLUMNS.values() if column} == stored


def test_what_is_asked_for_is_told() -> None:
    """Flags a category whose age or number of codes is not that of the seeds."""
    page = previews_of_world("gpdpr")[1]["A81001"].page
    seeds = {name: opt_out_oracle.seed(name) for name in ("journal_categories", "journal_codes", "restricted_codes")}
    restricted = {row["code"] for row in seeds["restricted_codes"]}
    for category in seeds["journal_categories"]:
        if category["collection"] == "gpdpr":
            codes = {row["code"] for row in seeds["journal_codes"] if row["category"] == category["category"]}
            said = (
                rf"{category['category']} +{len(codes - restricted)} codes?, of the last {category['years_kept']} years"
            )
            planned = " or planned" if category["may_lie_ahead"] == "true" else ""
            assert re.search(rf"{said}{planned}$", page, re.MULTILINE), category["category"]
    assert f"one of the {len(restricted)} codes that a law restricts" in page


# ---- nobody's detail, and nothing left ---------------------------------------------------------------

PERSONAL = {
    "number": r"[0-9]{10}",
    "code": r"[0-9]{6}",
    "pseudonym": r"[a-p]{32}",
    "day": r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]/[0-9]",
    "area": r"[EW]01[0-9]{6}",
    "postcode": r"\b[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}\b",
}


def test_no_detail_is_printed(previews: dict[str, Seen]) -> None:
    """Flags a number, a day or an area of a person in a preview; it says in which, and not which."""
    worlds = [previews_of_world(name)[1] for name in ("gpdpr", "care.data")]
    pages = [each.page for found in (previews, *worlds) for each in found.values()]
    assert len(pages) > 30
    assert details(pages) == set()


def details(pages: list[str]) -> set[str]:
    """What is of a person in some page."""
    return {what for page in pages for what, pattern in PERSONAL.items() if re.search(pattern, without_names(page))}


def without_names(page: str) -> str:
    """The page without its practice's name and its files' names."""
    first, *lines = page.splitlines()
    return "\n".join(line for line in lines if "gpes/" not in line)


def test_not_even_the_temporary_store_holds_a_person(cursor: duckdb.DuckDBPyConnection) -> None:
    """Flags a preview whose run has written a person down, encrypted or not."""
    assert cursor.execute(
        "select count(*) from duckdb_tables() where database_name = ?", [store.PATIENT_LEVEL]
    ).fetchone() == (0,)


def test_journals_are_judged_by_views_alone() -> None:
    """Flags a model of a journal's preview that is stored with a person in it."""
    nodes = gateway_sql.manifest()["nodes"]
    waiting = [key for key, node in nodes.items() if node["name"] in journals.MODELS]
    assert len(waiting) == len(journals.MODELS)
    needed = set()
    while waiting:
        key = waiting.pop()
        if key in nodes and key not in needed:
            needed.add(key)
            waiting += nodes[key]["depends_on"].get("nodes", [])
    assert len(needed) > 15
    assert [nodes[key]["name"] for key in needed if nodes[key]["database"] == store.PATIENT_LEVEL] == []


def test_an_unknown_practice(cursor: duckdb.DuckDBPyConnection) -> None:
    """Flags a page about a practice that nobody knows."""
    with pytest.raises(Refusal, match="There is no practice Z99999"):
        the_practice(cursor, SAMPLE, COLLECTION, "Z99999")


def test_what_is_not_a_practice_code_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    """Flags a patient's number, given by mistake, in a message."""
    assert main(["preview", "9990000018"]) == 1
    assert capsys.readouterr().err == "A practice code is a letter and five digits, such as A81001.\n"


# The compiled project that the proof of the code is made from; whoever else compiles it meanwhile changes it.
PROVED = PROJECT / "target" / "lineage"


def listing(*folders: Path) -> dict[str, Cells]:
    """Every file with its size and time of change; what git and Python keep for themselves aside."""
    own = {".git", "__pycache__", ".pytest_cache", ".venv", ".hypothesis"}
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not own.intersection(path.parts) and PROVED not in path.parents
    }


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("practice", "variables", "code"),
    [("E81001", "", 0), ("Z99999", "", 1), ("A81001", "{collection: care_data}", 0)],
)
def test_nothing_is_stored(tmp_path: Path, practice: str, variables: str, code: int) -> None:
    """Flags a file that a preview leaves, wherever a run may write."""
    (tmp_path / "scratch").mkdir()
    folders = {
        "TMPDIR": tmp_path / "scratch",
        "STORE_DIR": tmp_path / "store",
        "KEY_DIR": tmp_path / "keys",
        "HOME": tmp_path / "home",
    }
    before = listing(PROJECT, tmp_path)
    result = subprocess.run(
        [sys.executable, "-B", "-m", "gp_level_data", "preview", practice, "--vars", variables],
        cwd=PROJECT,
        env=os.environ | {name: str(path) for name, path in folders.items()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, bool(result.stdout)) == (code, code == 0)
    assert listing(PROJECT, tmp_path) == before
    assert [path.name for path in tmp_path.rglob("*")] == ["scratch"]


def test_nothing_is_left_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ZeroDivisionError), scratch_gateway(SAMPLE, SETTINGS, "", "stg_landing__folder"):
        # keys there are for a while, but of nothing that is kept
        assert list(tmp_path.rglob("keys")) and not list(tmp_path.rglob("*.duckdb"))
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    assert "STORE_DIR" not in os.environ or str(tmp_path) not in os.environ["STORE_DIR"]


def test_a_run_that_fails_says_so_without_the_engines_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("DUCKDB_MEMORY_LIMIT", "nonsense")
    with (
        pytest.raises(Refusal, match="^The gateway could not work out"),
        scratch_gateway(SAMPLE, SETTINGS, "", "stg_landing__folder"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


OF_OPT_OUTS = sorted(
    rule.rule for rule in rules().values()
    if rule.applies_to == "practice" and "opt_outs" in rule.file_kinds and not rule.keeps_row
)  # fmt: skip


@pytest.mark.parametrize("rule", OF_OPT_OUTS)
def test_nobody_is_told_to_be_collected_beside_an_unsound_opt_out_file(rule: str) -> None:
    """Flags a rule about opt-outs with which a preview counts who would be collected all the same."""
    kind = landing.file_kinds(COLLECTION)[0]
    file = RawFile(kind, SAMPLE, "a file", practice_code="A81001", row_count=3)
    practice = Practice(
        "A81001", COLLECTION, "", datetime(2017, 4, 2, 9, tzinfo=UTC), None, "agreed", None, True, (rule,), (kind,), (file,)
    )  # fmt: skip
    assert list(practice.nobody_lines()) == ["Nobody: without a sound opt-out file it is not known who objected."]
    assert list(replace(practice, in_the_way=("not_agreed",)).nobody_lines()) == []
