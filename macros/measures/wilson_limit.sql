{% macro wilson_limit(side, numerator, denominator, confidence=95) -%}
    {%- set rest = '(' ~ denominator ~ ' - ' ~ numerator ~ ')' -%}
    {%- if side == 'upper' -%}
    1 - {{ wilson_limit('lower', rest, denominator, confidence) }}
    {%- else -%}
    {%- set z = z_value(confidence) -%}
    (
        2 * {{ numerator }} + {{ z }} * {{ z }} - {{ z }} * sqrt(
            {{ z }} * {{ z }} + 4e0 * {{ numerator }} * {{ rest }} / nullif({{ denominator }}, 0)
        )
    ) / (2 * ({{ denominator }} + {{ z }} * {{ z }}))
    {%- endif -%}
{%- endmacro %}
