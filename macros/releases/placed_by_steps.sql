{% macro placed_by_steps(stepped) -%}
{%- set steps = release_rules().generalisation_steps | map(attribute='step') | list -%}
{%- set cell = 'release_id, people.age_band, people.sex, people.ethnicity, people.area_code, people.datasets_told' -%}
with
{%- for step in steps %}
step_{{ step }} as (

    select
        people.*,
        people.step >= people.first_step
        and count(*) over (partition by people.{{ cell }}) >= people.smallest_group as is_placed
    from {{ stepped }} as people
    {%- if not loop.first %}
    inner join step_{{ loop.previtem }} as before
        on
            people.release_id = before.release_id
            and people.patient_key = before.patient_key
            and not before.is_placed
    {%- endif %}
    where people.step = {{ step }}

){{ ',' if not loop.last }}
{%- endfor %}
{% for step in steps %}
select * from step_{{ step }}
{%- if not loop.last %}
where is_placed
union all
{%- endif %}
{%- endfor %}
{%- endmacro %}
