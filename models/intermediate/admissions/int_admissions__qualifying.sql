-- Unit:      a condition of an emergency admission
-- Condition: a code of the clause stands where it looks (include), with one that it requires, if
--            any (require), and without those that it excludes (exclude): rows of the seed
--            emergency_conditions. A code matches what begins with it: three characters a
--            category, four a subcategory.
-- Numbered:  among the admissions of one person, so that each is worked out without the others
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
            partition by patient_key
            order by
                admission_date nulls last,
                primary_diagnosis nulls last,
                diagnoses nulls last,
                procedures nulls last
        ) as bigint) as admission_number
    from {{ ref('int_admissions__emergency') }}

),

-- few clauses can hold of an admission: those with a code that its main diagnosis begins with, and
-- those that look elsewhere too; the codes of the others are not looked for
lengths as (

    select distinct length(code) as code_length
    from codes
    where rule = 'include' and position = 'primary'

),

beginnings as (

    select
        admissions.patient_key,
        admissions.admission_number,
        substr(admissions.primary_diagnosis, 1, lengths.code_length) as code
    from admissions
    cross join lengths

),

candidates as (

    select
        beginnings.patient_key,
        beginnings.admission_number,
        codes.condition,
        codes.clause
    from beginnings
    inner join codes on beginnings.code = codes.code
    where codes.rule = 'include' and codes.position = 'primary'
    union
    select
        admissions.patient_key,
        admissions.admission_number,
        codes.condition,
        codes.clause
    from admissions
    cross join codes
    where codes.rule = 'include' and codes.position <> 'primary'

),

-- whether a code is there is a column, not a condition of the join, which an engine would ask of
-- every admission and every code
looked_for as (

    select
        admissions.patient_key,
        admissions.admission_number,
        admissions.admission_date,
        codes.condition,
        codes.clause,
        codes.rule,
        ({{ has_code('admissions', 'codes.position', 'codes.code') }})
        and admissions.admission_date >= coalesce(codes.valid_from, date '0001-01-01')
        and admissions.admission_date <= coalesce(codes.valid_to, date '9999-12-31') as is_there
    from candidates
    inner join admissions
        on
            candidates.patient_key = admissions.patient_key
            and candidates.admission_number = admissions.admission_number
    inner join codes
        on
            candidates.condition = codes.condition
            and candidates.clause = codes.clause

),

clauses as (

    select
        patient_key,
        admission_number,
        admission_date,
        condition,
        clause,
        bool_or(rule = 'include' and is_there) as is_included,
        bool_or(rule = 'require' and is_there) or not bool_or(rule = 'require') as has_required,
        bool_or(rule = 'exclude' and is_there) as is_excluded
    from looked_for
    group by all

)

select distinct
    clauses.patient_key,
    clauses.admission_number,
    clauses.admission_date,
    clauses.condition
from clauses
where
    clauses.is_included
    and not clauses.is_excluded
    and clauses.has_required
order by clauses.patient_key, clauses.admission_number, clauses.condition
