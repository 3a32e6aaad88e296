{% macro whole_number_of(text) -%}
cast(
    case
        when regexp_full_match(cast({{ text }} as varchar), '\s*-?[0-9][0-9,]{0,30}\s*')
            then replace(trim(cast({{ text }} as varchar)), ',', '')
    end as hugeint
)
{%- endmacro %}
