-- Practices and their GPs: one row each. Every size is a whole-number share of a running total,
-- so the totals come out exactly and no floating point makes two machines differ.

create table practices as
with weighted as (
    select
        n as practice_number,
        draw('list size', n, 1000) as size_draw,
        -- a long tail: the largest list is some nine times the smallest
        20 + size_draw * size_draw * size_draw // 6000000 as weight,
    from range(${practices}) as numbers (n)
),

shared_out as (
    select
        practice_number,
        ${patients} * (sum(weight) over up_to_here - weight)::bigint
        // sum(weight) over ()::bigint as first_patient,
        ${patients} * (sum(weight) over up_to_here)::bigint
        // sum(weight) over ()::bigint as next_patient,
    from weighted
    window up_to_here as (order by practice_number)
)

select
    practice_number,
    case
        when practice_number % 10 = 9 then 'Y' || lpad(practice_number::varchar, 5, '0')
        else 'ABCDEFGHJKLMNP'[1 + practice_number % 14] || 81001 + practice_number // 14
    end as practice_code,
    ['EMIS', 'TPP', 'VISION'][1 + practice_number % 3] as supplier,
    practice_number * ${ccgs} // ${practices} as ccg_number,
    lpad((ccg_number // 10)::varchar, 2, '0') || 'CDEFGHJKLM'[1 + ccg_number % 10] as ccg_code,
    first_patient,
    next_patient,
    ${gps} * first_patient // ${patients} as first_gp,
    ${gps} * next_patient // ${patients} - first_gp as gp_count,
    coalesce(hard_case, 'plain') as hard_case,
    -- local time of extraction in minutes after the midnight that begins the extraction day
    5 + draw('extracted', practice_number, 355) as extracted_minute,
    timestamp '${extraction_day}' + to_minutes(extracted_minute)
    + to_days(if(hard_case = 'extracted_late', 2, 0)) as extracted_local,
    -- one supplier writes UTC, where some of these instants fall on the day before
    case supplier
        when 'VISION'
            then strftime(extracted_local - interval 1 hour, '%Y-%m-%dT%H:%M:%S') || '+00:00'
        else strftime(extracted_local, '%Y-%m-%dT%H:%M:%S') || '+01:00'
    end as extracted_at,
from shared_out
left join practice_cases using (practice_number);

-- Numbers from ${gps} on are GPs who have left: one a practice, still the usual GP of some.
-- Rates are invented, and vary more between GPs than real ones do, so that a sample of a few
-- hundred patients a GP shows something.
create table gps as
with posts as (
    select
        unnest(range(first_gp, first_gp + gp_count)) as gp_number,
        practice_number,
        false as is_leaver,
    from practices
    union all
    select ${gps} + practice_number, practice_number, true from practices
)

select
    gp_number,
    practice_number,
    is_leaver,
    gp_code(100000 + (gp_number * 314159 + draw('index numbers', '', 800000)) % 800000) as gp_code,
    date '1990-04-01' + draw('joined', gp_number, 8000)::int as joined_date,
    case
        when is_leaver then date '2014-01-31' + draw('left', gp_number, 1100)::int
        -- has announced to leave: still the usual GP on the day of collection
        when gp_number % 10 = 7 then date '2017-05-31'
    end as left_date,
    case when is_leaver then ['A', 'A', 'C', 'B'][1 + gp_number % 4] else 'A' end as status,
    if(draw('sub-type', gp_number, 100) < 14, 'P', 'O') as sub_type,
    draw('admissions', gp_number, 100) as admission_draw,
    40 + admission_draw * admission_draw * 180 // 10000 as admission_percent,
    4600 + draw('bowel', gp_number, 2200) as bowel_rate,
    6400 + draw('cervical', gp_number, 2000) as cervical_rate,
    4800 + draw('hba1c', gp_number, 2400) as hba1c_58_rate,
    hba1c_58_rate + 1400 + draw('hba1c 75', gp_number, 1200) as hba1c_75_rate,
from posts;

-- The few who are registered at two practices, or whose record at a former practice still sends
-- an opt-out: every hundredth and every thousandth patient, roughly.
create table registered_elsewhere as
with strides as (
    select stride, kind, n * stride + draw(kind, n, stride) as person
    from (values (100, 'second'), (1000, 'departed')) as kinds (stride, kind),
        unnest(range(${patients} // stride)) as numbers (n)
)

select
    person,
    kind,
    (practice_number + 1 + draw('elsewhere', person, 2)) % ${practices} as practice_number,
from strides
asof join practices on strides.person >= practices.first_patient;
