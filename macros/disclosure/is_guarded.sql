{% macro is_guarded(measure) -%}
has_few_others
    or has_moved
    {%- if measure == 'denominator' %}
    or is_near_list
    or (is_list and bool_or(is_near_list) over (partition by area_level, area_code))
    {%- endif -%}
{%- endmacro %}
