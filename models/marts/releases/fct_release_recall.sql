-- Unit:        a release that was handed out, the day of that, and a kind of objection that some of
--              its people have made since: its recipient must be told
-- Why:         objections that came late were never passed on (domain handbook, section 10: S84)
-- Disclosure:  int_releases__cells; release ids and counts, never people

select
    releases.release_id,
    releases.recipient,
    recalled.disseminated_on,
    recalled.opt_out_kind,
    shown.shown_count as person_count,
    coalesce({{ to_text('shown.shown_count') }}, '*') as person_text
from {{ ref('int_releases__recalled') }} as recalled
inner join {{ ref('releases') }} as releases on recalled.release_id = releases.release_id
inner join {{ ref('int_releases__cells') }} as shown
    on
        shown.metric_id = 'release_recall'
        and shown.area_level = 'part'
        and shown.parent_code = recalled.release_id || ' ' || recalled.disseminated_on
        and recalled.opt_out_kind = shown.area_code
order by releases.release_id, recalled.disseminated_on, recalled.opt_out_kind
