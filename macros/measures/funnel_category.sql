{% macro funnel_category(baseline, interval) -%}
    case
        when {{ baseline }} < {{ interval }}.lower_99_8 then 'higher_99_8'
        when {{ baseline }} < {{ interval }}.lower_95 then 'higher_95'
        when {{ baseline }} > {{ interval }}.upper_99_8 then 'lower_99_8'
        when {{ baseline }} > {{ interval }}.upper_95 then 'lower_95'
        when {{ baseline }} <= {{ interval }}.upper_95 then 'as_expected'
    end
{%- endmacro %}
