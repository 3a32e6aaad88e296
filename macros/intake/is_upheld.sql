{% macro is_upheld(opt_out_kind) -%}
case {{ opt_out_kind }}
    when 'type_1' then collections.type_1_upheld
    when 'type_2' then collections.type_2_upheld
end <> 'never'
{%- endmacro %}
