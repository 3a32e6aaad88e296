{% macro shapes_found(relation, value, data_type, allowed) -%}
{%- set kind = kind_of_type(data_type) -%}
{%- set told_apart = unless_allowed(value, allowed) -%}
{%- if kind == 'text' -%}
{%- set pieces = [number_patterns('a moment'), number_patterns('a pseudonym')] -%}
{%- do pieces.insert(0, allowed) if allowed and not told_apart -%}
select shape, count(*) as row_count
from (
    select
        case
            when regexp_matches(rest, '{{ number_patterns("ten digits") }}') then 'ten digits'
            when
                regexp_matches(regexp_replace(rest, '[^\pL\pN]+', '', 'g'), '\pN{10}')
                and regexp_matches(rest, '{{ number_patterns("beyond ASCII") }}')
                then 'ten digits of any script'
            when regexp_matches(rest, '{{ number_patterns("digits in base 64") }}')
                then 'digits in base 64'
            when regexp_matches(rest, '{{ number_patterns("a digest") }}') then 'a digest'
        end as shape
    from (
        select regexp_replace(
            cast({{ value }} as varchar), '{{ pieces | join("|") | replace("'", "''") }}', 'x', 'g'
        ) as rest
        from {{ relation }}
        where
            ({{ could_be_a_number(value, data_type) }})
            {{ told_apart }}
    ) as rests
) as shapes
where shape is not null
group by shape
order by shape
{%- else -%}
select
    '{{ {
        "integer": "ten digits",
        "fraction": "ten digits",
        "day": "a day out of its range",
        "moment": "a moment out of its range",
        "time": "ten digits of a time",
        "hidden": "a type that hides its values",
    }[kind] }}' as shape,
    count(*) as row_count
from {{ relation }}
where
    ({{ could_be_a_number(value, data_type) }})
    {{ told_apart }}
    {%- if allowed and not told_apart %}
    and not regexp_full_match(cast({{ value }} as varchar), '{{ allowed | replace("'", "''") }}')
    {%- endif %}
having count(*) > 0
{%- endif -%}
{%- endmacro %}
