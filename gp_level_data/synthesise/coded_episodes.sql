-- Diagnoses and procedures of all episodes, as HES writes them: one row an episode.
--
-- In the order of the files, so that writing the wide rows needs no sort of wide rows: DuckDB
-- keeps the order of a table through filters and projections.
create table coded_episodes as
with coded as (
    select
        episodes.*,
        presentations.diagnoses as presented_diagnoses,
        -- none of these decides about a condition of CCG OIS 2.6
        ['E780', 'Z867', 'Z720', 'N183', 'M199', 'E669', 'Z921', 'F329', 'Z880', 'K219', 'Z501']
            as other_diagnoses,
        (luck % 11)::int as other_from,
        (luck // 11 % 5)::int as other_count,
        if(is_coded, string_split(presentations.procedures, ' '), null) as procedures,
        coalesce(practice_code, ['V81997', 'V81998', 'V81999'][1 + (person % 3)::int])
            as gp_practice,
        case when luck // 55 % 200 = 0 then '7A3' else ccg_code end as ccg,
    from episodes
    inner join presentations using (presentation)
    left join practices using (practice_number)
),

listed as (
    select
        *,
        case
            when not is_coded then ['R69X']
            -- some providers send ICD-10 with its dot
            when luck // 11000 % 400 = 0
                then list_transform(
                    string_split(presented_diagnoses, ' '),
                    lambda code: code[1:3] || '.' || code[4:4]
                )
            when other_count = 0 and not contains(presented_diagnoses, ' ')
                then [presented_diagnoses, '-']
            else string_split(presented_diagnoses, ' ')
                || other_diagnoses[other_from + 1:other_from + other_count]
        end as diagnoses,
        coalesce(procedures, ['-']) as marked_procedures,
        coalesce(len(list_filter(procedures, lambda code: code <> '-')), 0) as procedure_count,
        is_finished and classpat not in ('3', '4') as is_consultant_episode,
        -- 4 died, 1 clinical advice, 8 not applicable
        case when not (is_finished and is_last) then 8 when luck // 55 % 40 = 7 then 4 else 1 end
            as discharge_method,
        epiend - epistart as episode_days,
    from coded
)

select *
from listed
order by file_year, epikey, copy_number;
