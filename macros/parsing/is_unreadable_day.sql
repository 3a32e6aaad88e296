{% macro is_unreadable_day(column, day_first=false, stand_for_none=[], none_pattern='') -%}
(
    coalesce({{ trimmed(column) }}, '') <> ''
    {%- for day in stand_for_none %}
    and left({{ trimmed(column) }}, 10) <> '{{ day }}'
    {%- if day_first %}
    and left({{ trimmed(column) }}, 10) <> '{{ day[8:] }}/{{ day[5:7] }}/{{ day[:4] }}'
    {%- endif %}
    {%- endfor %}
    {%- if none_pattern %}
    and not {{ full_match(trimmed(column), none_pattern) }}
    {%- endif %}
    and {{ to_plausible_day(column, day_first) }} is null
)
{%- endmacro %}
