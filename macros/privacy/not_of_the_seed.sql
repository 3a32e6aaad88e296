{% macro not_of_the_seed(value, allowed) -%}
{%- if allowed.startswith('values of ') -%}
{%- set seed, column = allowed.removeprefix('values of ').split('.') -%}
{#- Under a name of its own: the column that is looked into may be called like the seed's. -#}
and not exists (
    select 1
    from (select {{ column }} as value_of_the_seed from seeds.{{ seed }}) as seed_values
    where seed_values.value_of_the_seed = cast({{ value }} as varchar)
)
{%- endif -%}
{%- endmacro %}
