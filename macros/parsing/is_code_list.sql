{% macro is_code_list(codes) -%}
{%- set code = '([A-Z][0-9]{2}[0-9A-Z]{0,3}|-)?' -%}
{{ full_match(codes, code ~ '(,' ~ code ~ ')*') }}
{%- endmacro %}
