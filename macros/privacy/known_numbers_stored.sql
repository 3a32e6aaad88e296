{% macro known_numbers_stored(columns, sources, lengths, allowed={}) -%}
with tokens as (

    {{ tokens_stored(columns, allowed) }}

),

numbers as (

    {%- for source in sources %}
    {% if not loop.first %}union all{% endif %}
    select {{ to_nhs_number("split_part(" ~ quoted(source[1]) ~ ", ',', 1)") }} as number
    from landing.{{ quoted(source[0]) }}
    {%- endfor %}

),

spelled as (

    select unnest({{ spellings('number', lengths) }}) as spelling
    from numbers
    where number is not null

)

select
    tokens.stored_in,
    count(distinct tokens.token) as token_count
from tokens
inner join spelled on lower(tokens.token) = spelled.spelling
group by tokens.stored_in
order by tokens.stored_in
{%- endmacro %}
