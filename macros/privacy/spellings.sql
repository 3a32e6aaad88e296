{% macro spellings(number, lengths) -%}
{%- set digits = "lpad(cast(" ~ number ~ " as varchar), 10, '0')" -%}
{%- set known = [] -%}
{%- for length, spelling in [
    (10, digits),
    (10, 'reverse(' ~ digits ~ ')'),
    (9, 'left(' ~ digits ~ ', 9)'),
    (9, "ltrim(reverse(" ~ digits ~ "), '0')"),
    (9, 'hex(' ~ number ~ ')'),
    (8, 'hex(' ~ number ~ ')'),
    (14, 'to_base64(encode(' ~ digits ~ '))'),
    (20, 'hex(' ~ digits ~ ')'),
    (22, 'to_base64(unhex(md5(' ~ digits ~ ')))'),
    (27, 'to_base64(unhex(sha1(' ~ digits ~ ')))'),
    (32, 'md5(' ~ digits ~ ')'),
    (40, 'sha1(' ~ digits ~ ')'),
    (43, 'to_base64(unhex(sha256(' ~ digits ~ ')))'),
    (64, 'sha256(' ~ digits ~ ')'),
] if length in lengths -%}
{%- do known.append("lower(rtrim(" ~ spelling ~ ", '='))") -%}
{%- endfor -%}
[{{ known | join(', ') }}]
{%- endmacro %}
