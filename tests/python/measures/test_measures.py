"""The macros of macros/measures against the definitions, published tables, and two other implementations.

The last section compares thousands of values with scipy and PHStatsMethods, which only checks need; the few values
written down before it say what they found.
"""

import math
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import PHStatsMethods as ph
import pytest
from PHStatsMethods import confidence_intervals, utils_funnel
from scipy import stats

from gp_level_data.shapes import Cells
from measures import exact_poisson_limits

MACROS = Path(__file__).parents[3] / "macros" / "measures"
SEED = Path(__file__).parents[3] / "seeds" / "exact_poisson_limits.csv"
LEVELS = (95, 99.8)
SIDES = ("lower", "upper")
CLOSE = 1e-9


# ------------------------------------------------------------------------------------------------- rendering


class CompilerError(Exception):
    pass


class Exceptions:
    @staticmethod
    def raise_compiler_error(message: str) -> None:
        raise CompilerError(message)


ENVIRONMENT = jinja2.Environment(extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined)
TEMPLATE = ENVIRONMENT.from_string("".join(path.read_text() for path in sorted(MACROS.glob("*.sql"))))


def render(call: str, **settings: object) -> str:
    """The SQL of a macro call, as dbt would render it."""
    macros = TEMPLATE.make_module({"exceptions": Exceptions, "var": lambda name, default: settings.get(name, default)})
    return ENVIRONMENT.from_string("{{ " + call + " }}").render(vars(macros)).strip()


def evaluate(calls: list[str], rows: str = "(values (1)) as t (one)", **settings: Any) -> list[Cells]:
    columns = ", ".join(f"({render(call, **settings)})" for call in calls)
    return duckdb.sql(f"select {columns} from {rows}").fetchall()


def with_exact(count: str, rows: str, threshold: int = 10) -> str:
    """Rows beside the exact limits of their count, below the threshold, as the models join them."""
    return (
        f"{rows} left join (from read_csv('{SEED}') where event_count < greatest({threshold}, 10)) as exact"
        f" on {count} = exact.event_count"
    )


def limits_of(count: int, threshold: int = 10, confidence: float = 95) -> Cells:
    """Both Poisson limits of one count."""
    calls = [f"poisson_limit('{side}', 'n', 'exact', {confidence})" for side in SIDES]
    return evaluate(calls, with_exact("n", f"(values ({count})) as t (n)", threshold))[0]


def category(statistic: str, numerator: str, denominator: str, baseline: str = "1") -> str:
    """The SQL of a unit's place in the funnel, by its own interval; an expression of a row of numbers."""
    limits, names = [], []
    for side, confidence in (("lower", 99.8), ("lower", 95), ("upper", 95), ("upper", 99.8)):
        macro = f"wilson_limit('{side}', '{numerator}', '{denominator}', {confidence})"
        if statistic != "proportion":
            macro = f"poisson_limit('{side}', '{numerator}', 'exact', {confidence})"
        names.append(f"own.{side}_{str(confidence).replace('.', '_')}")
        limits.append(f"{render(macro)} as {names[-1].removeprefix('own.')}")
    compared = baseline if statistic == "proportion" else f"{baseline} * nullif({denominator}, 0)"
    place = render(f"funnel_category('own.compared', {str(names)[1:-1]})")
    return f"(select {place} from (select {compared} as compared, {', '.join(limits)}) as own)"


def value(call: str, **settings: Any) -> Any:
    return evaluate([call], **settings)[0][0]


def is_close(got: float, expected: float) -> bool:
    return got == pytest.approx(expected, rel=CLOSE, abs=1e-15)


# ------------------------------------------------------------------------------------ levels and coefficients


@pytest.mark.parametrize("confidence, tail", [(95, 0.025), (99.8, 0.001)])
def test_z_is_the_normal_quantile_to_double_precision(confidence: Any, tail: Any) -> None:
    assert float(render(f"z_value({confidence})")) == pytest.approx(stats.norm.isf(tail), rel=3e-16)


def test_no_other_level() -> None:
    for call in ("z_value(90)", "byars_limit('lower', 'n', 99)", "wilson_limit('lower', 'x', 'n', 0.95)"):
        with pytest.raises(CompilerError):
            render(call)


