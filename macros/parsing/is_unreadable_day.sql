{% macro is_unreadable_day(column, day_first=false, stand_for_none=[]) -%}
(
    coalesce({{ trimmed(column) }}, '') <> ''
    {%- for day in stand_for_none %}
    and left({{ trimmed(column) }}, 10) <> '{{ day }}'
    {%- if day_first %}
    and left({{ trimmed(column) }}, 10) <> '{{ day[8:] }}/{{ day[5:7] }}/{{ day[:4] }}'
    {%- endif %}
    {%- endfor %}
    and {{ to_plausible_day(column, day_first) }} is null
)
{%- endmacro %}
