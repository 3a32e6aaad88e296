{% macro unless_allowed(value, allowed) -%}
{%- if allowed.startswith('values of ') -%}
{%- set seed, column = allowed.removeprefix('values of ').split('.') -%}
{#- Under a name of its own: the column that is looked into may be called like the seed's. -#}
and not exists (
    select 1
    from (select {{ column }} as value_of_the_seed from {{ seed_named(seed) }}) as seed_values
    where seed_values.value_of_the_seed = cast({{ value }} as varchar)
)
{%- elif allowed.startswith('md5 of ') -%}
{%- set written = [] -%}
{%- for column in allowed.removeprefix('md5 of ').split(', ') -%}
    {%- do written.append("coalesce(cast(" ~ quoted(column) ~ " as varchar), '')") -%}
{%- endfor -%}
and {{ value }} is distinct from md5({{ written | join(" || '|' || ") }})
{%- elif allowed == 'a rounded count' -%}
and not coalesce({{ is_a_rounded_count(value) }}, false)
{%- endif -%}
{%- endmacro %}
