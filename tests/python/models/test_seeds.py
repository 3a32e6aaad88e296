"""A slip in a seed is noticed before anything is stored: the seeds' own data tests, over seeds changed in each way."""

from collections.abc import Callable

import duckdb
import pytest

from bench import gateway_sql
from gp_level_data.shapes import Node, Row
from opt_outs.opt_out_oracle import seed

Change = Callable[[list[Row]], list[Row]]


def data_tests() -> list[Node]:
    """Of this project's tests of seeds, those that look at rules and not at people's numbers."""
    return [
        node
        for node in gateway_sql.manifest()["nodes"].values()
        if node["resource_type"] == "test"
        and (node["attached_node"] or "").startswith("seed.")
        and node["test_metadata"]["name"] not in ("no_nhs_number", "agrees_with_parsing")
    ]


def failing(name: str = "", change: Change = list) -> set[tuple[str, str]]:
    """Seed and data test, for each that does not hold where one seed was changed."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as marts; create schema marts.seeds")
    for each, types in gateway_sql.seed_types().items():
        rows = seed(each)
        # of a seed without rows, every column has its type
        columns = list(rows[0]) if rows else list(types)
        rows = change(rows) if each == name else rows
        gateway_sql.create(connection, gateway_sql.relations()[each], rows, columns, types)
    return {
        (node["attached_node"].split(".")[-1], node["test_metadata"]["name"])
        for node in data_tests()
        if connection.execute(node["compiled_code"]).fetchall()
    }


def with_(column: str, value: object, **where: object) -> Change:
    """The rows with another value in those that are named, of which there are some."""

    def change(rows: list[Row]) -> list[Row]:
        changed = [{**row, column: value} if where.items() <= row.items() else row for row in rows]
        assert changed != rows
        return changed

    return change


def without(**where: object) -> Change:
    """The rows without those that are named, of which there are some."""

    def change(rows: list[Row]) -> list[Row]:
        left = [row for row in rows if not where.items() <= row.items()]
        assert left != rows
        return left

    return change


def test_the_seeds_as_they_are() -> None:
    """Flags a test that refuses what is right; and, by being asked, one whose SQL does not run."""
    assert failing() == set()


@pytest.mark.parametrize(
    ("name", "change", "test"),
    [
        # nothing lies between 8 and 7, so nothing would be withheld
        ("disclosure_rules", with_("value", "8", rule="small_number_from"), "thresholds_protect"),
        ("disclosure_rules", with_("value", "2", rule="cohort_change_from"), "thresholds_protect"),
        ("disclosure_rules", with_("value", "0", rule="small_number_to"), "thresholds_protect"),
        ("disclosure_rules", with_("value", None, rule="cohort_change_to"), "thresholds_protect"),
        ("disclosure_rules", with_("value", "0", rule="rounding"), "thresholds_protect"),
        ("disclosure_rules", without(collection="gpdpr", rule="value_steps"), "thresholds_protect"),
        ("disclosure_rules", without(collection="gpdpr"), "thresholds_protect"),
        ("disclosure_rules", with_("collection", "GPDPR", collection="gpdpr"), "thresholds_protect"),
        # whose rules would be nobody's
        ("journal_categories", with_("collection", "GPDPR", category="recall"), "relationships"),
        ("journal_scopes", with_("collection", "gdppr", collection="gpdpr"), "relationships"),
        ("collection_waves", with_("collection", "care.data"), "relationships"),
        ("opt_out_exceptions", with_("collection", None, exception="direct_care"), "not_null"),
        ("registers", with_("collection", "GPDPR"), "relationships"),
        ("register_targets", with_("register", "Diabetes", target="dm020"), "relationships"),
        ("journal_codes", with_("category", "test_results", category="test_result"), "relationships"),
        ("opt_out_codes", with_("code_scheme", "ICD10", code="9Nu0."), "accepted_values"),
        # what is looked for and never found, or always
        ("register_rules", with_("cluster", "dm_cdo", rule="no_diagnosis"), "words_are_known"),
        ("register_rules", with_("cluster", "DM_COD", rule="no_diagnosis"), "words_are_known"),
        ("register_rules", with_("cluster", "dm-cod", rule="no_diagnosis"), "words_are_known"),
        ("register_rules", with_("cluster", "modfrail_cod, sevfrail_cod", target="dm021"), "words_are_known"),
        ("register_rules", with_("other_cluster", "dmres", rule="diagnosis_resolved"), "words_are_known"),
        ("register_rules", with_("cluster", None, rule="no_diagnosis"), "register_rules_decide"),
        ("register_rules", with_("value_to", None, rule="hba1c_at_target"), "register_rules_decide"),
        ("register_rules", with_("look_back_months", None, rule="recently_registered"), "register_rules_decide"),
        ("register_rules", with_("days_apart", None, looks_for="invited_in_vain"), "register_rules_decide"),
        ("register_rules", with_("other_cluster", None, looks_for="replaced_by"), "register_rules_decide"),
        ("register_rules", with_("rule_order", "0", rule="on_register"), "register_rules_decide"),
        ("register_rules", without(rule="not_at_target", target="dm020"), "register_rules_decide"),
        ("register_rules", without(target="dm021"), "register_rules_decide"),
        ("register_targets", without(target="dm021"), "register_rules_decide"),
        # hospitals' codes are read in capitals and without a dot
        ("emergency_conditions", with_("code", "b180", code="B180"), "codes_have_their_shape"),
        ("emergency_conditions", with_("code", "B18.0", code="B180"), "codes_have_their_shape"),
        ("emergency_conditions", with_("code", "B180 ", code="B180"), "codes_have_their_shape"),
        ("emergency_conditions", with_("code", None, code="B180"), "codes_have_their_shape"),
        ("emergency_conditions", with_("definition", "ccg_ois_2.6", code="B180"), "relationships"),
        ("emergency_filters", with_("definition", "CCG_OIS_2_6"), "relationships"),
        ("emergency_admission_methods", with_("admission_method", "2a", admission_method="2A"), "relationships"),
        ("metrics", with_("unit", None), "not_null"),
        ("metrics", with_("origin", None), "not_null"),
    ],
)
def test_a_slip_is_noticed(name: str, change: Change, test: str) -> None:
    assert test in {which for _, which in failing(name, change)}
