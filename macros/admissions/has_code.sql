{% macro has_code(admissions, position, code) -%}
case {{ position }}
    when 'primary'
        then substr({{ admissions }}.primary_diagnosis, 1, length({{ code }})) = {{ code }}
    when 'any_diagnosis' then instr(',' || {{ admissions }}.diagnoses, ',' || {{ code }}) > 0
    when 'first_procedure'
        then substr({{ admissions }}.procedures, 1, length({{ code }})) = {{ code }}
    when 'any_procedure' then instr(',' || {{ admissions }}.procedures, ',' || {{ code }}) > 0
end
{%- endmacro %}
