"""What may go wrong with the journals beside what their syntax trees give (bench/syntax_mutants.py).

Each is one small change, and every one must be noticed (test_journals.py).

`before` stands exactly once in the file. `world` is where it shows, one of journal_worlds.HAND_MADE. Not listed, because
nothing comes out differently: a bad number in the social care files, which is joined to nobody.
"""

from dataclasses import dataclass

GATEWAY = "models/intermediate/gateway"
JOURNALS = f"{GATEWAY}/journals"
STAGING = "models/staging/gpes/stg_gpes__journals.sql"
SPELLINGS = "macros/parsing/moment_pattern.sql"
CARE = "models/staging/social_care/stg_social_care__services.sql"
JUDGED = f"{JOURNALS}/int_journals__judged.sql"
PATIENTS = f"{JOURNALS}/int_journals__patients.sql"
PEOPLE = f"{JOURNALS}/int_journals__people.sql"
RECORDS = f"{JOURNALS}/int_journals__records.sql"
VERDICTS = f"{JOURNALS}/int_journals__verdicts.sql"
REMOVED = f"{JOURNALS}/int_journals__removed_counts.sql"
HOSPITAL = f"{JOURNALS}/int_journals__hospital.sql"
CARE_JUDGED = f"{GATEWAY}/hospital/int_social_care__judged.sql"
SOCIAL_CARE = f"{JOURNALS}/int_journals__social_care.sql"
NOT_DISSEMINATED = f"{GATEWAY}/opt_outs/int_opt_outs__not_disseminated.sql"


@dataclass(frozen=True)
class Mutant:
    """A change of a model, a macro or a seed, and what it breaks."""

    file: str
    name: str
    before: str
    after: str
    breaks: str
    world: str = "gpdpr"


LINKED = "care.data"
EMERGENCY = "a civil emergency"

