{% macro is_unreadable_day(column, day=none, day_first=false, stand_for_none=[], none_pattern='') -%}
{#- A case, so that what could be read is not looked at again. -#}
case
    when {{ day or to_plausible_day(column, day_first) }} is not null then false
    else
        coalesce({{ trimmed(column) }}, '') <> ''
        {%- for written in stand_for_none %}
        and left({{ trimmed(column) }}, 10) <> '{{ written }}'
        {%- if day_first %}
        and left({{ trimmed(column) }}, 10) <> '{{ written[8:] }}/{{ written[5:7] }}/{{ written[:4] }}'
        {%- endif %}
        {%- endfor %}
        {%- if none_pattern %}
        and not {{ full_match(trimmed(column), none_pattern) }}
        {%- endif %}
end
{%- endmacro %}
