-- The columns of Hospital Episode Statistics admitted patient care that are filled; the others of
-- the 194 (hes_apc_columns.csv) stay empty, as most are in the artificial HES. One row an episode.
-- Formats: the artificial HES; '-  ' in the first procedure means no procedure.

create macro age_in_hes(birth_date, on_date) as
    case
        when date_sub('year', birth_date, on_date) >= 1
            then least(120, date_sub('year', birth_date, on_date))
        when on_date - birth_date < 1 then 7001
        when on_date - birth_date < 7 then 7002
        when on_date - birth_date < 29 then 7003
        when on_date - birth_date < 91 then 7004
        when on_date - birth_date < 182 then 7005
        when on_date - birth_date < 273 then 7006
        else 7007
    end;

create view hes_apc as
select
    file_year as "FYEAR",
    case file_year when '1516' then '201599' else '201699' end as "PARTYEAR",
    epikey as "EPIKEY",
    case when admimeth = '21' then 600000000000 + (epikey % 100000000000) end as "AEKEY",
    admidate as "ADMIDATE",
    admimeth as "ADMIMETH",
    '01' as "ADMINCAT",
    admisorc as "ADMISORC",
    ccg as "CCG_GP_PRACTICE",
    ccg as "CCG_RESIDENCE",
    ccg as "CCG_RESPONSIBILITY",
    classpat as "CLASSPAT",
    ${diagnosis_columns},
    array_to_string(list_transform(diagnoses, lambda code: code[1:3]), ',') as "DIAG_3_CONCAT",
    array_to_string(diagnoses, ',') as "DIAG_4_CONCAT",
    len(list_filter(diagnoses, lambda code: code <> '-')) as "DIAG_COUNT",
    case when is_finished and is_last then epiend end as "DISDATE",
    case when is_finished and is_last then '19' else '98' end as "DISDEST",
    discharge_method as "DISMETH",
    episode_days as "EPIDUR",
    epiend as "EPIEND",
    epiorder as "EPIORDER",
    epistart as "EPISTART",
    case when is_finished then '3' when luck % 8 = 0 then '9' else '1' end as "EPISTAT",
    case route
        when 'maternity' then '2' when 'birth' then '3' when 'detained' then '4' else '1'
    end as "EPITYPE",
    ['A', 'A', 'A', 'Z', 'J', 'N', '9'][1 + (person % 7)::int] as "ETHNOS",
    -- derived as the dictionary defines them, which the artificial HES does not
    (is_consultant_episode and epiorder = 1)::int as "FAE",
    (is_consultant_episode and epiorder = 1 and admimeth[1:1] = '2')::int as "FAE_EMERGENCY",
    is_consultant_episode::int as "FCE",
    (is_consultant_episode and discharge_method < 6)::int as "FDE",
    gp_practice as "GPPRAC",
    case route when 'maternity' then '501' when 'birth' then '422' else '300' end as "MAINSPEF",
    strftime(birth_date, '%m%Y') as "MYDOB",
    ${procedure_columns},
    array_to_string(list_transform(marked_procedures, lambda code: rpad(code[1:3], 3, ' ')), ',')
        as "OPERTN_3_CONCAT",
    array_to_string(list_transform(marked_procedures, lambda code: rpad(code, 4, ' ')), ',')
        as "OPERTN_4_CONCAT",
    nullif(procedure_count, 0) as "OPERTN_COUNT",
    'RZ' || 'ABCDEFGHJK'[1 + coalesce(practice_number, person) % 10] as "PROCODE3",
    -- a resubmission under another sender code is how duplicates come about
    "PROCODE3" || if(copy_number = 1 and luck % 2 = 0, '99', '01') as "PROCODE5",
    sex as "SEX",
    if(epiorder = 1, '2', '1') as "SPELBGIN",
    case when is_finished and is_last then epiend - admitted_date end as "SPELDUR",
    if(is_finished and is_last, 'Y', 'N') as "SPELEND",
    age_in_hes(birth_date, admitted_date) as "STARTAGE",
    10000000000000 + epikey * 7 + copy_number as "SUSRECID",
    "MAINSPEF" as "TRETSPEF",
    newnhsno as "NEWNHSNO",
from coded_episodes;
