"""The preview of the sample's journals, beside what a run stores of them.

A module of its own, since one process holds the databases of one run at a time.
"""

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest

from conftest import SAMPLE
from gp_level_data import project
from gp_level_data.custody import store
from gp_level_data.preview import journals
from gp_level_data.raw.intake_rules import in_words, rules
from gp_level_data.runs.scratch_gateway import scratch_gateway
from preview.test_preview import (
    Seen,
    all_seen,
    details,
    differences,
    previews_of_world,
    previews_where_journals_are_of_no_use,
    the_one_with,
)

OF_GPDPR = "{collection: gpdpr}"
# Built besides, to be compared with.
STORED = (
    "int_journals__people", "int_journals__records", "int_journals__removed_counts", "int_opt_outs__not_disseminated",
)  # fmt: skip


@pytest.fixture(scope="module")
def of_sample() -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, Seen]]]:
    """The sample's journals: a run that stores them, and its previews."""
    settings = project.read_settings(OF_GPDPR)
    with scratch_gateway(SAMPLE, settings, OF_GPDPR, *journals.MODELS, *STORED) as cursor:
        yield cursor, all_seen(cursor, SAMPLE, "gpdpr")


@pytest.mark.whole
def test_the_samples_journals_too(of_sample: tuple[duckdb.DuckDBPyConnection, dict[str, Seen]]) -> None:
    """Flags a run by dbt that stores something else than its previews say."""
    cursor, previews = of_sample
    collected = [each for each in previews.values() if not each.practice.in_the_way]
    assert len(collected) > 10 and sum(each.of_journal.stored.total() for each in collected) > 500
    assert list(differences(cursor, previews, store.PATIENT_LEVEL)) == []


@pytest.mark.whole
def test_columns_of_a_journal(of_sample: tuple[duckdb.DuckDBPyConnection, dict[str, Seen]]) -> None:
    """Flags a column of the practice's own file that its preview passes over."""
    practice = of_sample[1]["A81001"].practice
    [file] = practice.record_files
    lines = list(journals.column_lines(practice))
    assert [line.split()[0].upper() for line in lines[: len(file.columns)]] == list(file.columns)
    assert "no name, no address, no free text" in lines[len(file.columns)]
    passed_over = replace(file, columns=(*file.columns, "LINKS"))
    assert any("nobody reads it" in line for line in journals.column_lines(replace(practice, files=(passed_over,))))
    _, of_care_data = previews_of_world("care.data")
    page = of_care_data["A81001"].page
    assert "hospital admissions and social care of the same people" in page and "staff_role" not in page


@pytest.mark.whole
def test_a_refused_journal_and_missing_opt_outs(of_sample: tuple[duckdb.DuckDBPyConnection, dict[str, Seen]]) -> None:
    """Flags people or records that are counted while nothing of them can be known."""
    _, previews = of_sample
    page = the_one_with(previews, "practice_file_refused").page
    assert "refused whole" in page and "Nobody: there is no row that can be read." in page
    page = the_one_with(previews, "opt_out_file_missing").page
    assert "it is not known who objected" in page
    assert "would be collected" not in page and "are not stored" not in page


@pytest.mark.whole
def test_every_rule_is_told_where_its_case_is(of_sample: tuple[duckdb.DuckDBPyConnection, dict[str, Seen]]) -> None:
    """Flags a rule of journals that no practice would read of, or that is told by a name of ours."""
    told = set()
    of_worlds = previews_of_world("gpdpr"), previews_of_world("care.data"), previews_where_journals_are_of_no_use()
    for cursor, previews in (*of_worlds, of_sample):
        cases = {(code, rule) for code, each in previews.items() for rule in each.practice.in_the_way}
        cases |= {
            (code, reason)
            for code, reason in cursor.execute(
                "select practice_code, reason from assurance.counts.int_journals__removed_counts"
            ).fetchall()
            if not previews[code].practice.in_the_way
        }
        assert [rule for code, rule in cases if in_words(rule) not in previews[code].page] == []
        told |= {rule for _, rule in cases}
        reasons = cursor.execute(
            "select practice_code, not_collected_reason from marts.reference.int_practices__collected"
        ).fetchall()
        assert [reason for code, reason in reasons if reason and (code, reason) not in cases] == []
    asked = {"person", "record", "practice"}
    ours = [rule.rule for rule in rules().values() if "journals" in rule.file_kinds and rule.applies_to in asked]
    assert len(ours) > 30
    # Type 2 holds nobody back here.
    assert [rule for rule in ours if rule not in told and not rule.startswith("type_2")] == []


@pytest.mark.whole
def test_no_detail_is_printed_of_the_sample(of_sample: tuple[duckdb.DuckDBPyConnection, dict[str, Seen]]) -> None:
    _, previews = of_sample
    assert len(previews) > 20 and details([each.page for each in previews.values()]) == set()
