-- The stays and episodes of the block's admissions: one row an episode and file, appended to
-- episodes.

insert into episodes by name
with stayed as (
    select
        *,
        greatest(birth_date, case timing
            when 'born' then birth_date
            when 'infancy' then birth_date
                + (luck_1 // 1000 % least(45, 1 + date '2017-03-31' - birth_date))::int
            when 'before_year' then date '2016-03-20' + (luck_1 // 1000 % 11)::int
            when 'after_period' then date '2017-04-01' + (luck_1 // 1000 % 2)::int
            when 'year_before' then date '2015-04-01' + (luck_1 // 1000 % 366)::int
            else date '2016-04-01' + (luck_1 // 1000 % 365)::int
        end) as admitted_date,
        (luck_2 % 100)::int as stay_draw,
        case
            when route in ('day_case', 'regular') then 0
            when timing = 'before_year' then 12 + stay_draw // 5
            else stay_draw * stay_draw // 500
        end as stay_days,
        -- transfers between consultants make a second and third episode
        case
            when route in ('day_case', 'regular') or luck_2 // 100 % 100 >= 14 then 1
            when luck_2 // 100 % 100 >= 4 then 2
            else 3
        end as episode_count,
        timing = 'year_before' as is_year_before,
        if(is_year_before, date '2016-03-31', date '2017-03-31') as year_end_date,
        luck_1 // 1000000 % 1000 as method_draw,
        luck_1 // 1000000000 % 1000 as source_draw,
        luck_1 // 1000000000000 % 1000 as defect_draw,
        luck_1 // 1000000000000000 % 1000 as class_draw,
    from admissions
),

admitted as (
    select
        *,
        case route
            when 'emergency' then case
                when method_draw < 600 then '21' when method_draw < 760 then '22'
                when method_draw < 780 then '23' when method_draw < 840 then '24'
                when method_draw < 850 then '25' when method_draw < 880 then '28'
                when method_draw < 940 then '2A' when method_draw < 970 then '2B'
                when method_draw < 975 then '2C' else '2D'
            end
            when 'maternity' then ['31', '32'][1 + (method_draw % 2)::int]
            when 'birth' then ['82', '83'][1 + (method_draw % 2)::int]
            else ['11', '12', '13'][1 + (method_draw % 3)::int]
        end as admimeth,
        case
            when route = 'birth' then '79'
            when source_draw < 900 then '19' when source_draw < 920 then '29'
            when source_draw < 925 then '39' when source_draw < 955 then '51'
            when source_draw < 960 then '52' when source_draw < 965 then '53'
            when source_draw < 980 then '54' when source_draw < 985 then '65'
            when source_draw < 990 then '98' else '99'
        end as admisorc,
        case
            when route = 'day_case' then '2'
            when route = 'regular' then '3'
            when route in ('maternity', 'birth') and class_draw < 200 then '5'
            when class_draw < 10 then '2'
            when class_draw < 13 then '5'
            else '1'
        end as classpat,
        case
            when defect_draw < 3 then '1800-01-01'
            when defect_draw < 6 then '1801-01-01'
            when defect_draw < 8 then null
            else admitted_date::varchar
        end as admidate,
        case
            when defect_draw between 8 and 17 then null
            when defect_draw between 18 and 22 then with_broken_check_digit(nhs_number)
            else nhs_number
        end as newnhsno,
        if(defect_draw between 23 and 26, 2, 1) as copies,
        case when defect_draw between 27 and 28 then 0 when defect_draw between 29 and 30 then 9
            else sex end as written_sex,
    from stayed
),

episodic as (
    select
        *,
        unnest(range(1, episode_count + 1)) as epiorder,
        epiorder = episode_count as is_last,
        admitted_date + (stay_days * (epiorder - 1) // episode_count)::int as epistart,
        admitted_date + (stay_days * epiorder // episode_count)::int as epiend,
    from admitted
),

-- An episode still open at the end of the year is unfinished in that year's file; what starts
-- later is not in it.
filed as (
    select
        *,
        if(is_year_before, '1516', '1617') as file_year,
        epiend <= year_end_date and defect_draw <> 40 as is_finished,
    from episodic
    where epiorder = 1 or epistart <= year_end_date
    union all by name
    -- the same stay, unfinished in the file of the year in which it began
    select * replace (null as epiend), '1516' as file_year, false as is_finished
    from episodic
    where timing = 'before_year' and epiorder = 1
)

select
    file_year,
    -- one to one: the multiplier is odd and no multiple of five
    500000000000 + (admission * 8 + epiorder * 2 + if(file_year = '1516', 1, 0))
        * 38742049 % 100000000000 as epikey,
    unnest(range(copies))::int as copy_number,
    person,
    newnhsno,
    practice_number,
    written_sex as sex,
    birth_date,
    presentation,
    stream,
    route,
    admitted_date,
    admidate,
    admimeth,
    admisorc,
    classpat,
    epiorder,
    is_last,
    is_finished,
    -- providers are told to leave clinical data out of unfinished records; half of them do
    is_finished or luck_2 // 10000 % 2 = 0 as is_coded,
    epistart,
    if(is_finished, epiend, null) as epiend,
    luck_2 // 100000 as luck,
from filed;
