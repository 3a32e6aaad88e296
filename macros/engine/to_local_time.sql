{% macro to_local_time(instant) -%}
{{ return(adapter.dispatch('to_local_time')(instant)) }}
{%- endmacro %}

{% macro default__to_local_time(instant) -%}
cast({{ instant }} as timestamp)
{%- endmacro %}

{% macro spark__to_local_time(instant) -%}
cast({{ instant }} as timestamp_ntz)
{%- endmacro %}
