"""A model says nothing that another engine would understand otherwise; what differs stands in macros/engine."""

import pytest

from engine import portability

KNOWN = {"people": ["patient_key", "is_withheld"], "codes": ["code"]}
OTHERWISE = {
    "rtrim(code, '.')": "select rtrim(code, '.') as code from codes",
    "trim(code)": "select trim(code) as code from codes",
    "both ends": "select trim(both '.' from code) as code from codes",
    "a cast to text": "select cast(code as varchar) as code from codes",
    "a cast to a moment": "select try_cast(code as timestamptz) as moment from codes",
    "a cast by colons": "select code::text as code from codes",
    "a cast to a huge integer": "select cast(code as hugeint) as code from codes",
    "a window of some rows": "select max(code) filter (where code <> '') over () as code from codes",
    "a window of some rows, named": "select count(*) filter (where code <> '') over w as n from codes window w as ()",
    "a quotation mark": "select 'ICO''s' as name",
    "a backslash": "select replace(code, '\\', '') as code from codes",
    "a name that a * brings": "select *, true as is_withheld from people",
    "a name that a CTE's * brings": "with a as (select * from people), b as (select *, 1 as patient_key from a) select * from b",
    "a name that one * of two brings": "select people.*, 1 as patient_key from codes cross join people",
    "NULL first or last": "select row_number() over (order by code) as place from codes",
    "NULL first or last, in a named window": "select max(code) over w as top from codes window w as (order by code)",
    "decimals divided": "select 100.0 * 1 / 3 as percent",
    "a decimal divided by": "select 1 / 0.3 as percent",
    "integer division": "select 7 // 2 as half",
    "a list": "select [1, 2] as numbers",
    "a hash": "select md5(code) as code from codes",
    "a function of one engine": "select list_contains(code, 'a') as has_a from codes",
    "a pattern": "select regexp_matches(code, 'a') as has_a from codes",
    "a pattern, replaced": "select regexp_replace(code, 'a', 'b') as code from codes",
    "texts in order": "select string_agg(code, ' ' order by code) as codes from codes",
    "qualify": "select code from codes qualify row_number() over (order by code nulls last) = 1",
    "a struct": "select {'a': 1} as pair",
    "a * without a column": "select * exclude (code) from codes",
    "days between": "select date_diff('day', date '2017-01-01', date '2017-01-02') as days",
    "a time zone": "select now() at time zone 'UTC' as moment",
    "accents": "select strip_accents(code) as code from codes",
}
ALIKE = {
    "an ordered window": "select row_number() over (order by code desc, name nulls last) as place from codes",
    "a group's filter": "select count(*) filter (where code = 'a') as n from codes",
    "doubles divided": "select 1e2 * 1 / 3 as percent",
    "a name beside another table's *": "select codes.*, 1 as patient_key from codes cross join people",
    "decimals multiplied": "select 0.9 * 10 as most",
    "a date": "select cast('2017-01-01' as date) as day, date '2017-01-01' as same_day",
    "a macro's call": "select engine_trimmed(code) as code from codes order by code",
}


@pytest.mark.parametrize("model", sorted(portability.models()))
def test_a_model_says_nothing_that_another_engine_understands_otherwise(model: str) -> None:
    assert portability.complaints(portability.models()[model], portability.columns_of_models()) == []


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_means_something_else_is_refused(name: str) -> None:
    assert portability.complaints(OTHERWISE[name], KNOWN)


@pytest.mark.parametrize("name", ALIKE)
def test_what_means_the_same_passes(name: str) -> None:
    assert portability.complaints(ALIKE[name], KNOWN) == []
