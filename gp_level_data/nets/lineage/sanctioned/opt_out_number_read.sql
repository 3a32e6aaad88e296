-- yields: person
-- reason: the ten digits of an opt-out row, however they are written; null where they are not ten, or
-- can be put together in more ways than one
try_cast(
    case
        when regexp_full_match(person.number, '[0-9]{10}') then person.number
        when regexp_full_match(person.number, '[^0-9\p{L}]*(?:[0-9](?:[.,][0-9]{3}){3}|[0-9]{1}[.,][0-9]{9}0*[Ee][+]?0*9|[0-9]{2}[.,][0-9]{8}0*[Ee][+]?0*8|[0-9]{3}[.,][0-9]{7}0*[Ee][+]?0*7|[0-9]{4}[.,][0-9]{6}0*[Ee][+]?0*6|[0-9]{5}[.,][0-9]{5}0*[Ee][+]?0*5|[0-9]{6}[.,][0-9]{4}0*[Ee][+]?0*4|[0-9]{7}[.,][0-9]{3}0*[Ee][+]?0*3|[0-9]{8}[.,][0-9]{2}0*[Ee][+]?0*2|[0-9]{9}[.,][0-9]{1}0*[Ee][+]?0*1|[0-9]{10}(?:[.,]0*)?[Ee][+]?0*0)[^0-9\p{L}]*')
            then left(regexp_replace(person.number, '[^0-9]', '', 'g'), 10)
        when regexp_matches(person.number, '[0-9][Ee][+-]?[0-9]|[.,]0+[^0-9]*$') then null
        when regexp_replace(regexp_extract(person.number, '(?:^|[^0-9])([0-9](?:[^0-9\p{L}]*[0-9]){9})(?:[^0-9]|$)', 1), '[^0-9]', '', 'g')
            = regexp_replace(regexp_extract(
        person.number, '(?s)^(?:.*[^0-9])?([0-9](?:[^0-9\p{L}]*[0-9]){9})(?:[^0-9].*)?$', 1
    ), '[^0-9]', '', 'g')
            and length(regexp_replace(person.number, '[^0-9]', '', 'g')) < 30
            then regexp_replace(regexp_extract(person.number, '(?:^|[^0-9])([0-9](?:[^0-9\p{L}]*[0-9]){9})(?:[^0-9]|$)', 1), '[^0-9]', '', 'g')
    end as bigint
)
