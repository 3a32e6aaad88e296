{% macro suppression(counts) -%}
    coalesce(cast({{ counts }}.numerator_count as varchar), '*') as numerator_text,
    coalesce(cast({{ counts }}.denominator_count as varchar), '*') as denominator_text,
    -- small and secondary are one reason here: who may tell them apart has halfway undone the second
    case
        when 'changed_by_few' in ({{ counts }}.numerator_reason, {{ counts }}.denominator_reason)
            then 'changed_by_few'
        when {{ counts }}.numerator_count is null or {{ counts }}.denominator_count is null
            then 'small_numbers'
    end as suppression_reason
{%- endmacro %}
