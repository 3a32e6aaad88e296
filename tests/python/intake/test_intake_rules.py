"""One table of rules: whatever the gateway or the first look at a file can say stands in it, and nothing else.

What can be said is read off the compiled SQL and the Python source, so that a rule cannot be forgotten.
"""

import ast
import functools
import itertools
import random
import string
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from bench import gateway_sql
from conftest import test_number
from gp_level_data.raw import landing
from gp_level_data.raw.intake_rules import rules
from gp_level_data.shapes import Row
from opt_outs.opt_out_oracle import OTHER_RANGES, Sent, has_check_digit, number_rule, seed

RULE_COLUMNS = {
    "date_rule",
    "rule", "rejected_rule", "file_problem", "not_collected_reason", "usual_gp_rule", "metrics_rule",
    "nhs_number_spelling_rule", "reason", "record_rule", "scope_rule", "value_rule", "staff_role_rule",
    "detail_rule", "birth_year_rule", "sex_rule", "ethnicity_rule", "sexual_orientation_rule", "lsoa_rule",
    "opt_outs_rule", "number_rule", "code_rule", "episode_key_rule", "copy_rule",
}  # fmt: skip
REASONS = "int_opt_outs__in_force"  # its words follow the kind of opt-out
COUNTED = "int_journals__removed_counts"  # its reasons are the rules that it counts by
LIFTED = "lifted_by_"  # the row of the register that lifts the objection follows


# What can be said: ordered groups of rules, each asked after the one before.


def rules_of(node: exp.Expression, column: str) -> list[set[str]]:
    """The rules that an expression named `column` can yield, in the order in which it asks for them."""
    if isinstance(node, (exp.Paren, exp.Cast, exp.Min)):
        return rules_of(node.this, column)
    if isinstance(node, exp.Literal):
        return [{node.name}]
    if isinstance(node, exp.Null):
        return []
    if isinstance(node, exp.Column):
        handed_on = node.name in RULE_COLUMNS and node.name != column
        return [said(node.name)] if handed_on else []
    if isinstance(node, exp.Coalesce):
        return [group for part in (node.this, *node.expressions) for group in rules_of(part, column)]
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default") or exp.null()]
        return [group for branch in branches for group in rules_of(branch, column)]
    if isinstance(node, exp.DPipe):
        return [] if node.this == exp.Literal.string(LIFTED) else [joined(node)]
    raise AssertionError(f"a rule is made by {type(node).__name__}, which this test does not understand")


def joined(node: exp.Expression) -> set[str]:
    """The texts that a concatenation can yield."""
    if isinstance(node, exp.DPipe):
        return {left + right for left in joined(node.this) for right in joined(node.expression)}
    if isinstance(node, exp.Column) and node.name == "opt_out_kind":
        return {row["opt_out_kind"] for row in seed("opt_out_codes")}
    if isinstance(node, exp.Column) and node.name == "reason":
        cases = [alias.this for alias in aliases(REASONS) if isinstance(alias.this, exp.Case)]
        return set().union(*(group for case in cases for group in rules_of(case, "reason")))
    return {node.name}


@functools.cache
def gateway_nodes() -> dict[str, Row]:
    """Staging and gateway models as compiled; the exchange on national opt-outs has verdicts of its own."""
    return {
        node["name"]: node
        for node in gateway_sql.manifest()["nodes"].values()
        if node["resource_type"] == "model" and node.get("compiled_code") and "ndop" not in node["fqn"]
    }


@functools.cache
def aliases(model: str) -> tuple[exp.Alias, ...]:
    """What a model calls a rule."""
    parsed = sqlglot.parse_one(gateway_nodes()[model]["compiled_code"], dialect="duckdb")
    return tuple(alias for alias in parsed.find_all(exp.Alias) if alias.alias in RULE_COLUMNS)


@functools.cache
def made() -> tuple[tuple[str, str, exp.Expression], ...]:
    """Every rule column of staging and the gateway: model, column, and how it is made."""
    return tuple(
        (name, alias.alias, alias.this)
        for name in gateway_nodes()
        if name != REASONS
        for alias in aliases(name)
        if (name, alias.alias) != (COUNTED, "reason")
    )


@functools.cache
def said(column: str) -> set[str]:
    """All rules that stand in a column of that name."""
    return set().union(*(group for _, name, node in made() if name == column for group in rules_of(node, column)))


