{% macro null_of(data_type) -%}
{{ return(adapter.dispatch('null_of')(data_type)) }}
{%- endmacro %}

{% macro default__null_of(data_type) -%}
cast(null as {{ data_type }})
{%- endmacro %}

{% macro spark__null_of(data_type) -%}
cast(null as {{ spark_type(data_type) }})
{%- endmacro %}
