-- The core work as by_hand.sql has it, for PostgreSQL; by_hand_postgresql.py runs it. A table
-- `sent_...` has the columns of its files, all text, and their rows follow where `-- rows of` says
-- so. Unlogged and not temporary: several processes read them.

create extension pgcrypto;

create function is_number(written text) returns boolean immutable parallel safe
return written ~ '^[0-9]{10}$';

create function pseudonymised(ten_digits text, secret bytea) returns text immutable parallel safe
return translate(
    left(encode(
        hmac(
            'individual_gp_level_data/patient'::bytea || '\x00' || ten_digits::bytea,
            secret,
            'sha256'
        ), 'hex'
    ), 32),
    '0123456789abcdef', 'abcdefghijklmnop'
);

copy sent_records from stdin with (format csv) where is_number("NHS_NUMBER");
-- rows of sent_records

copy sent_objections from stdin with (format csv);
-- rows of sent_objections

copy sent_participation from stdin with (format csv);
-- rows of sent_participation

copy sent_practices from stdin with (format csv);
-- rows of sent_practices

copy sent_gps from stdin with (format csv);
-- rows of sent_gps

copy sent_episodes from stdin with (format csv)
where
    "ADMIMETH" in ('21', '22', '23', '24', '25', '28', '2A', '2B', '2C', '2D')
    and "ADMIDATE" between '2016-04-01' and '2017-03-31'
    and "EPIORDER" = '1' and "EPISTAT" in ('1', '3') and "SEX" in ('1', '2')
    and "EPITYPE" = '1' and "CLASSPAT" = '1' and "ADMISORC" not in ('51', '52', '53')
    and is_number("NEWNHSNO");
-- rows of sent_episodes

create unlogged table records as
select
    number.nhs_number,
    "PRACTICE_CODE" as practice_code,
    "USUAL_GP_CODE" as usual_gp_code,
    bowel_cancer_screening,
    cervical_screening,
    diabetes_hba1c_58,
    diabetes_hba1c_75
from sent_records
cross join lateral (select "NHS_NUMBER"::bigint as nhs_number) as number
where
    (
        number.nhs_number
        + 3 * (number.nhs_number / 10)
        + 5 * (number.nhs_number / 100)
        + 7 * (number.nhs_number / 1000)
        + 9 * (number.nhs_number / 10000)
        + 2 * (number.nhs_number / 1000000)
        + 4 * (number.nhs_number / 10000000)
        + 6 * (number.nhs_number / 100000000)
        + 8 * (number.nhs_number / 1000000000)
    ) % 11 = 0;

create unlogged table opted_out as
with written as (
    select
        case
            when "NHS_NUMBER" ~ '^[0-9]{1,18}(\.0)?$' then split_part("NHS_NUMBER", '.', 1)::bigint
        end as nhs_number,
        rtrim("CODE", '.') as code,
        "EFFECTIVE_DATE" as effective_date
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

create unlogged table participating as
with latest as (
    select distinct on ("PRACTICE_CODE")
        "PRACTICE_CODE" as practice_code,
        lower("STATUS") as status
    from sent_participation
    where upper("SERVICE") = 'INDIVIDUAL_GP_LEVEL_DATA' and "STATUS_DATE" <= '2017-04-02'
    order by "PRACTICE_CODE" asc, "STATUS_DATE" desc
)

select c0 as practice_code
from sent_practices
where
    c25 = '4'
    and c12 = 'A'
    and c0 in (select practice_code from latest where status = 'agreed');

create unlogged table gps as
select c0 as gp_code, c14 as practice_code
from sent_gps
where c12 = 'A';

analyze records, opted_out, participating, gps;

create unlogged table patients as
with repeated as (
    select nhs_number, practice_code
    from records
    group by nhs_number, practice_code
    having count(*) > 1
)

select
    pseudonymised(
        lpad(records.nhs_number::text, 10, '0'), (select pg_read_binary_file('pseudonyms.key'))
    ) as patient_key,
    records.practice_code,
    coalesce(gps.gp_code, 'UNASSIGNED') as gp_code,
    records.bowel_cancer_screening,
    records.cervical_screening,
    records.diabetes_hba1c_58,
    records.diabetes_hba1c_75
from records
inner join participating on records.practice_code = participating.practice_code
left join gps
    on records.usual_gp_code = gps.gp_code and records.practice_code = gps.practice_code
where
    not exists (
        select from repeated
        where
            repeated.nhs_number = records.nhs_number
            and repeated.practice_code = records.practice_code
    )
    and not exists (select from opted_out where opted_out.nhs_number = records.nhs_number)
order by patient_key, practice_code;

create unlogged table admissions as
with episodes as (
    select distinct on ("EPIKEY")
        pseudonymised(
            "NEWNHSNO", (select pg_read_binary_file('pseudonyms.key'))
        ) as patient_key,
        "ADMIDATE" as admission_date,
        "DIAG_4_01" as diagnosis
    from sent_episodes
    order by "EPIKEY"
)

select *
from episodes
where exists (select from patients where patients.patient_key = episodes.patient_key)
order by patient_key, admission_date, diagnosis;

analyze patients, admissions;

create unlogged table admitted as
select distinct patient_key
from admissions
where
    left(diagnosis, 3) in (
        'J45', 'I50', 'E10', 'E11', 'E12', 'E13', 'E14', 'J41', 'J43', 'J44', 'I20', 'I25', 'D51',
        'D52', 'I48', 'G40', 'G41', 'F00', 'F01', 'F02', 'F03'
    )
    or diagnosis in (
        'B180', 'B181', 'J46X', 'I110', 'J81X', 'I130', 'J42X', 'J47X', 'D501', 'D508', 'D509',
        'I10X', 'I119'
    );

-- Patients, those of several practices among them, admissions; then each GP's counts, a line each.
copy (
    select
        count(*) as patients,
        count(*) filter (where appearances > 1) as repeated,
        (select count(*) from admissions) as admissions
    from (select count(*) as appearances from patients group by patient_key) as people
) to stdout with (format csv);

copy (
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
    left join admitted using (patient_key)
    group by practice_code, gp_code
) to stdout with (format csv);
