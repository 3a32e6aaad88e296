"""The summary at the end of a build: one screen whatever was sent, the worst first, and nothing lost silently."""

import re
from collections.abc import Callable

import duckdb
import pytest

from gp_level_data.commands import summary
from gp_level_data.raw.intake_rules import rules

# With the lines of the stages, a build says 40 at most.
LINES = 35
Said = Callable[..., list[str]]

TABLES = """
    attach ':memory:' as marts;
    attach ':memory:' as patient_level;
    create schema patient_level.gateway;
    use marts;
    attach ':memory:' as assurance;
    create schema assurance.counts;
    create schema seeds;
    create table assurance.counts.int_intake__record_counts (practice_code varchar, verdict varchar, rule varchar, row_count bigint);
    create table assurance.counts.int_intake__rejected_counts (practice_code varchar, file_kind varchar, rule varchar, row_count bigint);
    create table assurance.counts.int_journals__removed_counts (verdict varchar, reason varchar, record_count bigint);
    create table assurance.counts.int_intake__file_counts (
        file_kind varchar, practice_code varchar, refused_rule varchar, row_count bigint, usable_count bigint
    );
    create table assurance.counts.int_intake__national_shares (
        file_name varchar, row_count bigint, used_count bigint, unusable_count bigint, worst_rule varchar
    );
    create table assurance.counts.int_intake__scope_counts (field varchar, value varchar, row_count bigint);
    create table assurance.counts.int_opt_outs__counts (practice_code varchar, objector_count bigint);
    create table seeds.reconciliation_rules (rule varchar, value bigint);
    insert into seeds.reconciliation_rules values ('practice_objections_from', 10);
    create table patient_level.gateway.int_patients__permitted (patient_key varchar, practice_code varchar);
    create table patient_level.gateway.int_journals__people (patient_key varchar, practice_code varchar);
"""
KEPT_OUT = "insert into assurance.counts.int_intake__record_counts values"
FILES = "insert into assurance.counts.int_intake__file_counts values"


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """A store in which nothing was collected."""
    connection = duckdb.connect()
    connection.execute(TABLES)
    return connection


@pytest.fixture
def said(connection: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]) -> Said:
    """What a part of the summary says of a store with some rows."""

    def lines(part: Callable[..., None], *inserts: str, more: tuple[object, ...] = ()) -> list[str]:
        for insert in inserts:
            connection.execute(insert)
        part(connection, *more)
        return [line for line in capsys.readouterr().out.splitlines() if line.strip()]

    return lines


COUNTS = (summary.COLLECTED, summary.LEFT_OUT)


def test_the_most_comes_first_and_the_rest_is_counted(said: Said) -> None:
    """Flags reasons that are cut off without a word, or in an order that hides the worst."""
    named = list(rules())[:10]
    rows = ", ".join(f"('A81001', 'rejected', '{rule}', {10 + at})" for at, rule in enumerate(named))
    lines = said(summary.show_counts, f"{KEPT_OUT} {rows}", more=COUNTS)
    rejected = [line.split(maxsplit=2) for line in lines if line.split()[0] == "rejected"]
    counts = [int(count) for _, count, _ in rejected]
    assert counts[:2] == [19, 18] and sum(counts) == sum(range(10, 20))
    assert rejected[-1][2] == "for 8 more reasons"


def test_one_more_reason_is_told_as_one(said: Said) -> None:
    three = list(rules())[:3]
    rows = ", ".join(f"('A81001', 'rejected', '{rule}', 1)" for rule in three)
    assert said(summary.show_counts, f"{KEPT_OUT} {rows}", more=COUNTS)[-1].endswith("for 1 more reason")


def test_why_people_are_unassigned(said: Said) -> None:
    """Flags a column of UNASSIGNED in the results that nobody explains."""
    lines = said(
        summary.show_warnings,
        f"{KEPT_OUT} ('A81001', 'kept', 'complete', 90), ('A81001', 'kept', 'usual_gp_missing', 10),"
        " ('B81001', 'kept', 'usual_gp_malformed', 50)",
    )
    assert "are 60 people: 50 " in lines[0] and "; 10 no usual GP is given" in lines[0]
    assert lines[1:] == ["Warning: every patient is UNASSIGNED at B81001"]


