"""The macros of macros/measures against the definitions, published tables, and two other implementations.

The last section compares thousands of values with scipy and PHStatsMethods, which only checks need; the few values
written down before it say what they found.
"""

import math
import warnings
from decimal import Decimal
from pathlib import Path

import duckdb
import jinja2
import PHStatsMethods as ph
import pytest
from PHStatsMethods import confidence_intervals, utils_funnel
from scipy import stats

from gp_level_data import exact_poisson

MACROS = Path(__file__).parents[2] / "macros" / "measures"
LEVELS = (95, 99.8)
SIDES = ("lower", "upper")
CLOSE = 1e-9


# ------------------------------------------------------------------------------------------------- rendering


class CompilerError(Exception):
    pass


class Exceptions:
    @staticmethod
    def raise_compiler_error(message):
        raise CompilerError(message)


ENVIRONMENT = jinja2.Environment(extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined)
TEMPLATE = ENVIRONMENT.from_string("".join(path.read_text() for path in sorted(MACROS.glob("*.sql"))))


def render(call: str, **settings) -> str:
    """The SQL of a macro call, as dbt would render it."""
    macros = TEMPLATE.make_module({"exceptions": Exceptions, "var": lambda name, default: settings.get(name, default)})
    return ENVIRONMENT.from_string("{{ " + call + " }}").render(vars(macros)).strip()


def evaluate(calls: list[str], rows: str = "(values (1)) as t (one)", **settings) -> list[tuple]:
    columns = ", ".join(f"({render(call, **settings)})" for call in calls)
    return duckdb.sql(f"select {columns} from {rows}").fetchall()


def category(statistic: str, numerator: str, denominator: str, baseline: str = "1") -> str:
    """The SQL of a unit's place in the funnel, by its own interval; an expression of a row of numbers."""
    limits = []
    for side, confidence in (("lower", 99.8), ("lower", 95), ("upper", 95), ("upper", 99.8)):
        macro = f"wilson_limit('{side}', '{numerator}', '{denominator}', {confidence})"
        if statistic != "proportion":
            macro = f"poisson_limit('{side}', '{numerator}', {confidence})"
        limits.append(f"{render(macro)} as {side}_{str(confidence).replace('.', '_')}")
    compared = baseline if statistic == "proportion" else f"{baseline} * nullif({denominator}, 0)"
    place = render("funnel_category('own.compared', 'own')")
    return f"(select {place} from (select {compared} as compared, {', '.join(limits)}) as own)"


def value(call: str, **settings):
    return evaluate([call], **settings)[0][0]


def is_close(got, expected) -> bool:
    return got == pytest.approx(expected, rel=CLOSE, abs=1e-15)


# ------------------------------------------------------------------------------------ levels and coefficients


@pytest.mark.parametrize("confidence, tail", [(95, "0.025"), (99.8, "0.001")])
def test_z_is_the_normal_quantile_to_double_precision(confidence, tail):
    assert float(render(f"z_value({confidence})")) == float(exact_poisson.normal_quantile(Decimal(tail)))


def test_no_other_level():
    for call in ("z_value(90)", "exact_poisson_limit('lower', 'n', 99)", "wilson_limit('lower', 'x', 'n', 0.95)"):
        with pytest.raises(CompilerError):
            render(call)


def test_the_committed_coefficients_are_those_the_script_writes():
    assert (MACROS / "exact_poisson_coefficients.sql").read_text() == exact_poisson.macro()


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
@pytest.mark.parametrize("confidence, tail", [(95, 0.025), (99.8, 0.001)])
def test_exact_limits_meet_their_definition_at_every_count(side, confidence, tail):
    rows = evaluate(["'count'", f"exact_poisson_limit('{side}', 'count', {confidence})"], "range(1, 2001) as r (count)")
    worst = max(distance_from_definition(side, n, limit, tail) for n, (_, limit) in enumerate(rows, start=1))
    assert len(rows) == 2000
    assert worst < 1e-11


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
    (389, 95, 351.29915984033056, 429.6444623767743),
    (1000, 95, 938.9730184076952, 1063.952136016302),
    (250000, 95, 249020.96550432124, 250981.93076097712),
    (0, 99.8, 0.0, 6.907755278982137),
    (1, 99.8, 0.0010005003335835346, 9.233413476451585),
    (2, 99.8, 0.045402017769489565, 11.228872242412661),
    (5, 99.8, 0.7393717319178327, 16.454745203680105),
    (9, 99.8, 2.452424404363775, 22.65737330906293),
    (10, 99.8, 2.96052037274376, 24.13397114541759),
    (50, 99.8, 30.958969603468308, 75.94189199210048),
    (100, 99.8, 71.9213974950004, 134.92431906126444),
    (388, 99.8, 329.96715525391164, 452.80884856673674),
    (389, 99.8, 330.88878140338034, 453.88712707816455),
    (1000, 99.8, 905.1207909349766, 1101.6269438790305),
    (100000, 99.8, 99025.63189050092, 100981.07267802989),
]


