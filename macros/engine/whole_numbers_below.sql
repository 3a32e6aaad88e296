{% macro whole_numbers_below(end) -%}
{{ return(adapter.dispatch('whole_numbers_below')(end)) }}
{%- endmacro %}

{% macro default__whole_numbers_below(end) -%}
unnest(range(0, cast({{ end }} as bigint)))
{%- endmacro %}

{% macro spark__whole_numbers_below(end) -%}
explode(filter(sequence(0, cast(rint({{ end }}) as bigint)), n -> n < cast(rint({{ end }}) as bigint)))
{%- endmacro %}
