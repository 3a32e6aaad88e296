-- The core work of both runs as one script, without dbt, contracts, counts of what was rejected, or
-- documentation: the yardstick of `make bench`. $raw_dir is filled in.

create temp table records as
select
    practice_code,
    try_cast(nhs_number as bigint) as nhs_number,
    usual_gp_code,
    bowel_cancer_screening,
    cervical_screening,
    diabetes_hba1c_58,
    diabetes_hba1c_75
from read_csv(
    '$raw_dir/gpes/individual_gp_level_data/*.csv*',
    all_varchar = true, hive_partitioning = false,
    ignore_errors = true,
    header = true,
    delim = ',',
    union_by_name = false
)
where
    regexp_full_match(nhs_number, '[0-9]{10}')
    and (
        try_cast(nhs_number as bigint)
        + 3 * (try_cast(nhs_number as bigint) // 10)
        + 5 * (try_cast(nhs_number as bigint) // 100)
        + 7 * (try_cast(nhs_number as bigint) // 1000)
        + 9 * (try_cast(nhs_number as bigint) // 10000)
        + 2 * (try_cast(nhs_number as bigint) // 1000000)
        + 4 * (try_cast(nhs_number as bigint) // 10000000)
        + 6 * (try_cast(nhs_number as bigint) // 100000000)
        + 8 * (try_cast(nhs_number as bigint) // 1000000000)
    ) % 11 = 0;

create temp table opted_out as
select nhs_number
from (
    select
        try_cast(nhs_number as bigint) as nhs_number,
        max(effective_date) filter (
            where rtrim(code, '.') in ('9Nu0', 'XaZ89', '827241000000103')
        ) as dissent_date,
        max(effective_date) filter (
            where rtrim(code, '.') in ('9Nu1', 'XaZ8A', '827261000000102')
        ) as withdrawal_date
    from read_csv(
        '$raw_dir/gpes/opt_outs/*.csv*', all_varchar = true, hive_partitioning = false, ignore_errors = true, header = true
    )
    group by 1
)
where nhs_number is not null and dissent_date >= coalesce(withdrawal_date, '0001-01-01');

create temp table participating as
select column00 as practice_code, column14 as ccg_code
from read_csv('$raw_dir/ods/epraccur.csv', all_varchar = true, hive_partitioning = false, header = false)
where
    column25 = '4'
    and column12 = 'A'
    and column00 in (
        select PRACTICE_CODE
        from read_csv('$raw_dir/cqrs/participation.csv', all_varchar = true, hive_partitioning = false)
        where upper(SERVICE) = 'INDIVIDUAL_GP_LEVEL_DATA' and STATUS_DATE <= '2017-04-02'
        group by 1
        having arg_max(lower(STATUS), STATUS_DATE) = 'agreed'
    );

create temp table gps as
select column00 as gp_code, column14 as practice_code
from read_csv('$raw_dir/ods/egpcur.csv', all_varchar = true, hive_partitioning = false, header = false)
where column12 = 'A';

create table patient_level.patients as
select
    pseudonymise(lpad(records.nhs_number::varchar, 10, '0')) as patient_key,
    records.practice_code,
    coalesce(gps.gp_code, 'UNASSIGNED') as gp_code,
    bowel_cancer_screening,
    cervical_screening,
    diabetes_hba1c_58,
    diabetes_hba1c_75
from records
anti join (
    select nhs_number, practice_code from records group by all having count(*) > 1
) as repeated using (nhs_number, practice_code)
anti join opted_out using (nhs_number)
inner join participating on records.practice_code = participating.practice_code
left join gps
    on records.usual_gp_code = gps.gp_code and records.practice_code = gps.practice_code
order by patient_key, records.practice_code;

create table patient_level.admissions as
with episodes as (
    select distinct on (EPIKEY)
        pseudonymise(lpad(NEWNHSNO, 10, '0')) as patient_key,
        ADMIDATE,
        DIAG_4_01
    from read_csv('$raw_dir/hes/*.csv*', all_varchar = true, hive_partitioning = false, ignore_errors = true, header = true)
    where
        ADMIMETH in ('21', '22', '23', '24', '25', '28', '2A', '2B', '2C', '2D')
        and ADMIDATE between '2016-04-01' and '2017-03-31'
        and EPIORDER = '1' and EPISTAT in ('1', '3') and SEX in ('1', '2')
        and EPITYPE = '1' and CLASSPAT = '1' and ADMISORC not in ('51', '52', '53')
        and regexp_full_match(NEWNHSNO, '[0-9]{10}')
)
select * from episodes semi join patient_level.patients using (patient_key)
order by all;

create temp table admitted as
select distinct patient_key
from patient_level.admissions
where
    substr(DIAG_4_01, 1, 3) in (
        'J45', 'I50', 'E10', 'E11', 'E12', 'E13', 'E14', 'J41', 'J43', 'J44', 'I20', 'I25', 'D51',
        'D52', 'I48', 'G40', 'G41', 'F00', 'F01', 'F02', 'F03'
    )
    or DIAG_4_01 in (
        'B180', 'B181', 'J46X', 'I110', 'J81X', 'I130', 'J42X', 'J47X', 'D501', 'D508', 'D509',
        'I10X', 'I119'
    );

create table by_gp as
select
    practice_code,
    gp_code,
    count(*) as patients,
    count(admitted.patient_key) as admitted,
    count(*) filter (where bowel_cancer_screening = '1') as bowel_numerator,
    count(bowel_cancer_screening) as bowel_denominator,
    count(*) filter (where cervical_screening = '1') as cervical_numerator,
    count(cervical_screening) as cervical_denominator,
    count(*) filter (where diabetes_hba1c_58 = '1') as hba1c_58_numerator,
    count(diabetes_hba1c_58) as hba1c_58_denominator,
    count(*) filter (where diabetes_hba1c_75 = '1') as hba1c_75_numerator,
    count(diabetes_hba1c_75) as hba1c_75_denominator
from patient_level.patients
left join admitted using (patient_key)
group by practice_code, gp_code;

-- people of several practices, once in the totals above them
create table by_area as
select
    count(*) as patients,
    count(*) filter (where appearances > 1) as repeated
from (select count(*) as appearances from patient_level.patients group by patient_key);
