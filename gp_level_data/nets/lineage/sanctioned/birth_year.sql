-- yields: year
-- reason: the year of a day of birth, between 1880 and 2064, so that nothing longer can pass for one;
-- never the day or the month (domain handbook, sections 6 and 7)
case
    when year(case
        when regexp_full_match(
            trim(birth_date.day),
            '(18[89][0-9]|19[0-9]{2}|20[0-5][0-9]|206[0-4])-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,9})?)?)?'
        )
            then try_cast(left(trim(birth_date.day), 10) as date)
        when regexp_full_match(
            trim(birth_date.day), '(18[89][0-9]|19[0-9]{2}|20[0-5][0-9]|206[0-4])[0-9]{4}'
        )
            then cast(try_strptime(trim(birth_date.day), '%Y%m%d') as date)
    end) between 1880 and 2064
        then year(case
        when regexp_full_match(
            trim(birth_date.day),
            '(18[89][0-9]|19[0-9]{2}|20[0-5][0-9]|206[0-4])-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,9})?)?)?'
        )
            then try_cast(left(trim(birth_date.day), 10) as date)
        when regexp_full_match(
            trim(birth_date.day), '(18[89][0-9]|19[0-9]{2}|20[0-5][0-9]|206[0-4])[0-9]{4}'
        )
            then cast(try_strptime(trim(birth_date.day), '%Y%m%d') as date)
    end)
end
