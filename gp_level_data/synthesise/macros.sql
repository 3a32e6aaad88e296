-- Everything invented is a function of the seed, a topic and a key, so that no row depends on
-- the rows before it, on the number of threads or on the day. MD5 rather than DuckDB's hash():
-- hash() is far faster, but its values may change with the next DuckDB.

-- Eighteen digits, which a query may share out among several draws.
create macro dice(topic, key) as
    (md5_number_lower(concat(${seed}, '/', topic, '/', key)) >> 1)::bigint;

create macro draw(topic, key, sides) as
    dice(topic, key) % sides;

-- G, a six-digit Doctor's Index Number and a check digit: the last digit of the sum of the
-- digits with the weights 1, 3, 7, 1, 3, 7 (domain handbook, section 5).
create macro gp_code(index_number) as
    'G' || index_number || (
        index_number // 100000 * 1 + index_number // 10000 % 10 * 3
        + index_number // 1000 % 10 * 7 + index_number // 100 % 10 * 1
        + index_number // 10 % 10 * 3 + index_number % 10 * 7
    ) % 10;

create macro shown_3_3_4(nhs_number) as
    nhs_number[1:3] || ' ' || nhs_number[4:6] || ' ' || nhs_number[7:10];

-- Never valid by chance: for one stem only one check digit is right.
create macro with_broken_check_digit(nhs_number) as
    nhs_number[1:9] || (nhs_number[10]::int + 1) % 10;