def test_everybody_is_unassigned_for_two_reasons(said: Said) -> None:
    """Flags a practice of which nobody has a usual GP, for more reasons than one."""
    lines = said(
        summary.show_warnings,
        f"{KEPT_OUT} ('A81001', 'kept', 'usual_gp_missing', 10), ('A81001', 'kept', 'usual_gp_default_code', 5),"
        " ('A81001', 'rejected', 'repeated_row', 5)",
    )
    assert lines[-1] == "Warning: every patient is UNASSIGNED at A81001"


def test_nothing_is_said_where_nothing_is_unlikely(said: Said) -> None:
    assert said(summary.show_warnings, f"{KEPT_OUT} ('A81001', 'kept', 'complete', 90)") == []


def test_who_sent_no_objection(said: Said) -> None:
    """Flags a list of practices without an end, and one that is too small to be unlikely."""
    people = ", ".join(f"('p{at}', 'A8100{practice}')" for practice in range(8) for at in range(10))
    none = ", ".join(f"('A8100{practice}', 0)" for practice in range(8))
    [line] = said(
        summary.show_warnings,
        f"insert into patient_level.gateway.int_patients__permitted values {people}, ('p', 'B81001')",
        f"insert into assurance.counts.int_opt_outs__counts values {none}, ('B81001', 0)",
    )
    assert line.endswith("A81000 A81001 A81002 A81003 A81004 and 3 more practices")


def test_files_that_lost_most_come_first(said: Said) -> None:
    """Flags a refused file, or a national one of which little was used, below what lost a row."""
    lines = said(
        summary.show_files,
        f"{FILES} ('practice_records', 'A81001', null, 100, 99), ('practice_records', 'B81001', 'empty_file', 0, 0),"
        " ('opt_outs', 'A81001', null, 10, 10)",
        "insert into assurance.counts.int_intake__national_shares values"
        " ('hes/apc_1617.csv', 100, 10, 40, null), ('ods/egpcur.csv', 100, 60, 0, 'other_organisation')",
    )
    assert lines[0].startswith("Files: 2 of 4 kinds were used whole")
    assert re.match(r"  hes/apc_1617.csv +10 of 50 rows used", lines[1])
    assert re.match(r"  practice records +99 of 100 rows used, 1 of 2 files refused", lines[2])


def test_what_the_definition_drops_is_told_by_its_value(said: Said) -> None:
    """Flags emergencies that a filter drops without a word, or another value than the one that takes most."""
    rows = "(null, null, 5), ('patient_class', '2', 2), ('patient_class', '2', 2), ('sex', null, 3), ('episode_order', '2', 1)"
    *_, line = said(summary.show_files, f"insert into assurance.counts.int_intake__scope_counts values {rows}")
    assert re.fullmatch(
        r"  emergency episodes +5 of 13 are in the definition's scope  most others: patient class 2", line
    )


def test_a_screen_is_enough_whatever_was_sent(said: Said) -> None:
    """Flags a summary that grows with what is wrong: that is when somebody has to read it."""
    every = [rule for rule, met in rules().items() if met.applies_to != "file"]
    of_files = [rule for rule, met in rules().items() if met.applies_to == "file"]
    left_out = ", ".join(
        f"('A81001', '{verdict}', '{rule}', 9)" for verdict in ("excluded", "rejected") for rule in every
    )
    kept = ", ".join(f"('A81001', 'kept', '{rule}', 1)" for rule in every if rule.startswith("usual_gp_"))
    refused = ", ".join(f"('A81001', 'practice_records', '{rule}', 9)" for rule in of_files)
    national = ", ".join(f"('hes/apc_{at}.csv', 100, 1, 99, '{every[0]}')" for at in range(20))
    count = len(
        said(
            summary.show_counts,
            f"{KEPT_OUT} {left_out}, {kept}",
            f"insert into assurance.counts.int_intake__rejected_counts values {refused}",
            more=COUNTS,
        )
    )
    count += len(
        said(
            summary.show_files,
            f"insert into assurance.counts.int_intake__national_shares values {national}",
            "insert into assurance.counts.int_intake__scope_counts values (null, null, 1), ('sex', '9', 1)",
        )
    )
    count += len(
        said(
            summary.show_warnings,
            "insert into patient_level.gateway.int_patients__permitted select 'p', 'A81001' from range(99)",
            "insert into assurance.counts.int_opt_outs__counts values ('A81001', 0)",
        )
    )
    # The title, blank lines, a look at one table, the names of all and where they are.
    others = 1 + 4 + (2 + summary.ROWS) + 4
    assert count + others <= LINES
