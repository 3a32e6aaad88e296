{% macro list_in_order(value, separator, distinct=false) -%}
{{ return(adapter.dispatch('list_in_order')(value, separator, distinct)) }}
{%- endmacro %}

{% macro default__list_in_order(value, separator, distinct) -%}
string_agg({{ 'distinct ' if distinct }}{{ value }}, '{{ separator }}' order by {{ value }})
{%- endmacro %}

{% macro spark__list_in_order(value, separator, distinct) -%}
string_agg({{ 'distinct ' if distinct }}{{ value }}, '{{ separator }}') within group (order by {{ value }})
{%- endmacro %}