def test_the_committed_table_is_the_one_that_scipy_makes() -> None:
    assert SEED.read_text() == exact_poisson_limits.table()


# ------------------------------------------------------------------------------------------- exact Poisson


def distance_from_definition(side: str, count: int, limit: float, tail: float) -> float:
    """How far a limit is from the mean at which the tail's probability is exactly `tail`, relative to it."""
    n = count if side == "lower" else count + 1
    density = math.exp((n - 1) * math.log(limit) - limit - math.lgamma(n))
    terms, term, k = [], 1.0, n - 1
    while term > 1e-18:
        if side == "lower":
            k += 1
            term *= limit / k
            terms.append(term)
        else:
            terms.append(term)
            term *= k / limit
            k -= 1
    return abs(density * math.fsum(terms) - tail) / (density * limit)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("level, tail", [("95", 0.025), ("99_8", 0.001)])
def test_exact_limits_meet_their_definition_at_every_count(side: Any, level: Any, tail: Any) -> None:
    """Before it is rounded to the six decimals of the table."""
    counts = duckdb.sql(f"select event_count from read_csv('{SEED}') order by 1").fetchall()
    assert counts == [(count,) for count in range(389)]
    limits = [(count, exact_poisson_limits.limit(f"{side}_{level}", count)) for count in range(1, 389)]
    assert max(distance_from_definition(side, count, limit, tail) for count, limit in limits) < 1e-11


# scipy 1.17.1: chi2.ppf(tail, 2 * count) / 2 and chi2.isf(tail, 2 * count + 2) / 2, tail 0.025 and 0.001.
EXACT = [
    (0, 95, 0.0, 3.6888794541139354),
    (1, 95, 0.025317807984289897, 5.571643390938898),
    (2, 95, 0.24220927854396507, 7.22468766772396),
    (5, 95, 1.623486390118421, 11.66833207932267),
    (9, 95, 4.115373097378334, 17.084803451419166),
    (10, 95, 4.7953886961324335, 18.39035604201778),
    (50, 95, 37.110963737461866, 65.91876666433681),
    (100, 95, 81.36399125092315, 121.62679379242638),
    (388, 95, 350.3488896323019, 428.59479559142),
    (0, 99.8, 0.0, 6.907755278982137),
    (1, 99.8, 0.0010005003335835346, 9.233413476451585),
    (2, 99.8, 0.045402017769489565, 11.228872242412661),
    (5, 99.8, 0.7393717319178327, 16.454745203680105),
    (9, 99.8, 2.452424404363775, 22.65737330906293),
    (10, 99.8, 2.96052037274376, 24.13397114541759),
    (50, 99.8, 30.958969603468308, 75.94189199210048),
    (100, 99.8, 71.9213974950004, 134.92431906126444),
    (388, 99.8, 329.96715525391164, 452.80884856673674),
]


@pytest.mark.parametrize("count, confidence, lower, upper", EXACT)
def test_exact_limits_are_those_of_scipy(count: Any, confidence: Any, lower: Any, upper: Any) -> None:
    # the table has six decimals: nine or more would be ten digits, which only a person's number may be
    assert limits_of(count, 389, confidence) == pytest.approx((lower, upper), abs=5.1e-7)


# ------------------------------------------------------------------------------- Byar's, and which of the two

# PHStatsMethods 0.1.16: byars_lower and byars_upper of confidence_intervals.
BYARS = [
    (10, 95, 4.787449913967563, 18.391458605756473),
    (50, 95, 37.10810040903417, 65.92015669395772),
    (388, 95, 350.34802016076543, 428.5954731806893),
    (389, 95, 351.29829160598484, 429.64513922196744),
    (10000, 95, 9804.952310850305, 10197.951773636616),
    (10, 99.8, 2.916318374695686, 24.19372492788055),
    (50, 99.8, 30.934708439753138, 75.96930059014409),
    (388, 99.8, 329.9578825295747, 452.81854217218483),
    (389, 99.8, 330.87952026256363, 453.8968080317306),
    (10000, 99.8, 9693.822520363648, 10312.892557352468),
]


@pytest.mark.parametrize("count, confidence, lower, upper", BYARS)
def test_byars_limits_are_those_of_phstatsmethods(count: Any, confidence: Any, lower: Any, upper: Any) -> None:
    assert is_close(value(f"byars_limit('lower', '{count}', {confidence})"), lower)
    assert is_close(value(f"byars_limit('upper', '{count}', {confidence})"), upper)


