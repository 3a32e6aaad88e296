-- yields: episode
-- reason: the key of a hospital episode in one spelling: its digits, or the text as it is; null
-- for what is no key
case
    when regexp_full_match(trim(episode.key), '[1-9][0-9]*') then trim(episode.key)
    when regexp_full_match(trim(episode.key), '[+]?[0-9]+[.]?0*')
        then
            nullif(
                cast(try_cast(split_part(trim(episode.key), '.', 1) as decimal(38, 0)) as varchar),
                '0'
            )
    when regexp_full_match(
        trim(episode.key), '-[0-9.]+|[^0-9A-Za-z]*|(?i)#?(null|none|nan|n/?a)'
    ) then null
    else trim(episode.key)
end
