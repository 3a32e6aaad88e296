"""Small marts and tables for the labels of the lineage net: what lies in the clear, and what lies encrypted.

Each is a whole model. `{name}` is the relation of a model, seed or snapshot. A mart is stored among the results, a
`reference` table beside them by the gateway, an `intermediate` one encrypted.
"""

GPS = "{int_metrics__by_gp}"
AREAS = "{int_metrics__by_area}"
CELLS = "{int_gp_report__cells}"
STAYS = "{int_admissions__emergency}"
PEOPLE = "{int_patients__permitted}"
SHOWN = "{fct_gp_metrics}"
COUNTS = "{int_opt_outs__counts}"
RECORDS = "{int_intake__record_counts}"
JUDGED = "{int_patients__judged}"
UPHELD = "{int_opt_outs__upheld}"
PRACTICES = "{int_ods__practices}"

# Practices with the exact count of a value, whose rows say nothing; and a ruler, by which it can be measured.
COUNTED = (
    "with counted as (select p.practice_code, p.ccg_code, (select sum(g.numerator_count) from"
    f" {GPS} as g where g.practice_code = p.practice_code) as n from {PRACTICES} as p),"
    " ruler as (select unnest(range(600)) as i)"
)
IN_ORDER = f"{COUNTED}, s as (select practice_code from counted order by n)"

