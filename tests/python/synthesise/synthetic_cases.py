"""The hard cases of the committed sample, each a query over its raw files that counts it.

The files are read as they are, not through the generator's tables: a case that is not in a file
does not count.
"""

import pathlib

import duckdb

METRICS = "gpes/individual_gp_level_data"

READING = """
create macro is_ten_digits(n) as regexp_full_match(n, '[0-9]{10}');

-- The textbook form, on digits: the generator's is another.
create macro passes_modulus_11(n) as is_ten_digits(n) and (
    list_sum(list_transform(range(1, 11), lambda i: (11 - i) * n[i]::int)) % 11 = 0
);

create table metric_rows as
with plain as (
    select * from read_csv(
        '{folder}/gpes/individual_gp_level_data/*.csv*',
        all_varchar = true, union_by_name = true, filename = true,
        null_padding = true, ignore_errors = true, hive_partitioning = false
    )
)
select * exclude (filename), parse_filename(filename).split('.')[1] as file_practice from plain
union all by name
select * exclude (filename), parse_filename(filename).split('.')[1] as file_practice
from read_parquet('{folder}/gpes/individual_gp_level_data/*.parquet', filename = true, hive_partitioning = false);

create table opt_outs as
select
    *,
    replace("NHS_NUMBER", ' ', '') as person,
    "EFFECTIVE_DATE" as effective,
    rtrim("CODE", '.') in ('9Nu0', 'XaZ89', '827241000000103') as is_dissent,
    rtrim("CODE", '.') in ('9Nu1', 'XaZ8A', '827261000000102') as is_withdrawal,
    rtrim("CODE", '.') in ('9Nu4', 'XaaVL', '881561000000100') as is_type_2_dissent,
    rtrim("CODE", '.') in ('9Nu5', 'XaaVM', '881581000000109') as is_type_2_withdrawal,
from read_csv('{folder}/gpes/opt_outs/*.csv', all_varchar = true, union_by_name = true, hive_partitioning = false);

create table extracted as
select "PRACTICE_CODE", min("EXTRACTED_AT")::timestamptz as extracted_at
from metric_rows where "PRACTICE_CODE" = file_practice group by all;

create table gps as
select column00 as code, column12 as status, column14 as practice, column16 as left_date
from read_csv('{folder}/ods/egpcur.csv', all_varchar = true, header = false, hive_partitioning = false);

create table practices as
select column00 as code, column01 as name, column11 as closed, column12 as status,
    column25 as setting
from read_csv('{folder}/ods/epraccur.csv', all_varchar = true, header = false, hive_partitioning = false);

create table answers as
select * replace (lower("STATUS") as "STATUS")
from read_csv('{folder}/cqrs/participation.csv', all_varchar = true, hive_partitioning = false)
where upper("SERVICE") = 'INDIVIDUAL_GP_LEVEL_DATA';

create table hes as
select *, string_split("DIAG_3_CONCAT", ',') as diagnoses,
    string_split("OPERTN_3_CONCAT", ',') as procedures,
from read_csv('{folder}/hes/apc_*.csv*', all_varchar = true, hive_partitioning = false);
"""


def read(folder: pathlib.Path) -> duckdb.DuckDBPyConnection:
    """The sample's files as tables, every column text."""
    con = duckdb.connect()
    con.execute(READING.replace("{folder}", str(folder)))
    return con


def of_metrics(condition: str) -> str:
    return f"select count(*) from metric_rows where {condition}"


def of_people(having: str) -> str:
    """People whose opt-out rows, taken together, meet a condition."""
    return f"select count(*) from (select person from opt_outs group by person having {having})"


def of_hes(condition: str) -> str:
    return f"select count(*) from hes where {condition}"


def of_copies(having: str) -> str:
    """Numbers that occur twice in one practice's file."""
    return f"""
        select count(*) from (
            select 1 from metric_rows where is_ten_digits("NHS_NUMBER")
            group by file_practice, "NHS_NUMBER"
            having count(*) > 1 and "NHS_NUMBER" <> '9999999999' and {having}
        )
    """


def of_answers(having: str) -> str:
    """Practices whose answers for this collection, in order of date, meet a condition."""
    return f"""
        select count(*) from (
            select
                list("STATUS" order by "STATUS_DATE", "STATUS" <> 'offered') as story,
                max("STATUS_DATE") as last_date,
            from answers group by "PRACTICE_CODE"
        ) where {having}
    """


