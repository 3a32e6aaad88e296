-- yields: person
-- reason: the number of a line of the exchange on national opt-outs, ten digits and a comma; any
-- other line is null
case
    when regexp_full_match(person.line, '[0-9]{10},') then try_cast(left(person.line, 10) as bigint)
end
