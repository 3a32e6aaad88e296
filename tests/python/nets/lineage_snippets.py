"""Small models for the lineage net: leaks that it must refuse, and harmless ones that it must let pass.

Each stands in for int_patients__permitted, a stored table of the gateway. `{name}` is the relation of a model or
seed. What they read: `r` rows of the practice files, `p` people as judged, `h` hospital episodes.
"""

KEY = "pseudonymise(lpad(cast(nhs_number as varchar), 10, '0')) as patient_key"
SORTED = "order by patient_key"
P = "{int_patients__judged}"
R = "{stg_gpes__practice_records}"
H = "{stg_hes__apc_episodes}"
O = "{int_opt_outs__upheld}"  # noqa: E741
PRACTICES = "{int_ods__practices}"

# name: (what of it is refused, SQL)
LEAKS = {
    # the value itself
    "pass through": ("VALUE", f"select nhs_number from {P} order by practice_code"),
    "rename": ("VALUE", f"select {KEY}, nhs_number as gp_code from {P} {SORTED}"),
    "rename twice": (
        "VALUE",
        f"with a as (select nhs_number as x from {P}), b as (select x as y from a)"
        " select y as practice_code from b order by 1",
    ),
    "star": ("VALUE", f"select * from {P} order by practice_code"),
    "star with exclude": ("VALUE", f"select * exclude (gp_code) from {P} order by practice_code"),
    "qualified star": ("VALUE", f"select {KEY}, p.* from {P} as p {SORTED}"),
    "from first": ("VALUE", f"from {P} select {KEY}, nhs_number as n {SORTED}"),
    "from without select": ("VALUE", f"from {P}"),
    "prefix alias": ("VALUE", f"select {KEY}, n: nhs_number from {P} {SORTED}"),
    "alias of an alias": ("VALUE", f"select nhs_number as a, a as b from {P} order by practice_code"),
    "union branch": (
        "VALUE",
        f"select practice_code from {P} union all select cast(nhs_number as varchar) from {P} order by 1",
    ),
    "union by position": (
        "VALUE",
        f"select gp_code, practice_code from {P} union all"
        f" select practice_code, cast(nhs_number as varchar) as gp_code from {P} order by 1, 2",
    ),
    "except": (
        "VALUE",
        f"select nhs_number from {P} except select nhs_number from {O} order by 1",
    ),
    "coalesce fallback": (
        "VALUE",
        f"select {KEY}, coalesce(gp_code, cast(nhs_number as varchar)) as gp_code from {P} {SORTED}",
    ),
    "ifnull fallback": (
        "VALUE",
        f"select {KEY}, ifnull(gp_code, nhs_number::varchar) as gp_code from {P} {SORTED}",
    ),
    "scalar subquery": (
        "VALUE",
        f"select {KEY}, (select max(b.nhs_number) from {P} as b) as n from {P} {SORTED}",
    ),
    "column list of a table alias": (
        "VALUE",
        f"select b from (select gp_code, nhs_number from {P}) as t (a, b) order by a",
    ),
    "column list of a step": (
        "VALUE",
        f"with t (a, b) as (select gp_code, nhs_number from {P}) select b from t order by a",
    ),
    "through a step named like a seed": (
        "VALUE",
        f"with collections as (select nhs_number as collection from {P}) select collection from collections order by 1",
    ),
    "another identifier": ("VALUE", f"select episode_key from {H} order by admission_date"),
    "an identifier that nobody declared": (
        "NOT UNDERSTOOD",
        'select postcode from "memory"."landing"."practice_records" order by 1',
    ),
    # part of it, or worked out of it
    "left": ("VALUE", f"select {KEY}, left(cast(nhs_number as varchar), 3) as x from {P} {SORTED}"),
    "substring": (
        "VALUE",
        f"select {KEY}, substr(cast(nhs_number as varchar), 7) as x from {P} {SORTED}",
    ),
    "integer division": ("VALUE", f"select {KEY}, nhs_number // 7 as x from {P} {SORTED}"),
    "addition": ("VALUE", f"select {KEY}, nhs_number + 1 as x from {P} {SORTED}"),
    "modulo": ("VALUE", f"select {KEY}, nhs_number % 2 as x from {P} {SORTED}"),
    "exclusive or": ("NOT UNDERSTOOD", f"select {KEY}, xor(nhs_number, 42) as x from {P} {SORTED}"),
    "date and number": (
        "NOT UNDERSTOOD",
        f"select {KEY}, date '2000-01-01' + to_days(nhs_number % 9999) as x from {P} {SORTED}",
    ),
    "date and small number": (
        "VALUE",
        f"select {KEY}, date '2000-01-01' + cast(nhs_number % 9999 as integer) as x from {P} {SORTED}",
    ),
    "reverse": (
        "NOT UNDERSTOOD",
        f"select {KEY}, reverse(cast(nhs_number as varchar)) as x from {P} {SORTED}",
    ),
    "letters": (
        "VALUE",
        f"select translate(cast(nhs_number as varchar), '0123456789', 'abcdefghij') as patient_key from {P} {SORTED}",
    ),
    "letters by replace": (
        "VALUE",
        f"select {KEY}, replace(replace(cast(nhs_number as varchar), '1', 'b'), '2', 'c') as x from {P} {SORTED}",
    ),
    "hash without a key": (
        "NOT UNDERSTOOD",
        f"select sha256(cast(nhs_number as varchar)) as patient_key from {P} {SORTED}",
    ),
    "engine hash": ("NOT UNDERSTOOD", f"select {KEY}, hash(nhs_number) as x from {P} {SORTED}"),
    "range bucket": (
        "VALUE",
        f"select {KEY}, case when nhs_number < 5000000000 then 'low' else 'high' end as x from {P} {SORTED}",
    ),
    "bucket by if": ("VALUE", f"select {KEY}, if(nhs_number > 5, 'a', 'b') as x from {P} {SORTED}"),
    "case operand": (
        "VALUE",
        f"select {KEY}, case nhs_number when 9990000018 then 'a' end as x from {P} {SORTED}",
    ),
    "null that encodes it": (
        "VALUE",
        f"select {KEY}, case when nhs_number % 2 = 1 then gp_code end as gp_code from {P} {SORTED}",
    ),
    "nullif": ("VALUE", f"select {KEY}, nullif(nhs_number, 9990000018) is null as x from {P} {SORTED}"),
    "comparison with a constant": (
        "VALUE",
        f"select {KEY}, nhs_number = 9990000018 as x from {P} {SORTED}",
    ),
    "appended to the pseudonym": (
        "VALUE",
        f"select pseudonymise(lpad(cast(nhs_number as varchar), 10, '0'))"
        f" || cast(nhs_number % 10 as varchar) as patient_key from {P} {SORTED}",
    ),
    "pseudonym of something added": (
        "NOT UNDERSTOOD",
        f"select pseudonymise(lpad(cast(nhs_number + 1 as varchar), 10, '0')) as patient_key from {P} {SORTED}",
    ),
    "pseudonym of a part": (
        "NOT UNDERSTOOD",
        f"select pseudonymise(rpad(left(cast(nhs_number as varchar), 5), 10, '0')) as patient_key from {P} {SORTED}",
    ),
    "pseudonym of a part, one step on": (
        "NOT UNDERSTOOD",
        f"with a as (select nhs_number // 10 as nhs_number from {P}) select {KEY} from a {SORTED}",
    ),
    "pseudonym of a constant": (
        "NOT UNDERSTOOD",
        f"select pseudonymise('9990000018') as patient_key, gp_code from {P} {SORTED}",
    ),
    "pseudonym of a seed": (
        "NOT UNDERSTOOD",
        "select pseudonymise(lpad(cast(code as varchar), 10, '0')) as patient_key from {default_codes} order by 1",
    ),
    # nested
    "struct": ("NOT UNDERSTOOD", f"select {KEY}, {{{{'a': nhs_number}}}} as x from {P} {SORTED}"),
    "list": ("NOT UNDERSTOOD", f"select {KEY}, [nhs_number] as x from {P} {SORTED}"),
    "list aggregate": (
        "VALUE",
        f"select practice_code, list(nhs_number) as x from {P} group by practice_code order by 1",
    ),
    "string aggregate": (
        "VALUE",
        f"select practice_code, string_agg(cast(nhs_number as varchar), ',') as x from {P}"
        " group by practice_code order by 1",
    ),
    "map": ("NOT UNDERSTOOD", f"select {KEY}, map([gp_code], [nhs_number]) as x from {P} {SORTED}"),
    "json": ("NOT UNDERSTOOD", f"select {KEY}, to_json(nhs_number) as x from {P} {SORTED}"),
    "json object": ("NOT UNDERSTOOD", f"select {KEY}, json_object('a', nhs_number) as x from {P} {SORTED}"),
    "whole row": ("NOT UNDERSTOOD", f"select {KEY}, p as x from {P} as p {SORTED}"),
    "whole row as text": (
        "NOT UNDERSTOOD",
        f"select {KEY}, cast(p as varchar) as x from {P} as p {SORTED}",
    ),
    "field of a whole row": ("NOT UNDERSTOOD", f"select {KEY}, (p).nhs_number as x from {P} as p {SORTED}"),
    "columns()": ("NOT UNDERSTOOD", f"select columns('nhs.*') from {P} order by 1"),
    "columns(*)": ("NOT UNDERSTOOD", f"select columns(*) from {P} order by 1"),
    "star with a pattern": ("NOT UNDERSTOOD", f"select * like 'nhs%' from {P} order by 1"),
    "star with replace": ("NOT UNDERSTOOD", f"select * replace (nhs_number as gp_code) from {P} order by 1"),
    "star with rename": ("NOT UNDERSTOOD", f"select * rename (nhs_number as gp_code) from {P} order by 1"),
    "unpacked": ("NOT UNDERSTOOD", f"select {KEY}, unnest([nhs_number]) as x from {P} {SORTED}"),
    "lambda that captures": (
        "NOT UNDERSTOOD",
        f"select {KEY}, list_transform([1], x -> x + nhs_number) as x from {P} {SORTED}",
    ),
    "list comprehension": (
        "NOT UNDERSTOOD",
        f"select {KEY}, [x + nhs_number for x in [1]] as x from {P} {SORTED}",
    ),
    "method call": ("NOT UNDERSTOOD", f"select {KEY}, nhs_number.to_base(16) as x from {P} {SORTED}"),
    "whole row by the name of an alias": (
        "NOT UNDERSTOOD",
        f"select {KEY}, gp_code as p, p as x from {P} as p {SORTED}",
    ),
    "whole row by the name of an outer column": (
        "NOT UNDERSTOOD",
        "select (select x from (select max(nhs_number) as z from "
        f"{P}) as x) as y from (select 'safe' as x) as q order by 1",
    ),
    "unit of a date that is a column": (
        "NOT UNDERSTOOD",
        "with a as (select *, case when nhs_number % 2 = 0 then 'day' else 'month' end as u from "
        f"{P}) select {KEY}, date_trunc(u, date '2020-02-03') as x from a {SORTED}",
    ),
    "unit of a difference that is a column": (
        "NOT UNDERSTOOD",
        "with a as (select *, case when nhs_number % 2 = 0 then 'day' else 'month' end as u from "
        f"{P}) select {KEY}, date_diff(u, date '2020-02-03', date '2021-01-01') as x from a {SORTED}",
    ),
    "a number written out": (
        "VALUE",
        f"select {KEY}, 'see 9990000018' as x from {P} {SORTED}",
    ),
    # other ways of reading
    "lateral": (
        "NOT UNDERSTOOD",
        f"select {KEY}, s.x from {P} as p, lateral (select p.nhs_number + 1 as x) as s {SORTED}",
    ),
    "lateral without the word": (
        "VALUE",
        f"select {KEY}, s.x from {P} as p, (select p.nhs_number + 1 as x) as s {SORTED}",
    ),
    "lateral with a name used before": (
        "VALUE",
        f"select a.gp_code, (select max(s.x) from {P} as a, (select a.nhs_number as x) as s) as x"
        " from {int_ods__gps} as a order by all",
    ),
    "recursive": (
        "NOT UNDERSTOOD",
        f"with recursive d as (select nhs_number as n from {P} union all select n // 10 from d where n > 0)"
        " select n from d order by 1",
    ),
    "pivot": ("NOT UNDERSTOOD", f"pivot {P} on gp_code using max(nhs_number)"),
    "unpivot": ("NOT UNDERSTOOD", f"unpivot (select nhs_number, 1 as a from {P}) on nhs_number into name n value v"),
    "unpivot by the word of a table": (
        "VALUE",
        f"select v from {P} unpivot (v for n in (nhs_number, row_count)) order by all",
    ),
    "unpivot of parts": (
        "FLOW",
        f"with a as (select gp_code, nullif(nhs_number % 2, 1) as x, nhs_number % 3 as y from {P})"
        " select gp_code, n from a unpivot (v for n in (x, y)) order by all",
    ),
    "pivot by the word of a table": (
        "NOT UNDERSTOOD",
        f"select * from {P} pivot (max(nhs_number) for rejected_rule in ('a', 'b')) order by all",
    ),
    "rows by the number": (
        "FLOW",
        f"select gp_code, unnest(range(0, nhs_number % 10)) as x from {P} order by all",
    ),
    "query_table": ("NOT UNDERSTOOD", "select * from query_table('memory.staging.stg_gpes__practice_records')"),
    "query": ("NOT UNDERSTOOD", "select * from query('select 1 as a')"),
    "raw file": ("NOT UNDERSTOOD", "select * from read_csv('sample/hes/apc_2016.csv')"),
    "raw file by its name": ("NOT UNDERSTOOD", "select * from 'sample/hes/apc_2016.csv'"),
    "a table that dbt does not know of": (
        "NOT UNDERSTOOD",
        "select stated_practice_code from memory.somewhere.else_entirely order by 1",
    ),
    "several statements": ("NOT UNDERSTOOD", f"select 1 as a; select nhs_number from {P}"),
    "a statement of another kind": ("NOT UNDERSTOOD", f"copy (select * from {P}) to 'x.csv'"),
    "session variable": ("NOT UNDERSTOOD", f"select {KEY}, getvariable('n') as x from {P} {SORTED}"),
    "error message": (
        "NOT UNDERSTOOD",
        f"select {KEY}, error(cast(nhs_number as varchar)) as x from {P} {SORTED}",
    ),
    "a cast that fails": (
        "VALUE",
        f"select {KEY} from {P} where cast(concat('x', nhs_number) as integer) is not null {SORTED}",
    ),
    "try": ("NOT UNDERSTOOD", f"select {KEY}, try(nhs_number / 0) as x from {P} {SORTED}"),
    # which rows
    "filter on a range": ("FLOW", f"select {KEY} from {P} where nhs_number > 5000000000 {SORTED}"),
    "even numbers only": ("FLOW", f"select {KEY} from {P} where nhs_number % 2 = 0 {SORTED}"),
    "filter on a constant": ("FLOW", f"select {KEY} from {P} where nhs_number = 9990000018 {SORTED}"),
    "filter on a list": ("FLOW", f"select {KEY} from {P} where nhs_number in (9990000018, 9990000026) {SORTED}"),
    "filter on a prefix": ("FLOW", f"select {KEY} from {P} where cast(nhs_number as varchar) like '999%' {SORTED}"),
    "filter hidden in IS NULL": (
        "FLOW",
        f"with a as (select *, case when nhs_number % 2 = 0 then nhs_number end as even from {P})"
        f" select {KEY} from a where even is not null {SORTED}",
    ),
    "filter by a case": (
        "FLOW",
        f"select {KEY} from {P} where case when nhs_number > 5 then true else false end {SORTED}",
    ),
    "constant that became a column": (
        "FLOW",
        f"with c as (select nhs_number from {P} where false union all select 42)"
        f" select pseudonymise(lpad(cast(p.nhs_number as varchar), 10, '0')) as patient_key"
        f" from {P} as p inner join c on p.nhs_number = c.nhs_number {SORTED}",
    ),
    "join with a constant": (
        "FLOW",
        f"select {KEY} from {P} as p inner join (values (42)) as v (n) on p.nhs_number = v.n {SORTED}",
    ),
    "join on an order": (
        "FLOW",
        f"select pseudonymise(lpad(cast(a.nhs_number as varchar), 10, '0')) as patient_key from {P} as a"
        f" inner join {P} as b on a.nhs_number < b.nhs_number {SORTED}",
    ),
    "as-of join": (
        "NOT UNDERSTOOD",
        f"select a.gp_code from {P} as a asof join {P} as b on a.nhs_number >= b.nhs_number order by 1",
    ),
    "positional join": (
        "NOT UNDERSTOOD",
        f"select a.gp_code, b.practice_code from {P} as a positional join {PRACTICES} as b order by all",
    ),
    "natural join": ("NOT UNDERSTOOD", f"select gp_code from {P} natural join {P} as b order by 1"),
    "join with another kind of identifier": (
        "FLOW",
        f"select {KEY} from {P} as p inner join (select trim(episode_key) as k from {H}) as h"
        f" on p.nhs_number = h.k {SORTED}",
    ),
    "having": (
        "FLOW",
        f"select practice_code from {P} group by practice_code having max(nhs_number) > 5 order by 1",
    ),
    "qualify": (
        "FLOW",
        f"select {KEY} from {P} qualify row_number() over (order by nhs_number) = 1 {SORTED}",
    ),
    "whoever has the lowest": (
        "FLOW",
        f"with a as (select *, min(nhs_number) over (partition by practice_code) as low from {P})"
        f" select {KEY} from a where nhs_number = low {SORTED}",
    ),
    "lowest here is highest there": (
        "FLOW",
        "with a as (select practice_code, gp_code, min(nhs_number) over (partition by practice_code) as low,"
        f" max(nhs_number) over (partition by gp_code) as high from {P})"
        " select practice_code, gp_code from a where low = high order by all",
    ),
    "lowest of one row is highest of another": (
        "FLOW",
        "with a as (select practice_code, min(nhs_number) over (partition by practice_code) as low,"
        f" max(nhs_number) over (partition by practice_code) as high from {P})"
        " select a.practice_code from a inner join a as b on a.low = b.high order by all",
    ),
    "limit": ("FLOW", f"select {KEY} from {P} {SORTED} limit 10"),
    "limit by a count": (
        "FLOW",
        f"select practice_code from {PRACTICES} order by practice_code limit (select count(*) from {P})",
    ),
    "offset by a count": (
        "FLOW",
        f"select practice_code from {PRACTICES} order by practice_code limit 9 offset (select count(*) from {P})",
    ),
    "a frame as wide as a count": (
        "FLOW",
        "select practice_code, count(*) over (order by practice_code rows between"
        f" (select count(*) from {P}) preceding and current row) as page from {PRACTICES} order by all",
    ),
    "top ten": (
        "FLOW",
        f"with a as (select * from {P} order by nhs_number limit 10) select {KEY} from a {SORTED}",
    ),
    "sample": ("FLOW", f"select {KEY} from {P} using sample 10 {SORTED}"),
    "table sample": ("NOT UNDERSTOOD", f"select {KEY} from {P} tablesample 10% {SORTED}"),
    "distinct on": (
        "NOT UNDERSTOOD",
        f"select distinct on (practice_code) practice_code, gp_code from {P} order by practice_code, nhs_number",
    ),
    "distinct of a part": (
        "FLOW",
        f"with a as (select distinct practice_code, nhs_number % 10 as d from {P})"
        " select practice_code, count(*) as n from a group by practice_code order by 1",
    ),
    "union of parts": (
        "FLOW",
        f"with a as (select practice_code, nhs_number % 10 as d from {P} union select practice_code, 1 from {P})"
        " select practice_code, count(*) as n from a group by practice_code order by 1",
    ),
    "group by a part": (
        "FLOW",
        f"select practice_code, count(*) as n from {P} group by practice_code, nhs_number // 1000 order by 1, 2",
    ),
    "group by all with a part": (
        "FLOW",
        f"with a as (select practice_code, nhs_number // 9 as d, count(*) as n from {P} group by all)"
        " select practice_code, n from a order by all",
    ),
    "group by position": (
        "FLOW",
        f"with a as (select practice_code, nhs_number // 9 as d, count(*) as n from {P} group by 1, 2)"
        " select practice_code, n from a order by all",
    ),
    "exists on an order": (
        "FLOW",
        f"select {KEY} from {P} as a where exists (select 1 from {P} as b where b.nhs_number < a.nhs_number) {SORTED}",
    ),
    "exists on a name of outside": (
        "FLOW",
        f"select {KEY} from {P} where exists (select 1 from {{default_codes}} as d where nhs_number > 5) {SORTED}",
    ),
    "in a subquery of constants": (
        "FLOW",
        f"select {KEY} from {P} where nhs_number in (select 9990000018) {SORTED}",
    ),
    "a sanctioned rule with a change": (
        "FLOW",
        f"select {KEY} from {P} as p where case when not true then 'nhs_number_missing'"
        f" when nhs_number is null then 'nhs_number_malformed' when nhs_number > 7 then 'x' end is null {SORTED}",
    ),
    # which order, rank or neighbour
    "order by": ("FLOW", f"select {KEY} from {P} order by nhs_number"),
    "order by a hidden column": ("FLOW", f"select gp_code from {P} order by gp_code, nhs_number"),
    "order by position": ("FLOW", f"select nhs_number, gp_code from {P} order by 1"),
    "order left out": ("FLOW", f"select {KEY}, gp_code from {P}"),
    "order by something else first": ("FLOW", f"select {KEY}, gp_code from {P} order by gp_code, patient_key"),
    "order left out of a table without keys": ("FLOW", f"select gp_code, metric_flags from {P}"),
    "order with ties": ("FLOW", f"select gp_code, metric_flags from {P} order by gp_code"),
    "order of groups left out": ("FLOW", f"select gp_code, count(*) as n from {P} group by gp_code"),
    "rank": ("VALUE", f"select {KEY}, rank() over (order by nhs_number) as x from {P} {SORTED}"),
    "row number": ("VALUE", f"select {KEY}, row_number() over (order by nhs_number) as x from {P} {SORTED}"),
    "tiles": ("VALUE", f"select {KEY}, ntile(100) over (order by nhs_number) as x from {P} {SORTED}"),
    "named window": (
        "VALUE",
        f"select {KEY}, rank() over w as x from {P} window w as (order by nhs_number) {SORTED}",
    ),
    "frame of a named window": (
        "FLOW",
        f"select {KEY}, sum(1) over w as x from {P} window w as (rows unbounded preceding) {SORTED}",
    ),
    "order of a column of the same name": (
        "FLOW",
        f"select p.gp_code from {P} as p cross join (select 1 as gp_code) as one order by one.gp_code",
    ),
    "window over parts": (
        "VALUE",
        f"select {KEY}, count(*) over (partition by nhs_number // 10) as x from {P} {SORTED}",
    ),
    "running count": ("VALUE", f"select {KEY}, count(*) over (order by nhs_number) as x from {P} {SORTED}"),
    "frame": (
        "VALUE",
        f"select {KEY}, sum(row_count) over (order by gp_code rows between nhs_number % 9 preceding"
        f" and current row) as x from {P} {SORTED}",
    ),
    "neighbour": ("VALUE", f"select {KEY}, lag(nhs_number) over (order by gp_code) as x from {P} {SORTED}"),
    "row number of the raw file": ("FLOW", f"select {KEY}, row_number() over () as x from {P} {SORTED}"),
    "running count of the raw file": (
        "FLOW",
        f"select {KEY}, count(*) over (rows between unbounded preceding and current row) as x from {P} {SORTED}",
    ),
    "rowid": ("NOT UNDERSTOOD", f"select {KEY}, rowid as x from {P} {SORTED}"),
    # aggregates
    "max": ("VALUE", f"select practice_code, max(nhs_number) as x from {P} group by all order by 1"),
    "any value": ("VALUE", f"select practice_code, any_value(nhs_number) as x from {P} group by all order by 1"),
    "first row of the raw file": (
        "FLOW",
        f"select practice_code, first(gp_code) as x from {P} group by practice_code order by 1",
    ),
    "GP of the lowest": (
        "VALUE",
        f"select practice_code, min_by(gp_code, nhs_number) as x from {P} group by practice_code order by 1",
    ),
    "GP of the highest": (
        "VALUE",
        f"select practice_code, arg_max(gp_code, nhs_number) as x from {P} group by practice_code order by 1",
    ),
    "ordered list": (
        "VALUE",
        f"select practice_code, list(gp_code order by nhs_number) as x from {P} group by practice_code order by 1",
    ),
    "sum": ("VALUE", f"select practice_code, sum(nhs_number) as x from {P} group by practice_code order by 1"),
    "count with a filter": (
        "VALUE",
        f"select practice_code, count(*) filter (where nhs_number > 5) as x from {P} group by 1 order by 1",
    ),
    "count of a case": (
        "VALUE",
        f"select practice_code, count(case when nhs_number > 5 then 1 end) as x from {P} group by 1 order by 1",
    ),
    "count of different parts": (
        "VALUE",
        f"select practice_code, count(distinct nhs_number // 100) as x from {P} group by 1 order by 1",
    ),
    "conditional sum": (
        "VALUE",
        f"select practice_code, sum(case when nhs_number > 5 then 1 else 0 end) as x from {P} group by 1 order by 1",
    ),
    "bool_or": (
        "VALUE",
        f"select practice_code, bool_or(nhs_number > 5) as x from {P} group by practice_code order by 1",
    ),
    "approximate count": (
        "NOT UNDERSTOOD",
        f"select practice_code, approx_count_distinct(nhs_number) as x from {P} group by 1 order by 1",
    ),
    "correlated count": (
        "FLOW",
        f"select {KEY}, (select count(*) from {P} as b where b.nhs_number < a.nhs_number) as x from {P} as a {SORTED}",
    ),
    "lowest with a filter": (
        "FLOW",
        "select practice_code from (select practice_code, min(nhs_number) filter (where gp_code = 'a') as low,"
        f" max(nhs_number) filter (where gp_code = 'b') as high from {P} group by practice_code) as a"
        " where low = high order by 1",
    ),
    # tried afterwards, by somebody who wanted to get past
    "ties in the order of the raw file": (
        "FLOW",
        f"select {KEY}, row_number() over (partition by practice_code order by gp_code) as x from {P} {SORTED}",
    ),
    "one row of those that tie": (
        "FLOW",
        "with a as (select *, row_number() over (partition by practice_code order by gp_code) as n from "
        f"{P}) select {KEY} from a where n = 1 {SORTED}",
    ),
    "neighbour among those that tie": (
        "FLOW",
        f"select {KEY}, lead(metric_flags) over (order by gp_code) as x from {P} {SORTED}",
    ),
    "running sum among those that tie": (
        "FLOW",
        f"select {KEY}, sum(row_count) over (order by gp_code rows unbounded preceding) as x from {P} {SORTED}",
    ),
    "people as groups, with ties": (
        "FLOW",
        f"select practice_code, count(*) as n from {P} group by practice_code, nhs_number order by practice_code",
    ),
    "groups in the order of the raw file": (
        "FLOW",
        f"with g as (select gp_code, count(*) as n from {P} group by gp_code)"
        " select gp_code, row_number() over () as x from g order by gp_code",
    ),
    "order by a subquery": ("FLOW", f"select {KEY} from {P} order by patient_key, (select nhs_number)"),
    "groups in the order of their highest": (
        "FLOW",
        f"select gp_code, count(*) as n from {P} group by gp_code order by max(nhs_number)",
    ),
    "lateral rows": ("VALUE", f"select {KEY}, v.x from {P} as p, (values (p.nhs_number)) as v (x) {SORTED}"),
    "an alias as the order of a window": (
        "VALUE",
        f"select gp_code, nhs_number as a, row_number() over (order by a) as r from {P} order by gp_code",
    ),
    "a step inside a step of the same name": (
        "VALUE",
        f"with a as (select nhs_number as x from {P}), b as (with a as (select gp_code as x from {P})"
        " select x from a) select b.x, (select max(x) from a) as y from b order by all",
    ),
    "two columns of one name": (
        "NOT UNDERSTOOD",
        f"select x from (select gp_code as x, nhs_number as x from {P}) as q order by all",
    ),
    "a name that a star already brings": (
        "NOT UNDERSTOOD",
        "with a as (select *, max(practice_code) over (partition by gp_code) as practice_code"
        f" from {PRACTICES} cross join (select 'G' as gp_code) as g) select practice_code from a order by all",
    ),
    "quoted capitals": ("VALUE", f'select "NHS_NUMBER" as x, gp_code from {P} order by gp_code'),
    "presence of something made of it": (
        "VALUE",
        f"select {KEY}, try_cast(nhs_number as tinyint) is null as x from {P} {SORTED}",
    ),
    "the highest, met by equality": (
        "FLOW",
        f"select {KEY} from {P} as p cross join (select max(nhs_number) as m from {P}) as t"
        f" where p.nhs_number = t.m {SORTED}",
    ),
    "a full join with a constant": (
        "FLOW",
        f"select p.gp_code from {P} as p full join (select 9990000018 as n) as c on p.nhs_number = c.n order by all",
    ),
    "membership in a seed": (
        "VALUE",
        f"select {KEY}, nhs_number in (select try_cast(code as bigint) from {{default_codes}}) as x from {P} {SORTED}",
    ),
    "subtotals by a part": (
        "NOT UNDERSTOOD",
        f"select practice_code, count(*) as n from {P} group by rollup (practice_code, nhs_number // 2) order by all",
    ),
    "a date of somebody higher": (
        "FLOW",
        "select practice_code, (select min(h.admission_date) from "
        f"{H} as h where h.nhs_number >= p.nhs_number) as d from {P} as p order by all",
    ),
    "which letter of the flags": (
        "VALUE",
        f"select {KEY}, substr(metric_flags, nhs_number % 9, 1) as x from {P} {SORTED}",
    ),
    "sum of different numbers": (
        "VALUE",
        f"select practice_code, sum(distinct nhs_number) as x from {P} group by 1 order by 1",
    ),
    "distinct without an order": ("FLOW", f"select distinct gp_code, metric_flags from {P}"),
    "union without an order": (
        "FLOW",
        f"select gp_code, metric_flags from {P} union select gp_code, metric_flags from {P}",
    ),
}

