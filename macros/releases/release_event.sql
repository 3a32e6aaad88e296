{% macro release_event(dataset) -%}
{%- if dataset == 'records' -%}
select
        patient_key,
        recorded_on as happened_on,
        cast(date_trunc('month', recorded_on) as date) as event_month,
        {{ to_text('null') }} as admission_method,
        category,
        code,
        value_1,
        value_2,
        staff_role
    from {{ ref('int_journals__records') }}
{%- elif dataset == 'hospital' -%}
select
        patient_key,
        admission_date as happened_on,
        cast(date_trunc('month', admission_date) as date) as event_month,
        admission_method,
        primary_diagnosis
    from {{ ref('int_journals__hospital') }}
{%- elif dataset == 'social_care' -%}
select
        patient_key,
        started_on as happened_on,
        cast(date_trunc('month', started_on) as date) as event_month,
        {{ to_text('null') }} as admission_method,
        service
    from {{ ref('int_journals__social_care') }}
{%- endif -%}
{%- endmacro %}
