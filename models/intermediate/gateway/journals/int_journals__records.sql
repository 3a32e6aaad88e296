with storable as (

    select *
    from {{ ref('int_journals__judged') }}
    where
        rejected_rule is null
        and record_rule is null

),

numbers as (

    select distinct nhs_number
    from storable

),

permitted as (

    {{ exclude_opted_out('numbers', var('collection')) }}

),

-- a person is pseudonymised once, however long the journal
keys as (

    select
        nhs_number,
        {{ pseudonymise('nhs_number') }} as patient_key
    from permitted

)

-- a record that is sent twice is one record
select distinct
    keys.patient_key,
    storable.practice_code,
    storable.category,
    storable.code,
    storable.recorded_on,
    storable.value_1,
    storable.value_2,
    storable.staff_role
from storable
inner join keys on storable.nhs_number = keys.nhs_number
where
    -- who is collected, and nobody else
    exists (
        select 1
        from {{ ref('int_journals__people') }} as people
        where
            people.patient_key = keys.patient_key
            and people.practice_code = storable.practice_code
    )
order by 1, 2, 3, 4, 5, 6, 7, 8