@pytest.mark.parametrize("count, confidence, lower, upper", EXACT)
def test_exact_limits_are_those_of_scipy(count, confidence, lower, upper):
    assert is_close(value(f"exact_poisson_limit('lower', '{count}', {confidence})"), lower)
    assert is_close(value(f"exact_poisson_limit('upper', '{count}', {confidence})"), upper)


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
def test_byars_limits_are_those_of_phstatsmethods(count, confidence, lower, upper):
    assert is_close(value(f"byars_limit('lower', '{count}', {confidence})"), lower)
    assert is_close(value(f"byars_limit('upper', '{count}', {confidence})"), upper)


@pytest.mark.parametrize("threshold", [10, 389])
@pytest.mark.parametrize("side", SIDES)
def test_exact_below_the_threshold_and_byars_from_it_on(threshold, side):
    for count, method in ((threshold - 1, "exact_poisson"), (threshold, "byars")):
        expected = value(f"{method}_limit('{side}', '{count}')")
        assert value(f"poisson_limit('{side}', '{count}', exact_below={threshold})") == expected
        assert value(f"poisson_limit('{side}', '{count}')", exact_poisson_below=threshold) == expected


def test_the_threshold_is_10_unless_set_and_never_less():
    assert value("poisson_limit('lower', '10')") == value("byars_limit('lower', '10')")
    assert value("poisson_limit('lower', '9')") == value("exact_poisson_limit('lower', '9')")
    with pytest.raises(CompilerError):
        render("poisson_limit('lower', 'n', exact_below=9)")


def test_nothing_known_gives_nothing():
    calls = [
        f"{macro}('{side}', 'n')" for macro in ("byars_limit", "exact_poisson_limit", "poisson_limit") for side in SIDES
    ]
    calls += [f"wilson_limit('{side}', {args})" for side in SIDES for args in ("'n', '10'", "'1', 'n'", "'0', '0'")]
    calls += [f"rate_limit('{side}', {args})" for side in SIDES for args in ("'n', '10'", "'1', 'n'", "'0', '0'")]
    calls += [
        f"funnel_limit('{side}', 'proportion', {args})"
        for side in SIDES
        for args in ("'n', '0.5'", "'9', 'n'", "'0', '0.5'")
    ]
    calls += [f"funnel_limit('{side}', 'rate', {args})" for side in SIDES for args in ("'n', '0.5'", "'9', 'n'")]
    rows = "(values (cast(null as integer))) as t (n)"
    assert set(evaluate(calls, rows)[0]) == {None}
    for statistic in ("proportion", "rate", "ratio"):
        for args in (("n", "10", "0.5"), ("1", "n", "0.5"), ("1", "10", "n"), ("0", "0", "0.5")):
            assert duckdb.sql(f"select {category(statistic, *args)} from {rows}").fetchall() == [(None,)]


@pytest.mark.parametrize("kind", ["tinyint", "integer", "bigint", "hugeint", "double", "decimal(9, 0)"])
def test_the_kind_of_number_makes_no_difference(kind):
    calls = ["poisson_limit('upper', 'n')", "wilson_limit('lower', 'n', 'd')", "rate_limit('lower', 'n', 'd')"]
    expected = evaluate(calls, "(values (37::bigint, 120::bigint)) as t (n, d)")
    assert evaluate(calls, f"(values (37::{kind}, 120::{kind})) as t (n, d)") == expected


