-- Flags: a run of ten digits in what the gateway stores about people.
-- Why:   what identifies a person is ten digits; a pseudonym has none, and nothing else is so long.
-- Mend:  find the column that lets it through in the gateway model's lineage, and take it out.

with texts as (

    select concat_ws(' ', patient_key, practice_code, gp_code, metric_flags) as stored_text
    from {{ ref('int_patients__permitted') }}
    union all
    select
        concat_ws(
            ' ',
            patient_key,
            admission_method,
            admission_source,
            patient_class,
            episode_status,
            episode_type,
            episode_order,
            sex,
            age_kind,
            main_specialty,
            birth_month_kind,
            primary_diagnosis,
            diagnoses,
            procedures
        ) as stored_text
    from {{ ref('int_admissions__emergency') }}

)

select count(*) as row_count
from texts
where {{ contains_match('stored_text', '[0-9]{10}') }}
having count(*) > 0
