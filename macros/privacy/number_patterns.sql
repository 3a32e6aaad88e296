{% macro number_patterns(name) -%}
{%- if name == 'ten digits' -%}
[0-9]([^0-9A-Za-z]{0,3}[0-9]){9}
{%- elif name == 'beyond ASCII' -%}
[^\x00-\x7F]
{%- elif name == 'digits in base 64' -%}
([MNO][DTjz][AEIMQUYcgk][w-z0-5]){2}
{%- elif name == 'a digest' -%}
[0-9A-Fa-f]{32}|[0-9A-Za-z+/_-]{22}=
{%- elif name == 'a moment' -%}
\b(1[89]|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])
{#- -#}
([T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?(Z|[+-][0-2][0-9](:?[0-5][0-9])?)?)?\b
{%- elif name == 'a pseudonym' -%}
\b[a-p]{32}\b
{%- else -%}
{{ exceptions.raise_compiler_error("No pattern for " ~ name) }}
{%- endif -%}
{%- endmacro %}
