{% macro admitted_patients(area_level, practice_code, area_code) -%}
select
    '{{ area_level }}' as area_level,
    {{ to_text(practice_code) }} as practice_code,
    {{ area_code }} as area_code,
    condition,
    count(distinct patient_key) as patient_count,
    count(distinct admission_number) as admission_count
from conditions
group by all
{%- endmacro %}