# What they read is not there.
NOT_FOR_THE_ENGINE = {
    "an identifier that nobody declared",
    "a table that dbt does not know of",
    "raw file",
    "raw file by its name",
}

HARMLESS = {
    "the pseudonym": f"select {KEY}, gp_code from {P} {SORTED}",
    "the pseudonym of a qualified column": (
        "select pseudonymise(lpad(cast(p.nhs_number as varchar), 10, '0')) as patient_key, p.practice_code"
        f" from {P} as p order by 1, 2"
    ),
    "order by the pseudonym downwards": f"select {KEY}, gp_code from {P} order by patient_key desc, gp_code",
    "order by all": f"select {KEY}, gp_code from {P} order by all",
    "another name for a step": f"with whoever as (select * from {P}) select {KEY} from whoever {SORTED}",
    "a comment": f"-- who is collected\nselect /* all */ {KEY} from {P} {SORTED}",
    "star without the number": f"select {KEY}, p.* exclude (nhs_number) from {P} as p {SORTED}",
    "equality join": (
        f"select pseudonymise(lpad(cast(a.nhs_number as varchar), 10, '0')) as patient_key from {P} as a"
        f" inner join {O} as b on a.nhs_number = b.nhs_number {SORTED}"
    ),
    "join with using": f"select {KEY} from {P} inner join {O} using (nhs_number) {SORTED}",
    "anti join": (
        f"select pseudonymise(lpad(cast(a.nhs_number as varchar), 10, '0')) as patient_key from {P} as a"
        f" left join {O} as b on a.nhs_number = b.nhs_number where b.nhs_number is null {SORTED}"
    ),
    "anti join by word": f"select {KEY} from {P} as a anti join {O} as b on a.nhs_number = b.nhs_number {SORTED}",
    "not exists": (
        f"select {KEY} from {P} as a where not exists"
        f" (select 1 from {O} as b where b.nhs_number = a.nhs_number) {SORTED}"
    ),
    "semi join by in": f"select {KEY} from {P} where nhs_number in (select nhs_number from {O}) {SORTED}",
    "is not null": f"select {KEY} from {P} where nhs_number is not null {SORTED}",
    "is distinct from": (
        f"select a.practice_code, count(*) as n from {P} as a inner join {R} as b"
        " on a.practice_code = b.practice_code and a.nhs_number is distinct from b.nhs_number"
        " group by a.practice_code order by 1"
    ),
    "count of people": f"select practice_code, count(nhs_number) as n from {P} group by practice_code order by 1",
    "count of different people": (
        f"select practice_code, count(distinct nhs_number) as n from {P} group by practice_code order by 1"
    ),
    "people who are there twice": (
        f"with twice as (select nhs_number from {P} group by nhs_number having count(*) > 1)"
        " select count(*) as n from twice order by 1"
    ),
    "rows of a person": (
        f"select {KEY}, count(*) over (partition by nhs_number) as n from {P} order by patient_key, n"
    ),
    "latest row of a person": (
        f"with a as (select *, row_number() over (partition by nhs_number order by gp_code) as n from {P})"
        f" select {KEY} from a where n = 1 {SORTED}"
    ),
    "one number in a group": (
        f"select practice_code from {P} group by practice_code having min(nhs_number) = max(nhs_number) order by 1"
    ),
    "a choice of identifiers": (
        "with a as (select coalesce(p.nhs_number, o.nhs_number) as nhs_number"
        f" from {P} as p full join {O} as o on p.nhs_number = o.nhs_number) select {KEY} from a {SORTED}"
    ),
    "union of people": (
        f"with a as (select nhs_number from {P} union select nhs_number from {O}) select {KEY} from a {SORTED}"
    ),
    "distinct people": f"with a as (select distinct nhs_number from {P}) select {KEY} from a {SORTED}",
    "a count with a safe filter": (
        f"select gp_code, count(*) filter (where metric_flags like 'y%') as n from {P} group by gp_code order by 1"
    ),
    "limit of reference data": f"select practice_code from {PRACTICES} order by practice_code limit 10",
    "literal rows": "select v.a, v.b from (values (1, 'x'), (2, 'y')) as v (a, b) order by 1",
    "a rule of the number": f"select rejected_rule, count(*) as n from {P} group by rejected_rule order by 1",
    "safe arithmetic and text": (
        f"select practice_code, round(avg(row_count), 1) as a, upper(min(gp_code)) as b from {P} group by all order by 1"
    ),
    "rank of the safe": (
        f"select {KEY}, rank() over (partition by practice_code order by gp_code) as x from {P} {SORTED}"
    ),
    "parts of dates": (
        f"select date_part('year', admission_date) as y, max(strftime(admission_date, '%Y-%m')) as m from {H}"
        " group by 1 order by 1"
    ),
    "dates": (f"select date_trunc('month', admission_date) as m, count(*) as n from {H} group by 1 order by 1"),
    "unpivot of the safe": (
        "select practice_code, n, v from {int_ods__practices} unpivot (v for n in (status, ccg_code)) order by all"
    ),
    "a range of whole numbers": "select unnest(range(0, 10)) as n order by 1",
    "from first": f"from {P} select {KEY}, gp_code {SORTED}",
}
