-- Where every readable row of the hospital files went, by file and the one rule that it met.

select
    file_name,
    coalesce(
        rejected_rule,
        copy_rule,
        case
            when episode_key is null then 'episode_key_missing'
            when coalesce(primary_diagnosis, 'XXXX') = 'XXXX' then 'primary_diagnosis_missing'
        end,
        'complete'
    ) as rule,
    count(*) as row_count
from {{ ref('int_hospital__episodes') }}
group by all
order by file_name, rule
