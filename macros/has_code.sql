{% macro has_code(admissions, position, code) -%}
case {{ position }}
    when 'primary' then starts_with({{ admissions }}.primary_diagnosis, {{ code }})
    when 'any_diagnosis' then contains(',' || {{ admissions }}.diagnoses, ',' || {{ code }})
    when 'first_procedure' then starts_with({{ admissions }}.procedures, {{ code }})
    when 'any_procedure' then contains(',' || {{ admissions }}.procedures, ',' || {{ code }})
end
{%- endmacro %}