@pytest.mark.parametrize("threshold", [10, 100, 389])
def test_exact_below_the_threshold_and_byars_from_it_on(threshold: Any) -> None:
    byars = [
        tuple(value(f"byars_limit('{side}', '{count}')") for side in SIDES) for count in (threshold - 1, threshold)
    ]
    exact = tuple(float(f"{exact_poisson_limits.limit(f'{side}_95', threshold - 1):.6f}") for side in SIDES)
    assert limits_of(threshold - 1, threshold) == exact != byars[0]
    assert limits_of(threshold, threshold) == byars[1]


def test_the_threshold_is_10_unless_set_and_never_less() -> None:
    assert limits_of(9, threshold=0) == limits_of(9, threshold=389)
    assert "greatest(3, 10)" in ENVIRONMENT.from_string("{{ exact_poisson() }}").render(
        vars(TEMPLATE.make_module({"var": lambda _: 3, "ref": lambda name: name}))
    )


def test_nothing_known_gives_nothing() -> None:
    calls = [f"byars_limit('{side}', 'n')" for side in SIDES]
    calls += [f"poisson_limit('{side}', 'n', 'exact')" for side in SIDES]
    calls += [f"wilson_limit('{side}', {args})" for side in SIDES for args in ("'n', '10'", "'1', 'n'", "'0', '0'")]
    calls += [
        f"rate_limit('{side}', {args}, 'exact')" for side in SIDES for args in ("'n', '10'", "'1', 'n'", "'0', '0'")
    ]
    calls += [f"funnel_limit('{side}', {args})" for side in SIDES for args in ("'n', '0.5'", "'9', 'n'", "'0', '0.5'")]
    rows = with_exact("n", "(values (cast(null as integer))) as t (n)")
    assert set(evaluate(calls, rows)[0]) == {None}
    for statistic in ("proportion", "rate", "ratio"):
        for args in (("n", "10", "0.5"), ("1", "n", "0.5"), ("1", "10", "n"), ("0", "0", "0.5")):
            assert duckdb.sql(f"select {category(statistic, *args)} from {rows}").fetchall() == [(None,)]


@pytest.mark.parametrize("kind", ["tinyint", "integer", "bigint", "hugeint", "double", "decimal(9, 0)"])
def test_the_kind_of_number_makes_no_difference(kind: Any) -> None:
    calls = [
        "poisson_limit('upper', 'n', 'exact')", "wilson_limit('lower', 'n', 'd')", "rate_limit('lower', 'n', 'd', 'exact')",
    ]  # fmt: skip
    for number in (7, 37):
        expected = evaluate(calls, with_exact("n", f"(values ({number}::bigint, 120::bigint)) as t (n, d)"))
        assert evaluate(calls, with_exact("n", f"(values ({number}::{kind}, 120::{kind})) as t (n, d)")) == expected


def test_a_whole_country_in_32_bits() -> None:
    limits = evaluate([f"wilson_limit('{s}', 'x', 'n')" for s in SIDES], "(values (31000000, 62000000)) as t (x, n)")[0]
    assert limits[0] < 0.5 < limits[1]


# ------------------------------------------------------------------------------------------------- Wilson

# PHStatsMethods 0.1.16: wilson_lower and wilson_upper of confidence_intervals.
WILSON = [
    (0, 10, 95, 0.0, 0.2775327998628892),
    (1, 10, 95, 0.017876213095072906, 0.4041500267952385),
    (5, 10, 95, 0.23659309051256397, 0.7634069094874361),
    (10, 10, 95, 0.7224672001371107, 1.0),
    (65, 100, 95, 0.5525444329688797, 0.7363575175690247),
    (37, 1234, 95, 0.02183055737637905, 0.04105427998789424),
    (1, 50000, 95, 3.5304998228321e-06, 0.00011328970139120262),
    (0, 10, 99.8, 0.0, 0.48847890045346753),
    (1, 10, 99.8, 0.008789112824549779, 0.5819940075382242),
    (5, 10, 99.8, 0.15054367209425598, 0.8494563279057441),
    (10, 10, 99.8, 0.5115210995465324, 1.0),
    (65, 100, 99.8, 0.4954946574070431, 0.7783540614089697),
    (37, 1234, 99.8, 0.018218612138105918, 0.04896772287077195),
    (1, 50000, 99.8, 1.7448541119007167e-06, 0.00022920175135266653),
]


