-- The core work as by_hand.sql has it, for Spark; by_hand_spark.py runs it, over a view `sent_...`
-- for each kind of file. Nothing is ordered: to sort across tasks Spark draws a sample first, and
-- would make each pseudonym twice.

create temporary view records as
select
    PRACTICE_CODE as practice_code,
    number as nhs_number,
    NHS_NUMBER as ten_digits,
    USUAL_GP_CODE as usual_gp_code,
    bowel_cancer_screening,
    cervical_screening,
    diabetes_hba1c_58,
    diabetes_hba1c_75,
    count(*) over (partition by number, PRACTICE_CODE) as times
from (select *, try_cast(NHS_NUMBER as bigint) as number from sent_records)
where
    NHS_NUMBER rlike '^[0-9]{10}$'
    and (
        number
        + 3 * (number div 10)
        + 5 * (number div 100)
        + 7 * (number div 1000)
        + 9 * (number div 10000)
        + 2 * (number div 1000000)
        + 4 * (number div 10000000)
        + 6 * (number div 100000000)
        + 8 * (number div 1000000000)
    ) % 11 = 0;

create temporary view opted_out as
with written as (
    select
        try_cast(regexp_replace(NHS_NUMBER, '[.]0$', '') as bigint) as nhs_number,
        trim(trailing '.' from CODE) as code,
        EFFECTIVE_DATE as effective_date
    from sent_objections
)

select nhs_number
from written
where nhs_number is not null
group by nhs_number
having
    max(effective_date) filter (where code in ('9Nu0', 'XaZ89', '827241000000103'))
    >= coalesce(
        max(effective_date) filter (where code in ('9Nu1', 'XaZ8A', '827261000000102')),
        '0001-01-01'
    );

create temporary view participating as
select _c0 as practice_code
from sent_practices
left semi join (
    select PRACTICE_CODE as practice_code
    from sent_participation
    where upper(SERVICE) = 'INDIVIDUAL_GP_LEVEL_DATA' and STATUS_DATE <= '2017-04-02'
    group by PRACTICE_CODE
    having max_by(lower(STATUS), STATUS_DATE) = 'agreed'
) as agreed on sent_practices._c0 = agreed.practice_code
where _c25 = '4' and _c12 = 'A';

create temporary view gps as
select _c0 as gp_code, _c14 as practice_code
from sent_gps
where _c12 = 'A';

create table patients as
select
    pseudonymise(records.ten_digits) as patient_key,
    records.practice_code,
    coalesce(gps.gp_code, 'UNASSIGNED') as gp_code,
    records.bowel_cancer_screening,
    records.cervical_screening,
    records.diabetes_hba1c_58,
    records.diabetes_hba1c_75
from records
left anti join opted_out on records.nhs_number = opted_out.nhs_number
inner join participating on records.practice_code = participating.practice_code
left join gps
    on records.usual_gp_code = gps.gp_code and records.practice_code = gps.practice_code
where records.times = 1;

create table admissions as
with episodes as (
    select
        any_value(NEWNHSNO) as ten_digits,
        any_value(ADMIDATE) as admission_date,
        any_value(DIAG_4_01) as diagnosis
    from sent_episodes
    where
        ADMIMETH in ('21', '22', '23', '24', '25', '28', '2A', '2B', '2C', '2D')
        and ADMIDATE between '2016-04-01' and '2017-03-31'
        and EPIORDER = '1' and EPISTAT in ('1', '3') and SEX in ('1', '2')
        and EPITYPE = '1' and CLASSPAT = '1' and ADMISORC not in ('51', '52', '53')
        and NEWNHSNO rlike '^[0-9]{10}$'
    group by EPIKEY
),

pseudonymised as (
    select pseudonymise(ten_digits) as patient_key, admission_date, diagnosis from episodes
)

select pseudonymised.*
from pseudonymised
left semi join patients on pseudonymised.patient_key = patients.patient_key;

create temporary view admitted as
select distinct patient_key
from admissions
where
    substr(diagnosis, 1, 3) in (
        'J45', 'I50', 'E10', 'E11', 'E12', 'E13', 'E14', 'J41', 'J43', 'J44', 'I20', 'I25', 'D51',
        'D52', 'I48', 'G40', 'G41', 'F00', 'F01', 'F02', 'F03'
    )
    or diagnosis in (
        'B180', 'B181', 'J46X', 'I110', 'J81X', 'I130', 'J42X', 'J47X', 'D501', 'D508', 'D509',
        'I10X', 'I119'
    );

create temporary view by_gp as
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
from patients
left join admitted on patients.patient_key = admitted.patient_key
group by practice_code, gp_code;

create temporary view totals as
select
    count(*) as patients,
    count(*) filter (where appearances > 1) as repeated,
    (select count(*) from admissions) as admissions
from (select count(*) as appearances from patients group by patient_key);
