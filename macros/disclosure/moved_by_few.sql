{% macro moved_by_few(numerator, cohort) -%}
(
    abs(cells.numerator_count - {{ numerator }})
    between rules.cohort_change_from and rules.cohort_change_to
    or abs(cells.denominator_count - {{ cohort }})
    between rules.cohort_change_from and rules.cohort_change_to
    or abs((cells.denominator_count - cells.numerator_count) - ({{ cohort }} - {{ numerator }}))
    between rules.cohort_change_from and rules.cohort_change_to
)
{%- endmacro %}
