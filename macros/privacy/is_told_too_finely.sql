{% macro is_told_too_finely(value, unit, says_whether_exact, added_up) -%}
{%- set unit = "'" ~ unit ~ "'" -%}
{{ value }} is not null
{%- if added_up %}
and not ({{ added_up }})
{%- endif %}
and case
    when {{ 'published.is_exact' if says_whether_exact else 'false' }}
        then coalesce(
            {{ value }} not between {{ in_unit(told_value('shown', 'lowest'), unit) }}
            and {{ in_unit(told_value('shown', 'highest'), unit) }},
            true
        )
    else {{ value }} is distinct from {{ in_unit(told_value('shown'), unit) }}
end
{%- endmacro %}
