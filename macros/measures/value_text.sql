{% macro value_text(relation) -%}
case
    when {{ relation }}.is_suppressed then '*'
    else cast(coalesce({{ relation }}.percent, {{ relation }}.rate_per_1000) as varchar)
end
{%- endmacro %}
