{% macro same_opt_outs(totals, shown, measure) -%}
    {{ shown }}.area_level = case when {{ totals }}.level = 'practice' then 'part' else 'total' end
    and {{ totals }}.code = {{ shown }}.area_code
    and {{ totals }}.opt_out_kind = {{ shown }}.metric_id
    and {{ shown }}.measure = '{{ measure }}'
{%- endmacro %}