def test_a_whole_country_in_32_bits():
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
def test_wilson_limits_are_those_of_phstatsmethods(numerator, denominator, confidence, lower, upper):
    assert is_close(value(f"wilson_limit('lower', '{numerator}', '{denominator}', {confidence})"), lower)
    assert is_close(value(f"wilson_limit('upper', '{numerator}', '{denominator}', {confidence})"), upper)


@pytest.mark.parametrize("confidence", LEVELS)
def test_wilson_begins_at_0_and_ends_at_1_to_the_last_bit(confidence):
    calls = [f"wilson_limit('lower', '0', 'n', {confidence})", f"wilson_limit('upper', 'n', 'n', {confidence})"]
    assert set(evaluate(calls, "range(1, 100001) as r (n)")) == {(0.0, 1.0)}


# -------------------------------------------------------------------------------------------- standardisation

STRATA = """(values
    (3, 400, 16000, 1500, 250000), (5, 900, 25000, 4200, 510000), (12, 850, 27000, 8800, 480000),
    (9, 600, 20000, 11000, 330000), (31, 210, 12000, 30500, 140000)
) as strata (events, people, standard, reference_events, reference_people)"""

# PHStatsMethods 0.1.16: ph_dsr and ph_ISRatio (refvalue 1) of the same strata.
DSR = {
    "rate": 2711.4939309056954,
    95: (2044.717210210664, 3519.7746126485276),
    99.8: (1719.7507581545956, 4026.2748724332114),
}
ISR = {
    "expected": 91.1450980392157,
    95: (0.5023172995635127, 0.8473656357704415),
    99.8: (0.42630050630536787, 0.9658471752944225),
}


def test_directly_standardised_rate():
    arguments = "'events', 'people', 'standard'"
    calls = [f"directly_standardised_rate({arguments})"]
    calls += [f"dobson_limit('{side}', {arguments}, confidence={level})" for level in LEVELS for side in SIDES]
    assert evaluate(calls, STRATA)[0] == pytest.approx((DSR["rate"], *DSR[95], *DSR[99.8]), rel=CLOSE)


def test_directly_standardised_rate_of_few_events_or_an_empty_stratum_is_not_shown():
    arguments = "'events', 'people', 'standard'"
    calls = [f"directly_standardised_rate({arguments})", *(f"dobson_limit('{side}', {arguments})" for side in SIDES)]
    columns = "as strata (events, people, standard)"
    assert None not in evaluate(calls, f"(values (4, 100, 5), (6, 100, 5)) {columns}")[0]
    assert set(evaluate(calls, f"(values (4, 100, 5), (5, 100, 5)) {columns}")[0]) == {None}
    assert set(evaluate(calls, f"(values (40, 100, 5), (0, 0, 5)) {columns}")[0]) == {None}
    assert set(evaluate(calls, f"(values (40, 100, 5), (null, 100, 5)) {columns}")[0]) == {None}


def test_indirectly_standardised_ratio():
    expected = "expected_count('people', 'reference_events', 'reference_people')"
    assert evaluate([expected], STRATA)[0][0] == pytest.approx(ISR["expected"], rel=CLOSE)
    limits = [
        f"rate_limit('{side}', 'sum(events)', '(' ~ {expected} ~ ')', per=1, confidence={level})"
        for level in LEVELS
        for side in SIDES
    ]
    assert evaluate(limits, STRATA)[0] == pytest.approx((*ISR[95], *ISR[99.8]), rel=CLOSE)


def test_a_stratum_without_a_reference_leaves_the_expected_count_open():
    expected = ["expected_count('people', 'events', 'reference')"]
    columns = "as strata (people, events, reference)"
    assert evaluate(expected, f"(values (10, 1, 10), (10, 0, 10)) {columns}")[0] == (1.0,)
    assert evaluate(expected, f"(values (10, 1, 10), (10, null, null)) {columns}")[0] == (None,)
    assert evaluate(expected, f"(values (10, 1, 10), (10, 0, 0)) {columns}")[0] == (None,)


# ---------------------------------------------------------------------------------------------------- funnels


