{% macro is_verhoeff(digits, longest) -%}
{#- From the right, digit by digit: each is moved by its place, then added by the table of the group. -#}
{%- set sums -%}
0123456789123406789523401789563401289567401239567859876043216598710432765982104387659321049876543210
{%- endset -%}
{%- set moves -%}
01234567891576283094580379614289160435279453126870428657390127938064157046913258
{%- endset -%}
{%- set state = namespace(check='0') -%}
{%- for place in range(longest) -%}
    {%- set row = place % 8 * 10 -%}
    {%- set moved -%}
        {#- in two halves: ten digits in a row may be somebody's number -#}
        case when length({{ digits }}) > {{ place }} then try_cast(substr(
            '{{ moves[row:row + 5] }}' || '{{ moves[row + 5:row + 10] }}',
            try_cast(substr({{ digits }}, length({{ digits }}) - {{ place }}, 1) as int) + 1, 1
        ) as int) else 0 end
    {%- endset -%}
    {%- set state.check -%}
        try_cast(substr('{{ sums }}', 10 * {{ state.check }} + {{ moved }} + 1, 1) as int)
    {%- endset -%}
{%- endfor -%}
{{ state.check }} = 0
{%- endmacro %}
