-- One row a person and practice, for the practices ${first_practice} to ${last_practice}.
-- kind: home; second (registered here as well); departed (not registered here any more, but an
-- opt-out is still on file); hospital (known to hospitals, registered nowhere).

create or replace table patients as
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

-- NHS Numbers of the test range only (domain handbook, section 4): those that begin with 999
-- while they last, else with 9. A four-round Feistel network shuffles the people one to one, so
-- that the order of the numbers says nothing about the order of the rows.
halved as (
    select *, person // ${half_b} as a_0, person % ${half_b} as b_0 from registered
),

shuffled as (
    select
        *,
        (a_0 + b_0 * b_0 * 7 + b_0 * ${odd_1} + ${odd_2}) % ${half_a} as a_1,
        (b_0 + a_1 * a_1 * 3 + a_1 * ${odd_3} + ${odd_1}) % ${half_b} as b_1,
        (a_1 + b_1 * b_1 * 5 + b_1 * ${odd_2} + ${odd_4}) % ${half_a} as a_2,
        (b_1 + a_2 * a_2 * 11 + a_2 * ${odd_4} + ${odd_3}) % ${half_b} as b_2,
        a_2 * ${half_b} + b_2 as place,
    from halved
),

-- The first eight digits and a choice of nine for the ninth: of the ten ninth digits at most one
-- leaves the check digit 10, which is never issued, and that one is stepped over. 6 is the
-- inverse of the ninth digit's weight 2, modulo 11.
stemmed as (
    select
        *,
        ${first_eight_digits} + place // 9 as eight,
        eight // 10000000 * 10 + eight // 1000000 % 10 * 9 + eight // 100000 % 10 * 8
        + eight // 10000 % 10 * 7 + eight // 1000 % 10 * 6 + eight // 100 % 10 * 5
        + eight // 10 % 10 * 4 + eight % 10 * 3 as weighted,
        6 * (1 + 11 * 30 - weighted % 11) % 11 as barred,
        place % 9 + if(place % 9 >= barred, 1, 0) as ninth,
        (11 - (weighted + 2 * ninth) % 11) % 11 as check_digit,
    from shuffled
),

aged as (
    select
        person,
        kind,
        practice_number,
        (eight * 100 + ninth * 10 + check_digit)::varchar as nhs_number,
        1 + draw('sex', person, 2) as sex,
        draw('age', person, 10000) as age_draw,
        -- three of four are spread evenly below 60, the others thin out from 60 to 99
        case
            when age_draw < 7600 then age_draw * 60 * 365 // 7600
            else 60 * 365 + 40 * 365 * (age_draw - 7600) * (age_draw - 7600) // 5760000
        end as age_days,
        date '2017-03-31' - age_days::int as birth_date,
        age_days // 365 as age,
    from stemmed
)

select
    aged.* exclude (age_draw, age_days),
    case
        when age < 1 then 'infant'
        when age < 17 then 'child'
        when age > 64 then 'older'
        when sex = 2 and age < 46 then 'woman'
        else 'adult'
    end as age_group,
    -- the first GPs of a practice have longer lists than the last
    draw('usual gp', person, 10000) as gp_draw,
    first_gp + gp_count * gp_draw * (gp_draw + 10000) // 200000000 as gp_number,
from aged
left join practices using (practice_number);
