{% macro exact_poisson() -%}
(
    select *
    from {{ ref('exact_poisson_limits') }}
    -- Byar's formula is not for counts below 10, whatever the setting says
    where event_count < greatest({{ var('exact_poisson_below') }}, 10)
)
{%- endmacro %}
