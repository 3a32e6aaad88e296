"""What may go wrong with releases, one small change each; every one must be noticed (test_release_mutants.py).

`before` stands exactly once in the file; `collection` says in whose run it shows. Not listed, because nothing comes
out differently: conditions that two models ask, such as the practice's, which the release's people are joined to.
"""

from dataclasses import dataclass

GATEWAY = "models/intermediate/gateway/releases"
RELEASES = "models/intermediate/releases"
CANDIDATES = f"{GATEWAY}/int_releases__candidates.sql"
PSEUDONYMS = f"{GATEWAY}/int_releases__pseudonyms.sql"
OBJECTORS = f"{GATEWAY}/int_releases__objectors.sql"
RECALLED = f"{GATEWAY}/int_releases__recalled.sql"
PEOPLE = f"{RELEASES}/int_releases__people.sql"
STEPPED = f"{RELEASES}/int_releases__stepped.sql"
GENERALISED = f"{RELEASES}/int_releases__generalised.sql"
PLACED = "macros/releases/placed_by_steps.sql"
EVENTS = "macros/releases/has_event_of.sql"
EXTRACT = "macros/releases/release_extract.sql"


@dataclass(frozen=True)
class Mutant:
    file: str
    name: str
    before: str
    after: str
    breaks: str
    collection: str = "gpdpr"


