{% macro value_text(relation) -%}
case
    when {{ relation }}.is_suppressed then '*'
    else {{ fraction_text('coalesce(' ~ relation ~ '.percent, ' ~ relation ~ '.rate_per_1000)') }}
end
{%- endmacro %}
