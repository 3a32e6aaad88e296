-- The rows of the coded journals: one a record, the patient's details on each; one without a record for every patient, so
-- that the healthy are there too. Layout: domain handbook, section 6 (GDPPR). Records: journal_templates.csv;
-- cases: journal_cases.csv. Postcodes are of the ZZ99 kind, which is no place; areas begin with E0199, where there are none.

create or replace table journal_rows as
with patients_sent as (
    select
        patients.*,
        practices.* exclude (practice_number),
        if(age < 3, 'plain', coalesce(journal_case_slots.journal_case, 'plain')) as journal_case,
        -- one MD5 gives eighteen digits, of which each draw takes its own
        dice('details', person) as luck,
        'ABCDEFGHJKLMNPRSZ'[1 + if(luck % 10 < 8, 0, luck // 10 % 17)::int] as ethnic,
        if(luck // 1000 % 20 = 0, '2', '1') as orientation,
        'ZZ99 ' || luck // 100000 % 9 + 1 || 'VZ' as postcode,
        'E0199' || lpad((luck // 10000000 % 40 + 40 * ccg_number)::varchar, 4, '0') as lsoa,
        greatest(
            birth_date, least(date '2016-09-30', birth_date + (luck // 1000000000 % 15000)::int)
        ) as registered_on,
        case journal_case
            when 'died_before_start' then date '2015-11-20'
            when 'died_since' then date '2016-10-05'
        end as died_on,
        case when journal_case = 'left_the_practice' then date '2017-01-15' else died_on end
            as left_on,
    from patients
    inner join practices using (practice_number)
    left join journal_case_slots
        on journal_case_slots.slot = draw('journal case', concat(person, '@', practice_number), 10000)
    where kind in ('home', 'second') and person % ${journal_share} = 0
),

recorded as (
    select
        patients_sent.*,
        templates.*,
        dice('record', concat(person, '@', practice_number, '/', templates.code)) as record_luck,
    from patients_sent
    inner join journal_templates as templates
        on
            age between templates.age_from and templates.age_to
            and draw('has', concat(person, '/', templates.code), 1000) < templates.of_1000
    left join journal_templates as needed on templates.needs = needed.code
    where
        needed.code is null
        or (
            age between needed.age_from and needed.age_to
            and draw('has', concat(person, '/', needed.code), 1000) < needed.of_1000
        )
    union all by name
    select *, null as category, null as code, 0 as record_luck, from patients_sent
),

dated as (
    select
        *,
        date '2017-03-31' - (record_luck % days)::int as drawn_date,
        greatest(drawn_date, birth_date) as date,
        record_luck // 10000 % 1000 / 1000 as first_share,
        record_luck // 10000000 % 1000 / 1000 as second_share,
        row_number() over (partition by person, practice_number order by category nulls last, code)
            as place,
        unnest(range(if(journal_case = 'repeated', 2, 1))) as copy_number,
    from recorded
)

select
    practice_number,
    dice('journal order', concat(person, '/', place)) as row_order,
    person,
    copy_number,
    practice_code as "PRACTICE",
    extracted_at as "PROCESSED_TIMESTAMP",
    if(journal_case = 'broken_check_digit', with_broken_check_digit(nhs_number), nhs_number)
        as "NHS_NUMBER",
    strftime(birth_date, '%Y-%m-%d') as "DATE_OF_BIRTH",
    sex::varchar as "SEX",
    if(journal_case = 'ethnicity_conflict' and place % 2 = 0, 'Z', ethnic) as "ETHNIC",
    if(age >= 16, orientation, null) as "SEXUAL_ORIENTATION",
    postcode as "POSTCODE",
    lsoa as "LSOA",
    strftime(died_on, '%Y-%m-%d') as "DATE_OF_DEATH",
    if(
        journal_case = 'registration_unreadable', 'not known', strftime(registered_on, '%Y-%m-%d')
    ) as "REGISTERED_ON",
    strftime(left_on, '%Y-%m-%d') as "DEREGISTERED_ON",
    if(
        journal_case = 'code_of_another_category' and category = 'diagnosis', 'medication', category
    ) as "CATEGORY",
    case
        when code is null or journal_case = 'undated' then null
        when journal_case = 'dated_ahead' then '2017-05-30'
        else strftime(date, '%Y-%m-%d')
    end as "DATE",
    -- the details were last confirmed on one day
    '2017-03-31' as "RECORD_DATE",
    case
        when code is null then null
        when journal_case = 'restricted_code' and place = 1 then '63487001'
        when journal_case = 'unknown_code' and place = 1 then '22298006'
        when journal_case = 'number_in_code' and place = 1 then nhs_number
        else code
    end as "CODE",
    case
        when journal_case = 'value_in_words' and value_1_from is not null then 'high, tell him'
        when journal_case = 'number_in_value' and value_1_from is not null then nhs_number
        else round(value_1_from + (value_1_to - value_1_from) * first_share)::int::varchar
    end as "VALUE1_CONDITION",
    round(value_2_from + (value_2_to - value_2_from) * second_share)::int::varchar
        as "VALUE2_CONDITION",
    if(journal_case = 'role_in_words', 'the new doctor', staff_role) as "STAFF_ROLE",
from dated;
