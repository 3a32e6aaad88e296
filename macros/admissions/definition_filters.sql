{% macro definition_filters() -%}
select
        {%- for field in fields_of_filters().split(',') %}
        ',' || {{ list_in_order('filters.value', ',') }} filter (
            where filters.field = '{{ field }}' and filters.rule = 'one_of'
        ) || ',' as {{ field }}_one_of,
        ',' || {{ list_in_order('filters.value', ',') }} filter (
            where filters.field = '{{ field }}' and filters.rule = 'none_of'
        ) || ',' as {{ field }}_none_of{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('emergency_filters') }} as filters
    inner join {{ ref('int_collection__settings') }} as settings
        on filters.definition = settings.emergency_definition
{%- endmacro %}


{% macro fields_of_filters() -%}
age_kind,episode_status,sex,episode_order,admission_source,episode_type,patient_class,main_specialty,birth_month_kind
{%- endmacro %}
