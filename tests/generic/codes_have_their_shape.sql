{% test codes_have_their_shape(model, column_name, scheme) %}
-- Flags: codes of a seed that are none of their scheme, and Read codes of a scheme that are all in one case.
-- Why:   a spreadsheet rounds SNOMED codes and takes zeros and dots away: then nobody's code is known any more.
-- Mend:  take the seed from version control again and write codes as text, Read codes with all five characters, those of
--        hospitals in capitals and without a dot.
select count(*) as misshapen_count
from (
    select
        cast({{ column_name }} as varchar) as code,
        {{ scheme }} as code_scheme,
        -- capitals and small letters differ: a seed of Read codes that has lost one kind is spoilt
        bool_or(cast({{ column_name }} as varchar) <> upper(cast({{ column_name }} as varchar)))
            over (partition by {{ scheme }})
        and bool_or(cast({{ column_name }} as varchar) <> lower(cast({{ column_name }} as varchar)))
            over (partition by {{ scheme }}) as has_both_cases
    from {{ model }}
) as codes
where
    not coalesce(
        case code_scheme
            when 'SNOMED' then {{ is_snomed_code('code') }}
            when 'READ2' then {{ full_match('code', '[0-9A-Za-z]{1,5}[.]{0,4}') }} and length(code) = 5
            when 'CTV3' then {{ full_match('code', '[0-9A-Za-z]{1,5}[.]{0,4}') }} and length(code) = 5
            -- beginnings of codes, as hospitals' are read: capitals, without a dot
            when 'ICD10' then {{ full_match('code', '[A-Z][0-9]{2}[0-9X]?') }}
            when 'OPCS4' then {{ full_match('code', '[A-Z]([0-9]{1,3})?') }}
        end, false
    )
    or (code_scheme in ('READ2', 'CTV3') and not has_both_cases)
having count(*) > 0
{% endtest %}
