-- What was not stored of the journals, and what was emptied in what was: rows sent = records stored
-- + excluded + rejected.

with collected as (

    {{ exclude_opted_out(ref('int_journals__patients'), var('collection')) }}

),

removed as (

    select
        practice_code,
        verdict,
        rule,
        count(*) as record_count,
        count(distinct nhs_number) as person_count
    from {{ ref('int_journals__verdicts') }}
    where verdict <> 'stored'
    group by practice_code, verdict, rule
    union all
    select
        practice_code,
        'emptied' as verdict,
        value_rule as rule,
        count(*) as record_count,
        count(distinct nhs_number) as person_count
    from {{ ref('int_journals__verdicts') }}
    where
        verdict = 'stored'
        and value_rule is not null
    group by practice_code, value_rule
    union all
    select
        practice_code,
        'emptied' as verdict,
        staff_role_rule as rule,
        count(*) as record_count,
        count(distinct nhs_number) as person_count
    from {{ ref('int_journals__verdicts') }}
    where
        verdict = 'stored'
        and staff_role_rule is not null
    group by practice_code, staff_role_rule
    union all
    {{ emptied_details(
        'collected', ['detail', 'birth_year', 'sex', 'ethnicity', 'sexual_orientation', 'lsoa']
    ) }}

),

-- a record that is sent twice is stored once; a line that cannot be read is in no verdict
totals as (

    select
        practice_code,
        count(*) as row_count,
        count(*) filter (where verdict = 'stored') as sent_count,
        0 as stored_count
    from {{ ref('int_journals__verdicts') }}
    group by practice_code
    union all
    select
        practice_code,
        -row_count as row_count,
        0 as sent_count,
        0 as stored_count
    from {{ ref('stg_landing__files') }}
    where
        file_kind = 'journals'
        and refused_rule is null
    union all
    select
        practice_code,
        0 as row_count,
        0 as sent_count,
        count(*) as stored_count
    from {{ ref('int_journals__records') }}
    group by practice_code

),

missing as (

    select
        practice_code,
        'repeated_record' as rule,
        sum(sent_count) - sum(stored_count) as record_count
    from totals
    group by practice_code
    union all
    select
        practice_code,
        'unreadable_row' as rule,
        -sum(row_count) as record_count
    from totals
    group by practice_code

)

select
    practice_code,
    rule as reason,
    verdict,
    {{ rounded_count('record_count') }} as record_count,
    person_count
from removed
union all
select
    practice_code,
    rule as reason,
    'rejected' as verdict,
    {{ rounded_count('cast(record_count as bigint)') }} as record_count,
    cast(null as bigint) as person_count
from missing
where record_count > 0
order by practice_code, reason