MUTANTS = [
    Mutant(CANDIDATES, "any collection", "settings.collection = releases.collection", "true",
           "a run makes the releases of its own collection"),
    Mutant(CANDIDATES, "closed", "releases.status = 'active'", "true", "what is closed is not made"),
    Mutant(CANDIDATES, "people of tables", "releases.identifiability <> 'aggregate'", "true",
           "nobody gets a pseudonym for what is published"),
    Mutant(CANDIDATES, "over", "between releases.start_date and releases.end_date", ">= releases.start_date",
           "what is over is not made"),
    Mutant(CANDIDATES, "to come", "between releases.start_date and releases.end_date", "<= releases.end_date",
           "what is to come is not made"),
    Mutant(PSEUDONYMS, "not asked nationally", "from nationally_permitted as people", "from honouring as people",
           "who opted out nationally is left out on the day of dissemination"),
    Mutant(PSEUDONYMS, "Type 2 disseminated", "where objectors.patient_key is null", "where true",
           "who objects to data leaving the centre is left out", "care_data"),
    Mutant(PSEUDONYMS, "the exempt left out", "where opt_outs_honoured = 'no'", "where false",
           "a release that relies on an exemption is about everybody"),
    Mutant(PSEUDONYMS, "everybody exempt", "where opt_outs_honoured = 'no'", "where true",
           "who opted out is left out of whatever honours it"),
    Mutant(PSEUDONYMS, "nobody honoured", "where opt_outs_honoured = 'yes'", "where true",
           "each is in a release once"),
    Mutant(OBJECTORS, "replies of everybody", "where replies.nhs_number is null", "where true",
           "whom the reply lists does not object"),
    Mutant(OBJECTORS, "any exchange", "        and exchanges.is_latest\n        and exchanges.problem is null",
           "", "an answer that does not stand says nothing"),
    Mutant(OBJECTORS, "once a practice", "select distinct\n    opt_out_kind,\n    nhs_number", "select\n    'type_1' as opt_out_kind,\n    nhs_number",
           "kinds of objection are told apart"),
    Mutant(OBJECTORS, "national forgotten", "'national' as opt_out_kind", "'type_2' as opt_out_kind",
           "a national opt-out is none of a practice"),
    Mutant(RECALLED, "exempt releases recalled",
           "objectors.opt_out_kind = 'type_1' or releases.opt_outs_honoured = 'yes'", "true",
           "what a release did not have to honour is no reason to recall it"),
    Mutant(RECALLED, "Type 1 forgotten", "objectors.opt_out_kind = 'type_1' or ", "",
           "Type 1 concerns every release"),
    Mutant(RECALLED, "rows for people", "count(distinct members.patient_key)",
           "2 * count(members.patient_key)", "people are counted"),
    Mutant(PEOPLE, "first registration", "people.registered_on desc", "people.registered_on asc",
           "a person is told of as registered last"),
    Mutant(PEOPLE, "every registration", "registrations.recency = 1\n    and ", "",
           "a person is in a release once"),
    Mutant(PEOPLE, "cohort ignored",
           "registrations.age between cohorts.age_from and cohorts.age_to, cohorts.age_from = 0",
           "true, cohorts.age_from = 0", "a cohort of adults has no children"),
    Mutant(EVENTS, "people without an event", "releases.datasets not like '%{{ dataset }}%'\n        or ",
           "true or ", "groups are those of who is handed out", "care_data"),
    Mutant(EVENTS, "events of any time",
           "\n                and events.happened_on between releases.period_start and releases.period_end",
           "", "an event outside the period is none", "care_data"),
    Mutant(STEPPED, "sex not asked for", "columns_asked not like '% sex %'", "false",
           "what nobody asked for is not told"),
    Mutant(STEPPED, "ethnicity not asked for", "when columns_asked not like '% ethnicity %' then null", "",
           "what nobody asked for is not told"),
    Mutant(STEPPED, "area not asked for", "when columns_asked not like '% area_code %' then null", "",
           "what nobody asked for is not told"),
    Mutant(STEPPED, "orientation not asked for",
           "case when columns_asked like '% sexual_orientation %' then sexual_orientation end", "sexual_orientation",
           "what nobody asked for is not told"),
    Mutant(STEPPED, "age as it is", "then null\n        when youngest is null then 'unknown'",
           "then null\n        when true then cast(age as varchar)", "ages are told in bands"),
    Mutant(STEPPED, "bands without end", "youngest + age_band_years > 90", "false",
           "the oldest are told of together"),
    Mutant(STEPPED, "the oldest by themselves", "least(people.age, 90)", "people.age",
           "the oldest are told of together"),
    Mutant(STEPPED, "ethnicity kept", "when has_ethnicity then coalesce(ethnicity, 'unknown')",
           "when true then coalesce(ethnicity, 'unknown')", "ethnicity is generalised away at the end"),
    Mutant(STEPPED, "sex kept", "when has_sex then coalesce(sex, 'unknown')", "when true then coalesce(sex, 'unknown')",
           "sex is generalised away at the end"),
    Mutant(STEPPED, "area kept", "when area_level = 'ccg' then coalesce(ccg_code, 'unknown')",
           "when area_level = 'ccg' then coalesce(lsoa, 'unknown')", "areas grow"),
    Mutant(STEPPED, "groups of one", "then releases.smallest_group else 1 end", "then 1 else 1 end",
           "no group is smaller than the request allows"),
    Mutant(PLACED, "one too few", ">= people.smallest_group", ">= people.smallest_group - 1",
           "no group is smaller than the request allows"),
    Mutant(PLACED, "one too many", ">= people.smallest_group", "> people.smallest_group",
           "a group of the size asked for stays"),
    Mutant(PLACED, "finer than asked", "people.step >= people.first_step\n        and ", "",
           "a release begins at the step it asks for"),
    Mutant(PLACED, "with those who stand already", "            and not before.is_placed\n", "",
           "a group is of who is handed out with it"),
    Mutant(PLACED, "across releases", "= 'release_id, people.age_band", "= 'age_band",
           "groups are those of one release"),
    Mutant(PLACED, "area ignored", "people.ethnicity, people.area_code'", "people.ethnicity'",
           "area tells people apart"),
    Mutant(PLACED, "sex ignored", "people.age_band, people.sex, people.ethnicity", "people.age_band, people.ethnicity",
           "sex tells people apart"),
    Mutant(PLACED, "ethnicity ignored", "people.sex, people.ethnicity, people.area_code", "people.sex, people.area_code",
           "ethnicity tells people apart"),
    Mutant(PLACED, "age ignored", "release_id, people.age_band, people.sex", "release_id, people.sex",
           "age tells people apart"),
    Mutant(GENERALISED, "nobody left out", "case when is_placed then step end", "step",
           "who is in no group is left out"),
    Mutant(EXTRACT, "bands for the whole", "row.kind == 'breakdown'", "row.kind == 'none'",
           "who asks for no ages gets what the table shows of all ages"),
    Mutant(EXTRACT, "all but the whole", "published.{{ name }} = 'all'", "published.{{ name }} <> 'all'",
           "who asks for no ages gets what the table shows of all ages"),
    Mutant(EXTRACT, "the whole alone", "    and row.column_name not in request.columns_asked.split() -%}",
           "    -%}", "who asks for ages gets them"),
    Mutant(EXTRACT, "any collection", "settings.collection = '{{ request.collection }}'", "true",
           "a table for planning is of its own collection", "care_data"),
    Mutant(EXTRACT, "any beginning", "settings.period_start = date '{{ request.period_start }}'", "true",
           "a table for planning is of its own period"),
    Mutant(EXTRACT, "any end", "settings.period_end = date '{{ request.period_end }}'", "true",
           "a table for planning is of its own period"),
]  # fmt: skip
