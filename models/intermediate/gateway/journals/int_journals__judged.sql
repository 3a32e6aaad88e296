-- Every row of the journals, looked at by itself: unusable (`rejected_rule`), or about a patient
-- with a record that is not stored (`record_rule`), by the first rule that it breaks. What is kept
-- of a code, a category, a detail and a role is the seed's word, and nothing else can be stored.

with known_codes as (

    select distinct
        code,
        category
    from {{ ref('journal_codes') }}

),

any_category as (

    select distinct code
    from known_codes

),

any_collection as (

    select distinct category
    from {{ ref('journal_categories') }}

),

restricted as (

    select distinct code
    from {{ ref('restricted_codes') }}

)

select
    journals.practice_code,
    journals.nhs_number,
    journals.birth_year,
    sexes.code as sex,
    ethnicities.code as ethnicity,
    orientations.code as sexual_orientation,
    journals.lsoa,
    (journals.has_birth_date and journals.birth_year is null)
    or (journals.sex <> '' and sexes.code is null)
    or (journals.ethnicity <> '' and ethnicities.code is null)
    or (journals.sexual_orientation <> '' and orientations.code is null)
    or (journals.has_lsoa and journals.lsoa is null) as has_unusable_detail,
    journals.died_on,
    journals.registered_on,
    journals.deregistered_on,
    journals.has_unreadable_day
    or coalesce(journals.died_on in ({{ placeholder_days() }}), false)
    or coalesce(journals.deregistered_on in ({{ placeholder_days() }}), false)
        as has_unreadable_day,
    -- nothing was said later than the extraction: when, nobody knows
    case
        when
            coalesce(journals.entered_on, journals.recorded_on)
            <= cast(practices.extracted_at as date)
            then coalesce(journals.entered_on, journals.recorded_on)
        else date '0001-01-01'
    end as said_on,
    codes.category,
    codes.code,
    journals.recorded_on,
    journals.value_1,
    journals.value_2,
    roles.staff_role,
    case
        when coalesce(journals.stated_practice_code, '') <> journals.practice_code
            then 'practice_code_differs_from_file'
        when {{ is_another_moment('journals.extracted_at_text', 'files') }}
            then 'extracted_at_differs_within_file'
        else {{ nhs_number_rule(
            'journals.nhs_number', 'journals.nhs_number_spelling_rule', 'folder.is_synthetic'
        ) }}
    end as rejected_rule,
    case
        when journals.category = '' and journals.code = '' then 'no_record'
        when restricted.code is not null then 'code_restricted_by_law'
        when any_collection.category is null then 'category_unknown'
        when categories.category is null then 'category_not_collected'
        -- what is known is not looked at again
        when any_category.code is null
            then case
                when not {{ is_snomed_code('journals.code') }} then 'code_malformed'
                else 'code_not_collected'
            end
        when codes.code is null then 'code_of_another_category'
        when
            journals.recorded_on is null
            or journals.recorded_on in ({{ placeholder_days() }})
            then 'record_date_unknown'
        when year(journals.recorded_on) < journals.birth_year then 'recorded_before_birth'
        when journals.recorded_on > journals.died_on and not categories.may_lie_ahead
            then 'recorded_after_death'
        when
            journals.recorded_on > cast(practices.extracted_at as date)
            and not categories.may_lie_ahead
            then 'recorded_after_extraction'
        when
            journals.recorded_on
            < {{ years_before('cast(practices.extracted_at as date)', 'categories.years_kept') }}
            then 'older_than_category_is_kept'
    end as record_rule,
    case
        when
            (journals.has_value_1 and journals.value_1 is null)
            or (journals.has_value_2 and journals.value_2 is null)
            then 'value_not_a_number'
    end as value_rule,
    case when journals.staff_role <> '' and roles.staff_role is null then 'staff_role_unknown' end
        as staff_role_rule
from {{ ref('stg_gpes__journals') }} as journals
cross join {{ ref('stg_landing__folder') }} as folder
cross join {{ ref('int_collection__settings') }} as settings
left join {{ ref('stg_landing__files') }} as files
    on
        journals.practice_code = files.practice_code
        and files.file_kind = 'journals'
        and files.refused_rule is null
left join {{ ref('int_practices__admitted') }} as practices
    on journals.practice_code = practices.practice_code
left join {{ ref('journal_categories') }} as categories
    on
        settings.collection = categories.collection
        and journals.category = categories.category
left join any_collection on journals.category = any_collection.category
left join known_codes as codes
    on
        journals.code = codes.code
        and categories.category = codes.category
left join any_category on journals.code = any_category.code
left join restricted on journals.code = restricted.code
left join {{ ref('staff_roles') }} as roles on journals.staff_role = roles.staff_role
left join {{ ref('patient_codes') }} as sexes
    on
        journals.sex = sexes.code
        and sexes.detail = 'sex'
left join {{ ref('patient_codes') }} as ethnicities
    on
        journals.ethnicity = ethnicities.code
        and ethnicities.detail = 'ethnicity'
left join {{ ref('patient_codes') }} as orientations
    on
        journals.sexual_orientation = orientations.code
        and orientations.detail = 'sexual_orientation'
