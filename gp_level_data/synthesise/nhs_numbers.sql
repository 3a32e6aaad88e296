-- NHS Numbers of the test range only (domain handbook, section 4): those that begin with 999
-- while they last, else with 9. One row a person and practice, for the practices
-- ${first_practice} to ${last_practice}.
--
-- kind: home; second (registered here as well); departed (not registered here any more, but an
-- opt-out is still on file); hospital (known to hospitals, registered nowhere).

create or replace table numbered as
with registered as (
    select unnest(range(first_patient, next_patient)) as person, 'home' as kind, practice_number
    from practices
    where practice_number between ${first_practice} and ${last_practice}
    union all
    select person, kind, practice_number
    from registered_elsewhere
    where practice_number between ${first_practice} and ${last_practice}
    union all
    select n, 'hospital', null
    from range(${patients}, ${people}) as numbers (n)
    where ${first_practice} = 0
),

-- A four-round Feistel network shuffles the people one to one, so that the order of the numbers
-- says nothing about the order of the rows.
halved as (
    select *, person // ${half_b} as a, person % ${half_b} as b from registered
),

round_1 as (
    select * replace ((a + b * b * 7 + b * ${odd_1} + ${odd_2}) % ${half_a} as a) from halved
),

round_2 as (
    select * replace ((b + a * a * 3 + a * ${odd_3} + ${odd_1}) % ${half_b} as b) from round_1
),

round_3 as (
    select * replace ((a + b * b * 5 + b * ${odd_2} + ${odd_4}) % ${half_a} as a) from round_2
),

round_4 as (
    select * replace ((b + a * a * 11 + a * ${odd_4} + ${odd_3}) % ${half_b} as b) from round_3
),

-- The first eight digits and a choice of nine for the ninth: of the ten ninth digits at most one
-- leaves the check digit 10, which is never issued, and that one is stepped over. 6 is the
-- inverse of the ninth digit's weight 2, modulo 11.
placed as (
    select
        * exclude (a, b),
        (a * ${half_b} + b) % 9 as choice,
        ${first_eight_digits} + (a * ${half_b} + b) // 9 as eight,
    from round_4
),

weighted as (
    select
        *,
        eight // 10000000 * 10 + eight // 1000000 % 10 * 9 + eight // 100000 % 10 * 8
        + eight // 10000 % 10 * 7 + eight // 1000 % 10 * 6 + eight // 100 % 10 * 5
        + eight // 10 % 10 * 4 + eight % 10 * 3 as weighted,
    from placed
),

stemmed as (
    select
        *,
        choice + if(choice >= 6 * (12 - weighted % 11) % 11, 1, 0) as ninth,
        (11 - (weighted + 2 * ninth) % 11) % 11 as check_digit,
    from weighted
)

select
    person,
    kind,
    practice_number,
    (eight * 100 + ninth * 10 + check_digit)::varchar as nhs_number,
from stemmed;