# name: (where it lies, the label that is refused, SQL)
REFUSED = {
    # counts and values of people before disclosure control
    "exact counts": (
        "mart",
        "EXACT",
        f"select practice_code, gp_code, metric_id, numerator_count from {GPS} order by 1, 2, 3",
    ),
    "exact as double": (
        "mart",
        "EXACT",
        f"select practice_code, cast(sum(numerator_count) as double) as share from {GPS} group by 1 order by 1",
    ),
    "exact as text": (
        "mart",
        "EXACT",
        f"select practice_code, 'n = ' || numerator_count as said from {GPS} order by 1",
    ),
    "percent of exact": (
        "mart",
        "EXACT",
        f"select practice_code, round(100.0 * sum(numerator_count) / sum(denominator_count), 1) as percent from {GPS} group by 1 order by 1",
    ),
    "word of exact": (
        "mart",
        "EXACT",
        f"select practice_code, case when numerator_count < 5 then 'few' else 'many' end as word from {GPS} order by 1",
    ),
    "flag of exact": (
        "mart",
        "EXACT",
        f"select practice_code, numerator_count between 1 and 7 as is_small from {GPS} order by 1",
    ),
    "one row an admission": ("mart", "EXACT", f"select practice_code, admission_date from {STAYS} order by all"),
    "distinct admissions": (
        "mart",
        "EXACT",
        f"select distinct practice_code, admission_date from {STAYS} order by all",
    ),
    "one row a person": ("mart", "EXACT", f"select practice_code, gp_code from {PEOPLE} order by all"),
    "count of people": ("mart", "EXACT", f"select practice_code, count(*) as n from {PEOPLE} group by 1 order by 1"),
    "count of a step": (
        "mart",
        "EXACT",
        f"with a as (select practice_code from {PEOPLE}) select practice_code, count(*) as n from a group by all order by all",
    ),
    "oldest stay": (
        "mart",
        "EXACT",
        f"select practice_code, min(admission_date) as first_stay from {STAYS} group by 1 order by 1",
    ),
    "scalar subquery": (
        "mart",
        "EXACT",
        f"select practice_code, (select sum(g.numerator_count) from {GPS} as g where g.practice_code = p.practice_code) as n from {PRACTICES} as p order by 1",
    ),
    "rows where few": (
        "mart",
        "EXACT",
        f"select practice_code from {PRACTICES} as p where exists (select 1 from {GPS} as g where g.practice_code = p.practice_code and g.numerator_count < 5) order by 1",
    ),
    "rows where none": (
        "mart",
        "EXACT",
        f"select practice_code from {PRACTICES} as p where not exists (select 1 from {GPS} as g where g.practice_code = p.practice_code) order by 1",
    ),
    "rows in a list": (
        "mart",
        "EXACT",
        f"select practice_code from {PRACTICES} where practice_code in (select practice_code from {GPS} where numerator_count > 5) order by 1",
    ),
    "join as filter": (
        "mart",
        "EXACT",
        f"select p.practice_code from {PRACTICES} as p inner join {GPS} as g on p.practice_code = g.practice_code and g.numerator_count > 5 order by 1",
    ),
    "semi join": (
        "mart",
        "EXACT",
        f"select practice_code from {PRACTICES} as p semi join {GPS} as g on p.practice_code = g.practice_code order by 1",
    ),
    "left join": (
        "mart",
        "EXACT",
        f"select s.practice_code, g.numerator_count from {SHOWN} as s left join {GPS} as g using (practice_code) order by all",
    ),
    "exact beside shown": (
        "mart",
        "EXACT",
        f"select c.area_code, c.numerator_count, e.numerator_count as n from {CELLS} as c inner join {AREAS} as e on c.area_code = e.area_code order by all",
    ),
    "coalesce to exact": (
        "mart",
        "EXACT",
        f"select c.area_code, coalesce(c.numerator_count, e.numerator_count) as n from {CELLS} as c inner join {AREAS} as e on c.area_code = e.area_code order by all",
    ),
    "rank": (
        "mart",
        "EXACT",
        f"select area_code, rank() over (order by numerator_count) as place from {AREAS} order by all",
    ),
    "order of rows": (
        "mart",
        "EXACT",
        f"select practice_code, metric_id from {SHOWN} as s order by (select sum(g.numerator_count) from {GPS} as g where g.practice_code = s.practice_code)",
    ),
    "order in a step": (
        "mart",
        "EXACT",
        f"with a as (select area_code from {AREAS} order by numerator_count desc limit 3) select area_code from a order by 1",
    ),
    "running total": (
        "mart",
        "EXACT",
        f"select practice_code, sum(denominator_count) over (order by practice_code) as n from {GPS} order by all",
    ),
    "union branch": (
        "mart",
        "EXACT",
        f"select practice_code, numerator_count from {SHOWN} union all select practice_code, numerator_count from {GPS} order by all",
    ),
    "union by name": (
        "mart",
        "EXACT",
        f"select practice_code, numerator_count from {SHOWN} union all by name select numerator_count, practice_code from {GPS} order by all",
    ),
    "except": (
        "mart",
        "EXACT",
        f"select practice_code from {PRACTICES} except select practice_code from {GPS} order by all",
    ),
    "list": ("mart", "EXACT", f"select practice_code, list(numerator_count) as n from {GPS} group by 1 order by 1"),
    "histogram": (
        "mart",
        "EXACT",
        f"select practice_code, histogram(numerator_count) as n from {GPS} group by 1 order by 1",
    ),
    "lambda": (
        "mart",
        "EXACT",
        f"select practice_code, list_transform([numerator_count], x -> x + 1) as n from {GPS} order by 1",
    ),
    "struct": ("mart", "EXACT", f"select practice_code, {{{{'a': numerator_count}}}} as n from {GPS} order by 1"),
    "pivot": (
        "mart",
        "EXACT",
        f"from (pivot {GPS} on metric_id in ('a', 'b') using sum(numerator_count) group by practice_code) order by practice_code",
    ),
    "unpivot": (
        "mart",
        "EXACT",
        f"select practice_code, n from {GPS} unpivot (n for measure in (numerator_count, denominator_count)) order by all",
    ),
    "columns": ("mart", "EXACT", f"select columns('.*_count') from {GPS}"),
    "sample": ("mart", "EXACT", f"select practice_code from {GPS} using sample 3 rows order by 1"),
    "last shown": ("mart", "EXACT", "select area_code, cohort_count from {int_disclosure__published} order by all"),
    "last shown, through a step": (
        "mart",
        "EXACT",
        "select area_code, cohort_count from {int_disclosure__last_published} order by all",
    ),
    "list sizes": ("mart", "EXACT", "select practice_code, row_count from {int_intake__file_counts} order by all"),
    "sizes of files": ("reference", "EXACT", "select practice_code, row_count from {stg_landing__files} order by all"),
    "people beside the marts": (
        "reference",
        "EXACT",
        f"select practice_code, count(*) as n from {JUDGED} where rejected_rule is null group by 1 order by 1",
    ),
    # what decides which rows there are, how many, or in which order
    "place among numbers": (
        "mart",
        "EXACT",
        f"{COUNTED}, both_ as (select practice_code, n, true as is_it from counted union all select practice_code, i as n, false as is_it from counted cross join ruler), placed as (select practice_code, is_it, rank() over (partition by practice_code order by n, is_it) as place from both_) select practice_code, place from placed where is_it order by 1",
    ),
    "as many rows": (
        "mart",
        "EXACT",
        f"{COUNTED}, spread as (select practice_code, unnest(range(n)) as i from counted) select practice_code, count(*) as m from spread group by 1 order by 1",
    ),
    "as many rows, each alike": (
        "mart",
        "EXACT",
        f"{COUNTED} select practice_code, unnest(range(n)) * 0 as i from counted order by all",
    ),
    "how many have the same": (
        "mart",
        "EXACT",
        f"{COUNTED} select practice_code, count(*) over (partition by n) as m from counted order by all",
    ),
    "how many have less": (
        "mart",
        "EXACT",
        f"{COUNTED} select practice_code, sum(1) over (order by n) as m from counted order by all",
    ),
    "how many have less, by a named window": (
        "mart",
        "EXACT",
        f"{COUNTED} select practice_code, sum(1) over w as m from counted window w as (order by n) order by all",
    ),
    "who comes before": (
        "mart",
        "EXACT",
        f"{COUNTED} select practice_code, lag(practice_code) over (order by n) as m from counted order by all",
    ),
    "distinct bits": (
        "mart",
        "EXACT",
        f"{COUNTED}, bits as (select distinct ccg_code, n // 2 % 2 as b from counted) select ccg_code, count(*) as m from bits group by 1 order by 1",
    ),
    "distinct bits, one beside the other": (
        "mart",
        "EXACT",
        f"{COUNTED}, bits as (select ccg_code, n % 2 as b from counted union select ccg_code, 0 as b from counted) select ccg_code, count(*) as m from bits group by 1 order by 1",
    ),
    "grouped by bits": (
        "mart",
        "EXACT",
        f"{COUNTED}, bits as (select ccg_code from counted group by ccg_code, n % 2) select ccg_code, count(*) as m from bits group by 1 order by 1",
    ),
    "counted by bits": (
        "mart",
        "EXACT",
        f"{COUNTED} select ccg_code, count(*) as m from counted cross join ruler group by ccg_code, i < n order by all",
    ),
    "rows by bits": (
        "mart",
        "EXACT",
        f"{COUNTED} select ccg_code from counted group by ccg_code, n % 2 order by 1",
    ),
    "group by all": (
        "mart",
        "EXACT",
        f"{COUNTED}, bits as (select ccg_code, n % 2 as b, count(*) as m from counted group by all) select ccg_code, m from bits order by all",
    ),
    "number of a row": (
        "mart",
        "EXACT",
        f"{IN_ORDER} select practice_code, row_number() over () as m from s order by all",
    ),
    "number of a row, in a frame": (
        "mart",
        "EXACT",
        f"{IN_ORDER} select practice_code, sum(1) over w as m from s window w as (rows unbounded preceding) order by all",
    ),
    "text of rows": ("mart", "EXACT", f"{IN_ORDER} select string_agg(practice_code, ',') as m from s"),
    "text of rows that tie": (
        "mart",
        "EXACT",
        f"{IN_ORDER} select string_agg(practice_code, ',' order by left(practice_code, 1)) as m from s",
    ),
    "list of rows": ("mart", "EXACT", f"{IN_ORDER} select list(practice_code) as m from s"),
    "first of rows": ("mart", "EXACT", f"{IN_ORDER} select first(practice_code) as m from s"),
    "any of rows": ("mart", "EXACT", f"{IN_ORDER} select any_value(practice_code) as m from s"),
    "first rows": ("mart", "EXACT", f"{IN_ORDER} select practice_code from s limit 3"),
    "last rows": (
        "mart",
        "EXACT",
        f"{COUNTED}, s as (select practice_code from counted order by n offset 3) select practice_code from s order by 1",
    ),
    "stored in the order of a step": ("mart", "EXACT", f"{IN_ORDER} select practice_code from s"),
    "stored in the order of two steps": (
        "mart",
        "EXACT",
        f"{IN_ORDER} select practice_code from s union all select practice_code from s",
    ),
    "stored in the order of a step, where rows tie": (
        "mart",
        "EXACT",
        f"{IN_ORDER} select practice_code from s order by left(practice_code, 1)",
    ),
    "stored in the order of a column of the same name": (
        "mart",
        "EXACT",
        f"{IN_ORDER}, one as (select 1 as practice_code) select s.practice_code from s cross join one order by one.practice_code",
    ),
    # about objectors, in whatever form
    "objectors by practice": (
        "mart",
        "ABOUT OBJECTORS",
        f"select practice_code, objector_count from {COUNTS} order by all",
    ),
    "percent of objectors": (
        "mart",
        "ABOUT OBJECTORS",
        f"select o.practice_code, round(100.0 * o.objector_count / sum(s.denominator_count), 1) as percent from {COUNTS} as o inner join {SHOWN} as s on o.practice_code = s.practice_code group by all order by all",
    ),
    "objectors of before": (
        "mart",
        "ABOUT OBJECTORS",
        "select practice_code, objector_count from {snp_opt_outs__counts} order by all",
    ),
    "who was left out": (
        "mart",
        "ABOUT OBJECTORS",
        f"select practice_code, rule, row_count from {RECORDS} order by all",
    ),
    "has objectors": (
        "mart",
        "ABOUT OBJECTORS",
        f"select practice_code from {PRACTICES} as p where exists (select 1 from {COUNTS} as o where o.practice_code = p.practice_code and o.objector_count > 0) order by 1",
    ),
    "one row an objector": (
        "reference",
        "ABOUT OBJECTORS",
        f"select p.practice_code, p.gp_code, o.reason from {JUDGED} as p inner join {UPHELD} as o on p.nhs_number = o.nhs_number where p.rejected_rule is null order by all",
    ),
    "objectors by GP": (
        "reference",
        "ABOUT OBJECTORS",
        f"select p.gp_code, count(*) as n from {JUDGED} as p inner join {UPHELD} as o on p.nhs_number = o.nhs_number group by 1 order by 1",
    ),
    "practices of objectors": (
        "reference",
        "ABOUT OBJECTORS",
        "select distinct practice_code from {stg_gpes__opt_outs} order by all",
    ),
    "codes of objections": (
        "reference",
        "ABOUT OBJECTORS",
        "select distinct code from {stg_gpes__opt_outs} order by all",
    ),
    "reasons of objections": ("reference", "ABOUT OBJECTORS", f"select distinct reason from {UPHELD} order by all"),
    "not objectors": (
        "reference",
        "ABOUT OBJECTORS",
        f"select p.gp_code, count(*) as n from {JUDGED} as p where not exists (select 1 from {UPHELD} as o where p.nhs_number = o.nhs_number) group by 1 order by 1",
    ),
}

