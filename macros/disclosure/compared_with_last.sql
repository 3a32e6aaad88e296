{% macro compared_with_last(cells) -%}
select
    cells.*,
    coalesce(
        abs(cells.denominator_count - last_published.cohort_count)
        between rules.cohort_change_from and rules.cohort_change_to
        or abs(cells.denominator_count - last_published.again_cohort_count)
        between rules.cohort_change_from and rules.cohort_change_to,
        false
    ) as is_changed_by_few,
    cells.denominator_count - cells.numerator_count
    between rules.small_number_from and rules.small_number_to as has_few_others,
    coalesce(
        cells.list_count - cells.denominator_count
        between rules.small_number_from and rules.small_number_to,
        false
    ) as is_near_list,
    coalesce(
        {%- for told in ['', 'told_', 'again_', 'again_told_'] %}
        {{ moved_by_few(
            'last_published.' ~ told ~ 'numerator_count', 'last_published.' ~ told ~ 'cohort_count'
        ) }}
        or
        {%- endfor %}
        -- of what was shown before its numerator was remembered, nobody knows
        (last_published.cohort_count is not null and last_published.numerator_count is null)
        or (
            last_published.again_cohort_count is not null
            and last_published.again_numerator_count is null
        ),
        false
    ) as has_moved
from {{ cells }} as cells
cross join {{ ref('int_disclosure__rules') }} as rules
left join {{ ref('int_disclosure__last_published') }} as last_published
    on
        cells.area_level = last_published.area_level
        and cells.area_code = last_published.area_code
        and cells.metric_id = last_published.metric_id
{%- endmacro %}
