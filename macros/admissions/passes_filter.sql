{% macro passes_filter(admissions, field) -%}
(
        filters.{{ field }}_one_of is null
        or coalesce(instr(filters.{{ field }}_one_of, ',' || {{ admissions }}.{{ field }} || ',') > 0, false)
    )
    and not coalesce(instr(filters.{{ field }}_none_of, ',' || {{ admissions }}.{{ field }} || ',') > 0, false)
{%- endmacro %}
