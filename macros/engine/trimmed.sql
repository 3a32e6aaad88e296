{% macro trimmed(text) -%}
{{ return(adapter.dispatch('trimmed')(text)) }}
{%- endmacro %}

{% macro default__trimmed(text) -%}
trim({{ text }})
{%- endmacro %}

{% macro spark__trimmed(text) -%}
{#- Spark's own trim leaves a no-break space, which people copy along from screens. -#}
regexp_replace({{ text }}, r'\A\p{Zs}+|\p{Zs}+\z', '')
{%- endmacro %}
