-- Unit:      a condition of an emergency admission
-- Condition: a code of the clause stands where it looks (include), with one that it requires, if
--            any (require), and without those that it excludes (exclude): rows of the seed
--            emergency_conditions. A code matches what begins with it: three characters a
--            category, four a subcategory.
-- Source:    CCG OIS 2.6, clauses a to i (domain handbook, section 2.1); IIF AC-02 (section 2.4)

with codes as (

    select codes.*
    from {{ ref('emergency_conditions') }} as codes
    inner join {{ ref('int_collection__settings') }} as settings
        on codes.definition = settings.emergency_definition

),

admissions as (

    select
        *,
        cast(row_number() over (
            order by
                patient_key nulls last,
                admission_date nulls last,
                primary_diagnosis nulls last,
                diagnoses nulls last,
                procedures nulls last
        ) as bigint) as admission_number
    from {{ ref('int_admissions__emergency') }}

),

-- few clauses can hold of an admission: those with a code that its main diagnosis begins with, and
-- those that look elsewhere too; the codes of the others are not looked for
beginnings as (

    select distinct length(code) as code_length
    from codes
    where rule = 'include' and position = 'primary'

),

elsewhere as (

    select distinct
        condition,
        clause
    from codes
    where rule = 'include' and position <> 'primary'

),

candidates as (

    select
        admissions.admission_number,
        codes.condition,
        codes.clause
    from admissions
    cross join beginnings
    inner join codes
        on substr(admissions.primary_diagnosis, 1, beginnings.code_length) = codes.code
    where codes.rule = 'include' and codes.position = 'primary'
    union
    select
        admissions.admission_number,
        codes.condition,
        codes.clause
    from admissions
    cross join elsewhere as codes

),

clauses as (

    select
        admissions.admission_number,
        admissions.patient_key,
        admissions.admission_date,
        codes.condition,
        codes.clause,
        bool_or(codes.rule = 'include') as is_included,
        bool_or(codes.rule = 'require') as has_required,
        bool_or(codes.rule = 'exclude') as is_excluded
    from admissions
    inner join candidates on admissions.admission_number = candidates.admission_number
    inner join codes
        on
            candidates.condition = codes.condition
            and candidates.clause = codes.clause
            and ({{ has_code('admissions', 'codes.position', 'codes.code') }})
            and admissions.admission_date >= coalesce(codes.valid_from, date '0001-01-01')
            and admissions.admission_date <= coalesce(codes.valid_to, date '9999-12-31')
    group by all

),

requiring as (

    select distinct clause
    from codes
    where rule = 'require'

)

select distinct
    clauses.admission_number,
    clauses.patient_key,
    clauses.admission_date,
    clauses.condition
from clauses
left join requiring on clauses.clause = requiring.clause
where
    clauses.is_included
    and not clauses.is_excluded
    and (clauses.has_required or requiring.clause is null)
order by 2, 3, 4, 1
