-- The few usable rows that may be there again: of a key that occurs twice, or not finished. Of one
-- episode the finished row is kept, of equal ones one in scope, then the first file's; under two
-- people's numbers it is nobody's. An unfinished stay is passed over where the finished one is
-- there too, of the same provider as far as both say theirs. Without a key nobody can tell whether
-- a row is a copy.

with repeated as (

    select episode_key
    from {{ ref('int_episodes__scoped') }}
    where rejected_rule is null
    group by episode_key
    having count(*) > 1

),

compared as (

    select scoped.*
    from {{ ref('int_episodes__scoped') }} as scoped
    where
        scoped.rejected_rule is null
        and (
            coalesce(scoped.episode_status, '') <> '3'
            or exists (
                select 1
                from repeated
                where repeated.episode_key = scoped.episode_key
            )
        )

),

numbered as (

    select
        *,
        row_number() over (
            partition by episode_key
            order by
                case when episode_status = '3' then 1 else 2 end nulls last,
                admission_date nulls last,
                admission_method nulls last,
                episode_order nulls last,
                provider_code nulls last,
                episode_status nulls last,
                dropped_by nulls first,
                dropped_value nulls last,
                primary_diagnosis nulls last,
                diagnoses nulls last,
                procedures nulls last,
                file_name nulls last
        ) as copy_number,
        min(nhs_number) over (partition by episode_key) as lowest_number,
        max(nhs_number) over (partition by episode_key) as highest_number
    from compared

),

finished_too as (

    select distinct
        numbered.nhs_number,
        numbered.admission_date,
        numbered.admission_method,
        numbered.episode_order,
        coalesce(numbered.provider_code, '') as provider_code
    from numbered
    inner join {{ ref('int_episodes__scoped') }} as finished
        on
            numbered.nhs_number = finished.nhs_number
            and numbered.admission_date = finished.admission_date
            and numbered.admission_method = finished.admission_method
            and numbered.episode_order = finished.episode_order
    where
        coalesce(numbered.episode_status, '') <> '3'
        and finished.episode_status = '3'
        and finished.rejected_rule is null
        and coalesce(numbered.provider_code, finished.provider_code, '')
        = coalesce(finished.provider_code, numbered.provider_code, '')
        and not exists (
            select 1
            from numbered as shared
            where
                shared.episode_key = finished.episode_key
                and shared.lowest_number <> shared.highest_number
        )

)

select
    numbered.file_name,
    numbered.episode_key,
    numbered.nhs_number,
    numbered.provider_code,
    numbered.admission_date,
    numbered.admission_method,
    numbered.episode_status,
    numbered.episode_order,
    numbered.primary_diagnosis,
    numbered.diagnoses,
    numbered.procedures,
    numbered.is_emergency,
    numbered.dropped_by,
    numbered.dropped_value,
    case
        when numbered.episode_key is not null and numbered.lowest_number <> numbered.highest_number
            then 'episode_of_two_people'
        when numbered.episode_key is not null and numbered.copy_number > 1 then 'repeated_episode'
        when finished_too.nhs_number is not null and coalesce(numbered.episode_status, '') <> '3'
            then 'unfinished_episode_again'
    end as copy_rule
from numbered
left join finished_too
    on
        numbered.nhs_number = finished_too.nhs_number
        and numbered.admission_date = finished_too.admission_date
        and numbered.admission_method = finished_too.admission_method
        and numbered.episode_order = finished_too.episode_order
        and coalesce(numbered.provider_code, '') = finished_too.provider_code
