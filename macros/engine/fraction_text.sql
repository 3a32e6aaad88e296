{% macro fraction_text(value) -%}
{{ return(adapter.dispatch('fraction_text')(value)) }}
{%- endmacro %}

{% macro default__fraction_text(value) -%}
cast({{ value }} as varchar)
{%- endmacro %}

{% macro spark__fraction_text(value) -%}
{#- Spark changes to powers of ten below a thousandth and from ten million on. -#}
case
    when {{ value }} = 0 or abs({{ value }}) >= 1e-3 and abs({{ value }}) < 1e7
        then cast({{ value }} as string)
    else regexp_replace(cast(cast({{ value }} as decimal(38, 12)) as string), r'(\.[0-9])([0-9]*?)0+\z', '$1$2')
end
{%- endmacro %}