# name: (where it lies, SQL)
PASSES = {
    "pivot of what is shown": (
        "mart",
        f"select * from (pivot {SHOWN} on metric_id in ('a', 'b') using max(percent) group by practice_code) order by practice_code",
    ),
    "statement that pivots": (
        "mart",
        f"pivot {SHOWN} on metric_id in ('a', 'b') using max(percent) group by practice_code",
    ),
    "union by name": (
        "mart",
        f"select practice_code, metric_id from {SHOWN} union all by name select metric_id, practice_code, percent from {SHOWN} order by all",
    ),
    "unknown function": (
        "mart",
        f"select practice_code, jaro_winkler_similarity(metric_id, 'a') as n, make_date(2017, 4, 2) as day from {SHOWN} order by all",
    ),
    "unknown aggregate": (
        "mart",
        f"select practice_code, histogram(numerator_count) as n, list(percent) as listed, mode(metric_id) as m from {SHOWN} group by 1 order by 1",
    ),
    "lambda": (
        "mart",
        f"select practice_code, list_transform([numerator_count], x -> x + 1) as n from {SHOWN} order by 1",
    ),
    "struct and list": (
        "mart",
        f"select practice_code, {{{{'a': numerator_count}}}} as n, [percent, 1] as listed from {SHOWN} order by 1",
    ),
    "list comprehension": (
        "mart",
        f"select practice_code, [x * 2 for x in [numerator_count]] as n from {SHOWN} order by 1",
    ),
    "as-of join": (
        "mart",
        f"select a.practice_code, b.percent from {SHOWN} as a asof join {SHOWN} as b on a.practice_code = b.practice_code and a.numerator_count >= b.numerator_count order by all",
    ),
    "positional join": ("mart", f"select a.practice_code from {SHOWN} as a positional join {SHOWN} as b order by all"),
    "natural join": ("mart", f"select practice_code from {SHOWN} natural join {SHOWN} as b order by 1"),
    "distinct on": (
        "mart",
        f"select distinct on (practice_code) practice_code, metric_id from {SHOWN} order by practice_code, metric_id",
    ),
    "recursion": (
        "mart",
        f"with recursive a as (select 1 as n union all select n + 1 from a where n < 3) select practice_code, n from {SHOWN} cross join a order by all",
    ),
    "lateral": (
        "mart",
        f"select s.practice_code, l.n from {SHOWN} as s cross join lateral (select s.numerator_count + 1 as n) as l order by all",
    ),
    "columns": ("mart", f"select columns('.*_count') from {SHOWN}"),
    "replace": ("mart", f"select * replace (metric_id || '!' as metric_id) from {SHOWN}"),
    "grouping sets": (
        "mart",
        f"select practice_code, metric_id, count(*) as n from {SHOWN} group by grouping sets ((practice_code), (metric_id)) order by all",
    ),
    "summarize": ("mart", f"select * from (summarize {SHOWN})"),
    "rank of what is shown": (
        "mart",
        f"select practice_code, rank() over (order by percent) as place from {SHOWN} order by place",
    ),
    "order, groups and windows of what is shown": (
        "mart",
        f"with s as (select practice_code, metric_id, percent from {SHOWN} order by percent), d as (select distinct practice_code, percent, row_number() over () as m, count(*) over (partition by percent) as n, lag(practice_code) over (order by percent) as before from s) select practice_code, m, n, before, string_agg(practice_code, ',') as all_of from d group by all order by m",
    ),
    "ruler": (
        "mart",
        f"select practice_code, count(*) as m from (select practice_code, unnest(range(numerator_count)) as i from {SHOWN}) as r group by 1 order by 1",
    ),
    "an order that is left behind": (
        "mart",
        f"{IN_ORDER} select practice_code, rank() over (order by practice_code) as place, count(*) over (order by practice_code) as m from s order by all",
    ),
    "text in its own order": (
        "mart",
        f"{IN_ORDER} select string_agg(practice_code, ',' order by practice_code) as m, count(*) as n, max(practice_code) as last from s",
    ),
    "windows of exact counts where they are encrypted": (
        "intermediate",
        f"{IN_ORDER} select practice_code, row_number() over () as m from s",
    ),
    "months of what is shown": (
        "mart",
        "select area_code, month, patient_count as month_number from {fct_activity} order by all",
    ),
    "cells": (
        "mart",
        f"select area_code, numerator_count, denominator_count from {CELLS} where area_level = 'ccg' order by numerator_count",
    ),
    "exclusions": ("mart", "select parent_code, area_code, shown_count from {int_assurance__cells} order by all"),
    "practices": ("mart", f"select ccg_code, count(*) as practice_count from {PRACTICES} group by 1 order by 1"),
    "seeds": ("mart", "select rule, histogram(value) as n from {disclosure_rules} group by 1 order by 1"),
    "exact where it is encrypted": (
        "intermediate",
        f"select practice_code, histogram(numerator_count) as n from {GPS} group by 1 order by 1",
    ),
    "pivot where it is encrypted": (
        "intermediate",
        f"select * from (pivot {GPS} on metric_id in ('a', 'b') using sum(numerator_count) group by practice_code) order by practice_code",
    ),
    "day of people": (
        "intermediate",
        f"select patient_key, make_date(2017, month(admission_date), 1) as month from {STAYS} order by patient_key",
    ),
    "counts of objectors where they are encrypted": (
        "counts",
        f"select p.gp_code, count(*) as n from {JUDGED} as p inner join {UPHELD} as o on p.nhs_number = o.nhs_number group by 1 order by 1",
    ),
    "a day from parts in the gateway": (
        "counts",
        "select practice_code, make_date(2017, 4, cast(count(*) as integer) % 28 + 1) as day from {stg_gpes__practice_records} group by 1 order by 1",
    ),
    "participation beside the marts": (
        "reference",
        "select practice_code, strftime(status_date, '%Y') as year from {int_cqrs__participation} order by all",
    ),
}
