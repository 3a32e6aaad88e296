{% macro refuse_release(request, day) -%}
{%- set refusal = release_refusal(request, release_rules(), day) | trim -%}
{%- if refusal -%}
    {%- do exceptions.raise_compiler_error('Release ' ~ request.release_id ~ ' is refused: ' ~ refusal ~ '.') -%}
{%- endif -%}
{%- endmacro %}
