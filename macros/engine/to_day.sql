{% macro to_day(digits) -%}
{{ return(adapter.dispatch('to_day')(digits)) }}
{%- endmacro %}

{% macro default__to_day(digits) -%}
cast(try_strptime({{ digits }}, '%Y%m%d') as date)
{%- endmacro %}

{% macro spark__to_day(digits) -%}
{#- What else the engine's pattern lets in changes from version to version. -#}
case
    when {{ full_match(digits, '[0-9]{8}') }}
        then cast(try_to_timestamp({{ digits }}, 'yyyyMMdd') as date)
end
{%- endmacro %}
