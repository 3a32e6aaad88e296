{% macro suppression(counts) -%}
    coalesce({{ to_text(counts ~ '.numerator_count') }}, '*') as numerator_text,
    coalesce({{ to_text(counts ~ '.denominator_count') }}, '*') as denominator_text,
    -- small and secondary are one reason here: who may tell them apart has halfway undone the second
    case
        when 'changed_by_few' in ({{ counts }}.numerator_reason, {{ counts }}.denominator_reason)
            then 'changed_by_few'
        when {{ counts }}.numerator_count is null or {{ counts }}.denominator_count is null
            then 'small_numbers'
    end as suppression_reason
{%- endmacro %}
