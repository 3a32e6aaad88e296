{% macro passes_filter(admissions, field) -%}
(
        not exists (select 1 from filters where field = '{{ field }}' and rule = 'one_of')
        or exists (
            select 1
            from filters
            where
                filters.field = '{{ field }}'
                and filters.rule = 'one_of'
                and filters.value = {{ admissions }}.{{ field }}
        )
    )
    and not exists (
        select 1
        from filters
        where
            filters.field = '{{ field }}'
            and filters.rule = 'none_of'
            and filters.value = {{ admissions }}.{{ field }}
    )
{%- endmacro %}
