-- yields: word
-- reason: whether the month of birth is known, which a filter of the official definition asks;
-- never which month it is (domain handbook, section 2.4)
case
    when coalesce(trim(birth_month.code), '') in ('', '011800', '011900', '011901') then 'unknown'
    else 'known'
end
