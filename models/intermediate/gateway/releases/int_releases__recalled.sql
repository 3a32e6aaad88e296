-- How many people of a release that was handed out object now, by kind of objection. The one model
-- that makes pseudonyms of objectors: nothing of them is kept but how many there are.

with objections as (

    select distinct
        opt_out_kind,
        nhs_number
    from {{ ref('int_opt_outs__in_force') }}
    union all
    -- nationally, by the latest reply that stands
    select distinct
        'national' as opt_out_kind,
        lines.nhs_number
    from {{ ref('int_ndop__lines') }} as lines
    inner join {{ ref('int_ndop__exchanges') }} as exchanges
        on lines.subject = exchanges.subject
    where
        lines.is_asked
        and lines.line_count = 0
        and exchanges.is_latest
        and exchanges.problem is null

),

objectors as (

    select
        opt_out_kind,
        {{ pseudonymise('nhs_number') }} as patient_key
    from objections

)

select
    members.release_id,
    members.disseminated_on,
    objectors.opt_out_kind,
    count(distinct members.patient_key) as person_count
from {{ source('released', 'members') }} as members
inner join {{ ref('releases') }} as releases on members.release_id = releases.release_id
inner join objectors on members.patient_key = objectors.patient_key
where
    -- what a release did not have to honour, it need not be recalled for
    objectors.opt_out_kind = 'type_1' or releases.opt_outs_honoured = 'yes'
group by members.release_id, members.disseminated_on, objectors.opt_out_kind
order by members.release_id, members.disseminated_on, objectors.opt_out_kind
