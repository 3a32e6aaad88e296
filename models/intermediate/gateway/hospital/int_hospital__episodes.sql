-- Every row of the hospital files and what is wrong with it: by itself (rejected_rule), or beside
-- the other usable rows (copy_rule). Whoever counts or hands on episodes takes them from here.

{% set columns = [
    'file_name', 'episode_key', 'nhs_number', 'provider_code', 'admission_date', 'admission_method',
    'episode_status', 'episode_order', 'primary_diagnosis', 'diagnoses', 'procedures', 'is_emergency',
    'dropped_by', 'dropped_value',
] -%}

select
    {%- for column in columns %}
        scoped.{{ column }},
    {%- endfor %}
    scoped.rejected_rule,
    {{ to_text('null') }} as copy_rule
from {{ ref('int_episodes__scoped') }} as scoped
where
    scoped.rejected_rule is not null
    or (
        scoped.episode_status = '3'
        and not exists (
            select 1
            from {{ ref('int_episodes__compared') }} as compared
            where compared.episode_key = scoped.episode_key
        )
    )
union all
select
    {%- for column in columns %}
        compared.{{ column }},
    {%- endfor %}
    {{ to_text('null') }} as rejected_rule,
    compared.copy_rule
from {{ ref('int_episodes__compared') }} as compared
