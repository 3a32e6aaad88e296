{% macro is_verhoeff(digits, longest) -%}
{#- From the right: each digit is moved by its place, and all are added by the table of the group. -#}
{%- set sums -%}
0123456789123406789523401789563401289567401239567859876043216598710432765982104387659321049876543210
{%- endset -%}
{%- set moves -%}
01234567891576283094580379614289160435279453126870428657390127938064157046913258
{%- endset -%}
{%- set group = namespace(elements=[]) -%}
{%- for place in range(longest) -%}
    {%- set row = place % 8 * 10 -%}
    {%- set moved -%}
        {#- in two halves: ten digits in a row may be somebody's number -#}
        case when length({{ digits }}) > {{ place }} then try_cast(substr(
            '{{ moves[row:row + 5] }}' || '{{ moves[row + 5:row + 10] }}',
            try_cast(substr({{ digits }}, length({{ digits }}) - {{ place }}, 1) as int) + 1, 1
        ) as int) else 0 end
    {%- endset -%}
    {%- set group.elements = group.elements + [moved] -%}
{%- endfor -%}
{#- Neighbours by twos: in a group it is all one, and parsers do not follow eighteen steps. -#}
{%- for _ in range(longest) -%}
    {%- if group.elements | length > 1 -%}
    {%- set sum = namespace(elements=[]) -%}
    {%- for pair in group.elements | batch(2) -%}
        {%- set added -%}
            try_cast(substr('{{ sums }}', 10 * {{ pair[0] }} + {{ pair[1] }} + 1, 1) as int)
        {%- endset -%}
        {%- set sum.elements = sum.elements + [added if pair | length > 1 else pair[0]] -%}
    {%- endfor -%}
    {%- set group.elements = sum.elements -%}
    {%- endif -%}
{%- endfor -%}
{{ group.elements[0] }} = 0
{%- endmacro %}