def test_categories_from_low_to_high():
    rows = (
        "(values (20, 60), (40, 60), (60, 60), (80, 60), (100, 60), (0, 1), (0, 5), (0, 7)) as t (observed, expected)"
    )
    found = duckdb.sql(f"select {category('ratio', 'observed', 'expected')} from {rows}").fetchall()
    assert [row[0] for row in found] == [
        "lower_99_8", "lower_95", "as_expected", "higher_95", "higher_99_8", "as_expected", "lower_95", "lower_99_8",
    ]  # fmt: skip
    rows = "(values (0), (44), (49), (60), (71), (76), (100)) as t (numerator)"
    found = duckdb.sql(f"select {category('proportion', 'numerator', '100', '0.6')} from {rows}").fetchall()
    assert [row[0] for row in found] == [
        "lower_99_8", "lower_99_8", "lower_95", "as_expected", "higher_95", "higher_99_8", "higher_99_8",
    ]  # fmt: skip


def test_a_rate_is_a_ratio_to_the_baseline():
    both = f"{category('rate', 'n', '500', '0.12')}, {category('ratio', 'n', '60')}"
    assert all(one == other for one, other in duckdb.sql(f"select {both} from range(0, 200) as r (n)").fetchall())


def test_a_unit_is_notable_where_it_lies_outside_the_limits():
    """The category is decided by the unit's own interval, the chart shows limits: both tell the same."""
    for statistic, size, figure, baseline, rows in (
        ("proportion", "d", "n / d", "0.3", "range(0, 301) as r (n), (values (20), (77), (300)) as s (d) where n <= d"),
        ("rate", "n", "n / d", "0.3", "range(1, 301) as r (n), (values (20), (77), (300)) as s (d)"),
    ):
        calls = [
            f"funnel_limit('{side}', '{statistic}', '{size}', '{baseline}', {z})" for z in LEVELS for side in SIDES
        ]
        columns = ", ".join([category(statistic, "n", "d", baseline), *(f"({render(call)})" for call in calls)])
        for place, lower, upper, low, high, got in duckdb.sql(f"select {columns}, {figure} from {rows}").fetchall():
            assert place == (
                "lower_99_8" if got < low
                else "higher_99_8" if got > high
                else "lower_95" if got < lower
                else "higher_95" if got > upper
                else "as_expected"
            )  # fmt: skip


def test_funnel_limits_of_a_proportion_stay_between_0_and_1():
    calls = [f"funnel_limit('{side}', 'proportion', '5', '{baseline}')" for baseline in (0.01, 0.99) for side in SIDES]
    lower, _, _, upper = evaluate(calls)[0]
    assert (lower, upper) == (0, 1)


def test_no_funnel_for_anything_else():
    with pytest.raises(CompilerError):
        render("funnel_limit('lower', 'mean', 'n')")


# --------------------------------------------------------------------------------- scipy and PHStatsMethods

COUNTS = """(
    select o as count from range(0, 2001) as r (o)
    union all
    select 2000 + 5003 * o from range(1, 2000) as r (o)
) as t"""


@pytest.mark.parametrize("confidence, tail", [(95, 0.025), (99.8, 0.001)])
def test_exact_limits_against_scipy(confidence, tail):
    calls = [f"exact_poisson_limit('{side}', 'count', {confidence})" for side in SIDES]
    columns = ", ".join(f"({render(call)})" for call in calls)
    got = duckdb.sql(f"select count, {columns} from {COUNTS} where count > 0").fetchnumpy()
    count, lower, upper = got.values()
    assert abs(lower / (stats.chi2.ppf(tail, 2 * count) / 2) - 1).max() < CLOSE
    assert abs(upper / (stats.chi2.isf(tail, 2 * count + 2) / 2) - 1).max() < CLOSE