@pytest.mark.parametrize("numerator, denominator, confidence, lower, upper", WILSON)
def test_wilson_limits_are_those_of_phstatsmethods(
    numerator: Any, denominator: Any, confidence: Any, lower: Any, upper: Any
) -> None:
    assert is_close(value(f"wilson_limit('lower', '{numerator}', '{denominator}', {confidence})"), lower)
    assert is_close(value(f"wilson_limit('upper', '{numerator}', '{denominator}', {confidence})"), upper)


@pytest.mark.parametrize("confidence", LEVELS)
def test_wilson_begins_at_0_and_ends_at_1_to_the_last_bit(confidence: Any) -> None:
    calls = [f"wilson_limit('lower', '0', 'n', {confidence})", f"wilson_limit('upper', 'n', 'n', {confidence})"]
    assert set(evaluate(calls, "range(1, 100001) as r (n)")) == {(0.0, 1.0)}


# ------------------------------------------------------------------------------------------------------ units


def test_a_half_goes_up() -> None:
    """Flags a result that goes down where a double holds a little less than a half: 23 of 80 are 28.75 %, so 28.8."""
    rows = """(
        select
            units.unit, numbers.n as lowest_numerator, numbers.n as highest_numerator,
            sizes.d as lowest_denominator, sizes.d as highest_denominator
        from range(1, 801) as sizes (d), range(0, 801) as numbers (n), (values ('percent'), ('per_1000')) as units (unit)
        where numbers.n <= sizes.d
    ) as t cross join (select 10 as value_steps) as rules"""
    shown = render("in_unit(told_value('t'), 'unit')")
    sql = f"select lowest_numerator, lowest_denominator, unit, {shown} from {rows}"
    twentieths = {"percent": 2000, "per_1000": 20000}
    assert [
        found
        for found in duckdb.sql(sql).fetchall()
        if found[3] != (found[0] * twentieths[found[2]] + found[1]) // (2 * found[1]) / 10
    ] == []


# ---------------------------------------------------------------------------------------------------- funnels


def test_categories_from_low_to_high() -> None:
    rows = (
        "(values (1, 20, 60), (2, 40, 60), (3, 60, 60), (4, 80, 60), (5, 100, 60), (6, 0, 1), (7, 0, 5), (8, 0, 7))"
        " as t (place, observed, expected)"
    )
    rows = with_exact("observed", rows)
    found = duckdb.sql(f"select {category('ratio', 'observed', 'expected')} from {rows} order by place").fetchall()
    assert [row[0] for row in found] == [
        "lower_99_8", "lower_95", "as_expected", "higher_95", "higher_99_8", "as_expected", "lower_95", "lower_99_8",
    ]  # fmt: skip
    rows = "(values (0), (44), (49), (60), (71), (76), (100)) as t (numerator)"
    found = duckdb.sql(f"select {category('proportion', 'numerator', '100', '0.6')} from {rows}").fetchall()
    assert [row[0] for row in found] == [
        "lower_99_8", "lower_99_8", "lower_95", "as_expected", "higher_95", "higher_99_8", "higher_99_8",
    ]  # fmt: skip


def test_a_rate_is_a_ratio_to_the_baseline() -> None:
    both = f"{category('rate', 'n', '500', '0.12')}, {category('ratio', 'n', '60')}"
    rows = with_exact("n", "range(0, 200) as r (n)")
    assert all(one == other for one, other in duckdb.sql(f"select {both} from {rows}").fetchall())


def test_a_unit_is_notable_where_it_lies_outside_the_limits() -> None:
    """The category is decided by the unit's own interval, the chart shows limits: both tell the same.

    Of rates, whose limits int_measures__count_limits has, test_funnels.py shows it.
    """
    calls = [f"funnel_limit('{side}', 'd', '0.3', {z})" for z in LEVELS for side in SIDES]
    columns = ", ".join([category("proportion", "n", "d", "0.3"), *(f"({render(call)})" for call in calls)])
    rows = "range(0, 301) as r (n), (values (20), (77), (300)) as s (d) where n <= d"
    for place, lower, upper, low, high, got in duckdb.sql(f"select {columns}, n / d from {rows}").fetchall():
        assert place == (
            "lower_99_8" if got < low
            else "higher_99_8" if got > high
            else "lower_95" if got < lower
            else "higher_95" if got > upper
            else "as_expected"
        )  # fmt: skip


