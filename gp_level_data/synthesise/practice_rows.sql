-- The rows of the practice files: one a patient and practice, plus the deliberate duplicates.
-- Source of the columns: the raw landing folder's contract; of the cases: row_cases.csv.

create or replace table practice_rows as
with lucky as (
    -- One MD5 gives eighteen digits, of which each draw takes its own. A patient's health is the
    -- same at two practices, the slips of the two practices are not.
    select *, dice('health', person) as luck
    from patients
    where kind in ('home', 'second')
),

dealt as (
    select
        lucky.*,
        coalesce(row_case, 'plain') as row_case,
        unnest(range(if(contains(row_case, 'duplicate'), 2, 1))) as copy_number,
    from lucky
    left join row_case_slots
        on row_case_slots.slot = draw('row case', concat(person, '@', practice_number), 10000)
),

-- The invented criteria stand in for real ones: age, sex and chance.
eligible as (
    select
        *,
        age between 60 and 74 as is_bowel_eligible,
        sex = 2 and age between 25 and 64 and luck % 100 >= 5
            as is_cervical_eligible,
        age >= 17 and luck // 100 % 1000 < least(20, (age - 13) // 3) * 10
            as is_diabetic,
        luck // 100000 % 100 as exception_draw,
        luck // 10000000 % 10000 as screening_draw,
        luck // 100000000000 % 10000 as hba1c_draw,
    from dealt
),

measured as (
    select
        eligible.*,
        case when is_bowel_eligible then screening_draw < bowel_rate end as bowel,
        -- the same person's two screenings are related but not the same
        case
            when is_cervical_eligible then (screening_draw * 3 + person) % 10000 < cervical_rate
        end as cervical,
        -- one result against two limits: who meets 58 also meets 75
        case when is_diabetic and exception_draw >= 2 then hba1c_draw < hba1c_58_rate end
            as hba1c_58,
        case when is_diabetic and exception_draw <> 2 then hba1c_draw < hba1c_75_rate end
            as hba1c_75,
    from eligible
    left join gps using (gp_number)
),

addressed as (
    select
        *,
        case
            when row_case = 'usual_gp_elsewhere' then (first_gp + gp_count) % ${gps}
            when row_case = 'usual_gp_left' then ${gps} + practice_number
            when row_case = 'duplicate_other_gp' and copy_number = 1
                then first_gp + (gp_number - first_gp + 1) % gp_count
            else gp_number
        end as written_gp_number,
    from measured
    inner join practices using (practice_number)
)

select
    addressed.practice_number,
    dice('row order', concat(person, '@', addressed.practice_number, '#', copy_number))
        as row_order,
    person,
    copy_number,
    if(hard_case = 'foreign_rows' and row_order % 50 = 0, 'A81001', practice_code)
        as "PRACTICE_CODE",
    extracted_at as "EXTRACTED_AT",
    case row_case
        when 'broken_check_digit' then with_broken_check_digit(nhs_number)
        when 'nine_digits' then nhs_number[1:9]
        when 'eleven_digits' then nhs_number || '0'
        when 'empty_number' then null
        when 'spaced_number' then shown_3_3_4(nhs_number)
        when 'old_style_number' then 'SAMPL ' || person % 1000
        when 'repdigit_number' then '9999999999'
        else nhs_number
    end as "NHS_NUMBER",
    case row_case
        when 'usual_gp_empty' then null
        when 'usual_gp_unknown' then 'G9999998'
        when 'usual_gp_none' then 'G9999981'
        when 'usual_gp_malformed' then 'DR ' || gps.gp_code[2:5]
        else gps.gp_code
    end as "USUAL_GP_CODE",
    case
        when row_case = 'undefined_flag' then ['2', 'Y', '-1'][1 + person % 3]
        when row_case = 'duplicate_other_flags' and copy_number = 1
            then if(bowel is null, 1, 1 - bowel::int)::varchar
        else bowel::int::varchar
    end as bowel_cancer_screening,
    cervical::int::varchar as cervical_screening,
    hba1c_58::int::varchar as diabetes_hba1c_58,
    hba1c_75::int::varchar as diabetes_hba1c_75,
from addressed
left join gps on gps.gp_number = addressed.written_gp_number;
