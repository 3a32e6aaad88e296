-- The rows of the opt-out files: one a step of a patient's story (opt_out_stories.csv,
-- opt_out_steps.csv), in the code scheme of the practice's supplier.

create or replace table opt_out_rows as
with told as (
    select patients.*, if(kind = 'departed', 'dissent', story) as story
    from patients
    left join story_slots on story_slots.slot = draw('story', person, 10000)
    -- at a second practice the opt-out is not on file: it counts there all the same
    where kind = 'departed' or (kind = 'home' and story is not null)
),

dated as (
    select
        person,
        nhs_number,
        practice_number,
        practice_code,
        story,
        step,
        meaning,
        case
            when story = 'transferred_record' then 'READ2'
            else case supplier when 'EMIS' then 'READ2' when 'TPP' then 'CTV3' else 'SNOMED' end
        end as code_scheme,
        if(is_shifted, draw('shift', person, 700)::int, 0) as shift,
        date '${extraction_day}' + effective_day::int - shift as effective_date,
        date '${extraction_day}' + recorded_day::int - shift + recorded_time
        + to_minutes(draw('minute', person, 50)) as recorded_utc,
    from told
    inner join practices using (practice_number)
    inner join opt_out_steps using (story)
)

select
    practice_number,
    dice('story order', person) as row_order,
    person,
    step,
    practice_code as "PRACTICE_CODE",
    case story
        when 'number_with_decimals' then nhs_number || '.0'
        when 'spaced_number' then shown_3_3_4(nhs_number)
        else nhs_number
    end as "NHS_NUMBER",
    code_scheme as "CODE_SCHEME",
    -- Read codes of version 2 come with and without the dots that fill them up
    if(code_scheme = 'READ2' and person % 2 = 0, rtrim(code, '.'), code) as "CODE",
    strftime(effective_date, '%Y-%m-%d') as "EFFECTIVE_DATE",
    strftime(recorded_utc, '%Y-%m-%dT%H:%M:%S') || '+00:00' as "RECORDED_AT",
from dated
inner join opt_out_codes using (meaning, code_scheme);