def test_funnel_limits_of_a_proportion_stay_between_0_and_1() -> None:
    calls = [f"funnel_limit('{side}', '5', '{baseline}')" for baseline in (0.01, 0.99) for side in SIDES]
    lower, _, _, upper = evaluate(calls)[0]
    assert (lower, upper) == (0, 1)


# --------------------------------------------------------------------------------- scipy and PHStatsMethods

COUNTS = """(
    select o as count from range(0, 2001) as r (o)
    union all
    select 2000 + 5003 * o from range(1, 2000) as r (o)
) as t"""


@pytest.mark.parametrize("confidence", LEVELS)
def test_counts_and_proportions_against_phstatsmethods(confidence: Any) -> None:
    calls = [f"poisson_limit('{side}', 'count', 'exact', {confidence})" for side in SIDES]
    columns = ", ".join(f"({render(call)})" for call in calls)
    rows = with_exact("count", COUNTS)
    for count, lower, upper in duckdb.sql(f"select count, {columns} from {rows} where count > 0").fetchall():
        assert lower == pytest.approx(confidence_intervals.byars_lower(count, confidence / 100), rel=CLOSE, abs=5.1e-7)
        assert upper == pytest.approx(confidence_intervals.byars_upper(count, confidence / 100), rel=CLOSE, abs=5.1e-7)
    calls = [f"wilson_limit('{side}', 'x', 'n', {confidence})" for side in SIDES]
    columns = ", ".join(f"({render(call)})" for call in calls)
    rows = "range(0, 2001) as r (x), (values (1), (7), (60), (2000), (300000)) as s (n) where x <= n"
    for x, n, lower, upper in duckdb.sql(f"select x, n, {columns} from {rows}").fetchall():
        assert is_close(lower, confidence_intervals.wilson_lower(x, n, confidence / 100))
        assert is_close(upper, confidence_intervals.wilson_upper(x, n, confidence / 100))


def test_funnels_against_phstatsmethods() -> None:
    calls = [f"funnel_limit('{side}', 'n', '0.03', {z})" for z in LEVELS for side in SIDES]
    columns = ", ".join(f"({render(call)})" for call in calls)
    for n, *limits in duckdb.sql(f"select n, {columns} from range(1, 400) as r (n)").fetchall():
        for limit, (p, side) in zip(limits, [(p, s) for p in (0.975, 0.999) for s in ("low", "high")], strict=True):
            assert limit == pytest.approx(
                min(1, max(0, utils_funnel.sigma_adjustment(p, n, 0.03, side, 1))), rel=CLOSE, abs=1e-12
            )


def test_categories_against_phstatsmethods() -> None:
    names = {
        "Low (0.001)": "lower_99_8", "Low (0.025)": "lower_95", "Not significant": "as_expected",
        "High (0.025)": "higher_95", "High (0.001)": "higher_99_8",
    }  # fmt: skip
    units = duckdb.sql("select (i * 37) % 101 as x, 101 + i % 60 as n from range(0, 400) as r (i)").df()
    average = units["x"].sum() / units["n"].sum()
    theirs = ph.assign_funnel_significance(units, "x", "proportion", "n")["significance"].map(names)
    ours = category("proportion", "x", "n", repr(float(average)))
    assert [row[0] for row in duckdb.sql(f"select {ours} from units").fetchall()] == list(theirs)
    units = duckdb.sql("select (i * 37) % 101 as x, 1.0 + i % 60 as n, i from range(0, 400) as r (i)").df()
    theirs = ph.assign_funnel_significance(units, "x", "ratio", "n")["significance"].map(names)
    ours = f"select {category('ratio', 'x', 'n')} from {with_exact('x', 'units')} order by i"
    assert [row[0] for row in duckdb.sql(ours).fetchall()] == list(theirs)
    assert len(set(theirs)) == 5
