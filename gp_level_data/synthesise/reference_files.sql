-- What comes from elsewhere than the practices: ODS, CQRS, the lists of suppliers and extractions.
-- ODS's 27 columns: domain handbook, section 5. Names are invented, addresses blank.

create macro ods_row(code, name, grouping_code, geography, opened, closed, status, sub_type,
        parent, joined, departed, ccg, setting) as {
    'c01': code, 'c02': name, 'c03': grouping_code, 'c04': geography,
    'c05': null, 'c06': null, 'c07': null, 'c08': null, 'c09': null, 'c10': null,
    'c11': strftime(opened, '%Y%m%d'), 'c12': strftime(closed, '%Y%m%d'),
    'c13': status, 'c14': sub_type, 'c15': parent,
    'c16': strftime(joined, '%Y%m%d'), 'c17': strftime(departed, '%Y%m%d'),
    'c18': null, 'c19': null, 'c20': null, 'c21': null, 'c22': '0', 'c23': null,
    'c24': ccg, 'c25': null, 'c26': setting, 'c27': null
};

-- One row an organisation: the practices that send files, then some that never do: walk-in
-- centres, out-of-hours services, a dormant and a proposed practice.
create view epraccur as
with organisations as (
    select
        practice_code as code,
        practice_number as number,
        ccg_code,
        ccg_number,
        if(hard_case = 'closed', date '2016-12-31', null) as closed_date,
        if(hard_case = 'closed', 'C', 'A') as status,
        '4' as setting,
    from practices
    union all
    select
        'Y9' || lpad(n::varchar, 4, '0'),
        ${practices} + n,
        ccg_code,
        ccg_number,
        null,
        ['A', 'A', 'A', 'D', 'P'][1 + n % 5],
        ['0', '1', '2', '4', '4'][1 + n % 5],
    from range(greatest(5, ${practices} // 10)) as numbers (n)
    inner join practices on practices.practice_number = n % ${practices}
)

select unnest(ods_row(
    code,
    'SAMPLE PRACTICE ' || lpad((number + 1)::varchar, 4, '0')
    || if(number % 8 = 6, ', THE SURGERY', ''),
    'Y5' || 4 + ccg_number % 4, 'Q7' || 1 + ccg_number % 9,
    date '1974-04-01' + draw('opened', number, 10000)::int, closed_date, status, 'B',
    ccg_code, date '2013-04-01', closed_date, ccg_code, setting
))
from organisations;

-- One row a GP and practice.
create view egpcur as
select unnest(ods_row(
    gp_code,
    'GP ' || lpad((gp_number + 1)::varchar, 5, '0'),
    'Y5' || 4 + ccg_number % 4, 'Q7' || 1 + ccg_number % 9,
    joined_date, if(status in ('B', 'C'), left_date, null), status, sub_type,
    practice_code, joined_date, left_date, ccg_code, null
))
from gps
inner join practices using (practice_number);

create view suppliers as
select practice_code as "PRACTICE_CODE", supplier as "GP_SYSTEM_SUPPLIER" from practices;

-- When each opt-out file was extracted: together with the practice file.
create view opt_out_extractions as
select practice_code as "PRACTICE_CODE", extracted_at as "EXTRACTED_AT"
from practices
where hard_case <> 'no_opt_out_file';

-- One row a practice, service and answer.
create view participation as
with answers as (
    select
        *,
        case
            when hard_case in ('offered_only', 'declined', 'withdrawn', 'absent_from_cqrs',
                'agreed_late', 'agreed_again') then hard_case
            -- beyond the sample's practices, one in twelve does not take part
            when practice_number >= 24 and draw('takes part', practice_number, 12) = 0
                then ['offered_only', 'declined', 'withdrawn', 'absent_from_cqrs']
                    [1 + draw('why not', practice_number, 4)]
            else 'agreed'
        end as answer,
        draw('answered', practice_number, 21)::int as days,
    from practices
),

steps (answer, status, status_date) as (
    values
    ('agreed', 'offered', date '2016-10-03'), ('agreed', 'agreed', date '2016-10-10'),
    ('offered_only', 'offered', date '2016-10-03'),
    ('declined', 'offered', date '2016-10-03'), ('declined', 'declined', date '2016-10-12'),
    ('withdrawn', 'offered', date '2016-10-03'), ('withdrawn', 'agreed', date '2016-10-10'),
    ('withdrawn', 'withdrawn', date '2017-01-16'),
    ('agreed_late', 'offered', date '2016-10-03'), ('agreed_late', 'agreed', date '2017-04-03'),
    ('agreed_again', 'offered', date '2016-10-03'), ('agreed_again', 'agreed', date '2016-10-10'),
    ('agreed_again', 'withdrawn', date '2016-12-05'), ('agreed_again', 'agreed', date '2017-02-06')
),

-- Another service's answers, some the opposite of this one's.
other_steps as (
    select
        practice_code,
        'Learning_Disabilities_2016' as service,
        unnest(['offered', if(practice_number % 3 = 0, 'declined', 'agreed')]) as status,
        unnest([date '2016-05-02', date '2016-05-09' + days]) as status_date,
    from answers
    where practice_number % 2 = 0 or answer = 'absent_from_cqrs'
)

select
    practice_code as "PRACTICE_CODE",
    ['INDIVIDUAL_GP_LEVEL_DATA', 'Individual_GP_Level_Data', 'individual_gp_level_data']
        [1 + practice_number % 3] as "SERVICE",
    status as "STATUS",
    strftime(status_date + if(status = 'offered', 0, days), '%Y-%m-%d') as "STATUS_DATE",
from answers
inner join steps using (answer)
union all
-- the other collections of this warehouse, with the same answers
select
    practice_code,
    unnest(['GPDPR', 'Care_Data']),
    status,
    strftime(status_date + if(status = 'offered', 0, days), '%Y-%m-%d'),
from answers
inner join steps using (answer)
union all
select practice_code, service, status, strftime(status_date, '%Y-%m-%d') from other_steps;
