-- yields: year
-- reason: the year of a day of birth, between 1880 and 2064, so that nothing longer can pass for one;
-- never the day or the month (domain handbook, sections 6 and 7)
case
    when year(try_cast(trim(birth_date.day) as date)) between 1880 and 2064
        then year(try_cast(trim(birth_date.day) as date))
end
