{% macro moved_by_few(numerator, cohort) -%}
(
    abs(places.numerator_count - {{ numerator }})
    between rules.cohort_change_from and rules.cohort_change_to
    or abs(places.denominator_count - {{ cohort }})
    between rules.cohort_change_from and rules.cohort_change_to
    or abs((places.denominator_count - places.numerator_count) - ({{ cohort }} - {{ numerator }}))
    between rules.cohort_change_from and rules.cohort_change_to
)
{%- endmacro %}