@pytest.mark.parametrize("confidence", LEVELS)
def test_counts_and_proportions_against_phstatsmethods(confidence):
    calls = [f"poisson_limit('{side}', 'count', {confidence})" for side in SIDES]
    columns = ", ".join(f"({render(call)})" for call in calls)
    for count, lower, upper in duckdb.sql(f"select count, {columns} from {COUNTS} where count > 0").fetchall():
        assert is_close(lower, confidence_intervals.byars_lower(count, confidence / 100))
        assert is_close(upper, confidence_intervals.byars_upper(count, confidence / 100))
    calls = [f"wilson_limit('{side}', 'x', 'n', {confidence})" for side in SIDES]
    columns = ", ".join(f"({render(call)})" for call in calls)
    rows = "range(0, 2001) as r (x), (values (1), (7), (60), (2000), (300000)) as s (n) where x <= n"
    for x, n, lower, upper in duckdb.sql(f"select x, n, {columns} from {rows}").fetchall():
        assert is_close(lower, confidence_intervals.wilson_lower(x, n, confidence / 100))
        assert is_close(upper, confidence_intervals.wilson_upper(x, n, confidence / 100))


def test_standardisation_against_phstatsmethods():
    # 64 bits: with 32 their square of the standard population overflows.
    strata = duckdb.sql(f"from {STRATA}").df().astype("int64")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dsr = ph.ph_dsr(strata, "events", "people", "standard", euro_standard_pops=False, confidence=[0.95, 0.998])
        isr = ph.ph_ISRatio(
            strata, "events", "people", "reference_events", "reference_people", confidence=[0.95, 0.998], refvalue=1
        )
    columns = ["lower_95_ci", "upper_95_ci", "lower_99_8_ci", "upper_99_8_ci"]
    assert list(dsr.loc[0, ["Value", *columns]]) == pytest.approx([DSR["rate"], *DSR[95], *DSR[99.8]], rel=CLOSE)
    assert list(isr.loc[0, ["Expected", *columns]]) == pytest.approx([ISR["expected"], *ISR[95], *ISR[99.8]], rel=CLOSE)


def test_funnels_against_phstatsmethods():
    calls = [f"funnel_limit('{side}', 'proportion', 'n', '0.03', {z})" for z in LEVELS for side in SIDES]
    columns = ", ".join(f"({render(call)})" for call in calls)
    for n, *limits in duckdb.sql(f"select n, {columns} from range(1, 400) as r (n)").fetchall():
        for limit, (p, side) in zip(limits, [(p, s) for p in (0.975, 0.999) for s in ("low", "high")], strict=True):
            assert limit == pytest.approx(
                min(1, max(0, utils_funnel.sigma_adjustment(p, n, 0.03, side, 1))), rel=CLOSE, abs=1e-12
            )
    # Their search for the limits of counts stops at 7 digits of a transformed mean.
    calls = [f"funnel_limit('{side}', 'ratio', 'n', '1', {z}, exact_below=389)" for z in LEVELS for side in SIDES]
    columns = ", ".join(f"({render(call)})" for call in calls)
    for n, *limits in duckdb.sql(f"select n, {columns} from range(1, 60) as r (n)").fetchall():
        for limit, (p, side) in zip(limits, [(p, s) for p in (0.025, 0.001) for s in ("high", "low")], strict=True):
            assert limit == pytest.approx(n / utils_funnel.poisson_funnel(n, p, side), rel=1e-4)


def test_categories_against_phstatsmethods():
    names = {
        "Low (0.001)": "lower_99_8", "Low (0.025)": "lower_95", "Not significant": "as_expected",
        "High (0.025)": "higher_95", "High (0.001)": "higher_99_8",
    }  # fmt: skip
    units = duckdb.sql("select (i * 37) % 101 as x, 101 + i % 60 as n from range(0, 400) as r (i)").df()
    average = units["x"].sum() / units["n"].sum()
    theirs = ph.assign_funnel_significance(units, "x", "proportion", "n")["significance"].map(names)
    ours = category("proportion", "x", "n", repr(float(average)))
    assert [row[0] for row in duckdb.sql(f"select {ours} from units").fetchall()] == list(theirs)
    units = duckdb.sql("select (i * 37) % 101 as x, 1.0 + i % 60 as n from range(0, 400) as r (i)").df()
    theirs = ph.assign_funnel_significance(units, "x", "ratio", "n")["significance"].map(names)
    ours = category("ratio", "x", "n")
    assert [row[0] for row in duckdb.sql(f"select {ours} from units").fetchall()] == list(theirs)
    assert len(set(theirs)) == 5