def said_by_landing() -> Iterator[str]:
    """The rules of the package landing: what is told of a file, in the order of the source."""
    for module in sorted(Path(landing.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            for place in places_of_rules(node):
                for part in ast.walk(place):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value


def places_of_rules(node: ast.AST) -> list[ast.AST]:
    """Where a piece of source says a rule."""
    if isinstance(node, ast.FunctionDef) and node.name.endswith("_rule"):
        return [part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value]
    if isinstance(node, ast.keyword) and node.arg == "refused_rule":
        return [node.value]
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "rule":
        return [node.value] if isinstance(node.value, (ast.Constant, ast.IfExp)) else []
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Broken":
        return list(node.args[:1])
    return []


def test_every_rule_that_can_be_said_is_in_the_table_and_no_other() -> None:
    """Flags a rule without words for its sender, and words for a rule that nobody can break."""
    can_be_said = set().union(*map(said, RULE_COLUMNS)) | set(said_by_landing())
    assert sorted(can_be_said ^ set(rules())) == []


def test_rules_are_asked_in_the_order_of_the_table() -> None:
    """Flags a rule that is asked before one that the table puts first: a row would be counted under another."""
    compared = 0
    for model, column, node in made():
        groups = rules_of(node, column)
        for before, after in zip(groups, groups[1:]):
            for first, second in itertools.product(before, after - before):
                in_order = rules()[first].rule_order < rules()[second].rule_order
                assert in_order, f"{model}.{column}: {first} is asked before {second}"
                compared += 1
    assert compared > 30


def test_the_header_is_looked_at_in_the_order_of_the_table() -> None:
    kind = landing.file_kinds("individual_gp_level_data")[0]
    broken = (*kind.columns[1:], "POSTCODE")  # missing one, with one too many
    found = [
        landing.broken_file_rule(kind, *look)
        for look in (
            ((*broken, "POSTCODE"), 0, True),
            (broken, 0, True),
            ((*kind.columns, "POSTCODE"), 0, True),
            (kind.columns, 0, True),
            (kind.columns, 1, True),
            (kind.columns, 1, False),
        )
    ]
    assert found == ["repeated_column", "missing_column", "unknown_column", "empty_file", "last_line_cut_off", None]
    orders = [rules()[rule].rule_order for rule in found if rule]
    assert orders == sorted(orders)


def test_the_table_is_written_for_the_sender() -> None:
    """Flags a rule without meaning, advice or source, and a kind of file that does not exist."""
    kinds = {kind.relation for kind in landing.file_kinds("individual_gp_level_data")}
    for rule in rules().values():
        assert rule.meaning and rule.what_to_do and rule.source, rule.rule
        assert rule.file_kinds and set(rule.file_kinds) <= kinds, rule.rule


# The rule of a number, against plain Python. What is compared are rules; no number is printed.


def written(drawn: random.Random) -> str:
    """A number as somebody may write it: usable, of any range, or spoilt in one of many ways."""
    number = test_number(drawn.randrange(1_000_000)) if drawn.random() < 0.3 else with_check_digit(drawn)
    return drawn.choice(
        [
            number, f" {number} ", f"{number[:3]} {number[3:6]} {number[6:]}", f"{number[:3]}-{number[3:6]}-{number[6:]}",
            f"{number[:3]} {number[3:6]}-{number[6:]}", number[1:], number.lstrip("0"), f"{number}0", number[:-1],
            f"{number}.0", f"{number}.00", f"{number}.", f"{number}.5", f"{number[1:]}.0", f".{number}", "", "   ",
            f"{number[0]}.{number[1:3]}E+09", f"{number[0]}E+09", f"{number[0]},{number[1:]}e9", f"{number[0]}.E9",
            f"{int(number):.2E}", f"-{number}", f"{number[:9]}X", number.translate(FULL_WIDTH), drawn.choice(DUMMIES),
            f"{number[:9]}{(int(number[9]) + 1) % 10}", "JRDAN 269", "NULL", "=1+1", f"{number},{number}",
        ]
    )  # fmt: skip


FULL_WIDTH = str.maketrans(string.digits, "０１２３４５６７８９")
# HES rule 9012, domain handbook, section 4: never issued, and published as such.
DUMMIES = [str(digit) * 10 for digit in range(10)] + [f"{d}00000000{d}" for d in range(1, 10)] + ["2333455667"]


def with_check_digit(drawn: random.Random) -> str:
    """A number of any range that ends in its check digit; often the first or last one of a range."""
    edges = [int(edge) for first, last, _ in OTHER_RANGES for edge in (first, last)] + [0, 899_999_999, 900_000_000]
    while True:
        near = drawn.choice(edges) + drawn.randrange(-2, 3)
        nine = f"{max(near, 0) if drawn.random() < 0.7 else drawn.randrange(10**9):09d}"
        for last in range(10):
            if has_check_digit(f"{nine}{last}"):
                return f"{nine}{last}"


def judged(texts: list[str], is_synthetic: bool, before: str = "", after: str = "") -> list[str | None]:
    """What the gateway's own SQL says of each text, as the number of a practice's row.

    before, after  a fault to put into the SQL
    """
    sent = Sent(settings=dict.fromkeys(gateway_sql.SETTINGS, ""))
    for text in texts:
        sent.practice_records.append({"practice_code": "A81001", "nhs_number": text, "file_practice_code": "A81001"})
    connection = duckdb.connect(config={"threads": 1})
    for schema in ("landing", "staging", "gateway"):
        connection.execute(f"create schema {schema}")
    with gateway_sql.without_values("the rule of a number"):
        columns = ["practice_code", "extracted_at", "nhs_number", "usual_gp_code", "file_practice_code", "metric_flags"]
        gateway_sql.create(connection, "landing.practice_records", sent.practice_records, columns)
        connection.execute(f"create table landing.folder as select {is_synthetic} as is_synthetic")
        file = {"file_kind": "practice_records", "practice_code": "A81001", "extracted_at": ""}
        columns = ["file_kind", "file_name", "practice_code", "byte_count", "row_count", "extracted_at", "refused_rule"]
        gateway_sql.create(connection, "landing.files", [file], columns)
        models = ("stg_gpes__practice_records", "stg_landing__folder", "stg_landing__files", "int_records__judged")
        for model in models:
            statement = gateway_sql.compiled(model)
            faulty = statement.replace(before, after, 1) if before else statement
            gateway_sql.build(connection, sent, model, faulty)
        return [
            rule for (rule,) in connection.execute(
                "select rejected_rule from gateway.int_records__judged order by rowid"
            ).fetchall()
        ]  # fmt: skip


@functools.cache
def texts_and_rules(is_synthetic: bool) -> tuple[list[str], list[str | None]]:
    drawn = random.Random(20170401)
    texts = [written(drawn) for _ in range(20_000)]
    return texts, [number_rule(text, is_synthetic) for text in texts]


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_the_rule_of_a_number(is_synthetic: bool) -> None:
    """Flags a number that is let in, kept out, or called something else than plain Python calls it."""
    texts, wanted = texts_and_rules(is_synthetic)
    found = judged(texts, is_synthetic)
    differing = sorted({(ours, theirs) for ours, theirs in zip(found, wanted) if ours != theirs}, key=str)
    assert differing == [] and len(found) == len(wanted)
    met = set(wanted)
    by_range = {rule for _, _, rule in OTHER_RANGES}
    of_numbers = {rule for rule in rules() if rule.startswith("nhs_number_")} | {None}
    assert of_numbers - met == (by_range if is_synthetic else set())


FAULTS = {
    "an empty number is given": ("= '' then 'nhs_number_missing'", "= 'x' then 'nhs_number_missing'"),
    "eight digits": ("= 9\n", "= 8\n"),
    "a lost zero without check": (
        "% 11 = 0\n        then 'nhs_number_leading",
        ">= 0\n        then 'nhs_number_leading",
    ),
    "any decimals": ("[.]0+", "[.][0-9]+"),
    "a capital E only": ("[Ee]", "E"),
    "an exponent without decimals is missed": ("([.,][0-9]+)?[Ee]", "([.,][0-9]+)[Ee]"),
    "no check digit": ("% 11 = 0)", "% 11 >= 0)"),
    "repeated digits": ("% 1111111111 = 0", "% 1111111111 = 1"),
    "the dummy of HES": ("= 2333455667", "= 1"),
    "framed zeros": ("* 1000000001", "* 1000000002"),
    "test numbers in live data": (">= 9000000000) <>", ">= 9000000000) ="),
    "the first Scottish number": ("between 100000000 and", "between 200000000 and"),
    "the last Scottish number": ("and 3112999999", "and 3112000000"),
    "the first Northern Irish number": ("between 3200000000", "between 3210000000"),
    "the last Northern Irish number": ("and 3999999999", "and 3990000000"),
    "England begins with 4": ("< 4000000000", "< 3000000000"),
    "the fives": ("between 5000000000 and 5999999999", "between 5000000000 and 5000000000"),
    "the eights": ("between 8000000000 and 8999999999", "between 8600000000 and 8999999999"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_rule_is_noticed(fault: str) -> None:
    """In a live folder, where every range can be met."""
    compiled = [gateway_sql.compiled(model) for model in ("stg_gpes__practice_records", "int_records__judged")]
    assert any(FAULTS[fault][0] in statement for statement in compiled), "the fault hits nothing"
    texts, wanted = texts_and_rules(False)
    is_same = judged(texts, False, *FAULTS[fault]) == wanted
    assert not is_same
