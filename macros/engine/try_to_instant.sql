{% macro try_to_instant(text) -%}
{{ return(adapter.dispatch('try_to_instant')(text)) }}
{%- endmacro %}

{% macro default__try_to_instant(text) -%}
try_cast({{ text }} as timestamptz)
{%- endmacro %}

{% macro spark__try_to_instant(text) -%}
try_cast({{ text }} as timestamp)
{%- endmacro %}
