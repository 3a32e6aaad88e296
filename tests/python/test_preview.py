"""The dry run for a practice: what it says, and that nothing is left of it."""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from gp_level_data.intake_rules import rules
from gp_level_data import build, landing, preview, store
from gp_level_data.__main__ import main
from gp_level_data.refusal import Refusal
from gp_level_data.scratch_gateway import scratch_gateway

PROJECT = Path(__file__).parents[2]
SAMPLE = PROJECT / "sample"
COLLECTION = "individual_gp_level_data"
SETTINGS = build.read_settings("")


@pytest.fixture(scope="module")
def cursor():
    """One run for all; the counts are those that a real run reports."""
    with scratch_gateway(
        SAMPLE, SETTINGS, "", *preview.MODELS, "int_intake__record_counts"
    ) as cursor:
        yield cursor


@pytest.fixture(scope="module")
def previews(cursor):
    """Every practice's preview."""
    practices = cursor.execute(
        "select practice_code from marts.reference.int_practices__collected order by all"
    ).fetchall()
    return {
        practice: preview.look(cursor, SAMPLE, COLLECTION, practice) for (practice,) in practices
    }


def text(previews, practice: str) -> str:
    return "\n".join(preview.page(previews[practice], practice, COLLECTION))


def the_one_with(previews, problem: str) -> str:
    [practice] = [code for code, seen in previews.items() if problem in seen.in_the_way]
    return practice


def test_a_collected_practice_sees_what_the_run_will_do(cursor, previews):
    collected = [practice for practice, seen in previews.items() if not seen.in_the_way]
    assert len(collected) > 10
    for practice in collected:
        counts = {"kept": Counter(), "excluded": Counter(), "rejected": Counter()}
        for verdict, rule, rows in cursor.execute(
            "select verdict, rule, row_count from marts.reference.int_intake__record_counts"
            " where practice_code = ?",
            [practice],
        ).fetchall():
            counts[verdict][rule] = rows
        seen = previews[practice]
        assert seen.collected == counts["kept"].total()
        clear = counts["kept"]["complete"] + counts["kept"]["metric_value_unknown"]
        assert seen.without_gp.total() == counts["kept"].total() - clear
        assert seen.unclear_metrics == counts["kept"]["metric_value_unknown"]
        assert seen.held_back == counts["excluded"]
        assert seen.unusable == counts["rejected"]


def test_every_row_goes_somewhere(previews):
    for seen in previews.values():
        people = seen.collected + seen.held_back.total()
        assert preview.rows_sent(seen.files) == people + seen.unusable.total()


def test_a_practice_that_has_not_agreed_sees_who_would_be_held_back(previews):
    seen = previews["E81001"]
    assert (seen.status, seen.in_the_way) == ("offered", ["not_agreed"])
    assert seen.collected > 400
    assert {"type_1_dissent", "type_1_same_day_conflict"} <= set(seen.held_back)
    assert "it was asked and has not answered" in text(previews, "E81001")


def test_every_obstacle_is_named_not_only_the_first(previews):
    assert previews["Y90003"].in_the_way == ["not_open", "not_agreed", "practice_file_missing"]


def test_a_refused_file_and_its_rule_in_words(previews):
    page = text(previews, the_one_with(previews, "practice_file_refused"))
    assert "refused whole: it has a column that the collection does not ask for" in page
    assert "Nobody: there is no row that can be read." in page
    assert "postcode  " not in page


def test_without_opt_outs_nobody_leaves(previews):
    page = text(previews, the_one_with(previews, "opt_out_file_missing"))
    assert "it is not known who objected" in page
    assert "would be collected" not in page


def test_the_columns_are_those_of_the_contract_and_each_is_explained(previews):
    asked, _ = preview.record_columns(COLLECTION)
    assert all(asked.values())
    kind = landing.file_kinds(COLLECTION)[0]
    *columns, nothing_else, _, _ = preview.column_lines(previews["A81001"].files, COLLECTION)
    assert {line.split()[0].upper() for line in columns} == set(kind.columns) | set(kind.optional)
    for absent in ("name", "address", "postcode", "date of birth", "ethnicity", "conditions"):
        assert absent in nothing_else


def test_small_counts_are_shown_and_said_to_be(previews):
    page = text(previews, "A81001")
    assert re.search(r"^ +2  Type 1 objection without a date", page, re.MULTILINE)
    assert "All counts are exact, small ones too" in page


def test_every_rule_of_the_sample_has_words(cursor):
    met = cursor.execute(
        "select distinct rule from marts.reference.int_intake__record_counts where rule <> 'complete'"
        " union select distinct refused_rule from staging.stg_landing__files"
        " where refused_rule is not null"
    ).fetchall()
    assert [rule for (rule,) in met if rule not in rules()] == []


def test_no_number_is_printed(previews):
    for practice in previews:
        assert not re.search(r"[0-9]{10}", text(previews, practice))


def test_not_even_the_temporary_store_holds_a_person(cursor):
    assert cursor.execute(
        "select count(*) from duckdb_tables() where database_name = ?", [store.PATIENT_LEVEL]
    ).fetchone() == (0,)


def test_an_unknown_practice(cursor):
    with pytest.raises(Refusal, match="There is no practice Z99999"):
        preview.look(cursor, SAMPLE, COLLECTION, "Z99999")


def test_what_is_not_a_practice_code_is_not_repeated(capsys):
    assert main(["preview", "9990000018"]) == 1
    assert capsys.readouterr().err == "A practice code is a letter and five digits, such as A81001.\n"


def listing(*folders: Path) -> dict[str, tuple[int, int]]:
    """Every file with its size and time of change; what git and Python keep for themselves aside."""
    own = {".git", "__pycache__", ".pytest_cache", ".venv", ".hypothesis"}
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not own.intersection(path.parts)
    }


@pytest.mark.parametrize(("practice", "code"), [("E81001", 0), ("Z99999", 1)])
def test_nothing_is_stored(tmp_path, practice, code):
    (tmp_path / "scratch").mkdir()
    folders = {
        "TMPDIR": tmp_path / "scratch",
        "STORE_DIR": tmp_path / "store",
        "KEY_DIR": tmp_path / "keys",
        "HOME": tmp_path / "home",
    }
    before = listing(PROJECT, tmp_path)
    result = subprocess.run(
        [sys.executable, "-B", "-m", "gp_level_data", "preview", practice],
        cwd=PROJECT,
        env=os.environ | {name: str(path) for name, path in folders.items()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, bool(result.stdout)) == (code, code == 0)
    assert listing(PROJECT, tmp_path) == before
    assert [path.name for path in tmp_path.rglob("*")] == ["scratch"]


def test_nothing_is_left_after_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ZeroDivisionError), scratch_gateway(SAMPLE, SETTINGS, "", "stg_landing__folder"):
        assert list(tmp_path.rglob("patient_level.duckdb"))
        1 / 0
    assert list(tmp_path.iterdir()) == []
    assert "STORE_DIR" not in os.environ or str(tmp_path) not in os.environ["STORE_DIR"]


def test_a_run_that_fails_says_so_without_the_engines_words(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("DUCKDB_MEMORY_LIMIT", "nonsense")
    with (
        pytest.raises(Refusal, match="^The gateway could not work out"),
        scratch_gateway(SAMPLE, SETTINGS, "", "stg_landing__folder"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