MUTANTS = [
    # staging: what leaves of a day of birth, an area, a value, a day
    Mutant(STAGING, "any area", "'[EW]01[0-9]{6}'", "'[EWS]01[0-9]{6}'", "an LSOA is one of England or Wales"),
    Mutant(STAGING, "longer areas", "[EW]01[0-9]{6}", "[EW]01[0-9]{6,8}", "an LSOA has nine characters"),
    Mutant(STAGING, "case of ethnicity", "upper({{ trimmed('ethnic') }})", "ethnic", "a code may be written small"),
    Mutant(STAGING, "blank of sex", "{{ to_plain_code('sex') }}", "sex", "blanks around a code say nothing"),
    Mutant(STAGING, "case of category", "lower({{ trimmed('category') }})", "category", "a category may be written large"),
    Mutant(STAGING, "blank of code", "{{ trimmed('code') }}", "code", "blanks around a code say nothing"),
    Mutant(
        STAGING, "value of the other", "{{ to_measured_value('value2_condition') }}",
        "{{ to_measured_value('value1_condition') }}", "the second value is the second one",
    ),
    Mutant(
        STAGING, "unreadable end",
        "or {{ is_unreadable_day(\n            'deregistered_on', 'day_deregistered', none_pattern=no_end_pattern()\n        ) }}", "",
        "an unreadable end is unclear",
    ),
    Mutant(
        STAGING, "unreadable death", "{{ is_unreadable_day('date_of_death', 'day_of_death', none_pattern=no_end_pattern()) }}\n        or ", "",
        "an unreadable death is unclear",
    ),
    Mutant(SPELLINGS, "for ever", "|206[0-4])", "|206[0-4]|9999)", "9999-12-31 stands for none, and nobody is born then"),
    Mutant(SPELLINGS, "long ago", "'(18[89]", "'(0001|18[89]", "0001-01-01 stands for none, and nobody lives for so long"),
    Mutant(SPELLINGS, "other days", "-[0-9]{2}' -%}", "-[0-9]{2}.*' -%}", "a day is a day"),
    Mutant("macros/journals/to_measured_value.sql", "long values", "{1,5}", "{1,10}", "a person's number is no value"),
    Mutant("macros/journals/to_measured_value.sql", "long decimals", "{1,3}", "{1,6}", "a value has three decimals at most"),
    Mutant("macros/journals/to_measured_value.sql", "no sign", "-?[0-9]", "[0-9]", "a value may be negative"),
    # the row
    Mutant(
        JUDGED, "foreign rows", "<> journals.practice_code", "<> coalesce(journals.stated_practice_code, '')",
        "a row of another practice is nobody's here",
    ),
    Mutant(
        JUDGED, "another extraction", "{{ is_another_moment('journals.extracted_at_text', 'files') }}", "false",
        "a file is of one extraction",
    ),
    Mutant(
        JUDGED, "bad numbers", "'journals.nhs_number', 'journals.nhs_number_spelling_rule', 'folder.is_synthetic'",
        "'9990000018', 'null', 'true'", "a bad number is nobody's",
    ),
    # the record
    Mutant(
        JUDGED, "restricted last", "when restricted.code is not null then 'code_restricted_by_law'\n"
        "        when any_collection.category is null then 'category_unknown'",
        "when any_collection.category is null then 'category_unknown'\n"
        "        when restricted.code is not null then 'code_restricted_by_law'",
        "the law comes first",
    ),
    Mutant(
        JUDGED, "categories of others", "settings.collection = categories.collection\n        and ", "",
        "each collection has its categories", LINKED,
    ),
    Mutant(
        JUDGED, "codes of any category", "journals.code = codes.code\n        and categories.category = codes.category",
        "journals.code = codes.code", "a code stands under its category",
    ),
    Mutant(JUDGED, "all ahead", "            and not categories.may_lie_ahead\n", "", "what is planned lies ahead"),
    Mutant(JUDGED, "none ahead", "            and not categories.may_lie_ahead\n", "and false\n", "nothing else lies ahead"),
    Mutant(
        JUDGED, "age at the run", "years_before('cast(practices.extracted_at as date)', 'categories.years_kept')",
        "years_before('cast(settings.collected_at as date)', 'categories.years_kept')",
        "the moment of collection is the practice's",
    ),
    Mutant("macros/engine/years_before.sql", "months", "year as date", "month as date", "years are years"),
    Mutant(JUDGED, "roles as sent", "    roles.staff_role,", "    journals.staff_role,", "a role is the seed's word"),
    Mutant(
        JUDGED, "roles not counted", "journals.staff_role <> '' and roles.staff_role is null",
        "journals.staff_role <> '' and roles.staff_role is not null", "an unknown role is counted",
    ),
    Mutant(
        JUDGED, "values not counted", "or (journals.has_value_2 and journals.value_2 is null)", "",
        "the second value is looked at too",
    ),
    Mutant(JUDGED, "sex as sent", "    sexes.code as sex,", "    journals.sex,", "a sex is the seed's word"),
    Mutant(
        JUDGED, "ethnicity as sent", "    ethnicities.code as ethnicity,", "    journals.ethnicity,",
        "an ethnic category is the seed's word",
    ),
    Mutant(
        JUDGED, "orientation as sent", "    orientations.code as sexual_orientation,", "    journals.sexual_orientation,",
        "an orientation is the seed's word",
    ),
    Mutant(JUDGED, "codes of another detail", "\n        and sexes.detail = 'sex'", "\n        and sexes.detail <> 'ethnicity'",
           "each detail has its codes"),
    Mutant(
        JUDGED, "unusable sex", "or (journals.sex <> '' and sexes.code is null)", "", "an unusable sex is counted"
    ),
    Mutant(
        JUDGED, "unusable ethnicity", "or (journals.ethnicity <> '' and ethnicities.code is null)", "",
        "an unusable ethnic category is counted",
    ),
    Mutant(
        JUDGED, "unusable orientation", "or (journals.sexual_orientation <> '' and orientations.code is null)", "",
        "an unusable orientation is counted",
    ),
    Mutant(
        JUDGED, "unusable birthday", "(journals.has_birth_date and journals.birth_year is null)\n    or", "",
        "an unusable birthday is counted",
    ),
    Mutant(
        JUDGED, "unusable area", "or (journals.has_lsoa and journals.lsoa is null)", "", "an unusable area is counted"
    ),
    Mutant(
        JUDGED, "said when", "then coalesce(journals.entered_on, journals.recorded_on)",
        "then coalesce(journals.recorded_on, journals.entered_on)", "what was entered last is the latest",
    ),
    Mutant(
        JUDGED, "never said", "        else date '0001-01-01'\n    end as said_on", "    end as said_on",
        "what has no day is said all the same",
    ),
    Mutant(
        JUDGED, "said later", "<= cast(practices.extracted_at as date)\n            then coalesce(",
        "is not null\n            then coalesce(", "what is entered later than the extraction is not the latest",
    ),
    # the person
    Mutant(
        "macros/journals/days_last_said.sql", "the latest row", "case when {{ detail }} is not null then said_on end", "said_on",
        "a later row that is silent takes nothing back",
    ),
    Mutant(
        "macros/journals/days_last_said.sql", "across practices", "partition by practice_code, nhs_number",
        "partition by nhs_number", "a person at two practices is two rows",
    ),
    Mutant(
        "macros/journals/said_last.sql", "any day", "case when said_on = {{ detail }}_said_on then {{ detail }} end",
        "{{ detail }}", "the latest day decides",
    ),
    Mutant(
        "macros/journals/agreed.sql", "the lowest", "case when min({{ detail }}) = max({{ detail }}) then min({{ detail }}) end",
        "min({{ detail }})", "two that disagree on the latest day are none",
    ),
    Mutant(PATIENTS, "unusable rows", "    where rejected_rule is null\n", "", "an unusable row says nothing of anybody"),
    Mutant(PATIENTS, "unclear death", "or count(distinct coalesce(died_on, date '0001-01-01')) > 1", "",
           "rows that disagree on a death are unclear"),
    Mutant(PATIENTS, "unclear start", "or count(distinct coalesce(registered_on, date '0001-01-01')) > 1", "",
           "rows that disagree on a registration are unclear"),
    Mutant(PATIENTS, "unreadable", "bool_or(has_unreadable_day)", "bool_and(has_unreadable_day)",
           "one unreadable day is enough"),
    Mutant(PATIENTS, "no start", "or agreed.registered_on is null", "", "without a start nobody is registered"),
    Mutant(PATIENTS, "death to come", "or agreed.died_on > cast(practices.extracted_at as date)", "",
           "nobody dies after the extraction"),
    Mutant(PATIENTS, "registered after death", "coalesce(agreed.died_on, cast(practices.extracted_at as date))",
           "cast(practices.extracted_at as date)", "nobody is registered after death"),
    Mutant(PATIENTS, "left before death", "or agreed.deregistered_on < agreed.died_on", "",
           "who had left was no patient at death"),
    Mutant(PATIENTS, "the dead have left", "agreed.died_on is null\n                and ", "",
           "a registration that ended with death did not end before"),
    Mutant(PATIENTS, "details not counted", "case when bool_or(has_unusable_detail)",
           "case when bool_and(has_unusable_detail)", "one unusable detail is counted"),
    # the gate
    Mutant(PEOPLE, "everybody", "{{ exclude_opted_out(ref('int_journals__patients'), var('collection')) }}",
           "select * from {{ ref('int_journals__patients') }}", "nobody who objected has a journal"),
    Mutant(PEOPLE, "any scope", "scope_rule is null\n    and ", "", "nobody out of scope has a journal"),
    Mutant(PEOPLE, "any practice", "\n    and not_collected_reason is null", "", "no practice that is out has people"),
    Mutant(PEOPLE, "the living", "cast(year(died_on) as smallint)", "cast(null as smallint)", "the year of death is kept"),
    Mutant(RECORDS, "any record", "rejected_rule is null\n        and record_rule is null", "rejected_rule is null",
           "a record that a rule keeps out is not stored"),
    Mutant(RECORDS, "any row", "rejected_rule is null\n        and record_rule is null", "record_rule is null",
           "an unusable row is not stored"),
    Mutant(RECORDS, "at any practice", "\n            and people.practice_code = storable.practice_code", "",
           "a record is of the person at that practice"),
    # the counts
    Mutant(VERDICTS, "the person before the practice", "patients.not_collected_reason,\n        opt_outs.reason,",
           "opt_outs.reason,\n        patients.not_collected_reason,", "a practice that is out says nothing of objections"),
    Mutant(VERDICTS, "lifted", "\n        and opt_outs.lifted_by is null", "", "what is lifted keeps nothing out",
           "an exception that lifts Type 1"),
    Mutant(VERDICTS, "the record before the person", "patients.scope_rule,\n        judged.record_rule",
           "judged.record_rule,\n        patients.scope_rule", "who is out of scope is out whatever the record"),
    Mutant(VERDICTS, "at any practice", "judged.practice_code = patients.practice_code\n        and ", "",
           "a person is judged at the practice"),
    Mutant(REMOVED, "emptied of others", "verdict = 'stored'\n        and value_rule is not null", "value_rule is not null",
           "only of stored records a value is emptied"),
    Mutant(REMOVED, "lost lines", "-sum(row_count) as record_count", "sum(row_count) as record_count",
           "a line that cannot be read is counted"),
    Mutant("macros/journals/emptied_details.sql", "out of scope", "    and scope_rule is null\n", "",
           "a detail is emptied of who is collected"),
    # what is linked
    Mutant(HOSPITAL, "later episodes", "\n        and episodes.episode_order = '1'", "",
           "an admission is the first episode", LINKED),
    Mutant(HOSPITAL, "any time", "\n        and episodes.admission_date between settings.period_start and settings.period_end",
           "", "an admission lies in the period", LINKED),
    Mutant(HOSPITAL, "copies", "\n        and episodes.copy_rule is null", "",
           "an episode of two people is nobody's, and an unfinished one is passed over", LINKED),
    Mutant(HOSPITAL, "unusable rows", "episodes.rejected_rule is null", "episodes.nhs_number is not null",
           "an unusable row is no admission", LINKED),
    Mutant(HOSPITAL, "not collected", "where people.patient_key = keyed.patient_key", "",
           "an admission is of somebody collected", LINKED),
    Mutant(CARE, "unread end", "{{ is_unreadable_day('ended_on', none_pattern=no_end_pattern()) }}", "false", "an end that cannot be read is none", LINKED),
    Mutant(SOCIAL_CARE, "not collected", "where people.patient_key = keyed.patient_key", "",
           "care is of somebody collected", LINKED),
    Mutant(SOCIAL_CARE, "unusable rows", "where rejected_rule is null", "where nhs_number is not null",
           "an unusable row is no care", LINKED),
    # who is not handed on
    Mutant(NOT_DISSEMINATED, "all objectors", "policies.upheld = 'at_dissemination'\n        and ", "",
           "an objection that is never upheld keeps nothing back"),
    Mutant(NOT_DISSEMINATED, "none", "policies.upheld = 'at_dissemination'", "policies.upheld = 'at_collection'",
           "Type 2 is upheld when data are handed on", LINKED),
    Mutant(NOT_DISSEMINATED, "lifted all the same", "\n        and excepted.exception_id is null", "",
           "a civil emergency lifts it", EMERGENCY),
    Mutant(NOT_DISSEMINATED, "not collected", "where people.patient_key = keyed.patient_key", "",
           "only of who is collected", LINKED),
    Mutant(NOT_DISSEMINATED, "any collection", "settings.collection = policies.collection\n            and ", "",
           "the policy is the collection's own"),
    # the rules that are data
    Mutant("seeds/collections.csv", "Type 2 never", "CARE_DATA,pilot,at_collection,at_dissemination",
           "CARE_DATA,pilot,at_collection,never", "care.data upholds Type 2 when it hands on", LINKED),
    Mutant("seeds/collections.csv", "Type 1 later", "Research,GPDPR,,at_collection", "Research,GPDPR,,at_dissemination",
           "nothing leaves of a Type 1 objector"),
    Mutant("seeds/collections.csv", "no wave", "CARE_DATA,pilot,", "CARE_DATA,,", "the pilot is limited to its wave", LINKED),
    Mutant("seeds/collection_waves.csv", "one practice less",
           "care_data,pilot,B81001,sample: the 82 early implementers were not found in a public source\n", "",
           "a practice of the pilot contributes", LINKED),
    Mutant("seeds/journal_categories.csv", "medication for ever", "gpdpr,medication,10,", "gpdpr,medication,150,",
           "medication over ten years is not needed"),
    Mutant("seeds/journal_categories.csv", "a category less", 'gpdpr,symptom,150,false,"domain handbook 6: S68, S69; '
           'no age rule, 150 years are longer than a life"\n', "", "symptoms are collected"),
    Mutant("seeds/journal_scopes.csv", "a later start", "gpdpr,2016-04-01", "gpdpr,2016-04-02", "the start is a day"),
    Mutant("seeds/restricted_codes.csv", "a code less",
           "63487001,Human Fertilisation and Embryology Act 2008,"
           "\"domain handbook 6: S65, GP summary exclusion for assisted fertilisation\"\n", "",
           "a restricted code is said to be one"),
    Mutant("seeds/staff_roles.csv", "a role less", 'R0260,General Medical Practitioner,"domain handbook 5: S64, JobCategoryCode"\n',
           "", "GPs are known"),
]  # fmt: skip
