{% macro is_another_moment(text, of_file) -%}
case
    -- as good as always, and nothing is to be read
    when coalesce({{ text }}, '') = coalesce({{ of_file }}.extracted_at_text, '') then false
    else coalesce({{ to_moment(text) }} <> {{ of_file }}.extracted_at, true)
end
{%- endmacro %}
