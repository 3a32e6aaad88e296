-- Where every readable row of the hospital files went, by file and the one rule that it met: of an
-- episode that is there twice all rows but one are left out, of two people's all.

with episodes as (

    select
        file_name,
        episode_key,
        nhs_number,
        admission_date,
        admission_method,
        episode_order,
        episode_status,
        rejected_rule
    from {{ ref('int_episodes__judged') }}

),

usable as (

    select * from episodes
    where rejected_rule is null

),

-- Few episodes are there twice, and few are unfinished; only their rows are worth comparing. An
-- episode that is there twice is not asked whether it is unfinished as well.
repeated as (

    select episode_key
    from usable
    group by episode_key
    having count(*) > 1

),

finished_later as (

    {{ finished_later('usable') }}

),

copies as (

    select
        usable.file_name,
        usable.episode_key,
        usable.nhs_number,
        row_number() over (
            partition by usable.episode_key order by usable.file_name
        ) as copy_number
    from usable
    inner join repeated on usable.episode_key = repeated.episode_key

),

people as (

    select
        episode_key,
        count(distinct nhs_number) as person_count
    from copies
    group by episode_key

),

left_out as (

    select
        copies.file_name,
        case when people.person_count > 1 then 'episode_of_two_people' else 'repeated_episode' end
            as rule
    from copies
    inner join people on copies.episode_key = people.episode_key
    where people.person_count > 1 or copies.copy_number > 1
    union all
    select
        usable.file_name,
        'unfinished_episode_again' as rule
    from usable
    inner join finished_later
        on
            usable.nhs_number = finished_later.nhs_number
            and usable.admission_date = finished_later.admission_date
            and usable.admission_method = finished_later.admission_method
            and usable.episode_order = finished_later.episode_order
    left join repeated on usable.episode_key = repeated.episode_key
    where
        usable.episode_status <> '3'
        and repeated.episode_key is null

),

counted as (

    select
        file_name,
        coalesce(rejected_rule, 'complete') as rule,
        count(*) as row_count
    from episodes
    group by all
    union all
    select
        file_name,
        rule,
        count(*) as row_count
    from left_out
    group by all
    union all
    select
        file_name,
        'complete' as rule,
        -count(*) as row_count
    from left_out
    group by all

)

select
    file_name,
    rule,
    cast(sum(row_count) as bigint) as row_count
from counted
group by file_name, rule
having sum(row_count) <> 0
order by file_name, rule
