{% macro funnel_category(baseline, lower_99_8, lower_95, upper_95, upper_99_8) -%}
    case
        when {{ baseline }} < {{ lower_99_8 }} then 'higher_99_8'
        when {{ baseline }} < {{ lower_95 }} then 'higher_95'
        when {{ baseline }} > {{ upper_99_8 }} then 'lower_99_8'
        when {{ baseline }} > {{ upper_95 }} then 'lower_95'
        when {{ baseline }} <= {{ upper_95 }} then 'as_expected'
    end
{%- endmacro %}
