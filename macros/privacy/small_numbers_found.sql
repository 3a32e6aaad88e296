{% macro small_numbers_found(relation, excepted, added_up) -%}
{%- set columns = columns_of(relation) -%}
{%- set kinds = {} -%}
{%- for name, data_type, _ in columns if name not in excepted -%}
    {%- set kind = kind_of_type(data_type) -%}
    {%- if kind == 'text' and data_type.split('(')[0] not in ['VARCHAR', 'ENUM'] -%}
        {%- set kind = 'hidden' -%}
    {%- endif -%}
    {%- do kinds.setdefault(kind, []).append('published.' ~ quoted(name)) -%}
{%- endfor -%}
{%- set counts = kinds.get('integer', []) -%}
{%- set is_measured = 'published."numerator_count"' in counts and 'published."denominator_count"' in counts -%}
{%- set findings = [] -%}
{%- for count in counts -%}
    {%- do findings.append(is_small_number(count)) -%}
{%- endfor -%}
{%- for text in kinds.get('text', []) -%}
    {%- do findings.append(is_small_number(whole_number_of(text))) -%}
{%- endfor -%}
{%- for fraction in kinds.get('fraction', []) -%}
    {%- if counts -%}
        {%- do findings.append(fraction ~ ' is not null and (' ~ counts | join(' is null or ') ~ ' is null)') -%}
    {%- else -%}
        {#- nothing in the row says what it was worked out from -#}
        {%- do findings.append(is_small_number(fraction)) -%}
    {%- endif -%}
    {%- set unit = {'published."percent"': 'percent', 'published."rate_per_1000"': 'per_1000'}.get(fraction) -%}
    {%- if is_measured and unit -%}
        {%- do findings.append(
            is_told_too_finely(fraction, unit, 'published."is_exact"' in kinds.get('boolean', []), added_up)
        ) -%}
    {%- endif -%}
{%- endfor -%}
{%- for value in kinds.get('hidden', []) -%}
    {%- do findings.append(value ~ ' is not null') -%}
{%- endfor -%}
select 1 as small_number
from {{ relation }} as published
left join {{ ref('int_disclosure__rules') }} as rules on true
{%- if is_measured %}
cross join lateral (
    select
        {%- for measure in ['numerator', 'denominator'] %}
        {{ shown_alike('published.' ~ measure ~ '_count', 'lowest') }} as lowest_{{ measure }},
        {{ shown_alike('published.' ~ measure ~ '_count', 'highest') }} as highest_{{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
) as shown
{%- endif %}
where
    {%- for finding in findings or ['false'] %}
    {{ 'or ' if not loop.first }}({{ finding }})
    {%- endfor %}
{%- endmacro %}
