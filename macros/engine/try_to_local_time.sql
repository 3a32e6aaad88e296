{% macro try_to_local_time(text) -%}
{{ return(adapter.dispatch('try_to_local_time')(text)) }}
{%- endmacro %}

{% macro default__try_to_local_time(text) -%}
try_cast({{ text }} as timestamp)
{%- endmacro %}

{% macro spark__try_to_local_time(text) -%}
try_cast({{ text }} as timestamp_ntz)
{%- endmacro %}