SAME_FLAGS = "count(distinct coalesce(bowel_cancer_screening, '')) = 1"
SAME_GP = """count(distinct coalesce("USUAL_GP_CODE", '')) = 1"""
EMERGENCY = """ "ADMIMETH"[1:1] = '2' and "EPIORDER" = '1' and "CLASSPAT" = '1' """
HEART_FAILURE = """ ("DIAG_3_01" = 'I50' or "DIAG_4_01" in ('I110', 'J81X', 'I130')) """
ANGINA = """ "DIAG_3_01" in ('I20', 'I25') """
BRONCHITIS_WITH = "list_has_any(diagnoses, ['J41', 'J42', 'J43', 'J44', 'J47'])"

CASES = {
    # numbers
    "number: broken check digit": of_metrics("""is_ten_digits("NHS_NUMBER") and not passes_modulus_11("NHS_NUMBER")"""),
    "number: nine digits": of_metrics("""regexp_full_match("NHS_NUMBER", '[0-9]{9}')"""),
    "number: eleven digits": of_metrics("""regexp_full_match("NHS_NUMBER", '[0-9]{11}')"""),
    "number: none": of_metrics(""" "NHS_NUMBER" is null """),
    "number: 3-3-4": of_metrics("""regexp_full_match("NHS_NUMBER", '[0-9]{3} [0-9]{3} [0-9]{4}')"""),
    "number: letters": of_metrics("""regexp_matches("NHS_NUMBER", '[A-Z]')"""),
    "number: 9999999999": of_metrics(""" "NHS_NUMBER" = '9999999999' """),
    # rows
    "copies: identical": of_copies(f"{SAME_FLAGS} and {SAME_GP}"),
    "copies: other GP": of_copies(f"{SAME_FLAGS} and not {SAME_GP}"),
    "copies: other flags": of_copies(f"not {SAME_FLAGS} and {SAME_GP}"),
    "patient at two practices": """
        select count(*) from (
            select 1 from metric_rows
            where passes_modulus_11("NHS_NUMBER") and "NHS_NUMBER" <> '9999999999'
            group by "NHS_NUMBER" having count(distinct file_practice) > 1
        )
    """,
    "usual GP: none": of_metrics(""" "USUAL_GP_CODE" is null """),
    "usual GP: G9999998": of_metrics(""" "USUAL_GP_CODE" = 'G9999998' """),
    "usual GP: G9999981": of_metrics(""" "USUAL_GP_CODE" = 'G9999981' """),
    "usual GP: not a code": of_metrics("""not regexp_full_match("USUAL_GP_CODE", 'G[0-9]{7}')"""),
    "usual GP: of another practice": """
        select count(*) from metric_rows inner join gps on code = "USUAL_GP_CODE"
        where practice <> "PRACTICE_CODE" and "PRACTICE_CODE" = file_practice
    """,
    "usual GP: has left": """
        select count(*) from metric_rows inner join gps on code = "USUAL_GP_CODE"
        where practice = "PRACTICE_CODE" and left_date < '20170401'
    """,
    "usual GP: will leave": """
        select count(*) from metric_rows inner join gps on code = "USUAL_GP_CODE"
        where left_date > '20170402'
    """,
    "flag: undefined": of_metrics("bowel_cancer_screening not in ('0', '1')"),
    "row of another practice": of_metrics(""" "PRACTICE_CODE" <> file_practice """),
    # opt-outs
    "dissent": of_people("bool_and(is_dissent)"),
    "withdrawn": of_people(
        "min(effective) filter (is_withdrawal) > max(effective) filter (is_dissent)"
        " and count(effective) = count(*) and max(effective) < '2017-04-01'"
    ),
    "dissent again": of_people(
        "max(effective) filter (is_dissent) > max(effective) filter (is_withdrawal)"
        " and min(effective) filter (is_dissent) < min(effective) filter (is_withdrawal)"
    ),
    "same day: dissent recorded last": of_people(
        "count(distinct effective) = 1 and count(effective) = count(*) and bool_or(is_withdrawal)"
        """ and max("RECORDED_AT") filter (is_dissent)"""
        """ > max("RECORDED_AT") filter (is_withdrawal)"""
    ),
    "same day: withdrawal recorded last": of_people(
        "count(distinct effective) = 1 and count(effective) = count(*) and bool_or(is_dissent)"
        """ and max("RECORDED_AT") filter (is_withdrawal)"""
        """ > max("RECORDED_AT") filter (is_dissent)"""
    ),
    "undated dissent": of_people("bool_and(is_dissent and effective is null)"),
    "undated dissent, dated withdrawal": of_people(
        "bool_or(is_dissent and effective is null) and bool_or(is_withdrawal)"
    ),
    "undated withdrawal": of_people("bool_or(is_withdrawal and effective is null)"),
    "future dissent": of_people("bool_or(is_dissent and effective > '2017-04-02')"),
    "future withdrawal": of_people("bool_or(is_withdrawal and effective > '2017-04-02')"),
    "withdrawal between extraction and run": of_people("bool_or(is_withdrawal and effective = '2017-04-02')"),
    "dissent on the day of collection": of_people("bool_or(is_dissent and effective = '2017-04-01')"),
    "withdrawal on the day of collection": of_people("bool_or(is_withdrawal and effective = '2017-04-01')"),
    "recorded after extraction: dissent": """
        select count(*) from opt_outs inner join extracted using ("PRACTICE_CODE")
        where is_dissent and "RECORDED_AT"::timestamptz > extracted_at
    """,
    "recorded after extraction: withdrawal": """
        select count(*) from opt_outs inner join extracted using ("PRACTICE_CODE")
        where is_withdrawal and "RECORDED_AT"::timestamptz > extracted_at
    """,
    "Read code with dots": """select count(*) from opt_outs where "CODE" = '9Nu0.'""",
    "Read code without dots": """select count(*) from opt_outs where "CODE" = '9Nu0'""",
    "code in the wrong case": """
        select count(*) from opt_outs where "CODE" in ('xaz89', '9nu0.', '9nu0')
    """,
    "code cut short": """select count(*) from opt_outs where "CODE" = '82724100000010'""",
    "unrelated code": """select count(*) from opt_outs where "CODE" in ('246..', '75367002')""",
    "Read code at a practice of another scheme": """
        select count(*) from opt_outs where "CODE_SCHEME" = 'READ2' and "PRACTICE_CODE" in (
            select "PRACTICE_CODE" from opt_outs where "CODE_SCHEME" <> 'READ2'
        )
    """,
    "Type 2 dissent alone": of_people("bool_and(is_type_2_dissent)"),
    "Type 2 withdrawn": of_people("bool_or(is_type_2_withdrawal)"),
    "Type 1 withdrawn, Type 2 stands": of_people("bool_or(is_withdrawal) and bool_or(is_type_2_dissent)"),
    "opt-out at a practice without the patient": """
        select count(*) from opt_outs
        where is_dissent and passes_modulus_11(person) and not exists (
            select 1 from metric_rows
            where file_practice = opt_outs."PRACTICE_CODE"
                and replace(metric_rows."NHS_NUMBER", ' ', '') = opt_outs.person
        ) and person in (select "NHS_NUMBER" from metric_rows)
    """,
    "opted out at one of two practices": """
        select count(*) from opt_outs
        inner join metric_rows on metric_rows."NHS_NUMBER" = opt_outs.person
        where is_dissent and file_practice <> opt_outs."PRACTICE_CODE" and person in (
            select "NHS_NUMBER" from metric_rows where file_practice = opt_outs."PRACTICE_CODE"
        )
    """,
    "opt-out with a broken number": """
        select count(*) from opt_outs where is_dissent and not passes_modulus_11(person)
    """,
    "opt-out with a number written 3-3-4": """
        select count(*) from opt_outs where is_dissent and contains("NHS_NUMBER", ' ')
    """,
    # participation and reference
    "CQRS: offered only": of_answers("story = ['offered']"),
    "CQRS: declined": of_answers("story[-1] = 'declined'"),
    "CQRS: withdrawn": of_answers("story[-1] = 'withdrawn'"),
    "CQRS: agreed late": of_answers("story[-1] = 'agreed' and last_date > '2017-04-02'"),
    "CQRS: agreed again": of_answers("story = ['offered', 'agreed', 'withdrawn', 'agreed']"),
    "CQRS: absent": """
        select count(distinct file_practice) from metric_rows
        where file_practice not in (select "PRACTICE_CODE" from answers)
    """,
    "ODS: closed": """
        select count(*) from practices
        where status = 'C' and closed < '20170401'
            and code in (select file_practice from metric_rows)
    """,
    "ODS: not a GP practice": "select count(*) from practices where setting <> '4'",
    "ODS: dormant or proposed": "select count(*) from practices where status in ('D', 'P')",
    "ODS: comma in a name": "select count(*) from practices where contains(name, ',')",
    "ODS: GP retired or closed": "select count(*) from gps where status in ('B', 'C')",
    "extracted after the run": """
        select count(*) from extracted where extracted_at > '2017-04-02 09:00:00+01'
    """,
    "extracted on the day before, in UTC": of_metrics(""" "EXTRACTED_AT" like '2017-03-31%+00:00' """),
    # hospital
    "HES: unfinished": of_hes(f""" "EPISTAT" = '1' and {EMERGENCY}"""),
    "HES: unfinished, derived": of_hes(""" "EPISTAT" = '9' """),
    "HES: unfinished with its diagnosis": of_hes(
        """ "EPISTAT" = '1' and "DIAG_4_01" <> 'R69X' and "ADMIDATE" > '2017-01' """
    ),
    "HES: later episode": of_hes(""" "EPIORDER" in ('2', '3') """),
    "HES: copies of an episode": """
        select count(*) from (
            select 1 from hes group by "FYEAR", "EPIKEY" having count(*) > 1
                and count(distinct "PROCODE5") = 1
        )
    """,
    "HES: copies under another sender": """
        select count(*) from (
            select 1 from hes group by "FYEAR", "EPIKEY" having count(distinct "PROCODE5") > 1
        )
    """,
    "HES: stay in both years' files": """
        select count(*) from hes as earlier
        inner join hes as later
            on earlier."NEWNHSNO" = later."NEWNHSNO" and earlier."ADMIDATE" = later."ADMIDATE"
        where earlier."FYEAR" = '1516' and earlier."EPISTAT" <> '3' and later."FYEAR" = '1617'
            and later."EPIORDER" = '1'
    """,
    "HES: no number": of_hes(""" "NEWNHSNO" is null """),
    "HES: broken number": of_hes("""not passes_modulus_11("NEWNHSNO")"""),
    "HES: person of no practice": of_hes("""
        passes_modulus_11("NEWNHSNO") and "GPPRAC" like 'V8199_'
        and "NEWNHSNO" not in (select "NHS_NUMBER" from metric_rows where "NHS_NUMBER" is not null)
    """),
    "HES: admission of someone opted out": of_hes("""
        "NEWNHSNO" in (select person from opt_outs group by person having bool_and(is_dissent))
    """),
    "HES: several admissions": """
        select count(*) from (
            select 1 from hes where "EPIORDER" = '1' group by "NEWNHSNO"
            having count(distinct "EPIKEY") > 2
        )
    """,
    "HES: several conditions": f"""
        select count(*) from (
            select 1 from hes
            where {EMERGENCY} and "DIAG_3_01" in ('J45', 'J44', 'I50', 'E11', 'I48', 'G40')
            group by "NEWNHSNO" having count(distinct "DIAG_3_01") > 1
        )
    """,
    "HES: other than emergency, for a condition": of_hes(f""" "ADMIMETH" in ('11', '12', '13') and {HEART_FAILURE}"""),
    "HES: day case, for a condition": of_hes(f""" "CLASSPAT" = '2' and {ANGINA}"""),
    "HES: mother and baby": of_hes(""" "CLASSPAT" = '5' and "EPITYPE" in ('2', '3') """),
    "HES: born": of_hes(""" "EPITYPE" = '3' and "STARTAGE" = '7001' """),
    "HES: detained": of_hes(""" "EPITYPE" = '4' """),
    "HES: marker, then a procedure": of_hes(""" "OPERTN_3_01" = '-  ' and "OPERTN_3_02" = 'K61' """),
    "HES: diagnosis with a dot": of_hes("""contains("DIAG_4_01", '.')"""),
    "a: B18.0": of_hes(f""" {EMERGENCY} and "DIAG_4_01" = 'B180' """),
    "a: with D57": of_hes(""" "DIAG_4_01" = 'B181' and list_contains(diagnoses, 'D57')"""),
    "a: another hepatitis": of_hes(""" "DIAG_4_01" = 'B182' """),
    "b: J45": of_hes(f""" {EMERGENCY} and "DIAG_3_01" = 'J45' """),
    "b: J46X": of_hes(f""" {EMERGENCY} and "DIAG_4_01" = 'J46X' """),
    "b: infant": of_hes(f""" {EMERGENCY} and "DIAG_3_01" = 'J45' and "STARTAGE" like '7___' """),
    "c: no procedure": of_hes(f"""{HEART_FAILURE} and "OPERTN_3_01" = '-  ' """),
    "c: K first": of_hes(f"""{HEART_FAILURE} and "OPERTN_3_01" in ('K40', 'K26', 'K57')"""),
    "c: K second": of_hes(f"""{HEART_FAILURE} and "OPERTN_3_02" in ('K50', 'K60')"""),
    "c: K that does not exclude": of_hes(f"""{HEART_FAILURE} and "OPERTN_3_01" = 'K63' """),
    "c: K73 or K74 before 1 April 2017": of_hes(f"""
        {HEART_FAILURE} and "OPERTN_3_01" in ('K73', 'K74') and "ADMIDATE" < '2017-04-01'
    """),
    "c: K73 or K74 from 1 April 2017": of_hes(f"""
        {HEART_FAILURE} and "OPERTN_3_01" in ('K73', 'K74') and "ADMIDATE" >= '2017-04-01'
    """),
    "d: infant": of_hes(""" "DIAG_3_01" = 'E10' and "STARTAGE" like '7___' """),
    "e: J20 with J44": of_hes(f""" "DIAG_3_01" = 'J20' and {BRONCHITIS_WITH}"""),
    "e: J20 alone": of_hes(f""" "DIAG_3_01" = 'J20' and not {BRONCHITIS_WITH}"""),
    "e: J42X or J47X": of_hes(""" "DIAG_4_01" in ('J42X', 'J47X') """),
    "f: U, X3 or Z": of_hes(f"""{ANGINA} and "OPERTN_3_01" in ('U10', 'X35', 'Z94')"""),
    "f: X2 or X5": of_hes(f"""{ANGINA} and "OPERTN_3_01" in ('X29', 'X50')"""),
    "f: G": of_hes(f"""{ANGINA} and "OPERTN_3_01" = 'G45' """),
    "f: U, then K": of_hes(f"""{ANGINA} and "OPERTN_3_01" = 'U10' and "OPERTN_3_02" = 'K75' """),
    "g: D50.8": of_hes(""" "DIAG_4_01" = 'D508' """),
    "g: D50.0": of_hes(""" "DIAG_4_01" = 'D500' """),
    "h: I10X": of_hes(f""" {EMERGENCY} and "DIAG_4_01" = 'I10X' """),
    "h: with K": of_hes(""" "DIAG_4_01" in ('I10X', 'I119') and "OPERTN_3_01"[1:1] = 'K' """),
    "i: I48": of_hes(f""" {EMERGENCY} and "DIAG_3_01" = 'I48' """),
    "i: dementia": of_hes(f""" {EMERGENCY} and "DIAG_3_01" in ('F00', 'F01', 'F02', 'F03')"""),
    **{
        f"HES: ADMIMETH {method}": of_hes(f""" "ADMIMETH" = '{method}' """)
        for method in ("21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D")
    },
    **{f"HES: ADMISORC {source}": of_hes(f""" "ADMISORC" = '{source}' """) for source in ("51", "52", "53")},
    **{f"HES: STARTAGE {age}": of_hes(f""" "STARTAGE" = '{age}' """) for age in range(7001, 7008)},
    **{f"HES: SEX {sex}": of_hes(f""" "SEX" = '{sex}' """) for sex in (0, 9)},
    "HES: ADMIDATE 1800": of_hes(""" "ADMIDATE" = '1800-01-01' """),
    "HES: ADMIDATE 1801": of_hes(""" "ADMIDATE" = '1801-01-01' """),
    "HES: ADMIDATE empty": of_hes(""" "ADMIDATE" is null """),
    "HES: ADMIDATE before the period": of_hes("""
        "FYEAR" = '1617' and "ADMIDATE" between '2016-03-01' and '2016-03-31'
    """),
}
