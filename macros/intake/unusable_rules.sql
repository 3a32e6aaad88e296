{% macro unusable_rules() -%}
'metric_value_unknown', 'registration_unknown', 'category_unknown', 'code_malformed',
'code_of_another_category', 'record_date_unknown', 'recorded_before_birth', 'recorded_after_death',
'recorded_after_extraction'
{%- endmacro %}
